//! The server's disk, with a memory of its own of all that it acknowledged; the server may fall at a commit.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Read, Seek, Write},
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
};

use sandyk::{
    digest::Digest,
    id::BlobId,
    store::{
        BlobWriter, Commit, Committed, Cursor, Erase, Event, FileWriter, Inventory, Key,
        MemoryStore, MemoryWriter, SledStore, Store, StoreError, Swept, Versioned,
    },
};
use tempfile::TempDir;

/// When the server falls: so many commits from now, and whether that one still reaches the disk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fall {
    pub(crate) after: u32,
    pub(crate) done: bool,
}

pub(crate) struct Disk {
    engine: Engine,
    state: Mutex<State>,
}

enum Engine {
    /// What is committed is there, by definition.
    Memory(Arc<MemoryStore>),
    /// The real one; after a fall, a copy of its files at that moment is opened.
    Sled(SledStore, TempDir),
}

#[derive(Clone, Default)]
struct State {
    fall: Option<Fall>,
    is_down: bool,
    told: Told,
    /// The change that the server fell at.
    unanswered: Option<Commit>,
}

/// All that was acknowledged.
#[derive(Clone, Default, PartialEq, Eq)]
struct Told {
    rows: BTreeMap<Key, Vec<u8>>,
    leaves: Vec<Digest>,
    blobs: usize,
    ids: BTreeSet<[u8; 16]>,
}

impl Disk {
    /// The real store in one life of four: it takes longer.
    pub(crate) fn of(seed: u64) -> Self {
        if seed % 4 == 1 { Self::on_files() } else { Self::in_memory() }
    }

    fn in_memory() -> Self {
        Self { engine: Engine::Memory(Arc::default()), state: Mutex::default() }
    }

