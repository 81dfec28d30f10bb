//! `sandyk admin doctor`: what administrators should look after, and its drill.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use rand::rngs::OsRng;

use super::{open, refused};
use crate::{
    admin::doctor::{drill as rehearse, examine},
    cli::{
        doctor, drill,
        exit::{CliError, Exit},
        out::Out,
        words::Words,
    },
    clock::{Clock as _, SystemClock},
};

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(subcommand)]
    command: Option<DoctorCommand>,
    /// The ceremony's folder
    #[arg(long, global = true, value_name = "DIR")]
    folder: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum DoctorCommand {
    /// Rehearse the day on which a laptop or a person is taken, step by step
    Drill,
}

pub(super) fn run(args: &DoctorArgs, out: &mut Out) -> Result<Exit, CliError> {
    let today = SystemClock.today();
    let Some(folder) = &args.folder else {
        return Err(CliError::usage("name the ceremony's folder with --folder")
            .kept("nothing was looked at")
            .advice("add --folder DIR")
            .words(Words::of("doctor-name-a-folder")));
    };
    let ceremony = open(folder)?;
    if args.command.is_some() {
        return drill::walk("admin", rehearse(folder, &ceremony, today, &mut OsRng), today, out);
    }
    let found = examine(folder, &ceremony, &SystemClock).or_else(refused)?;
    doctor::tell("admin", found, today, out)
}
