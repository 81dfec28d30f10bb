//! Every file that review reads, damaged in every way: named, nothing shown, nothing lost, no hang.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{
        fs::{PermissionsExt as _, chown, symlink},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Mutex,
    time::Duration,
};

use sandyk::keyring::Role::{Guardian, Reviewer};
use walkdir::WalkDir;

use crate::room::{Room, Sent, ended, said};

const STORY: &str = "a story that must stay closed";
const NAME: &str = "Person A";
const OUTSIDE: &str = "words of another file of this machine";
/// Nobody: who is not root reads what root may read.
const NOBODY: u32 = 65_534;

/// What is done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Damage {
    Missing,
    Empty,
    Truncated,
    Swapped,
    Doubled,
    BitFlipped,
    Folder,
    Link,
    Pipe,
    Unreadable,
    Giant,
}

const DAMAGES: [Damage; 11] = [
    Damage::Missing,
    Damage::Empty,
    Damage::Truncated,
    Damage::Swapped,
    Damage::Doubled,
    Damage::BitFlipped,
    Damage::Folder,
    Damage::Link,
    Damage::Pipe,
    Damage::Unreadable,
    Damage::Giant,
];

/// A kind of file: where it lies, its sibling, what a reader asks for, and what the answer names.
struct Kind {
    file: String,
    sibling: String,
    args: Vec<String>,
    named: &'static [&'static str],
}

/// A room in which every kind of file exists, and the first testimony's id.
fn furnished() -> (Room, String, Vec<Kind>) {
    let mut room = Room::new(&[Guardian, Reviewer]);
    let files: &[(&str, &[u8])] = &[("a.png", b"one")];
    let sent = Sent { story: STORY, name: Some(NAME), files, ..Sent::default() };
    let a = room.receive(&sent).to_string();
    let b = room.receive(&Sent { name: Some("Person B"), ..sent }).to_string();
    room.text(0, &["remark", &b, "one"]);
    room.text(0, &["tag", &b, "--add", "torture"]);
    room.sync();
    room.text(0, &["remark", &b, "not handed in yet"]);
    room.text(1, &["list"]);
    let kinds = kinds(&room, &a, &b);
    (room, a, kinds)
}

fn kinds(room: &Room, a: &str, b: &str) -> Vec<Kind> {
    let kind = |file: &str, sibling: &str, args: &[&str], named| Kind {
        file: file.to_owned(),
        sibling: sibling.to_owned(),
        args: args.iter().map(|&arg| arg.to_owned()).collect(),
        named,
    };
    let part = |name: &'static str, args: &[&str], named| {
        let of = |id: &str| format!("workspace-0/testimonies/{id}/{name}");
        kind(&of(a), &of(b), args, named)
    };
    let casebook = |name: &str| format!("workspace-0/casebook/{name}.age");
    let outbox = fs::read_dir(room.workspace(0).join("outbox/entries")).unwrap();
    let waiting = outbox.map(|e| e.unwrap().file_name()).next().unwrap().into_string().unwrap();
    let about = "workspace-0/workspace.json";
    let list = &["list"][..];
    let show = &["show", a, "--names"][..];
    vec![
        kind(about, "workspace-1/workspace.json", list, &["workspace.json", "made for reader"]),
        kind("workspace-0/roots.txt", about, list, &["roots", "root keys"]),
        kind("workspace-0/keyring/keyring-0001.note", about, list, &["keyring"]),
        kind("workspace-0/feed.jsonl", about, list, &["feed"]),
        part("cover.age", show, &["cover.age"]),
        part("account.age", show, &["account.age", "account is not the one"]),
        part("envelope-account.age", show, &["envelope-account.age", "cover.age"]),
        part("identity.age", show, &["identity.age"]),
        part("envelope-identity.age", show, &["envelope-identity.age", "identity.age"]),
        part("exhibits.age", &["exhibits", a, "--to", "OUT"], &["exhibits"]),
        kind(&casebook("keys/00000000000000000003"), about, list, &["event 3 of the feed"]),
        kind(
            &casebook("entries/00000000000000000004"),
            &casebook("entries/00000000000000000005"),
            list,
            &["event 4 of the feed"],
        ),
        kind(
            &format!("workspace-0/outbox/entries/{waiting}"),
            &casebook("entries/00000000000000000005"),
            list,
            &["your outbox", "you have written"],
        ),
        kind("keys-0/state.json", about, list, &["state.json", "ALARM"]),
        kind("keys-0/reader.age", about, list, &["reader.age"]),
        kind("keys-0/roots.txt", about, list, &["roots.txt", "root keys", "keyring", "roots"]),
    ]
}

/// A copy of the room for one row of the table.
struct Copy {
    folder: tempfile::TempDir,
    binary: PathBuf,
}

