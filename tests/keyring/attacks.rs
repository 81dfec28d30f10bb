//! What a thief of one key, an editor of the folder or a mistake does.

use std::fs;

use sandyk::{
    admin::{self, AdminError, Ceremony, Entrant, Founding, RootKey},
    keyring::{DeskNoteError, KeyringError, Reader, ReaderPub, Role},
    secret::SecretText,
};

use crate::stage::{Stage, founding, keyring_refusal, passphrases, save, term, today};

#[test]
fn one_root_alone_publishes_nothing() {
    let stage = Stage::with_readers();
    let few = |found| KeyringError::TooFewSignatures { epoch: 1, needed: 2, found };
    let publish = || admin::publish(&stage.ceremony(), &stage.path("p"), today());
    assert_eq!(keyring_refusal(publish()), few(0));
    stage.sign(&[3, 3]).unwrap();
    assert_eq!(keyring_refusal(publish()), few(1));
    assert!(!stage.path("p").exists(), "nothing was written");
    stage.sign(&[1]).unwrap();
    assert_eq!(publish().unwrap().written.len(), 3);
    assert!(publish().unwrap().written.is_empty(), "a second time changes nothing");
}

#[test]
fn a_keyring_without_a_guardian_is_not_even_signed() {
    let mut stage = Stage::new();
    assert_eq!(keyring_refusal(stage.sign(&[1])), KeyringError::NoGuardian);
    let reviewer = stage.reader("reviewer", Role::Reviewer).into();
    admin::add(&stage.ceremony(), reviewer, term()).unwrap();
    assert_eq!(keyring_refusal(stage.sign(&[1])), KeyringError::NoGuardian);
}

#[test]
fn nobody_is_added_after_the_first_publication() {
    let mut stage = Stage::published();
    let [reader, device] = stage.reader("late", Role::Guardian);
    let Entrant::Reader(ReaderPub { id, .. }) = &reader else { panic!() };
    let added =
        Err(AdminError::Keyring(KeyringError::TooFewVouches { id: *id, needed: 2, found: 0 }));
    assert_eq!(
        keyring_refusal(admin::add(&stage.ceremony(), vec![reader], term())),
        keyring_refusal::<()>(added)
    );
    admin::renew(&stage.ceremony(), today(), today().plus_days(200)).unwrap();
    let refused = keyring_refusal(admin::add(&stage.ceremony(), vec![device], term()));
    assert!(
        matches!(refused, KeyringError::Desk(DeskNoteError::DeviceWithoutReader { .. })),
        "{refused}"
    );
}

#[test]
fn a_reader_slipped_into_the_draft_by_an_editor_is_not_signed() {
    let mut stage = Stage::published();
    admin::renew(&stage.ceremony(), today(), today().plus_days(200)).unwrap();
    let [late, _] = stage.reader("late", Role::Guardian);
    let Entrant::Reader(late) = late else { panic!() };
    let ReaderPub { id, role, recipient, signing } = late;
    stage.edit_draft(|k| k.readers.push(Reader { id, role, recipient, signing, since: 2 }));
    assert_eq!(
        keyring_refusal(stage.sign(&[1])),
        KeyringError::TooFewVouches { id, needed: 2, found: 0 }
    );
}

#[test]
fn an_edited_salt_or_organisation_is_not_signed() {
    let stage = Stage::published();
    admin::renew(&stage.ceremony(), today(), today().plus_days(200)).unwrap();
    stage.edit_draft(|k| k.salt.0[0] ^= 1);
    assert_eq!(keyring_refusal(stage.sign(&[1])), KeyringError::SaltChanged);
    let stage = Stage::with_readers();
    stage.edit_draft(|k| k.organisation = "Another".into());
    let refused = keyring_refusal(stage.sign(&[1]));
    assert!(matches!(refused, KeyringError::OtherOrganisation { .. }), "{refused}");
}

#[test]
fn a_draft_edited_between_two_signatures_is_seen() {
    let stage = Stage::with_readers();
    stage.sign(&[1]).unwrap();
    stage.edit_draft(|k| k.not_after = k.not_after.plus_days(1));
    let refused = stage.sign(&[2]).err().unwrap();
    assert!(matches!(refused, AdminError::DraftEdited { file: "keyring.txt" }), "{refused}");
}

#[test]
fn a_last_day_out_of_bounds_is_refused_at_every_step() {
    let stage = Stage::published();
    let renew = |days| admin::renew(&stage.ceremony(), today(), today().plus_days(days));
    assert!(matches!(keyring_refusal(renew(401)), KeyringError::TooLongLived { .. }));
    assert!(matches!(keyring_refusal(renew(-1)), KeyringError::Expired { .. }));
    let trust = stage.ceremony().trust().clone();
    let later = today().plus_days(181);
    let refused = keyring_refusal(admin::verify(&stage.path("p"), &trust, later));
    assert!(matches!(refused, KeyringError::Expired { .. }), "{refused}");
    let stage = Stage::with_readers();
    let root = stage.root(1);
    let refused = keyring_refusal(admin::sign(&stage.ceremony(), &root, later));
    assert!(matches!(refused, KeyringError::Expired { .. }), "{refused}");
}

