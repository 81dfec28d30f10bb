//! The public log of the server: a batch for each week that is over, and what the site shows of it.
//!
//! Promises: 1. every testimony whose week is over is in the batch of that week, once: while one is
//! being made durable its week stays open, and what comes later gets a later week, whatever the clock
//! says; 2. a batch is made once: its blob, its line and the mark that its week is closed are one commit;
//! 3. a week without testimonies gets a batch too; 4. of what was ready to be put into a batch nothing
//! stays but the batch, in which real leaves stand at random places.
//! Does not: know what was said, or keep which leaf is whose (the feed does, for readers).
//! Spec: `docs/format/ledger.md`.

use std::{
    io::{Read as _, Write as _},
    sync::{Arc, PoisonError, RwLock},
};

use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{RwLockReadGuard, watch},
    task,
};

use super::batches::{ENTRIES, Kept, batch_key, entry_key};
use crate::{
    clock::{Clock, Week},
    digest::Digest,
    id::BlobId,
    keyring::{MAX_DAYS, Published},
    ledger::{
        LedgerKey,
        public::{LogEntry, Promise, batch, batch_file, root_over},
    },
    store::{BlobWriter as _, Commit, Expect, Put, SledStore, Store, StoreError},
};

/// What the site shows, and the batches to come.
pub struct PublicLog {
    store: Arc<SledStore>,
    keyring: watch::Receiver<Option<Arc<Published>>>,
    clock: Arc<dyn Clock>,
    key: Arc<LedgerKey>,
    /// The last week that is closed; who commits a testimony holds this for reading meanwhile.
    closed: tokio::sync::RwLock<Option<Week>>,
    shown: RwLock<Arc<Shown>>,
}

/// The log as the site shows it.
#[derive(Default)]
pub struct Shown {
    /// The signed checkpoint; empty before the first keyring.
    pub checkpoint: String,
    /// All lines.
    pub entries: String,
}

/// A week that stays open as long as this is held.
pub struct OpenWeek<'l> {
    /// Which.
    pub week: Week,
    _open: RwLockReadGuard<'l, Option<Week>>,
}

/// Where the log stands: the record [`STATE`].
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    /// The week whose batch comes next.
    next: Week,
}

/// The log does not go on; nothing that was taken in is lost, and the next round tries again.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The store says no.
    #[error("the public log does not go on: {0}; nothing is lost; it is tried again")]
    Store(#[from] StoreError),
    /// A record of the log is not what was written.
    #[error(
        "a record of the public log is damaged; nothing was changed; bring the store back from the backup"
    )]
    Damaged,
    /// No keyring is for such a day: weeks would be closed for ever that have not begun.
    #[error(
        "the clock says {today}, the public log stands at {next}, and no keyring was made for such a \
         day; no week was closed; set the clock, or publish a new keyring"
    )]
    Clock {
        /// The week by the clock.
        today: Week,
        /// The week whose batch comes next.
        next: Week,
    },
    /// The server is going down.
    #[error("the server is stopping")]
    Stopping,
}

impl PublicLog {
    /// The log as it stands in the store.
    ///
    /// # Errors
    /// [`LogError::Store`] and [`LogError::Damaged`].
    pub fn open(
        store: Arc<SledStore>,
        keyring: watch::Receiver<Option<Arc<Published>>>,
        clock: Arc<dyn Clock>,
        key: Arc<LedgerKey>,
    ) -> Result<Self, LogError> {
        let closed = tokio::sync::RwLock::new(closed(&store)?);
        let log = Self { store, keyring, clock, key, closed, shown: RwLock::default() };
        log.show()?;
        Ok(log)
    }

