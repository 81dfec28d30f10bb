//! What doctors find: every fault is made, named, and nothing is changed by looking.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::Command,
    time::{Duration, SystemTime},
};

use sandyk::{
    clock::{Clock as _, SystemClock},
    digest::Digest,
    store::SledStore,
};
use serde_json::Value;

use super::{
    first_run::{organisation, published},
    screens::{BINARY, compare, spoken},
};

const ADMIN: &str = "admin doctor --folder good-ceremony";
const DRILL: &str = "admin doctor --folder good-ceremony drill";
const SERVER: &str = "serve doctor --config server.toml --backup backup --unit unit";
const SYNC: &str = "sync doctor --workspace w --device device";
const REVIEW: &str = "review doctor --workspace w --keys keys";

/// A small organisation with everything in order, as far as one folder goes.
fn in_order() -> tempfile::TempDir {
    let here = organisation();
    let at = |name: &str| here.path().join(name);
    let today = SystemClock.today();
    published(here.path(), "good", today.plus_days(180));
    published(here.path(), "ending", today.plus_days(5));
    fs::create_dir(at("roots")).unwrap();
    for root in ["root-1.age", "root-2.age", "root-3-spare.age"] {
        fs::rename(at("good-ceremony").join(root), at("roots").join(root)).unwrap();
    }
    // The reader's machine and the one that reads stand apart.
    fs::create_dir(at("offline")).unwrap();
    for place in ["w", "keys"] {
        fs::copy(at("good/roots.txt"), at(place).join("roots.txt")).unwrap();
    }
    fs::copy(at("good/keyring-0001.note"), at("w/keyring/keyring-0001.note")).unwrap();
    fs::write(at("w/checkpoint.note"), "of today").unwrap();
    server(here.path());
    here
}

fn server(here: &Path) {
    SledStore::open(&here.join("store")).map(drop).unwrap();
    let key = format!("sandyk ledger key v1\n{}=\n", "A".repeat(43));
    fs::write(here.join("store/ledger.key"), key).unwrap();
    private(&here.join("store"), 0o700);
    private(&here.join("store/ledger.key"), 0o600);
    let config = "store = 'store'\nkeyring = 'good'\nroots = 'good/roots.txt'\n\
                  intake.listen = '127.0.0.1:1'\norganisation.name = 'X'\n\
                  limits.files_until_percent = 100\nlimits.words_until_percent = 100\n\
                  [organisation.safe_contact]\nky = 'K'\nru = 'R'\nuz-Cyrl = 'C'\nuz-Latn = 'L'\nen = 'E'\n";
    fs::write(here.join("server.toml"), config).unwrap();
    fs::copy("deploy/systemd/sandyk.service", here.join("unit")).unwrap();
    let (code, said) = run(here, "backup --store store --to backup");
    assert_eq!(code, Some(0), "{said}");
}

fn private(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn run(here: &Path, line: &str) -> (Option<i32>, String) {
    let mut command = Command::new(BINARY);
    command.args(line.split_whitespace()).current_dir(here);
    spoken(command, "C")
}

/// What a doctor found, by code, with its level; the exit code fits the worst of it.
fn found(here: &Path, line: &str) -> BTreeMap<String, String> {
    let done = Command::new(BINARY)
        .arg("--json")
        .args(line.split_whitespace())
        .current_dir(here)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&done.stdout)
        .unwrap_or_else(|_| panic!("{line}: {}", String::from_utf8_lossy(&done.stderr)));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = report["findings"].as_array().unwrap();
    for finding in all {
        let three = ["what", "why", "next"].map(|part| !text(&finding[part]).is_empty());
        assert_eq!(three, [finding["level"] != "good"; 3], "{finding}");
    }
    let presses = ["soon", "now"].contains(&report["worst"].as_str().unwrap());
    assert_eq!(done.status.code(), Some(if presses { 3 } else { 0 }), "{line}");
    all.iter().map(|finding| (text(&finding["code"]), text(&finding["level"]))).collect()
}

fn moved(file: &Path, days: i64) {
    let day = Duration::from_secs(days.unsigned_abs() * 86_400);
    let now = SystemTime::now();
    let time = if days < 0 { now - day } else { now + day };
    File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
}

