//! Envelopes that colleagues make for each other: handed in, fetched, and what is lacking still.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use rand::{CryptoRng, RngCore};
use serde::Serialize;

use super::{
    Alarm, Report, Step, SyncError,
    error::at,
    feed::Thing,
    gaps::is_there,
    line::{Ask, Line},
    workspace::{self, Workspace},
};
use crate::{
    files,
    id::{ReaderId, TestimonyId},
    keyring::Chain,
    rewrap::{BATCH_BYTES, BatchError, BatchFile, BatchId, EnvelopeOf, MAX_ENVELOPE},
    wire::{
        CODE_KEYRING, MAX_ANSWER, entry_name,
        envelopes::{ENVELOPES, Inserted, MAX_MISSING, MAX_NEW, MISSING, Missing, NEW_ENTRY, New},
        tape::Tape,
    },
};

/// Where review puts batches.
const OUTBOX: &str = "outbox/envelopes";
/// What lacks, as far as this reader can help: one line of JSON for each envelope of an event.
const LIST: &str = "missing.jsonl";
/// The number of the last new envelope that was fetched.
const FETCHED: &str = "envelopes.at";

/// Hands in the batches that review has written, each removed once it is in the store.
pub(super) async fn hand_in(
    line: &Line<'_>,
    (workspace, chain): (&Workspace, &Chain),
    (rng, step): (&mut (impl RngCore + CryptoRng), &mut dyn FnMut(Step)),
    report: &mut Report,
) -> Result<(), SyncError> {
    let batches = batches(workspace)?;
    let all = u64::try_from(batches.len()).unwrap_or(u64::MAX);
    for (have, path) in (0_u64..).zip(&batches) {
        step(Step::Envelopes { have, all });
        let Some(body) = load(path, chain)? else {
            report.outdated = report.outdated.saturating_add(1);
            continue;
        };
        let ask = Ask { body: Some(&body), ..Ask::get(ENVELOPES) };
        let answer = match line.once(ask, MAX_ANSWER, rng).await {
            // The keyring changed since this sync asked for it; review makes them anew.
            Err(SyncError::Refused { code, .. }) if code == CODE_KEYRING => {
                report.outdated = report.outdated.saturating_add(1);
                continue;
            }
            answer => answer?,
        };
        let strange = || Alarm::Strange { path: ENVELOPES.to_owned() };
        let answer: Inserted = serde_json::from_slice(&answer).map_err(|_| strange())?;
        report.rewrapped = report.rewrapped.saturating_add(answer.inserted);
        at(path, fs::remove_file(path))?;
    }
    Ok(())
}

