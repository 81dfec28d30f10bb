//! The indexer: one thread that takes durable rows over into the index, off the way of commits.
//!
//! What it has not taken over yet is found all the same ([`Lookup`](super::lookup)). If the index
//! fails, the store takes no more commits and everything stays readable; the next opening makes the
//! index anew.

use std::sync::{Arc, mpsc};

use crate::store::{engine::Shared, rows::Rows};

/// Hand-overs that may wait; whoever commits faster than the index works waits for it.
pub(super) const BACKLOG: usize = 4;

/// Runs on its own thread until the committer has ended and everything is taken over.
pub(super) struct Indexer {
    pub(super) shared: Arc<Shared>,
    pub(super) durable: mpsc::Receiver<Rows>,
}

impl Indexer {
    /// Takes rows over, in their order.
    pub(super) fn run(self) {
        let Self { shared, durable } = self;
        for mut rows in durable {
            if let Err(error) = shared.lookup.take_over(&mut rows) {
                shared.set_broken(error.to_string());
                return;
            }
        }
    }
}
