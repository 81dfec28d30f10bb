//! The words of the server: store, ledger key, keyring folder.

use std::error::Error;

use super::{Told, Words, told};
use crate::{
    intake::{Closed, LogError, LookError},
    ledger::LedgerKeyError,
    store::{StoreError, backup::BackupError},
};

pub(super) fn of(error: &(dyn Error + 'static)) -> Option<Words> {
    told::<StoreError>(error)
        .or_else(|| told::<LedgerKeyError>(error))
        .or_else(|| told::<Closed>(error))
        .or_else(|| told::<LookError>(error))
        .or_else(|| told::<LogError>(error))
        .or_else(|| told::<BackupError>(error))
}

impl Told for LogError {
    fn words(&self) -> Words {
        match self {
            Self::Store(cause) => Words::of("log-store").why(cause.words()),
            Self::Damaged => Words::of("log-damaged"),
            Self::Clock { today, next } => {
                Words::of("log-clock").with("today", today).with("next", next)
            }
            Self::Stopping => Words::of("log-stopping"),
        }
    }
}

impl Told for StoreError {
    fn words(&self) -> Words {
        match self {
            Self::Unexpected { .. }
            | Self::BlobUnfinished(_)
            | Self::BlobMissing(_)
            | Self::BlobAttached(_)
            | Self::BadCommit(_) => Words::of("store-fault").with("why", self),
            Self::Broken { cause } => Words::of("store-broken").with("why", cause),
            Self::Stopped => Words::of("store-stopped"),
            Self::Locked(folder) => Words::of("store-locked").with("folder", folder.display()),
            Self::JournalMissing(folder) => {
                Words::of("store-journal-missing").with("folder", folder.display())
            }
            Self::BlobsGone(folder) => {
                Words::of("store-blobs-gone").with("folder", folder.display())
            }
            Self::NotRestored(folder) => {
                Words::of("store-not-restored").with("folder", folder.display())
            }
            Self::NotAJournal(file) => {
                Words::of("store-not-a-journal").with("file", file.display())
            }
            Self::Damaged { offset, what } => {
                Words::of("store-damaged").with("offset", offset).with("why", what)
            }
            Self::Index { cause } => Words::of("store-index").with("why", cause),
            Self::Io(cause) => Words::of("store-io").why(cause.words()),
        }
    }
}

impl Told for LedgerKeyError {
    fn words(&self) -> Words {
        match self {
            Self::Lost => Words::of("ledger-key-lost"),
            Self::Malformed => Words::of("ledger-key-malformed"),
            Self::Io(cause) => Words::of("ledger-key-io").why(cause.words()),
        }
    }
}

impl Told for Closed {
    fn words(&self) -> Words {
        match self {
            Self::NoKeyring => Words::of("closed-no-keyring"),
            Self::Unusable(cause) => Words::of("closed-unusable").why(cause.words()),
        }
    }
}

impl Told for LookError {
    fn words(&self) -> Words {
        match self {
            Self::Read(cause) => Words::of("look-unreadable").why(cause.words()),
            Self::Invalid(cause) => Words::of("look-invalid").why(cause.words()),
        }
    }
}

impl Told for BackupError {
    fn words(&self) -> Words {
        match self {
            Self::Inside => Words::of("backup-inside"),
            Self::InUse(folder) => Words::of("backup-in-use").with("folder", folder.display()),
            Self::NotABackup(folder) => {
                Words::of("backup-not-a-backup").with("folder", folder.display())
            }
            Self::Mixed(folder) => Words::of("backup-mixed").with("folder", folder.display()),
            Self::Restless => Words::of("backup-restless"),
            Self::NotEmpty(folder) => {
                Words::of("backup-not-empty").with("folder", folder.display())
            }
            Self::Store(cause) => Words::of("backup-files").why(cause.words()),
            Self::Io(cause) => Words::of("backup-files").why(cause.words()),
        }
    }
}
