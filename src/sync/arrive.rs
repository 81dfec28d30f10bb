//! A page of the feed as it arrives: read strictly, proved whole, and only then kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    Alarm,
    feed::{AnyItem, Feed, Line, Said},
    forget::Forgetting,
};
use crate::{
    digest::Digest,
    forget::{self, Mark},
    id::ReaderId,
    ledger::{
        Checkpoint,
        feed::{FeedItem, FeedKind, PartInfo},
    },
    note::NamedKey,
    wire::{
        self, CHECKPOINT_ENTRY, DAMAGED, EnvelopeDigest, FORGET_NOTE, HEAD_ENTRY, Head, MAX_ANSWER,
        MAX_ITEM, PAGE_EVENTS, entry_name, key_content, outbox::MAX_ENVELOPE, tape::Tape,
    },
};

const ITEM: &str = "item.json";
const ENVELOPE: u64 = MAX_ENVELOPE as u64;
/// Largest sealed parts: their fixed sizes and what age adds.
const PARTS: [(&str, u64); 3] =
    [("cover", 16 << 10), ("account", (1 << 20) + (16 << 10)), ("identity", 80 << 10)];
const ENTRY: u64 = wire::outbox::MAX_ENTRY as u64;

/// A page whose checkpoint is proved and whose events are not yet read.
pub(super) struct Opening<'t> {
    tape: Tape<'t>,
    /// The checkpoint as it came.
    pub(super) note: String,
    /// The key that signed it.
    pub(super) key: NamedKey,
    /// Where the feed ends at the desk.
    pub(super) head: u64,
    checkpoint: Checkpoint,
}

/// A proved page.
#[derive(Default)]
pub(super) struct Page {
    pub(super) lines: Vec<Line>,
    pub(super) kinds: Vec<Option<FeedKind>>,
    /// Testimonies that are forgotten already.
    pub(super) marks: u64,
    pub(super) files: Vec<(String, Vec<u8>)>,
    /// Events of which the desk says that its disk does not give every part.
    pub(super) damaged: BTreeSet<u64>,
}

/// What the front of a page must show.
pub(super) struct Expected<'w> {
    pub(super) organisation: &'w str,
    pub(super) pinned: Option<&'w NamedKey>,
}

/// Reads the front of a page: the ledger key must be the pinned one, if there is one.
pub(super) fn open<'t>(bytes: &'t [u8], expected: &Expected<'_>) -> Result<Opening<'t>, Alarm> {
    let mut tape = Tape::new(bytes);
    let note = tape.expect(CHECKPOINT_ENTRY, MAX_ANSWER)?;
    let head = tape.expect(HEAD_ENTRY, MAX_ANSWER)?;
    let head: Head = serde_json::from_slice(head).map_err(|_| Alarm::Checkpoint)?;
    let key = NamedKey::parse(&head.ledger_key).map_err(|_| Alarm::Checkpoint)?;
    if expected.pinned.is_some_and(|pinned| *pinned != key) {
        return Err(Alarm::LedgerKey);
    }
    let note = str::from_utf8(note).map_err(|_| Alarm::Checkpoint)?.to_owned();
    let checkpoint = Checkpoint::verify(&note, &key).map_err(|_| Alarm::Checkpoint)?;
    if checkpoint.origin != expected.organisation {
        return Err(Alarm::Checkpoint);
    }
    Ok(Opening { tape, note, key, head: head.head, checkpoint })
}

