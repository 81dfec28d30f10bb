//! `sandyk admin sign` and `draft`: the signatures of several people, on one machine or on many.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::{
    admin::{self, KeyringView, Progress, RootKey, SigningFile},
    cli::{
        admin::{
            load_roots, open, refused,
            show::{say_changes, say_view},
        },
        exit::{CliError, Exit},
        out::Out,
        passphrase,
        words::Words,
    },
    clock::Day,
    files::Existing,
    keyring::KeyringError,
};

#[derive(Debug, Args)]
#[group(id = "signed", required = true, multiple = false)]
pub(super) struct Signed {
    /// The ceremony's folder: signs its draft
    #[arg(long, value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,
    /// A file of `draft export`: the signature is added to it
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct SignArgs {
    #[command(flatten)]
    pub(super) signed: Signed,
    /// The root key file, root-1.age or one like it
    #[arg(long, value_name = "FILE")]
    root: PathBuf,
    /// The roots.txt you trust; refuses a file that begins with other roots
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// A file with its passphrase; asked for if left out
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum DraftCommand {
    /// Write the draft into one file that goes from root holder to root holder
    Export(ExportArgs),
    /// Take the signatures of such a file into the ceremony's folder
    Import(ImportArgs),
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// The file to write; it is not public
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// Files that came back, each with signatures
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) fn run(command: DraftCommand, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    match command {
        DraftCommand::Export(args) => export(&args, today, out),
        DraftCommand::Import(args) => import(&args, today, out),
    }
}

pub(super) fn sign(args: &SignArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let progress = match (&args.signed.folder, &args.signed.file) {
        (Some(folder), _) => {
            let ceremony = open(folder)?;
            let draft = admin::check_draft(&ceremony, today).or_else(refused)?;
            let base = ceremony.base(draft.purpose).or_else(refused)?;
            let devices = ceremony.devices().or_else(refused)?;
            say_what(&KeyringView::of_draft(&draft, &base, &devices, today).or_else(refused)?, out);
            admin::sign(&ceremony, &root_key(args, out)?, today).or_else(refused)?
        }
        (None, Some(file)) => {
            let mut around = SigningFile::load(file).or_else(refused)?;
            check_roots(args, &around, out)?;
            let (draft, base, devices) = around.check(today).or_else(refused)?;
            say_what(&KeyringView::of_draft(draft, &base, devices, today).or_else(refused)?, out);
            let progress = around.sign(&root_key(args, out)?, today).or_else(refused)?;
            around.save(file, Existing::Replace).or_else(refused)?;
            progress
        }
        (None, None) => {
            return Err(CliError::usage("name --folder or --file")
                .kept("nothing was signed")
                .words(Words::of("sign-name-one")));
        }
    };
    say_progress(&progress, out)?;
    if progress.is_enough() {
        out.tell(
            "Next: `sandyk admin keyring publish`, or `keyring keep` for a renewal ahead.",
            &Words::of("signed-publish"),
        );
    } else {
        out.tell(
            "Next: carry it to another root's holder, who signs the same way.",
            &Words::of("signed-carry"),
        );
    }
    Ok(Exit::Done)
}

fn export(args: &ExportArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let ceremony = open(&args.folder)?;
    let around = SigningFile::of(&ceremony, today).or_else(refused)?;
    around.save(&args.out, Existing::Refuse).or_else(refused)?;
    let (draft, _, _) = around.check(today).or_else(refused)?;
    out.line(args.out.display())?;
    let digits = draft.fingerprint();
    out.tell(
        format!("It is to be signed by each root's holder in turn. Its fingerprint: {digits}"),
        &Words::of("exported").with("fingerprint", &digits),
    );
    out.steps(&[
        (
            "Each holder runs `sandyk admin sign --file FILE --root KEY` and reads the digits out before signing.",
            Words::of("exported-each"),
        ),
        (
            "It names the machines of readers: carry it by hand, and show it to nobody else.",
            Words::of("exported-hand"),
        ),
        ("Then: `sandyk admin draft import`.", Words::of("exported-import")),
    ]);
    Ok(Exit::Done)
}

fn import(args: &ImportArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let ceremony = open(&args.folder)?;
    for file in &args.files {
        let around = SigningFile::load(file).or_else(refused)?;
        let progress = around.import(&ceremony, today).or_else(refused)?;
        say_progress(&progress, out)?;
    }
    Ok(Exit::Done)
}

fn say_what(view: &KeyringView, out: &mut Out) {
    out.tell("This will be signed:", &Words::of("sign-this"));
    say_view(view, out);
    say_changes(view, out);
    let digits = &view.fingerprint;
    out.tell(
        format!("All who sign read these digits to one another, by voice: {digits}"),
        &Words::of("sign-compare").with("fingerprint", digits),
    );
}

/// Says from which roots everything in the file is proved, or refuses others than those trusted.
fn check_roots(args: &SignArgs, around: &SigningFile, out: &mut Out) -> Result<(), CliError> {
    if let Some(file) = &args.roots {
        let trusted = load_roots(file)?;
        return if trusted == *around.trust() { Ok(()) } else { refused(KeyringError::OtherRoots) };
    }
    let digits = around.trust().fingerprint();
    out.tell(
        format!("The file begins with the roots {digits}; compare that with your own paper."),
        &Words::of("sign-roots").with("fingerprint", &digits),
    );
    Ok(())
}

fn root_key(args: &SignArgs, out: &mut Out) -> Result<RootKey, CliError> {
    let words =
        passphrase::ask(args.passphrase_file.as_ref(), &args.root.display().to_string(), out)?;
    RootKey::open(&args.root, &words).or_else(refused)
}

fn say_progress(progress: &Progress, out: &mut Out) -> Result<(), CliError> {
    let Progress { epoch, signed, needed, before } = progress;
    out.line(format!("epoch {epoch}: {} of {needed} signatures", signed.len()))?;
    if let Some(before) = before {
        let (found, needed) = (before.signed.len(), before.needed);
        out.line(format!("epoch {epoch}: {found} of {needed} signatures of the roots before"))?;
    }
    let mut names = signed.clone();
    let earlier = before.iter().flat_map(|before| before.signed.iter());
    names.extend(earlier.filter(|name| !signed.contains(name)).cloned());
    let names = names.join(", ");
    out.tell(format!("Signed so far by {names}."), &Words::of("signed-by").with("names", &names));
    Ok(())
}