/// The batches in the outbox, in the order of their names.
fn batches(workspace: &Workspace) -> Result<Vec<PathBuf>, SyncError> {
    let folder = workspace.path(OUTBOX);
    let mut found = Vec::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in at(&folder, fs::read_dir(&folder))? {
        let path = at(&folder, entry)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let id = name.and_then(|name| name.strip_suffix(".json")?.parse::<BatchId>().ok());
        if id.is_some() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A batch as it is handed in; `None` if it was made for another keyring than the newest.
fn load(path: &Path, chain: &Chain) -> Result<Option<Vec<u8>>, SyncError> {
    let limit = u64::try_from(BATCH_BYTES).unwrap_or(u64::MAX);
    let mut body = at(path, files::load_plain(path, limit))?;
    // SECURITY: what somebody else planted here never leaves this machine.
    let planted = |_| SyncError::NotSealed(path.to_owned());
    let batch = BatchFile::parse(&body).map_err(planted)?;
    match batch.signed().verify(chain) {
        Ok(_) => {
            body.resize(BATCH_BYTES, b' ');
            Ok(Some(body))
        }
        Err(BatchError::OtherKeyring | BatchError::NotAReader) => Ok(None),
        Err(error) => Err(planted(error)),
    }
}

/// Fetches the envelopes that colleagues have made for this reader since the last time.
pub(super) async fn fetch_new(
    line: &Line<'_>,
    workspace: &Workspace,
    rng: &mut (impl RngCore + CryptoRng),
    report: &mut Report,
) -> Result<(), SyncError> {
    let mut after = fetched(workspace)?;
    for _ in 0..most_pages(workspace) {
        let query = format!("after={after:020}");
        let ask = Ask { query: Some(&query), ..Ask::get(ENVELOPES) };
        let bytes = line.fetch(ask, MAX_NEW, rng).await?;
        let Arrived { new, files, ahead } = arrived(workspace, &bytes)?;
        // SECURITY(T8): an envelope is in no digest; what is here is never replaced.
        let files: Vec<_> = files
            .iter()
            .filter(|(name, _)| !is_there(&workspace.path(name)))
            .map(|(name, bytes)| (Path::new(name), *bytes))
            .collect();
        let count = u64::try_from(files.len()).unwrap_or(u64::MAX);
        workspace::write_page(workspace, files.into_iter())?;
        report.envelopes = report.envelopes.saturating_add(count);
        if ahead {
            // For an event that came to the desk after this sync had the feed: the next one asks again.
            return Ok(());
        }
        if new.count < after {
            // A server that was brought back from a backup counts anew.
            after = 0;
            keep_fetched(workspace, after)?;
            if new.count == 0 {
                return Ok(());
            }
            continue;
        }
        if new.end > after {
            keep_fetched(workspace, new.end)?;
        }
        if new.end >= new.count || new.end <= after {
            return Ok(());
        }
        after = new.end;
    }
    Err(endless(ENVELOPES))
}

/// More pages than any honest desk gives: it decides how many there are.
fn most_pages(workspace: &Workspace) -> u64 {
    (workspace.feed().size() >> 6).saturating_add(64)
}

fn endless(path: &str) -> SyncError {
    Alarm::Endless { path: path.to_owned(), limit: MAX_NEW }.into()
}

/// A tape of new envelopes.
struct Arrived<'t> {
    new: New,
    /// Where each goes in the workspace, and its bytes.
    files: Vec<(String, &'t [u8])>,
    /// Whether it holds something for an event that is not here yet.
    ahead: bool,
}

fn arrived<'t>(workspace: &Workspace, bytes: &'t [u8]) -> Result<Arrived<'t>, SyncError> {
    let strange = || Alarm::Strange { path: ENVELOPES.to_owned() };
    let mut tape = Tape::new(bytes);
    let new = tape.expect(NEW_ENTRY, MAX_ANSWER).map_err(Alarm::from)?;
    let new: New = serde_json::from_slice(new).map_err(|_| strange())?;
    let (mut files, mut ahead) = (BTreeMap::new(), false);
    let mut testimonies = None;
    while let Some((name, _)) = tape.peek().map_err(Alarm::from)? {
        let limit = u64::try_from(MAX_ENVELOPE).unwrap_or(u64::MAX);
        let (cursor, part) = name.split_once('/').ok_or_else(strange)?;
        let cursor: u64 = cursor.parse().map_err(|_| strange())?;
        let bytes = tape.expect(&entry_name(cursor, part), limit).map_err(Alarm::from)?;
        ahead |= cursor > workspace.feed().size();
        let file = match part {
            "key.age" => Some(format!("casebook/keys/{cursor:020}.age")),
            "envelope-account.age" | "envelope-identity.age" => {
                let places = testimonies.get_or_insert_with(|| by_cursor(workspace));
                places.get(&cursor).map(|id| format!("testimonies/{id}/{part}"))
            }
            _ => return Err(strange().into()),
        };
        // The later one of two: the first did not open.
        files.extend(file.filter(|_| cursor <= workspace.feed().size()).map(|file| (file, bytes)));
    }
    tape.end().map_err(Alarm::from)?;
    Ok(Arrived { new, files: files.into_iter().collect(), ahead })
}

