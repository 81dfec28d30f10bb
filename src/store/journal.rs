//! The journal: one append-only file that is the truth of a store.
//!
//! A header of 32 bytes, then frames `[u32 length][u32 CRC][payload]`, little endian. One frame
//! holds one batch of changes, and the next is written only when the last is durable: so only
//! the last frame can ever be torn. The CRC also covers the store's random id and the length, so
//! that nobody who may write values can make one that holds a frame; the dense numbers of the
//! changes tell a frame that is missing, doubled or moved.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use rand::{RngCore as _, rngs::OsRng};
use serde::{Deserialize, Serialize};

use crate::{
    files::{self, Audience, Existing},
    store::{MAX_COMMIT, StoreError},
};

/// Largest payload of a frame, in bytes; checked before anything is allocated.
pub(super) const MAX_FRAME: usize = 2 * MAX_COMMIT;
/// More than the last frame and a page that it may share with others, of whatever size pages are.
const MAX_END: u64 = 64 << 20;
/// Length of the file's header, in bytes.
pub(super) const HEADER: u64 = 32;
/// Length of a frame's own header, in bytes.
pub(super) const FRAME_HEADER: usize = 8;
/// Bytes at the end of the journal that the clean marker vouches for.
const TAIL: u64 = 64 * 1024;

const MAGIC: &[u8; 8] = b"sandykJ\n";
const VERSION: u32 = 1;

/// The payload of a frame; the variant is the version, and the first byte.
#[derive(Serialize, Deserialize)]
pub(super) enum Frame<'a> {
    /// Changes that became durable together, in order.
    #[serde(borrow)]
    Changes(Vec<Change<'a>>),
}

impl Frame<'_> {
    /// Whether these bytes hold a change after `number`.
    fn is_later(payload: &[u8], number: u64) -> bool {
        match postcard::from_bytes(payload) {
            Ok(Frame::Changes(changes)) => changes.iter().any(|change| change.number > number),
            Err(_) => false,
        }
    }
}

/// One change as written.
#[derive(Serialize, Deserialize)]
pub(super) struct Change<'a> {
    /// Dense from 1; also the version of every record it puts.
    pub(super) number: u64,
    pub(super) id: [u8; 16],
    #[serde(borrow)]
    pub(super) puts: Vec<(Raw<'a>, Raw<'a>)>,
    #[serde(borrow)]
    pub(super) deletes: Vec<Raw<'a>>,
    pub(super) attach: Vec<[u8; 16]>,
    #[serde(borrow)]
    pub(super) event: Option<EventRow<'a>>,
}

/// One event as written.
#[derive(Serialize, Deserialize)]
pub(super) struct EventRow<'a> {
    pub(super) cursor: u64,
    pub(super) leaf: [u8; 32],
    #[serde(borrow)]
    pub(super) payload: Raw<'a>,
}

/// Bytes, borrowed.
#[derive(Deserialize, Clone, Copy)]
pub(super) struct Raw<'a>(#[serde(borrow)] pub(super) &'a [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Where some bytes stand in the journal, and what they must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) len: u32,
    pub(super) crc: u32,
}

/// An open journal; one thread appends, any thread reads what was committed.
pub(super) struct Journal {
    file: File,
    store: [u8; 16],
    committed: AtomicU64,
}

impl Journal {
    /// Makes an empty journal under a fresh random store id.
    pub(super) fn create(path: &Path) -> Result<(), StoreError> {
        let mut store = [0; 16];
        OsRng.fill_bytes(&mut store);
        Self::create_as(path, store)
    }

