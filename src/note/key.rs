//! Names of keys, and keys with their names.

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::VerifyingKey;
use sha2::{Digest as _, Sha256};

use crate::{digest::Digest, note::NoteError};

/// What a key is called in signature lines; 1 to 64 bytes, no space, no plus.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(String);

impl KeyName {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Takes a name as it is written.
    ///
    /// # Errors
    /// [`NoteError::KeyName`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let forbidden = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if text.is_empty() || text.len() > Self::MAX_BYTES || text.contains(forbidden) {
            return Err(NoteError::KeyName);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key that may sign, with the name it signs under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedKey {
    /// The name in signature lines.
    pub name: KeyName,
    /// The Ed25519 verifying key.
    pub key: VerifyingKey,
}

impl NamedKey {
    /// Reads a verifier key of the form `name+hash+base64(0x01 || key)`.
    ///
    /// # Errors
    /// `KeyName`, `KeyShape`, `KeyType`, `KeyHash` or `KeyBytes` of [`NoteError`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, rest) = text.split_once('+').ok_or(NoteError::KeyShape)?;
        let (hash, coded) = rest.split_once('+').ok_or(NoteError::KeyShape)?;
        let name = KeyName::parse(name)?;
        let hash = HEXLOWER.decode(hash.as_bytes()).map_err(|_| NoteError::KeyShape)?;
        let typed = BASE64.decode(coded.as_bytes()).map_err(|_| NoteError::KeyShape)?;
        let [kind, key @ ..] = typed.as_slice() else { return Err(NoteError::KeyShape) };
        if *kind != ED25519 {
            return Err(NoteError::KeyType);
        }
        if hint(&name, key).as_slice() != hash.as_slice() {
            return Err(NoteError::KeyHash);
        }
        let named = Self { name, key: usable_key(key)? };
        if named.to_text() == text { Ok(named) } else { Err(NoteError::KeyShape) }
    }

    /// Writes the verifier key as [`NamedKey::parse`] reads it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut typed = vec![ED25519];
        typed.extend_from_slice(self.key.as_bytes());
        let hash = HEXLOWER.encode(&self.hint());
        format!("{}+{hash}+{}", self.name.as_str(), BASE64.encode(&typed))
    }

    /// The 4 bytes that stand for this key in a signature line.
    #[must_use]
    pub fn hint(&self) -> [u8; 4] {
        hint(&self.name, self.key.as_bytes())
    }

    /// Thirty digits to compare by voice.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        Digest::of(self.to_text().as_bytes()).spoken()
    }
}

/// Reads 32 bytes of base64 as an Ed25519 key that can be trusted to mean one signer.
///
/// # Errors
/// `KeyShape` or `KeyBytes` of [`NoteError`].
pub fn parse_key(text: &str) -> Result<VerifyingKey, NoteError> {
    let key = usable_key(&BASE64.decode(text.as_bytes()).map_err(|_| NoteError::KeyShape)?)?;
    if write_key(&key) == text { Ok(key) } else { Err(NoteError::KeyShape) }
}

/// Writes a key as [`parse_key`] reads it.
#[must_use]
pub fn write_key(key: &VerifyingKey) -> String {
    BASE64.encode(key.as_bytes())
}

fn usable_key(bytes: &[u8]) -> Result<VerifyingKey, NoteError> {
    let bytes: &[u8; 32] = bytes.try_into().map_err(|_| NoteError::KeyShape)?;
    let key = VerifyingKey::from_bytes(bytes).map_err(|_| NoteError::KeyBytes)?;
    // A point has one canonical spelling; with two, one signer could pass for two.
    let canonical = key.to_edwards().compress().as_bytes() == bytes;
    if key.is_weak() || !canonical {
        return Err(NoteError::KeyBytes);
    }
    Ok(key)
}

fn hint(name: &KeyName, key: &[u8]) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(name.as_str());
    hasher.update([b'\n', ED25519]);
    hasher.update(key);
    let [a, b, c, d, ..] = <[u8; 32]>::from(hasher.finalize());
    [a, b, c, d]
}

const ED25519: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    /// Published in the documentation of golang.org/x/mod/sumdb/note.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn the_published_verifier_key_is_read_and_written_back() {
        let key = NamedKey::parse(PETER).unwrap();
        assert_eq!(key.name.as_str(), "PeterNeumann");
        assert_eq!(key.hint(), [0xc7, 0x4f, 0x20, 0xa3]);
        assert_eq!(key.to_text(), PETER);
    }

    #[test]
    fn no_part_and_no_edit_of_a_verifier_key_is_one() {
        for place in 1..PETER.len() {
            let (start, end) = PETER.split_at(place);
            assert!(NamedKey::parse(start).is_err(), "{start}");
            assert!(NamedKey::parse(end).is_err(), "{end}");
        }
        for place in 0..PETER.len() {
            let mut bytes = PETER.as_bytes().to_vec();
            bytes[place] += 1;
            let edited = String::from_utf8(bytes).unwrap();
            assert!(NamedKey::parse(&edited).is_err(), "{edited}");
        }
    }

    #[test]
    fn a_key_of_another_type_or_length_is_refused_even_with_a_fitting_hash() {
        // From the same published tests: wrong length and unknown algorithm.
        let long = "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==";
        let other = "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        assert_eq!(NamedKey::parse(long), Err(NoteError::KeyShape));
        assert_eq!(NamedKey::parse(other), Err(NoteError::KeyType));
    }

    #[test]
    fn a_key_that_fits_any_signature_is_refused() {
        let mut neutral = [0_u8; 32];
        neutral[0] = 1;
        assert_eq!(parse_key(&BASE64.encode(&neutral)), Err(NoteError::KeyBytes));
        assert_eq!(parse_key(&BASE64.encode(&[0_u8; 32])), Err(NoteError::KeyBytes));
        assert_eq!(parse_key(&BASE64.encode(&[0xff_u8; 32])), Err(NoteError::KeyBytes));
        assert_eq!(parse_key("AAAA"), Err(NoteError::KeyShape));
    }

    #[test]
    fn a_name_is_one_word_without_a_plus() {
        for name in ["", "a b", "a+b", "a\u{a0}b", "a\nb", &"x".repeat(65)] {
            assert_eq!(KeyName::parse(name), Err(NoteError::KeyName), "{name}");
        }
        assert!(KeyName::parse("тамыр-1").is_ok());
    }
}
