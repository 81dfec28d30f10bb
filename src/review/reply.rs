//! Answering a witness: to the address in the opened cover, signed, told to colleagues, released.
//!
//! Promises: 1. recipient and mailbox come from the opened cover of the thread's first testimony; 2. a
//! reply is in the casebook, durably, before its file is in the outbox, so its number is never given
//! twice; 3. a draft lies in the workspace sealed to its own reader; 4. a colleague releases only a
//! reply that is proven, to the same address.
//! Does not: send anything; sync carries the outbox.

use std::{fs, io, path::PathBuf};

use rand::{CryptoRng, RngCore};

use crate::{
    casebook::{Op, Written},
    clock::Day,
    digest::Digest,
    files::{self, Audience, Existing},
    hybrid::HybridRecipient,
    id::{ReplyId, TestimonyId},
    reply::{Reply, ReplyError, SignedReply},
    review::{
        opening::{Opened, Unproven},
        session::Session,
        write::WriteError,
    },
    sealed::{MAX_SEALED_REPLY, SealError, seal_reply},
    secret::SecretText,
};

/// A reply before it is signed, and where it would go.
pub struct Addressed {
    /// What will be signed.
    pub reply: Reply,
    mailbox: Digest,
    to: HybridRecipient,
}

/// Where a witness reads.
struct Address {
    mailbox: Digest,
    to: HybridRecipient,
    digest: Digest,
}

impl Session {
    /// Makes a reply ready to be looked at; nothing is signed or written.
    ///
    /// # Errors
    /// [`ReplyActError`], the first ones: words or testimony will not do.
    pub fn address(&self, id: TestimonyId, typed: &str) -> Result<Addressed, ReplyActError> {
        let text = Reply::words(typed)?;
        let first = self.threads().first_of(id);
        let Address { mailbox, to, digest } = self.address_of(first)?;
        let reply = Reply {
            organisation: self.chain.current().get().organisation.clone(),
            keyring: self.chain.current_digest(),
            recipient: digest,
            testimony: first,
            by: self.reader(),
            number: self.next_number(first),
            text,
        };
        Ok(Addressed { reply, mailbox, to })
    }

