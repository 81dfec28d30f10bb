//! The indexer: one thread that takes durable rows over into the index, off the way of commits.
//!
//! What it has not taken over yet is found all the same ([`Lookup`](super::lookup)). If the index
//! fails, the store takes no more commits and everything stays readable; the next opening makes the
//! index anew.

use std::sync::{Arc, mpsc};

use crate::store::{engine::Shared, rows::Rows};

/// Batches that may wait; whoever commits faster than this waits for the index.
pub(super) const BACKLOG: usize = 64;
/// Most rows that are taken over at once, unless one batch alone has more.
const AT_ONCE: usize = 4096;

/// Runs on its own thread until the committer has ended and everything is taken over.
pub(super) struct Indexer {
    pub(super) shared: Arc<Shared>,
    pub(super) batches: mpsc::Receiver<Rows>,
}

impl Indexer {
    /// Takes batches over, in their order.
    pub(super) fn run(self) {
        let Self { shared, batches } = self;
        while let Ok(mut rows) = batches.recv() {
            while rows.count() < AT_ONCE
                && let Ok(next) = batches.try_recv()
            {
                rows.append(next);
            }
            if let Err(error) = shared.lookup.take_over(&mut rows) {
                shared.set_broken(error.to_string());
                return;
            }
        }
    }
}
