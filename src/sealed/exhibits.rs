//! Sealing files while they arrive: a ustar stream inside an age stream.
//!
//! A tar header names the size of what follows, and the size of an upload is not known until its
//! end: so a file goes in as pieces of 1 MiB, and one piece is all that is ever held in memory.

use std::io::Write;

use age::stream::StreamWriter;
use zeroize::Zeroizing;

use crate::{
    digest::Hasher,
    sealed::{
        ExhibitAbout, MAX_EXHIBITS, PIECE, SealError, TestimonyRecipients,
        container::{self, Entry, MAX_ABOUT, MAX_PIECES},
        seal::encrypting,
    },
};

impl TestimonyRecipients {
    /// Begins to seal exhibits into `out`.
    ///
    /// # Errors
    /// [`SealError::Io`] if the header cannot be written.
    pub fn exhibits<W: Write>(&self, out: W) -> Result<ExhibitsWriter<W>, SealError> {
        let recipient: &dyn age::Recipient = &self.reviewers;
        let stream = encrypting(std::iter::once(recipient), out)?;
        let piece = Zeroizing::new(Vec::new());
        Ok(ExhibitsWriter { stream: Some(stream), written: 0, piece, current: None, ended: 0 })
    }
}

/// Seals files one after the other; what is dropped before `finish` cannot be opened.
pub struct ExhibitsWriter<W: Write> {
    /// Gone after a failed write, so that a broken container is never finished.
    stream: Option<StreamWriter<W>>,
    written: u64,
    pub(super) piece: Zeroizing<Vec<u8>>,
    current: Option<Current>,
    ended: u16,
}

/// The exhibit that is being written.
struct Current {
    number: u16,
    next_piece: u32,
    name: String,
    media_type: String,
    hasher: Hasher,
    bytes: u64,
}

/// Whether a file arrived to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// It did.
    Whole,
    /// It was cut at a limit; what came before is kept.
    Cut,
}

impl<W: Write> ExhibitsWriter<W> {
    /// Begins the next exhibit; the first is number 1. Name and media type as claimed.
    ///
    /// # Errors
    /// [`SealError::OutOfTurn`] inside an exhibit, [`SealError::TooManyExhibits`],
    /// [`SealError::NameTooLong`].
    pub fn begin(&mut self, name: &str, media_type: &str) -> Result<(), SealError> {
        if self.current.is_some() {
            return Err(SealError::OutOfTurn);
        }
        let number = self.ended.saturating_add(1);
        if number > MAX_EXHIBITS {
            return Err(SealError::TooManyExhibits);
        }
        if name.len().saturating_add(media_type.len()) > MAX_NAME {
            return Err(SealError::NameTooLong);
        }
        let (name, media_type) = (name.to_owned(), media_type.to_owned());
        let hasher = Hasher::default();
        self.current = Some(Current { number, next_piece: 1, name, media_type, hasher, bytes: 0 });
        Ok(())
    }

    /// Takes the next bytes of the exhibit.
    ///
    /// # Errors
    /// [`SealError::OutOfTurn`] outside of an exhibit, [`SealError::Io`].
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), SealError> {
        let current = self.current.as_mut().ok_or(SealError::OutOfTurn)?;
        current.hasher.update(bytes);
        current.bytes =
            current.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.piece.capacity() == 0 {
            self.piece.reserve_exact(PIECE);
        }
        while !bytes.is_empty() {
            if self.piece.len() == PIECE {
                self.end_piece()?;
            }
            let room = PIECE.saturating_sub(self.piece.len()).min(bytes.len());
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.piece.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Ends the exhibit and says what it turned out to be.
    ///
    /// # Errors
    /// [`SealError::OutOfTurn`] outside of an exhibit, [`SealError::Io`].
    pub fn end(&mut self, completeness: Completeness) -> Result<ExhibitAbout, SealError> {
        let current = self.current.as_ref().ok_or(SealError::OutOfTurn)?;
        if current.next_piece == 1 || !self.piece.is_empty() {
            self.end_piece()?;
        }
        let current = self.current.take().ok_or(SealError::OutOfTurn)?;
        let about = ExhibitAbout {
            name: current.name,
            bytes: current.bytes,
            sha256: current.hasher.finish(),
            media_type: current.media_type,
            complete: completeness == Completeness::Whole,
        };
        let json = Zeroizing::new(serde_json::to_vec(&about).map_err(|_| SealError::NotJson)?);
        self.entry(Entry::About(current.number), &json)?;
        self.ended = current.number;
        Ok(about)
    }

    /// Pads, ends the age file and gives the writer back.
    ///
    /// # Errors
    /// [`SealError::OutOfTurn`] inside an exhibit, [`SealError::Io`].
    pub fn finish(mut self) -> Result<W, SealError> {
        if self.current.is_some() {
            return Err(SealError::OutOfTurn);
        }
        self.zeros(container::padded(self.written).saturating_sub(self.written))?;
        Ok(self.stream.ok_or(SealError::Broken)?.finish()?)
    }

    fn end_piece(&mut self) -> Result<(), SealError> {
        let current = self.current.as_mut().ok_or(SealError::OutOfTurn)?;
        let (number, piece) = (current.number, current.next_piece);
        if piece > MAX_PIECES {
            return Err(SealError::TooManyExhibits);
        }
        current.next_piece = piece.saturating_add(1);
        let mut bytes = std::mem::take(&mut self.piece);
        self.entry(Entry::Piece(number, piece), &bytes)?;
        bytes.clear();
        self.piece = bytes;
        Ok(())
    }

    fn entry(&mut self, entry: Entry, bytes: &[u8]) -> Result<(), SealError> {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.put(entry.header(size)?.as_bytes())?;
        self.put(bytes)?;
        self.zeros(container::fill(size))
    }

    fn zeros(&mut self, mut count: u64) -> Result<(), SealError> {
        while count > 0 {
            let now = usize::try_from(count).unwrap_or(usize::MAX).min(ZEROS.len());
            self.put(ZEROS.get(..now).unwrap_or(&ZEROS))?;
            count = count.saturating_sub(u64::try_from(now).unwrap_or(count));
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), SealError> {
        let mut stream = self.stream.take().ok_or(SealError::Broken)?;
        stream.write_all(bytes)?;
        self.stream = Some(stream);
        self.written = self.written.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(())
    }
}

/// A control character takes six bytes in JSON; the rest of `about.json` needs under 400.
const MAX_NAME: usize = 2_600;

const _: () = assert!(MAX_ABOUT >= 6 * 2_600 + 400);

static ZEROS: [u8; 16 << 10] = [0; 16 << 10];
