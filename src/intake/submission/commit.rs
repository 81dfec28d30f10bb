//! The last step: whose it is, the cover that binds it all, and one durable change.

use std::{io::Write as _, sync::Arc};

use rand::rngs::OsRng;

use super::{Author, IntakeError, Promised, Submission, Words, on_thread};
use crate::{
    digest::Digest,
    intake::{
        kdf::LineIsFull,
        mailbox::{self, Thread},
        record::Record,
        upload::Container,
    },
    ledger::feed::PartInfo,
    receipt::{Derived, KdfMemory, Receipt, ReceiptError},
    sealed::{Cover, SealError, Sealed, part},
    secret::SecretText,
    store::{BlobWriter as _, SledStore, Store as _, StoreError},
    testimony::{Channel, Kind},
};

impl Submission {
    /// What belongs to its author, and the receipt that leads back to it.
    pub(super) async fn derive(
        &mut self,
    ) -> Result<(Option<SecretText>, Box<Derived>), IntakeError> {
        let receipt = match std::mem::take(&mut self.author) {
            Author::Fresh => Box::new(Receipt::random(&mut OsRng)),
            Author::Receipt(receipt) => Box::new(receipt),
            Author::Mailbox(keys) => return Ok((None, Box::new(keys.derived()))),
        };
        let salt = self.readers.keyring().get().salt;
        let run = move |memory: &mut KdfMemory| {
            let derived = receipt.derive(&salt, memory).map(Box::new)?;
            Ok::<_, ReceiptError>((Some(receipt.digits()), derived))
        };
        let line = self.intake.kdf.enter(run).map_err(|LineIsFull| IntakeError::Busy)?;
        Ok(line.done().await??)
    }

    fn cover(
        &self,
        words: &Words,
        exhibits: Digest,
        derived: &Derived,
        thread: &Thread,
    ) -> Result<Sealed<part::Cover>, SealError> {
        let continues = thread.first;
        let kind = match (continues, self.kind) {
            (None, _) => Kind::New,
            (Some(_), Kind::New) => Kind::Supplement,
            (Some(_), kind) => kind,
        };
        let mut cover = Cover {
            schema: Cover::SCHEMA.to_owned(),
            id: self.id,
            keyring: self.readers.digest(),
            account: words.account.digest(),
            identity: words.identity.digest(),
            exhibits,
            lookup: derived.lookup.digest(),
            reply: derived.reply.recipient().to_string(),
            witness: data_encoding::BASE64.encode(derived.signing.verifying_key().as_bytes()),
            kind,
            channel: Channel::WebServerSealed,
            continues,
            after: thread.last,
            signature: None,
        };
        // Signed also where nothing is continued: that a receipt was used before costs no time.
        cover.sign(&derived.signing);
        cover.signature = cover.signature.filter(|_| continues.is_some());
        self.recipients.seal_cover(&cover)
    }

    pub(super) async fn commit(
        self,
        words: Words,
        exhibits: Container,
        derived: &Derived,
    ) -> Result<Option<String>, IntakeError> {
        let mailbox = derived.lookup.digest();
        // Nobody else writes to this mailbox until this is durable: the first one is the first.
        let intake = Arc::clone(&self.intake);
        let _alone = intake.mailboxes.hold(&mailbox).await;
        let thread = intake.thread(mailbox).await?;
        let cover = self.cover(&words, exhibits.sha256, derived, &thread)?;
        let Words { account, identity, says_something: _ } = words;
        let digest = cover.digest();
        let store = &self.intake.store;
        let (cover, account, identity) = tokio::join!(
            write_part(store, "cover", cover.into_bytes()),
            write_part(store, "account", account.into_bytes()),
            write_part(store, "identity", identity.into_bytes()),
        );
        let Container { blob, bytes, sha256 } = exhibits;
        let exhibits = PartInfo { name: "exhibits".to_owned(), bytes, sha256, blob };
        let written = [cover, account, identity, Ok(exhibits)];
        let blobs: Vec<_> = written.iter().flatten().map(|part| part.blob).collect();
        let envelopes = self.intake.still_readers(self.envelopes);
        let done = async {
            if envelopes.iter().all(|of| of.identity.is_none()) {
                return Err(SealError::NoReaders.into());
            }
            // The week stays open until the testimony is durable: its batch is not made before.
            let open = self.intake.log.open_week().await;
            let record = Record {
                id: self.id,
                week: open.week,
                epoch: self.readers.keyring().get().epoch,
                cover: digest,
                mailbox: mailbox::entry(&mailbox, self.id, thread.next),
                parts: written.into_iter().collect::<Result<_, _>>()?,
                envelopes,
            };
            let commit = record.into_commit()?;
            let leaf = commit.event.as_ref().map(|event| event.leaf);
            store.commit(commit).await?;
            let wanted = leaf.filter(|_| self.promise == Promised::Wanted);
            Ok(wanted.and_then(|leaf| self.intake.log.promise(open.week, leaf)))
        };
        let done: Result<_, IntakeError> = done.await;
        if done.is_err() {
            // Nothing was acknowledged; what cannot be removed now is swept at the next start.
            for blob in blobs {
                let _ = store.discard(blob);
            }
        }
        done
    }
}

/// Writes one small sealed part to a blob file of its own, durably.
async fn write_part(
    store: &Arc<SledStore>,
    name: &str,
    sealed: Vec<u8>,
) -> Result<PartInfo, IntakeError> {
    let (name, store) = (name.to_owned(), Arc::clone(store));
    on_thread(move || -> Result<PartInfo, IntakeError> {
        let mut blob = store.blob()?;
        blob.write_all(&sealed).map_err(StoreError::from)?;
        let bytes = u64::try_from(sealed.len()).unwrap_or(u64::MAX);
        Ok(PartInfo { name, bytes, sha256: Digest::of(&sealed), blob: blob.finish()? })
    })
    .await?
}
