//! What a witness who comes back finds: the answers that wait, and a way to write again.
//!
//! Promises: 1. every well-formed receipt opens a mailbox; one that was never used is empty, and costs
//! the same work: as many derivations, look-ups, openings and checks; 2. the receipt is held until its
//! derivation is done, its keys as long as somebody holds them, and neither is ever stored; 3. nothing is
//! shown as an answer that a reader did not sign for this mailbox, and nothing is shown twice; 4. all of
//! this runs in a line of its own, so that no flood of receipts keeps testimonies waiting.
//! Does not: know HTTP, tell readers what was read or deleted, or keep anything of a visit.
//! Spec: `docs/format/receipt.md`, `docs/format/reply.md`.

mod keys;
#[cfg(feature = "nojs-replies")]
mod reading;
#[cfg(not(feature = "nojs-replies"))]
#[path = "no_reading.rs"]
mod reading;
mod round;
mod rows;
#[cfg(feature = "nojs-replies")]
mod waiting;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{task, time::timeout};

pub(super) use self::rows::{Mailboxes, Thread, entry};
pub use self::{keys::MailboxKeys, reading::SHOWS_REPLIES, rows::SLOTS};
use super::{
    Closed, Intake, OncePage,
    kdf::{InLine, KdfPool, LineIsFull},
    once,
};
use crate::{
    clock::Week,
    config::MailboxConfig,
    digest::Digest,
    id::{ReplyId, TestimonyId},
    receipt::{KdfMemory, Receipt, ReceiptError, Salt},
    secret::SecretText,
    store::StoreError,
};

/// A place in the line of those who open a mailbox; given up when this goes.
pub struct MailboxTicket {
    line: InLine<Result<MailboxKeys, ReceiptError>>,
}

/// Most replies that are opened at once; so much work is done whatever is there.
pub const PAGE: usize = 4;

/// Some of the replies of a mailbox.
pub struct Opened {
    /// The newest first.
    pub shown: Vec<Shown>,
    /// What to ask for the older ones with, if there are any.
    pub older: Option<usize>,
}

/// One reply as it is shown.
pub struct Shown {
    /// Its name, by which it is deleted.
    pub id: ReplyId,
    /// What it says, or why nothing of it is believed.
    pub outcome: Result<Said, WhyForged>,
}

/// What a reply says, once it is proved.
pub struct Said {
    /// The testimony that it answers.
    pub testimony: TestimonyId,
    /// Its number, from 1.
    pub number: u32,
    /// The words.
    pub text: SecretText,
    /// The week in which it arrived here.
    pub week: Week,
}

/// Why a reply is not believed; nothing of it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhyForged {
    /// It is not sealed to this mailbox, or is no reply at all.
    Unreadable,
    /// It is signed for another mailbox.
    OtherMailbox,
    /// Who signed was no reader when it arrived.
    NotAReader,
    /// The signature does not fit.
    BadSignature,
    /// Another reply of this number is shown.
    Repeated,
}

