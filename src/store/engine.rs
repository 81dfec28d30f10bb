//! The engine for one machine: a journal that is the truth, sled as its index, blob files.

use std::{
    fs::File,
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, mpsc as threads},
    thread::{self, JoinHandle},
};

use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    id::BlobId,
    store::{
        Commit, Committed, Cursor, Erase, Event, Inventory, Key, Store, StoreError, Swept,
        Versioned,
        backup::UNFINISHED,
        blobs::{Blobs, FileWriter},
        check,
        committer::{Committer, Request},
        index::{Index, State},
        indexer::{BACKLOG, Indexer},
        journal::Journal,
        lookup::Lookup,
        recover::{self, Folder, HowOpened, Opened},
        replay,
        rescue::{self, Lost},
        rows::{EventAt, Row, Rows},
        times::{self, Times},
    },
};

/// Commits that may wait before those who ask must wait to ask.
const QUEUE: usize = 256;

/// The store of one server, in one folder that no other process may use.
pub struct SledStore {
    /// `None` only within [`Store::close`] and drop; an erasure puts another one here.
    pub(super) shared: RwLock<Option<Arc<Shared>>>,
    /// What writes; commits look in while they ask, an erasure takes it away and puts it back.
    pub(super) engine: tokio::sync::RwLock<Option<Engine>>,
    /// Held while something is erased.
    pub(super) erasing: Mutex<()>,
    how: HowOpened,
}

/// The two threads of a running store.
pub(super) struct Engine {
    requests: mpsc::Sender<Request>,
    committer: JoinHandle<State>,
    indexer: JoinHandle<()>,
}

/// What readers, the committer and the indexer share.
pub(super) struct Shared {
    pub(super) journal: Journal,
    pub(super) blobs: Arc<Blobs>,
    pub(super) folder: Arc<Folder>,
    pub(super) lookup: Lookup,
    times: Arc<Times>,
    pub(super) head: Arc<watch::Sender<Cursor>>,
    broken: OnceLock<String>,
}

