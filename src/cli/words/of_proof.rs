//! The words of promises that were or were not kept.

use super::{Told, Words};
use crate::ledger::ProofError;

impl Told for ProofError {
    fn words(&self) -> Words {
        match self {
            Self::Promise(why) => Words::of("proof-promise").with("why", why),
            Self::Checkpoint(why) => Words::of("proof-checkpoint").with("why", why),
            Self::NoWeek(week) => Words::of("proof-no-week").with("week", week),
            Self::Batch(week) => Words::of("proof-batch").with("week", week),
            Self::Broken(week) => Words::of("proof-broken").with("week", week),
            Self::Log => Words::of("proof-log"),
            Self::Shape => Words::of("proof-shape"),
        }
    }
}
