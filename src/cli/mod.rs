//! The command line: one file per role.
//!
//! Promises: 1. a command is a sentence: `sandyk ROLE VERB`; 2. data goes to stdout, words to stderr;
//! 3. the exit code is one of [`exit::Exit`]; 4. an error says what happened, what was kept and what
//! to do.

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory as _, Parser, Subcommand};

#[cfg(feature = "admin")]
pub mod admin;
#[cfg(feature = "demo")]
pub mod demo;
pub mod exit;
mod fold;
pub mod man;
#[cfg(any(feature = "admin", feature = "review", feature = "sync"))]
pub mod others;
pub mod out;
#[cfg(any(feature = "admin", feature = "review"))]
pub mod passphrase;
#[cfg(feature = "review")]
pub mod review;
#[cfg(feature = "serve")]
pub mod serve;
#[cfg(feature = "sync")]
pub mod sync;
pub mod terminal;

use self::{
    exit::{CliError, Exit},
    out::{Format, Out},
};

/// Takes testimony that a state cannot read.
#[derive(Parser)]
#[command(name = "sandyk", version, arg_required_else_help = true)]
struct Cli {
    /// Answers as JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    #[cfg(feature = "demo")]
    Demo(demo::DemoArgs),
    #[cfg(feature = "serve")]
    Serve(serve::ServeArgs),
    #[cfg(feature = "sync")]
    Sync(sync::SyncArgs),
    #[cfg(feature = "review")]
    Review(review::ReviewArgs),
    #[cfg(feature = "admin")]
    Admin(admin::AdminArgs),
    /// Prints a script that completes commands, for bash, zsh, fish, elvish or powershell.
    Completions {
        /// The shell to complete in.
        shell: clap_complete::Shell,
    },
    Man(man::ManArgs),
}

/// Parses, runs, and says how it went.
#[must_use]
pub fn main() -> ExitCode {
    run(std::env::args_os()).into()
}

fn run(args: impl Iterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(e) => {
            // Help and versions are answers, the rest is a wrong command line; clap prints both.
            let _ = e.print();
            return if e.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    let mut out = Out::standard(if cli.json { Format::Json } else { Format::Table });
    let done = role(cli.role, &mut out).and_then(|exit| out.finish().map(|()| exit));
    done.unwrap_or_else(|error| {
        if error.exit() != Exit::Done {
            Out::standard(Format::Table).error(&error);
        }
        error.exit()
    })
}

fn role(role: Role, out: &mut Out) -> Result<Exit, CliError> {
    match role {
        #[cfg(feature = "demo")]
        Role::Demo(args) => demo::run(&args, out),
        #[cfg(feature = "serve")]
        Role::Serve(args) => serve::run(&args, out),
        #[cfg(feature = "sync")]
        Role::Sync(args) => sync::run(args, out),
        #[cfg(feature = "review")]
        Role::Review(args) => review::run(args, out),
        #[cfg(feature = "admin")]
        Role::Admin(args) => admin::run(args, out),
        Role::Completions { shell } => {
            let mut command = Cli::command();
            clap_complete::generate(shell, &mut command, "sandyk", &mut std::io::stdout());
            Ok(Exit::Done)
        }
        Role::Man(args) => man::run(&args, Cli::command(), out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }
}
