//! `sandyk admin --rehearse STEP`: the step on a copy, then the rest of the ceremony with throw-away roots.

mod beside;

use std::path::PathBuf;

use rand::rngs::OsRng;

use crate::{
    admin::{self, Ceremony, Scratch, Walked},
    cli::{
        admin::{
            args::AdminCommand, keyring::KeyringCommand, refused, signing::DraftCommand, step,
        },
        exit::{CliError, Exit},
        out::Out,
        words::{Told as _, Words},
    },
    clock::Day,
    files::{self, Audience, Existing},
};

/// Rehearses a step; nothing outside of a scratch folder is written.
#[expect(clippy::wildcard_enum_match_arm, reason = "`folder` names every step that comes here")]
pub(super) fn run(command: AdminCommand, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    match command {
        AdminCommand::Suspend(args) => beside::suspend(&args, out),
        AdminCommand::Manifest(command) => beside::manifest(command, today, out),
        AdminCommand::Root(command) => beside::root(command, out),
        command => drafted(command, today, out),
    }
}

/// What ends in a draft is walked to its end.
#[expect(clippy::wildcard_enum_match_arm, reason = "`folder` names every step that comes here")]
fn drafted(mut command: AdminCommand, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let begins = matches!(command, AdminCommand::Init(_));
    let Some(folder) = folder(&mut command) else {
        return Err(CliError::usage("this step has no rehearsal")
            .kept("nothing was done")
            .advice(
                "rehearse init, add, retire, roots, rotate, renew, draft, sign, keyring publish or keep, \
                 suspend, root or manifest",
            )
            .words(Words::of("rehearse-not-this")));
    };
    let scratch = if begins { Scratch::new() } else { Scratch::of(folder) }.or_else(refused)?;
    *folder = scratch.path("ceremony");
    begin(out);
    let done = match command {
        AdminCommand::Init(mut args) => {
            if args.root_pub.is_empty() {
                args.passphrase_file = passphrases(&scratch, args.roots)?;
                args.work_factor = 1;
            }
            step(AdminCommand::Init(args), today, out)?
        }
        // The holder's own key is not taken out for a rehearsal: the walk signs.
        AdminCommand::Sign(_) => Exit::Done,
        AdminCommand::Keyring(KeyringCommand::Publish(mut args)) => {
            args.to = scratch.published(&args.to).or_else(refused)?;
            step(AdminCommand::Keyring(KeyringCommand::Publish(args)), today, out)?
        }
        AdminCommand::Draft(DraftCommand::Export(mut args)) => {
            args.out = scratch.path("around");
            step(AdminCommand::Draft(DraftCommand::Export(args)), today, out)?
        }
        other => step(other, today, out)?,
    };
    cast_readers(&scratch)?;
    match scratch.walk(today, &mut OsRng).or_else(refused)? {
        Some(walked) => say_walked(&walked, out),
        None => end(out),
    }
    Ok(done)
}

fn begin(out: &mut Out) {
    out.tell(
        "A rehearsal: everything happens in a scratch folder, nothing of yours is touched.",
        &Words::of("rehearse-begins"),
    );
}

fn end(out: &mut Out) {
    out.tell("Rehearsed to its end. Nothing of yours was touched.", &Words::of("rehearsed-step"));
}

/// The ceremony's folder among the arguments of a step that can be rehearsed.
fn folder(command: &mut AdminCommand) -> Option<&mut PathBuf> {
    match command {
        AdminCommand::Init(args) => Some(&mut args.folder),
        AdminCommand::Add(args) => Some(&mut args.folder),
        AdminCommand::Retire(args) => Some(&mut args.folder),
        AdminCommand::Roots(args) => Some(&mut args.folder),
        AdminCommand::Rotate(args) => Some(&mut args.folder),
        AdminCommand::Renew(args) => Some(&mut args.folder),
        AdminCommand::Sign(args) => args.signed.folder.as_mut(),
        AdminCommand::Keyring(KeyringCommand::Publish(args)) => args.source.folder.as_mut(),
        AdminCommand::Keyring(KeyringCommand::Keep(args)) => Some(&mut args.folder),
        AdminCommand::Draft(DraftCommand::Export(args)) => Some(&mut args.folder),
        AdminCommand::Draft(DraftCommand::Import(args)) => Some(&mut args.folder),
        AdminCommand::Invite(_)
        | AdminCommand::Root(_)
        | AdminCommand::Suspend(_)
        | AdminCommand::Forget(_)
        | AdminCommand::Doctor(_)
        | AdminCommand::Manifest(_)
        | AdminCommand::Keyring(_) => None,
    }
}

/// A first keyring without readers gets two that nobody is, so that it can be played to its end.
fn cast_readers(scratch: &Scratch) -> Result<(), CliError> {
    let ceremony = Ceremony::open(&scratch.path("ceremony")).or_else(refused)?;
    admin::cast_readers(&ceremony, &mut OsRng).or_else(refused)
}

/// A passphrase file for each throw-away root.
fn passphrases(scratch: &Scratch, roots: usize) -> Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::new();
    for n in 1..=roots {
        let file = scratch.path(&format!("words-{n}"));
        let words = format!("a rehearsal of root {n}\n");
        files::save(&file, words.as_bytes(), Audience::Owner, Existing::Refuse).map_err(|e| {
            let words = Words::of("admin-new-file").with("file", file.display()).why(e.words());
            CliError::from(e).words(words)
        })?;
        files.push(file);
    }
    Ok(files)
}

fn say_walked(walked: &Walked, out: &mut Out) {
    let Walked { epoch, signed, ahead } = walked;
    let names = signed.join(", ");
    out.tell(
        format!(
            "Rehearsed to its end with throw-away roots: epoch {epoch} went around in one file and was signed by {names}."
        ),
        &Words::of("rehearsed").with("epoch", epoch).with("names", &names),
    );
    if *ahead {
        out.tell(
            "It was kept, published the day after the keyring before had ended, and read back as a server does.",
            &Words::of("rehearsed-ahead"),
        );
    } else {
        out.tell(
            "It was published, and read back as a server does.",
            &Words::of("rehearsed-published"),
        );
    }
    out.tell("Nothing of yours was touched.", &Words::of("rehearsed-untouched"));
}
