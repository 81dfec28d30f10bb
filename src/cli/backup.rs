//! `sandyk backup`: a copy of the store, and no envelope in any copy for longer than its days.
//!
//! Promises: 1. a running server is not asked and not disturbed; 2. a bar is drawn on a terminal only;
//! 3. what is missing, and what cannot be removed, is named and leaves with an exit code of its own.
//! Spec: `docs/format/backup.md`.

use std::{
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::{
    exit::{CliError, Exit},
    out::{Format, Out},
    words::{Told as _, Words},
};
use crate::{
    clock::{Clock as _, SystemClock},
    config::{BackupConfig, ServerConfig},
    ledger::feed::FeedItem,
    process,
    store::backup::{self, BackupError, Job, Kept, Part, Progress, Pruned},
};

/// Records whose values are kept apart: without them nobody opens anything.
const APART: [&str; 1] = ["envelope/"];

/// Bring a backup of the store up to date, and remove envelopes that are too old from others; the
/// server may be running.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The server's configuration
    #[arg(long, value_name = "FILE", default_value = "/etc/sandyk/server.toml")]
    config: PathBuf,
    /// The store's folder, instead of the one in the configuration
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// The backup's folder, on another disk
    #[arg(long, value_name = "DIR", required_unless_present = "prune")]
    to: Option<PathBuf>,
    /// Another folder with a backup: only remove envelopes that are too old there
    #[arg(long, value_name = "DIR")]
    prune: Vec<PathBuf>,
    /// Days after which envelopes go, 1 to 14, instead of those in the configuration
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=14))]
    envelope_days: Option<u16>,
}

impl BackupArgs {
    /// The store's folder, and what its backups keep.
    fn settings(&self) -> Result<(PathBuf, BackupConfig), CliError> {
        if let Some(store) = &self.store {
            return Ok((store.clone(), BackupConfig::default()));
        }
        let config = ServerConfig::load(&self.config)?;
        Ok((config.store, config.backup))
    }
}

/// What a backup did; one JSON document.
#[derive(Serialize)]
struct Done {
    #[serde(flatten)]
    report: Option<backup::Report>,
    /// The backup's folder and all others that were looked through.
    folders: Vec<Looked>,
}

/// A folder that was looked through for envelopes that are too old.
#[derive(Serialize)]
struct Looked {
    folder: String,
    #[serde(flatten)]
    pruned: Pruned,
}

/// Brings the backup up to date, and removes what is too old.
///
/// # Errors
/// [`CliError`]; the backup is as it was then.
pub fn run(args: &BackupArgs, out: &mut Out) -> Result<Exit, CliError> {
    process::keep_files_private();
    let today = SystemClock.today();
    let (mut report, mut kept) = (None, BackupConfig::default());
    if let Some(to) = &args.to {
        let store;
        (store, kept) = args.settings()?;
        report = Some(copy(&Job { store: &store, to, apart: &APART, parts: &parts_of, today })?);
    }
    let days = i64::from(args.envelope_days.unwrap_or(kept.envelope_days));
    let others = kept.copies.iter().chain(&args.prune);
    let mut left = report.as_ref().map(|report| report.left.clone()).unwrap_or_default();
    let (mut folders, mut unseen) = (Vec::new(), false);
    for folder in args.to.iter().chain(others) {
        match backup::prune(folder, today, days) {
            Ok(pruned) => {
                left.extend(pruned.left.iter().map(|l| format!("{}/{l}", folder.display())));
                folders.push(Looked { folder: folder.display().to_string(), pruned });
            }
            Err(error) => {
                unseen = true;
                warn_unseen(folder, &error, out);
            }
        }
    }
    let done = Done { report, folders };
    if out.format() == Format::Json {
        out.json(&done)?;
    } else {
        tell_done(&done, days, out)?;
    }
    for file in &left {
        warn_left(file, out);
    }
    let missing = done.report.is_some_and(|report| warn_missing(&report, out));
    let ahead = done.folders.iter().any(|looked| looked.pruned.kept.age < 0);
    let whole = left.is_empty() && !(unseen || missing || ahead);
    Ok(if whole { Exit::Done } else { Exit::Failed })
}

/// The files that an event names.
fn parts_of(payload: &[u8]) -> Vec<Part> {
    let item: Option<FeedItem> = serde_json::from_slice(payload).ok();
    let parts = item.into_iter().flat_map(|item| item.parts);
    parts.map(|part| Part { blob: part.blob, bytes: part.bytes, sha256: part.sha256 }).collect()
}

