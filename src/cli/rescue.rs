//! `sandyk rescue`: what is left of a damaged store, for readers to read and not for a server to serve.
//!
//! Promises: 1. the store stays as it was; 2. only what is as it was taken in is copied; 3. what is lost
//! is named, and leaves with an exit code of its own.
//! Does not: make a store. One with a hole would show every reader another history.
//! Spec: `docs/format/backup.md`, "Rescue".

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Serialize;

use super::{
    exit::{CliError, Exit},
    out::{Format, Out},
    words::{Told as _, Words},
};
use crate::{
    config::ServerConfig,
    desk::{Salvaged, salvage},
    files, process,
    store::{Lost, SledStore, StoreError},
};

/// Copy out what can still be read of a damaged store; the server must be stopped.
#[derive(Debug, Args)]
pub struct RescueArgs {
    /// The server's configuration
    #[arg(long, value_name = "FILE", default_value = "/etc/sandyk/server.toml")]
    config: PathBuf,
    /// The store's folder, instead of the one in the configuration
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// The folder to copy to; it must not be there, or be empty
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// What was copied and what is lost; one JSON document.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    salvaged: Salvaged,
    /// Stretches of the journal that could not be read.
    lost: Vec<Lost>,
}

/// Copies out what is left.
///
/// # Errors
/// [`CliError`]; the store is as it was.
pub fn run(args: &RescueArgs, out: &mut Out) -> Result<Exit, CliError> {
    process::keep_files_private();
    let store = match &args.store {
        Some(store) => store.clone(),
        None => ServerConfig::load(&args.config)?.store,
    };
    refuse_full(&args.to)?;
    let (opened, lost) = SledStore::rescue(&store).map_err(|error| not_opened(&error))?;
    let salvaged = salvage(&opened, &mut |name, bytes| write(&args.to.join(name), bytes));
    drop(opened);
    // Only an index, made anew by the next rescue; what cannot be removed is in nobody's way.
    let _ = fs::remove_dir_all(store.join("rescued"));
    let salvaged = salvaged.map_err(|error| not_copied(&error))?;
    tell(&Answer { salvaged, lost }, out)
}

fn refuse_full(to: &Path) -> Result<(), CliError> {
    let empty = match fs::read_dir(to) {
        Ok(mut listed) => listed.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if empty {
        return Ok(());
    }
    let shown = to.display();
    Err(CliError::refused(format!("{shown} is there already and is not empty"))
        .kept("everything; nothing was copied")
        .advice("name a new folder with --to, on another disk")
        .words(Words::of("rescue-not-empty").with("folder", shown)))
}

fn not_opened(error: &StoreError) -> CliError {
    CliError::failed(error)
        .kept("the store as it is; nothing was copied")
        .advice("stop the server first; where the journal itself is gone, restore from a backup")
        .words(Words::of("rescue-not-opened").why(error.words()))
}

fn not_copied(error: &StoreError) -> CliError {
    CliError::failed(error)
        .kept("the store as it is, and what was copied until then")
        .advice("make room or name another disk, remove what was copied, and begin again")
        .words(Words::of("rescue-not-copied").why(error.words()))
}

/// Writes a file that was not there, durably, and its folders.
fn write(path: &Path, bytes: &mut dyn Read) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    files::make_folder(folder)?;
    let mut file = File::create_new(path)?;
    io::copy(bytes, &mut file)?;
    file.sync_all()?;
    files::sync_folder(folder)
}

fn tell(answer: &Answer, out: &mut Out) -> Result<Exit, CliError> {
    let Answer { salvaged, lost } = answer;
    if out.format() == Format::Json {
        out.json(answer)?;
    } else {
        let Salvaged { events, testimonies, files, .. } = salvaged;
        out.line(format!("{events} events, {testimonies} whole testimonies, {files} files"))?;
    }
    for Lost { at, bytes, changes, events } in lost {
        let (english, words) = match (changes, events) {
            (0, _) => (
                "what stood there is not known".to_owned(),
                Words::of("rescue-lost-unknown").with("at", at).with("bytes", bytes),
            ),
            (changes, events) => (
                format!("{changes} changes, {events} events of the feed"),
                Words::of("rescue-lost")
                    .with("at", at)
                    .with("bytes", bytes)
                    .with("changes", changes)
                    .with("events", events),
            ),
        };
        out.tell(format!("lost: journal, byte {at}, {bytes} bytes: {english}"), &words);
    }
    for file in &salvaged.damaged {
        out.tell(
            format!("lost: {file}: the store's file of it is gone or changed"),
            &Words::of("rescue-lost-file").with("file", file),
        );
    }
    if lost.is_empty() && salvaged.damaged.is_empty() {
        out.tell("nothing is lost: this store is whole", &Words::of("rescue-whole"));
        return Ok(Exit::Done);
    }
    out.tell(
        "kept: the store as it is; next: restore a backup for the server, and give each reader\n   \
         what is missing in it: the folder, with what stands under for/ and their own id",
        &Words::of("rescue-missing"),
    );
    Ok(Exit::Failed)
}
