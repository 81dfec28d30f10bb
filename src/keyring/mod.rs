//! Who may read, from when to when: a chain of signed notes that starts at the roots.
//!
//! Promises: 1. a [`Keyring`] is [`Verified`] only if every epoch from the first is there, each
//! signed by the threshold of the roots before it and of its own; 2. nobody is a reader of a
//! verified keyring but by the first one or by the word of two readers (I80), whoever signed;
//! 3. the organisation and the receipt salt never change; 4. every text has one spelling, and
//! another is refused; 5. a server cannot go back to an older keyring unseen by who remembers one
//! ([`Chain::continues`]); 6. no names of people: a reader is a random id; 7. each refusal has its
//! own [`KeyringError`].
//! Does not: decide who comes or goes; ask for the day (it is a parameter); hold secrets.
//! Spec: `docs/format/keyring.md`.

mod body;
mod chain;
mod desk;
mod desk_error;
mod error;
mod following;
mod joining;
mod published;
mod site;
mod suspension;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod text;
mod trust;
mod vouch;

pub use body::{Keyring, Reader, Role, check_days};
pub use chain::{Chain, Verified};
pub use desk::{DeskNote, Device};
pub use desk_error::DeskNoteError;
pub use error::KeyringError;
pub use joining::{DevicePub, Invitation, MAX_INVITATION_BYTES, MAX_JOINING_BYTES, ReaderPub};
pub use published::{Published, desk_file, keyring_file, load_folder};
pub use site::{MAX_SITE_FILES, SITE_FILE, SignedSite, Signers, SiteManifest};
pub use suspension::{Suspension, VoidSuspension, is_suspended, suspension_file};
pub use trust::{MAX_ROOTS_BYTES, TrustRoot};
pub use vouch::{SignedVouch, Vouch, VouchLine, vouch_file};

/// The most root keys.
pub const MAX_ROOTS: usize = 16;
/// The most readers of one epoch.
pub const MAX_READERS: usize = 100;
/// The most devices of one epoch.
pub const MAX_DEVICES: usize = 400;
/// The longest organisation's name, in bytes.
pub const ORGANISATION_BYTES: usize = 200;
/// The longest keyring or desk note with its signatures, in bytes.
pub const MAX_KEYRING_BYTES: usize = 256 << 10;
/// The furthest that the last day of a keyring may lie ahead, in days.
pub const MAX_DAYS: i64 = 400;
/// How far the last day lies ahead if nothing else is said, in days.
pub const DEFAULT_DAYS: i64 = 180;
