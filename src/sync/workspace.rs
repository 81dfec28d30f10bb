//! The workspace: plain files that stock `age`, `tar` and `jq` open; the layout is a promise.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::{Alarm, SyncError, error::at, feed::Feed};
use crate::{
    files::{self, Audience, Existing},
    id::{ReaderId, TestimonyId},
    keyring::{Chain, Invitation, TrustRoot, keyring_file},
    ledger::Checkpoint,
    note::NamedKey,
};

/// What workspace this is.
pub(super) const ABOUT: &str = "workspace.json";
const SCHEMA: &str = "workspace/1";
const ROOTS: &str = "roots.txt";
const KEYRING: &str = "keyring";
const FEED: &str = "feed.jsonl";
const CHECKPOINT: &str = "checkpoint.note";
const LEDGER_KEY: &str = "ledger-key.txt";
const LOCK: &str = "sync.lock";
const FOLDERS: [&str; 6] =
    [KEYRING, "testimonies", "casebook/entries", "casebook/keys", "outbox/entries", "outbox/keys"];
const SMALL: u64 = 4 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    schema: String,
    organisation: String,
    reader: ReaderId,
}

/// A workspace that is held by this sync alone.
pub(super) struct Workspace {
    folder: PathBuf,
    about: About,
    trust: TrustRoot,
    ledger: Option<NamedKey>,
    feed: Feed,
    _lock: Lock,
}

/// Makes an empty workspace.
pub(super) fn make(
    folder: &Path,
    invitation: &Invitation,
    reader: ReaderId,
) -> Result<(), SyncError> {
    for name in FOLDERS {
        let path = folder.join(name);
        at(&path, files::make_folder(&path))?;
    }
    let organisation = invitation.trust.organisation.clone();
    let about = About { schema: SCHEMA.to_owned(), organisation, reader };
    let about = at(folder, serde_json::to_vec(&about).map_err(io::Error::from))?;
    for (epoch, note) in (1_u32..).zip(&invitation.notes) {
        write(&folder.join(KEYRING).join(keyring_file(epoch)), note.as_bytes())?;
    }
    write(&folder.join(ROOTS), invitation.trust.to_text().as_bytes())?;
    // Last: with this file it is a workspace.
    write(&folder.join(ABOUT), &about)
}

impl Workspace {
    /// Opens and locks a workspace and proves what it holds.
    pub(super) fn open(folder: &Path) -> Result<Self, SyncError> {
        let not = || SyncError::NotAWorkspace(folder.to_owned());
        let about = files::load_plain(&folder.join(ABOUT), SMALL).map_err(|_| not())?;
        let about: About = serde_json::from_slice(&about).map_err(|_| not())?;
        if about.schema != SCHEMA {
            return Err(not());
        }
        let lock = lock(&folder.join(LOCK))?;
        let trust =
            read(&folder.join(ROOTS), |text| TrustRoot::parse(text).ok())?.ok_or_else(not)?;
        if about.organisation != trust.organisation {
            return Err(damaged(&folder.join(ABOUT)));
        }
        let key = |text: &str| NamedKey::parse(text.trim_end()).ok();
        let ledger = read(&folder.join(LEDGER_KEY), key)?;
        let path = folder.join(CHECKPOINT);
        let held = match &ledger {
            Some(key) => read(&path, |note| Checkpoint::verify(note, key).ok())?,
            None if path.exists() => return Err(damaged(&folder.join(LEDGER_KEY))),
            None => None,
        };
        let feed = Feed::load(&folder.join(FEED), held.as_ref())?;
        Ok(Self { folder: folder.to_owned(), about, trust, ledger, feed, _lock: lock })
    }

    pub(super) const fn reader(&self) -> ReaderId {
        self.about.reader
    }

    pub(super) fn organisation(&self) -> &str {
        &self.about.organisation
    }

    pub(super) const fn trust(&self) -> &TrustRoot {
        &self.trust
    }

    pub(super) const fn feed(&self) -> &Feed {
        &self.feed
    }

    pub(super) const fn feed_mut(&mut self) -> &mut Feed {
        &mut self.feed
    }

    pub(super) const fn ledger(&self) -> Option<&NamedKey> {
        self.ledger.as_ref()
    }

