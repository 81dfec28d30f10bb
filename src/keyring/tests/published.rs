//! The folder that a server reads.

use std::{fs, path::Path};

use crate::{
    files::{Audience, Existing, save},
    keyring::{
        DeskNoteError, KeyringError, MAX_KEYRING_BYTES, Role, desk_file, keyring_file, load_folder,
        testing::Rehearsal,
    },
};

fn put(folder: &Path, file: &str, text: &str) {
    save(&folder.join(file), text.as_bytes(), Audience::Everyone, Existing::Replace).unwrap();
}

/// A folder with one keyring and its desk note.
fn folder() -> (tempfile::TempDir, Rehearsal) {
    let folder = tempfile::tempdir().unwrap();
    let mut rehearsal = Rehearsal::new(&[Role::Guardian, Role::Reviewer]);
    put(folder.path(), &keyring_file(1), &rehearsal.note());
    let keyring = rehearsal.keyring.clone();
    let desk = rehearsal.desk(&keyring);
    put(folder.path(), &desk_file(1), &rehearsal.sign(desk.to_text(), &[0, 1]).to_text());
    (folder, rehearsal)
}

fn refusal(folder: &Path, rehearsal: &Rehearsal) -> KeyringError {
    load_folder(folder, &rehearsal.trust()).err().unwrap()
}

#[test]
fn a_folder_is_read_and_other_files_are_left_alone() {
    let (folder, rehearsal) = folder();
    put(folder.path(), "README", "hello");
    put(folder.path(), "keyring-1.note", "not one of ours");
    put(folder.path(), "keyring-0001.note.bak", "\0");
    let published = load_folder(folder.path(), &rehearsal.trust()).unwrap();
    assert_eq!(published.chain.current().get().epoch, 1);
    assert_eq!(published.desk.unwrap().get().devices.len(), 2);
}

#[test]
fn a_new_epoch_without_its_desk_note_admits_no_device() {
    let (folder, rehearsal) = folder();
    let chain = rehearsal.chain();
    let next = rehearsal.sign(Rehearsal::next(&chain).to_text(), &[0, 1]).to_text();
    put(folder.path(), &keyring_file(2), &next);
    let published = load_folder(folder.path(), &rehearsal.trust()).unwrap();
    assert_eq!(published.chain.current().get().epoch, 2);
    assert!(published.desk.is_none());
    fs::copy(folder.path().join(desk_file(1)), folder.path().join(desk_file(2))).unwrap();
    let replayed = KeyringError::Desk(DeskNoteError::DeskOfOtherEpoch { expected: 2, found: 1 });
    assert_eq!(refusal(folder.path(), &rehearsal), replayed);
}

#[test]
fn a_gap_an_empty_folder_and_a_missing_one_are_told_apart() {
    let (folder, rehearsal) = folder();
    fs::rename(folder.path().join(keyring_file(1)), folder.path().join(keyring_file(3))).unwrap();
    let gap = KeyringError::Gap { missing: "keyring-0001.note".into() };
    assert_eq!(refusal(folder.path(), &rehearsal), gap);
    fs::remove_file(folder.path().join(keyring_file(3))).unwrap();
    assert_eq!(refusal(folder.path(), &rehearsal), KeyringError::NothingPublished);
    let missing = refusal(&folder.path().join("nowhere"), &rehearsal);
    assert!(matches!(missing, KeyringError::Unreadable { .. }), "{missing}");
}

#[test]
fn an_oversized_or_binary_file_is_refused() {
    let (folder, rehearsal) = folder();
    put(folder.path(), &keyring_file(2), &"x".repeat(MAX_KEYRING_BYTES + 1));
    let refused = refusal(folder.path(), &rehearsal);
    assert!(matches!(refused, KeyringError::TooLong { .. }), "{refused}");
    fs::remove_file(folder.path().join(keyring_file(2))).unwrap();
    let file = folder.path().join(desk_file(1));
    save(&file, &[0xff; 9], Audience::Owner, Existing::Replace).unwrap();
    let refused = refusal(folder.path(), &rehearsal);
    assert!(matches!(refused, KeyringError::Unreadable { .. }), "{refused}");
}
