//! The engine for tests: keeps every promise of the contract but durability.

use std::{
    collections::BTreeMap,
    io::{self, Cursor as Bytes, Read, Seek, SeekFrom, Write},
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rand::rngs::OsRng;
use tokio::sync::watch;

use crate::{
    id::BlobId,
    store::{
        BlobWriter, Commit, Committed, Cursor, Erase, Event, Inventory, Key, Store, StoreError,
        Swept, Versioned, check,
    },
};

/// A store in memory; nothing of it outlives it.
pub struct MemoryStore {
    all: Arc<Mutex<All>>,
    head: watch::Sender<Cursor>,
}

#[derive(Default)]
struct All {
    records: BTreeMap<Key, Versioned>,
    events: Vec<Event>,
    commits: BTreeMap<[u8; 16], Committed>,
    blobs: BTreeMap<BlobId, Stage>,
}

enum Stage {
    Writing,
    Finished(Arc<[u8]>),
    Attached(Arc<[u8]>),
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self { all: Arc::default(), head: watch::Sender::new(Cursor(0)) }
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn all(&self) -> MutexGuard<'_, All> {
        lock(&self.all)
    }
}

impl Store for MemoryStore {
    type Writer = MemoryWriter;
    type Reader = MemoryReader;

    fn blob(&self) -> Result<MemoryWriter, StoreError> {
        let id = BlobId::random(&mut OsRng);
        self.all().blobs.insert(id, Stage::Writing);
        Ok(MemoryWriter { id, bytes: Vec::new(), all: Arc::clone(&self.all) })
    }

    fn open(&self, blob: BlobId) -> Result<MemoryReader, StoreError> {
        match self.all().blobs.get(&blob) {
            Some(Stage::Attached(bytes)) => Ok(MemoryReader(Bytes::new(Arc::clone(bytes)))),
            Some(Stage::Writing | Stage::Finished(_)) | None => Err(StoreError::BlobMissing(blob)),
        }
    }

    fn discard(&self, blob: BlobId) -> Result<(), StoreError> {
        let mut all = self.all();
        match all.blobs.get(&blob) {
            Some(Stage::Writing) => Err(StoreError::BlobUnfinished(blob)),
            Some(Stage::Attached(_)) => Err(StoreError::BlobAttached(blob)),
            Some(Stage::Finished(_)) | None => {
                all.blobs.remove(&blob);
                Ok(())
            }
        }
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        check::check(&commit)?;
        let mut all = self.all();
        if let Some(answer) = all.commits.get(&commit.id) {
            return Ok(*answer);
        }
        all.allows(&commit)?;
        let answer = all.apply(commit);
        if let Some(cursor) = answer.cursor {
            self.head.send_replace(cursor);
        }
        Ok(answer)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        Ok(self.all().records.get(key).cloned())
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Key, Versioned)>, StoreError> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let all = self.all();
        let found = all.records.range::<[u8], _>((start, Bound::Unbounded));
        let found = found.take_while(|(key, _)| key.starts_with(prefix)).take(limit);
        Ok(found.map(|(key, record)| (key.clone(), record.clone())).collect())
    }

    fn changes(&self, after: Cursor, limit: usize) -> Result<Vec<Event>, StoreError> {
        let skip = usize::try_from(after.0).unwrap_or(usize::MAX);
        Ok(self.all().events.iter().skip(skip).take(limit).cloned().collect())
    }

    fn head(&self) -> Cursor {
        *self.head.borrow()
    }

    async fn wait(&self, after: Cursor) -> Cursor {
        let mut head = self.head.subscribe();
        let past = head.wait_for(|head| *head > after).await.map(|head| *head);
        match past {
            Ok(head) => head,
            Err(_) => std::future::pending().await,
        }
    }

    fn sweep(&self) -> Result<Swept, StoreError> {
        // No earlier process left anything here.
        Ok(Swept::default())
    }

    fn verify(&self) -> Result<Inventory, StoreError> {
        let all = self.all();
        let attached = all.blobs.values().filter(|stage| matches!(stage, Stage::Attached(_)));
        Ok(Inventory {
            changes: count(all.commits.len()),
            events: count(all.events.len()),
            blobs: count(attached.count()),
        })
    }

    fn erase(&self, erase: &[Erase]) -> Result<(), StoreError> {
        let mut all = self.all();
        for Erase { cursor, mark, blobs } in erase {
            if let Some(event) = all.events.iter_mut().find(|event| event.cursor == *cursor) {
                event.payload.clone_from(mark);
            }
            for blob in blobs {
                all.blobs.remove(blob);
            }
        }
        Ok(())
    }

    async fn close(self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl All {
    fn allows(&self, commit: &Commit) -> Result<(), StoreError> {
        for (put, wanted) in commit.puts.iter().enumerate() {
            let there = self.records.get(&wanted.key).map(|record| record.version);
            if !wanted.expect.is_met(there) {
                return Err(StoreError::Unexpected { put });
            }
        }
        for blob in &commit.attach {
            match self.blobs.get(blob) {
                Some(Stage::Finished(_)) => {}
                Some(Stage::Writing) => return Err(StoreError::BlobUnfinished(*blob)),
                Some(Stage::Attached(_)) => return Err(StoreError::BlobAttached(*blob)),
                None => return Err(StoreError::BlobMissing(*blob)),
            }
        }
        Ok(())
    }

    fn apply(&mut self, commit: Commit) -> Committed {
        let version = count(self.commits.len()).saturating_add(1);
        for put in commit.puts {
            self.records.insert(put.key, Versioned { version, value: put.value });
        }
        for key in commit.deletes {
            self.records.remove(&key);
        }
        for blob in commit.attach {
            if let Some(Stage::Finished(bytes)) = self.blobs.remove(&blob) {
                self.blobs.insert(blob, Stage::Attached(bytes));
            }
        }
        let cursor = commit.event.map(|event| {
            let cursor = Cursor(count(self.events.len()).saturating_add(1));
            self.events.push(Event { cursor, leaf: event.leaf, payload: event.payload });
            cursor
        });
        let answer = Committed { cursor };
        self.commits.insert(commit.id, answer);
        answer
    }
}

/// Takes the bytes of a blob in memory.
pub struct MemoryWriter {
    id: BlobId,
    bytes: Vec<u8>,
    all: Arc<Mutex<All>>,
}

impl Write for MemoryWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.bytes.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl BlobWriter for MemoryWriter {
    fn id(&self) -> BlobId {
        self.id
    }

    fn finish(mut self) -> Result<BlobId, StoreError> {
        let bytes = std::mem::take(&mut self.bytes).into();
        lock(&self.all).blobs.insert(self.id, Stage::Finished(bytes));
        Ok(self.id)
    }
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        let mut all = lock(&self.all);
        if matches!(all.blobs.get(&self.id), Some(Stage::Writing)) {
            all.blobs.remove(&self.id);
        }
    }
}

/// Gives the bytes of a blob in memory.
pub struct MemoryReader(Bytes<Arc<[u8]>>);

impl Read for MemoryReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Seek for MemoryReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

fn lock(all: &Mutex<All>) -> MutexGuard<'_, All> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
