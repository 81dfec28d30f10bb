//! How long envelopes may lie in a backup's folder, and that they go in time.
//!
//! A run of `backup` makes what is forgotten go from the folder that it brings up to date. A folder
//! that nobody brings up to date any more keeps everything: there the envelopes go by their age.

use std::{fs, io, path::Path};

use serde::Serialize;

use super::{APART, BODY, BackupError, generation, load, lock};
use crate::{clock::Day, files};

/// Longest that a copy of the envelopes may lie anywhere, in days.
///
/// Short, because until then what is forgotten can be opened from it; long enough that a broken
/// server is noticed and brought back from it.
pub const APART_DAYS: i64 = 14;

/// What a backup's folder holds, and how old that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// The day on which it was last brought up to date.
    pub day: Day,
    /// Days since then; negative if the day is yet to come.
    pub age: i64,
    /// The day on which the envelopes go.
    pub until: Day,
    /// Events that it holds.
    pub events: u64,
    /// Bytes of the envelopes; `None` if they are not there any more.
    pub envelopes: Option<u64>,
    /// Files that only an older generation of the folder needed.
    pub stale: Vec<String>,
}

/// What a look at a folder removed, and what it could not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// What is there now.
    pub kept: Kept,
    /// Files that are gone since this look.
    pub removed: Vec<String>,
    /// Files that should be gone and cannot be removed, each with what the system says.
    pub left: Vec<String>,
}

impl Kept {
    /// Whether the envelopes are there and should not be.
    #[must_use]
    pub const fn is_overdue(&self, days: i64) -> bool {
        self.envelopes.is_some() && self.age >= days
    }
}

/// Says what a backup's folder holds; changes nothing.
///
/// # Errors
/// [`BackupError::NotABackup`], or what the file system says.
pub fn look(folder: &Path, today: Day, days: i64) -> Result<Kept, BackupError> {
    let held = load(folder)?.ok_or_else(|| BackupError::NotABackup(folder.to_owned()))?;
    let [_, envelopes] = generation(folder, &held.generation);
    let envelopes = match fs::metadata(&envelopes) {
        Ok(meta) => Some(meta.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Kept {
        day: held.day,
        age: held.day.days_until(today),
        until: held.day.plus_days(days),
        events: held.events,
        envelopes,
        stale: stale(folder, &held.generation)?,
    })
}

/// Removes from a backup's folder the envelopes that are `days` days old, and whatever older
/// generations left. Everything else stays, and is whole again with newer envelopes.
///
/// # Errors
/// As [`look`], and [`BackupError::InUse`]; nothing was removed then. What cannot be removed is no
/// error: it is named, and the rest goes.
pub fn prune(folder: &Path, today: Day, days: i64) -> Result<Pruned, BackupError> {
    let before = look(folder, today, days)?;
    let _lock = lock(folder)?;
    let held = load(folder)?.ok_or_else(|| BackupError::NotABackup(folder.to_owned()))?;
    let mut names = before.stale.clone();
    if before.is_overdue(days) {
        names.push(format!("{APART}/{}", held.generation));
    }
    let (mut removed, mut left) = (Vec::new(), Vec::new());
    for name in names {
        match fs::remove_file(folder.join(&name)) {
            Ok(()) => removed.push(name),
            Err(error) => left.push(format!("{name}: {error}")),
        }
    }
    for part in [APART, BODY] {
        files::sync_folder(&folder.join(part))?;
    }
    Ok(Pruned { kept: look(folder, today, days)?, removed, left })
}

/// Files of other generations, envelopes first.
pub(super) fn stale(folder: &Path, generation: &str) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for part in [APART, BODY] {
        let listed = match fs::read_dir(folder.join(part)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            listed => listed?,
        };
        for entry in listed {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            if name != generation {
                names.push(format!("{part}/{name}"));
            }
        }
    }
    Ok(names)
}
