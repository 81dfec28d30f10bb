//! What an honest organisation does.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use sandyk::{
    admin::{self, Ceremony, KeyringView},
    files::{self, Audience, Existing},
    keyring::{Invitation, KeyringError, Role, TrustRoot, load_folder},
};

use crate::stage::{Stage, founding, keyring_refusal, passphrases, term, today};

#[test]
fn two_of_three_roots_publish_what_a_server_accepts() {
    let stage = Stage::published();
    let roots = fs::read_to_string(stage.path("p/roots.txt")).unwrap();
    let published = load_folder(&stage.path("p"), &TrustRoot::parse(&roots).unwrap()).unwrap();
    let keyring = published.chain.usable(today()).unwrap().get();
    assert_eq!((keyring.epoch, keyring.readers.len()), (1, 2));
    assert_eq!(keyring.guardians().count(), 1);
    assert_eq!(published.desk.unwrap().get().devices.len(), 2);
    assert!(stage.ceremony().draft().unwrap().is_none());
}

#[test]
fn two_organisations_have_two_salts_and_two_sets_of_roots() {
    let (one, mut two) = (Stage::new(), Stage::new());
    let folder = two.path("d");
    let other = admin::found(&folder, &founding(), &passphrases(), &mut two.rng).unwrap();
    let salt =
        |folder: &Path| Ceremony::open(folder).unwrap().draft().unwrap().unwrap().keyring.salt;
    assert_ne!(salt(&one.path("c")), salt(&folder));
    assert_ne!(one.ceremony().trust().fingerprint(), other.trust.fingerprint());
}

#[test]
fn only_the_server_may_read_the_desk_note() {
    let stage = Stage::published();
    let mode = |file: &str| fs::metadata(stage.path(file)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("p/desk-0001.note"), 0o600);
    assert_eq!(mode("p/keyring-0001.note"), 0o644);
    assert_eq!(mode("c/root-1.age"), 0o600);
}

#[test]
fn one_guardian_alone_can_be_published_with_a_warning() {
    let mut stage = Stage::new();
    let guardian = stage.reader("guardian", Role::Guardian).into();
    admin::add(&stage.ceremony(), guardian, term()).unwrap();
    stage.sign(&[2, 3]).unwrap();
    admin::publish(&stage.ceremony(), &stage.path("p"), today()).unwrap();
    let published = stage.ceremony().published().unwrap().unwrap();
    let view = KeyringView::of_published(&published, today()).unwrap();
    assert_eq!(view.warnings.len(), 1, "{:?}", view.warnings);
    let signed: Vec<bool> = view.roots.iter().map(|root| root.signed).collect();
    assert_eq!(signed, [false, true, true]);
}

#[test]
fn a_reader_added_after_a_signature_voids_it() {
    let mut stage = Stage::with_readers();
    stage.sign(&[1, 2]).unwrap();
    let third = stage.reader("third", Role::Reviewer).into();
    admin::add(&stage.ceremony(), third, term()).unwrap();
    assert!(stage.ceremony().draft().unwrap().unwrap().signed.is_none());
    let refused = admin::publish(&stage.ceremony(), &stage.path("p"), today());
    assert!(matches!(keyring_refusal(refused), KeyringError::TooFewSignatures { found: 0, .. }));
}

#[test]
fn a_renewed_keyring_changes_nothing_but_its_last_day() {
    let stage = Stage::published();
    let before = stage.ceremony().published().unwrap().unwrap();
    let later = today().plus_days(300);
    assert_eq!(admin::renew(&stage.ceremony(), today(), later).unwrap().keyring.epoch, 2);
    stage.sign(&[2, 3]).unwrap();
    let outcome = admin::publish(&stage.ceremony(), &stage.path("p"), today()).unwrap();
    assert_eq!(outcome.written, ["desk-0002.note", "keyring-0002.note"]);
    let trust = stage.ceremony().trust().clone();
    let after = admin::verify(&stage.path("p"), &trust, today()).unwrap();
    let (old, new) = (before.chain.current().get(), after.chain.current().get());
    assert!(new.readers == old.readers && new.salt == old.salt);
    assert_eq!((new.epoch, new.not_after), (2, later));
    assert_eq!(after.desk.unwrap().get().devices, before.desk.unwrap().get().devices);
    after.chain.continues(1, &before.chain.current_digest()).unwrap();
}

#[test]
fn publishing_that_was_interrupted_goes_on_where_it_stopped() {
    let stage = Stage::with_readers();
    stage.sign(&[1, 2]).unwrap();
    let drafts: Vec<(PathBuf, Vec<u8>)> = fs::read_dir(stage.path("c/draft"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    admin::publish(&stage.ceremony(), &stage.path("p"), today()).unwrap();
    // Stopped before the draft was taken away, and before the last file was there.
    for (path, bytes) in drafts {
        files::save(&path, &bytes, Audience::Owner, Existing::Replace).unwrap();
    }
    fs::remove_file(stage.path("p/keyring-0001.note")).unwrap();
    let outcome = admin::publish(&stage.ceremony(), &stage.path("p"), today()).unwrap();
    assert_eq!(outcome.written, ["keyring-0001.note"]);
    assert!(stage.ceremony().draft().unwrap().is_none());
}

#[test]
fn an_invitation_carries_the_keyrings_once_there_are_some() {
    let stage = Stage::published();
    let invitation = admin::invite(&stage.ceremony(), Role::Reviewer).unwrap();
    let read = Invitation::parse(&invitation.to_text()).unwrap();
    assert_eq!((read.notes.len(), read.role), (1, Role::Reviewer));
    assert_eq!(read.desk_address, "http://desk.example");
    let stage = Stage::new();
    assert!(admin::invite(&stage.ceremony(), Role::Guardian).unwrap().notes.is_empty());
}