impl Opening<'_> {
    /// Reads the events and proves them all: dense, new, whole, and under the checkpoint's root.
    pub(super) fn prove(
        mut self,
        held: &Feed,
        reader: ReaderId,
        forgetting: &mut Forgetting<'_>,
    ) -> Result<Page, Alarm> {
        let size = held.size();
        let shown = self.checkpoint.size.min(self.head);
        if shown < size {
            return Err(Alarm::Shrunk { held: size, shown });
        }
        let mut frontier = held.frontier();
        let mut page = Page::default();
        while self.tape.peek()?.is_some() {
            let cursor = frontier.size().saturating_add(1);
            if page.lines.len() >= PAGE_EVENTS {
                return Err(Alarm::Item { cursor });
            }
            let line = self.event((cursor, reader), &mut page, forgetting)?;
            frontier.push(line.leaf);
            page.lines.push(line);
        }
        self.tape.end()?;
        refuse_repeats(held, &page)?;
        if frontier.size() != self.checkpoint.size || (page.lines.is_empty() && self.head > size) {
            return Err(Alarm::Gap { after: frontier.size() });
        }
        if frontier.root() != self.checkpoint.root {
            return Err(Alarm::OtherRoot { size: frontier.size() });
        }
        Ok(page)
    }

    /// Reads a page again, from event `first` on, for the parts of events that are held: those in
    /// `leaves`, each proved by its leaf. Gives the event after the last one.
    pub(super) fn again(
        mut self,
        (first, reader): (u64, ReaderId),
        leaves: &BTreeMap<u64, Digest>,
        forgetting: &mut Forgetting<'_>,
    ) -> Result<(Page, u64), Alarm> {
        let (mut page, mut cursor) = (Page::default(), first);
        while self.tape.peek()?.is_some() {
            if let Some(leaf) = leaves.get(&cursor) {
                let line = self.event((cursor, reader), &mut page, forgetting)?;
                if line.leaf != *leaf {
                    return Err(Alarm::OtherRoot { size: cursor });
                }
            } else {
                self.skip(cursor)?;
            }
            cursor = cursor.saturating_add(1);
        }
        self.tape.end()?;
        if cursor == first {
            return Err(Alarm::Gap { after: first.saturating_sub(1) });
        }
        Ok((page, cursor))
    }

    fn skip(&mut self, cursor: u64) -> Result<(), Alarm> {
        self.tape.expect(&entry_name(cursor, ITEM), MAX_ITEM)?;
        let prefix = entry_name(cursor, "");
        while let Some((name, size)) = self.tape.peek()?.filter(|(n, _)| n.starts_with(&prefix)) {
            self.tape.expect(name, size)?;
        }
        Ok(())
    }

    fn event(
        &mut self,
        (cursor, reader): (u64, ReaderId),
        page: &mut Page,
        forgetting: &mut Forgetting<'_>,
    ) -> Result<Line, Alarm> {
        let malformed = || Alarm::Item { cursor };
        let json = self.tape.expect(&entry_name(cursor, ITEM), MAX_ITEM)?;
        if let Some(mark) = Mark::read(json) {
            page.marks = page.marks.saturating_add(1);
            return forgetting.mark(cursor, &mark);
        }
        let any: AnyItem = serde_json::from_slice(json).map_err(|_| malformed())?;
        let leaf = any.leaf().ok_or_else(malformed)?;
        let (tape, kept) = (&mut self.tape, &mut *page);
        let mut event = Event { cursor, reader, tape, page: kept, forgetting };
        let kind = serde_json::from_value(any.kind.into()).ok();
        if kind.is_some() {
            let item: FeedItem = serde_json::from_slice(json).map_err(|_| malformed())?;
            event.known(&item)?;
        } else {
            event.unknown()?;
        }
        page.kinds.push(kind);
        let item = serde_json::from_slice(json).map_err(|_| malformed())?;
        let line = Line { cursor, leaf, item };
        if line.fits() { Ok(line) } else { Err(malformed()) }
    }
}

/// The parts of one event on the tape.
struct Event<'e, 't, 'c> {
    cursor: u64,
    reader: ReaderId,
    tape: &'e mut Tape<'t>,
    page: &'e mut Page,
    forgetting: &'e mut Forgetting<'c>,
}

