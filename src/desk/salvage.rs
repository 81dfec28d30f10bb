//! What is left of a damaged store, laid out as in a reader's workspace.
//!
//! Nothing is given that is not as it was taken in, and nothing that was forgotten.

use std::io::{self, Read};

use serde::Serialize;

use super::{
    parts, records,
    tree::{Said, read_event},
};
use crate::{
    ledger::feed::{FeedItem, FeedKind, PartInfo},
    store::{Cursor, Event, Store, StoreError},
};

/// Events taken from the store at once.
const BATCH: usize = 256;

/// What was given, and what could not be.
#[derive(Debug, Default, Serialize)]
pub struct Salvaged {
    /// Events that were read.
    pub events: u64,
    /// Testimonies of which every part was given.
    pub testimonies: u64,
    /// Files that were given.
    pub files: u64,
    /// Files that are gone or changed, by the names that they would have had.
    pub damaged: Vec<String>,
}

/// Where the files go: a name, and the bytes.
pub type Give<'g> = &'g mut dyn FnMut(&str, &mut dyn Read) -> io::Result<()>;

/// Gives every file of a store that can be read, under its name in a workspace.
///
/// What belongs to one reader begins with `for/<reader>/`. Cursors may be missing.
///
/// # Errors
/// What `give` says, or the store as a whole; damage of a part is no error but a finding.
pub fn salvage(store: &impl Store, give: Give<'_>) -> Result<Salvaged, StoreError> {
    let (mut found, mut after) = (Salvaged::default(), Cursor(0));
    loop {
        let events = store.changes(after, BATCH)?;
        let Some(last) = events.last() else { return Ok(found) };
        after = last.cursor;
        for event in &events {
            found.events = found.events.saturating_add(1);
            found.event(store, event, give)?;
        }
    }
}

impl Salvaged {
    fn event(
        &mut self,
        store: &impl Store,
        event: &Event,
        give: Give<'_>,
    ) -> Result<(), StoreError> {
        let cursor = event.cursor.0;
        self.bytes(&format!("feed/{cursor:020}.json"), &event.payload, give)?;
        let Ok(Said::Item(item)) = read_event(&event.payload, cursor) else { return Ok(()) };
        if item.leaf() != Ok(event.leaf) {
            self.damaged.push(format!("feed/{cursor:020}.json"));
            return Ok(());
        }
        match item.kind {
            FeedKind::Testimony => self.testimony(store, &item, give),
            FeedKind::CasebookEntry => {
                let to = format!("casebook/entries/{cursor:020}.age");
                self.parts(store, &item, &|_| to.clone(), give).map(drop)
            }
            FeedKind::CasebookKey => {
                let begin = records::envelopes(&item.id);
                let to = |_: &str| format!("casebook/keys/{cursor:020}.age");
                self.envelopes(store, &begin, &to, give)
            }
            FeedKind::ForgetOrder | FeedKind::ForgetObjection => {
                let note = store.get(records::forget_note(&item.id).as_bytes())?;
                let name = format!("forget/{}.note", item.id);
                note.map_or(Ok(()), |note| self.bytes(&name, &note.value, give))
            }
            FeedKind::ForgetDone => Ok(()),
        }
    }

    fn testimony(
        &mut self,
        store: &impl Store,
        item: &FeedItem,
        give: Give<'_>,
    ) -> Result<(), StoreError> {
        // Forgotten: whatever of it may still be on the disk, nobody gets it.
        if store.get(records::forgotten(&item.id).as_bytes())?.is_some() {
            return Ok(());
        }
        let folder = format!("testimonies/{}", item.id);
        let named = |part: &PartInfo| format!("{folder}/{}.age", part.name);
        if self.parts(store, item, &named, give)? {
            self.testimonies = self.testimonies.saturating_add(1);
        }
        let to = |part: &str| format!("{folder}/envelope-{part}.age");
        self.envelopes(store, &records::envelopes(&item.id), &to, give)
    }

    /// Gives the parts of an item; whether all of them are whole.
    fn parts(
        &mut self,
        store: &impl Store,
        item: &FeedItem,
        named: &dyn Fn(&PartInfo) -> String,
        give: Give<'_>,
    ) -> Result<bool, StoreError> {
        let mut whole = true;
        for part in item.parts.iter().filter(|part| is_plain(&part.name)) {
            let name = named(part);
            match parts::open(store, part)? {
                Some(mut file) if parts::is_whole(store, part)? => {
                    give(&name, &mut file)?;
                    self.files = self.files.saturating_add(1);
                }
                Some(_) | None => {
                    whole = false;
                    self.damaged.push(name);
                }
            }
        }
        Ok(whole)
    }

    /// Gives every reader's envelope below `begin`.
    fn envelopes(
        &mut self,
        store: &impl Store,
        begin: &str,
        named: &dyn Fn(&str) -> String,
        give: Give<'_>,
    ) -> Result<(), StoreError> {
        for (key, envelope) in store.scan(begin.as_bytes(), None, usize::MAX)? {
            let rest = str::from_utf8(&key).ok().and_then(|key| key.strip_prefix(begin));
            let rest = rest.and_then(|rest| rest.split_once('/'));
            let Some((reader, part)) = rest.filter(|(r, p)| is_plain(r) && is_plain(p)) else {
                continue;
            };
            self.bytes(&format!("for/{reader}/{}", named(part)), &envelope.value, give)?;
        }
        Ok(())
    }

    fn bytes(&mut self, name: &str, mut bytes: &[u8], give: Give<'_>) -> Result<(), StoreError> {
        self.files = self.files.saturating_add(1);
        Ok(give(name, &mut bytes)?)
    }
}

/// Whether it can only be the name of a file, and never a path.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
