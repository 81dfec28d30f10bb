//! Why a sync did not come to its end.

use std::{io, path::PathBuf, time::Duration};

use super::Alarm;
use crate::{
    keyring::KeyringError,
    wire::{self, Fault},
};

/// Why a sync stopped. What had arrived and was proved before stays, always.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The desk showed what no honest desk shows.
    #[error("ALARM: {0}")]
    Alarm(#[from] Alarm),
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written: {cause}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the file system says.
        cause: io::Error,
    },
    /// There is something already where `init` would write.
    #[error("{0} exists already")]
    Exists(PathBuf),
    /// No workspace, or of another version.
    #[error("{0} is not a workspace of this version")]
    NotAWorkspace(PathBuf),
    /// Another sync is at work there.
    #[error("another sync is at work in this workspace")]
    InUse,
    /// A file of the workspace was changed or lost.
    #[error("the workspace is damaged: {what}")]
    Damaged {
        /// Which file and line.
        what: String,
    },
    /// The device key is missing, malformed or another reader's.
    #[error("{0} is not a device key of this workspace's reader")]
    DeviceKey(PathBuf),
    /// A file given to `init` is refused.
    #[error("{path}: {cause}")]
    Given {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: KeyringError,
    },
    /// Neither the invitation nor the command line has an address.
    #[error("the address of the desk is not known")]
    NoAddress,
    /// Not `http://host[:port]`.
    #[error("{0} is not an address of a desk")]
    Address(String),
    /// An address that others on the way could read.
    #[error("{0} would travel in the clear and show who reads here")]
    InTheClear(String),
    /// An onion address without a proxy.
    #[error("{0} is an onion address and needs Tor")]
    NeedsProxy(String),
    /// A proxy that would ask the local network for names, or none at all.
    #[error("{0} is not a proxy of the form socks5h://host:port")]
    Proxy(String),
    /// The network failed, also after some attempts.
    #[error("the desk could not be reached, or the connection was cut: {0}")]
    Network(String),
    /// The desk gave no answer in the time that it was given.
    #[error("the desk gave no answer within {} s", .waited.as_secs())]
    NoAnswer {
        /// The time it was given.
        waited: Duration,
    },
    /// An answer came, but so slowly that it would have no end.
    #[error("the desk answers {0} so slowly that it would never come to an end")]
    TooSlow(String),
    /// The clocks are too far apart.
    #[error("the clock of this machine is {} {} the desk's", long(.ahead.unsigned_abs()),
        if *.ahead < 0 { "behind" } else { "ahead of" })]
    Clock {
        /// Seconds that this machine is ahead; negative if behind.
        ahead: i64,
    },
    /// The desk refused.
    #[error("the desk refused ({code}): {advice}")]
    Refused {
        /// The desk's code.
        code: String,
        /// The desk's advice.
        advice: String,
    },
    /// The desk went on answering no more requests of this device, beyond all pauses.
    #[error("the desk still answers no more requests of this machine, after pauses of {} seconds \
        in all", .waited.as_secs())]
    StaysFull {
        /// How long this sync paused for it.
        waited: Duration,
    },
    /// Something in the outbox is too large for any outbox.
    #[error("{0} is too large for an outbox")]
    TooLarge(PathBuf),
    /// Something in the outbox is a link, or in the clear.
    #[error("{0} is not a sealed file, and nothing in the clear is sent")]
    NotSealed(PathBuf),
    /// Fewer events are held than were asked for.
    #[error("only {held} events are held here, not {asked}")]
    TooFew {
        /// Held.
        held: u64,
        /// Asked for.
        asked: u64,
    },
    /// Nothing was synced yet, so there is nothing to compare with.
    #[error("nothing is held here yet")]
    NothingHeld,
    /// A single wanted testimony is not in the feed.
    #[error("there is no testimony {0} in the feed")]
    NoSuchTestimony(String),
}

