//! One epoch after the other, and every way to break in between them.

use ed25519_dalek::SigningKey;

use crate::{
    hybrid::HybridIdentity,
    id::ReaderId,
    keyring::{
        Chain, Keyring, KeyringError, Reader, Role,
        testing::{Rehearsal, day, root},
    },
    note::{KeyName, NamedKey, NoteError},
    receipt::Salt,
};

fn both() -> Rehearsal {
    Rehearsal::new(&[Role::Guardian, Role::Reviewer])
}

/// What comes of a second keyring with this edit, signed by all three roots.
fn second(edit: impl FnOnce(&mut Keyring)) -> Result<Chain, KeyringError> {
    let rehearsal = both();
    let chain = rehearsal.chain();
    let mut next = Rehearsal::next(&chain);
    edit(&mut next);
    chain.extend(&rehearsal.sign(next.to_text(), &[0, 1, 2]).to_text())
}

fn too_few(epoch: u32, found: usize) -> KeyringError {
    KeyringError::TooFewSignatures { epoch, needed: 2, found }
}

#[test]
fn two_of_three_roots_carry_a_chain_of_three_epochs() {
    let rehearsal = both();
    let mut chain = rehearsal.chain();
    let first = chain.current_digest();
    for signers in [[1, 2], [0, 2]] {
        let next = Rehearsal::next(&chain);
        chain = chain.extend(&rehearsal.sign(next.to_text(), &signers).to_text()).unwrap();
    }
    assert_eq!(chain.current().get().epoch, 3);
    let notes: Vec<String> = chain.notes().into_iter().map(str::to_owned).collect();
    let again = Chain::verify(&notes, &rehearsal.trust()).unwrap();
    assert_eq!(again.current_digest(), chain.current_digest());
    assert_eq!(again.by_digest(&first).unwrap().get().epoch, 1);
    assert_eq!(again.at(2).unwrap().get().previous, first);
    assert!(again.at(4).is_none());
}

#[test]
fn one_root_alone_publishes_nothing() {
    let rehearsal = both();
    let alone = rehearsal.sign(rehearsal.keyring.to_text(), &[0]).to_text();
    assert_eq!(Chain::verify(&[alone], &rehearsal.trust()).err(), Some(too_few(1, 1)));
    let chain = rehearsal.chain();
    let next = Rehearsal::next(&chain);
    let alone = rehearsal.sign(next.to_text(), &[2]).to_text();
    assert_eq!(chain.extend(&alone).err(), Some(too_few(1, 1)));
}

#[test]
fn one_root_signing_twice_or_under_two_names_counts_once() {
    let rehearsal = both();
    let mut note = rehearsal.sign(rehearsal.keyring.to_text(), &[0]);
    let line = note.to_text().lines().last().unwrap().to_owned();
    let doubled = format!("{}{line}\n", note.to_text());
    assert_eq!(Chain::verify(&[doubled], &rehearsal.trust()).err(), Some(too_few(1, 1)));
    note.sign(&KeyName::parse("root-2").unwrap(), &rehearsal.roots[0].1);
    let refused = Chain::verify(&[note.to_text()], &rehearsal.trust()).err();
    assert_eq!(refused, Some(KeyringError::StrangeSignature { name: "root-2".into() }));
}

#[test]
fn nobody_adds_a_signature_line_to_a_published_note() {
    // Otherwise a stranger could give a published keyring another digest.
    let mut rehearsal = both();
    let (stranger, secret) = root("stranger", &mut rehearsal.rng);
    let mut note = rehearsal.sign(rehearsal.keyring.to_text(), &[0, 1]);
    note.sign(&stranger.name, &secret);
    let refused = Chain::verify(&[note.to_text()], &rehearsal.trust()).err();
    assert_eq!(refused, Some(KeyringError::StrangeSignature { name: "stranger".into() }));
}

