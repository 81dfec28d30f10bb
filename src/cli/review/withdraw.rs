//! `sandyk review withdraw-requests`: what witnesses took back, and what waits for whom.

use serde::Serialize;

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        review::{
            sitting::short,
            standing::{Taken, free},
        },
        words::{Told as _, Words},
    },
    clock::{Clock as _, Day, SystemClock},
    id::TestimonyId,
    review::{Member, NotProven, Session, Withdrawn},
    testimony::Kind,
};

/// The answer as JSON.
#[derive(Serialize)]
struct Answer {
    withdrawn: Vec<Row>,
    not_proven: Vec<Claim>,
}

/// One thread that was withdrawn.
#[derive(Serialize)]
struct Row {
    /// The first testimony that is here of the thread.
    first: TestimonyId,
    #[serde(flatten)]
    withdrawn: Taken,
    /// Everything of the thread: each needs an order of its own to be forgotten.
    testimonies: Vec<TestimonyId>,
    /// Whether the time is over in which it may not be destroyed.
    cooled_off: bool,
    /// Those of them for which an order waits.
    ordered: Vec<TestimonyId>,
}

/// A withdrawal that is not proven to come from the witness, and so changes nothing.
#[derive(Serialize)]
struct Claim {
    id: TestimonyId,
    names: TestimonyId,
    why: String,
    #[serde(skip)]
    words: Words,
}

pub(super) fn run(session: &Session, out: &mut Out) -> Result<Exit, CliError> {
    let threads = session.threads();
    let mut answer = Answer { withdrawn: rows(session), not_proven: Vec::new() };
    for first in threads.firsts() {
        let claims = threads.strangers(first).filter(|(member, _)| member.kind == Kind::Withdrawal);
        let claim = |(member, why): (&Member, NotProven)| Claim {
            id: member.id,
            names: first,
            why: why.to_string(),
            words: why.words(),
        };
        answer.not_proven.extend(claims.map(claim));
    }
    if out.format() == Format::Json {
        out.json(&answer)?;
    } else {
        answer.withdrawn.iter().try_for_each(|row| row.write(out))?;
    }
    for Claim { id, names, why, words } in &answer.not_proven {
        let (id, names) = (short(&id.to_string()), short(&names.to_string()));
        out.tell(
            format!("{id} says to withdraw {names}; not proven, changes nothing: {why}"),
            &Words::of("withdraw-not-proven")
                .with("id", &id)
                .with("names", &names)
                .why(words.clone()),
        );
    }
    if answer.withdrawn.is_empty() {
        out.tell("No witness has taken anything back that is proven.", &Words::of("withdraw-none"));
        return Ok(Exit::NothingToDo);
    }
    Ok(Exit::Done)
}

/// What is withdrawn, the oldest first.
fn rows(session: &Session) -> Vec<Row> {
    let (today, threads) = (SystemClock.today(), session.threads());
    let ordered: Vec<TestimonyId> = session.pending().iter().map(|p| p.testimony).collect();
    let mut rows = Vec::new();
    for first in threads.firsts() {
        let Some(withdrawn) = session.standing(first).and_then(|standing| standing.withdrawn)
        else {
            continue;
        };
        if threads.thread(first).all(|member| member.kind == Kind::Withdrawal) {
            continue;
        }
        let testimonies: Vec<_> = threads.thread(first).map(|member| member.id).collect();
        rows.push(Row {
            first,
            cooled_off: is_over(&withdrawn, today),
            ordered: testimonies.iter().filter(|id| ordered.contains(id)).copied().collect(),
            withdrawn: withdrawn.into(),
            testimonies,
        });
    }
    rows.sort_by_key(|row| (row.withdrawn.destroy_from, row.first));
    rows
}

impl Row {
    fn write(&self, out: &mut Out) -> Result<(), CliError> {
        let Self { first, withdrawn, testimonies, cooled_off, ordered } = self;
        let Taken { id, week, destroy_from, freely } = withdrawn;
        let (first, id) = (short(&first.to_string()), short(&id.to_string()));
        let week = week.map_or_else(String::new, |week| format!(" in week {week}"));
        out.line(format!("{first}  withdrawn by {id}{week}; {}", free(*freely)))?;
        let day = destroy_from.map_or_else(|| "no known day".to_owned(), |day| day.to_string());
        if *cooled_off {
            out.item(10, &format!("the time to think is over since {day}; two guardians:"))?;
            for id in testimonies.iter().filter(|id| !ordered.contains(id)) {
                let id = short(&id.to_string());
                out.item(10, &format!("sandyk review forget {id} --reason withdrawn"))?;
            }
        } else {
            out.item(10, &format!("use has stopped; nothing is destroyed before {day}"))?;
        }
        ordered.iter().try_for_each(|id| {
            out.item(10, &format!("{} is to be forgotten by an order", short(&id.to_string())))
        })
    }
}

fn is_over(withdrawn: &Withdrawn, today: Day) -> bool {
    withdrawn.destroy_from.is_some_and(|from| today >= from)
}
