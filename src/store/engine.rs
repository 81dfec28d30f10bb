//! The engine for one machine: a journal that is the truth, sled as its index, blob files.

use std::{
    fs::File,
    path::Path,
    sync::{Arc, OnceLock, mpsc as threads},
    thread::{self, JoinHandle},
};

use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    id::BlobId,
    store::{
        Commit, Committed, Cursor, Event, Inventory, Key, Store, StoreError, Swept, Versioned,
        blobs::{Blobs, FileWriter},
        check,
        committer::{Committer, Request},
        index::State,
        indexer::{BACKLOG, Indexer},
        journal::Journal,
        lookup::Lookup,
        recover::{self, Folder, HowOpened, Opened},
        rescue::{self, Lost},
        rows::{EventAt, Row, Rows},
        times::{self, Times},
    },
};

/// Commits that may wait before those who ask must wait to ask.
const QUEUE: usize = 256;

/// The store of one server, in one folder that no other process may use.
pub struct SledStore {
    /// These four are `None` only within [`Store::close`] and drop.
    shared: Option<Arc<Shared>>,
    requests: Option<mpsc::Sender<Request>>,
    committer: Option<JoinHandle<State>>,
    indexer: Option<JoinHandle<()>>,
    how: HowOpened,
}

/// What readers, the committer and the indexer share.
pub(super) struct Shared {
    pub(super) journal: Journal,
    pub(super) blobs: Arc<Blobs>,
    folder: Folder,
    pub(super) lookup: Lookup,
    times: Times,
    head: watch::Sender<Cursor>,
    broken: OnceLock<String>,
}

impl SledStore {
    /// Opens the store in `folder`, or makes one; blocks, and for long if the index is rebuilt.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::JournalMissing`], [`StoreError::NotAJournal`],
    /// [`StoreError::Damaged`], or what the file system says; the folder is unchanged then, but
    /// for the index.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let times = Times::new(folder);
        Self::run(recover::open(folder)?, times)
    }

    /// Opens a damaged store to read what is left; gives what is lost, in the order of the journal.
    ///
    /// Nothing in the folder is changed but `rescued/`, an index of its own. Every commit is refused,
    /// and a cursor that is lost is left out of the feed.
    ///
    /// # Errors
    /// As [`SledStore::open`], but no [`StoreError::Damaged`].
    pub fn rescue(folder: &Path) -> Result<(Self, Vec<Lost>), StoreError> {
        let times = Times::new(folder);
        let (opened, lost) = rescue::open(folder)?;
        let store = Self::run(opened, times)?;
        store.shared()?.set_broken("it was opened for a rescue".to_owned());
        Ok((store, lost))
    }

    fn run(opened: Opened, times: Times) -> Result<Self, StoreError> {
        let Opened { folder, journal, index, blobs, state, how } = opened;
        let (requests, receiver) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared {
            journal,
            blobs: Arc::new(blobs),
            folder,
            lookup: Lookup::new(index),
            times,
            head: watch::Sender::new(Cursor(state.head)),
            broken: OnceLock::new(),
        });
        let (durable, receiver_of_rows) = threads::sync_channel(BACKLOG);
        let indexer = Indexer { shared: Arc::clone(&shared), durable: receiver_of_rows };
        let committer = Committer {
            shared: Arc::clone(&shared),
            requests: receiver,
            rows: Rows::default(),
            durable,
            state,
            frame: Vec::new(),
        };
        let named = |name: &str| thread::Builder::new().name(name.to_owned());
        let indexer = Some(named("store-index").spawn(move || indexer.run())?);
        let committer = Some(named("store-commit").spawn(move || committer.run())?);
        Ok(Self { shared: Some(shared), requests: Some(requests), committer, indexer, how })
    }

    /// In what state the folder was found.
    #[must_use]
    pub const fn how_opened(&self) -> HowOpened {
        self.how
    }

    /// Why nothing can be written until the store is opened again, if that is so.
    ///
    /// Everything acknowledged is kept and readable; whoever serves should end and start again.
    #[must_use]
    pub fn failure(&self) -> Option<StoreError> {
        let ended = self.committer.as_ref().is_none_or(JoinHandle::is_finished);
        let broken = self.shared().ok().and_then(Shared::broken);
        match broken {
            Some(cause) => Some(StoreError::Broken { cause }),
            None => ended.then_some(StoreError::Stopped),
        }
    }

    /// Keeps the times that the file system notes as coarse as it can; asked for every few seconds.
    ///
    /// `now` is in seconds since 1970. Each minute the folder's files are touched; each hour blobs are,
    /// and empty files are made for those to come. Blobs that are begun before the first time have
    /// exact times for up to an hour, and for ever the exact time at which their file was made.
    ///
    /// # Errors
    /// What the file system says; asking again tries again.
    pub fn level_times(&self, now: i64) -> Result<(), StoreError> {
        let shared = self.shared()?;
        if shared.times.level(now)? {
            shared.blobs.fill_pool(times::monday_of(now))?;
        }
        Ok(())
    }

    /// How full the disk of the store is, in per cent, rounded up.
    ///
    /// # Errors
    /// What the file system says.
    pub fn used_percent(&self) -> Result<u8, StoreError> {
        Ok(self.shared()?.blobs.used_percent()?)
    }

    fn shared(&self) -> Result<&Shared, StoreError> {
        self.shared.as_deref().ok_or(StoreError::Stopped)
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        self.requests = None;
        let (Some(committer), Some(shared)) = (self.committer.take(), self.shared.take()) else {
            return Ok(());
        };
        let state = committer.join().map_err(|_| StoreError::Stopped)?;
        let indexed = self.indexer.take().map_or(Ok(()), JoinHandle::join);
        let shared = Arc::into_inner(shared).ok_or(StoreError::Stopped)?;
        let Shared { journal, folder, lookup, broken, blobs: _, head: _, times: _ } = shared;
        if let Some(cause) = broken.into_inner() {
            return Err(StoreError::Broken { cause });
        }
        indexed.map_err(|_| StoreError::Stopped)?;
        folder.close(lookup.into_index(), &journal, state)
    }
}

