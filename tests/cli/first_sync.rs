//! A desk that a first sync does not reach, and one with another clock: in all five languages.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    process::Command,
    thread,
};

use sandyk::{
    clock::{Clock as _, SystemClock},
    wire::{CODE_CLOCK, Fault},
};

use super::{
    first_run::organisation,
    screens::{BINARY, FUTURE, compare, spoken},
};

/// Nobody listens there on any machine.
const NOBODY: &str = "127.0.0.1:1";

#[test]
fn a_desk_that_is_not_reached_is_said_in_five_languages() {
    let here = organisation();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = silent.local_addr().unwrap().to_string();
    for (name, address, more) in [
        ("sync-nobody-answers", NOBODY, ""),
        ("sync-a-desk-that-is-silent", &place, ""),
        ("sync-tor-not-started", "x.onion", " --proxy socks5h://127.0.0.1:1"),
    ] {
        let line =
            format!("sync --workspace w --device device --desk http://{address} --wait 1{more}");
        compare(name, &format!("sandyk {}", line.replace(&place, "127.0.0.1:PORT")), 1, |locale| {
            let mut command = Command::new(BINARY);
            command.args(line.split(' ')).current_dir(here.path());
            let (code, said) = spoken(command, locale);
            (code, said.replace(&place, "127.0.0.1:PORT"))
        });
    }
}

#[test]
fn a_desk_whose_clock_is_two_years_ahead_is_said_in_five_languages() {
    let here = organisation();
    let desk = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", desk.local_addr().unwrap());
    thread::spawn(move || {
        for mut line in desk.incoming().map(Result::unwrap) {
            let mut asked = Vec::new();
            let mut piece = [0; 1024];
            while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
                let n = line.read(&mut piece).unwrap();
                asked.extend_from_slice(&piece[..n]);
            }
            let now = SystemClock.unix_seconds() + FUTURE * 86_400;
            let fault = Fault { error: CODE_CLOCK.into(), advice: "set it".into(), now: Some(now) };
            let body = serde_json::to_string(&fault).unwrap();
            let head = format!("HTTP/1.1 401 Unauthorized\r\ncontent-length: {}\r\n", body.len());
            write!(line, "{head}connection: close\r\n\r\n{body}").unwrap();
        }
    });
    let line = "sandyk sync --workspace w --device device --desk http://127.0.0.1:PORT";
    compare("sync-clock-two-years-off", line, 1, |locale| {
        let mut command = Command::new(BINARY);
        command.args(["sync", "--workspace", "w", "--device", "device", "--desk", &address]);
        command.current_dir(here.path());
        spoken(command, locale)
    });
}
