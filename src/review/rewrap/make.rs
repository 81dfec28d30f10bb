//! One row of the list: the own envelope opened, and sealed to those who lack it.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    casebook::{CasebookKey, Roster},
    digest::Digest,
    files,
    id::{ReaderId, TestimonyId},
    keyring::Role,
    ledger::feed::FeedKind,
    review::{
        feed::{Feed, FeedLine},
        keys::ReaderKeys,
        session::Session,
        workspace::Workspace,
    },
    rewrap::{EnvelopeOf, Place, ThingId},
    sealed::{
        Sealed,
        open::{Colleagues, Lacking, OpenError, OpenedCover, RewrapError},
    },
};

use super::Row;

/// An envelope for a colleague, or an own one that does not open.
pub(super) enum Made {
    /// For whom, and the envelope.
    Envelope(Place, Vec<u8>),
    /// Which one, the SHA-256 of what is here, and where it lies.
    Broken(Place, Digest, PathBuf),
}

/// What became of one row.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) envelopes: Vec<Made>,
    /// The own envelope, if it was opened and holds the right key.
    pub(super) proven: Option<u64>,
    pub(super) waiting: usize,
    pub(super) for_others: usize,
    pub(super) unproven: usize,
}

/// What is needed to make envelopes; shared by all cores.
pub(super) struct Maker<'s> {
    workspace: &'s Workspace,
    keys: &'s ReaderKeys,
    colleagues: Colleagues<'s>,
    feed: &'s Feed,
    roster: Roster,
    /// Places for which an envelope waits in the outbox.
    waiting: HashSet<u64>,
}

/// Why there is no envelope.
enum Not {
    /// This reader has none either, or may not make it.
    Mine,
    /// Something is not here, or is not what the feed names.
    Proven,
    /// The own envelope does not open.
    Opened(Digest),
}

type Sealings = Result<Vec<(ReaderId, Vec<u8>)>, Not>;

impl<'s> Maker<'s> {
    pub(super) fn new(session: &'s Session, waiting: HashSet<u64>) -> Self {
        let Session { workspace, keys, chain, feed, .. } = session;
        let colleagues = Colleagues::of(chain.current());
        Self { workspace, keys, colleagues, feed, roster: Roster::of(chain), waiting }
    }

    /// Makes the envelopes of a row for those of its readers whom the verified keyring lists.
    pub(super) fn make(&self, row: &Row) -> Outcome {
        let mut outcome = Outcome::default();
        let (Some(of), Some(line)) = (EnvelopeOf::from_word(&row.of), self.feed.at(row.cursor))
        else {
            outcome.unproven = row.readers.len();
            return outcome;
        };
        let Ok(thing) = line.item.id.parse::<ThingId>() else { return outcome };
        let place = |reader| Place { thing, of, reader };
        let mut wanted = row.readers.clone();
        wanted.retain(|reader| !self.waiting.contains(&mark(&place(*reader))));
        outcome.waiting = row.readers.len().saturating_sub(wanted.len());
        let lacking = self.colleagues.lacking(&wanted);
        if lacking.is_empty() {
            return outcome;
        }
        let Some(own) = self.own_file(of, line) else { return outcome };
        match self.seal(of, (line, &own), &lacking) {
            Ok(sealed) => {
                outcome.proven = Some(mark(&place(self.keys.id)));
                let made = |(reader, bytes)| Made::Envelope(place(reader), bytes);
                outcome.envelopes.extend(sealed.into_iter().map(made));
            }
            // It is looked at with all the others.
            Err(Not::Opened(_) | Not::Mine) => outcome.for_others = wanted.len(),
            Err(Not::Proven) => outcome.unproven = wanted.len(),
        }
        outcome
    }

    /// The own envelopes of an event that do not open; those that were proven are not opened again.
    pub(super) fn look(&self, line: &FeedLine, proven: &HashSet<u64>) -> Vec<Made> {
        let Ok(thing) = line.item.id.parse::<ThingId>() else { return Vec::new() };
        let kinds: &[EnvelopeOf] = match (line.item.kind, self.keys.role) {
            (FeedKind::Testimony, Role::Reviewer) => &[EnvelopeOf::Account],
            (FeedKind::Testimony, Role::Guardian) => &[EnvelopeOf::Account, EnvelopeOf::Identity],
            (FeedKind::CasebookKey, _) => &[EnvelopeOf::CasebookKey],
            _ => &[],
        };
        let nobody = self.colleagues.lacking(&[]);
        let look = |of: &EnvelopeOf| {
            let own = Place { thing, of: *of, reader: self.keys.id };
            if proven.contains(&mark(&own)) {
                return None;
            }
            let file = self.own_file(*of, line)?;
            let sealed = match self.seal(*of, (line, &file), &nobody) {
                // Put aside before, and asked for anew until another is here: the batch that asked may
                // have been of before a rotation.
                Err(Not::Mine) => self.seal(*of, (line, &aside(&file)), &nobody),
                sealed => sealed,
            };
            match sealed {
                // SECURITY: a device that is not plugged in opens nothing; no envelope is put aside for that.
                Err(Not::Opened(digest)) => {
                    self.keys.reading.opens().then_some(Made::Broken(own, digest, file))
                }
                // It opens after all, say with the right token: back to its place.
                Ok(_) if !file.exists() => fs::rename(aside(&file), &file).err().and(None),
                Ok(_) | Err(Not::Mine | Not::Proven) => None,
            }
        };
        kinds.iter().filter_map(look).collect()
    }

