//! Rows L: the lanes. All connections are taken, all places for files, all memory for words; an honest
//! text passes all the same.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use crate::{
    common::raw::{Answer, connect, end, field, file, form, form_head},
    common::until,
    stage::{CONNECTIONS, Stage, is_a_receipt, said},
};

/// In this time an honest text passes, whatever goes on: 20 s on an idle machine. Each row alone lasts
/// much longer (`LATE`), so whoever passes was made room for.
const PASSES: Duration = Duration::from_mins(3);

/// An honest text gets its receipt in time.
fn passes(stage: &Stage, words: &str) {
    let begun = Instant::now();
    stage.receipt(&stage.send(&[field("story", words), end()]));
    assert!(begun.elapsed() < PASSES, "it took {:?}", begun.elapsed());
    stage.expect(words);
}

/// So many connections that begin like that; what comes after them waits in the kernel.
fn flood(stage: &Stage, count: usize, begin: &[u8]) -> Vec<TcpStream> {
    let open = || {
        let mut stream = connect(stage.address());
        let _ = stream.write_all(begin);
        stream
    };
    (0..count).map(|_| open()).collect()
}

/// The attack ends with this, also when what it attacks has failed: otherwise the test would wait for ever.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sends a byte on every connection twice a second until told to stop.
fn dribble(all: &mut [TcpStream], stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        for stream in &mut *all {
            let _ = stream.write_all(b"xxxxxxxx");
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn begun_words() -> Vec<u8> {
    let words = [form_head("/en/send", 1 << 20, &[]), field("story", "begun")].concat();
    words[..words.len() - 2].to_vec()
}

fn begun_file(bytes: usize) -> Vec<u8> {
    let parts = [field("story", "begun"), file("a.jpg", &vec![7; bytes])].concat();
    [form_head("/en/send", 1 << 30, &[]), parts[..parts.len() - 2].to_vec()].concat()
}

/// Without room made for it the honest one would wait four times the 60 s that a head may take.
pub(crate) fn all_connections_silent(stage: &Stage) {
    let all = flood(stage, CONNECTIONS * 4, b"");
    passes(stage, "through silence");
    drop(all);
}

pub(crate) fn all_connections_dribble_words(stage: &Stage) {
    let mut all = flood(stage, CONNECTIONS, &begun_words());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _ends = Ends(&stop);
        scope.spawn(|| dribble(&mut all, &stop));
        passes(stage, "through a dribble");
        passes(stage, &"a long text. ".repeat(15_000));
    });
}

