//! The file of a batch: its note, and the envelopes in the order of the note.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::{BATCH_BYTES, BatchError, MAX_ENVELOPE, SignedBatch};
use crate::digest::Digest;

/// A signed batch and its envelopes, each the one whose hash was signed.
#[derive(Clone)]
pub struct BatchFile {
    signed: SignedBatch,
    envelopes: Vec<Vec<u8>>,
}

/// As it lies on the disk; `jq` and `base64` read it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    note: String,
    envelopes: Vec<String>,
}

impl BatchFile {
    /// Puts a batch and its envelopes together.
    ///
    /// # Errors
    /// [`BatchError::OtherEnvelope`] if they are not those of the batch, `TooLarge`.
    pub fn new(signed: SignedBatch, envelopes: Vec<Vec<u8>>) -> Result<Self, BatchError> {
        let made = &signed.batch().made;
        if envelopes.iter().any(|sealed| sealed.len() > MAX_ENVELOPE) {
            return Err(BatchError::TooLarge);
        }
        let is = |(made, sealed): (&super::Made, &Vec<u8>)| {
            made.sha256 == Digest::of(sealed) && sealed.starts_with(SEALED)
        };
        let all = made.len() == envelopes.len() && made.iter().zip(&envelopes).all(is);
        all.then_some(Self { signed, envelopes }).ok_or(BatchError::OtherEnvelope)
    }

    /// Reads a file; spaces may follow the JSON.
    ///
    /// # Errors
    /// [`BatchError`]; nothing of it is used then. The signature is not checked.
    pub fn parse(file: &[u8]) -> Result<Self, BatchError> {
        if file.len() > BATCH_BYTES {
            return Err(BatchError::TooLarge);
        }
        let Json { note, envelopes } =
            serde_json::from_slice(file).map_err(|_| BatchError::Shape)?;
        let bytes = |text: &String| BASE64.decode(text.as_bytes()).map_err(|_| BatchError::Shape);
        let envelopes = envelopes.iter().map(bytes).collect::<Result<_, _>>()?;
        Self::new(SignedBatch::parse(&note)?, envelopes)
    }

    /// Writes the file.
    ///
    /// # Errors
    /// [`BatchError::TooLarge`] if it would pass [`BATCH_BYTES`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, BatchError> {
        let envelopes = self.envelopes.iter().map(|sealed| BASE64.encode(sealed)).collect();
        let json = Json { note: self.signed.to_text(), envelopes };
        let bytes = serde_json::to_vec(&json).map_err(|_| BatchError::Shape)?;
        if bytes.len() > BATCH_BYTES { Err(BatchError::TooLarge) } else { Ok(bytes) }
    }

    /// The batch, with a signature that nobody has checked.
    #[must_use]
    pub const fn signed(&self) -> &SignedBatch {
        &self.signed
    }

    /// Batch and envelopes, given away.
    #[must_use]
    pub fn into_parts(self) -> (SignedBatch, Vec<Vec<u8>>) {
        (self.signed, self.envelopes)
    }
}

/// How every age file begins: nothing in the clear passes for an envelope.
const SEALED: &[u8] = b"age-encryption.org/v1\n";
