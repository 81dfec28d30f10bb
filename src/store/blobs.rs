//! Blob files: written under `tmp/`, renamed into `blobs/` when their content is durable.
//!
//! The table of young blobs holds those that this process began and nobody attached yet. Only a
//! young, finished blob can be attached or discarded, and only one that is not young can be
//! swept, so that the two never meet.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, DirEntry, File},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use rand::rngs::OsRng;

use crate::{
    files,
    id::BlobId,
    store::{BlobWriter, StoreError, Swept, times},
};

const BUFFER: usize = 64 * 1024;
/// Empty files that are made at once: blobs of a week, unless more come.
const POOL: usize = 512;

/// How far a young blob is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Writing,
    Finished,
    Attaching,
}

/// The two folders and the young blobs.
pub(super) struct Blobs {
    temporary: PathBuf,
    finished: PathBuf,
    pool: PathBuf,
    /// The Monday for which the pool was filled; 0 if it never was.
    week: AtomicI64,
    /// Names of empty files in the pool; random, and so in an order that tells nothing.
    free: Mutex<BTreeSet<BlobId>>,
    young: Mutex<BTreeMap<BlobId, Stage>>,
}

impl Blobs {
    /// Makes the folders below `folder` if they are missing.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let (temporary, finished) = (folder.join("tmp"), folder.join("blobs"));
        let pool = folder.join("pool");
        for folder in [&temporary, &finished, &pool] {
            files::make_folder(folder)?;
        }
        let (free, young) = (Mutex::default(), Mutex::default());
        Ok(Self { temporary, finished, pool, week: AtomicI64::new(0), free, young })
    }

    /// Begins a blob.
    pub(super) fn begin(self: &Arc<Self>) -> Result<FileWriter, StoreError> {
        // A file of the pool was made with the others of its week; without one, a new one is made.
        let pooled = self.take_free()?;
        let id = pooled.unwrap_or_else(|| BlobId::random(&mut OsRng));
        self.young().insert(id, Stage::Writing);
        // From here on, dropping the writer takes the name and the file away again.
        let mut writer = FileWriter { id, file: None, blobs: Arc::clone(self) };
        let path = self.temporary.join(id.to_string());
        let mut options = File::options();
        let file = options.write(true).create_new(pooled.is_none()).mode(0o600).open(path)?;
        writer.file = Some(BufWriter::with_capacity(BUFFER, file));
        Ok(writer)
    }

    /// The file of a blob that the index says is attached.
    pub(super) fn read(&self, blob: BlobId) -> Result<File, StoreError> {
        File::open(self.path(blob)).map_err(|error| {
            let missing = error.kind() == io::ErrorKind::NotFound;
            if missing { StoreError::BlobMissing(blob) } else { StoreError::Io(error) }
        })
    }

    /// Whether the file is there.
    pub(super) fn exists(&self, blob: BlobId) -> io::Result<bool> {
        self.path(blob).try_exists()
    }

    /// Whether nothing at all lies where finished blobs are.
    pub(super) fn are_gone(&self) -> io::Result<bool> {
        Ok(fs::read_dir(&self.finished)?.next().is_none())
    }

    /// Takes finished blobs for a commit, all or none; the caller knows which are attached.
    pub(super) fn reserve(&self, blobs: &[BlobId]) -> Result<(), StoreError> {
        let mut young = self.young();
        for blob in blobs {
            match young.get(blob) {
                Some(Stage::Finished) => {}
                Some(Stage::Writing) => return Err(StoreError::BlobUnfinished(*blob)),
                Some(Stage::Attaching) => return Err(StoreError::BlobAttached(*blob)),
                None => return Err(StoreError::BlobMissing(*blob)),
            }
        }
        for blob in blobs {
            young.insert(*blob, Stage::Attaching);
        }
        Ok(())
    }

    /// Forgets blobs that the index now knows as attached.
    pub(super) fn attached(&self, blobs: &[BlobId]) {
        let mut young = self.young();
        for blob in blobs {
            young.remove(blob);
        }
    }

    /// How full their disk is, in per cent.
    pub(super) fn used_percent(&self) -> io::Result<u8> {
        files::used_percent(&self.finished)
    }

    /// Makes the names of all finished blobs durable.
    pub(super) fn sync_names(&self) -> io::Result<()> {
        files::sync_folder(&self.finished)
    }

    /// Removes a finished, unattached blob.
    pub(super) fn discard(&self, blob: BlobId) -> Result<(), StoreError> {
        let mut young = self.young();
        match young.get(&blob) {
            Some(Stage::Finished) => {
                fs::remove_file(self.path(blob))?;
                young.remove(&blob);
                Ok(())
            }
            Some(Stage::Writing) => Err(StoreError::BlobUnfinished(blob)),
            Some(Stage::Attaching) => Err(StoreError::BlobAttached(blob)),
            None => Ok(()),
        }
    }

    /// Removes every file that is neither young nor attached.
    pub(super) fn sweep(
        &self,
        is_attached: impl Fn(BlobId) -> Result<bool, StoreError>,
    ) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        for entry in fs::read_dir(&self.temporary)? {
            let entry = entry?;
            if !named(&entry).is_some_and(|id| self.young().contains_key(&id)) {
                remove(&entry, &mut swept)?;
            }
        }
        for entry in fs::read_dir(&self.finished)? {
            let entry = entry?;
            // What has no blob's name was not put there by a store: it stays.
            let Some(id) = named(&entry) else { continue };
            // The young are asked first: a blob leaves their table only once it is attached.
            if !self.young().contains_key(&id) && !is_attached(id)? {
                remove(&entry, &mut swept)?;
            }
        }
        Ok(swept)
    }

    /// Fills the pool for the week that begins at `monday`; what is left of another week goes.
    pub(super) fn fill_pool(&self, monday: i64) -> io::Result<()> {
        self.fill(&mut self.free(), monday)
    }

    fn fill(&self, free: &mut BTreeSet<BlobId>, monday: i64) -> io::Result<()> {
        free.clear();
        for entry in fs::read_dir(&self.pool)? {
            let entry = entry?;
            match named(&entry) {
                Some(id) if times::is_of_pool(&entry.metadata()?, monday) => drop(free.insert(id)),
                _ => fs::remove_file(entry.path())?,
            }
        }
        self.week.store(monday, Ordering::Relaxed);
        if free.len() >= POOL / 4 {
            return Ok(());
        }
        for _ in 0..POOL {
            let id = BlobId::random(&mut OsRng);
            let path = self.pool.join(id.to_string());
            File::options().write(true).create_new(true).mode(0o600).open(&path)?;
            times::set_written(&path, monday)?;
            free.insert(id);
        }
        Ok(())
    }

    /// The name of an empty file of the pool, which is under `tmp/` then; if there is a pool at all.
    ///
    /// Name and file are taken under one lock: a filling that found a file whose name was taken
    /// already would give the same name to a second blob.
    fn take_free(&self) -> io::Result<Option<BlobId>> {
        let mut free = self.free();
        if free.is_empty()
            && let monday @ 1.. = self.week.load(Ordering::Relaxed)
        {
            self.fill(&mut free, monday)?;
        }
        while let Some(id) = free.pop_first() {
            let name = id.to_string();
            self.young().insert(id, Stage::Writing);
            if fs::rename(self.pool.join(&name), self.temporary.join(&name)).is_ok() {
                return Ok(Some(id));
            }
            self.young().remove(&id);
        }
        Ok(None)
    }

    fn free(&self) -> MutexGuard<'_, BTreeSet<BlobId>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes files of blobs that no change attaches any more, durably.
    pub(super) fn remove(&self, blobs: impl Iterator<Item = BlobId>) -> io::Result<()> {
        for blob in blobs {
            match fs::remove_file(self.path(blob)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        files::sync_folder(&self.finished)
    }

    fn path(&self, blob: BlobId) -> PathBuf {
        self.finished.join(blob.to_string())
    }

    fn young(&self) -> MutexGuard<'_, BTreeMap<BlobId, Stage>> {
        self.young.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes one blob file; see [`BlobWriter`].
pub struct FileWriter {
    id: BlobId,
    /// `None` once finished, or when the file could not be made.
    file: Option<BufWriter<File>>,
    blobs: Arc<Blobs>,
}

impl Write for FileWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.file.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.flush()
    }
}

