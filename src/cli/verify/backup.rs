//! `sandyk verify backup`: how old a backup is, and whether its envelopes should be gone.

use std::path::PathBuf;

use clap::Args;

use crate::{
    cli::{
        backup::{explain, in_words},
        exit::{CliError, Exit},
        out::{Format, Out},
        words::Words,
    },
    clock::{Clock as _, SystemClock},
    store::backup::{self, APART_DAYS},
};

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// The backup's folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Days after which envelopes go, 1 to 14
    #[arg(long, value_name = "N", default_value_t = APART_DAYS,
          value_parser = clap::value_parser!(i64).range(1..=APART_DAYS))]
    envelope_days: i64,
}

pub(super) fn run(args: &BackupArgs, out: &mut Out) -> Result<Exit, CliError> {
    let kept = backup::look(&args.folder, SystemClock.today(), args.envelope_days);
    let kept = kept.map_err(|error| explain(&error))?;
    if out.format() == Format::Json {
        out.json(&kept)?;
    } else {
        out.line(in_words(&kept, args.envelope_days))?;
        for file in &kept.stale {
            out.line(format!("left by an older run: {file}"))?;
        }
    }
    if kept.is_overdue(args.envelope_days) || !kept.stale.is_empty() || kept.age < 0 {
        out.tell(
            "next: sandyk backup --prune DIR removes what should be gone",
            &Words::of("verify-backup-prune"),
        );
        return Ok(Exit::Refused);
    }
    Ok(Exit::Done)
}
