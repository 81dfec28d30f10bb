//! The committer: one thread that makes whatever is pending durable with one `fdatasync`.
//!
//! While the disk works on one batch, the next commits gather; those who were just answered get a moment
//! to ask again, so that one write to the disk serves all who are there. Every commit is checked against
//! what was committed and against those before it in its batch; then blob names are synced, the
//! batch is appended as one frame, synced, made visible, and only then answered. The index takes it
//! over later, on another thread.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc as threads},
    thread,
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};

use crate::store::{
    Commit, Committed, Cursor, Expect, Key, StoreError, check,
    engine::Shared,
    index::State,
    journal::{Change, EventRow, FRAME_HEADER, Frame, Raw},
    replay,
    rows::Rows,
};

/// Most commits in one batch.
const MAX_BATCH: usize = 256;
/// Most bytes in one batch, unless its first commit alone is larger.
const BATCH_BYTES: usize = 1024 * 1024;

/// A moment in which another commit may come; the kernel makes it some ten microseconds longer.
const MOMENT: Duration = Duration::from_micros(20);
/// Moments without a commit after which no more are waited for.
const MOMENTS: usize = 2;

/// Rows that are gathered before the indexer is woken: many at once cost it less than a few often.
const ROWS_AT_ONCE: usize = 4096;

/// A commit that waits, and where its answer goes.
pub(super) struct Request {
    pub(super) commit: Commit,
    pub(super) answer: oneshot::Sender<Result<Committed, StoreError>>,
}

/// Runs on its own thread until all senders are gone.
pub(super) struct Committer {
    pub(super) shared: Arc<Shared>,
    pub(super) requests: mpsc::Receiver<Request>,
    /// Visible, and not with the indexer yet.
    pub(super) rows: Rows,
    /// To the indexer.
    pub(super) durable: threads::SyncSender<Rows>,
    pub(super) state: State,
    /// How many were in the last batch, or asked while it was written: so many may ask again.
    pub(super) callers: usize,
    /// One frame, laid out; its memory is used again.
    pub(super) frame: Vec<u8>,
}

/// A batch in the making: what its commits will have changed.
#[derive(Default)]
struct Batch {
    bytes: usize,
    accepted: Vec<(Request, Committed)>,
    /// Commits that are in the batch already and came again.
    again: Vec<(Request, Committed)>,
    /// Version after this batch, `None` if deleted.
    keys: BTreeMap<Key, Option<u64>>,
    ids: BTreeMap<[u8; 16], Committed>,
}

impl Committer {
    /// Serves commits; gives back the state when nobody can ask any more.
    pub(super) fn run(mut self) -> State {
        let mut left_over = None;
        while let Some(first) = left_over.take().or_else(|| self.requests.blocking_recv()) {
            if let Some(cause) = self.shared.broken() {
                let _ = first.answer.send(Err(StoreError::Broken { cause }));
                continue;
            }
            let before = self.state;
            let (mut batch, mut seen) = (Batch::default(), 0_usize);
            let mut next = Some(first);
            while let Some(request) = next {
                if batch.is_full_for(&request) {
                    left_over = Some(request);
                    break;
                }
                self.admit(&mut batch, request);
                seen = seen.saturating_add(1);
                next = self.next(seen);
            }
            self.settle(batch, before);
        }
        self.hand_over();
        self.state
    }

    /// What comes next into a batch of which `seen` were asked for; waits for those who may come.
    fn next(&mut self, seen: usize) -> Option<Request> {
        let moments = if seen < self.callers { MOMENTS } else { 0 };
        for _ in 0..moments {
            if let Ok(request) = self.requests.try_recv() {
                return Some(request);
            }
            thread::sleep(MOMENT);
        }
        self.requests.try_recv().ok()
    }

    /// Puts the commit into the batch, or answers it at once.
    fn admit(&mut self, batch: &mut Batch, request: Request) {
        let judged = self.judge(batch, &request.commit);
        match self.shared.noted(judged) {
            Ok(Verdict::New(answer)) => batch.take(request, answer, self.state.number),
            Ok(Verdict::InBatch(answer)) => batch.again.push((request, answer)),
            Ok(Verdict::Durable(answer)) => drop(request.answer.send(Ok(answer))),
            Err(error) => drop(request.answer.send(Err(error))),
        }
    }