/// Why a mailbox does not open now; nothing is lost.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// There never was a keyring: nothing could have been sent.
    #[error("the intake is closed: {0}")]
    Closed(#[from] Closed),
    /// More wait than agreed on.
    #[error("too many mailboxes are being opened")]
    Busy,
    /// The receipt could not be derived.
    #[error("the receipt could not be derived: {0}")]
    Receipt(#[from] ReceiptError),
    /// The store does not give the replies.
    #[error("the store does not answer: {0}")]
    Store(#[from] StoreError),
    /// The server is going down.
    #[error("the server is stopping")]
    Stopping,
}

impl From<LineIsFull> for MailboxError {
    fn from(LineIsFull: LineIsFull) -> Self {
        Self::Busy
    }
}

impl From<once::Full> for MailboxError {
    fn from(once::Full: once::Full) -> Self {
        Self::Busy
    }
}

impl MailboxTicket {
    /// How many are served before; 0 from one's own turn on.
    #[must_use]
    pub fn place(&self) -> usize {
        self.line.place()
    }

    /// Waits for its turn, then derives.
    ///
    /// # Errors
    /// [`MailboxError::Receipt`] if the process is going down.
    pub async fn keys(self) -> Result<MailboxKeys, MailboxError> {
        Ok(self.line.done().await??)
    }
}

/// What belongs to a receipt, without anything else of it.
fn keys(
    receipt: &Receipt,
    salt: &Salt,
    memory: &mut KdfMemory,
) -> Result<MailboxKeys, ReceiptError> {
    Ok(MailboxKeys::of(&receipt.derive(salt, memory)?))
}

/// The line in which mailboxes are opened.
pub(super) fn line(config: &MailboxConfig) -> KdfPool {
    KdfPool::new(config.derivations(), config.waiting)
}

impl Intake {
    /// Takes a place in the line for opening the mailbox of `receipt`.
    ///
    /// # Errors
    /// [`MailboxError::Busy`] at once if too many wait, [`MailboxError::Closed`] without any keyring.
    pub fn open_mailbox(&self, receipt: Receipt) -> Result<MailboxTicket, MailboxError> {
        let (salt, receipt) = (self.salt()?, Box::new(receipt));
        let run = move |memory: &mut KdfMemory| keys(&receipt, &salt, memory);
        Ok(MailboxTicket { line: self.mailboxes.line.enter(run)? })
    }

    /// Opens the mailbox of `receipt` on a page of its own, and gives the key in its address: a
    /// [`OncePage::Waiting`] at first, a [`OncePage::Mailbox`] when the keys are there.
    ///
    /// Answers when they are, but after `patience` at the latest. A page that is burned meanwhile leaves
    /// the line.
    ///
    /// # Errors
    /// As [`Self::open_mailbox`].
    pub async fn visit(
        self: &Arc<Self>,
        receipt: Receipt,
        patience: Duration,
    ) -> Result<String, MailboxError> {
        let (salt, receipt, page) = (self.salt()?, Box::new(receipt), Arc::new(OnceLock::new()));
        let (intake, address) = (Arc::clone(self), Arc::clone(&page));
        let line = self.mailboxes.line.enter(move |memory| {
            // Until it is written down nobody can have burned it.
            let is_there = address.get().is_none_or(|page: &String| intake.pages.is_there(page));
            is_there.then(|| keys(&receipt, &salt, memory))
        })?;
        let address = self.pages.keep(&OncePage::Waiting { number: line.number() })?;
        let _ = page.set(address.clone());
        let (intake, page) = (Arc::clone(self), address.clone());
        let opening = tokio::spawn(async move {
            match line.done().await {
                Ok(Some(Ok(keys))) => {
                    intake.pages.change(
                        &page,
                        &OncePage::Mailbox { keys, notice: None, unkept: Vec::new() },
                    );
                }
                Ok(None) => {}
                Ok(Some(Err(_))) | Err(_) => intake.pages.burn(&page),
            }
        });
        // It goes on by itself; the page tells how far it is.
        let _ = timeout(patience, opening).await;
        Ok(address)
    }

    /// How many are served before the visit of that number; 0 when it is being served.
    #[must_use]
    pub fn place_in_line(&self, number: u64) -> usize {
        self.mailboxes.line.place(number)
    }

    /// Deletes a reply for good; one that is not there is as good as deleted.
    ///
    /// # Errors
    /// [`MailboxError::Store`]; the reply is still there then.
    pub async fn delete_reply(&self, keys: &MailboxKeys, id: ReplyId) -> Result<(), MailboxError> {
        rows::delete(&self.store, &keys.mailbox(), id, self.clock.today().week()).await
    }

    /// What came to a mailbox until now.
    pub(super) async fn thread(&self, mailbox: Digest) -> Result<Thread, StoreError> {
        let store = Arc::clone(&self.store);
        let read = task::spawn_blocking(move || rows::thread(&store, &mailbox)).await;
        read.map_err(|_| StoreError::Stopped)?
    }

    /// The salt of the newest keyring, also of one that has expired: mailboxes stay open.
    fn salt(&self) -> Result<Salt, MailboxError> {
        let published = self.keyring.borrow();
        let published = published.as_ref().ok_or(Closed::NoKeyring)?;
        Ok(published.chain.current().get().salt)
    }
}
