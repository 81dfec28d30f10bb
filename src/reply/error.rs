//! Why a reply cannot be written, or does not count.

use crate::note::NoteError;

/// Why it is no reply, or not one for this witness.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ReplyError {
    /// Nothing but spaces and line ends.
    #[error("the reply is empty")]
    Empty,
    /// Longer than [`super::MAX_TEXT`].
    #[error("the reply has {bytes} bytes, at most {} fit", super::MAX_TEXT)]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// A character that acts instead of being shown.
    #[error("the reply holds a control character or one that turns the direction of the text")]
    ControlCharacter,
    /// Not a signed note.
    #[error("this is no signed reply: {0}")]
    Note(NoteError),
    /// Not a reply, or not in its one spelling.
    #[error("this is no reply")]
    Shape,
    /// Of another organisation.
    #[error("the reply is another organisation's")]
    OtherOrganisation,
    /// It names a keyring that is not in the chain.
    #[error("the reply names a keyring that is not in the chain")]
    UnknownKeyring,
    /// The keyring that it names does not list its author.
    #[error("the author of the reply is no reader of the keyring that it names")]
    NotAReader,
    /// Its signature is not its author's, or there are more.
    #[error("the signature of the reply is not its author's")]
    BadSignature,
    /// It was written to another witness.
    #[error("the reply was written to somebody else")]
    WrongRecipient,
    /// It lies under another name than its own: a copy.
    #[error("the reply lies under a name that is not its own")]
    OtherName,
    /// The same author has another reply of that number to the same testimony.
    #[error("there is another reply of this number by the same author")]
    Repeated,
}

impl From<NoteError> for ReplyError {
    fn from(error: NoteError) -> Self {
        Self::Note(error)
    }
}
