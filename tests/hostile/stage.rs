//! One server that is attacked, and what must still be true of it afterwards.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sandyk::{
    keyring::Role,
    locale::{Lang, Locale},
};
use walkdir::WalkDir;

use crate::common::{
    Opened, Organisation, Server,
    raw::{Answer, connect, end, exchange, field, file, form, request},
    until,
};

/// Small limits, so that every one of them is reached.
const LIMITS: &str = "files = 4\nfile_bytes = 1048576\ntestimony_bytes = 2097152\n\
    uploads_at_once = 4\ntyped_bytes = 4194304";
/// Seconds after which who is silent is cut off: few, for whoever waits for it.
pub(crate) const SOON: u64 = 30;
/// The same, longer than any honest testimony may take here: only somebody who makes room lets it in.
pub(crate) const LATE: u64 = 600;
/// Connections at once.
pub(crate) const CONNECTIONS: usize = 32;

/// After that a server that nobody asks has nothing of a request left, and its idle threads have ended.
const SETTLES: Duration = Duration::from_secs(12);

/// An organisation whose server is under attack.
pub(crate) struct Stage {
    pub(crate) organisation: Organisation,
    pub(crate) server: Server,
    kept: AtomicUsize,
    stories: Mutex<Vec<String>>,
}

impl Stage {
    pub(crate) fn new(idle_seconds: u64) -> Self {
        let limits = format!("{LIMITS}\nidle_seconds = {idle_seconds}");
        let roles = [Role::Reviewer, Role::Guardian];
        let organisation = Organisation::found_with(&roles, &limits, 180);
        let config = organisation.at("server.toml");
        let text = fs::read_to_string(&config).unwrap();
        let more = format!("intake.connections = {CONNECTIONS}\n\n[limits]");
        fs::write(&config, text.replace("[limits]", &more)).unwrap();
        let server = organisation.serve();
        let (kept, stories) = (AtomicUsize::new(0), Mutex::default());
        let stage = Self { organisation, server, kept, stories };
        stage.honest();
        stage
    }

    /// One row alone: the attack, then everything that must hold after it, then what was kept is read.
    pub(crate) fn alone(idle_seconds: u64, row: fn(&Self)) -> Vec<Opened> {
        let stage = Self::new(idle_seconds);
        stage.run(row);
        stage.end()
    }

    /// The attack, and after it: nothing half-stored, nothing stored that was not acknowledged, and an
    /// honest testimony passes.
    pub(crate) fn run(&self, row: fn(&Self)) {
        row(self);
        until("nothing half-stored is left", || self.temporary() == 0);
        let acknowledged = 4 * self.kept.load(Ordering::Relaxed);
        until("four parts of each that was acknowledged, no more", || {
            parts(&self.organisation) == acknowledged
        });
        self.honest();
    }

    /// Stops the server and opens all: exactly what was acknowledged is there.
    pub(crate) fn end(self) -> Vec<Opened> {
        self.server.stop();
        let opened = self.organisation.open_all();
        assert_eq!(opened.len(), self.kept.load(Ordering::Relaxed), "kept and acknowledged");
        assert_eq!(
            parts(&self.organisation),
            opened.len() * 4,
            "four parts of each testimony and nothing else"
        );
        for story in self.stories.lock().unwrap().iter() {
            let there = opened.iter().any(|one| one.account.story == *story);
            assert!(there, "a story is not there as it was sent: {story:.80?}");
        }
        opened
    }

    /// An honest text passes.
    pub(crate) fn honest(&self) {
        self.receipt(&self.send(&[field("story", "an honest text"), end()]));
    }

    /// What a server does every day, once: a testimony with a file, one that comes back.
    pub(crate) fn warm_up(&self) {
        let photo = file("photo.jpg", &vec![7; 200_000]);
        self.receipt(&self.send(&[field("story", "with a photo"), photo, end()]));
        self.refused(&self.send(&[field("story", " "), end()]), "error-empty");
    }

