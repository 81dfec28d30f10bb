//! How keyrings and roots are written.

use proptest::prelude::*;
use std::sync::LazyLock;

use crate::{
    digest::Digest,
    keyring::{
        Chain, Keyring, KeyringError, MAX_KEYRING_BYTES, MAX_READERS, Role, TrustRoot,
        testing::{Rehearsal, day, root},
    },
    note::{KeyName, NamedKey, NoteError},
    recipient::{AgeIdentity, Kind, Recipient},
};

fn both() -> Rehearsal {
    Rehearsal::new(&[Role::Guardian, Role::Reviewer])
}

fn refusal(text: &str) -> KeyringError {
    Keyring::parse(text).err().unwrap()
}

#[test]
fn a_keyring_survives_being_written_down() {
    let keyring = both().keyring;
    assert!(Keyring::parse(&keyring.to_text()).unwrap() == keyring);
    let trust = both().trust();
    assert_eq!(TrustRoot::parse(&trust.to_text()).as_ref(), Ok(&trust));
    assert_eq!(trust.fingerprint().len(), 6 * 5 + 5);
}

#[test]
fn the_lines_of_a_keyring_are_in_the_documented_order() {
    let text = both().keyring.to_text();
    let keys: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    let order = "sandyk organisation epoch previous kind salt not-after threshold root root root \
                 reader reader";
    assert_eq!(keys.join(" "), order);
}

#[test]
fn a_second_spelling_is_refused() {
    let text = both().keyring.to_text();
    let cases = [
        text.replace("epoch 1", "epoch 01"),
        text.replace("epoch 1", "epoch +1"),
        text.replace("threshold 2", "threshold 02"),
        text.replace(" 1\n", " 01\n"),
        text.trim_end().to_owned(),
        text.replace('\n', "\r\n"),
    ];
    for case in cases {
        assert_eq!(refusal(&case), KeyringError::NotCanonical { what: "keyring" }, "{case}");
    }
}

#[test]
fn a_line_too_many_too_few_or_in_another_place_is_refused_with_its_number() {
    let text = both().keyring.to_text();
    let line = |line, expected| KeyringError::Line { what: "keyring", line, expected };
    assert_eq!(refusal(""), line(1, "sandyk … v1"));
    assert_eq!(refusal(&text.replace("v1", "v2")), line(1, "sandyk … v1"));
    assert_eq!(refusal(&text.replace("\nepoch 1", "")), line(3, "epoch"));
    assert_eq!(refusal(&text.replace("epoch 1", "epoch one")), line(3, "epoch"));
    assert_eq!(refusal(&text.replace("epoch 1", "epoch 4294967296")), line(3, "epoch"));
    assert_eq!(refusal(&text.replace("2027-05-21", "2027-5-21")), line(7, "not-after"));
    assert_eq!(refusal(&format!("{text}remark hello\n")), line(14, "the end of the text"));
    assert_eq!(refusal(&format!("{text}\n")), line(14, "the end of the text"));
    assert_eq!(refusal(&text.replace("guardian", "owner")), line(12, "reader"));
    assert_eq!(refusal(&text.replace("post-quantum", "quantum")), KeyringError::Kind);
    let swapped = text.replace("epoch 1\n", "").replace("kind", "epoch 1\nkind");
    assert_eq!(refusal(&swapped), line(3, "epoch"));
}

#[test]
fn a_keyring_that_mixes_kinds_is_refused_by_the_name_of_the_reader() {
    let mut rehearsal = both();
    let ids: Vec<_> = rehearsal.keyring.readers.iter().map(|reader| reader.id).collect();
    let text = rehearsal.keyring.to_text().replace("post-quantum", "classic");
    assert_eq!(refusal(&text), KeyringError::MixedKinds { id: ids[0] });
    let classic = AgeIdentity::generate(Kind::Classic, &mut rehearsal.rng).recipient();
    rehearsal.keyring.readers[1].recipient = classic;
    let mixed = KeyringError::MixedKinds { id: ids[1] };
    assert_eq!(refusal(&rehearsal.keyring.to_text()), mixed);
    let signed = Chain::verify(&[rehearsal.note()], &rehearsal.trust());
    assert_eq!(signed.err(), Some(mixed), "however many roots sign it");
}

