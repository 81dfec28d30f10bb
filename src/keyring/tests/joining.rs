//! Invitations out, `reader.pub` and `device.pub` back.

use ed25519_dalek::SigningKey;

use crate::{
    hybrid::HybridIdentity,
    id::DeviceId,
    keyring::{
        DevicePub, Invitation, KeyringError, MAX_JOINING_BYTES, ReaderPub, Role, testing::Rehearsal,
    },
    note::{NoteError, SignedNote},
    recipient::{AgeIdentity, Kind},
};

fn reader() -> (ReaderPub, SigningKey, Rehearsal) {
    let mut rehearsal = Rehearsal::new(&[Role::Guardian]);
    let line = rehearsal.keyring.readers.remove(0);
    let (id, role, recipient, signing) = (line.id, line.role, line.recipient, line.signing);
    let key = rehearsal.signing.remove(0);
    (ReaderPub { id, role, recipient, signing }, key, rehearsal)
}

#[test]
fn a_reader_file_survives_being_written_and_proves_its_key() {
    let (reader, key, mut rehearsal) = reader();
    let text = reader.to_text(&key).unwrap();
    assert!(ReaderPub::parse(&text).unwrap() == reader);
    let other = SigningKey::generate(&mut rehearsal.rng);
    let no_proof = KeyringError::NoProof { what: "reader" };
    assert_eq!(reader.to_text(&other).err(), Some(no_proof.clone()));
    let mut borrowed = SignedNote::new(SignedNote::parse(&text).unwrap().text().into()).unwrap();
    borrowed.sign(&crate::note::KeyName::parse("root-1").unwrap(), &other);
    assert_eq!(ReaderPub::parse(&borrowed.to_text()).err(), Some(no_proof));
}

#[test]
fn an_edited_reader_file_is_seen() {
    let (reader, key, mut rehearsal) = reader();
    let text = reader.to_text(&key).unwrap();
    let name = reader.id.to_string();
    let wrong = KeyringError::Note(NoteError::WrongSignature { name });
    let promoted = text.replace("guardian", "reviewer");
    assert_eq!(ReaderPub::parse(&promoted).err(), Some(wrong.clone()));
    let mine = HybridIdentity::generate(&mut rehearsal.rng).recipient().to_string();
    let swapped = text.replace(&reader.recipient.to_string(), &mine);
    assert_eq!(ReaderPub::parse(&swapped).err(), Some(wrong));
    let long = format!("{text}{}", "x".repeat(MAX_JOINING_BYTES));
    assert!(matches!(ReaderPub::parse(&long).err(), Some(KeyringError::TooLong { .. })));
}

#[test]
fn two_reader_files_are_told_apart_by_voice() {
    let (reader, _, mut rehearsal) = reader();
    let spoken = reader.fingerprint();
    assert_eq!(spoken.split(' ').count(), 6);
    let recipient = HybridIdentity::generate(&mut rehearsal.rng).recipient().into();
    assert_ne!(ReaderPub { recipient, ..reader }.fingerprint(), spoken);
}

#[test]
fn a_device_file_survives_being_written_and_proves_its_key() {
    let (reader, _, mut rehearsal) = reader();
    let key = SigningKey::generate(&mut rehearsal.rng);
    let id = DeviceId::random(&mut rehearsal.rng);
    let device = DevicePub { id, reader: reader.id, key: key.verifying_key() };
    let text = device.to_text(&key).unwrap();
    assert_eq!(DevicePub::parse(&text).as_ref(), Ok(&device));
    let moved = text.replace(&reader.id.to_string(), &id.to_string());
    let wrong = KeyringError::Note(NoteError::WrongSignature { name: id.to_string() });
    assert_eq!(DevicePub::parse(&moved), Err(wrong));
    let other = SigningKey::generate(&mut rehearsal.rng);
    assert_eq!(device.to_text(&other), Err(KeyringError::NoProof { what: "device" }));
}

fn invitation(rehearsal: &Rehearsal, notes: Vec<String>) -> Invitation {
    Invitation {
        trust: rehearsal.trust(),
        desk_address: "http://desk.example:8081".into(),
        intake_address: String::new(),
        role: Role::Guardian,
        kind: Kind::PostQuantum,
        notes,
    }
}

#[test]
fn an_invitation_to_classic_keys_says_so_and_must_fit_its_keyrings() {
    let mut rehearsal = Rehearsal::new(&[Role::Guardian]);
    let mut old = invitation(&rehearsal, Vec::new());
    assert!(!old.to_text().contains("kind"), "as invitations were before there were two kinds");
    old.kind = Kind::Classic;
    let text = old.to_text();
    assert!(text.contains("role guardian\nkind classic\ndesk-address"), "{text}");
    assert!(Invitation::parse(&text).unwrap() == old);
    let spelled = text.replace("kind classic", "kind post-quantum");
    let wrong = KeyringError::NotCanonical { what: "invitation" };
    assert_eq!(Invitation::parse(&spelled).err(), Some(wrong.clone()));
    let strange = text.replace("kind classic", "kind new");
    assert_eq!(Invitation::parse(&strange).err(), Some(KeyringError::Kind));
    let lowered = Invitation { notes: vec![rehearsal.note()], ..old };
    assert_eq!(Invitation::parse(&lowered.to_text()).err(), Some(wrong));
    rehearsal.keyring.kind = Kind::Classic;
    let own = AgeIdentity::generate(Kind::Classic, &mut rehearsal.rng);
    rehearsal.keyring.readers[0].recipient = own.recipient();
    let fitting = Invitation { notes: vec![rehearsal.note()], ..lowered };
    assert!(Invitation::parse(&fitting.to_text()).unwrap() == fitting);
}

#[test]
fn an_invitation_survives_being_written_with_and_without_keyrings() {
    let rehearsal = Rehearsal::new(&[Role::Guardian]);
    for notes in [vec![], vec![rehearsal.note()]] {
        let invitation = invitation(&rehearsal, notes);
        assert!(Invitation::parse(&invitation.to_text()).unwrap() == invitation);
    }
}

#[test]
fn an_invitation_with_a_keyring_of_other_roots_is_refused() {
    let rehearsal = Rehearsal::new(&[Role::Guardian]);
    let mut edited = invitation(&rehearsal, vec![rehearsal.note()]);
    edited.trust.roots.swap(0, 1);
    let refused = Invitation::parse(&edited.to_text()).err();
    assert_eq!(refused, Some(KeyringError::OtherRoots));
    let mut edited = invitation(&rehearsal, vec![]);
    let spoken = edited.fingerprint();
    edited.desk_address = "http://another.example".into();
    assert_ne!(edited.fingerprint(), spoken);
    edited.desk_address = "two words".into();
    assert_eq!(Invitation::parse(&edited.to_text()).err(), Some(KeyringError::Address));
}
