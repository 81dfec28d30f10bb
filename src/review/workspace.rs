//! The folder between sync and review: where things lie in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    files,
    id::{EntryId, ReaderId, TestimonyId},
    keyring::{Chain, KeyringError, MAX_KEYRING_BYTES, MAX_ROOTS_BYTES, TrustRoot, keyring_file},
    ledger::Checkpoint,
    note::NamedKey,
};

/// A workspace folder; its layout is a promise, see `docs/format/workspace.md`.
pub struct Workspace {
    folder: PathBuf,
    about: About,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    schema: String,
    organisation: String,
    reader: ReaderId,
}

impl Workspace {
    /// Opens the folder that `sandyk sync init` made.
    ///
    /// # Errors
    /// [`WorkspaceError::NotAWorkspace`] if there is no `workspace.json` of this version in it.
    pub fn open(folder: &Path) -> Result<Self, WorkspaceError> {
        let not_one = || WorkspaceError::NotAWorkspace { folder: folder.to_owned() };
        let bytes =
            files::load_plain(&folder.join("workspace.json"), MAX_ABOUT).map_err(|_| not_one())?;
        let about: About = serde_json::from_slice(&bytes).map_err(|_| not_one())?;
        let known = about.schema == SCHEMA;
        known.then(|| Self { folder: folder.to_owned(), about }).ok_or_else(not_one)
    }

    /// The organisation it was made for.
    #[must_use]
    pub fn organisation(&self) -> &str {
        &self.about.organisation
    }

    /// The reader it was made for.
    #[must_use]
    pub const fn reader(&self) -> ReaderId {
        self.about.reader
    }

    /// Verifies the keyrings in it, from the first on, against `trust`.
    ///
    /// # Errors
    /// [`WorkspaceError::OtherRoots`] if the workspace names other roots than the reader learned,
    /// else why the chain does not hold.
    pub fn chain(&self, trust: &TrustRoot) -> Result<Chain, WorkspaceError> {
        let limit = u64::try_from(MAX_ROOTS_BYTES).unwrap_or(u64::MAX);
        let path = self.path("roots.txt");
        let roots = at(&path, files::load_plain_text(&path, limit))?;
        if TrustRoot::parse(&roots).map_err(WorkspaceError::Roots)? != *trust {
            return Err(WorkspaceError::OtherRoots);
        }
        let limit = u64::try_from(MAX_KEYRING_BYTES).unwrap_or(u64::MAX);
        let mut notes = Vec::new();
        for epoch in 1.. {
            let path = self.path("keyring").join(keyring_file(epoch));
            match files::load_plain_text(&path, limit) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                note => notes.push(at(&path, note)?),
            }
        }
        Ok(Chain::verify(&notes, trust)?)
    }

    /// The signed checkpoint that sync keeps, and what it says; `None` if there is no good one.
    pub(super) fn checkpoint(&self) -> Option<(String, Checkpoint)> {
        let note = files::load_plain_text(&self.path("checkpoint.note"), MAX_ABOUT).ok()?;
        let read = self.verify_checkpoint(&note)?;
        Some((note, read))
    }

    /// What a checkpoint says, if it is this organisation's and of the ledger key that sync knows.
    pub(super) fn verify_checkpoint(&self, note: &str) -> Option<Checkpoint> {
        let key = files::load_plain_text(&self.path("ledger-key.txt"), MAX_ABOUT).ok()?;
        let key = NamedKey::parse(key.trim_end()).ok()?;
        let read = Checkpoint::verify(note, &key).ok()?;
        (read.origin == self.about.organisation).then_some(read)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The folder of one testimony.
    #[must_use]
    pub fn testimony(&self, id: TestimonyId) -> PathBuf {
        self.folder.join("testimonies").join(id.to_string())
    }

    pub(super) fn entry(&self, cursor: u64) -> PathBuf {
        self.folder.join(format!("casebook/entries/{cursor:020}.age"))
    }

    pub(super) fn key(&self, cursor: u64) -> PathBuf {
        self.folder.join(format!("casebook/keys/{cursor:020}.age"))
    }

    pub(super) fn new_entry(&self, id: EntryId) -> PathBuf {
        self.folder.join(format!("outbox/entries/{id}.age"))
    }

    /// Sealed entries of this reader that wait for sync or were handed over by it, in no order.
    pub(super) fn own_entries(&self) -> Result<Vec<PathBuf>, WorkspaceError> {
        let mut found = listed(&self.path("outbox/entries"))?;
        found.extend(listed(&self.path("outbox/sent/entries"))?);
        found.retain(|path| path.extension().is_some_and(|e| e == "age"));
        Ok(found)
    }

    /// Those of them that sync has not handed in.
    pub(super) fn waiting_entries(&self) -> Result<Vec<PathBuf>, WorkspaceError> {
        let mut found = listed(&self.path("outbox/entries"))?;
        found.retain(|path| path.extension().is_some_and(|e| e == "age"));
        Ok(found)
    }

    /// Casebook keys that sync has not handed in: the folder, and this reader's envelope in it.
    pub(super) fn waiting_keys(&self) -> Result<Vec<(PathBuf, PathBuf)>, WorkspaceError> {
        let own = format!("{}.age", self.about.reader);
        let found = listed(&self.path("outbox/keys"))?;
        Ok(found.into_iter().map(|folder| (folder.clone(), folder.join(&own))).collect())
    }

    /// Envelopes, for this reader, of the casebook keys that wait or were handed over.
    pub(super) fn own_keys(&self) -> Result<Vec<PathBuf>, WorkspaceError> {
        let mut found = listed(&self.path("outbox/sent/keys"))?;
        found.extend(listed(&self.path("outbox/keys"))?);
        let own = format!("{}.age", self.about.reader);
        Ok(found.into_iter().map(|folder| folder.join(&own)).filter(|p| p.is_file()).collect())
    }
}

/// What lies in a folder, sorted by name; a folder that is not there is an empty one.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, WorkspaceError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => at(folder, entries)?,
    };
    let paths = entries.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>();
    let mut paths = at(folder, paths)?;
    paths.sort();
    Ok(paths)
}

/// Names the file in an error of the file system.
pub(super) fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, WorkspaceError> {
    result.map_err(|cause| WorkspaceError::File { path: path.to_owned(), cause })
}

/// A workspace cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// There is no workspace there.
    #[error("{folder} is no workspace of this version", folder = .folder.display())]
    NotAWorkspace {
        /// The folder that was looked at.
        folder: PathBuf,
    },
    /// Its roots are not those of the invitation.
    #[error("the workspace names other root keys than your invitation did")]
    OtherRoots,
    /// The keyrings in it do not hold.
    #[error("the keyrings of this workspace: {0}")]
    Keyring(#[from] KeyringError),
    /// Its roots cannot be read.
    #[error("roots.txt of this workspace: {0}")]
    Roots(KeyringError),
    /// The file system says no.
    #[error("{path} cannot be read: {cause}", path = .path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// What it says.
        cause: io::Error,
    },
}

const SCHEMA: &str = "workspace/1";
const MAX_ABOUT: u64 = 64 * 1024;
