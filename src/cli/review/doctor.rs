//! `sandyk review doctor`: what a reader should look after on the machine with the keys.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{
    Places,
    sitting::{self, given, no_workspace},
};
use crate::{
    cli::{
        doctor, drill,
        exit::{CliError, Exit},
        out::Out,
    },
    clock::{Clock as _, SystemClock},
    config::reviewer::ReviewerConfig,
    review::doctor::{Belongings, drill as rehearse, examine, inside},
};

#[derive(Args)]
pub(super) struct DoctorArgs {
    #[command(subcommand)]
    command: Option<DoctorCommand>,
    /// Open the casebook too, with your passphrase: who is silent, which withdrawals are overdue
    #[arg(long)]
    inside: bool,
}

#[derive(Subcommand)]
enum DoctorCommand {
    /// Rehearse the day on which you or your laptop is taken, step by step
    Drill {
        /// The folder that `review recover make` wrote, or a copy
        #[arg(long, value_name = "DIR")]
        recovery: Option<PathBuf>,
    },
}

pub(super) fn run(args: &DoctorArgs, places: &Places, out: &mut Out) -> Result<Exit, CliError> {
    let ReviewerConfig { workspace, keys, passphrase_file, plugin: _, attention: _ } =
        places.resolve()?;
    let workspace = given(workspace.as_deref(), "--workspace")?;
    let keys = given(keys.as_deref(), "--keys")?;
    let reader = Belongings { workspace, keys, passphrase_file: passphrase_file.as_ref() };
    let today = SystemClock.today();
    if let Some(DoctorCommand::Drill { recovery }) = &args.command {
        let steps = rehearse(&reader, recovery.as_deref(), &SystemClock);
        let steps = steps.map_err(|_| no_workspace(workspace))?;
        return drill::walk("review", steps, today, out);
    }
    let mut found = examine(&reader, &SystemClock).map_err(|_| no_workspace(workspace))?;
    if args.inside {
        found.extend(inside(&sitting::open(places, out)?, today));
    }
    doctor::tell("review", found, today, out)
}
