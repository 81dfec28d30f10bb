//! Taking a testimony in: what happens between the first byte and the receipt.
//!
//! Promises: 1. a receipt exists only after everything is durable; 2. the keys of a testimony are
//! made, sealed to the readers and wiped before the first field is read, and the words are sealed
//! before the first byte of a file is; 3. an upload that ends early leaves nothing that anyone can
//! open; 4. when a file cannot be kept, the words still are; 5. nothing becomes durable for a reader
//! whom the keyring in force has dropped.
//! Does not: know HTTP (that is `web`), open anything that readers open, or log anything of a witness.
//! Spec: `docs/format/sealed.md`, `docs/format/receipt.md`.

mod batches;
pub mod doctor;
mod kdf;
pub mod mailbox;
mod once;
mod places;
mod record;
mod standing;
mod submission;
mod upload;
mod weeks;

pub use batches::Batches;
pub use mailbox::MailboxKeys;
pub use once::{Full, OncePage, OncePages};
pub use standing::{Closed, KeyringFolder, Look, LookError, Readers};
pub use submission::{Accepted, Author, IntakeError, Submission};
pub use upload::Unkept;
pub use weeks::{LogError, OpenWeek, PublicLog, Shown};

use std::sync::Arc;

use tokio::sync::watch;

use crate::{
    clock::Clock,
    config::{Limits, MailboxConfig},
    keyring::{Keyring, Published, Verified},
    ledger::LedgerKey,
    sealed::ReaderEnvelopes,
    secret::wipe_stack,
    store::SledStore,
};

/// Everything that submissions share.
pub struct Intake {
    store: Arc<SledStore>,
    keyring: watch::Receiver<Option<Arc<Published>>>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    kdf: kdf::KdfPool,
    mailboxes: mailbox::Mailboxes,
    uploads: Arc<places::Places>,
    pages: OncePages,
    log: PublicLog,
}

/// What is too much, and what is kept for those who come back.
pub struct Bounds {
    /// For testimonies on their way in.
    pub limits: Limits,
    /// For mailboxes.
    pub mailbox: MailboxConfig,
}

impl From<Limits> for Bounds {
    fn from(limits: Limits) -> Self {
        Self { limits, mailbox: MailboxConfig::default() }
    }
}

/// What the disk of the store has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Words and files.
    Everything,
    /// Words only.
    Words,
    /// Only for what has begun, and for readers' entries.
    Nothing,
}

impl Intake {
    /// An intake that keeps what it takes in `store` and seals to the newest keyring in `keyring`;
    /// `ledger` signs its public log and its promises. `bounds` are [`Limits`], with those of mailboxes
    /// if they are not the usual ones.
    ///
    /// # Errors
    /// [`LogError`] if the public log in the store cannot be read.
    pub fn new(
        store: Arc<SledStore>,
        keyring: watch::Receiver<Option<Arc<Published>>>,
        clock: Arc<dyn Clock>,
        bounds: impl Into<Bounds>,
        ledger: Arc<LedgerKey>,
    ) -> Result<Self, LogError> {
        let Bounds { limits, mailbox } = bounds.into();
        let log = PublicLog::open(Arc::clone(&store), keyring.clone(), Arc::clone(&clock), ledger)?;
        Ok(Self {
            log,
            store,
            keyring,
            kdf: kdf::KdfPool::new(limits.derivations(), SUBMISSIONS_WAITING),
            mailboxes: mailbox::Mailboxes::new(&mailbox),
            uploads: places::Places::new(limits.uploads_at_once),
            pages: OncePages::new(Arc::clone(&clock)),
            clock,
            limits,
        })
    }

    /// The public log.
    #[must_use]
    pub fn log(&self) -> &PublicLog {
        &self.log
    }

    /// The readers that a testimony arriving now is sealed to.
    ///
    /// # Errors
    /// [`Closed`] names why nothing may be taken in.
    pub fn readers(&self) -> Result<Readers, Closed> {
        standing::readers(self.keyring.borrow().as_ref(), self.clock.today())
    }

    /// Starts taking in one testimony: its keys are made, sealed to the readers, and wiped.
    ///
    /// # Errors
    /// [`IntakeError::Closed`] if there is nobody to seal to.
    pub async fn begin(self: &Arc<Self>) -> Result<Submission, IntakeError> {
        Submission::begin(Arc::clone(self)).await
    }

    /// Without the envelopes of readers whom a newer keyring dropped while the files were arriving.
    fn still_readers(&self, mut envelopes: Vec<ReaderEnvelopes>) -> Vec<ReaderEnvelopes> {
        if let Some(published) = &*self.keyring.borrow() {
            let readers = &published.chain.current().get().readers;
            envelopes.retain(|of| readers.iter().any(|reader| reader.id == of.reader));
        }
        envelopes
    }

    /// What there is room for now. A disk that does not tell is asked by writing to it.
    #[must_use]
    pub fn room(&self) -> Room {
        match self.store.used_percent() {
            Ok(used) if used > self.limits.words_until_percent => Room::Nothing,
            Ok(used) if used > self.limits.files_until_percent => Room::Words,
            Ok(_) | Err(_) => Room::Everything,
        }
    }

    /// The pages that wait to be read once.
    #[must_use]
    pub fn pages(&self) -> &OncePages {
        &self.pages
    }

    /// What is too much here.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// Testimonies that have arrived and wait for the derivation of their receipts. Each holds its sealed
/// words; as many as connections can bring at once.
const SUBMISSIONS_WAITING: usize = 512;

/// The same work, leaving nothing of it on the stack of its thread, which may be idle for long.
fn wiping<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    move || {
        let done = below(work);
        wipe_stack();
        done
    }
}

/// Works in a frame of its own, which lies where the wiping reaches.
#[inline(never)]
fn below<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Field of the form by which a witness asks for the server's signed word; no part of a testimony.
pub const PROMISE_FIELD: &str = "promise";

/// The keyring in force, as the parts of this module pass it on.
type InForce = Verified<Keyring>;
