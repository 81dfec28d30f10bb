//! `sandyk review init`: a new reader's keys.

use std::path::{Path, PathBuf};

use clap::Args;
use rand::rngs::OsRng;
use serde::Serialize;

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        passphrase,
        review::{Places, device},
        words::{Told as _, Words},
    },
    files,
    id::ReaderId,
    keyring::{Invitation, MAX_INVITATION_BYTES},
    recipient::unwrap::ReadingKey,
    review::{self, KeysError, Passphrase},
};

#[derive(Args)]
pub(super) struct InitArgs {
    /// The file that the administrators gave you
    #[arg(long, value_name = "FILE")]
    invitation: PathBuf,
    /// The recipient of a key on a device, age1tagpq1… or age1tag1…
    #[arg(long, value_name = "RECIPIENT", requires = "plugin_identity")]
    hardware: Option<String>,
    /// The identity file that the device's age plugin wrote
    #[arg(long, value_name = "FILE", requires = "hardware")]
    plugin_identity: Option<PathBuf>,
    /// How slow guessing the passphrase is made: 2^N
    #[arg(long, value_name = "N", default_value_t = 18, hide = true)]
    work_factor: u8,
}

#[derive(Serialize)]
struct Made {
    reader: ReaderId,
    role: &'static str,
    fingerprint: String,
    roots_fingerprint: String,
    reader_pub: PathBuf,
    reader_age: PathBuf,
}

pub(super) fn run(args: &InitArgs, places: &Places, out: &mut Out) -> Result<Exit, CliError> {
    let config = places.resolve()?;
    let keys = config.keys.ok_or_else(|| {
        CliError::usage("no --keys was given")
            .kept("nothing was made")
            .advice("add --keys DIR: a folder for your keys, best on a machine without a network")
            .words(Words::of("init-no-keys-option"))
    })?;
    if keys.join("reader.age").exists() {
        return Err(keys_are_there(&keys));
    }
    let invitation = invitation(&args.invitation)?;
    let device = on_device(args, config.plugin.as_deref(), out)?;
    let words = passphrase::ask_new(config.passphrase_file.as_ref(), "your keys", out)?;
    let lock = Passphrase { words: &words, work_factor: args.work_factor };
    let joined = match &device {
        Some(key) => review::init_with(&keys, &invitation, key, &lock, &mut OsRng),
        None => review::init(&keys, &invitation, &lock, &mut OsRng),
    };
    let joined = joined.map_err(|e| {
        if matches!(e, KeysError::AlreadyHere) {
            return keys_are_there(&keys);
        }
        CliError::failed(&e)
            .kept("keys that were there are untouched")
            .advice("check the disk and that you may write to the folder, then try again")
            .words(Words::of("init-not-written").why(e.words()))
    })?;
    let made = Made {
        reader: joined.public.id,
        role: joined.public.role.word(),
        fingerprint: joined.public.fingerprint(),
        roots_fingerprint: joined.trust.fingerprint(),
        reader_pub: keys.join("reader.pub"),
        reader_age: keys.join("reader.age"),
    };
    match out.format() {
        Format::Json => out.json(&made)?,
        Format::Table => say(&made, &joined.trust.organisation, out)?,
    }
    Ok(Exit::Done)
}

fn invitation(file: &Path) -> Result<Invitation, CliError> {
    let shown = file.display();
    let limit = u64::try_from(MAX_INVITATION_BYTES).unwrap_or(u64::MAX);
    let text = files::load_text(file, limit).map_err(|e| {
        CliError::failed(format!("the invitation {shown}: {e}"))
            .kept("nothing was made")
            .advice("name the file that the administrators gave you")
            .words(Words::of("invitation-unreadable").with("file", &shown).why(e.words()))
    })?;
    Invitation::parse(&text).map_err(|e| {
        let words = Words::of("invitation-refused").with("file", &shown).why(e.words());
        CliError::told(Exit::Failed, format!("the invitation {shown}: {e}")).words(words)
    })
}

fn on_device(
    args: &InitArgs,
    plugin: Option<&Path>,
    out: &mut Out,
) -> Result<Option<ReadingKey>, CliError> {
    let (Some(recipient), Some(identity)) = (&args.hardware, &args.plugin_identity) else {
        return Ok(None);
    };
    let mut key = device::key(recipient, identity)?;
    key.plug(device::plugin(plugin, out)?);
    Ok(Some(key))
}

fn keys_are_there(keys: &Path) -> CliError {
    CliError::failed(format!("{} holds a reader's keys already", keys.display()))
        .kept("nothing was changed; making them anew would lose all that the old ones open")
        .advice("use them, or name another folder with --keys")
        .words(Words::of("init-keys-are-there").with("folder", keys.display()))
}

fn say(made: &Made, organisation: &str, out: &mut Out) -> Result<(), CliError> {
    out.line(format!("You are {} {} of {organisation}.", made.role, made.reader))?;
    out.line("Your fingerprint")?;
    out.item(4, &made.fingerprint)?;
    out.line("Fingerprint of the roots that you will trust")?;
    out.item(4, &made.roots_fingerprint)?;
    let (public, secret) = (made.reader_pub.display(), made.reader_age.display());
    let give = format!("Give them {public}: it is not secret.");
    let copy = format!(
        "Copy {secret} to two sticks kept in two places: it is locked by your passphrase.\n   Without \
         the file, or without the passphrase, nobody can open what you could."
    );
    out.steps(&[
        (
            "Read both fingerprints to an administrator by voice; they must hear the same.",
            Words::of("joined-read"),
        ),
        (&give, Words::of("joined-give").with("file", public)),
        (&copy, Words::of("joined-copy").with("file", secret)),
        (
            "Make this machine known: sandyk sync init (with the same invitation).",
            Words::of("joined-sync"),
        ),
    ]);
    Ok(())
}
