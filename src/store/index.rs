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
    thread,
};

use crate::{
    files,
    id::BlobId,
    store::{
        Committed, Cursor, Key, StoreError,
        rows::{EventAt, Row, Rows, misshapen, take_u64},
    },
};

/// Memory that sled may use for its pages, in bytes.
const CACHE: u64 = 8 * 1024 * 1024;
/// Most events in one row.
const EVENTS_AT_ONCE: usize = 64;
const STATE: &[u8] = b"state";

/// Finds records, events, commit ids and attached blobs.
pub(super) struct Index {
    db: sled::Db,
    keys: sled::Tree,
    events: sled::Tree,
    commits: sled::Tree,
    blobs: sled::Tree,
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
        let open = || -> sled::Result<Self> {
            let db = sled::Config::new()
                .path(folder)
                .cache_capacity(CACHE)
                .flush_every_ms(None)
                .mode(sled::Mode::HighThroughput)
                .open()?;
            Ok(Self {
                keys: db.open_tree("keys")?,
                events: db.open_tree("events")?,
                commits: db.open_tree("commits")?,
                blobs: db.open_tree("blobs")?,
                db,
            })
        };
        caught("opening", open)?.map_err(broken)
    }

    /// Takes rows in; where one key stands in them twice, the later one counts.
    pub(super) fn apply(&self, rows: &mut Rows) -> Result<(), StoreError> {
        rows.sort();
        self.put_keys(rows)?;
        self.put_commits(rows)?;
        self.put_events(rows)
    }

    /// As [`Self::apply`], on three threads: for a rebuild, while nobody else needs the machine.
    pub(super) fn apply_wide(&self, rows: &mut Rows) -> Result<(), StoreError> {
        rows.sort();
        let rows = &*rows;
        thread::scope(|scope| {
            let keys = scope.spawn(|| self.put_keys(rows));
            let commits = scope.spawn(|| self.put_commits(rows));
            let lost = |_| StoreError::Index { cause: "a thread was lost".to_owned() };
            self.put_events(rows)?;
            keys.join().map_err(lost)??;
            commits.join().map_err(lost)?
        })
    }

    fn put_keys(&self, rows: &Rows) -> Result<(), StoreError> {
        write(|| {
            rows.keys.iter().try_for_each(|changed| {
                let row = changed.place.map(|place| Row { version: changed.number, place });
                match row {
                    Some(row) => self.keys.insert(&changed.key, row.encode()),
                    None => self.keys.remove(&changed.key),
                }
                .map(drop)
            })
        })
    }

    fn put_commits(&self, rows: &Rows) -> Result<(), StoreError> {
        write(|| {
            rows.commits.iter().try_for_each(|(id, cursor)| {
                self.commits.insert(id, &cursor.to_be_bytes()).map(drop)
            })
        })
    }

    fn put_events(&self, rows: &Rows) -> Result<(), StoreError> {
        write(|| {
            for blob in &rows.blobs {
                self.blobs.insert(blob.as_bytes(), &[])?;
            }
            let dense =
                rows.events.chunk_by(|one, next| one.cursor.saturating_add(1) == next.cursor);
            for page in dense.flat_map(|run| run.chunks(EVENTS_AT_ONCE)) {
                let first = page.first().map_or(0, |event| event.cursor);
                let page: Vec<u8> = page.iter().flat_map(EventAt::encode).collect();
                self.events.insert(first.to_be_bytes(), page)?;
            }
            Ok(())
        })
    }

    /// Where the record of that key stands.
    pub(super) fn row(&self, key: &[u8]) -> Result<Option<Row>, StoreError> {
        let row = read(|| self.keys.get(key))?;
        row.map(|row| Row::decode(&row)).transpose()
    }

    /// Rows of keys from `start` on, ascending.
    pub(super) fn rows_from(
        &self,
        start: Bound<&[u8]>,
    ) -> impl Iterator<Item = Result<(Key, Row), StoreError>> + use<> {
        let mut rows = self.keys.range::<&[u8], _>((start, Bound::Unbounded));
        std::iter::from_fn(move || read(|| rows.next().transpose()).transpose()).map(|row| {
            let (key, row) = row?;
            Ok((key.to_vec(), Row::decode(&row)?))
        })
    }

    /// Events after `after`, up to and with `last`.
    pub(super) fn events(
        &self,
        after: Cursor,
        last: Cursor,
        limit: usize,
    ) -> Result<Vec<EventAt>, StoreError> {
        if after >= last {
            return Ok(Vec::new());
        }
        // The page that holds the first of them may begin before it.
        let first = after.0.saturating_add(1).to_be_bytes();
        let start = read(|| self.events.get_lt(after.0.saturating_add(2).to_be_bytes()))?;
        let start = start.map_or(first, |(start, _)| (*start).try_into().unwrap_or(first));
        let mut found = Vec::new();
        let mut pages = self.events.range(start..=last.0.to_be_bytes());
        while let Some((first, page)) = read(|| pages.next().transpose())? {
            let page = EventAt::decode_page(&first, &page)?.into_iter();
            found.extend(page.filter(|event| event.cursor > after.0 && event.cursor <= last.0));
            if found.len() >= limit {
                found.truncate(limit);
                break;
            }
        }
        Ok(found)
    }

    /// The answer that the commit of that id got, if it happened.
    pub(super) fn committed(&self, id: [u8; 16]) -> Result<Option<Committed>, StoreError> {
        let Some(row) = read(|| self.commits.get(id))? else { return Ok(None) };
        let cursor = u64::from_be_bytes((*row).try_into().map_err(|_| misshapen())?);
        Ok(Some(Committed { cursor: (cursor > 0).then_some(Cursor(cursor)) }))
    }

    /// Whether a commit attached that blob.
    pub(super) fn is_attached(&self, blob: BlobId) -> Result<bool, StoreError> {
        read(|| self.blobs.contains_key(blob.as_bytes()))
    }

    /// Every attached blob, in no order that means anything.
    pub(super) fn attached(&self) -> impl Iterator<Item = Result<BlobId, StoreError>> + use<> {
        let mut keys = self.blobs.iter().keys();
        std::iter::from_fn(move || read(|| keys.next().transpose()).transpose())
            .map(|key| Ok(BlobId::from_bytes((*key?).try_into().map_err(|_| misshapen())?)))
    }

    /// Up to where it was complete when it was closed.
    pub(super) fn state(&self) -> Result<Option<State>, StoreError> {
        let Some(row) = read(|| self.db.get(STATE))? else { return Ok(None) };
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
        let close = || -> sled::Result<()> {
            self.db.insert(STATE, row)?;
            self.db.flush()?;
            drop(self);
            Ok(())
        };
        caught("closing", close)?.map_err(broken)?;
        Ok(sync_tree(folder)?)
    }
}

/// Reads; a panic of the engine is an error like any other.
fn read<T>(read: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    caught("reading", read)?.map_err(broken)
}

/// Writes; a panic of the engine is an error like any other.
fn write(write: impl FnOnce() -> sled::Result<()>) -> Result<(), StoreError> {
    caught("writing", write)?.map_err(broken)
}

fn caught<T>(doing: &str, what: impl FnOnce() -> T) -> Result<T, StoreError> {
    let panicked = |_| StoreError::Index { cause: format!("it panicked while {doing}") };
    panic::catch_unwind(AssertUnwindSafe(what)).map_err(panicked)
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
