//! The words of what doctors find: each finding's code is the id of its message.

use super::Words;
use crate::finding::{Fact, Finding};

/// The words of a finding, with its facts filled in.
#[must_use]
pub fn of_finding(finding: &Finding) -> Words {
    let filled =
        finding.facts.iter().fold(Words::of(finding.code), |words, (name, fact)| match fact {
            Fact::Text(text) => words.with(name, text),
            Fact::Number(number) => words.count(name, *number),
        });
    match &finding.cause {
        Some(cause) => {
            let known = super::of(&**cause);
            filled.why(known.unwrap_or_else(|| Words::english(cause)))
        }
        None => filled,
    }
}