impl SyncError {
    /// What is unharmed, in a sentence.
    #[must_use]
    pub const fn kept(&self) -> &'static str {
        match self {
            Self::Alarm(Alarm::Damaged { .. }) => {
                "everything else: it came and was proved; the next sync asks for these files again"
            }
            Self::Alarm(_) => {
                "everything that was held before; nothing of the refused answer was taken in"
            }
            Self::Exists(_) => "everything; nothing was written",
            Self::NotAWorkspace(_) | Self::DeviceKey(_) | Self::Given { .. } => {
                "everything; nothing was written and nothing was sent"
            }
            Self::NoAddress
            | Self::Address(_)
            | Self::InTheClear(_)
            | Self::NeedsProxy(_)
            | Self::Proxy(_)
            | Self::TooFew { .. }
            | Self::NothingHeld
            | Self::InUse => "everything; nothing was sent",
            Self::Damaged { .. } => "every file as it is; nothing was sent",
            Self::File { .. }
            | Self::Network(_)
            | Self::NoAnswer { .. }
            | Self::TooSlow(_)
            | Self::Clock { .. }
            | Self::Refused { .. }
            | Self::StaysFull { .. }
            | Self::TooLarge(_)
            | Self::NotSealed(_)
            | Self::NoSuchTestimony(_) => {
                "everything that had arrived; the next sync goes on from there"
            }
        }
    }

    /// What to do, in a sentence.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Alarm(alarm) => alarm.advice(),
            Self::File { .. } => "check the disk and the permissions, then sync again",
            Self::Exists(_) => "name another folder, or go on with what is there",
            Self::NotAWorkspace(_) => "make one with `sandyk sync init`",
            Self::InUse => "wait for it to end",
            Self::Damaged { .. } => {
                "move the folder aside, make a new one with `sandyk sync init`, sync, then copy \
                 `outbox` over"
            }
            Self::DeviceKey(_) => "give the folder in which `sandyk sync init` made device.key",
            Self::Given { .. } => "ask the person who sent it for a new one",
            Self::NoAddress | Self::Address(_) => {
                "give it as http://….onion or, on the server itself, http://127.0.0.1:PORT"
            }
            Self::InTheClear(_) => "use the onion address, or a tunnel that ends on 127.0.0.1",
            Self::NeedsProxy(_) | Self::Proxy(_) => ADD_A_PROXY,
            Self::Network(_) | Self::TooSlow(_) => {
                "sync again; if it goes on, check Tor and ask an administrator"
            }
            Self::NoAnswer { .. } => {
                "sync again and give it longer with --wait, or leave --wait out; if it goes on, check \
                 Tor and ask an administrator"
            }
            Self::Clock { .. } => {
                "compare with another clock; if this machine's is wrong, set it and sync again; if \
                 it is right, change nothing and tell an administrator: the server's is wrong"
            }
            Self::StaysFull { .. } => {
                "sync again in two minutes; if it repeats, tell an administrator: somebody may have \
                 device.key, too"
            }
            Self::Refused { .. } => "do what the desk advises, or ask an administrator",
            Self::TooFew { .. } | Self::NothingHeld => "sync first, then compare again",
            Self::TooLarge(_) => "write it again in smaller pieces",
            Self::NotSealed(_) => {
                "somebody else put it there: find out who had this folder, take the file out, sync"
            }
            Self::NoSuchTestimony(_) => "sync without naming it, then look at the list",
        }
    }

    /// Whether the next attempt may go better by itself.
    pub(super) const fn may_pass(&self) -> bool {
        matches!(self, Self::Network(_))
    }

    /// Whether the desk answers no more requests of this device for now.
    pub(super) fn is_full(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == wire::CODE_TOO_MANY)
    }

    /// Whether the desk started after the request was signed; one that is signed now is answered.
    pub(super) fn is_too_early(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == wire::CODE_STARTED)
    }

    /// Whether the desk says that its disk does not give what was asked for.
    pub(super) fn is_damage(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == wire::CODE_DAMAGED)
    }

    pub(super) fn refused(fault: &Fault, our_now: i64) -> Self {
        match fault.now {
            Some(now) => Self::Clock { ahead: our_now.saturating_sub(now) },
            None => Self::Refused { code: one_line(&fault.error), advice: one_line(&fault.advice) },
        }
    }
}

/// Names the file in an error of the file system.
pub(super) fn at<T>(path: &std::path::Path, result: io::Result<T>) -> Result<T, SyncError> {
    result.map_err(|cause| SyncError::File { path: path.to_owned(), cause })
}

/// A time in seconds, or in whole days if it is two or more.
fn long(seconds: u64) -> String {
    let days = seconds.saturating_add(DAY / 2) / DAY;
    if days < 2 { format!("{seconds} seconds") } else { format!("{days} days") }
}

/// The desk's words as a part of one of our lines: they cannot begin a line of their own.
pub(super) fn one_line(words: &str) -> String {
    let plain = words.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(MAX_WORDS).collect()
}

const ADD_A_PROXY: &str = "start Tor and add --proxy socks5h://127.0.0.1:9050";
/// Seconds of a day.
const DAY: u64 = 86_400;
/// Longest words of the desk that are shown, in characters.
const MAX_WORDS: usize = 300;
