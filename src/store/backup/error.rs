//! What keeps a backup or a restore from being made.

use std::{io, path::PathBuf};

use crate::store::StoreError;

/// Why a backup or a restore was not made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target is in the store, or the store in it.
    #[error("the backup and the store lie inside of each other; nothing was copied; name another")]
    Inside,
    /// Another run is at work there.
    #[error("another backup is at work in {0}; nothing was copied; wait for it")]
    InUse(PathBuf),
    /// Something else lies there.
    #[error("{0} is not a backup that this version reads; nothing was changed; name another")]
    NotABackup(PathBuf),
    /// Its files are of two stores.
    #[error("the files in {0} are of two backups; nothing was restored; name one that is whole")]
    Mixed(PathBuf),
    /// Something was erased again and again meanwhile.
    #[error("the store was compacted again and again; the backup is as it was; try again later")]
    Restless,
    /// The target of a restore holds something.
    #[error("{0} is not empty; nothing was changed; name a folder that is not there yet")]
    NotEmpty(PathBuf),
    /// The store, or the backup's own journal, does not read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the file system says.
    #[error("a file cannot be read or written: {0}")]
    Io(#[from] io::Error),
}
