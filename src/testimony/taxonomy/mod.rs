//! The codes in which testimonies are sorted, read from `config/taxonomy.toml`.
//!
//! Promises: 1. every list and every attribute is known to the types below, so that a slip in the
//! file stops the build's tests; 2. no code stands twice in a list; 3. an unknown but well-formed
//! code in a testimony is kept as it is: older tools must read newer ones.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, Serialize};

use super::limits::CODE;

/// A code: 1 to 48 of `a`–`z`, `0`–`9`, `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

impl Code {
    /// Reads a code; it need not be in any list.
    ///
    /// # Errors
    /// [`NotACode`] if it has other characters or another length.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        let shaped = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if text.is_empty() || text.len() > CODE || !text.bytes().all(shaped) {
            return Err(NotACode);
        }
        Ok(Self(text.to_owned()))
    }

    /// The code itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A code of this program's own text.
    pub(super) fn known(code: &'static str) -> Self {
        debug_assert!(Self::parse(code).is_ok(), "{code} is no code");
        Self(code.to_owned())
    }
}

impl TryFrom<String> for Code {
    type Error = NotACode;
    fn try_from(text: String) -> Result<Self, NotACode> {
        Self::parse(&text)
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

/// The text is no code.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a code of 1 to 48 small letters, digits and hyphens")]
pub struct NotACode;

/// A list of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the list of its own name in config/taxonomy.toml")]
pub enum List {
    Harm,
    Method,
    Role,
    Relation,
    PerpetratorType,
    Involvement,
    Motive,
    PlaceType,
    Place,
    Institution,
    EvidenceKind,
    CustodyEvent,
    ThreatKind,
    ThreatTarget,
    AuthorityResponse,
    Risk,
    RiskFlag,
    Safeguard,
    StatementSigned,
    PersonState,
    Examiner,
    Paper,
    Assistant,
    ReviewerGender,
    Procedure,
    StepOutcome,
    Legal,
    MedicalConsistency,
    AutopsyState,
    Need,
    ConsentUse,
    ConsentBasis,
    ContactMode,
    Reliability,
    ViolationStatus,
    DatePrecision,
    SourceOfValue,
    OfficialPosition,
    EventLink,
    CaseLink,
    Retention,
    Export,
    Language,
}

/// One code of a list and what belongs to it; most attributes stand in one list only.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of the file by its name")]
pub struct Entry {
    /// The code; of list `language`, a BCP 47 tag.
    pub code: String,
    /// Key of the string under which witnesses see it.
    pub ftl: Option<String>,
    /// The reviewers' word.
    pub label: Option<String>,
    /// Family of harms.
    pub group: Option<String>,
    /// HURIDOCS list and code.
    pub esf: Option<String>,
    /// Of harms: `normal`, `high`, `critical`.
    pub sensitivity: Option<String>,
    /// Place in an ordered list, from 0; of risks, the most urgent is 0.
    pub order: Option<u8>,
    /// Of risks: hours within which it should be read.
    pub target_first_read_hours: Option<u16>,
    /// Is it what remains when nothing is chosen?
    #[serde(default)]
    pub default: bool,
    /// Smallest cell of a table that may leave the organisation.
    pub min_group: Option<u16>,
    /// Does this use need a name sooner or later?
    #[serde(default)]
    pub identity_question: bool,
    /// Is it asked twice?
    #[serde(default)]
    pub warn: bool,
    /// Does it qualify the other uses instead of being one?
    #[serde(default)]
    pub modifier: bool,
    /// Of exports: the uses that must be allowed.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Of procedures: stages in their usual order.
    #[serde(default)]
    pub stages: Vec<String>,
    /// Of places and institutions: spellings.
    #[serde(default)]
    pub names: Vec<String>,
    /// Of institutions: what sort.
    pub kind: Option<String>,
    /// Of institutions: languages they read.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Of institutions: do they take anonymous complaints?
    pub accepts_anonymous: Option<bool>,
    /// Of institutions: last day of existence.
    pub valid_to: Option<String>,
    /// Of evidence: the Istanbul Protocol speaks of it.
    #[serde(default)]
    pub istanbul: bool,
    /// Of evidence: the Minnesota Protocol speaks of it.
    #[serde(default)]
    pub minnesota: bool,
    /// Of retention: years, 0 while something is open.
    pub years: Option<u16>,
    /// Of retention: days before anything is destroyed.
    pub cooling_off_days: Option<u16>,
    /// Of languages: how sure we are of its strings.
    pub confidence: Option<String>,
    /// Of languages: made from which other.
    pub derived_from: Option<String>,
    /// The day since which it is no longer offered.
    pub retired: Option<String>,
}

/// All lists.
pub struct Taxonomy {
    lists: BTreeMap<List, Vec<Entry>>,
}

#[derive(Deserialize)]
struct File {
    meta: Meta,
    #[serde(flatten)]
    lists: BTreeMap<List, Vec<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Meta {
    schema: String,
    #[expect(dead_code, reason = "says to people how old the file is")]
    date: crate::clock::Day,
    #[expect(dead_code, reason = "the locales are checked against crate::locale")]
    languages_ui: Vec<String>,
    open: Vec<List>,
}

impl Taxonomy {
    /// The taxonomy that this program was built with.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the file is part of the program and read by a test")]
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<Taxonomy> = LazyLock::new(|| {
            Taxonomy::parse(include_str!("../../../config/taxonomy.toml"))
                .expect("the embedded taxonomy is well-formed")
        });
        &EMBEDDED
    }

    /// Reads a taxonomy file.
    ///
    /// # Errors
    /// [`TaxonomyError`] if the file is no taxonomy of this schema, or a code stands twice.
    pub fn parse(text: &str) -> Result<Self, TaxonomyError> {
        let File { meta, lists } = toml::from_str(text)?;
        if meta.schema != "testimony-taxonomy/1" || meta.open.iter().any(|l| !lists.contains_key(l))
        {
            return Err(TaxonomyError::Schema);
        }
        for entries in lists.values() {
            let mut seen = std::collections::BTreeSet::new();
            if let Some(twice) = entries.iter().find(|entry| !seen.insert(&entry.code)) {
                return Err(TaxonomyError::Twice(twice.code.clone()));
            }
        }
        Ok(Self { lists })
    }

    /// The entries of a list, in the order of the file.
    #[must_use]
    pub fn list(&self, list: List) -> &[Entry] {
        self.lists.get(&list).map_or(&[], Vec::as_slice)
    }

    /// The entry of a code, if the list has it.
    #[must_use]
    pub fn find(&self, list: List, code: &str) -> Option<&Entry> {
        self.list(list).iter().find(|entry| entry.code == code)
    }

    /// How urgent a risk is: 0 is the most urgent; an unknown code counts as urgent as `unsaid`.
    #[must_use]
    pub fn urgency(&self, risk: &str) -> u8 {
        let order = |code| self.find(List::Risk, code).and_then(|entry| entry.order);
        order(risk).or_else(|| order("unsaid")).unwrap_or(0)
    }
}

/// Why a file is no taxonomy.
#[derive(Debug, thiserror::Error)]
pub enum TaxonomyError {
    /// It is no TOML of this shape.
    #[error("not a taxonomy: {0}")]
    Shape(#[from] toml::de::Error),
    /// It names another schema, or an open list that is not there.
    #[error("not a taxonomy of schema testimony-taxonomy/1, or it opens a list it does not have")]
    Schema,
    /// A list has a code twice.
    #[error("the code {0} stands twice in its list")]
    Twice(String),
}

#[cfg(test)]
mod tests;
