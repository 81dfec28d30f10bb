//! `sandyk review passphrase`: the same keys under another passphrase.

use std::path::PathBuf;

use clap::Args;

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::Out,
        passphrase,
        review::Places,
        words::{Told as _, Words},
    },
    review::{self, KeysError, Passphrase},
    sealed::open_passfile::PassError,
};

#[derive(Args)]
pub(super) struct PassphraseArgs {
    /// A file with the new passphrase; asked for if left out
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
    /// How slow guessing the passphrase is made: 2^N
    #[arg(long, value_name = "N", default_value_t = 18, hide = true)]
    work_factor: u8,
}

pub(super) fn run(args: &PassphraseArgs, places: &Places, out: &mut Out) -> Result<Exit, CliError> {
    let config = places.resolve()?;
    let keys = config.keys.ok_or_else(no_keys)?;
    let old = passphrase::ask(config.passphrase_file.as_ref(), "your keys", out)?;
    let words = passphrase::ask_new(args.new_passphrase_file.as_ref(), "your keys", out)?;
    let new = Passphrase { words: &words, work_factor: args.work_factor };
    let public = review::change_passphrase(&keys, &old, &new).map_err(|e| explain(&e))?;
    out.line(format!("The keys of {} {} have another passphrase", public.role.word(), public.id))?;
    out.steps(&[
        (
            "Copies on sticks and on paper still open with the old one: make new ones, destroy those.",
            Words::of("passphrase-copies"),
        ),
        (
            "If somebody has both a copy and the old passphrase, this does not help: have the reader retired.",
            Words::of("passphrase-known"),
        ),
    ]);
    Ok(Exit::Done)
}

/// No folder of keys was named.
pub(super) fn no_keys() -> CliError {
    CliError::usage("no --keys was given")
        .kept("nothing was changed")
        .advice("add --keys DIR: the folder that `sandyk review init` made")
        .words(Words::of("passphrase-no-keys"))
}

/// Keys that do not open, or cannot be kept.
pub(super) fn explain(error: &KeysError) -> CliError {
    let wrong = matches!(error, KeysError::NotOpened(PassError::WrongPassphrase));
    let advice = if wrong {
        "look at the keyboard; if it is lost: holders, or new keys (docs/guide)"
    } else if matches!(error, KeysError::AlreadyHere) {
        "name another, new folder with --keys"
    } else {
        "put the folder back from your copy, or check the disk, then try again"
    };
    let said = CliError::failed(error).kept("nothing was changed").advice(advice);
    said.words(if wrong { Words::of("passphrase-not-changed") } else { error.words() })
}
