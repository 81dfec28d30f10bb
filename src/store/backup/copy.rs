//! Copying what is new of a journal behind what a backup has, after reading that again.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use rand::rngs::OsRng;

use super::{APART, BODY, BackupError, Job, Manifest, Part, Progress, SCHEMA, generation};
use crate::{
    digest::Digest,
    files,
    id::{BlobId, EntryId},
    store::{
        StoreError,
        journal::{Change, Frame, HEADER, Journal, Raw},
        replay,
    },
};

/// What became of a backup that was there.
pub(super) enum Resumed<'a> {
    /// It is extended.
    On(Box<Copy<'a>>),
    /// It is of another journal, or of another end of it, or its envelopes are gone.
    Other,
    /// This file of it is not as it was written.
    Harmed(String),
}

/// A backup that is being extended.
pub(super) struct Copy<'a> {
    body: Journal,
    envelopes: Journal,
    apart: &'a [&'a str],
    parts_in: &'a dyn Fn(&[u8]) -> Vec<Part>,
    pub(super) anew: bool,
    generation: String,
    offset: u64,
    last: (u64, String),
    changes: u64,
    events: u64,
    /// Blobs that changes attach.
    pub(super) attached: BTreeSet<BlobId>,
    /// What they must be, as far as events say it.
    pub(super) parts: BTreeMap<BlobId, (u64, Digest)>,
}

