//! Restoring: a store's folder made from a backup, or nothing that passes for one.
//!
//! The journal gets its name late, and no server opens the folder before [`finish`] says so: neither a
//! restore that was cut off nor one that was killed while it forgot is ever served.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    path::Path,
};

use data_encoding::HEXLOWER;
use serde::Serialize;

use super::{APART, BLOBS, BODY, BackupError, Manifest, OTHERS, Progress, beside::DAMAGED, load};
use crate::{
    clock::Day,
    files::{self, Audience, Existing},
    id::BlobId,
    store::journal::{Change, Frame, HEADER, Journal},
    store::replay,
};

/// Says that a restore is not finished.
pub(in crate::store) const UNFINISHED: &str = "restore.unfinished";
const MAX_OTHER: u64 = 1 << 20;

/// What came back, and what did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// The day of the backup's last run.
    pub day: Day,
    /// Changes that are back.
    pub changes: u64,
    /// Changes that the backup should have held.
    pub changes_expected: u64,
    /// Events that are back.
    pub events: u64,
    /// Events that the backup should have held.
    pub events_expected: u64,
    /// Records whose values were kept apart and are not there.
    pub apart_missing: u64,
    /// Blobs that are back.
    pub blobs: u64,
    /// Blobs that the journal names and the backup does not have.
    pub blobs_missing: Vec<String>,
}

impl Restored {
    /// Whether everything came back.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.changes == self.changes_expected
            && self.events == self.events_expected
            && self.apart_missing == 0
            && self.blobs_missing.is_empty()
    }
}

