//! Sealing bytes and the three JSON parts.

use std::io::{self, Write};

use age::stream::StreamWriter;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    padding,
    recipient::Recipient,
    sealed::{
        ACCOUNT_SIZES, COVER_SIZE, Cover, IDENTITY_SIZE, SealError, Sealed, TestimonyRecipients,
        part,
    },
    testimony::{Account, Identity},
};

impl TestimonyRecipients {
    /// Seals an account: JSON, padded with spaces to the next of [`ACCOUNT_SIZES`].
    ///
    /// # Errors
    /// [`SealError::AccountTooLarge`] if it needs more than 1 MiB.
    pub fn seal_account(&self, account: &Account) -> Result<Sealed<part::Account>, SealError> {
        let json = padded_json(account, &ACCOUNT_SIZES)
            .map_err(|e| e.or_too_large(|bytes| SealError::AccountTooLarge { bytes }))?;
        seal_one(&self.reviewers, &json).map(Sealed::from_bytes)
    }

    /// Seals an identity: JSON, padded with spaces to 64 KiB, also when it is empty.
    ///
    /// # Errors
    /// [`SealError::IdentityTooLarge`] if it needs more.
    pub fn seal_identity(&self, identity: &Identity) -> Result<Sealed<part::Identity>, SealError> {
        let json = padded_json(identity, &[IDENTITY_SIZE])
            .map_err(|e| e.or_too_large(|bytes| SealError::IdentityTooLarge { bytes }))?;
        seal_one(&self.guardians, &json).map(Sealed::from_bytes)
    }

    /// Seals a cover: JSON, padded with spaces to 4 KiB; the last part that is sealed.
    ///
    /// # Errors
    /// [`SealError::CoverTooLarge`] if it needs more.
    pub fn seal_cover(&self, cover: &Cover) -> Result<Sealed<part::Cover>, SealError> {
        let json = padded_json(cover, &[COVER_SIZE])
            .map_err(|e| e.or_too_large(|bytes| SealError::CoverTooLarge { bytes }))?;
        seal_one(&self.reviewers, &json).map(Sealed::from_bytes)
    }
}

/// Seals `plaintext` to all of `recipients` as one age file.
///
/// # Errors
/// [`SealError::NoReaders`] without recipients, [`SealError::BadRecipient`].
pub fn seal_to(recipients: &[impl age::Recipient], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    let dynamic = recipients.iter().map(|recipient| {
        let recipient: &dyn age::Recipient = recipient;
        recipient
    });
    let mut file = Vec::with_capacity(plaintext.len().saturating_add(HEADER_ROOM));
    let mut stream = encrypting(dynamic, &mut file)?;
    stream.write_all(plaintext)?;
    stream.finish()?;
    Ok(file)
}

/// An age stream to `recipients` that writes to `out`; the header is written at once.
pub(super) fn encrypting<'a, W: Write>(
    recipients: impl Iterator<Item = &'a dyn age::Recipient>,
    out: W,
) -> Result<StreamWriter<W>, SealError> {
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(|e| match e {
        age::EncryptError::MissingRecipients => SealError::NoReaders,
        age::EncryptError::EncryptedIdentities(_)
        | age::EncryptError::IncompatibleRecipients { .. }
        | age::EncryptError::InvalidRecipientLabels(_)
        | age::EncryptError::Io(_)
        | age::EncryptError::MixedRecipientAndPassphrase
        | _ => SealError::BadRecipient,
    })?;
    Ok(encryptor.wrap_output(out)?)
}

fn seal_one(recipient: &Recipient, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    seal_to(std::slice::from_ref(recipient), plaintext)
}

/// `value` as JSON with spaces after it, as long as the first of `sizes` that holds it.
///
/// The buffer is as large as the largest size from the start, so it never moves and leaves no
/// copy behind.
fn padded_json(value: &impl Serialize, sizes: &[usize]) -> Result<Zeroizing<Vec<u8>>, PadError> {
    let most = sizes.last().copied().unwrap_or_default();
    let mut json = Bounded { bytes: Zeroizing::new(Vec::with_capacity(most)), written: 0 };
    let done = serde_json::to_writer(&mut json, value);
    if json.written > most {
        return Err(PadError::TooLarge(json.written));
    }
    done.map_err(|_| PadError::NotJson)?;
    let Bounded { mut bytes, .. } = json;
    let size = padding::step(bytes.len(), sizes).unwrap_or(most);
    bytes.resize(size, b' ');
    Ok(bytes)
}

enum PadError {
    TooLarge(usize),
    NotJson,
}

impl PadError {
    fn or_too_large(self, too_large: impl FnOnce(usize) -> SealError) -> SealError {
        match self {
            Self::TooLarge(bytes) => too_large(bytes),
            Self::NotJson => SealError::NotJson,
        }
    }
}

/// Keeps what fits and counts the rest.
struct Bounded {
    bytes: Zeroizing<Vec<u8>>,
    written: usize,
}

impl Write for Bounded {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.written = self.written.saturating_add(buf.len());
        if self.written <= self.bytes.capacity() {
            self.bytes.extend_from_slice(buf);
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Room for a header with one hybrid recipient and age's random stanza, and for the tags.
const HEADER_ROOM: usize = 4 << 10;
