//! `tests/vectors/keyring`: chains that every version takes, and notes that none does, read from their files.
//!
//! `WRITE_VECTORS=1 cargo test --test vectors_readers keyrings` makes the files that are not there (`make.rs`) and refuses
//! to change one that is: what is frozen stays.

mod make;
mod refused;

use std::{fs, path::PathBuf, sync::Once};

use sandyk::{
    admin::{self, AdminError},
    clock::Day,
    digest::Digest,
    files::{Audience, Existing, save},
    intake::KeyringFolder,
    keyring::{
        Chain, DeskNote, KeyringError, Reader, SignedVouch, Suspension, TrustRoot, keyring_file,
        load_folder,
    },
    note::SignedNote,
};
use serde_json::Value;

pub(super) use self::make::keep;

pub(super) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/keyring")
}

pub(super) fn file(name: &str) -> String {
    let path = folder().join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The index; made first if that is wanted.
pub(super) fn index() -> Value {
    static MADE: Once = Once::new();
    if std::env::var_os("WRITE_VECTORS").is_some() {
        MADE.call_once(make::make);
    }
    serde_json::from_str(&file("index.json")).unwrap()
}

/// What is listed under a name.
fn all(index: &Value, name: &str) -> Vec<Value> {
    let all = index[name].as_array().unwrap().clone();
    assert!(!all.is_empty(), "{name}");
    for one in &all {
        let about = one["about"].as_str().unwrap();
        assert!(about.len() > 12 && about.ends_with('.'), "a sentence: {about}");
    }
    all
}

pub(super) fn word<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

/// The first `epochs` keyrings of a chain, from its files.
pub(super) fn chain(name: &str, epochs: u64) -> Result<Chain, KeyringError> {
    let trust = TrustRoot::parse(&file(&format!("{name}/roots.txt"))).unwrap();
    let note = |n| file(&format!("{name}/{}", keyring_file(u32::try_from(n).unwrap())));
    Chain::verify(&(1..=epochs).map(note).collect::<Vec<_>>(), &trust)
}

/// The name of a refusal, that of the part if it is one of a part.
pub(super) fn name(error: &KeyringError) -> String {
    let said = format!("{error:?}");
    let inner = said.strip_prefix("Desk(").unwrap_or(&said);
    inner.chars().take_while(char::is_ascii_alphanumeric).collect()
}

fn outcome<T>(result: Result<T, KeyringError>) -> String {
    result.map_or_else(|error| name(&error), |_| "good".to_owned())
}

#[test]
fn every_frozen_chain_of_every_kind_is_taken_epoch_by_epoch() {
    let index = index();
    for one in all(&index, "chains") {
        let chain_name = word(&one, "name");
        let keyrings = one["keyrings"].as_array().unwrap();
        for (epoch, said) in (1_u64..).zip(keyrings) {
            let found = chain(chain_name, epoch).unwrap_or_else(|e| panic!("{chain_name}: {e}"));
            let current = found.current().get();
            assert_eq!(u64::from(current.epoch), epoch);
            assert_eq!(current.kind.word(), word(&one, "kind"));
            assert_eq!(found.current_digest().to_string(), word(said, "sha256"));
            let readers: Vec<_> = current.readers.iter().map(Reader::fingerprint).collect();
            assert_eq!(serde_json::json!(readers), said["readers"], "{chain_name} {epoch}");
            assert!(word(said, "about").ends_with('.'));
        }
        let trust = TrustRoot::parse(&file(&format!("{chain_name}/roots.txt"))).unwrap();
        assert_eq!(trust.fingerprint(), word(&one, "roots"));
        let published = load_folder(&folder().join(chain_name), &trust).unwrap();
        assert_eq!(published.chain.notes().len(), keyrings.len(), "a file more");
        let devices: Vec<_> =
            published.desk.unwrap().get().devices.iter().map(|d| d.id.to_string()).collect();
        assert_eq!(serde_json::json!(devices), one["devices"], "{chain_name}");
        let suspended: Vec<_> =
            published.suspensions.iter().map(|s| s.get().device.to_string()).collect();
        assert_eq!(serde_json::json!(suspended), one["suspended"], "{chain_name}");
    }
    let kinds: Vec<_> = all(&index, "chains").iter().map(|c| word(c, "name").to_owned()).collect();
    assert_eq!(kinds, ["post-quantum", "classic", "post-quantum-hardware", "classic-hardware"]);
}

#[test]
fn every_frozen_forgery_is_refused_by_its_name() {
    let all = all(&index(), "refused");
    assert!(all.len() > 40, "{}", all.len());
    let mut wrong = Vec::new();
    for one in all {
        let (about, note) = (word(&one, "about"), file(word(&one, "file")));
        let after = one["after"].as_u64().unwrap();
        let found = if after == 0 {
            let trust = TrustRoot::parse(&file(&format!("{}/roots.txt", word(&one, "chain"))));
            Chain::verify(&[note], &trust.unwrap())
        } else {
            chain(word(&one, "chain"), after).unwrap().extend(&note)
        };
        let found = outcome(found);
        if found != word(&one, "refusal") {
            wrong.push(format!("{about} {found}, not {}", word(&one, "refusal")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A folder as administrators carry it to the server, with the forged note as its newest.
#[test]
fn a_folder_with_any_frozen_forgery_is_neither_served_nor_published() {
    let mut served = 0;
    for one in all(&index(), "refused") {
        let (chain_name, note) = (word(&one, "chain"), file(word(&one, "file")));
        let after = u32::try_from(one["after"].as_u64().unwrap()).unwrap();
        let carried = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let (path, text) = (carried.path().join(name), text.as_bytes());
            save(&path, text, Audience::Everyone, Existing::Replace).unwrap();
        };
        let roots = file(&format!("{chain_name}/roots.txt"));
        put("roots.txt", &roots);
        let lay = |epoch| {
            put(&keyring_file(epoch), &file(&format!("{chain_name}/{}", keyring_file(epoch))));
        };
        (1..=after).for_each(lay);
        let mut running =
            KeyringFolder::new(carried.path().to_owned(), carried.path().join("roots.txt"));
        let before = running.look().is_ok();
        let in_force = running.subscribe();
        let digest = || in_force.borrow().as_ref().map(|now| now.chain.current_digest());
        let known = digest();
        served += usize::from(known.is_some());
        put(&keyring_file(after + 1), &note);
        let (about, refusal) = (word(&one, "about"), word(&one, "refusal"));
        let told = running.look().unwrap_err();
        assert_eq!((digest(), known.is_some()), (known, before), "{about} {told}");
        let mut starting =
            KeyringFolder::new(carried.path().to_owned(), carried.path().join("roots.txt"));
        assert!(starting.look().is_err() && starting.subscribe().borrow().is_none(), "{about}");
        let (trust, day) = (TrustRoot::parse(&roots).unwrap(), "2026-11-22".parse().unwrap());
        let verified = admin::verify(carried.path(), &trust, day);
        let Err(AdminError::Keyring(error)) = verified else {
            panic!("{about} {:?}", verified.err())
        };
        assert_eq!(name(&error), refusal, "{about}");
        assert!(told.to_string().starts_with(&error.to_string()), "{about} {told}");
    }
    assert!(served > 35, "where a keyring was in force before: {served}");
}

#[test]
fn every_frozen_keyring_is_good_on_its_days_and_on_no_others() {
    for one in all(&index(), "days") {
        let day: Day = word(&one, "day").parse().unwrap();
        let chain = chain(word(&one, "chain"), one["after"].as_u64().unwrap()).unwrap();
        assert_eq!(outcome(chain.usable(day)), word(&one, "outcome"), "{}", word(&one, "about"));
    }
}

#[test]
fn every_frozen_renewal_ahead_prolongs_and_nothing_else_passes_for_one() {
    for one in all(&index(), "ahead") {
        let after = chain(word(&one, "chain"), one["after"].as_u64().unwrap()).unwrap();
        let extended = after.extend(&file(word(&one, "file"))).unwrap();
        let found = after.check_renewal(extended.current().get());
        assert_eq!(outcome(found), word(&one, "outcome"), "{}", word(&one, "about"));
    }
}

#[test]
fn every_frozen_note_beside_the_keyrings_counts_or_is_refused_by_its_name() {
    for one in all(&index(), "notes") {
        let chain = chain(word(&one, "chain"), one["after"].as_u64().unwrap()).unwrap();
        let text = file(word(&one, "file"));
        let note = SignedNote::parse(&text);
        let found = match word(&one, "what") {
            "vouch" => SignedVouch::parse(&text).and_then(|vouch| vouch.verify(&chain)),
            "suspension" => Suspension::verify(&note.unwrap(), &chain).map(drop),
            "desk" => DeskNote::verify(&note.unwrap(), &chain).map(drop),
            other => panic!("{other}"),
        };
        assert_eq!(outcome(found), word(&one, "outcome"), "{}", word(&one, "about"));
    }
}

#[test]
fn no_frozen_file_is_forgotten_by_the_index_or_changed() {
    let index = index();
    let mut listed: Vec<(String, String)> = Vec::new();
    for one in index["files"].as_array().unwrap() {
        listed.push((word(one, "file").to_owned(), word(one, "sha256").to_owned()));
    }
    let mut found = Vec::new();
    let mut folders = vec![folder()];
    while let Some(at) = folders.pop() {
        for path in fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder()).unwrap().to_str().unwrap().to_owned();
            if !["index.json", "README.md"].contains(&name.as_str()) {
                found.push((name, Digest::of(&fs::read(&path).unwrap()).to_string()));
            }
        }
    }
    found.sort();
    assert_eq!(found, listed);
}
