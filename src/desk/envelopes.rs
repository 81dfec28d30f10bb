//! Envelopes that readers make for colleagues: taken in once each, given to those they are for.

use std::collections::BTreeMap;

use super::{Asker, Desk, DeskError, outbox::put, records};
use crate::{
    digest::Digest,
    id::ReaderId,
    rewrap::{BatchFile, BatchId, EnvelopeOf, Made, Place},
    store::{Commit, Expect, Put, Store},
    wire::{
        self,
        envelopes::{Inserted, NEW_ENTRY, NEW_ENVELOPES, New, STEP},
        tape,
    },
};

/// What a batch changes.
#[derive(Default)]
struct Change {
    answer: Inserted,
    puts: Vec<Put>,
    deletes: Vec<Vec<u8>>,
    /// How many envelopes were ever made for each reader, those of this batch included.
    counts: BTreeMap<ReaderId, u64>,
    /// Events that lack something from now on.
    lacking: Vec<u64>,
}

impl<S: Store> Desk<S> {
    /// Takes in a batch that a reader of the newest keyring has signed for that keyring.
    ///
    /// An envelope is inserted where there is none, and where there is one that does not open, as its
    /// own reader has signed. All of it is durable when this answers. A second time changes nothing.
    ///
    /// # Errors
    /// [`DeskError::Batch`], and nothing was changed; the store's.
    pub async fn take_envelopes(&self, body: &[u8]) -> Result<Inserted, DeskError> {
        let (signed, envelopes) = BatchFile::parse(body)?.into_parts();
        let _one_at_a_time = self.pushes.lock().await;
        // Only now: whatever keyring was published before is known here.
        let published = self.published();
        let batch = signed.verify(&published.chain)?;
        let mut change = Change::default();
        for broken in &batch.broken {
            self.note_broken(broken, &mut change)?;
        }
        for (made, envelope) in batch.made.iter().zip(envelopes) {
            self.insert(made, envelope, &mut change)?;
        }
        let Change { answer, mut puts, deletes, counts, lacking } = change;
        if puts.is_empty() {
            return Ok(answer);
        }
        let id = commit_of(batch.id(), &counts);
        puts.extend(counts.into_iter().map(|(reader, count)| Put {
            expect: Expect::Any,
            ..put(&records::new_count(reader), count.to_string().into_bytes())
        }));
        self.store.commit(Commit { id, puts, deletes, ..Commit::default() }).await?;
        let mut known = self.lacking();
        for cursor in lacking {
            known.again(cursor);
        }
        Ok(answer)
    }

    /// Notes that an envelope does not open, if it is the one that is here.
    fn note_broken(&self, broken: &Made, change: &mut Change) -> Result<(), DeskError> {
        let Made { place, sha256 } = broken;
        let Place { of, reader, .. } = *place;
        let id = place.thing.to_string();
        let here = self.own(&id, reader, of)?;
        let Some(cursor) = self.cursor_of(place)? else { return Ok(()) };
        let Some(here) = here else { return Ok(()) };
        if Digest::of(&here) != *sha256 {
            // It was spoilt at the reader's, or is the first one of a casebook key, of which another was made:
            // what is here is given again.
            return self.announce((cursor, place), change);
        }
        let key = records::broken(&id, reader, of.word());
        let says = put(&key, sha256.to_string().into_bytes());
        // A later envelope of a casebook key may be broken where the first one was.
        change.puts.push(Put { expect: Expect::Any, ..says });
        change.lacking.push(cursor);
        change.answer.broken = change.answer.broken.saturating_add(1);
        Ok(())
    }

    fn insert(&self, made: &Made, envelope: Vec<u8>, change: &mut Change) -> Result<(), DeskError> {
        let Made { place, sha256 } = made;
        let Place { of, reader, .. } = *place;
        let id = place.thing.to_string();
        let Some(cursor) = self.cursor_of(place)? else {
            change.answer.unknown = change.answer.unknown.saturating_add(1);
            return Ok(());
        };
        let broken = records::broken(&id, reader, of.word());
        let known_broken = self.value(&broken)?;
        let same = known_broken.as_ref().is_some_and(|it| *it == sha256.to_string().into_bytes());
        if same || self.own(&id, reader, of)?.is_some() {
            change.answer.there = change.answer.there.saturating_add(1);
            return Ok(());
        }
        let expect = if known_broken.is_some() { Expect::Any } else { Expect::Absent };
        let key = if known_broken.is_some() && of == EnvelopeOf::CasebookKey {
            // The feed commits to the first one, and whoever fetches all of it anew proves that: it stays.
            records::later_envelope(&id, reader)
        } else {
            if known_broken.is_some() {
                change.deletes.push(broken.into_bytes());
            }
            records::envelope(&id, reader, of.word())
        };
        change.puts.push(Put { expect, ..put(&key, envelope) });
        change.answer.inserted = change.answer.inserted.saturating_add(1);
        self.announce((cursor, place), change)
    }

