//! The one place where a reader's age file is opened.

use std::io::{self, BufRead, Read};

use age::{DecryptError, stream::StreamReader};
use zeroize::Zeroizing;

use crate::sealed::open::OpenError;

/// Opens an age file of at most `limit` bytes of content.
///
/// # Errors
/// [`OpenError`], and nothing of the content, unless all of it authenticates.
pub fn open_with(
    identity: &dyn age::Identity,
    sealed: &[u8],
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let mut stream = decrypting(identity, sealed)?;
    let room = limit.saturating_add(1).min(sealed.len());
    let mut content = Zeroizing::new(Vec::with_capacity(room));
    let most = u64::try_from(room).unwrap_or(u64::MAX);
    stream.by_ref().take(most).read_to_end(&mut content).map_err(while_reading)?;
    if content.len() > limit {
        return Err(OpenError::TooLarge { limit });
    }
    Ok(content)
}

/// The content of an age file as a stream; every chunk authenticates before it comes out.
#[expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the one door through which readers open"
)]
pub(super) fn decrypting<R: BufRead>(
    identity: &dyn age::Identity,
    sealed: R,
) -> Result<StreamReader<R>, OpenError> {
    age::Decryptor::new_buffered(sealed)
        .and_then(|file| file.decrypt(std::iter::once(identity)))
        .map_err(|error| match error {
            DecryptError::NoMatchingKeys
            | DecryptError::DecryptionFailed
            | DecryptError::KeyDecryptionFailed
            | DecryptError::ExcessiveWork { .. } => OpenError::NotForThisKey,
            DecryptError::InvalidMac => OpenError::Altered,
            DecryptError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                OpenError::Truncated
            }
            DecryptError::Io(error) if error.kind() != io::ErrorKind::InvalidData => {
                OpenError::Io(error)
            }
            DecryptError::InvalidHeader | DecryptError::UnknownFormat | DecryptError::Io(_) | _ => {
                OpenError::NotAnAgeFile
            }
        })
}

/// What age says while the content is read.
pub(super) fn while_reading(error: io::Error) -> OpenError {
    let is = |kind| error.kind() == kind;
    if is(io::ErrorKind::InvalidData) {
        OpenError::Altered
    } else if is(io::ErrorKind::UnexpectedEof) {
        OpenError::Truncated
    } else {
        OpenError::Io(error)
    }
}
