//! Desks that speak anything but what a desk speaks: named, with the right exit code, nothing taken in.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use axum::{body::Body, response::Response};
use flate2::{Compression, write::GzEncoder};
use sandyk::sync::SyncError;

use crate::office::{Office, write};

/// Bytes that a sync may hold in memory, whatever a desk sends.
const MEMORY_KIB: u64 = 64 << 10;

/// What a desk sends to every request.
type Speaks = fn(&mut TcpStream) -> std::io::Result<()>;

/// One row: what the desk does, what a person reads, and the exit code.
struct Row {
    name: &'static str,
    speaks: Speaks,
    told: &'static str,
    code: i32,
}

const fn row(name: &'static str, speaks: Speaks, told: &'static str, code: i32) -> Row {
    Row { name, speaks, told, code }
}

const NETWORK: &str = "could not be reached, or the connection was cut";
const STRANGE: &str = "is none that a desk gives";
const MALFORMED: &str = "the desk's answer is malformed";
const ENDLESS: &str = "goes on past";

const ROWS: [Row; 19] = [
    row("says nothing", |_| Ok(()), NETWORK, 1),
    row("speaks another protocol", |s| s.write_all(b"SSH-2.0-x\r\n\r\n"), NETWORK, 1),
    row(
        "headers without an end",
        |s| for_ever(s, b"x-more: aaaaaaaaaaaaaaaaaaaaaaaa\r\n"),
        NETWORK,
        1,
    ),
    row("one header without an end", |s| for_ever(s, &[b'a'; 4096]), NETWORK, 1),
    row(
        "a body shorter than it says",
        |s| send(s, "200 OK", "content-length: 4096", b"x"),
        NETWORK,
        1,
    ),
    row(
        "two lengths",
        |s| send(s, "200 OK", "content-length: 1\r\ncontent-length: 2", b"xx"),
        NETWORK,
        1,
    ),
    row("a length below zero", |s| send(s, "200 OK", "content-length: -1", b"x"), NETWORK, 1),
    row(
        "a length like no other",
        |s| send(s, "200 OK", "content-length: 18446744073709551614", b"x"),
        NETWORK,
        1,
    ),
    row(
        "a longer answer than there is",
        |s| send(s, "200 OK", "content-length: 9000000", b"x"),
        ENDLESS,
        3,
    ),
    row("a body without an end", no_end, ENDLESS, 3),
    row(
        "a chunk of any size",
        |s| send(s, "200 OK", "transfer-encoding: chunked", b"FFFFFFFFFFFFFFFFF\r\nx"),
        NETWORK,
        1,
    ),
    row("chunk words without an end", chunk_words, NETWORK, 1),
    row("a bomb of zeros", bomb, MALFORMED, 3),
    row("nothing at all, well", |s| send(s, "204 No Content", "x: y", b""), STRANGE, 3),
    row(
        "sends elsewhere",
        |s| send(s, "302 Found", "location: http://127.0.0.1:1/\r\ncontent-length: 0", b""),
        "redirect",
        3,
    ),
    row(
        "a page for people",
        |s| send(s, "500 Oops", "content-type: text/html\r\ncontent-length: 13", b"<b>Oops</b>  "),
        STRANGE,
        3,
    ),
    row("deep JSON", deep, STRANGE, 3),
    row(
        "an error without an end",
        |s| {
            head(s, "500 Oops", "x: y")?;
            for_ever_raw(s, &[b' '; 4096])
        },
        ENDLESS,
        3,
    ),
    row("a half tape", |s| send(s, "200 OK", "content-length: 512", &[0; 512]), MALFORMED, 3),
];

fn head(stream: &mut TcpStream, status: &str, headers: &str) -> std::io::Result<()> {
    stream.write_all(
        format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n\r\n").as_bytes(),
    )
}

fn send(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) -> std::io::Result<()> {
    head(stream, status, headers)?;
    stream.write_all(body)
}

fn for_ever(stream: &mut TcpStream, line: &[u8]) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
    for_ever_raw(stream, line)
}

/// Until the other side has enough, which is far below this.
fn for_ever_raw(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    for _ in 0..(256 << 20) / bytes.len() {
        stream.write_all(bytes)?;
    }
    Ok(())
}

fn no_end(stream: &mut TcpStream) -> std::io::Result<()> {
    head(stream, "200 OK", "x: y")?;
    for_ever_raw(stream, &[b'x'; 8192])
}

fn chunk_words(stream: &mut TcpStream) -> std::io::Result<()> {
    head(stream, "200 OK", "transfer-encoding: chunked")?;
    stream.write_all(b"1;")?;
    for_ever_raw(stream, &[b'x'; 8192])
}

fn bomb(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut zeros = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        zeros.write_all(&vec![0; 1 << 20])?;
    }
    let zeros = zeros.finish()?;
    let headers = format!("content-encoding: gzip\r\ncontent-length: {}", zeros.len());
    send(stream, "200 OK", &headers, &zeros)
}

