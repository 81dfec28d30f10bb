//! What the command line says to a person who mistypes, swaps or forgets: as it stands on a screen.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test says what is wrong by failing, and writes files as people do"
)]

#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/first_run.rs"]
mod first_run;
#[path = "cli/first_sync.rs"]
mod first_sync;
#[path = "cli/screens.rs"]
mod screens;
#[path = "cli/typed.rs"]
mod typed;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

fn sandyk(folder: &Path, words: &[&str]) -> (Option<i32>, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_sandyk"))
        .args(words)
        .env("LC_ALL", "C")
        .current_dir(folder)
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (done.status.code(), said.concat())
}

#[test]
fn the_screens_are_as_written_down() {
    trycmd::TestCases::new().env("LC_ALL", "C").case("tests/cli/*.trycmd").case("tests/cli/*.toml");
}

#[test]
fn completions_are_made_for_the_three_shells_and_name_every_role() {
    let here = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let (code, script) = sandyk(here.path(), &["completions", shell]);
        assert_eq!(code, Some(0));
        for role in ["demo", "serve", "sync", "review", "admin"] {
            assert!(script.contains(role), "{shell}: {role}");
        }
    }
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let here = tempfile::tempdir().unwrap();
    let (code, said) = sandyk(here.path(), &["man", "--to", "man1"]);
    assert_eq!(code, Some(0), "{said}");
    for page in ["sandyk.1", "sandyk-review.1", "sandyk-review-show.1", "sandyk-admin-sign.1"] {
        let text = fs::read_to_string(here.path().join("man1").join(page)).unwrap();
        assert!(text.contains(".TH"), "{page}");
    }
}

#[test]
fn a_demo_on_a_busy_port_makes_nothing_and_says_so() {
    let here = tempfile::tempdir().unwrap();
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let (code, said) =
        sandyk(here.path(), &["demo", "--once", "--folder", "d", "--intake", &address]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("cannot listen") && said.contains("nothing was made"), "{said}");
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0);
}

#[test]
fn a_readable_passphrase_file_is_warned_about_and_a_short_one_refused() {
    let here = tempfile::tempdir().unwrap();
    for n in ["1", "2", "3"] {
        let file = here.path().join(n);
        fs::write(&file, format!("number {n} of three long ones")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let init = |spare: &str| {
        let mut words = vec!["admin", "init", "--organisation", "X", "--folder", "c"];
        words.extend(["--work-factor", "1", "--passphrase-file", "1"]);
        words.extend(["--passphrase-file", "2", "--passphrase-file", spare]);
        sandyk(here.path(), &words)
    };
    fs::write(here.path().join("short"), "elevenchars").unwrap();
    let (code, said) = init("short");
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("11 characters") && said.contains("12 are the least"), "{said}");
    assert!(said.contains("others on this machine may read short"), "{said}");
    assert!(!here.path().join("c").exists());
    let (code, said) = init("3");
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("warning") && said.contains("All roots together"), "{said}");
}

#[test]
fn a_server_ends_when_whoever_started_it_is_killed() {
    let here = tempfile::tempdir().unwrap();
    let config = "store = 's'\nkeyring = 'k'\nroots = 'r'\nintake.listen = 'unix:SOCKET'\n\
                  organisation.name = 'X'\n";
    let socket = here.path().join("intake.sock");
    let config = config.replace("SOCKET", socket.to_str().unwrap());
    fs::write(here.path().join("server.toml"), config).unwrap();
    let script = "\"$0\" serve --allow-swap --config server.toml --end-with $$ & wait";
    let mut parent = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_sandyk")])
        .current_dir(here.path())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let answers = || std::os::unix::net::UnixStream::connect(&socket).is_ok();
    let until = |wanted: bool| {
        (0..200).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            answers() == wanted
        })
    };
    assert!(until(true), "the server did not start");
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert!(until(false), "the server goes on without its parent");
    let (code, said) = sandyk(
        here.path(),
        &["serve", "--allow-swap", "--config", "server.toml", "--end-with", "1"],
    );
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("did not start this one"), "{said}");
}
