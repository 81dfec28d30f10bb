//! `sandyk review forget`: two guardians have a testimony forgotten, one guardian stops it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        review::{read, sitting::short},
        words::{Told as _, Words},
    },
    clock::{Clock as _, Day, SystemClock},
    forget::{Reason, WAIT_DAYS},
    id::TestimonyId,
    review::{ForgetActError, Forgotten, Session, SignedFile, pick},
};

#[derive(Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["reason", "order", "object"])))]
pub(super) struct ForgetArgs {
    /// The testimony: the beginning of its id
    #[arg(value_name = "ID", required_unless_present = "order", conflicts_with = "order")]
    id: Option<String>,
    /// Begin an order, for this reason
    #[arg(long, value_name = "REASON")]
    reason: Option<ReasonArg>,
    /// The file to write the order to
    #[arg(long, value_name = "FILE", requires = "reason")]
    to: Option<PathBuf>,
    /// Sign the order in this file as the second guardian
    #[arg(long, value_name = "FILE")]
    order: Option<PathBuf>,
    /// Stop an order that waits
    #[arg(long)]
    object: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReasonArg {
    /// The witness asked for it
    Withdrawn,
    /// That it is kept endangers somebody
    Danger,
    /// It never was a testimony
    NotTestimony,
    /// A law demands it
    Law,
}

impl From<ReasonArg> for Reason {
    fn from(reason: ReasonArg) -> Self {
        match reason {
            ReasonArg::Withdrawn => Self::Withdrawn,
            ReasonArg::Danger => Self::Danger,
            ReasonArg::NotTestimony => Self::NotTestimony,
            ReasonArg::Law => Self::Law,
        }
    }
}

/// The answer as JSON.
#[derive(Serialize)]
struct Answer {
    testimony: TestimonyId,
    order: String,
    guardians: usize,
    roots: usize,
    complete: bool,
}

pub(super) fn run(args: &ForgetArgs, session: &Session, out: &mut Out) -> Result<Exit, CliError> {
    let today = SystemClock.today();
    if let Some(file) = &args.order {
        let signed = session.sign_order(file).map_err(|e| explain(&e))?;
        return tell(&signed, file, out);
    }
    let id = read::find(args.id.as_deref().unwrap_or_default(), session)?;
    if args.object {
        let stopped = session.object(id, today).map_err(|e| explain(&e))?;
        if out.format() == Format::Json {
            out.json(&serde_json::json!({ "testimony": id, "objections": stopped }))?;
        }
        out.tell(
            "Your objection is in the outbox.\n   next: sync now: it stops the order only at the desk",
            &Words::of("objected"),
        );
        return Ok(Exit::Done);
    }
    let reason = args.reason.map(Reason::from).ok_or_else(no_reason)?;
    let name = || PathBuf::from(format!("forget-{}.note", short(&id.to_string())));
    let file = args.to.clone().unwrap_or_else(name);
    let signed = session.order_to_forget(id, (reason, today), &file).map_err(|e| explain(&e))?;
    tell(&signed, &file, out)
}

fn tell(signed: &SignedFile, file: &std::path::Path, out: &mut Out) -> Result<Exit, CliError> {
    let SignedFile { order, votes, handed_in } = signed;
    let answer = Answer {
        testimony: order.testimony,
        order: order.id().to_string(),
        guardians: votes.guardians,
        roots: votes.roots,
        complete: handed_in.is_some(),
    };
    if out.format() == Format::Json {
        out.json(&answer)?;
    } else {
        out.line(order.to_text().trim_end())?;
    }
    let file = file.display();
    if handed_in.is_some() {
        out.tell(
            "The order is complete, and in the outbox for the next sync.",
            &Words::of("order-complete"),
        );
        out.tell(
            format!(
                "From the day it reaches the desk, {WAIT_DAYS} whole days pass; until then any \
                 guardian stops it: sandyk review forget ID --object"
            ),
            &Words::of("order-waits").count("count", WAIT_DAYS),
        );
        return Ok(Exit::Done);
    }
    out.tell(
        format!("Signed into {file}. It is not secret, and does nothing yet."),
        &Words::of("order-signed").with("file", &file),
    );
    if votes.all_guardians > 1 {
        out.tell(
            "Next: give the file to another guardian: sandyk review forget --order FILE",
            &Words::of("order-to-guardian"),
        );
    } else {
        out.tell(
            "Next: a root signs it (sandyk admin forget), then: sandyk review forget --order FILE",
            &Words::of("order-to-root"),
        );
    }
    Ok(Exit::Done)
}

/// A forgotten testimony in a sentence.
pub(super) fn sentence(forgotten: &Forgotten) -> String {
    let Forgotten { id, day, reason, by, .. } = forgotten;
    let (id, by, reason) = (short(&id.to_string()), by.words(), reason.word());
    format!("{id} forgotten on {day} by order of {by} ({reason})")
}

/// The sentence for a forgotten testimony whose id begins so, if there is exactly one.
pub(super) fn find(prefix: &str, session: &Session) -> Option<String> {
    let id = pick(prefix, session.forgotten().iter().map(|f| f.id)).ok()?;
    session.forgotten().iter().find(|f| f.id == id).map(sentence)
}

/// Says which orders wait, so that nobody who could stop them overlooks them.
pub(super) fn say_pending(session: &Session, out: &mut Out) {
    for pending in session.pending() {
        let id = short(&pending.testimony.to_string());
        let (by, reason, day) = (pending.by.words(), pending.reason.word(), pending.day);
        let until: Day = day.plus_days(WAIT_DAYS);
        let words = Words::of("order-pending").with("id", &id).with("reason", reason);
        out.alarm(
            format!(
                "** {id} is to be forgotten ({reason}), by order of {by} of {day}, after {until}.\n   \
                 next: a guardian who objects: sandyk review forget {id} --object"
            ),
            &words.with("day", day).with("until", until),
        );
    }
}

fn explain(error: &ForgetActError) -> CliError {
    let kept = "nothing was signed, nothing is forgotten";
    let said = match error {
        ForgetActError::NotAGuardian => CliError::refused(error)
            .kept(kept)
            .advice("ask a guardian; `sandyk review list` shows what you can do yourself"),
        ForgetActError::NotHere | ForgetActError::NothingWaits => {
            CliError::failed(error).kept(kept).advice("sync first, then try again")
        }
        ForgetActError::OtherLeaf => CliError::refused(error)
            .kept(kept)
            .advice("tell your colleagues: somebody shows you another feed, or another order"),
        ForgetActError::TooEarly { .. } => CliError::refused(error).kept(kept).advice(
            "ask the witness by a reply; if keeping it endangers somebody: --reason danger",
        ),
        ForgetActError::Order(_) => CliError::told(Exit::Refused, error),
        ForgetActError::Io(_) => {
            CliError::failed(error).kept(kept).advice("name another file, or free the disk")
        }
    };
    said.words(error.words())
}

fn no_reason() -> CliError {
    CliError::usage("no --reason").words(Words::of("forget-no-reason"))
}
