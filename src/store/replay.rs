//! Going through the frames of a journal in order, and nothing but good ones.

use crate::store::{
    MAX_KEY, StoreError,
    index::State,
    journal::{FRAME_HEADER, Frame, HEADER, Journal},
};

/// Reads the payload of a frame whose CRC was right.
pub(super) fn decode(offset: u64, payload: &[u8]) -> Result<Frame<'_>, StoreError> {
    let foreign = || StoreError::Damaged { offset, what: "a frame of a kind this version lacks" };
    match postcard::take_from_bytes(payload) {
        Ok((frame, [])) if has_possible_keys(&frame) => Ok(frame),
        Ok(_) | Err(_) => Err(foreign()),
    }
}

/// Whether every key has a length that a commit may give it.
fn has_possible_keys(frame: &Frame<'_>) -> bool {
    let Frame::Changes(changes) = frame;
    changes.iter().all(|change| {
        let keys = change.puts.iter().map(|(key, _)| key).chain(&change.deletes);
        keys.into_iter().all(|key| (1..=MAX_KEY).contains(&key.0.len()))
    })
}

/// Reads the committed journal and checks it; gives the numbers of changes and events.
pub(super) fn verify(journal: &Journal) -> Result<(u64, u64), StoreError> {
    let mut replay = Replay::new(journal, journal.committed());
    while replay.next(|_, _, _| Ok(()))? {}
    if replay.offset == replay.end {
        Ok((replay.state.number, replay.state.head))
    } else {
        Err(StoreError::Damaged { offset: replay.offset, what: "a frame's bytes changed" })
    }
}

/// Goes through the frames of a journal in order.
pub(super) struct Replay<'a> {
    journal: &'a Journal,
    pub(super) offset: u64,
    pub(super) end: u64,
    pub(super) state: State,
    payload: Vec<u8>,
}

impl<'a> Replay<'a> {
    pub(super) fn new(journal: &'a Journal, end: u64) -> Self {
        let state = State { store: journal.store(), number: 0, head: 0, journal: HEADER };
        Self { journal, offset: HEADER, end, state, payload: Vec::new() }
    }

    /// Gives the next good frame with its payload and the payload's offset; `false` at the end
    /// or before a bad frame.
    pub(super) fn next(
        &mut self,
        mut take: impl FnMut(u64, &[u8], &Frame<'_>) -> Result<(), StoreError>,
    ) -> Result<bool, StoreError> {
        let next = self.journal.frame_at(self.offset, self.end, &mut self.payload)?;
        let Some(next) = next else { return Ok(false) };
        let frame = decode(self.offset, &self.payload)?;
        count(&mut self.state, self.offset, &frame)?;
        let header = u64::try_from(FRAME_HEADER).unwrap_or(0);
        take(self.offset.saturating_add(header), &self.payload, &frame)?;
        self.offset = next;
        Ok(true)
    }
}

/// Checks that changes and cursors go on where they stopped.
fn count(state: &mut State, offset: u64, frame: &Frame<'_>) -> Result<(), StoreError> {
    let Frame::Changes(changes) = frame;
    for change in changes {
        state.number = state.number.saturating_add(1);
        if change.number != state.number {
            return Err(StoreError::Damaged { offset, what: "a change is missing before it" });
        }
        if let Some(event) = &change.event {
            state.head = state.head.saturating_add(1);
            if event.cursor != state.head {
                return Err(StoreError::Damaged { offset, what: "an event is missing before it" });
            }
        }
    }
    Ok(())
}
