//! The server is backed up while sixteen witnesses write, then lost, and brought back by the commands that
//! an operator would type.

use std::{
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use crate::{storm::Storm, town::Town, witness::Outcome};

fn sandyk(words: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sandyk")).args(words).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn a_server_that_is_lost_under_load_comes_back_with_all_that_was_there_before_the_backup() {
    let mut town = Town::found("");
    let at = |name: &str| town.organisation.at(name);
    let (place, copy, back) = (at("store"), at("copy"), at("back"));
    let backup = || {
        let words = ["backup", "--store"].map(Path::new);
        let done = sandyk(&[words[0], words[1], &place, "--to".as_ref(), &copy]);
        assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    };
    let server = town.serve();
    let address = server.address().to_owned();
    let mut storm = Storm::new(300_000);
    for _ in 0..2 {
        storm.until(&address, (8, Duration::from_millis(20)), backup);
    }
    town.read();
    let before = storm.all.len();
    storm.until(&address, (8, Duration::from_millis(20)), || {
        backup();
        server.kill();
    });
    let seen = town.organisation.at("workspace-1/checkpoint.note");
    let words = ["restore", "--from", "--to", "--checkpoint"].map(Path::new);
    let done = sandyk(&[words[0], words[1], &copy, words[2], &back, words[3], &seen]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    std::fs::remove_dir_all(&place).unwrap();
    town.move_store("back");
    let server = town.serve();
    town.read();
    town.forget();
    town.read();
    let lost = town.lost(&storm.all);
    let late = |number: &usize| storm.all[before..].iter().any(|sent| sent.number == *number);
    assert!(lost.iter().all(late), "acknowledged before the last backup, and lost: {lost:?}");
    let early = storm.all[..before].iter().filter(|sent| sent.outcome == Outcome::Acknowledged);
    let early = early.count();
    let address = server.address().to_owned();
    storm.until(&address, (3, Duration::ZERO), || ());
    eprintln!(
        "{early} acknowledged before the last backup began, all back; {} opened, {} of later ones lost",
        town.opened(),
        lost.len()
    );
    server.stop();
}