#[test]
fn a_recipient_edited_after_signing_is_seen() {
    let mut rehearsal = both();
    let (note, trust) = (rehearsal.note(), rehearsal.trust());
    let mine = HybridIdentity::generate(&mut rehearsal.rng).recipient();
    let edited =
        note.replace(&rehearsal.keyring.readers[0].recipient.to_string(), &mine.to_string());
    assert_ne!(edited, note);
    let wrong = KeyringError::Note(NoteError::WrongSignature { name: "root-1".into() });
    assert_eq!(Chain::verify(&[edited], &trust).err(), Some(wrong));
}

#[test]
fn even_all_roots_together_cannot_add_a_reader() {
    let mut rehearsal = both();
    let reader = Reader {
        id: ReaderId::random(&mut rehearsal.rng),
        role: Role::Guardian,
        recipient: HybridIdentity::generate(&mut rehearsal.rng).recipient().into(),
        signing: SigningKey::generate(&mut rehearsal.rng).verifying_key(),
        since: 2,
    };
    let id = reader.id;
    let added = second(|k| k.readers.push(reader.clone())).err();
    assert_eq!(added, Some(KeyringError::TooFewVouches { id, needed: 2, found: 0 }));
    let as_if_old = second(|k| k.readers.push(Reader { since: 1, ..reader.clone() })).err();
    assert_eq!(as_if_old, Some(KeyringError::Since { id, since: 1 }));
    let known = both().keyring.readers[1].id;
    let changed = Some(KeyringError::ReaderChanged { id: known });
    let taken_over = second(|k| k.readers[1] = Reader { id: known, ..reader.clone() }).err();
    assert_eq!(taken_over, changed);
    assert_eq!(second(|k| k.readers[1].recipient = reader.recipient.clone()).err(), changed);
    assert_eq!(second(|k| k.readers[1].signing = reader.signing).err(), changed);
    assert_eq!(second(|k| k.readers[1].role = Role::Guardian).err(), changed);
    assert_eq!(second(|k| k.readers[1].since = 2).err(), changed);
}

#[test]
fn a_dropped_reader_does_not_come_back() {
    let rehearsal = both();
    let dropped = second(|k| k.readers.truncate(1)).unwrap();
    assert_eq!(dropped.current().get().readers.len(), 1);
    let mut back = Rehearsal::next(&dropped);
    back.readers.clone_from(&rehearsal.keyring.readers);
    let refused = dropped.extend(&rehearsal.sign(back.to_text(), &[0, 1]).to_text()).err();
    assert_eq!(
        refused,
        Some(KeyringError::IdUsedBefore { id: rehearsal.keyring.readers[1].id, epoch: 1 })
    );
}

#[test]
fn a_keyring_without_a_guardian_is_refused() {
    let reviewers = Rehearsal::new(&[Role::Reviewer]);
    let refused = Chain::verify(&[reviewers.note()], &reviewers.trust()).err();
    assert_eq!(refused, Some(KeyringError::NoGuardian));
    assert_eq!(second(|k| drop(k.readers.remove(0))).err(), Some(KeyringError::NoGuardian));
}

#[test]
fn a_forked_skipped_or_repeated_epoch_is_refused_by_name() {
    let rehearsal = both();
    let chain = rehearsal.chain();
    let fork = second(|k| {
        k.epoch = 1;
        k.previous = crate::digest::Digest::NONE;
    });
    assert_eq!(fork.err(), Some(KeyringError::EpochForked { epoch: 1 }));
    let skip = second(|k| k.epoch = 3).err();
    assert_eq!(skip, Some(KeyringError::EpochSkipped { expected: 2, found: 3 }));
    let repeated = chain.extend(&rehearsal.note()).err();
    assert_eq!(repeated, Some(KeyringError::EpochRepeated { epoch: 1 }));
    let other_past = second(|k| k.previous = crate::digest::Digest::of(b"x")).err();
    assert_eq!(other_past, Some(KeyringError::PreviousDiffers { epoch: 2 }));
    let next = rehearsal.sign(Rehearsal::next(&chain).to_text(), &[0, 1]).to_text();
    let headless = Chain::verify(&[next], &rehearsal.trust()).err();
    assert_eq!(headless, Some(KeyringError::EpochSkipped { expected: 1, found: 2 }));
    assert_eq!(Chain::verify(&[], &rehearsal.trust()).err(), Some(KeyringError::NothingPublished));
}

