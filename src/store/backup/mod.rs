//! Backups: a copy of a store that may be running, brought up to date by what is new.
//!
//! It reads the store's files and asks the server nothing. That is safe because the journal only
//! grows and every frame carries its CRC: whole frames are a consistent prefix, whoever writes the
//! next one. A frame names only blobs that were durable before it, and a blob never changes. An
//! erasure puts another journal in the place of the old one: the backup notices, and begins anew.
//!
//! Values under the prefixes that the caller names are kept *apart*, in a file of their own that
//! nothing else needs. A backup counts only once `backup.json` names its lengths; what a kill leaves
//! beyond is cut off by the next run.
//!
//! Spec: `docs/format/backup.md`.

mod beside;
mod error;
mod keep;
mod restore;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_keep;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use rand::rngs::OsRng;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Day,
    files::{self, Audience, Existing},
    id::{BlobId, EntryId},
    store::{
        StoreError,
        journal::{Change, Frame, HEADER, Journal, Raw},
        recover,
    },
};

use self::beside::{attached_in, copy_blob, copy_others, refuse_nested, tidy};
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
    /// Today: from here on the age of the envelopes is counted.
    pub today: Day,
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
    let held = load(job.to)?;
    let mut copy = match held.as_ref().map(|held| Copy::resume(job, &source, held)) {
        Some(Ok(Some(copy))) => copy,
        Some(Err(error)) => return Err(error),
        Some(Ok(None)) | None => Copy::begin(job, &source)?,
    };
    copy.frames(&source, progress)?;
    let (mut blobs, mut bytes, mut missing) = (0_u64, 0_u64, Vec::new());
    let of = u64::try_from(copy.attached.len()).unwrap_or(u64::MAX);
    for (have, blob) in (1..).zip(&copy.attached) {
        progress(Progress::Blobs { have, of });
        match copy_blob(job, *blob)? {
            Some(0) => {}
            Some(more) => {
                blobs = blobs.saturating_add(1);
                bytes = bytes.saturating_add(more);
            }
            None if fs::metadata(&path)?.ino() != inode => return Ok(None),
            None => missing.push(blob.to_string()),
        }
    }
    files::sync_folder(&job.to.join(BLOBS))?;
    copy_others(job)?;
    let manifest = copy.finish(job)?;
    let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from)?;
    files::save(&job.to.join(MANIFEST), &text, Audience::Owner, Existing::Replace)?;
    let left = forget_older(job.to, &manifest, &copy)?;
    let Manifest { journal, changes, events, .. } = manifest;
    Ok(Some(Report { anew: copy.anew, journal, changes, events, blobs, bytes, missing, left }))
}

/// Removes what only older generations held, also if the run that should have was cut off; gives
/// what cannot be removed.
fn forget_older(
    folder: &Path,
    manifest: &Manifest,
    copy: &Copy<'_>,
) -> Result<Vec<String>, BackupError> {
    if copy.anew {
        return Ok(tidy(folder, manifest, &copy.attached)?);
    }
    if keep::stale(folder, &manifest.generation)?.is_empty() {
        return Ok(Vec::new());
    }
    Ok(tidy(folder, manifest, &attached_in(&copy.body)?)?)
}

/// A backup that is being extended.
struct Copy<'a> {
    body: Journal,
    envelopes: Journal,
    apart: &'a [&'a str],
    anew: bool,
    generation: String,
    offset: u64,
    last: (u64, String),
    changes: u64,
    events: u64,
    /// Blobs that the frames of this run attach.
    attached: BTreeSet<BlobId>,
}

impl<'a> Copy<'a> {
    /// Goes on where the last run stopped; `None` if that was another journal, or another end of it.
    fn resume(
        job: &Job<'a>,
        source: &Journal,
        held: &Manifest,
    ) -> Result<Option<Self>, BackupError> {
        let (at, bytes) = &held.last;
        let same = held.store == HEXLOWER.encode(&source.store())
            && held.apart.iter().map(String::as_str).eq(job.apart.iter().copied())
            && source.len()? >= held.journal
            && source.header_at(*at).is_ok_and(|found| HEXLOWER.encode(&found) == *bytes);
        let [body, envelopes] = generation(job.to, &held.generation);
        if !same || !body.exists() || !envelopes.exists() {
            return Ok(None);
        }
        let (body, envelopes) = (Journal::open(&body)?, Journal::open(&envelopes)?);
        if body.len()? < held.body || envelopes.len()? < held.envelopes {
            return Ok(None);
        }
        // What a killed run wrote beyond the manifest does not count.
        body.settle(held.body)?;
        envelopes.settle(held.envelopes)?;
        Ok(Some(Self {
            body,
            envelopes,
            apart: job.apart,
            anew: false,
            generation: held.generation.clone(),
            offset: held.journal,
            last: held.last.clone(),
            changes: held.changes,
            events: held.events,
            attached: BTreeSet::new(),
        }))
    }

