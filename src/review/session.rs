//! One sitting of a reader: keys opened, keyring checked, feed and casebook read.

use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use rayon::prelude::*;

use crate::{
    casebook::{Op, View},
    clock::{Day, Week},
    digest::Digest,
    files,
    id::{ReaderId, TestimonyId},
    keyring::{Chain, KeyringError, Reader},
    ledger::{Checkpoint, feed::FeedKind},
    review::{
        book::{Book, BookError},
        consent::Standing,
        feed::{Feed, FeedAlarm, FeedLine},
        forget::{self, Forgotten},
        keys::ReaderKeys,
        opening::{Content, Opened, Opener, Unproven},
        settled::{self, Settled},
        state::{SeenFeed, SeenKeyring, State},
        thread::{Member, Threads},
        workspace::{Workspace, WorkspaceError},
    },
    testimony::Identity,
};

/// An opened workspace. While it lives, no other session with the same keys begins.
pub struct Session {
    /// What the readers know together.
    pub book: Book,
    pub(super) workspace: Workspace,
    pub(super) keys: Arc<ReaderKeys>,
    pub(super) chain: Chain,
    pub(super) state: State,
    pub(super) keys_folder: PathBuf,
    first: bool,
    pub(super) feed: Feed,
    altered: Mutex<BTreeSet<(u64, TestimonyId, &'static str)>>,
    forgotten: Vec<Forgotten>,
    settled: Vec<Settled>,
    threads: OnceLock<Threads>,
    _lock: File,
}

impl Session {
    /// Opens `workspace` with the keys that lie in `keys_folder`.
    ///
    /// # Errors
    /// [`SessionError`]; nothing was opened then, and nothing written.
    pub fn open(
        workspace: Workspace,
        keys: impl Into<Arc<ReaderKeys>>,
        keys_folder: &Path,
    ) -> Result<Self, SessionError> {
        let keys = keys.into();
        let lock = lock(keys_folder)?;
        let known = State::load(keys_folder).map_err(SessionError::State)?;
        let (first, mut state) = (known.is_none(), known.unwrap_or_default());
        if workspace.reader() != keys.id {
            return Err(SessionError::OtherReader { workspace: workspace.reader(), keys: keys.id });
        }
        let chain = workspace.chain(&keys.trust)?;
        if state.keyring.epoch > 0 {
            chain.continues(state.keyring.epoch, &state.keyring.digest)?;
        }
        let mut feed = Feed::load(&workspace, state.feed)?;
        let forgotten = forget::prove(&mut feed, &chain);
        let book = Book::open(&workspace, &feed, &keys, &chain)?;
        // What cannot be read settles nothing.
        let settled = settled::load(keys_folder).unwrap_or_default();
        feed.compare(&book.casebook.views, &settled, |view| is_signed(&workspace, view));
        feed.miss(&workspace);
        let epoch = chain.current().get().epoch;
        state.keyring = SeenKeyring { epoch, digest: chain.current_digest() };
        state.feed = feed.seen;
        if book.head.seq > state.casebook.seq {
            state.casebook = book.head;
        }
        state.save(keys_folder).map_err(SessionError::State)?;
        let keys_folder = keys_folder.to_owned();
        let altered = Mutex::default();
        Ok(Self {
            book,
            workspace,
            keys,
            chain,
            state,
            keys_folder,
            first,
            feed,
            altered,
            forgotten,
            settled,
            threads: OnceLock::new(),
            _lock: lock,
        })
    }

    /// Who is sitting here.
    #[must_use]
    pub fn reader(&self) -> ReaderId {
        self.keys.id
    }

    /// This reader's line of the newest keyring; `None` if there is none with these very keys.
    #[must_use]
    pub fn listed(&self) -> Option<&Reader> {
        let own = self.chain.current().get().reader(self.keys.id)?;
        let same = own.signing == self.keys.signing.verifying_key()
            && own.recipient == *self.keys.reading.recipient();
        same.then_some(own)
    }

    /// Whether the newest keyring is good on that day; reading goes on if it is not, writing does not.
    ///
    /// # Errors
    /// As [`Chain::usable`].
    pub fn usable(&self, today: Day) -> Result<(), KeyringError> {
        self.chain.usable(today).map(drop)
    }