    /// Resident memory in KiB, some seconds after the last request.
    pub(crate) fn settled(&self) -> u64 {
        std::thread::sleep(SETTLES);
        self.server.resident()
    }

    /// This story must be there in the end, exactly so.
    pub(crate) fn expect(&self, story: &str) {
        self.stories.lock().unwrap().push(story.to_owned());
    }

    pub(crate) fn address(&self) -> &str {
        self.server.address()
    }

    pub(crate) fn exchange(&self, request: &[u8]) -> Answer {
        exchange(self.address(), request)
    }

    /// A GET of that path, with these header lines.
    pub(crate) fn get(&self, path: &str, lines: &[&str]) -> Answer {
        self.exchange(&request("GET", path, lines))
    }

    /// Sends a form and gives the answer to the POST.
    pub(crate) fn send(&self, parts: &[Vec<u8>]) -> Answer {
        self.exchange(&form("/en/send", &parts.concat(), &[]))
    }

    /// The page to which the answer of a form leads.
    pub(crate) fn page(&self, answer: &Answer) -> String {
        assert_eq!(answer.status, 303);
        let place = answer.header("location").unwrap();
        let page = self.get(place, &[]);
        assert_eq!(page.status, 200);
        // What waits to be read is memory too.
        let burnt = request("POST", &format!("{place}/done"), &["Content-Length: 0"]);
        assert_eq!(self.exchange(&burnt).status, 303);
        page.text()
    }

    /// It was kept: the page shows a receipt.
    pub(crate) fn receipt(&self, answer: &Answer) -> String {
        let page = self.page(answer);
        assert!(is_a_receipt(&page), "no receipt: {page}");
        self.kept.fetch_add(1, Ordering::Relaxed);
        page
    }

    /// A receipt was seen by other means.
    pub(crate) fn counts_one_more(&self) {
        self.kept.fetch_add(1, Ordering::Relaxed);
    }

    /// It was not kept, and this is what the page says.
    pub(crate) fn refused(&self, answer: &Answer, why: &str) -> String {
        let page = self.page(answer);
        assert!(!is_a_receipt(&page), "a receipt for what must be refused");
        assert!(page.contains(&said(why)), "not {why:?} on {page:.4000}");
        page
    }

    /// Files being written now.
    pub(crate) fn temporary(&self) -> usize {
        count(&self.organisation.at("store/tmp"))
    }

    /// Writes the head and then these pieces, until the server has had enough; gives how many went out
    /// and what came back.
    pub(crate) fn pour(&self, head: &[u8], piece: &[u8], times: usize) -> (usize, Vec<u8>) {
        let mut stream = connect(self.address());
        let mut sent = 0;
        if stream.write_all(head).is_ok() {
            while sent < times && stream.write_all(piece).is_ok() {
                sent += 1;
            }
        }
        let _ = stream.shutdown(std::net::Shutdown::Write);
        (sent, rest(&mut stream))
    }
}

/// What still comes, until the other side closes or two seconds are silent.
pub(crate) fn rest(stream: &mut TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut answer = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    while let Ok(n @ 1..) = stream.read(&mut piece) {
        answer.extend_from_slice(&piece[..n]);
    }
    answer
}

pub(crate) fn is_a_receipt(page: &str) -> bool {
    page.contains("<p class=\"k\">")
}

/// The English text of a key, as it stands on a page.
pub(crate) fn said(key: &str) -> String {
    let text = Locale::of(Lang::En).unwrap().text(key);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What lies beside the journal; into that itself the server also writes what it does once a week.
fn parts(organisation: &Organisation) -> usize {
    count(&organisation.at("store/blobs"))
}

fn count(folder: &std::path::Path) -> usize {
    let entries = WalkDir::new(folder).into_iter().map(Result::unwrap);
    entries.filter(|entry| !entry.file_type().is_dir()).count()
}