#[test]
fn a_keyring_of_classic_keys_survives_being_written_down() {
    let mut rehearsal = both();
    rehearsal.keyring.kind = Kind::Classic;
    let tag = "age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e";
    let x25519 = AgeIdentity::generate(Kind::Classic, &mut rehearsal.rng).recipient();
    rehearsal.keyring.readers[0].recipient = Recipient::parse(tag).unwrap();
    rehearsal.keyring.readers[1].recipient = x25519;
    let text = rehearsal.keyring.to_text();
    assert!(text.contains("\nkind classic\n") && text.contains(tag), "{text}");
    assert!(Keyring::parse(&text).unwrap() == rehearsal.keyring);
    rehearsal.chain();
}

#[test]
fn a_keyring_of_more_bytes_than_allowed_is_not_read() {
    let long = format!("{}{}", both().keyring.to_text(), "x".repeat(MAX_KEYRING_BYTES));
    let limit = MAX_KEYRING_BYTES;
    assert_eq!(refusal(&long), KeyringError::TooLong { what: "keyring", limit });
    let whole = format!("{}{}", both().note(), "x".repeat(MAX_KEYRING_BYTES));
    let refused = Chain::verify(&[whole], &both().trust()).err();
    assert_eq!(refused, Some(KeyringError::TooLong { what: "keyring", limit }));
}

#[test]
fn an_organisation_has_a_name_of_one_line() {
    for name in ["", " a", "a ", "a\u{7f}b", "a\u{85}b", &"ы".repeat(101)] {
        let mut keyring = both().keyring;
        keyring.organisation = name.to_owned();
        assert_eq!(keyring.check(), Err(KeyringError::Organisation), "{name:?}");
    }
    let mut keyring = both().keyring;
    keyring.organisation = "ы".repeat(100);
    assert!(Keyring::parse(&keyring.to_text()).is_ok());
}

#[test]
fn one_root_can_always_be_lost() {
    let check = |threshold, roots: usize| {
        let mut keyring = both().keyring;
        let mut rng = both().rng;
        keyring.roots = (0..roots).map(|n| root(&format!("r{n}"), &mut rng).0).collect();
        keyring.threshold = threshold;
        keyring.check()
    };
    assert_eq!(check(1, 2), Ok(()));
    assert_eq!(check(15, 16), Ok(()));
    assert_eq!(check(1, 17), Err(KeyringError::RootCount { found: 17 }));
    assert_eq!(check(1, 1), Err(KeyringError::RootCount { found: 1 }));
    assert_eq!(check(3, 3), Err(KeyringError::Threshold { threshold: 3, roots: 3 }));
    assert_eq!(check(0, 3), Err(KeyringError::Threshold { threshold: 0, roots: 3 }));
}

#[test]
fn one_root_cannot_pass_for_two_under_another_name() {
    let mut keyring = both().keyring;
    let name = KeyName::parse("other").unwrap();
    keyring.roots[1] = NamedKey { name, key: keyring.roots[0].key };
    assert_eq!(keyring.check(), Err(KeyringError::RootTwice { name: "other".into() }));
    let mut keyring = both().keyring;
    keyring.roots[2].name = keyring.roots[0].name.clone();
    assert_eq!(keyring.check(), Err(KeyringError::RootTwice { name: "root-1".into() }));
}

#[test]
fn no_key_and_no_id_stands_twice() {
    let id = both().keyring.readers[1].id;
    let edited = |edit: fn(&mut Keyring)| {
        let mut keyring = both().keyring;
        edit(&mut keyring);
        Keyring::parse(&keyring.to_text()).err()
    };
    let same_recipient = edited(|k| k.readers[1].recipient = k.readers[0].recipient.clone());
    assert_eq!(same_recipient, Some(KeyringError::RecipientTwice { id }));
    let same_key = edited(|k| k.readers[1].signing = k.readers[0].signing);
    assert_eq!(same_key, Some(KeyringError::SigningKeyTwice { id }));
    let root_key = edited(|k| k.readers[1].signing = k.roots[0].key);
    assert_eq!(root_key, Some(KeyringError::SigningKeyTwice { id }));
    let same_id = edited(|k| k.readers[1].id = k.readers[0].id);
    assert!(matches!(same_id, Some(KeyringError::ReaderTwice { .. })));
}

