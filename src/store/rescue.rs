//! Reading what is left of a damaged journal.
//!
//! Bad bytes are stepped over to the next frame whose CRC is right and whose changes come later. The
//! index goes to a folder of its own; journal, clean marker and the store's index are only read, so
//! that the next opening still refuses and names the damage.

use std::{fs, io, path::Path};

use crate::store::{
    StoreError,
    blobs::Blobs,
    index::{Index, State},
    journal::{FRAME_HEADER, Frame, HEADER, Journal, MAX_FRAME},
    recover::{Folder, HowOpened, Opened, ROWS_AT_ONCE, WhyRebuilt},
    replay,
    rows::Rows,
};

/// A stretch of the journal that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Lost {
    /// Where it begins, in bytes from the start of the journal.
    pub at: u64,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// Changes that are missing because of it; not known (0) at the journal's end.
    pub changes: u64,
    /// Events of the feed that are missing because of it; not known (0) at the journal's end.
    pub events: u64,
}

/// Opens the store in `path` as far as it can be read.
pub(super) fn open(path: &Path) -> Result<(Opened, Vec<Lost>), StoreError> {
    let folder = Folder::lock(path)?;
    let blobs = Blobs::open(path)?;
    let journal = Journal::open(&folder.journal())?;
    let rescued = path.join("rescued");
    match fs::remove_dir_all(&rescued) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        Ok(()) | Err(_) => {}
    }
    let index = Index::open(&rescued)?;
    let end = journal.len()?;
    let state = State { store: journal.store(), number: 0, head: 0, journal: end };
    let mut rescue = Rescue { journal: &journal, end, state, lost: Vec::new() };
    rescue.run(&index)?;
    let Rescue { state, lost, .. } = rescue;
    journal.only_read(end);
    let how = HowOpened::Rebuilt { why: WhyRebuilt::BadIndex, cut: 0 };
    Ok((Opened { folder, journal, index, blobs, state, how }, lost))
}

struct Rescue<'a> {
    journal: &'a Journal,
    end: u64,
    state: State,
    lost: Vec<Lost>,
}

impl Rescue<'_> {
    /// Takes every good frame into the index.
    fn run(&mut self, index: &Index) -> Result<(), StoreError> {
        let (mut at, mut payload, mut rows) = (HEADER, Vec::new(), Rows::default());
        while at < self.end {
            let header = u64::try_from(FRAME_HEADER).unwrap_or(0);
            let good = self.journal.frame_at(at, self.end, &mut payload)?;
            let frame = good.and_then(|next| Some((next, replay::decode(at, &payload).ok()?)));
            let Some((next, frame)) = frame.filter(|(_, frame)| self.is_later(frame)) else {
                at = self.step_over(at)?;
                continue;
            };
            self.count(&frame);
            rows.add(at.saturating_add(header), &payload, &frame)?;
            if rows.count() >= ROWS_AT_ONCE {
                index.apply_wide(&mut std::mem::take(&mut rows))?;
            }
            at = next;
        }
        index.apply_wide(&mut rows)
    }

    fn is_later(&self, frame: &Frame<'_>) -> bool {
        let Frame::Changes(changes) = frame;
        changes.first().is_none_or(|change| change.number > self.state.number)
    }

    /// Notes the stretch from `at` to the next good frame; gives where that begins, or the end.
    fn step_over(&mut self, at: u64) -> Result<u64, StoreError> {
        let step = u64::try_from(MAX_FRAME).unwrap_or(u64::MAX);
        let mut from = at;
        let next = loop {
            let left = self.end.saturating_sub(from);
            // A frame that begins in this step is whole within two and its header.
            let seen = left.min(step.saturating_mul(2).saturating_add(16));
            match self.journal.later_frame(from, seen, self.state.number)? {
                Some(next) => break next,
                None if left <= step => break self.end,
                None => from = from.saturating_add(step),
            }
        };
        let bytes = next.saturating_sub(at);
        self.lost.push(Lost { at, bytes, changes: 0, events: 0 });
        Ok(next)
    }

    /// Goes on with this frame's numbers; what is missing before them belongs to the last stretch.
    fn count(&mut self, frame: &Frame<'_>) {
        let Frame::Changes(changes) = frame;
        for change in changes {
            let missing = change.number.saturating_sub(self.state.number).saturating_sub(1);
            self.state.number = change.number;
            let cursor = change.event.as_ref().map_or(self.state.head, |event| event.cursor);
            let before =
                change.event.as_ref().map_or(cursor, |event| event.cursor.saturating_sub(1));
            let events = before.saturating_sub(self.state.head);
            self.state.head = self.state.head.max(cursor);
            if let Some(lost) = self.lost.last_mut() {
                lost.changes = lost.changes.saturating_add(missing);
                lost.events = lost.events.saturating_add(events);
            }
        }
    }
}
