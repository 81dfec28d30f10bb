//! Opening a small secret with its passphrase; for roles that hold key files.
//!
//! Promises: 1. a wrong passphrase is its own error; 2. a file cannot ask for more than 2^22 of
//! scrypt work. Does not: open anything that is sealed to a key.
//! Spec: <https://c2sp.org/age>, "scrypt".

use std::io::Read as _;

use age::DecryptError;
use age_core::secrecy::SecretString;
use zeroize::Zeroizing;

use crate::{sealed::passfile::MAX_WORK_FACTOR, secret::SecretText};

/// Opens what `seal_with_passphrase` sealed; at most 1 MiB.
///
/// # Errors
/// [`PassError::WrongPassphrase`] and the other causes, and nothing of the content.
#[expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "opens files sealed under a passphrase, never to a reader's key"
)]
pub fn open_with_passphrase(
    passphrase: &SecretText,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, PassError> {
    if sealed.len() > MAX_SEALED {
        return Err(PassError::TooLarge);
    }
    let file = age::Decryptor::new_buffered(sealed).map_err(|_| PassError::NotAPassphraseFile)?;
    if !file.is_scrypt() {
        return Err(PassError::NotAPassphraseFile);
    }
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.expose()));
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    let identity: &dyn age::Identity = &identity;
    let mut stream = file.decrypt(std::iter::once(identity)).map_err(|error| match error {
        DecryptError::ExcessiveWork { required, .. } => PassError::TooMuchWork { required },
        DecryptError::DecryptionFailed
        | DecryptError::KeyDecryptionFailed
        | DecryptError::NoMatchingKeys => PassError::WrongPassphrase,
        DecryptError::InvalidMac => PassError::Altered,
        DecryptError::InvalidHeader | DecryptError::UnknownFormat | DecryptError::Io(_) | _ => {
            PassError::NotAPassphraseFile
        }
    })?;
    let mut content = Zeroizing::new(Vec::with_capacity(sealed.len()));
    stream.read_to_end(&mut content).map_err(|_| PassError::Altered)?;
    Ok(content)
}

/// Why a passphrase file was not opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PassError {
    /// Another passphrase was used to seal it.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// It is no age file under a passphrase.
    #[error("this is not an age file sealed with a passphrase")]
    NotAPassphraseFile,
    /// It asks for more work than is accepted.
    #[error("this file asks for 2^{required} of scrypt work, at most 2^22 is accepted")]
    TooMuchWork {
        /// Its work factor.
        required: u8,
    },
    /// It does not authenticate, or its end is missing.
    #[error("the file was altered or cut off after it was sealed")]
    Altered,
    /// It has more than 1 MiB.
    #[error("the file is too large for a key file")]
    TooLarge,
}

const MAX_SEALED: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealed::{SealError, passfile::seal_with_passphrase};

    fn words(text: &str) -> SecretText {
        SecretText::new(text.to_owned())
    }

    #[test]
    fn a_key_file_opens_with_its_passphrase_and_no_other() {
        let sealed = seal_with_passphrase(&words("four small words here"), b"key", 2).unwrap();
        let opened = open_with_passphrase(&words("four small words here"), &sealed).unwrap();
        assert_eq!(opened.as_slice(), b"key");
        let wrong = open_with_passphrase(&words("four small words her"), &sealed);
        assert_eq!(wrong, Err(PassError::WrongPassphrase));
        let cut = sealed.split_last().unwrap().1;
        let cut = open_with_passphrase(&words("four small words here"), cut);
        assert_eq!(cut, Err(PassError::Altered));
    }

    #[test]
    fn a_file_that_asks_for_too_much_work_is_refused_at_once() {
        let sealed = seal_with_passphrase(&words("a"), b"key", 2).unwrap();
        let at = sealed.windows(3).position(|window| window == b" 2\n").unwrap();
        let mut greedy = sealed.clone();
        greedy.splice(at..at.saturating_add(3), *b" 23\n");
        let refused = open_with_passphrase(&words("a"), &greedy);
        assert_eq!(refused, Err(PassError::TooMuchWork { required: 23 }));
        for factor in [0, 23, 64, 255] {
            let refused = seal_with_passphrase(&words("a"), b"key", factor);
            assert!(matches!(refused, Err(SealError::WorkFactor)), "{factor}");
        }
    }

    #[test]
    fn a_file_sealed_to_a_key_is_no_passphrase_file() {
        let identity = crate::hybrid::HybridIdentity::generate(&mut rand::rngs::OsRng);
        let sealed = crate::sealed::seal_to(&[identity.recipient()], b"key").unwrap();
        for file in [sealed.as_slice(), b"", b"age-encryption.org/v1\n"] {
            let refused = open_with_passphrase(&words("a"), file);
            assert_eq!(refused, Err(PassError::NotAPassphraseFile));
        }
    }
}
