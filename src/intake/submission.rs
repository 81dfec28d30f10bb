//! One testimony on its way in, as steps that each take the one before.

use std::{io::Write as _, sync::Arc, time::Duration};

use bytes::Bytes;
use rand::rngs::OsRng;
use tokio::task;

use super::{
    Closed, Intake, Readers, Room, Unkept,
    places::Place,
    record::Record,
    upload::{Container, Upload},
    wiping,
};
use crate::{
    digest::Digest,
    id::TestimonyId,
    ledger::feed::PartInfo,
    receipt::{Derived, Receipt, ReceiptError},
    sealed::{Cover, ReaderEnvelopes, SealError, Sealed, TestimonyKeys, TestimonyRecipients, part},
    secret::SecretText,
    store::{BlobWriter as _, SledStore, Store as _, StoreError},
    testimony::{Channel, Form, FormError, Kind},
};

/// Most seconds that files wait for a place; then the words go on without them.
const WAIT_SECONDS: u64 = 20;

/// A testimony whose keys are made and sealed, and of which nothing else is there yet.
pub struct Submission {
    intake: Arc<Intake>,
    readers: Readers,
    id: TestimonyId,
    recipients: TestimonyRecipients,
    envelopes: Vec<ReaderEnvelopes>,
    words: Option<Words>,
    upload: Option<Upload>,
    place: Option<Place>,
    promise: Promised,
}

/// Whether the witness asked for the server's signed word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Promised {
    No,
    Wanted,
}

/// The sealed words, and whether they say anything.
struct Words {
    account: Sealed<part::Account>,
    identity: Sealed<part::Identity>,
    says_something: bool,
}

/// The testimony is durable; this is all that is left to tell.
pub struct Accepted {
    /// The 27 digits, in 9 groups.
    pub digits: SecretText,
    /// Files that did not arrive whole.
    pub unkept: Vec<(String, Unkept)>,
    /// The signed promise, if it was asked for.
    pub promise: Option<String>,
}

