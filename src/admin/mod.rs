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
//! ```
//!
//! Promises: 1. nothing is published that the server, `sync` or `review` would refuse; 2. a
//! published file is never overwritten with another; 3. what is signed is checked before, against
//! what was published; 4. a changed draft loses its signatures; 5. no root key is written in
//! clear, and no two under one passphrase; 6. no function here asks a terminal, the clock or the
//! network for anything.
//! Does not: add readers after the first keyring, retire, suspend, recover.
//! Spec: `docs/format/keyring.md`.

mod draft;
mod error;
mod folder;
mod found;
mod publish;
mod root_key;
mod sign;
mod site;
mod view;

pub use draft::{Added, Entrant, add, renew};
pub use error::AdminError;
pub use folder::{Ceremony, Draft};
pub use found::{Founded, Founding, found, invite};
pub use publish::{Outcome, publish, verify};
pub use root_key::RootKey;
pub use sign::{Progress, check_draft, sign};
pub use site::{publish_site, read_site, sign_site};
pub use view::{Concern, DeviceView, KeyringView, ReaderView, RootView};