/// Whoever is cut off comes back at once, from many threads, for as long as it takes.
pub(crate) fn connections_that_come_back_at_once(stage: &Stage) {
    let stop = AtomicBool::new(false);
    let words = begun_words();
    std::thread::scope(|scope| {
        let _ends = Ends(&stop);
        for _ in 0..8 {
            scope.spawn(|| {
                let mut mine = flood(stage, CONNECTIONS / 8, &words);
                while !stop.load(Ordering::Relaxed) {
                    for stream in &mut mine {
                        stream.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
                        let gone = stream.write_all(b"x").is_err()
                            || stream.read(&mut [0; 64]).is_ok_and(|n| n == 0);
                        if gone && let Ok(next) = TcpStream::connect(stage.address()) {
                            *stream = next;
                            let _ = stream.write_all(&words);
                        }
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
        }
        std::thread::sleep(Duration::from_secs(6));
        passes(stage, "through those who come back");
    });
}

/// All places for files are taken by slow ones, and the other connections by words that dribble: a text
/// passes, and whoever has a file is told that it was not kept, and the words were.
pub(crate) fn all_places_for_files_taken(stage: &Stage) {
    let since = Instant::now();
    let mut files = flood(stage, 4, &begun_file(4096));
    until("all places are taken", || stage.temporary() == 4);
    let mut words = flood(stage, CONNECTIONS - 4, &begun_words());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _ends = Ends(&stop);
        scope.spawn(|| dribble(&mut files, &stop));
        passes(stage, "through the files");
    });
    words.clear();
    let parts = [field("story", "with a photo"), file("photo.jpg", &[7; 9000]), end()];
    let begun = Instant::now();
    let answer = stage.send(&parts);
    assert!(begun.elapsed() < PASSES, "it took {:?}", begun.elapsed());
    let still = stage.temporary();
    let page = stage.receipt(&answer);
    let told = page.contains("photo.jpg") && page.contains(&said("file-missing"));
    // On a machine so busy that their first minute is over, they make room instead.
    if since.elapsed() < Duration::from_secs(50) {
        assert_eq!(still, 4, "who has a place keeps it for its first minute");
        assert!(told, "{page}");
    }
    stage.expect("with a photo");
}

/// Sends at so many bytes a second, as somebody far away does, and gives the answer.
fn slowly(stage: &Stage, parts: &[Vec<u8>], bytes_per_second: usize) -> Answer {
    let mut stream = connect(stage.address());
    for piece in form("/en/send", &parts.concat(), &[]).chunks(bytes_per_second / 5) {
        assert!(stream.write_all(piece).is_ok(), "an honest sender was cut off");
        std::thread::sleep(Duration::from_millis(200));
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Answer::parse(&answer)
}

/// All connections dribble, and each second somebody new wants one: the dribblers make room, and not a
/// slow text or a slow file, though these stay longer than anybody's grace.
pub(crate) fn slow_honest_people_among_those_who_stay(stage: &Stage) {
    let mut all = flood(stage, CONNECTIONS, &begun_words());
    let stop = AtomicBool::new(false);
    let (text, story) = ("by 500 bytes a second ".repeat(230), "by 4 KB a second");
    std::thread::scope(|scope| {
        scope.spawn(|| dribble(&mut all, &stop));
        scope.spawn(|| {
            let mut more = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                more.extend(flood(stage, 1, &begun_words()));
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        let words = scope.spawn(|| slowly(stage, &[field("story", &text), end()], 500));
        let parts = [field("story", story), file("photo.jpg", &vec![7; 40_000]), end()];
        let page = stage.receipt(&slowly(stage, &parts, 4000));
        assert!(!page.contains("photo.jpg"), "the file is whole: {page}");
        stage.receipt(&words.join().unwrap());
        stop.store(true, Ordering::Relaxed);
    });
    stage.expect(&text);
    stage.expect(story);
}

/// Every connection sends as many words as are read at all and stops: the memory for words is one for
/// all, and who holds it makes room.
pub(crate) fn all_memory_for_words_taken(stage: &Stage) {
    let before = stage.server.resident();
    let words = "w".repeat((2 << 20) - 4096);
    let begun = [form_head("/en/send", 3 << 20, &[]), field("story", &words)].concat();
    let mut peak = 0;
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let mut stream = connect(stage.address());
                    let _ = stream.set_write_timeout(Some(Duration::from_secs(8)));
                    let _ = stream.write_all(&begun[..begun.len() - 2]);
                    stream
                })
            })
            .collect();
        for _ in 0..40 {
            peak = peak.max(stage.server.resident());
            std::thread::sleep(Duration::from_millis(50));
        }
        passes(stage, "a short text among long ones");
        passes(stage, &"a long text among long ones. ".repeat(5_000));
        for one in all {
            drop(one.join());
        }
    });
    let grown = peak.saturating_sub(before);
    // 4 MiB of memory for words and what 32 connections may have: 32 KiB of words, 64 KiB of reading.
    assert!(grown < 20 * 1024, "{grown} KiB for {CONNECTIONS} texts of 2 MiB");
}

/// Sixty-four at once on thirty-two connections, each with an honest form: nobody is lost.
pub(crate) fn more_honest_people_than_connections(stage: &Stage) {
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..CONNECTIONS * 2)
            .map(|n| {
                scope.spawn(move || {
                    let body = [field("story", &format!("one of many: {n}")), end()].concat();
                    let answer: Answer = stage.exchange(&form("/en/send", &body, &[]));
                    assert!(is_a_receipt(&stage.page(&answer)));
                    stage.counts_one_more();
                    stage.expect(&format!("one of many: {n}"));
                })
            })
            .collect();
        for one in all {
            one.join().unwrap();
        }
    });
}
