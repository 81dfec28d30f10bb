//! One testimony on its way in, as steps that each take the one before.

mod commit;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use rand::rngs::OsRng;
use tokio::task;

use super::{
    Closed, Intake, MailboxKeys, Readers, Room, Unkept,
    places::Place,
    upload::{Container, Upload},
    wiping,
};
use crate::{
    digest::Digest,
    id::TestimonyId,
    receipt::{Receipt, ReceiptError},
    sealed::{ReaderEnvelopes, SealError, Sealed, TestimonyKeys, TestimonyRecipients, part},
    secret::SecretText,
    store::{Store as _, StoreError},
    testimony::{Channel, Form, FormError, Kind, Pressure},
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
    author: Author,
    kind: Kind,
    pressure: Option<Pressure>,
}

/// Who writes, as far as the server must know.
#[derive(Default)]
pub enum Author {
    /// Somebody new, who gets a receipt.
    #[default]
    Fresh,
    /// Whoever has this receipt, used before or not.
    Receipt(Receipt),
    /// Whoever opened this mailbox.
    Mailbox(MailboxKeys),
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
    /// The 27 digits, in 9 groups; `None` for who came by an open mailbox.
    pub digits: Option<SecretText>,
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
        let _first = intake.mailboxes.give_way();
        let id = TestimonyId::random(&mut OsRng);
        let sealing = readers.clone();
        let (recipients, envelopes) = on_thread(move || {
            TestimonyKeys::generate(sealing.keyring().get().kind, &mut OsRng)
                .into_envelopes(sealing.keyring())
        })
        .await??;
        Ok(Self {
            intake,
            readers,
            id,
            recipients,
            envelopes,
            words: None,
            upload: None,
            place: None,
            promise: Promised::No,
            author: Author::Fresh,
            kind: Kind::New,
            pressure: None,
        })
    }

    /// Says who writes; until the end. If the mailbox has a testimony, this one continues it.
    pub fn is_by(&mut self, author: Author) {
        self.author = author;
    }

    /// Says what it is to the earlier testimony, and whether the writer is free; before the words.
    pub fn is_a(&mut self, kind: Kind, pressure: Option<Pressure>) {
        (self.kind, self.pressure) = (kind, pressure);
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
        let (kind, pressure) = (self.kind, self.pressure.take());
        let sealed = on_thread(move || -> Result<Words, IntakeError> {
            // A change of consent or a withdrawal says something without any words.
            let says_something =
                form.says_something() || matches!(kind, Kind::ConsentChange | Kind::Withdrawal);
            let (mut account, identity) =
                form.into_parts(id, Channel::WebServerSealed, consent_text)?;
            (account.triage.kind, account.pressure) = (kind, pressure);
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
        let intake = Arc::clone(&self.intake);
        let _first = intake.mailboxes.give_way();
        let words = self.words.take().ok_or(IntakeError::Order)?;
        let offered = self.upload.as_ref().is_some_and(Upload::was_offered_files);
        if !words.says_something && !offered {
            return Err(IntakeError::Empty);
        }
        if !self.intake.pages.has_room_for_a_receipt() {
            return Err(IntakeError::Busy);
        }
        let (container, unkept) = self.container(&words).await?;
        let (digits, derived) = match self.derive().await {
            Ok(derived) => derived,
            Err(error) => {
                let _ = self.intake.store.discard(container.blob);
                return Err(error);
            }
        };
        let promise = self.commit(words, container, &derived).await?;
        Ok(Accepted { digits, unkept, promise })
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
}

async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, IntakeError> {
    task::spawn_blocking(wiping(work)).await.map_err(|_| IntakeError::Stopping)
}

fn no_room() -> StoreError {
    std::io::Error::new(std::io::ErrorKind::StorageFull, "the exhibits could not be written").into()
}
