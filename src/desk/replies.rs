//! Replies that readers hand in come to rest in the mailboxes of witnesses.
//!
//! What is taken is bounded, since a device may be captured: a reply goes only into a mailbox that a
//! testimony made, [`SLOTS`] wait there at most, [`NEW_IN_A_WEEK`] of one week; nothing that lies there is
//! ever replaced, and what its witness deleted does not come back.

use super::{
    Desk, DeskError,
    outbox::{Outcome, commit_id, put},
    records,
};
use crate::{
    digest::Digest,
    store::{Commit, Store},
    wire::outbox::ReplyOut,
};

/// Most replies that wait in one mailbox.
const SLOTS: usize = 64;
/// Most of them that came in one week.
const NEW_IN_A_WEEK: usize = 16;

impl<S: Store> Desk<S> {
    /// Puts a reply into its mailbox. One of the same name is the same reply, however it is sealed.
    pub(super) async fn take_reply(
        &self,
        reply: ReplyOut,
        epoch: u32,
    ) -> Result<Outcome, DeskError> {
        let ReplyOut { id, mailbox, sealed } = reply;
        let (mailbox, id) = (mailbox.to_string(), id.to_string());
        let waiting = self.store.scan(records::replies(&mailbox).as_bytes(), None, SLOTS)?;
        let gone = self.value(&records::reply_gone(&id))?.is_some();
        if gone || waiting.iter().any(|(key, _)| key.ends_with(id.as_bytes())) {
            // Whether it was read or deleted is the witness's own business.
            return Ok(Outcome::Accepted);
        }
        if self.store.scan(records::mailbox(&mailbox).as_bytes(), None, 1)?.is_empty() {
            return Ok(Outcome::NoMailbox);
        }
        let week = self.clock.today().week().to_string();
        let new = waiting.iter().filter(|(_, row)| row.value.starts_with(week.as_bytes()));
        if waiting.len() >= SLOTS || new.count() >= NEW_IN_A_WEEK {
            return Ok(Outcome::MailboxFull);
        }
        let newest = waiting.first().and_then(|(key, _)| records::place_of(key));
        let place = newest.map_or(u32::MAX, |place| place.saturating_sub(1));
        let key = records::reply(&mailbox, place, &id);
        let name = Digest::of_parts(&[mailbox.as_bytes(), id.as_bytes(), &sealed.0]);
        let name = name.as_bytes().first_chunk().copied().unwrap_or_default();
        let row = [week.as_bytes(), &epoch.to_be_bytes(), &sealed.0].concat();
        let commit = Commit {
            id: commit_id("sandyk/outbox-reply/v1\n", &name),
            puts: vec![put(&key, row)],
            ..Commit::default()
        };
        self.store.commit(commit).await?;
        Ok(Outcome::Accepted)
    }
}
