//! A reader's word for a new reader, given with the signing key of a session.

use crate::{
    clock::Day,
    keyring::{KeyringError, ReaderPub, SignedVouch},
    review::Session,
};

impl Session {
    /// Vouches for `reader` in the keyring that will follow the newest one.
    ///
    /// Whether these keys are that person's is not asked here: the caller has compared digits.
    ///
    /// # Errors
    /// [`VouchError`]; nothing was signed.
    pub fn vouch(&self, reader: &ReaderPub, today: Day) -> Result<SignedVouch, VouchError> {
        self.usable(today)?;
        if self.listed().is_none() {
            return Err(VouchError::NotListed);
        }
        Ok(SignedVouch::sign(&self.chain, reader, self.keys.id, &self.keys.signing)?)
    }
}

/// No word was given.
#[derive(Debug, thiserror::Error)]
pub enum VouchError {
    /// The newest keyring does not list whoever wants to vouch, with these keys.
    #[error("you are no reader of the newest keyring with these keys, and cannot vouch")]
    NotListed,
    /// The keyring does not allow it.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}
