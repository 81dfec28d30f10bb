//! Opening a reply with the witness's own key: the one thing of a reader's that a server may open.
//!
//! Promises: 1. it takes the identity that a receipt leads to, and gives the text of a reply or
//! nothing; 2. it opens nothing larger than a reply, and nothing of another size.
//! Does not: check who signed it (`reply` does), or open testimonies: `open` does, and compiles
//! into no server. Spec: `docs/format/reply.md`.

use std::io::Read as _;

use zeroize::Zeroizing;

use crate::{
    hybrid::HybridIdentity,
    sealed::{MAX_SEALED_REPLY, REPLY_SIZES},
    secret::SecretText,
};

/// Opens a sealed reply: the text of the signed note, its padding taken off.
///
/// # Errors
/// [`NotAReply`] whatever is wrong: to a witness all of it is one thing, a reply that is forged.
#[expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a witness without scripts reads replies inside one request; no reader's file opens here"
)]
pub fn open_reply(identity: &HybridIdentity, sealed: &[u8]) -> Result<SecretText, NotAReply> {
    let [.., most] = REPLY_SIZES;
    if sealed.len() > MAX_SEALED_REPLY {
        return Err(NotAReply);
    }
    let identity: &dyn age::Identity = identity;
    let mut stream = age::Decryptor::new_buffered(sealed)
        .and_then(|file| file.decrypt(std::iter::once(identity)))
        .map_err(|_| NotAReply)?;
    let mut content = Zeroizing::new(Vec::with_capacity(most.saturating_add(1)));
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    stream.by_ref().take(limit).read_to_end(&mut content).map_err(|_| NotAReply)?;
    words_of(&content)
}

/// The text that was padded to one of [`REPLY_SIZES`].
pub(super) fn words_of(content: &[u8]) -> Result<SecretText, NotAReply> {
    if !REPLY_SIZES.contains(&content.len()) {
        return Err(NotAReply);
    }
    let text = std::str::from_utf8(content).map_err(|_| NotAReply)?;
    let text = text.trim_end_matches(' ');
    // One size for one text: what fits a smaller step was padded by somebody else.
    let own = crate::padding::step(text.len(), &REPLY_SIZES) == Some(content.len());
    if own { Ok(SecretText::new(text.to_owned())) } else { Err(NotAReply) }
}

/// It is no reply that this key opens.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("this is no reply that this key opens")]
pub struct NotAReply;

#[cfg(test)]
mod tests {
    use rand::rngs::OsRng;

    use super::*;
    use crate::sealed::{seal_reply, seal_to};

    #[test]
    fn a_reply_opens_for_its_witness_alone_and_its_size_tells_steps() {
        let (witness, other) =
            (HybridIdentity::generate(&mut OsRng), HybridIdentity::generate(&mut OsRng));
        for (bytes, size) in [(1, 4), (4 << 10, 4), ((4 << 10) + 1, 8), (16 << 10, 16)] {
            let text = format!("{}\n", "a".repeat(bytes - 1));
            let sealed = seal_reply(&text, &witness.recipient()).unwrap();
            assert_eq!(open_reply(&witness, &sealed).unwrap().expose(), text);
            assert!(open_reply(&other, &sealed).is_err());
            assert!(sealed.len() <= MAX_SEALED_REPLY, "{}", sealed.len());
            // A header of age has a random length, the rest is the step and two tags.
            let around = sealed.len() - (size << 10);
            assert!((1_600..3_000).contains(&around), "{around}");
        }
        assert!(seal_reply(&"a".repeat((16 << 10) + 1), &witness.recipient()).is_err());
    }

    #[test]
    fn what_is_damaged_or_padded_otherwise_does_not_open() {
        let witness = HybridIdentity::generate(&mut OsRng);
        let good = seal_reply("a\n", &witness.recipient()).unwrap();
        for at in [0, 40, good.len() / 2, good.len() - 1] {
            let mut altered = good.clone();
            altered[at] ^= 1;
            assert!(open_reply(&witness, &altered).is_err(), "{at}");
        }
        assert!(open_reply(&witness, &good[..good.len() - 1]).is_err());
        for bytes in [0, 1, 4095, 8 << 10, 20 << 10] {
            let mut content = b"a\n".to_vec();
            content.resize(bytes, b' ');
            let sealed = seal_to(&[witness.recipient()], &content).unwrap();
            assert!(open_reply(&witness, &sealed).is_err(), "{bytes}");
        }
    }
}
