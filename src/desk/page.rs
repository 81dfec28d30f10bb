//! Pages of the feed, planned first and then streamed.

use std::{
    io::{self, Read as _},
    sync::Arc,
};

use super::{
    Asker, Desk, DeskError, parts, records,
    tree::{Said, read_event},
};
use crate::{
    digest::Digest,
    id::{BlobId, ReaderId},
    keyring::{Role, keyring_file},
    ledger::{
        Checkpoint,
        feed::{FeedItem, FeedKind},
    },
    rewrap::EnvelopeOf,
    store::{Cursor, Event, Store},
    wire::{self, Head, tape},
};

/// A page of the feed, ready to be streamed; small whatever it holds.
pub struct Page<S> {
    store: Arc<S>,
    entries: Vec<Entry>,
    /// Of the entries, without end and padding.
    written: u64,
}

struct Entry {
    name: String,
    size: u64,
    source: Source,
}

enum Source {
    Bytes(Vec<u8>),
    Blob(BlobId),
}

impl<S: Store> Page<S> {
    /// Size of the page on the wire, in bytes: a multiple of [`wire::PAGE_STEP`].
    ///
    // SECURITY(T2): an hour in which little or nothing came looks like any other.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        let steps = self.written.saturating_add(tape::END_BYTES).div_ceil(wire::PAGE_STEP);
        steps.saturating_mul(wire::PAGE_STEP)
    }

    /// Writes the page; blocks on the disk and on `out`.
    ///
    /// # Errors
    /// What the store or `out` says; the page is cut there and the reader sees it.
    pub fn write_to(&self, out: &mut impl io::Write) -> io::Result<()> {
        for Entry { name, size, source } in &self.entries {
            match source {
                Source::Bytes(bytes) => tape::write_entry(out, name, bytes)?,
                Source::Blob(blob) => {
                    let blob = self.store.open(*blob).map_err(io::Error::other)?;
                    tape::copy_entry(out, name, *size, &mut blob.take(*size))?;
                }
            }
        }
        tape::write_end_padded(out, self.written, self.bytes())
    }
}

/// All keyrings from the first, as a tape.
pub struct Keyrings(
    /// The tape.
    pub Vec<u8>,
);

impl<S: Store> Desk<S> {
    /// The next page of the feed after cursor `after`, as `asker` may see it.
    ///
    /// # Errors
    /// [`DeskError::Store`] and [`DeskError::Damaged`].
    pub fn page(&self, asker: &Asker, after: u64) -> Result<Page<S>, DeskError> {
        let tree = self.tree()?;
        let head = tree.size();
        let events = self.store.changes(Cursor(after), wire::PAGE_EVENTS)?;
        let mut plan = Plan::default();
        let mut end = after.min(head);
        for event in events.iter().filter(|event| event.cursor.0 <= head) {
            let entries = self.entries_of(event, asker)?;
            if !plan.fits(&entries) {
                break;
            }
            plan.extend(entries);
            end = event.cursor.0;
        }
        let root = tree.root_at(end, &*self.store)?;
        drop(tree);
        plan.prepend(self.front(end, head, root)?);
        let Plan { entries, bytes: written } = plan;
        Ok(Page { store: Arc::clone(&self.store), entries, written })
    }

    /// The chain of keyrings.
    ///
    /// # Errors
    /// [`DeskError::Damaged`] if it cannot be written down.
    pub fn keyrings(&self) -> Result<Keyrings, DeskError> {
        let published = self.published();
        let mut out = Vec::new();
        for (n, note) in (1_u32..).zip(published.chain.notes()) {
            tape::write_entry(&mut out, &keyring_file(n), note.as_bytes())
                .map_err(|_| DeskError::Damaged { cursor: 0 })?;
        }
        tape::write_end(&mut out).map_err(|_| DeskError::Damaged { cursor: 0 })?;
        Ok(Keyrings(out))
    }

    fn front(&self, end: u64, head: u64, root: Digest) -> Result<[Entry; 2], DeskError> {
        let origin = self.published().chain.current().get().organisation.clone();
        let note = self
            .ledger
            .sign(&Checkpoint { origin, size: end, root })
            .map_err(|_| DeskError::Damaged { cursor: end })?;
        let head = Head { head, ledger_key: self.ledger.verifier() };
        let head = serde_json::to_vec(&head).map_err(|_| DeskError::Damaged { cursor: end })?;
        Ok([
            Entry::of_bytes(wire::CHECKPOINT_ENTRY.to_owned(), note.into_bytes()),
            Entry::of_bytes(wire::HEAD_ENTRY.to_owned(), head),
        ])
    }

