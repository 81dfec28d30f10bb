//! What lies beside the journal: blobs, small files, and what older generations left.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::Path,
};

use super::{APART, BLOBS, BODY, BackupError, Job, MAX_OTHER, Manifest, OTHERS, OWN};
use crate::{
    digest::{Digest, HashingWriter},
    files::{self, Audience, Existing},
    id::BlobId,
};

/// What became of one blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copied {
    /// The backup has it.
    There,
    /// It came now; `mended` if another file stood in its place.
    New {
        /// Its length, at least 1.
        bytes: u64,
        /// Whether the backup's own was not as it had been written.
        mended: bool,
    },
    /// The store has none, and the backup none that counts.
    Missing,
    /// The store's is not what was taken in; the backup keeps what it had.
    Damaged,
}

/// Copies a blob unless the backup has one of its length; what comes is hashed on its way.
pub(super) fn copy_blob(
    job: &Job<'_>,
    blob: BlobId,
    part: Option<&(u64, Digest)>,
) -> io::Result<Copied> {
    let folder = job.to.join(BLOBS);
    let (name, to) = (blob.to_string(), folder.join(blob.to_string()));
    let there = fs::metadata(&to).ok().map(|there| there.len());
    if there.is_some() && there == part.map(|(bytes, _)| *bytes) {
        return Ok(Copied::There);
    }
    let mut from = match File::open(job.store.join(BLOBS).join(&name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(if there.is_some() && part.is_none() {
                Copied::There
            } else {
                Copied::Missing
            });
        }
        opened => opened?,
    };
    // Nobody says what it must be: two of different lengths cannot be told apart by us.
    if let (Some(there), None) = (there, part) {
        let same = from.metadata()?.len() == there;
        return Ok(if same { Copied::There } else { Copied::Damaged });
    }
    let aside = tempfile::Builder::new().prefix(".new-").tempfile_in(&folder)?;
    let mut hashed = HashingWriter::new(aside);
    io::copy(&mut from, &mut hashed)?;
    let (aside, digest, bytes) = hashed.finish();
    aside.as_file().sync_all()?;
    let remains = folder.join(format!("{name}{DAMAGED}"));
    if part.is_some_and(|part| *part != (bytes, digest)) {
        if there.is_none() && !remains.exists() {
            aside.persist(&remains).map_err(|error| error.error)?;
        }
        return Ok(Copied::Damaged);
    }
    aside.persist(&to).map_err(|error| error.error)?;
    match fs::remove_file(&remains) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    Ok(Copied::New { bytes: bytes.max(1), mended: there.is_some() })
}

/// Goes behind the name of a blob of which only a damaged file was left.
pub(super) const DAMAGED: &str = ".damaged";

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
                || blob_of(file).is_some_and(|blob| attached.contains(&blob));
            let gone = if kept { Ok(()) } else { fs::remove_file(entry.path()) };
            left.extend(gone.err().map(|error| format!("{name}/{file}: {error}")));
        }
        files::sync_folder(&part)?;
    }
    Ok(left)
}

fn blob_of(file: &str) -> Option<BlobId> {
    file.strip_suffix(DAMAGED).unwrap_or(file).parse().ok()
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
