//! Leaving before a border: what a reader has on this machine is destroyed.
//!
//! Promises: 1. nothing goes before the whole plan is known: whose it is, and that no file of the keys is a
//! link to somewhere else; 2. the keys go first, so that whatever stops it leaves nothing that opens; 3. what
//! goes is overwritten where it lies, then removed; 4. cut off, it can be run again: `reader.pub` goes last.
//! Does not: reach copies, backups, or what a flash disk keeps of overwritten blocks; ask.
//! Spec: `docs/format/workspace.md`, "Leaving".

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use rand::{RngCore as _, rngs::OsRng};

use crate::{
    files,
    id::ReaderId,
    review::{Workspace, WorkspaceError, keys::KeysError, keys::public_of},
};

/// What would be destroyed, in the order in which it goes.
pub struct Leaving {
    /// Whose keys they are.
    pub reader: ReaderId,
    /// Bytes of all files.
    pub bytes: u64,
    /// Files in the outbox that no sync has handed in.
    pub unsent: usize,
    /// Drafts that were never sent.
    pub drafts: usize,
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    last: PathBuf,
}

/// What could not be destroyed, and why.
pub type Left = Vec<(PathBuf, io::Error)>;

impl Leaving {
    /// Looks at what a reader has: the folder of keys, and the workspace and device if they are named.
    ///
    /// A folder that is not there any more is passed over, so that a run that was cut off goes on.
    ///
    /// # Errors
    /// [`LeaveError`]; nothing was touched.
    pub fn plan(
        keys: &Path,
        workspace: Option<&Path>,
        device: Option<&Path>,
    ) -> Result<Self, LeaveError> {
        let keys = whole(keys)?.ok_or(KeysError::NotHere { name: PUBLIC })?;
        let reader = public_of(&keys)?.id;
        let [secret, rest @ ..] = KEY_FILES;
        let mut plan = Self {
            reader,
            bytes: 0,
            unsent: 0,
            drafts: 0,
            files: Vec::new(),
            folders: Vec::new(),
            last: keys.join(PUBLIC),
        };
        plan.add_named(&keys, &[secret])?;
        if let Some(folder) = device.map(whole).transpose()?.flatten() {
            check_device(&folder, reader)?;
            plan.add_named(&folder, &DEVICE_FILES)?;
            plan.folders.push(folder);
        }
        if let Some(folder) = workspace.map(whole).transpose()?.flatten() {
            plan.add_workspace(&folder)?;
        }
        plan.add_named(&keys, &rest)?;
        plan.folders.push(keys);
        Ok(plan)
    }

    /// How many files would go.
    #[must_use]
    pub fn count(&self) -> usize {
        self.files.len().saturating_add(1)
    }

    /// Destroys all of it; gives what is left and why.
    #[must_use]
    pub fn destroy(self) -> Left {
        let Self { files, folders, last, .. } = self;
        let mut left = Left::new();
        for path in files {
            if let Err(error) = destroy(&path) {
                left.push((path, error));
            }
        }
        if left.is_empty()
            && let Err(error) = destroy(&last)
        {
            left.push((last, error));
        }
        for folder in folders {
            match fs::remove_dir(&folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => left.push((folder, error)),
                _ => {}
            }
        }
        left
    }

    fn add_named(&mut self, folder: &Path, names: &[&str]) -> Result<(), LeaveError> {
        for name in names {
            let path = folder.join(name);
            let Some(about) = there(&path)? else { continue };
            if !about.is_file() {
                return Err(LeaveError::Link { path });
            }
            self.bytes = self.bytes.saturating_add(about.len());
            self.files.push(path);
        }
        Ok(())
    }

    fn add_workspace(&mut self, folder: &Path) -> Result<(), LeaveError> {
        let found = Workspace::open(folder)?;
        if found.reader() != self.reader {
            return Err(LeaveError::OtherReader { folder: folder.to_owned() });
        }
        let about = folder.join(ABOUT);
        self.drafts = names(&folder.join("drafts"))?.len();
        for part in ["entries", "envelopes", "keys", "replies", "forget"] {
            let waiting = names(&folder.join("outbox").join(part))?.len();
            self.unsent = self.unsent.saturating_add(waiting);
        }
        // What only this machine has goes before what the server has too.
        for first in ["drafts", "outbox"] {
            self.add_all(&folder.join(first))?;
        }
        let later = |path: &PathBuf| !path.ends_with("drafts") && !path.ends_with("outbox");
        for path in names(folder)?.iter().filter(|path| later(path) && **path != about) {
            self.add_all(path)?;
        }
        // With it gone, it would be nobody's workspace, and a second run would not go on.
        self.add_all(&about)?;
        self.folders.push(folder.to_owned());
        Ok(())
    }

