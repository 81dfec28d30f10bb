//! Orders to forget: recorded for every reader to see, carried out after their waiting time.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    Desk, DeskError,
    outbox::{Outcome, Stamp, commit_id, event, fresh_salt, new_item, put},
    records,
    tree::{Said, read_event},
};
use crate::{
    clock::Day,
    digest::Digest,
    forget::{self, FRESH_DAYS, Mark, Order, OrderId, SignedObjection, SignedOrder, done_id},
    id::BlobId,
    ledger::feed::FeedKind,
    store::{Commit, Cursor, Erase, Event, Key, Store},
    wire::outbox::ForgetNote,
};

/// Records taken from the store at once.
const BATCH: usize = 1024;

/// What of a forgotten testimony is still on the disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToErase {
    cursor: u64,
    blobs: Vec<BlobId>,
}

impl<S: Store> Desk<S> {
    /// Records an order or an objection, if it counts; whoever hands it in.
    pub(super) async fn take_forget(
        &self,
        handed: ForgetNote,
        salt: [u8; 32],
    ) -> Result<Outcome, DeskError> {
        let id = handed.id.to_string();
        if let Some(known) = self.value(&records::forget_note(&id))? {
            return Ok(Outcome::repeated(&known, handed.note.as_bytes()));
        }
        if let Ok(order) = SignedOrder::parse(&handed.note) {
            return self.take_order(&order, &id, salt).await;
        }
        match SignedObjection::parse(&handed.note) {
            Ok(objection) => self.take_objection(&objection, &id, salt).await,
            Err(_) => Ok(Outcome::NotAnOrder),
        }
    }

    async fn take_order(
        &self,
        signed: &SignedOrder,
        id: &str,
        salt: [u8; 32],
    ) -> Result<Outcome, DeskError> {
        let (order, today) = (signed.order(), self.clock.today());
        let published = self.published();
        let epoch = published.chain.current().get().epoch;
        if order.id().to_string() != id || signed.check(&published.chain, epoch).is_err() {
            return Ok(Outcome::NotAnOrder);
        }
        if !(-1..=FRESH_DAYS).contains(&order.day.days_until(today)) {
            return Ok(Outcome::Stale);
        }
        if self.value(&records::forgotten(&order.testimony.to_string()))?.is_some() {
            return Ok(Outcome::TooLate);
        }
        if self.event_of(order)?.is_none() {
            return Ok(Outcome::NoSuchThing);
        }
        let waiting = put(&records::waiting(id), today.to_string().into_bytes());
        let kind = FeedKind::ForgetOrder;
        let commit = noted(kind, (id, &signed.to_text()), Stamp::of(epoch, salt))?;
        let puts = commit.puts.into_iter().chain([waiting]).collect();
        self.store.commit(Commit { puts, ..commit }).await?;
        Ok(Outcome::Accepted)
    }

    async fn take_objection(
        &self,
        signed: &SignedObjection,
        id: &str,
        salt: [u8; 32],
    ) -> Result<Outcome, DeskError> {
        let published = self.published();
        let epoch = published.chain.current().get().epoch;
        let objection = signed.objection();
        if objection.id().to_string() != id || signed.check(&published.chain, epoch).is_err() {
            return Ok(Outcome::NotAnOrder);
        }
        let order = objection.order_id().to_string();
        if self.value(&records::forget_note(&order))?.is_none() {
            return Ok(Outcome::NoSuchThing);
        }
        let waiting = records::waiting(&order);
        let Some(waits) = self.store.get(waiting.as_bytes())? else {
            // It was stopped before, or nothing is left that could be stopped.
            let done = self.value(&records::done(&order))?.is_some();
            return Ok(if done { Outcome::TooLate } else { Outcome::Stopped });
        };
        drop(waits);
        let kind = FeedKind::ForgetObjection;
        let commit = noted(kind, (id, &signed.to_text()), Stamp::of(epoch, salt))?;
        let deletes = vec![waiting.into_bytes()];
        self.store.commit(Commit { deletes, ..commit }).await?;
        Ok(Outcome::Accepted)
    }

    /// The event of a testimony that has the leaf which the order names.
    pub(super) fn event_of(&self, order: &Order) -> Result<Option<Event>, DeskError> {
        let Some(cursor) = self.tree()?.cursor_of(order.testimony) else { return Ok(None) };
        let event = self.store.changes(Cursor(cursor.saturating_sub(1)), 1)?.into_iter().next();
        Ok(event.filter(|event| event.leaf == order.leaf))
    }

