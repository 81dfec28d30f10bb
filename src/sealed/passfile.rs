//! Small secrets under a passphrase: a reader's or an administrator's key file.
//!
//! What it is: a plain age v1 scrypt file, so that stock age opens it.
//! Promises: 1. the passphrase is the only way in; 2. its cost is chosen by the caller.
//! Does not: judge passphrases. Opening is `open_passfile`, for roles that hold such files.
//! Spec: <https://c2sp.org/age>, "scrypt".

use std::io::Write as _;

use age_core::secrecy::SecretString;

use crate::{
    sealed::{SealError, seal::encrypting},
    secret::SecretText,
};

/// The largest scrypt work factor that is used or accepted: 2^22, four GiB of memory.
pub const MAX_WORK_FACTOR: u8 = 22;

/// Seals a small secret under a passphrase, at scrypt cost N = 2^`work_factor`.
///
/// # Errors
/// [`SealError::WorkFactor`] unless it is between 1 and 22.
pub fn seal_with_passphrase(
    passphrase: &SecretText,
    plaintext: &[u8],
    work_factor: u8,
) -> Result<Vec<u8>, SealError> {
    if !(1..=MAX_WORK_FACTOR).contains(&work_factor) {
        return Err(SealError::WorkFactor);
    }
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.expose()));
    recipient.set_work_factor(work_factor);
    let recipient: &dyn age::Recipient = &recipient;
    let mut file = Vec::with_capacity(plaintext.len().saturating_add(HEADER_ROOM));
    let mut stream = encrypting(std::iter::once(recipient), &mut file)?;
    stream.write_all(plaintext)?;
    stream.finish()?;
    Ok(file)
}

const HEADER_ROOM: usize = 1 << 10;
