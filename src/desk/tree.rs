//! The feed tree in memory, caught up from the store.

use std::collections::BTreeMap;

use super::DeskError;
use crate::{
    digest::Digest,
    id::TestimonyId,
    ledger::{
        Frontier,
        feed::{FeedItem, FeedKind},
    },
    store::{Cursor, Store},
};

/// A frontier is kept every so many leaves, so that an older root costs at most this many.
const STRIDE: u64 = 1024;
/// Events taken from the store at once.
const BATCH: usize = 256;

/// Frontier at the head, frontiers on the way, and where each testimony stands.
#[derive(Default)]
pub(super) struct Tree {
    head: Frontier,
    marks: Vec<Frontier>,
    testimonies: BTreeMap<TestimonyId, u64>,
}

impl Tree {
    pub(super) fn size(&self) -> u64 {
        self.head.size()
    }

    pub(super) fn cursor_of(&self, id: TestimonyId) -> Option<u64> {
        self.testimonies.get(&id).copied()
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
                let item = read_item(&event.payload, cursor)?;
                if item.kind == FeedKind::Testimony {
                    let id = item.id.parse().map_err(|_| DeskError::Damaged { cursor })?;
                    self.testimonies.insert(id, cursor);
                }
                self.push(event.leaf);
            }
        }
    }

    /// The root of the first `size` leaves, `size` being at most the head's.
    pub(super) fn root_at(&self, size: u64, store: &impl Store) -> Result<Digest, DeskError> {
        if size == self.head.size() {
            return Ok(self.head.root());
        }
        let mut frontier = self.mark_before(size);
        while frontier.size() < size {
            let missing = size.saturating_sub(frontier.size());
            let limit = usize::try_from(missing).unwrap_or(BATCH).min(BATCH);
            let events = store.changes(Cursor(frontier.size()), limit)?;
            if events.is_empty() {
                return Err(DeskError::Damaged { cursor: frontier.size().saturating_add(1) });
            }
            for event in &events {
                frontier.push(event.leaf);
            }
        }
        Ok(frontier.root())
    }

    fn push(&mut self, leaf: Digest) {
        self.head.push(leaf);
        if self.head.size().is_multiple_of(STRIDE) {
            self.marks.push(self.head.clone());
        }
    }

    fn mark_before(&self, size: u64) -> Frontier {
        let passed = usize::try_from(size / STRIDE).unwrap_or(usize::MAX);
        let mark = passed.checked_sub(1).and_then(|n| self.marks.get(n));
        mark.cloned().unwrap_or_default()
    }
}

/// The feed item in the payload of an event.
pub(super) fn read_item(payload: &[u8], cursor: u64) -> Result<FeedItem, DeskError> {
    serde_json::from_slice(payload).map_err(|_| DeskError::Damaged { cursor })
}
