//! Files that are whole or absent, and never larger than asked for.
//!
//! Promises: 1. [`save`] leaves the old file or the new one, durable, never a mixture: written
//! aside, synced, renamed, folder synced; 2. files are readable by their owner only unless
//! [`Audience::Everyone`] is said; 3. [`load`] states its limit before it reads; 4. what lies in a
//! folder that others may have had in their hands is read and written with [`load_plain`],
//! [`open_plain`] and [`save_new`], which follow no link and wait for no pipe.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Mode 0600.
    Owner,
    /// Mode 0644; for public things such as keyrings.
    Everyone,
}

/// What to do where a file already stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Put the new one in its place.
    Replace,
    /// Leave it and fail with [`io::ErrorKind::AlreadyExists`].
    Refuse,
}

/// Writes `bytes` to `path`, durably and atomically.
///
/// # Errors
/// Whatever the file system says; the old file, if any, is untouched then.
pub fn save(path: &Path, bytes: &[u8], audience: Audience, existing: Existing) -> io::Result<()> {
    let folder = folder_of(path);
    let file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder);
    let mut file = file.map_err(|error| without_path(&error))?;
    file.write_all(bytes)?;
    if audience == Audience::Everyone {
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    file.as_file().sync_all()?;
    match existing {
        Existing::Replace => file.persist(path),
        Existing::Refuse => file.persist_noclobber(path),
    }
    .map_err(|e| e.error)?;
    sync_folder(folder)
}

/// The same error without the name of a file that only we know of.
fn without_path(error: &io::Error) -> io::Error {
    let cause = error.get_ref().and_then(std::error::Error::source);
    let code = cause.and_then(|c| c.downcast_ref::<io::Error>()).and_then(io::Error::raw_os_error);
    code.map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

/// Reads a whole file of at most `limit` bytes.
///
/// # Errors
/// [`io::ErrorKind::FileTooLarge`] if it is larger, else what the file system says.
pub fn load(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_whole(File::open(path)?, limit)
}

/// As [`load`], from a plain file only: no link is followed, no pipe or device is opened.
///
/// # Errors
/// As [`load`], and [`io::ErrorKind::InvalidInput`] or what the system says of a link.
pub fn load_plain(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_whole(open_plain(path, OpenOptions::new().read(true))?, limit)
}

/// As [`load_plain`], UTF-8 only.
///
/// # Errors
/// As [`load_plain`] and [`load_text`].
pub fn load_plain_text(path: &Path, limit: u64) -> io::Result<String> {
    text(load_plain(path, limit)?)
}

/// Opens a plain file; whoever planted a link, a pipe or a device under this name gains nothing.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] if it is no plain file, else what the file system says.
pub fn open_plain(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let careful = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    let careful = i32::try_from(careful).map_err(io::Error::other)?;
    let file = options.mode(0o600).custom_flags(careful).open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file"))
}

/// Writes many files below `root`, all durable when this returns, private, whatever stood there.
///
/// Cheaper than [`save`] for each: all are written, then all synced, then each folder once. A crash
/// before the end leaves some of them, whole or not: the caller writes down only afterwards that they
/// are there.
///
/// # Errors
/// The file or folder, and what the file system says of it.
pub fn save_new<'f>(
    root: &Path,
    files: impl Iterator<Item = (&'f Path, &'f [u8])>,
) -> Result<(), (PathBuf, io::Error)> {
    let named = |path: &Path| {
        let path = path.to_owned();
        |error| (path, error)
    };
    let (mut written, mut folders) = (Vec::new(), BTreeSet::new());
    for (name, bytes) in files {
        let path = root.join(name);
        let folder = folder_of(&path).to_owned();
        if !folders.contains(&folder) {
            make_folder(&folder).map_err(named(&folder))?;
            let up_to_root = folder.ancestors().take_while(|above| above.starts_with(root));
            folders.extend(up_to_root.map(Path::to_owned));
        }
        write_new(&path, bytes).map_err(named(&path))?;
        written.push(path);
    }
    let all: Vec<PathBuf> = written.into_iter().chain(folders).collect();
    sync_all(&all)
}

