//! The sealed format: what a testimony is on disk and on the wire.
//!
//! What it is: four plain age v1 files (cover, account, identity, exhibits) under two keys made
//! for this testimony alone, and one small age file per reader and key, the envelopes.
//!
//! Promises: 1. the cover binds the other parts by their hashes, and nothing opens that does not
//! match it; 2. which key opens what is a type: an account key opens no identity; 3. sizes tell
//! steps, not lengths; 4. the keys of a testimony seal its envelopes once and are wiped; 5. a file
//! of any size passes in at most 1.2 MiB of memory; 6. what opens (`open`) compiles only with the
//! feature `open`, so a server has no such code.
//!
//! Does not: say who wrote a testimony, hide that one was written, or choose who may read it (the
//! keyring does).
//!
//! Spec: `docs/format/sealed.md`; <https://c2sp.org/age>.
//!
//! Keys used once are gone after:
//! ```compile_fail,E0382
//! # use sandyk::{keyring::{Keyring, Verified}, sealed::TestimonyKeys};
//! fn twice(keys: TestimonyKeys, keyring: &Verified<Keyring>) {
//!     let _ = keys.into_envelopes(keyring);
//!     let _ = keys.into_envelopes(keyring);
//! }
//! ```
//! and no secret can be printed:
//! ```compile_fail,E0277
//! # use sandyk::sealed::TestimonyKeys;
//! fn leak(keys: TestimonyKeys) {
//!     println!("{keys:?}");
//! }
//! ```
//! nor can one part be passed off as another:
//! ```compile_fail,E0308
//! # use sandyk::{sealed::{SealError, Sealed, TestimonyRecipients, part}, testimony::Identity};
//! fn mix(to: &TestimonyRecipients, names: &Identity) -> Result<Sealed<part::Account>, SealError> {
//!     to.seal_identity(names)
//! }
//! ```
//! This is how it is meant:
//! ```
//! # use sandyk::{keyring::{Keyring, Verified}, sealed::{SealError, TestimonyKeys}};
//! # use sandyk::testimony::{Account, Identity};
//! fn seal(
//!     keys: TestimonyKeys,
//!     keyring: &Verified<Keyring>,
//!     account: &Account,
//!     identity: &Identity,
//! ) -> Result<(), SealError> {
//!     let (recipients, envelopes) = keys.into_envelopes(keyring)?;
//!     let account = recipients.seal_account(account)?;
//!     let identity = recipients.seal_identity(identity)?;
//! #   let _ = (envelopes, account, identity);
//!     Ok(())
//! }
//! ```

#[cfg(any(feature = "open", feature = "admin"))]
pub mod armour;
mod container;
mod cover;
mod error;
mod exhibits;
mod keys;
#[cfg(feature = "serve")]
pub mod once;
#[cfg(feature = "open")]
pub mod open;
#[cfg(any(feature = "open", feature = "admin"))]
pub mod open_passfile;
#[cfg(any(feature = "open", feature = "nojs-replies"))]
pub mod open_reply;
pub mod part;
pub mod passfile;
mod reply;
mod seal;

pub use container::ExhibitAbout;
pub use cover::Cover;
pub use error::SealError;
pub use exhibits::{Completeness, ExhibitsWriter};
pub use keys::{ReaderEnvelopes, TestimonyKeys, TestimonyRecipients};
pub use part::Sealed;
pub use reply::{MAX_SEALED_REPLY, REPLY_SIZES, seal_reply};
pub use seal::seal_to;

/// Sizes of an account before sealing, in bytes; no other sizes exist.
pub const ACCOUNT_SIZES: [usize; 4] = [16 << 10, 64 << 10, 256 << 10, 1 << 20];

/// Size of an identity before sealing, in bytes.
pub const IDENTITY_SIZE: usize = 64 << 10;

/// Size of a cover before sealing, in bytes.
pub const COVER_SIZE: usize = 4 << 10;

/// The smallest size of exhibits before sealing, in bytes.
pub const EXHIBITS_MIN: u64 = 64 << 10;

/// Length of one piece of an exhibit, in bytes; only the last piece of one may be shorter.
pub const PIECE: usize = 1 << 20;

/// Most exhibits in one testimony.
pub const MAX_EXHIBITS: u16 = 9_999;

#[cfg(test)]
#[cfg(feature = "open")]
mod tests;