impl Copy {
    fn of(room: &Room, binary: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy_all(room.folder.path(), folder.path());
        fs::create_dir(folder.path().join("place")).unwrap();
        fs::write(folder.path().join("outside"), OUTSIDE).unwrap();
        Self { folder, binary: binary.to_owned() }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Everything here belongs to nobody in particular, and so does the program.
    fn give_away(&self) {
        if rustix::process::geteuid().is_root() {
            for entry in WalkDir::new(self.folder.path()).min_depth(1) {
                let path = entry.unwrap().into_path();
                std::os::unix::fs::lchown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
            chown(self.folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    /// Runs `sandyk review …`, which must end by itself.
    fn run(&self, args: &[String]) -> Output {
        self.give_away();
        let out = self.at("place/out");
        let args = args.iter().map(|a| if a == "OUT" { out.as_os_str() } else { OsStr::new(a) });
        let mut command = Command::new(&self.binary);
        command.arg("review").args(args);
        for (option, path) in [
            ("--workspace", "workspace-0"),
            ("--keys", "keys-0"),
            ("--passphrase-file", "passphrase"),
        ] {
            command.arg(option).arg(self.at(path));
        }
        if rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        ended(child, Duration::from_mins(1))
    }

    /// Every file with its bytes, but the memory that each session writes anew.
    fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut all = Vec::new();
        for place in ["workspace-0", "keys-0"] {
            for entry in
                WalkDir::new(self.at(place)).sort_by_file_name().into_iter().map(Result::unwrap)
            {
                let (path, about) = (entry.path(), entry.metadata().unwrap());
                if about.is_file() && about.len() < 1 << 20 && !path.ends_with("state.json") {
                    all.push((path.to_owned(), fs::read(path).unwrap()));
                }
            }
        }
        all
    }
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_all(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

fn harm(copy: &Copy, kind: &Kind, damage: Damage) {
    let path = copy.at(&kind.file);
    let before = fs::read(&path).unwrap();
    let write = |bytes: &[u8]| fs::write(&path, bytes).unwrap();
    match damage {
        Damage::Empty => write(b""),
        Damage::Truncated => write(&before[..before.len() / 2]),
        Damage::Swapped => write(&fs::read(copy.at(&kind.sibling)).unwrap()),
        Damage::Doubled => write(&[&before[..], &before].concat()),
        Damage::BitFlipped => {
            let mut bytes = before;
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            write(&bytes);
        }
        Damage::Unreadable => fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap(),
        Damage::Giant => {
            let file = fs::OpenOptions::new().append(true).open(&path).unwrap();
            file.set_len(256 << 20).unwrap();
        }
        Damage::Missing | Damage::Folder | Damage::Link | Damage::Pipe => {
            fs::remove_file(&path).unwrap();
        }
    }
    match damage {
        Damage::Folder => fs::create_dir(&path).unwrap(),
        Damage::Link => symlink(copy.at("outside"), &path).unwrap(),
        Damage::Pipe => {
            let pipe = rustix::fs::FileType::Fifo;
            rustix::fs::mknodat(rustix::fs::CWD, &path, pipe, 0o600.into(), 0).unwrap();
        }
        Damage::Missing
        | Damage::Empty
        | Damage::Truncated
        | Damage::Swapped
        | Damage::Doubled
        | Damage::BitFlipped
        | Damage::Unreadable
        | Damage::Giant => {}
    }
}

/// One row: what is wrong with it, if anything.
fn row(room: &Room, binary: &Path, kind: &Kind, damage: Damage) -> Vec<String> {
    let copy = Copy::of(room, binary);
    let whole = fs::read(copy.at(&kind.file)).unwrap();
    harm(&copy, kind, damage);
    let before = copy.everything();
    let output = copy.run(&kind.args);
    let text = said(&output);
    let mut wrong = Vec::new();
    let mut check = |holds: bool, what: &str| {
        if !holds {
            wrong.push(format!("{} {damage:?}: {what}\n{text}", kind.file));
        }
    };
    check(matches!(output.status.code(), Some(0 | 1 | 3)), "it ends with a code of its own");
    check(kind.named.iter().any(|name| text.contains(name)), "it is named");
    check(text.contains("next:") || output.status.success(), "it is said what to do");
    check(!text.contains(OUTSIDE), "nothing from elsewhere is shown");
    let closed = !kind.args.contains(&"show".to_owned()) || !text.contains(STORY);
    check(closed && !text.contains(NAME), "nothing that is not proven is shown");
    check(fs::read_dir(copy.at("place")).unwrap().count() == 0, "nothing half is left behind");
    let after = copy.everything();
    check(before.iter().all(|file| after.contains(file)), "every other file is as it was");
    let path = copy.at(&kind.file);
    if path.is_dir() {
        fs::remove_dir(&path).unwrap();
    } else {
        drop(fs::remove_file(&path));
    }
    fs::write(&path, whole).unwrap();
    let show = ["show".to_owned(), kind.args.get(1).cloned().unwrap_or_default()];
    let again = if show[1].is_empty() { copy.run(&kind.args) } else { copy.run(&show) };
    check(
        again.status.success() && said(&again).contains(&STORY[..12]),
        &format!("all is there once the file is back: {}", said(&again)),
    );
    check(!said(&again).contains("ALARM"), "no alarm once the file is back");
    wrong
}

#[test]
fn every_file_damaged_in_every_way_is_named_and_shows_and_loses_nothing() {
    let (room, _, kinds) = furnished();
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let binary = place.path().join("sandyk");
    fs::copy(env!("CARGO_BIN_EXE_sandyk"), &binary).unwrap();
    let rows = kinds.iter().flat_map(|kind| DAMAGES.map(|damage| (kind, damage)));
    let rows: Mutex<Vec<_>> = Mutex::new(rows.collect());
    assert_eq!(rows.lock().unwrap().len(), 16 * DAMAGES.len());
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = rows.lock().unwrap().pop();
                    let Some((kind, damage)) = next else { return };
                    let found = row(&room, &binary, kind, damage);
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}