/// Makes the store's folder `to` from the backup `from`; `to` must not be there, be empty, or be
/// what an earlier restore left unfinished.
///
/// Keeps whatever of a damaged backup can be kept, and names what is missing. No server opens what was
/// made before [`finish`]; `SledStore::open_restored` does.
///
/// # Errors
/// [`BackupError`]; nothing that a server would open was made then.
pub fn restore(
    from: &Path,
    to: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Restored, BackupError> {
    let manifest = load(from)?.ok_or_else(|| BackupError::NotABackup(from.to_owned()))?;
    clear(to)?;
    let text = serde_json::to_vec(&manifest).map_err(io::Error::from)?;
    files::save(&to.join(UNFINISHED), &text, Audience::Owner, Existing::Replace)?;
    let mut merge = Merge::begin(from, to, &manifest)?;
    merge.run(&manifest, progress)?;
    let Merge { journal, changes, events, apart_missing, attached, .. } = merge;
    let (blobs, blobs_missing) = bring_blobs(from, to, &attached, progress)?;
    for entry in fs::read_dir(from.join(OTHERS))? {
        let entry = entry?;
        let bytes = files::load(&entry.path(), MAX_OTHER)?;
        let path = to.join(entry.file_name());
        files::save(&path, &bytes, Audience::Owner, Existing::Replace)?;
    }
    files::sync_folder(&to.join(BLOBS))?;
    journal.sync()?;
    // From here on it is a store, which only a restore opens.
    fs::rename(to.join(ASIDE), to.join("journal"))?;
    files::sync_folder(to)?;
    let Manifest { day, changes: changes_expected, events: events_expected, .. } = manifest;
    Ok(Restored {
        day,
        changes,
        changes_expected,
        events,
        events_expected,
        apart_missing,
        blobs,
        blobs_missing,
    })
}

/// Copies the blobs: how many came, and the names of those that did not.
fn bring_blobs(
    from: &Path,
    to: &Path,
    attached: &BTreeSet<BlobId>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(u64, Vec<String>), BackupError> {
    let (mut blobs, mut blobs_missing) = (0_u64, Vec::new());
    files::make_folder(&to.join(BLOBS))?;
    let of = u64::try_from(attached.len()).unwrap_or(u64::MAX);
    for (have, blob) in (1..).zip(attached) {
        progress(Progress::Blobs { have, of });
        let name = blob.to_string();
        match copy_file(&from.join(BLOBS).join(&name), &to.join(BLOBS).join(&name)) {
            Ok(()) => blobs = blobs.saturating_add(1),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // What is left of it is better than nothing, and will be named as what it is.
                let remains = from.join(BLOBS).join(format!("{name}{DAMAGED}"));
                match copy_file(&remains, &to.join(BLOBS).join(&name)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(error.into());
                    }
                    Ok(()) | Err(_) => blobs_missing.push(name),
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok((blobs, blobs_missing))
}

/// Says that all is done with a restored store: from now on every server opens it.
///
/// # Errors
/// What the file system says; no server opens it then.
pub fn finish(to: &Path) -> io::Result<()> {
    fs::remove_file(to.join(UNFINISHED))?;
    files::sync_folder(to)
}

/// The journal before it has its name.
const ASIDE: &str = "restore.journal";

/// Makes an empty folder of what is none, of an empty one, or of an unfinished restore.
fn clear(to: &Path) -> Result<(), BackupError> {
    // Nobody has served it: what is in it, came from the backup.
    if to.join(UNFINISHED).exists() {
        fs::remove_dir_all(to)?;
    }
    files::make_folder(to)?;
    if fs::read_dir(to)?.next().is_some() {
        return Err(BackupError::NotEmpty(to.to_owned()));
    }
    Ok(())
}

/// The two files of a backup, read in step and made one journal again.
struct Merge {
    body: Journal,
    envelopes: Option<Journal>,
    journal: Journal,
    changes: u64,
    events: u64,
    apart_missing: u64,
    attached: BTreeSet<BlobId>,
}

impl Merge {
    fn begin(from: &Path, to: &Path, manifest: &Manifest) -> Result<Self, BackupError> {
        let body = Journal::open_to_read(&from.join(BODY).join(&manifest.generation))?;
        let path = from.join(APART).join(&manifest.generation);
        // Without them nobody opens anything, but everything else is kept for when they are found.
        let envelopes = Journal::open_to_read(&path).ok();
        let envelopes = envelopes.filter(|envelopes| envelopes.store() == body.store());
        if HEXLOWER.encode(&body.store()) != manifest.store {
            return Err(BackupError::Mixed(from.to_owned()));
        }
        Journal::create(&to.join(ASIDE))?;
        let journal = Journal::open(&to.join(ASIDE))?;
        let attached = BTreeSet::new();
        Ok(Self { body, envelopes, journal, changes: 0, events: 0, apart_missing: 0, attached })
    }

    fn run(
        &mut self,
        manifest: &Manifest,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), BackupError> {
        let (mut at, mut apart_at) = (HEADER, HEADER);
        let (mut payload, mut aside, mut laid_out) = (Vec::new(), Vec::new(), Vec::new());
        let end = manifest.body.min(self.body.len()?);
        // The first frame that is not whole ends what can be trusted: the order is the history.
        while let Some(next) = self.body.frame_at(at, end, &mut payload)? {
            let Ok(Frame::Changes(changes)) = replay::decode(at, &payload) else { break };
            let mut apart_frame = None;
            if let Some(envelopes) = &self.envelopes {
                let end = manifest.envelopes.min(envelopes.len()?);
                apart_frame = envelopes.frame_at(apart_at, end, &mut aside)?;
            }
            let apart = if let Some(next) = apart_frame {
                apart_at = next;
                replay::decode(at, &aside).ok()
            } else {
                self.envelopes = None;
                None
            };
            let apart = apart.map(|Frame::Changes(changes)| changes).unwrap_or_default();
            let whole = self.fill(changes, &apart, &manifest.apart)?;
            self.journal.lay_out(&Frame::Changes(whole), &mut laid_out)?;
            self.journal.append_aside(&laid_out)?;
            at = next;
            progress(Progress::Journal { have: at, of: end });
        }
        Ok(())
    }

    /// The changes of a frame with the values that were kept apart.
    fn fill<'c>(
        &mut self,
        changes: Vec<Change<'c>>,
        apart: &[Change<'c>],
        prefixes: &[String],
    ) -> Result<Vec<Change<'c>>, BackupError> {
        let values: BTreeMap<(u64, &[u8]), _> = apart
            .iter()
            .flat_map(|change| change.puts.iter().map(|put| ((change.number, put.0.0), put.1)))
            .collect();
        let is_apart = |key: &[u8]| prefixes.iter().any(|p| key.starts_with(p.as_bytes()));
        let mut whole = Vec::new();
        for mut change in changes {
            let expected = self.changes.saturating_add(1);
            if change.number != expected {
                let what = "a change is missing before it";
                let error = crate::store::StoreError::Damaged { offset: self.changes, what };
                return Err(error.into());
            }
            let mut puts = Vec::with_capacity(change.puts.len());
            for (key, value) in change.puts {
                if !is_apart(key.0) {
                    puts.push((key, value));
                } else if let Some(value) = values.get(&(change.number, key.0)) {
                    puts.push((key, *value));
                } else {
                    self.apart_missing = self.apart_missing.saturating_add(1);
                }
            }
            change.puts = puts;
            self.changes = change.number;
            self.events = change.event.as_ref().map_or(self.events, |event| event.cursor);
            self.attached.extend(change.attach.iter().copied().map(BlobId::from_bytes));
            whole.push(change);
        }
        Ok(whole)
    }
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    let folder = to.parent().unwrap_or(Path::new("."));
    let mut aside = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    io::copy(&mut from, &mut aside)?;
    aside.as_file().sync_all()?;
    aside.persist(to).map_err(|error| error.error)?;
    Ok(())
}
