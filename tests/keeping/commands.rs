//! `sandyk backup`, `restore` and `verify store`, as the real program.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use data_encoding::BASE64;
use ed25519_dalek::SigningKey;
use sandyk::{
    clock::{Clock as _, SystemClock},
    digest::Digest,
    keyring::Role,
    ledger::Checkpoint,
    note::{KeyName, NamedKey},
    store::{SledStore, Store as _},
};
use serde_json::Value;

use crate::office::{Office, put_testimony};

const SEED: [u8; 32] = [7; 32];

/// A store with three testimonies, closed; and what one reader would hold of it.
pub(super) struct Kept {
    folder: tempfile::TempDir,
}

impl Kept {
    pub(super) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let office = Office::of(&[Role::Reviewer, Role::Guardian]).await;
        let store = SledStore::open(&folder.path().join("store")).unwrap();
        for _ in 0..3 {
            put_testimony(&store, &office.members, 700, 1024).await;
        }
        store.close().await.unwrap();
        let key = format!("sandyk ledger key v1\n{}\n", BASE64.encode(&SEED));
        fs::write(folder.path().join("store/ledger.key"), key).unwrap();
        Self { folder }
    }

    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a reader's checkpoint and ledger key; gives the checkpoint's file.
    fn checkpoint(&self, size: u64, root: Digest) -> PathBuf {
        let (name, key) = (KeyName::parse("sandyk-ledger").unwrap(), SigningKey::from_bytes(&SEED));
        let note = Checkpoint { origin: "Rehearsal".to_owned(), size, root }.sign(&name, &key);
        let named = NamedKey { name, key: key.verifying_key() };
        fs::write(self.at("ledger-key.txt"), format!("{}\n", named.to_text())).unwrap();
        fs::write(self.at("checkpoint.note"), note.unwrap().to_text()).unwrap();
        self.at("checkpoint.note")
    }

    fn blob(&self, folder: &str) -> PathBuf {
        let mut blobs: Vec<_> = fs::read_dir(self.at(folder).join("blobs"))
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        blobs.sort();
        blobs[0].clone()
    }
}

fn sandyk(words: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sandyk")).arg("--json").args(words).output().unwrap()
}

/// The exit code and the answer; a document even when something is wrong.
pub(super) fn answer(words: &[&Path]) -> (i32, Value) {
    let output = sandyk(words);
    let text = String::from_utf8_lossy(&output.stdout);
    let value = serde_json::from_str(&text).unwrap_or_default();
    (output.status.code().unwrap(), value)
}

fn verify(store: &Path, more: &[&Path]) -> (i32, Value) {
    let words = ["verify".as_ref(), "store".as_ref(), store];
    answer(&[&words[..], more].concat())
}

