//! What reviewers know together: signed, sealed, append-only entries and what they add up to.
//!
//! An entry is one act of one reader: open a case, link a testimony, tag, remark, answer a witness,
//! "I have read this". [`Entry`] is how it is written and signed, [`CasebookKey`] what it is sealed to,
//! [`prove()`] finds out which entries are proven, and [`Casebook::fold`] adds them up.
//!
//! Promises:
//! 1. An entry counts only if it is signed by a reader of the keyring that it names, for this
//!    organisation, and continues the chain of that reader without a gap.
//! 2. What is not proven changes nothing, is named as a [`Fault`], and stops nobody else's entries.
//! 3. The order is the feed's, never that of a claimed day: who has the same feed has the same
//!    casebook.
//! 4. An act of a newer version is kept and counted, never half-read.
//! 5. A casebook key is used only under a valid signature of a reader.
//!
//! Does not: read or write files, keep keys, know what a testimony says. Entries stay sealed to the
//! key of their time; a new reader gets an envelope of that key, and a retired one's goes (the
//! format says why that is enough). Dropping bodies is not built; the chain allows it.
//! Spec: `docs/format/casebook.md`.

mod entry;
mod fold;
mod key;
mod op;
mod prove;

pub use entry::{Draft, Entry, EntryError, Head, Signer};
pub use fold::{Case, Casebook, Link, Mark, Remark, View, Written};
pub use key::{CasebookKey, KeyError};
pub use op::{MAX_NOTE, MAX_TEXT, MAX_TITLE, Op, Tag, TagError, TargetId};
pub use prove::{Cause, Fault, Found, Position, Proven, Roster, prove};
