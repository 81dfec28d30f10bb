//! Split views that people have talked about: what this reader decided, with the evidence.
//!
//! A record beside the keys, for this reader alone: nobody settles an alarm for another. It names the
//! very view that was settled; any other view of the same reader is an alarm as before.

use std::{io, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    casebook::View,
    clock::Day,
    digest::Digest,
    files::{self, Audience, Existing},
    id::ReaderId,
};

/// One view of another reader's that was found to be of another feed, and was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settled {
    /// Whose view it is.
    pub reader: ReaderId,
    /// Events in it.
    pub size: u64,
    /// The root over them, as that reader signed it.
    pub root: Digest,
    /// The root of this reader's own feed at that size, if it is that long.
    pub ours: Option<Digest>,
    /// The server's signed checkpoint that came with it.
    pub note: Option<String>,
    /// Where in the casebook it was said.
    pub place: String,
    /// The day on which it was settled.
    pub day: Day,
    /// Why, in this reader's words.
    pub why: String,
}

impl Settled {
    /// Whether it is this very view that was settled.
    pub(super) fn is_of(&self, view: &View) -> bool {
        let View { by, size, root, note, .. } = view;
        (self.reader, self.size, self.root) == (*by, *size, *root) && self.note == *note
    }
}

/// Reads what was settled with the keys of this folder; nothing if there is no file.
///
/// # Errors
/// If it is there and cannot be read; then nothing counts as settled.
pub(super) fn load(keys: &Path) -> io::Result<Vec<Settled>> {
    match files::load_plain(&keys.join(FILE), MAX) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::from),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Writes all that was settled, durably.
pub(super) fn save(keys: &Path, all: &[Settled]) -> io::Result<()> {
    let json = serde_json::to_vec_pretty(all)?;
    files::save(&keys.join(FILE), &json, Audience::Owner, Existing::Replace)
}

const FILE: &str = "settled.json";
const MAX: u64 = 4 << 20;
