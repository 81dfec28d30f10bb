//! What the store still has for readers who are gone: taken away once a keyring has dropped them.

use rand::{RngCore as _, rngs::OsRng};

use super::{
    Desk, DeskError,
    outbox::put,
    records,
    tree::{Said, read_event},
};
use crate::{
    id::ReaderId,
    ledger::feed::{FeedItem, FeedKind},
    rewrap::EnvelopeOf,
    store::{Commit, Cursor, Key, Store},
};

/// Events taken from the store at once.
const BATCH: usize = 256;

/// What was taken away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dropped {
    /// Envelopes, of testimonies and casebook keys.
    pub envelopes: u64,
    /// Readers of whom nothing is left on the disk since now.
    pub readers: Vec<ReaderId>,
}

impl Dropped {
    /// Adds what another round took away.
    pub fn add(&mut self, more: &Self) {
        self.envelopes = self.envelopes.saturating_add(more.envelopes);
        self.readers.extend(&more.readers);
    }
}

impl<S: Store> Desk<S> {
    /// Takes away the envelopes of readers whom the newest keyring does not list.
    ///
    /// A round in which some were found is followed by another one, because a testimony may have been
    /// arriving; only the round that finds nothing takes the bytes off the disk and is the last one.
    ///
    /// # Errors
    /// The store's; asking again goes on where it stopped.
    pub async fn drop_retired(&self) -> Result<Dropped, DeskError> {
        let _one_at_a_time = self.pushes.lock().await;
        let gone = self.gone().await?;
        let mut dropped = Dropped::default();
        if gone.is_empty() {
            return Ok(dropped);
        }
        let mut after = Cursor(0);
        loop {
            let events = self.store.changes(after, BATCH)?;
            let Some(last) = events.last() else { break };
            after = last.cursor;
            let mut deletes = Vec::new();
            for event in &events {
                if let Said::Item(item) = read_event(&event.payload, event.cursor.0)? {
                    self.left_of(&item, &gone, &mut deletes)?;
                }
            }
            let count = u64::try_from(deletes.len()).unwrap_or(u64::MAX);
            dropped.envelopes = dropped.envelopes.saturating_add(count);
            self.delete(deletes).await?;
        }
        if dropped.envelopes == 0 {
            self.finish(&gone).await?;
            dropped.readers = gone;
        }
        Ok(dropped)
    }

    /// Readers of earlier keyrings who are not in the newest, and of whom something may be left.
    async fn gone(&self) -> Result<Vec<ReaderId>, DeskError> {
        let published = self.published();
        let current = published.chain.current().get();
        let mut back = Vec::new();
        for (key, _) in self.store.scan(records::RETIRED.as_bytes(), None, usize::MAX)? {
            let id = key.strip_prefix(records::RETIRED.as_bytes());
            let id = id.and_then(|id| str::from_utf8(id).ok()).and_then(|id| id.parse().ok());
            if id.is_some_and(|id| current.reader(id).is_some()) {
                back.push(key);
            }
        }
        self.delete(back).await?;
        let mut gone = Vec::new();
        let earlier = (1..current.epoch).filter_map(|epoch| published.chain.at(epoch));
        for reader in earlier.flat_map(|keyring| &keyring.get().readers) {
            let new = current.reader(reader.id).is_none() && !gone.contains(&reader.id);
            if new && self.value(&records::retired(reader.id))?.is_none() {
                gone.push(reader.id);
            }
        }
        Ok(gone)
    }

    fn left_of(
        &self,
        item: &FeedItem,
        gone: &[ReaderId],
        deletes: &mut Vec<Key>,
    ) -> Result<(), DeskError> {
        let envelopes: &[EnvelopeOf] = match item.kind {
            FeedKind::Testimony => &[EnvelopeOf::Account, EnvelopeOf::Identity],
            FeedKind::CasebookKey => &[EnvelopeOf::CasebookKey],
            FeedKind::CasebookEntry
            | FeedKind::ForgetOrder
            | FeedKind::ForgetObjection
            | FeedKind::ForgetDone => &[],
        };
        for reader in gone {
            for of in envelopes {
                let mut keys = vec![records::envelope(&item.id, *reader, of.word())];
                if *of == EnvelopeOf::CasebookKey {
                    keys.push(records::later_envelope(&item.id, *reader));
                }
                for key in keys {
                    if self.value(&key)?.is_some() {
                        deletes.push(key.into_bytes());
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes the bytes off the disk, and remembers that nothing is left.
    async fn finish(&self, gone: &[ReaderId]) -> Result<(), DeskError> {
        for reader in gone {
            let mut rest = vec![records::new_count(*reader).into_bytes()];
            let all = records::all_new(*reader);
            rest.extend(self.keys_below(&all)?);
            self.delete(rest).await?;
        }
        let at_work = std::sync::Arc::clone(&self.store);
        let erased = tokio::task::spawn_blocking(move || at_work.erase(&[])).await;
        erased.map_err(|e| DeskError::Store(std::io::Error::other(e).into()))??;
        let puts = gone.iter().map(|reader| put(&records::retired(*reader), Vec::new())).collect();
        self.store.commit(Commit { id: fresh_id(), puts, ..Commit::default() }).await?;
        Ok(())
    }

    fn keys_below(&self, prefix: &str) -> Result<Vec<Key>, DeskError> {
        let found = self.store.scan(prefix.as_bytes(), None, usize::MAX)?;
        Ok(found.into_iter().map(|(key, _)| key).collect())
    }

    async fn delete(&self, deletes: Vec<Key>) -> Result<(), DeskError> {
        for some in deletes.chunks(AT_ONCE) {
            let deletes = some.to_vec();
            self.store.commit(Commit { id: fresh_id(), deletes, ..Commit::default() }).await?;
        }
        Ok(())
    }
}

fn fresh_id() -> [u8; 16] {
    let mut id = [0; 16];
    OsRng.fill_bytes(&mut id);
    id
}

/// Keys deleted with one change: far from the largest that a store takes.
const AT_ONCE: usize = 4096;
