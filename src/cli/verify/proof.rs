//! `sandyk verify proof`: whether a promise was kept, offline.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
};

use clap::Args;

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        words::{Told as _, Words},
    },
    digest::Digest,
    files::{self, Audience, Existing},
    ledger::{
        Kept, Proof, ProofError, PublicFiles,
        public::{Promise, looks_like_a_promise},
    },
    note::NamedKey,
};

#[derive(Debug, Args)]
pub(super) struct ProofArgs {
    /// The promise as it was copied from the page, or a proof that was saved
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Folder with what was fetched from the site: `checkpoint`, `entries`, `key`, and the batch under
    /// the name of its week, such as 2026-W47
    #[arg(long, value_name = "DIR")]
    log: Option<PathBuf>,
    /// The ledger's key as you know it from elsewhere
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A reader's feed.jsonl: says whether the testimony is among those that readers were shown
    #[arg(long, value_name = "FILE")]
    feed: Option<PathBuf>,
    /// Writes the whole proof into one file, which needs nothing else later
    #[arg(long, value_name = "FILE", requires = "log")]
    save: Option<PathBuf>,
}

pub(super) fn run(args: &ProofArgs, out: &mut Out) -> Result<Exit, CliError> {
    let text = load_text(&args.file, MAX_PROOF)?;
    if let (None, Some(feed), Some(key)) = (&args.log, &args.feed, &args.key)
        && looks_like_a_promise(&text)
    {
        let key = parse_key(&load_text(key, MAX_KEY)?)?;
        let promise = Promise::verify(&text, &key);
        let promise = promise.map_err(|error| broken(&ProofError::Promise(error)))?;
        return look_up(&promise.leaf, feed, out);
    }
    let proof = if looks_like_a_promise(&text) {
        join(&text, args, out)?
    } else {
        serde_json::from_str(&text).map_err(|_| {
            CliError::failed(format!("{} is no promise and no proof", args.file.display()))
                .kept(KEPT)
                .advice("give the text from the receipt page, or a file that --save wrote")
                .words(Words::of("proof-neither").with("file", args.file.display()))
        })?
    };
    let key = key(args, &proof.ledger_key)?;
    let kept = proof.verify(&key).map_err(|error| broken(&error))?;
    if let Some(path) = &args.save {
        let json = serde_json::to_vec(&proof)?;
        files::save(path, &json, Audience::Owner, Existing::Refuse).map_err(|e| {
            CliError::failed(format!("{}: {e}", path.display()))
                .kept("the proof holds; it was not saved")
                .advice("name a file that is not there yet")
                .words(Words::of("proof-not-saved").with("file", path.display()).why(e.words()))
        })?;
    }
    tell(&kept, &key, args, out)?;
    args.feed.as_ref().map_or(Ok(Exit::Done), |feed| look_up(&kept.promise.leaf, feed, out))
}

/// Whether readers were shown the testimony of a leaf.
fn look_up(leaf: &Digest, feed: &Path, out: &mut Out) -> Result<Exit, CliError> {
    let file = File::open(feed).map_err(|e| unreadable(feed, &e))?;
    let needle = format!("\"leaf\":\"{leaf}\"");
    for line in BufReader::new(file).lines() {
        if line.map_err(|e| unreadable(feed, &e))?.contains(&needle) {
            out.tell(
                "Readers were shown this testimony: its leaf is in their feed.",
                &Words::of("proof-in-the-feed"),
            );
            return Ok(Exit::Done);
        }
    }
    Err(CliError::refused("WITHHELD: the server promised this testimony and shows it to no reader")
        .kept(KEPT)
        .advice(
            "sync and look again; if it stays so, keep the promise: it proves what was received",
        )
        .words(Words::of("proof-withheld")))
}

/// The proof from a promise and the files of the site.
fn join(promise: &str, args: &ProofArgs, out: &mut Out) -> Result<Proof, CliError> {
    let Some(folder) = &args.log else {
        return Err(CliError::usage("this is a promise; what proves it kept was not given")
            .kept(KEPT)
            .advice(
                "after the week is over, fetch /ledger/key, /ledger/checkpoint, /ledger/entries and \
                 /ledger/batch/WEEK of the site into a folder, and name that by --log; a reader may \
                 give --feed feed.jsonl --key ledger-key.txt at once",
            )
            .words(Words::of("proof-no-log")));
    };
    let given = load_text(&folder.join("key"), MAX_KEY)?;
    let key = key(args, given.trim())?;
    let week =
        Promise::verify(promise, &key).map_err(|error| broken(&ProofError::Promise(error)))?.week;
    let checkpoint = load_text(&folder.join("checkpoint"), MAX_NOTE)?;
    let entries = load_text(&folder.join("entries"), MAX_ENTRIES)?;
    let batch = folder.join(week.to_string());
    let batch = files::load(&batch, MAX_BATCH).map_err(|e| unreadable(&batch, &e))?;
    let files = PublicFiles { checkpoint: &checkpoint, entries: &entries, batch: &batch };
    if args.key.is_none() {
        out.warn(
            "the key came from the same site as the rest; compare its fingerprint",
            &Words::of("warn-key-of-the-site"),
        );
    }
    Proof::join(promise, &files, &key).map_err(|error| broken(&error))
}

