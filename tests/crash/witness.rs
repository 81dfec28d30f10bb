//! Witnesses: what they write, how they send it, and what they know afterwards.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use rand::{Rng as _, RngCore as _, SeedableRng as _, seq::SliceRandom as _};
use rand_chacha::ChaCha20Rng;
use sandyk::{
    digest::Digest,
    id::TestimonyId,
    locale::Lang,
    testimony::{Account, Channel, Form, Identity},
};

use crate::common::raw;

const TAGS: [&str; 5] = ["ky", "ru", "uz-Cyrl", "uz-Latn", "en"];
const WORDS: [&str; 5] = [
    "Түндө келишти, өзүм көрдүм. ",
    "Пришли ночью,\r\nя видела сама. ",
    "Кечаси келишди, ўзим кўрдим. ",
    "Kechasi kelishdi, oʻzim koʻrdim. ",
    "They came at night, I saw it \u{202e}myself\u{200b}. ",
];
const FILES: [&str; 4] = ["сүрөт 1.jpg", "ҳужжат.pdf", "IMG_0001.HEIC", "запись на телефон.ogg"];

/// What one witness has to say. The same number and seed say the same again.
pub(crate) struct Plan {
    pub(crate) number: usize,
    pub(crate) tag: &'static str,
    pub(crate) fields: Vec<(&'static str, String)>,
    /// Claimed name and content of each file.
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

/// What is remembered of a plan after it was sent: words, and what the files were.
pub(crate) struct Sent {
    pub(crate) number: usize,
    pub(crate) tag: &'static str,
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) files: Vec<(String, u64, Digest)>,
    pub(crate) outcome: Outcome,
    pub(crate) not_kept: NotKept,
}

/// Which files are not there as they were sent; the words are, all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotKept {
    /// Those that the page named which was read.
    Named(Vec<String>),
    /// Nobody read the page, and the disk was full: some of them, or none.
    Unread,
}

/// What a witness knows in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The receipt was read: it must be there for ever.
    Acknowledged,
    /// An answer that is no receipt: nothing of it may be there. The status of the first answer.
    Refused(u16),
    /// No receipt was read, but all of it was sent: it may be there, and then whole.
    Unknown,
    /// It was cut off before its end: nothing of it may be there.
    Cut,
}

/// How far a request is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum How {
    Whole,
    /// The connection is dropped after this share of the bytes, of 1000.
    Until(usize),
}

/// What stands before the number of a plan wherever it is named.
pub(crate) const MARK: &str = "№";

impl Plan {
    /// A mixed one: words, words and names, files of 0 bytes to `most`, or files alone.
    pub(crate) fn mixed(number: usize, seed: u64, most: usize) -> Self {
        let rng = &mut ChaCha20Rng::seed_from_u64(seed ^ (number as u64).rotate_left(32));
        let at = number % TAGS.len();
        let mark = format!("{MARK}{number} ");
        let mut fields = Vec::new();
        let files_alone = rng.gen_ratio(1, 10);
        if !files_alone {
            let times = if rng.gen_ratio(1, 12) { 2000 } else { rng.gen_range(1..60) };
            fields.push(("story", mark.clone() + &WORDS[at].repeat(times)));
        }
        if rng.gen_ratio(1, 2) {
            fields.push(("name", format!("Асан уулу {number}, ғ ҳ ң")));
            fields.push(("affected-1", "a neighbour".to_owned()));
            fields.push(("affected-1-name", format!("Person {number}")));
        }
        if rng.gen_ratio(1, 2) {
            fields.push(("where", format!("көчө {number}")));
            fields.push(("role", "family".to_owned()));
            fields.push(("box", "harm-detention".to_owned()));
            fields.push(("box", "harm-threat".to_owned()));
        }
        let count = if files_alone { rng.gen_range(1..3) } else { rng.gen_range(0..4_usize) };
        let files = (0..count).map(|_| {
            let scale = rng.gen_range(0..=most.ilog2());
            let bytes = if rng.gen_ratio(1, 8) { 0 } else { rng.gen_range(0..=most >> scale) };
            let mut content = vec![0; bytes];
            rng.fill_bytes(&mut content);
            (format!("{mark}{}", FILES.choose(rng).unwrap()), content)
        });
        let files = files.collect();
        Self { number, tag: TAGS[at], fields, files }
    }