#[test]
fn an_older_ceremony_folder_does_not_publish_over_a_newer_one() {
    let stage = Stage::published();
    let copy = |from: &str, to: &str| {
        for file in [
            "roots.txt",
            "ceremony.json",
            "published/keyring-0001.note",
            "published/desk-0001.note",
        ] {
            let to = stage.path(to).join(file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(stage.path(from).join(file), to).unwrap();
        }
    };
    copy("c", "old");
    admin::renew(&stage.ceremony(), today(), today().plus_days(300)).unwrap();
    stage.sign(&[1, 2]).unwrap();
    admin::publish(&stage.ceremony(), &stage.path("p"), today()).unwrap();
    let old = Ceremony::open(&stage.path("old")).unwrap();
    let back = admin::publish(&old, &stage.path("p"), today());
    assert_eq!(keyring_refusal(back), KeyringError::RolledBack { seen: 2 });
    admin::renew(&old, today(), today().plus_days(200)).unwrap();
    for n in [1, 3] {
        admin::sign(&old, &stage.root(n), today()).unwrap();
    }
    let fork = admin::publish(&old, &stage.path("p"), today());
    assert_eq!(keyring_refusal(fork), KeyringError::EpochForked { epoch: 2 });
}

#[test]
fn a_published_file_is_never_overwritten_with_another() {
    let stage = Stage::with_readers();
    stage.sign(&[1, 2]).unwrap();
    fs::create_dir(stage.path("p")).unwrap();
    save(&stage.path("p/desk-0001.note"), "something else\n");
    let refused = admin::publish(&stage.ceremony(), &stage.path("p"), today()).err().unwrap();
    assert!(matches!(refused, AdminError::WouldOverwrite { .. }), "{refused}");
    assert_eq!(fs::read_dir(stage.path("p")).unwrap().count(), 1, "nothing was written");
    assert!(stage.ceremony().draft().unwrap().is_some(), "the draft was kept");
}

#[test]
fn a_root_of_another_organisation_signs_nothing() {
    let (stage, mut other) = (Stage::with_readers(), Stage::new());
    let folder = other.path("d");
    admin::found(&folder, &founding(), &passphrases(), &mut other.rng).unwrap();
    let foreign = RootKey::open(&folder.join("root-1.age"), &passphrases()[0]).unwrap();
    let refused = admin::sign(&stage.ceremony(), &foreign, today()).err().unwrap();
    assert!(matches!(refused, AdminError::NotOneOfTheRoots { .. }), "{refused}");
}

#[test]
fn a_bad_beginning_writes_nothing() {
    let mut stage = Stage::new();
    let folder = stage.path("new");
    let mut begin = |founding: &Founding, words: &[&str]| {
        let words: Vec<_> = words.iter().map(|w| SecretText::new((*w).to_owned())).collect();
        let refused = admin::found(&folder, founding, &words, &mut stage.rng).err().unwrap();
        assert!(!folder.exists(), "{refused}");
        refused
    };
    let (one, two, three) = ("first stone bridge", "second stone bridge", "third stone bridge");
    let same = begin(&founding(), &[one, two, one]);
    assert!(matches!(same, AdminError::SamePassphrase { first: 1, second: 3 }), "{same}");
    let short = begin(&founding(), &[one, "short", three]);
    assert!(matches!(short, AdminError::ShortPassphrase { found: 5, .. }), "{short}");
    let all = begin(&Founding { threshold: 3, ..founding() }, &[one, two, three]);
    assert!(matches!(all, AdminError::Keyring(KeyringError::Threshold { .. })), "{all}");
    let nameless =
        begin(&Founding { organisation: String::new(), ..founding() }, &[one, two, three]);
    assert!(matches!(nameless, AdminError::Keyring(KeyringError::Organisation)), "{nameless}");
    let address = Founding { desk_address: "not one word".into(), ..founding() };
    let address = begin(&address, &[one, two, three]);
    assert!(matches!(address, AdminError::Keyring(KeyringError::Address)), "{address}");
    let again = admin::found(&stage.path("c"), &founding(), &passphrases(), &mut stage.rng);
    assert!(matches!(again.err().unwrap(), AdminError::NotEmpty { .. }));
}

#[test]
fn no_root_key_lies_in_the_folder_in_clear() {
    let stage = Stage::published();
    let mut folders = vec![stage.path("c"), stage.path("p")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            assert!(!text.contains("PRIVATE"), "{}", path.display());
        }
    }
}
