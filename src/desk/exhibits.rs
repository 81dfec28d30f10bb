//! Exhibits of one testimony, from any byte on.

use std::io::{self, Read, Seek as _, SeekFrom};

use super::{
    Desk, DeskError, parts, records,
    tree::{Said, read_event},
};
use crate::{
    id::TestimonyId,
    store::{Cursor, Store},
};

/// Sealed exhibits from a byte on.
pub struct Exhibits<R> {
    /// First byte that is given.
    pub from: u64,
    /// Size of the whole, in bytes.
    pub bytes: u64,
    rest: io::Take<R>,
}

impl<R: Read> Read for Exhibits<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.rest.read(buf)
    }
}

impl<S: Store> Desk<S> {
    /// The sealed exhibits of a testimony from byte `from` on.
    ///
    /// # Errors
    /// [`DeskError::NotFound`], [`DeskError::Range`] if there is no such byte, and the store's.
    pub fn exhibits(&self, id: TestimonyId, from: u64) -> Result<Exhibits<S::Reader>, DeskError> {
        let cursor = self.tree()?.cursor_of(id).ok_or(DeskError::NotFound)?;
        let event = self.store.changes(Cursor(cursor.saturating_sub(1)), 1)?.into_iter().next();
        let event = event.ok_or(DeskError::Damaged { cursor })?;
        // Forgotten: whatever of it may still be on the disk, nobody gets it.
        let gone = self.value(&records::forgotten(&id.to_string()))?.is_some();
        let said = read_event(&event.payload, cursor)?;
        let (false, Said::Item(item)) = (gone, said) else { return Err(DeskError::NotFound) };
        let part = item.parts.iter().find(|part| part.name == "exhibits");
        let part = part.ok_or(DeskError::NotFound)?;
        if from >= part.bytes {
            return Err(DeskError::Range { bytes: part.bytes });
        }
        let mut reader = parts::open(&*self.store, part)?.ok_or(DeskError::Damaged { cursor })?;
        // What has another length is damaged; that its bytes are the same the reader finds out.
        if reader.seek(SeekFrom::End(0)).ok() != Some(part.bytes) {
            return Err(DeskError::Damaged { cursor });
        }
        reader.seek(SeekFrom::Start(from)).map_err(|_| DeskError::Damaged { cursor })?;
        let rest = reader.take(part.bytes.saturating_sub(from));
        Ok(Exhibits { from, bytes: part.bytes, rest })
    }
}
