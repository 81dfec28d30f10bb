//! Who was there: the harmed, the responsible, others; and where.

use serde::{Deserialize, Serialize};

#[cfg(doc)]
use super::super::limits::{LINE, NAME, NOTE};
use super::Code;

/// First-hand or not: asked because courts and international bodies ask.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Knowledge {
    /// It happened to me.
    Lived,
    /// I saw it.
    Saw,
    /// I heard it.
    Heard,
    /// Others told me.
    Told,
    /// I concluded it.
    Inferred,
    /// No answer.
    Unsaid,
}

/// Yes, no, or not known.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tri {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Not known.
    Unknown,
}

/// A place by code, by words, or both.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// List `place_type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Code>,
    /// List `place` or `institution`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// As typed, [`LINE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// A person who was harmed; the name, if given, is in the identity under the same number.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Affected {
    /// Number of this person in the testimony, from 1.
    pub r#ref: u16,
    /// List `relation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<Code>,
    /// Such as "my brother", [`LINE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// A number or a range as typed, [`NAME`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<String>,
    /// Under 18.
    #[serde(default)]
    pub child: bool,
    /// List `person_state`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Code>,
    /// As typed, [`NAME`]: opens the consular way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citizenship: Option<String>,
    /// List `consent_basis`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Code>,
}

/// A person or group who did it; the name, if given, is in the identity under `named`.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Responsible {
    /// List `perpetrator_type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Code>,
    /// What they said they were, [`LINE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<String>,
    /// Uniform, rank, car, nickname; [`NOTE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noticed: Option<String>,
    /// How many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u16>,
    /// List `involvement`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub involvement: Option<Code>,
    /// How it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knowledge: Option<Knowledge>,
    /// Number of the name in the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<u16>,
}

/// Other witnesses, without names.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherWitnesses {
    /// How many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u16>,
    /// Who they are, [`LINE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// They fear reprisal.
    #[serde(default)]
    pub fear_reprisal: bool,
    /// They may be asked.
    #[serde(default)]
    pub may_be_asked: bool,
}
