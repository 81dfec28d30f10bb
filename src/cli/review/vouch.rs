//! `sandyk review vouch`: a reader's word for a new one, after digits were heard by voice.
//!
//! Promises: 1. the fingerprint of the file is not shown before the digits are typed, so that nobody copies
//! what nobody has said; 2. nothing is signed unless they agree. Does not: add anybody; roots sign for that.

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Serialize;

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        words::{Told as _, Words},
    },
    clock::{Clock as _, SystemClock},
    files::{self, Audience, Existing},
    id::ReaderId,
    keyring::{MAX_JOINING_BYTES, ReaderPub},
    review::{Session, VouchError},
};

#[derive(Args)]
pub(super) struct VouchArgs {
    /// The reader.pub of the new reader
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The six groups that the new reader read to you; asked for if left out
    #[arg(long, value_name = "DIGITS")]
    heard: Option<String>,
    /// The folder for the vouch, which goes to the administrators
    #[arg(long, value_name = "DIR", default_value = ".")]
    to: PathBuf,
}

#[derive(Serialize)]
struct Vouched {
    reader: ReaderId,
    role: &'static str,
    fingerprint: String,
    file: PathBuf,
}

pub(super) fn run(args: &VouchArgs, session: &Session, out: &mut Out) -> Result<Exit, CliError> {
    let reader = load(&args.file)?;
    let fingerprint = reader.fingerprint();
    let heard = match &args.heard {
        Some(heard) => heard.clone(),
        None => ask(&reader, out),
    };
    if digits(&heard) != digits(&fingerprint) {
        return Err(CliError::refused("these are not the digits of the keys in that file")
            .kept("nothing was signed")
            .advice(
                "hear them again, from the person; if they differ again, the file was exchanged",
            )
            .words(Words::of("vouch-differ")));
    }
    let vouch = session.vouch(&reader, SystemClock.today()).map_err(|error| match error {
        VouchError::NotListed => CliError::refused(&error)
            .kept("nothing was signed")
            .advice("sync first; only who stands in the newest keyring can vouch")
            .words(error.words()),
        VouchError::Keyring(why) => {
            let words = why.words();
            CliError::told(Exit::Refused, why).words(words)
        }
    })?;
    let path = args.to.join(vouch.file());
    let saved = files::make_folder(&args.to).and_then(|()| {
        files::save(&path, vouch.to_text().as_bytes(), Audience::Owner, Existing::Refuse)
    });
    saved.map_err(|error| {
        CliError::failed(format!("{}: {error}", path.display()))
            .kept("nothing was written")
            .advice("name another folder with --to; a vouch that is there already is as good")
            .words(Words::of("vouch-file").with("file", path.display()).why(error.words()))
    })?;
    let vouched = Vouched { reader: reader.id, role: reader.role.word(), fingerprint, file: path };
    say(&vouched, out)
}

fn say(vouched: &Vouched, out: &mut Out) -> Result<Exit, CliError> {
    let Vouched { reader, role, file, .. } = vouched;
    let file = file.display();
    match out.format() {
        Format::Json => out.json(vouched)?,
        Format::Table => out.line(format!("You vouch for {role} {reader}: {file}"))?,
    }
    out.steps(&[
        (
            &format!("Give {file} to the administrators; it is no secret."),
            Words::of("vouch-give").with("file", &file),
        ),
        (
            "It holds for the next keyring only. If another one comes first, vouch again.",
            Words::of("vouch-next-only"),
        ),
        (
            "Once that keyring is published: sandyk review rewrap, so that they can read what came before.",
            Words::of("vouch-rewrap"),
        ),
    ]);
    Ok(Exit::Done)
}

fn load(file: &Path) -> Result<ReaderPub, CliError> {
    let shown = file.display();
    let limit = u64::try_from(MAX_JOINING_BYTES).unwrap_or(u64::MAX);
    let text = files::load_text(file, limit).map_err(|error| {
        CliError::failed(format!("{shown}: {error}"))
            .kept("nothing was signed")
            .advice("name the reader.pub that the new reader gave you")
            .words(Words::of("vouch-unreadable").with("file", &shown).why(error.words()))
    })?;
    ReaderPub::parse(&text).map_err(|error| {
        let words = Words::of("vouch-unreadable").with("file", &shown).why(error.words());
        CliError::failed(format!("{shown}: {error}"))
            .kept("nothing was signed")
            .advice("name the reader.pub that the new reader gave you")
            .words(words)
    })
}

fn ask(reader: &ReaderPub, out: &mut Out) -> String {
    let (id, role) = (reader.id, reader.role.word());
    out.tell(
        format!(
            "New {role} {id}. Let them read their fingerprint to you, face to face or in a call in which you \
             know the voice. Type the six groups as you hear them:"
        ),
        &Words::of("vouch-type").with("reader", id),
    );
    let mut line = String::new();
    for byte in io::stdin().lock().take(MAX_TYPED).bytes() {
        match byte {
            Ok(b'\n') | Err(_) => break,
            Ok(byte) => line.push(char::from(byte)),
        }
    }
    line
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Bytes that somebody may type as six groups of digits.
const MAX_TYPED: u64 = 256;
