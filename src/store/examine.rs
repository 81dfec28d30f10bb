//! Reading a whole store again, changing nothing: every frame, every row, every file.
//!
//! It goes on behind whatever it finds, and names it. The journal and the blobs are read beside a
//! running server; the index is compared only while no server holds the folder, on a copy of it.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::Path,
};

use data_encoding::HEXLOWER;
use serde::Serialize;

use crate::{
    digest::Digest,
    id::BlobId,
    store::{
        Cursor, Event, StoreError,
        index::Index,
        journal::{Change, FRAME_HEADER, Frame, HEADER, Journal},
        recover, replay,
        rows::Rows,
    },
};

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// Which file, and where in it.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

/// What stands in the journal, as it is read.
#[derive(Clone, Copy)]
pub enum Told<'j> {
    /// An event, in order.
    Event(&'j Event),
    /// A record that was written; a later one of the same key counts.
    Record {
        /// Its key.
        key: &'j [u8],
        /// Its value.
        value: &'j [u8],
    },
}

/// What was found of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndexFound {
    /// Everything in the journal is found by it, as the journal has it.
    Equal,
    /// It says something else than the journal.
    Differs,
    /// A server is running: it was not looked at.
    InUse,
    /// The store was not closed in good order: the next start makes it anew.
    NotClosed,
}

/// What a store holds.
#[derive(Debug, Clone, Serialize)]
pub struct Examined {
    /// Bytes of the journal in whole frames.
    pub journal: u64,
    /// Bytes behind them: a write that is not finished, or was cut off by a crash.
    pub unfinished: u64,
    /// Changes.
    pub changes: u64,
    /// Events.
    pub events: u64,
    /// The index.
    pub index: IndexFound,
    /// Blobs that changes attached.
    pub attached: BTreeSet<BlobId>,
    /// Files that belong to nothing; the next start removes them.
    pub orphans: Vec<String>,
    /// What is wrong.
    pub damage: Vec<Damage>,
}

