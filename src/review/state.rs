//! What this reader has seen before, kept beside the keys: the memory against rollback.

use std::{io, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    casebook::Head,
    digest::Digest,
    files::{self, Audience, Existing},
};

/// The newest of everything that was ever verified with these keys: `state.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// The newest keyring.
    pub keyring: SeenKeyring,
    /// The longest feed.
    pub feed: SeenFeed,
    /// The end of this reader's own chain of entries.
    pub casebook: Head,
}

/// The newest keyring that was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeenKeyring {
    /// Its number; 0 before the first.
    pub epoch: u32,
    /// The digest of its signed note.
    pub digest: Digest,
}

/// The longest feed that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeenFeed {
    /// Its number of leaves.
    pub size: u64,
    /// The root over them.
    pub root: Digest,
}

impl Default for State {
    fn default() -> Self {
        Self {
            keyring: SeenKeyring { epoch: 0, digest: Digest::NONE },
            feed: SeenFeed { size: 0, root: Digest::NONE },
            casebook: Head::default(),
        }
    }
}

impl State {
    /// Reads `state.json` beside the keys; `None` if there is none.
    ///
    /// # Errors
    /// If it is there but cannot be read: then the memory is lost, and the person must know.
    pub(super) fn load(keys: &Path) -> io::Result<Option<Self>> {
        match files::load_plain(&keys.join(FILE), MAX_STATE) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes `state.json`, durably.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub(super) fn save(&self, keys: &Path) -> io::Result<()> {
        let json = serde_json::to_vec_pretty(self)?;
        files::save(&keys.join(FILE), &json, Audience::Owner, Existing::Replace)
    }
}

const FILE: &str = "state.json";
const MAX_STATE: u64 = 64 * 1024;
