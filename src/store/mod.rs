//! Where sealed things rest: records found by key, blob files, and one feed in commit order.
//!
//! What it is: the trait [`Store`], the contract every engine keeps, and two engines. [`SledStore`]
//! keeps a journal, an index and blob files in one folder; [`MemoryStore`] is for tests.
//!
//! Promises:
//! 1. A [`Store::commit`] that was answered is durable: it survives a kill and a power cut.
//! 2. A commit happens whole or not at all, and readers never see half of one.
//! 3. The same [`Commit::id`] twice is one change with one answer, also after reopening.
//! 4. A commit that is refused ([`StoreError::is_conflict`]) changed nothing.
//! 5. The feed's cursor is dense from 1, and an event is visible exactly when it is durable.
//! 6. A blob is attached only when finished, and by one commit; a writer that is dropped
//!    unfinished leaves nothing; [`Store::sweep`] never takes an attached or a young blob.
//! 7. After a failed write every commit is refused and everything stays readable; opening the
//!    store again lost nothing that was acknowledged.
//! 8. What [`Store::erase`] took away is in no file of the store any more.
//! 9. Damage is named ([`StoreError::Damaged`]), never cut away or skipped in silence.
//!
//! Does not: know what it keeps (everything that comes here is sealed or public), log keys or
//! values, hide the order in which things came, or share a folder between two processes. The times
//! that a file system notes are coarse only while [`SledStore::level_times`] is asked for.
//!
//! Spec: `docs/format/store.md`; contract suite: `tests/store_contract.rs`.

use std::{
    future::Future,
    io::{Read, Seek, Write},
};

use crate::{digest::Digest, id::BlobId};

pub mod backup;
mod blobs;
mod blocks;
mod check;
mod committer;
mod compact;
mod debug;
mod engine;
mod error;
mod events;
mod examine;
mod filter;
mod index;
mod indexer;
mod journal;
mod lookup;
mod memory;
mod recent;
mod recover;
mod replay;
mod rescue;
mod rows;
mod table;
mod times;

pub use blobs::FileWriter;
pub use engine::SledStore;
pub use error::{BadCommit, StoreError};
pub use examine::{Damage, Examined, IndexFound, Told, examine};
pub use memory::{MemoryReader, MemoryStore, MemoryWriter};
pub use recover::{HowOpened, WhyRebuilt};
pub use rescue::Lost;

/// A place in the feed: dense from 1, and one more than the leaf's index in the feed tree.
///
/// 0 stands before the first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Cursor(pub u64);

/// Names a record: 1 to [`MAX_KEY`] bytes, compared as bytes.
pub type Key = Vec<u8>;

/// Longest key, in bytes.
pub const MAX_KEY: usize = 512;

/// Largest commit, in bytes of keys, values, payload and ids together.
pub const MAX_COMMIT: usize = 4 * 1024 * 1024;

/// What a record must look like for a put to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Anything or nothing.
    Any,
    /// No record of that key.
    Absent,
    /// Exactly the record with this version.
    Version(u64),
}

impl Expect {
    /// Whether a record whose version is `there` (`None`: there is none) is what was expected.
    #[must_use]
    pub fn is_met(self, there: Option<u64>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => there.is_none(),
            Self::Version(version) => there == Some(version),
        }
    }
}

/// One atomic, durable, idempotent change.
///
/// A key stands in it at most once, be it among the puts or the deletes.
#[derive(Clone, Default)]
pub struct Commit {
    /// Names the change, chosen at random by the caller; the same id twice is one change.
    pub id: [u8; 16],
    /// Records to write.
    pub puts: Vec<Put>,
    /// Keys to remove; one that is absent already is no error.
    pub deletes: Vec<Key>,
    /// Finished blobs that become part of the store with this change.
    pub attach: Vec<BlobId>,
    /// What the feed shows of this change, if anything.
    pub event: Option<NewEvent>,
}

/// One record to write.
#[derive(Clone)]
pub struct Put {
    /// Where to.
    pub key: Key,
    /// What; may be empty.
    pub value: Vec<u8>,
    /// On what condition.
    pub expect: Expect,
}

/// An entry for the feed, before it has a cursor.
#[derive(Clone)]
pub struct NewEvent {
    /// RFC 6962 leaf hash.
    pub leaf: Digest,
    /// Opaque to the store.
    pub payload: Vec<u8>,
}

/// An entry of the feed.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// Where it stands.
    pub cursor: Cursor,
    /// RFC 6962 leaf hash.
    pub leaf: Digest,
    /// Opaque to the store.
    pub payload: Vec<u8>,
}

/// A record as it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct Versioned {
    /// Grows with every put of the key and is never used again, not even after a delete.
    pub version: u64,
    /// The value.
    pub value: Vec<u8>,
}

