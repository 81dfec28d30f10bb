//! Where events stand: a flat file with one row for each cursor.
//!
//! A row is leaf hash (32), place (16) and CRC-32C of cursor and both (4). Zeros are a cursor that a
//! rescue found no event for.

use std::{
    fs::File,
    io,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::Path,
};

use crate::store::{
    Cursor, StoreError,
    rows::{EVENT_ROW, EventAt, misshapen, spoilt},
};

/// Bytes of a row: leaf hash, place and CRC.
const ROW: usize = EVENT_ROW + 4;
/// Most rows that are read or written at once.
const AT_ONCE: usize = 4096;

/// The file.
pub(super) struct Events(File);

impl Events {
    /// Opens or makes it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600);
        Ok(Self(file.open(path)?))
    }

    /// Whether it ends with the row of that cursor.
    pub(super) fn ends_with(&self, head: u64) -> io::Result<bool> {
        Ok(self.0.metadata()?.len() == place(head.saturating_add(1)))
    }

    /// Writes the rows of some events.
    pub(super) fn put(&self, events: &[EventAt]) -> Result<(), StoreError> {
        let dense = events.chunk_by(|one, next| one.cursor.saturating_add(1) == next.cursor);
        for run in dense.flat_map(|run| run.chunks(AT_ONCE)) {
            let Some(first) = run.first() else { continue };
            let mut rows = Vec::with_capacity(run.len().saturating_mul(ROW));
            for event in run {
                let row = event.encode();
                rows.extend_from_slice(&row);
                rows.extend_from_slice(&crc_of(event.cursor, &row).to_be_bytes());
            }
            self.0.write_all_at(&rows, place(first.cursor)).map_err(spoilt)?;
        }
        Ok(())
    }

    /// Events after `after`, up to and with `last`, at most `limit`.
    pub(super) fn get(
        &self,
        after: Cursor,
        last: Cursor,
        limit: usize,
    ) -> Result<Vec<EventAt>, StoreError> {
        let (mut found, mut next) = (Vec::new(), after.0.saturating_add(1));
        let mut rows = Vec::new();
        while next <= last.0 && found.len() < limit {
            let wanted = last.0.saturating_sub(next).saturating_add(1);
            let wanted = usize::try_from(wanted).unwrap_or(AT_ONCE).min(AT_ONCE);
            // More than the limit only where rows are missing.
            let wanted = wanted.min(limit.saturating_sub(found.len()));
            rows.resize(wanted.saturating_mul(ROW), 0);
            self.0.read_exact_at(&mut rows, place(next)).map_err(spoilt)?;
            for (row, cursor) in rows.chunks(ROW).zip(next..) {
                found.extend(decode(cursor, row)?);
            }
            next = next.saturating_add(u64::try_from(wanted).unwrap_or(u64::MAX));
        }
        Ok(found)
    }
}

/// A row; `None` if there is no event of that cursor.
fn decode(cursor: u64, row: &[u8]) -> Result<Option<EventAt>, StoreError> {
    if row.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let (row, crc) = row.split_last_chunk::<4>().ok_or_else(misshapen)?;
    if u32::from_be_bytes(*crc) == crc_of(cursor, row) {
        EventAt::decode(cursor, row).map(Some)
    } else {
        Err(spoilt("an event's bytes changed"))
    }
}

fn crc_of(cursor: u64, row: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&cursor.to_be_bytes()), row)
}

/// Where the row of a cursor, from 1, begins.
fn place(cursor: u64) -> u64 {
    cursor.saturating_sub(1).saturating_mul(u64::try_from(ROW).unwrap_or(u64::MAX))
}
