//! `sandyk admin manifest`: what the site must serve, said by the roots.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::{
    admin::{self, RootKey},
    cli::{
        admin::{open, pages, refused, save_new},
        exit::{CliError, Exit},
        out::Out,
        passphrase,
        words::Words,
    },
    clock::Day,
    digest::Digest,
    keyring::SiteManifest,
};

#[derive(Debug, Subcommand)]
pub(super) enum ManifestCommand {
    /// Write down what this version of sandyk would serve with that configuration
    Draft(ManifestDraftArgs),
    /// Sign a manifest with one root key
    Sign(ManifestSignArgs),
    /// Check the signed manifest as servers do, and put it where they read it
    Publish(ManifestPublishArgs),
}

#[derive(Debug, Args)]
pub(super) struct ManifestDraftArgs {
    /// A copy of the server's configuration
    #[arg(long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// One more than that of the manifest before
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(super) number: u32,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct ManifestSignArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// The manifest; the signature is added to it
    #[arg(long, value_name = "FILE")]
    pub(super) manifest: PathBuf,
    /// The root key file, root-1.age or one like it
    #[arg(long, value_name = "FILE")]
    pub(super) root: PathBuf,
    /// A file with its passphrase; asked for if left out
    #[arg(long, value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ManifestPublishArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// The signed manifest
    #[arg(long, value_name = "FILE")]
    pub(super) manifest: PathBuf,
    /// The folder that the server reads
    #[arg(long, value_name = "DIR")]
    pub(super) to: PathBuf,
}

pub(super) fn run(command: ManifestCommand, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    match command {
        ManifestCommand::Draft(args) => draft(&args, today, out),
        ManifestCommand::Sign(args) => sign(&args, out),
        ManifestCommand::Publish(args) => publish(&args, out),
    }
}

fn draft(args: &ManifestDraftArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let (organisation, files) = pages::served(&args.config)?;
    let manifest = SiteManifest { organisation, number: args.number, day: today, files };
    save_new(&args.out, &manifest.to_text())?;
    say(&manifest, out)?;
    out.tell(
        "Drafted from the pages of this very program; nobody has signed it.",
        &Words::of("site-drafted"),
    );
    out.tell(
        "Next: `sandyk admin manifest sign`, once with each of the roots that must sign.",
        &Words::of("site-sign-next"),
    );
    Ok(Exit::Done)
}

fn sign(args: &ManifestSignArgs, out: &mut Out) -> Result<Exit, CliError> {
    let ceremony = open(&args.folder)?;
    let (manifest, _) = admin::read_site(&args.manifest).or_else(refused)?;
    out.tell("This will be signed, as what the site must serve:", &Words::of("site-sign-this"));
    say(&manifest, out)?;
    let words =
        passphrase::ask(args.passphrase_file.as_ref(), &args.root.display().to_string(), out)?;
    let root = RootKey::open(&args.root, &words).or_else(refused)?;
    let progress = admin::sign_site(&ceremony, &args.manifest, &root).or_else(refused)?;
    let (signed, needed) = (progress.signed.len(), progress.needed);
    out.line(format!("{signed} of {needed} signatures"))?;
    let names = progress.signed.join(", ");
    out.tell(format!("Signed so far by {names}."), &Words::of("signed-by").with("names", &names));
    if signed < needed {
        out.tell(
            "Next: carry it to another root's holder, who draws the pages anew and compares the digits.",
            &Words::of("site-carry"),
        );
    } else {
        out.tell("Next: `sandyk admin manifest publish`.", &Words::of("site-publish-next"));
    }
    Ok(Exit::Done)
}

fn publish(args: &ManifestPublishArgs, out: &mut Out) -> Result<Exit, CliError> {
    let ceremony = open(&args.folder)?;
    let new = admin::publish_site(&ceremony, &args.manifest, &args.to).or_else(refused)?;
    out.line(args.to.join(crate::keyring::SITE_FILE).display())?;
    if !new {
        out.tell("It is published there already.", &Words::of("site-published-already"));
        return Ok(Exit::NothingToDo);
    }
    out.tell(
        "The server shows it at /ledger/site, and puts it into the public log with this week.",
        &Words::of("site-published"),
    );
    out.tell(
        "Anybody checks: `sandyk sync audit-site --site URL --roots roots.txt`.",
        &Words::of("site-anybody-checks"),
    );
    Ok(Exit::Done)
}

/// What a manifest says, in one line and six groups of digits.
fn say(manifest: &SiteManifest, out: &mut Out) -> Result<(), CliError> {
    let SiteManifest { organisation, number, day, files } = manifest;
    out.line(format!("{organisation}, site manifest {number} of {day}, {} files", files.len()))?;
    out.item(4, &Digest::of(manifest.to_text().as_bytes()).spoken())
}