    /// Gives an envelope out among the new ones, from now on.
    fn announce(
        &self,
        (cursor, place): (u64, &Place),
        change: &mut Change,
    ) -> Result<(), DeskError> {
        let Place { thing, of, reader } = *place;
        let number = self.count(reader, change)?.saturating_add(1);
        change.counts.insert(reader, number);
        let says = format!("{cursor} {of} {thing}").into_bytes();
        change.puts.push(put(&records::new(reader, number), says));
        Ok(())
    }

    fn count(&self, reader: ReaderId, change: &Change) -> Result<u64, DeskError> {
        if let Some(count) = change.counts.get(&reader) {
            return Ok(*count);
        }
        let Some(count) = self.value(&records::new_count(reader))? else { return Ok(0) };
        let count = str::from_utf8(&count).ok().and_then(|count| count.parse().ok());
        count.ok_or(DeskError::Damaged { cursor: 0 })
    }

    /// Where the thing stands in the feed; `None` if there is none, or it was forgotten.
    fn cursor_of(&self, place: &Place) -> Result<Option<u64>, DeskError> {
        let id = *place.thing.as_bytes();
        if place.of == EnvelopeOf::CasebookKey {
            return Ok(self.tree()?.cursor_of_key(id));
        }
        if self.value(&records::forgotten(&place.thing.to_string()))?.is_some() {
            return Ok(None);
        }
        Ok(self.tree()?.cursor_of(crate::id::Id::from_bytes(id)))
    }

    /// Whether an envelope is one of those that came with a casebook key.
    pub(super) fn is_listed(
        &self,
        id: &str,
        reader: ReaderId,
        sha256: &Digest,
    ) -> Result<bool, DeskError> {
        let Some(list) = self.value(&records::casebook_key(id))? else { return Ok(false) };
        let list: Vec<wire::EnvelopeDigest> =
            serde_json::from_slice(&list).map_err(|_| DeskError::Damaged { cursor: 0 })?;
        Ok(list.iter().any(|listed| listed.reader == reader && listed.sha256 == *sha256))
    }

    /// The envelopes that colleagues have made for `asker`, after number `after`, as a tape.
    ///
    /// # Errors
    /// [`DeskError::Store`] and [`DeskError::Damaged`].
    pub fn new_envelopes(&self, asker: &Asker, after: u64) -> Result<Vec<u8>, DeskError> {
        let damaged = || DeskError::Damaged { cursor: 0 };
        let count = self.count(asker.reader, &Change::default())?;
        let after_key = records::new(asker.reader, after);
        let all = records::all_new(asker.reader);
        let found = self.store.scan(all.as_bytes(), Some(after_key.as_bytes()), NEW_ENVELOPES)?;
        let mut end = if found.len() < NEW_ENVELOPES { count.max(after) } else { after };
        let mut entries = Vec::new();
        for (key, says) in &found {
            let says = str::from_utf8(&says.value).map_err(|_| damaged())?;
            let mut words = says.split(' ');
            let cursor = words.next().and_then(|n| n.parse().ok()).ok_or_else(damaged)?;
            let of = words.next().and_then(EnvelopeOf::from_word).ok_or_else(damaged)?;
            let id = words.next().ok_or_else(damaged)?;
            if let Some(envelope) = self.own(id, asker.reader, of)? {
                entries.push((wire::entry_name(cursor, file_of(of)), envelope));
            }
            let number = str::from_utf8(key).ok().and_then(|key| key.rsplit('/').next());
            let number = number.and_then(|n| n.parse().ok()).ok_or_else(damaged)?;
            end = end.max(number);
        }
        write_tape(&New { end, count }, &entries).map_err(|_| damaged())
    }
}

/// The same batch means something else once more has been made for its readers.
fn commit_of(batch: BatchId, counts: &BTreeMap<ReaderId, u64>) -> [u8; 16] {
    let counts: Vec<u8> = counts.values().flat_map(|count| count.to_be_bytes()).collect();
    let digest = Digest::of_parts(&[b"sandyk/rewrap/v1\n", batch.as_bytes(), &counts]);
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}

/// How sync calls the file of an envelope.
const fn file_of(of: EnvelopeOf) -> &'static str {
    match of {
        EnvelopeOf::Account => "envelope-account.age",
        EnvelopeOf::Identity => "envelope-identity.age",
        EnvelopeOf::CasebookKey => "key.age",
    }
}

fn write_tape(new: &New, entries: &[(String, Vec<u8>)]) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    tape::write_entry(&mut out, NEW_ENTRY, &serde_json::to_vec(new)?)?;
    for (name, envelope) in entries {
        tape::write_entry(&mut out, name, envelope)?;
    }
    tape::write_end(&mut out)?;
    let size = out.len().div_ceil(STEP).saturating_mul(STEP);
    out.resize(size, 0);
    Ok(out)
}
