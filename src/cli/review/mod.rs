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
mod doctor;
mod exhibits;
mod files;
mod forget;
mod init;
mod lacks;
mod leave;
mod list;
mod marks;
mod paper;
mod passphrase;
mod read;
mod recover;
mod reply;
mod rewrap;
mod settle;
mod sitting;
mod standing;
mod vouch;
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
    /// Make the envelopes that colleagues lack, after a rotation
    Rewrap,
    /// Get lost keys back with the help of holders
    #[command(subcommand)]
    Recover(recover::RecoverCommand),
    /// Settle the alarm of a split view after people have talked; the evidence stays
    Settle(settle::SettleArgs),
    /// Give your word for a new reader, after hearing their digits
    Vouch(vouch::VouchArgs),
    /// Put your keys under another passphrase
    Passphrase(passphrase::PassphraseArgs),
    /// Print your sealed keys as a page
    Paper(paper::PaperArgs),
    /// Get your keys back from a page
    Restore(paper::RestoreArgs),
    /// Before a border: destroy what you have on this machine
    Leave(leave::LeaveArgs),
    /// Look whether keys, workspace and this machine are well, and say what to do
    Doctor(doctor::DoctorArgs),
    /// Look whenever sync has brought something; ring the bell for what is urgent
    Watch(watch::WatchArgs),
}

/// Runs a command of `sandyk review`.
///
/// # Errors
/// What happened, what was kept and what to do.
pub fn run(args: ReviewArgs, out: &mut Out) -> Result<Exit, CliError> {
    let ReviewArgs { places, command } = args;
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others need an open session")]
    match &command {
        Command::Init(args) => return init::run(args, &places, out),
        Command::Recover(command) => return recover::run(command, &places, out),
        Command::Doctor(args) => return doctor::run(args, &places, out),
        // It opens a session at each look, so that other commands can come between.
        Command::Watch(args) => return watch::run(args, &places, out),
        Command::Passphrase(args) => return passphrase::run(args, &places, out),
        Command::Paper(args) => return paper::print(args, &places, out),
        Command::Restore(args) => return paper::restore(args, &places, out),
        Command::Leave(args) => return leave::run(args, &places, out),
        _ => {}
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
        Command::Doctor(args) => doctor::run(&args, places, out),
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
        Command::Rewrap => rewrap::run(session, out),
        Command::Settle(args) => settle::run(&args, session, out),
        Command::Vouch(args) => vouch::run(&args, session, out),
        Command::Passphrase(args) => passphrase::run(&args, places, out),
        Command::Paper(args) => paper::print(&args, places, out),
        Command::Restore(args) => paper::restore(&args, places, out),
        Command::Leave(args) => leave::run(&args, places, out),
    }
}
