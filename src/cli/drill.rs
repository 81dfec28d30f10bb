//! `sandyk ROLE doctor drill`: a seizure rehearsed step by step.
//!
//! Promises: 1. a drill goes in its own order; 2. it waits for a person where only people can do something,
//! and on a terminal only; 3. codes and exit codes are those of a doctor.
//! Spec: `docs/cli.md`, "Doctor".

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use super::{
    doctor::{Report, in_one_line},
    exit::{CliError, Exit},
    out::{Format, Out},
    words::Words,
};
use crate::{
    clock::Day,
    finding::{self, Finding, Level},
};

/// Walks through a drill step by step; where only people can do something, waits for their word.
pub(super) fn walk(
    role: &'static str,
    mut steps: Vec<Finding>,
    day: Day,
    out: &mut Out,
) -> Result<Exit, CliError> {
    let somebody = out.format() == Format::Table && io::stdin().is_terminal();
    if out.format() == Format::Table {
        for (n, step) in (1_usize..).zip(&mut steps) {
            out.line(format!("{n:>2}. {}", in_one_line(step)))?;
            out.finding(step);
            if somebody && step.ask && !could_be_done(out)? {
                step.level = Level::Soon;
            }
        }
        let undone = steps.iter().filter(|step| step.level >= Level::Soon).count();
        out.tell(
            format!("{undone} of {} steps would not work today.", steps.len()),
            &Words::of("drill-over").count("undone", undone).count("steps", steps.len()),
        );
    }
    let worst = finding::worst(&steps);
    if out.format() == Format::Json {
        out.json(&Report { schema: "drill/1", role, day, worst, findings: steps })?;
    }
    Ok(if worst >= Level::Soon { Exit::Refused } else { Exit::Done })
}

/// Asks the person whether a step could be done; whoever says nothing leaves it for later.
fn could_be_done(out: &mut Out) -> Result<bool, CliError> {
    out.tell(
        "      Could it be done? Type no if not; Enter goes on.",
        &Words::of("drill-could-it"),
    );
    let mut said = String::new();
    io::stdin().lock().take(LONGEST).read_line(&mut said)?;
    Ok(!said.trim().eq_ignore_ascii_case("no"))
}

/// Most bytes of a word that is typed.
const LONGEST: u64 = 64;