    /// What the site shows now.
    #[must_use]
    pub fn shown(&self) -> Arc<Shown> {
        Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The key that signs it, as a line.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}\n", self.key.verifier())
    }

    /// The file of the batch of a week; `None` if there is none yet.
    ///
    /// # Errors
    /// [`LogError`] if the store cannot give it.
    pub async fn batch(&self, week: Week) -> Result<Option<Vec<u8>>, LogError> {
        let store = Arc::clone(&self.store);
        let read = task::spawn_blocking(move || -> Result<Option<Vec<u8>>, LogError> {
            let Some(kept) = record::<Kept>(&store, &batch_key(week))? else { return Ok(None) };
            let mut file = Vec::new();
            store.open(kept.blob)?.read_to_end(&mut file).map_err(StoreError::from)?;
            Ok(Some(file))
        });
        read.await.map_err(|_| LogError::Stopping)?
    }

    /// The week of a testimony that is about to be committed; hold it until that is durable.
    pub(super) async fn open_week(&self) -> OpenWeek<'_> {
        let open = self.closed.read().await;
        let today = self.clock.today().week();
        let week = open.map_or(today, |closed| today.max(closed.next()));
        OpenWeek { week, _open: open }
    }

    /// The last week that is closed, so one that is over without doubt.
    pub(super) async fn closed_week(&self) -> Option<Week> {
        *self.closed.read().await
    }

    /// The promise for a leaf that is durable; `None` if it cannot be written.
    pub(super) fn promise(&self, week: Week, leaf: Digest) -> Option<String> {
        let organisation = self.organisation()?;
        Promise { organisation, week, leaf }.sign(&self.key).ok()
    }

    /// Closes every week that is over, and gives how many; does nothing without a keyring.
    ///
    /// # Errors
    /// [`LogError`]; what was closed before stays closed.
    pub async fn round(&self) -> Result<u32, LogError> {
        let today = self.clock.today().week();
        if self.organisation().is_none() {
            return Ok(0);
        }
        let Some(State { mut next }) = record(&self.store, STATE)? else {
            self.begin(today).await?;
            self.show()?;
            return Ok(0);
        };
        if self.shown().checkpoint.is_empty() {
            self.show()?;
        }
        if !self.is_plausible(next) {
            return Err(LogError::Clock { today, next });
        }
        let mut closed = 0_u32;
        while next < today {
            self.close(next).await?;
            self.show()?;
            self.tidy(next).await?;
            next = next.next();
            closed = closed.saturating_add(1);
        }
        // What an end in the middle of tidying left behind.
        self.tidy(next.before()).await?;
        Ok(closed)
    }

    /// Whether weeks may be closed by the clock: the keyring in force says around which day we live.
    ///
    /// Without that, one start with a wrong clock would close years of weeks that have not begun.
    fn is_plausible(&self, next: Week) -> bool {
        let Some(published) = self.keyring.borrow().clone() else { return false };
        let (today, last) = (self.clock.today(), published.chain.current().get().not_after);
        if today <= last {
            return last <= today.plus_days(MAX_DAYS);
        }
        let mut end = next;
        (0..MAX_WEEKS).for_each(|_| end = end.next());
        today.week() <= end
    }

    /// Begins the log with the week that runs.
    async fn begin(&self, today: Week) -> Result<(), LogError> {
        if !self.is_plausible(today) {
            return Err(LogError::Clock { today, next: today });
        }
        let puts = vec![put(STATE, to_json(&State { next: today })?, Expect::Absent)];
        self.store.commit(Commit { id: name_of("begin"), puts, ..Commit::default() }).await?;
        Ok(())
    }

    /// Makes the batch of a week, after the last testimony of that week is durable.
    async fn close(&self, week: Week) -> Result<(), LogError> {
        // Whoever holds the week open is waited for; who comes from now on gets a later one.
        *self.closed.write().await = Some(week);
        let (store, lines) = (Arc::clone(&self.store), self.lines()?);
        let made = task::spawn_blocking(move || make_batch(&store, week));
        let (blob, leaves, root) = made.await.map_err(|_| LogError::Stopping)??;
        let mut puts = Vec::new();
        let line = LogEntry::Week { week, leaves, root };
        let new = self.new_keyrings(&lines).into_iter().chain(self.new_site(&lines)).chain([line]);
        for (place, entry) in (lines.len()..).zip(new) {
            puts.push(put(&entry_key(place), entry.to_line().into_bytes(), Expect::Absent));
        }
        puts.push(put(&batch_key(week), to_json(&Kept { blob })?, Expect::Absent));
        puts.push(put(STATE, to_json(&State { next: week.next() })?, Expect::Any));
        let id = name_of(&week.to_string());
        let commit = Commit { id, puts, attach: vec![blob], ..Commit::default() };
        if let Err(error) = self.store.commit(commit).await {
            let _ = self.store.discard(blob);
            return Err(error.into());
        }
        Ok(())
    }

    /// Forgets which leaves were waiting for a batch that is made.
    async fn tidy(&self, week: Week) -> Result<(), LogError> {
        loop {
            let done = self.store.scan(waiting_key(week).as_bytes(), None, CHUNK)?;
            let Some((first, _)) = done.first() else { return Ok(()) };
            let id = name_of(&String::from_utf8_lossy(first));
            let deletes = done.into_iter().map(|(key, _)| key).collect();
            self.store.commit(Commit { id, deletes, ..Commit::default() }).await?;
        }
    }

    /// Keyrings that the log has no line for.
    fn new_keyrings(&self, lines: &[String]) -> Vec<LogEntry> {
        let known = lines.iter().filter_map(|line| LogEntry::parse(line));
        let known = known.filter(|entry| matches!(entry, LogEntry::Keyring { .. })).count();
        let published = self.keyring.borrow().clone();
        let notes = published.iter().flat_map(|published| published.chain.notes());
        let entry = |(epoch, note): (u32, &str)| LogEntry::Keyring {
            epoch,
            digest: Digest::of(note.as_bytes()),
        };
        (1..).zip(notes).skip(known).map(entry).collect()
    }

    /// The site manifest, if it is another than the one that the log has last.
    fn new_site(&self, lines: &[String]) -> Option<LogEntry> {
        let published = self.keyring.borrow().clone()?;
        let site = published.site.as_ref().ok()?.as_ref()?;
        let entry = LogEntry::Site { number: site.manifest().number, digest: site.digest() };
        let mut known = lines.iter().rev().filter_map(|line| LogEntry::parse(line));
        let last = known.find(|entry| matches!(entry, LogEntry::Site { .. }));
        (last != Some(entry)).then_some(entry)
    }

    /// The signed note of what the site must serve; `None` if the roots have said nothing.
    #[must_use]
    pub fn site(&self) -> Option<String> {
        let published = self.keyring.borrow().clone()?;
        Some(published.site.as_ref().ok()?.as_ref()?.note().to_owned())
    }

    /// Draws anew what the site shows.
    fn show(&self) -> Result<(), LogError> {
        let Some(organisation) = self.organisation() else { return Ok(()) };
        let lines = self.lines()?;
        let signed = self.key.sign_log(&organisation, &lines).map_err(|_| LogError::Damaged)?;
        let entries = lines.iter().fold(String::new(), |text, line| text + line + "\n");
        let shown = Arc::new(Shown { checkpoint: signed, entries });
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = shown;
        Ok(())
    }

    fn lines(&self) -> Result<Vec<String>, LogError> {
        let mut lines = Vec::new();
        let mut after = None;
        loop {
            let found = self.store.scan(ENTRIES.as_bytes(), after.as_deref(), CHUNK)?;
            let Some((last, _)) = found.last() else { return Ok(lines) };
            after = Some(last.clone());
            for (key, entry) in found {
                if key != entry_key(lines.len()).as_bytes() {
                    return Err(LogError::Damaged);
                }
                lines.push(String::from_utf8(entry.value).map_err(|_| LogError::Damaged)?);
            }
        }
    }

    fn organisation(&self) -> Option<String> {
        let published = self.keyring.borrow().clone()?;
        Some(published.chain.current().get().organisation.clone())
    }
}

