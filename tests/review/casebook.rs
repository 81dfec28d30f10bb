//! The casebook against a server, a colleague and a stranger who are not honest.

use std::fs;

use ed25519_dalek::SigningKey;
use sandyk::{
    casebook::{CasebookKey, Draft, Entry, Head, KeyError, Op, Roster, Signer, TargetId},
    digest::Digest,
    id::{ReaderId, TestimonyId},
    keyring::Role::{Guardian, Reviewer},
    ledger::feed::FeedKind,
    note::SignedNote,
    recipient::Recipient,
    review::ReaderKeys,
    secret::SecretText,
};

use crate::room::{ORGANISATION, Room, Sent, nowhere, said};

/// A room in which reader 0 has tagged a testimony, and what entries there are sealed to.
fn begun() -> (Room, TestimonyId, Recipient) {
    let mut room = Room::new(&[Reviewer, Guardian]);
    let id = room.receive(&Sent::default());
    room.text(0, &["tag", &id.to_string(), "--add", "torture"]);
    room.sync();
    let envelope = room.workspace(0).join("casebook/keys/00000000000000000002.age");
    let roster = Roster::of(&room.chain);
    let key = CasebookKey::open(&fs::read(envelope).unwrap(), &room.open_keys(0).reading, &roster);
    (room, id, key.unwrap().recipient())
}

#[test]
fn who_came_later_is_told_what_is_closed_to_them_and_who_opens_it() {
    let (room, id, _) = begun();
    let id = id.to_string();
    let envelope = format!("testimonies/{id}/envelope-account.age");
    for lacking in [envelope.as_str(), "casebook/keys/00000000000000000002.age"] {
        fs::remove_file(room.workspace(1).join(lacking)).unwrap();
    }
    let told = said(&room.run(1, &["list"]));
    assert!(told.contains("LOCKED") && !told.contains("NOT PROVEN"), "{told}");
    assert!(told.contains("not sealed to you yet: 1\n"), "{told}");
    assert!(
        told.contains("casebook keys not sealed to you yet: 1 (event 2 of the feed); closed"),
        "{told}"
    );
    assert!(told.contains("a colleague runs `sandyk review rewrap`"), "{told}");
    assert!(!told.contains("not proven"), "one key that is not here is one sentence: {told}");
    for args in [&["show", &id][..], &["read"]] {
        let told = said(&room.run(1, args));
        assert!(told.contains("a colleague runs `sandyk review rewrap`"), "{args:?}: {told}");
    }
}

/// A remark on a testimony, signed in the name of `by` with `key`.
struct Forged<'a> {
    by: ReaderId,
    key: &'a SigningKey,
    organisation: &'a str,
    keyring: Digest,
    after: Head,
}

impl<'a> Forged<'a> {
    /// As that reader would sign it: nothing is forged yet.
    fn honest(keys: &'a ReaderKeys, room: &Room) -> Self {
        Self {
            by: keys.id,
            key: &keys.signing,
            organisation: ORGANISATION,
            keyring: room.chain.current_digest(),
            after: Head::default(),
        }
    }

    fn entry(&self, room: &mut Room, testimony: TestimonyId) -> Entry {
        let Self { by, key, organisation, keyring, after } = *self;
        let target = TargetId::from_bytes(*testimony.as_bytes());
        let op = Op::Remark { target, text: "FORGED".into() };
        let signer = Signer { organisation, keyring, by, key };
        let draft = Draft { op: &op, after, day: "2026-11-22".parse().unwrap() };
        Entry::sign(&signer, &draft, &mut room.rng).unwrap()
    }
}

/// The forged entry is named as `cause`, changes nothing, and the tag of reader 0 still counts.
fn is_named_and_changes_nothing(room: &Room, id: TestimonyId, cause: &str) {
    for reader in 0..room.readers.len() {
        let output = room.run(reader, &["show", &id.to_string()]);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(text.contains("not proven") && text.contains(cause), "{cause}: {text}");
        assert!(!text.contains("FORGED") && text.contains("torture"), "{text}");
    }
}

