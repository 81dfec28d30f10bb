//! `sandyk admin`: the ceremony of the administrators, offline, files in, files out.
//!
//! Promises: 1. data goes to stdout, what was done and what comes next to stderr; 2. before a
//! passphrase for signing is asked for, everything that will be signed is shown, and first what it
//! changes. Does not: use a network; open anything that a reader opens.
//! Spec: `docs/format/keyring.md`; walk-through: `docs/ceremony.md`.

mod args;
mod doctor;
mod forget;
mod found;
mod keyring;
mod manifest;
mod members;
#[cfg(not(feature = "serve"))]
#[path = "no_pages.rs"]
mod pages;
#[cfg(feature = "serve")]
mod pages;
mod rehearse;
mod root;
mod show;
mod signing;
mod suspend;

use std::path::Path;

use crate::{
    admin::{AdminError, Ceremony},
    cli::{
        admin::args::AdminCommand,
        exit::{CliError, Exit},
        out::Out,
        words::{Told as _, Words},
    },
    clock::{Clock as _, Day, SystemClock},
    files::{self, Audience, Existing},
    keyring::{MAX_ROOTS_BYTES, TrustRoot},
};

pub use args::AdminArgs;

/// Runs one step of the ceremony.
///
/// # Errors
/// [`CliError`] with what happened, what was kept and what to do.
pub fn run(args: AdminArgs, out: &mut Out) -> Result<Exit, CliError> {
    let today = SystemClock.today();
    let AdminArgs { rehearse, command } = args;
    if rehearse { rehearse::run(command, today, out) } else { step(command, today, out) }
}

fn step(command: AdminCommand, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    match command {
        AdminCommand::Init(args) => found::init(&args, today, out),
        AdminCommand::Invite(args) => found::invite(&args, out),
        AdminCommand::Add(args) => members::add(&args, today, out),
        AdminCommand::Retire(args) => members::retire(&args, today, out),
        AdminCommand::Roots(args) => members::roots(&args, today, out),
        AdminCommand::Rotate(args) => members::rotate(&args, today, out),
        AdminCommand::Renew(args) => members::renew(&args, today, out),
        AdminCommand::Sign(args) => signing::sign(&args, today, out),
        AdminCommand::Draft(command) => signing::run(command, today, out),
        AdminCommand::Root(command) => root::run(command, out),
        AdminCommand::Suspend(args) => suspend::run(&args, out),
        AdminCommand::Forget(args) => forget::run(&args, out),
        AdminCommand::Doctor(args) => doctor::run(&args, out),
        AdminCommand::Manifest(command) => manifest::run(command, today, out),
        AdminCommand::Keyring(command) => keyring::run(command, today, out),
    }
}

fn open(folder: &Path) -> Result<Ceremony, CliError> {
    Ceremony::open(folder).or_else(refused)
}

fn load_roots(file: &Path) -> Result<TrustRoot, CliError> {
    let limit = u64::try_from(MAX_ROOTS_BYTES).unwrap_or(u64::MAX);
    let text = files::load_text(file, limit).map_err(|error| {
        CliError::failed(format!("{}: {error}", file.display()))
            .kept("nothing was changed")
            .advice("name the roots.txt that you trust")
            .words(Words::of("admin-roots").with("file", file.display()).why(error.words()))
    })?;
    TrustRoot::parse(&text).or_else(refused)
}

fn save_new(file: &Path, text: &str) -> Result<(), CliError> {
    files::save(file, text.as_bytes(), Audience::Owner, Existing::Refuse).map_err(|error| {
        CliError::failed(format!("{}: {error}", file.display()))
            .kept("what was there is as it was")
            .advice("name a new file")
            .words(Words::of("admin-new-file").with("file", file.display()).why(error.words()))
    })
}

/// The error as the shell sees it: refusals leave with 3, failures with 1.
fn refused<T>(error: impl Into<AdminError>) -> Result<T, CliError> {
    let error = error.into();
    let exit = if error.is_refusal() { Exit::Refused } else { Exit::Failed };
    let words = error.words();
    Err(CliError::told(exit, error).words(words))
}

const SIGN_NEXT: &str = "Next: `sandyk admin sign`, once with each of the roots that must sign.";
