//! What a witness gives is nowhere in the open: in no file, in nothing the server says, and, once a
//! request has ended, not in the server's memory.
//!
//! The last needs the right to look into another process: root has it.
use std::{
    fs::{self, File},
    io::{BufReader, Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::FileExt as _,
    path::Path,
    time::{Duration, SystemTime},
};

use regex::bytes::Regex;
use sandyk::{
    keyring::Role,
    receipt::{KdfMemory, Receipt, Salt},
};

use crate::common::{
    Organisation, Server, files_with,
    raw::{Answer, connect, end, exchange, field, file, form, form_head, request},
};

const ROLES: [Role; 2] = [Role::Reviewer, Role::Guardian];

/// A word that is nowhere else: not in this program's code either, since it is put together here.
pub(crate) fn canary(what: &str) -> String {
    format!("{}-{what}-canary-{}", "zq7", "k41x")
}

/// Every canary of one form, and the form.
fn secrets() -> (Vec<String>, Vec<Vec<u8>>) {
    let words: Vec<_> = ["story", "name", "place", "file-name", "file-bytes"].map(canary).into();
    let [story, name, place, file_name, bytes] = words.as_slice() else {
        return Default::default();
    };
    let parts = vec![
        field("story", &format!("{story} and more. {}", story.repeat(50))),
        field("where", place),
        field("name", name),
        file(&format!("{file_name}.jpg"), bytes.repeat(20_000).as_bytes()),
        end(),
    ];
    (words, parts)
}

fn digits(page: &str) -> String {
    let (_, rest) = page.split_once("<p class=\"k\">").unwrap();
    rest.split_once("</p>").unwrap().0.chars().filter(char::is_ascii_digit).collect()
}

/// The forms in which a receipt could lie around: digits, groups, HTML, its bits in either order.
pub(crate) fn renderings(digits: &str, salt: Salt) -> Vec<(String, Vec<u8>)> {
    let groups: Vec<_> = digits.as_bytes().chunks(3).map(|g| str::from_utf8(g).unwrap()).collect();
    assert!(Receipt::parse(digits).is_ok());
    let value: u128 = digits[..24].parse().unwrap();
    let big = value.to_be_bytes()[6..].to_vec();
    let little = big.iter().rev().copied().collect();
    let raw: Vec<u8> = digits.bytes().map(|b| b - b'0').collect();
    let derived = Receipt::parse(digits).unwrap().derive(&salt, &mut KdfMemory::new()).unwrap();
    vec![
        ("signing key".to_owned(), derived.signing.to_bytes().to_vec()),
        ("reply key".to_owned(), derived.reply.to_secret_text().expose().as_bytes().to_vec()),
        ("digits".to_owned(), digits.as_bytes().to_vec()),
        ("first digits".to_owned(), digits.as_bytes()[..20].to_vec()),
        ("groups".to_owned(), groups.join(" ").into_bytes()),
        ("page".to_owned(), groups[..3].join("</span> <span>").into_bytes()),
        ("bits".to_owned(), big),
        ("bits, reversed".to_owned(), little),
        ("digit values".to_owned(), raw),
    ]
}

/// Where in the memory of the server each needle stands, with what is around it.
fn in_memory(pid: u32, needles: &[(String, Vec<u8>)]) -> Option<Vec<String>> {
    let at = |what: &str| format!("/proc/{pid}/{what}");
    let Ok(memory) = File::open(at("mem")) else {
        let skipped = b"SKIPPED: the server hides its memory; only root can search it\n";
        std::io::stderr().write_all(skipped).unwrap();
        return None;
    };
    let maps = fs::read_to_string(at("maps")).unwrap();
    let byte = |byte: &u8| format!("\\x{byte:02x}");
    let any: Vec<String> =
        needles.iter().map(|(_, needle)| needle.iter().map(byte).collect()).collect();
    let any = Regex::new(&format!("(?s-u){}", any.join("|"))).unwrap();
    let mut found = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        let place = words.nth(3).unwrap_or("anonymous");
        let (from, to) = range.split_once('-').unwrap();
        let hex = |text| u64::from_str_radix(text, 16).unwrap();
        let (from, to) = (hex(from), hex(to));
        if !rights.starts_with("rw") || place == "[vvar]" {
            continue;
        }
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        if memory.read_exact_at(&mut bytes, from).is_err() {
            continue;
        }
        for seen in any.find_iter(&bytes).take(20) {
            let (name, _) = needles.iter().find(|(_, needle)| needle == seen.as_bytes()).unwrap();
            let around =
                &bytes[seen.start().saturating_sub(80)..(seen.end() + 80).min(bytes.len())];
            let around = String::from_utf8_lossy(around).replace('\0', ".");
            found.push(format!("{name} in {place} {range} + {:x}: {around:?}", seen.start()));
        }
    }
    Some(found)
}

/// Whether a needle is seen within twenty seconds, or nobody may look.
pub(crate) fn comes_into_memory(pid: u32, needles: &[(String, Vec<u8>)]) -> bool {
    (0..40).any(|_| {
        std::thread::sleep(Duration::from_millis(500));
        in_memory(pid, needles).is_none_or(|seen| !seen.is_empty())
    })
}

/// What is there still after eight seconds; a busy machine comes late to wiping, and idle threads, with
/// whatever stands on their stacks, end after ten.
pub(crate) fn stays_in_memory(pid: u32, needles: &[(String, Vec<u8>)]) -> Vec<String> {
    let mut found = Vec::new();
    for _ in 0..8 {
        std::thread::sleep(Duration::from_secs(1));
        found = in_memory(pid, needles).unwrap_or_default();
        if found.is_empty() {
            break;
        }
    }
    found
}

