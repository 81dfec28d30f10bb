//! Keys that were lost, got back from holders, and every way in which that must not work.

use std::{fs, path::PathBuf, process::Output};

use sandyk::keyring::Role;

use crate::room::{Room, Sent, said};

/// A room whose first reader, a guardian, has given parts to three holders, two of whom are needed.
struct Held {
    room: Room,
}

impl Held {
    fn new() -> Self {
        let held = Self { room: Room::new(&[Role::Guardian, Role::Reviewer]) };
        for n in 1..=4 {
            let made = held
                .run("keys-0", &["holder", "--work-factor", "1", "--out", &held.at(&holder(n))]);
            assert_eq!(made.status.code(), Some(0), "{}", said(&made));
        }
        let made = held.make("recovery", &[1, 2, 3]);
        assert_eq!(made.status.code(), Some(0), "{}", said(&made));
        held
    }

    fn at(&self, name: &str) -> String {
        self.room.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn run(&self, keys: &str, args: &[&str]) -> Output {
        std::process::Command::new(env!("CARGO_BIN_EXE_sandyk"))
            .args(["review", "recover"])
            .args(args)
            .args(["--keys", &self.at(keys), "--passphrase-file", &self.at("passphrase")])
            .output()
            .unwrap()
    }

    fn make(&self, to: &str, holders: &[usize]) -> Output {
        let mut args = vec!["make".to_owned(), "--to".to_owned(), self.at(to)];
        for n in holders {
            args.extend(["--holder".to_owned(), self.at(&format!("holder-{n}.pub"))]);
        }
        self.run("keys-0", &args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Rehearses or restores with these holders' keys.
    fn open(&self, what: &str, file: &str, holders: &[usize], keys: &str) -> Output {
        let mut args = vec![what.to_owned(), self.at(file)];
        for n in holders {
            args.extend(["--holder".to_owned(), self.at(&holder(*n))]);
            args.extend(["--holder-passphrase-file".to_owned(), self.at("passphrase")]);
        }
        if what == "restore" {
            args.extend(["--work-factor".to_owned(), "1".to_owned()]);
        }
        self.run(keys, &args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn refused(&self, file: &str, holders: &[usize], because: &str) {
        let found = self.open("restore", file, holders, "keys-new");
        assert_ne!(found.status.code(), Some(0));
        assert!(said(&found).contains(because), "{}", said(&found));
        assert!(!PathBuf::from(self.at("keys-new")).exists(), "nothing is written");
    }
}

fn holder(n: usize) -> String {
    format!("holder-{n}.age")
}

#[test]
fn any_two_of_three_holders_get_the_keys_back_and_they_open_what_they_opened() {
    let mut held = Held::new();
    let id = held.room.receive(&Sent { name: Some("Person A"), ..Sent::default() }).to_string();
    for (file, two) in [("1+2", [1, 2]), ("1+3", [3, 1]), ("2+3", [2, 3])] {
        let file = format!("recovery/holders-{file}.age");
        let keys = format!("keys-by-{}-{}", two[0], two[1]);
        let rehearsed = held.open("rehearse", &file, &two, &keys);
        assert_eq!(rehearsed.status.code(), Some(0), "{}", said(&rehearsed));
        assert!(said(&rehearsed).contains(&held.room.readers[0].fingerprint()));
        assert!(!PathBuf::from(held.at(&keys)).exists(), "a rehearsal keeps nothing");
        let restored = held.open("restore", &file, &two, &keys);
        assert_eq!(restored.status.code(), Some(0), "{}", said(&restored));
        fs::remove_dir_all(held.room.keys(0)).unwrap();
        fs::rename(held.at(&keys), held.room.keys(0)).unwrap();
        let shown = held.room.text(0, &["show", &id, "--names"]);
        assert!(shown.contains("Person A") && shown.contains("Something happened."), "{shown}");
    }
}

#[test]
fn one_holder_alone_learns_nothing_and_the_next_one_is_named() {
    let held = Held::new();
    let file = "recovery/holders-1+3.age";
    held.refused(file, &[2], "opens with the keys of holders 1, 3, in this order; given: 2");
    held.refused(file, &[3], "opens with the keys of holders 1, 3, in this order; given: 3");
    held.refused(file, &[4], "opens with the keys of holders 1, 3, in this order; given: –");
    let first = held.open("restore", file, &[1], "keys-new");
    assert!(said(&first).contains("Still sealed to holder 3."), "{}", said(&first));
    assert!(!PathBuf::from(held.at("keys-new")).exists());
    // What one holder can get out is an age file for the other one, and nothing else.
    let between = fs::read_to_string(held.at("recovery/holders-3.age")).unwrap();
    assert!(between.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"), "{between}");
    held.refused("recovery/holders-3.age", &[1], "opens with the keys of holders 3");
    let last = held.open("restore", "recovery/holders-3.age", &[3], "keys-new");
    assert_eq!(last.status.code(), Some(0), "{}", said(&last));
    let same = |name: &str| {
        let read = |keys| fs::read(format!("{}/{name}", held.at(keys))).unwrap();
        assert_eq!(read("keys-new"), read("keys-0"));
    };
    same("reader.pub");
    same("roots.txt");
}

#[test]
fn exchanged_damaged_and_foreign_files_are_refused_by_name() {
    let held = Held::new();
    let path = held.at("recovery/holders-1+2.age");
    let whole = fs::read_to_string(&path).unwrap();
    let spoil = |text: &str| fs::write(&path, text).unwrap();
    let (file, two) = ("recovery/holders-1+2.age", [1, 2]);
    let lines: Vec<&str> = whole.lines().collect();
    spoil(&[&lines[..lines.len() - 2], &lines[lines.len() - 1..]].concat().join("\n"));
    held.refused(file, &two, "altered or cut off");
    spoil("a letter");
    held.refused(file, &two, "is no recovery file");
    spoil(&whole);
    // Another reader's public file beside it: what came out is not theirs.
    let public = held.at("recovery/reader.pub");
    let own = fs::read(&public).unwrap();
    fs::copy(held.room.keys(1).join("reader.pub"), &public).unwrap();
    held.refused(file, &two, "these are other keys than those that reader.pub names");
    fs::write(&public, own).unwrap();
    fs::write(held.at("wrong"), "six other words that nobody can guess").unwrap();
    let args =
        ["rehearse", &path, "--holder", &held.at("holder-1.age"), "--holder-passphrase-file"];
    let wrong = held.run("keys-new", &[&args[..], &[&held.at("wrong")]].concat());
    assert!(said(&wrong).contains("holder-1.age does not open"), "{}", said(&wrong));
    let there = held.open("restore", file, &two, "keys-0");
    assert_eq!(there.status.code(), Some(3));
    assert!(said(&there).contains("is there already"), "{}", said(&there));
}

#[test]
fn a_recovery_is_made_only_of_different_holders_and_never_over_another() {
    let held = Held::new();
    let refused = |to: &str, holders: &[usize], because: &str| {
        let made = held.make(to, holders);
        assert_eq!(made.status.code(), Some(3), "{}", said(&made));
        assert!(said(&made).contains(because), "{}", said(&made));
    };
    refused("other", &[1], "2 to 8 holders");
    refused("other", &[1, 2, 1], "holders 1 and 3 have the same key");
    refused("recovery", &[1, 2], "is there already");
    assert!(!PathBuf::from(held.at("other")).exists());
    let again = held.run("keys-0", &["holder", "--out", &held.at("holder-1.age")]);
    assert_eq!(again.status.code(), Some(3), "{}", said(&again));
}
