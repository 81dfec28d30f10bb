//! Replies to witnesses: one spelling, believed only as their reader signed them, sealed and opened whole.

use std::sync::LazyLock;

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use sandyk::{
    digest::Digest,
    hybrid::HybridIdentity,
    reply::{MAX_BYTES, Places, Reply, SignedReply},
    sealed::{MAX_SEALED_REPLY, open_reply::open_reply, seal_reply},
};

use super::stage::{ORGANISATION, STAGE};

/// The witness for whom the handmade replies are.
pub(crate) static WITNESS: LazyLock<HybridIdentity> =
    LazyLock::new(|| HybridIdentity::generate(&mut ChaCha20Rng::seed_from_u64(8)));

/// What a reply names its mailbox by.
pub(crate) fn recipient() -> Digest {
    Digest::of(WITNESS.recipient().to_string().as_bytes())
}

/// The first byte says what the rest is: a text to be signed, a sealed reply, or a note as it is.
pub(crate) fn run(input: &[u8]) -> bool {
    match input.split_first() {
        Some((b't', text)) => unsigned(text),
        Some((b's', sealed)) => sealed_reply(sealed),
        Some(_) => note(input),
        None => false,
    }
}

/// What a reader could sign is read as it was written, and survives sealing and opening.
fn unsigned(text: &[u8]) -> bool {
    let Some(reply) = str::from_utf8(text).ok().and_then(|text| Reply::parse(text).ok()) else {
        return false;
    };
    assert_eq!(reply.to_text().as_bytes(), text, "one spelling");
    let Ok(signed) = SignedReply::sign(reply, &STAGE.signing[0]) else { return false };
    let text = signed.to_text();
    let sealed = seal_reply(&text, &WITNESS.recipient()).unwrap();
    assert!(sealed.len() <= MAX_SEALED_REPLY);
    let opened = open_reply(&WITNESS, &sealed).unwrap();
    assert_eq!(opened.expose(), text);
    note(text.as_bytes())
}

/// Whatever a server puts into a mailbox is opened whole, and then has one spelling, or not at all.
fn sealed_reply(sealed: &[u8]) -> bool {
    let Ok(text) = open_reply(&WITNESS, sealed) else { return false };
    assert!(text.expose().len() <= MAX_BYTES);
    note(text.expose().as_bytes())
}

fn note(input: &[u8]) -> bool {
    let Some(text) = str::from_utf8(input).ok() else { return false };
    let Ok(signed) = SignedReply::parse(text) else { return false };
    assert_eq!(signed.to_text(), text, "one spelling");
    let Ok(reply) = signed.verify(&STAGE.chain, recipient()) else { return true };
    assert_eq!((&*reply.organisation, reply.recipient), (ORGANISATION, recipient()));
    assert!(STAGE.keyring.reader(reply.by).is_some(), "only readers are believed");
    // No text of anybody's else passes for what was signed.
    let other = Reply { number: reply.number.wrapping_add(1), ..reply.clone() };
    let forged = text.replacen(reply.to_text().as_str(), &other.to_text(), 1);
    let forged = SignedReply::parse(&forged).map(|f| f.verify(&STAGE.chain, recipient()).is_ok());
    assert!(!forged.unwrap_or(false), "a signature is for one text");
    let mut places = Places::default();
    let changed = Reply { text: format!("{}.", reply.text), ..reply.clone() };
    let taken = [reply, reply, &changed].map(|reply| places.take(reply).is_ok());
    assert_eq!(taken, [true, true, false], "one place holds one text");
    true
}
