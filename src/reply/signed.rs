//! A reply with its signature.

use ed25519_dalek::SigningKey;

use super::{MAX_BYTES, Reply, ReplyError};
use crate::{
    digest::Digest,
    id::{Id, ReplyId},
    keyring::Chain,
    note::{KeyName, NamedKey, SignedNote},
};

/// A reply with the signature under it, which is not checked yet.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedReply {
    reply: Reply,
    note: SignedNote,
}

impl SignedReply {
    /// Signs a reply with its author's key.
    ///
    /// # Errors
    /// [`ReplyError`] if it cannot be written down.
    pub fn sign(reply: Reply, key: &SigningKey) -> Result<Self, ReplyError> {
        let mut note = SignedNote::new(reply.to_text())?;
        Reply::parse(note.text())?;
        note.sign(&KeyName::parse(&reply.by.to_string())?, key);
        Ok(Self { reply, note })
    }

    /// Reads a reply with its signature.
    ///
    /// # Errors
    /// What [`Reply::parse`] says, [`ReplyError::Note`], or `BadSignature` for more than one.
    pub fn parse(text: &str) -> Result<Self, ReplyError> {
        if text.len() > MAX_BYTES {
            return Err(ReplyError::Shape);
        }
        let note = SignedNote::parse(text)?;
        if note.signatures().len() != 1 {
            return Err(ReplyError::BadSignature);
        }
        Ok(Self { reply: Reply::parse(note.text())?, note })
    }

    /// The reply with its signature: what is sealed.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.note.to_text()
    }

    /// What it says; nobody has checked who signed it.
    #[must_use]
    pub const fn reply(&self) -> &Reply {
        &self.reply
    }

    /// The name under which it is stored: it follows from text and signature.
    ///
    /// Whoever cannot read the reply cannot guess it from its name, because the signature is in it.
    #[must_use]
    pub fn id(&self) -> ReplyId {
        let digest = Digest::of_parts(&[NAME, self.note.to_text().as_bytes()]);
        Id::from_bytes(digest.as_bytes().first_chunk().copied().unwrap_or_default())
    }

    /// The reply, if its author may answer and it is for `recipient`: for readers.
    ///
    /// `recipient` is SHA-256 of the text of the reply recipient that belongs to the witness.
    ///
    /// # Errors
    /// [`ReplyError`]: nothing of the text may be shown as a reviewer's then.
    pub fn verify(&self, chain: &Chain, recipient: Digest) -> Result<&Reply, ReplyError> {
        let reply = &self.reply;
        let keyring = chain.by_digest(&reply.keyring).ok_or(ReplyError::UnknownKeyring)?.get();
        if reply.organisation != keyring.organisation {
            return Err(ReplyError::OtherOrganisation);
        }
        let author = keyring.reader(reply.by).ok_or(ReplyError::NotAReader)?;
        let author = NamedKey { name: KeyName::parse(&reply.by.to_string())?, key: author.signing };
        let signers = self.note.signers(std::slice::from_ref(&author));
        if !signers.is_ok_and(|signers| signers.len() == 1) {
            return Err(ReplyError::BadSignature);
        }
        if reply.recipient != recipient {
            return Err(ReplyError::WrongRecipient);
        }
        Ok(reply)
    }

    /// The same for what a server keeps under the name `id`: for whoever shows it to the witness.
    ///
    /// # Errors
    /// As [`SignedReply::verify`]; [`ReplyError::OtherName`] for a copy under another name.
    pub fn verify_stored(
        &self,
        chain: &Chain,
        recipient: Digest,
        id: ReplyId,
    ) -> Result<&Reply, ReplyError> {
        let reply = self.verify(chain, recipient)?;
        if self.id() == id { Ok(reply) } else { Err(ReplyError::OtherName) }
    }
}

const NAME: &[u8] = b"sandyk/reply-name/v1\n";
