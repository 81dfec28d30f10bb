//! The index: where in the journal each record and event stands. The only file that names sled.
//!
//! Rows are fixed in size; values stay in the journal. The index is never the truth: it is used
//! only after a clean close, and else made anew from the journal. So sled needs no durability of
//! its own while the store runs, and none of its errors or panics can lose anything.

use std::{
    fs::{self, File},
    io,
    ops::Bound,
    panic::{self, AssertUnwindSafe},
    path::Path,
};

use crate::{
    digest::Digest,
    files,
    id::BlobId,
    store::{
        Committed, Cursor, Key, StoreError,
        journal::{Change, Frame, Place, Raw},
    },
};

/// Memory that sled may use for its pages, in bytes.
const CACHE: u64 = 8 * 1024 * 1024;
const STATE: &[u8] = b"state";

/// Finds records, events, commit ids and attached blobs.
pub(super) struct Index {
    db: sled::Db,
    keys: sled::Tree,
    events: sled::Tree,
    commits: sled::Tree,
    blobs: sled::Tree,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) version: u64,
    pub(super) place: Place,
}

/// Up to where the index is complete; stored at a clean close only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    /// The journal's store id.
    pub(super) store: [u8; 16],
    /// Number of the last change.
    pub(super) number: u64,
    /// Cursor of the last event.
    pub(super) head: u64,
    /// Bytes of the journal.
    pub(super) journal: u64,
}

impl Index {
    /// Opens or makes the index in `folder`; a panic of the engine is an error like any other.
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let open = AssertUnwindSafe(|| -> sled::Result<Self> {
            let db = sled::Config::new()
                .path(folder)
                .cache_capacity(CACHE)
                .flush_every_ms(None)
                .open()?;
            Ok(Self {
                keys: db.open_tree("keys")?,
                events: db.open_tree("events")?,
                commits: db.open_tree("commits")?,
                blobs: db.open_tree("blobs")?,
                db,
            })
        });
        match panic::catch_unwind(open) {
            Ok(opened) => opened.map_err(broken),
            Err(_) => Err(StoreError::Index { cause: "it panicked while opening".to_owned() }),
        }
    }

    /// Takes in all changes of a frame whose payload begins at `offset` of the journal.
    pub(super) fn apply(
        &self,
        offset: u64,
        payload: &[u8],
        frame: &Frame<'_>,
    ) -> Result<(), StoreError> {
        let Frame::Changes(changes) = frame;
        let mut batches = Batches::default();
        for change in changes {
            batches.take(change, |raw| place(offset, payload, raw))?;
        }
        let apply = AssertUnwindSafe(|| -> sled::Result<()> {
            self.keys.apply_batch(batches.keys)?;
            self.blobs.apply_batch(batches.blobs)?;
            self.commits.apply_batch(batches.commits)?;
            self.events.apply_batch(batches.events)
        });
        match panic::catch_unwind(apply) {
            Ok(applied) => applied.map_err(broken),
            Err(_) => Err(StoreError::Index { cause: "it panicked while writing".to_owned() }),
        }
    }

    /// Where the record of that key stands.
    pub(super) fn row(&self, key: &[u8]) -> Result<Option<Row>, StoreError> {
        self.keys.get(key).map_err(broken)?.map(|row| Row::decode(&row)).transpose()
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
        let rows = self.keys.range::<&[u8], _>((start, Bound::Unbounded));
        let mut found = Vec::new();
        for row in rows.take(limit) {
            let (key, row) = row.map_err(broken)?;
            if !key.starts_with(prefix) {
                break;
            }
            found.push((key.to_vec(), Row::decode(&row)?));
        }
        Ok(found)
    }

    /// Leaves and payload places of events after `after`, up to and with `head`.
    pub(super) fn events(
        &self,
        after: Cursor,
        head: Cursor,
        limit: usize,
    ) -> Result<Vec<(Cursor, Digest, Place)>, StoreError> {
        let bounds =
            (Bound::Excluded(after.0.to_be_bytes()), Bound::Included(head.0.to_be_bytes()));
        if after >= head {
            return Ok(Vec::new());
        }
        let rows = self.events.range(bounds).take(limit);
        rows.map(|row| {
            let (cursor, row) = row.map_err(broken)?;
            let (leaf, place) = row.split_first_chunk::<32>().ok_or_else(misshapen)?;
            let cursor = (*cursor).try_into().map_err(|_| misshapen())?;
            Ok((
                Cursor(u64::from_be_bytes(cursor)),
                Digest::from_bytes(*leaf),
                Place::decode(place)?,
            ))
        })
        .collect()
    }

    /// The answer that the commit of that id got, if it happened.
    pub(super) fn committed(&self, id: [u8; 16]) -> Result<Option<Committed>, StoreError> {
        let Some(row) = self.commits.get(id).map_err(broken)? else { return Ok(None) };
        let cursor = u64::from_be_bytes((*row).try_into().map_err(|_| misshapen())?);
        Ok(Some(Committed { cursor: (cursor > 0).then_some(Cursor(cursor)) }))
    }

    /// Whether a commit attached that blob.
    pub(super) fn is_attached(&self, blob: BlobId) -> Result<bool, StoreError> {
        self.blobs.contains_key(blob.as_bytes()).map_err(broken)
    }

    /// Every attached blob, in no order that means anything.
    pub(super) fn attached(&self) -> impl Iterator<Item = Result<BlobId, StoreError>> + use<> {
        self.blobs.iter().keys().map(|key| {
            let key = key.map_err(broken)?;
            Ok(BlobId::from_bytes((*key).try_into().map_err(|_| misshapen())?))
        })
    }

    /// Up to where it was complete when it was closed.
    pub(super) fn state(&self) -> Result<Option<State>, StoreError> {
        let Some(row) = self.db.get(STATE).map_err(broken)? else { return Ok(None) };
        let (store, rest) = row.split_first_chunk::<16>().ok_or_else(misshapen)?;
        let mut rest = rest;
        Ok(Some(State {
            store: *store,
            number: take_u64(&mut rest)?,
            head: take_u64(&mut rest)?,
            journal: take_u64(&mut rest)?,
        }))
    }

    /// Closes it and makes its files durable with real fsyncs, which sled does not do itself.
    pub(super) fn close(self, folder: &Path, state: State) -> Result<(), StoreError> {
        let mut row = state.store.to_vec();
        for number in [state.number, state.head, state.journal] {
            row.extend_from_slice(&number.to_be_bytes());
        }
        let close = AssertUnwindSafe(|| -> sled::Result<()> {
            self.db.insert(STATE, row)?;
            self.db.flush()?;
            drop(self);
            Ok(())
        });
        match panic::catch_unwind(close) {
            Ok(closed) => closed.map_err(broken)?,
            Err(_) => {
                return Err(StoreError::Index { cause: "it panicked while closing".to_owned() });
            }
        }
        Ok(sync_tree(folder)?)
    }
}

