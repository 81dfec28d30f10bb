//! What can go wrong in a store, one variant per cause that a person can act on.
//!
//! No variant carries a key or a value.

use std::{io, path::PathBuf};

use crate::{
    id::BlobId,
    store::{MAX_COMMIT, MAX_KEY},
};

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A record is not what put number `put` (from 0) expected.
    #[error("a record is not what the change expected (put {put}); nothing was changed")]
    Unexpected {
        /// Which put of the commit.
        put: usize,
    },
    /// A blob to attach is still being written.
    #[error("blob {0} is not finished; nothing was changed")]
    BlobUnfinished(BlobId),
    /// There is no such blob.
    #[error("there is no blob {0}; nothing was changed")]
    BlobMissing(BlobId),
    /// The blob belongs to a change already.
    #[error("blob {0} is attached already; nothing was changed")]
    BlobAttached(BlobId),
    /// The commit is not well formed.
    #[error("the change is not well formed: {0}; nothing was changed")]
    BadCommit(#[from] BadCommit),
    /// An earlier write failed; only reading works until the store is opened again.
    #[error(
        "an earlier write failed ({cause}); everything acknowledged is kept and readable, and \
         writing works again after the program is restarted"
    )]
    Broken {
        /// What the file system said.
        cause: String,
    },
    /// The committer ended.
    #[error("the store has stopped; everything acknowledged is kept; restart the program")]
    Stopped,
    /// Another process has the folder.
    #[error("{0} is in use by another sandyk process; stop that one first")]
    Locked(PathBuf),
    /// The folder has parts of a store but no journal.
    #[error("{0} has parts of a store but no journal; bring the journal back, nothing was changed")]
    JournalMissing(PathBuf),
    /// The journal names files, and where they should be is nothing.
    #[error(
        "the journal in {0} names files, and its folder blobs is empty; nothing was changed; is their \
         disk mounted? bring them back, or, if they are lost for good, put an empty file named lost there"
    )]
    BlobsGone(PathBuf),
    /// A restore made it and did not come to its end: what is forgotten may still be there.
    #[error("{0} is of a restore that did not come to its end; nothing was changed; restore again")]
    NotRestored(PathBuf),
    /// The journal was written by something else, or by a newer version.
    #[error("{0} is not a journal that this version reads; nothing was changed")]
    NotAJournal(PathBuf),
    /// Bytes of the journal are not those that were written.
    #[error(
        "the journal is damaged at byte {offset} ({what}); nothing was changed; restore it from \
         a backup"
    )]
    Damaged {
        /// Where the damage begins.
        offset: u64,
        /// In what way.
        what: &'static str,
    },
    /// The index could not be read or written.
    #[error(
        "the index does not work ({cause}); restart the program, it is rebuilt from the journal"
    )]
    Index {
        /// What the index said.
        cause: String,
    },
    /// What the file system said.
    #[error("the store's folder does not work: {0}")]
    Io(#[from] io::Error),
}

impl StoreError {
    /// Whether the commit was refused for what the store holds, and nothing was changed.
    #[must_use]
    pub const fn is_conflict(&self) -> bool {
        matches!(
            self,
            Self::Unexpected { .. }
                | Self::BlobUnfinished(_)
                | Self::BlobMissing(_)
                | Self::BlobAttached(_)
        )
    }
}

/// Why a commit is not well formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCommit {
    /// A key is empty or too long.
    #[error("a key has {0} bytes, not 1 to {MAX_KEY}")]
    KeyLength(usize),
    /// A key stands in it twice.
    #[error("a key stands in it twice")]
    KeyTwice,
    /// A blob stands in it twice.
    #[error("a blob stands in it twice")]
    BlobTwice,
    /// It is too large.
    #[error("it has {0} bytes, more than {MAX_COMMIT}")]
    TooLarge(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_depends_on_the_stored_state_is_a_conflict() {
        let blob = BlobId::from_bytes([7; 16]);
        assert!(StoreError::Unexpected { put: 0 }.is_conflict());
        assert!(StoreError::BlobMissing(blob).is_conflict());
        assert!(!StoreError::BadCommit(BadCommit::KeyTwice).is_conflict());
        assert!(!StoreError::Stopped.is_conflict());
    }
}
