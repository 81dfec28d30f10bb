//! `sandyk review`: a reader's commands.
//!
//! Promises: 1. the keyring is checked before anything is opened; 2. what is wrong with the
//! workspace, the feed or the casebook is said on stderr at every command; 3. a testimony's words
//! are set apart on the screen by a bar, so that they cannot pass for this program's own; 4. an
//! alarm is said and leaves with exit code 3, though what could be shown was shown.
//! Does not: open a socket. Spec: `docs/format/workspace.md`, `docs/format/casebook.md`.

mod account;
mod answers;
mod cases;
mod consent;
mod device;
mod exhibits;
mod files;
mod forget;
mod init;
mod list;
mod marks;
mod read;
mod recover;
mod reply;
mod settle;
mod sitting;
mod standing;
mod watch;
mod withdraw;
mod words;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::Out,
    },
    review::Session,
};

/// Read testimonies, keep cases and tags; without a network.
#[derive(Args)]
pub struct ReviewArgs {
    #[command(flatten)]
    places: Places,
    #[command(subcommand)]
    command: Command,
}

/// Where a reader's things lie.
#[derive(Args)]
struct Places {
    /// Settings file with the paths below
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder that sync fills
    #[arg(long, global = true, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// The folder of your keys
    #[arg(long, global = true, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// A file that holds the passphrase; without it you are asked
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Make your keys from an invitation
    Init(init::InitArgs),
    /// List testimonies, the urgent ones first
    List(list::ListArgs),
    /// Show one testimony
    Show(read::ShowArgs),
    /// Show the most urgent testimony that you have not read
    Read,
    /// Take the files of a testimony out into a folder
    Exhibits(exhibits::ExhibitsArgs),
    /// Cases: new, list, show
    #[command(subcommand)]
    Case(cases::CaseCommand),
    /// Put testimonies into a case, or tags on them
    Tag(marks::TagArgs),
    /// Take testimonies out of a case, or tags off them
    Untag(marks::UntagArgs),
    /// Say something about a testimony or a case
    Remark(marks::RemarkArgs),
    /// Answer a witness
    Reply(reply::ReplyArgs),
    /// What a witness agreed to, and whether something may be used
    Consent(consent::ConsentArgs),
    /// What witnesses took back, and from when on it may be destroyed
    WithdrawRequests,
    /// Have a testimony forgotten, with a second guardian; or stop that
    Forget(forget::ForgetArgs),
    /// Get lost keys back with the help of holders
    #[command(subcommand)]
    Recover(recover::RecoverCommand),
    /// Settle the alarm of a split view after people have talked; the evidence stays
    Settle(settle::SettleArgs),
    /// Look whenever sync has brought something; ring the bell for what is urgent
    Watch(watch::WatchArgs),
}

/// Runs a command of `sandyk review`.
///
/// # Errors
/// What happened, what was kept and what to do.
pub fn run(args: ReviewArgs, out: &mut Out) -> Result<Exit, CliError> {
    let ReviewArgs { places, command } = args;
    if let Command::Init(args) = &command {
        return init::run(args, &places, out);
    }
    if let Command::Recover(command) = &command {
        return recover::run(command, &places, out);
    }
    if let Command::Watch(args) = &command {
        // It opens a session at each look, so that other commands can come between.
        return watch::run(args, &places, out);
    }
    let mut session = sitting::open(&places, out)?;
    let done = sit(command, &places, &mut session, out);
    if sitting::say_alarms_at_the_end(&session, out) {
        // What could be done was done; the exit code is that of an alarm all the same.
        return done.map(|_| Exit::Refused).map_err(|error| error.exit_with(Exit::Refused));
    }
    done
}

fn sit(
    command: Command,
    places: &Places,
    session: &mut Session,
    out: &mut Out,
) -> Result<Exit, CliError> {
    match command {
        Command::Init(args) => init::run(&args, places, out),
        Command::Recover(command) => recover::run(&command, places, out),
        Command::Watch(args) => watch::run(&args, places, out),
        Command::List(args) => list::run(&args, session, out),
        Command::Show(args) => read::show(&args, session, out),
        Command::Read => read::next(session, out),
        Command::Exhibits(args) => exhibits::run(&args, session, out),
        Command::Case(command) => cases::run(command, session, out),
        Command::Tag(args) => marks::tag(&args, session, out),
        Command::Untag(args) => marks::untag(&args, session, out),
        Command::Remark(args) => marks::remark(args, session, out),
        Command::Reply(args) => reply::run(&args, session, out),
        Command::Consent(args) => consent::run(&args, session, out),
        Command::WithdrawRequests => withdraw::run(session, out),
        Command::Forget(args) => forget::run(&args, session, out),
        Command::Settle(args) => settle::run(&args, session, out),
    }
}
