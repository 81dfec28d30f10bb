//! Rows B: bodies that end early, late or never.

use std::{io::Write as _, net::Shutdown};

use crate::{
    common::raw::{BOUNDARY, connect, end, field, file, form_head, request},
    stage::{Stage, rest},
};

const MEGABYTE: usize = 1 << 20;

/// The head of a form in chunks.
fn chunked(path: &str) -> Vec<u8> {
    let kind = format!("Content-Type: multipart/form-data; boundary={BOUNDARY}");
    request("POST", path, &[&kind, "Transfer-Encoding: chunked"])
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

pub(crate) fn a_body_that_stops_half_way(stage: &Stage) {
    let body = [field("story", "told"), file("a.jpg", &vec![7; 300_000]), end()].concat();
    for at in [0, 10, field("story", "told").len() - 3, 1_000, 200_000, body.len() - 4] {
        for shutdown in [Shutdown::Write, Shutdown::Both] {
            let mut stream = connect(stage.address());
            stream.write_all(&form_head("/en/send", body.len(), &[])).unwrap();
            stream.write_all(&body[..at]).unwrap();
            stream.shutdown(shutdown).unwrap();
            let answer = String::from_utf8(rest(&mut stream)).unwrap();
            assert!(!answer.starts_with("HTTP/1.1 2"), "{at}: {answer}");
        }
    }
}

pub(crate) fn a_body_in_chunks(stage: &Stage) {
    let body = [field("story", "in chunks"), file("a.jpg", &[7; 300]), end()].concat();
    let pieces: Vec<_> = body.chunks(7).map(chunk).collect();
    let whole = [chunked("/en/send"), pieces.concat(), b"0\r\n\r\n".to_vec()].concat();
    stage.receipt(&stage.exchange(&whole));
    stage.expect("in chunks");
    let trailers = b"0\r\nX-Story: y\r\n\r\n".to_vec();
    stage.receipt(&stage.exchange(&[chunked("/en/send"), pieces.concat(), trailers].concat()));
}

pub(crate) fn chunks_that_are_none(stage: &Stage) {
    let first = field("story", "told");
    for wrong in [
        "zz\r\n",
        "-1\r\n",
        "ffffffffffffffffff\r\n",
        "5\r\nab",
        "0x5\r\nabcde\r\n",
        "5\r\nabcdefgh\r\n0\r\n\r\n",
        "\r\n\r\n",
        "5 ;ext=\u{1}\r\n",
    ] {
        let bytes = [chunked("/en/send"), chunk(&first), wrong.as_bytes().to_vec()].concat();
        let mut stream = connect(stage.address());
        stream.write_all(&bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let answer = String::from_utf8(rest(&mut stream)).unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 303"), "{wrong:?}: {answer}");
        assert!(answer.matches("HTTP/1.1").count() <= 1, "{wrong:?}: {answer}");
    }
}

/// Ten gigabytes are announced by no length and never end: the words and the allowed beginning of the
/// file are kept, the rest is not read.
pub(crate) fn ten_gigabytes_in_chunks(stage: &Stage) {
    let begun = [field("story", "endless file"), file("a.mp4", b"")].concat();
    let begun = chunk(&begun[..begun.len() - 2]);
    let head = [chunked("/en/send"), begun].concat();
    let before = stage.server.resident();
    let (sent, answer) = stage.pour(&head, &chunk(&vec![7; MEGABYTE]), 10_240);
    let grown = stage.server.resident().saturating_sub(before);
    assert!(sent < 300, "{sent} MB were read");
    assert!(grown < 8 * 1024, "{grown} KiB");
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 303"));
    stage.counts_one_more();
    stage.expect("endless file");
}

pub(crate) fn ten_gigabytes_of_words(stage: &Stage) {
    let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"story\"\r\n\r\n");
    let head = [chunked("/en/send"), chunk(part.as_bytes())].concat();
    let before = stage.server.resident();
    let (sent, answer) = stage.pour(&head, &chunk(&vec![b'w'; MEGABYTE]), 10_240);
    let grown = stage.server.resident().saturating_sub(before);
    assert!(sent < 300, "{sent} MB were read");
    assert!(grown < 16 * 1024, "{grown} KiB");
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 303"));
}

/// What is refused is read on, within bounds: a browser shows no answer before it has sent everything.
pub(crate) fn a_large_body_where_none_is_wanted(stage: &Stage) {
    for (path, status) in [("/en", 405), ("/en/nowhere", 404), ("/en/once/x/done", 303)] {
        let head = request("POST", path, &["Content-Length: 31457280"]);
        let answer = stage.exchange(&[head, vec![7; 30 * MEGABYTE]].concat());
        assert_eq!(answer.status, status, "{path}");
    }
    let foreign =
        request("POST", "/en/send", &["Sec-Fetch-Site: cross-site", "Content-Length: 31457280"]);
    assert_eq!(stage.exchange(&[foreign, vec![7; 30 * MEGABYTE]].concat()).status, 403);
    let (sent, answer) = stage.pour(&chunked("/en"), &chunk(&vec![7; MEGABYTE]), 10_240);
    assert!(sent < 300, "{sent} MB were read");
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 405"));
}
