//! Whoever comes later comes by the word of two readers, and by nobody else's.

use ed25519_dalek::SigningKey;

use crate::{
    keyring::{
        Chain, Keyring, KeyringError, Reader, ReaderPub, Role, SignedVouch, VouchLine,
        testing::Rehearsal,
    },
    note::{KeyName, NoteError, SignedNote},
};

fn three() -> Rehearsal {
    Rehearsal::new(&[Role::Guardian, Role::Reviewer, Role::Reviewer])
}

/// What comes of a second keyring with a newcomer of `role` for whom these readers vouch, and with
/// this edit, when all three roots sign it.
fn second(
    role: Role,
    vouchers: &[usize],
    edit: impl FnOnce(&mut Keyring, &mut Rehearsal),
) -> Result<Chain, KeyringError> {
    let mut rehearsal = three();
    let chain = rehearsal.chain();
    let newcomer = rehearsal.newcomer(role);
    let mut next = Rehearsal::next(&chain);
    rehearsal.admit(&chain, &mut next, &newcomer, vouchers);
    edit(&mut next, &mut rehearsal);
    chain.extend(&rehearsal.sign(next.to_text(), &[0, 1, 2]).to_text())
}

fn newcomer(keyring: &Keyring) -> &Reader {
    keyring.readers.last().unwrap()
}

#[test]
fn by_the_word_of_two_readers_a_third_becomes_one_and_reads_on_in_later_epochs() {
    let chain = second(Role::Reviewer, &[1, 2], |_, _| ()).unwrap();
    let now = chain.current().get();
    assert_eq!((now.readers.len(), newcomer(now).since), (4, 2));
    assert!(Keyring::parse(&now.to_text()).unwrap() == *now);
    let guardian = second(Role::Guardian, &[0, 2], |_, _| ()).unwrap();
    assert_eq!(guardian.current().get().guardians().count(), 2);
    assert!(second(Role::Guardian, &[0, 1, 2], |_, _| ()).is_ok());
    let rehearsal = three();
    let renewed = Rehearsal::next(&chain);
    let chain = chain.extend(&rehearsal.sign(renewed.to_text(), &[0, 1]).to_text()).unwrap();
    assert_eq!(chain.current().get().readers.len(), 4);
}

#[test]
fn one_vouch_or_one_twice_is_too_few_whoever_signed() {
    let few = |id, found| Some(KeyringError::TooFewVouches { id, needed: 2, found });
    for vouchers in [&[][..], &[1]] {
        let mut id = None;
        let refused = second(Role::Reviewer, vouchers, |k, _| id = Some(newcomer(k).id)).err();
        assert_eq!(refused, few(id.unwrap(), vouchers.len()));
    }
    let twice = second(Role::Reviewer, &[1], |k, _| k.vouches.push(k.vouches[0].clone())).err();
    assert!(matches!(twice, Some(KeyringError::VouchOutOfPlace { .. })), "{twice:?}");
}

#[test]
fn a_new_guardian_needs_the_word_of_a_guardian() {
    let refused = second(Role::Guardian, &[1, 2], |_, _| ()).err();
    assert!(matches!(refused, Some(KeyringError::NoGuardianVouches { .. })), "{refused:?}");
    // Nor does a vouch for a reviewer make a guardian.
    let raised = second(Role::Reviewer, &[0, 1], |k, _| {
        k.readers.last_mut().unwrap().role = Role::Guardian;
    });
    assert!(matches!(raised.err(), Some(KeyringError::WrongVouch { .. })));
}