    fn entries_of(&self, event: &Event, asker: &Asker) -> Result<Vec<Entry>, DeskError> {
        let cursor = event.cursor.0;
        let item_of = |payload| Entry::of_bytes(wire::entry_name(cursor, "item.json"), payload);
        let Said::Item(item) = read_event(&event.payload, cursor)? else {
            return Ok(vec![item_of(event.payload.clone())]);
        };
        let mut entries = vec![item_of(event.payload.clone())];
        match item.kind {
            FeedKind::Testimony => {
                // Forgotten: whatever of it may still be on the disk, nobody gets it.
                if let Some(mark) = self.value(&records::forgotten(&item.id))? {
                    return Ok(vec![item_of(mark)]);
                }
                for part in ["cover", "account", "identity"] {
                    entries.push(self.entry_of_part(cursor, part, &item)?);
                }
                self.own_envelopes(cursor, &item, asker, &mut entries)?;
            }
            FeedKind::CasebookEntry => {
                entries.push(self.entry_of_part(cursor, "entry", &item)?);
            }
            FeedKind::CasebookKey => {
                let digests = self.value(&records::casebook_key(&item.id))?;
                let digests = digests.ok_or(DeskError::Damaged { cursor })?;
                entries.push(Entry::of_bytes(wire::entry_name(cursor, "key.json"), digests));
                let own = EnvelopeOf::CasebookKey.word();
                let own = self.value(&records::envelope(&item.id, asker.reader, own))?;
                if let Some(envelope) = self.first_envelope(&item.id, asker.reader, own)? {
                    entries.push(Entry::of_bytes(wire::entry_name(cursor, "key.age"), envelope));
                }
            }
            FeedKind::ForgetOrder | FeedKind::ForgetObjection => {
                let note = self.value(&records::forget_note(&item.id))?;
                let note = note.ok_or(DeskError::Damaged { cursor })?;
                let name = wire::entry_name(cursor, wire::FORGET_NOTE);
                entries.push(Entry::of_bytes(name, note));
            }
            FeedKind::ForgetDone => {}
        }
        Ok(entries)
    }

    fn own_envelopes(
        &self,
        cursor: u64,
        item: &FeedItem,
        asker: &Asker,
        entries: &mut Vec<Entry>,
    ) -> Result<(), DeskError> {
        let parts: &[EnvelopeOf] = match asker.role {
            Role::Reviewer => &[EnvelopeOf::Account],
            Role::Guardian => &[EnvelopeOf::Account, EnvelopeOf::Identity],
        };
        for part in parts {
            if let Some(envelope) = self.own(&item.id, asker.reader, *part)? {
                let name = wire::entry_name(cursor, &format!("envelope-{part}.age"));
                entries.push(Entry::of_bytes(name, envelope));
            }
        }
        Ok(())
    }

    /// The envelope that came with a casebook key; one that was made later is asked for by itself,
    /// because the feed commits to the first ones.
    fn first_envelope(
        &self,
        id: &str,
        reader: ReaderId,
        own: Option<Vec<u8>>,
    ) -> Result<Option<Vec<u8>>, DeskError> {
        let Some(own) = own else { return Ok(None) };
        let listed = self.is_listed(id, reader, &Digest::of(&own))?;
        Ok(listed.then_some(own))
    }

    /// A part as it was taken in, or an empty entry that says that it is not so any more: one bad file
    /// must not keep the readers from everything after it.
    fn entry_of_part(&self, cursor: u64, part: &str, item: &FeedItem) -> Result<Entry, DeskError> {
        let part =
            item.parts.iter().find(|p| p.name == part).ok_or(DeskError::Damaged { cursor })?;
        let name = |ending: &str| wire::entry_name(cursor, &format!("{}.{ending}", part.name));
        if !parts::is_whole(&*self.store, part)? {
            return Ok(Entry::of_bytes(name(wire::DAMAGED), Vec::new()));
        }
        Ok(Entry { name: name("age"), size: part.bytes, source: Source::Blob(part.blob) })
    }

    pub(super) fn value(&self, key: &str) -> Result<Option<Vec<u8>>, DeskError> {
        Ok(self.store.get(key.as_bytes())?.map(|found| found.value))
    }
}

impl Entry {
    fn of_bytes(name: String, bytes: Vec<u8>) -> Self {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self { name, size, source: Source::Bytes(bytes) }
    }
}

#[derive(Default)]
struct Plan {
    entries: Vec<Entry>,
    bytes: u64,
}

impl Plan {
    fn fits(&self, entries: &[Entry]) -> bool {
        self.entries.is_empty()
            || self.bytes.saturating_add(tape_bytes(entries)) <= wire::PAGE_BYTES
    }

    fn extend(&mut self, entries: Vec<Entry>) {
        self.bytes = self.bytes.saturating_add(tape_bytes(&entries));
        self.entries.extend(entries);
    }

    fn prepend(&mut self, front: [Entry; 2]) {
        self.bytes = self.bytes.saturating_add(tape_bytes(&front));
        self.entries.splice(0..0, front);
    }
}

fn tape_bytes(entries: &[Entry]) -> u64 {
    entries.iter().fold(0, |sum, entry| sum.saturating_add(tape::entry_bytes(entry.size)))
}