/// What a testimony puts beside itself, so that the batch of its week will hold its leaf.
///
/// Keys are sorted by the leaf hash: no order of arrival lies in them.
pub(super) fn waiting(week: Week, leaf: &Digest) -> Put {
    put(&format!("{}{leaf}", waiting_key(week)), Vec::new(), Expect::Absent)
}

/// Writes the batch of a week to a blob: its name, its size in leaves, its root.
fn make_batch(store: &SledStore, week: Week) -> Result<(BlobId, u64, Digest), LogError> {
    let prefix = waiting_key(week);
    let mut real = Vec::new();
    let mut after = None;
    loop {
        let found = store.scan(prefix.as_bytes(), after.as_deref(), CHUNK)?;
        let Some((last, _)) = found.last() else { break };
        after = Some(last.clone());
        for (key, _) in found {
            let leaf = str::from_utf8(&key).ok().and_then(|key| key.strip_prefix(&*prefix));
            real.push(leaf.and_then(|leaf| leaf.parse().ok()).ok_or(LogError::Damaged)?);
        }
    }
    let made = batch(real, &mut OsRng);
    let mut blob = store.blob()?;
    blob.write_all(&batch_file(&made)).map_err(StoreError::from)?;
    let leaves = u64::try_from(made.len()).unwrap_or(u64::MAX);
    Ok((blob.finish()?, leaves, root_over(made)))
}

/// The last week whose batch is made.
fn closed(store: &SledStore) -> Result<Option<Week>, LogError> {
    let state: Option<State> = record(store, STATE)?;
    Ok(state.map(|state| state.next.before()))
}

fn record<T: for<'de> Deserialize<'de>>(
    store: &SledStore,
    key: &str,
) -> Result<Option<T>, LogError> {
    let Some(found) = store.get(key.as_bytes())? else { return Ok(None) };
    serde_json::from_slice(&found.value).map(Some).map_err(|_| LogError::Damaged)
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>, LogError> {
    serde_json::to_vec(value).map_err(|_| LogError::Damaged)
}

fn put(key: &str, value: Vec<u8>, expect: Expect) -> Put {
    Put { key: key.as_bytes().to_vec(), value, expect }
}

/// The name of a change that is made once, whoever tries it again.
fn name_of(what: &str) -> [u8; 16] {
    let digest = Digest::of_parts(&[b"sandyk/public-log/v1\n", what.as_bytes()]);
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}

fn waiting_key(week: Week) -> String {
    format!("log/waiting/{week}/")
}

const STATE: &str = "log/state";
/// Records read or removed at once.
const CHUNK: usize = 1024;
/// Most weeks that are closed after the last day of the keyring: more means that the clock is wrong.
const MAX_WEEKS: u32 = 60;
