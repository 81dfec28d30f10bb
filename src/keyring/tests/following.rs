//! Who may go, what never comes back, and what only prolongs.

use crate::{
    keyring::{
        Chain, Keyring, KeyringError, Reader, Role,
        testing::{Rehearsal, root},
    },
    note::{KeyName, NamedKey},
};

fn three() -> Rehearsal {
    Rehearsal::new(&[Role::Guardian, Role::Reviewer, Role::Reviewer])
}

fn extend(chain: &Chain, rehearsal: &Rehearsal, next: &Keyring) -> Result<Chain, KeyringError> {
    chain.extend(&rehearsal.sign(next.to_text(), &[0, 1]).to_text())
}

/// The chain after its second keyring, in which the reader of the last place is gone.
fn without_the_last() -> (Rehearsal, Chain) {
    let rehearsal = three();
    let mut next = Rehearsal::next(&rehearsal.chain());
    next.readers.pop();
    let chain = extend(&rehearsal.chain(), &rehearsal, &next).unwrap();
    (rehearsal, chain)
}

#[test]
fn whoever_was_retired_comes_back_neither_by_id_nor_by_key() {
    let (mut rehearsal, chain) = without_the_last();
    let gone = rehearsal.keyring.readers[2].clone();
    let fresh = rehearsal.newcomer(Role::Reviewer);
    let back = |reader: Reader| {
        let mut next = Rehearsal::next(&chain);
        next.readers.push(Reader { since: 3, ..reader });
        extend(&chain, &rehearsal, &next).err().unwrap()
    };
    let id = gone.id;
    assert_eq!(back(gone.clone()), KeyringError::IdUsedBefore { id, epoch: 1 });
    let key = KeyringError::KeyUsedBefore { id: fresh.id, epoch: 1 };
    assert_eq!(back(Reader { id: fresh.id, signing: fresh.signing, ..gone.clone() }), key);
    assert_eq!(back(Reader { id: fresh.id, recipient: fresh.recipient, ..gone }), key);
}

#[test]
fn a_key_passes_neither_from_root_to_reader_nor_from_reader_to_root() {
    let (mut rehearsal, chain) = without_the_last();
    let mut newcomer = rehearsal.newcomer(Role::Reviewer);
    newcomer.signing = rehearsal.roots[2].0.key;
    let mut next = Rehearsal::next(&chain);
    next.roots[2] = root("root-4", &mut rehearsal.rng).0;
    rehearsal.admit(&chain, &mut next, &newcomer, &[]);
    let refused = chain.check_next(&next).err();
    assert_eq!(refused, Some(KeyringError::KeyUsedBefore { id: newcomer.id, epoch: 1 }));
    let renamed = |name: &str, key| {
        let mut next = Rehearsal::next(&chain);
        let name = KeyName::parse(name).unwrap();
        next.roots[2] = NamedKey { name, key };
        chain.check_next(&next)
    };
    let used = |name: &str| KeyringError::RootUsedBefore { name: name.into(), epoch: 1 };
    let was_a_reader = renamed("root-4", rehearsal.keyring.readers[2].signing);
    assert_eq!(was_a_reader, Err(used("root-4")));
    assert_eq!(renamed("root-9", rehearsal.roots[2].0.key), Err(used("root-9")));
    assert_eq!(renamed("root-3", rehearsal.roots[2].0.key), Ok(()));
}

#[test]
fn somebody_who_can_open_what_was_sealed_before_must_stay() {
    let mut rehearsal = Rehearsal::new(&[Role::Guardian, Role::Reviewer, Role::Guardian]);
    let chain = rehearsal.chain();
    let stranger = rehearsal.newcomer(Role::Guardian);
    let with_only = |places: &[usize]| {
        let mut next = Rehearsal::next(&chain);
        next.readers = places.iter().map(|n| rehearsal.keyring.readers[*n].clone()).collect();
        rehearsal.admit(&chain, &mut next, &stranger, &[]);
        chain.check_next(&next).err().unwrap()
    };
    assert_eq!(with_only(&[]), KeyringError::NoLivingReader { epoch: 2 });
    assert_eq!(with_only(&[1]), KeyringError::NoLivingGuardian { epoch: 2 });
    assert!(matches!(with_only(&[2]), KeyringError::TooFewVouches { .. }));
    let mut next = Rehearsal::next(&chain);
    next.readers.retain(|reader| reader.id == rehearsal.keyring.readers[2].id);
    assert_eq!(chain.check_next(&next), Ok(()));
}

#[test]
fn a_renewal_changes_nothing_but_the_end_which_it_puts_off() {
    let (rehearsal, chain) = without_the_last();
    let check = |edit: fn(&mut Keyring)| {
        let mut next = Rehearsal::next(&chain);
        edit(&mut next);
        chain.check_renewal(&next)
    };
    assert_eq!(check(|_| ()), Ok(()));
    let refused = Err(KeyringError::NotARenewal { epoch: 3 });
    assert_eq!(check(|k| drop(k.readers.pop())), refused);
    assert_eq!(check(|k| k.threshold = 1), refused);
    assert_eq!(check(|k| k.roots.swap(0, 1)), refused);
    assert_eq!(check(|k| k.readers.swap(0, 1)), refused);
    assert_eq!(check(|k| k.not_after = k.not_after.plus_days(-180)), refused);
    assert_eq!(check(|k| k.not_after = k.not_after.plus_days(-181)), refused);
    assert!(matches!(check(|k| k.salt.0[0] ^= 1), Err(KeyringError::SaltChanged)));
    assert!(matches!(check(|k| k.epoch = 4), Err(KeyringError::EpochSkipped { .. })));
    // A second one ahead follows from the first; any other keyring voids both.
    let first = extend(&chain, &rehearsal, &Rehearsal::next(&chain)).unwrap();
    let second = Rehearsal::next(&first);
    assert_eq!(first.check_renewal(&second), Ok(()));
    let mut other = Rehearsal::next(&chain);
    other.readers.pop();
    let other = extend(&chain, &rehearsal, &other).unwrap();
    let forked = other.extend(first.notes().last().unwrap()).err();
    assert_eq!(forked, Some(KeyringError::EpochForked { epoch: 3 }));
    let void = extend(&other, &rehearsal, &second).err();
    assert_eq!(void, Some(KeyringError::PreviousDiffers { epoch: 4 }));
}

#[test]
fn a_renewal_published_before_its_time_is_used_by_nobody() {
    let (rehearsal, chain) = without_the_last();
    let today = crate::keyring::testing::day("2026-11-22");
    let first = extend(&chain, &rehearsal, &Rehearsal::next(&chain)).unwrap();
    let early = first.usable(today).err();
    assert!(matches!(early, Some(KeyringError::TooLongLived { .. })), "{early:?}");
    assert!(first.usable(today.plus_days(200)).is_ok());
}
