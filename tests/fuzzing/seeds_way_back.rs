//! Handmade first inputs of what readers hand in and answer.

use ed25519_dalek::SigningKey;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use sandyk::{
    casebook::Op,
    digest::Digest,
    hybrid::HybridIdentity,
    id::{EntryId, ReaderId, ReplyId, TestimonyId},
    reply::{Reply, SignedReply},
    sealed::seal_reply,
    wire::{
        EnvelopeDigest, Fault, Head,
        outbox::{
            Answer, CasebookKey, CasebookKeyId, Entry, Envelope, Outbox, PushId, Refusal, ReplyOut,
            Sealed,
        },
    },
};

use crate::{
    fuzzing::{
        reply::{WITNESS, recipient},
        stage::{ORGANISATION, STAGE},
    },
    seeds::Seeds,
};

/// Entries of a casebook that hold or name a reply.
pub(crate) fn acts() -> Seeds {
    let id = TestimonyId::from_bytes([1; 16]);
    let note = signed_reply(&STAGE.signing[0]).to_text();
    let answered = Op::Reply { testimony: reply_of(1).testimony, note };
    let answered = answered.to_body().unwrap();
    let again = format!("{{\"op\":\"reply-again\",\"testimony\":\"{id}\",\"reply\":\"{id}\"}}");
    vec![
        ("reply", answered.clone().into()),
        ("reply-of-another", answered.replacen("testimony\":\"", "testimony\":\"0", 1).into()),
        ("reply-again", again.into()),
    ]
}

pub(crate) fn outbox() -> Seeds {
    let entry = |n: u8| Entry { id: EntryId::from_bytes([n; 16]), sealed: Sealed(vec![n; 40]) };
    let envelope = |n| Envelope { reader: ReaderId::from_bytes([n; 16]), sealed: Sealed(vec![1]) };
    let key = CasebookKey {
        id: CasebookKeyId::from_bytes([3; 16]),
        envelopes: vec![envelope(1), envelope(2)],
    };
    let empty = Outbox::empty(PushId::from_bytes([1; 16]));
    let full = Outbox { entries: vec![entry(1), entry(2)], keys: vec![key], ..empty.clone() };
    let reply = |n: u8| ReplyOut {
        id: ReplyId::from_bytes([n; 16]),
        mailbox: Digest::of(&[n]),
        sealed: Sealed(vec![n; 60]),
    };
    let replies = Outbox { replies: vec![reply(1), reply(2)], ..empty.clone() };
    let many = Outbox { replies: (0..200).map(reply).collect(), ..full.clone() };
    let refused = Refusal { id: "x".into(), error: "size".into(), advice: "smaller".into() };
    let answer = Answer { accepted: vec!["a".into()], refused: vec![refused] };
    let fault = Fault { error: "clock".into(), advice: "set it".into(), now: Some(-1) };
    let head = Head { head: u64::MAX, ledger_key: "k+00000000+AAAA".into() };
    let digest = EnvelopeDigest { reader: ReaderId::from_bytes([1; 16]), sha256: Digest::NONE };
    vec![
        ("empty", serde_json::to_vec(&empty).unwrap()),
        ("full", serde_json::to_vec(&full).unwrap()),
        ("replies", serde_json::to_vec(&replies).unwrap()),
        ("many-replies", serde_json::to_vec(&many).unwrap()),
        ("answer", serde_json::to_vec(&answer).unwrap()),
        ("fault", serde_json::to_vec(&fault).unwrap()),
        ("head", serde_json::to_vec(&head).unwrap()),
        ("key-list", serde_json::to_vec(&[digest.clone(), digest]).unwrap()),
        ("deep", [vec![b'['; 600], vec![b'{'; 600]].concat()),
    ]
}

/// A reply of the first reader to the witness of the target.
fn reply_of(number: u32) -> Reply {
    Reply {
        organisation: ORGANISATION.into(),
        keyring: STAGE.chain.current_digest(),
        recipient: recipient(),
        testimony: TestimonyId::from_bytes([1; 16]),
        by: STAGE.keyring.readers[0].id,
        number,
        text: "We have read it.\nWhere were you?".into(),
    }
}

fn signed_reply(key: &SigningKey) -> SignedReply {
    SignedReply::sign(reply_of(1), key).unwrap()
}

pub(crate) fn reply() -> Seeds {
    let good = signed_reply(&STAGE.signing[0]).to_text();
    let forged = signed_reply(&SigningKey::from_bytes(&[4; 32])).to_text();
    let text = reply_of(7).to_text();
    let tagged = |tag: u8, rest: &[u8]| [&[tag], rest].concat();
    let sealed = |text: &str| tagged(b's', &seal_reply(text, &WITNESS.recipient()).unwrap());
    let stranger = HybridIdentity::generate(&mut ChaCha20Rng::seed_from_u64(9));
    vec![
        ("note", good.clone().into()),
        ("note-of-nobody", forged.into()),
        ("note-with-two-signatures", format!("{good}{}", "\u{2014} x AAAA\n").into()),
        ("text", tagged(b't', text.as_bytes())),
        ("text-of-number-zero", tagged(b't', reply_of(0).to_text().as_bytes())),
        ("text-with-another-end", tagged(b't', format!("{text}\r\n").as_bytes())),
        ("sealed", sealed(&good)),
        ("sealed-no-note", sealed("a\n")),
        ("sealed-to-another", tagged(b's', &seal_reply(&good, &stranger.recipient()).unwrap())),
    ]
}
