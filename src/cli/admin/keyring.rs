//! `sandyk admin keyring`: show, verify, publish; keep renewals ahead.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::{
    admin::{self, KeyringView, Outcome},
    cli::{
        admin::{
            load_roots, open, refused,
            show::{say_warnings, write_view},
        },
        exit::{CliError, Exit},
        out::Out,
        words::Words,
    },
    clock::Day,
    keyring::KeyringError,
};

#[derive(Debug, Subcommand)]
pub(super) enum KeyringCommand {
    /// Show the draft, or what is published
    Show(ShowArgs),
    /// Verify a published folder against roots learned elsewhere
    Verify(VerifyArgs),
    /// Check the signed draft as servers do, and put it where they read it
    Publish(PublishArgs),
    /// Put a signed renewal into the folder `ahead`, for whoever publishes it later
    Keep(KeepArgs),
    /// Take into the ceremony's folder what was published elsewhere
    Adopt(AdoptArgs),
}

#[derive(Debug, Args)]
#[group(id = "place", required = true, multiple = false)]
pub(super) struct Place {
    /// The ceremony's folder: shows the draft, or the newest published if there is none
    #[arg(long, value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,
    /// A published folder: shows the newest
    #[arg(long, value_name = "DIR")]
    pub(super) published: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    pub(super) place: Place,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The published folder
    #[arg(long, value_name = "DIR")]
    pub(super) published: PathBuf,
    /// The roots.txt you trust, from another source than the folder
    #[arg(long, value_name = "FILE")]
    pub(super) roots: PathBuf,
}

