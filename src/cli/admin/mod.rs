//! `sandyk admin`: the ceremony of the administrators, offline, files in, files out.
//!
//! Promises: 1. data goes to stdout, what was done and what comes next to stderr; 2. before a
//! passphrase for signing is asked for, everything that will be signed is shown.
//! Does not: use a network. Spec: `docs/format/keyring.md`.

mod args;
mod forget;
mod manifest;
#[cfg(not(feature = "serve"))]
#[path = "no_pages.rs"]
mod pages;
#[cfg(feature = "serve")]
mod pages;
mod show;

use std::path::Path;

use rand::rngs::OsRng;

use crate::{
    admin::{self, AdminError, Ceremony, Entrant, Founded, Founding, KeyringView, RootKey},
    cli::{
        admin::{
            args::{
                AddArgs, AdminCommand, InitArgs, InviteArgs, KeyringCommand, PublishArgs,
                RenewArgs, ShowArgs, SignArgs, VerifyArgs,
            },
            show::{say_view, say_warnings, write_view},
        },
        exit::{CliError, Exit},
        out::Out,
        passphrase,
        words::{Told as _, Words},
    },
    clock::{Clock as _, Day, SystemClock},
    files::{self, Audience, Existing},
    keyring::{KeyringError, MAX_ROOTS, MAX_ROOTS_BYTES, Role, TrustRoot},
};

pub use args::AdminArgs;

/// Runs one step of the ceremony.
///
/// # Errors
/// [`CliError`] with what happened, what was kept and what to do.
pub fn run(args: AdminArgs, out: &mut Out) -> Result<Exit, CliError> {
    let today = SystemClock.today();
    match args.command {
        AdminCommand::Init(args) => init(args, today, out),
        AdminCommand::Invite(args) => invite(&args, out),
        AdminCommand::Add(args) => add(&args, out),
        AdminCommand::Sign(args) => sign(&args, today, out),
        AdminCommand::Forget(args) => forget::run(&args, out),
        AdminCommand::Renew(args) => renew(&args, today, out),
        AdminCommand::Manifest(command) => manifest::run(command, today, out),
        AdminCommand::Keyring(KeyringCommand::Show(args)) => show(&args, today, out),
        AdminCommand::Keyring(KeyringCommand::Verify(args)) => verify(&args, today, out),
        AdminCommand::Keyring(KeyringCommand::Publish(args)) => publish(&args, today, out),
    }
}

fn init(args: InitArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let files = &args.passphrase_file;
    if !(2..=MAX_ROOTS).contains(&args.roots) {
        return refused(KeyringError::RootCount { found: args.roots });
    }
    if !files.is_empty() && files.len() != args.roots {
        let found = files.len();
        return Err(CliError::usage(format!("{} roots and {found} passphrase files", args.roots))
            .kept("nothing was written")
            .advice("name one file for each root, in their order, or none")
            .words(
                Words::of("admin-passphrase-files")
                    .count("roots", args.roots)
                    .count("found", found),
            ));
    }
    let passphrases = (0..args.roots)
        .map(|n| passphrase::ask_new(files.get(n), &format!("root-{}", n.saturating_add(1)), out))
        .collect::<Result<Vec<_>, _>>()?;
    let founding = Founding {
        organisation: args.organisation,
        kind: args.kind.into(),
        threshold: args.threshold,
        desk_address: args.desk_address,
        intake_address: args.intake_address,
        not_after: today.plus_days(args.days),
        work_factor: args.work_factor,
    };
    founding.check_days(today).or_else(refused)?;
    let founded =
        admin::found(&args.folder, &founding, &passphrases, &mut OsRng).or_else(refused)?;
    show::write_founded(&founded, out)?;
    say_founded(&founded, out);
    Ok(Exit::Done)
}

fn say_founded(founded: &Founded, out: &mut Out) {
    let (roots, threshold) = (founded.trust.roots.len(), founded.trust.threshold);
    out.tell(
        format!("Made {roots} root keys; any {threshold} of them sign."),
        &Words::of("founded").count("roots", roots).count("threshold", threshold),
    );
    out.steps(&[
        (
            "Carry each root key file to another person and machine, and delete it here.",
            Words::of("founded-carry"),
        ),
        (
            "Print the spare, write its passphrase down apart from it, keep both in a third place.",
            Words::of("founded-spare"),
        ),
        (
            "Put roots.txt and the fingerprint of all roots on pages that others archive.",
            Words::of("founded-pages"),
        ),
        (
            "Next: `sandyk admin invite` for each reader, at least one of them a guardian.",
            Words::of("founded-next"),
        ),
    ]);
}

