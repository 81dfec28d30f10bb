//! Why the desk does not answer what was asked.

use crate::{
    keyring::KeyringError,
    rewrap::BatchError,
    store::StoreError,
    wire::{self, Fault, outbox::OutboxError},
};

/// Why the desk refused or failed; each with a stable code and an advice.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// No signature, another form of signature, or one that does not fit.
    #[error("the request is not properly signed")]
    Signature,
    /// The device is not in the current desk note, or its reader not in the keyring.
    #[error("this device is not known at this desk")]
    UnknownDevice,
    /// One root has suspended the device.
    #[error("this device is suspended")]
    Suspended,
    /// Whether the device is suspended cannot be told.
    #[error("the keyring folder cannot be read: {0}")]
    Folder(KeyringError),
    /// Signed for another address.
    #[error("the request is addressed to another desk")]
    Authority,
    /// Signed too long ago, or in the future.
    #[error("the clocks of this device and of the desk are too far apart")]
    Clock {
        /// The desk's clock, seconds since 1970.
        now: i64,
    },
    /// Signed before this process started.
    #[error("the desk has just started")]
    JustStarted,
    /// Seen before.
    #[error("this very request was already made")]
    Replayed,
    /// More requests in the window than any honest device makes.
    #[error("too many requests of this device in two minutes")]
    TooMany,
    /// A query that is not exactly what the path takes.
    #[error("the query is not understood")]
    Query,
    /// No such path or testimony.
    #[error("there is no such thing here")]
    NotFound,
    /// A range that starts after the end, or another kind of range.
    #[error("the range is outside of the exhibits")]
    Range {
        /// Size of the whole.
        bytes: u64,
    },
    /// The body does not have the digest that was signed.
    #[error("the body is not the one that was signed")]
    Digest,
    /// The outbox as a whole was refused.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// A batch of envelopes was refused.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The store failed; what was acknowledged before is safe.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The store answered with something that cannot be.
    #[error("the feed of the store is damaged at {cursor}")]
    Damaged {
        /// Where.
        cursor: u64,
    },
}

impl DeskError {
    /// The code that stands in the answer.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::UnknownDevice => "unknown-device",
            Self::Suspended => "suspended",
            Self::Authority => "address",
            Self::Clock { .. } => wire::CODE_CLOCK,
            Self::JustStarted => wire::CODE_STARTED,
            Self::Replayed => "replayed",
            Self::TooMany => wire::CODE_TOO_MANY,
            Self::Query => "query",
            Self::NotFound => "not-found",
            Self::Range { .. } => "range",
            Self::Digest => "content-digest",
            Self::Outbox(_) => "outbox",
            Self::Batch(BatchError::OtherKeyring | BatchError::NotAReader) => wire::CODE_KEYRING,
            Self::Batch(_) => "batch",
            Self::Store(_) | Self::Folder(_) => "store",
            Self::Damaged { .. } => wire::CODE_DAMAGED,
        }
    }

    /// The answer for the device. Causes inside the server stay there.
    #[must_use]
    pub fn fault(&self) -> Fault {
        let now = if let Self::Clock { now } = self { Some(*now) } else { None };
        Fault { error: self.code().to_owned(), advice: self.advice().to_owned(), now }
    }

    const fn advice(&self) -> &'static str {
        match self {
            Self::Signature => "use the sandyk sync that belongs to this desk",
            Self::UnknownDevice => "give device.pub to an administrator, who adds it at a ceremony",
            Self::Suspended => "ask an administrator by voice, not over the network",
            Self::Authority => "check the desk address in the invitation",
            Self::Clock { .. } => "set the clock of this machine and try again",
            Self::JustStarted => "try again in two minutes",
            Self::Replayed => "sync again; if this repeats, someone repeats your requests",
            Self::TooMany => "wait two minutes and sync again",
            Self::Query | Self::NotFound | Self::Range { .. } => "update sandyk and sync again",
            Self::Digest | Self::Outbox(_) => "nothing was taken in; sync again",
            Self::Batch(BatchError::OtherKeyring | BatchError::NotAReader) => {
                "sync, then write the envelopes anew: the keyring is another one now"
            }
            Self::Batch(_) => "nothing was inserted; write the envelopes anew",
            Self::Store(_) | Self::Folder(_) => {
                "what was acknowledged is safe; tell an administrator, sync later"
            }
            Self::Damaged { .. } => "tell an administrator: the server needs repair",
        }
    }
}
