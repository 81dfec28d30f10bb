//! Honest, hostile and aborted submissions, mixed: none lost, none answered with 5xx, memory flat.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

use crate::{
    common::{Server, raw},
    town::Town,
    witness::{How, MARK, Outcome, Plan, Sent, told},
};

const AT_ONCE: usize = 24;
const SHAPES: usize = 18;
/// What the server may have grown by in the end, in KiB, after a quarter has warmed it.
const MEMORY: u64 = 16 * 1024;
/// The same for a few hundred: their first quarter is over before every thread has its caches and the
/// rows that wait for the index have all their room.
const MEMORY_OF_FEW: u64 = 32 * 1024;

/// One of ten is cut off, two are hostile, seven are honest.
fn one(address: &str, number: usize) -> Sent {
    let rng = &mut ChaCha20Rng::seed_from_u64(number as u64);
    let plan = Plan::mixed(number, 11, 1 << 18);
    match number % 10 {
        4 => plan.send(address, How::Until(rng.gen_range(0..1000))),
        3 | 8 => hostile(address, number, number / 5 % SHAPES),
        _ => plan.send(address, How::Whole),
    }
}

/// Something that no browser sends, or only a broken one.
fn hostile(address: &str, number: usize, shape: usize) -> Sent {
    let mark = format!("{MARK}{number} ");
    let story = |text: &str| raw::field("story", &(mark.clone() + text));
    let form = |parts: &[Vec<u8>]| {
        raw::form("/en/send", &[&parts.concat()[..], &raw::end()].concat(), &[])
    };
    let part = |head: &str, body: &[u8]| {
        let head = format!("--{}\r\n{head}\r\n\r\n", raw::BOUNDARY);
        [head.as_bytes(), body, b"\r\n"].concat()
    };
    let named = "Content-Disposition: form-data; name=\"story\"";
    let request = match shape {
        0 => form(&[]),
        1 => form(&[story("x"), raw::field("no-such-field", "x")]),
        2 => form(&[story(&"ы".repeat(150_000))]),
        3 => form(&[story("x"), raw::file("a.jpg", &[7; 5000]), raw::field("where", "late")]),
        4 => form(&[part(named, &[0xff, 0xfe, 0x80])]),
        5 => form(&[story("x"), story("y")]),
        6 => form(&vec![raw::field("box", "harm-threat"); 2000]),
        7 => form(&[story("x"), raw::file(&"n".repeat(100_000), b"x")]),
        8 => form(&[story("x"), raw::file("../../etc/passwd\u{202e}", &[1; 9000])]),
        9 => raw::form("/en/send", b"--another\r\nno form at all\r\n", &[]),
        10 => raw::request("PUT", "/en/send", &["Content-Length: 0"]),
        11 => raw::form("/en/send", &story("x"), &["Sec-Fetch-Site: cross-site"]),
        12 => b"GET http://elsewhere/ru HTTP/1.0\r\n\r\n".to_vec(),
        13 => form(&[&[story("x")], &vec![raw::file("f", &[5; 100]); 40][..]].concat()),
        14 => vec![0x16; 4000],
        15 => raw::request("GET", "/", &[&format!("X-Long: {}", "h".repeat(200_000))]),
        16 => {
            form(&[story("x"), part("Content-Type: multipart/mixed; boundary=inner", b"--inner--")])
        }
        _ => raw::request("GET", "/../../nowhere/%00", &[]),
    };
    let (outcome, _) = told(address, &request, "en");
    let files = match shape {
        7 => vec![("n".repeat(1024), b"x".to_vec())],
        8 => vec![("../../etc/passwd\u{202e}".to_owned(), vec![1; 9000])],
        13 => vec![("f".to_owned(), vec![5; 100]); 32],
        _ => Vec::new(),
    };
    Plan { number, tag: "en", fields: vec![("story", mark + "x")], files }.sent(outcome)
}

/// Sends `count`, so many at once; what became of each.
fn send(address: &str, numbers: std::ops::Range<usize>) -> Vec<Sent> {
    let next = AtomicUsize::new(numbers.start);
    let next = &next;
    std::thread::scope(|scope| {
        let witness = |_| {
            scope.spawn(move || {
                let mut sent = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= numbers.end {
                        return sent;
                    }
                    sent.push(one(address, number));
                }
            })
        };
        let all: Vec<_> = (0..AT_ONCE).map(witness).collect();
        all.into_iter().flat_map(|one| one.join().unwrap()).collect()
    })
}

/// Nobody's fault is answered as the server's, and every honest one was given a receipt.
fn answered_well(all: &[Sent]) {
    for sent in all {
        let number = sent.number;
        if let Outcome::Refused(status) = sent.outcome {
            assert!(status < 500, "{number} was answered {status}");
        }
        if !matches!(number % 10, 3 | 4 | 8) {
            assert_eq!(sent.outcome, Outcome::Acknowledged, "{number} was honest");
        }
    }
}

fn mixed(count: usize, memory: u64) {
    let mut town = Town::found("");
    let server = town.serve();
    // What every server takes once: threads and what the allocator keeps for each, buffers, the index's
    // cache, and the rows that wait for the index (some thousands).
    let warm = count / 4;
    let mut all = send(server.address(), 0..warm);
    let before = settled(&server);
    let began = Instant::now();
    all.extend(send(server.address(), warm..count));
    let took = began.elapsed();
    let after = settled(&server);
    answered_well(&all);
    let of = |outcome| all.iter().filter(|sent| sent.outcome == outcome).count();
    let (kept, cut) = (of(Outcome::Acknowledged), of(Outcome::Cut));
    eprintln!(
        "{count} sent ({} in {took:.1?}): {kept} acknowledged, {cut} cut off, {} refused; memory \
         of the server {before} KiB before, {after} KiB after",
        count - warm,
        count - kept - cut,
    );
    town.read();
    town.compare(&all);
    assert_eq!(town.opened(), kept);
    server.stop();
    town.nothing_half_is_stored(&town.organisation.at("store"));
    assert!(after <= before + memory, "the server grew from {before} to {after} KiB");
}

/// Resident memory when the last ones have gone, and the idle threads after them.
fn settled(server: &Server) -> u64 {
    std::thread::sleep(std::time::Duration::from_secs(12));
    server.resident()
}

#[test]
fn of_three_hundred_mixed_submissions_none_is_lost_and_none_is_answered_with_5xx() {
    mixed(300, MEMORY_OF_FEW);
}

#[test]
#[ignore = "10 000; tests/nightly runs it"]
fn of_ten_thousand_mixed_submissions_none_is_lost_and_none_is_answered_with_5xx() {
    mixed(10_000, MEMORY);
}
