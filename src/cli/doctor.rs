//! `sandyk ROLE doctor`: what the doctor of a role found, said to the person.
//!
//! Promises: 1. level, code and figures go to stdout, the same in every language; what is, why it matters
//! and what to do go to stderr, in the person's; 2. `--json` has all of it in one document; 3. it
//! leaves with 3 if anything is to be done, with 0 if not.
//! Spec: `docs/cli.md`, "Doctor".

use serde::Serialize;

use super::{
    exit::{CliError, Exit},
    out::{Format, Out},
};
use crate::{
    clock::Day,
    finding::{self, Fact, Finding, Level},
};

/// All that the doctor of one role found; one JSON document.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) schema: &'static str,
    pub(super) role: &'static str,
    pub(super) day: Day,
    pub(super) worst: Level,
    pub(super) findings: Vec<Finding>,
}

/// Says what was found, the most pressing first.
pub(super) fn tell(
    role: &'static str,
    mut findings: Vec<Finding>,
    day: Day,
    out: &mut Out,
) -> Result<Exit, CliError> {
    finding::sort(&mut findings);
    let worst = finding::worst(&findings);
    if out.format() == Format::Json {
        out.json(&Report { schema: "doctor/1", role, day, worst, findings })?;
    } else {
        for finding in &findings {
            out.line(in_one_line(finding))?;
            out.finding(finding);
        }
    }
    Ok(if worst >= Level::Soon { Exit::Refused } else { Exit::Done })
}

/// Level, code and figures; programs that read lines find the same in every language.
pub(super) fn in_one_line(finding: &Finding) -> String {
    let Finding { level, code, facts, .. } = finding;
    let facts = facts.iter().map(|(_, fact)| match fact {
        Fact::Text(text) => text.clone(),
        Fact::Number(number) => number.to_string(),
    });
    let about = match finding.about.as_str() {
        "" => facts.collect::<Vec<_>>().join(", "),
        about => about.to_owned(),
    };
    // What presses stands out without colour.
    let level = match level {
        Level::Good | Level::Note => level.to_string(),
        Level::Soon | Level::Now => level.to_string().to_uppercase(),
    };
    format!("{level:<4}  {code:<24}  {about}").trim_end().to_owned()
}