/// An event whose content is to be gone from the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erase {
    /// Which event.
    pub cursor: Cursor,
    /// What stands there instead; the leaf stays.
    pub mark: Vec<u8>,
    /// Blobs that go with it.
    pub blobs: Vec<BlobId>,
}

/// The answer to a commit; durable when it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The feed's cursor of this change, if it had an event.
    pub cursor: Option<Cursor>,
}

/// What a sweep removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Files.
    pub blobs: u64,
    /// Their bytes together.
    pub bytes: u64,
}

/// What [`Store::verify`] went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Inventory {
    /// Changes.
    pub changes: u64,
    /// Events of the feed.
    pub events: u64,
    /// Attached blobs.
    pub blobs: u64,
}

/// A place where sealed things rest.
///
/// Methods that are not `async` may touch the disk: call them from a blocking task. None of them
/// waits for a commit that is being made durable.
pub trait Store: Send + Sync + 'static {
    /// Takes the bytes of a new blob.
    type Writer: BlobWriter;
    /// Gives the bytes of an attached blob.
    type Reader: Read + Seek + Send + 'static;

    /// Begins a blob under a fresh random name.
    ///
    /// # Errors
    /// [`StoreError::Io`] if no file can be made.
    fn blob(&self) -> Result<Self::Writer, StoreError>;

    /// Opens an attached blob.
    ///
    /// # Errors
    /// [`StoreError::BlobMissing`] if it is not attached.
    fn open(&self, blob: BlobId) -> Result<Self::Reader, StoreError>;

    /// Removes a finished blob that nobody attached; does nothing if there is none of that name.
    ///
    /// # Errors
    /// [`StoreError::BlobAttached`] if it is attached or about to be.
    fn discard(&self, blob: BlobId) -> Result<(), StoreError>;

    /// Makes one change; when this answers `Ok`, it is durable.
    ///
    /// Dropping the future does not take the change back. After an error other than a conflict
    /// the change may or may not have happened: ask again with the same [`Commit::id`].
    ///
    /// # Errors
    /// A conflict ([`StoreError::is_conflict`]) or [`StoreError::BadCommit`], and nothing was
    /// changed; [`StoreError::Broken`] or [`StoreError::Stopped`] until the store is reopened.
    fn commit(&self, commit: Commit) -> impl Future<Output = Result<Committed, StoreError>> + Send;

    /// The record of that key.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if its bytes changed on disk, or what the file system says.
    fn get(&self, key: &[u8]) -> Result<Option<Versioned>, StoreError>;

    /// Records whose keys begin with `prefix`, ascending, at most `limit`, after `after` if given.
    ///
    /// # Errors
    /// As [`Store::get`].
    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Key, Versioned)>, StoreError>;

    /// Events with a cursor greater than `after`, ascending, at most `limit`.
    ///
    /// # Errors
    /// As [`Store::get`].
    fn changes(&self, after: Cursor, limit: usize) -> Result<Vec<Event>, StoreError>;

    /// The cursor of the newest event; `Cursor(0)` if there is none.
    fn head(&self) -> Cursor;

    /// Waits until the head is past `after`, and gives it; never, if the store breaks before.
    fn wait(&self, after: Cursor) -> impl Future<Output = Cursor> + Send;

    /// Removes what earlier processes left unfinished or unattached.
    ///
    /// # Errors
    /// What the file system says; asking again goes on where it stopped.
    fn sweep(&self) -> Result<Swept, StoreError>;

    /// Takes content off the disk for good: the payloads and blobs of these events, and the value of
    /// every record that was deleted or replaced before this call.
    ///
    /// Blocks for as long as the whole journal takes to be read and written; commits wait for the
    /// end of it, reading goes on. Numbers, cursors, leaves and commit ids stay. Asked again after
    /// a crash it changes nothing or does the rest.
    ///
    /// # Errors
    /// [`StoreError`]; the store is as it was then, or as it was to be, never between.
    fn erase(&self, erase: &[Erase]) -> Result<(), StoreError>;

    /// Reads everything that was committed and checks it; commits go on meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::BlobMissing`], at the first fault.
    fn verify(&self) -> Result<Inventory, StoreError>;

    /// Ends in good order, so that the next opening is quick.
    ///
    /// # Errors
    /// What the file system says, or [`StoreError::Broken`] if the store was; nothing
    /// acknowledged is lost either way.
    fn close(self) -> impl Future<Output = Result<(), StoreError>> + Send
    where
        Self: Sized;
}

/// Takes the bytes of one blob; dropped unfinished, it leaves nothing.
pub trait BlobWriter: Write + Send + 'static {
    /// The name it will have.
    fn id(&self) -> BlobId;

    /// Makes the content durable; the commit that attaches the blob makes its name durable.
    ///
    /// # Errors
    /// What the file system says; nothing is left then.
    fn finish(self) -> Result<BlobId, StoreError>;
}
