//! One header of a container, read strictly.

use tar::{EntryType, Header};

use crate::sealed::{
    MAX_EXHIBITS,
    container::{Entry, MAX_PIECES},
    open::ContainerError,
};

/// Reads a header that must be exactly the one of its name and size.
pub(super) fn parse_header(block: &[u8]) -> Result<(Entry, u64), ContainerError> {
    let block: &[u8; 512] = block.try_into().map_err(|_| ContainerError::Truncated)?;
    let header = Header::from_byte_slice(block);
    let sum: u32 = block
        .iter()
        .enumerate()
        .map(|(at, &byte)| if CHECKSUM.contains(&at) { u32::from(b' ') } else { u32::from(byte) })
        .sum();
    if header.cksum().ok() != Some(sum) {
        return Err(ContainerError::BadChecksum);
    }
    if header.entry_type() != EntryType::Regular {
        return Err(ContainerError::NotARegularFile);
    }
    let entry = Entry::parse(&header.path_bytes()).ok_or(ContainerError::BadName)?;
    let size = header.entry_size().map_err(|_| ContainerError::BadSize)?;
    let only = entry.header(size).map_err(|_| ContainerError::BadSize)?;
    if only.as_bytes() != block {
        return Err(ContainerError::ForeignHeader);
    }
    Ok((entry, size))
}

/// Entries ascend without a gap, so what is not above the last one was there before.
pub(super) fn in_order(found: Entry, expected: Entry) -> Result<(), ContainerError> {
    if found == expected {
        Ok(())
    } else if found.rank() < expected.rank() {
        Err(ContainerError::Duplicate)
    } else {
        Err(ContainerError::OutOfOrder)
    }
}

impl Entry {
    /// Reads exactly the names that [`Entry::name`] writes.
    pub(in crate::sealed) fn parse(name: &[u8]) -> Option<Self> {
        let name = std::str::from_utf8(name).ok()?;
        let (number, rest) = name.split_once('/')?;
        let number = number.parse().ok().filter(|n| (1..=MAX_EXHIBITS).contains(n))?;
        let entry = if rest == "about.json" {
            Self::About(number)
        } else {
            let piece = rest.parse().ok().filter(|p| (1..=MAX_PIECES).contains(p))?;
            Self::Piece(number, piece)
        };
        (entry.name() == name).then_some(entry)
    }

    /// Its place in the container.
    fn rank(self) -> (u16, u32) {
        match self {
            Self::Piece(number, piece) => (number, piece),
            Self::About(number) => (number, u32::MAX),
        }
    }
}

/// Where the checksum of a header stands in it.
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// A full piece, in bytes.
pub(super) const PIECE_BYTES: u64 = 1 << 20;
