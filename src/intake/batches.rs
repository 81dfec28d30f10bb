//! The records in which the public log keeps its lines and batches, and whether a batch is what its line
//! says: for whoever reads a store again.
//! Spec: `docs/format/ledger.md`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Week,
    digest::Digest,
    id::BlobId,
    ledger::public::{LogEntry, read_batch, root_over},
};

/// Lines of the log, by their place.
pub(super) const ENTRIES: &str = "log/entry/";
const BATCHES: &str = "log/batch/";

/// What a batch is found by.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    pub(super) blob: BlobId,
}

pub(super) fn entry_key(place: usize) -> String {
    format!("{ENTRIES}{place:020}")
}

pub(super) fn batch_key(week: Week) -> String {
    format!("{BATCHES}{week}")
}

/// What the records of a store say of its batches.
#[derive(Default)]
pub struct Batches {
    weeks: BTreeMap<BlobId, Week>,
    lines: BTreeMap<Week, (u64, Digest)>,
}

impl Batches {
    /// Notes a record, if it is one of the public log.
    pub fn take(&mut self, key: &[u8], value: &[u8]) {
        let Ok(key) = str::from_utf8(key) else { return };
        if let Some(Ok(week)) = key.strip_prefix(BATCHES).map(str::parse) {
            let kept: Option<Kept> = serde_json::from_slice(value).ok();
            self.weeks.extend(kept.map(|kept| (kept.blob, week)));
        } else if key.starts_with(ENTRIES)
            && let Some(LogEntry::Week { week, leaves, root }) =
                str::from_utf8(value).ok().and_then(LogEntry::parse)
        {
            self.lines.insert(week, (leaves, root));
        }
    }

    /// Whether a blob is the batch of a week.
    #[must_use]
    pub fn names(&self, blob: BlobId) -> bool {
        self.weeks.contains_key(&blob)
    }

    /// What is wrong with the file of a batch.
    #[must_use]
    pub fn fault(&self, blob: BlobId, file: &[u8]) -> Option<&'static str> {
        let Some(line) = self.weeks.get(&blob).and_then(|week| self.lines.get(week)) else {
            return Some("the public log has no line for this batch");
        };
        let found = read_batch(file).map(|leaves| {
            let size = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
            (size, root_over(leaves))
        });
        (found != Some(*line)).then_some("it is not the batch that the public log names")
    }
}