    /// Carries out every order whose waiting time is over; gives how many.
    ///
    /// What a crash left half done is done first. Blocks on the disk while content is taken off it.
    ///
    /// # Errors
    /// The store's; asking again goes on where it stopped.
    pub async fn carry_out(&self) -> Result<u64, DeskError> {
        let _one_at_a_time = self.pushes.lock().await;
        let today = self.clock.today();
        let mut done = 0_u64;
        for (key, day) in all(&*self.store, records::WAITING)? {
            let ordered: Option<Day> = str::from_utf8(&day).ok().and_then(|day| day.parse().ok());
            let ordered = ordered.ok_or(DeskError::Damaged { cursor: 0 })?;
            if !forget::is_over(ordered, today, self.wait) {
                continue;
            }
            if self.carry_out_one(&key).await? {
                done = done.saturating_add(1);
            }
        }
        finish_forgetting(&self.store).await?;
        Ok(done)
    }

    /// Carries out one order that has waited long enough, if it still counts.
    async fn carry_out_one(&self, waiting: &Key) -> Result<bool, DeskError> {
        let damaged = || DeskError::Damaged { cursor: 0 };
        let id = waiting.strip_prefix(records::WAITING.as_bytes()).ok_or_else(damaged)?;
        let id: OrderId =
            str::from_utf8(id).ok().and_then(|id| id.parse().ok()).ok_or_else(damaged)?;
        let note = self.value(&records::forget_note(&id.to_string()))?.ok_or_else(damaged)?;
        let note = String::from_utf8(note).map_err(|_| damaged())?;
        let signed = SignedOrder::parse(&note).map_err(|_| damaged())?;
        let (order, published) = (signed.order(), self.published());
        let epoch = published.chain.current().get().epoch;
        let testimony = order.testimony.to_string();
        let forgotten = self.value(&records::forgotten(&testimony))?.is_some();
        let event = self.event_of(order)?.filter(|_| !forgotten);
        // Signers who were dropped while it waited have no say any more; nor in what is gone.
        let (Some(found), Ok(_)) = (event, signed.check(&published.chain, epoch)) else {
            let deletes = vec![waiting.clone()];
            let id = commit_id("sandyk/forget-void/v1\n", id.as_bytes());
            self.store.commit(Commit { id, deletes, ..Commit::default() }).await?;
            return Ok(false);
        };
        self.forget_one(&signed, epoch, &found).await?;
        Ok(true)
    }

    /// Takes one testimony out of everything that can be asked for, in one commit.
    pub(super) async fn forget_one(
        &self,
        signed: &SignedOrder,
        epoch: u32,
        found: &Event,
    ) -> Result<(), DeskError> {
        let damaged = || DeskError::Damaged { cursor: found.cursor.0 };
        let (order, id) = (signed.order(), signed.order().id());
        let testimony = order.testimony.to_string();
        let Said::Item(item) = read_event(&found.payload, found.cursor.0)? else {
            return Err(damaged());
        };
        let blobs = item.parts.iter().map(|part| part.blob).collect();
        let left = ToErase { cursor: found.cursor.0, blobs };
        let stamp = fresh_stamp(epoch);
        let done = new_item(FeedKind::ForgetDone, done_id(id).to_string(), order.digest(), stamp);
        let mark = serde_json::to_vec(&Mark::of(signed, epoch)).map_err(|_| damaged())?;
        let left = serde_json::to_vec(&left).map_err(|_| damaged())?;
        let waiting = records::waiting(&id.to_string()).into_bytes();
        let commit = Commit {
            id: commit_id("sandyk/forget-done/v1\n", id.as_bytes()),
            puts: vec![
                put(&records::forgotten(&testimony), mark),
                put(&records::to_erase(&testimony), left),
                put(&records::done(&id.to_string()), Vec::new()),
            ],
            deletes: self.everything_of(&testimony)?.into_iter().chain([waiting]).collect(),
            event: Some(event(&done)?),
            ..Commit::default()
        };
        self.store.commit(commit).await?;
        Ok(())
    }

