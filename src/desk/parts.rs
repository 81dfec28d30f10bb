//! Whether a part still lies on the disk as it was taken in.
//!
//! Readers are told which part is not there, and get everything else; which file it is and why is for
//! whoever has the server, by `sandyk verify store`.

use std::io;

use crate::{
    digest::HashingWriter,
    ledger::feed::PartInfo,
    store::{Store, StoreError},
};

/// Reads a part once more; whether it has the size and digest with which it was taken in.
///
/// # Errors
/// What says nothing about the part itself: the store does not work, or the machine has nothing left
/// to open it with.
pub(super) fn is_whole(store: &impl Store, part: &PartInfo) -> Result<bool, StoreError> {
    let Some(file) = open(store, part)? else { return Ok(false) };
    let mut hashed = HashingWriter::new(io::sink());
    // What has grown is not read to its end.
    let mut file = io::Read::take(file, part.bytes.saturating_add(1));
    let read = io::copy(&mut file, &mut hashed);
    let (_, digest, _) = hashed.finish();
    Ok(read.is_ok_and(|bytes| bytes == part.bytes) && digest == part.sha256)
}

/// Opens the file of a part; `None` if it is gone or cannot be opened.
///
/// # Errors
/// As [`is_whole`].
pub(super) fn open<S: Store>(store: &S, part: &PartInfo) -> Result<Option<S::Reader>, StoreError> {
    match store.open(part.blob) {
        Ok(file) => Ok(Some(file)),
        Err(StoreError::BlobMissing(_)) => Ok(None),
        Err(StoreError::Io(error)) if !is_want(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the machine has too little of something now: that is no damage, and passes.
fn is_want(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = Errno::from_io_error(error);
    errno.is_some_and(|errno| [Errno::MFILE, Errno::NFILE, Errno::NOMEM].contains(&errno))
}
