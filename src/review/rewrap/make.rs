//! One row of the list: the own envelope opened, and sealed to those who lack it.

use std::{collections::HashSet, io};

use crate::{
    casebook::{CasebookKey, KeyError, Roster},
    digest::Digest,
    files,
    id::{Id, ReaderId, TestimonyId},
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
    /// Which one, and the SHA-256 of what is here.
    Broken(Place, Digest),
}

/// What became of one row.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) envelopes: Vec<Made>,
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
        match self.seal(of, line, &lacking) {
            Ok(sealed) => {
                let made = |(reader, bytes)| Made::Envelope(place(reader), bytes);
                outcome.envelopes.extend(sealed.into_iter().map(made));
            }
            // It is looked at with all the others.
            Err(Not::Opened(_) | Not::Mine) => outcome.for_others = wanted.len(),
            Err(Not::Proven) => outcome.unproven = wanted.len(),
        }
        outcome
    }

    /// The own envelopes of an event that do not open.
    pub(super) fn look(&self, line: &FeedLine) -> Vec<Made> {
        let Ok(thing) = line.item.id.parse::<ThingId>() else { return Vec::new() };
        let kinds: &[EnvelopeOf] = match (line.item.kind, self.keys.role) {
            (FeedKind::Testimony, Role::Reviewer) => &[EnvelopeOf::Account],
            (FeedKind::Testimony, Role::Guardian) => &[EnvelopeOf::Account, EnvelopeOf::Identity],
            (FeedKind::CasebookKey, _) => &[EnvelopeOf::CasebookKey],
            _ => &[],
        };
        let nobody = self.colleagues.lacking(&[]);
        let look = |of: &EnvelopeOf| match self.seal(*of, line, &nobody) {
            Err(Not::Opened(digest)) => {
                Some(Made::Broken(Place { thing, of: *of, reader: self.keys.id }, digest))
            }
            Ok(_) | Err(Not::Mine | Not::Proven) => None,
        };
        kinds.iter().filter_map(look).collect()
    }

    fn seal(&self, of: EnvelopeOf, line: &FeedLine, lacking: &Lacking<'_>) -> Sealings {
        match (of, line.item.kind) {
            (EnvelopeOf::Account, FeedKind::Testimony) => self.account(line, lacking),
            (EnvelopeOf::Identity, FeedKind::Testimony) => self.identity(line, lacking),
            (EnvelopeOf::CasebookKey, FeedKind::CasebookKey) => self.casebook_key(line, lacking),
            _ => Err(Not::Proven),
        }
    }

    fn account(&self, line: &FeedLine, lacking: &Lacking<'_>) -> Sealings {
        let id: TestimonyId = line.item.id.parse().map_err(|_| Not::Proven)?;
        let folder = self.workspace.testimony(id);
        let own = load(&folder.join("envelope-account.age"), Not::Mine)?;
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

    fn identity(&self, line: &FeedLine, lacking: &Lacking<'_>) -> Sealings {
        if self.keys.role != Role::Guardian {
            return Err(Not::Mine);
        }
        let id: TestimonyId = line.item.id.parse().map_err(|_| Not::Proven)?;
        let folder = self.workspace.testimony(id);
        let own = load(&folder.join("envelope-identity.age"), Not::Mine)?;
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

    fn casebook_key(&self, line: &FeedLine, lacking: &Lacking<'_>) -> Sealings {
        let own = load(&self.workspace.key(line.cursor), Not::Mine)?;
        let made = CasebookKey::rewrap(&own, &self.keys.reading, &self.roster, lacking);
        made.map_err(|error| {
            // Whoever made another made no good one: a new envelope would not mend it.
            if matches!(error, KeyError::NotOpened) {
                Not::Opened(Digest::of(&own))
            } else {
                Not::Proven
            }
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

fn load(path: &std::path::Path, missing: Not) -> Result<Vec<u8>, Not> {
    match files::load_plain(path, MAX_FILE) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing),
        Err(_) => Err(Not::Proven),
    }
}

/// The file of an own envelope in a workspace.
pub(super) fn own_file(place: &Place, workspace: &Workspace) -> Option<std::path::PathBuf> {
    let folder = workspace.testimony(Id::from_bytes(*place.thing.as_bytes()));
    match place.of {
        EnvelopeOf::Account => Some(folder.join("envelope-account.age")),
        EnvelopeOf::Identity => Some(folder.join("envelope-identity.age")),
        // Those of a casebook key are named by the feed: they stay.
        EnvelopeOf::CasebookKey => None,
    }
}

/// Largest cover, identity or envelope, in bytes.
const MAX_FILE: u64 = 128 << 10;
