//! The words of a key file that does not open, and of a page that is typed back.

use std::error::Error;

use super::{Told, Words, told};
use crate::{paper::PaperError, sealed::open_passfile::PassError};

pub(super) fn of(error: &(dyn Error + 'static)) -> Option<Words> {
    told::<PassError>(error).or_else(|| told::<PaperError>(error))
}

impl Told for PassError {
    fn words(&self) -> Words {
        match self {
            Self::WrongPassphrase => Words::of("pass-wrong"),
            Self::NotAPassphraseFile | Self::TooLarge | Self::TooMuchWork { .. } => {
                Words::of("pass-not-a-key-file")
            }
            Self::Altered => Words::of("pass-altered"),
        }
    }
}

impl Told for PaperError {
    fn words(&self) -> Words {
        match self {
            Self::Line { line } => Words::of("paper-line").count("line", *line),
            Self::Order { expected } => Words::of("paper-order").count("line", *expected),
            Self::Whole => Words::of("paper-whole"),
        }
    }
}
