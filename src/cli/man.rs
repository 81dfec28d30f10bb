//! `sandyk man`: manual pages of every command, into a folder.

use std::path::PathBuf;

use clap::{Args, Command};

use super::{
    exit::{CliError, Exit},
    out::Out,
    words::{Told as _, Words},
};
use crate::files;

/// Writes the manual pages of all commands.
#[derive(Args)]
pub struct ManArgs {
    /// The folder to write them to, such as ~/.local/share/man/man1.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Writes `sandyk.1`, `sandyk-review.1` and so on.
///
/// # Errors
/// If the folder cannot be written.
pub fn run(args: &ManArgs, command: Command, out: &mut Out) -> Result<Exit, CliError> {
    let shown = args.to.display();
    let written =
        files::make_folder(&args.to).and_then(|()| clap_mangen::generate_to(command, &args.to));
    written.map_err(|error| {
        CliError::failed(format!("{shown}: {error}"))
            .kept("what was there is as it was")
            .advice("name a folder where you may write")
            .words(Words::of("man-not-written").with("folder", &shown).why(error.words()))
    })?;
    out.tell(
        format!("Wrote the manual pages to {shown}. Read one: man {shown}/sandyk.1"),
        &Words::of("man-written").with("folder", &shown),
    );
    Ok(Exit::Done)
}