fn deep(stream: &mut TcpStream) -> std::io::Result<()> {
    send(stream, "400 Bad", "content-length: 60000", &vec![b'['; 60_000])
}

/// Listens and answers every request so; gives the address.
fn desk(speaks: Speaks) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            std::thread::spawn(move || {
                let mut asked = Vec::new();
                let mut byte = [0; 1];
                while !asked.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1)
                {
                    asked.push(byte[0]);
                }
                // The other side hangs up when it has seen enough.
                let _ = speaks(&mut stream);
            });
        }
    });
    address
}

/// Runs `sandyk sync` to its end; its code, what it said, and the most memory that it held, in KiB.
fn sync(office: &Office, address: &str) -> (Option<i32>, String, u64) {
    let member = &office.members[0];
    let mut child = Command::new(env!("CARGO_BIN_EXE_sandyk"))
        .args(["sync", "--desk", address, "--workspace"])
        .arg(&member.workspace)
        .arg("--device")
        .arg(&member.device)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (began, mut most) = (Instant::now(), 0);
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(now.unwrap_or(0));
        if began.elapsed() > Duration::from_mins(2) {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned(), most)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_speaks_anything_else_is_named_and_takes_neither_memory_nor_files() {
    let mut running = Vec::new();
    for row in &ROWS {
        let office = Office::open().await;
        office.testimony(1000).await;
        office.sync(0).await.unwrap();
        running.push(tokio::task::spawn_blocking(move || {
            let before = office.everything(0);
            let (code, text, most) = sync(&office, &desk(row.speaks));
            let held = [
                (code == Some(row.code), "its exit code"),
                (text.contains(row.told), "its name"),
                (text.contains("kept:") && text.contains("next:"), "what was kept, what to do"),
                (most < MEMORY_KIB, "its memory"),
                (office.everything(0) == before, "the workspace as it was"),
            ];
            let wrong = held.iter().find(|(holds, _)| !holds);
            wrong.map(|(_, what)| format!("{}: {what}: {code:?}, {most} KiB, {text}", row.name))
        }));
    }
    let mut wrong = Vec::new();
    for row in running {
        wrong.extend(row.await.unwrap());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Desks that answer, but so slowly that there is no end to it.
const SLOW: [(&str, Speaks, &str); 3] = [
    ("headers byte by byte", |s| drip(s, b"HTTP/1.1 200 OK\r\nx: ", b"a"), "timed out"),
    (
        "one early hint after the other",
        |s| drip(s, b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        "timed out",
    ),
    (
        "a body byte by byte",
        |s| drip(s, b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b"a"),
        "so slowly that it would never come to an end",
    ),
];

fn drip(stream: &mut TcpStream, first: &[u8], then: &[u8]) -> std::io::Result<()> {
    stream.write_all(first)?;
    for _ in 0..4000 {
        std::thread::sleep(Duration::from_millis(10));
        stream.write_all(then)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_drips_is_given_up_and_named() {
    for (name, speaks, words) in SLOW {
        let office = Office::open().await;
        let mut settings = office.settings(0);
        settings.desk = Some(desk(speaks));
        settings.patience.silence = Duration::from_secs(1);
        let began = Instant::now();
        let told = office.sync_with(&settings).await.unwrap_err();
        let told = told.to_string();
        assert!(told.contains("/desk/v1/keyring") && told.contains(words), "{name}: {told}");
        let whole = Duration::from_secs(40);
        assert!(began.elapsed() < whole, "{name}: it was waited for to its end");
    }
}

#[tokio::test]
async fn exhibits_that_drip_are_given_up_and_what_came_is_kept() {
    let office = Office::open().await;
    let (id, exhibits) = office.testimony(100_000).await;
    let part = office.file(0, &format!("testimonies/{id}/exhibits.age.part"));
    write(&part, &exhibits[..1000]);
    office.meddle(move |seen, mut answer| {
        if !seen.path.starts_with("/desk/v1/exhibits/") {
            return answer.pass();
        }
        let bytes = std::mem::take(&mut answer.body);
        let drops = futures_util::stream::unfold(bytes.into_iter(), |mut bytes| async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            let byte = bytes.next()?;
            Some((Ok::<_, std::io::Error>(vec![byte]), bytes))
        });
        let mut response = Response::new(Body::from_stream(drops));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response
    });
    let mut settings = office.settings(0);
    settings.patience.silence = Duration::from_secs(1);
    let patience = Duration::from_mins(2);
    let told = tokio::time::timeout(patience, office.sync_with(&settings)).await;
    let told = told.unwrap().unwrap_err();
    let slow = matches!(&told, SyncError::TooSlow(path) if path.ends_with(&id.to_string()));
    assert!(slow, "{told}");
    let kept = fs::read(&part).unwrap();
    assert!(kept.len() > 1000 && exhibits.starts_with(&kept), "{} bytes", kept.len());
    office.leave_alone();
    assert_eq!(office.sync(0).await.unwrap().exhibits, 1, "an honest desk goes on from there");
}
