//! Rows W: who sends slowly, falls silent, or does not read.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::{
    common::raw::{connect, field, file, form_head, request},
    stage::Stage,
};

/// Longest that anybody lasts with `idle_seconds = 30`, and much time for a busy machine: without
/// patience they would last for ever.
const LASTS: Duration = Duration::from_mins(2);

/// Whether the other side has closed or answered.
fn closed(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let read = stream.read(&mut [0; 4096]);
    read.map_or_else(|e| !matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), |_| true)
}

/// Begins like that, then sends a byte every two seconds, or nothing.
fn is_cut_off(stage: &Stage, what: &str, start: &[u8], byte: Option<&[u8]>) {
    let mut stream = connect(stage.address());
    stream.write_all(start).unwrap();
    let since = Instant::now();
    while !closed(&mut stream) {
        assert!(since.elapsed() < LASTS, "{what}: not cut off after {LASTS:?}");
        std::thread::sleep(Duration::from_secs(2));
        if byte.is_some_and(|byte| stream.write_all(byte).is_err()) {
            return;
        }
    }
    assert!(since.elapsed() > Duration::from_secs(20), "{what}: Tor is slow, this was too early");
}

/// Heads and bodies that dribble or stop, at every place: nobody lasts, nothing is kept. All at once.
pub(crate) fn dribbling_and_silent_senders(stage: &Stage) {
    let words = [form_head("/en/send", 1 << 20, &[]), field("story", "begun")].concat();
    let words = &words[..words.len() - 2];
    let files = [words, b"\r\n".as_slice(), &file("a.jpg", &[7; 4096])].concat();
    let files = &files[..files.len() - 2];
    let head = b"GET /en HTTP/1.1\r\nX: ";
    let refused = [request("POST", "/nowhere", &["Content-Length: 100000"]), vec![7; 100]].concat();
    std::thread::scope(|scope| {
        for (what, start, byte) in [
            ("nothing at all", &b""[..], None),
            ("a head that stops", head, None),
            ("a head that dribbles", head, Some(&b"x"[..])),
            ("words that stop", words, None),
            ("words that dribble", words, Some(b"x")),
            ("a file that stops", files, None),
            ("a file that dribbles", files, Some(b"x")),
            ("a refused body that dribbles", &refused, Some(b"x")),
        ] {
            scope.spawn(move || is_cut_off(stage, what, start, byte));
        }
        scope.spawn(|| whoever_does_not_read(stage));
    });
}

/// Four megabytes of quotation marks are twelve on the page that gives them back.
fn whoever_does_not_read(stage: &Stage) {
    let answer = stage.send(&[field("story", &"\"".repeat(2_000_000))]);
    let place = answer.header("location").unwrap();
    let mut all: Vec<_> = (0..4)
        .map(|_| {
            let mut stream = connect(stage.address());
            stream.write_all(&request("GET", place, &[])).unwrap();
            stream
        })
        .collect();
    std::thread::sleep(Duration::from_secs(40));
    for stream in &mut all {
        let mut got = 0;
        let mut piece = vec![0; 1 << 20];
        while let Ok(n @ 1..) = stream.read(&mut piece) {
            got += n;
        }
        assert!(got < 11_000_000, "{got} bytes: the connection was still served");
    }
}
