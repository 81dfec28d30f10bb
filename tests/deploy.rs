//! What `deploy/` hands to a real machine, checked by the tools that will read it there.
#![expect(clippy::panic, clippy::unreachable, reason = "a test says what is wrong by failing")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(file)
}

fn run(command: &mut Command) -> Output {
    let program = command.get_program().display().to_string();
    command.output().unwrap_or_else(|e| panic!("{program} is missing ({e}): run tests/install"))
}

#[test]
fn the_unit_is_as_hard_as_systemd_can_make_it() {
    let unit = deploy("systemd/sandyk.service");
    let out = run(Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", "--threshold=10"])
        .arg(unit));
    let report = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "exposure over 1.0:\n{report}");
    assert!(report.contains("Overall exposure level for sandyk.service"), "{report}");
}

#[test]
fn tor_takes_the_torrc() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let torrc = std::fs::read_to_string(deploy("tor/torrc")).unwrap();
    // The same file with the services' folders where this test may write.
    let torrc = torrc.replace("/var/lib/tor", folder.path().to_str().unwrap());
    let file = folder.path().join("torrc");
    sandyk::files::save(
        &file,
        torrc.as_bytes(),
        sandyk::files::Audience::Owner,
        sandyk::files::Existing::Refuse,
    )
    .unwrap();
    let out = run(Command::new("tor")
        .args(["--verify-config", "--ignore-missing-torrc", "--defaults-torrc", "/dev/null"])
        .arg("-f")
        .arg(&file)
        .arg("--DataDirectory")
        .arg(&data));
    let report = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success() && report.contains("Configuration was valid"), "{report}");
    assert!(torrc.contains("HiddenServicePoWDefensesEnabled 1"), "a flood must cost its sender");
}

#[test]
fn tor_reaches_the_sockets_and_nothing_else_of_the_server() {
    let read = |file| std::fs::read_to_string(deploy(file)).unwrap();
    // tor keeps no group but its own, so the sockets must inherit that one from their folder.
    assert!(
        read("tmpfiles.d/sandyk.conf").contains("d /run/sandyk          2750 sandyk debian-tor -")
    );
    let unit = read("systemd/sandyk.service");
    assert!(unit.contains("ReadWritePaths=/run/sandyk"), "the unit could not make its sockets");
    assert!(!unit.contains("RuntimeDirectory="), "systemd would give the folder another group");
    let (torrc, apparmor) = (read("tor/torrc"), read("apparmor.d/local/system_tor"));
    let sockets = torrc.split_whitespace().filter_map(|word| word.strip_prefix("unix:"));
    for socket in sockets {
        assert!(apparmor.contains(&format!("\n{socket} rw,")), "AppArmor keeps tor from {socket}");
    }
    assert!(!read("sysusers.d/sandyk.conf").lines().any(|line| line.starts_with('m')));
}

#[test]
fn the_sample_configuration_of_the_server_is_valid() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/server.toml");
    let config = sandyk::config::ServerConfig::load(&sample).unwrap();
    assert_eq!(config.limits, sandyk::config::Limits::default(), "the sample shows the defaults");
    let torrc = std::fs::read_to_string(deploy("tor/torrc")).unwrap();
    let desk = config.desk.expect("the sample has a desk");
    for listen in [&config.intake.listen, &desk.listen] {
        let sandyk::config::Listen::Unix(socket) = listen else {
            unreachable!("the sample listens on {listen:?}, tor comes by Unix sockets")
        };
        assert!(torrc.contains(&format!("unix:{}", socket.display())), "tor goes elsewhere");
    }
}

#[test]
fn the_command_line_of_every_unit_is_understood() {
    let mut lines = 0;
    for folder in ["systemd", "systemd/user"] {
        for file in std::fs::read_dir(deploy(folder)).unwrap() {
            let path = file.unwrap().path();
            let unit = path.is_file().then(|| std::fs::read_to_string(&path).unwrap());
            for line in unit.iter().flat_map(|unit| unit.lines()) {
                let Some(line) = line.strip_prefix("ExecStart=/usr/bin/sandyk ") else { continue };
                lines += 1;
                // What comes after `--` is another program's.
                let (own, rest) = line.split_once(" -- ").unwrap_or((line, ""));
                let mut words: Vec<_> = own.split(' ').chain(["--no-such-option"]).collect();
                if !rest.is_empty() {
                    words.extend(["--", "true"]);
                }
                let out = run(Command::new(env!("CARGO_BIN_EXE_sandyk"))
                    .env("LC_ALL", "C.UTF-8")
                    .args(words));
                let said = String::from_utf8_lossy(&out.stderr).into_owned();
                assert_eq!(out.status.code(), Some(2), "{}: {said}", path.display());
                assert!(said.contains("--no-such-option"), "{}: {said}", path.display());
            }
        }
    }
    assert_eq!(lines, 4);
}