fn named(words: &[String]) -> Vec<(String, Vec<u8>)> {
    words.iter().map(|word| (word.clone(), word.as_bytes().to_vec())).collect()
}

/// Reads one answer of a connection that stays open.
fn answer(stream: &mut TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        reader.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

fn place_of(answer: &Answer) -> String {
    answer.header("location").unwrap().to_owned()
}

/// Sends a form and reads the receipt over connections that stay open, as browsers and tor keep them.
pub(crate) fn tell(
    address: &str,
    parts: &[Vec<u8>],
    salt: Salt,
    needles: &mut Vec<(String, Vec<u8>)>,
) -> [TcpStream; 2] {
    let body = parts.concat();
    let head = String::from_utf8(form_head("/en/send", body.len(), &[])).unwrap();
    let head = head.replace("Connection: close\r\n", "");
    let mut sending = connect(address);
    sending.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    let told = answer(&mut sending);
    let place = told.split("location: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let mut reading = connect(address);
    reading.write_all(format!("GET {place} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
    needles.extend(renderings(&digits(&answer(&mut reading)), salt));
    needles.push(("address".to_owned(), place.rsplit('/').next().unwrap().as_bytes().to_vec()));
    [sending, reading]
}

/// One form with a field after a file, one that comes back and is read again, one that is given up.
fn refused_and_given_up(server: &Server, words: &[String], parts: &[Vec<u8>]) {
    let refused = [parts[0].clone(), parts[3].clone(), parts[1].clone(), end()].concat();
    exchange(server.address(), &form("/en/send", &refused, &[]));
    let again = [field("story", &words[0].repeat(20_000)), parts[2].clone(), end()].concat();
    let again = exchange(server.address(), &form("/en/send", &again, &[]));
    exchange(server.address(), &request("GET", &place_of(&again), &[]));
    let mut given_up = connect(server.address());
    given_up.write_all(&form_head("/en/send", 1 << 30, &[])).unwrap();
    given_up.write_all(&parts[..4].concat()[..300_000]).unwrap();
    std::thread::sleep(Duration::from_millis(300));
}

/// Sends on although it was answered: what comes is read and thrown away while the connection ends.
fn sends_on(server: &Server, words: &[String]) -> TcpStream {
    let mut stream = connect(server.address());
    stream.write_all(b"NO REQUEST\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 400");
    let more = words.concat().repeat(200);
    for _ in 0..20 {
        if stream.write_all(more.as_bytes()).is_err() {
            break;
        }
    }
    stream
}

#[test]
fn nothing_of_a_testimony_or_its_receipt_stays_in_the_servers_memory_or_files() {
    let organisation = Organisation::found_with(&ROLES, "derivations_at_once = 2", 180);
    let mut server = organisation.serve();
    let (words, parts) = secrets();
    let mut needles = named(&words);
    // The scan finds what is there: a control, while a form is still being sent.
    let mut half = connect(server.address());
    half.write_all(&form_head("/en/send", 1 << 20, &[])).unwrap();
    half.write_all(&[field("story", &words[0].repeat(100)), parts[1][..40].to_vec()].concat())
        .unwrap();
    assert!(comes_into_memory(server.child.id(), &needles), "this test would not see a leak");
    drop(half);
    let mark = organisation.folder.path().join("mark");
    let before = File::create_new(&mark).unwrap().metadata().unwrap().created().unwrap();
    std::thread::sleep(Duration::from_millis(20));
    let open: Vec<_> =
        (0..6).flat_map(|_| tell(server.address(), &parts, Salt([7; 32]), &mut needles)).collect();
    refused_and_given_up(&server, &words, &parts);
    let _still_open = sends_on(&server, &words);
    let found = stays_in_memory(server.child.id(), &needles);
    assert!(found.is_empty(), "{} places:\n{}", found.len(), found.join("\n"));
    for (name, needle) in &needles {
        let files = files_with(organisation.folder.path(), needle);
        assert!(files.is_empty(), "{name} in {files:?}");
        assert!(needle.len() < 8 || server.heard().iter().all(|line| !contains(line, needle)));
    }
    let (blobs, telling) = born_after(&organisation.folder.path().join("store/blobs"), before);
    assert!(blobs >= 6 && telling == 0, "{telling} of {blobs} files tell when they were made");
    drop(open);
    let said = server.heard();
    let known =
        ["listens on", "keyring of epoch", "warning: memory could not", "warning: swap is on"];
    for line in &said {
        assert!(known.iter().any(|known| line.contains(known)), "the server said: {line}");
    }
    server.stop();
    assert_eq!(organisation.open_all().len(), 6);
}

/// How many files there are, and how many of them tell by their birth that they came after `then`.
fn born_after(folder: &Path, then: SystemTime) -> (usize, usize) {
    let born = fs::read_dir(folder).unwrap().map(|entry| {
        let about = entry.unwrap().metadata().unwrap();
        about.created().unwrap_or(SystemTime::UNIX_EPOCH) > then
    });
    born.fold((0, 0), |(all, after), tells| (all + 1, after + usize::from(tells)))
}

fn contains(line: &str, needle: &[u8]) -> bool {
    line.as_bytes().windows(needle.len()).any(|w| w == needle)
}