#[derive(Debug, Args)]
#[group(id = "source", required = true, multiple = false)]
pub(super) struct Source {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,
    /// A folder `ahead` of renewals signed ahead: publishes of these what is needed today
    #[arg(long, value_name = "DIR")]
    ahead: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct PublishArgs {
    #[command(flatten)]
    pub(super) source: Source,
    /// The folder that the server reads
    #[arg(long, value_name = "DIR")]
    pub(super) to: PathBuf,
    /// The roots.txt you trust, with --ahead; that of the folder `ahead` if left out
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct KeepArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct AdoptArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// The folder that the server reads, or a copy of it
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
}

pub(super) fn run(command: KeyringCommand, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    match command {
        KeyringCommand::Show(args) => show(&args, today, out),
        KeyringCommand::Verify(args) => verify(&args, today, out),
        KeyringCommand::Publish(args) => publish(&args, today, out),
        KeyringCommand::Keep(args) => keep(&args, today, out),
        KeyringCommand::Adopt(args) => adopt(&args, out),
    }
}

fn show(args: &ShowArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let view = match (&args.place.folder, &args.place.published) {
        (Some(folder), _) => {
            let ceremony = open(folder)?;
            match ceremony.draft().or_else(refused)? {
                Some(draft) => {
                    let base = ceremony.base(draft.purpose).or_else(refused)?;
                    let devices = ceremony.devices().or_else(refused)?;
                    KeyringView::of_draft(&draft, &base, &devices, today)
                }
                None => match ceremony.published().or_else(refused)? {
                    Some(published) => KeyringView::of_published(&published, today),
                    None => return refused(KeyringError::NothingPublished),
                },
            }
        }
        (None, Some(folder)) => {
            let trust = load_roots(&folder.join("roots.txt"))?;
            let fingerprint = trust.fingerprint();
            out.tell(
                format!(
                    "Checked against roots.txt of the same folder, which proves nothing by itself.\n   \
                     next: compare the fingerprint of all roots: {fingerprint}"
                ),
                &Words::of("shown-own-roots").with("fingerprint", &fingerprint),
            );
            let published = crate::keyring::load_folder(folder, &trust);
            KeyringView::of_published(&published.or_else(refused)?, today)
        }
        (None, None) => {
            return Err(CliError::usage("name --folder or --published")
                .kept("nothing was changed")
                .words(Words::of("admin-name-a-folder")));
        }
    };
    write_view(&view.or_else(refused)?, out)
}

fn verify(args: &VerifyArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let trust = load_roots(&args.roots)?;
    let published = admin::verify(&args.published, &trust, today).or_else(refused)?;
    let fingerprint = trust.fingerprint();
    out.tell(
        format!("Verified from the roots {fingerprint}."),
        &Words::of("verified").with("fingerprint", &fingerprint),
    );
    if published.desk.is_none() {
        out.warn(
            "there is no desk note of this epoch: no machine may fetch anything",
            &Words::of("verified-no-desk"),
        );
    }
    let view = KeyringView::of_published(&published, today).or_else(refused)?;
    write_view(&view, out)
}

fn publish(args: &PublishArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let PublishArgs { source, to, roots } = args;
    let (outcome, trust) = if let Some(ahead) = &source.ahead {
        let trust = load_roots(&roots.clone().unwrap_or_else(|| ahead.join("roots.txt")))?;
        (admin::publish_ahead(ahead, to, &trust, today).or_else(refused)?, trust)
    } else {
        let ceremony = open(source.folder.as_deref().unwrap_or(to))?;
        let outcome = admin::publish(&ceremony, to, today).or_else(refused)?;
        (outcome, ceremony.trust().clone())
    };
    let Outcome { epoch, written, void } = outcome;
    for file in &written {
        out.line(to.join(file).display())?;
    }
    let published = admin::verify(to, &trust, today).or_else(refused)?;
    let view = KeyringView::of_published(&published, today).or_else(refused)?;
    say_warnings(&view, out);
    if written.is_empty() {
        out.tell(
            format!("Epoch {epoch} is published there already."),
            &Words::of("published-already").with("epoch", epoch),
        );
        return Ok(Exit::NothingToDo);
    }
    out.tell(
        format!("Epoch {epoch} is published, good until {}.", view.not_after),
        &Words::of("published").with("epoch", epoch).with("last", view.not_after),
    );
    out.tell(
        "desk-….note is for the server alone; everything else may be public.",
        &Words::of("published-desk"),
    );
    if published.desk.is_none() {
        out.warn(
            "there is no desk note of this epoch: no machine may fetch anything",
            &Words::of("verified-no-desk"),
        );
    }
    say_void(&void, out);
    Ok(Exit::Done)
}

fn say_void(void: &[String], out: &mut Out) {
    if void.is_empty() {
        return;
    }
    let files = void.join(", ");
    out.warn(
        format!("renewals signed ahead of the keyring before are void: {files}"),
        &Words::of("published-void").with("files", &files),
    );
    out.tell(
        "Next: `sandyk admin renew --ahead`, and give the new folder `ahead` away.",
        &Words::of("published-ahead-again"),
    );
}

fn keep(args: &KeepArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let ceremony = open(&args.folder)?;
    let outcome = admin::keep(&ceremony, today).or_else(refused)?;
    for file in &outcome.written {
        out.line(ceremony.ahead_folder().join(file).display())?;
    }
    out.tell(
        format!("Epoch {} is signed ahead and published nowhere.", outcome.epoch),
        &Words::of("kept-ahead").with("epoch", outcome.epoch),
    );
    out.steps(&[
        (
            "Give a copy of the folder `ahead` to somebody you trust, abroad, who can reach the server.",
            Words::of("kept-give"),
        ),
        (
            "They publish those and nothing else: `sandyk admin keyring publish --ahead DIR --to DIR`.",
            Words::of("kept-publish"),
        ),
        (
            "Any other keyring that is published meanwhile makes them void.",
            Words::of("kept-void"),
        ),
    ]);
    Ok(Exit::Done)
}

fn adopt(args: &AdoptArgs, out: &mut Out) -> Result<Exit, CliError> {
    let ceremony = open(&args.folder)?;
    let outcome = admin::adopt(&ceremony, &args.from).or_else(refused)?;
    for file in &outcome.written {
        out.line(file)?;
    }
    out.tell(
        format!("This folder knows epoch {} now.", outcome.epoch),
        &Words::of("adopted").with("epoch", outcome.epoch),
    );
    Ok(if outcome.written.is_empty() { Exit::NothingToDo } else { Exit::Done })
}
