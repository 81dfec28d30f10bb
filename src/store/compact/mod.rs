//! Compaction: a new journal without what was erased, and a new index over it.
//!
//! The new journal has a store id of its own, so that neither the old index nor an old clean marker
//! is ever taken for one of the new journal. It is written aside while commits go on; then commits
//! wait, the rest is copied, the file is synced and renamed, and the store goes on over it. One name
//! changes hands: a crash leaves the old journal or the new one. What a crash leaves beside it is
//! removed at the next opening, blobs without an owner by the sweep.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    sync::{Arc, PoisonError},
    thread,
    time::Duration,
};

use crate::{
    id::BlobId,
    store::{
        Erase, SledStore, StoreError,
        engine::{Engine, Shared},
        index::{Index, State},
        journal::{Change, FRAME_HEADER, Frame, HEADER, Journal, Raw},
        recover::ROWS_AT_ONCE,
        replay,
        rows::Rows,
    },
};

#[cfg(test)]
mod tests;

/// How far an erasure is; a crash may come at each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The new journal holds what was committed when this began.
    Copied,
    /// It holds everything; no commits are taken.
    Complete,
    /// It is durable.
    Synced,
    /// It has its name, durably.
    Renamed,
    /// The blobs are gone.
    Unlinked,
    /// The old index is gone.
    Done,
}

/// How often, and in which steps, the end of the readers of the old index is waited for.
const PATIENCE: (u32, Duration) = (10_000, Duration::from_millis(1));

impl SledStore {
    /// Does what [`crate::store::Store::erase`] promises, saying where it is.
    pub(super) fn compact(
        &self,
        erase: &[Erase],
        at: &mut dyn FnMut(Step),
    ) -> Result<(), StoreError> {
        let _one_at_a_time = self.erasing.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.shared()?;
        if let Some(cause) = old.broken() {
            return Err(StoreError::Broken { cause });
        }
        let mut copy = Copy::begin(&old, erase)?;
        copy.advance(&old, Deletes::Drop)?;
        at(Step::Copied);
        let mut place = self.engine.blocking_write();
        let state = place.take().ok_or(StoreError::Stopped)?.stop()?;
        let finished = copy.advance(&old, Deletes::Keep).and_then(|()| {
            at(Step::Complete);
            copy.journal.sync()?;
            at(Step::Synced);
            Ok(())
        });
        if let Err(error) = finished {
            // Nothing has changed: the store goes on as it was.
            *place = Some(Engine::start(&old, state)?);
            return Err(error);
        }
        let renamed = old.folder.take_new_journal();
        let Copy { journal, index, blobs, .. } = copy;
        let state = State { store: journal.store(), journal: journal.committed(), ..state };
        let new = Arc::new(old.over(journal, index));
        if let Err(error) = renamed {
            // Nobody knows which of the two a power cut would leave: nothing more is written.
            old.set_broken(error.to_string());
            return Err(error.into());
        }
        at(Step::Renamed);
        *self.shared.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&new));
        *place = Some(Engine::start(&new, state)?);
        drop(place);
        new.blobs.remove(blobs.into_iter().map(BlobId::from_bytes))?;
        at(Step::Unlinked);
        drop_index(old)?;
        at(Step::Done);
        Ok(())
    }
}

/// Closes the old index when its last reader is done, and removes it.
fn drop_index(mut old: Arc<Shared>) -> Result<(), StoreError> {
    let folder = Arc::clone(&old.folder);
    let path = folder.index_of(old.journal.store());
    for _ in 0..PATIENCE.0 {
        match Arc::try_unwrap(old) {
            Ok(last) => {
                drop(last);
                return Ok(fs::remove_dir_all(path)?);
            }
            Err(shared) => old = shared,
        }
        thread::sleep(PATIENCE.1);
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "somebody still reads the old index").into())
}

/// What happens to a change's deletes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deletes {
    /// What they deleted is not copied.
    Drop,
    /// They may delete what was copied before.
    Keep,
}

/// A new journal and index in the making.
struct Copy {
    journal: Journal,
    index: Index,
    marks: BTreeMap<u64, Vec<u8>>,
    blobs: BTreeSet<[u8; 16]>,
    /// Up to where the old journal is copied.
    offset: u64,
    rows: Rows,
}

impl Copy {
    fn begin(old: &Shared, erase: &[Erase]) -> Result<Self, StoreError> {
        let path = old.folder.new_journal();
        old.folder.remove_leftovers(old.journal.store())?;
        Journal::create(&path)?;
        let journal = Journal::open(&path)?;
        let index = Index::open(&old.folder.index_of(journal.store()))?;
        let marks = erase.iter().map(|erase| (erase.cursor.0, erase.mark.clone())).collect();
        let blobs = erase.iter().flat_map(|erase| erase.blobs.iter().map(|b| *b.as_bytes()));
        Ok(Self {
            journal,
            index,
            marks,
            blobs: blobs.collect(),
            offset: HEADER,
            rows: Rows::default(),
        })
    }

    /// Copies what was committed since the last call, without what is erased or dead.
    fn advance(&mut self, old: &Shared, deletes: Deletes) -> Result<(), StoreError> {
        let (end, mut payload) = (old.journal.committed(), Vec::new());
        let mut laid_out = Vec::new();
        while self.offset < end {
            let next = old.journal.frame_at(self.offset, end, &mut payload)?;
            let changed = "a frame's bytes changed";
            let damaged = StoreError::Damaged { offset: self.offset, what: changed };
            let next = next.ok_or(damaged)?;
            let Frame::Changes(whole) = replay::decode(self.offset, &payload)?;
            let less = whole.into_iter().map(|change| self.less(change, old, deletes));
            let frame = Frame::Changes(less.collect::<Result<_, _>>()?);
            self.journal.lay_out(&frame, &mut laid_out)?;
            self.add(&laid_out)?;
            self.offset = next;
        }
        self.index.apply(&mut std::mem::take(&mut self.rows))
    }

    /// Appends a frame and remembers its rows for the index.
    fn add(&mut self, laid_out: &[u8]) -> Result<(), StoreError> {
        let offset = self.journal.next_payload();
        let payload = laid_out.get(FRAME_HEADER..).unwrap_or_default();
        self.rows.add(offset, payload, &replay::decode(offset, payload)?)?;
        self.journal.append_aside(laid_out)?;
        if self.rows.count() >= ROWS_AT_ONCE {
            self.index.apply(&mut std::mem::take(&mut self.rows))?;
        }
        Ok(())
    }

    /// A change without erased content and without records that are not current any more.
    fn less<'c>(
        &'c self,
        mut change: Change<'c>,
        old: &Shared,
        deletes: Deletes,
    ) -> Result<Change<'c>, StoreError> {
        let mut puts = Vec::with_capacity(change.puts.len());
        for (key, value) in change.puts {
            let row = old.lookup.row(key.0)?;
            if row.is_some_and(|row| row.version == change.number) {
                puts.push((key, value));
            }
        }
        change.puts = puts;
        if deletes == Deletes::Drop {
            change.deletes.clear();
        }
        change.attach.retain(|blob| !self.blobs.contains(blob));
        if let Some(event) = &mut change.event
            && let Some(mark) = self.marks.get(&event.cursor)
        {
            event.payload = Raw(mark.as_slice());
        }
        Ok(change)
    }
}
