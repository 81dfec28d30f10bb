//! The words of a key file that does not open.

use std::error::Error;

use super::{Told, Words, told};
use crate::sealed::open_passfile::PassError;

pub(super) fn of(error: &(dyn Error + 'static)) -> Option<Words> {
    told::<PassError>(error)
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
