//! `sandyk review settle`: people have talked about a split view; the evidence stays.

use clap::Args;

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        words::{Told as _, Words},
    },
    clock::{Clock as _, SystemClock},
    review::{Session, pick},
};

#[derive(Args)]
pub(super) struct SettleArgs {
    /// The reader whom the server showed another feed; without it, shows what was settled before
    #[arg(value_name = "READER", requires = "why")]
    reader: Option<String>,
    /// What people found out and decided, in your words
    #[arg(long, value_name = "TEXT", requires = "reader")]
    why: Option<String>,
}

pub(super) fn run(
    args: &SettleArgs,
    session: &mut Session,
    out: &mut Out,
) -> Result<Exit, CliError> {
    let (Some(reader), Some(why)) = (&args.reader, &args.why) else {
        return show(session, out);
    };
    if why.trim().is_empty() {
        return Err(CliError::usage("it is not said what was decided")
            .kept("nothing was written; the alarm stands")
            .words(Words::of("settle-why")));
    }
    let splits = session.split_readers();
    let reader = pick(reader, splits).map_err(|e| {
        CliError::failed(&e)
            .kept("nothing was written; the alarm stands")
            .advice("name the reader as the alarm of a split view names them")
            .words(Words::of("settle-reader").why(e.words()))
    })?;
    let settled = session.settle(reader, why, SystemClock.today()).map_err(|e| {
        CliError::failed(format!("settled.json beside your keys: {e}"))
            .kept("what was there is as it was; the alarm stands")
            .advice("put the file back from your copy, or free the disk")
            .words(Words::of("settle-file").why(e.words()))
    })?;
    if out.format() == Format::Json {
        out.json(&settled)?;
    } else {
        out.line(format!("{} views of reader {reader} are settled", settled.len()))?;
        out.tell(
            "Settled for you alone; the evidence stays in the casebook and in settled.json.",
            &Words::of("settled-alone"),
        );
        out.tell("Any other view of theirs is an alarm as before.", &Words::of("settled-others"));
    }
    Ok(Exit::Done)
}

fn show(session: &Session, out: &mut Out) -> Result<Exit, CliError> {
    let all = session.settled();
    if out.format() == Format::Json {
        out.json(&all)?;
        return Ok(Exit::Done);
    }
    for one in all {
        out.line(format!("reader {}, {} events, settled on {}", one.reader, one.size, one.day))?;
        out.fact("Their root", &one.root.to_string())?;
        let ours = one.ours.map_or_else(|| "fewer events".to_owned(), |root| root.to_string());
        out.fact("Your root", &ours)?;
        out.said("Why", &one.why)?;
    }
    Ok(if all.is_empty() { Exit::NothingToDo } else { Exit::Done })
}