    /// The latest week that anything of the feed was filed in.
    #[must_use]
    pub fn latest_week(&self) -> Option<Week> {
        self.feed.of(FeedKind::Testimony).filter_map(|line| line.item.week).max()
    }

    /// What is wrong with the feed, and with the testimonies that were opened so far.
    #[must_use]
    pub fn alarms(&self) -> Vec<FeedAlarm> {
        let altered = self.altered.lock().unwrap_or_else(PoisonError::into_inner);
        let altered = altered.iter().map(|(cursor, id, part)| FeedAlarm::Altered {
            cursor: *cursor,
            id: *id,
            part,
        });
        self.feed.alarms.iter().cloned().chain(altered).collect()
    }

    /// The feed as it was shown to these keys, for the other readers to compare theirs with.
    ///
    /// `None` if it is empty, does not hold, or was said before.
    pub(super) fn view(&self) -> Option<Op> {
        let SeenFeed { size, root } = self.feed.seen;
        let own = self.book.casebook.views.iter().filter(|view| view.by == self.keys.id);
        let said = own.map(|view| view.size).max().unwrap_or_default();
        if !self.feed.alarms.is_empty() || size <= said {
            return None;
        }
        let same = |note: &Checkpoint| note.size == size && note.root == root;
        let note = self.workspace.checkpoint().filter(|(_, note)| same(note)).map(|(text, _)| text);
        Some(Op::Checkpoint { size, root, note })
    }

    /// Split views that this reader has settled.
    #[must_use]
    pub fn settled(&self) -> &[Settled] {
        &self.settled
    }

    /// Readers with a split view that is not settled.
    #[must_use]
    pub fn split_readers(&self) -> BTreeSet<ReaderId> {
        self.feed.splits.iter().map(|(view, _)| view.by).collect()
    }

    /// Settles every view of `reader` that is an alarm now, durably, and gives what was written.
    ///
    /// # Errors
    /// What the file system says, or that the file of what was settled before is damaged; nothing is
    /// settled then.
    pub fn settle(&mut self, reader: ReaderId, why: &str, day: Day) -> io::Result<Vec<Settled>> {
        let splits = self.feed.splits.iter().filter(|(view, _)| view.by == reader);
        let record = |(view, ours): &(View, Option<Digest>)| Settled {
            reader,
            size: view.size,
            root: view.root,
            ours: *ours,
            note: view.note.clone(),
            place: view.position.to_string(),
            day,
            why: why.to_owned(),
        };
        let new: Vec<Settled> = splits.map(record).collect();
        let mut all = settled::load(&self.keys_folder)?;
        all.extend(new.iter().cloned());
        settled::save(&self.keys_folder, &all)?;
        self.settled = all;
        self.feed.splits.retain(|(view, _)| view.by != reader);
        let of = |alarm: &FeedAlarm| matches!(alarm, FeedAlarm::SplitView { reader: of, .. } if *of == reader);
        self.feed.alarms.retain(|alarm| !of(alarm));
        Ok(new)
    }

    /// How many entries this reader has written, and how many of them are proven here, if these are not
    /// the same: something of theirs is missing.
    #[must_use]
    pub fn own_missing(&self) -> Option<(u64, u64)> {
        let (written, here) = (self.state.casebook.seq, self.book.head.seq);
        (self.book.head != self.state.casebook).then_some((written, here))
    }

    /// Was there no memory of what these keys have seen before?
    #[must_use]
    pub const fn is_first(&self) -> bool {
        self.first
    }

    /// Testimonies that are forgotten, each by an order that was proved just now.
    #[must_use]
    pub fn forgotten(&self) -> &[Forgotten] {
        &self.forgotten
    }

    /// Events of a kind that this version does not know: they are kept and not shown.
    #[must_use]
    pub const fn unknown_events(&self) -> usize {
        self.feed.unknown
    }

    /// The ids of all testimonies of the feed, without opening any.
    pub fn ids(&self) -> impl Iterator<Item = TestimonyId> {
        self.feed.of(FeedKind::Testimony).filter_map(|line| line.item.id.parse().ok())
    }

