//! Why something could not be sealed.

use std::io;

/// Why something could not be sealed; nothing that was written before can be opened then.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Writing failed.
    #[error("the sealed file could not be written: {0}")]
    Io(#[from] io::Error),
    /// There is nobody to seal to.
    #[error("there is no reader to seal to; nothing was sealed")]
    NoReaders,
    /// A recipient's key does not work, or is of another kind than the others.
    #[error("a reader's key cannot be sealed to; nothing was sealed")]
    BadRecipient,
    /// The account is larger than the largest size, 1 MiB.
    #[error("the account has {bytes} bytes, the largest that can be sealed is 1 MiB")]
    AccountTooLarge {
        /// Its size as JSON.
        bytes: usize,
    },
    /// The identity is larger than 64 KiB.
    #[error("the identity has {bytes} bytes, the largest that can be sealed is 64 KiB")]
    IdentityTooLarge {
        /// Its size as JSON.
        bytes: usize,
    },
    /// The cover is larger than 4 KiB; its fields are bounded, so this is a fault of the program.
    #[error("the cover has {bytes} bytes, the largest that can be sealed is 4 KiB")]
    CoverTooLarge {
        /// Its size as JSON.
        bytes: usize,
    },
    /// The reply with its signature is larger than 16 KiB.
    #[error("the reply has {bytes} bytes, the largest that can be sealed is 16 KiB")]
    ReplyTooLarge {
        /// Its size with the signature.
        bytes: usize,
    },
    /// A value has no JSON form.
    #[error("the testimony has no JSON form")]
    NotJson,
    /// More than 9 999 exhibits, or one larger than 99 999 999 MiB.
    #[error("more exhibits than one testimony can hold")]
    TooManyExhibits,
    /// The name and media type of an exhibit are longer than 2 600 bytes together.
    #[error("the name of an exhibit is too long")]
    NameTooLong,
    /// `begin` while an exhibit is open, or `write` and `end` while none is.
    #[error("an exhibit was begun or ended out of turn")]
    OutOfTurn,
    /// An earlier write failed, so what is there is not whole and stays unfinished.
    #[error("an earlier write failed; the sealed file was left unfinished")]
    Broken,
    /// The scrypt work factor is not between 1 and 22.
    #[error("the work factor must be between 1 and 22")]
    WorkFactor,
}