    /// Where the own envelope of an event belongs.
    fn own_file(&self, of: EnvelopeOf, line: &FeedLine) -> Option<PathBuf> {
        let file = match of {
            EnvelopeOf::Account => "envelope-account.age",
            EnvelopeOf::Identity => "envelope-identity.age",
            EnvelopeOf::CasebookKey => return Some(self.workspace.key(line.cursor)),
        };
        Some(self.workspace.testimony(line.item.id.parse().ok()?).join(file))
    }

    /// Opens the own envelope, which lies in that file, and seals what is in it.
    fn seal(
        &self,
        of: EnvelopeOf,
        (line, own): (&FeedLine, &Path),
        lacking: &Lacking<'_>,
    ) -> Sealings {
        let own = load(own, Not::Mine)?;
        match (of, line.item.kind) {
            (EnvelopeOf::Account, FeedKind::Testimony) => self.account(line, own, lacking),
            (EnvelopeOf::Identity, FeedKind::Testimony) => self.identity(line, own, lacking),
            (EnvelopeOf::CasebookKey, FeedKind::CasebookKey) => self.casebook_key(&own, lacking),
            _ => Err(Not::Proven),
        }
    }

    fn account(&self, line: &FeedLine, own: Vec<u8>, lacking: &Lacking<'_>) -> Sealings {
        let id: TestimonyId = line.item.id.parse().map_err(|_| Not::Proven)?;
        let folder = self.workspace.testimony(id);
        let cover = load(&folder.join("cover.age"), Not::Proven)?;
        if Digest::of(&cover) != line.item.content {
            return Err(Not::Proven);
        }
        let (own, cover) = (Sealed::from_bytes(own), Sealed::from_bytes(cover));
        let made = self.keys.reading.rewrap_account(&own, (&cover, id), lacking);
        let made = made.map_err(|error| why(&error, own.digest()))?;
        Ok(made.into_iter().map(|made| (made.reader, made.envelope.into_bytes())).collect())
    }

    /// The cover that the feed committed to, opened.
    fn cover(&self, line: &FeedLine, id: TestimonyId) -> Result<OpenedCover, Not> {
        let folder = self.workspace.testimony(id);
        let own = load(&folder.join("envelope-account.age"), Not::Proven)?;
        let cover = load(&folder.join("cover.age"), Not::Proven)?;
        if Digest::of(&cover) != line.item.content {
            return Err(Not::Proven);
        }
        let key = self.keys.reading.open_account_envelope(&Sealed::from_bytes(own));
        let opened = key.and_then(|key| key.open_cover(&Sealed::from_bytes(cover), id));
        opened.map_err(|_| Not::Proven)
    }

    fn identity(&self, line: &FeedLine, own: Vec<u8>, lacking: &Lacking<'_>) -> Sealings {
        if self.keys.role != Role::Guardian {
            return Err(Not::Mine);
        }
        let id: TestimonyId = line.item.id.parse().map_err(|_| Not::Proven)?;
        let folder = self.workspace.testimony(id);
        let sealed = load(&folder.join("identity.age"), Not::Proven)?;
        // SECURITY: the leaf commits to the cover alone. What the server says of other parts proves nothing, and
        // must not make a good envelope look broken.
        if self.cover(line, id)?.cover().identity != Digest::of(&sealed) {
            return Err(Not::Proven);
        }
        let (own, sealed) = (Sealed::from_bytes(own), Sealed::from_bytes(sealed));
        let made = self.keys.reading.rewrap_identity(&own, &sealed, lacking);
        let made = made.map_err(|error| why(&error, own.digest()))?;
        Ok(made.into_iter().map(|made| (made.reader, made.envelope.into_bytes())).collect())
    }

    /// SECURITY: which bytes came with the key is what the feed commits to, but the note inside, signed by a
    /// reader, is what makes the key: one that opens and is signed is never called broken, and an own
    /// envelope that does not open is replaced by nothing but a signed one ([`CasebookKey::open`]).
    fn casebook_key(&self, own: &[u8], lacking: &Lacking<'_>) -> Sealings {
        let made = CasebookKey::rewrap(own, &self.keys.reading, &self.roster, lacking);
        made.map_err(|error| {
            if error.is_of_the_envelope() { Not::Opened(Digest::of(own)) } else { Not::Proven }
        })
    }
}

/// What a place is remembered by: eight bytes, however many there are.
pub(super) fn mark(place: &Place) -> u64 {
    let Place { thing, of, reader } = place;
    let digest = Digest::of_parts(&[thing.as_bytes(), of.word().as_bytes(), reader.as_bytes()]);
    digest.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

fn why(error: &RewrapError, own: Digest) -> Not {
    match error {
        RewrapError::Envelope(OpenError::Io(_))
        // A cover that stands under another testimony's id is no fault of the envelope.
        | RewrapError::OtherKey(OpenError::Io(_) | OpenError::OtherTestimony)
        | RewrapError::Seal(_) => Not::Proven,
        RewrapError::Envelope(_) | RewrapError::OtherKey(_) => Not::Opened(own),
    }
}

fn load(path: &Path, missing: Not) -> Result<Vec<u8>, Not> {
    match files::load_plain(path, MAX_FILE) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing),
        Err(_) => Err(Not::Proven),
    }
}

/// Where an own envelope that does not open is put.
pub(super) fn aside(file: &Path) -> PathBuf {
    file.with_extension("age.broken")
}

/// Largest cover, identity or envelope, in bytes.
const MAX_FILE: u64 = 128 << 10;