/// Why a testimony was not taken in; nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// There is nobody to seal to.
    #[error("the intake is closed: {0}")]
    Closed(#[from] Closed),
    /// Neither words nor files say anything.
    #[error("there is nothing in this testimony")]
    Empty,
    /// A field is not what the form asks for.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Files came before the words were sealed, or words after them.
    #[error("fields and files came in the wrong order")]
    Order,
    /// More receipts wait to be read than there is room for.
    #[error("too many receipts wait to be read")]
    Busy,
    /// The disk is so full that only what has begun is taken in to its end.
    #[error("the disk is full up to its reserve")]
    Full,
    /// Sealing failed.
    #[error("a part could not be sealed: {0}")]
    Seal(#[from] SealError),
    /// The receipt could not be derived.
    #[error("the receipt could not be derived: {0}")]
    Receipt(#[from] ReceiptError),
    /// The store did not keep it.
    #[error("the store did not keep it: {0}")]
    Store(#[from] StoreError),
    /// A thread ended early: the process is going down.
    #[error("the server is stopping")]
    Stopping,
}

impl Submission {
    pub(super) async fn begin(intake: Arc<Intake>) -> Result<Self, IntakeError> {
        let readers = intake.readers()?;
        if intake.room() == Room::Nothing {
            return Err(IntakeError::Full);
        }
        let id = TestimonyId::random(&mut OsRng);
        let sealing = readers.clone();
        let (recipients, envelopes) = on_thread(move || {
            TestimonyKeys::generate(&mut OsRng).into_envelopes(sealing.keyring())
        })
        .await??;
        let (words, upload, place, promise) = (None, None, None, Promised::No);
        Ok(Self { intake, readers, id, recipients, envelopes, words, upload, place, promise })
    }

    /// The witness asks for the server's signed word that this testimony will be in the public log.
    pub fn want_promise(&mut self) {
        self.promise = Promised::Wanted;
    }

    /// Seals the words. Comes before the first file, and once.
    ///
    /// # Errors
    /// [`IntakeError::Form`] names the field; nothing is kept then. [`IntakeError::Order`] if the words
    /// are sealed already.
    pub async fn words(&mut self, form: Form, consent_text: Digest) -> Result<(), IntakeError> {
        if self.words.is_some() || self.upload.is_some() {
            return Err(IntakeError::Order);
        }
        let (id, recipients) = (self.id, self.recipients.clone());
        let sealed = on_thread(move || -> Result<Words, IntakeError> {
            let says_something = form.says_something();
            let (account, identity) =
                form.into_parts(id, Channel::WebServerSealed, consent_text)?;
            Ok(Words {
                account: recipients.seal_account(&account)?,
                identity: recipients.seal_identity(&identity)?,
                says_something,
            })
        });
        self.words = Some(sealed.await??);
        Ok(())
    }

    /// The next file starts. Waits for a place if too many uploads are under way, but not for ever:
    /// without one, files are counted and dropped, so that whoever holds all places stops no words.
    /// The same while the disk has room for words only.
    ///
    /// # Errors
    /// [`IntakeError::Order`] if the words are not sealed yet.
    pub async fn begin_file(&mut self, name: &str, media_type: &str) -> Result<(), IntakeError> {
        if self.words.is_none() {
            return Err(IntakeError::Order);
        }
        if self.upload.is_none() {
            self.place = self.intake.uploads.take(Duration::from_secs(WAIT_SECONDS)).await;
            self.upload = Some(match &self.place {
                Some(_) if self.has_room_for_files() => self.new_upload()?,
                _ => Upload::without_room(),
            });
        }
        let room = self.has_room_for_files();
        if let Some(upload) = &mut self.upload {
            if room {
                upload.begin(name, media_type, &self.intake.limits).await;
            } else {
                upload.refuse(name).await;
            }
        }
        Ok(())
    }

    fn has_room_for_files(&self) -> bool {
        self.intake.room() == Room::Everything
    }

    fn new_upload(&self) -> Result<Upload, IntakeError> {
        let blob = self.intake.store.blob().map_err(std::io::Error::other);
        Ok(Upload::new(&self.recipients, blob)?)
    }

    /// Whether its files are written, and not only counted and dropped.
    #[must_use]
    pub const fn has_a_place(&self) -> bool {
        self.place.is_some()
    }

    /// More bytes of the file that has begun; what is over a limit is counted and dropped.
    pub async fn write_file(&mut self, bytes: Bytes) {
        if self.place.as_ref().is_some_and(|place| !place.moved(bytes.len())) {
            self.place = None;
            self.upload.iter_mut().for_each(Upload::give_up);
        }
        if let Some(upload) = &mut self.upload {
            let batch = upload.write(bytes, &self.intake.limits).await;
            if batch && self.intake.room() != Room::Everything {
                upload.cut().await;
            }
        }
    }

    /// The file that has begun is at its end.
    pub async fn end_file(&mut self) {
        if let Some(upload) = &mut self.upload {
            upload.end().await;
        }
    }

    /// Seals what is left, makes everything durable, and only then gives the receipt. All of it has
    /// arrived by now, so it goes on to its end even if the sender's connection breaks.
    ///
    /// # Errors
    /// Nothing is kept then: [`IntakeError::Empty`] if neither words nor files say anything.
    pub async fn finish(self) -> Result<Accepted, IntakeError> {
        task::spawn(self.seal_and_commit()).await.map_err(|_| IntakeError::Stopping)?
    }

    async fn seal_and_commit(mut self) -> Result<Accepted, IntakeError> {
        let words = self.words.take().ok_or(IntakeError::Order)?;
        let offered = self.upload.as_ref().is_some_and(Upload::was_offered_files);
        if !words.says_something && !offered {
            return Err(IntakeError::Empty);
        }
        if !self.intake.pages.has_room_for_a_receipt() {
            return Err(IntakeError::Busy);
        }
        let (container, unkept) = self.container(&words).await?;
        let salt = self.readers.keyring().get().salt;
        let receipt = Box::new(Receipt::random(&mut OsRng));
        let (receipt, derived) = self.intake.kdf.derive(receipt, salt).await?;
        let promise = self.commit(words, container, &derived).await?;
        Ok(Accepted { digits: receipt.digits(), unkept, promise })
    }

    /// The container of the files; if it could not be written and the words say something, an empty one.
    async fn container(
        &mut self,
        words: &Words,
    ) -> Result<(Container, Vec<(String, Unkept)>), IntakeError> {
        let mut unkept = Vec::new();
        if let Some(upload) = self.upload.take() {
            let (container, lost) = upload.finish().await;
            unkept = lost;
            match container {
                Some(container) => return Ok((container, unkept)),
                None if !words.says_something => return Err(no_room().into()),
                None => {}
            }
        }
        let (empty, _) = self.new_upload()?.finish().await;
        Ok((empty.ok_or_else(no_room)?, unkept))
    }

    fn cover(
        &self,
        words: &Words,
        exhibits: Digest,
        derived: &Derived,
    ) -> Result<Sealed<part::Cover>, SealError> {
        self.recipients.seal_cover(&Cover {
            schema: Cover::SCHEMA.to_owned(),
            id: self.id,
            keyring: self.readers.digest(),
            account: words.account.digest(),
            identity: words.identity.digest(),
            exhibits,
            lookup: derived.lookup.digest(),
            reply: derived.reply.recipient().to_string(),
            witness: data_encoding::BASE64.encode(derived.signing.verifying_key().as_bytes()),
            kind: Kind::New,
            channel: Channel::WebServerSealed,
            continues: None,
            signature: None,
        })
    }

    async fn commit(
        self,
        words: Words,
        exhibits: Container,
        derived: &Derived,
    ) -> Result<Option<String>, IntakeError> {
        let cover = self.cover(&words, exhibits.sha256, derived)?;
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
                lookup: derived.lookup.digest(),
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

async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, IntakeError> {
    task::spawn_blocking(wiping(work)).await.map_err(|_| IntakeError::Stopping)
}

fn no_room() -> StoreError {
    std::io::Error::new(std::io::ErrorKind::StorageFull, "the exhibits could not be written").into()
}
