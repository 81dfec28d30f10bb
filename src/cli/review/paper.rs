//! `sandyk review paper` and `restore`: a reader's sealed keys on paper, and back.

use std::{
    io,
    path::{Path, PathBuf},
};

use clap::Args;

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::Out,
        page, passphrase,
        review::{
            Places,
            passphrase::{explain, no_keys},
        },
        words::{Told as _, Words},
    },
    files,
    keyring::{Invitation, MAX_INVITATION_BYTES},
    review,
};

#[derive(Args)]
pub(super) struct PaperArgs {
    /// A file for the page; without it the page goes to the screen
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct RestoreArgs {
    /// The file that the administrators gave you, or a new one of theirs
    #[arg(long, value_name = "FILE")]
    invitation: PathBuf,
    /// A file with the typed lines; asked for line by line if left out
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

pub(super) fn print(args: &PaperArgs, places: &Places, out: &mut Out) -> Result<Exit, CliError> {
    let keys = places.resolve()?.keys.ok_or_else(no_keys)?;
    let page = review::page(&keys).map_err(|e| explain(&e))?;
    page::give(&page, args.out.as_deref(), out)?;
    out.steps(&[
        (
            "Print it on a printer that keeps no copies; then destroy the file of the page.",
            Words::of("paper-print"),
        ),
        (
            "Type it back once, now: `sandyk review restore` into a new folder. What was never tried is no spare.",
            Words::of("paper-try-reader"),
        ),
        (
            "Whoever has the page and its passphrase reads all that you can: keep them in two places.",
            Words::of("paper-apart-reader"),
        ),
    ]);
    Ok(Exit::Done)
}

pub(super) fn restore(
    args: &RestoreArgs,
    places: &Places,
    out: &mut Out,
) -> Result<Exit, CliError> {
    let config = places.resolve()?;
    let keys = config.keys.ok_or_else(no_keys)?;
    let limit = u64::try_from(MAX_INVITATION_BYTES).unwrap_or(u64::MAX);
    let invitation =
        files::load_text(&args.invitation, limit).map_err(|e| trouble(&args.invitation, &e))?;
    let invitation = Invitation::parse(&invitation).map_err(|e| {
        let shown = args.invitation.display();
        let words = Words::of("invitation-refused").with("file", &shown).why(e.words());
        CliError::told(Exit::Failed, format!("the invitation {shown}: {e}")).words(words)
    })?;
    let sealed = page::take(args.page.as_deref(), out)?;
    let words = passphrase::ask(config.passphrase_file.as_ref(), "your keys", out)?;
    let public = review::keys_from_page(&keys, &sealed, &words, &invitation.trust)
        .map_err(|e| explain(&e))?;
    out.line(format!("The keys of {} {}", public.role.word(), public.id))?;
    out.item(4, &public.fingerprint())?;
    out.line(format!("are in {}", keys.display()))?;
    out.steps(&[
        (
            "Compare the fingerprint with a colleague's keyring, by voice.",
            Words::of("recover-compare-keyring"),
        ),
        (
            "Make this machine known: sandyk sync init (with the same invitation).",
            Words::of("joined-sync"),
        ),
    ]);
    Ok(Exit::Done)
}

fn trouble(file: &Path, error: &io::Error) -> CliError {
    CliError::failed(format!("{}: {error}", file.display()))
        .kept("nothing was written")
        .advice("name another file, or check the disk")
        .words(Words::of("paper-file").with("file", file.display()).why(error.words()))
}
