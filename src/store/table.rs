//! Tables of the index: many sorted rows, found through a few rows of sled.
//!
//! sled keeps some hundred bytes in memory for every dozen rows, whatever its cache is set to. So it is
//! given one row for each block of rows ([`Blocks`]): the key from which on they lie there, and the
//! block's number. What grows in memory is a few bytes a record then.
//!
//! One thread writes. Readers see a block before or after a change, and never miss or double a row.

use std::{
    ops::Bound,
    path::Path,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use crate::store::{
    Key, StoreError,
    blocks::{self, BLOCK, Blocks, Change, Pair},
    index::{read, write},
    rows::{misshapen, spoilt},
};

/// Rows on their own.
type Owned<const W: usize> = Vec<(Key, [u8; W])>;

/// Sorted rows whose values have `W` bytes each.
pub(super) struct Table<const W: usize> {
    /// First key of each block; the first block begins with the empty one.
    first: sled::Tree,
    blocks: RwLock<Written>,
}

struct Written {
    blocks: Blocks,
    /// Blocks that were emptied while this process ran.
    free: Vec<u64>,
}

/// Where a row is or would be.
struct Found {
    from: sled::IVec,
    number: u64,
    /// Where the next block begins.
    until: Option<sled::IVec>,
}

impl<const W: usize> Table<W> {
    /// Opens or makes a table over `first` and the file at `path`.
    pub(super) fn open(first: sled::Tree, path: &Path) -> Result<Self, StoreError> {
        let mut blocks = Blocks::open(path).map_err(spoilt)?;
        let empty = read(|| Ok(first.is_empty()))?;
        if empty != (blocks.count() == 0) {
            return Err(spoilt("a file of rows is missing"));
        }
        if empty {
            let number = blocks.grow();
            blocks.write::<W>(number, &[])?;
            write(|| first.insert([], &number.to_be_bytes()).map(drop))?;
        }
        Ok(Self { first, blocks: RwLock::new(Written { blocks, free: Vec::new() }) })
    }

    /// How many blocks its file has.
    pub(super) fn blocks(&self) -> u64 {
        self.read().blocks.count()
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<[u8; W]>, StoreError> {
        let written = self.read();
        let (_, number) = self.find(key)?;
        let block = written.blocks.read(number)?;
        drop(written);
        let rows = blocks::rows::<W>(&block)?;
        let at = rows.binary_search_by(|(there, _)| (*there).cmp(key));
        Ok(at.ok().and_then(|at| rows.get(at)).map(|(_, value)| *value))
    }

    /// Rows from `start` on, ascending.
    pub(super) fn range(self: &Arc<Self>, start: Bound<&[u8]>) -> Range<W> {
        let next = match start {
            Bound::Included(key) => Bound::Included(key.to_vec()),
            Bound::Excluded(key) => Bound::Excluded(key.to_vec()),
            Bound::Unbounded => Bound::Included(Key::new()),
        };
        Range { table: Arc::clone(self), next: Some(next), rows: Vec::new().into_iter() }
    }

    /// Takes sorted changes in; of one key, the later counts.
    pub(super) fn apply<'k>(
        &self,
        changes: impl Iterator<Item = Change<'k, W>>,
    ) -> Result<(), StoreError> {
        let mut changes = changes.peekable();
        while let Some((key, _)) = changes.peek() {
            // Held for one block only: commits look in between.
            let mut written = self.blocks.write().unwrap_or_else(PoisonError::into_inner);
            let found = self.around(key)?;
            let block = written.blocks.read(found.number)?;
            let here = |key: &[u8]| found.until.as_ref().is_none_or(|until| key < &**until);
            let mut taken = Vec::new();
            while let Some(change) = changes.next_if(|(key, _)| taken.is_empty() || here(key)) {
                taken.push(change);
            }
            let rows = blocks::merged(blocks::rows(&block)?, &taken);
            self.put(&mut written, &found, &rows)?;
        }
        Ok(())
    }

    /// Writes the rows of one block, into more than one if they do not fit.
    fn put(
        &self,
        written: &mut Written,
        found: &Found,
        rows: &[Pair<'_, W>],
    ) -> Result<(), StoreError> {
        if rows.is_empty() && !found.from.is_empty() {
            written.blocks.write::<W>(found.number, &[])?;
            write(|| self.first.remove(&found.from).map(drop))?;
            written.free.push(found.number);
            return Ok(());
        }
        let mut before: Option<&[u8]> = None;
        for piece in blocks::pieces(rows) {
            let number = match before {
                None => found.number,
                Some(_) => written.free.pop().unwrap_or_else(|| written.blocks.grow()),
            };
            written.blocks.write(number, piece)?;
            if let (Some(before), Some((key, _))) = (before, piece.first()) {
                let from = blocks::between(before, key);
                write(|| self.first.insert(from, &number.to_be_bytes()).map(drop))?;
            }
            before = piece.last().map(|(key, _)| *key);
        }
        Ok(())
    }

    /// The block in which a key is or would be, and from where on.
    fn find(&self, key: &[u8]) -> Result<(sled::IVec, u64), StoreError> {
        let row = read(|| self.first.range(..=key).next_back().transpose())?;
        let (from, number) = row.ok_or_else(misshapen)?;
        let number = u64::from_be_bytes((*number).try_into().map_err(|_| misshapen())?);
        Ok((from, number))
    }

    /// As [`Self::find`], and up to where.
    fn around(&self, key: &[u8]) -> Result<Found, StoreError> {
        let (from, number) = self.find(key)?;
        let next = read(|| self.first.get_gt(&from))?;
        Ok(Found { from, number, until: next.map(|(until, _)| until) })
    }

    /// The rows of one block from `start` on, and where the next block begins.
    fn load(&self, start: &Bound<Key>) -> Result<(Owned<W>, Option<Key>), StoreError> {
        let (Bound::Included(key) | Bound::Excluded(key)) = start else {
            return Err(misshapen());
        };
        let written = self.read();
        let found = self.around(key)?;
        let block: [u8; BLOCK] = written.blocks.read(found.number)?;
        drop(written);
        let from = |row: &Pair<'_, W>| match start {
            Bound::Excluded(key) => row.0 > key.as_slice(),
            Bound::Included(_) | Bound::Unbounded => row.0 >= key.as_slice(),
        };
        let rows = blocks::rows::<W>(&block)?.into_iter().filter(from);
        let rows = rows.map(|(key, value)| (key.to_vec(), value)).collect();
        Ok((rows, found.until.map(|until| until.to_vec())))
    }

    fn read(&self) -> RwLockReadGuard<'_, Written> {
        self.blocks.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Goes through a table, block by block.
pub(super) struct Range<const W: usize> {
    table: Arc<Table<W>>,
    /// Where the block begins that is read next.
    next: Option<Bound<Key>>,
    rows: std::vec::IntoIter<(Key, [u8; W])>,
}

impl<const W: usize> Iterator for Range<W> {
    type Item = Result<(Key, [u8; W]), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.rows.next() {
                return Some(Ok(row));
            }
            match self.table.load(&self.next.take()?) {
                Ok((rows, next)) => {
                    self.rows = rows.into_iter();
                    self.next = next.map(Bound::Included);
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

#[cfg(test)]
#[path = "tests_table.rs"]
mod tests;
