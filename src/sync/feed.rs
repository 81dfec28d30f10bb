//! The feed as it is held: one line for each event, proved again whenever it is loaded.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, BufWriter, Read as _, Write},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{SyncError, error::at};
use crate::{
    digest::Digest,
    files,
    forget::{Mark, OrderId, SignedOrder},
    id::EntryId,
    ledger::{Checkpoint, Frontier, commitment, feed::FeedKind, leaf_hash},
    wire::MAX_ITEM,
};

const MAX_LINE: u64 = 2 * MAX_ITEM;

/// What is held of the feed.
pub(super) struct Feed {
    path: PathBuf,
    frontier: Frontier,
    things: BTreeMap<[u8; 16], Thing>,
    /// The newest epoch that any event had.
    epoch: u32,
}

/// One thing of the feed, as far as sync remembers it.
#[derive(Clone, Copy)]
pub(super) enum Thing {
    Testimony {
        cursor: u64,
        bytes: u64,
        sha256: Digest,
    },
    /// Something that a reader wrote.
    Entry {
        cursor: u64,
    },
    /// A testimony that is forgotten here, by that order.
    Forgotten {
        cursor: u64,
        order: OrderId,
    },
    /// An order to forget was carried out, under the keyring of that epoch.
    Done {
        epoch: u32,
    },
    Other,
}

/// One line of `feed.jsonl`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    pub(super) cursor: u64,
    pub(super) leaf: Digest,
    pub(super) item: Value,
}

impl Line {
    /// Whether it can be read again: JSON that is read and written may grow.
    pub(super) fn fits(&self) -> bool {
        let bytes = serde_json::to_vec(self).map_or(usize::MAX, |line| line.len());
        u64::try_from(bytes).is_ok_and(|bytes| bytes < MAX_LINE)
    }
}

/// What every item has, whatever its kind; other members are for those who know the kind.
#[derive(Deserialize)]
pub(super) struct AnyItem {
    pub(super) kind: String,
    id: String,
    salt: String,
    content: Digest,
    pub(super) epoch: u32,
    #[serde(default)]
    week: Option<String>,
    #[serde(default)]
    parts: Vec<AnyPart>,
}

#[derive(Deserialize)]
struct AnyPart {
    name: String,
    bytes: u64,
    sha256: Digest,
}

impl AnyItem {
    /// The 16 bytes of its id.
    pub(super) fn id(&self) -> Option<[u8; 16]> {
        // Every kind's id is the same 16 bytes.
        Some(*self.id.parse::<EntryId>().ok()?.as_bytes())
    }

    /// The leaf of the feed tree, of known and unknown kinds alike.
    pub(super) fn leaf(&self) -> Option<Digest> {
        let salt = HEXLOWER.decode(self.salt.as_bytes()).ok()?.try_into().ok()?;
        let short = [self.kind.as_str(), self.week.as_deref().unwrap_or_default()]
            .iter()
            .all(|text| u8::try_from(text.len()).is_ok());
        let (kind, id) = (self.kind.as_str(), self.id()?);
        let when = (self.epoch, self.week.as_deref().unwrap_or_default());
        short.then(|| leaf_hash(&commitment(&salt, kind, &id, &self.content, when)))
    }

    fn thing(&self, cursor: u64) -> Thing {
        match self.parts.iter().find(|part| part.name == "exhibits") {
            Some(part) if self.kind == "testimony" => {
                Thing::Testimony { cursor, bytes: part.bytes, sha256: part.sha256 }
            }
            _ if self.kind == FeedKind::CasebookEntry.as_str() => Thing::Entry { cursor },
            _ if self.kind == FeedKind::ForgetDone.as_str() => Thing::Done { epoch: self.epoch },
            _ => Thing::Other,
        }
    }
}

/// What stands in a line: something, or the mark that it is forgotten.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Said {
    Item(AnyItem),
    Mark(Mark),
}

impl Said {
    pub(super) fn read(item: &Value) -> Option<Self> {
        Self::deserialize(item).ok()
    }

    /// The 16 bytes of its id.
    pub(super) fn id(&self) -> Option<[u8; 16]> {
        match self {
            Self::Item(item) => item.id(),
            Self::Mark(mark) => Some(*mark.id.as_bytes()),
        }
    }

    fn leaf(&self) -> Option<Digest> {
        match self {
            Self::Item(item) => item.leaf(),
            Self::Mark(mark) => Some(mark.leaf),
        }
    }

    fn thing(&self, cursor: u64) -> Option<Thing> {
        match self {
            Self::Item(item) => Some(item.thing(cursor)),
            Self::Mark(mark) => {
                let order = SignedOrder::parse(&mark.order).ok()?.order().id();
                Some(Thing::Forgotten { cursor, order })
            }
        }
    }
}

impl Feed {
    /// A feed of which nothing is held.
    pub(super) fn nothing() -> Self {
        let (frontier, things) = (Frontier::default(), BTreeMap::new());
        Self { path: PathBuf::new(), frontier, things, epoch: 0 }
    }

