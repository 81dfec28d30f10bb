//! The words of making envelopes for colleagues.

use std::error::Error;

use super::{Told, Words, told};
use crate::review::RewrapActError;

pub(super) fn of(error: &(dyn Error + 'static)) -> Option<Words> {
    told::<RewrapActError>(error)
}

impl Told for RewrapActError {
    fn words(&self) -> Words {
        match self {
            Self::NotAReader => Words::of("write-not-a-reader"),
            Self::Keyring(cause) => Words::of("write-keyring").why(cause.words()),
            Self::List => Words::of("rewrap-list"),
            Self::Batch(_) => Words::of("rewrap-batch"),
            Self::Entries(cause) => cause.words(),
            Self::Io(cause) => Words::of("write-failed").why(cause.words()),
        }
    }
}