impl SledStore {
    /// Opens the store in `folder`, or makes one; blocks, and for long if the index is rebuilt.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::JournalMissing`], [`StoreError::NotAJournal`],
    /// [`StoreError::Damaged`], [`StoreError::NotRestored`], [`StoreError::BlobsGone`], or what the file system says; the folder
    /// is unchanged then, but for the index.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let times = Times::new(folder);
        let opened = recover::open(folder)?;
        // A disk that is not mounted: what came now would lie under it, and be hidden for ever.
        if opened.blobs.are_gone()? && opened.index.attached().next().is_some() {
            return Err(StoreError::BlobsGone(folder.to_owned()));
        }
        // SECURITY(T8): what is forgotten may still be in it. Asked under the lock that `opened` holds.
        if folder.join(UNFINISHED).try_exists()? {
            return Err(StoreError::NotRestored(folder.to_owned()));
        }
        Self::run(opened, times)
    }

    /// Opens what [`super::backup::restore`] made, to forget in it before anybody serves it.
    ///
    /// # Errors
    /// As [`SledStore::open`], but no [`StoreError::NotRestored`] and no [`StoreError::BlobsGone`].
    pub fn open_restored(folder: &Path) -> Result<Self, StoreError> {
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
        let shared = Arc::new(Shared {
            journal,
            blobs: Arc::new(blobs),
            folder: Arc::new(folder),
            lookup: Lookup::new(index),
            times: Arc::new(times),
            head: Arc::new(watch::Sender::new(Cursor(state.head))),
            broken: OnceLock::new(),
        });
        let engine = tokio::sync::RwLock::new(Some(Engine::start(&shared, state)?));
        Ok(Self { shared: RwLock::new(Some(shared)), engine, erasing: Mutex::default(), how })
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
        let broken = self.shared().ok().and_then(|shared| shared.broken());
        if let Some(cause) = broken {
            return Some(StoreError::Broken { cause });
        }
        // While something is erased nothing writes, and that is as it should be.
        let engine = self.engine.try_read().ok()?;
        let ended = engine.as_ref().is_none_or(|engine| engine.committer.is_finished());
        ended.then_some(StoreError::Stopped)
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

    pub(super) fn shared(&self) -> Result<Arc<Shared>, StoreError> {
        let shared = self.shared.read().unwrap_or_else(PoisonError::into_inner);
        shared.clone().ok_or(StoreError::Stopped)
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        let stopped = self.engine.get_mut().take().map(Engine::stop);
        let shared = self.shared.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some(shared) = shared else { return Ok(()) };
        let shared = Arc::into_inner(shared).ok_or(StoreError::Stopped)?;
        let Shared { journal, folder, lookup, broken, blobs: _, head: _, times: _ } = shared;
        if let Some(cause) = broken.into_inner() {
            return Err(StoreError::Broken { cause });
        }
        let state = stopped.ok_or(StoreError::Stopped)??;
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
        if shared.noted(shared.lookup.is_attached(blob))? {
            Err(StoreError::BlobAttached(blob))
        } else {
            Ok(())
        }
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        check::check(&commit)?;
        let (answer, answered) = oneshot::channel();
        let engine = self.engine.read().await;
        let requests = &engine.as_ref().ok_or(StoreError::Stopped)?.requests;
        requests.send(Request { commit, answer }).await.map_err(|_| StoreError::Stopped)?;
        drop(engine);
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
        self.shared().map_or(Cursor(0), |shared| *shared.head.borrow())
    }

    async fn wait(&self, after: Cursor) -> Cursor {
        let Ok(shared) = self.shared() else { return std::future::pending().await };
        let mut head = shared.head.subscribe();
        drop(shared);
        let past = head.wait_for(|head| *head > after).await.map(|head| *head);
        match past {
            Ok(head) => head,
            Err(_) => std::future::pending().await,
        }
    }

    fn sweep(&self) -> Result<Swept, StoreError> {
        let shared = self.shared()?;
        shared.blobs.sweep(|blob| shared.noted(shared.lookup.is_attached(blob)))
    }

    fn erase(&self, erase: &[Erase]) -> Result<(), StoreError> {
        self.compact(erase, &mut |_| ())
    }

    fn verify(&self) -> Result<Inventory, StoreError> {
        let shared = self.shared()?;
        let blobs = shared.lookup.attached();
        let (changes, events) = replay::verify(&shared.journal)?;
        let mut counted = 0_u64;
        for blob in blobs {
            let blob = shared.noted(blob)?;
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
        // A thread that panicked has nothing more to say.
        drop(self.engine.get_mut().take().map(Engine::stop));
    }
}

impl Engine {
    /// Begins to take commits.
    pub(super) fn start(shared: &Arc<Shared>, state: State) -> Result<Self, StoreError> {
        let (requests, receiver) = mpsc::channel(QUEUE);
        let (durable, rows) = threads::sync_channel(BACKLOG);
        let indexer = Indexer { shared: Arc::clone(shared), durable: rows };
        let committer = Committer {
            shared: Arc::clone(shared),
            requests: receiver,
            rows: Rows::default(),
            durable,
            state,
            callers: 0,
            frame: Vec::new(),
        };
        let named = |name: &str| thread::Builder::new().name(name.to_owned());
        let indexer = named("store-index").spawn(move || indexer.run())?;
        let committer = named("store-commit").spawn(move || committer.run())?;
        Ok(Self { requests, committer, indexer })
    }

    /// Finishes what was asked, and gives the state that the store is in then.
    pub(super) fn stop(self) -> Result<State, StoreError> {
        let Self { requests, committer, indexer } = self;
        drop(requests);
        let state = committer.join().map_err(|_| StoreError::Stopped);
        let indexed = indexer.join().map_err(|_| StoreError::Stopped);
        let state = state?;
        indexed.map(|()| state)
    }
}

impl Shared {
    /// The same store over a compacted journal and its index.
    pub(super) fn over(&self, journal: Journal, index: Index) -> Self {
        Self {
            journal,
            blobs: Arc::clone(&self.blobs),
            times: Arc::clone(&self.times),
            folder: Arc::clone(&self.folder),
            lookup: Lookup::new(index),
            head: Arc::clone(&self.head),
            broken: OnceLock::new(),
        }
    }

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
    pub(super) fn noted<T>(&self, read: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error @ StoreError::Index { .. }) = &read {
            self.set_broken(error.to_string());
        }
        read
    }

    fn value(&self, row: Row) -> Result<Versioned, StoreError> {
        Ok(Versioned { version: row.version, value: self.journal.read(row.place)? })
    }
}
