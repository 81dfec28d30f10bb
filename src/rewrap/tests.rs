//! Which batches count, and which do not.

use super::*;
use crate::{
    digest::Digest,
    keyring::{Role, testing::Rehearsal},
};

fn sealed(n: u8) -> Vec<u8> {
    [b"age-encryption.org/v1\n".as_slice(), &[n; 40]].concat()
}

/// A guardian (0), a reviewer (1), a guardian (2) and the first keyring.
fn rehearsal() -> Rehearsal {
    Rehearsal::new(&[Role::Guardian, Role::Reviewer, Role::Guardian])
}

fn batch(rehearsal: &Rehearsal, by: usize, to: usize, of: EnvelopeOf) -> Batch {
    let readers = &rehearsal.keyring.readers;
    let thing = ThingId::from_bytes([1; 16]);
    let place = Place { thing, of, reader: readers[to].id };
    Batch {
        organisation: rehearsal.keyring.organisation.clone(),
        keyring: rehearsal.chain().current_digest(),
        by: readers[by].id,
        made: vec![Made { place, sha256: Digest::of(&sealed(1)) }],
        broken: Vec::new(),
    }
}

#[test]
fn a_batch_comes_back_from_its_file_as_it_was() {
    let rehearsal = rehearsal();
    let mut batch = batch(&rehearsal, 0, 2, EnvelopeOf::Identity);
    let own = Place { reader: batch.by, ..batch.made[0].place };
    batch.broken.push(Made { place: own, sha256: Digest::NONE });
    let signed = SignedBatch::sign(batch.clone(), &rehearsal.signing[0]).unwrap();
    let file = BatchFile::new(signed, vec![sealed(1)]).unwrap();
    let mut bytes = file.to_bytes().unwrap();
    bytes.resize(BATCH_BYTES, b' ');
    let (signed, envelopes) = BatchFile::parse(&bytes).unwrap().into_parts();
    assert_eq!(signed.verify(&rehearsal.chain()), Ok(&batch));
    assert_eq!(envelopes, [sealed(1)]);
    bytes.push(b' ');
    assert_eq!(BatchFile::parse(&bytes).err(), Some(BatchError::TooLarge));
}

#[test]
fn who_may_make_which_envelope_for_whom() {
    let rehearsal = rehearsal();
    let chain = rehearsal.chain();
    let verify = |batch: Batch, key: usize| {
        let signed = SignedBatch::sign(batch, &rehearsal.signing[key]).unwrap();
        signed.verify(&chain).map(drop)
    };
    let made = |by, to, of| verify(batch(&rehearsal, by, to, of), by);
    assert_eq!(made(1, 2, EnvelopeOf::Account), Ok(()), "a reviewer for a guardian");
    assert_eq!(made(1, 0, EnvelopeOf::CasebookKey), Ok(()));
    assert_eq!(made(0, 2, EnvelopeOf::Identity), Ok(()), "names, among guardians");
    assert_eq!(made(1, 2, EnvelopeOf::Identity), Err(BatchError::NotForThem), "by a reviewer");
    assert_eq!(made(0, 1, EnvelopeOf::Identity), Err(BatchError::NotForThem), "for a reviewer");
    let of = |change: fn(&mut Batch)| {
        let mut batch = batch(&rehearsal, 0, 1, EnvelopeOf::Account);
        change(&mut batch);
        verify(batch, 0)
    };
    assert_eq!(of(|b| b.made[0].place.reader = ReaderId::from_bytes([9; 16])), NOT_FOR_THEM);
    assert_eq!(of(|b| b.organisation = "Other".into()), Err(BatchError::Organisation));
    assert_eq!(of(|b| b.keyring = Digest::NONE), Err(BatchError::OtherKeyring));
    assert_eq!(of(|b| b.by = ReaderId::from_bytes([9; 16])), Err(BatchError::NotAReader));
    let others = verify(batch(&rehearsal, 0, 1, EnvelopeOf::Account), 1);
    assert!(others.is_err(), "in another's name");
}

#[test]
fn a_batch_made_before_a_rotation_counts_for_nothing_after_it() {
    let rehearsal = rehearsal();
    let signed =
        SignedBatch::sign(batch(&rehearsal, 0, 1, EnvelopeOf::Account), &rehearsal.signing[0])
            .unwrap();
    let chain = rehearsal.chain();
    assert!(signed.verify(&chain).is_ok());
    let next = Rehearsal::next(&chain);
    let next = rehearsal.sign(next.to_text(), &[0, 1]).to_text();
    let chain = chain.extend(&next).unwrap();
    assert_eq!(signed.verify(&chain), Err(BatchError::OtherKeyring));
}

#[test]
fn a_batch_has_one_spelling_and_the_envelopes_that_were_signed() {
    let rehearsal = rehearsal();
    let good = batch(&rehearsal, 0, 1, EnvelopeOf::Account);
    let text = good.to_text();
    assert_eq!(Batch::parse(&text), Ok(good.clone()));
    for wrong in [
        text.replace("rewrap v1", "rewrap v2"),
        text.replace("envelope ", "envelope  "),
        format!("{text}{}", text.lines().last().unwrap()),
        format!("{text}{}\n", text.lines().last().unwrap()),
        text.replace("account", "exhibits"),
        text.replace("envelope ", "broken "),
    ] {
        assert_eq!(Batch::parse(&wrong), Err(BatchError::Shape), "{wrong}");
    }
    let signed = SignedBatch::sign(good, &rehearsal.signing[0]).unwrap();
    for envelopes in [vec![], vec![sealed(2)], vec![sealed(1), sealed(1)]] {
        let file = BatchFile::new(signed.clone(), envelopes);
        assert_eq!(file.err(), Some(BatchError::OtherEnvelope));
    }
}

const NOT_FOR_THEM: Result<(), BatchError> = Err(BatchError::NotForThem);
