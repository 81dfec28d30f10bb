//! The files of one testimony on their way into one sealed container.

use std::io;

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use tokio::task;

use super::wiping;
use crate::{
    config::Limits,
    digest::{Digest, HashingWriter},
    id::BlobId,
    sealed::{Completeness, ExhibitsWriter, SealError, TestimonyRecipients},
    store::{BlobWriter as _, FileWriter},
};

/// Bytes gathered before a thread is asked to seal and write them.
const BATCH: usize = 256 * 1024;
/// Bytes of a file's name or claimed media type that are kept.
const MAX_NAME: usize = 1024;
/// Bytes of the name of a file that is told back to its sender.
const MAX_TOLD: usize = 120;
/// Files that are told back by name.
const MAX_UNKEPT: usize = 32;

/// Why a file did not arrive whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unkept {
    /// It was cut where a limit or the end of the room was reached; what came before is kept.
    TooLarge,
    /// There were too many files; nothing of it is kept.
    TooMany,
    /// The server could not write it; nothing of it is kept.
    NoRoom,
}

/// On the heap: its hash holds the end of a file, and every move of it would leave a copy behind.
type Writer = Box<ExhibitsWriter<HashingWriter<FileWriter>>>;

/// The sealed container: where it lies, its size and its digest.
pub(super) struct Container {
    pub(super) blob: BlobId,
    pub(super) bytes: u64,
    pub(super) sha256: Digest,
}

/// The container being written.
pub(super) struct Upload {
    writer: Option<Writer>,
    batch: BytesMut,
    files: u16,
    file_bytes: u64,
    all_bytes: u64,
    current: Current,
    kept: Vec<String>,
    unkept: Vec<(String, Unkept)>,
}

/// What becomes of the bytes that arrive now.
#[derive(PartialEq, Eq)]
enum Current {
    None,
    Kept,
    Dropped,
}

impl Upload {
    /// An empty container that is sealed to `recipients` and written to `blob`.
    pub(super) fn new(
        recipients: &TestimonyRecipients,
        blob: io::Result<FileWriter>,
    ) -> Result<Self, SealError> {
        let writer = recipients.exhibits(HashingWriter::new(blob?))?;
        let batch = BytesMut::with_capacity(BATCH);
        Ok(Self { writer: Some(Box::new(writer)), batch, ..Self::without_room() })
    }

    /// A container that cannot be written: its files are named to their sender, nothing is kept.
    pub(super) fn without_room() -> Self {
        Self {
            writer: None,
            batch: BytesMut::new(),
            files: 0,
            file_bytes: 0,
            all_bytes: 0,
            current: Current::None,
            kept: Vec::new(),
            unkept: Vec::new(),
        }
    }

    /// The next file starts.
    pub(super) async fn begin(&mut self, name: &str, media_type: &str, limits: &Limits) {
        self.end().await;
        let (name, media_type) = (bounded(name), bounded(media_type));
        self.file_bytes = 0;
        if self.files >= limits.files {
            return self.drop_file(&name, Unkept::TooMany);
        }
        if self.all_bytes >= limits.testimony_bytes {
            return self.drop_file(&name, Unkept::TooLarge);
        }
        let (claimed, kind) = (name.clone(), media_type);
        self.kept.push(name);
        if self.on_thread(move |writer| writer.begin(&claimed, &kind)).await.is_ok() {
            self.files = self.files.saturating_add(1);
            self.current = Current::Kept;
        } else {
            self.give_up();
        }
    }

    /// The next file starts, and there is no room for it.
    pub(super) async fn refuse(&mut self, name: &str) {
        self.end().await;
        self.drop_file(bounded(name).as_str(), Unkept::NoRoom);
    }