    pub(super) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }

    pub(super) fn testimony(&self, id: TestimonyId) -> PathBuf {
        self.folder.join("testimonies").join(id.to_string())
    }

    /// Remembers the ledger key of the first sync.
    pub(super) fn pin(&mut self, key: NamedKey) -> Result<(), SyncError> {
        write(&self.path(LEDGER_KEY), format!("{}\n", key.to_text()).as_bytes())?;
        self.ledger = Some(key);
        Ok(())
    }

    /// The signed checkpoint that is held, and what it says.
    pub(super) fn checkpoint(&self) -> Result<Option<(String, Checkpoint)>, SyncError> {
        let Some(key) = &self.ledger else { return Ok(None) };
        let verified = |note: &str| Some((note.to_owned(), Checkpoint::verify(note, key).ok()?));
        read(&self.path(CHECKPOINT), verified)
    }

    /// The file that holds the feed.
    pub(super) fn feed_file(&self) -> PathBuf {
        self.path(FEED)
    }

    /// Keeps a checkpoint that was proved.
    pub(super) fn keep_checkpoint(&self, note: &str) -> Result<(), SyncError> {
        write(&self.path(CHECKPOINT), note.as_bytes())
    }

    /// The keyring notes that are held, from the first.
    pub(super) fn notes(&self) -> Result<Vec<String>, SyncError> {
        let mut notes = Vec::new();
        for epoch in 1_u32.. {
            let path = self.folder.join(KEYRING).join(keyring_file(epoch));
            match read(&path, |note| Some(note.to_owned()))? {
                Some(note) => notes.push(note),
                None => break,
            }
        }
        Ok(notes)
    }

    /// Keeps the keyrings of a proved chain that leads on from those held.
    pub(super) fn keep_keyrings(&self, chain: &Chain) -> Result<(), SyncError> {
        let held = self.notes()?;
        let notes = chain.notes();
        for (n, epoch) in (0..held.len().max(notes.len())).zip(1_u32..) {
            match (held.get(n), notes.get(n)) {
                (Some(held), Some(note)) if held == note => {}
                (None, Some(note)) => {
                    let path = self.folder.join(KEYRING).join(keyring_file(epoch));
                    write(&path, note.as_bytes())?;
                }
                _ => return Err(Alarm::KeyringHistory { epoch }.into()),
            }
        }
        Ok(())
    }
}

/// Writes the files of a page, all durable when this returns.
pub(super) fn write_page<'f>(
    workspace: &Workspace,
    files: impl Iterator<Item = (&'f Path, &'f [u8])>,
) -> Result<(), SyncError> {
    files::save_new(&workspace.folder, files)
        .map_err(|(path, cause)| SyncError::File { path, cause })
}

/// Writes a file of the workspace, durably and atomically, and its folder if need be.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), SyncError> {
    if let Some(folder) = path.parent() {
        at(folder, files::make_folder(folder))?;
    }
    at(path, files::save(path, bytes, Audience::Owner, Existing::Replace))
}

/// Moves a file or folder within the workspace, durably; what stood there is replaced.
pub(super) fn shift(from: &Path, to: &Path) -> Result<(), SyncError> {
    for folder in [to.parent(), from.parent()].into_iter().flatten() {
        at(folder, files::make_folder(folder))?;
    }
    if to.is_dir() {
        at(to, fs::remove_dir_all(to))?;
    }
    at(from, fs::rename(from, to))?;
    let other = from.parent().filter(|folder| to.parent() != Some(folder));
    for folder in [to.parent(), other].into_iter().flatten() {
        at(folder, files::sync_folder(folder))?;
    }
    Ok(())
}

fn read<T>(path: &Path, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, SyncError> {
    match files::load_plain_text(path, SMALL) {
        Ok(text) => parse(&text).map(Some).ok_or_else(|| damaged(path)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(SyncError::File { path: path.to_owned(), cause }),
    }
}

fn damaged(path: &Path) -> SyncError {
    SyncError::Damaged { what: path.display().to_string() }
}

/// The file that keeps two syncs apart, locked.
struct Lock(File);

impl Drop for Lock {
    /// Closing alone would not do: a process that is being started may hold a copy for a moment.
    fn drop(&mut self) {
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

fn lock(path: &Path) -> Result<Lock, SyncError> {
    let file = files::open_plain(path, fs::OpenOptions::new().create(true).append(true));
    let file = at(path, file)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| SyncError::InUse)?;
    Ok(Lock(file))
}