/// Adds to a file what a person would have typed there.
fn add(file: &Path, text: &str) {
    let before = fs::read_to_string(file).unwrap();
    fs::write(file, format!("{before}{text}")).unwrap();
}

type Fault = (&'static str, &'static str, &'static str, fn(&Path));

/// The command, what it then finds, how much that presses, and how it is made.
const FAULTS: &[Fault] = &[
    (ADMIN, "root-key-here", "note", |here| {
        fs::copy(here.join("roots/root-1.age"), here.join("good-ceremony/root-1.age")).unwrap();
    }),
    (ADMIN, "root-keys-together", "now", |here| {
        for root in ["root-1.age", "root-3-spare.age"] {
            fs::copy(here.join("roots").join(root), here.join("good-ceremony").join(root)).unwrap();
        }
    }),
    (ADMIN, "others-may-read-it", "now", |here| {
        fs::copy(here.join("roots/root-1.age"), here.join("good-ceremony/root-1.age")).unwrap();
        private(&here.join("good-ceremony/root-1.age"), 0o644);
    }),
    (ADMIN, "keyring-does-not-hold", "now", |here| {
        add(&here.join("good-ceremony/published/keyring-0001.note"), "— x AAAA\n");
    }),
    (ADMIN, "no-desk-note", "now", |here| {
        fs::remove_file(here.join("good-ceremony/published/desk-0001.note")).unwrap();
    }),
    (ADMIN, "no-keyring", "soon", |here| {
        fs::remove_dir_all(here.join("good-ceremony/published")).unwrap();
    }),
    (ADMIN, "draft-waits", "note", |here| {
        let (code, said) = run(here, "admin renew --folder good-ceremony");
        assert_eq!(code, Some(0), "{said}");
    }),
    (ADMIN, "clock-is-behind", "now", |here| {
        moved(&here.join("good-ceremony/published/keyring-0001.note"), 2);
    }),
    (ADMIN, "renewals-are-void", "soon", |here| {
        fs::create_dir(here.join("good-ceremony/ahead")).unwrap();
        let note = here.join("good-ceremony/published/keyring-0001.note");
        fs::copy(note, here.join("good-ceremony/ahead/keyring-0002.note")).unwrap();
    }),
    (SERVER, "device-is-suspended", "soon", |here| {
        let note = fs::read_to_string(here.join("good/desk-0001.note")).unwrap();
        let id = note.split("\ndevice ").nth(1).unwrap().split(' ').next().unwrap();
        fs::write(here.join("one"), "invented words no. 1").unwrap();
        let line = format!(
            "admin suspend {id} --folder good-ceremony --to good --root roots/root-1.age \
             --passphrase-file one"
        );
        let (code, said) = run(here, &line);
        assert_eq!(code, Some(0), "{said}");
    }),
    (SERVER, "suspension-does-not-count", "now", |here| {
        let note = fs::read_to_string(here.join("good/desk-0001.note")).unwrap();
        let id = note.split("\ndevice ").nth(1).unwrap().split(' ').next().unwrap();
        fs::write(here.join(format!("good/suspend-{id}.note")), "").unwrap();
    }),
    (SERVER, "suspension-not-read", "now", |here| {
        let note = fs::read_to_string(here.join("good/desk-0001.note")).unwrap();
        let id = note.split("\ndevice ").nth(1).unwrap().split(' ').next().unwrap();
        fs::create_dir(here.join(format!("good/suspend-{id}.note"))).unwrap();
    }),
    (SERVER, "no-safe-contact", "note", |here| {
        let config = fs::read_to_string(here.join("server.toml")).unwrap();
        fs::write(here.join("server.toml"), config.replace("ru = 'R'", "ru = ''")).unwrap();
    }),
    (DRILL, "drill-ceremony-fails", "now", |here| {
        symlink("nowhere", here.join("good-ceremony/dangling")).unwrap();
    }),
    (DRILL, "drill-suspend-fails", "now", |here| {
        symlink("nowhere", here.join("good-ceremony/dangling")).unwrap();
    }),
    (SERVER, "unit-is-softer", "soon", |here| add(&here.join("unit"), "[Service]\nUMask=0\n")),
    (SERVER, "no-unit", "note", |here| fs::remove_file(here.join("unit")).unwrap()),
    (SERVER, "no-backup", "soon", |here| fs::remove_dir_all(here.join("backup")).unwrap()),
    (SERVER, "backup-not-seen", "soon", |here| {
        fs::remove_dir_all(here.join("backup")).unwrap();
        fs::create_dir(here.join("backup")).unwrap();
    }),
    (SERVER, "backup-keeps-envelopes", "now", |here| {
        fs::write(here.join("backup/envelopes/older"), "left").unwrap();
    }),
    (SERVER, "disk-fills", "now", |here| {
        let config = fs::read_to_string(here.join("server.toml")).unwrap();
        fs::write(here.join("server.toml"), config.replacen("= 100", "= 0", 1)).unwrap();
    }),
    (SERVER, "others-may-read-it", "now", |here| private(&here.join("store/ledger.key"), 0o644)),
    (SERVER, "not-looked-at", "soon", |here| fs::remove_dir_all(here.join("store")).unwrap()),
    (SERVER, "keyring-has-ended", "now", |here| {
        let config = fs::read_to_string(here.join("server.toml")).unwrap();
        fs::write(here.join("server.toml"), config.replace("good", "past")).unwrap();
    }),
    (SERVER, "keyring-ends", "now", |here| {
        let config = fs::read_to_string(here.join("server.toml")).unwrap();
        fs::write(here.join("server.toml"), config.replace("good", "ending")).unwrap();
    }),
    (SERVER, "keyring-too-far", "now", |here| {
        let config = fs::read_to_string(here.join("server.toml")).unwrap();
        fs::write(here.join("server.toml"), config.replace("good", "future")).unwrap();
    }),
    (SERVER, "listens-to-everybody", "now", |here| {
        let config = fs::read_to_string(here.join("server.toml")).unwrap();
        fs::write(here.join("server.toml"), config.replace("127.0.0.1:1", "0.0.0.0:1")).unwrap();
    }),
    (SERVER, "nobody-answers", "now", |here| {
        let config = fs::read_to_string(here.join("server.toml")).unwrap();
        let socket = format!("unix:{}/s", here.display());
        fs::write(here.join("server.toml"), config.replace("127.0.0.1:1", &socket)).unwrap();
    }),
    (SYNC, "never-synced", "soon", |here| {
        fs::remove_file(here.join("w/checkpoint.note")).unwrap();
    }),
    (SYNC, "not-synced-lately", "now", |here| moved(&here.join("w/checkpoint.note"), -20)),
    (SYNC, "outbox-waits", "soon", |here| {
        let entry = here.join("w/outbox/entries/a.age");
        fs::write(&entry, "x").unwrap();
        moved(&entry, -5);
    }),
    (SYNC, "envelopes-lack", "soon", |here| {
        fs::write(here.join("w/missing.jsonl"), "{\"readers\":[\"\"]}\n").unwrap();
    }),
    (SYNC, "others-may-read-it", "now", |here| private(&here.join("device/device.key"), 0o640)),
    (REVIEW, "not-a-reader", "now", |here| {
        let about = fs::read_to_string(here.join("w/workspace.json")).unwrap();
        let mut about: Value = serde_json::from_str(&about).unwrap();
        about["reader"] = "a".repeat(26).into();
        fs::write(here.join("w/workspace.json"), about.to_string()).unwrap();
    }),
    (REVIEW, "memory-is-gone", "now", |here| {
        fs::remove_file(here.join("keys/state.json")).unwrap();
    }),
    (REVIEW, "others-may-read-it", "now", |here| private(&here.join("keys/reader.age"), 0o604)),
    (REVIEW, "keyring-does-not-hold", "now", |here| {
        add(&here.join("w/keyring/keyring-0001.note"), "— x AAAA\n");
    }),
];

fn copy_of(here: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let done = Command::new("cp").arg("-a").arg(here.join(".")).arg(copy.path()).status().unwrap();
    assert!(done.success());
    copy
}

#[test]
fn every_fault_that_is_made_is_found_and_no_other() {
    let whole = in_order();
    for (line, code, level, make) in FAULTS {
        let here = copy_of(whole.path());
        let before = found(here.path(), line);
        // The disk that the tests run on may be fuller than one would wish.
        let known = before.get(*code).map(String::as_str);
        let there = if *code == "disk-fills" { known == Some(*level) } else { known.is_some() };
        assert!(!there, "{line}: {code} is found where nothing is wrong");
        make(here.path());
        let after = found(here.path(), line);
        assert_eq!(after.get(*code).map(String::as_str), Some(*level), "{line}: {after:?}");
    }
}

/// Every file below a folder with its bytes, mode and time.
fn state(folder: &Path) -> BTreeMap<String, (Digest, u32, SystemTime)> {
    let mut waiting = vec![folder.to_owned()];
    let mut found = BTreeMap::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let about = fs::symlink_metadata(&path).unwrap();
            let bytes = if about.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
            let all = (Digest::of(&bytes), about.permissions().mode(), about.modified().unwrap());
            found.insert(path.display().to_string(), all);
            if about.is_dir() {
                waiting.push(path);
            }
        }
    }
    found
}