#[test]
fn a_vouch_counts_for_these_keys_and_this_keyring_only() {
    let wrong = |edit: fn(&mut Reader, ReaderPub)| {
        let refused = second(Role::Reviewer, &[1, 2], |k, rehearsal| {
            let other = rehearsal.newcomer(Role::Reviewer);
            edit(k.readers.last_mut().unwrap(), other);
        });
        assert!(matches!(refused.err(), Some(KeyringError::WrongVouch { .. })));
    };
    wrong(|reader, other| reader.recipient = other.recipient);
    wrong(|reader, other| reader.signing = other.signing);
    // A vouch that was not used in time is void: the next keyring follows another one.
    let mut rehearsal = three();
    let old = rehearsal.chain();
    let late = rehearsal.newcomer(Role::Reviewer);
    let mut kept = Rehearsal::next(&old);
    rehearsal.admit(&old, &mut kept, &late, &[0, 1]);
    let chain =
        old.extend(&rehearsal.sign(Rehearsal::next(&old).to_text(), &[0, 1]).to_text()).unwrap();
    let mut next = Rehearsal::next(&chain);
    next.readers.push(Reader { since: 3, ..newcomer(&kept).clone() });
    next.vouches = kept.vouches;
    let refused = chain.extend(&rehearsal.sign(next.to_text(), &[0, 1, 2]).to_text()).err();
    assert!(matches!(refused, Some(KeyringError::WrongVouch { .. })), "{refused:?}");
}

#[test]
fn whoever_leaves_or_comes_in_the_same_epoch_vouches_for_nobody() {
    let leaves = second(Role::Reviewer, &[1, 2], |k, _| drop(k.readers.remove(2))).err();
    assert!(matches!(leaves, Some(KeyringError::VouchOutOfPlace { .. })), "{leaves:?}");
    // Two strangers who vouch for each other.
    let mut rehearsal = three();
    let chain = rehearsal.chain();
    let mut next = Rehearsal::next(&chain);
    let keys = [1, 2].map(|n| SigningKey::from_bytes(&[n; 32]));
    let pair = [0, 1].map(|n: usize| ReaderPub {
        signing: keys[n].verifying_key(),
        ..rehearsal.newcomer(Role::Reviewer)
    });
    for reader in &pair {
        rehearsal.admit(&chain, &mut next, reader, &[]);
    }
    for (of, by) in [(0, 1), (1, 0)] {
        let vouch = SignedVouch::sign(&chain, &pair[of], pair[by].id, &keys[by]);
        assert_eq!(vouch.err(), Some(KeyringError::NotAVoucher { id: pair[by].id }));
        let (reader, voucher) = (pair[of].id, pair[by].id);
        let text = chain.vouch(&pair[of]).to_text();
        let signature = ed25519_dalek::Signer::sign(&keys[by], text.as_bytes());
        next.vouches.push(VouchLine { reader, voucher, signature });
    }
    next.sort_vouches();
    let refused = chain.extend(&rehearsal.sign(next.to_text(), &[0, 1, 2]).to_text()).err();
    assert!(matches!(refused, Some(KeyringError::VouchOutOfPlace { .. })), "{refused:?}");
}

#[test]
fn a_vouch_line_for_nobody_new_or_out_of_order_is_refused() {
    let misplaced = |edit: fn(&mut Keyring)| {
        let refused = second(Role::Reviewer, &[0, 1], |k, _| edit(k)).err();
        assert!(matches!(refused, Some(KeyringError::VouchOutOfPlace { .. })), "{refused:?}");
    };
    misplaced(|k| k.vouches.reverse());
    misplaced(|k| k.vouches[0].reader = k.readers[2].id);
    misplaced(|k| drop(k.readers.pop()));
    misplaced(|k| k.vouches[1].voucher = k.readers[3].id);
    // The epoch after carries the vouches of the one before no further.
    let chain = second(Role::Reviewer, &[0, 1], |_, _| ()).unwrap();
    let mut next = Rehearsal::next(&chain);
    next.vouches = chain.current().get().vouches.clone();
    let refused = chain.extend(&three().sign(next.to_text(), &[0, 1]).to_text()).err();
    assert!(matches!(refused, Some(KeyringError::VouchOutOfPlace { .. })), "{refused:?}");
}

#[test]
fn a_single_reader_vouches_alone() {
    let mut rehearsal = Rehearsal::new(&[Role::Guardian]);
    let chain = rehearsal.chain();
    assert_eq!(chain.vouches_needed(), 1);
    let reader = rehearsal.newcomer(Role::Guardian);
    let mut next = Rehearsal::next(&chain);
    rehearsal.admit(&chain, &mut next, &reader, &[]);
    let refused = chain.extend(&rehearsal.sign(next.to_text(), &[0, 1]).to_text()).err();
    let few = KeyringError::TooFewVouches { id: reader.id, needed: 1, found: 0 };
    assert_eq!(refused, Some(few));
    let mut next = Rehearsal::next(&chain);
    rehearsal.admit(&chain, &mut next, &reader, &[0]);
    assert!(chain.extend(&rehearsal.sign(next.to_text(), &[0, 1]).to_text()).is_ok());
}