    /// Keys of the envelopes and mailboxes of a testimony, and of all that waits in these mailboxes: an
    /// answer may repeat what is to be forgotten.
    fn everything_of(&self, testimony: &str) -> Result<BTreeSet<Key>, DeskError> {
        let envelopes = self.keys(&records::envelopes(testimony), |_| true)?;
        let end = format!("/{testimony}");
        let mailboxes = self.keys(records::MAILBOXES, |key| key.ends_with(end.as_bytes()))?;
        let mut all: BTreeSet<Key> = envelopes.into_iter().collect();
        for key in mailboxes {
            let mailbox = str::from_utf8(&key).ok().and_then(|key| key.split('/').nth(1));
            let mailbox = mailbox.ok_or(DeskError::Damaged { cursor: 0 })?;
            all.extend(self.keys(&records::replies(mailbox), |_| true)?);
            all.insert(key);
        }
        Ok(all)
    }

    /// Keys below a prefix, a batch at a time.
    fn keys(&self, prefix: &str, wanted: impl Fn(&Key) -> bool) -> Result<Vec<Key>, DeskError> {
        let (mut keys, mut after) = (Vec::new(), None::<Key>);
        loop {
            let found = self.store.scan(prefix.as_bytes(), after.as_deref(), BATCH)?;
            let Some((last, _)) = found.last() else { return Ok(keys) };
            after = Some(last.clone());
            keys.extend(found.into_iter().map(|(key, _)| key).filter(&wanted));
        }
    }
}

/// A commit that keeps a signed note and shows it in the feed.
pub(super) fn noted(
    kind: FeedKind,
    (id, note): (&str, &str),
    stamp: Stamp,
) -> Result<Commit, DeskError> {
    let item = new_item(kind, id.to_owned(), Digest::of(note.as_bytes()), stamp);
    Ok(Commit {
        id: commit_id("sandyk/forget-note/v1\n", &first(Digest::of(id.as_bytes()))),
        puts: vec![put(&records::forget_note(id), note.as_bytes().to_vec())],
        event: Some(event(&item)?),
        ..Commit::default()
    })
}

/// Takes what is forgotten off the disk, if a crash or an older copy left it there.
///
/// # Errors
/// The store's; asking again goes on where it stopped.
pub async fn finish_forgetting<S: Store>(store: &Arc<S>) -> Result<(), DeskError> {
    let left = all(&**store, records::TO_ERASE)?;
    if left.is_empty() {
        return Ok(());
    }
    let mut erase = Vec::new();
    for (key, value) in &left {
        let damaged = || DeskError::Damaged { cursor: 0 };
        let ToErase { cursor, blobs } = serde_json::from_slice(value).map_err(|_| damaged())?;
        let testimony = key.strip_prefix(records::TO_ERASE.as_bytes()).ok_or_else(damaged)?;
        let testimony = str::from_utf8(testimony).map_err(|_| damaged())?;
        let mark = store.get(records::forgotten(testimony).as_bytes())?.ok_or_else(damaged)?;
        erase.push(Erase { cursor: Cursor(cursor), mark: mark.value, blobs });
    }
    let at_work = Arc::clone(store);
    let erased = tokio::task::spawn_blocking(move || at_work.erase(&erase)).await;
    erased.map_err(|e| DeskError::Store(std::io::Error::other(e).into()))??;
    let deletes: Vec<Key> = left.into_iter().map(|(key, _)| key).collect();
    let id = deletes.iter().map(Vec::as_slice).collect::<Vec<_>>();
    let id = commit_id("sandyk/forget-erased/v1\n", &first(Digest::of_parts(&id)));
    store.commit(Commit { id, deletes, ..Commit::default() }).await?;
    Ok(())
}

/// All records below a prefix; few, whatever the store holds.
fn all(store: &impl Store, prefix: &str) -> Result<Vec<(Key, Vec<u8>)>, DeskError> {
    let found = store.scan(prefix.as_bytes(), None, usize::MAX)?;
    Ok(found.into_iter().map(|(key, record)| (key, record.value)).collect())
}

/// A stamp of that epoch with a salt of its own.
pub(super) fn fresh_stamp(epoch: u32) -> Stamp {
    Stamp::of(epoch, fresh_salt(&mut rand::rngs::OsRng))
}

impl Stamp {
    const fn of(epoch: u32, salt: [u8; 32]) -> Self {
        Self { epoch, salt, parts: Vec::new() }
    }
}

fn first(digest: Digest) -> [u8; 16] {
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}