    /// The body of its form; fields first, as a browser sends them.
    fn body(&self) -> Vec<u8> {
        let fields = self.fields.iter().map(|(name, value)| raw::field(name, value));
        let files = self.files.iter().map(|(name, bytes)| raw::file(name, bytes));
        fields.chain(files).chain([raw::end()]).collect::<Vec<_>>().concat()
    }

    /// Its whole request.
    pub(crate) fn request(&self) -> Vec<u8> {
        raw::form(&format!("/{}/send", self.tag), &self.body(), &[])
    }

    /// Sends it and does what a witness does: reads the receipt, then burns the page.
    pub(crate) fn send(self, address: &str, how: How) -> Sent {
        let request = self.request();
        let (outcome, page) = match how {
            How::Whole => told(address, &request, self.tag),
            How::Until(share) => {
                // Never as far as the last boundary: up to there it is no whole form.
                let end = request.len() - raw::end().len();
                let _ = part(address, &request[..end * share.min(999) / 1000]);
                (Outcome::Cut, String::new())
            }
        };
        let named = self.files.iter().map(|(name, _)| name);
        let named = named.filter(|name| page.contains(name.as_str())).cloned().collect();
        Sent { not_kept: NotKept::Named(named), ..self.sent(outcome) }
    }

    /// What is remembered of it.
    pub(crate) fn sent(self, outcome: Outcome) -> Sent {
        let Self { number, tag, fields, files } = self;
        let about = |(name, bytes): (String, Vec<u8>)| {
            (name, u64::try_from(bytes.len()).unwrap(), Digest::of(&bytes))
        };
        let files = files.into_iter().map(about).collect();
        Sent { number, tag, fields, files, outcome, not_kept: NotKept::Named(Vec::new()) }
    }
}

impl Sent {
    /// The account and identity that a reader must find.
    pub(crate) fn expected(&self, id: TestimonyId, consent: Digest) -> (Account, Identity) {
        let mut form = Form::new(Lang::parse(self.tag).unwrap());
        for (name, value) in &self.fields {
            form.put(name, value).unwrap();
        }
        form.into_parts(id, Channel::WebServerSealed, consent).unwrap()
    }
}

/// Sends a whole request and follows its answer; also gives the page of the receipt.
pub(crate) fn told(address: &str, request: &[u8], tag: &str) -> (Outcome, String) {
    let without = |outcome| (outcome, String::new());
    let Ok(answer) = ask(address, request) else { return without(Outcome::Unknown) };
    let Some(place) = answer.place.filter(|_| answer.status == 303) else {
        return without(Outcome::Refused(answer.status));
    };
    let Ok(page) = ask(address, &raw::request("GET", &place, &[])) else {
        return without(Outcome::Unknown);
    };
    if page.status >= 500 {
        return without(Outcome::Refused(page.status));
    }
    // Pages that are not burned wait for half an hour, up to the bounds of their pools.
    let burn = raw::request("POST", &format!("{place}/done"), &["Content-Length: 0"]);
    if let Ok(burned) = ask(address, &burn) {
        assert_eq!((burned.status, burned.place), (303, Some(format!("/{tag}/leave"))));
    }
    if digits(&page.text) != 27 {
        return without(Outcome::Refused(answer.status));
    }
    (Outcome::Acknowledged, page.text)
}

/// What is looked at in an answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) place: Option<String>,
    pub(crate) text: String,
}

/// Asks, and reads to the end; an error if there is no whole head of an answer.
pub(crate) fn ask(address: &str, request: &[u8]) -> io::Result<Answer> {
    let mut stream = connect(address)?;
    // The server may answer before it has read everything.
    let sent = stream.write_all(request);
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        sent?;
        read?;
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap();
    let place = head.lines().find_map(|l| l.strip_prefix("location: ")).map(str::to_owned);
    Ok(Answer { status, place, text: body.to_owned() })
}

/// Sends a part of a request and drops the connection without a word.
fn part(address: &str, beginning: &[u8]) -> io::Result<()> {
    connect(address)?.write_all(beginning)
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_mins(2)))?;
    stream.set_write_timeout(Some(Duration::from_mins(2)))?;
    Ok(stream)
}

/// How many digits the code on a receipt page has; 0 on every other page.
fn digits(page: &str) -> usize {
    let code = page.split_once("<p class=\"k\">").and_then(|(_, rest)| rest.split_once("</p>"));
    code.map_or(0, |(code, _)| code.chars().filter(char::is_ascii_digit).count())
}
