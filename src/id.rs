//! Random names for things: 128 bits, written as 26 letters and digits.
//!
//! Promises: 1. an id comes from a random source only, never from content, time or a count, so it
//! neither orders nor links; 2. ids of two kinds of things are two types.

use std::{cmp::Ordering, fmt, hash, marker::PhantomData, str::FromStr};

use data_encoding::{BASE32_NOPAD, Encoding, Specification};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A random 128-bit name of one `Kind` of thing; 26 characters of lowercase base32 (RFC 4648).
pub struct Id<Kind>([u8; 16], PhantomData<fn() -> Kind>);

/// What an [`Id`] can name.
pub mod kind {
    /// One submission of a witness.
    pub enum Testimony {}
    /// A reviewer or a guardian.
    pub enum Reader {}
    /// A reader's networked machine.
    pub enum Device {}
    /// A reviewers' folder.
    pub enum Case {}
    /// A casebook entry.
    pub enum Entry {}
    /// A reply to a witness.
    pub enum Reply {}
    /// A blob file of the store.
    pub enum Blob {}
}

/// Names a testimony.
pub type TestimonyId = Id<kind::Testimony>;
/// Names a reader.
pub type ReaderId = Id<kind::Reader>;
/// Names a reader's networked machine.
pub type DeviceId = Id<kind::Device>;
/// Names a case.
pub type CaseId = Id<kind::Case>;
/// Names a casebook entry.
pub type EntryId = Id<kind::Entry>;
/// Names a reply to a witness.
pub type ReplyId = Id<kind::Reply>;
/// Names a blob file of the store.
pub type BlobId = Id<kind::Blob>;

/// Length of a written id, in characters.
pub const ID_CHARS: usize = 26;

impl<Kind> Id<Kind> {
    /// A fresh name.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes, PhantomData)
    }

    /// A name from its 16 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes, PhantomData)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

fn base32() -> Encoding {
    let mut spec: Specification = BASE32_NOPAD.specification();
    spec.symbols.make_ascii_lowercase();
    spec.encoding().unwrap_or(BASE32_NOPAD)
}

impl<Kind> fmt::Display for Id<Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base32().encode(&self.0))
    }
}

impl<Kind> fmt::Debug for Id<Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl<Kind> FromStr for Id<Kind> {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text.len() != ID_CHARS {
            return Err(NotAnId);
        }
        let bytes = base32().decode(text.as_bytes()).map_err(|_| NotAnId)?;
        Ok(Self(bytes.try_into().map_err(|_| NotAnId)?, PhantomData))
    }
}

impl<Kind> Clone for Id<Kind> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<Kind> Copy for Id<Kind> {}
impl<Kind> PartialEq for Id<Kind> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<Kind> Eq for Id<Kind> {}
impl<Kind> PartialOrd for Id<Kind> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<Kind> Ord for Id<Kind> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<Kind> hash::Hash for Id<Kind> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<Kind> Serialize for Id<Kind> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, Kind> Deserialize<'de> for Id<Kind> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The text is no id of 26 lowercase base32 characters.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an id of {ID_CHARS} characters a-z and 2-7")]
pub struct NotAnId;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_survives_being_written_down(bytes: [u8; 16]) {
            let id = TestimonyId::from_bytes(bytes);
            let text = id.to_string();
            prop_assert_eq!(text.len(), ID_CHARS);
            prop_assert_eq!(text.parse(), Ok(id));
        }

        #[test]
        fn only_one_text_names_an_id(text in "[a-z2-7]{26}") {
            if let Ok(id) = text.parse::<TestimonyId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in ["", "../../etc/passwd", &"A".repeat(26), &"1".repeat(26), &"a".repeat(27)] {
            assert_eq!(text.parse::<TestimonyId>(), Err(NotAnId), "{text}");
        }
    }
}
