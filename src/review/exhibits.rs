//! Taking exhibits out: bit-exact, checked, numbered, into a new folder or not at all.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::{
    digest::Digest,
    files::{self, Audience, Existing},
    id::TestimonyId,
    review::{opening::Content, session::Session},
    sealed::{ExhibitAbout, open::OpenError},
};

/// An exhibit that was written: a line of `exhibits.json`.
#[derive(Serialize)]
pub struct WrittenExhibit {
    /// Its number in the testimony.
    pub number: u16,
    /// Its file in the folder.
    pub file: String,
    /// Its name as the witness's device gave it; never a path of ours.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its digest, as checked.
    pub sha256: Digest,
    /// What the witness's device took it for.
    pub media_type: String,
    /// `false`: the upload was cut off at a limit.
    pub complete: bool,
}

/// What the container of exhibits says of them, after all checks; nothing is written.
///
/// Reads and opens the whole container: ask for its size first.
///
/// # Errors
/// [`ExhibitsError`] but `InTheWay`.
pub fn describe_exhibits(
    session: &Session,
    id: TestimonyId,
    content: &Content,
) -> Result<Vec<ExhibitAbout>, ExhibitsError> {
    let mut exhibits = content.cover.open_exhibits(&content.key, sealed_file(session, id)?)?;
    let mut found = Vec::new();
    while let Some((_, about)) = exhibits.next_into(|_| Ok(io::sink()))? {
        found.push(about);
    }
    Ok(found)
}

fn sealed_file(session: &Session, id: TestimonyId) -> Result<File, ExhibitsError> {
    session.opener().exhibits_file(id).map_err(|error| {
        let gone = error.kind() == io::ErrorKind::NotFound;
        if gone { ExhibitsError::NotHere } else { error.into() }
    })
}

/// Writes all exhibits of a testimony to the folder `to`, which must not exist or be empty.
///
/// They are written to a hidden folder beside it first; only when every check has passed it gets
/// its name. Files are `0001.bin`, …, mode 0600; `exhibits.json` lists what they are.
///
/// # Errors
/// [`ExhibitsError`]; nothing is left behind then.
pub fn write_exhibits(
    session: &Session,
    id: TestimonyId,
    content: &Content,
    to: &Path,
) -> Result<Vec<WrittenExhibit>, ExhibitsError> {
    if !is_free(to)? {
        return Err(ExhibitsError::InTheWay { folder: to.to_owned() });
    }
    let sealed = sealed_file(session, id)?;
    let parent = match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let aside = tempfile::Builder::new()
        .prefix(".exhibits-")
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(parent)?;
    let written = write_aside(content, sealed, aside.path())?;
    if written.is_empty() {
        return Ok(written);
    }
    let list = serde_json::to_vec_pretty(&written).map_err(io::Error::from)?;
    let path = aside.path().join("exhibits.json");
    files::save(&path, &list, Audience::Owner, Existing::Refuse)?;
    files::sync_folder(aside.path())?;
    fs::rename(aside.path(), to).map_err(|error| {
        let taken = [io::ErrorKind::DirectoryNotEmpty, io::ErrorKind::NotADirectory];
        let in_the_way = || ExhibitsError::InTheWay { folder: to.to_owned() };
        if taken.contains(&error.kind()) { in_the_way() } else { error.into() }
    })?;
    let _its_new_name = aside.keep();
    files::sync_folder(parent)?;
    Ok(written)
}

fn write_aside(
    content: &Content,
    sealed: File,
    aside: &Path,
) -> Result<Vec<WrittenExhibit>, ExhibitsError> {
    let mut exhibits = content.cover.open_exhibits(&content.key, sealed)?;
    let mut written = Vec::new();
    loop {
        let mut synced = None;
        let next = exhibits.next_into(|number| {
            let path = aside.join(file_name(number));
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            synced = Some(file.try_clone()?);
            Ok(file)
        })?;
        let Some((number, about)) = next else { return Ok(written) };
        if let Some(file) = synced {
            file.sync_all()?;
        }
        let ExhibitAbout { name, bytes, sha256, media_type, complete } = about;
        let file = file_name(number);
        written.push(WrittenExhibit { number, file, name, bytes, sha256, media_type, complete });
    }
}

fn file_name(number: u16) -> String {
    format!("{number:04}.bin")
}

/// Is there nothing at this path, or an empty folder?
fn is_free(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => Ok(fs::read_dir(path)?.next().is_none()),
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// The exhibits were not written; nothing was left behind.
#[derive(Debug, thiserror::Error)]
pub enum ExhibitsError {
    /// The folder is not free.
    #[error("{folder} is there already and is no empty folder", folder = .folder.display())]
    InTheWay {
        /// The folder that was asked for.
        folder: PathBuf,
    },
    /// They were not fetched.
    #[error("the exhibits of this testimony are not in the workspace yet")]
    NotHere,
    /// They do not match the cover, or are damaged.
    #[error(transparent)]
    NotOpened(#[from] OpenError),
    /// The file system says no.
    #[error("the exhibits cannot be written: {0}")]
    Io(#[from] io::Error),
}
