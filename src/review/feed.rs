//! `feed.jsonl`: what the server has published, one line per event.

use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Read as _},
};

use data_encoding::HEXLOWER;
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    casebook::{Position, View},
    digest::Digest,
    files,
    forget::Mark,
    id::{EntryId, ReaderId, TestimonyId},
    ledger::{
        Frontier, commitment,
        feed::{FeedItem, FeedKind},
        leaf_hash,
    },
    review::{
        settled::Settled,
        state::SeenFeed,
        workspace::{Workspace, WorkspaceError, at},
    },
};

/// One event, as sync wrote it down after verifying it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedLine {
    /// Its place, dense from 1.
    pub cursor: u64,
    /// Its leaf hash.
    pub leaf: Digest,
    /// What it is about.
    pub item: FeedItem,
}

/// The whole feed, and what does not hold in it.
pub(super) struct Feed {
    pub(super) lines: Vec<FeedLine>,
    /// Marks of testimonies that are said to be forgotten, with their places; none is checked yet.
    pub(super) marks: Vec<(u64, Mark)>,
    /// Events of a kind that this version does not know.
    pub(super) unknown: usize,
    pub(super) seen: SeenFeed,
    pub(super) alarms: Vec<FeedAlarm>,
    /// Views of another feed that nobody has settled, each with the root here at that size.
    pub(super) splits: Vec<(View, Option<Digest>)>,
    /// Leaf hashes of all events, of unknown kinds too.
    leaves: Vec<Digest>,
}

/// Something is wrong with the feed as a whole; reading goes on, the person must know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedAlarm {
    /// It is shorter than it was.
    #[error("the feed has {size} events but had {seen}: an old copy, or something was taken out")]
    RolledBack {
        /// Events now.
        size: u64,
        /// Events that these keys have seen.
        seen: u64,
    },
    /// Its beginning is not what it was.
    #[error("the first {seen} events of the feed are not those that you have seen before")]
    Rewritten {
        /// How many events were seen before.
        seen: u64,
    },
    /// Something is missing, and what stands in its place is no order of those who may give one.
    #[error("event {cursor} is gone, and no order of two guardians says that it may be")]
    Hole {
        /// Which event.
        cursor: u64,
    },
    /// A line cannot be read or stands in the wrong place; it and all after it are left out.
    #[error("line {line} of feed.jsonl is damaged; it and everything after it is left out")]
    Damaged {
        /// Its number, from 1.
        line: u64,
    },
    /// Another reader was shown another feed under the same name.
    #[error(
        "split view: the server showed reader {reader} another feed than you; the first {size} \
         events are not the same{}", if *.signed { ", and the server has signed both" } else { "" }
    )]
    SplitView {
        /// Who says so, with a signature that is good.
        reader: ReaderId,
        /// How many events that reader had.
        size: u64,
        /// Whether the server's own signature under the other feed is in the casebook.
        signed: bool,
    },
    /// A file of a testimony is gone from the workspace, or was never in it.
    #[error("event {cursor}: {part} of testimony {id} is missing, and no forget order explains it")]
    Missing {
        /// Its place in the feed.
        cursor: u64,
        /// Its id.
        id: TestimonyId,
        /// Which file.
        part: &'static str,
    },
    /// A file of a testimony is not the one that the feed commits to.
    #[error("event {cursor}: {part} of testimony {id} was altered: it is not what the feed names")]
    Altered {
        /// Its place in the feed.
        cursor: u64,
        /// Its id.
        id: TestimonyId,
        /// Which file.
        part: &'static str,
    },
}

impl Feed {
    /// Reads the feed and compares it with what was seen before.
    pub(super) fn load(workspace: &Workspace, seen: SeenFeed) -> Result<Self, WorkspaceError> {
        let (lines, marks, alarms, leaves) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut feed = Self { lines, marks, unknown: 0, seen, alarms, leaves, splits: Vec::new() };
        let mut frontier = Frontier::default();
        let path = workspace.path("feed.jsonl");
        match files::open_plain(&path, OpenOptions::new().read(true)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            file => {
                let file = at(&path, file)?;
                at(&path, feed.read(BufReader::new(file), &mut frontier))?;
            }
        }
        let size = frontier.size();
        if size < seen.size {
            feed.alarms.push(FeedAlarm::RolledBack { size, seen: seen.size });
        } else if feed.alarms.is_empty() {
            feed.seen = SeenFeed { size, root: frontier.root() };
        }
        Ok(feed)
    }