fn copy(job: &Job<'_>) -> Result<backup::Report, CliError> {
    let bar = Bar::new();
    let report = backup::backup(job, &mut |progress| bar.show(progress));
    bar.clear();
    report.map_err(|error| explain(&error))
}

fn tell_done(done: &Done, days: i64, out: &mut Out) -> Result<(), CliError> {
    if let Some(backup::Report { events, blobs, bytes, .. }) = &done.report {
        out.line(format!("{events} events are safe; {blobs} files came now, {bytes} bytes"))?;
    }
    for Looked { folder, pruned } in &done.folders {
        out.line(format!("{folder}: {}", in_words(&pruned.kept, days)))?;
        for file in &pruned.removed {
            out.line(format!("{folder}: {file} is removed"))?;
        }
    }
    Ok(())
}

/// How old a backup is, and until when its envelopes may be there.
pub(super) fn in_words(kept: &Kept, days: i64) -> String {
    let Kept { day, age, until, envelopes, .. } = kept;
    let age = match age {
        ..0 => "a day that is yet to come: one of the clocks was wrong".to_owned(),
        0 => "today".to_owned(),
        1 => "one day old".to_owned(),
        _ => format!("{age} days old"),
    };
    let envelopes = match envelopes {
        None => "no envelopes are there; with newer ones it is whole again".to_owned(),
        Some(bytes) if kept.is_overdue(days) => {
            format!("its envelopes, {bytes} bytes, SHOULD BE GONE since {until}")
        }
        Some(bytes) => format!("its envelopes, {bytes} bytes, go on {until}"),
    };
    format!("of {day}, {age}; {envelopes}")
}

fn warn_unseen(folder: &Path, error: &BackupError, out: &mut Out) {
    let english = format!(
        "the backup in {} was not looked through: {error}\n   kept: all of it, and what is forgotten \
         may open from it\n   next: connect its disk and run this again, or destroy it",
        folder.display()
    );
    let words = Words::of("warn-backup-unseen").with("folder", folder.display());
    out.warn(english, &words.why(error.words()));
}

fn warn_left(file: &str, out: &mut Out) {
    let english = format!(
        "cannot be removed: {file}\n   kept: everything else; what is forgotten may open from it\n   \
         next: remove it by hand, or destroy the disk"
    );
    out.warn(english, &Words::of("warn-backup-left").with("file", file));
}

/// Names what the store itself lacks and what the backup had lost; whether there is anything.
fn warn_missing(report: &backup::Report, out: &mut Out) -> bool {
    for blob in &report.missing {
        out.warn(
            format!("the store itself lacks the file blobs/{blob}"),
            &Words::of("backup-lacks").with("file", blob),
        );
    }
    for blob in &report.damaged {
        out.warn(
            format!(
                "the store's own file blobs/{blob} is not what was taken in; it takes the place of \
                 nothing in the backup"
            ),
            &Words::of("backup-harmed").with("file", blob),
        );
    }
    for file in &report.mended {
        out.warn(
            format!(
                "{file} in the backup was not as it had been written; it was made anew from the store\n   \
                 next: look after its disk, and who has it in hands"
            ),
            &Words::of("backup-mended").with("file", file),
        );
    }
    let lacks = !(report.missing.is_empty() && report.damaged.is_empty());
    if lacks {
        out.tell(
            "The backup is not whole.\n   next: sandyk verify store; an older backup may have them",
            &Words::of("backup-lacking"),
        );
    }
    lacks || !report.mended.is_empty()
}

pub(super) fn explain(error: &BackupError) -> CliError {
    let said = match error {
        BackupError::Inside
        | BackupError::Mixed(_)
        | BackupError::NotABackup(_)
        | BackupError::NotEmpty(_) => CliError::told(Exit::Refused, error),
        BackupError::InUse(_) | BackupError::Restless => CliError::told(Exit::Failed, error),
        BackupError::Store(_) | BackupError::Io(_) => CliError::failed(error)
            .kept("the store and what the backup held before")
            .advice("check the disks; sandyk verify store names what is damaged"),
    };
    said.words(error.words())
}

/// A bar that is drawn if somebody looks.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Self {
        let looking = io::stderr().is_terminal();
        let target =
            if looking { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self(ProgressBar::with_draw_target(None, target))
    }

    pub(super) fn show(&self, progress: Progress) {
        let (have, of, template) = match progress {
            Progress::Journal { have, of } => {
                (have, of, "journal {wide_bar} {bytes}/{total_bytes}")
            }
            Progress::Blobs { have, of } => (have, of, "files   {wide_bar} {pos}/{len}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
        self.0.set_length(of);
        self.0.set_position(have);
    }

    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }
}
