//! Finds what was committed: the newest rows first, then those in the index.
//!
//! A row is in [`Recent`] from the moment it is durable until the index holds it. The indexer writes
//! rows of [`Recent`] only, and takes them out of it afterwards. So whoever holds the lock and lets
//! the newest rows win sees one moment of the store, whatever the indexer is doing.

use std::{
    collections::BTreeSet,
    ops::Bound,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crate::{
    id::BlobId,
    store::{
        Committed, Cursor, Key, StoreError,
        index::Index,
        recent::Recent,
        rows::{EventAt, Row, Rows},
    },
};

/// The index and what it does not hold yet.
pub(super) struct Lookup {
    index: Index,
    recent: RwLock<Recent>,
}

impl Lookup {
    pub(super) fn new(index: Index) -> Self {
        Self { index, recent: RwLock::default() }
    }

    /// The index alone, for the end of the store.
    pub(super) fn into_index(self) -> Index {
        self.index
    }

    /// Makes durable rows visible, all at once.
    pub(super) fn show(&self, rows: &Rows) {
        self.write().take(rows);
    }

    /// Takes visible rows over into the index.
    pub(super) fn take_over(&self, rows: &mut Rows) -> Result<(), StoreError> {
        self.index.apply(rows)?;
        self.write().forget(rows);
        Ok(())
    }

    /// Where the record of that key stands.
    pub(super) fn row(&self, key: &[u8]) -> Result<Option<Row>, StoreError> {
        let recent = self.read().row(key);
        recent.map_or_else(|| self.index.row(key), |touched| Ok(touched.row))
    }

    /// Rows of keys that begin with `prefix`, ascending, after `after` if given.
    pub(super) fn rows(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Key, Row)>, StoreError> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let recent = self.read();
        let mut newer = recent.rows_from(start).peekable();
        let mut older = self.index.rows_from(start).peekable();
        let mut found = Vec::new();
        while found.len() < limit {
            let old = match older.peek() {
                Some(Ok((key, _))) => Some(key),
                Some(Err(_)) => {
                    older.next().transpose()?;
                    continue;
                }
                None => None,
            };
            let newer_first = match (newer.peek(), old) {
                (None, None) => break,
                (Some((new, _)), Some(old)) => *new <= old,
                (new, _) => new.is_some(),
            };
            let next = if newer_first {
                let next = newer.next();
                // What the index says of the same key is older.
                let same = |old: &Result<(Key, Row), _>| {
                    next.is_some_and(|(key, _)| old.as_ref().is_ok_and(|(old, _)| old == key))
                };
                older.next_if(same);
                next.map(|(key, row)| (key.clone(), row))
            } else {
                older.next().transpose()?.map(|(key, row)| (key, Some(row)))
            };
            let Some((key, row)) = next.filter(|(key, _)| key.starts_with(prefix)) else { break };
            found.extend(row.map(|row| (key, row)));
        }
        Ok(found)
    }

    /// Events after `after`, up to and with `head`.
    pub(super) fn events(
        &self,
        after: Cursor,
        head: Cursor,
        limit: usize,
    ) -> Result<Vec<EventAt>, StoreError> {
        if after >= head {
            return Ok(Vec::new());
        }
        let recent = self.read();
        let first = recent.events().next().map_or(u64::MAX, |event| event.cursor);
        let indexed = Cursor(first.saturating_sub(1).min(head.0));
        let mut found = self.index.events(after, indexed, limit)?;
        let newer =
            recent.events().filter(|event| event.cursor > after.0 && event.cursor <= head.0);
        found.extend(newer.take(limit.saturating_sub(found.len())));
        Ok(found)
    }

    /// The answer that the commit of that id got, if it happened.
    pub(super) fn committed(&self, id: [u8; 16]) -> Result<Option<Committed>, StoreError> {
        let recent = self.read().committed(id);
        recent.map_or_else(|| self.index.committed(id), |answer| Ok(Some(answer)))
    }

    /// Whether a commit attached that blob.
    pub(super) fn is_attached(&self, blob: BlobId) -> Result<bool, StoreError> {
        let recent = self.read().is_attached(blob);
        if recent { Ok(true) } else { self.index.is_attached(blob) }
    }

    /// Every attached blob, each once, in no order that means anything.
    pub(super) fn attached(&self) -> impl Iterator<Item = Result<BlobId, StoreError>> + use<> {
        let newer: BTreeSet<BlobId> = self.read().attached();
        let older = self.index.attached();
        let counted = newer.clone();
        let once = move |blob: &Result<_, _>| blob.as_ref().map_or(true, |b| !counted.contains(b));
        newer.into_iter().map(Ok).chain(older.filter(once))
    }

    fn read(&self) -> RwLockReadGuard<'_, Recent> {
        self.recent.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Recent> {
        self.recent.write().unwrap_or_else(PoisonError::into_inner)
    }
}
