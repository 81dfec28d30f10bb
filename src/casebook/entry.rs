//! One entry: how it is written, chained, signed and sealed.

use data_encoding::BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};

use crate::{
    casebook::{
        key::CasebookKey,
        op::{Op, OutOfLimits},
    },
    clock::Day,
    digest::Digest,
    id::ReaderId,
    recipient::Recipient,
    sealed::{open::open_with, seal_to},
};

/// An entry as it stands in a sealed file: `entry/1`. Proven only after [`crate::casebook::prove()`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    schema: String,
    pub(super) organisation: String,
    pub(super) keyring: Digest,
    pub(super) by: ReaderId,
    pub(super) seq: u64,
    pub(super) prev: Digest,
    pub(super) day: Day,
    /// 32 random bytes, so that a dropped body cannot be guessed from the chain.
    salt: Digest,
    pub(super) body: String,
    signature: String,
}

/// Who signs, and for whom.
pub struct Signer<'a> {
    /// The organisation of the keyring.
    pub organisation: &'a str,
    /// Digest of the newest keyring's signed note.
    pub keyring: Digest,
    /// The reader's id in that keyring.
    pub by: ReaderId,
    /// The reader's signing key.
    pub key: &'a SigningKey,
}

/// What is to be written.
pub struct Draft<'a> {
    /// The act.
    pub op: &'a Op,
    /// The last entry of the same reader.
    pub after: Head,
    /// The day to claim; shown only, it decides nothing.
    pub day: Day,
}

/// The end of one reader's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Number of the last entry; 0 before the first.
    pub seq: u64,
    /// Its chain hash; [`Digest::NONE`] before the first.
    pub hash: Digest,
}

impl Default for Head {
    fn default() -> Self {
        Self { seq: 0, hash: Digest::NONE }
    }
}

impl Entry {
    /// Writes and signs an entry.
    ///
    /// # Errors
    /// If a text of the act is out of its limits.
    pub fn sign(
        signer: &Signer<'_>,
        draft: &Draft<'_>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, EntryError> {
        let mut salt = [0; 32];
        rng.fill_bytes(&mut salt);
        let mut entry = Self {
            schema: SCHEMA.to_owned(),
            organisation: signer.organisation.to_owned(),
            keyring: signer.keyring,
            by: signer.by,
            seq: draft.after.seq.saturating_add(1),
            prev: draft.after.hash,
            day: draft.day,
            salt: Digest::from_bytes(salt),
            body: draft.op.to_body()?,
            signature: String::new(),
        };
        entry.signature = BASE64.encode(&signer.key.sign(&entry.signed_text()).to_bytes());
        Ok(entry)
    }

    /// The reader whom it names as its author.
    #[must_use]
    pub const fn by(&self) -> ReaderId {
        self.by
    }

    /// The end of the chain that this entry makes.
    #[must_use]
    pub fn head(&self) -> Head {
        let body = Digest::of_parts(&[self.salt.as_bytes(), self.body.as_bytes()]);
        let parts: [&[u8]; 4] =
            [CHAIN, self.prev.as_bytes(), &self.seq.to_be_bytes(), body.as_bytes()];
        Head { seq: self.seq, hash: Digest::of_parts(&parts) }
    }

    /// Is it signed by `key`, in every part?
    pub(super) fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        let bytes = BASE64.decode(self.signature.as_bytes()).ok();
        bytes.and_then(|b| Signature::from_slice(&b).ok()).is_some_and(|signature| {
            !self.organisation.contains('\n')
                && key.verify_strict(&self.signed_text(), &signature).is_ok()
        })
    }

    /// Seals the entry to a casebook key, padded to a multiple of 1 KiB.
    ///
    /// # Errors
    /// If it is too large, or the key cannot be sealed to.
    pub fn seal(&self, to: &Recipient) -> Result<Vec<u8>, EntryError> {
        let mut plain = serde_json::to_vec(self).map_err(|_| EntryError::Malformed)?;
        let padded = plain.len().next_multiple_of(STEP);
        if padded > MAX_ENTRY {
            return Err(EntryError::TooLarge { bytes: plain.len() });
        }
        plain.resize(padded, b' ');
        seal_to(std::slice::from_ref(to), &plain).map_err(|_| EntryError::BadRecipient)
    }

    /// Opens a sealed entry with whichever of `keys` fits; who wrote it is still to be proven.
    ///
    /// # Errors
    /// [`EntryError::NotOpened`] if none fits or the file is damaged, [`EntryError::Malformed`] if
    /// what is inside is no entry of this version.
    pub fn open(sealed: &[u8], keys: &[CasebookKey]) -> Result<Self, EntryError> {
        let plain = keys
            .iter()
            .find_map(|key| open_with(key.identity(), sealed, MAX_ENTRY).ok())
            .ok_or(EntryError::NotOpened)?;
        let entry: Self = serde_json::from_slice(&plain).map_err(|_| EntryError::Malformed)?;
        let well_formed = entry.schema == SCHEMA && plain.len().is_multiple_of(STEP);
        if well_formed { Ok(entry) } else { Err(EntryError::Malformed) }
    }

    /// What the signature covers: one line each, so that no two entries share a text.
    fn signed_text(&self) -> Vec<u8> {
        let Self {
            schema: _,
            organisation,
            keyring,
            by,
            seq,
            prev,
            day,
            salt: _,
            body: _,
            signature: _,
        } = self;
        let hash = self.head().hash;
        format!(
            "{SIGNED}organisation {organisation}\nkeyring {keyring}\nby {by}\nseq {seq}\nprev {prev}\n\
             day {day}\nhash {hash}\n"
        )
        .into_bytes()
    }
}

/// An entry could not be written or read.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum EntryError {
    /// No casebook key opens it, or the file is damaged.
    #[error("no casebook key of this reader opens it, or the file is damaged")]
    NotOpened,
    /// Its file is not here.
    #[error("its file is not here yet, or cannot be read")]
    NotHere,
    /// Its file is not the one that the feed committed to.
    #[error("its file is not the one that the feed names")]
    NotTheOneOfTheFeed,
    /// The very same file came before.
    #[error("the very same entry came before")]
    Repeated,
    /// It is no entry of this version.
    #[error("what is inside is not an entry of the form entry/1")]
    Malformed,
    /// It does not fit into the largest entry.
    #[error("the entry has {bytes} bytes, at most {MAX_ENTRY} fit")]
    TooLarge {
        /// Its length in bytes.
        bytes: usize,
    },
    /// A text is out of its limits.
    #[error(transparent)]
    OutOfLimits(#[from] OutOfLimits),
    /// The casebook key cannot be sealed to.
    #[error("the casebook key cannot be sealed to")]
    BadRecipient,
}

const SCHEMA: &str = "entry/1";
const CHAIN: &[u8] = b"sandyk/casebook/v1\n";
const SIGNED: &str = "sandyk/casebook-entry/v1\n";
/// Sealed entries are told apart only by how many of these they fill, in bytes.
const STEP: usize = 1024;
/// Largest padded entry, in bytes: the longest remark with every character escaped.
const MAX_ENTRY: usize = 128 * STEP;