impl<'a> Copy<'a> {
    /// Goes on where the last run stopped, if what it wrote still stands there.
    pub(super) fn resume(
        job: &Job<'a>,
        source: &Journal,
        held: &Manifest,
    ) -> Result<Resumed<'a>, BackupError> {
        let (at, bytes) = &held.last;
        let same = held.store == HEXLOWER.encode(&source.store())
            && held.apart.iter().map(String::as_str).eq(job.apart.iter().copied())
            && source.len()? >= held.journal
            && source.header_at(*at).is_ok_and(|found| HEXLOWER.encode(&found) == *bytes);
        let [body, envelopes] = generation(job.to, &held.generation);
        if !same || !envelopes.exists() {
            return Ok(Resumed::Other);
        }
        let harmed = |part: &str| Ok(Resumed::Harmed(format!("{part}/{}", held.generation)));
        let Some(body) = whole(Journal::open(&body), source, held.body)? else {
            return harmed(BODY);
        };
        let Some(envelopes) = whole(Journal::open(&envelopes), source, held.envelopes)? else {
            return harmed(APART);
        };
        let mut copy = Self {
            body,
            envelopes,
            apart: job.apart,
            parts_in: job.parts,
            anew: false,
            generation: held.generation.clone(),
            offset: held.journal,
            last: held.last.clone(),
            changes: 0,
            events: 0,
            attached: BTreeSet::new(),
            parts: BTreeMap::new(),
        };
        Ok(match copy.read_again(held) {
            Ok(None) => Resumed::On(Box::new(copy)),
            Ok(Some(part)) => return harmed(part),
            Err(BackupError::Store(StoreError::Damaged { .. })) => return harmed(BODY),
            Err(error) => return Err(error),
        })
    }

    /// Reads what the backup has; the part that is not as it was written.
    fn read_again(&mut self, held: &Manifest) -> Result<Option<&'static str>, BackupError> {
        let (mut at, mut apart_at, mut payload) = (HEADER, HEADER, Vec::new());
        while let Some(next) = self.envelopes.frame_at(apart_at, held.envelopes, &mut payload)? {
            apart_at = next;
        }
        while let Some(next) = self.body.frame_at(at, held.body, &mut payload)? {
            let Frame::Changes(changes) = replay::decode(at, &payload)?;
            for change in &changes {
                if change.number != self.changes.saturating_add(1) {
                    return Ok(Some(BODY));
                }
                self.note(change);
            }
            at = next;
        }
        let body = at == held.body && self.changes == held.changes && self.events == held.events;
        let apart = apart_at == held.envelopes;
        Ok(if body { (!apart).then_some(APART) } else { Some(BODY) })
    }

    /// Takes down how far it is and which blobs belong to it.
    fn note(&mut self, change: &Change<'_>) {
        self.changes = change.number;
        self.attached.extend(change.attach.iter().copied().map(BlobId::from_bytes));
        if let Some(event) = &change.event {
            self.events = event.cursor;
            let parts = (self.parts_in)(event.payload.0).into_iter();
            self.parts.extend(parts.map(|part| (part.blob, (part.bytes, part.sha256))));
        }
    }

    pub(super) fn begin(job: &Job<'a>, source: &Journal) -> Result<Self, BackupError> {
        let name = EntryId::random(&mut OsRng).to_string();
        let [body, envelopes] = generation(job.to, &name);
        Journal::create_as(&body, source.store())?;
        Journal::create_as(&envelopes, source.store())?;
        Ok(Self {
            body: Journal::open(&body)?,
            envelopes: Journal::open(&envelopes)?,
            apart: job.apart,
            parts_in: job.parts,
            anew: true,
            generation: name,
            offset: HEADER,
            last: (0, HEXLOWER.encode(&source.header_at(0)?)),
            changes: 0,
            events: 0,
            attached: BTreeSet::new(),
            parts: BTreeMap::new(),
        })
    }

    /// Copies every whole frame that is there.
    pub(super) fn frames(
        &mut self,
        source: &Journal,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), BackupError> {
        let (end, mut payload, mut laid_out) = (source.len()?, Vec::new(), Vec::new());
        while let Some(next) = source.frame_at(self.offset, end, &mut payload)? {
            let Frame::Changes(changes) = replay::decode(self.offset, &payload)?;
            let (mut whole, mut apart) = (Vec::new(), Vec::new());
            for mut change in changes {
                self.note(&change);
                let aside = change.puts.iter().filter(|(key, _)| self.is_apart(key.0)).copied();
                apart.push(only(&change, aside.collect()));
                for (key, value) in &mut change.puts {
                    if self.is_apart(key.0) {
                        *value = Raw(&[]);
                    }
                }
                whole.push(change);
            }
            self.body.lay_out(&Frame::Changes(whole), &mut laid_out)?;
            self.body.append_aside(&laid_out)?;
            self.envelopes.lay_out(&Frame::Changes(apart), &mut laid_out)?;
            self.envelopes.append_aside(&laid_out)?;
            self.last = (self.offset, HEXLOWER.encode(&source.header_at(self.offset)?));
            self.offset = next;
            progress(Progress::Journal { have: next, of: end });
        }
        // A frame that is being written is not there yet; one with others behind it is damaged.
        if self.offset < end && source.later_frame_after(self.offset, end, self.changes)? {
            let what = "a frame's bytes changed";
            return Err(StoreError::Damaged { offset: self.offset, what }.into());
        }
        Ok(())
    }

    fn is_apart(&self, key: &[u8]) -> bool {
        self.apart.iter().any(|prefix| key.starts_with(prefix.as_bytes()))
    }

    pub(super) fn finish(&self, job: &Job<'_>) -> Result<Manifest, BackupError> {
        self.body.sync()?;
        self.envelopes.sync()?;
        files::sync_folder(&job.to.join(BODY))?;
        files::sync_folder(&job.to.join(APART))?;
        Ok(Manifest {
            schema: SCHEMA.to_owned(),
            generation: self.generation.clone(),
            store: HEXLOWER.encode(&self.body.store()),
            day: job.today,
            journal: self.offset,
            last: self.last.clone(),
            body: self.body.committed(),
            envelopes: self.envelopes.committed(),
            changes: self.changes,
            events: self.events,
            apart: self.apart.iter().map(|prefix| (*prefix).to_owned()).collect(),
        })
    }
}

/// A file of the backup, cut to what counts; `None` if it is not there, too short or of another journal.
fn whole(
    opened: Result<Journal, StoreError>,
    source: &Journal,
    len: u64,
) -> Result<Option<Journal>, BackupError> {
    let Ok(file) = opened else { return Ok(None) };
    if file.store() != source.store() || file.len()? < len {
        return Ok(None);
    }
    // What a killed run wrote beyond the manifest does not count.
    file.settle(len)?;
    Ok(Some(file))
}

/// A change of that number with nothing in it but these puts.
fn only<'c>(change: &Change<'c>, puts: Vec<(Raw<'c>, Raw<'c>)>) -> Change<'c> {
    let (number, id) = (change.number, change.id);
    Change { number, id, puts, deletes: Vec::new(), attach: Vec::new(), event: None }
}