#[test]
fn an_entry_signed_with_another_key_is_not_its_authors() {
    let (mut room, id, to) = begun();
    let key = SigningKey::from_bytes(&[5; 32]);
    let forged = Forged {
        by: room.readers[1].id,
        key: &key,
        organisation: ORGANISATION,
        keyring: room.chain.current_digest(),
        after: Head::default(),
    };
    let entry = forged.entry(&mut room, id);
    room.smuggle(&entry, &to);
    is_named_and_changes_nothing(&room, id, "signature is not its author's");
}

#[test]
fn an_entry_for_another_organisation_does_not_count_here() {
    let (mut room, id, to) = begun();
    let keys = room.open_keys(1);
    let forged = Forged { organisation: "Another", ..Forged::honest(&keys, &room) };
    let entry = forged.entry(&mut room, id);
    room.smuggle(&entry, &to);
    is_named_and_changes_nothing(&room, id, "another organisation");
}

#[test]
fn an_entry_under_a_keyring_that_never_was_does_not_count() {
    let (mut room, id, to) = begun();
    let keys = room.open_keys(1);
    let forged = Forged { keyring: Digest::of(b"never"), ..Forged::honest(&keys, &room) };
    let entry = forged.entry(&mut room, id);
    room.smuggle(&entry, &to);
    is_named_and_changes_nothing(&room, id, "not in the chain");
}

#[test]
fn an_entry_that_hangs_in_the_air_waits_and_its_readers_other_work_goes_on() {
    let (mut room, id, to) = begun();
    let keys = room.open_keys(1);
    let forged = Forged { after: nowhere(), ..Forged::honest(&keys, &room) };
    let entry = forged.entry(&mut room, id);
    drop(keys);
    room.smuggle(&entry, &to);
    is_named_and_changes_nothing(&room, id, "builds on entry");
    room.text(1, &["remark", &id.to_string(), "honest"]);
    room.sync();
    assert!(room.text(0, &["show", &id.to_string()]).contains("│ honest"));
}