/// The key to check with: the one known from elsewhere, which must be the same, or the one given along.
fn key(args: &ProofArgs, given: &str) -> Result<NamedKey, CliError> {
    let given = parse_key(given)?;
    let Some(path) = &args.key else { return Ok(given) };
    let known = parse_key(&load_text(path, MAX_KEY)?)?;
    if known == given {
        return Ok(known);
    }
    Err(CliError::refused("this was signed by another ledger key than the one you know")
        .kept(KEPT)
        .advice("compare the fingerprints with somebody who synced from this server, by voice")
        .words(Words::of("proof-other-key")))
}

fn parse_key(text: &str) -> Result<NamedKey, CliError> {
    NamedKey::parse(text.trim()).map_err(|e| {
        CliError::failed(format!("this is not a ledger key: {e}"))
            .kept(KEPT)
            .advice(
                "it is one line, as /ledger/key of the site or ledger-key.txt of a reader shows it",
            )
            .words(Words::of("proof-not-a-key").why(e.words()))
    })
}

fn tell(kept: &Kept, key: &NamedKey, args: &ProofArgs, out: &mut Out) -> Result<(), CliError> {
    let Kept { promise: Promise { organisation, week, leaf }, log } = kept;
    if out.format() == Format::Json {
        out.json(&serde_json::json!({ "kept": true, "organisation": organisation, "week": week,
            "leaf": leaf, "log": log, "ledger_key": key.to_text(), "saved": args.save }))?;
        return Ok(());
    }
    out.item(0, &format!("the promise was kept: this testimony is in the public log of {week}"))?;
    out.item(4, &format!("organisation {organisation}"))?;
    out.item(4, &format!("leaf {leaf}"))?;
    out.item(4, &format!("ledger key {}", key.fingerprint()))?;
    if args.feed.is_none() {
        out.tell(
            "Whether readers were shown it, a reader sees with --feed feed.jsonl.",
            &Words::of("proof-feed-next"),
        );
    }
    Ok(())
}

fn broken(error: &ProofError) -> CliError {
    let said = match error {
        ProofError::NoWeek(_) | ProofError::Shape => CliError::failed(error),
        ProofError::Promise(_)
        | ProofError::Checkpoint(_)
        | ProofError::Batch(_)
        | ProofError::Broken(_)
        | ProofError::Log => CliError::refused(error),
    };
    let said = said.kept(KEPT).advice(match error {
        ProofError::NoWeek(_) => "wait until the week is over, then fetch the files again",
        ProofError::Shape => "save the proof anew, with this version",
        ProofError::Promise(_) => "copy the whole note, from its first line to the last",
        ProofError::Checkpoint(_) | ProofError::Batch(_) | ProofError::Log => {
            "fetch all files again, at one time; if it stays so, keep them: the server signed this"
        }
        ProofError::Broken(_) => {
            "keep the promise and these files: together they prove that the server broke its word"
        }
    });
    said.words(error.words())
}

fn load_text(path: &Path, limit: u64) -> Result<String, CliError> {
    files::load_text(path, limit).map_err(|e| unreadable(path, &e))
}

fn unreadable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::failed(format!("{}: {error}", path.display()))
        .kept(KEPT)
        .advice("check the name; fetch the file again if it is one of the site's")
        .words(Words::of("proof-file").with("file", path.display()).why(error.words()))
}

const KEPT: &str = "every file as it is; nothing was sent anywhere";
/// Longest promise or proof, in bytes.
const MAX_PROOF: u64 = 64 << 10;
/// Longest key, in bytes.
const MAX_KEY: u64 = 1 << 10;
/// Longest checkpoint, in bytes.
const MAX_NOTE: u64 = 16 << 10;
/// Longest log, in bytes: hundreds of years.
const MAX_ENTRIES: u64 = 16 << 20;
/// Longest batch, in bytes: eight million testimonies in one week.
const MAX_BATCH: u64 = 256 << 20;