    /// Decides a commit; if it is new, its blobs are reserved and its numbers taken.
    fn judge(&mut self, batch: &Batch, commit: &Commit) -> Result<Verdict, StoreError> {
        if let Some(answer) = batch.ids.get(&commit.id) {
            return Ok(Verdict::InBatch(*answer));
        }
        let found = &self.shared.lookup;
        if let Some(answer) = found.committed(commit.id)? {
            return Ok(Verdict::Durable(answer));
        }
        for (put, wanted) in commit.puts.iter().enumerate() {
            let there = match batch.keys.get(&wanted.key) {
                Some(version) => *version,
                None if wanted.expect == Expect::Any => None,
                None => found.row(&wanted.key)?.map(|row| row.version),
            };
            if !wanted.expect.is_met(there) {
                return Err(StoreError::Unexpected { put });
            }
        }
        for blob in &commit.attach {
            if found.is_attached(*blob)? {
                return Err(StoreError::BlobAttached(*blob));
            }
        }
        self.shared.blobs.reserve(&commit.attach)?;
        self.state.number = self.state.number.saturating_add(1);
        let cursor = commit.event.as_ref().map(|_| {
            self.state.head = self.state.head.saturating_add(1);
            Cursor(self.state.head)
        });
        Ok(Verdict::New(Committed { cursor }))
    }

    /// Makes a batch durable and visible, and answers its commits.
    fn settle(&mut self, batch: Batch, before: State) {
        if batch.accepted.is_empty() {
            return;
        }
        let (rows, cause) = match self.write(&batch, before) {
            Ok(rows) => (rows, None),
            Err(error) => (Rows::default(), Some(error.to_string())),
        };
        if let Some(cause) = &cause {
            self.shared.set_broken(cause.clone());
        }
        let answered = batch.accepted.len().saturating_add(batch.again.len());
        self.callers = answered.saturating_add(self.requests.len());
        for (request, answer) in batch.accepted.into_iter().chain(batch.again) {
            let answer = match &cause {
                None => Ok(answer),
                Some(cause) => Err(StoreError::Broken { cause: cause.clone() }),
            };
            // Whoever asked may be gone; the change stays.
            let _ = request.answer.send(answer);
        }
        self.rows.append(rows);
        if self.rows.count() >= ROWS_AT_ONCE {
            self.hand_over();
        }
    }

    /// Gives the indexer what is visible and not in the index yet; waits if it is far behind.
    fn hand_over(&mut self) {
        // An indexer that is gone has said why; what is not in the index stays visible.
        let _ = self.durable.send(std::mem::take(&mut self.rows));
    }

    /// Appends a batch, synced, and makes it visible; gives what the index must take over.
    fn write(&mut self, batch: &Batch, before: State) -> Result<Rows, StoreError> {
        let attaches = batch.accepted.iter().any(|(request, _)| !request.commit.attach.is_empty());
        if attaches {
            self.shared.blobs.sync_names()?;
        }
        let mut number = before.number;
        let changes = batch.accepted.iter().map(|(request, answer)| {
            number = number.saturating_add(1);
            change(number, &request.commit, *answer)
        });
        let frame = Frame::Changes(changes.collect());
        self.shared.journal.lay_out(&frame, &mut self.frame)?;
        let rows = self.rows()?;
        self.shared.journal.append(&self.frame)?;
        self.state.journal = self.shared.journal.committed();
        self.shared.lookup.show(&rows);
        for (request, _) in &batch.accepted {
            self.shared.blobs.attached(&request.commit.attach);
        }
        self.shared.show(Cursor(self.state.head));
        self.frame.clear();
        self.frame.shrink_to(BATCH_BYTES);
        Ok(rows)
    }

    /// What the frame that is laid out does to the index.
    fn rows(&self) -> Result<Rows, StoreError> {
        let (offset, mut rows) = (self.shared.journal.next_payload(), Rows::default());
        let payload = self.frame.get(FRAME_HEADER..).unwrap_or_default();
        rows.add(offset, payload, &replay::decode(offset, payload)?)?;
        Ok(rows)
    }
}

enum Verdict {
    New(Committed),
    InBatch(Committed),
    Durable(Committed),
}

impl Batch {
    fn is_full_for(&self, request: &Request) -> bool {
        let bytes = check::size(&request.commit).saturating_add(self.bytes);
        self.accepted.len() >= MAX_BATCH || (bytes > BATCH_BYTES && !self.accepted.is_empty())
    }

    fn take(&mut self, request: Request, answer: Committed, number: u64) {
        self.bytes = self.bytes.saturating_add(check::size(&request.commit));
        self.ids.insert(request.commit.id, answer);
        for put in &request.commit.puts {
            self.keys.insert(put.key.clone(), Some(number));
        }
        for key in &request.commit.deletes {
            self.keys.insert(key.clone(), None);
        }
        self.accepted.push((request, answer));
    }
}

fn change(number: u64, commit: &Commit, answer: Committed) -> Change<'_> {
    let event = commit.event.as_ref().zip(answer.cursor);
    Change {
        number,
        id: commit.id,
        puts: commit.puts.iter().map(|put| (Raw(&put.key), Raw(&put.value))).collect(),
        deletes: commit.deletes.iter().map(|key| Raw(key)).collect(),
        attach: commit.attach.iter().map(|blob| *blob.as_bytes()).collect(),
        event: event.map(|(event, cursor)| EventRow {
            cursor: cursor.0,
            leaf: *event.leaf.as_bytes(),
            payload: Raw(&event.payload),
        }),
    }
}
