//! The words of the server: store, ledger key, keyring folder.

use std::error::Error;

use super::{Told, Words, told};
use crate::{
    intake::{Closed, LookError},
    ledger::LedgerKeyError,
    process::Weakness,
    store::StoreError,
};

pub(super) fn of(error: &(dyn Error + 'static)) -> Option<Words> {
    told::<StoreError>(error)
        .or_else(|| told::<LedgerKeyError>(error))
        .or_else(|| told::<Closed>(error))
        .or_else(|| told::<LookError>(error))
        .or_else(|| told::<Weakness>(error))
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

impl Told for Weakness {
    fn words(&self) -> Words {
        Words::of(match self {
            Self::CoreDumps => "weak-core-dumps",
            Self::Dumpable => "weak-dumpable",
            Self::Swappable => "weak-swappable",
        })
    }
}
