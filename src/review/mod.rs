//! A reader's side: keys and no network.
//!
//! It reads the workspace folder that sync has filled, opens what this reader may open, and
//! writes signed casebook entries into the outbox for the next sync.
//!
//! Promises:
//! 1. Nothing is opened, sealed or written before the keyring was checked against the roots kept
//!    beside the reader's own keys, and against the last keyring seen: an older one is refused.
//! 2. A testimony whose cover does not match what is in the folder is listed with the reason and
//!    never shown as content; nothing is lost and nothing else is stopped by it.
//! 3. Exhibits are written bit-exact and checked, under numbers, into a folder of their own, or
//!    not at all. Names from inside a testimony never become paths.
//! 4. Every change is an entry in the outbox, durable before it is reported.
//! 5. No network: the module has none, and the whole workspace may come on a stick.
//! 6. What is forgotten is shown as forgotten only by an order that proves itself; any other gap is
//!    an alarm.
//! 7. A follow-up counts only with the signature of the receipt that it continues. What its witness
//!    withdrew is taken out by no command.
//! 8. A reply goes to the address in the opened cover, and nowhere else.
//!
//! Does not: keep an index (every command opens what it lists), export.
//! Spec: `docs/format/workspace.md`, `docs/format/casebook.md`, `docs/format/reply.md`.

mod attention;
mod book;
mod consent;
pub mod doctor;
mod exhibits;
mod feed;
mod forget;
mod keys;
mod leave;
mod opening;
mod pick;
mod queue;
mod recovery;
mod reply;
mod rewrap;
mod session;
mod settled;
mod spare;
mod state;
mod thread;
mod vouch;
mod workspace;
mod write;

pub use attention::{Choice, Since, Watcher};
pub use book::{Book, BookError, KeyFault};
pub use consent::{Agreed, COOLING_OFF_DAYS, MayNot, Order, Standing, Version, Withdrawn};
pub use exhibits::{ExhibitsError, WrittenExhibit, describe_exhibits, write_exhibits};
pub use feed::{FeedAlarm, FeedLine};
pub use forget::{ForgetActError, Forgotten, Pending, SignedFile};
pub use keys::{Joined, KeysError, Passphrase, ReaderKeys, init, init_with};
pub use leave::{LeaveError, Leaving, Left};
pub use opening::{Content, ExhibitsHere, Opened, Unproven};
pub use pick::{PickError, pick};
pub use queue::sort_by_urgency;
pub use recovery::{
    Holder, HolderPub, MAX_HOLDERS, Opening, Plan, Recoverable, Recovered, RecoveryError,
    holder_numbers, keep_recovered, make_holder, make_recovery, open_recovery,
};
pub use reply::{Addressed, ReplyActError};
pub use rewrap::{RewrapActError, Rewrapping};
pub use session::{Session, SessionError};
pub use settled::Settled;
pub use spare::{change_passphrase, keys_from_page, page};
pub use thread::{Member, NotProven, Place, Threads};
pub use vouch::VouchError;
pub use workspace::{Workspace, WorkspaceError};
pub use write::WriteError;
