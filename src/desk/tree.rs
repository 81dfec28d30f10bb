//! The feed tree in memory, caught up from the store.

use std::{collections::BTreeMap, ops::Range};

use super::DeskError;
use crate::{
    digest::Digest,
    forget::Mark,
    id::{Id, TestimonyId},
    ledger::{
        self, ProveError,
        feed::{FeedItem, FeedKind},
    },
    store::{Cursor, Store},
};

/// Events taken from the store at once.
const BATCH: usize = 256;

/// The tree up to the head, and where each testimony stands.
#[derive(Default)]
pub(super) struct Tree {
    head: ledger::Tree,
    testimonies: BTreeMap<TestimonyId, u64>,
    keys: BTreeMap<[u8; 16], u64>,
}

impl Tree {
    pub(super) fn size(&self) -> u64 {
        self.head.size()
    }

    pub(super) fn cursor_of(&self, id: TestimonyId) -> Option<u64> {
        self.testimonies.get(&id).copied()
    }

    /// Where the casebook key of that id stands.
    pub(super) fn cursor_of_key(&self, id: [u8; 16]) -> Option<u64> {
        self.keys.get(&id).copied()
    }

    pub(super) fn catch_up(&mut self, store: &impl Store) -> Result<(), DeskError> {
        loop {
            let events = store.changes(Cursor(self.head.size()), BATCH)?;
            if events.is_empty() {
                return Ok(());
            }
            for event in events {
                let cursor = self.head.size().saturating_add(1);
                if event.cursor != Cursor(cursor) {
                    return Err(DeskError::Damaged { cursor });
                }
                match read_event(&event.payload, cursor)? {
                    Said::Item(item) if item.kind == FeedKind::Testimony => {
                        let id = item.id.parse().map_err(|_| DeskError::Damaged { cursor })?;
                        self.testimonies.insert(id, cursor);
                    }
                    Said::Item(item) if item.kind == FeedKind::CasebookKey => {
                        let id: Id<FeedKind> =
                            item.id.parse().map_err(|_| DeskError::Damaged { cursor })?;
                        self.keys.insert(*id.as_bytes(), cursor);
                    }
                    Said::Item(_) | Said::Mark => {}
                }
                self.head.push(event.leaf);
            }
        }
    }

    /// The root of the first `size` leaves; reads at most one run of them from the store.
    pub(super) fn root_at(&self, size: u64, store: &impl Store) -> Result<Digest, DeskError> {
        let mut leaves = |range: Range<u64>| read_leaves(store, &range);
        self.head.root_at(size, &mut leaves).map_err(|error| match error {
            ProveError::Leaves(error) => error,
            ProveError::Outside | ProveError::Missing => DeskError::Damaged { cursor: size },
        })
    }
}

/// The leaf hashes of a range of the tree, which begins one below the cursors.
fn read_leaves(store: &impl Store, range: &Range<u64>) -> Result<Vec<Digest>, DeskError> {
    let limit = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(BATCH);
    let events = store.changes(Cursor(range.start), limit)?;
    Ok(events.into_iter().map(|event| event.leaf).collect())
}

/// What the payload of an event says.
pub(super) enum Said {
    /// What it brings.
    Item(FeedItem),
    /// That what it brought is forgotten.
    Mark,
}

/// Reads the payload of an event.
pub(super) fn read_event(payload: &[u8], cursor: u64) -> Result<Said, DeskError> {
    let mark = || Mark::read(payload).map(|_| Said::Mark).ok_or(DeskError::Damaged { cursor });
    read_item(payload, cursor).map(Said::Item).or_else(|_| mark())
}

/// The feed item in the payload of an event.
pub(super) fn read_item(payload: &[u8], cursor: u64) -> Result<FeedItem, DeskError> {
    serde_json::from_slice(payload).map_err(|_| DeskError::Damaged { cursor })
}
