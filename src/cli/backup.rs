//! `sandyk backup` and `sandyk restore`: a copy of the store, and a store from a copy.
//!
//! Promises: 1. a running server is not asked and not disturbed; 2. a bar is drawn on a terminal only;
//! 3. what is missing is named, and leaves with an exit code of its own; 4. a restored store is
//! verified, and what was forgotten is destroyed, before anything can serve it.
//! Spec: `docs/format/backup.md`.

use std::{
    fs,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::{
    exit::{CliError, Exit},
    out::{Format, Out},
    verify::store::{Against, CheckpointFound, Found, check},
    words::{Told as _, Words},
};
use crate::{
    clock::{Clock as _, Day, SystemClock},
    config::ServerConfig,
    desk::finish_forgetting,
    process,
    store::{
        SledStore, Store as _,
        backup::{self, BackupError, Job, Progress, Restored},
    },
};

/// Records whose values are kept apart: without them nobody opens anything.
const APART: [&str; 1] = ["envelope/"];
/// Longest that a copy of the envelopes may be kept, in days.
const ENVELOPE_DAYS: i64 = 14;

/// Bring a backup of the store up to date; the server may be running.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The server's configuration
    #[arg(long, value_name = "FILE", default_value = "/etc/sandyk/server.toml")]
    config: PathBuf,
    /// The store's folder, instead of the one in the configuration
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// The backup's folder, on another disk
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Make a store from a backup, and verify it.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The backup's folder
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The store's folder to make; it must not be there, or be empty
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    against: Against,
}

/// What a restore did and found; one JSON document.
#[derive(Serialize)]
struct Answer {
    restored: Restored,
    found: Found,
}

/// Brings the backup up to date.
///
/// # Errors
/// [`CliError`]; the backup is as it was then.
pub fn run(args: &BackupArgs, out: &mut Out) -> Result<Exit, CliError> {
    process::keep_files_private();
    let store = match &args.store {
        Some(store) => store.clone(),
        None => ServerConfig::load(&args.config)?.store,
    };
    let day = SystemClock.today().to_string();
    let job = Job { store: &store, to: &args.to, apart: &APART, day };
    let bar = Bar::new();
    let report = backup::backup(&job, &mut |progress| bar.show(progress));
    bar.clear();
    let report = report.map_err(|error| explain(&error))?;
    if out.format() == Format::Json {
        out.json(&report)?;
    } else {
        let backup::Report { events, blobs, bytes, .. } = report;
        out.line(format!("{events} events are safe; {blobs} files came now, {bytes} bytes"))?;
    }
    for blob in &report.missing {
        out.say(format!("warning: the store itself lacks the file blobs/{blob}"));
    }
    if report.missing.is_empty() {
        return Ok(Exit::Done);
    }
    out.say("next: sandyk verify store; an older backup may have them");
    Ok(Exit::Failed)
}

/// Makes a store from a backup.
///
/// # Errors
/// [`CliError`]; nothing that a server would open was made then.
pub fn restore(args: &RestoreArgs, out: &mut Out) -> Result<Exit, CliError> {
    process::keep_files_private();
    let bar = Bar::new();
    let restored = backup::restore(&args.from, &args.to, &mut |progress| bar.show(progress));
    bar.clear();
    let restored = restored.map_err(|error| explain(&error))?;
    forget_first(&args.to)?;
    let found = check(&args.to, &args.against)?;
    say_age(&restored, out);
    let answer = Answer { restored, found };
    if out.format() == Format::Json {
        out.json(&answer)?;
    }
    if answer.found.checkpoint == CheckpointFound::Differs {
        // SECURITY(T8): a server that opened this would be an alarm at every reader.
        let (journal, aside) = (args.to.join("journal"), args.to.join("journal.refused"));
        fs::rename(journal, aside)?;
        return Err(CliError::refused("a reader has seen another history than this backup has")
            .kept("the backup as it is; the restored journal is named journal.refused")
            .advice("try another backup; ask the readers which checkpoint each of them holds")
            .words(Words::of("restore-other-history")));
    }
    tell(&answer, out)
}

/// What is forgotten by the backup's own marks is destroyed before anything can serve it.
fn forget_first(store: &Path) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
    runtime.block_on(async {
        let store = Arc::new(SledStore::open(store)?);
        finish_forgetting(&store).await?;
        if let Some(store) = Arc::into_inner(store) {
            store.close().await?;
        }
        Ok(())
    })
}

fn say_age(restored: &Restored, out: &mut Out) {
    let days = restored.day.parse::<Day>().map(|day| day.days_until(SystemClock.today()));
    if days.is_ok_and(|days| days > ENVELOPE_DAYS) {
        out.say(format!(
            "warning: this backup is of {}: its envelopes should be gone after {ENVELOPE_DAYS} days",
            restored.day
        ));
        out.say("   next: ask every reader for orders to forget that came later, and repeat them");
    }
}

fn tell(answer: &Answer, out: &mut Out) -> Result<Exit, CliError> {
    let Answer { restored, found } = answer;
    if out.format() == Format::Table {
        let (events, expected) = (restored.events, restored.events_expected);
        out.line(format!("{events} of {expected} events are back, of {}", restored.day))?;
        out.line(format!("{} files are back; root of the feed {}", restored.blobs, found.root))?;
    }
    if restored.apart_missing > 0 {
        out.say(format!(
            "warning: {} envelopes are missing: what they open stays closed",
            restored.apart_missing
        ));
    }
    for damage in &found.damage {
        out.say(format!("missing or damaged: {}: {}", damage.place, damage.what));
    }
    if found.checkpoint == CheckpointFound::None {
        out.say("No reader's checkpoint was given: nobody has checked that nothing newer is lost.");
    }
    if restored.is_whole() && found.damage.is_empty() {
        return Ok(Exit::Done);
    }
    out.say("kept: everything else; next: look for another backup before you start the server");
    Ok(Exit::Failed)
}

fn explain(error: &BackupError) -> CliError {
    let said = match error {
        BackupError::Inside | BackupError::NotABackup(_) | BackupError::NotEmpty(_) => {
            CliError::told(Exit::Refused, error)
        }
        BackupError::InUse(_) | BackupError::Restless => CliError::told(Exit::Failed, error),
        BackupError::Store(_) | BackupError::Io(_) => CliError::failed(error)
            .kept("the store and what the backup held before")
            .advice("check the disks; sandyk verify store names what is damaged"),
    };
    said.words(error.words())
}

/// A bar that is drawn if somebody looks.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let looking = io::stderr().is_terminal();
        let target =
            if looking { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self(ProgressBar::with_draw_target(None, target))
    }

    fn show(&self, progress: Progress) {
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

    fn clear(&self) {
        self.0.finish_and_clear();
    }
}
