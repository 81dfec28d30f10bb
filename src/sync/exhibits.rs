//! Exhibits: all, none or named ones; each goes on from the byte where it was cut.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use futures_util::StreamExt as _;
use rand::{CryptoRng, RngCore};
use reqwest::{Response, StatusCode, header};

use super::{
    Alarm, Report, Settings, Step, SyncError,
    error::at,
    feed::Thing,
    line::{Ask, Line, network},
    workspace::{Workspace, shift},
};
use crate::{
    digest::{Digest, HashingWriter},
    files,
    id::TestimonyId,
    wire,
};

const WHOLE: &str = "exhibits.age";
const PART: &str = "exhibits.age.part";
/// Bytes of a cut answer from which on it was worth asking again.
const LEAST: u64 = 1 << 10;
/// Bytes that have to come in the longest time that another answer may take as a whole.
const SLOWEST: u64 = 64 << 10;
const REFUSED: &str = "exhibits.age.refused";

/// Which exhibits to fetch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Wanted {
    /// Of every testimony, so that the desk learns nothing.
    #[default]
    All,
    /// Of none.
    None,
    /// Of these; the desk sees which.
    These(Vec<TestimonyId>),
}

/// What to fetch, and what is gone at the desk.
pub(super) struct Fetch<'f> {
    pub(super) settings: &'f Settings,
    pub(super) not: &'f BTreeSet<TestimonyId>,
}

struct Missing {
    id: TestimonyId,
    folder: PathBuf,
    bytes: u64,
    sha256: Digest,
}

/// Exhibits that the desk does not give as they were taken in.
#[derive(Default)]
pub(super) struct Spoilt {
    /// It says itself that it cannot.
    gone: Vec<TestimonyId>,
    /// It gave something else, twice.
    altered: Vec<TestimonyId>,
}

impl Spoilt {
    /// The alarm that names all of it, and the other `files` that the desk does not give.
    pub(super) fn alarm(self, mut files: Vec<String>) -> Result<(), Alarm> {
        let Self { gone, altered } = self;
        let named: Vec<_> = altered.iter().map(ToString::to_string).collect();
        if gone.is_empty() && files.is_empty() {
            let id = named.join(", ");
            return if altered.is_empty() { Ok(()) } else { Err(Alarm::Exhibits { id }) };
        }
        files.extend(gone.iter().chain(&altered).map(|id| format!("testimonies/{id}/{WHOLE}")));
        Err(Alarm::Damaged { files })
    }
}

/// Fetches what is wanted and not here, and counts what stays missing; gives what the desk spoilt.
pub(super) async fn fetch(
    line: &Line<'_>,
    workspace: &Workspace,
    what: Fetch<'_>,
    (rng, step): (&mut (impl RngCore + CryptoRng), &mut dyn FnMut(Step)),
    report: &mut Report,
) -> Result<Spoilt, SyncError> {
    let missing = missing(workspace, what.not);
    let wanted = choose(workspace, &missing, &what.settings.exhibits)?;
    let bytes = wanted.iter().fold(0_u64, |sum, exhibits| sum.saturating_add(exhibits.bytes));
    let mut before = 0_u64;
    let mut spoilt = Spoilt::default();
    report.exhibits_missing = u64::try_from(missing.len()).unwrap_or(u64::MAX);
    for exhibits in wanted {
        let mut progress =
            |have: u64| step(Step::Exhibits { have: before.saturating_add(have), bytes });
        match fetch_one(line, exhibits, rng, &mut progress).await {
            Ok(()) => {
                report.exhibits = report.exhibits.saturating_add(1);
                report.exhibits_missing = report.exhibits_missing.saturating_sub(1);
            }
            // One tampered exhibit must not keep the others away.
            Err(SyncError::Alarm(Alarm::Exhibits { .. })) => spoilt.altered.push(exhibits.id),
            Err(error) if error.is_damage() => spoilt.gone.push(exhibits.id),
            Err(error) => return Err(error),
        }
        before = before.saturating_add(exhibits.bytes);
    }
    Ok(spoilt)
}

fn missing(workspace: &Workspace, not: &BTreeSet<TestimonyId>) -> Vec<Missing> {
    let mut all = Vec::new();
    for (id, thing) in workspace.feed().things() {
        let Thing::Testimony { bytes, sha256, .. } = *thing else { continue };
        let id = TestimonyId::from_bytes(*id);
        if not.contains(&id) {
            continue;
        }
        let folder = workspace.testimony(id);
        if !folder.join(WHOLE).exists() {
            all.push(Missing { id, folder, bytes, sha256 });
        }
    }
    all
}

fn choose<'m>(
    workspace: &Workspace,
    missing: &'m [Missing],
    wanted: &Wanted,
) -> Result<Vec<&'m Missing>, SyncError> {
    match wanted {
        Wanted::All => Ok(missing.iter().collect()),
        Wanted::None => Ok(Vec::new()),
        Wanted::These(ids) => {
            if let Some(id) = ids.iter().find(|id| !workspace.feed().has(id.as_bytes())) {
                return Err(SyncError::NoSuchTestimony(id.to_string()));
            }
            Ok(missing.iter().filter(|exhibits| ids.contains(&exhibits.id)).collect())
        }
    }
}

