//! What desk and sync say to each other about envelopes that readers make for colleagues.

use serde::{Deserialize, Serialize};

use crate::id::ReaderId;

/// Path of the envelopes that are lacking: `GET /desk/v1/missing?after=N`.
pub const MISSING: &str = "/desk/v1/missing";
/// Path of envelopes: `GET /desk/v1/envelopes?after=N` gives the own new ones, `POST` takes a batch in.
pub const ENVELOPES: &str = "/desk/v1/envelopes";

/// Answers here are multiples of this, in bytes: in an ordinary hour they tell nothing.
pub const STEP: usize = 64 << 10;
/// Longest answer about what is lacking that is taken in, in bytes.
pub const MAX_MISSING: u64 = 2 << 20;
/// Longest tape of new envelopes that is taken in, in bytes.
pub const MAX_NEW: u64 = 6 << 20;
/// First entry of such a tape: a [`New`].
pub const NEW_ENTRY: &str = "new.json";
/// Most events with something lacking on one page.
pub const MISSING_EVENTS: usize = 1024;
/// Most new envelopes on one tape.
pub const NEW_ENVELOPES: usize = 512;

/// What is lacking after a cursor, as far as the asking reader can help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// Epoch of the keyring whose readers are meant.
    pub epoch: u32,
    /// Those of them who lack something.
    pub readers: Vec<ReaderId>,
    /// What lacks: the event, which key, and the places in `readers` of those who lack it.
    pub rows: Vec<(u64, String, Vec<usize>)>,
    /// Where this page ends; the next begins after it.
    pub end: u64,
    /// Where the feed ends.
    pub head: u64,
}

/// What a tape of new envelopes begins with; they are counted per reader, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct New {
    /// The number of the last one on this tape.
    pub end: u64,
    /// How many there ever were.
    pub count: u64,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inserted {
    /// Envelopes that are in the store now, durably.
    pub inserted: u64,
    /// Envelopes whose place was taken before; what was there stays.
    pub there: u64,
    /// Envelopes for what is not in the feed, or was forgotten.
    pub unknown: u64,
    /// Envelopes that are known not to open now, and may be made anew by a colleague.
    pub broken: u64,
}
