//! The account: what was said, without names.

use serde::{Deserialize, Serialize};

mod check;
mod parts;
mod people;

pub use parts::{
    Assisted, Attachment, Consent, Detention, Examination, Health, KnownEvidence, Origin, Pressure,
    Report, Threat,
};
pub use people::{Affected, Knowledge, OtherWitnesses, Place, Responsible, Tri};

#[cfg(doc)]
use super::limits::{ATTACHMENTS, STORY};
use super::{Code, FuzzyDate, Triage};
use crate::id::TestimonyId;

/// The words of one testimony and the structured answers beside them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Urgency, role, wishes.
    pub triage: Triage,
    /// The schema, [`SCHEMA`](super::SCHEMA).
    pub schema: String,
    /// The testimony's random name.
    pub id: TestimonyId,
    /// The earlier testimony that this one adds to or corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<TestimonyId>,
    /// As typed, [`STORY`]; may be empty if something else is given.
    pub story: String,
    /// How most of the story is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knowledge: Option<Knowledge>,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<FuzzyDate>,
    /// Where it happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// Who was harmed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affected: Vec<Affected>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub responsible: Vec<Responsible>,
    /// Who else saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others: Option<OtherWitnesses>,
    /// Being held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detention: Option<Detention>,
    /// Injuries and health.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// Threats and reprisals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub threats: Vec<Threat>,
    /// What exists but was not sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_evidence: Vec<KnownEvidence>,
    /// What the witness says about the files, at most [`ATTACHMENTS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// To whom it was reported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<Report>,
    /// List `need`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Code>,
    /// What may be done with it.
    pub consent: Consent,
    /// Who helped to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assisted: Option<Assisted>,
    /// Asked on corrections and withdrawals: is it free?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure: Option<Pressure>,
}
