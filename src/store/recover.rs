//! Opening a store's folder, whatever state it was left in.
//!
//! The index is used as it is only if the clean marker names exactly this journal and the index
//! says the same; in every other case it is wiped and made anew from the journal.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::{
    files::{self, Audience, Existing},
    store::{
        StoreError,
        backup::UNFINISHED,
        blobs::Blobs,
        index::{Index, State},
        journal::Journal,
        replay::Replay,
        rows::Rows,
    },
};

/// Longest clean marker, in bytes.
const MAX_MARKER: u64 = 1024;

/// Rows of the journal that are gathered before the index takes them in, when it is rebuilt.
pub(super) const ROWS_AT_ONCE: usize = 32 * 1024;

/// In what state a store's folder was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HowOpened {
    /// There was none; it was made.
    Made,
    /// It had been closed in good order: the index was used as it was.
    Clean,
    /// The index was made anew from the journal.
    Rebuilt {
        /// Why.
        why: WhyRebuilt,
        /// Bytes of an unfinished write that were cut from the journal's end.
        cut: u64,
    },
}

/// Why an index was rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyRebuilt {
    /// The process ended without closing the store.
    NotClosed,
    /// The journal is not the one that was closed.
    OtherJournal,
    /// The index could not be opened, or was of another state.
    BadIndex,
}

/// A store's folder, locked until dropped.
pub(super) struct Folder {
    path: PathBuf,
    _locks: Locks,
}

/// The file `lock`, which every version takes, and the folder itself, which nobody tidies away.
pub(super) type Locks = [File; 2];

/// Everything that an engine needs to run.
pub(super) struct Opened {
    pub(super) folder: Folder,
    pub(super) journal: Journal,
    pub(super) index: Index,
    pub(super) blobs: Blobs,
    pub(super) state: State,
    pub(super) how: HowOpened,
}

/// Says that a store was closed in good order, and in which state.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Marker {
    store: String,
    journal: u64,
    tail_crc32c: u32,
}

/// Opens the store in `path`, or makes one.
pub(super) fn open(path: &Path) -> Result<Opened, StoreError> {
    files::make_folder(path)?;
    let folder = Folder::lock(path)?;
    let made = folder.make_journal()?;
    let blobs = Blobs::open(path)?;
    sync_upwards(path)?;
    let journal = Journal::open(&folder.journal())?;
    folder.remove_leftovers(journal.store())?;
    let marker = folder.read_marker(&journal)?;
    let (index, state, how) = match marker {
        Ok(marker) => folder.trust(&journal, &marker)?,
        Err(why) => folder.rebuild(&journal, why, 0)?,
    };
    let how = if made { HowOpened::Made } else { how };
    Ok(Opened { folder, journal, index, blobs, state, how })
}

/// Makes the folder's own name and those of its parents durable, as far as they may be read.
fn sync_upwards(path: &Path) -> io::Result<()> {
    for folder in path.canonicalize()?.ancestors() {
        match files::sync_folder(folder) {
            Err(error) if error.kind() != io::ErrorKind::PermissionDenied => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

impl Folder {
    /// Takes the folder for this process.
    ///
    /// It is tried for half a second: a process that is just ending, or one that another thread is
    /// starting, still has the lock for a moment.
    pub(super) fn lock(path: &Path) -> Result<Self, StoreError> {
        let mut options = File::options();
        let lock = options.create(true).append(true).mode(0o600).open(path.join("lock"))?;
        let mut locks = [lock, File::open(path)?];
        for _ in 0..20 {
            if is_taken(&mut locks)? {
                return Ok(Self { path: path.to_path_buf(), _locks: locks });
            }
            thread::sleep(Duration::from_millis(25));
        }
        Err(StoreError::Locked(path.to_path_buf()))
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.path.join("journal")
    }

    fn index(&self) -> PathBuf {
        self.path.join("index")
    }

    /// The index of the journal with that id; another journal's is never looked at.
    pub(super) fn index_of(&self, store: [u8; 16]) -> PathBuf {
        self.index().join(HEXLOWER.encode(&store))
    }

    /// A journal in the making; it counts for nothing until it has its name.
    pub(super) fn new_journal(&self) -> PathBuf {
        self.path.join("journal.new")
    }

    /// Gives the new journal its name, durably: from here on it is the journal.
    pub(super) fn take_new_journal(&self) -> io::Result<()> {
        fs::rename(self.new_journal(), self.journal())?;
        files::sync_folder(&self.path)
    }

    /// Removes what an erasure that was cut off left behind.
    pub(super) fn remove_leftovers(&self, store: [u8; 16]) -> io::Result<()> {
        absent(fs::remove_file(self.new_journal()))?;
        let listed = match fs::read_dir(self.index()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            // What is no folder is removed when the index is made anew.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(()),
            listed => listed?,
        };
        for entry in listed {
            let path = entry?.path();
            if path != self.index_of(store) {
                absent(if path.is_dir() {
                    fs::remove_dir_all(path)
                } else {
                    fs::remove_file(path)
                })?;
            }
        }
        Ok(())
    }

    fn marker(&self) -> PathBuf {
        self.path.join("clean")
    }

    /// Makes a journal in a folder that has nothing of a store yet; says whether it did.
    fn make_journal(&self) -> Result<bool, StoreError> {
        if self.journal().try_exists()? {
            return Ok(false);
        }
        let blobs = self.path.join("blobs");
        let holds_blobs = blobs.try_exists()? && fs::read_dir(blobs)?.next().is_some();
        let unfinished = self.path.join(UNFINISHED).try_exists()?;
        let holds_more = self.index().try_exists()? || self.marker().try_exists()? || unfinished;
        if holds_blobs || holds_more {
            return Err(StoreError::JournalMissing(self.path.clone()));
        }
        Journal::create(&self.journal())?;
        Ok(true)
    }

    /// Reads the clean marker and compares it with the journal.
    fn read_marker(&self, journal: &Journal) -> Result<Result<Marker, WhyRebuilt>, StoreError> {
        let bytes = match files::load(&self.marker(), MAX_MARKER) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Err(WhyRebuilt::NotClosed));
            }
            Err(error) => return Err(error.into()),
        };
        let Ok(marker) = serde_json::from_slice::<Marker>(&bytes) else {
            return Ok(Err(WhyRebuilt::OtherJournal));
        };
        if marker.store != HEXLOWER.encode(&journal.store()) {
            return Ok(Err(WhyRebuilt::OtherJournal));
        }
        let len = journal.len()?;
        if len < marker.journal {
            return Err(StoreError::Damaged { offset: len, what: "its end is missing" });
        }
        if journal.tail_crc(marker.journal)? != marker.tail_crc32c {
            return Err(StoreError::Damaged { offset: marker.journal, what: "its end changed" });
        }
        Ok(Ok(marker))
    }
}