impl Event<'_, '_, '_> {
    fn known(&mut self, item: &FeedItem) -> Result<(), Alarm> {
        match item.kind {
            FeedKind::Testimony => self.testimony(item),
            FeedKind::CasebookEntry => self.entry(item),
            FeedKind::CasebookKey => self.key(item),
            FeedKind::ForgetOrder | FeedKind::ForgetObjection => self.forget_note(item),
            FeedKind::ForgetDone => self.forgetting.done(self.cursor, item),
        }
    }

    fn forget_note(&mut self, item: &FeedItem) -> Result<(), Alarm> {
        let limit = u64::try_from(forget::MAX_BYTES).unwrap_or(u64::MAX);
        let note = self.tape.expect(&entry_name(self.cursor, FORGET_NOTE), limit)?;
        if Digest::of(note) != item.content || !item.parts.is_empty() {
            return Err(self.malformed());
        }
        self.forgetting.note(self.cursor, item, note)?;
        self.page.files.push((format!("forget/{}.note", item.id), note.to_vec()));
        Ok(())
    }

    fn testimony(&mut self, item: &FeedItem) -> Result<(), Alarm> {
        let folder = format!("testimonies/{}", item.id);
        for (name, limit) in PARTS {
            let part = self.part_of(item, name)?;
            let to = format!("{folder}/{name}.age");
            self.part(part, limit, to)?;
        }
        let exhibits = self.part_of(item, "exhibits")?.bytes > 0;
        let cover = self.part_of(item, "cover")?.sha256 == item.content;
        if !exhibits || !cover || item.parts.len() != PARTS.len().saturating_add(1) {
            return Err(self.malformed());
        }
        for name in ["envelope-account.age", "envelope-identity.age"] {
            let entry = entry_name(self.cursor, name);
            if let Some(bytes) = self.tape.expect_or_skip(&entry, ENVELOPE)? {
                self.page.files.push((format!("{folder}/{name}"), bytes.to_vec()));
            }
        }
        Ok(())
    }

    fn entry(&mut self, item: &FeedItem) -> Result<(), Alarm> {
        let part = self.part_of(item, "entry")?;
        if part.sha256 != item.content || item.parts.len() != 1 {
            return Err(self.malformed());
        }
        self.part(part, ENTRY, entry_file(self.cursor))
    }

    fn key(&mut self, item: &FeedItem) -> Result<(), Alarm> {
        let list = self.tape.expect(&entry_name(self.cursor, "key.json"), MAX_ANSWER)?;
        let list: Vec<EnvelopeDigest> =
            serde_json::from_slice(list).map_err(|_| self.malformed())?;
        if !item.parts.is_empty() || key_content(&list) != item.content {
            return Err(self.malformed());
        }
        let own = list.iter().find(|envelope| envelope.reader == self.reader);
        let entry = entry_name(self.cursor, "key.age");
        let bytes = self.tape.expect_or_skip(&entry, ENVELOPE)?;
        match (own, bytes) {
            (None, None) => Ok(()),
            (Some(own), Some(bytes)) if Digest::of(bytes) == own.sha256 => {
                let to = format!("casebook/keys/{:020}.age", self.cursor);
                self.page.files.push((to, bytes.to_vec()));
                Ok(())
            }
            _ => Err(Alarm::Part { cursor: self.cursor, part: "key".to_owned() }),
        }
    }

    /// Keeps whatever belongs to an event of a kind that this version does not know.
    fn unknown(&mut self) -> Result<(), Alarm> {
        let prefix = entry_name(self.cursor, "");
        while let Some((name, _)) = self.tape.peek()? {
            let Some(part) = name.strip_prefix(&prefix).filter(|part| !part.contains('/')) else {
                break;
            };
            let bytes = self.tape.expect(name, wire::MAX_PAGE)?.to_vec();
            self.page.files.push((format!("unknown/{prefix}{part}"), bytes));
        }
        Ok(())
    }

    fn part(&mut self, part: &PartInfo, limit: u64, to: String) -> Result<(), Alarm> {
        let damaged = entry_name(self.cursor, &format!("{}.{DAMAGED}", part.name));
        if self.tape.expect_or_skip(&damaged, 0)?.is_some() {
            // The feed goes on; what is not here is asked for again, and named until it is.
            self.page.damaged.insert(self.cursor);
            return Ok(());
        }
        let name = entry_name(self.cursor, &format!("{}.age", part.name));
        if self.tape.peek()?.is_none_or(|(next, _)| next != name) {
            return Err(Alarm::Missing { cursor: self.cursor, part: part.name.clone() });
        }
        let bytes = self.tape.expect(&name, limit)?;
        let whole = u64::try_from(bytes.len()) == Ok(part.bytes);
        if !whole || Digest::of(bytes) != part.sha256 {
            return Err(Alarm::Part { cursor: self.cursor, part: part.name.clone() });
        }
        self.page.files.push((to, bytes.to_vec()));
        Ok(())
    }

    fn part_of<'i>(&self, item: &'i FeedItem, name: &str) -> Result<&'i PartInfo, Alarm> {
        item.parts.iter().find(|part| part.name == name).ok_or_else(|| self.malformed())
    }

    const fn malformed(&self) -> Alarm {
        Alarm::Item { cursor: self.cursor }
    }
}

impl Page {
    /// Where each file goes, and its bytes.
    pub(super) fn files(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        self.files.iter().map(|(path, bytes)| (Path::new(path), bytes.as_slice()))
    }
}

/// Where an entry of that event lies in a workspace.
pub(super) fn entry_file(cursor: u64) -> String {
    format!("casebook/entries/{cursor:020}.age")
}

/// A name that comes a second time would replace files under the first.
fn refuse_repeats(held: &Feed, page: &Page) -> Result<(), Alarm> {
    let mut new = BTreeSet::new();
    for line in &page.lines {
        let item = Said::read(&line.item).and_then(|item| item.id());
        let id = item.ok_or(Alarm::Item { cursor: line.cursor })?;
        if held.has(&id) || !new.insert(id) {
            return Err(Alarm::Twice { cursor: line.cursor });
        }
    }
    Ok(())
}