/// What a frame does to each tree.
#[derive(Default)]
struct Batches {
    keys: sled::Batch,
    events: sled::Batch,
    commits: sled::Batch,
    blobs: sled::Batch,
}

impl Batches {
    fn take(
        &mut self,
        change: &Change<'_>,
        place: impl Fn(Raw<'_>) -> Result<Place, StoreError>,
    ) -> Result<(), StoreError> {
        for (key, value) in &change.puts {
            let row = Row { version: change.number, place: place(*value)? };
            self.keys.insert(key.0, row.encode());
        }
        for key in &change.deletes {
            self.keys.remove(key.0);
        }
        for blob in &change.attach {
            self.blobs.insert(blob, &[]);
        }
        if let Some(event) = &change.event {
            let mut row = event.leaf.to_vec();
            row.extend_from_slice(&place(event.payload)?.encode());
            self.events.insert(&event.cursor.to_be_bytes(), row);
        }
        let cursor = change.event.as_ref().map_or(0, |event| event.cursor);
        self.commits.insert(&change.id, &cursor.to_be_bytes());
        Ok(())
    }
}

impl Row {
    fn encode(self) -> Vec<u8> {
        let mut row = self.version.to_be_bytes().to_vec();
        row.extend_from_slice(&self.place.encode());
        row
    }

    fn decode(mut row: &[u8]) -> Result<Self, StoreError> {
        Ok(Self { version: take_u64(&mut row)?, place: Place::decode(row)? })
    }
}

impl Place {
    fn encode(self) -> Vec<u8> {
        let mut row = self.offset.to_be_bytes().to_vec();
        row.extend_from_slice(&self.len.to_be_bytes());
        row.extend_from_slice(&self.crc.to_be_bytes());
        row
    }

    fn decode(mut row: &[u8]) -> Result<Self, StoreError> {
        let offset = take_u64(&mut row)?;
        let (len, crc) = row.split_first_chunk::<4>().ok_or_else(misshapen)?;
        let crc = crc.try_into().map_err(|_| misshapen())?;
        Ok(Self { offset, len: u32::from_be_bytes(*len), crc: u32::from_be_bytes(crc) })
    }
}

/// Where `raw`, a part of `payload`, stands in the journal.
fn place(offset: u64, payload: &[u8], raw: Raw<'_>) -> Result<Place, StoreError> {
    let outside = || StoreError::Damaged { offset, what: "a record lies outside of its frame" };
    let within = raw.0.as_ptr().addr().checked_sub(payload.as_ptr().addr()).ok_or_else(outside)?;
    let within = u64::try_from(within).map_err(|_| outside())?;
    let len = u32::try_from(raw.0.len()).map_err(|_| outside())?;
    Ok(Place { offset: offset.saturating_add(within), len, crc: crc32c::crc32c(raw.0) })
}

fn take_u64(row: &mut &[u8]) -> Result<u64, StoreError> {
    let (number, rest) = row.split_first_chunk::<8>().ok_or_else(misshapen)?;
    *row = rest;
    Ok(u64::from_be_bytes(*number))
}

fn misshapen() -> StoreError {
    StoreError::Index { cause: "a row has the wrong size".to_owned() }
}

#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err, which gives a value")]
fn broken(error: sled::Error) -> StoreError {
    StoreError::Index { cause: error.to_string() }
}

/// Makes every file and folder below `folder` durable.
fn sync_tree(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            File::open(&path)?.sync_all()?;
        }
    }
    files::sync_folder(folder)
}
