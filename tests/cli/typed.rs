//! Passphrases typed at a terminal, as people mistype them: the screen in all five languages.

use std::{
    io::{Read as _, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use super::{
    first_run::organisation,
    screens::{BINARY, compare},
};

#[test]
fn passphrases_that_differ_are_said_in_five_languages_and_nothing_is_made() {
    let here = organisation();
    let line = "review init --invitation invitation.txt --keys typed --work-factor 1";
    let typed = ["four invented words here", "four inventd words here"].repeat(3);
    compare("typed-passphrases-differ", &format!("sandyk {line}"), 1, |locale| {
        let said = at_a_terminal(here.path(), line, &typed, locale);
        assert!(!here.path().join("typed").exists(), "{}", said.1);
        said
    });
}

#[test]
fn a_passphrase_that_is_too_short_is_asked_for_again_in_five_languages() {
    let here = organisation();
    let line = "review init --invitation invitation.txt --keys typed --work-factor 1";
    compare("typed-too-short", &format!("sandyk {line}"), 3, |locale| {
        at_a_terminal(here.path(), line, &["short"; 3], locale)
    });
}

#[test]
fn a_passphrase_typed_wrongly_is_asked_for_again_in_five_languages() {
    let here = organisation();
    let line = "review list --workspace w --keys keys";
    let typed = ["one wrong passphrase", "another wrong one", "and a third one"];
    compare("typed-wrong-passphrase", &format!("sandyk {line}"), 1, |locale| {
        at_a_terminal(here.path(), line, &typed, locale)
    });
}

/// What stands on a terminal after a command line and what was typed; nothing typed is on it.
fn at_a_terminal(folder: &Path, line: &str, typed: &[&str], locale: &str) -> (Option<i32>, String) {
    let mut command = Command::new("script");
    for unset in ["LANGUAGE", "LC_MESSAGES", "LANG"] {
        command.env_remove(unset);
    }
    let mut running = command
        .args(["--quiet", "--return", "--command"])
        .arg(format!("stty cols 200; tty; exec {BINARY} {line}"))
        .arg("/dev/null")
        .env("LC_ALL", locale)
        .env("SHELL", "/bin/sh")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let screen = Arc::new(Mutex::new(Vec::new()));
    let mut shown = running.stdout.take().unwrap();
    let reading = thread::spawn({
        let screen = Arc::clone(&screen);
        move || {
            let mut piece = [0; 4096];
            while let Ok(n @ 1..) = shown.read(&mut piece) {
                screen.lock().unwrap().extend_from_slice(&piece[..n]);
            }
        }
    });
    let text = || String::from_utf8_lossy(&screen.lock().unwrap()).replace('\r', "");
    let mut keyboard = running.stdin.take().unwrap();
    let mut seen = 0;
    for words in typed {
        // a question has come, and the terminal does not show what is typed
        let asked = (0..1500).any(|_| {
            thread::sleep(Duration::from_millis(20));
            let now = text();
            now.len() > seen && now.ends_with(": ") && is_hidden(&now)
        });
        assert!(asked, "no question after {seen} bytes of {}", text());
        seen = text().len();
        writeln!(keyboard, "{words}").unwrap();
    }
    let done = running.wait().unwrap();
    reading.join().unwrap();
    drop(keyboard);
    let said = text();
    for words in typed {
        assert!(!said.contains(words), "what was typed stands on the screen: {said}");
    }
    let said = said.lines().skip(1).filter(|line| !line.contains("memlock"));
    (done.code(), said.collect::<Vec<_>>().join("\n"))
}

/// Whether the terminal that the first line names is hiding what is typed.
fn is_hidden(screen: &str) -> bool {
    let Some(place) = screen.lines().next() else { return false };
    let asked = Command::new("stty").args(["-F", place, "-a"]).output().unwrap();
    String::from_utf8_lossy(&asked.stdout).contains("-echo ")
}
