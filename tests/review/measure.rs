//! Figures, not promises: `cargo test --test review measure -- --ignored --nocapture`.
#![expect(clippy::print_stderr, reason = "prints what was measured")]

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use sandyk::keyring::Role::Guardian;

use crate::room::{Room, Sent};

/// Time and most memory of one command.
fn measured(room: &Room, args: &[&str]) {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_sandyk"))
        .arg("review")
        .args(args)
        .args(["--workspace".as_ref(), room.workspace(0).as_os_str()])
        .args(["--keys".as_ref(), room.keys(0).as_os_str()])
        .args(["--passphrase-file".as_ref(), room.folder.path().join("passphrase").as_os_str()])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = String::new();
    while child.try_wait().unwrap().is_none() {
        let now = fs::read_to_string(&status).unwrap_or_default();
        peak = now.lines().find(|line| line.starts_with("VmHWM")).map_or(peak, str::to_owned);
        std::thread::sleep(Duration::from_millis(5));
    }
    eprintln!("review {args:?}: {:?}, {peak}", began.elapsed());
}

#[test]
#[ignore = "measures"]
fn a_list_of_two_thousand_testimonies() {
    let mut room = Room::new(&[Guardian]);
    let ids: Vec<_> = (0..2000).map(|_| room.receive(&Sent::default()).to_string()).collect();
    measured(&room, &["list"]);
    measured(&room, &["list", "--json"]);
    measured(&room, &["show", &ids[7]]);
    let began = Instant::now();
    let all: Vec<&str> = ids.iter().take(1000).map(String::as_str).collect();
    room.text(0, &[&["tag"], &all[..], &["--add", "torture"]].concat());
    eprintln!("1000 tags written: {:?}", began.elapsed());
    room.sync();
    measured(&room, &["list"]);
}
