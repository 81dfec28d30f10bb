//! What lies beside the journal: blobs, small files, and what older generations left.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::Path,
};

use super::{APART, BLOBS, BODY, BackupError, Job, MAX_OTHER, Manifest, OTHERS, OWN};
use crate::{
    files::{self, Audience, Existing},
    id::BlobId,
    store::{
        journal::{Frame, HEADER, Journal},
        recover,
    },
};

/// Copies a blob if it is not there; its bytes, 0 if it was there, `None` if the store has none.
pub(super) fn copy_blob(job: &Job<'_>, blob: BlobId) -> io::Result<Option<u64>> {
    let name = blob.to_string();
    let mut from = match File::open(job.store.join(BLOBS).join(&name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let folder = job.to.join(BLOBS);
    let to = folder.join(&name);
    let len = from.metadata()?.len();
    if fs::metadata(&to).is_ok_and(|there| there.len() == len) {
        return Ok(Some(0));
    }
    let mut aside = tempfile::Builder::new().prefix(".new-").tempfile_in(&folder)?;
    io::copy(&mut from, &mut aside)?;
    aside.as_file().sync_all()?;
    aside.persist(&to).map_err(|error| error.error)?;
    Ok(Some(len.max(1)))
}

/// Copies the small files beside the journal, the ledger key above all.
pub(super) fn copy_others(job: &Job<'_>) -> io::Result<()> {
    for entry in fs::read_dir(job.store)? {
        let entry = entry?;
        let name = entry.file_name();
        let skipped = name.to_str().is_none_or(|name| name.starts_with('.') || OWN.contains(&name));
        if skipped || !entry.file_type()?.is_file() {
            continue;
        }
        let bytes = files::load(&entry.path(), MAX_OTHER)?;
        let to = job.to.join(OTHERS).join(&name);
        if files::load(&to, MAX_OTHER).ok().as_ref() != Some(&bytes) {
            files::save(&to, &bytes, Audience::Owner, Existing::Replace)?;
        }
    }
    Ok(())
}

/// Removes what only older generations held: what was forgotten is forgotten here too. Gives what
/// cannot be removed.
///
/// Envelopes go first, for without them nothing opens; bodies go last, so that a run that was cut off
/// leaves one that tells the next.
pub(super) fn tidy(
    folder: &Path,
    manifest: &Manifest,
    attached: &BTreeSet<BlobId>,
) -> io::Result<Vec<String>> {
    let mut left = Vec::new();
    for name in [APART, BLOBS, BODY] {
        let part = folder.join(name);
        for entry in fs::read_dir(&part)? {
            let entry = entry?;
            let file = entry.file_name();
            let file = file.to_str().unwrap_or_default();
            let kept = file == manifest.generation
                || file.parse().is_ok_and(|blob| attached.contains(&blob));
            let gone = if kept { Ok(()) } else { fs::remove_file(entry.path()) };
            left.extend(gone.err().map(|error| format!("{name}/{file}: {error}")));
        }
        files::sync_folder(&part)?;
    }
    Ok(left)
}

/// Every blob that the changes of a backup's body attach.
pub(super) fn attached_in(body: &Journal) -> Result<BTreeSet<BlobId>, BackupError> {
    let (mut attached, mut at, mut payload) = (BTreeSet::new(), HEADER, Vec::new());
    let end = body.committed();
    while let Some(next) = body.frame_at(at, end, &mut payload)? {
        let Frame::Changes(changes) = recover::decode(at, &payload)?;
        let blobs = changes.iter().flat_map(|change| change.attach.iter());
        attached.extend(blobs.copied().map(BlobId::from_bytes));
        at = next;
    }
    Ok(attached)
}

/// A backup inside of the store would be swept, or copied into itself.
pub(super) fn refuse_nested(job: &Job<'_>) -> Result<(), BackupError> {
    let store = job.store.canonicalize()?;
    let mut to = std::path::absolute(job.to)?;
    while !to.exists() {
        let Some(parent) = to.parent() else { break };
        to = parent.to_path_buf();
    }
    let to = to.canonicalize()?;
    let whole = job.to.canonicalize().unwrap_or_else(|_| to.clone());
    if to.starts_with(&store) || store.starts_with(&whole) && job.to.exists() {
        return Err(BackupError::Inside);
    }
    Ok(())
}
