//! `sandyk serve doctor`: what an operator should look after.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::{
    cli::{
        doctor, drill,
        exit::{CliError, Exit},
        out::Out,
        words::{Told as _, Words},
    },
    clock::{Clock as _, SystemClock},
    config::ServerConfig,
    intake::doctor::{Surroundings, drill as rehearse, examine},
    process,
};

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(subcommand)]
    command: Option<DoctorCommand>,
    /// The configuration
    #[arg(long, global = true, value_name = "FILE", default_value = "/etc/sandyk/server.toml")]
    config: PathBuf,
    /// A folder with a backup, besides those of the configuration; can be said more than once
    #[arg(long, global = true, value_name = "DIR", default_value = "/var/backups/sandyk")]
    backup: Vec<PathBuf>,
    /// The unit that systemd starts the server by
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "/etc/systemd/system/sandyk.service"
    )]
    unit: PathBuf,
}

#[derive(Debug, Subcommand)]
enum DoctorCommand {
    /// Rehearse the day on which the server is taken, step by step, on a scratch copy
    Drill {
        /// Where the scratch copy is made and removed; needs room for the whole store
        #[arg(long, value_name = "DIR")]
        scratch: Option<PathBuf>,
    },
}

pub(super) fn run(args: &DoctorArgs, out: &mut Out) -> Result<Exit, CliError> {
    let config = ServerConfig::load(&args.config).map_err(|error| {
        let words = error.words();
        CliError::from(error)
            .kept("nothing was looked at")
            .advice(
                "name your file with --config; run this as the account of the server, or as root",
            )
            .words(words)
    })?;
    let server = Surroundings { config: &config, backups: &args.backup, unit: &args.unit };
    let today = SystemClock.today();
    if let Some(DoctorCommand::Drill { scratch }) = &args.command {
        process::keep_files_private();
        let scratch = match scratch {
            Some(folder) => tempfile::tempdir_in(folder),
            None => tempfile::tempdir(),
        };
        let scratch = scratch.map_err(|error| {
            CliError::failed(format!("a scratch folder cannot be made: {error}"))
                .kept("nothing was rehearsed")
                .advice("name a folder on a disk with room: --scratch DIR")
                .words(Words::of("drill-no-scratch").why(error.words()))
        })?;
        let steps = rehearse(&server, scratch.path(), today);
        return drill::walk("server", steps, today, out);
    }
    doctor::tell("server", examine(&server, &SystemClock), today, out)
}
