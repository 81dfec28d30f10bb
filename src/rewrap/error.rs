//! Why a batch does not count.

use crate::note::NoteError;

/// Why a batch does not count; nothing of it is inserted then.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum BatchError {
    /// Not a signed note, or a signature that does not fit.
    #[error("{0}; nothing was inserted; write the envelopes anew")]
    Note(#[from] NoteError),
    /// Not a batch, or not in its one spelling.
    #[error("this is no batch of envelopes; nothing was inserted; write the envelopes anew")]
    Shape,
    /// It holds more than a batch may.
    #[error("the batch holds too much; nothing was inserted; write the envelopes anew")]
    TooLarge,
    /// An envelope is not the one whose hash was signed.
    #[error("an envelope is not the one that was signed for; nothing was inserted; write it anew")]
    OtherEnvelope,
    /// Of another organisation.
    #[error("the batch is another organisation's; nothing was inserted; ask where it came from")]
    Organisation,
    /// It was made under another keyring than the newest.
    #[error(
        "the batch was made under another keyring than the newest; nothing was inserted; sync, \
         then write the envelopes anew"
    )]
    OtherKeyring,
    /// Whoever signed is no reader of the newest keyring.
    #[error(
        "no reader of the newest keyring has signed the batch; nothing was inserted; sync first"
    )]
    NotAReader,
    /// It names somebody who may not have that envelope, or is signed by who may not make it.
    #[error(
        "the batch names an envelope that its reader may not have, or its signer not make; nothing \
         was inserted; sync, then write the envelopes anew"
    )]
    NotForThem,
}
