//! The structured answers: detention, health, threats, evidence, reports, consent.

use serde::{Deserialize, Serialize};

#[cfg(doc)]
use super::super::limits::{LINE, NAME, NOTE};
use super::{Code, FuzzyDate, Place, Tri};
use crate::digest::Digest;

/// Where a file comes from.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The witness made it.
    MadeByMe,
    /// The person who made it gave it.
    GivenByMaker,
    /// Somebody else gave it.
    GivenByOther,
    /// It is from the internet.
    FromInternet,
    /// It is from a case file.
    FromCaseFile,
    /// It was found.
    Found,
    /// No answer.
    Unsaid,
}

/// Being held: the real moment and the official one, safeguards, what was signed.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detention {
    /// When the person was really taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<FuzzyDate>,
    /// When it was written down officially.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered: Option<FuzzyDate>,
    /// When the person was let go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<FuzzyDate>,
    /// Where, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// Codes of list `safeguard`, each with its answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub safeguards: Vec<(Code, Tri)>,
    /// What the person was accused of, [`LINE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accused_of: Option<String>,
    /// List `statement_signed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<Code>,
    /// List `motive`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub motives: Vec<Code>,
}

/// Injuries, treatment, examinations.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// As typed, [`NOTE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// By doctors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examinations: Vec<Examination>,
    /// An examination was asked for and refused.
    #[serde(default)]
    pub refused: bool,
    /// What is needed now, [`LINE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgent: Option<String>,
}

/// One examination by a doctor.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Examination {
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<FuzzyDate>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// List `examiner`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Code>,
    /// Were guards in the room?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others_present: Option<Tri>,
    /// List `paper`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<Code>,
    /// List `medical_consistency`, only as quoted from the report itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency: Option<Code>,
}

/// One threat, attack or act of pressure.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threat {
    /// List `threat_kind`; the form leaves it to the reviewers.
    pub kinds: Vec<Code>,
    /// List `threat_target`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Code>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<FuzzyDate>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// List `perpetrator_type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Code>,
    /// What was said or done, [`NOTE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// List `authority_response`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorities: Vec<Code>,
    /// Papers, telephone, camera that were taken; [`LINE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<String>,
    /// To whom it was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Report>,
}

/// Something that exists but was not sent.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownEvidence {
    /// List `evidence_kind`; `unsaid` from the form, which asks for words only.
    pub kind: Code,
    /// Who keeps it, [`LINE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<String>,
    /// May be seized or destroyed.
    #[serde(default)]
    pub at_risk: bool,
    /// What it is, [`NOTE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// What the witness says about a file; its name, size and digest are with the exhibits.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// Number of the exhibit, from 1; 0 for all of them together, as the form asks.
    pub n: u16,
    /// List `evidence_kind`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Code>,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<FuzzyDate>,
    /// What it shows, [`LINE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows: Option<String>,
    /// Is it the unedited file?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Tri>,
}

/// A complaint or report to somebody.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// List `institution`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Code>,
    /// To whom and what came of it, [`NOTE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<FuzzyDate>,
    /// Registration number as typed, [`NAME`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// List `step_outcome`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Code>,
    /// Not reported, out of fear.
    #[serde(default)]
    pub not_made_fear: bool,
}

/// What may be done with a testimony.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// List `consent_use`; empty, or `keep` alone, is keep only.
    pub uses: Vec<Code>,
    /// Ask before every use.
    pub ask_first: bool,
    /// List `consent_basis`; `unsaid` if the question was left empty.
    pub basis: Code,
    /// SHA-256 of the exact form page on which it was given.
    pub text: Digest,
    /// Such as "only after he is free", [`LINE`] each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// List `relation`: who decides after death.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_death: Option<Code>,
}

/// Somebody typed or translated for the person.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assisted {
    /// List `assistant`.
    pub by: Code,
    /// The text was read back to the person.
    #[serde(default)]
    pub read_back: bool,
    /// The language it was translated from, [`NAME`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter_lang: Option<String>,
}

/// Is a correction or withdrawal free?
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pressure {
    /// Is it?
    pub freely: Tri,
    /// In own words, [`NOTE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}