impl BlobWriter for FileWriter {
    fn id(&self) -> BlobId {
        self.id
    }

    fn finish(mut self) -> Result<BlobId, StoreError> {
        let writer = self.file.as_mut().ok_or(io::Error::from(io::ErrorKind::BrokenPipe))?;
        writer.flush()?;
        writer.get_ref().sync_data()?;
        let from = self.blobs.temporary.join(self.id.to_string());
        if let monday @ 1.. = self.blobs.week.load(Ordering::Relaxed) {
            times::set_written(&from, monday)?;
        }
        let mut young = self.blobs.young();
        if self.blobs.exists(self.id)? {
            // Never in the place of another, whatever gave out the same name twice.
            return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
        }
        fs::rename(from, self.blobs.path(self.id))?;
        young.insert(self.id, Stage::Finished);
        drop(young);
        self.file = None;
        Ok(self.id)
    }
}

impl Drop for FileWriter {
    fn drop(&mut self) {
        let mut young = self.blobs.young();
        if young.get(&self.id) == Some(&Stage::Writing) {
            // Nothing can be done about an error here; a sweep takes what stays.
            let _ = fs::remove_file(self.blobs.temporary.join(self.id.to_string()));
            young.remove(&self.id);
        }
    }
}

fn named(entry: &DirEntry) -> Option<BlobId> {
    entry.file_name().to_str()?.parse().ok()
}

/// Removes a file and counts it; one that is gone already is no error.
fn remove(entry: &DirEntry, swept: &mut Swept) -> io::Result<()> {
    let removed = entry.metadata().and_then(|about| {
        fs::remove_file(entry.path())?;
        Ok(about.len())
    });
    match removed {
        Ok(bytes) => {
            swept.blobs = swept.blobs.saturating_add(1);
            swept.bytes = swept.bytes.saturating_add(bytes);
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
