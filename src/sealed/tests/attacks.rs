//! What a server, a thief of a disk or a hostile sealer may try.

use super::*;
use crate::sealed::open::{Part, open_with};

type Damage = dyn Fn(&[u8]) -> Vec<u8>;
type Forgery = dyn FnOnce(&mut Cover);

fn two() -> (Person, Whole, Whole) {
    let guardian = Person::new(Role::Guardian, 2);
    let one = whole(1, &[&guardian], &[("a", "b", b"one")]);
    let two = whole(2, &[&guardian], &[("a", "b", b"two")]);
    (guardian, one, two)
}

#[test]
fn parts_of_two_testimonies_do_not_mix() {
    let (guardian, one, two) = two();
    let (key, cover) = one.opened_cover(&guardian).unwrap();
    let names = one.names_key(&guardian).unwrap();
    let refused = cover.open_account(&key, &two.account).err().unwrap();
    assert!(matches!(refused, OpenError::NotUnderThisCover(Part::Account)), "{refused:?}");
    let refused = cover.open_identity(&names, &two.identity).err().unwrap();
    assert!(matches!(refused, OpenError::NotUnderThisCover(Part::Identity)), "{refused:?}");
    let refused = cover.open_exhibits(&key, Cursor::new(&two.exhibits)).err().unwrap();
    assert!(matches!(refused, OpenError::NotUnderThisCover(Part::Exhibits)), "{refused:?}");
    let refused = key.open_cover(&two.cover, one.id).err().unwrap();
    assert!(matches!(refused, OpenError::NotForThisKey), "{refused:?}");
}

#[test]
fn a_whole_testimony_under_the_id_of_another_is_refused() {
    let (guardian, one, two) = two();
    let key = two.account_key(&guardian).unwrap();
    let refused = key.open_cover(&two.cover, one.id).err().unwrap();
    assert!(matches!(refused, OpenError::OtherTestimony), "{refused:?}");
}

#[test]
fn envelopes_of_another_testimony_or_part_open_nothing() {
    let (guardian, one, two) = two();
    let key = two.account_key(&guardian).unwrap();
    let refused = key.open_cover(&one.cover, one.id).err().unwrap();
    assert!(matches!(refused, OpenError::NotForThisKey), "{refused:?}");
    // A server hands a guardian the account envelope where the identity envelope belongs.
    let swapped = Sealed::from_bytes(one.envelopes[0].account.as_bytes().to_vec());
    let names = guardian.identity.open_identity_envelope(&swapped).unwrap();
    let (_, cover) = one.opened_cover(&guardian).unwrap();
    let refused = cover.open_identity(&names, &one.identity).err().unwrap();
    assert!(matches!(refused, OpenError::NotForThisKey), "{refused:?}");
}

#[test]
fn a_cover_changed_anywhere_does_not_open() {
    let (guardian, one, _) = two();
    let key = one.account_key(&guardian).unwrap();
    let file = one.cover.as_bytes();
    for at in (0..file.len()).step_by(7).chain([file.len() - 1]) {
        let mut changed = file.to_vec();
        changed[at] ^= 0x20;
        let changed = Sealed::from_bytes(changed);
        assert!(key.open_cover(&changed, one.id).is_err(), "byte {at}");
    }
    let mut changed = file.to_vec();
    *changed.last_mut().unwrap() ^= 1;
    let refused = key.open_cover(&Sealed::from_bytes(changed), one.id).err().unwrap();
    assert!(matches!(refused, OpenError::Altered), "{refused:?}");
}

#[test]
fn a_reply_address_changed_by_someone_without_the_keys_does_not_open() {
    let (guardian, mut one, _) = two();
    let attacker = HybridIdentity::generate(&mut rand::rngs::OsRng);
    // The attacker knows everything that is public and reseals the cover to keys of their own.
    let mut cover = one.binding.clone();
    cover.reply = attacker.recipient().to_string();
    let own = TestimonyKeys::generate(crate::recipient::Kind::PostQuantum, &mut rand::rngs::OsRng);
    let (recipients, _) = own.into_envelopes_for(std::slice::from_ref(&guardian.reader)).unwrap();
    one.cover = recipients.seal_cover(&cover).unwrap();
    let refused = one.opened_cover(&guardian).err().unwrap();
    assert!(matches!(refused, OpenError::NotForThisKey), "{refused:?}");
    // To the reader's own recipient it does not open either: only the testimony's key opens it.
    let json = serde_json::to_vec(&cover).unwrap();
    let to = std::slice::from_ref(&guardian.reader.recipient);
    one.cover = Sealed::from_bytes(seal_to(to, &json).unwrap());
    let refused = one.opened_cover(&guardian).err().unwrap();
    assert!(matches!(refused, OpenError::NotForThisKey), "{refused:?}");
}

#[test]
fn a_part_that_was_changed_or_cut_is_refused_before_it_is_opened() {
    let (guardian, one, _) = two();
    let (key, cover) = one.opened_cover(&guardian).unwrap();
    let names = one.names_key(&guardian).unwrap();
    let cut = |bytes: &[u8]| bytes[..bytes.len() - 1].to_vec();
    let flip = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        bytes
    };
    let changes: [&Damage; 3] = [&cut, &flip, &|_| Vec::new()];
    for change in changes {
        let account = Sealed::from_bytes(change(one.account.as_bytes()));
        let refused = cover.open_account(&key, &account).err().unwrap();
        assert!(matches!(refused, OpenError::NotUnderThisCover(Part::Account)), "{refused:?}");
        let identity = Sealed::from_bytes(change(one.identity.as_bytes()));
        let refused = cover.open_identity(&names, &identity).err().unwrap();
        assert!(matches!(refused, OpenError::NotUnderThisCover(Part::Identity)), "{refused:?}");
        let exhibits = change(&one.exhibits);
        let refused = cover.open_exhibits(&key, Cursor::new(exhibits)).err().unwrap();
        assert!(matches!(refused, OpenError::NotUnderThisCover(Part::Exhibits)), "{refused:?}");
    }
}

