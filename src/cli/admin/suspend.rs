//! `sandyk admin suspend`: one root closes the desk to one machine at once.

use std::path::PathBuf;

use clap::Args;

use crate::{
    admin::{self, Member, RootKey},
    cli::{
        admin::{open, refused, show},
        exit::{CliError, Exit},
        out::Out,
        passphrase,
        words::Words,
    },
};

#[derive(Debug, Args)]
pub(super) struct SuspendArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// The machine's id; a beginning is enough
    #[arg(value_name = "ID")]
    pub(super) id: String,
    /// The folder that the server reads, or a stick
    #[arg(long, value_name = "DIR")]
    pub(super) to: PathBuf,
    /// The root key file, root-1.age or one like it
    #[arg(long, value_name = "FILE")]
    root: PathBuf,
    /// A file with its passphrase; asked for if left out
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

pub(super) fn run(args: &SuspendArgs, out: &mut Out) -> Result<Exit, CliError> {
    let ceremony = open(&args.folder)?;
    let suspending = admin::find_device(&ceremony, &args.to, &args.id).or_else(refused)?;
    out.tell(
        "The desk will answer this machine no more, until the next keyring says what holds:",
        &Words::of("suspend-this"),
    );
    show::write_members("suspended/1", &[Member::device(&suspending.device)], out)?;
    let words =
        passphrase::ask(args.passphrase_file.as_ref(), &args.root.display().to_string(), out)?;
    let root = RootKey::open(&args.root, &words).or_else(refused)?;
    let Some(file) = admin::suspend(&ceremony, &suspending, &root, &args.to).or_else(refused)?
    else {
        out.tell("It is suspended there already.", &Words::of("suspended-already"));
        return Ok(Exit::NothingToDo);
    };
    let place = args.to.join(&file).display().to_string();
    out.tell(
        format!(
            "Signed: {place}. It counts as soon as it lies in the folder that the server reads."
        ),
        &Words::of("suspended").with("file", &place),
    );
    out.steps(&[
        (
            "It closes the desk to that machine and nothing else; what it has fetched stays with it.",
            Words::of("suspended-only"),
        ),
        (
            "Next: `sandyk admin retire`, sign and publish: that keyring leaves the machine out for good.",
            Words::of("suspended-next"),
        ),
    ]);
    Ok(Exit::Done)
}
