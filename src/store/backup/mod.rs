//! Backups: a copy of a store that may be running, brought up to date by what is new.
//!
//! It reads the store's files and asks the server nothing. That is safe because the journal only
//! grows and every frame carries its CRC: whole frames are a consistent prefix, whoever writes the
//! next one. A frame names only blobs that were durable before it, and a blob never changes. An
//! erasure puts another journal in the place of the old one: the backup notices, and begins anew.
//!
//! Values under the prefixes that the caller names are kept *apart*, in a file of their own that
//! nothing else needs. A backup counts only once `backup.json` names its lengths; what a kill leaves
//! beyond is cut off by the next run. Each run reads again what the backup has, and makes anew what is not
//! as it was written; a damaged file of the store never takes the place of a good one.
//!
//! Spec: `docs/format/backup.md`.

mod beside;
mod copy;
mod error;
mod keep;
mod restore;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_harm;
#[cfg(test)]
mod tests_keep;

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Day,
    digest::Digest,
    files::{self, Audience, Existing},
    id::{BlobId, EntryId},
    store::journal::Journal,
};

use self::{
    beside::{Copied, copy_blob, copy_others, refuse_nested, tidy},
    copy::{Copy, Resumed},
};
pub use error::BackupError;
pub use keep::{APART_DAYS, Kept, Pruned, look, prune};
pub(super) use restore::UNFINISHED;
pub use restore::{Restored, finish, restore};

/// The file that says what a backup holds.
pub const MANIFEST: &str = "backup.json";
const SCHEMA: &str = "backup/1";
const BODY: &str = "body";
const APART: &str = "envelopes";
const BLOBS: &str = "blobs";
const OTHERS: &str = "others";
/// Names in a store's folder that are copied in their own way, or not at all.
const OWN: [&str; 7] = ["journal", "journal.new", "clean", "lock", "index", "blobs", "tmp"];
const MAX_MANIFEST: u64 = 64 << 10;
const MAX_OTHER: u64 = 1 << 20;
/// How often an erasure may come in between before it is given up for now.
const TRIES: u32 = 5;

/// What to copy, and where to.
pub struct Job<'a> {
    /// The store's folder.
    pub store: &'a Path,
    /// The backup's folder; made if it is not there.
    pub to: &'a Path,
    /// Keys that begin so have their values kept apart.
    pub apart: &'a [&'a str],
    /// The files that the payload of an event names.
    pub parts: &'a dyn Fn(&[u8]) -> Vec<Part>,
    /// Today: from here on the age of the envelopes is counted.
    pub today: Day,
}

/// What a blob must be, as an event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub blob: BlobId,
    /// Its length.
    pub bytes: u64,
    /// The digest of its bytes.
    pub sha256: Digest,
}

/// How far it is, for a progress bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Bytes of the journal that were read.
    Journal {
        /// So many.
        have: u64,
        /// Of so many.
        of: u64,
    },
    /// Blobs that were looked at.
    Blobs {
        /// So many.
        have: u64,
        /// Of so many.
        of: u64,
    },
}

/// What a backup holds after a run, and what the run did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether everything was copied anew, because there was nothing before or the journal is
    /// another one.
    pub anew: bool,
    /// Bytes of the store's journal that are in the backup.
    pub journal: u64,
    /// Changes that are in it.
    pub changes: u64,
    /// Events that are in it.
    pub events: u64,
    /// Blobs that came now.
    pub blobs: u64,
    /// Bytes of blobs that came now.
    pub bytes: u64,
    /// Blobs that the journal names and the store does not have.
    pub missing: Vec<String>,
    /// Blobs of which the store's file is not what was taken in, and the backup has none that is. What
    /// is left of them lies beside the others, under a name that ends in `.damaged`.
    pub damaged: Vec<String>,
    /// Files of the backup that were not as they had been written, and were made anew.
    pub mended: Vec<String>,
    /// Files that hold what is forgotten and cannot be removed, each with what the system says.
    pub left: Vec<String>,
}

/// What a backup holds; the last thing that a run writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    schema: String,
    /// Names the two files of this generation.
    generation: String,
    /// The store id of the journal that was copied.
    store: String,
    /// The day of the last run.
    day: Day,
    /// Up to where the store's journal was copied.
    journal: u64,
    /// Where its last copied frame begins, and the eight bytes there.
    last: (u64, String),
    /// Lengths of the two files.
    body: u64,
    envelopes: u64,
    changes: u64,
    events: u64,
    apart: Vec<String>,
}