pub(super) fn flip(path: &Path, at: impl Fn(usize) -> usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at(bytes.len());
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn root(found: &Value) -> Digest {
    found["root"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn everything_is_read_again_and_every_damage_is_named() {
    let kept = Kept::open().await;
    let store = kept.at("store");
    let (code, found) = verify(&store, &[]);
    assert_eq!((code, found["events"].as_u64(), found["blobs"].as_u64()), (0, Some(3), Some(12)));
    assert_eq!(
        (found["index"].as_str(), found["damage"].as_array().unwrap().len()),
        (Some("equal"), 0)
    );
    assert!(store.join("clean").exists(), "nothing was changed");
    let checkpoint = kept.checkpoint(3, root(&found));
    let against = ["--checkpoint".as_ref(), checkpoint.as_path()];
    assert_eq!(verify(&store, &against).1["checkpoint"], "holds");
    kept.checkpoint(4, root(&found));
    let (code, ahead) = verify(&store, &against);
    assert_eq!(
        (code, &ahead["checkpoint"], &ahead["damage"][0]["place"]),
        (3, &"ahead".into(), &"feed".into())
    );
    kept.checkpoint(2, root(&found));
    assert_eq!(verify(&store, &against).1["checkpoint"], "differs");
    // A file that is nobody's, one that changed, one that is gone.
    fs::write(store.join("blobs").join("a".repeat(26)), b"nobody's").unwrap();
    let changed = kept.blob("store");
    let (_, found) = verify(&store, &[]);
    assert_eq!(found["orphans"].as_array().unwrap().len(), 1);
    let name = |path: &Path| format!("blobs/{}", path.file_name().unwrap().to_str().unwrap());
    let changed = if name(&changed) == found["orphans"][0].as_str().unwrap() {
        fs::remove_file(changed).unwrap();
        kept.blob("store")
    } else {
        changed
    };
    flip(&changed, |_| 5);
    let (code, found) = verify(&store, &[]);
    assert_eq!((code, found["damage"][0]["place"].as_str()), (3, Some(name(&changed).as_str())));
    fs::remove_file(&changed).unwrap();
    let (code, found) = verify(&store, &[]);
    assert_eq!((code, found["damage"][0]["what"].as_str()), (3, Some("it is missing")));
    assert_eq!(found["events"], 3, "the rest is read");
    // A byte of the journal.
    flip(&store.join("journal"), |len| len / 2);
    let (code, found) = verify(&store, &[]);
    let places: Vec<_> =
        found["damage"].as_array().unwrap().iter().map(|d| d["place"].as_str().unwrap()).collect();
    assert!(
        code == 3 && places.iter().any(|place| place.starts_with("journal, byte ")),
        "{places:?}"
    );
}

#[tokio::test]
async fn an_index_that_says_something_else_is_named() {
    let kept = Kept::open().await;
    let store = kept.at("store");
    let index = fs::read_dir(store.join("index")).unwrap().next().unwrap().unwrap().path();
    for entry in fs::read_dir(index).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::write(path, b"garbage").unwrap();
        }
    }
    let (code, found) = verify(&store, &[]);
    assert_eq!((code, found["index"].as_str()), (3, Some("differs")));
    fs::remove_file(store.join("clean")).unwrap();
    let (code, found) = verify(&store, &[]);
    assert_eq!((code, found["index"].as_str()), (0, Some("not-closed")));
}

#[tokio::test]
async fn a_backup_is_made_restored_and_held_against_a_readers_checkpoint() {
    let kept = Kept::open().await;
    let (store, to, back) = (kept.at("store"), kept.at("backup"), kept.at("back"));
    let backup =
        |to: &Path| answer(&["backup".as_ref(), "--store".as_ref(), &store, "--to".as_ref(), to]);
    let (code, report) = backup(&to);
    assert_eq!((code, report["events"].as_u64(), report["blobs"].as_u64()), (0, Some(3), Some(12)));
    assert_eq!(backup(&store.join("inside")).0, 3);
    let root = root(&verify(&store, &[]).1);
    let checkpoint = kept.checkpoint(3, root);
    let restore = |back: &Path| {
        answer(&[
            "restore".as_ref(),
            "--from".as_ref(),
            &to,
            "--to".as_ref(),
            back,
            "--checkpoint".as_ref(),
            &checkpoint,
        ])
    };
    let (code, report) = restore(&back);
    assert_eq!(
        (code, &report["found"]["checkpoint"], &report["found"]["index"]),
        (0, &"holds".into(), &"equal".into())
    );
    assert_eq!(
        fs::read(back.join("ledger.key")).unwrap(),
        fs::read(store.join("ledger.key")).unwrap()
    );
    let (code, _) = restore(&back);
    assert_eq!(code, 3, "what is there is never overwritten");
    // A reader who has seen more, or something else.
    kept.checkpoint(5, root);
    let (code, report) = restore(&kept.at("ahead"));
    assert_eq!((code, &report["found"]["checkpoint"]), (1, &"ahead".into()));
    kept.checkpoint(2, root);
    assert_eq!(restore(&kept.at("other")).0, 3);
    assert!(SledStore::open(&kept.at("other")).is_err(), "nothing can serve it");
    // A damaged backup: the rest comes back, and what is missing is named.
    kept.checkpoint(3, root);
    let lost = kept.blob("backup");
    fs::remove_file(&lost).unwrap();
    let (code, report) = restore(&kept.at("rest"));
    let name = lost.file_name().unwrap().to_str().unwrap();
    assert_eq!((code, report["restored"]["blobs_missing"][0].as_str()), (1, Some(name)));
    assert_eq!(report["found"]["events"], 3);
}

/// Who had the backup in hand made one of their own: every length, hash and CRC in it is right.
#[tokio::test]
async fn a_forged_backup_without_a_flaw_is_found_by_a_readers_checkpoint() {
    let (kept, forged) = (Kept::open().await, Kept::open().await);
    let checkpoint = kept.checkpoint(3, root(&verify(&kept.at("store"), &[]).1));
    let (store, to) = (forged.at("store"), forged.at("backup"));
    let backup: [&Path; 5] = ["backup".as_ref(), "--store".as_ref(), &store, "--to".as_ref(), &to];
    assert_eq!(answer(&backup).0, 0);
    let restore = |back: &Path, more: &[&Path]| {
        let words: [&Path; 5] = ["restore".as_ref(), "--from".as_ref(), &to, "--to".as_ref(), back];
        answer(&[&words[..], more].concat())
    };
    let (code, report) = restore(&kept.at("alone"), &[]);
    assert_eq!((code, &report["found"]["index"]), (0, &"equal".into()), "nothing else tells");
    assert_eq!(restore(&kept.at("held"), &["--checkpoint".as_ref(), &checkpoint]).0, 3);
    assert!(SledStore::open(&kept.at("held")).is_err(), "nothing can serve it");
}

#[tokio::test]
async fn every_run_removes_envelopes_that_are_too_old_and_says_how_old_the_rest_is() {
    let kept = Kept::open().await;
    let (store, to, old) = (kept.at("store"), kept.at("backup"), kept.at("old"));
    let backup = |more: &[&Path]| {
        let words: [&Path; 5] =
            ["backup".as_ref(), "--store".as_ref(), &store, "--to".as_ref(), &to];
        answer(&[&words[..], more].concat())
    };
    let ages = |text: &str| {
        let manifest = fs::read_to_string(old.join("backup.json")).unwrap();
        let mut manifest: Value = serde_json::from_str(&manifest).unwrap();
        manifest["day"] = text.into();
        fs::write(old.join("backup.json"), manifest.to_string()).unwrap();
    };
    let look = || answer(&["verify".as_ref(), "backup".as_ref(), &old]);
    let prune: [&Path; 2] = ["--prune".as_ref(), &old];
    answer(&["backup".as_ref(), "--store".as_ref(), &store, "--to".as_ref(), &old]);
    let (code, found) = look();
    assert_eq!((code, found["age"].as_i64(), found["events"].as_u64()), (0, Some(0), Some(3)));
    let (code, done) = backup(&prune);
    assert_eq!((code, done["folders"][1]["removed"].as_array().unwrap().len()), (0, 0));
    let day = |ago: i64| SystemClock.today().plus_days(-ago).to_string();
    ages(&day(14));
    assert_eq!(look().0, 3, "they should be gone");
    // A shorter time is possible, a longer one is not.
    let days = |n: &'static str| {
        answer(&[
            "backup".as_ref(),
            "--prune".as_ref(),
            &old,
            "--envelope-days".as_ref(),
            n.as_ref(),
        ])
    };
    assert_eq!((days("15").0, days("0").0), (2, 2));
    let (code, done) = backup(&prune);
    let removed = done["folders"][1]["removed"][0].as_str().unwrap();
    assert!(code == 0 && removed.starts_with("envelopes/"), "{done}");
    assert_eq!(fs::read_dir(old.join("envelopes")).unwrap().count(), 0);
    assert!(done["folders"][0]["kept"]["envelopes"].is_u64(), "those of today stay");
    assert_eq!(look().0, 0);
    // A clock that was wrong once is no proof of age, and is no success either.
    ages(&day(-3));
    assert_eq!((backup(&prune).0, look().0), (1, 3));
}

#[tokio::test]
async fn what_cannot_be_looked_through_or_removed_is_said_and_the_backup_is_made() {
    let kept = Kept::open().await;
    let (store, to) = (kept.at("store"), kept.at("backup"));
    let gone = kept.at("not-mounted");
    let output = sandyk(&["backup".as_ref(), "--prune".as_ref(), &gone]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("was not looked through") && words.contains("next: connect its disk"));
    fs::create_dir_all(to.join("envelopes/stuck")).unwrap();
    let output = sandyk(&["backup".as_ref(), "--store".as_ref(), &store, "--to".as_ref(), &to]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("cannot be removed: ") && words.contains("envelopes/stuck"), "{words}");
    assert_eq!(verify_events(&to), 3, "it is made all the same");
}

/// Events of a backup, as it says itself.
fn verify_events(backup: &Path) -> u64 {
    answer(&["verify".as_ref(), "backup".as_ref(), backup]).1["events"].as_u64().unwrap()
}
