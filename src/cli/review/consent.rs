//! `sandyk review consent`: what a witness agreed to, version by version, and what that allows now.

use clap::Args;
use serde::Serialize;

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        review::{read, sitting::short, standing, words},
    },
    clock::Week,
    digest::Digest,
    id::TestimonyId,
    review::{Agreed, MayNot, Order, Session, Standing, Version},
    testimony::{Code, List, Tri},
};

#[derive(Args)]
pub(super) struct ConsentArgs {
    /// The testimony: the beginning of its id
    id: String,
    /// Say only whether it may be used for this: a code of the list of uses, such as court
    #[arg(long = "for", value_name = "USE")]
    what: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    testimony: TestimonyId,
    first: TestimonyId,
    #[serde(flatten)]
    now: Now,
    withdrawn: Option<standing::Taken>,
    versions: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    id: TestimonyId,
    week: Option<Week>,
    /// SHA-256 of the page on which it was given.
    page: Digest,
    freely: Option<Tri>,
    /// Whether it was written after all that stands before it.
    in_order: bool,
    #[serde(flatten)]
    now: Now,
}

/// What was agreed to from one version on.
#[derive(Serialize)]
struct Now {
    uses: Vec<Code>,
    ask_first: bool,
    conditions: Vec<String>,
}

impl From<Agreed> for Now {
    fn from(agreed: Agreed) -> Self {
        let Agreed { uses, ask_first, conditions } = agreed;
        Self { uses, ask_first, conditions }
    }
}

impl From<Version> for Row {
    fn from(version: Version) -> Self {
        let Version { id, week, page, freely, order, agreed } = version;
        Self { id, week, page, freely, in_order: order == Order::Kept, now: agreed.into() }
    }
}

pub(super) fn run(args: &ConsentArgs, session: &Session, out: &mut Out) -> Result<Exit, CliError> {
    let id = read::find(&args.id, session)?;
    let standing = session.standing(id).ok_or_else(|| standing::may_not(&MayNot::Unknown))?;
    if let Some(what) = &args.what {
        standing.allows(what).map_err(|why| standing::may_not(&why))?;
    }
    if out.format() == Format::Json {
        let Standing { versions, agreed, withdrawn } = standing;
        out.json(&Answer {
            testimony: id,
            first: session.threads().first_of(id),
            now: agreed.into(),
            withdrawn: withdrawn.map(standing::Taken::from),
            versions: versions.into_iter().map(Row::from).collect(),
        })?;
        return Ok(Exit::Done);
    }
    out.line(format!("Testimony {}", short(&id.to_string())))?;
    standing::banner(id, session, out)?;
    out.fact("May be used for", &standing::in_words(&standing))?;
    if standing.agreed.ask_first {
        out.fact("", "ASK FIRST, every time")?;
    }
    standing.agreed.conditions.iter().try_for_each(|text| out.said("Only if", text))?;
    out.heading("What the witness said, the oldest first")?;
    for Version { id, week, page, freely, order, agreed } in &standing.versions {
        let week = week.map_or_else(String::new, |week| format!(" in week {week}"));
        let uses = if agreed.uses.is_empty() {
            "keep only".to_owned()
        } else {
            words::all(List::ConsentUse, &agreed.uses)
        };
        out.item(2, &format!("{}{week}: from then on {uses}", short(&id.to_string())))?;
        if freely.is_some() {
            out.item(4, standing::free(*freely))?;
        }
        if *order == Order::Broken {
            out.item(
                4,
                "NOT IN ORDER: written before something that stands above it; only narrows",
            )?;
        }
        out.item(4, &format!("page as shown, sha-256 {page}"))?;
    }
    Ok(Exit::Done)
}