    fn on_files() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SledStore::open(folder.path()).unwrap();
        Self { engine: Engine::Sled(store, folder), state: Mutex::default() }
    }

    /// From now on the server is going to fall.
    pub(crate) fn fall(&self, fall: Fall) {
        self.state().fall = Some(fall);
    }

    /// It does not, after all.
    pub(crate) fn stand(&self) {
        self.state().fall = None;
    }

    pub(crate) fn is_down(&self) -> bool {
        self.state().is_down
    }

    /// The same disk after a fall, and whether the change that nobody was answered for is on it.
    ///
    /// Everything that was acknowledged must be there, and that change wholly or not at all.
    pub(crate) fn after_a_fall(&self) -> (Self, bool) {
        let engine = match &self.engine {
            Engine::Memory(store) => Engine::Memory(Arc::clone(store)),
            Engine::Sled(_, files) => {
                let folder = tempfile::tempdir().unwrap();
                copy(files.path(), folder.path());
                Engine::Sled(SledStore::open(folder.path()).unwrap(), folder)
            }
        };
        let mut state = State { fall: None, is_down: false, ..self.state().clone() };
        let unanswered = state.unanswered.take();
        let disk = Self { engine, state: Mutex::new(state) };
        let found = disk.found();
        let mut told = disk.state().told.clone();
        if told.is_seen_in(&found) {
            return (disk, false);
        }
        if let Some(commit) = &unanswered {
            told.take(commit);
        }
        assert!(
            told.is_seen_in(&found),
            "something acknowledged is gone, or half a change is there"
        );
        disk.state().told = told;
        (disk, true)
    }

    /// All that can be read.
    fn found(&self) -> Told {
        let rows = self.scan(b"", None, usize::MAX).unwrap();
        let events = self.changes(Cursor(0), usize::MAX).unwrap();
        let blobs = usize::try_from(self.verify().unwrap().blobs).unwrap();
        Told {
            rows: rows.into_iter().map(|(key, found)| (key, found.value)).collect(),
            leaves: events.into_iter().map(|event| event.leaf).collect(),
            blobs,
            ids: BTreeSet::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A server that is down answers nothing.
    fn up(&self) -> Result<&Engine, StoreError> {
        if self.is_down() { Err(StoreError::Stopped) } else { Ok(&self.engine) }
    }

    /// Is this the commit at which the server falls?
    fn falls_now(&self) -> Option<Fall> {
        let mut state = self.state();
        let fall = state.fall.as_mut()?;
        if fall.after > 0 {
            fall.after -= 1;
            return None;
        }
        let fall = state.fall.take();
        state.is_down = true;
        fall
    }
}

impl Told {
    fn take(&mut self, commit: &Commit) {
        if !self.ids.insert(commit.id) {
            return;
        }
        let puts = commit.puts.iter().map(|put| (put.key.clone(), put.value.clone()));
        self.rows.extend(puts);
        for key in &commit.deletes {
            self.rows.remove(key);
        }
        self.leaves.extend(commit.event.iter().map(|event| event.leaf));
        self.blobs += commit.attach.len();
    }

    fn is_seen_in(&self, found: &Self) -> bool {
        let Self { rows, leaves, blobs, ids: _ } = self;
        (rows, leaves, *blobs) == (&found.rows, &found.leaves, found.blobs)
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The same for either engine, while the server stands.
macro_rules! either {
    ($disk:expr, $store:ident => $answer:expr) => {
        match $disk.up()? {
            Engine::Memory($store) => $answer,
            Engine::Sled($store, _) => $answer,
        }
    };
}

impl Store for Disk {
    type Writer = Writer;
    type Reader = Box<dyn Bytes>;

    fn blob(&self) -> Result<Writer, StoreError> {
        Ok(match self.up()? {
            Engine::Memory(store) => Writer::Memory(store.blob()?),
            Engine::Sled(store, _) => Writer::Sled(store.blob()?),
        })
    }

    fn open(&self, blob: BlobId) -> Result<Box<dyn Bytes>, StoreError> {
        either!(self, store => Ok(Box::new(store.open(blob)?)))
    }

    fn discard(&self, blob: BlobId) -> Result<(), StoreError> {
        either!(self, store => store.discard(blob))
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let engine = self.up()?;
        let fall = self.falls_now();
        if fall.is_none_or(|fall| fall.done) {
            let done = match engine {
                Engine::Memory(store) => store.commit(commit.clone()).await,
                Engine::Sled(store, _) => store.commit(commit.clone()).await,
            };
            if fall.is_none() {
                if done.is_ok() {
                    self.state().told.take(&commit);
                }
                return done;
            }
        }
        self.state().unanswered = Some(commit);
        Err(StoreError::Stopped)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        either!(self, store => store.get(key))
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Key, Versioned)>, StoreError> {
        either!(self, store => store.scan(prefix, after, limit))
    }

    fn changes(&self, after: Cursor, limit: usize) -> Result<Vec<Event>, StoreError> {
        either!(self, store => store.changes(after, limit))
    }

    fn head(&self) -> Cursor {
        match &self.engine {
            Engine::Memory(store) => store.head(),
            Engine::Sled(store, _) => store.head(),
        }
    }

    async fn wait(&self, after: Cursor) -> Cursor {
        match &self.engine {
            Engine::Memory(store) => store.wait(after).await,
            Engine::Sled(store, _) => store.wait(after).await,
        }
    }

    fn sweep(&self) -> Result<Swept, StoreError> {
        either!(self, store => store.sweep())
    }

    fn erase(&self, erase: &[Erase]) -> Result<(), StoreError> {
        either!(self, store => store.erase(erase))
    }

    fn verify(&self) -> Result<Inventory, StoreError> {
        either!(self, store => store.verify())
    }

    async fn close(self) -> Result<(), StoreError> {
        Ok(())
    }
}

pub(crate) trait Bytes: Read + Seek + Send {}
impl<T: Read + Seek + Send> Bytes for T {}

pub(crate) enum Writer {
    Memory(MemoryWriter),
    Sled(FileWriter),
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Memory(writer) => writer.write(bytes),
            Self::Sled(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Memory(writer) => writer.flush(),
            Self::Sled(writer) => writer.flush(),
        }
    }
}

impl BlobWriter for Writer {
    fn id(&self) -> BlobId {
        match self {
            Self::Memory(writer) => writer.id(),
            Self::Sled(writer) => writer.id(),
        }
    }

    fn finish(self) -> Result<BlobId, StoreError> {
        match self {
            Self::Memory(writer) => writer.finish(),
            Self::Sled(writer) => writer.finish(),
        }
    }
}
