//! What a person says: the account, the identity, and the form they come from.
//!
//! Promises: 1. what a witness typed is stored as typed: no trimming, no Unicode normalisation, no
//! spell-fixing, control characters included; 2. nothing is required but one of story, file,
//! threat, known evidence, affected person; 3. names and ways of contact are in the [`Identity`]
//! and nowhere else; 4. an unknown field is refused and an unknown but well-formed code is kept;
//! 5. nothing that holds a witness's words can be printed: there is no `Debug` and no `Display`.
//!
//! Does not: seal, store, or know what became of the files (`sealed` does).
//! Spec: `docs/format/account.md`.

mod account;
mod date;
mod form;
mod identity;
pub mod limits;
mod taxonomy;
mod triage;

pub use account::{
    Account, Affected, Assisted, Attachment, Consent, Detention, Examination, Health, Knowledge,
    KnownEvidence, Origin, OtherWitnesses, Place, Pressure, Report, Responsible, Threat, Tri,
};
pub use date::{FuzzyDate, NotADate, PartialDate};
pub use form::{BLOCKS, Choice, FILE_FIELD, Field, Form, FormError, Part, Times, choices};
pub use identity::{Contact, Identity, Named};
pub use limits::Bad;
pub use taxonomy::{Code, Entry, List, NotACode, Taxonomy, TaxonomyError};
pub use triage::{Channel, Kind, ReviewerWish, Triage};

/// The schema that accounts and identities written by this version name.
pub const SCHEMA: &str = "testimony/1";
