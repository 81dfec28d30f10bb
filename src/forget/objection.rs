//! One guardian's objection: it stops an order for good.

use ed25519_dalek::SigningKey;

use super::{
    ForgetError, MAX_BYTES, ObjectionId, OrderId, first_half,
    lines::Lines,
    order::{guardians, keyrings},
};
use crate::{
    clock::Day,
    digest::Digest,
    id::{Id, ReaderId},
    keyring::Chain,
    note::{KeyName, SignedNote},
};

/// Which order is not to be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// The organisation's name.
    pub organisation: String,
    /// SHA-256 of the order's text.
    pub order: Digest,
    /// The day on which it was signed.
    pub day: Day,
    /// SHA-256 of the signed note of the keyring that the signer knew.
    pub keyring: Digest,
}

impl Objection {
    /// Reads the text that is signed.
    ///
    /// # Errors
    /// [`ForgetError::Shape`] for a text that is not exactly as [`Objection::to_text`] writes it.
    pub fn parse(text: &str) -> Result<Self, ForgetError> {
        let mut lines = Lines::begin(text, TITLE)?;
        let objection = Self {
            organisation: lines.read("organisation", |text| Some(text.to_owned()))?,
            order: lines.read("order", |text| text.parse().ok())?,
            day: lines.read("day", |text| text.parse().ok())?,
            keyring: lines.read("keyring", |text| text.parse().ok())?,
        };
        if objection.to_text() == text { Ok(objection) } else { Err(ForgetError::Shape) }
    }

    /// Writes the text that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { organisation, order, day, keyring } = self;
        format!(
            "{TITLE}\norganisation {organisation}\norder {order}\nday {day}\nkeyring {keyring}\n"
        )
    }

    /// The name of this objection.
    #[must_use]
    pub fn id(&self) -> ObjectionId {
        Id::from_bytes(first_half(Digest::of(self.to_text().as_bytes())))
    }

    /// The name of the order that it stops.
    #[must_use]
    pub fn order_id(&self) -> OrderId {
        Id::from_bytes(first_half(self.order))
    }
}

/// An objection with its signature, which is not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedObjection {
    objection: Objection,
    note: SignedNote,
}

impl SignedObjection {
    /// Writes and signs an objection.
    ///
    /// # Errors
    /// [`ForgetError`] if it cannot be written down.
    pub fn sign(objection: Objection, id: ReaderId, key: &SigningKey) -> Result<Self, ForgetError> {
        let mut note = SignedNote::new(objection.to_text())?;
        Objection::parse(note.text())?;
        note.sign(&KeyName::parse(&id.to_string())?, key);
        Ok(Self { objection, note })
    }

    /// Reads an objection with at least one signature.
    ///
    /// # Errors
    /// [`ForgetError::Note`] or [`ForgetError::Shape`].
    pub fn parse(text: &str) -> Result<Self, ForgetError> {
        if text.len() > MAX_BYTES {
            return Err(ForgetError::Shape);
        }
        let note = SignedNote::parse(text)?;
        Ok(Self { objection: Objection::parse(note.text())?, note })
    }

    /// The objection with its signature.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.note.to_text()
    }

    /// What it objects to; nobody has checked who signed it.
    #[must_use]
    pub const fn objection(&self) -> &Objection {
        &self.objection
    }

    /// Checks that a guardian of the keyring of `epoch` signed it.
    ///
    /// # Errors
    /// [`ForgetError`], [`ForgetError::TooFew`] if no guardian signed.
    pub fn check(&self, chain: &Chain, epoch: u32) -> Result<&Objection, ForgetError> {
        let (then, now) = keyrings(&self.objection.keyring, chain, epoch)?;
        if self.objection.organisation != now.organisation {
            return Err(ForgetError::Organisation);
        }
        let guardians = guardians(then, now)?;
        if self.note.stranger(&guardians).is_some() {
            return Err(ForgetError::Stranger);
        }
        if self.note.signers(&guardians)?.is_empty() {
            return Err(ForgetError::TooFew);
        }
        Ok(&self.objection)
    }
}

const TITLE: &str = "sandyk forget-objection v1";
