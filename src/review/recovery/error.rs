//! Why keys were not sealed to holders, or not got back from them.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    review::KeysError,
    sealed::{SealError, open_passfile::PassError},
};

/// A recovery could not be made, rehearsed or done.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The reader's keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Too few or too many holders, or none of them needed.
    #[error("{holders} holders of whom {needed} are needed: 2 to {most} holders, of whom 2 or more", most = super::MAX_HOLDERS)]
    Counts {
        /// How many holders were named.
        holders: usize,
        /// How many must come together.
        needed: usize,
    },
    /// Two of the holders have one key.
    #[error("holders {first} and {second} have the same key")]
    SameHolder {
        /// Counted from 1.
        first: usize,
        /// Counted from 1.
        second: usize,
    },
    /// The file is no holder's public key.
    #[error("{path} is no holder's public key", path = .path.display())]
    NotAHolderPub {
        /// Which file.
        path: PathBuf,
    },
    /// The file is no holder's key.
    #[error("{path} is no holder's key", path = .path.display())]
    NotAHolder {
        /// Which file.
        path: PathBuf,
    },
    /// The passphrase of a holder's key is wrong, or the file damaged.
    #[error("{path} does not open: {why}", path = .path.display())]
    HolderNotOpened {
        /// Which file.
        path: PathBuf,
        /// Which of the two.
        why: PassError,
    },
    /// The file is no recovery file, or its plan is none.
    #[error("{path} is no recovery file", path = .path.display())]
    NotARecovery {
        /// Which file.
        path: PathBuf,
    },
    /// None of the keys opens the outermost layer.
    #[error(
        "{path} opens with the keys of holders {wanted}, in this order; given: {given}",
        path = .path.display(), wanted = holder_numbers(.wanted), given = holder_numbers(.given)
    )]
    NotTheseHolders {
        /// Which file.
        path: PathBuf,
        /// Numbers of the holders whose keys were given, as far as the plan knows them.
        given: Vec<usize>,
        /// Numbers of the holders who can open it, outermost first.
        wanted: Vec<usize>,
    },
    /// A layer does not authenticate, or is cut off.
    #[error("{path} was altered or cut off after it was sealed", path = .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
    /// What was sealed or came out are other keys than those of `reader.pub`.
    #[error("these are other keys than those that reader.pub names")]
    NotTheReader,
    /// Nothing is ever overwritten.
    #[error("{path} is there already", path = .path.display())]
    AlreadyHere {
        /// Which file or folder.
        path: PathBuf,
    },
    /// A layer could not be sealed.
    #[error("the keys could not be sealed: {0}")]
    NotSealed(SealError),
    /// The file system says no.
    #[error("{path}: {cause}", path = .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What it says.
        cause: io::Error,
    },
}

impl RecoveryError {
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| {
            if cause.kind() == io::ErrorKind::AlreadyExists {
                Self::AlreadyHere { path }
            } else {
                Self::File { path, cause }
            }
        }
    }
}

/// Numbers as people read them: "1, 3"; a dash if there are none.
#[must_use]
pub fn holder_numbers(numbers: &[usize]) -> String {
    if numbers.is_empty() {
        return "–".to_owned();
    }
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
