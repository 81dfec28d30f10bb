//! What the store keeps of mailboxes: which testimonies came, which replies wait.

use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, MutexGuard};

use super::{MailboxError, reading::Reading, round::fresh};
use crate::{
    clock::Week,
    config::MailboxConfig,
    digest::Digest,
    id::{ReplyId, TestimonyId},
    intake::kdf::{GivingWay, KdfPool},
    store::{Commit, Expect, Put, SledStore, Store as _, StoreError},
};

/// Most replies that wait in one mailbox; the desk takes no more.
pub const SLOTS: usize = 64;
/// Mailboxes are written to in so many groups, one writer at a time in each.
const GROUPS: usize = 64;
/// Bytes of a week as text.
pub(super) const WEEK: usize = 8;
/// Where all replies wait: below the mailbox, below that the name.
pub(super) const REPLIES: &str = "reply/";
/// Where the names of deleted replies stand.
pub(super) const GONE: &str = "reply-gone/";
/// Weeks in which replies were deleted that are still in the journal.
pub(super) const ERASE: &str = "reply-erase/";
/// The week in which the last round was made.
pub(super) const ROUND: &str = "reply-round";

/// Everything that visits share.
pub(in crate::intake) struct Mailboxes {
    pub(super) line: KdfPool,
    groups: Vec<Mutex<()>>,
    pub(super) keep_weeks: u16,
    pub(super) reading: Reading,
}

/// The value of a mailbox's row for one testimony.
#[derive(Serialize, Deserialize)]
struct Entry {
    /// Version of the derivation.
    kdf: u32,
    /// Which of the mailbox it is, from 0; rows of older stores are all first.
    #[serde(default)]
    n: u64,
}

impl Mailboxes {
    pub(in crate::intake) fn new(config: &MailboxConfig) -> Self {
        Self {
            line: super::line(config),
            keep_weeks: config.keep_weeks,
            reading: Reading::new(config.derivations().div_ceil(8)),
            groups: (0..GROUPS).map(|_| Mutex::new(())).collect(),
        }
    }

    /// Those who come back give way to what is being sent, as long as this is held.
    pub(in crate::intake) fn give_way(&self) -> GivingWay {
        self.line.give_way()
    }

    /// Nobody else writes a testimony to that mailbox as long as this is held.
    pub(in crate::intake) async fn hold(&self, mailbox: &Digest) -> Option<MutexGuard<'_, ()>> {
        let [first, ..] = mailbox.as_bytes();
        let group = self.groups.get(usize::from(*first).checked_rem(GROUPS)?)?;
        Some(group.lock().await)
    }
}

/// Takes a reply away for its witness. A mark of a week stays, so that the same one does not come back.
pub(super) async fn delete(
    store: &SledStore,
    mailbox: &Digest,
    id: ReplyId,
    now: Week,
) -> Result<(), MailboxError> {
    let end = format!("/{id}");
    let rows = store.scan(replies(mailbox).as_bytes(), None, SLOTS)?;
    let found = rows.into_iter().find(|(key, _)| key.ends_with(end.as_bytes()));
    let Some((key, found)) = found else { return Ok(()) };
    let Some(week) = found.value.get(..WEEK) else { return Ok(()) };
    let gone = Put { key: gone(id).into_bytes(), value: week.to_vec(), expect: Expect::Any };
    let erase = format!("{ERASE}{now}").into_bytes();
    let erase = Put { key: erase, value: Vec::new(), expect: Expect::Any };
    let (puts, deletes) = (vec![gone, erase], vec![key]);
    store.commit(Commit { id: fresh(), puts, deletes, ..Commit::default() }).await?;
    Ok(())
}

/// What came to a mailbox until now.
#[derive(Default)]
pub(in crate::intake) struct Thread {
    /// The first testimony, if there is one.
    pub(in crate::intake) first: Option<TestimonyId>,
    /// The newest one.
    pub(in crate::intake) last: Option<TestimonyId>,
    /// The number of the next.
    pub(in crate::intake) next: u64,
}

/// Reads what came to a mailbox.
pub(in crate::intake) fn thread(store: &SledStore, mailbox: &Digest) -> Result<Thread, StoreError> {
    let prefix = testimonies(mailbox);
    let damaged = || std::io::Error::other("a row of a mailbox is damaged");
    let (mut least, mut thread) = (u64::MAX, Thread::default());
    for (key, row) in store.scan(prefix.as_bytes(), None, usize::MAX)? {
        let id = str::from_utf8(&key).ok().and_then(|key| key.strip_prefix(&*prefix));
        let id: TestimonyId = id.and_then(|id| id.parse().ok()).ok_or_else(damaged)?;
        let Entry { kdf: _, n } = serde_json::from_slice(&row.value).map_err(|_| damaged())?;
        if thread.first.is_none() || n < least {
            (least, thread.first) = (n, Some(id));
        }
        if n >= thread.next {
            (thread.next, thread.last) = (n.saturating_add(1), Some(id));
        }
    }
    Ok(thread)
}

/// The week at the beginning of a row.
pub(super) fn week_of(value: &[u8]) -> Option<Week> {
    str::from_utf8(value.get(..WEEK)?).ok()?.parse().ok()
}

/// The row of a testimony that is the `n`th of its mailbox.
pub(in crate::intake) fn entry(mailbox: &Digest, id: TestimonyId, n: u64) -> (String, Vec<u8>) {
    // Two numbers are always written down.
    let value = serde_json::to_vec(&Entry { kdf: 1, n }).unwrap_or_default();
    (format!("{}{id}", testimonies(mailbox)), value)
}

/// Where the replies of a mailbox wait, the newest first; the desk writes them.
pub(super) fn replies(mailbox: &Digest) -> String {
    format!("{REPLIES}{mailbox}/")
}

/// Says that a reply was deleted, whosever it was; the value is the week in which it had arrived.
fn gone(id: ReplyId) -> String {
    format!("{GONE}{id}")
}

fn testimonies(mailbox: &Digest) -> String {
    format!("mailbox/{mailbox}/")
}