    /// Reads the feed at `path` and proves it against the checkpoint held, if there is one.
    ///
    /// A last line that was cut by a crash is cut off: its page was not finished.
    pub(super) fn load(path: &Path, held: Option<&Checkpoint>) -> Result<Self, SyncError> {
        let mut feed = Self { path: path.to_owned(), ..Self::nothing() };
        let mut options = OpenOptions::new();
        let file = files::open_plain(path, options.read(true).append(true).create(true));
        let file = at(path, file)?;
        let mut lines = BufReader::new(&file);
        let mut whole = 0_u64;
        loop {
            let mut line = Vec::new();
            let read = (&mut lines).take(MAX_LINE).read_until(b'\n', &mut line);
            let read = u64::try_from(at(path, read)?).unwrap_or(u64::MAX);
            if line.last() != Some(&b'\n') {
                break;
            }
            whole = whole.saturating_add(read);
            feed.take(&line).ok_or_else(|| feed.damage())?;
            if held.is_some_and(|held| held.size == feed.size() && held.root != feed.root()) {
                return Err(feed.damage());
            }
        }
        if held.is_some_and(|held| held.size > feed.size()) {
            return Err(feed.damage());
        }
        at(path, trim(&file, whole))?;
        Ok(feed)
    }

    pub(super) fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub(super) fn root(&self) -> Digest {
        self.frontier.root()
    }

    pub(super) fn frontier(&self) -> Frontier {
        self.frontier.clone()
    }

    /// The newest epoch that any event had.
    pub(super) const fn epoch(&self) -> u32 {
        self.epoch
    }

    pub(super) fn thing(&self, id: &[u8; 16]) -> Option<Thing> {
        self.things.get(id).copied()
    }

    /// Puts marks where forgotten testimonies stood, all at once and durably; leaves stay.
    pub(super) fn put_marks(&mut self, marks: &BTreeMap<u64, Mark>) -> Result<(), SyncError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let new = tempfile::Builder::new().prefix(".new-").tempfile_in(folder);
        let mut new = at(&self.path, new)?;
        at(&self.path, self.copy_with(marks, &mut new))?;
        at(&self.path, new.as_file().sync_all())?;
        at(&self.path, new.persist(&self.path).map_err(|e| e.error))?;
        at(&self.path, files::sync_folder(folder))?;
        for (cursor, mark) in marks {
            let order = SignedOrder::parse(&mark.order).map_err(|_| self.damage())?.order().id();
            self.things.insert(*mark.id.as_bytes(), Thing::Forgotten { cursor: *cursor, order });
        }
        Ok(())
    }

    fn copy_with(&self, marks: &BTreeMap<u64, Mark>, to: &mut impl Write) -> std::io::Result<()> {
        let file = files::open_plain(&self.path, OpenOptions::new().read(true))?;
        let mut to = BufWriter::new(to);
        for (cursor, line) in (1_u64..).zip(BufReader::new(file).split(b'\n')) {
            let line = line?;
            match marks.get(&cursor) {
                Some(mark) => {
                    let item = serde_json::to_value(mark)?;
                    serde_json::to_writer(&mut to, &Line { cursor, leaf: mark.leaf, item })?;
                }
                None => to.write_all(&line)?,
            }
            to.write_all(b"\n")?;
        }
        to.flush()
    }

    /// The leaves of some events, read from the file.
    pub(super) fn leaves(
        &self,
        cursors: &BTreeSet<u64>,
    ) -> Result<BTreeMap<u64, Digest>, SyncError> {
        let mut found = BTreeMap::new();
        if cursors.is_empty() {
            return Ok(found);
        }
        let file = files::open_plain(&self.path, OpenOptions::new().read(true));
        let file = at(&self.path, file)?;
        for (cursor, line) in (1_u64..=self.size()).zip(BufReader::new(file).split(b'\n')) {
            let line = at(&self.path, line)?;
            if cursors.contains(&cursor) {
                let line: Line = serde_json::from_slice(&line).map_err(|_| self.damage())?;
                found.insert(cursor, line.leaf);
            }
        }
        Ok(found)
    }

    pub(super) fn has(&self, id: &[u8; 16]) -> bool {
        self.things.contains_key(id)
    }

    pub(super) fn things(&self) -> impl Iterator<Item = (&[u8; 16], &Thing)> {
        self.things.iter()
    }

    /// Adds the lines of a proved page, durably.
    pub(super) fn append(&mut self, lines: &[Line]) -> Result<(), SyncError> {
        let mut text = Vec::new();
        for line in lines {
            at(&self.path, serde_json::to_writer(&mut text, line).map_err(Into::into))?;
            text.push(b'\n');
        }
        let file = files::open_plain(&self.path, OpenOptions::new().append(true));
        let mut file = at(&self.path, file)?;
        at(&self.path, file.write_all(&text).and_then(|()| file.sync_data()))?;
        for line in text.split_inclusive(|&b| b == b'\n') {
            self.take(line).ok_or_else(|| self.damage())?;
        }
        Ok(())
    }

    fn take(&mut self, line: &[u8]) -> Option<()> {
        #[derive(Deserialize)]
        struct Held {
            cursor: u64,
            leaf: Digest,
            item: Said,
        }
        let Held { cursor, leaf, item } = serde_json::from_slice(line).ok()?;
        let proved = cursor == self.size().checked_add(1)? && item.leaf()? == leaf;
        let new = self.things.insert(item.id()?, item.thing(cursor)?).is_none();
        if let Said::Item(item) = item {
            self.epoch = self.epoch.max(item.epoch);
        }
        self.frontier.push(leaf);
        (proved && new).then_some(())
    }

    fn damage(&self) -> SyncError {
        let line = self.size().saturating_add(1);
        SyncError::Damaged { what: format!("{} near line {line}", self.path.display()) }
    }
}

/// Cuts off what follows the last whole line.
fn trim(file: &File, whole: u64) -> std::io::Result<()> {
    if file.metadata()?.len() > whole {
        file.set_len(whole)?;
        file.sync_data()?;
    }
    Ok(())
}