    /// Signs a reply, tells the colleagues and puts it into the outbox; then the draft is gone.
    ///
    /// # Errors
    /// [`ReplyActError`]; after `NotReleased` it is in the casebook and can be released again.
    pub fn release(
        &mut self,
        addressed: Addressed,
        today: Day,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<SignedReply, ReplyActError> {
        let Addressed { reply, mailbox, to } = addressed;
        let testimony = reply.testimony;
        let signed = SignedReply::sign(reply, &self.keys.signing)?;
        let act = Op::Reply { testimony, note: signed.to_text() };
        self.write(&[act], today, rng)?;
        self.put_out(&signed, mailbox, &to).map_err(ReplyActError::NotReleased)?;
        self.drop_draft(testimony)?;
        Ok(signed)
    }

    /// Releases a reply of the casebook again, whoever wrote it.
    ///
    /// # Errors
    /// [`ReplyActError`], `Forged` if it is not proven: then nothing is released.
    pub fn release_again(
        &mut self,
        (testimony, reply): (TestimonyId, ReplyId),
        today: Day,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<SignedReply, ReplyActError> {
        let of_it = self.book.casebook.replies.get(&testimony).into_iter().flatten();
        let written = of_it.map(|written| &written.signed).find(|signed| signed.id() == reply);
        let signed = written.ok_or(ReplyActError::NoSuchReply)?.clone();
        let Address { mailbox, to, digest } = self.address_of(testimony)?;
        signed.verify(&self.chain, digest).map_err(ReplyActError::Forged)?;
        self.write(&[Op::ReplyAgain { testimony, reply }], today, rng)?;
        self.put_out(&signed, mailbox, &to).map_err(ReplyActError::NotReleased)?;
        Ok(signed)
    }

    /// The replies to the thread of a testimony, each with whether it counts for its witness.
    #[must_use]
    pub fn replies(&self, id: TestimonyId) -> Vec<(&Written, Result<(), ReplyError>)> {
        let first = self.threads().first_of(id);
        let address = self.address_of(first).map(|address| address.digest);
        let count = |signed: &SignedReply| match address {
            Ok(digest) => signed.verify(&self.chain, digest).map(drop),
            Err(_) => Err(ReplyError::WrongRecipient),
        };
        let written = self.book.casebook.replies.get(&first).into_iter().flatten();
        written.map(|written| (written, count(&written.signed))).collect()
    }

    /// This reader's draft of an answer; `None` if there is none.
    ///
    /// # Errors
    /// [`ReplyActError::Draft`] if it is there and does not open.
    pub fn draft(&self, id: TestimonyId) -> Result<Option<SecretText>, ReplyActError> {
        let limit = u64::try_from(MAX_SEALED_REPLY).unwrap_or(u64::MAX);
        match files::load_plain(&self.draft_file(id), limit) {
            Ok(sealed) => {
                let text = self.keys.reading.open_draft(&sealed);
                text.map(Some).map_err(|_| ReplyActError::Draft)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps a draft, sealed to this reader alone, in the place of an earlier one.
    ///
    /// # Errors
    /// [`ReplyActError`] if the words will not do or the disk does not take it.
    pub fn keep_draft(&self, id: TestimonyId, typed: &str) -> Result<(), ReplyActError> {
        let text = SecretText::new(format!("{}\n", Reply::words(typed)?));
        let sealed = seal_reply(text.expose(), self.keys.reading.recipient())?;
        let path = self.draft_file(id);
        files::make_folder(&self.workspace.path("drafts"))?;
        Ok(files::save(&path, &sealed, Audience::Owner, Existing::Replace)?)
    }

    fn drop_draft(&self, id: TestimonyId) -> Result<(), ReplyActError> {
        match fs::remove_file(self.draft_file(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn draft_file(&self, id: TestimonyId) -> PathBuf {
        let first = self.threads().first_of(id);
        self.workspace.path("drafts").join(format!("{first}.age"))
    }

    /// The next number of this reader's own replies to a testimony.
    fn next_number(&self, testimony: TestimonyId) -> u32 {
        let all = self.book.casebook.replies.get(&testimony).into_iter().flatten();
        let own = all.filter(|written| written.mark.by == self.reader());
        own.map(|written| written.signed.reply().number).max().unwrap_or(0).saturating_add(1)
    }

    // SECURITY(T8): the address is that of the opened cover; no record and no answer has a say.
    fn address_of(&self, id: TestimonyId) -> Result<Address, ReplyActError> {
        let Opened { content, .. } = self.open_one(id).ok_or(ReplyActError::NotHere)?;
        let content = content?;
        let cover = content.cover.cover();
        let to = HybridRecipient::parse(&cover.reply).map_err(|_| ReplyActError::NotHere)?;
        Ok(Address { mailbox: cover.lookup, to, digest: Digest::of(cover.reply.as_bytes()) })
    }

    fn put_out(
        &self,
        signed: &SignedReply,
        mailbox: Digest,
        to: &HybridRecipient,
    ) -> io::Result<()> {
        let sealed = seal_reply(&signed.to_text(), to).map_err(io::Error::other)?;
        let folder = self.workspace.path("outbox/replies");
        files::make_folder(&folder)?;
        let path = folder.join(format!("{mailbox}-{}.age", signed.id()));
        files::save(&path, &sealed, Audience::Owner, Existing::Replace)
    }
}

/// A reply was not written or released.
#[derive(Debug, thiserror::Error)]
pub enum ReplyActError {
    /// The words will not do.
    #[error(transparent)]
    Words(#[from] ReplyError),
    /// The testimony is not in this feed.
    #[error("the testimony is not in this feed, so there is no address to answer to")]
    NotHere,
    /// The testimony is not proven.
    #[error("this testimony is not proven: {0}")]
    Unproven(#[from] Unproven),
    /// There is no such reply.
    #[error("there is no such reply to this testimony in the casebook")]
    NoSuchReply,
    /// The reply does not count for this witness.
    #[error("the reply would be shown as forged: {0}")]
    Forged(ReplyError),
    /// The casebook does not take it.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// It is in the casebook, and its file could not be written.
    #[error("the reply is in the casebook, but not in the outbox: {0}")]
    NotReleased(io::Error),
    /// The draft does not open.
    #[error("your draft does not open with your keys, or is damaged")]
    Draft,
    /// It could not be sealed.
    #[error("the reply could not be sealed: {0}")]
    Seal(#[from] SealError),
    /// The file system says no.
    #[error("the draft cannot be read or written: {0}")]
    Io(#[from] io::Error),
}
