//! `sandyk verify`: what anybody can check for themselves, without trusting the server.
//!
//! Promises: 1. nothing is sent anywhere; 2. what holds leaves with exit code 0, what does not hold with
//! 3, what could not be checked with 1; 3. what was checked, and against which key, is said.
//! Does not: change anything, or fetch anything; curl does, see `docs/format/ledger.md`.

#[cfg(feature = "serve")]
mod backup;
mod proof;
#[cfg(feature = "serve")]
pub(super) mod store;

use clap::{Args, Subcommand};

use super::{
    exit::{CliError, Exit},
    out::Out,
};

/// Check what the server has promised or kept.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check that a promise of the server was kept
    Proof(proof::ProofArgs),
    /// Read a whole store again and name everything that is damaged
    #[cfg(feature = "serve")]
    Store(store::StoreArgs),
    /// Say how old a backup is, and whether its envelopes should be gone
    #[cfg(feature = "serve")]
    Backup(backup::BackupArgs),
}

/// Runs a command of `sandyk verify`.
///
/// # Errors
/// What happened, what was kept and what to do.
pub fn run(args: &VerifyArgs, out: &mut Out) -> Result<Exit, CliError> {
    match &args.command {
        Command::Proof(args) => proof::run(args, out),
        #[cfg(feature = "serve")]
        Command::Store(args) => store::run(args, out),
        #[cfg(feature = "serve")]
        Command::Backup(args) => backup::run(args, out),
    }
}