#[test]
fn a_cut_file_is_called_cut_off_or_altered_wherever_it_is_cut() {
    let (guardian, one, _) = two();
    let key = one.account_key(&guardian).unwrap();
    let file = one.cover.as_bytes();
    for length in (0..file.len()).step_by(13) {
        let cut = Sealed::from_bytes(file[..length].to_vec());
        let refused = key.open_cover(&cut, one.id).err().unwrap();
        let named =
            matches!(refused, OpenError::Truncated | OpenError::Altered | OpenError::NotAnAgeFile);
        assert!(named, "{length}: {refused:?}");
    }
}

#[test]
fn a_cover_that_is_not_well_formed_is_refused_by_name() {
    let (guardian, mut one, _) = two();
    one.reseal_cover(|cover| cover.schema = "cover/2".to_owned());
    let refused = one.opened_cover(&guardian).err().unwrap();
    assert!(matches!(refused, OpenError::UnknownSchema), "{refused:?}");
    let classic = age::x25519::Identity::generate().to_public().to_string();
    let changes: [Box<Forgery>; 4] = [
        Box::new(move |cover| cover.reply = classic),
        Box::new(|cover| cover.reply.clear()),
        Box::new(|cover| cover.witness = "A".repeat(43) + "="),
        Box::new(|cover| cover.witness = "short".to_owned()),
    ];
    for change in changes {
        let (guardian, mut one, _) = two();
        one.reseal_cover(|cover| cover.schema = Cover::SCHEMA.to_owned());
        one.reseal_cover(change);
        let refused = one.opened_cover(&guardian).err().unwrap();
        assert!(matches!(refused, OpenError::Malformed(Part::Cover)), "{refused:?}");
    }
    let to = std::slice::from_ref(&one.recipients.reviewers);
    one.cover =
        Sealed::from_bytes(seal_to(to, &serde_json::to_vec(&one.binding).unwrap()).unwrap());
    let refused = one.opened_cover(&guardian).err().unwrap();
    assert!(matches!(refused, OpenError::WrongSize(Part::Cover)), "{refused:?}");
    one.cover = Sealed::from_bytes(seal_to(to, &[b' '; 4097]).unwrap());
    let refused = one.opened_cover(&guardian).err().unwrap();
    assert!(matches!(refused, OpenError::TooLarge { limit: 4096 }), "{refused:?}");
}

#[test]
fn an_envelope_without_a_key_says_so() {
    let guardian = Person::new(Role::Guardian, 2);
    let to = std::slice::from_ref(&guardian.reader.recipient);
    let key = HybridIdentity::generate(&mut rand::rngs::OsRng).to_secret_text();
    for inside in ["", "words\n", key.expose(), &format!("{}\n\n", key.expose())] {
        let envelope = Sealed::from_bytes(seal_to(to, inside.as_bytes()).unwrap());
        let refused = guardian.identity.open_account_envelope(&envelope).err().unwrap();
        assert!(matches!(refused, OpenError::NoKeyInside), "{inside:?} {refused:?}");
    }
}

#[test]
fn nothing_larger_than_asked_for_is_opened() {
    let identity = HybridIdentity::generate(&mut rand::rngs::OsRng);
    let sealed = seal_to(&[identity.recipient()], &[0; 1000]).unwrap();
    assert_eq!(open_with(&identity, &sealed, 1000).unwrap().len(), 1000);
    for limit in [0, 1, 999] {
        let refused = open_with(&identity, &sealed, limit).err().unwrap();
        assert!(matches!(refused, OpenError::TooLarge { .. }), "{limit}: {refused:?}");
    }
    let refused = open_with(&identity, b"not age", 10).err().unwrap();
    assert!(matches!(refused, OpenError::NotAnAgeFile | OpenError::Truncated), "{refused:?}");
    let nobody: [crate::recipient::Recipient; 0] = [];
    assert!(matches!(seal_to(&nobody, b"words"), Err(SealError::NoReaders)));
}

#[test]
fn a_key_of_the_other_kind_does_not_come_out_of_an_envelope() {
    use crate::recipient::{AgeIdentity, Kind};
    let mut rng = rand::rngs::OsRng;
    for own in [Kind::PostQuantum, Kind::Classic] {
        let reader = ReadingIdentity::new(AgeIdentity::generate(own, &mut rng));
        for inside in [Kind::PostQuantum, Kind::Classic] {
            let text = AgeIdentity::generate(inside, &mut rng).to_secret_text();
            let line = format!("{}\n", text.expose());
            let sealed =
                seal_to(std::slice::from_ref(reader.recipient()), line.as_bytes()).unwrap();
            let opened = reader.open_account_envelope(&Sealed::from_bytes(sealed));
            match opened.err() {
                None => assert_eq!(inside, own),
                Some(OpenError::NoKeyInside) => assert_ne!(inside, own),
                Some(other) => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_reader_of_the_other_kind_is_not_sealed_to() {
    use crate::recipient::Kind;
    let guardian = Person::new(Role::Guardian, 2).reader;
    let mut rng = rand::rngs::OsRng;
    let keys = TestimonyKeys::generate(Kind::Classic, &mut rng);
    let readers = std::slice::from_ref(&guardian);
    assert!(matches!(keys.into_envelopes_for(readers), Err(SealError::BadRecipient)));
    let keys = TestimonyKeys::generate(Kind::PostQuantum, &mut rng);
    assert!(keys.into_envelopes_for(readers).is_ok());
}