    /// More bytes of the file that has begun; whether they made a batch full that was written.
    pub(super) async fn write(&mut self, bytes: Bytes, limits: &Limits) -> bool {
        if self.current != Current::Kept {
            return false;
        }
        let room = limits
            .file_bytes
            .saturating_sub(self.file_bytes)
            .min(limits.testimony_bytes.saturating_sub(self.all_bytes));
        let arrived = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let taken = arrived.min(room);
        let fits = usize::try_from(taken).unwrap_or(usize::MAX).min(bytes.len());
        self.file_bytes = self.file_bytes.saturating_add(taken);
        self.all_bytes = self.all_bytes.saturating_add(taken);
        self.batch.extend_from_slice(bytes.get(..fits).unwrap_or_default());
        if arrived > taken {
            self.cut().await;
        } else if self.batch.len() >= BATCH {
            self.flush().await;
            return true;
        }
        false
    }

    /// No more of the file that has begun is kept than has arrived.
    pub(super) async fn cut(&mut self) {
        if self.current != Current::Kept {
            return;
        }
        self.close(Completeness::Cut).await;
        if self.writer.is_some() {
            let name = self.kept.pop().unwrap_or_default();
            self.drop_file(&name, Unkept::TooLarge);
        }
    }

    /// The file that has begun is at its end.
    pub(super) async fn end(&mut self) {
        if self.current == Current::Kept {
            self.close(Completeness::Whole).await;
        }
        self.current = Current::None;
    }

    /// Ends the container. `None` if it could not be written: nothing of it is left then.
    pub(super) async fn finish(mut self) -> (Option<Container>, Vec<(String, Unkept)>) {
        self.end().await;
        let Some(writer) = self.writer.take() else { return (None, self.unkept) };
        let finished = task::spawn_blocking(wiping(move || -> Option<Container> {
            let (blob, sha256, bytes) = writer.finish().ok()?.finish();
            Some(Container { blob: blob.finish().ok()?, bytes, sha256 })
        }));
        let container = finished.await.unwrap_or(None);
        if container.is_none() {
            self.give_up();
        }
        (container, self.unkept)
    }

    /// Whether any file was offered, kept or not.
    pub(super) fn was_offered_files(&self) -> bool {
        self.files > 0 || !self.unkept.is_empty()
    }

    fn drop_file(&mut self, name: &str, why: Unkept) {
        self.current = Current::Dropped;
        self.tell(name, why);
    }

    /// What stands on the receipt page is bounded and has no control characters: these would grow
    /// sixfold on their way there, and what waits to be read is kept in memory.
    fn tell(&mut self, name: &str, why: Unkept) {
        if self.unkept.len() < MAX_UNKEPT {
            let shown = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
            let name: String = name.chars().take(MAX_TOLD).map(shown).collect();
            let end = name.floor_char_boundary(MAX_TOLD);
            self.unkept.push((name.get(..end).unwrap_or_default().to_owned(), why));
        }
    }

    async fn close(&mut self, completeness: Completeness) {
        self.flush().await;
        if self.on_thread(move |writer| writer.end(completeness).map(drop)).await.is_err() {
            self.give_up();
        }
    }

    async fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let batch = self.batch.split().freeze();
        self.batch.reserve(BATCH);
        if self.on_thread(move |writer| writer.write(&batch)).await.is_err() {
            self.give_up();
        }
    }

    /// The container cannot be written any more: all files are reported, the words go on alone.
    pub(super) fn give_up(&mut self) {
        self.writer = None;
        self.batch = BytesMut::new();
        self.current = Current::Dropped;
        for name in std::mem::take(&mut self.kept) {
            self.tell(&name, Unkept::NoRoom);
        }
    }

    /// Sealing and writing happen on a thread that may block.
    async fn on_thread<F>(&mut self, work: F) -> Result<(), SealError>
    where
        F: FnOnce(&mut Writer) -> Result<(), SealError> + Send + 'static,
    {
        let gone = || io::Error::other("the container was given up");
        let mut writer = self.writer.take().ok_or_else(gone)?;
        let done = task::spawn_blocking(wiping(move || {
            let result = work(&mut writer);
            (writer, result)
        }));
        let (writer, result) = done.await.map_err(|_| gone())?;
        result?;
        self.writer = Some(writer);
        Ok(())
    }
}

/// The first [`MAX_NAME`] bytes of a name, cut between letters.
fn bounded(name: &str) -> String {
    let end = name.floor_char_boundary(MAX_NAME);
    name.get(..end).unwrap_or_default().to_owned()
}