    /// Makes an empty journal under a store id that is known.
    pub(super) fn create_as(path: &Path, store: [u8; 16]) -> Result<(), StoreError> {
        let mut header = Vec::with_capacity(32);
        header.extend_from_slice(MAGIC);
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&store);
        header.extend_from_slice(&crc32c::crc32c(&header).to_le_bytes());
        Ok(files::save(path, &header, Audience::Owner, Existing::Refuse)?)
    }

    /// Opens a journal and reads its header; nothing counts as committed yet.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Self::read_header(path, File::options().read(true).write(true).open(path)?)
    }

    /// The same for a journal that another process may be writing: nothing can be appended.
    pub(super) fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        Self::read_header(path, File::open(path)?)
    }

    fn read_header(path: &Path, file: File) -> Result<Self, StoreError> {
        let not = || StoreError::NotAJournal(path.to_path_buf());
        let mut header = [0; 32];
        file.read_exact_at(&mut header, 0).map_err(|_| not())?;
        let (head, crc) = header.split_last_chunk::<4>().ok_or_else(not)?;
        let (magic, rest) = head.split_first_chunk::<8>().ok_or_else(not)?;
        let (version, store) = rest.split_first_chunk::<4>().ok_or_else(not)?;
        let sound = magic == MAGIC
            && *version == VERSION.to_le_bytes()
            && *crc == crc32c::crc32c(head).to_le_bytes();
        let store = store.try_into().map_err(|_| not())?;
        if sound { Ok(Self { file, store, committed: AtomicU64::new(HEADER) }) } else { Err(not()) }
    }

    /// The store's random id.
    pub(super) const fn store(&self) -> [u8; 16] {
        self.store
    }

    /// Bytes that are durable and hold whole frames.
    pub(super) fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// Length of the file now.
    pub(super) fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Makes `len` bytes the committed ones: cuts what is behind them, durably.
    pub(super) fn settle(&self, len: u64) -> io::Result<()> {
        if self.len()? != len {
            self.file.set_len(len)?;
        }
        self.file.sync_all()?;
        self.committed.store(len, Ordering::Release);
        Ok(())
    }

    /// Has the kernel forget what it keeps of the journal's end, so that the disk is read from here on.
    ///
    /// A kernel that could not write says so once, to the process that asked. From then on it may keep the
    /// bytes in memory and count them as written: they would be shown, built upon, and gone with the power.
    pub(super) fn forget_end(&self) -> io::Result<()> {
        // What was never tried is written now; what is dirty would not be forgotten.
        self.file.sync_data()?;
        let from = self.len()?.saturating_sub(MAX_END);
        Ok(rustix::fs::fadvise(&self.file, from, None, rustix::fs::Advice::DontNeed)?)
    }

    /// Lays out a frame for the end of the journal in `buffer`, header included.
    pub(super) fn lay_out(&self, frame: &Frame<'_>, buffer: &mut Vec<u8>) -> io::Result<()> {
        buffer.clear();
        buffer.extend_from_slice(&[0; FRAME_HEADER]);
        postcard::to_io(frame, &mut *buffer).map_err(io::Error::other)?;
        let (header, payload) =
            buffer.split_first_chunk_mut::<FRAME_HEADER>().ok_or(io::ErrorKind::UnexpectedEof)?;
        let len = u32::try_from(payload.len()).map_err(io::Error::other)?;
        if payload.len() > MAX_FRAME {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let crc = self.frame_crc(len, payload);
        let (at_len, at_crc) = header.split_at_mut(4);
        at_len.copy_from_slice(&len.to_le_bytes());
        at_crc.copy_from_slice(&crc.to_le_bytes());
        Ok(())
    }

    /// Where the payload of the frame that is appended next will begin.
    pub(super) fn next_payload(&self) -> u64 {
        self.committed().saturating_add(length(&[0; FRAME_HEADER]))
    }

    /// Appends a laid out frame and makes it durable.
    ///
    /// After an error the journal must not be written again before it is reopened.
    pub(super) fn append(&self, laid_out: &[u8]) -> io::Result<()> {
        let offset = self.committed();
        self.file.write_all_at(laid_out, offset)?;
        self.file.sync_data()?;
        self.committed.store(offset.saturating_add(length(laid_out)), Ordering::Release);
        Ok(())
    }

    /// Appends a laid out frame to a journal that nobody uses yet; [`Journal::sync`] comes before
    /// anybody does.
    pub(super) fn append_aside(&self, laid_out: &[u8]) -> io::Result<()> {
        let offset = self.committed();
        self.file.write_all_at(laid_out, offset)?;
        self.committed.store(offset.saturating_add(length(laid_out)), Ordering::Release);
        Ok(())
    }

    /// The eight bytes with which a frame begins.
    pub(super) fn header_at(&self, offset: u64) -> io::Result<[u8; FRAME_HEADER]> {
        let mut header = [0; FRAME_HEADER];
        self.file.read_exact_at(&mut header, offset)?;
        Ok(header)
    }

    /// Makes everything that was appended durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// The bytes at a place of the committed journal.
    pub(super) fn read(&self, place: Place) -> Result<Vec<u8>, StoreError> {
        let damaged = |what| StoreError::Damaged { offset: place.offset, what };
        let len = usize::try_from(place.len).unwrap_or(usize::MAX);
        if len > MAX_FRAME || place.offset.saturating_add(u64::from(place.len)) > self.committed() {
            return Err(damaged("a record lies outside of it"));
        }
        let mut bytes = vec![0; len];
        self.file.read_exact_at(&mut bytes, place.offset)?;
        if crc32c::crc32c(&bytes) == place.crc {
            Ok(bytes)
        } else {
            Err(damaged("a record's bytes changed"))
        }
    }

    /// CRC of the last bytes before `len`, for the clean marker.
    pub(super) fn tail_crc(&self, len: u64) -> io::Result<u32> {
        let from = len.saturating_sub(TAIL);
        let mut bytes = vec![0; usize::try_from(len.saturating_sub(from)).unwrap_or(0)];
        self.file.read_exact_at(&mut bytes, from)?;
        Ok(crc32c::crc32c(&bytes))
    }

    /// Reads one frame at `offset` of a file of `end` bytes into `buffer`; `None` if it is bad.
    pub(super) fn frame_at(
        &self,
        offset: u64,
        end: u64,
        buffer: &mut Vec<u8>,
    ) -> io::Result<Option<u64>> {
        let mut header = [0; FRAME_HEADER];
        let payload = offset.saturating_add(length(&header));
        if payload >= end {
            return Ok(None);
        }
        self.file.read_exact_at(&mut header, offset)?;
        let Some((len, crc)) = frame_header(header) else { return Ok(None) };
        let next = payload.saturating_add(u64::from(len));
        if next > end {
            return Ok(None);
        }
        buffer.resize(usize::try_from(len).unwrap_or(0), 0);
        self.file.read_exact_at(buffer, payload)?;
        Ok((self.frame_crc(len, buffer) == crc).then_some(next))
    }

    /// Whether a good frame with changes after `number` begins behind `bad`, within `end`.
    ///
    /// A torn frame is the last one and no longer than [`MAX_FRAME`]; more bytes than that are
    /// damage without looking. Frames with older changes are copies inside of a value.
    pub(super) fn later_frame_after(&self, bad: u64, end: u64, number: u64) -> io::Result<bool> {
        let rest = end.saturating_sub(bad);
        if rest > length(&[0; FRAME_HEADER]).saturating_add(u64::try_from(MAX_FRAME).unwrap_or(0)) {
            return Ok(true);
        }
        Ok(self.later_frame(bad, rest, number)?.is_some())
    }

    /// Where the first good frame with changes after `number` begins, behind the first of `len`
    /// bytes at `from`, all of it within them.
    pub(super) fn later_frame(&self, from: u64, len: u64, number: u64) -> io::Result<Option<u64>> {
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        self.file.read_exact_at(&mut bytes, from)?;
        let begins = |at: usize| {
            let header = bytes.get(at..)?.first_chunk().copied()?;
            let (len, crc) = frame_header(header)?;
            let start = at.saturating_add(FRAME_HEADER);
            let end = start.saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
            let payload = bytes.get(start..end)?;
            // The kind first: it spares the CRC over what is no frame.
            let later = payload.first() == Some(&0)
                && self.frame_crc(len, payload) == crc
                && Frame::is_later(payload, number);
            later.then(|| from.saturating_add(u64::try_from(at).unwrap_or(u64::MAX)))
        };
        Ok((1..bytes.len()).find_map(begins))
    }

    /// Counts `len` bytes as committed and changes nothing: for a journal that is only read.
    pub(super) fn only_read(&self, len: u64) {
        self.committed.store(len, Ordering::Release);
    }

    /// CRC-32C of store id, length and payload.
    fn frame_crc(&self, len: u32, payload: &[u8]) -> u32 {
        let crc = crc32c::crc32c(&self.store);
        let crc = crc32c::crc32c_append(crc, &len.to_le_bytes());
        crc32c::crc32c_append(crc, payload)
    }
}

/// Length and CRC of a frame, unless the length is impossible.
fn frame_header(header: [u8; FRAME_HEADER]) -> Option<(u32, u32)> {
    let (len, crc) = header.split_first_chunk::<4>()?;
    let len = u32::from_le_bytes(*len);
    let possible = len > 0 && usize::try_from(len).is_ok_and(|len| len <= MAX_FRAME);
    possible.then_some((len, u32::from_le_bytes(crc.try_into().ok()?)))
}

/// A length as the journal counts.
fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "tests_journal.rs"]
mod tests;
