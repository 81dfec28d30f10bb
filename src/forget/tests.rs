//! Who can have something forgotten, and who cannot.

use ed25519_dalek::SigningKey;

use super::*;
use crate::{
    id::TestimonyId,
    keyring::{
        Chain, Role,
        testing::{Rehearsal, day},
    },
    note::{KeyName, NoteError},
};

const THREE: [Role; 3] = [Role::Reviewer, Role::Guardian, Role::Guardian];

fn order(chain: &Chain) -> Order {
    Order {
        organisation: chain.current().get().organisation.clone(),
        testimony: TestimonyId::from_bytes([5; 16]),
        leaf: Digest::of(b"leaf"),
        reason: Reason::Withdrawn,
        day: day("2026-11-22"),
        keyring: chain.current_digest(),
    }
}

/// The order of this chain, signed by the readers and roots of these places.
fn signed(house: &Rehearsal, chain: &Chain, readers: &[usize], roots: &[usize]) -> SignedOrder {
    let mut signed = SignedOrder::new(order(chain)).unwrap();
    for place in readers {
        let id = house.keyring.readers[*place].id;
        signed.sign_as_guardian(id, &house.signing[*place]).unwrap();
    }
    for place in roots {
        let (named, key) = &house.roots[*place];
        signed.note().sign(&named.name, key);
    }
    signed
}

#[test]
fn two_guardians_count_and_nobody_less() {
    let house = Rehearsal::new(&THREE);
    let chain = house.chain();
    let valid = signed(&house, &chain, &[1, 2], &[]).check(&chain, 1).unwrap();
    assert_eq!((valid.by(), valid.order()), (Authority::TwoGuardians, &order(&chain)));
    let one = signed(&house, &chain, &[1], &[]);
    assert_eq!(one.check(&chain, 1), Err(ForgetError::TooFew));
    let twice = signed(&house, &chain, &[1, 1], &[]);
    assert_eq!(twice.check(&chain, 1), Err(ForgetError::TooFew));
    let with_roots = signed(&house, &chain, &[1], &[0, 1, 2]);
    assert_eq!(with_roots.check(&chain, 1), Err(ForgetError::TooFew), "there are two guardians");
    let roots = signed(&house, &chain, &[], &[0, 1, 2]);
    assert_eq!(roots.check(&chain, 1), Err(ForgetError::TooFew));
    let reviewer = signed(&house, &chain, &[0, 1], &[]);
    assert_eq!(reviewer.check(&chain, 1), Err(ForgetError::Stranger));
}

#[test]
fn the_only_guardian_needs_a_root() {
    let house = Rehearsal::new(&[Role::Guardian, Role::Reviewer]);
    let chain = house.chain();
    let valid = signed(&house, &chain, &[0], &[2]).check(&chain, 1).unwrap();
    assert_eq!(valid.by(), Authority::GuardianAndRoot);
    for (readers, roots) in [(&[0][..], &[][..]), (&[], &[0, 1]), (&[], &[0])] {
        let short = signed(&house, &chain, readers, roots);
        assert_eq!(short.check(&chain, 1), Err(ForgetError::TooFew), "{readers:?} {roots:?}");
    }
}

#[test]
fn a_foreign_or_edited_signature_refuses_the_whole_order() {
    let house = Rehearsal::new(&THREE);
    let chain = house.chain();
    let whole = signed(&house, &chain, &[1, 2], &[]);
    let mut foreign = whole.clone();
    let device = SigningKey::from_bytes(&[9; 32]);
    foreign.note().sign(&KeyName::parse("device").unwrap(), &device);
    assert_eq!(foreign.check(&chain, 1), Err(ForgetError::Stranger));
    // A device key under a guardian's name is not that guardian.
    let mut posing = signed(&house, &chain, &[1], &[]);
    posing.sign_as_guardian(house.keyring.readers[2].id, &device).unwrap();
    assert_eq!(posing.check(&chain, 1), Err(ForgetError::Stranger));
    let other = TestimonyId::from_bytes([6; 16]).to_string();
    let edited = whole.to_text().replace(&whole.order().testimony.to_string(), &other);
    let refused = SignedOrder::parse(&edited).unwrap().check(&chain, 1);
    assert!(matches!(refused, Err(ForgetError::Note(NoteError::WrongSignature { .. }))));
}