    /// Opens all testimonies, on all cores, in the order of the feed.
    #[must_use]
    pub fn open_all(&self) -> Vec<Opened> {
        let lines: Vec<&FeedLine> = self.feed.of(FeedKind::Testimony).collect();
        let opener = self.opener();
        let all = lines.par_iter().filter_map(|line| opener.open(line));
        let all: Vec<Opened> = all.inspect(|o| self.watch(o)).collect();
        self.threads.get_or_init(|| Threads::of(all.iter().filter_map(Member::of)));
        all
    }

    /// What belongs together. To know it, all testimonies are opened, once.
    pub fn threads(&self) -> &Threads {
        self.threads.get_or_init(|| {
            let lines: Vec<&FeedLine> = self.feed.of(FeedKind::Testimony).collect();
            let opener = self.opener();
            let all = lines.par_iter().filter_map(|line| opener.open(line));
            let members: Vec<Member> =
                all.inspect(|o| self.watch(o)).filter_map(|o| Member::of(&o)).collect();
            Threads::of(members)
        })
    }

    /// What may be done with a testimony now, after all that its witness said later.
    ///
    /// `None` if it is not proven: then it may be used for nothing.
    #[must_use]
    pub fn standing(&self, id: TestimonyId) -> Option<Standing> {
        Standing::of(id, self.threads())
    }

    /// Opens one testimony; `None` if the feed has none of this id.
    #[must_use]
    pub fn open_one(&self, id: TestimonyId) -> Option<Opened> {
        let name = id.to_string();
        let line = self.feed.of(FeedKind::Testimony).find(|line| line.item.id == name)?;
        self.opener().open(line).inspect(|opened| self.watch(opened))
    }

    /// Opens the names of a testimony; guardians only.
    ///
    /// # Errors
    /// [`Unproven`]: who is no guardian, or does not match the cover, gets no names.
    pub fn identity(&self, id: TestimonyId, content: &Content) -> Result<Identity, Unproven> {
        self.opener().identity(id, &content.cover)
    }

    /// Remembers what was altered since the feed committed to it.
    pub(super) fn watch(&self, opened: &Opened) {
        if let Some(part) = opened.content.as_ref().err().and_then(Unproven::altered) {
            let mut altered = self.altered.lock().unwrap_or_else(PoisonError::into_inner);
            altered.insert((opened.cursor, opened.id, part));
        }
    }

    pub(super) fn opener(&self) -> Opener<'_> {
        Opener { workspace: &self.workspace, keys: &self.keys, chain: &self.chain }
    }
}

/// Whether the server signed for the feed that a reader says to have.
fn is_signed(workspace: &Workspace, view: &View) -> bool {
    let note = view.note.as_deref().and_then(|note| workspace.verify_checkpoint(note));
    note.is_some_and(|note| note.size == view.size && note.root == view.root)
}

/// Waits until no other session uses the same keys; two would fork the reader's chain of entries.
fn lock(keys_folder: &Path) -> Result<File, SessionError> {
    let path = keys_folder.join("session.lock");
    let file = files::open_plain(&path, OpenOptions::new().create(true).append(true));
    let locked = file.and_then(|file| file.lock().map(|()| file));
    locked.map_err(|cause| SessionError::Lock { path, cause })
}

/// A session cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The workspace is another reader's.
    #[error("this workspace was made for reader {workspace}, the keys are those of {keys}")]
    OtherReader {
        /// Whose workspace it is.
        workspace: ReaderId,
        /// Whose keys they are.
        keys: ReaderId,
    },
    /// The workspace cannot be used.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The keyring is not the one seen before, or older.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The casebook cannot be read.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The file that keeps two sessions apart cannot be opened.
    #[error("{path} cannot be locked: {cause}", path = .path.display())]
    Lock {
        /// Which file.
        path: PathBuf,
        /// What the file system says.
        cause: io::Error,
    },
    /// What was seen before cannot be read or written.
    #[error("what you have seen before (state.json beside your keys) cannot be read or kept: {0}")]
    State(io::Error),
}