    /// A file, or a folder with all that is in it, deepest first.
    fn add_all(&mut self, path: &Path) -> Result<(), LeaveError> {
        let Some(about) = there(path)? else { return Ok(()) };
        if about.is_dir() {
            for inside in names(path)? {
                self.add_all(&inside)?;
            }
            self.folders.push(path.to_owned());
        } else {
            self.bytes = self.bytes.saturating_add(about.len());
            self.files.push(path.to_owned());
        }
        Ok(())
    }
}

/// Overwrites a plain file where it lies, as far as that is of use, and removes it.
fn destroy(path: &Path) -> io::Result<()> {
    let about = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        about => about?,
    };
    if about.is_file() {
        overwrite(&mut files::open_plain(path, OpenOptions::new().write(true))?)?;
    }
    fs::remove_file(path)
}

/// Writes noise over the first MiB of a file and cuts off the rest.
///
/// Without its first bytes no age file opens, whatever is found of the others.
pub(super) fn overwrite(file: &mut File) -> io::Result<()> {
    let bytes = file.metadata()?.len().min(OVERWRITTEN);
    let mut noise = vec![0; usize::try_from(bytes).unwrap_or_default()];
    OsRng.fill_bytes(&mut noise);
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&noise)?;
    file.set_len(bytes)?;
    file.sync_all()
}

/// The folder itself, whatever link leads to it; `None` if there is none.
fn whole(folder: &Path) -> Result<Option<PathBuf>, LeaveError> {
    match fs::canonicalize(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some).map_err(LeaveError::at(folder)),
    }
}

fn there(path: &Path) -> Result<Option<Metadata>, LeaveError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some).map_err(LeaveError::at(path)),
    }
}

fn names(folder: &Path) -> Result<Vec<PathBuf>, LeaveError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found.map_err(LeaveError::at(folder))?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    paths.collect::<io::Result<_>>().map_err(LeaveError::at(folder))
}

/// The device key in the folder says that it is this reader's.
fn check_device(folder: &Path, reader: ReaderId) -> Result<(), LeaveError> {
    let path = folder.join("device.key");
    let text = match files::load_plain_text(&path, 512) {
        // It went already, in a run that was cut off.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        text => zeroize::Zeroizing::new(text.map_err(LeaveError::at(&path))?),
    };
    let own = format!("reader {reader}");
    let ours = text.lines().any(|line| line == own);
    ours.then_some(()).ok_or_else(|| LeaveError::OtherReader { folder: folder.to_owned() })
}

/// Nothing was destroyed, and this is why.
#[derive(Debug, thiserror::Error)]
pub enum LeaveError {
    /// There are no keys that say whose they are.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The workspace is none.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// It belongs to somebody else.
    #[error("{folder} belongs to another reader than the keys", folder = .folder.display())]
    OtherReader {
        /// Which folder.
        folder: PathBuf,
    },
    /// A key file is a link: what it leads to would stay.
    #[error("{path} is a link to somewhere else, where the file would stay", path = .path.display())]
    Link {
        /// Which file.
        path: PathBuf,
    },
    /// The file system says no.
    #[error("{path}: {cause}", path = .path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// What the file system says.
        cause: io::Error,
    },
}

impl LeaveError {
    fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |cause| Self::File { path, cause }
    }
}

const PUBLIC: &str = "reader.pub";
const ABOUT: &str = "workspace.json";
/// What lies beside a reader's keys, the secret first; `reader.pub` goes last of all.
const KEY_FILES: [&str; 6] =
    ["reader.age", "state.json", "settled.json", "attention.json", "session.lock", "roots.txt"];
const DEVICE_FILES: [&str; 3] = ["device.key", "device.pub", "desk.txt"];
/// Bytes at the beginning of a file that are overwritten.
const OVERWRITTEN: u64 = 1 << 20;
