//! Blocks: sorted rows of one width, 4 KiB of them at a time, one block behind the other in a file.
//!
//! A block is read and written in place. Like everything of the index it is never the truth, so it is
//! made durable at a clean close only; a CRC tells whether it is still what was written.

use std::{
    fs::File,
    io,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::Path,
};

use crate::store::{
    Key, StoreError,
    rows::{misshapen, spoilt},
};

/// Bytes of a block.
pub(super) const BLOCK: usize = 4096;
/// CRC-32C of number and content, then how many rows there are.
const HEAD: usize = 6;
/// Bytes that the rows of a block may take.
const ROOM: usize = BLOCK - HEAD;
/// Bytes of a row that tell how long its key is.
const LENGTH: usize = 2;

/// A row: a key and so many bytes.
pub(super) type Pair<'k, const W: usize> = (&'k [u8], [u8; W]);
/// What becomes of a key; `None` takes it away.
pub(super) type Change<'k, const W: usize> = (&'k [u8], Option<[u8; W]>);

/// A file of blocks.
pub(super) struct Blocks {
    file: File,
    count: u64,
}

impl Blocks {
    /// Opens or makes the file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = file.open(path)?;
        let bytes = file.metadata()?.len();
        let count = bytes.div_ceil(length(BLOCK));
        // What was cut is none of them.
        let whole = bytes == place(count);
        if whole { Ok(Self { file, count }) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// How many there are.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Takes a new block; it is there once it is written.
    pub(super) fn grow(&mut self) -> u64 {
        let number = self.count;
        self.count = self.count.saturating_add(1);
        number
    }

    /// The content of a block.
    pub(super) fn read(&self, number: u64) -> Result<[u8; BLOCK], StoreError> {
        let mut block = [0; BLOCK];
        self.file.read_exact_at(&mut block, place(number)).map_err(spoilt)?;
        let (crc, content) = block.split_first_chunk::<4>().ok_or_else(misshapen)?;
        if u32::from_le_bytes(*crc) == crc_of(number, content) {
            Ok(block)
        } else {
            Err(spoilt("a block's bytes changed"))
        }
    }

    /// Writes rows, which must fit, into a block.
    pub(super) fn write<const W: usize>(
        &self,
        number: u64,
        rows: &[Pair<'_, W>],
    ) -> Result<(), StoreError> {
        let mut block = vec![0; 4];
        block.extend_from_slice(&short(rows.len())?.to_le_bytes());
        for (key, value) in rows {
            block.extend_from_slice(&short(key.len())?.to_le_bytes());
            block.extend_from_slice(key);
            block.extend_from_slice(value);
        }
        if block.len() > BLOCK {
            return Err(misshapen());
        }
        // The whole block, so that nothing of an earlier key is left in it.
        block.resize(BLOCK, 0);
        let (crc, content) = block.split_first_chunk_mut::<4>().ok_or_else(misshapen)?;
        *crc = crc_of(number, content).to_le_bytes();
        self.file.write_all_at(&block, place(number)).map_err(spoilt)
    }
}

/// The rows of a block, ascending.
pub(super) fn rows<const W: usize>(block: &[u8]) -> Result<Vec<Pair<'_, W>>, StoreError> {
    let (head, mut rest) = block.split_at_checked(HEAD).ok_or_else(misshapen)?;
    let count = head.last_chunk::<LENGTH>().ok_or_else(misshapen)?;
    let mut rows = Vec::with_capacity(usize::from(u16::from_le_bytes(*count)));
    for _ in 0..u16::from_le_bytes(*count) {
        let (len, behind) = rest.split_first_chunk::<LENGTH>().ok_or_else(misshapen)?;
        let len = usize::from(u16::from_le_bytes(*len));
        let (key, behind) = behind.split_at_checked(len).ok_or_else(misshapen)?;
        let (value, behind) = behind.split_first_chunk::<W>().ok_or_else(misshapen)?;
        rows.push((key, *value));
        rest = behind;
    }
    Ok(rows)
}

/// Rows after some changes; of one key, the later change counts. Both are sorted.
pub(super) fn merged<'k, const W: usize>(
    rows: Vec<Pair<'k, W>>,
    changes: &[Change<'k, W>],
) -> Vec<Pair<'k, W>> {
    let mut merged = Vec::with_capacity(rows.len().saturating_add(changes.len()));
    let mut rows = rows.into_iter().peekable();
    let mut changes = changes.iter().peekable();
    while let Some((key, value)) = changes.next() {
        while let Some(before) = rows.next_if(|(there, _)| there < key) {
            merged.push(before);
        }
        rows.next_if(|(there, _)| there == key);
        let again = changes.peek().is_some_and(|(next, _)| next == key);
        if let Some(value) = value.filter(|_| !again) {
            merged.push((*key, value));
        }
    }
    merged.extend(rows);
    merged
}

