//! What one reader has made for others, in one spelling, and the signature under it.

use ed25519_dalek::SigningKey;

use super::{BatchError, BatchId, EnvelopeOf, MAX_LINES, Place};
use crate::{
    digest::Digest,
    id::{Id, ReaderId},
    keyring::{Chain, Keyring, Role},
    note::{KeyName, NamedKey, SignedNote},
};

/// Envelopes that were made, and own ones that do not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The organisation's name.
    pub organisation: String,
    /// SHA-256 of the signed note of the keyring whose readers they are for.
    pub keyring: Digest,
    /// Who made them.
    pub by: ReaderId,
    /// Envelopes, ascending by place.
    pub made: Vec<Made>,
    /// Envelopes of `by` that do not open, ascending by place.
    pub broken: Vec<Made>,
}

/// One envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// Where it belongs.
    pub place: Place,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

impl Batch {
    /// Reads the text that is signed.
    ///
    /// # Errors
    /// [`BatchError::Shape`] for a text that is not exactly as [`Batch::to_text`] writes it.
    pub fn parse(text: &str) -> Result<Self, BatchError> {
        Self::read(text).filter(|batch| batch.to_text() == text).ok_or(BatchError::Shape)
    }

    fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != TITLE {
            return None;
        }
        let mut value = |key: &str| lines.next()?.strip_prefix(key)?.strip_prefix(' ');
        let organisation = value("organisation")?.to_owned();
        let keyring = value("keyring")?.parse().ok()?;
        let by = value("by")?.parse().ok()?;
        let (mut made, mut broken) = (Vec::new(), Vec::new());
        for line in lines {
            if let Some(line) = line.strip_prefix(ENVELOPE) {
                made.push(Made::read(line)?);
            } else {
                broken.push(Made::read(line.strip_prefix(BROKEN)?)?);
            }
        }
        let batch = Self { organisation, keyring, by, made, broken };
        batch.is_sound().then_some(batch)
    }

    /// Bounded, ascending, and of the broken ones only the own.
    fn is_sound(&self) -> bool {
        let ascending = |made: &[Made]| made.is_sorted_by(|a, b| a.place < b.place);
        let lines = self.made.len().saturating_add(self.broken.len());
        ascending(&self.made)
            && ascending(&self.broken)
            && self.broken.iter().all(|broken| broken.place.reader == self.by)
            && lines <= MAX_LINES
    }

    /// Writes the text that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { organisation, keyring, by, made, broken } = self;
        let lines = |key: &str, made: &[Made]| {
            made.iter()
                .flat_map(|made| [key, &made.write(), "\n"].map(str::to_owned))
                .collect::<String>()
        };
        let (made, broken) = (lines(ENVELOPE, made), lines(BROKEN, broken));
        format!("{TITLE}\norganisation {organisation}\nkeyring {keyring}\nby {by}\n{made}{broken}")
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> BatchId {
        let digest = Digest::of(self.to_text().as_bytes());
        Id::from_bytes(digest.as_bytes().first_chunk().copied().unwrap_or_default())
    }

    fn check(&self, keyring: &Keyring) -> Result<(), BatchError> {
        let by = keyring.reader(self.by).ok_or(BatchError::NotAReader)?;
        let may_have = |made: &Made| {
            let reader = keyring.reader(made.place.reader);
            let names = made.place.of == EnvelopeOf::Identity;
            let guardians = by.role == Role::Guardian
                && reader.is_some_and(|reader| reader.role == Role::Guardian);
            reader.is_some() && (guardians || !names)
        };
        let all = self.made.iter().chain(&self.broken).all(may_have);
        if all { Ok(()) } else { Err(BatchError::NotForThem) }
    }
}

impl Made {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let thing = words.next()?.parse().ok()?;
        let of = EnvelopeOf::from_word(words.next()?)?;
        let reader = words.next()?.parse().ok()?;
        let sha256 = words.next()?.parse().ok()?;
        let place = Place { thing, of, reader };
        words.next().is_none().then_some(Self { place, sha256 })
    }

    fn write(&self) -> String {
        let Self { place: Place { thing, of, reader }, sha256 } = self;
        format!("{thing} {of} {reader} {sha256}")
    }
}

/// A batch with its signature, which is not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedBatch {
    batch: Batch,
    note: SignedNote,
}

impl SignedBatch {
    /// Writes and signs a batch.
    ///
    /// # Errors
    /// [`BatchError`] if it cannot be written down.
    pub fn sign(batch: Batch, key: &SigningKey) -> Result<Self, BatchError> {
        let mut note = SignedNote::new(batch.to_text())?;
        Batch::parse(note.text())?;
        note.sign(&KeyName::parse(&batch.by.to_string())?, key);
        Ok(Self { batch, note })
    }

    /// Reads a batch with its one signature.
    ///
    /// # Errors
    /// [`BatchError::Note`] or [`BatchError::Shape`].
    pub fn parse(text: &str) -> Result<Self, BatchError> {
        let note = SignedNote::parse(text)?;
        if note.signatures().len() != 1 {
            return Err(BatchError::Shape);
        }
        Ok(Self { batch: Batch::parse(note.text())?, note })
    }

    /// The batch with its signature.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.note.to_text()
    }

    /// What it says; nobody has checked who signed it.
    #[must_use]
    pub const fn batch(&self) -> &Batch {
        &self.batch
    }

    /// Checks that a reader of the newest keyring signed it, for readers of that very keyring.
    ///
    /// # Errors
    /// [`BatchError`], a variant for each reason.
    pub fn verify(&self, chain: &Chain) -> Result<&Batch, BatchError> {
        let keyring = chain.current().get();
        if self.batch.organisation != keyring.organisation {
            return Err(BatchError::Organisation);
        }
        // SECURITY: what was made for an older keyring may be for somebody who was retired since.
        if self.batch.keyring != chain.current_digest() {
            return Err(BatchError::OtherKeyring);
        }
        let by = keyring.reader(self.batch.by).ok_or(BatchError::NotAReader)?;
        let named = NamedKey { name: KeyName::parse(&by.id.to_string())?, key: by.signing };
        if self.note.signers(std::slice::from_ref(&named))?.is_empty() {
            return Err(BatchError::NotAReader);
        }
        self.batch.check(keyring)?;
        Ok(&self.batch)
    }
}

const TITLE: &str = "sandyk rewrap v1";
const ENVELOPE: &str = "envelope ";
const BROKEN: &str = "broken ";
