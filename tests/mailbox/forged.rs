//! A server that does what it likes with replies is seen by the page every time.

use rand::{Rng as _, rngs::OsRng};
use sandyk::{id::ReplyId, intake::mailbox::WhyForged, reply::SignedReply, wire::outbox::ReplyOut};

use super::{House, Witness, sealed_to};

const THEN: (&str, u32) = ("2026-W47", 1);

impl House {
    async fn planted(&self, at: &Witness, out: &ReplyOut) {
        self.plant(at.cover.lookup, out.id, THEN, &out.sealed.0).await;
    }

    fn signed(&self, reader: usize, to: &Witness, number: u32, text: &str) -> SignedReply {
        let reply = self.reply(reader, to, number, text);
        SignedReply::sign(reply, &self.reader(reader).signing).unwrap()
    }
}

/// What a mailbox shows of the honest reply.
fn good() -> (u32, String) {
    (1, "We have read it.".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_to_somebody_else_is_shown_as_forged() {
    let house = House::open();
    let (witness, other) = (house.witness().await, house.witness().await);
    let out = house.out(0, &witness, 1, "We have read it.");
    house.planted(&witness, &out).await;
    // As it is, in another mailbox: it does not even open there.
    house.planted(&other, &out).await;
    // Opened by a server that saw the receipt, and sealed anew to another witness.
    let resealed = sealed_to(&house.signed(0, &witness, 2, "For one person only."), &other);
    house.planted(&other, &resealed).await;
    // The other way: signed for another address than the one whose mailbox it lies in.
    let mut swapped = house.reply(0, &witness, 3, "The recipient was swapped.");
    swapped.recipient = sandyk::digest::Digest::of(other.cover.reply.as_bytes());
    let swapped = SignedReply::sign(swapped, &house.reader(0).signing).unwrap();
    house.planted(&witness, &sealed_to(&swapped, &witness)).await;
    let mut seen = house.seen(&other.receipt).await;
    seen.sort();
    assert_eq!(seen, [Err(WhyForged::Unreadable), Err(WhyForged::OtherMailbox)]);
    let mut seen = house.seen(&witness.receipt).await;
    seen.sort();
    assert_eq!(seen, [Ok(good()), Err(WhyForged::OtherMailbox)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_is_repeated_or_numbered_anew_is_shown_as_forged() {
    let house = House::open();
    let witness = house.witness().await;
    let out = house.out(0, &witness, 1, "We have read it.");
    house.planted(&witness, &out).await;
    let id = ReplyId::random(&mut OsRng);
    house.planted(&witness, &ReplyOut { id, ..out.clone() }).await;
    // The number is in what is signed: another one needs another signature.
    let text = house.signed(0, &witness, 1, "We have read it.").to_text();
    let renumbered = text.replace("\nnumber 1\n", "\nnumber 2\n");
    let renumbered = SignedReply::parse(&renumbered).unwrap();
    house.planted(&witness, &sealed_to(&renumbered, &witness)).await;
    // Two texts of one author under one number: the one that came later is not believed.
    let late = sealed_to(&house.signed(0, &witness, 1, "We have not read it."), &witness);
    house.plant(late.mailbox, late.id, ("2026-W48", 1), &late.sealed.0).await;
    let seen = house.seen(&witness.receipt).await;
    let count = |why| seen.iter().filter(|one| **one == Err(why)).count();
    assert_eq!(seen.iter().filter(|one| **one == Ok(good())).count(), 1);
    assert_eq!((count(WhyForged::Repeated), count(WhyForged::BadSignature)), (2, 1), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_by_who_is_no_reader_is_shown_as_forged() {
    let mut house = House::open();
    let witness = house.witness().await;
    house.planted(&witness, &house.out(0, &witness, 1, "We have read it.")).await;
    let stranger = ed25519_dalek::SigningKey::generate(&mut OsRng);
    let mut foreign = house.reply(0, &witness, 1, "From nobody.");
    foreign.by = sandyk::id::ReaderId::random(&mut OsRng);
    let foreign = SignedReply::sign(foreign, &stranger).unwrap();
    house.planted(&witness, &sealed_to(&foreign, &witness)).await;
    // The name of a reader, the key of somebody else.
    let posing = house.reply(1, &witness, 1, "In the name of another.");
    let posing = SignedReply::sign(posing, &stranger).unwrap();
    house.planted(&witness, &sealed_to(&posing, &witness)).await;
    // A keyring that is not in the chain.
    let mut unknown = house.reply(0, &witness, 4, "By a keyring of their own.");
    unknown.keyring = sandyk::digest::Digest::of(b"another keyring");
    let unknown = SignedReply::sign(unknown, &house.reader(0).signing).unwrap();
    house.planted(&witness, &sealed_to(&unknown, &witness)).await;

    let old = house.signed(0, &witness, 5, "By who was dropped, with the old keyring.");
    house.drop_first_reader();
    let new = house.signed(0, &witness, 6, "By who was dropped, with the new one.");
    for signed in [&old, &new] {
        let out = sealed_to(signed, &witness);
        house.plant(out.mailbox, out.id, ("2026-W48", 2), &out.sealed.0).await;
    }
    let seen = house.seen(&witness.receipt).await;
    let count = |why| seen.iter().filter(|one| **one == Err(why)).count();
    assert_eq!(count(WhyForged::NotAReader), 4, "{seen:?}");
    assert_eq!(count(WhyForged::BadSignature), 1, "{seen:?}");
    assert_eq!(seen.iter().filter(|one| **one == Ok(good())).count(), 1, "what came before stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_or_no_reply_at_all_is_shown_as_forged_and_stops_nothing() {
    let house = House::open();
    let witness = house.witness().await;
    let out = house.out(0, &witness, 1, "We have read it.");
    house.planted(&witness, &out).await;
    let mut planted = 0;
    let mut plant = Vec::new();
    for _ in 0..8 {
        let mut bytes = out.sealed.0.clone();
        let at = OsRng.gen_range(0..bytes.len());
        bytes[at] ^= 1 << OsRng.gen_range(0..8);
        plant.push(bytes);
    }
    plant.extend([Vec::new(), vec![0; 5000], out.sealed.0[..5000].to_vec(), vec![b'a'; 200_000]]);
    for bytes in plant {
        let id = ReplyId::random(&mut OsRng);
        house.plant(out.mailbox, id, THEN, &bytes).await;
        planted += 1;
    }
    let seen = house.seen(&witness.receipt).await;
    assert_eq!(seen.iter().filter(|one| **one == Err(WhyForged::Unreadable)).count(), planted);
    assert!(seen.contains(&Ok(good())));
    // A row that cannot be read hides none that can.
    house.put(&format!("reply/{}/nonsense", out.mailbox), b"?").await;
    assert!(house.seen(&witness.receipt).await.contains(&Ok(good())));
}
