//! A server in trouble: stalled senders, being stopped, a full disk, a dropped reader. What strangers send
//! stands in `tests/hostile`.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    reason = "a test says what is wrong by failing"
)]

mod common;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use common::{
    Organisation, Server,
    raw::{Answer, connect, end, exchange, field, file, form, form_head, request},
    until,
};
use sandyk::{
    keyring::{Role, suspension_file},
    store::{SledStore, Store as _},
};

const ROLES: [Role; 2] = [Role::Reviewer, Role::Guardian];

fn send(server: &Server, parts: &[Vec<u8>]) -> Answer {
    exchange(server.address(), &form("/en/send", &parts.concat(), &[]))
}

fn page_after(server: &Server, answer: &Answer) -> Answer {
    assert_eq!(answer.status, 303);
    exchange(server.address(), &request("GET", answer.header("location").unwrap(), &[]))
}

fn is_a_receipt(page: &str) -> bool {
    page.contains("<p class=\"k\">")
}

#[test]
fn a_text_of_more_than_a_megabyte_comes_back_whole() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let long = "\"ы\n".repeat(400_000);
    let answer = send(&server, &[field("story", &long), end()]);
    let page = page_after(&server, &answer);
    assert_eq!(page.status, 200, "the text is not lost");
    assert!(page.text().contains(&long.replace('"', "&quot;")), "and stands on the page");
    server.stop();
}

/// Starts a form with a file and stops in the middle of it.
fn stalled(server: &Server, story: &str) -> TcpStream {
    let mut stream = connect(server.address());
    let begun = [field("story", story), file("a.jpg", &[7; 4096])].concat();
    let head = form_head("/en/send", 1 << 30, &[]);
    stream.write_all(&head).unwrap();
    stream.write_all(begun.get(..begun.len() - 2).unwrap()).unwrap();
    stream
}

fn temporary(organisation: &Organisation) -> usize {
    fs::read_dir(organisation.at("store/tmp")).unwrap().count()
}

#[test]
fn sixty_four_stalled_senders_cost_little_and_stop_nobody() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    assert!(is_a_receipt(
        &page_after(&server, &send(&server, &[field("story", "warm"), end()])).text()
    ));
    let before = server.resident();
    let all: Vec<_> = (0..64).map(|_| stalled(&server, "stalled")).collect();
    until("all are waiting in a file", || temporary(&organisation) == 64);
    let grown = server.resident().saturating_sub(before);
    assert!(grown < 64 * 1024, "64 stalled senders: {grown} KiB");
    let one = [field("story", "not stalled"), file("b.jpg", &vec![8; 100_000]), end()];
    assert!(is_a_receipt(&page_after(&server, &send(&server, &one)).text()));
    drop(all);
    until("their files are gone", || temporary(&organisation) == 0);
    server.stop();
    assert_eq!(organisation.open_all().len(), 2);
}

#[test]
fn a_refused_form_gives_its_place_up_while_the_rest_of_it_still_comes() {
    let organisation = Organisation::found_with(&ROLES, "uploads_at_once = 1", 180);
    let server = organisation.serve();
    let mut refused = connect(server.address());
    refused.write_all(&form_head("/en/send", 1 << 30, &[])).unwrap();
    let late =
        [field("story", "x"), file("a", &[1; 1000]), field("where", "late"), file("b", &[1; 10])];
    refused.write_all(&late.concat()).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(temporary(&organisation), 0, "nothing of it is kept");
    let begun = Instant::now();
    let parts = [field("story", "the next one"), file("b.jpg", &[8; 1000]), end()];
    assert!(is_a_receipt(&page_after(&server, &send(&server, &parts)).text()));
    assert!(begun.elapsed() < Duration::from_secs(10));
    drop(refused);
    server.stop();
}

#[test]
fn a_server_whose_connections_are_all_taken_still_stops_when_told() {
    let organisation = Organisation::found(&ROLES);
    let config = organisation.at("server.toml");
    let text = fs::read_to_string(&config).unwrap();
    save(&config, &text.replace("[limits]", "intake.connections = 1\n\n[limits]"));
    let server = organisation.serve();
    let taken = connect(server.address());
    std::thread::sleep(Duration::from_millis(300));
    let begun = Instant::now();
    server.stop();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    drop(taken);
}

