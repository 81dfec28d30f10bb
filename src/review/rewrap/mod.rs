//! Making envelopes for colleagues who lack them, on all cores.
//!
//! What lacks is what the desk says; who gets anything is what the verified keyring says, so that a
//! lying desk can name nobody else. What was made lies in the outbox, batch by batch, each durable:
//! after a kill the next run goes on from there. Memory does not grow with the number of testimonies.

mod make;
mod shelf;

use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _},
    sync::mpsc,
};

use rayon::prelude::*;
use serde::Deserialize;

use self::{
    make::{Made, Maker},
    shelf::Shelf,
};
use crate::{
    clock::Day, id::ReaderId, keyring::KeyringError, review::session::Session, rewrap::BatchError,
};

/// What a run has made, and what it could not make.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Rewrapping {
    /// Envelopes that were made now, in the outbox.
    pub made: u64,
    /// Envelopes that an earlier run has made, in the outbox still.
    pub waiting: u64,
    /// Of what lacks, that which this reader has no envelope of either, or may not make.
    pub for_others: u64,
    /// Of what lacks, that of which something is not here or is not what the feed names.
    pub unproven: u64,
    /// Own envelopes that do not open; colleagues are asked for new ones.
    pub broken: u64,
    /// Batches of before a rotation, thrown away: they were for readers of another keyring.
    pub outdated: u64,
    /// Entries in the outbox that were sealed anew, to the casebook key of this epoch.
    pub resealed: u64,
}

/// One line of the list that sync has kept.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(rename = "epoch")]
    _epoch: u32,
    cursor: u64,
    of: String,
    readers: Vec<ReaderId>,
}

/// How far it has come: rows done, of all.
type Progress<'p> = &'p mut dyn FnMut(u64, u64);

impl Session {
    /// Makes what lacks, as far as this reader can, and looks whether all own envelopes open.
    ///
    /// # Errors
    /// [`RewrapActError`]; batches that were written before the error stay.
    pub fn rewrap(
        &mut self,
        today: Day,
        progress: Progress<'_>,
    ) -> Result<Rewrapping, RewrapActError> {
        if self.listed().is_none() {
            return Err(RewrapActError::NotAReader);
        }
        // SECURITY: under an expired keyring, or an older one than was seen, nothing is sealed.
        self.chain.usable(today)?;
        let mut done = Rewrapping { resealed: self.reseal_waiting()?, ..Rewrapping::default() };
        let (outbox, marked) = Shelf::open(self, &mut done)?;
        let maker = Maker::new(self, marked);
        let all = rows(self)?.map_or(0, Iterator::count);
        let all = u64::try_from(all).unwrap_or(u64::MAX);
        let (send, receive) = mpsc::sync_channel::<Vec<Made>>(AHEAD);
        let written = std::thread::scope(|scope| {
            let writer = scope.spawn(move || outbox.write(receive));
            let made = self.make_all(&maker, (all, progress), &send, &mut done);
            let made = made.map(|proven| self.look(&maker, &proven, &send));
            drop(send);
            let written = writer.join().map_err(|_| io::Error::other("a thread was lost"));
            made.and(written.map_err(RewrapActError::from)).and_then(|written| written)
        })?;
        (done.made, done.broken) = (written.made, written.broken);
        Ok(done)
    }

    /// Goes through the list, some rows at a time, each row on whatever core is free; gives the own envelopes
    /// that have opened.
    fn make_all(
        &self,
        maker: &Maker<'_>,
        (all, progress): (u64, Progress<'_>),
        send: &mpsc::SyncSender<Vec<Made>>,
        done: &mut Rewrapping,
    ) -> Result<HashSet<u64>, RewrapActError> {
        let mut proven = HashSet::new();
        let Some(mut rows) = rows(self)? else { return Ok(proven) };
        let mut have = 0_u64;
        loop {
            let some = rows.by_ref().take(AT_ONCE).collect::<Result<Vec<_>, _>>()?;
            if some.is_empty() {
                return Ok(proven);
            }
            let made: Vec<_> = some.par_iter().map(|row| maker.make(row)).collect();
            have = have.saturating_add(u64::try_from(made.len()).unwrap_or(u64::MAX));
            for made in made {
                done.add(&made);
                proven.extend(made.proven);
                if send.send(made.envelopes).is_err() {
                    // The writer says why.
                    return Ok(proven);
                }
            }
            progress(have, all);
        }
    }

    /// Looks whether the own envelopes open, so that colleagues make new ones of those that do not.
    fn look(&self, maker: &Maker<'_>, proven: &HashSet<u64>, send: &mpsc::SyncSender<Vec<Made>>) {
        for some in self.feed.lines.chunks(AT_ONCE) {
            let broken: Vec<Made> =
                some.par_iter().flat_map_iter(|line| maker.look(line, proven)).collect();
            if !broken.is_empty() && send.send(broken).is_err() {
                return;
            }
        }
    }
}

impl Rewrapping {
    fn add(&mut self, made: &make::Outcome) {
        let add = |to: &mut u64, n: usize| *to = to.saturating_add(u64::try_from(n).unwrap_or(0));
        add(&mut self.for_others, made.for_others);
        add(&mut self.unproven, made.unproven);
        add(&mut self.waiting, made.waiting);
    }
}

/// The rows of the list; `None` if sync has made none.
fn rows(
    session: &Session,
) -> Result<Option<impl Iterator<Item = Result<Row, RewrapActError>> + use<>>, RewrapActError> {
    let path = session.workspace.path("missing.jsonl");
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut lines = BufReader::new(file);
    let next = move || {
        let mut line = Vec::new();
        let read = lines.by_ref().take(MAX_ROW).read_until(b'\n', &mut line);
        match read {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_slice(&line).map_err(|_| RewrapActError::List)),
            Err(error) => Some(Err(error.into())),
        }
    };
    Ok(Some(std::iter::from_fn(next)))
}

/// Envelopes cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RewrapActError {
    /// The newest keyring does not list this reader with these keys.
    #[error("the newest keyring does not list you with these keys")]
    NotAReader,
    /// Nothing is sealed to the newest keyring today.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The list of what lacks is damaged.
    #[error("missing.jsonl of this workspace is damaged")]
    List,
    /// A batch could not be written down.
    #[error("a batch of envelopes: {0}")]
    Batch(#[from] BatchError),
    /// Entries in the outbox could not be sealed anew.
    #[error("entries that wait could not be sealed to the newest casebook key: {0}")]
    Entries(#[from] Box<super::WriteError>),
    /// The file system says no.
    #[error("the workspace cannot be read or written: {0}")]
    Io(#[from] io::Error),
}

/// Rows that are made together: what a kill can cost, and what is in memory at once.
const AT_ONCE: usize = 128;
/// What was made and waits to be written, in rows.
const AHEAD: usize = 256;
/// Longest row: at most 100 readers.
const MAX_ROW: u64 = 8 << 10;