#[test]
fn a_reader_is_there_since_an_epoch_that_was() {
    for since in [0, 2] {
        let mut keyring = both().keyring;
        keyring.readers[1].since = since;
        let id = keyring.readers[1].id;
        assert_eq!(keyring.check(), Err(KeyringError::Since { id, since }));
    }
}

#[test]
fn the_first_epoch_and_no_other_has_no_previous() {
    let mut keyring = both().keyring;
    for (epoch, previous) in [(0, Digest::NONE), (1, Digest::of(b"")), (2, Digest::NONE)] {
        (keyring.epoch, keyring.previous) = (epoch, previous);
        assert_eq!(keyring.check(), Err(KeyringError::Previous { epoch }));
    }
}

#[test]
fn a_hundred_readers_fit_and_one_more_does_not() {
    let mut rehearsal = both();
    for _ in 2..MAX_READERS {
        rehearsal.add(Role::Guardian);
    }
    let chain = rehearsal.chain();
    assert_eq!(chain.current().get().readers.len(), MAX_READERS);
    rehearsal.add(Role::Reviewer);
    assert_eq!(rehearsal.keyring.check(), Err(KeyringError::TooManyReaders { found: 101 }));
}

#[test]
fn a_keyring_is_good_until_its_last_day_and_for_at_most_400_days() {
    let keyring = both().keyring;
    let not_after = keyring.not_after;
    let days = |today: &str| keyring.check_days(day(today));
    assert_eq!(days("2027-05-21"), Ok(()));
    assert_eq!(days("2026-11-22"), Ok(()));
    let today = day("2027-05-22");
    assert_eq!(keyring.check_days(today), Err(KeyringError::Expired { not_after, today }));
    assert_eq!(keyring.check_days(not_after.plus_days(-400)), Ok(()));
    let today = not_after.plus_days(-401);
    assert_eq!(keyring.check_days(today), Err(KeyringError::TooLongLived { not_after, today }));
}

#[test]
fn a_mistyped_root_is_refused() {
    let trust = both().trust().to_text();
    let mistyped = trust.replace("root-2", "root-4");
    assert!(matches!(TrustRoot::parse(&mistyped), Err(KeyringError::Line { line: 5, .. })));
    assert_eq!(NamedKey::parse("root-1+00000000+AA=="), Err(NoteError::KeyType));
}

static NOTE: LazyLock<(String, TrustRoot)> = LazyLock::new(|| (both().note(), both().trust()));

proptest! {
    #[test]
    fn a_note_changed_anywhere_never_panics_and_never_passes(
        place in 0.0..1.0_f64, cut in 0..40_usize, with in "\\PC{0,4}|\n|\u{2014} |[ -~]{1,9}"
    ) {
        let (note, trust) = &*NOTE;
        let mut bytes = note.clone().into_bytes();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss,
            clippy::cast_precision_loss, reason = "a place in a small test note")]
        let place = (bytes.len() as f64 * place) as usize;
        let end = place.saturating_add(cut).min(bytes.len());
        bytes.splice(place..end, with.bytes());
        let mutated = String::from_utf8_lossy(&bytes).into_owned();
        let verified = Chain::verify(std::slice::from_ref(&mutated), trust);
        prop_assert!(verified.is_err() || mutated == *note, "{}", mutated);
    }

    #[test]
    fn what_is_read_is_written_back(place in 0..2000_usize, with in "[ -~\n]{0,3}") {
        let mut text = NOTE.0.split("\n\n").next().unwrap().to_owned() + "\n";
        let place = (0..=place.min(text.len())).rev().find(|p| text.is_char_boundary(*p)).unwrap();
        text.insert_str(place, &with);
        if let Ok(keyring) = Keyring::parse(&text) {
            prop_assert_eq!(keyring.to_text(), text);
        }
    }
}