#[test]
fn the_note_of_a_vouch_is_read_back_and_refused_when_it_is_not_the_reader_s() {
    let mut rehearsal = three();
    let chain = rehearsal.chain();
    let reader = rehearsal.newcomer(Role::Reviewer);
    let (voucher, key) = (rehearsal.keyring.readers[1].id, rehearsal.signing[1].clone());
    let vouch = SignedVouch::sign(&chain, &reader, voucher, &key).unwrap();
    let text = vouch.to_text();
    let read = SignedVouch::parse(&text).unwrap();
    assert!(read == vouch && read.verify(&chain).is_ok());
    assert_eq!(read.file(), format!("vouch-{}-{voucher}.note", reader.id));
    let other = rehearsal.keyring.readers[2].id;
    let claimed = text.replace(&format!("\u{2014} {voucher}"), &format!("\u{2014} {other}"));
    let refused = SignedVouch::parse(&claimed).unwrap().verify(&chain).err();
    assert_eq!(refused, Some(KeyringError::WrongVouch { reader: reader.id, voucher: other }));
    let edited = text.replace("reviewer", "guardian");
    let refused = SignedVouch::parse(&edited).unwrap().verify(&chain).err();
    assert_eq!(refused, Some(KeyringError::WrongVouch { reader: reader.id, voucher }));
    // The same signature under a line that names another key.
    let mut renamed = SignedNote::new(vouch.vouch().to_text()).unwrap();
    renamed.sign(&KeyName::parse("somebody").unwrap(), &key);
    let named = renamed.to_text().replace("somebody", &voucher.to_string());
    let refused = SignedVouch::parse(&named).unwrap().verify(&chain).err();
    assert_eq!(refused, Some(KeyringError::NoProof { what: "vouch" }));
    renamed.sign(&KeyName::parse(&voucher.to_string()).unwrap(), &key);
    let two = SignedVouch::parse(&renamed.to_text()).err();
    assert_eq!(two, Some(KeyringError::NoProof { what: "vouch" }));
    let unsigned = SignedVouch::parse(&vouch.vouch().to_text()).err();
    assert_eq!(unsigned, Some(KeyringError::Note(NoteError::NoSignatures)));
}

#[test]
fn a_vouch_is_for_the_newest_keyring_of_this_organisation_and_for_a_stranger() {
    let mut rehearsal = three();
    let chain = rehearsal.chain();
    let (voucher, key) = (rehearsal.keyring.readers[0].id, rehearsal.signing[0].clone());
    let reader = rehearsal.newcomer(Role::Reviewer);
    let vouch = SignedVouch::sign(&chain, &reader, voucher, &key).unwrap();
    let later = chain.extend(&rehearsal.sign(Rehearsal::next(&chain).to_text(), &[0, 1]).to_text());
    let refused = vouch.verify(&later.unwrap()).err();
    assert_eq!(refused, Some(KeyringError::VouchOfOtherKeyring { voucher }));
    let known = rehearsal.keyring.readers[2].public();
    let refused = SignedVouch::sign(&chain, &known, voucher, &key).err();
    assert_eq!(refused, Some(KeyringError::ReaderTwice { id: known.id }));
    let borrowed = ReaderPub { recipient: known.recipient, ..reader.clone() };
    let refused = SignedVouch::sign(&chain, &borrowed, voucher, &key).err();
    assert_eq!(refused, Some(KeyringError::KeyUsedBefore { id: reader.id, epoch: 1 }));
    rehearsal.keyring.organisation = "Another".into();
    let refused = vouch.verify(&rehearsal.chain()).err();
    assert!(matches!(refused, Some(KeyringError::OtherOrganisation { .. })), "{refused:?}");
}
