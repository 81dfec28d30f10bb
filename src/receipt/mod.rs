//! What a witness keeps: 77 random bits, written as 27 digits or as 8 words; and what is derived.
//!
//! What it is: the receipt, its digits and its words with their checks, and the slow derivation of
//! the three secrets that belong to it: where replies wait, who opens them, who signs a follow-up.
//!
//! Promises: 1. any one wrong digit or word, any two neighbours swapped, any two groups and any two
//! words swapped are noticed before the slow derivation runs; 2. what was mistyped may be repaired
//! (`Repair`), but never without asking; 3. the derivation eats the bits, never the text, so every
//! way of writing a receipt leads to the same secrets; 4. each purpose has its own label, so no
//! secret stands for another; 5. the derivation runs in memory that was allocated before and holds
//! nothing but zeros after.
//!
//! Does not: know whether anything was ever sent with a receipt.
//!
//! Spec: `docs/format/receipt.md`.

mod derive;
mod digits;
mod repair;
mod words;

use rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use crate::{
    digest::Digest,
    secret::{Secret, SecretText},
};

pub use derive::{Derived, KdfMemory, SEEDS, Seeds};
pub use repair::{Repair, Written};
pub use words::WordList;

/// The secret of one witness: 77 bits, big-endian in 10 bytes, the top 3 bits zero.
pub struct Receipt {
    pub(crate) bits: Secret<10>,
}

impl Receipt {
    /// A fresh receipt; never one of the few in which two groups of digits could change places unseen.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        loop {
            let mut bits = Zeroizing::new([0; 10]);
            rng.fill_bytes(bits.as_mut());
            let [first, ..] = &mut *bits;
            *first &= TOP_MASK;
            let bits = Secret::take(&mut bits);
            if !digits::has_twin_groups(&bits) {
                return Self { bits };
            }
        }
    }

    /// Reads 27 digits or 8 words, of any keyboard, however they are separated.
    ///
    /// # Errors
    /// Says what is wrong: see [`ReceiptError`]. Nothing slow runs for a wrong receipt.
    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        if words::looks_like_words(text) { words::parse(text) } else { digits::parse(text) }
    }

    /// The receipt as eight words of a list, separated by spaces.
    #[must_use]
    pub fn words(&self, list: WordList) -> SecretText {
        words::write(&self.bits, list)
    }

    /// The receipt as nine groups of three digits, separated by spaces.
    #[must_use]
    pub fn digits(&self) -> SecretText {
        digits::write(&self.bits)
    }

    /// Derives the three secrets of this receipt at an intake; takes a quarter of a second.
    ///
    /// Argon2id (19 MiB, t = 2, p = 1) over the bits, then HKDF-SHA256 with one label for each
    /// purpose. `memory` is wiped before this returns, also when it fails.
    ///
    /// # Errors
    /// [`ReceiptError::Derivation`] if Argon2id refuses its input, which its parameters exclude.
    pub fn derive(&self, salt: &Salt, memory: &mut KdfMemory) -> Result<Derived, ReceiptError> {
        derive::derive(&self.bits, salt, memory)
    }
}

/// The public random 32 bytes of an intake; they stand in its keyring and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 32]);

/// Names the mailbox of a receipt: 16 secret bytes, of which a store keeps only the digest.
pub struct LookupId(pub(crate) Secret<16>);

impl LookupId {
    /// SHA-256 of the id: what the store and the cover carry.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.expose())
    }
}

/// Why a text is no receipt.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReceiptError {
    /// A letter stands among the digits.
    #[error("the code has only digits, but something else was typed")]
    NotDigits,
    /// Fewer than 27 digits.
    #[error("the code has 27 digits, but only {0} were typed")]
    TooFewDigits(usize),
    /// More than 27 digits.
    #[error("the code has 27 digits, but more were typed")]
    TooManyDigits,
    /// Fewer than 8 words.
    #[error("the code has 8 words, but only {0} were typed")]
    TooFewWords(usize),
    /// More than 8 words.
    #[error("the code has 8 words, but more were typed")]
    TooManyWords,
    /// A word that stands in no list.
    #[error("one or more words of the code are in no list")]
    UnknownWord,
    /// The check does not fit the rest.
    #[error("a part of the code is mistyped or not in its place")]
    Mistyped,
    /// Argon2id refused to run.
    #[error("the code is right, but its secrets could not be derived on this machine")]
    Derivation,
}

/// Of the first byte, the bits that belong to the value.
const TOP_MASK: u8 = 0b0001_1111;

#[cfg(test)]
mod tests;