fn save(path: &Path, text: &str) {
    sandyk::files::save(
        path,
        text.as_bytes(),
        sandyk::files::Audience::Owner,
        sandyk::files::Existing::Replace,
    )
    .unwrap();
}

#[test]
fn a_server_that_is_stopped_lets_a_running_form_end() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let parts = [field("story", "just in time"), file("a.jpg", &vec![7; 100_000]), end()].concat();
    let mut stream = connect(server.address());
    stream.write_all(&form_head("/en/send", parts.len(), &[])).unwrap();
    let (first, last) = parts.split_at(50_000);
    stream.write_all(first).unwrap();
    until("it is in the file", || temporary(&organisation) == 1);
    let stopping = std::thread::spawn(move || server.stop());
    std::thread::sleep(Duration::from_millis(500));
    stream.write_all(last).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    stopping.join().unwrap();
    assert_eq!(organisation.open_all().len(), 1);
}

#[test]
fn a_reader_dropped_while_a_form_arrives_gets_no_envelope_of_it() {
    let organisation = Organisation::found(&[Role::Reviewer, Role::Reviewer, Role::Guardian]);
    let mut server = organisation.serve();
    let parts = [field("story", "begun before"), file("a.jpg", &vec![7; 100_000]), end()].concat();
    let mut stream = connect(server.address());
    stream.write_all(&form_head("/en/send", parts.len(), &[])).unwrap();
    let (first, last) = parts.split_at(50_000);
    stream.write_all(first).unwrap();
    until("it is in the file", || temporary(&organisation) == 1);
    let dropped = organisation.drop_first_reader();
    server.wait_for("keyring of epoch 2");
    stream.write_all(last).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    server.stop();
    let store = SledStore::open(&organisation.at("store")).unwrap();
    let keys = store.scan(b"envelope/", None, 10).unwrap();
    let keys: Vec<_> = keys.into_iter().map(|(key, _)| String::from_utf8(key).unwrap()).collect();
    assert_eq!(keys.len(), 3, "one for the reviewer, two for the guardian: {keys:?}");
    assert!(keys.iter().all(|key| !key.contains(&dropped.to_string())), "{keys:?}");
}

#[test]
fn a_keyring_published_while_submissions_run_counts_for_the_next_and_none_fails() {
    let organisation = Organisation::found(&[Role::Reviewer, Role::Reviewer, Role::Guardian]);
    let mut server = organisation.serve();
    let address = server.address().to_owned();
    let done = AtomicBool::new(false);
    let came = AtomicUsize::new(0);
    let (sent, dropped) = std::thread::scope(|scope| {
        let many: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut sent = 0_usize;
                    let parts = [field("story", "while it changes"), end()].concat();
                    while !done.load(Ordering::SeqCst) && sent < 200 {
                        let answer = exchange(&address, &form("/en/send", &parts, &[]));
                        assert_eq!(answer.status, 303);
                        sent += 1;
                        came.fetch_add(1, Ordering::SeqCst);
                    }
                    sent
                })
            })
            .collect();
        until("some were sent", || came.load(Ordering::SeqCst) >= 3);
        let dropped = organisation.drop_first_reader();
        server.wait_for("keyring of epoch 2");
        done.store(true, Ordering::SeqCst);
        let sent = many.into_iter().map(|one| one.join().unwrap()).sum::<usize>();
        (sent, dropped)
    });
    let keys_of = |store: &SledStore| {
        let keys = store.scan(b"envelope/", None, 100_000).unwrap().into_iter();
        let keys = keys.map(|(key, _)| String::from_utf8(key).unwrap());
        keys.filter(|key| key.contains(&dropped.to_string())).count()
    };
    assert_eq!(send(&server, &[field("story", "after it"), end()]).status, 303);
    server.stop();
    let store = SledStore::open(&organisation.at("store")).unwrap();
    let before = keys_of(&store);
    assert!(sent > 0 && (1..=sent).contains(&before), "{before} of {sent}");
    let events = store.changes(sandyk::store::Cursor(0), 10_000).unwrap();
    assert_eq!(events.len(), sent + 1, "each one that was acknowledged is there, once");
}