/// Fetches one, goes on after a cut, and begins anew once if what had arrived was wrong.
async fn fetch_one(
    line: &Line<'_>,
    exhibits: &Missing,
    rng: &mut (impl RngCore + CryptoRng),
    progress: &mut dyn FnMut(u64),
) -> Result<(), SyncError> {
    let part = exhibits.folder.join(PART);
    let resumed = part.exists();
    fetch_rest(line, exhibits, rng, progress).await?;
    if at(&part, digest_of(&part))? == exhibits.sha256 {
        return shift(&part, &exhibits.folder.join(WHOLE));
    }
    if resumed {
        // The bytes of an earlier sync may be at fault, not the desk.
        at(&part, fs::remove_file(&part))?;
        fetch_rest(line, exhibits, rng, progress).await?;
        if at(&part, digest_of(&part))? == exhibits.sha256 {
            return shift(&part, &exhibits.folder.join(WHOLE));
        }
    }
    shift(&part, &exhibits.folder.join(REFUSED))?;
    Err(Alarm::Exhibits { id: exhibits.id.to_string() }.into())
}

async fn fetch_rest(
    line: &Line<'_>,
    exhibits: &Missing,
    rng: &mut (impl RngCore + CryptoRng),
    progress: &mut dyn FnMut(u64),
) -> Result<(), SyncError> {
    let path = exhibits.folder.join(PART);
    let mut failures = 0_u32;
    loop {
        // SECURITY: bytes of the desk's choosing go through no link that somebody planted here.
        let file = files::open_plain(&path, OpenOptions::new().create(true).append(true));
        let mut file = at(&path, file)?;
        let have = at(&path, file.metadata())?.len();
        if have >= exhibits.bytes {
            return at(&path, file.set_len(exhibits.bytes).and_then(|()| file.sync_data()));
        }
        let fetched = fetch_from(line, exhibits, (&mut file, have), rng, progress).await;
        match fetched {
            Ok(()) => {}
            Err(error) if error.is_full() => line.pause().await?,
            Err(error) if error.may_pass() => {
                let now = at(&path, file.metadata())?.len();
                let more = now.saturating_sub(have) >= LEAST;
                failures = if more { 1 } else { failures.saturating_add(1) };
                if failures >= line.patience.attempts {
                    return Err(error);
                }
                tokio::time::sleep(line.patience.pause).await;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn fetch_from(
    line: &Line<'_>,
    exhibits: &Missing,
    (file, from): (&mut File, u64),
    rng: &mut (impl RngCore + CryptoRng),
    progress: &mut dyn FnMut(u64),
) -> Result<(), SyncError> {
    let path = format!("{}{}", wire::EXHIBITS, exhibits.id);
    let ask = Ask { from: Some(from), ..Ask::get(&path) };
    let asked = tokio::time::timeout(line.patience.whole(), line.ask(ask, rng)).await;
    let response = asked.unwrap_or_else(|_| Err(SyncError::TooSlow(path.clone())))?;
    let last = exhibits.bytes.saturating_sub(1);
    if !is_range(&response, &format!("bytes {from}-{last}/{}", exhibits.bytes)) {
        return Err(Alarm::Strange { path }.into());
    }
    let mut have = from;
    let mut steady = Steady::from(have, line.patience.whole());
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|e| network(&e))?;
        have = have.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if have > exhibits.bytes {
            return Err(Alarm::Endless { path, limit: exhibits.bytes }.into());
        }
        at(&exhibits.folder.join(PART), file.write_all(&chunk))?;
        progress(have);
        if steady.has_stopped(have) {
            return Err(SyncError::TooSlow(path));
        }
    }
    if have < exhibits.bytes {
        return Err(SyncError::Network(format!("{path} was cut at byte {have}")));
    }
    Ok(())
}

/// Whether a long answer still goes on: a byte now and then would keep a reader waiting for ever.
struct Steady {
    window: Duration,
    since: Instant,
    mark: u64,
}

impl Steady {
    fn from(have: u64, window: Duration) -> Self {
        Self { window, since: Instant::now(), mark: have }
    }

    /// Each window of time must have brought [`SLOWEST`] bytes.
    fn has_stopped(&mut self, have: u64) -> bool {
        if self.since.elapsed() < self.window {
            return false;
        }
        let brought = have.saturating_sub(self.mark);
        (self.since, self.mark) = (Instant::now(), have);
        brought < SLOWEST
    }
}

fn is_range(response: &Response, range: &str) -> bool {
    let given = response.headers().get(header::CONTENT_RANGE);
    response.status() == StatusCode::PARTIAL_CONTENT
        && given.is_some_and(|given| given.as_bytes() == range.as_bytes())
}

fn digest_of(path: &Path) -> io::Result<Digest> {
    let mut hasher = HashingWriter::new(io::sink());
    io::copy(&mut files::open_plain(path, OpenOptions::new().read(true))?, &mut hasher)?;
    let (_, digest, _) = hasher.finish();
    Ok(digest)
}
