//! What readers' machines may ask of the server, and nothing else.
//!
//! Promises: 1. nothing is answered but to a request signed by a device of the current keyring's
//! desk note, fresh, for this address, and never twice; 2. every device gets the same feed, and of
//! the envelopes its own reader's only; 3. each page carries a signed checkpoint of the feed up to
//! its end, so that a reader who recomputes the root sees any change; 4. what is accepted is
//! durable and in the feed, once, whatever is repeated; 5. memory is bounded: parts are streamed;
//! 6. nothing is forgotten but by an order that [`crate::forget`] proves, after its waiting time.
//! Does not: open anything, know HTTP beyond the parts of a request, or log.
//! Spec: `docs/format/desk.md`.

mod envelopes;
mod error;
mod exhibits;
mod forget;
mod gate;
mod missing;
mod outbox;
mod page;
mod parts;
mod records;
mod replay;
mod replies;
mod retire;
mod salvage;
mod tree;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

pub use self::{
    error::DeskError,
    exhibits::Exhibits,
    forget::finish_forgetting,
    gate::{Asker, Asking},
    page::{Keyrings, Page},
    replay::Replayed,
    retire::Dropped,
    salvage::{Give, Salvaged, salvage},
};
use self::{gate::Gate, missing::Lacking, tree::Tree};
use crate::{clock::Clock, forget::WAIT_DAYS, keyring::Published, ledger::LedgerKey, store::Store};

/// The published keyring as it is now; a reload takes effect with the next request.
pub type PublishedNow = watch::Receiver<Arc<Published>>;

/// The desk of one organisation over one store.
pub struct Desk<S> {
    store: Arc<S>,
    published: PublishedNow,
    ledger: Arc<LedgerKey>,
    gate: Gate,
    tree: Mutex<Tree>,
    lacking: Mutex<Lacking>,
    pushes: tokio::sync::Mutex<()>,
    clock: Arc<dyn Clock>,
    /// Whole days that an order to forget waits.
    wait: i64,
}

impl<S: Store> Desk<S> {
    /// A desk that answers at `authorities` (`host` or `host:port`, as devices address it).
    ///
    /// Requests signed before this moment are refused, because the numbers used once of an earlier
    /// process are gone. An empty list accepts any address: for tests only.
    pub fn new(
        store: Arc<S>,
        published: PublishedNow,
        ledger: impl Into<Arc<LedgerKey>>,
        authorities: &[String],
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            published,
            ledger: ledger.into(),
            gate: Gate::new(authorities, Arc::clone(&clock)),
            tree: Mutex::new(Tree::default()),
            lacking: Mutex::default(),
            pushes: tokio::sync::Mutex::new(()),
            clock,
            wait: WAIT_DAYS,
        }
    }

    /// The same desk, with orders to forget waiting for longer; never for less than
    /// [`WAIT_DAYS`].
    #[must_use]
    pub fn waiting(mut self, days: i64) -> Self {
        self.wait = days.max(WAIT_DAYS);
        self
    }

    /// Looks for suspensions in the folder of published keyrings at each request.
    ///
    /// A published keyring takes effect when its folder is looked at next; a suspension at once.
    #[must_use]
    pub fn watching(mut self, folder: PathBuf) -> Self {
        self.gate.watch(folder);
        self
    }

    /// Answers at most so many requests of one device in two minutes, if that is fewer than 4096.
    #[must_use]
    pub fn answering_at_most(mut self, requests: usize) -> Self {
        self.gate.lower(requests);
        self
    }

    /// Lets a signed request in, or says why not.
    ///
    /// # Errors
    /// [`DeskError`], a variant for each reason a person can act on.
    pub fn admit(&self, asking: &Asking<'_>) -> Result<Asker, DeskError> {
        let published = self.published();
        self.gate.admit(asking, &published)
    }

    fn published(&self) -> Arc<Published> {
        self.published.borrow().clone()
    }

    /// The events at which envelopes lack.
    fn lacking(&self) -> MutexGuard<'_, Lacking> {
        self.lacking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The feed tree, caught up with the store.
    fn tree(&self) -> Result<MutexGuard<'_, Tree>, DeskError> {
        let mut tree = self.tree.lock().unwrap_or_else(PoisonError::into_inner);
        tree.catch_up(&*self.store)?;
        Ok(tree)
    }
}
