//! Rows of the index: where in the journal each record and event stands.
//!
//! Rows are fixed in size, whatever they point to; values stay in the journal.

use crate::{
    digest::Digest,
    id::BlobId,
    store::{
        Key, StoreError,
        journal::{Change, Frame, Place, Raw},
    },
};

/// Bytes of an event without its cursor: leaf hash and place.
pub(super) const EVENT_ROW: usize = 48;
/// Bytes of a record's row: version and place.
pub(super) const RECORD_ROW: usize = 24;

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) version: u64,
    pub(super) place: Place,
}

/// What a change did to a key.
#[derive(Clone)]
pub(super) struct KeyRow {
    pub(super) key: Key,
    /// The change; also the record's version.
    pub(super) number: u64,
    /// `None` if it was deleted.
    pub(super) place: Option<Place>,
}

/// An event without its payload.
#[derive(Clone, Copy)]
pub(super) struct EventAt {
    pub(super) cursor: u64,
    pub(super) leaf: Digest,
    pub(super) place: Place,
}

/// Everything that some frames do to the index, in order.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) keys: Vec<KeyRow>,
    pub(super) events: Vec<EventAt>,
    /// Commit ids, with the cursor of the event or 0.
    pub(super) commits: Vec<([u8; 16], u64)>,
    pub(super) blobs: Vec<BlobId>,
}

impl Rows {
    /// Adds those of a frame whose payload begins at `offset` of the journal.
    pub(super) fn add(
        &mut self,
        offset: u64,
        payload: &[u8],
        frame: &Frame<'_>,
    ) -> Result<(), StoreError> {
        let Frame::Changes(changes) = frame;
        changes.iter().try_for_each(|change| self.take(change, |raw| place(offset, payload, raw)))
    }

    /// Adds those that come after.
    pub(super) fn append(&mut self, mut later: Self) {
        self.keys.append(&mut later.keys);
        self.events.append(&mut later.events);
        self.commits.append(&mut later.commits);
        self.blobs.append(&mut later.blobs);
    }

    /// Puts neighbours together: they lie in the same pages. Of one key, the later stays the later.
    pub(super) fn sort(&mut self) {
        self.keys.sort_by(|one, two| one.key.cmp(&two.key));
        self.commits.sort_unstable();
        self.blobs.sort_unstable();
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        [self.keys.len(), self.events.len(), self.commits.len(), self.blobs.len()].iter().sum()
    }

    fn take(
        &mut self,
        change: &Change<'_>,
        place: impl Fn(Raw<'_>) -> Result<Place, StoreError>,
    ) -> Result<(), StoreError> {
        let number = change.number;
        for (key, value) in &change.puts {
            let place = Some(place(*value)?);
            self.keys.push(KeyRow { key: key.0.to_vec(), number, place });
        }
        for key in &change.deletes {
            self.keys.push(KeyRow { key: key.0.to_vec(), number, place: None });
        }
        self.blobs.extend(change.attach.iter().copied().map(BlobId::from_bytes));
        if let Some(event) = &change.event {
            let (cursor, leaf) = (event.cursor, Digest::from_bytes(event.leaf));
            self.events.push(EventAt { cursor, leaf, place: place(event.payload)? });
        }
        self.commits.push((change.id, change.event.as_ref().map_or(0, |event| event.cursor)));
        Ok(())
    }
}

impl Row {
    pub(super) fn encode(self) -> [u8; RECORD_ROW] {
        let mut row = [0; RECORD_ROW];
        let parts = self.version.to_be_bytes().into_iter().chain(self.place.encode());
        row.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        row
    }

    pub(super) fn decode(mut row: &[u8]) -> Result<Self, StoreError> {
        Ok(Self { version: take_u64(&mut row)?, place: Place::decode(row)? })
    }
}

impl EventAt {
    /// Everything but the cursor.
    pub(super) fn encode(&self) -> [u8; EVENT_ROW] {
        let mut row = [0; EVENT_ROW];
        let parts = self.leaf.as_bytes().iter().copied().chain(self.place.encode());
        row.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        row
    }

    pub(super) fn decode(cursor: u64, row: &[u8]) -> Result<Self, StoreError> {
        let (leaf, place) = row.split_first_chunk::<32>().ok_or_else(misshapen)?;
        Ok(Self { cursor, leaf: Digest::from_bytes(*leaf), place: Place::decode(place)? })
    }
}

impl Place {
    fn encode(self) -> [u8; 16] {
        let mut row = [0; 16];
        let parts =
            [&self.offset.to_be_bytes()[..], &self.len.to_be_bytes(), &self.crc.to_be_bytes()];
        row.iter_mut().zip(parts.concat()).for_each(|(to, from)| *to = from);
        row
    }

    fn decode(mut row: &[u8]) -> Result<Self, StoreError> {
        let offset = take_u64(&mut row)?;
        let (len, crc) = row.split_first_chunk::<4>().ok_or_else(misshapen)?;
        let crc = crc.try_into().map_err(|_| misshapen())?;
        Ok(Self { offset, len: u32::from_be_bytes(*len), crc: u32::from_be_bytes(crc) })
    }
}

/// Where `raw`, a part of `payload`, stands in the journal.
fn place(offset: u64, payload: &[u8], raw: Raw<'_>) -> Result<Place, StoreError> {
    let outside = || StoreError::Damaged { offset, what: "a record lies outside of its frame" };
    let within = raw.0.as_ptr().addr().checked_sub(payload.as_ptr().addr()).ok_or_else(outside)?;
    let within = u64::try_from(within).map_err(|_| outside())?;
    let len = u32::try_from(raw.0.len()).map_err(|_| outside())?;
    Ok(Place { offset: offset.saturating_add(within), len, crc: crc32c::crc32c(raw.0) })
}

/// Takes a number from the front of a row.
pub(super) fn take_u64(row: &mut &[u8]) -> Result<u64, StoreError> {
    let (number, rest) = row.split_first_chunk::<8>().ok_or_else(misshapen)?;
    *row = rest;
    Ok(u64::from_be_bytes(*number))
}

/// A row of the index is not what the index wrote.
pub(super) fn misshapen() -> StoreError {
    StoreError::Index { cause: "a row has the wrong size".to_owned() }
}

/// What the index's files hold is not what was written, or cannot be read.
pub(super) fn spoilt(cause: impl std::fmt::Display) -> StoreError {
    StoreError::Index { cause: cause.to_string() }
}