/// Cuts rows into pieces that fit into a block each, and leaves room if there is more than one.
pub(super) fn pieces<'r, 'k, const W: usize>(rows: &'r [Pair<'k, W>]) -> Vec<&'r [Pair<'k, W>]> {
    let size = |(key, _): &Pair<'_, W>| key.len().saturating_add(LENGTH).saturating_add(W);
    let total = rows.iter().map(size).fold(0, usize::saturating_add);
    if total <= ROOM {
        return vec![rows];
    }
    let share = total.div_ceil(total.div_ceil(ROOM / 4 * 3));
    let (mut pieces, mut rest) = (Vec::new(), rows);
    while !rest.is_empty() {
        let mut bytes = 0_usize;
        let fit = rest.iter().take_while(|row| {
            bytes = bytes.saturating_add(size(row));
            bytes <= share
        });
        let (piece, behind) = rest.split_at(fit.count().max(1));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// The shortest bytes that stand behind `before` and not behind `first`.
pub(super) fn between(before: &[u8], first: &[u8]) -> Key {
    let same = before.iter().zip(first).take_while(|(one, two)| one == two).count();
    first.iter().take(same.saturating_add(1)).copied().collect()
}

fn crc_of(number: u64, content: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&number.to_le_bytes()), content)
}

fn place(number: u64) -> u64 {
    number.saturating_mul(length(BLOCK))
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn short(len: usize) -> Result<u16, StoreError> {
    u16::try_from(len).map_err(|_| misshapen())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{files, store::MAX_KEY};

    fn save(path: &Path, bytes: &[u8]) {
        files::save(path, bytes, files::Audience::Owner, files::Existing::Replace).unwrap();
    }

    #[test]
    fn what_is_written_is_read_and_a_changed_byte_or_another_number_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("blocks");
        let mut blocks = Blocks::open(&path).unwrap();
        let wanted: [Pair<'_, 3>; 3] = [(b"a", [1; 3]), (b"ab", [2; 3]), (b"b", [3; 3])];
        for _ in 0..2 {
            let number = blocks.grow();
            blocks.write(number, &wanted).unwrap();
            assert_eq!(rows::<3>(&blocks.read(number).unwrap()).unwrap(), wanted);
        }
        assert!(matches!(blocks.read(2), Err(StoreError::Index { .. })), "it is not there");
        let whole = std::fs::read(&path).unwrap();
        for byte in (0..BLOCK).step_by(61) {
            let mut spoilt = whole.clone();
            spoilt[byte] ^= 1;
            save(&path, &spoilt);
            let blocks = Blocks::open(&path).unwrap();
            assert!(matches!(blocks.read(0), Err(StoreError::Index { .. })), "byte {byte}");
        }
        let swapped = [&whole[BLOCK..], &whole[..BLOCK]].concat();
        save(&path, &swapped);
        let blocks = Blocks::open(&path).unwrap();
        assert!(matches!(blocks.read(0), Err(StoreError::Index { .. })), "another block");
    }

    #[test]
    fn the_later_change_of_a_key_counts_and_order_is_kept() {
        let rows: Vec<Pair<'_, 1>> = vec![(b"b", [1]), (b"d", [1]), (b"f", [1])];
        let changes: [Change<'_, 1>; 6] = [
            (b"a", Some([2])),
            (b"d", Some([2])),
            (b"d", None),
            (b"f", None),
            (b"f", Some([3])),
            (b"g", None),
        ];
        let wanted: Vec<Pair<'_, 1>> = vec![(b"a", [2]), (b"b", [1]), (b"f", [3])];
        assert_eq!(merged(rows, &changes), wanted);
    }

    #[test]
    fn pieces_are_whole_in_order_and_fit() {
        for (len, count) in [(MAX_KEY, 50), (16, 1000), (1, 2000), (MAX_KEY, 7), (16, 0)] {
            let keys: Vec<Vec<u8>> = (0..count)
                .map(|n: u32| {
                    let mut key = vec![0; len.max(4)];
                    key[..4].copy_from_slice(&n.to_be_bytes());
                    key
                })
                .collect();
            let rows: Vec<Pair<'_, 24>> =
                keys.iter().map(|key| (key.as_slice(), [9; 24])).collect();
            let pieces = pieces(&rows);
            assert_eq!(pieces.concat(), rows);
            let dir = tempfile::tempdir().unwrap();
            let blocks = Blocks::open(&dir.path().join("blocks")).unwrap();
            for piece in &pieces {
                blocks.write(0, piece).unwrap();
            }
            let least = rows.len() * (len.max(4) + 26) / ROOM;
            assert!(pieces.len() <= least * 2 + 2, "{} for {least}", pieces.len());
        }
    }

    #[test]
    fn what_stands_between_two_keys_is_short_and_between() {
        for (before, first, wanted) in [
            (b"abc".as_slice(), b"abd".as_slice(), b"abd".as_slice()),
            (b"ab", b"abcd", b"abc"),
            (b"a", b"bcd", b"b"),
        ] {
            assert_eq!(between(before, first), wanted);
            assert!(before < wanted && wanted <= first);
        }
    }
}
