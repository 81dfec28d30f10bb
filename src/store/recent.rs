//! Rows that are durable in the journal and not in the index yet.
//!
//! They are visible from the moment they are here, so that a commit waits for the disk only. What
//! the index has taken over is forgotten here; the backlog of the indexer bounds what can gather.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::Bound,
};

use crate::{
    id::BlobId,
    store::{
        Committed, Cursor, Key,
        rows::{EventAt, Row, Rows},
    },
};

/// What the last change of a key did to it.
#[derive(Clone, Copy)]
pub(super) struct Touched {
    /// The change.
    number: u64,
    /// What it left there; `None` if it deleted it.
    pub(super) row: Option<Row>,
}

/// The newest rows.
#[derive(Default)]
pub(super) struct Recent {
    keys: BTreeMap<Key, Touched>,
    events: VecDeque<EventAt>,
    commits: BTreeMap<[u8; 16], u64>,
    blobs: BTreeSet<BlobId>,
}

impl Recent {
    /// Takes durable rows in; they come in the order of the journal.
    pub(super) fn take(&mut self, rows: &Rows) {
        for changed in &rows.keys {
            let number = changed.number;
            let row = changed.place.map(|place| Row { version: number, place });
            self.keys.insert(changed.key.clone(), Touched { number, row });
        }
        self.events.extend(&rows.events);
        self.commits.extend(rows.commits.iter().copied());
        self.blobs.extend(&rows.blobs);
    }

    /// Lets go of rows that the index holds now.
    pub(super) fn forget(&mut self, rows: &Rows) {
        for changed in &rows.keys {
            // A later change of the same key stays until its own row is in the index.
            if self.keys.get(&changed.key).is_some_and(|last| last.number == changed.number) {
                self.keys.remove(&changed.key);
            }
        }
        if let Some(last) = rows.events.last() {
            while self.events.pop_front_if(|event| event.cursor <= last.cursor).is_some() {}
        }
        for (id, _) in &rows.commits {
            self.commits.remove(id);
        }
        for blob in &rows.blobs {
            self.blobs.remove(blob);
        }
    }

    /// What was done to a key, if it is known here.
    pub(super) fn row(&self, key: &[u8]) -> Option<Touched> {
        self.keys.get(key).copied()
    }

    /// Keys from `start` on, ascending; `None` for a key that was deleted.
    pub(super) fn rows_from<'r>(
        &'r self,
        start: Bound<&[u8]>,
    ) -> impl Iterator<Item = (&'r Key, Option<Row>)> + use<'r> {
        let range = self.keys.range::<[u8], _>((start, Bound::Unbounded));
        range.map(|(key, touched)| (key, touched.row))
    }

    /// Events, ascending; those before the first one are in the index.
    pub(super) fn events(&self) -> impl Iterator<Item = &EventAt> {
        self.events.iter()
    }

    /// The answer that a commit of that id got, if it is known here.
    pub(super) fn committed(&self, id: [u8; 16]) -> Option<Committed> {
        let cursor = *self.commits.get(&id)?;
        Some(Committed { cursor: (cursor > 0).then_some(Cursor(cursor)) })
    }

    /// Whether a commit that is known here attached that blob.
    pub(super) fn is_attached(&self, blob: BlobId) -> bool {
        self.blobs.contains(&blob)
    }

    /// Attached blobs that are not in the index yet.
    pub(super) fn attached(&self) -> BTreeSet<BlobId> {
        self.blobs.clone()
    }
}
