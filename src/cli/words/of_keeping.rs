//! The words of orders to forget.

use std::error::Error;

use crate::{
    cli::words::{Told, Words, told},
    forget::ForgetError,
};

pub(super) fn of(error: &(dyn Error + 'static)) -> Option<Words> {
    told::<ForgetError>(error)
}

impl Told for ForgetError {
    fn words(&self) -> Words {
        match self {
            Self::Note(cause) => Words::of("forget-note").why(cause.words()),
            Self::Shape => Words::of("forget-shape"),
            Self::Organisation => Words::of("forget-other-organisation"),
            Self::Keyring => Words::of("forget-keyring"),
            Self::Stranger => Words::of("forget-stranger"),
            Self::TooFew => Words::of("forget-too-few"),
            Self::OtherTestimony => Words::of("forget-other-testimony"),
        }
    }
}
