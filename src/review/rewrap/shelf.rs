//! Batches in the outbox: what waits there, and what is added.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::mpsc,
};

use ed25519_dalek::SigningKey;

use super::{
    RewrapActError, Rewrapping,
    make::{Made, aside, mark},
};
use crate::{
    digest::Digest,
    files::{self, Audience, Existing},
    id::ReaderId,
    review::session::Session,
    rewrap::{self, BATCH_BYTES, Batch, BatchFile, MAX_LINES, SignedBatch},
};

/// Where batches are written, by whom, and for which keyring.
pub(super) struct Shelf<'s> {
    folder: PathBuf,
    organisation: String,
    keyring: Digest,
    by: ReaderId,
    key: &'s SigningKey,
    /// What is not written yet.
    made: Vec<(rewrap::Made, Vec<u8>)>,
    /// With the file that is put aside once the batch that asks for another is written.
    broken: Vec<(rewrap::Made, PathBuf)>,
    bytes: usize,
    written: Written,
}

/// What lies in the outbox since now.
#[derive(Default)]
pub(super) struct Written {
    pub(super) made: u64,
    pub(super) broken: u64,
}

impl<'s> Shelf<'s> {
    /// Takes stock of the outbox; batches of before a rotation are thrown away, because they may be for
    /// somebody who was retired since. Gives the places for which an envelope waits.
    pub(super) fn open(
        session: &'s Session,
        done: &mut Rewrapping,
    ) -> Result<(Self, HashSet<u64>), RewrapActError> {
        let folder = session.workspace.path("outbox/envelopes");
        files::make_folder(&folder)?;
        let mut waiting = HashSet::new();
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(files::UNFINISHED) {
                // Of a run that was killed; the keys are locked, so no other run is writing it.
                fs::remove_file(&path)?;
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let limit = u64::try_from(BATCH_BYTES).unwrap_or(u64::MAX);
            let file = files::load_plain(&path, limit).ok();
            let file = file.and_then(|bytes| BatchFile::parse(&bytes).ok());
            if let Some(Ok(batch)) = file.as_ref().map(|file| file.signed().verify(&session.chain))
            {
                waiting.extend(batch.made.iter().map(|made| mark(&made.place)));
            } else {
                fs::remove_file(&path)?;
                done.outdated = done.outdated.saturating_add(1);
            }
        }
        let shelf = Self {
            folder,
            organisation: session.chain.current().get().organisation.clone(),
            keyring: session.chain.current_digest(),
            by: session.keys.id,
            key: &session.keys.signing,
            made: Vec::new(),
            broken: Vec::new(),
            bytes: 0,
            written: Written::default(),
        };
        Ok((shelf, waiting))
    }

    /// Writes what comes, a batch whenever one is full; gives how much it was at the end.
    pub(super) fn write(
        mut self,
        receive: mpsc::Receiver<Vec<Made>>,
    ) -> Result<Written, RewrapActError> {
        for made in receive.into_iter().flatten() {
            let bytes = match &made {
                Made::Envelope(_, sealed) => sealed.len().div_ceil(3).saturating_mul(4),
                Made::Broken(..) => 0,
            };
            let lines = self.made.len().saturating_add(self.broken.len());
            if lines >= MAX_LINES || self.bytes.saturating_add(bytes) > ROOM {
                self.flush()?;
            }
            self.bytes = self.bytes.saturating_add(bytes).saturating_add(LINE);
            match made {
                Made::Envelope(place, sealed) => {
                    let made = rewrap::Made { place, sha256: Digest::of(&sealed) };
                    self.made.push((made, sealed));
                }
                Made::Broken(place, sha256, file) => {
                    self.broken.push((rewrap::Made { place, sha256 }, file));
                }
            }
        }
        self.flush()?;
        Ok(self.written)
    }

    fn flush(&mut self) -> Result<(), RewrapActError> {
        if self.made.is_empty() && self.broken.is_empty() {
            return Ok(());
        }
        let mut all = std::mem::take(&mut self.made);
        all.sort_by_key(|(made, _)| made.place);
        all.dedup_by_key(|(made, _)| made.place);
        let (made, envelopes): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        let mut all = std::mem::take(&mut self.broken);
        all.sort_by_key(|(broken, _)| broken.place);
        let (broken, files): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        let (organisation, keyring, by) = (self.organisation.clone(), self.keyring, self.by);
        let count = made.len();
        let batch = Batch { organisation, keyring, by, made, broken };
        let path = self.folder.join(format!("{}.json", batch.id()));
        let file = BatchFile::new(SignedBatch::sign(batch, self.key)?, envelopes)?;
        files::save(&path, &file.to_bytes()?, Audience::Owner, Existing::Replace)?;
        let add = |to: &mut u64, n: usize| *to = to.saturating_add(u64::try_from(n).unwrap_or(0));
        add(&mut self.written.made, count);
        add(&mut self.written.broken, files.len());
        self.bytes = 0;
        Ok(files.iter().try_for_each(|file| put_aside(file))?)
    }
}

/// Makes room for the new one: sync never replaces what is here.
fn put_aside(file: &Path) -> io::Result<()> {
    match fs::rename(file, aside(file)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        renamed => renamed,
    }
}

/// Room for envelopes in a batch, in bytes of base64; the rest is for the note.
const ROOM: usize = BATCH_BYTES - (16 << 10);
/// What a line of the note takes at most, with the quotes of its envelope.
const LINE: usize = 192;
