//! A server that was built without `nojs-replies` opens no reply, whatever it is told.

use super::{MailboxError, MailboxKeys, Opened};
use crate::{intake::Intake, store::StoreError};

/// Whether this server can show replies at all.
pub const SHOWS_REPLIES: bool = false;

/// Nothing is opened, so nothing has to look like it.
pub(in crate::intake) struct Reading;

impl Reading {
    pub(super) const fn new(_: usize) -> Self {
        Self
    }
}

impl Intake {
    #[expect(clippy::unused_async, reason = "the same face as where replies are opened")]
    pub(super) async fn prepare_reading(&self) -> Result<(), StoreError> {
        let Reading = self.mailboxes.reading;
        Ok(())
    }

    /// Nothing: replies are opened in the browser or not at all.
    ///
    /// # Errors
    /// None here.
    #[expect(clippy::unused_async, reason = "the same face as where replies are opened")]
    pub async fn replies(&self, _: &MailboxKeys, _: usize) -> Result<Opened, MailboxError> {
        let Reading = self.mailboxes.reading;
        Ok(Opened { shown: Vec::new(), older: None })
    }
}
