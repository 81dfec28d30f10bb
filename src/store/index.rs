//! The index: where in the journal each record and event stands.
//!
//! Values stay in the journal. Rows lie in sorted blocks ([`Table`]), which sled finds, and in one flat
//! file for events. The index is never the truth: it is used only after a clean close, and else made anew
//! from the journal. So sled needs no durability of its own while the store runs, and none of its errors
//! or panics can lose anything.

use std::{
    fs::{self, File},
    io,
    ops::Bound,
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::Arc,
    thread,
};

use crate::{
    files,
    id::BlobId,
    store::{
        Committed, Cursor, Key, StoreError,
        events::Events,
        filter::Filter,
        rows::{EventAt, RECORD_ROW, Row, Rows, misshapen, spoilt, take_u64},
        table::Table,
    },
};

/// Memory that sled may use for its pages, in bytes.
const CACHE: u64 = 2 * 1024 * 1024;
const STATE: &[u8] = b"state";
/// The filter's file.
const FILTER: &str = "filter";

/// Finds records, events, commit ids and attached blobs.
pub(super) struct Index {
    db: sled::Db,
    keys: Arc<Table<RECORD_ROW>>,
    commits: Table<8>,
    blobs: Arc<Table<0>>,
    events: Events,
    /// What may be in the tables: keys, commit ids and blob ids.
    filter: Filter,
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
        let open = || {
            sled::Config::new()
                .path(folder)
                .cache_capacity(CACHE)
                .flush_every_ms(None)
                .mode(sled::Mode::HighThroughput)
                .open()
        };
        let db = caught("opening", open)?.map_err(broken)?;
        let tree = |name: &str| caught("opening", || db.open_tree(name))?.map_err(broken);
        let rows = |name: &str| folder.join(format!("{name}.rows"));
        Ok(Self {
            keys: Arc::new(Table::open(tree("keys")?, &rows("keys"))?),
            commits: Table::open(tree("commits")?, &rows("commits"))?,
            blobs: Arc::new(Table::open(tree("blobs")?, &rows("blobs"))?),
            events: Events::open(&rows("events")).map_err(spoilt)?,
            filter: Filter::open(&folder.join(FILTER)),
            db,
        })
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
        rows.keys.iter().for_each(|changed| self.filter.add(&changed.key));
        self.keys.apply(rows.keys.iter().map(|changed| {
            let row = changed.place.map(|place| Row { version: changed.number, place });
            (changed.key.as_slice(), row.map(Row::encode))
        }))
    }

    fn put_commits(&self, rows: &Rows) -> Result<(), StoreError> {
        let commits = rows.commits.iter();
        commits.clone().for_each(|(id, _)| self.filter.add(id));
        self.commits.apply(commits.map(|(id, cursor)| (id.as_slice(), Some(cursor.to_be_bytes()))))
    }

    fn put_events(&self, rows: &Rows) -> Result<(), StoreError> {
        let blobs = rows.blobs.iter();
        blobs.clone().for_each(|blob| self.filter.add(blob.as_bytes()));
        self.blobs.apply(blobs.map(|blob| (blob.as_bytes().as_slice(), Some([]))))?;
        self.events.put(&rows.events)
    }

    /// Where the record of that key stands.
    pub(super) fn row(&self, key: &[u8]) -> Result<Option<Row>, StoreError> {
        if !self.filter.perhaps(key) {
            return Ok(None);
        }
        self.keys.get(key)?.map(|row| Row::decode(&row)).transpose()
    }

    /// Rows of keys from `start` on, ascending.
    pub(super) fn rows_from(
        &self,
        start: Bound<&[u8]>,
    ) -> impl Iterator<Item = Result<(Key, Row), StoreError>> + use<> {
        self.keys.range(start).map(|row| row.and_then(|(key, row)| Ok((key, Row::decode(&row)?))))
    }

    /// Events after `after`, up to and with `last`.
    pub(super) fn events(
        &self,
        after: Cursor,
        last: Cursor,
        limit: usize,
    ) -> Result<Vec<EventAt>, StoreError> {
        self.events.get(after, last, limit)
    }

    /// The answer that the commit of that id got, if it happened.
    pub(super) fn committed(&self, id: [u8; 16]) -> Result<Option<Committed>, StoreError> {
        if !self.filter.perhaps(&id) {
            return Ok(None);
        }
        let Some(row) = self.commits.get(&id)? else { return Ok(None) };
        let cursor = u64::from_be_bytes(row);
        Ok(Some(Committed { cursor: (cursor > 0).then_some(Cursor(cursor)) }))
    }

    /// Whether a commit attached that blob.
    pub(super) fn is_attached(&self, blob: BlobId) -> Result<bool, StoreError> {
        Ok(self.filter.perhaps(blob.as_bytes()) && self.blobs.get(blob.as_bytes())?.is_some())
    }

    /// Every attached blob, in no order that means anything.
    pub(super) fn attached(&self) -> impl Iterator<Item = Result<BlobId, StoreError>> + use<> {
        let blobs = self.blobs.range(Bound::Unbounded);
        blobs.map(|blob| Ok(BlobId::from_bytes(blob?.0.try_into().map_err(|_| misshapen())?)))
    }

    /// Up to where it was complete when it was closed; `None` if its files are of another state.
    pub(super) fn state(&self) -> Result<Option<State>, StoreError> {
        let Some(row) = read(|| self.db.get(STATE))? else { return Ok(None) };
        let (store, mut rest) = row.split_first_chunk::<16>().ok_or_else(misshapen)?;
        let state = State {
            store: *store,
            number: take_u64(&mut rest)?,
            head: take_u64(&mut rest)?,
            journal: take_u64(&mut rest)?,
        };
        for blocks in self.blocks() {
            if take_u64(&mut rest)? != blocks {
                return Ok(None);
            }
        }
        let filtered = self.filter.number() == Some(state.number);
        let whole = filtered && rest.is_empty() && self.events.ends_with(state.head)?;
        Ok(whole.then_some(state))
    }

    /// From here on it is of no state until it is closed: a copy that somebody makes of the running
    /// store's files passes for none.
    pub(super) fn begin(&self) -> Result<(), StoreError> {
        write(|| {
            self.db.remove(STATE)?;
            self.db.flush().map(drop)
        })
    }

    /// How many blocks each file has.
    fn blocks(&self) -> [u64; 3] {
        [self.keys.blocks(), self.commits.blocks(), self.blobs.blocks()]
    }

    /// Closes it and makes its files durable with real fsyncs, which sled does not do itself.
    pub(super) fn close(self, folder: &Path, state: State) -> Result<(), StoreError> {
        self.filter.save(&folder.join(FILTER), state.number)?;
        let mut row = state.store.to_vec();
        let numbers = [state.number, state.head, state.journal].into_iter().chain(self.blocks());
        row.extend(numbers.flat_map(u64::to_be_bytes));
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
pub(super) fn read<T>(read: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    caught("reading", read)?.map_err(broken)
}

/// Writes; a panic of the engine is an error like any other.
pub(super) fn write(write: impl FnOnce() -> sled::Result<()>) -> Result<(), StoreError> {
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
