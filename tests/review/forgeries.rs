//! What nobody may take, laid into a workspace: by a lying desk, or by whoever had the laptop.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Output, thread};

use ed25519_dalek::SigningKey;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use sandyk::{
    keyring::Role::{Guardian, Reviewer},
    note::{KeyName, SignedNote},
    review::{Session, SessionError, Workspace, WorkspaceError},
};

use crate::{
    forged::forged,
    room::{Room, Sent, said},
};

const STORY: &str = "Something happened";

/// A room whose reader 0 has written before, and has all that any command may ask for.
struct Stage {
    room: Room,
    /// A testimony.
    id: String,
    /// The keys of somebody new, their digits, and an answer to a witness.
    newcomer: PathBuf,
    digits: String,
    words: PathBuf,
}

impl Stage {
    fn new() -> Self {
        let mut room = Room::new(&[Guardian, Guardian, Reviewer]);
        let id = room.receive(&Sent::default()).to_string();
        assert!(room.text(0, &["show", &id]).contains(STORY));
        room.text(0, &["tag", &id, "--add", "harm-torture"]);
        let stranger = Room::new(&[Guardian]);
        let newcomer = room.folder.path().join("newcomer.pub");
        fs::copy(stranger.keys(0).join("reader.pub"), &newcomer).unwrap();
        let words = room.folder.path().join("words.txt");
        fs::write(&words, "We have read it.").unwrap();
        // Somebody lacks something: the rewrap has work.
        let row = serde_json::json!({"epoch": 2, "cursor": 1, "of": "account",
            "readers": [room.readers[1].id]});
        fs::write(room.workspace(0).join("missing.jsonl"), format!("{row}\n")).unwrap();
        let digits = stranger.readers[0].fingerprint();
        Self { room, id, newcomer, digits, words }
    }

    /// Every forged keyring, signed by the roots of the room, with the name of its refusal.
    fn forgeries(&self) -> Vec<(&'static str, String)> {
        // as the room makes them
        let rng = &mut ChaCha20Rng::seed_from_u64(11);
        let roots: Vec<_> = (1..=3).map(|_| SigningKey::generate(rng)).collect();
        let sign = |note: &mut SignedNote, n: usize| {
            note.sign(&KeyName::parse(&format!("root-{n}")).unwrap(), &roots[n - 1]);
        };
        forged(&self.room.chain, &sign)
    }

    /// What a reader does: reads, seals envelopes, seals casebook keys and entries, vouches, answers.
    fn acts(&self) -> Vec<(&'static str, Vec<String>)> {
        let text = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let path = |path: &PathBuf| path.to_str().unwrap().to_owned();
        let (newcomer, words) = (path(&self.newcomer), path(&self.words));
        let vouches = path(&self.vouches());
        let id = self.id.as_str();
        let vouch = ["vouch", &newcomer, "--heard", &self.digits, "--to", &vouches];
        vec![
            ("list", text(&["list"])),
            ("show", text(&["show", id])),
            ("rewrap", text(&["rewrap"])),
            ("tag", text(&["tag", id, "--add", "harm-detention"])),
            ("vouch", text(&vouch)),
            ("reply", text(&["reply", id, "--message-file", &words, "--send"])),
        ]
    }

    fn vouches(&self) -> PathBuf {
        self.room.folder.path().join("vouches")
    }

    fn run(&self, act: &[String]) -> Output {
        self.room.run(0, &act.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn lay(&self, note: &str) {
        fs::write(self.room.workspace(0).join("keyring/keyring-0002.note"), note).unwrap();
    }

    /// What this reader has sealed or signed, and what these keys have seen.
    fn left(&self) -> BTreeSet<(PathBuf, Vec<u8>)> {
        let mut found = BTreeSet::new();
        let mut folders = vec![self.room.workspace(0).join("outbox"), self.vouches()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(folder) else { continue };
            for path in entries.map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.insert((path.clone(), fs::read(path).unwrap()));
                }
            }
        }
        let state = self.room.keys(0).join("state.json");
        found.insert((state.clone(), fs::read(state).unwrap()));
        found
    }

    /// Every act is refused, with `expected` in what it says, and leaves everything as it was.
    fn all_refuse(&self, why: &str, expected: &str) {
        let before = self.left();
        for (name, act) in self.acts() {
            let refused = self.run(&act);
            let said = said(&refused);
            assert_eq!(refused.status.code(), Some(3), "{name} under {why}: {said}");
            assert!(said.contains(expected), "{name} under {why}: {said}");
            assert!(!said.contains(STORY), "{name} under {why}: {said}");
            assert!(self.left() == before, "{name} under {why} has written something");
        }
    }
}

#[test]
fn under_a_forged_keyring_no_command_opens_seals_or_signs_anything() {
    let count = Stage::new().forgeries().len();
    let parts = 4;
    // Each act is a process of its own; the forgeries are shared out among a few rooms.
    thread::scope(|scope| {
        for part in 0..parts {
            scope.spawn(move || {
                let stage = Stage::new();
                let forgeries = stage.forgeries();
                for (why, note) in forgeries.iter().skip(part).step_by(parts) {
                    stage.lay(note);
                    let expected = stage.room.chain.extend(note).err().unwrap().to_string();
                    let (first, _) = expected.split_once(';').unwrap_or((&expected, ""));
                    stage.all_refuse(why, first);
                }
            });
        }
    });
    assert!(count >= 23, "{count}");
}

#[test]
fn no_session_begins_under_a_forged_keyring_and_each_is_named() {
    let stage = Stage::new();
    let before = stage.left();
    for (why, note) in stage.forgeries() {
        stage.lay(&note);
        let expected = stage.room.chain.extend(&note).err().unwrap();
        let workspace = Workspace::open(&stage.room.workspace(0)).unwrap();
        let begun = Session::open(workspace, stage.room.open_keys(0), &stage.room.keys(0));
        let error = begun.err().unwrap();
        let SessionError::Workspace(WorkspaceError::Keyring(found)) = error else {
            panic!("{why}: {error}")
        };
        assert_eq!(found, expected, "{why}");
        assert!(stage.left() == before, "{why}");
    }
}

#[test]
fn the_same_acts_are_done_under_the_keyring_of_before() {
    // Or the refusals above would prove nothing.
    let stage = Stage::new();
    for (name, act) in stage.acts() {
        let done = stage.run(&act);
        assert_eq!(done.status.code(), Some(0), "{name}: {}", said(&done));
    }
    assert!(stage.vouches().exists());
}

#[test]
fn under_a_keyring_that_ran_out_or_lasts_too_long_everything_is_read_and_nothing_sealed() {
    for (days, expected) in [(-1, "was good until"), (500, "would be good until")] {
        let mut room = Room::lasting(&[Guardian, Guardian], days);
        let id = room.receive(&Sent::default()).to_string();
        let stage = Stage { room, id, ..Stage::new() };
        assert!(said(&stage.run(&stage.acts()[1].1)).contains(STORY), "{days}");
        let sealing = |(name, _): &(&str, _)| !["list", "show"].contains(name);
        let before = stage.left();
        for (name, act) in stage.acts().into_iter().filter(sealing) {
            let refused = stage.run(&act);
            assert!(!refused.status.success(), "{name}, {days}: {}", said(&refused));
            assert!(said(&refused).contains(expected), "{name}, {days}: {}", said(&refused));
        }
        assert!(stage.left() == before, "{days}");
    }
}
