//! age's hybrid post-quantum keys: `age1pq1…` recipients and `AGE-SECRET-KEY-PQ-1…` identities.
//!
//! What it is: the `mlkem768x25519` recipient type of age, on the public traits of the `age`
//! crate: HPKE base mode with MLKEM768-X25519, HKDF-SHA256 and ChaCha20-Poly1305.
//!
//! Promises: 1. a key has one text and a text names one key: anything else is refused; 2. a public
//! key that ML-KEM or X25519 would not accept cannot be sealed to; 3. a stanza is taken only in
//! its canonical form, and a low-order X25519 share is refused, never used; 4. nothing is sealed
//! to a hybrid and a classic recipient at once (label `postquantum`); 5. seeds and expanded keys
//! are wiped; 6. what opens (`unwrap.rs`) compiles only with
//! the features `open` and `nojs-replies`.
//!
//! Does not: offer age's other recipient types, hardware keys or plugins.
//!
//! Spec: <https://c2sp.org/age>, "mlkem768x25519"; draft-ietf-hpke-pq-03 (KEM 0x647a); RFC 9180.

mod kem;
mod lattice;
mod point;
#[cfg(any(feature = "open", feature = "nojs-replies"))]
mod unwrap;
mod wrap;

pub(crate) use kem::is_reduced;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use age_core::primitives::{bech32_decode, bech32_encode, bech32_encode_to_fmt};
use bech32::Hrp;
use rand::{CryptoRng, RngCore};
use zeroize::{Zeroize as _, Zeroizing};

use crate::secret::{Secret, SecretText};

/// Length of a recipient before its text form, in bytes.
pub const RECIPIENT_BYTES: usize = 1216;

/// Length of a recipient's text, in characters.
pub const RECIPIENT_CHARS: usize = 1959;

/// A public key that a file can be sealed to; text form `age1pq1…`.
#[derive(Clone)]
pub struct HybridRecipient {
    bytes: Box<[u8; RECIPIENT_BYTES]>,
    /// What [`Self::make_ready`] made of the same bytes, for all clones.
    ready: Arc<OnceLock<kem::PublicKey>>,
}

impl HybridRecipient {
    fn of(bytes: Box<[u8; RECIPIENT_BYTES]>) -> Self {
        Self { bytes, ready: Arc::default() }
    }

    /// Reads a recipient from its text, `age1pq1…`, 1959 characters, lowercase.
    ///
    /// # Errors
    /// [`NotAHybridKey`] if the text is anything but the one form of a usable key.
    pub fn parse(text: &str) -> Result<Self, NotAHybridKey> {
        if text.len() != RECIPIENT_CHARS {
            return Err(NotAHybridKey);
        }
        let bytes = decode::<RECIPIENT_BYTES>(text, RECIPIENT_HRP)?;
        let recipient = Self::of(Box::new(*bytes));
        let usable = kem::is_acceptable(&recipient.bytes) && recipient.to_string() == text;
        usable.then_some(recipient).ok_or(NotAHybridKey)
    }
}

impl PartialEq for HybridRecipient {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for HybridRecipient {}

impl fmt::Display for HybridRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bech32_encode_to_fmt(f, RECIPIENT_HRP, self.bytes.as_slice())
    }
}

impl fmt::Debug for HybridRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:.24}…")
    }
}

/// A secret key that opens what was sealed to its recipient: a 32-byte seed.
pub struct HybridIdentity {
    pub(crate) seed: Secret<32>,
}

impl HybridIdentity {
    /// A fresh identity.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self { seed: Secret::random(rng) }
    }

    /// The identity that has this seed.
    #[must_use]
    pub fn from_seed(seed: Secret<32>) -> Self {
        Self { seed }
    }

    /// Reads an identity from its text, `AGE-SECRET-KEY-PQ-1…`, uppercase.
    ///
    /// # Errors
    /// [`NotAHybridKey`] if the text is anything but the one form of an identity.
    pub fn parse(text: &str) -> Result<Self, NotAHybridKey> {
        let mut bytes = decode::<32>(text, IDENTITY_HRP)?;
        let identity = Self { seed: Secret::take(&mut bytes) };
        let canonical = identity.to_secret_text().expose() == text;
        canonical.then_some(identity).ok_or(NotAHybridKey)
    }

    /// The public half.
    #[must_use]
    pub fn recipient(&self) -> HybridRecipient {
        HybridRecipient::of(kem::public_key(&self.seed))
    }

    /// The text form, `AGE-SECRET-KEY-PQ-1…`; stock age reads it as an identity file.
    #[must_use]
    pub fn to_secret_text(&self) -> SecretText {
        let mut text = bech32_encode(IDENTITY_HRP, self.seed.expose());
        text.make_ascii_uppercase();
        SecretText::new(text)
    }
}

fn decode<const N: usize>(text: &str, hrp: Hrp) -> Result<Zeroizing<[u8; N]>, NotAHybridKey> {
    bech32_decode(
        text,
        |_| NotAHybridKey,
        |found| (found == hrp).then_some(()).ok_or(NotAHybridKey),
        |_, symbols| {
            let mut bytes = Zeroizing::new([0; N]);
            let mut found = 0_usize;
            for symbol in symbols {
                *bytes.get_mut(found).ok_or(NotAHybridKey)? = symbol;
                found = found.saturating_add(1);
            }
            if found == N {
                Ok(bytes)
            } else {
                bytes.zeroize();
                Err(NotAHybridKey)
            }
        },
    )
}

/// The text is not a hybrid post-quantum age key, or not in its one form.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a hybrid post-quantum age key")]
pub struct NotAHybridKey;

const RECIPIENT_HRP: Hrp = Hrp::parse_unchecked("age1pq");
const IDENTITY_HRP: Hrp = Hrp::parse_unchecked("age-secret-key-pq-");
const STANZA_TAG: &str = "mlkem768x25519";
const INFO: &[u8] = b"age-encryption.org/mlkem768x25519";

#[cfg(test)]
mod tests;
