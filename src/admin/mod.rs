//! The ceremony: how administrators make root keys, take readers in, sign and publish.
//!
//! Everything happens in one folder, without a network: files in, files out. The folder can be
//! carried from machine to machine so that each root signs where its holder is.
//!
//! ```text
//! ceremony/
//!   ceremony.json             addresses for invitations
//!   roots.txt                 the roots, public
//!   root-1.age … root-N-spare.age   root keys, each under its own passphrase: to be carried apart
//!   draft/keyring.txt desk.txt      what is to be signed next
//!   draft/keyring.note desk.note    the same with the signatures so far
//!   published/keyring-0001.note desk-0001.note …   what was published
//!   ahead/keyring-0002.note desk-0002.note …       renewals that were signed ahead, kept
//! ```
//!
//! Promises: 1. nothing is published that the server, `sync` or `review` would refuse; 2. a
//! published file is never overwritten with another; 3. what is signed is checked before, against
//! what was published; 4. a changed draft loses its signatures; 5. no root key is written in
//! clear, and no two under one passphrase; 6. no function here asks a terminal, the clock or the
//! network for anything.
//! Does not: open anything; recover readers' keys (that is `sandyk review recover`).
//! Spec: `docs/format/keyring.md`.

mod ahead;
mod changes;
mod company;
pub mod doctor;
mod draft;
mod edit;
mod error;
mod folder;
mod found;
mod publish;
mod rehearse;
mod root_key;
mod root_pub;
mod sign;
mod signing_file;
mod site;
mod suspend;
mod view;

pub use ahead::{keep, publish_ahead, renew_ahead};
pub use changes::{Changes, Member, Vouched};
pub use company::typed_back;
pub use draft::{Base, Draft, Purpose, Quorum};
pub use edit::{Entrant, RootChange, Term, add, change_roots, renew, retire};
pub use error::AdminError;
pub use folder::Ceremony;
pub use found::{Founded, Founding, found, found_with, invite};
pub use publish::{Outcome, adopt, publish, verify};
pub use rehearse::{Scratch, Walked, cast_readers};
pub use root_key::RootKey;
pub use root_pub::{read_root_pub, write_root_pub};
pub use sign::{Progress, check_draft, sign};
pub use signing_file::SigningFile;
pub use site::{publish_site, read_site, sign_site};
pub use suspend::{Suspending, find_device, suspend};
pub use view::{Concern, DeviceView, KeyringView, ReaderView, RootView};