#[test]
fn another_set_of_signatures_under_the_same_keyring_does_not_carry_the_next_one() {
    let rehearsal = both();
    let next = rehearsal.sign(Rehearsal::next(&rehearsal.chain()).to_text(), &[0, 1]).to_text();
    let resigned = rehearsal.sign(rehearsal.keyring.to_text(), &[0, 2]).to_text();
    let refused = Chain::verify(&[resigned, next], &rehearsal.trust()).err();
    assert_eq!(refused, Some(KeyringError::PreviousDiffers { epoch: 2 }));
}

#[test]
fn going_back_is_seen_by_who_remembers() {
    let rehearsal = both();
    let (old, new) = (rehearsal.chain(), second(|_| ()).unwrap());
    assert_eq!(new.continues(1, &old.current_digest()), Ok(()));
    assert_eq!(new.continues(2, &new.current_digest()), Ok(()));
    let back = old.continues(2, &new.current_digest());
    assert_eq!(back, Err(KeyringError::RolledBack { seen: 2 }));
    let other = second(|k| k.not_after = k.not_after.plus_days(1)).unwrap();
    let forked = other.continues(2, &new.current_digest());
    assert_eq!(forked, Err(KeyringError::EpochForked { epoch: 2 }));
}

#[test]
fn the_salt_and_the_organisation_never_change() {
    assert_eq!(second(|k| k.salt = Salt([8; 32])).err(), Some(KeyringError::SaltChanged));
    let renamed = second(|k| k.organisation = "Another".into()).err();
    assert!(matches!(renamed, Some(KeyringError::OtherOrganisation { .. })));
    let mut trust = both().trust();
    trust.organisation = "Another".into();
    let foreign = Chain::verify(&[both().note()], &trust).err();
    assert!(matches!(foreign, Some(KeyringError::OtherOrganisation { .. })));
}

#[test]
fn a_first_keyring_with_other_roots_than_those_learned_is_refused() {
    let mut rehearsal = both();
    let other = root("root-3", &mut rehearsal.rng).0;
    let mut trust = rehearsal.trust();
    trust.roots[2] = other;
    assert_eq!(Chain::verify(&[rehearsal.note()], &trust).err(), Some(KeyringError::OtherRoots));
    let mut trust = rehearsal.trust();
    trust.threshold = 1;
    assert_eq!(Chain::verify(&[rehearsal.note()], &trust).err(), Some(KeyringError::OtherRoots));
}

#[test]
fn new_roots_need_the_old_ones_and_themselves() {
    let mut rehearsal = both();
    let chain = rehearsal.chain();
    let fresh: Vec<_> = (4..=6).map(|n| root(&format!("root-{n}"), &mut rehearsal.rng)).collect();
    let mut next = Rehearsal::next(&chain);
    next.roots = fresh.iter().map(|(named, _)| named.clone()).collect::<Vec<NamedKey>>();
    rehearsal.roots.extend(fresh);
    let sign = |places: &[usize]| {
        chain.extend(&rehearsal.sign(next.to_text(), places).to_text()).map(|_| ()).err()
    };
    assert_eq!(sign(&[3, 4, 5]), Some(too_few(1, 0)), "usurpers alone");
    assert_eq!(sign(&[0, 1, 2]), Some(too_few(2, 0)), "without the new holders");
    assert_eq!(sign(&[0, 3, 4]), Some(too_few(1, 1)));
    assert_eq!(sign(&[0, 1, 3]), Some(too_few(2, 1)));
    assert_eq!(sign(&[0, 1, 3, 4]), None);
}

#[test]
fn nothing_is_sealed_to_an_expired_or_endless_keyring() {
    let chain = both().chain();
    assert!(chain.usable(day("2027-05-21")).is_ok());
    assert!(matches!(chain.usable(day("2027-05-22")).err(), Some(KeyringError::Expired { .. })));
    let refused = chain.usable(day("2020-01-01")).err();
    assert!(matches!(refused, Some(KeyringError::TooLongLived { .. })));
}
