//! What readers hand in becomes part of the feed: sealed entries and casebook keys.

use std::{io::Write as _, sync::Arc};

use data_encoding::HEXLOWER;
use rand::{CryptoRng, RngCore};

use super::{Desk, DeskError, records};
use crate::{
    digest::Digest,
    id::BlobId,
    keyring::Keyring,
    ledger::feed::{FeedItem, FeedKind, PartInfo},
    store::{BlobWriter as _, Commit, Expect, NewEvent, Put, Store, StoreError},
    wire::{
        self, EnvelopeDigest,
        outbox::{Answer, CasebookKey, Entry, Outbox, Refusal},
    },
};

impl<S: Store> Desk<S> {
    /// Takes an outbox in: keys first, then entries, each durable and in the feed before it is
    /// named as accepted; after the first refusal no more of them is taken in. Then orders to forget
    /// and replies, each for itself. The same id again is accepted again and changes nothing.
    ///
    /// # Errors
    /// [`DeskError::Outbox`] if the body as a whole is refused; the store's. What was taken in
    /// before an error stays, and the next push finds it there.
    pub async fn take_in(
        &self,
        body: &[u8],
        rng: &mut (impl RngCore + CryptoRng + Send),
    ) -> Result<Answer, DeskError> {
        let outbox = Outbox::parse(body)?;
        let published = self.published();
        let keyring = published.chain.current().get();
        let _one_at_a_time = self.pushes.lock().await;
        let mut answer = Answer::default();
        for key in outbox.keys {
            let id = key.id.to_string();
            if !answer.refused.is_empty() {
                answer.note(id, Outcome::KeyFirst);
                continue;
            }
            let outcome = self.take_key(key, keyring, fresh_salt(rng)).await?;
            answer.note(id, outcome);
        }
        for entry in outbox.entries {
            let id = entry.id.to_string();
            if !answer.refused.is_empty() {
                // It may be sealed to the key that was refused: nobody could open it.
                answer.note(id, Outcome::KeyFirst);
                continue;
            }
            let outcome = self.take_entry(entry, keyring.epoch, fresh_salt(rng)).await?;
            answer.note(id, outcome);
        }
        let mut notes = Answer::default();
        for note in outbox.forget {
            let id = note.id.to_string();
            let outcome = self.take_forget(note, fresh_salt(rng)).await?;
            notes.note(id, outcome);
        }
        for reply in outbox.replies {
            let id = reply.id.to_string();
            let outcome = self.take_reply(reply, keyring.epoch).await?;
            notes.note(id, outcome);
        }
        answer.accepted.append(&mut notes.accepted);
        answer.refused.append(&mut notes.refused);
        Ok(answer)
    }

    async fn take_entry(
        &self,
        entry: Entry,
        epoch: u32,
        salt: [u8; 32],
    ) -> Result<Outcome, DeskError> {
        let Entry { id, sealed } = entry;
        let (content, record) = (Digest::of(&sealed.0), records::entry(&id.to_string()));
        if let Some(known) = self.value(&record)? {
            return Ok(Outcome::repeated(&known, content.to_string().as_bytes()));
        }
        let bytes = u64::try_from(sealed.0.len()).unwrap_or(u64::MAX);
        let blob = self.keep(sealed.0).await?;
        let parts = vec![PartInfo { name: "entry".to_owned(), bytes, sha256: content, blob }];
        let kind = FeedKind::CasebookEntry;
        let item = new_item(kind, id.to_string(), content, Stamp { epoch, salt, parts });
        let commit = Commit {
            id: commit_id("sandyk/outbox-entry/v1\n", id.as_bytes()),
            puts: vec![put(&record, content.to_string().into_bytes())],
            attach: vec![blob],
            event: Some(event(&item)?),
            ..Commit::default()
        };
        self.store.commit(commit).await?;
        Ok(Outcome::Accepted)
    }

    async fn take_key(
        &self,
        key: CasebookKey,
        keyring: &Keyring,
        salt: [u8; 32],
    ) -> Result<Outcome, DeskError> {
        let id = key.id.to_string();
        let digests: Vec<_> = key
            .envelopes
            .iter()
            .map(|e| EnvelopeDigest { reader: e.reader, sha256: Digest::of(&e.sealed.0) })
            .collect();
        let list = serde_json::to_vec(&digests).map_err(|_| DeskError::Damaged { cursor: 0 })?;
        let record = records::casebook_key(&id);
        if let Some(known) = self.value(&record)? {
            return Ok(Outcome::repeated(&known, &list));
        }
        if !names_all_readers(&digests, keyring) {
            return Ok(Outcome::Readers);
        }
        let content = wire::key_content(&digests);
        let stamp = Stamp { epoch: keyring.epoch, salt, parts: Vec::new() };
        let item = new_item(FeedKind::CasebookKey, id.clone(), content, stamp);
        let envelopes = key.envelopes.into_iter().map(|envelope| {
            put(&records::envelope(&id, envelope.reader, "casebook-key"), envelope.sealed.0)
        });
        let commit = Commit {
            id: commit_id("sandyk/outbox-key/v1\n", key.id.as_bytes()),
            puts: envelopes.chain([put(&record, list)]).collect(),
            event: Some(event(&item)?),
            ..Commit::default()
        };
        self.store.commit(commit).await?;
        Ok(Outcome::Accepted)
    }