    fn read(&mut self, mut lines: BufReader<File>, frontier: &mut Frontier) -> io::Result<()> {
        let mut text = Vec::new();
        for number in 1.. {
            text.clear();
            lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut text)?;
            if text.len() < MAX_WHOLE && text.last() != Some(&b'\n') {
                // The end; or a line that sync was writing when it was cut, and will write anew.
                return Ok(());
            }
            let read = read_mark(&text, number).or_else(|| read_line(&text, number));
            let Some((leaf, known)) = read else {
                self.alarms.push(FeedAlarm::Damaged { line: number });
                return Ok(());
            };
            frontier.push(leaf);
            self.leaves.push(leaf);
            match known {
                Known::Line(line) => self.lines.push(line),
                Known::Mark(mark) => self.marks.push((number, mark)),
                Known::Not => self.unknown = self.unknown.saturating_add(1),
            }
            if number == self.seen.size && frontier.root() != self.seen.root {
                self.alarms.push(FeedAlarm::Rewritten { seen: number });
            }
        }
        Ok(())
    }

    /// Compares the feed with those that other readers signed for; `signed` says whether a note is
    /// a checkpoint of the server's. What was settled is no alarm again; anything else is.
    pub(super) fn compare(
        &mut self,
        views: &[View],
        settled: &[Settled],
        signed: impl Fn(&View) -> bool,
    ) {
        let mut views: Vec<&View> = views.iter().collect();
        views.sort_by_key(|view| view.size);
        let mut named = BTreeSet::new();
        let mut frontier = Frontier::default();
        let mut leaves = self.leaves.iter();
        for view in views {
            let missing = view.size.saturating_sub(frontier.size());
            let missing = usize::try_from(missing).unwrap_or(usize::MAX);
            frontier.extend(leaves.by_ref().take(missing).copied());
            // Nobody signs for a feed before it is there: what stands at a place of this feed was
            // said about a shorter one.
            let possible = match view.position {
                Position::Feed(cursor) => view.size < cursor,
                Position::Outbox => true,
            };
            let ours = (frontier.size() == view.size).then(|| frontier.root());
            let other = ours.is_some_and(|root| root != view.root);
            if possible && !other || settled.iter().any(|settled| settled.is_of(view)) {
                continue;
            }
            self.splits.push((view.clone(), ours));
            if named.insert(view.by) {
                let View { by: reader, size, .. } = *view;
                self.alarms.push(FeedAlarm::SplitView { reader, size, signed: signed(view) });
            }
        }
    }

    /// Names every part of a testimony that should be in the workspace and is not.
    ///
    /// In the place of a forgotten one stands a mark, which is proved by itself.
    pub(super) fn miss(&mut self, workspace: &Workspace) {
        for line in self.lines.iter().filter(|line| line.item.kind == FeedKind::Testimony) {
            let Ok(id) = line.item.id.parse() else { continue };
            let folder = workspace.testimony(id);
            for part in ["cover.age", "account.age", "identity.age"] {
                if !folder.join(part).is_file() {
                    self.alarms.push(FeedAlarm::Missing { cursor: line.cursor, id, part });
                }
            }
        }
    }

    /// All events, each with the newest epoch that any had up to it.
    pub(super) fn with_epochs(&self) -> impl Iterator<Item = (u32, &FeedLine)> {
        let mut newest = 0;
        self.lines.iter().map(move |line| {
            newest = line.item.epoch.max(newest);
            (newest, line)
        })
    }

    /// The event at a place, if it is one that this version knows and that was not forgotten.
    pub(super) fn at(&self, cursor: u64) -> Option<&FeedLine> {
        let place = self.lines.binary_search_by_key(&cursor, |line| line.cursor).ok()?;
        self.lines.get(place)
    }

    /// The events of one kind, in their order.
    pub(super) fn of(&self, kind: FeedKind) -> impl Iterator<Item = &FeedLine> {
        self.lines.iter().filter(move |line| line.item.kind == kind)
    }
}

/// What a line brings.
enum Known {
    Line(FeedLine),
    Mark(Mark),
    Not,
}

/// The leaf and the mark of a line in whose place something was forgotten.
fn read_mark(text: &[u8], number: u64) -> Option<(Digest, Known)> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct MarkLine {
        cursor: u64,
        leaf: Digest,
        item: Mark,
    }
    // Far the most lines are none: they are told by their first bytes.
    let is_mark = text.windows(KIND.len()).any(|window| window == KIND);
    let line: MarkLine = is_mark.then(|| serde_json::from_slice(text).ok()).flatten()?;
    let holds = line.cursor == number && line.leaf == line.item.leaf;
    holds.then_some((line.leaf, Known::Mark(line.item)))
}

/// How a mark names its kind.
const KIND: &[u8] = b"\"forgotten\"";

/// The leaf of a line that stands in its place and holds, and the line if its kind is known.
fn read_line(text: &[u8], number: u64) -> Option<(Digest, Known)> {
    let any: AnyLine = serde_json::from_slice(text).ok()?;
    let holds = any.cursor == number && any.item.leaf()? == any.leaf;
    if !holds {
        return None;
    }
    if FeedKind::ALL.iter().all(|kind| kind.as_str() != any.item.kind) {
        return Some((any.leaf, Known::Not));
    }
    let line: FeedLine = serde_json::from_slice(text).ok()?;
    let same = line.item.leaf().ok()? == line.leaf;
    same.then_some((any.leaf, Known::Line(line)))
}

/// What every line has, whatever its kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnyLine {
    cursor: u64,
    leaf: Digest,
    item: AnyItem,
}

/// What every item has; other members are for those who know the kind.
#[derive(Deserialize)]
struct AnyItem {
    kind: String,
    id: EntryId,
    salt: String,
    content: Digest,
    epoch: u32,
    #[serde(default)]
    week: Option<String>,
    #[serde(default, rename = "parts")]
    _parts: IgnoredAny,
}

impl AnyItem {
    fn leaf(&self) -> Option<Digest> {
        let salt = HEXLOWER.decode(self.salt.as_bytes()).ok()?.try_into().ok()?;
        let week = self.week.as_deref().unwrap_or_default();
        let short = [self.kind.as_str(), week].iter().all(|text| u8::try_from(text.len()).is_ok());
        let when = (self.epoch, week);
        let (kind, id) = (self.kind.as_str(), self.id.as_bytes());
        short.then(|| leaf_hash(&commitment(&salt, kind, id, &self.content, when)))
    }
}

/// Longest line, in bytes.
const MAX_LINE: u64 = 1 << 20;
const MAX_WHOLE: usize = 1 << 20;
