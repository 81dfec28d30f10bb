//! `sandyk review leave`: before a border, what a reader has on this machine is destroyed.
//!
//! Promises: 1. without `--destroy ID` it only says what would go; 2. it needs no passphrase, for there may be no
//! time; 3. it says what it cannot reach. Does not: tell anybody; a colleague must know.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        review::{Places, sitting::short, words::size},
        words::{Told as _, Words},
    },
    id::ReaderId,
    review::{LeaveError, Leaving},
};

#[derive(Args)]
pub(super) struct LeaveArgs {
    /// The folder of the device key, to be destroyed too
    #[arg(long, value_name = "DIR", conflicts_with = "keep_device")]
    device: Option<PathBuf>,
    /// Leave the device key alone: it opens nothing, but shows that this machine syncs
    #[arg(long)]
    keep_device: bool,
    /// Do it: your reader id, or its first eight letters; without this it only says what would go
    #[arg(long, value_name = "ID")]
    destroy: Option<String>,
}

#[derive(Serialize)]
struct Left {
    reader: ReaderId,
    files: usize,
    bytes: u64,
    unsent: usize,
    drafts: usize,
    destroyed: bool,
    still_there: Vec<PathBuf>,
}

pub(super) fn run(args: &LeaveArgs, places: &Places, out: &mut Out) -> Result<Exit, CliError> {
    let config = places.resolve()?;
    let keys = config.keys.ok_or_else(|| {
        CliError::usage("no --keys was given")
            .kept("nothing was destroyed")
            .advice("add --keys DIR, and --workspace DIR, --device DIR for the rest")
            .words(Words::of("leave-no-keys"))
    })?;
    if args.device.is_none() && !args.keep_device {
        return Err(CliError::usage("it is not said what becomes of the device key")
            .kept("nothing was destroyed")
            .advice("add --device DIR to destroy it, or --keep-device")
            .words(Words::of("leave-no-device")));
    }
    let plan = Leaving::plan(&keys, config.workspace.as_deref(), args.device.as_deref())
        .map_err(|error| explain(&error))?;
    let mut left = Left {
        reader: plan.reader,
        files: plan.count(),
        bytes: plan.bytes,
        unsent: plan.unsent,
        drafts: plan.drafts,
        destroyed: false,
        still_there: Vec::new(),
    };
    let Some(named) = &args.destroy else { return rehearse(&left, out) };
    let id = plan.reader.to_string();
    if named.len() < LEAST_NAMED || !id.starts_with(named.as_str()) {
        return Err(CliError::refused("that is not the reader whose keys lie there")
            .kept("nothing was destroyed")
            .advice("without --destroy it says what would go, and the id")
            .words(Words::of("leave-other-id")));
    }
    let remains = plan.destroy();
    for (path, error) in &remains {
        out.warn(
            format!("{} is still there: {error}", path.display()),
            &Words::of("leave-still").with("file", path.display()).why(error.words()),
        );
    }
    left.destroyed = true;
    left.still_there = remains.into_iter().map(|(path, _)| path).collect();
    say(&left, out)
}

fn rehearse(left: &Left, out: &mut Out) -> Result<Exit, CliError> {
    if out.format() == Format::Json {
        out.json(left)?;
    } else {
        let id = short(&left.reader.to_string());
        out.line(format!("{} files, {}, of reader {id}", left.files, size(left.bytes)))?;
    }
    let Left { unsent, drafts, .. } = left;
    if *unsent > 0 || *drafts > 0 {
        out.warn(
            format!("lost with it: {unsent} of yours that no sync has handed in, {drafts} drafts"),
            &Words::of("leave-lost").count("unsent", *unsent).count("drafts", *drafts),
        );
    }
    let id = left.reader;
    out.tell(
        format!("Nothing was destroyed. To do it, the same command with: --destroy {id}"),
        &Words::of("leave-not-yet").with("reader", id),
    );
    Ok(Exit::Done)
}

fn say(left: &Left, out: &mut Out) -> Result<Exit, CliError> {
    let id = left.reader;
    if out.format() == Format::Json {
        out.json(left)?;
    } else {
        out.line(format!("{} files of reader {id} are destroyed", left.files))?;
    }
    out.tell(
        "Not reached: copies on sticks and paper, backups of this machine, exhibits taken out elsewhere, and what \
         a flash disk keeps of overwritten blocks. Only a disk that was encrypted as a whole helps there.",
        &Words::of("leave-not-reached"),
    );
    out.steps(&[
        (
            &format!("Tell a colleague the id, by another way: {id}"),
            Words::of("leave-tell").with("reader", id),
        ),
        (
            "An administrator closes the desk to your machine: sandyk admin suspend DEVICE",
            Words::of("leave-suspend"),
        ),
        (
            "If keys may have been copied before: sandyk admin retire READER, at the next keyring.",
            Words::of("leave-retire"),
        ),
        (
            "To come back: your keys from a stick, from paper or from holders; or new keys, two vouches and a rewrap.",
            Words::of("leave-back"),
        ),
    ]);
    Ok(if left.still_there.is_empty() { Exit::Done } else { Exit::Failed })
}

fn explain(error: &LeaveError) -> CliError {
    let said = match error {
        LeaveError::OtherReader { .. } | LeaveError::Link { .. } => CliError::refused(error),
        LeaveError::Keys(_) | LeaveError::Workspace(_) | LeaveError::File { .. } => {
            CliError::failed(error)
        }
    };
    let advice = match error {
        LeaveError::Keys(_) => "name the folder that `sandyk review init` made",
        LeaveError::Workspace(_) => "leave --workspace out to destroy the keys alone, now",
        LeaveError::OtherReader { .. } => "name your own folders",
        LeaveError::Link { .. } => "name the folder in which the file itself lies",
        LeaveError::File { .. } => "leave out the folder that cannot be read, and destroy the rest",
    };
    said.kept("nothing was destroyed").advice(advice).words(error.words())
}

/// Letters of an id that are enough to name it again.
const LEAST_NAMED: usize = 8;
