//! The fields of the one form: names, limits, and the part they go to.

use super::choices::{self, Choice};
use crate::testimony::limits::{CODE, LINE, NAME, NOTE, STORY};

/// The sealed part in which an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Words, opened by every reader.
    Account,
    /// Names and ways of contact, opened by guardians only.
    Identity,
}

/// How often a field may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Once.
    Once,
    /// A list: as often as [`LIST`](crate::testimony::limits::LIST) says.
    Many,
}

/// One field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name in HTML and in the multipart body.
    pub name: &'static str,
    /// Limit of one value, in bytes.
    pub max: usize,
    /// Where its answer ends.
    pub part: Part,
    /// How often it may be sent.
    pub times: Times,
    /// The answers to choose from; empty for words.
    pub choices: &'static [Choice],
}

impl Field {
    /// The field of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.name == name)
    }

    /// All fields.
    #[must_use]
    pub fn all() -> &'static [Self] {
        FIELDS
    }
}

const fn words(name: &'static str, max: usize) -> Field {
    Field { name, max, part: Part::Account, times: Times::Once, choices: &[] }
}

const fn secret(name: &'static str, max: usize) -> Field {
    Field { name, max, part: Part::Identity, times: Times::Once, choices: &[] }
}

const fn one(name: &'static str, choices: &'static [Choice]) -> Field {
    Field { name, max: CODE, part: Part::Account, times: Times::Once, choices }
}

const fn many(name: &'static str, choices: &'static [Choice]) -> Field {
    Field { name, max: CODE, part: Part::Account, times: Times::Many, choices }
}

/// A box that stands alone; any value ticks it, the form sends `yes`.
const fn tick(name: &'static str) -> Field {
    words(name, CODE)
}

const FIELDS: &[Field] = &[
    // safety
    one("risk", choices::RISK),
    many("risk-flag", choices::RISK_FLAG),
    words("danger", LINE),
    // what happened
    words("story", STORY),
    one("knowledge", choices::KNOWLEDGE),
    many("box", choices::BOX),
    // you and this story
    one("role", choices::ROLE),
    one("behalf", choices::BEHALF),
    tick("read-back"),
    words("translated-from", NAME),
    // when and where
    words("when", LINE),
    words("date", NAME),
    words("where", LINE),
    // detention
    words("taken", LINE),
    words("registered", LINE),
    words("released", LINE),
    words("held-where", LINE),
    words("accused-of", LINE),
    one("signed", choices::SIGNED),
    one("registered-on-time", choices::TRI),
    one("family-told", choices::TRI),
    one("lawyer-before-first-questioning", choices::TRI),
    one("private-talk-with-lawyer", choices::TRI),
    one("medical-examination-on-arrival", choices::TRI),
    one("independent-examination-allowed", choices::TRI),
    one("interpreter", choices::TRI),
    one("judge-within-legal-time", choices::TRI),
    one("allegation-of-torture-recorded", choices::TRI),
    // people
    words("affected-1", LINE),
    secret("affected-1-name", NAME),
    words("affected-1-age", NAME),
    tick("affected-1-child"),
    one("affected-1-state", choices::STATE),
    words("affected-1-citizenship", NAME),
    words("affected-2", LINE),
    secret("affected-2-name", NAME),
    one("affected-2-state", choices::STATE),
    words("affected-3", LINE),
    secret("affected-3-name", NAME),
    one("affected-3-state", choices::STATE),
    words("responsible", NOTE),
    words("responsible-said", LINE),
    one("responsible-kind", choices::BY),
    secret("responsible-name", NAME),
    words("others", LINE),
    tick("others-fear"),
    tick("others-ask"),
    // threats
    words("threat-1", NOTE),
    words("threat-1-when", LINE),
    words("threat-1-where", LINE),
    many("threat-1-target", choices::TARGET),
    one("threat-1-officials", choices::OFFICIALS),
    words("threat-1-loss", LINE),
    words("threat-2", NOTE),
    words("threat-2-when", LINE),
    words("threat-2-where", LINE),
    words("threat-3", NOTE),
    words("threat-3-when", LINE),
    words("threat-3-where", LINE),
    // evidence and health
    words("evidence", NOTE),
    words("evidence-kept", LINE),
    tick("evidence-risk"),
    words("files-show", LINE),
    one("files-origin", choices::ORIGIN),
    words("files-made", LINE),
    one("files-original", choices::TRI),
    words("health", NOTE),
    words("health-urgent", LINE),
    words("exam-when", LINE),
    words("exam-where", LINE),
    one("exam-guards", choices::TRI),
    one("exam-paper", choices::PAPER),
    tick("exam-refused"),
    // reports
    words("report", NOTE),
    words("report-when", LINE),
    words("report-number", NAME),
    tick("report-fear"),
    // consent
    many("consent", choices::CONSENT),
    tick("consent-state"),
    tick("consent-state-sure"),
    tick("ask-first"),
    words("condition", LINE),
    // contact
    Field { part: Part::Identity, ..one("contact", choices::CONTACT) },
    secret("contact-way", LINE),
    secret("contact-when", LINE),
    secret("contact-sign", LINE),
    secret("name", NAME),
    one("wish-gender", choices::GENDER),
    words("wish-lang", CODE),
    words("wish", NAME),
];