/// Makes files and folders durable, several at once, so that the disk can take them together.
fn sync_all(paths: &[PathBuf]) -> Result<(), (PathBuf, io::Error)> {
    let share = paths.len().div_ceil(AT_ONCE).max(1);
    std::thread::scope(|scope| {
        let sync = |paths: &[PathBuf]| {
            paths.iter().try_for_each(|path| {
                File::open(path).and_then(|file| file.sync_all()).map_err(|e| (path.clone(), e))
            })
        };
        let threads: Vec<_> =
            paths.chunks(share).map(|share| scope.spawn(move || sync(share))).collect();
        threads.into_iter().try_for_each(|thread| {
            let lost = || (PathBuf::new(), io::Error::other("a thread was lost"));
            thread.join().map_err(|_| lost())?
        })
    })
}

/// Threads that make files durable.
const AT_ONCE: usize = 16;

/// How the name of a file begins that [`save`] has not finished; a kill leaves it.
pub const UNFINISHED: &str = ".new-";

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Never through a link: what stands there now is ours.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(bytes)
}

fn read_whole(file: File, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("over {limit} bytes")));
    }
    Ok(bytes)
}

/// Reads a whole UTF-8 file of at most `limit` bytes.
///
/// # Errors
/// As [`load`], and [`io::ErrorKind::InvalidData`] if it is not UTF-8.
pub fn load_text(path: &Path, limit: u64) -> io::Result<String> {
    text(load(path, limit)?)
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

/// Makes a folder and its parents, readable by their owner only.
///
/// # Errors
/// Whatever the file system says.
pub fn make_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes the names in a folder durable.
///
/// # Errors
/// Whatever the file system says.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// How full the file system of `path` is, in per cent, rounded up: of space or of names of files,
/// whichever is more; as df counts, without what only root may use.
///
/// # Errors
/// Whatever the file system says.
pub fn used_percent(path: &Path) -> io::Result<u8> {
    let about = rustix::fs::statvfs(path)?;
    let percent = |used: u64, free: u64| {
        let all = u128::from(used).saturating_add(u128::from(free));
        let hundredfold = u128::from(used).saturating_mul(100);
        // A file system that does not count its names has none.
        let percent = if all == 0 { 0 } else { hundredfold.div_ceil(all) };
        u8::try_from(percent).unwrap_or(100)
    };
    let space = percent(about.f_blocks.saturating_sub(about.f_bfree), about.f_bavail);
    let names = percent(about.f_files.saturating_sub(about.f_ffree), about.f_favail);
    Ok(space.max(names))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_file_is_whole_private_and_not_overwritten_unasked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        save(&path, b"one", Audience::Owner, Existing::Refuse).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = save(&path, b"two", Audience::Owner, Existing::Refuse).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(load(&path, 3).unwrap(), b"one");
        save(&path, b"three", Audience::Everyone, Existing::Replace).unwrap();
        assert_eq!(load(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_planted_link_pipe_or_folder_is_neither_read_nor_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let (secret, link) = (dir.path().join("secret"), dir.path().join("link"));
        save(&secret, b"secret", Audience::Owner, Existing::Refuse).unwrap();
        std::os::unix::fs::symlink(&secret, &link).unwrap();
        let pipe = dir.path().join("pipe");
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, 0o600.into(), 0).unwrap();
        for planted in [&link, &pipe, &dir.path().to_owned()] {
            assert!(load_plain(planted, 10).is_err(), "{}", planted.display());
            let append = open_plain(planted, OpenOptions::new().create(true).append(true));
            assert!(append.is_err(), "{}", planted.display());
        }
        assert_eq!(load_plain(&secret, 10).unwrap(), b"secret");
        let names = [Path::new("link"), Path::new("a/b/c"), Path::new("pipe")];
        let files = names.into_iter().map(|name| (name, b"new".as_slice()));
        save_new(dir.path(), files).unwrap();
        assert_eq!(load(&secret, 10).unwrap(), b"secret", "not written through the link");
        for name in names {
            let path = dir.path().join(name);
            assert_eq!(load_plain(&path, 10).unwrap(), b"new");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