#[test]
fn a_server_that_replays_an_entry_changes_nothing() {
    let (mut room, id, _) = begun();
    let first = room.workspace(0).join("casebook/entries/00000000000000000003.age");
    let sealed = fs::read(first).unwrap();
    room.text(1, &["untag", &id.to_string(), "--remove", "torture"]);
    room.sync();
    room.publish_entry(&sandyk::id::EntryId::random(&mut room.rng.clone()).to_string(), &sealed);
    let shown = room.run(1, &["show", &id.to_string(), "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(json["tags"], serde_json::json!([]), "{}", said(&shown));
    assert!(said(&shown).contains("the very same entry came before"), "{}", said(&shown));
}

#[test]
fn a_file_that_is_not_the_one_of_the_feed_or_is_missing_is_named() {
    let (mut room, id, _) = begun();
    room.text(1, &["remark", &id.to_string(), "one"]);
    room.sync();
    let entry = |n: u64| room.workspace(0).join(format!("casebook/entries/{n:020}.age"));
    let entries = fs::read_dir(entry(3).parent().unwrap()).unwrap().count();
    let last = u64::try_from(entries).unwrap() + 2;
    fs::copy(entry(3), entry(last)).unwrap();
    let swapped = said(&room.run(0, &["list"]));
    assert!(swapped.contains("not the one that the feed names"), "{swapped}");
    fs::remove_file(entry(last)).unwrap();
    let missing = said(&room.run(0, &["list"]));
    assert!(missing.contains("its file is not here yet"), "{missing}");
}

#[test]
fn a_casebook_key_of_a_stranger_is_never_sealed_to() {
    let mut room = Room::new(&[Reviewer, Guardian]);
    let id = room.receive(&Sent::default());
    let stranger = SigningKey::from_bytes(&[6; 32]);
    let keyring = room.chain.current_digest();
    let signer =
        Signer { organisation: ORGANISATION, keyring, by: room.readers[0].id, key: &stranger };
    let (key, note) =
        CasebookKey::make(&signer, (sandyk::recipient::Kind::PostQuantum, 1), &mut room.rng)
            .unwrap();
    let cursor = room.publish(FeedKind::CasebookKey, &id.to_string(), Digest::of(b"key"));
    for (n, reader) in room.readers.iter().enumerate() {
        let folder = room.workspace(n).join("casebook/keys");
        fs::create_dir_all(&folder).unwrap();
        let envelope = CasebookKey::seal_note(&note, &reader.recipient).unwrap();
        fs::write(folder.join(format!("{cursor:020}.age")), envelope).unwrap();
    }
    let wrote = room.run(0, &["remark", &id.to_string(), "secret"]);
    assert!(said(&wrote).contains("a casebook key is not used"), "{}", said(&wrote));
    let outbox = room.workspace(0).join("outbox/entries");
    let sealed = fs::read(fs::read_dir(outbox).unwrap().next().unwrap().unwrap().path()).unwrap();
    assert!(Entry::open(&sealed, &[key]).is_err(), "the stranger can read what was written");
}

#[test]
fn a_casebook_key_is_used_only_as_it_was_signed() {
    let mut room = Room::new(&[Reviewer, Guardian]);
    let keys = room.open_keys(0);
    let (roster, keyring) = (Roster::of(&room.chain), room.chain.current_digest());
    let signer = Signer { organisation: ORGANISATION, keyring, by: keys.id, key: &keys.signing };
    let (_, note) =
        CasebookKey::make(&signer, (sandyk::recipient::Kind::PostQuantum, 1), &mut room.rng)
            .unwrap();
    let cause = |note: String| {
        let to = &room.readers[1].recipient;
        let envelope = CasebookKey::seal_note(&SecretText::new(note), to).unwrap();
        CasebookKey::open(&envelope, &room.open_keys(1).reading, &roster).map(|_| ()).unwrap_err()
    };
    let text = note.expose();
    assert!(matches!(cause(text.replace("epoch 1", "epoch 2")), KeyError::UnknownKeyring));
    let other = text.replace(ORGANISATION, "Another");
    assert_eq!(cause(other), KeyError::WrongOrganisation);
    assert!(matches!(cause(text.replace("scope reviewers", "scope all")), KeyError::Malformed));
    let unsigned = SignedNote::parse(text).unwrap().text().to_owned();
    assert!(matches!(cause(unsigned), KeyError::Note(_)));
    let other = Room::new(&[Guardian]);
    let strange = Signer { by: keys.id, key: &other.open_keys(0).signing, ..signer };
    let (_, note) = CasebookKey::make(
        &strange,
        (sandyk::recipient::Kind::PostQuantum, 1),
        &mut room.rng.clone(),
    )
    .unwrap();
    assert!(matches!(cause(note.expose().to_owned()), KeyError::Note(_) | KeyError::Unsigned));
}

#[test]
fn sealed_entries_differ_in_steps_of_a_kilobyte_only() {
    let (mut room, id, to) = begun();
    let keys = room.open_keys(1);
    let target = TargetId::from_bytes(*id.as_bytes());
    let keyring = room.chain.current_digest();
    let signer = Signer { organisation: ORGANISATION, keyring, by: keys.id, key: &keys.signing };
    let mut sizes: Vec<usize> = Vec::new();
    for length in (1..2000).step_by(97) {
        let op = Op::Remark { target, text: "a".repeat(length) };
        let day = "2026-11-22".parse().unwrap();
        let draft = Draft { op: &op, after: Head::default(), day };
        let entry = Entry::sign(&signer, &draft, &mut room.rng).unwrap();
        sizes.push(entry.seal(&to).unwrap().len());
    }
    // age adds a stanza of random length, at most about 300 bytes, to every file
    let smallest = *sizes.iter().min().unwrap();
    let off_step = |size: &usize| (size - smallest + 300) % 1024 > 600;
    assert!(!sizes.iter().any(off_step), "{sizes:?}");
}