fn invite(args: &InviteArgs, out: &mut Out) -> Result<Exit, CliError> {
    let role = Role::from(args.role);
    let ceremony = open(&args.folder)?;
    let invitation = admin::invite(&ceremony, role).or_else(refused)?;
    save_new(&args.out, &invitation.to_text())?;
    let (role, file) = (role.word(), args.out.display());
    out.tell(
        format!("Wrote {file}, an invitation for a {role}. Its fingerprint:"),
        &Words::of("invited").with("role", role).with("file", &file),
    );
    out.line(invitation.fingerprint())?;
    if invitation.desk_address.is_empty() {
        out.tell(
            "It names no address of the desk; the reader must be told.",
            &Words::of("invited-no-address"),
        );
    }
    out.steps(&[
        ("Hand it over, and compare the fingerprint by voice.", Words::of("invited-hand")),
        (
            "The reader runs `sandyk review init` and `sandyk sync init`, and gives back two files.",
            Words::of("invited-reader"),
        ),
        ("Next: `sandyk admin add reader.pub device.pub`.", Words::of("invited-next")),
    ]);
    Ok(Exit::Done)
}

fn add(args: &AddArgs, out: &mut Out) -> Result<Exit, CliError> {
    let ceremony = open(&args.folder)?;
    let entrants = args.files.iter().map(|file| Entrant::load(file));
    let entrants = entrants.collect::<Result<Vec<_>, _>>().or_else(refused)?;
    let added = admin::add(&ceremony, entrants).or_else(refused)?;
    show::write_added(added, out)?;
    out.tell(
        "Taken into the draft; signatures made before, if any, no longer count.",
        &Words::of("added"),
    );
    out.steps(&[
        (
            "Compare each fingerprint with its owner, in person or by voice.",
            Words::of("added-compare"),
        ),
        (SIGN_NEXT, Words::of("sign-next")),
    ]);
    Ok(Exit::Done)
}

fn sign(args: &SignArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let ceremony = open(&args.folder)?;
    let draft = admin::check_draft(&ceremony, today).or_else(refused)?;
    out.tell("This will be signed:", &Words::of("sign-this"));
    say_view(&KeyringView::of_draft(&draft, today).or_else(refused)?, out);
    let words =
        passphrase::ask(args.passphrase_file.as_ref(), &args.root.display().to_string(), out)?;
    let root = RootKey::open(&args.root, &words).or_else(refused)?;
    let progress = admin::sign(&ceremony, &root, today).or_else(refused)?;
    let (signed, needed) = (progress.signed.len(), progress.needed);
    out.line(format!("epoch {}: {signed} of {needed} signatures", progress.epoch))?;
    let names = progress.signed.join(", ");
    out.tell(format!("Signed so far by {names}."), &Words::of("signed-by").with("names", &names));
    if signed < needed {
        out.tell(
            "Next: carry the folder to another root's holder, who signs the same way.",
            &Words::of("signed-carry"),
        );
    } else {
        out.tell("Next: `sandyk admin keyring publish`.", &Words::of("signed-publish"));
    }
    Ok(Exit::Done)
}

fn renew(args: &RenewArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let ceremony = open(&args.folder)?;
    let not_after = today.plus_days(args.days);
    let epoch = admin::renew(&ceremony, today, not_after).or_else(refused)?;
    out.line(format!("epoch {epoch} until {not_after}"))?;
    out.tell("Drafted; nothing but the last day changes.", &Words::of("drafted"));
    out.tell(SIGN_NEXT, &Words::of("sign-next"));
    Ok(Exit::Done)
}

fn show(args: &ShowArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let view = match (&args.place.folder, &args.place.published) {
        (Some(folder), _) => {
            let ceremony = open(folder)?;
            match ceremony.draft().or_else(refused)? {
                Some(draft) => KeyringView::of_draft(&draft, today),
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
    let ceremony = open(&args.folder)?;
    let outcome = admin::publish(&ceremony, &args.to, today).or_else(refused)?;
    for file in &outcome.written {
        out.line(args.to.join(file).display())?;
    }
    let published = ceremony.published().or_else(refused)?;
    let published = published.map_or_else(|| refused(KeyringError::NothingPublished), Ok)?;
    let view = KeyringView::of_published(&published, today).or_else(refused)?;
    say_warnings(&view, out);
    let epoch = outcome.epoch;
    if outcome.written.is_empty() {
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
    Ok(Exit::Done)
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
