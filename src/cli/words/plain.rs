//! The words of the machine itself: files, configurations, passphrases.

use std::{
    error::Error,
    io::{self, ErrorKind},
};

use super::{Told, Words, told};
use crate::{
    config::{ConfigError, reviewer::ReviewerConfigError},
    process::Weakness,
};

pub(super) fn of(error: &(dyn Error + 'static)) -> Option<Words> {
    told::<io::Error>(error)
        .or_else(|| told::<ConfigError>(error))
        .or_else(|| told::<ReviewerConfigError>(error))
        .or_else(|| told::<Weakness>(error))
}

impl Told for io::Error {
    fn words(&self) -> Words {
        of_kind(self.kind(), &self.to_string())
    }
}

/// What the system said, by its kind; a rare one in the system's own English.
pub(super) fn of_kind(kind: ErrorKind, english: &str) -> Words {
    let known = KINDS.iter().find(|(known, _)| *known == kind);
    known.map_or_else(|| Words::of("io-other").with("why", english), |(_, id)| Words::of(id))
}

const KINDS: [(ErrorKind, &str); 16] = [
    (ErrorKind::NotFound, "io-not-found"),
    (ErrorKind::PermissionDenied, "io-denied"),
    (ErrorKind::ReadOnlyFilesystem, "io-read-only"),
    (ErrorKind::StorageFull, "io-full"),
    (ErrorKind::QuotaExceeded, "io-full"),
    (ErrorKind::AlreadyExists, "io-exists"),
    (ErrorKind::NotADirectory, "io-not-a-folder"),
    (ErrorKind::IsADirectory, "io-is-a-folder"),
    (ErrorKind::DirectoryNotEmpty, "io-not-empty"),
    (ErrorKind::FileTooLarge, "io-too-large"),
    (ErrorKind::InvalidData, "io-not-text"),
    (ErrorKind::InvalidInput, "io-not-plain"),
    (ErrorKind::AddrInUse, "io-in-use"),
    (ErrorKind::AddrNotAvailable, "io-not-available"),
    (ErrorKind::ConnectionRefused, "io-refused"),
    (ErrorKind::UnexpectedEof, "io-cut"),
];

impl Told for ConfigError {
    fn words(&self) -> Words {
        match self {
            Self::Read { path, source } => {
                Words::of("config-unreadable").with("file", path.display()).why(source.words())
            }
            Self::Wrong { path, reason } => {
                Words::of("config-wrong").with("file", path.display()).with("why", gist(reason))
            }
        }
    }
}

impl Told for ReviewerConfigError {
    fn words(&self) -> Words {
        let text = self.to_string();
        let (file, why) = text.split_once(": ").unwrap_or(("", &text));
        Words::of("reviewer-config").with("file", file).with("why", gist(why))
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

/// The one line of a parser's drawing that says what is wrong.
fn gist(reason: &str) -> String {
    let mut lines = reason.lines().map(str::trim).filter(|line| !line.is_empty());
    let place = lines.clone().next().unwrap_or_default();
    let what = lines.next_back().unwrap_or_default();
    if place == what { what.to_owned() } else { format!("{place}: {what}") }
}