/// Reads the store in `folder`; everything goes to `take`, in order.
///
/// # Errors
/// [`StoreError::NotAJournal`] or what the file system says; damage is no error but a finding.
pub fn examine(folder: &Path, take: &mut dyn FnMut(Told<'_>)) -> Result<Examined, StoreError> {
    // Held while the index is compared, so that no server starts meanwhile.
    let lock = File::options().append(true).open(folder.join("lock"));
    let mut locks = lock.and_then(|lock| Ok([lock, File::open(folder)?]));
    let free = locks.as_mut().is_ok_and(|locks| recover::is_taken(locks).unwrap_or(false));
    let journal = Journal::open_to_read(&folder.join("journal"))?;
    let mut found = Examined {
        journal: HEADER,
        unfinished: 0,
        changes: 0,
        events: 0,
        index: if free { IndexFound::NotClosed } else { IndexFound::InUse },
        attached: BTreeSet::new(),
        orphans: Vec::new(),
        damage: Vec::new(),
    };
    let clean = free && folder.join("clean").exists();
    let copy = if clean { Some(IndexCopy::of(folder, &journal)?) } else { None };
    if let Some(copy) = &copy {
        found.index = if copy.index.is_some() { IndexFound::Equal } else { IndexFound::Differs };
    }
    let index = copy.as_ref().and_then(|copy| copy.index.as_ref());
    found.read(&journal, index, take)?;
    if found.index == IndexFound::Differs {
        found.note(
            "index",
            "it does not say what the journal says; remove the folder, it is rebuilt",
        );
    }
    found.list(folder)?;
    Ok(found)
}

impl Examined {
    fn read(
        &mut self,
        journal: &Journal,
        index: Option<&Index>,
        take: &mut dyn FnMut(Told<'_>),
    ) -> Result<(), StoreError> {
        let (end, mut payload) = (journal.len()?, Vec::new());
        while let Some(next) = journal.frame_at(self.journal, end, &mut payload)? {
            let at = self.journal;
            let Ok(frame) = replay::decode(at, &payload) else {
                self.unfinished = end.saturating_sub(at);
                self.note(format!("journal, byte {at}"), "a frame of a kind this version lacks");
                return Ok(());
            };
            let header = u64::try_from(FRAME_HEADER).unwrap_or(0);
            if let Some(index) = index
                && self.index == IndexFound::Equal
                && !readable(agrees(index, at.saturating_add(header), &payload, &frame))?
            {
                self.index = IndexFound::Differs;
            }
            let Frame::Changes(changes) = frame;
            for change in changes {
                self.take(at, &change, take);
            }
            self.journal = next;
        }
        self.unfinished = end.saturating_sub(self.journal);
        if self.unfinished > 0 && journal.later_frame_after(self.journal, end, self.changes)? {
            let at = self.journal;
            self.note(
                format!("journal, byte {at}"),
                "a frame's bytes changed; what follows was not read (sandyk rescue copies it out)",
            );
        }
        Ok(())
    }

    fn take(&mut self, at: u64, change: &Change<'_>, take: &mut dyn FnMut(Told<'_>)) {
        let expected = self.changes.saturating_add(1);
        if change.number != expected {
            self.note(format!("journal, byte {at}"), "a change is missing before it");
        }
        self.changes = change.number;
        self.attached.extend(change.attach.iter().copied().map(BlobId::from_bytes));
        for (key, value) in &change.puts {
            take(Told::Record { key: key.0, value: value.0 });
        }
        if let Some(event) = &change.event {
            if event.cursor != self.events.saturating_add(1) {
                self.note(format!("journal, byte {at}"), "an event is missing before it");
            }
            self.events = event.cursor;
            take(Told::Event(&Event {
                cursor: Cursor(event.cursor),
                leaf: Digest::from_bytes(event.leaf),
                payload: event.payload.0.to_vec(),
            }));
        }
    }

    /// Attached blobs must be there; whatever else lies there is nobody's.
    fn list(&mut self, folder: &Path) -> io::Result<()> {
        let mut there = BTreeSet::new();
        for (part, own) in [("blobs", true), ("tmp", false)] {
            let listed = match fs::read_dir(folder.join(part)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                listed => listed?,
            };
            for entry in listed {
                let name = entry?.file_name().to_string_lossy().into_owned();
                let blob = name.parse::<BlobId>().ok().filter(|_| own);
                match blob.filter(|blob| self.attached.contains(blob)) {
                    Some(blob) => drop(there.insert(blob)),
                    // The server may be writing it just now.
                    None if self.index == IndexFound::InUse => {}
                    None => self.orphans.push(format!("{part}/{name}")),
                }
            }
        }
        let lost: Vec<_> = self.attached.difference(&there).copied().collect();
        for blob in lost {
            self.note(format!("blobs/{blob}"), "it is missing");
        }
        Ok(())
    }

    /// Notes one damage.
    pub fn note(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.damage.push(Damage { place: place.into(), what: what.into() });
    }
}

/// An index that cannot be read says something else than the journal, too.
fn readable(agrees: Result<bool, StoreError>) -> Result<bool, StoreError> {
    match agrees {
        Err(StoreError::Index { .. }) => Ok(false),
        agrees => agrees,
    }
}

/// Whether the index finds everything that a frame says, or something newer in its place.
fn agrees(
    index: &Index,
    offset: u64,
    payload: &[u8],
    frame: &Frame<'_>,
) -> Result<bool, StoreError> {
    let mut rows = Rows::default();
    rows.add(offset, payload, frame)?;
    for row in &rows.keys {
        let there = index.row(&row.key)?;
        let newer = there.is_some_and(|there| there.version > row.number);
        let same = there.map(|there| (there.version, there.place));
        // A key that is gone was deleted by this change or by a later one.
        let gone = there.is_none();
        if !(newer || gone || same == row.place.map(|place| (row.number, place))) {
            return Ok(false);
        }
    }
    for event in &rows.events {
        let (after, head) = (Cursor(event.cursor.saturating_sub(1)), Cursor(event.cursor));
        let there = index.events(after, head, 1)?;
        let same = there.first().is_some_and(|t| t.leaf == event.leaf && t.place == event.place);
        if !same {
            return Ok(false);
        }
    }
    for (id, cursor) in &rows.commits {
        let answer = index.committed(*id)?.map(|answer| answer.cursor.map_or(0, |c| c.0));
        if answer != Some(*cursor) {
            return Ok(false);
        }
    }
    for blob in &rows.blobs {
        if !index.is_attached(*blob)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A copy of the index that may be opened: opening changes its files.
struct IndexCopy {
    /// `None` if it does not open, or is of another state.
    index: Option<Index>,
    _place: tempfile::TempDir,
}

impl IndexCopy {
    fn of(folder: &Path, journal: &Journal) -> io::Result<Self> {
        let place = tempfile::Builder::new().prefix(".verify-").tempdir_in(folder)?;
        let from = folder.join("index").join(HEXLOWER.encode(&journal.store()));
        let copied = copy_tree(&from, place.path());
        let index = copied.ok().and_then(|()| Index::open(place.path()).ok());
        let fits = |index: &Index| match index.state() {
            Ok(Some(state)) => state.store == journal.store(),
            Ok(None) | Err(_) => false,
        };
        Ok(Self { index: index.filter(fits), _place: place })
    }
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
