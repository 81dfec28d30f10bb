//! Envelopes that a reader makes for colleagues who lack them: texts and signatures.
//!
//! What it is: a batch, which says in one signed note which envelopes a reader has made, for whom,
//! and which of the own ones do not open; and the file that holds the note and the envelopes.
//!
//! Promises:
//! 1. A batch counts only with the signature of a reader of the newest keyring, made for that very
//!    keyring ([`SignedBatch::verify`]): a device alone inserts nothing, and nothing that was made
//!    before a rotation is inserted after it.
//! 2. It names readers of that keyring only, and of identities guardians only, by guardians only.
//! 3. A text has one spelling, and every envelope is bound by its hash.
//!
//! Does not: open or seal anything, know whether an envelope opens, or where things lie.
//!
//! Spec: `docs/format/desk.md`.

mod batch;
mod error;
mod file;
#[cfg(test)]
mod tests;

use std::fmt;

pub use batch::{Batch, Made, SignedBatch};
pub use error::BatchError;
pub use file::BatchFile;

use crate::id::{Id, ReaderId};

/// What a [`ThingId`] names: a testimony or a casebook key.
pub enum OneThing {}
/// What a [`BatchId`] names: one batch.
pub enum OneBatch {}
/// Names a testimony or a casebook key.
pub type ThingId = Id<OneThing>;
/// Names a batch: the first 16 bytes of SHA-256 of its text, without the signature.
pub type BatchId = Id<OneBatch>;

/// Which key an envelope holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EnvelopeOf {
    /// The reviewers' key of a testimony.
    Account,
    /// A casebook key.
    CasebookKey,
    /// The guardians' key of a testimony.
    Identity,
}

impl EnvelopeOf {
    /// The word in files and in the store: `account`, `casebook-key` or `identity`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::CasebookKey => "casebook-key",
            Self::Identity => "identity",
        }
    }

    /// What a word means.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Account, Self::CasebookKey, Self::Identity].into_iter().find(|of| of.word() == word)
    }
}

impl fmt::Display for EnvelopeOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Where one envelope stands: there is at most one at each place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Of which testimony or casebook key.
    pub thing: ThingId,
    /// Which key it holds.
    pub of: EnvelopeOf,
    /// Whose it is.
    pub reader: ReaderId,
}

/// Most lines of one batch.
pub const MAX_LINES: usize = 512;
/// Size of the file of a batch as it is handed in, in bytes: JSON, then spaces.
pub const BATCH_BYTES: usize = 1 << 20;
/// Largest envelope, in bytes.
pub const MAX_ENVELOPE: usize = 16 << 10;
