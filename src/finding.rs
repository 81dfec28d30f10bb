//! What a doctor found: how much it presses, what is, why it matters and what to do.
//!
//! Promises: 1. a finding that asks for something says all three things, and carries the facts that its
//! words in other languages need; 2. one that is good says what was looked at; 3. none holds a word of
//! a witness: facts are days, counts, ids of readers, names of files.
//! Does not: look at anything; each role has its own doctor. Spec: `docs/cli.md`, "Doctor".

use std::{error::Error, fmt};

use serde::{Serialize, Serializer, ser::SerializeMap as _};

/// How much a finding presses; a later one presses more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It was looked at, and is as it should be.
    Good,
    /// To be known: a price that is paid, or something that could not be seen from here.
    Note,
    /// To be done within days.
    Soon,
    /// To be done today.
    Now,
}

/// Something that words need filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Fact {
    /// A day, a path, an id, a list.
    Text(String),
    /// A count; it chooses the plural, too.
    Number(u64),
}

/// An error that was met.
pub type Cause = Box<dyn Error + Send + Sync>;

/// One thing that a doctor looked at.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// How much it presses.
    pub level: Level,
    /// The same in every language and version: small letters and hyphens.
    pub code: &'static str,
    /// What was looked at, in figures and names.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// What is; empty if it is good.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub what: String,
    /// Why it matters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub next: String,
    /// Whether only people can do it: a step of a drill that a person walks.
    #[serde(skip_serializing_if = "is_not")]
    pub ask: bool,
    /// What its words need filled in, in the order in which it was said.
    #[serde(serialize_with = "as_object", skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<(&'static str, Fact)>,
    /// The error that was met, if that is what was found.
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

impl Finding {
    /// What was looked at and is good, with its figures.
    #[must_use]
    pub fn good(code: &'static str, about: impl fmt::Display) -> Self {
        Self::at(Level::Good, code).about(about)
    }

    /// Something to be known.
    #[must_use]
    pub const fn note(code: &'static str) -> Self {
        Self::at(Level::Note, code)
    }

    /// Something to be done within days.
    #[must_use]
    pub const fn soon(code: &'static str) -> Self {
        Self::at(Level::Soon, code)
    }

    /// Something to be done today.
    #[must_use]
    pub const fn now(code: &'static str) -> Self {
        Self::at(Level::Now, code)
    }

    /// A step that only people can do.
    #[must_use]
    pub fn ask(code: &'static str) -> Self {
        Self { ask: true, ..Self::at(Level::Note, code) }
    }

    /// A finding that presses so much.
    #[must_use]
    pub const fn at(level: Level, code: &'static str) -> Self {
        Self {
            level,
            code,
            about: String::new(),
            what: String::new(),
            why: String::new(),
            next: String::new(),
            ask: false,
            facts: Vec::new(),
            cause: None,
        }
    }

    /// The same, naming what was looked at.
    #[must_use]
    pub fn about(mut self, about: impl fmt::Display) -> Self {
        self.about = about.to_string();
        self
    }

    /// The same, with a fact for its words.
    #[must_use]
    pub fn with(mut self, name: &'static str, fact: impl fmt::Display) -> Self {
        self.facts.push((name, Fact::Text(fact.to_string())));
        self
    }

    /// The same, with a count for its words.
    #[must_use]
    pub fn count<N: TryInto<u64>>(mut self, name: &'static str, count: N) -> Self {
        self.facts.push((name, Fact::Number(count.try_into().unwrap_or(u64::MAX))));
        self
    }

    /// The same, with the error that was met; its words are filled in as `why`.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same, saying in English what is, why it matters and what to do.
    #[must_use]
    pub fn says(mut self, what: impl fmt::Display, why: &str, next: impl fmt::Display) -> Self {
        self.what = what.to_string();
        why.clone_into(&mut self.why);
        self.next = next.to_string();
        self
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Soon => "soon",
            Self::Now => "now",
        })
    }
}

/// What an error says happened, without what was kept and what to do.
#[must_use]
pub fn gist(error: &dyn Error) -> String {
    let text = error.to_string();
    text.split("; ").next().unwrap_or_default().to_owned()
}

/// The most pressing first; what presses alike stays in its order.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
}

/// How much the most pressing one presses.
#[must_use]
pub fn worst(findings: &[Finding]) -> Level {
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Good)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives it by reference")]
const fn is_not(said: &bool) -> bool {
    !*said
}

fn as_object<S: Serializer>(facts: &[(&'static str, Fact)], to: S) -> Result<S::Ok, S::Error> {
    let mut object = to.serialize_map(Some(facts.len()))?;
    facts.iter().try_for_each(|(name, fact)| object.serialize_entry(name, fact))?;
    object.end()
}

#[expect(clippy::ref_option, reason = "serde gives it by reference")]
fn as_text<S: Serializer>(cause: &Option<Cause>, to: S) -> Result<S::Ok, S::Error> {
    cause.as_ref().map(ToString::to_string).serialize(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_pressing_stands_first_and_gives_the_whole_its_level() {
        let mut found =
            vec![Finding::good("a", ""), Finding::now("b"), Finding::note("c"), Finding::now("d")];
        sort(&mut found);
        let codes: Vec<_> = found.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["b", "d", "c", "a"]);
        assert_eq!((worst(&found), worst(&[])), (Level::Now, Level::Good));
    }

    #[test]
    fn its_json_has_the_facts_and_nothing_that_is_empty() {
        let good = serde_json::to_value(Finding::good("clock", "2026-11-22")).unwrap();
        assert_eq!(
            good,
            serde_json::json!({"level": "good", "code": "clock", "about": "2026-11-22"})
        );
        let found = Finding::soon("x").count("days", 7).with("last", "2026-11-29");
        let found = found.because(std::io::Error::other("no")).says("is", "matters", "do");
        let json = serde_json::json!({"level": "soon", "code": "x", "what": "is", "why": "matters",
            "next": "do", "facts": {"days": 7, "last": "2026-11-29"}, "cause": "no"});
        assert_eq!(serde_json::to_value(found).unwrap(), json);
    }
}