/// Brings the backup up to date.
///
/// # Errors
/// [`BackupError`]; the backup holds what it held before then.
pub fn backup(job: &Job<'_>, progress: &mut dyn FnMut(Progress)) -> Result<Report, BackupError> {
    refuse_nested(job)?;
    for folder in [BODY, APART, BLOBS, OTHERS] {
        files::make_folder(&job.to.join(folder))?;
    }
    let _lock = lock(job.to)?;
    for _ in 0..TRIES {
        if let Some(report) = run(job, progress)? {
            return Ok(report);
        }
    }
    Err(BackupError::Restless)
}

/// Keeps others out of a backup's folder for as long as it is held.
fn lock(folder: &Path) -> Result<File, BackupError> {
    let lock = File::options().create(true).append(true).mode(0o600).open(folder.join("lock"))?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| BackupError::InUse(folder.to_owned()))?;
    Ok(lock)
}

/// One attempt; `None` if another journal took the place of the one that was being copied.
fn run(job: &Job<'_>, progress: &mut dyn FnMut(Progress)) -> Result<Option<Report>, BackupError> {
    let path = job.store.join("journal");
    let source = Journal::open_to_read(&path)?;
    let inode = fs::metadata(&path)?.ino();
    let mut found = Brought::default();
    let resumed = match load(job.to)? {
        Some(held) => Copy::resume(job, &source, &held)?,
        None => Resumed::Other,
    };
    let mut copy = match resumed {
        Resumed::On(copy) => *copy,
        Resumed::Other => Copy::begin(job, &source)?,
        Resumed::Harmed(file) => {
            found.mended.push(file);
            Copy::begin(job, &source)?
        }
    };
    copy.frames(&source, progress)?;
    let of = u64::try_from(copy.attached.len()).unwrap_or(u64::MAX);
    for (have, blob) in (1..).zip(&copy.attached) {
        progress(Progress::Blobs { have, of });
        let brought = copy_blob(job, *blob, copy.parts.get(blob))?;
        if brought == Copied::Missing && fs::metadata(&path)?.ino() != inode {
            return Ok(None);
        }
        found.take(*blob, brought);
    }
    files::sync_folder(&job.to.join(BLOBS))?;
    copy_others(job)?;
    let manifest = copy.finish(job)?;
    let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from)?;
    files::save(&job.to.join(MANIFEST), &text, Audience::Owner, Existing::Replace)?;
    let left = forget_older(job.to, &manifest, &copy)?;
    let Manifest { journal, changes, events, .. } = manifest;
    let Brought { blobs, bytes, missing, damaged, mended } = found;
    let anew = copy.anew;
    Ok(Some(Report {
        anew,
        journal,
        changes,
        events,
        blobs,
        bytes,
        missing,
        damaged,
        mended,
        left,
    }))
}

/// Removes what only older generations held, also if the run that should have was cut off; gives
/// what cannot be removed.
fn forget_older(
    folder: &Path,
    manifest: &Manifest,
    copy: &Copy<'_>,
) -> Result<Vec<String>, BackupError> {
    if !copy.anew && keep::stale(folder, &manifest.generation)?.is_empty() {
        return Ok(Vec::new());
    }
    Ok(tidy(folder, manifest, &copy.attached)?)
}

/// What came of the blobs of a run.
#[derive(Default)]
struct Brought {
    blobs: u64,
    bytes: u64,
    missing: Vec<String>,
    damaged: Vec<String>,
    mended: Vec<String>,
}

impl Brought {
    fn take(&mut self, blob: BlobId, copied: Copied) {
        match copied {
            Copied::There => {}
            Copied::Missing => self.missing.push(blob.to_string()),
            Copied::Damaged => self.damaged.push(blob.to_string()),
            Copied::New { bytes, mended } => {
                self.blobs = self.blobs.saturating_add(1);
                self.bytes = self.bytes.saturating_add(bytes);
                if mended {
                    self.mended.push(format!("{BLOBS}/{blob}"));
                }
            }
        }
    }
}

/// The two files of a generation.
fn generation(folder: &Path, name: &str) -> [PathBuf; 2] {
    [BODY, APART].map(|part| folder.join(part).join(name))
}

fn load(folder: &Path) -> Result<Option<Manifest>, BackupError> {
    let not = || BackupError::NotABackup(folder.to_owned());
    match files::load(&folder.join(MANIFEST), MAX_MANIFEST) {
        Ok(bytes) => {
            let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|_| not())?;
            let plain = manifest.generation.parse::<EntryId>().is_ok();
            if manifest.schema == SCHEMA && plain { Ok(Some(manifest)) } else { Err(not()) }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
