//! The casebook as it lies in a workspace: opened, proven, added up.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::ErrorKind,
    path::Path,
};

use rayon::prelude::*;

use crate::{
    casebook::{Casebook, CasebookKey, Entry, EntryError, Found, Head, KeyError, Position, Roster},
    digest::Digest,
    files,
    id::ReaderId,
    keyring::Chain,
    ledger::feed::FeedKind,
    review::{
        feed::{Feed, FeedLine},
        keys::ReaderKeys,
        workspace::{Workspace, WorkspaceError},
    },
};

/// What the readers know together, and what it was opened with.
pub struct Book {
    /// The proven entries, added up.
    pub casebook: Casebook,
    /// Casebook keys that are not used, and why.
    pub key_faults: Vec<KeyFault>,
    /// In the order of the feed, then this reader's own.
    pub(super) keys: Vec<CasebookKey>,
    /// The end of this reader's own chain.
    pub(super) head: Head,
}

/// A casebook key that is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFault {
    /// Where it was found.
    pub position: Position,
    /// Why.
    pub cause: KeyError,
}

impl Book {
    /// Opens what is in the feed and in the own outbox.
    pub(super) fn open(
        workspace: &Workspace,
        feed: &Feed,
        reader: &ReaderKeys,
        chain: &Chain,
    ) -> Result<Self, BookError> {
        let roster = Roster::of(chain);
        let (keys, key_faults) = open_keys(workspace, feed, reader, &roster)?;
        let lines: Vec<(u32, &FeedLine)> =
            feed.with_epochs().filter(|(_, l)| l.item.kind == FeedKind::CasebookEntry).collect();
        let mut copies: BTreeMap<Digest, Vec<&(u32, &FeedLine)>> = BTreeMap::new();
        for place in &lines {
            copies.entry(place.1.item.content).or_default().push(place);
        }
        let mut found: Vec<Found> =
            copies.par_iter().flat_map_iter(|(_, of)| open_once(workspace, of, &keys)).collect();
        let published = lines.iter().map(|(_, line)| line.item.content).collect();
        let epoch = chain.current().get().epoch;
        let waiting = from_outbox(workspace, &published, &keys)?;
        found.extend(waiting.into_iter().map(|entry| Found {
            position: Position::Outbox,
            epoch,
            entry,
        }));
        let (casebook, proven) = Casebook::fold(found, &roster);
        let own = proven.iter().rev().find(|p| p.entry.by() == reader.id);
        let head = own.map(|p| p.entry.head()).unwrap_or_default();
        Ok(Self { casebook, key_faults, keys, head })
    }

    /// The key that entries of this epoch are sealed to: the first of the feed, then the own one.
    pub(super) fn key_of(&self, epoch: u32) -> Option<&CasebookKey> {
        self.keys.iter().find(|key| key.epoch() == epoch)
    }
}

fn open_keys(
    workspace: &Workspace,
    feed: &Feed,
    reader: &ReaderKeys,
    roster: &Roster,
) -> Result<(Vec<CasebookKey>, Vec<KeyFault>), BookError> {
    let of_feed = feed
        .of(FeedKind::CasebookKey)
        .map(|line| (Position::Feed(line.cursor), workspace.key(line.cursor)));
    let own = workspace.own_keys()?.into_iter().map(|path| (Position::Outbox, path));
    let (mut keys, mut faults) = (Vec::new(), Vec::new());
    let mut made = BTreeMap::new();
    for (position, path) in of_feed.chain(own) {
        let opened = match files::load_plain(&path, MAX_FILE) {
            Ok(envelope) => CasebookKey::open(&envelope, &reader.reading, roster),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(KeyError::NotHere),
            Err(_) => Err(KeyError::Unreadable),
        };
        match opened.and_then(|key| admit(key, &mut keys, &mut made)) {
            Ok(()) => {}
            // What a reader handed in lies in the outbox too.
            Err(KeyError::Repeated) if position == Position::Outbox => {}
            Err(cause) => faults.push(KeyFault { position, cause }),
        }
    }
    Ok((keys, faults))
}

/// Takes a key into use, unless it is a copy or one of too many of the same reader: every entry is
/// tried with every key, so their number decides how long a session takes to begin.
fn admit(
    key: CasebookKey,
    keys: &mut Vec<CasebookKey>,
    made: &mut BTreeMap<(ReaderId, u32), BTreeSet<String>>,
) -> Result<(), KeyError> {
    let by_same = made.entry((key.by(), key.epoch())).or_default();
    if by_same.contains(&key.recipient().to_string()) {
        return Err(KeyError::Repeated);
    }
    if by_same.len() >= MAX_KEYS {
        return Err(KeyError::TooMany);
    }
    by_same.insert(key.recipient().to_string());
    keys.push(key);
    Ok(())
}

/// Opens the first copy of an entry that is here and whole; the later ones are named as copies.
fn open_once(
    workspace: &Workspace,
    copies: &[&(u32, &FeedLine)],
    keys: &[CasebookKey],
) -> Vec<Found> {
    let mut opened = false;
    let place = |(epoch, line): &(u32, &FeedLine)| {
        let again = || Err(EntryError::Repeated);
        let entry = if opened { again() } else { from_feed(workspace, line, keys) };
        opened |= entry.is_ok();
        Found { position: Position::Feed(line.cursor), epoch: *epoch, entry }
    };
    copies.iter().copied().map(place).collect()
}

fn from_feed(
    workspace: &Workspace,
    line: &FeedLine,
    keys: &[CasebookKey],
) -> Result<Entry, EntryError> {
    match load(&workspace.entry(line.cursor)) {
        Some(sealed) if Digest::of(&sealed) == line.item.content => Entry::open(&sealed, keys),
        Some(_) => Err(EntryError::NotTheOneOfTheFeed),
        None => Err(EntryError::NotHere),
    }
}

/// What this reader wrote and the feed does not have yet.
fn from_outbox(
    workspace: &Workspace,
    published: &BTreeSet<Digest>,
    keys: &[CasebookKey],
) -> Result<Vec<Result<Entry, EntryError>>, BookError> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for path in workspace.own_entries()? {
        let Some(sealed) = load(&path) else {
            found.push(Err(EntryError::NotHere));
            continue;
        };
        let digest = Digest::of(&sealed);
        if !published.contains(&digest) && seen.insert(digest) {
            found.push(Entry::open(&sealed, keys));
        }
    }
    Ok(found)
}

/// A file of the casebook, `None` if it is not here or cannot be read: one bad file, by whomever it
/// was put there, keeps nobody from the rest.
fn load(path: &Path) -> Option<Vec<u8>> {
    files::load_plain(path, MAX_FILE).ok()
}

/// The casebook cannot be read from the workspace.
#[derive(Debug, thiserror::Error)]
#[error("the casebook cannot be read: {0}")]
pub struct BookError(#[from] pub WorkspaceError);

/// Casebook keys of one reader in one epoch; an honest one makes one.
const MAX_KEYS: usize = 8;
/// Largest sealed entry or envelope, in bytes.
const MAX_FILE: u64 = 256 * 1024;
