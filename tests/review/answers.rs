//! Answers of witnesses as `review watch` counts them: whose they are has to be proven.

use data_encoding::BASE64;
use ed25519_dalek::SigningKey;
use sandyk::{id::TestimonyId, keyring::Role::Guardian, sealed::Cover};

use crate::room::{Room, Sent};

/// The witness whose receipt signs in these tests.
fn witness() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

pub fn signed_first(room: &mut Room, risk: &str) -> TestimonyId {
    let key = BASE64.encode(witness().verifying_key().as_bytes());
    room.receive_as(&Sent { risk, ..Sent::default() }, |_| (), |cover| cover.witness = key)
}

/// What the witness of `first` sends after it.
pub fn signed_answer(room: &mut Room, first: TestimonyId, risk: &str) -> TestimonyId {
    let key = BASE64.encode(witness().verifying_key().as_bytes());
    let sign = |cover: &mut Cover| {
        cover.witness = key;
        cover.sign(&witness());
    };
    let sent = Sent { risk, continues: Some(first), ..Sent::default() };
    room.receive_as(&sent, |_| (), sign)
}

#[test]
fn only_what_the_same_witness_is_proven_to_have_sent_counts_as_an_answer() {
    let mut room = Room::new(&[Guardian]);
    let first = signed_first(&mut room, "none");
    let expect = |room: &Room, new: u64, answers: u64| {
        let json = room.json(0, &["watch", "--once"]);
        assert_eq!((&json["new"], &json["answers"]), (&new.into(), &answers.into()), "{json}");
    };
    // It says so, and nobody signed it.
    let sent = Sent { risk: "none", continues: Some(first), ..Sent::default() };
    room.receive(&sent);
    expect(&room, 2, 0);
    // Somebody else signed it, under the right name and under the own.
    let other = SigningKey::from_bytes(&[6; 32]);
    for named in [&witness(), &other] {
        let key = BASE64.encode(named.verifying_key().as_bytes());
        let sign = |cover: &mut Cover| {
            cover.witness = key;
            cover.sign(&other);
        };
        room.receive_as(&sent, |_| (), sign);
    }
    expect(&room, 4, 0);
    let answer = signed_answer(&mut room, first, "none");
    expect(&room, 4, 1);
    signed_answer(&mut room, answer, "none");
    expect(&room, 4, 2);
}
