//! Public keys of every type that a keyring may hold.

use std::{collections::HashSet, fmt};

use age_core::{
    format::{FileKey, Stanza},
    primitives::bech32_decode,
};
use x25519_dalek::StaticSecret;

use crate::{
    hybrid::{HybridRecipient, is_reduced},
    recipient::Kind,
};

/// A public key that a file can be sealed to.
#[derive(Clone, PartialEq)]
pub struct Recipient(Key);

#[derive(Clone, PartialEq)]
enum Key {
    Hybrid(HybridRecipient),
    X25519(age::x25519::Recipient),
    Tag(Box<age::tag::Recipient>),
    TagPq(Box<age::tagpq::Recipient>),
}

impl Eq for Recipient {}

impl Recipient {
    /// Reads a recipient from its text: `age1pq1…`, `age1…`, `age1tagpq1…` or `age1tag1…`.
    ///
    /// # Errors
    /// [`NotARecipient`] if the text is anything but the one form of a usable key.
    pub fn parse(text: &str) -> Result<Self, NotARecipient> {
        let key = match text.rsplit_once('1').map(|(name, _)| name) {
            Some("age1pq") => HybridRecipient::parse(text).ok().map(Key::Hybrid),
            Some("age") => classic(text).map(Key::X25519),
            Some("age1tag") => text.parse().ok().map(|key| Key::Tag(Box::new(key))),
            Some("age1tagpq") => tag_pq(text).map(|key| Key::TagPq(Box::new(key))),
            _ => None,
        };
        let recipient = key.map(Self).ok_or(NotARecipient)?;
        (recipient.to_string() == text).then_some(recipient).ok_or(NotARecipient)
    }

    /// The kind of keyring that it belongs to.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.0 {
            Key::Hybrid(_) | Key::TagPq(_) => Kind::PostQuantum,
            Key::X25519(_) | Key::Tag(_) => Kind::Classic,
        }
    }

    /// Whether only a device and its age plugin can open what is sealed to it.
    #[must_use]
    pub const fn is_hardware(&self) -> bool {
        matches!(self.0, Key::Tag(_) | Key::TagPq(_))
    }

    /// Makes it and its clones ready to be sealed to many times, if that gains anything; takes up to 40 KB.
    pub fn make_ready(&self) {
        match &self.0 {
            Key::Hybrid(key) => key.make_ready(),
            Key::X25519(_) | Key::Tag(_) | Key::TagPq(_) => {}
        }
    }

    fn inner(&self) -> &dyn age::Recipient {
        match &self.0 {
            Key::Hybrid(key) => key,
            Key::X25519(key) => key,
            Key::Tag(key) => key.as_ref(),
            Key::TagPq(key) => key.as_ref(),
        }
    }
}

impl age::Recipient for Recipient {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), age::EncryptError> {
        self.inner().wrap_file_key(file_key)
    }
}

impl From<HybridRecipient> for Recipient {
    fn from(key: HybridRecipient) -> Self {
        Self(Key::Hybrid(key))
    }
}

impl From<age::x25519::Recipient> for Recipient {
    fn from(key: age::x25519::Recipient) -> Self {
        Self(Key::X25519(key))
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Key::Hybrid(key) => key.fmt(f),
            Key::X25519(key) => key.fmt(f),
            Key::Tag(key) => key.fmt(f),
            Key::TagPq(key) => key.fmt(f),
        }
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start: String = self.to_string().chars().take(24).collect();
        write!(f, "{start}…")
    }
}

/// An X25519 key with the one encoding of its point, and not of low order.
///
/// age panics when a shared secret is all zero, so no such key may reach it.
fn classic(text: &str) -> Option<age::x25519::Recipient> {
    let bytes: [u8; 32] = bytes_of(text)?.try_into().ok()?;
    let point = x25519_dalek::PublicKey::from(bytes);
    let probe = StaticSecret::from([0x55; 32]);
    let usable = is_below_p(&bytes) && probe.diffie_hellman(&point).was_contributory();
    usable.then(|| text.parse().ok()).flatten()
}

/// Whether 32 bytes, the lowest first, are a number below 2^255 − 19.
fn is_below_p(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    let at_the_top = *high == 0x7f && middle.iter().all(|byte| *byte == 0xff);
    *high <= 0x7f && !(at_the_top && *low >= 0xed)
}

/// A tag key whose ML-KEM half is below its modulus in every coefficient.
fn tag_pq(text: &str) -> Option<age::tagpq::Recipient> {
    let bytes = bytes_of(text)?;
    let key = text.parse().ok()?;
    is_reduced(bytes.get(..PQ_PUBLIC)?).then_some(key)
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    bech32_decode(text, |_| (), |_| Ok(()), |_, bytes| Ok(bytes.collect())).ok()
}

/// The text is no recipient that a keyring can hold, or not in its one form.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an age recipient that can be sealed to")]
pub struct NotARecipient;

/// Length of an ML-KEM-768 public key, in bytes.
const PQ_PUBLIC: usize = 1184;