    async fn keep(&self, bytes: Vec<u8>) -> Result<BlobId, DeskError> {
        let store = Arc::clone(&self.store);
        let written = tokio::task::spawn_blocking(move || -> Result<BlobId, StoreError> {
            let mut writer = store.blob()?;
            writer.write_all(&bytes)?;
            writer.finish()
        });
        Ok(written.await.map_err(|e| StoreError::from(std::io::Error::other(e)))??)
    }
}

#[derive(Clone, Copy)]
pub(super) enum Outcome {
    Accepted,
    Differs,
    Readers,
    KeyFirst,
    /// An order or objection that does not count.
    NotAnOrder,
    /// It names what the feed does not have.
    NoSuchThing,
    /// It is too old, or from a day that has not come.
    Stale,
    /// A guardian objected to it.
    Stopped,
    /// It is carried out already.
    TooLate,
    /// No testimony made that mailbox, or all of it is forgotten.
    NoMailbox,
    /// As many replies wait there as may, or came this week.
    MailboxFull,
}

impl Outcome {
    pub(super) fn repeated(known: &[u8], now: &[u8]) -> Self {
        if known == now { Self::Accepted } else { Self::Differs }
    }
}

impl Answer {
    fn note(&mut self, id: String, outcome: Outcome) {
        let (error, advice) = match outcome {
            Outcome::Accepted => return self.accepted.push(id),
            Outcome::Differs => {
                ("id-taken", "another thing of this name is in the feed; write it anew")
            }
            Outcome::KeyFirst => ("key-first", "something before it was refused; see there"),
            Outcome::NotAnOrder => {
                ("order-invalid", "its signatures do not count here; sync, then sign it anew")
            }
            Outcome::NoSuchThing => ("order-unknown", "it names nothing that is in the feed"),
            Outcome::Stale => ("order-stale", "check the clock of both machines; sign it anew"),
            Outcome::Stopped => ("order-stopped", "a guardian objected; speak with each other"),
            Outcome::TooLate => ("order-done", "it was carried out; nothing brings it back"),
            Outcome::NoMailbox => ("no-mailbox", "there is no such mailbox, or it was forgotten"),
            Outcome::MailboxFull => {
                ("mailbox-full", "too many replies wait there; leave it and sync next week")
            }
            Outcome::Readers => {
                ("readers-changed", "the keyring changed; sync, then make the key anew")
            }
        };
        self.refused.push(Refusal { id, error: error.to_owned(), advice: advice.to_owned() });
    }
}

pub(super) struct Stamp {
    pub(super) epoch: u32,
    pub(super) salt: [u8; 32],
    pub(super) parts: Vec<PartInfo>,
}

pub(super) fn new_item(kind: FeedKind, id: String, content: Digest, stamp: Stamp) -> FeedItem {
    let Stamp { epoch, salt, parts } = stamp;
    FeedItem { kind, id, salt: HEXLOWER.encode(&salt), content, week: None, epoch, parts }
}

pub(super) fn event(item: &FeedItem) -> Result<NewEvent, DeskError> {
    let damaged = DeskError::Damaged { cursor: 0 };
    let Ok(leaf) = item.leaf() else { return Err(damaged) };
    let payload = serde_json::to_vec(item).map_err(|_| damaged)?;
    Ok(NewEvent { leaf, payload })
}

pub(super) fn put(key: &str, value: Vec<u8>) -> Put {
    Put { key: key.as_bytes().to_vec(), value, expect: Expect::Absent }
}

fn names_all_readers(digests: &[EnvelopeDigest], keyring: &Keyring) -> bool {
    let mut readers: Vec<_> = keyring.readers.iter().map(|reader| reader.id).collect();
    readers.sort_unstable();
    digests.iter().map(|d| d.reader).eq(readers)
}

pub(super) fn commit_id(label: &str, id: &[u8; 16]) -> [u8; 16] {
    let digest = Digest::of_parts(&[label.as_bytes(), id]);
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}

pub(super) fn fresh_salt(rng: &mut (impl RngCore + CryptoRng)) -> [u8; 32] {
    let mut salt = [0; 32];
    rng.fill_bytes(&mut salt);
    salt
}