#[test]
fn a_suspension_that_does_not_count_is_said_at_start_and_when_it_comes_and_witnesses_write_on() {
    let organisation = Organisation::found(&ROLES);
    let device = |n: u8| sandyk::id::DeviceId::from_bytes([n; 16]);
    let put = |n: u8| {
        let file = suspension_file(device(n));
        fs::write(organisation.at("keyring").join(&file), "no note").unwrap();
        file
    };
    let first = put(1);
    let mut server = organisation.serve();
    let said = format!("{first} suspends nobody: ");
    assert!(server.heard().iter().any(|line| line.contains(&said)), "{:?}", server.heard());
    assert_eq!(send(&server, &[field("story", "before"), end()]).status, 303);
    let second = put(2);
    server.wait_for(&format!("{second} suspends nobody: "));
    assert_eq!(send(&server, &[field("story", "after"), end()]).status, 303);
    server.stop();
}

#[test]
fn nothing_that_a_server_makes_can_be_read_by_others() {
    let organisation = Organisation::found(&ROLES);
    let store = organisation.at("store");
    // An administrator made it, and not well.
    fs::DirBuilder::new().mode(0o755).create(&store).unwrap();
    let socket = organisation.at("intake.sock");
    let config = organisation.at("server.toml");
    let text = fs::read_to_string(&config).unwrap();
    let unix = format!("unix:{}", socket.display());
    let server = organisation.serve();
    send(&server, &[field("story", "x"), file("a", b"b"), end()]);
    server.stop();
    private(&store);
    save(&config, &text.replace("127.0.0.1:0", &unix));
    let server = organisation.serve();
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o660);
    server.stop();
}

fn private(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let (path, about) = (entry.as_ref().unwrap().path(), entry.unwrap().metadata().unwrap());
        let open = about.mode() & 0o077;
        assert_eq!(open, 0, "{} is open to others: {open:o}", path.display());
        if about.is_dir() {
            private(&path);
        }
    }
}

#[test]
fn a_server_dumps_no_core_and_is_closed_to_other_processes() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let of =
        |what: &str| fs::read_to_string(format!("/proc/{}/{what}", server.child.id())).unwrap();
    let limits = of("limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().filter(|word| *word == "0").count(), 2, "{core}");
    // What is not dumpable belongs to root in /proc, whoever runs it.
    assert_eq!(fs::metadata(format!("/proc/{}/mem", server.child.id())).unwrap().uid(), 0);
    let locked = of("status");
    let locked = locked.lines().find(|line| line.starts_with("VmLck:")).unwrap();
    let warned = server.said.iter().any(|line| line.contains("memory could not be locked"));
    assert!(warned || !locked.contains(" 0 kB"), "locked, or it says that it is not: {locked}");
    server.stop();
}

/// The journal cannot grow any more: whoever sends gets the text back, nothing acknowledged is lost,
/// and the process ends with a code that makes systemd start it again.
#[test]
fn a_server_that_cannot_write_any_more_ends_with_a_failure() {
    let organisation = Organisation::found(&ROLES);
    let mut server = organisation.serve();
    let mut kept = 0;
    let journal = organisation.at("store/journal");
    while fs::metadata(&journal).unwrap().len() < 100_000 {
        assert_eq!(send(&server, &[field("story", "kept"), end()]).status, 303);
        kept += 1;
    }
    let full = fs::metadata(&journal).unwrap().len() + 100;
    server.limit_files(full);
    let page = page_after(&server, &send(&server, &[field("story", "give me back"), end()]));
    assert!(!is_a_receipt(&page.text()) && page.text().contains("give me back"));
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = server.child.try_wait().unwrap() {
            break status;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "it still runs");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(status.code(), Some(1));
    assert_eq!(organisation.open_all().len(), kept, "what was acknowledged is there");
}