    fn begin(job: &Job<'a>, source: &Journal) -> Result<Self, BackupError> {
        let name = EntryId::random(&mut OsRng).to_string();
        let [body, envelopes] = generation(job.to, &name);
        Journal::create_as(&body, source.store())?;
        Journal::create_as(&envelopes, source.store())?;
        Ok(Self {
            body: Journal::open(&body)?,
            envelopes: Journal::open(&envelopes)?,
            apart: job.apart,
            anew: true,
            generation: name,
            offset: HEADER,
            last: (0, HEXLOWER.encode(&source.header_at(0)?)),
            changes: 0,
            events: 0,
            attached: BTreeSet::new(),
        })
    }

    /// Copies every whole frame that is there.
    fn frames(
        &mut self,
        source: &Journal,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), BackupError> {
        let (end, mut payload, mut laid_out) = (source.len()?, Vec::new(), Vec::new());
        while let Some(next) = source.frame_at(self.offset, end, &mut payload)? {
            let Frame::Changes(changes) = recover::decode(self.offset, &payload)?;
            let (mut whole, mut apart) = (Vec::new(), Vec::new());
            for mut change in changes {
                let aside = change.puts.iter().filter(|(key, _)| self.is_apart(key.0)).copied();
                apart.push(only(&change, aside.collect()));
                for (key, value) in &mut change.puts {
                    if self.is_apart(key.0) {
                        *value = Raw(&[]);
                    }
                }
                self.changes = change.number;
                self.events = change.event.as_ref().map_or(self.events, |event| event.cursor);
                self.attached.extend(change.attach.iter().copied().map(BlobId::from_bytes));
                whole.push(change);
            }
            self.body.lay_out(&Frame::Changes(whole), &mut laid_out)?;
            self.body.append_aside(&laid_out)?;
            self.envelopes.lay_out(&Frame::Changes(apart), &mut laid_out)?;
            self.envelopes.append_aside(&laid_out)?;
            self.last = (self.offset, HEXLOWER.encode(&source.header_at(self.offset)?));
            self.offset = next;
            progress(Progress::Journal { have: next, of: end });
        }
        // A frame that is being written is not there yet; one with others behind it is damaged.
        if self.offset < end && source.later_frame_after(self.offset, end, self.changes)? {
            let what = "a frame's bytes changed";
            return Err(StoreError::Damaged { offset: self.offset, what }.into());
        }
        Ok(())
    }

    fn is_apart(&self, key: &[u8]) -> bool {
        self.apart.iter().any(|prefix| key.starts_with(prefix.as_bytes()))
    }

    fn finish(&self, job: &Job<'_>) -> Result<Manifest, BackupError> {
        self.body.sync()?;
        self.envelopes.sync()?;
        files::sync_folder(&job.to.join(BODY))?;
        files::sync_folder(&job.to.join(APART))?;
        Ok(Manifest {
            schema: SCHEMA.to_owned(),
            generation: self.generation.clone(),
            store: HEXLOWER.encode(&self.body.store()),
            day: job.today,
            journal: self.offset,
            last: self.last.clone(),
            body: self.body.committed(),
            envelopes: self.envelopes.committed(),
            changes: self.changes,
            events: self.events,
            apart: self.apart.iter().map(|prefix| (*prefix).to_owned()).collect(),
        })
    }
}

/// A change of that number with nothing in it but these puts.
fn only<'c>(change: &Change<'c>, puts: Vec<(Raw<'c>, Raw<'c>)>) -> Change<'c> {
    let (number, id) = (change.number, change.id);
    Change { number, id, puts, deletes: Vec::new(), attach: Vec::new(), event: None }
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