#[test]
fn who_is_no_guardian_any_more_orders_nothing() {
    let house = Rehearsal::new(&THREE);
    let first = house.chain();
    let old = signed(&house, &first, &[1, 2], &[]);
    let mut next = Rehearsal::next(&first);
    let third = next.readers.remove(2);
    let chain = first.extend(&house.sign(next.to_text(), &[0, 1]).to_text()).unwrap();
    assert!(old.check(&chain, 1).is_ok(), "under its own keyring it counted");
    assert_eq!(old.check(&chain, 2), Err(ForgetError::Stranger));
    let by_root = signed(&house, &first, &[1], &[0]).check(&chain, 2).unwrap();
    assert_eq!(by_root.by(), Authority::GuardianAndRoot, "only one guardian is left");
    assert_eq!(third.role, Role::Guardian);
    let newer = signed(&house, &chain, &[1], &[0]);
    assert_eq!(newer.check(&chain, 1), Err(ForgetError::Keyring), "signed after that epoch");
    assert_eq!(newer.check(&chain, 3), Err(ForgetError::Keyring));
    assert_eq!(newer.check(&first, 1), Err(ForgetError::Keyring));
}

#[test]
fn an_order_has_one_spelling() {
    let house = Rehearsal::new(&THREE);
    let chain = house.chain();
    let text = order(&chain).to_text();
    assert_eq!(Order::parse(&text), Ok(order(&chain)));
    for wrong in [
        text.replace("withdrawn", "because of X"),
        text.replace("day ", "day  "),
        format!("{text}more\n"),
        text.replace("forget v1", "forget v2"),
        text.replacen("testimony", "Testimony", 1),
        String::new(),
    ] {
        assert_eq!(Order::parse(&wrong), Err(ForgetError::Shape), "{wrong}");
    }
    let broken = Order { organisation: "a\nb".to_owned(), ..order(&chain) };
    assert!(SignedOrder::new(broken).is_err());
    let long = format!("{text}{}\n\n\u{2014} a AAAAAAAA\n", "x".repeat(MAX_BYTES));
    assert_eq!(SignedOrder::parse(&long), Err(ForgetError::Shape));
}

#[test]
fn one_guardian_objects_and_nobody_else() {
    let house = Rehearsal::new(&THREE);
    let chain = house.chain();
    let objection = || Objection {
        organisation: house.keyring.organisation.clone(),
        order: order(&chain).digest(),
        day: day("2026-11-23"),
        keyring: chain.current_digest(),
    };
    let by = |place: usize, key: &SigningKey| {
        SignedObjection::sign(objection(), house.keyring.readers[place].id, key).unwrap()
    };
    let good = by(2, &house.signing[2]);
    let read = SignedObjection::parse(&good.to_text()).unwrap();
    assert_eq!(read.check(&chain, 1).unwrap().order_id(), order(&chain).id());
    assert_eq!(by(0, &house.signing[0]).check(&chain, 1), Err(ForgetError::Stranger), "a reviewer");
    assert_eq!(by(1, &house.signing[2]).check(&chain, 1), Err(ForgetError::Stranger), "posing");
    assert!(SignedOrder::parse(&good.to_text()).is_err(), "an objection is no order");
}

#[test]
fn a_mark_proves_itself_and_no_other_gap() {
    let house = Rehearsal::new(&THREE);
    let chain = house.chain();
    let mark = Mark::of(&signed(&house, &chain, &[1, 2], &[]), 1);
    let json = serde_json::to_vec(&mark).unwrap();
    assert!(json.starts_with(format!("{{\"kind\":\"{}\"", Mark::KIND).as_bytes()));
    assert_eq!(Mark::read(&json).unwrap().check(&chain).unwrap().order(), &order(&chain));
    let moved = Mark { id: TestimonyId::from_bytes([6; 16]), ..mark.clone() };
    assert_eq!(moved.check(&chain), Err(ForgetError::OtherTestimony));
    let other = Mark { leaf: Digest::of(b"other"), ..mark.clone() };
    assert_eq!(other.check(&chain), Err(ForgetError::OtherTestimony));
    let half = Mark::of(&signed(&house, &chain, &[1], &[]), 1);
    assert_eq!(half.check(&chain), Err(ForgetError::TooFew));
    let later = Mark { epoch: 2, ..mark };
    assert_eq!(later.check(&chain), Err(ForgetError::Keyring));
    assert!(Mark::read(b"{\"kind\":\"testimony\"}").is_none());
}

#[test]
fn the_wait_is_three_whole_days_and_never_shorter() {
    let ordered = day("2026-11-22");
    for (today, wait, over) in [
        ("2026-11-22", 3, false),
        ("2026-11-25", 3, false),
        ("2026-11-26", 3, true),
        ("2026-11-26", 0, true),
        ("2026-11-24", 0, false),
        ("2026-11-26", -9, true),
        ("2026-11-29", 7, false),
        ("2026-11-30", 7, true),
        ("2026-11-21", 3, false),
    ] {
        assert_eq!(is_over(ordered, day(today), wait), over, "{today} {wait}");
    }
}
