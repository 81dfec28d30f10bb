//! `sandyk sync checkpoint` and `compare`: whether two readers were shown the same feed.

use std::path::PathBuf;

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        sync::explain,
        words::{Told as _, Words},
    },
    files,
    sync::{self, Compared, View},
};

#[derive(Debug, clap::Args)]
pub(super) struct CheckpointArgs {
    /// The workspace folder.
    #[arg(long, value_name = "DIR")]
    workspace: PathBuf,
    /// Only so many events: as many as the other reader has.
    #[arg(long, value_name = "N")]
    at: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(super) struct CompareArgs {
    /// The workspace folder.
    #[arg(long, value_name = "DIR")]
    workspace: PathBuf,
    /// The checkpoint.note from the other reader's workspace.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// What this reader has: a number and six groups of digits.
pub(super) fn checkpoint(args: &CheckpointArgs, out: &mut Out) -> Result<Exit, CliError> {
    let held = sync::view(&args.workspace, args.at).map_err(|error| explain(&error))?;
    let spoken = held.root.spoken();
    if out.format() == Format::Json {
        let View { size, root, note } = held;
        out.json(
            &serde_json::json!({ "size": size, "root": root, "spoken": spoken, "note": note }),
        )?;
        return Ok(Exit::Done);
    }
    out.line(format!("{} events", held.size))?;
    out.item(4, &spoken)?;
    out.tell(
        "Read both to another reader by voice; at the same number of events the six groups must\nbe \
         the same. Whoever has more events adds --at with the smaller number.",
        &Words::of("checkpoint-read"),
    );
    Ok(Exit::Done)
}

/// Whether another reader was shown the same feed.
pub(super) fn compare(args: &CompareArgs, out: &mut Out) -> Result<Exit, CliError> {
    let theirs = files::load_plain_text(&args.file, MAX_NOTE).map_err(|e| {
        CliError::failed(format!("{}: {e}", args.file.display()))
            .kept("everything")
            .advice("name the checkpoint.note from the other reader's workspace")
            .words(Words::of("compare-file").with("file", args.file.display()).why(e.words()))
    })?;
    match sync::compare(&args.workspace, &theirs).map_err(|error| explain(&error))? {
        Compared::Same { size } => {
            out.line(format!("the same: both of you were shown the same first {size} events"))?;
            Ok(Exit::Done)
        }
        Compared::Ahead { theirs, ours } => {
            Err(CliError::failed(format!("they have {theirs} events, you have {ours}"))
                .kept("everything")
                .advice("sync, then compare again; or let them compare with your checkpoint.note")
                .words(Words::of("compare-ahead").with("theirs", theirs).with("ours", ours)))
        }
    }
}

/// Longest checkpoint of another reader, in bytes.
const MAX_NOTE: u64 = 16 * 1024;
