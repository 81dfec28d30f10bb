//! The names, headers and sizes of the exhibits container, for its writer and its reader.
//!
//! A plain ustar stream: for exhibit n the pieces `NNNN/PPPPPPPP` from 00000001, then
//! `NNNN/about.json`; then zeros. Every header is fixed by its name and size alone.

use std::io;

use serde::{Deserialize, Serialize};
use tar::{EntryType, Header};

use crate::{digest::Digest, padding, sealed::EXHIBITS_MIN};

/// What a file turned out to be; `NNNN/about.json` in the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExhibitAbout {
    /// The name as given; never a path to write to.
    pub name: String,
    /// Length, in bytes.
    pub bytes: u64,
    /// SHA-256 of the whole file.
    pub sha256: Digest,
    /// The media type as claimed.
    pub media_type: String,
    /// False if the upload was cut at a limit; the bytes before the cut are kept.
    pub complete: bool,
}

/// One entry of the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// Piece of an exhibit, both counted from 1.
    Piece(u16, u32),
    /// What the exhibit is.
    About(u16),
}

impl Entry {
    pub(super) fn name(self) -> String {
        match self {
            Self::Piece(number, piece) => format!("{number:04}/{piece:08}"),
            Self::About(number) => format!("{number:04}/about.json"),
        }
    }

    /// The one header of this entry at this size.
    pub(super) fn header(self, bytes: u64) -> io::Result<Header> {
        let mut header = Header::new_ustar();
        header.set_path(self.name())?;
        header.set_size(bytes);
        header.set_mode(0o600);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_entry_type(EntryType::Regular);
        header.set_cksum();
        Ok(header)
    }
}

/// Zeros after an entry of `bytes` bytes, up to the next full block.
pub(super) fn fill(bytes: u64) -> u64 {
    bytes.next_multiple_of(BLOCK).saturating_sub(bytes)
}

/// Size of the whole container, if its entries take `bytes` bytes.
pub(super) fn padded(bytes: u64) -> u64 {
    padding::padme(bytes.saturating_add(END_MARK)).max(EXHIBITS_MIN)
}

/// A tar block, in bytes.
pub(super) const BLOCK: u64 = 512;

/// Largest `about.json`, in bytes.
pub(super) const MAX_ABOUT: u64 = 16 << 10;

/// Most pieces of one exhibit: what eight digits can number.
pub(super) const MAX_PIECES: u32 = 99_999_999;

/// Two blocks of zeros end a tar stream.
const END_MARK: u64 = 2 * BLOCK;