impl Store for SledStore {
    type Writer = FileWriter;
    type Reader = File;

    fn blob(&self) -> Result<FileWriter, StoreError> {
        self.shared()?.blobs.begin()
    }

    fn open(&self, blob: BlobId) -> Result<File, StoreError> {
        let shared = self.shared()?;
        if !shared.noted(shared.lookup.is_attached(blob))? {
            return Err(StoreError::BlobMissing(blob));
        }
        shared.blobs.read(blob)
    }

    fn discard(&self, blob: BlobId) -> Result<(), StoreError> {
        let shared = self.shared()?;
        shared.blobs.discard(blob)?;
        if shared.lookup.is_attached(blob)? { Err(StoreError::BlobAttached(blob)) } else { Ok(()) }
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        check::check(&commit)?;
        let (answer, answered) = oneshot::channel();
        let requests = self.requests.as_ref().ok_or(StoreError::Stopped)?;
        requests.send(Request { commit, answer }).await.map_err(|_| StoreError::Stopped)?;
        answered.await.map_err(|_| StoreError::Stopped)?
    }

    fn get(&self, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        let shared = self.shared()?;
        let row = shared.noted(shared.lookup.row(key))?;
        row.map(|row| shared.value(row)).transpose()
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Key, Versioned)>, StoreError> {
        let shared = self.shared()?;
        let rows = shared.noted(shared.lookup.rows(prefix, after, limit))?;
        rows.into_iter().map(|(key, row)| Ok((key, shared.value(row)?))).collect()
    }

    fn changes(&self, after: Cursor, limit: usize) -> Result<Vec<Event>, StoreError> {
        let shared = self.shared()?;
        let rows = shared.noted(shared.lookup.events(after, self.head(), limit))?;
        let read = |row: EventAt| {
            let payload = shared.journal.read(row.place)?;
            Ok(Event { cursor: Cursor(row.cursor), leaf: row.leaf, payload })
        };
        rows.into_iter().map(read).collect()
    }

    fn head(&self) -> Cursor {
        self.shared.as_ref().map_or(Cursor(0), |shared| *shared.head.borrow())
    }

    async fn wait(&self, after: Cursor) -> Cursor {
        let Some(shared) = &self.shared else { return std::future::pending().await };
        let mut head = shared.head.subscribe();
        let past = head.wait_for(|head| *head > after).await.map(|head| *head);
        match past {
            Ok(head) => head,
            Err(_) => std::future::pending().await,
        }
    }

    fn sweep(&self) -> Result<Swept, StoreError> {
        let shared = self.shared()?;
        shared.blobs.sweep(|blob| shared.lookup.is_attached(blob))
    }

    fn verify(&self) -> Result<Inventory, StoreError> {
        let shared = self.shared()?;
        let blobs = shared.lookup.attached();
        let (changes, events) = recover::verify(&shared.journal)?;
        let mut counted = 0_u64;
        for blob in blobs {
            let blob = blob?;
            if !shared.blobs.exists(blob)? {
                return Err(StoreError::BlobMissing(blob));
            }
            counted = counted.saturating_add(1);
        }
        Ok(Inventory { changes, events, blobs: counted })
    }

    async fn close(mut self) -> Result<(), StoreError> {
        let closed = tokio::task::spawn_blocking(move || self.finish());
        closed.await.map_err(|_| StoreError::Stopped)?
    }
}

impl Drop for SledStore {
    /// Waits for the commit that is being written, so that the folder is free afterwards.
    ///
    /// Without [`Store::close`] the next opening rebuilds the index.
    fn drop(&mut self) {
        self.requests = None;
        // A thread that panicked has nothing more to say.
        drop(self.committer.take().map(JoinHandle::join));
        drop(self.indexer.take().map(JoinHandle::join));
    }
}

impl Shared {
    /// Shows the feed up to `head` and wakes those who wait.
    pub(super) fn show(&self, head: Cursor) {
        self.head.send_if_modified(|shown| {
            let newer = head > *shown;
            *shown = head.max(*shown);
            newer
        });
    }

    /// Why nothing can be written any more, if so.
    pub(super) fn broken(&self) -> Option<String> {
        self.broken.get().cloned()
    }

    /// Refuses every commit from now on.
    pub(super) fn set_broken(&self, cause: String) {
        // The first cause is the one to tell.
        let _ = self.broken.set(cause);
    }

    /// Remembers that the index failed: the process should end, and the next opening makes it anew.
    fn noted<T>(&self, read: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error @ StoreError::Index { .. }) = &read {
            self.set_broken(error.to_string());
        }
        read
    }

    fn value(&self, row: Row) -> Result<Versioned, StoreError> {
        Ok(Versioned { version: row.version, value: self.journal.read(row.place)? })
    }
}
