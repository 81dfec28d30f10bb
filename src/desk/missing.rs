//! Which envelopes are lacking for readers of the newest keyring.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use super::{
    Asker, Desk, DeskError, records,
    tree::{Said, read_event},
};
use crate::{
    digest::Digest,
    id::ReaderId,
    keyring::{Keyring, Role},
    ledger::feed::{FeedItem, FeedKind},
    rewrap::EnvelopeOf,
    store::{Cursor, Store},
    wire::envelopes::{MISSING_EVENTS, Missing},
};

/// Events that are looked at for one answer, at most, once for each keyring.
const EXAMINED: u64 = 4096;
/// Events taken from the store at once.
const BATCH: usize = 256;

/// The events at which something lacked when they were looked at, for one keyring.
#[derive(Default)]
pub(super) struct Lacking {
    keyring: Option<Digest>,
    upto: u64,
    cursors: BTreeSet<u64>,
}

impl Lacking {
    /// Looks at an event again, whatever was found there.
    pub(super) fn again(&mut self, cursor: u64) {
        if cursor <= self.upto {
            self.cursors.insert(cursor);
        }
    }
}

/// What lacks at one event, by key.
type Lacks = BTreeMap<EnvelopeOf, Vec<ReaderId>>;

impl<S: Store> Desk<S> {
    /// What lacks after an event, as far as `asker` has that envelope and may make one.
    ///
    /// Whoever asks learns who of the keyring cannot read yet, and nothing of what is read.
    ///
    /// # Errors
    /// [`DeskError::Store`] and [`DeskError::Damaged`].
    pub fn missing(&self, asker: &Asker, after: u64) -> Result<Missing, DeskError> {
        let published = self.published();
        let keyring = published.chain.current().get();
        let head = self.tree()?.size();
        let mut lacking = self.lacking();
        self.examine(&mut lacking, (published.chain.current_digest(), keyring), (after, head))?;
        let mut page =
            Missing { epoch: keyring.epoch, readers: Vec::new(), rows: Vec::new(), end: 0, head };
        let from = (Bound::Excluded(after), Bound::Unbounded);
        let cursors: Vec<u64> = lacking.cursors.range(from).take(MISSING_EVENTS).copied().collect();
        page.end = match cursors.last() {
            Some(last) if cursors.len() == MISSING_EVENTS => *last,
            _ => lacking.upto.max(after),
        };
        for cursor in cursors {
            let Some(item) = self.thing_at(cursor)? else { continue };
            let lacks = self.lacks(&item, keyring)?;
            if lacks.is_empty() {
                lacking.cursors.remove(&cursor);
            }
            for (of, readers) in lacks {
                if self.can_make(asker, &item, of)? {
                    page.add(cursor, of, &readers);
                }
            }
        }
        Ok(page)
    }

    /// Looks at events that were not looked at for this keyring, some at a time.
    fn examine(
        &self,
        lacking: &mut Lacking,
        (digest, keyring): (Digest, &Keyring),
        (after, head): (u64, u64),
    ) -> Result<(), DeskError> {
        if lacking.keyring != Some(digest) {
            *lacking = Lacking { keyring: Some(digest), ..Lacking::default() };
        }
        let until = after.saturating_add(EXAMINED).min(head);
        while lacking.upto < until {
            let events = self.store.changes(Cursor(lacking.upto), BATCH)?;
            if events.is_empty() {
                break;
            }
            for event in events {
                let cursor = event.cursor.0;
                if let Said::Item(item) = read_event(&event.payload, cursor)?
                    && !self.lacks(&item, keyring)?.is_empty()
                {
                    lacking.cursors.insert(cursor);
                }
                lacking.upto = cursor;
            }
        }
        Ok(())
    }

    /// Who of the keyring lacks which envelope of a thing; one that does not open is lacking, too.
    fn lacks(&self, item: &FeedItem, keyring: &Keyring) -> Result<Lacks, DeskError> {
        let mut lacks = Lacks::new();
        for of in self.envelopes_of(item)? {
            for reader in &keyring.readers {
                let may = *of != EnvelopeOf::Identity || reader.role == Role::Guardian;
                if may && self.own(&item.id, reader.id, *of)?.is_none() {
                    lacks.entry(*of).or_default().push(reader.id);
                }
            }
        }
        Ok(lacks)
    }

    /// Which envelopes belong to a thing; none to what was forgotten.
    fn envelopes_of(&self, item: &FeedItem) -> Result<&'static [EnvelopeOf], DeskError> {
        Ok(match item.kind {
            FeedKind::Testimony if self.value(&records::forgotten(&item.id))?.is_none() => {
                &[EnvelopeOf::Account, EnvelopeOf::Identity]
            }
            FeedKind::CasebookKey => &[EnvelopeOf::CasebookKey],
            FeedKind::Testimony
            | FeedKind::CasebookEntry
            | FeedKind::ForgetOrder
            | FeedKind::ForgetObjection
            | FeedKind::ForgetDone => &[],
        })
    }

    fn can_make(&self, asker: &Asker, item: &FeedItem, of: EnvelopeOf) -> Result<bool, DeskError> {
        let may = of != EnvelopeOf::Identity || asker.role == Role::Guardian;
        Ok(may && self.own(&item.id, asker.reader, of)?.is_some())
    }

    /// A reader's envelope, unless that reader has said that it does not open.
    pub(super) fn own(
        &self,
        id: &str,
        reader: ReaderId,
        of: EnvelopeOf,
    ) -> Result<Option<Vec<u8>>, DeskError> {
        let found = self.value(&records::envelope(id, reader, of.word()))?;
        let Some(broken) = self.value(&records::broken(id, reader, of.word()))? else {
            return Ok(found);
        };
        if of != EnvelopeOf::CasebookKey {
            return Ok(None);
        }
        let later = self.value(&records::later_envelope(id, reader))?;
        Ok(later.filter(|later| Digest::of(later).to_string().into_bytes() != broken))
    }

    /// The item of an event; `None` if what it brought is forgotten.
    pub(super) fn thing_at(&self, cursor: u64) -> Result<Option<FeedItem>, DeskError> {
        let events = self.store.changes(Cursor(cursor.saturating_sub(1)), 1)?;
        let event = events.first().filter(|event| event.cursor == Cursor(cursor));
        let event = event.ok_or(DeskError::Damaged { cursor })?;
        Ok(match read_event(&event.payload, cursor)? {
            Said::Item(item) => Some(item),
            Said::Mark => None,
        })
    }
}

impl Missing {
    fn add(&mut self, cursor: u64, of: EnvelopeOf, readers: &[ReaderId]) {
        let places = readers.iter().map(|reader| {
            let known = self.readers.iter().position(|known| known == reader);
            known.unwrap_or_else(|| {
                self.readers.push(*reader);
                self.readers.len().saturating_sub(1)
            })
        });
        let mut places: Vec<usize> = places.collect();
        places.sort_unstable();
        self.rows.push((cursor, of.word().to_owned(), places));
    }
}