impl Folder {
    /// Uses the index as it is if it says the same as the marker, else makes it anew.
    fn trust(&self, journal: &Journal, marker: &Marker) -> Result<Ready, StoreError> {
        if journal.len()? != marker.journal {
            return self.rebuild(journal, WhyRebuilt::OtherJournal, marker.journal);
        }
        self.remove_marker()?;
        let opened = Index::open(&self.index_of(journal.store()))
            .and_then(|index| Ok((index.state()?, index)));
        match opened {
            Ok((Some(state), index))
                if state.store == journal.store() && state.journal == marker.journal =>
            {
                index.begin()?;
                journal.settle(state.journal)?;
                Ok((index, state, HowOpened::Clean))
            }
            Ok(_) | Err(_) => self.rebuild(journal, WhyRebuilt::BadIndex, marker.journal),
        }
    }

    /// Makes the index anew; the first `vouched` bytes of the journal are known to be whole.
    fn rebuild(
        &self,
        journal: &Journal,
        why: WhyRebuilt,
        vouched: u64,
    ) -> Result<Ready, StoreError> {
        self.remove_marker()?;
        self.remove_index()?;
        let index = Index::open(&self.index_of(journal.store()))?;
        journal.forget_end()?;
        let mut replay = Replay::new(journal, journal.len()?);
        let mut rows = Rows::default();
        while replay.next(|offset, payload, frame| rows.add(offset, payload, frame))? {
            if rows.count() >= ROWS_AT_ONCE {
                index.apply_wide(&mut std::mem::take(&mut rows))?;
            }
        }
        index.apply_wide(&mut rows)?;
        let Replay { offset, end, mut state, .. } = replay;
        if offset < end
            && (offset < vouched || journal.later_frame_after(offset, end, state.number)?)
        {
            return Err(StoreError::Damaged { offset, what: "a frame's bytes changed" });
        }
        journal.settle(offset)?;
        state.journal = offset;
        Ok((index, state, HowOpened::Rebuilt { why, cut: end.saturating_sub(offset) }))
    }

    fn remove_index(&self) -> io::Result<()> {
        let removed = fs::remove_dir_all(self.index());
        match removed.map_err(|error| (error.kind(), error)) {
            Ok(()) | Err((io::ErrorKind::NotFound, _)) => Ok(()),
            Err((io::ErrorKind::NotADirectory, _)) => fs::remove_file(self.index()),
            Err((_, error)) => Err(error),
        }
    }

    fn remove_marker(&self) -> io::Result<()> {
        match fs::remove_file(self.marker()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => files::sync_folder(&self.path),
        }
    }

    /// Closes the index and says so in the clean marker, durably, in this order.
    pub(super) fn close(
        &self,
        index: Index,
        journal: &Journal,
        state: State,
    ) -> Result<(), StoreError> {
        index.close(&self.index_of(journal.store()), state)?;
        files::sync_folder(&self.index())?;
        let marker = Marker {
            store: HEXLOWER.encode(&journal.store()),
            journal: state.journal,
            tail_crc32c: journal.tail_crc(state.journal)?,
        };
        let text = serde_json::to_vec(&marker).map_err(io::Error::from)?;
        Ok(files::save(&self.marker(), &text, Audience::Owner, Existing::Replace)?)
    }
}

/// Takes both locks or none; whether it did.
pub(super) fn is_taken([lock, folder]: &mut Locks) -> io::Result<bool> {
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => return Ok(false),
        taken => taken?,
    }
    match folder.try_lock() {
        Err(TryLockError::WouldBlock) => lock.unlock().map(|()| false),
        // Where a folder cannot be locked, the file alone says it.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(true),
    }
}

/// That something is gone already is no error.
fn absent(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
}

/// An index with its state, and how it came about.
type Ready = (Index, State, HowOpened);