/// The testimonies by their places in the feed; without those that are forgotten.
fn by_cursor(workspace: &Workspace) -> BTreeMap<u64, TestimonyId> {
    let testimony = |(id, thing): (&[u8; 16], &Thing)| match thing {
        Thing::Testimony { cursor, .. } => Some((*cursor, TestimonyId::from_bytes(*id))),
        Thing::Entry { .. } | Thing::Forgotten { .. } | Thing::Done { .. } | Thing::Other => None,
    };
    workspace.feed().things().filter_map(testimony).collect()
}

fn fetched(workspace: &Workspace) -> Result<u64, SyncError> {
    let path = workspace.path(FETCHED);
    if !path.exists() {
        return Ok(0);
    }
    let text = at(&path, files::load_plain_text(&path, 64))?;
    // Whatever stands there instead of a number: everything is asked for again.
    Ok(text.trim_end().parse().unwrap_or_default())
}

fn keep_fetched(workspace: &Workspace, number: u64) -> Result<(), SyncError> {
    workspace::write(&workspace.path(FETCHED), format!("{number}\n").as_bytes())
}

/// One line of the list.
#[derive(Serialize)]
struct Row<'r> {
    epoch: u32,
    cursor: u64,
    of: &'r str,
    readers: Vec<ReaderId>,
}

/// Asks what lacks, as far as this reader can help, and keeps the list for review.
pub(super) async fn list(
    line: &Line<'_>,
    workspace: &Workspace,
    rng: &mut (impl RngCore + CryptoRng),
    report: &mut Report,
) -> Result<(), SyncError> {
    let path = workspace.path(LIST);
    let folder = workspace.path("");
    let new = at(&path, tempfile::Builder::new().prefix(".new-").tempfile_in(&folder))?;
    let mut out = BufWriter::new(new);
    let (mut after, mut lacking, mut pages) = (0_u64, 0_u64, 0..most_pages(workspace));
    loop {
        pages.next().ok_or_else(|| endless(MISSING))?;
        let query = format!("after={after:020}");
        let ask = Ask { query: Some(&query), ..Ask::get(MISSING) };
        let page = line.fetch(ask, MAX_MISSING, rng).await?;
        let strange = || Alarm::Strange { path: MISSING.to_owned() };
        let page: Missing = serde_json::from_slice(&page).map_err(|_| strange())?;
        // SECURITY: a desk that repeats itself does not fill this disk.
        let is_new = |row: &(u64, String, Vec<usize>)| row.0 > after && row.0 <= page.end;
        let ascending = page.rows.is_sorted_by(|a, b| (a.0, &a.1) < (b.0, &b.1));
        if !ascending || !page.rows.iter().all(is_new) {
            return Err(strange().into());
        }
        for row in &page.rows {
            let row = read_row(&page, row).ok_or_else(strange)?;
            let count = u64::try_from(row.readers.len()).unwrap_or(u64::MAX);
            lacking = lacking.saturating_add(count);
            at(&path, serde_json::to_writer(&mut out, &row).map_err(Into::into))?;
            at(&path, out.write_all(b"\n"))?;
        }
        if page.end >= page.head || page.end <= after {
            break;
        }
        after = page.end;
    }
    let new = at(&path, out.into_inner().map_err(std::io::IntoInnerError::into_error))?;
    at(&path, new.as_file().sync_all())?;
    at(&path, new.persist(&path).map_err(|error| error.error))?;
    report.lacking = lacking;
    at(&folder, files::sync_folder(&folder))
}

/// A row with its readers by name; `None` for one that is none.
fn read_row<'r>(page: &Missing, row: &'r (u64, String, Vec<usize>)) -> Option<Row<'r>> {
    let (cursor, of, places) = row;
    EnvelopeOf::from_word(of)?;
    if !places.is_sorted_by(|a, b| a < b) {
        return None;
    }
    let readers: Option<Vec<_>> =
        places.iter().map(|place| page.readers.get(*place).copied()).collect();
    Some(Row { epoch: page.epoch, cursor: *cursor, of, readers: readers? })
}
