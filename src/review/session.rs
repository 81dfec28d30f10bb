//! One sitting of a reader: keys opened, keyring checked, feed and casebook read.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use crate::{
    clock::{Day, Week},
    files,
    id::{ReaderId, TestimonyId},
    keyring::{Chain, KeyringError, Reader},
    ledger::feed::FeedKind,
    review::{
        book::{Book, BookError},
        feed::{Feed, FeedAlarm, FeedLine},
        keys::ReaderKeys,
        opening::{Content, Opened, Opener, Unproven},
        state::{SeenKeyring, State},
        workspace::{Workspace, WorkspaceError},
    },
    testimony::Identity,
};

/// An opened workspace. While it lives, no other session with the same keys begins.
pub struct Session {
    /// What the readers know together.
    pub book: Book,
    pub(super) workspace: Workspace,
    pub(super) keys: ReaderKeys,
    pub(super) chain: Chain,
    pub(super) state: State,
    pub(super) keys_folder: PathBuf,
    first: bool,
    feed: Feed,
    _lock: File,
}

impl Session {
    /// Opens `workspace` with the keys that lie in `keys_folder`.
    ///
    /// # Errors
    /// [`SessionError`]; nothing was opened then, and nothing written.
    pub fn open(
        workspace: Workspace,
        keys: ReaderKeys,
        keys_folder: &Path,
    ) -> Result<Self, SessionError> {
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
        let feed = Feed::load(&workspace, state.feed)?;
        let book = Book::open(&workspace, &feed, &keys, &chain)?;
        let epoch = chain.current().get().epoch;
        state.keyring = SeenKeyring { epoch, digest: chain.current_digest() };
        state.feed = feed.seen;
        if book.head.seq > state.casebook.seq {
            state.casebook = book.head;
        }
        state.save(keys_folder).map_err(SessionError::State)?;
        let keys_folder = keys_folder.to_owned();
        Ok(Self { book, workspace, keys, chain, state, keys_folder, first, feed, _lock: lock })
    }

    /// Who is sitting here.
    #[must_use]
    pub const fn reader(&self) -> ReaderId {
        self.keys.id
    }

    /// This reader's line of the newest keyring; `None` if there is none with these very keys.
    #[must_use]
    pub fn listed(&self) -> Option<&Reader> {
        let own = self.chain.current().get().reader(self.keys.id)?;
        let same = own.signing == self.keys.signing.verifying_key()
            && own.recipient == self.keys.reading.0.recipient();
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

    /// What is wrong with the feed as a whole.
    #[must_use]
    pub fn alarms(&self) -> &[FeedAlarm] {
        &self.feed.alarms
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
        lines.par_iter().filter_map(|line| opener.open(line)).collect()
    }

    /// Opens one testimony; `None` if the feed has none of this id.
    #[must_use]
    pub fn open_one(&self, id: TestimonyId) -> Option<Opened> {
        let name = id.to_string();
        let line = self.feed.of(FeedKind::Testimony).find(|line| line.item.id == name)?;
        self.opener().open(line)
    }

    /// Opens the names of a testimony; guardians only.
    ///
    /// # Errors
    /// [`Unproven`]: who is no guardian, or does not match the cover, gets no names.
    pub fn identity(&self, id: TestimonyId, content: &Content) -> Result<Identity, Unproven> {
        self.opener().identity(id, &content.cover)
    }

    pub(super) fn opener(&self) -> Opener<'_> {
        Opener { workspace: &self.workspace, keys: &self.keys, chain: &self.chain }
    }
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