#[test]
fn a_doctor_and_a_drill_change_nothing_but_their_scratch_folder_which_goes() {
    let here = in_order();
    fs::create_dir(here.path().join("scratch")).unwrap();
    let before = state(here.path());
    let scratch = format!("{SERVER} drill --scratch scratch");
    let drills = ["admin doctor --folder good-ceremony drill", &scratch];
    let review = format!("{REVIEW} drill");
    for line in [ADMIN, SERVER, SYNC, REVIEW, &review].into_iter().chain(drills) {
        found(here.path(), line);
        let after = state(here.path());
        let same = before.iter().filter(|(name, _)| !name.ends_with("/scratch"));
        let changed: Vec<_> = same.filter(|(name, all)| after.get(*name) != Some(all)).collect();
        assert!(changed.is_empty() && before.len() == after.len(), "{line}: {changed:?}");
    }
}

#[test]
fn a_drill_says_what_would_come_back_and_what_would_not() {
    let here = in_order();
    let server = format!("{SERVER} drill");
    let whole = found(here.path(), &server);
    for code in ["drill-restore", "drill-store-opens"] {
        assert_eq!(whole.get(code).map(String::as_str), Some("good"), "{whole:?}");
    }
    assert_eq!(whole.get("ask-onion-keys").map(String::as_str), Some("note"));
    let body = fs::read_dir(here.path().join("backup/body")).unwrap().next().unwrap().unwrap();
    fs::write(body.path(), "no journal").unwrap();
    let spoilt = found(here.path(), &server);
    assert_eq!(spoilt.get("drill-restore-fails").map(String::as_str), Some("now"), "{spoilt:?}");
    fs::remove_dir_all(here.path().join("backup")).unwrap();
    assert!(found(here.path(), &server).contains_key("drill-no-backup"));
    // The one guardian of this organisation can be replaced by nobody.
    let admin = found(here.path(), DRILL);
    // What administrators would do is done, for real, by roots that live as long as the drill.
    for code in ["drill-ceremony", "drill-suspend"] {
        assert_eq!(admin.get(code).map(String::as_str), Some("good"), "{admin:?}");
    }
    assert_eq!(admin.get("drill-cannot-retire").map(String::as_str), Some("now"), "{admin:?}");
    let review = found(here.path(), &format!("{REVIEW} drill --recovery backup"));
    for code in ["drill-nobody-goes-on", "drill-recovery-fails"] {
        assert_eq!(review.get(code).map(String::as_str), Some("now"), "{review:?}");
    }
}

#[test]
fn a_drill_is_said_in_five_languages() {
    let here = in_order();
    let line = "admin doctor --folder good-ceremony drill";
    let note = fs::read_to_string(here.path().join("good/keyring-0001.note")).unwrap();
    let id: String = note.split("\nreader ").nth(1).unwrap().chars().take(8).collect();
    let note = fs::read_to_string(here.path().join("good/desk-0001.note")).unwrap();
    let device: String = note.split("\ndevice ").nth(1).unwrap().chars().take(8).collect();
    compare("doctor-drill", &format!("sandyk {line}"), 3, |locale| {
        let mut command = Command::new(BINARY);
        command.args(line.split(' ')).current_dir(here.path());
        let (code, said) = spoken(command, locale);
        let last = SystemClock.today().plus_days(180).to_string();
        (
            code,
            said.replace(&id, "READER")
                .replace(&device, "MACHINE")
                .replace(&last, "IN-HALF-A-YEAR"),
        )
    });
}
