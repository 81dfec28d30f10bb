//! What should never happen with an honest desk.

use crate::{keyring::KeyringError, wire::tape::TapeError};

/// A desk showed something that an honest and intact one cannot show.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Alarm {
    /// Checkpoints are signed by another key than at the first sync.
    #[error("the desk signs its feed with another ledger key than the one seen first")]
    LedgerKey,
    /// A checkpoint that the ledger key did not sign, or of another organisation.
    #[error("the checkpoint of the feed is not signed by the ledger key of this organisation")]
    Checkpoint,
    /// The feed ends before what is held.
    #[error("the feed was rolled back: {held} events are held, the desk shows {shown}")]
    Shrunk {
        /// Events held.
        held: u64,
        /// Events shown.
        shown: u64,
    },
    /// The same size and another content.
    #[error("the history was changed: the first {size} events are not those that were held before")]
    OtherRoot {
        /// Events compared.
        size: u64,
    },
    /// Another reader holds a signed checkpoint that does not belong to this feed.
    #[error(
        "split view: the desk has signed another history for the other reader; the first {size} \
         events are not the same, and their checkpoint and yours together prove it"
    )]
    SplitView {
        /// Events compared.
        size: u64,
    },
    /// An event whose part is not there, and no forget mark that accounts for it.
    #[error("the {part} of event {cursor} is missing, and no forget order explains it")]
    Missing {
        /// Which event.
        cursor: u64,
        /// Which part.
        part: String,
    },
    /// Events are missing, or the desk stops before its own end.
    #[error("the desk left out events after {after}")]
    Gap {
        /// The last one that is there.
        after: u64,
    },
    /// An item that is no item, or does not fit its own parts.
    #[error("event {cursor} is not well formed")]
    Item {
        /// Which event.
        cursor: u64,
    },
    /// A testimony or entry appears twice.
    #[error("event {cursor} repeats a name that is in the feed already")]
    Twice {
        /// The later one.
        cursor: u64,
    },
    /// A part is not what its digest says.
    #[error("the {part} of event {cursor} is not what its digest says")]
    Part {
        /// Which event.
        cursor: u64,
        /// Which part.
        part: String,
    },
    /// An answer is not of the one accepted form.
    #[error("the desk's answer is malformed: {0}")]
    Tape(#[from] TapeError),
    /// An answer goes on past the longest that there can be.
    #[error("the desk's answer to {path} goes on past {limit} bytes")]
    Endless {
        /// What was asked.
        path: String,
        /// The limit.
        limit: u64,
    },
    /// The desk sends elsewhere.
    #[error("the desk answers with a redirect, which no desk does; it was not followed")]
    Redirect,
    /// An answer that no desk gives.
    #[error("the answer to {path} is none that a desk gives")]
    Strange {
        /// What was asked.
        path: String,
    },
    /// The keyrings do not follow from the roots, or not from those held.
    #[error("the keyrings of the desk are refused: {0}")]
    Keyring(KeyringError),
    /// Fewer keyrings than held, or others.
    #[error("the desk shows other keyrings than it did before, from epoch {epoch} on")]
    KeyringHistory {
        /// The first one that differs.
        epoch: u32,
    },
    /// An order to forget, or what came of one, that does not hold; or a gap without an order.
    #[error("event {cursor} says that something is forgotten, and {why}; nothing was dropped here")]
    Forgotten {
        /// Which event.
        cursor: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The desk says itself that its disk lost or changed something that it had taken in.
    #[error("the disk of the server lost or changed what it had taken in: {}", named(files))]
    Damaged {
        /// What is not here because of it, by its names in the workspace.
        files: Vec<String>,
    },
    /// Exhibits twice fetched and twice wrong.
    #[error("the exhibits of {id} are not what their digest says")]
    Exhibits {
        /// Which testimony.
        id: String,
    },
    /// Said to be accepted and not in the feed.
    #[error("the desk said that it took {id}, and it is not in the feed")]
    Withheld {
        /// Which entry or key.
        id: String,
    },
}

impl Alarm {
    /// What to do, in a sentence.
    pub(super) const fn advice(&self) -> &'static str {
        match self {
            Self::Withheld { .. } => {
                "it stays in your outbox, and until it is in the feed your colleagues see your later \
                 entries as not proven; sync once more; if it repeats, tell an administrator by \
                 voice: the server lost it, and its store must be brought back from the backup; \
                 do not take the file out of the outbox"
            }
            Self::SplitView { .. } => {
                "do not sync again; keep both checkpoints: the server signed both, and nobody can \
                 deny it; call the other readers and an administrator by voice"
            }
            Self::Damaged { .. } => {
                "tell an administrator by voice: `sandyk verify store` names the files there, and a \
                 backup or another reader may still have them; then sync again"
            }
            Self::LedgerKey
            | Self::Checkpoint
            | Self::Shrunk { .. }
            | Self::OtherRoot { .. }
            | Self::Missing { .. }
            | Self::Gap { .. }
            | Self::Item { .. }
            | Self::Twice { .. }
            | Self::Part { .. }
            | Self::Tape(_)
            | Self::Endless { .. }
            | Self::Redirect
            | Self::Strange { .. }
            | Self::Keyring(_)
            | Self::KeyringHistory { .. }
            | Self::Forgotten { .. }
            | Self::Exhibits { .. } => {
                "do not sync again; keep the workspace as it is; call the other readers and an \
                 administrator by voice and compare"
            }
        }
    }
}

/// The first names of a list, and how many there are besides.
pub(crate) fn named(files: &[String]) -> String {
    let shown = files.iter().take(MOST_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    match files.len().saturating_sub(MOST_NAMES) {
        0 => shown,
        more => format!("{shown} … (+{more})"),
    }
}

/// Most names in one alarm.
const MOST_NAMES: usize = 50;
