//! Bits flipped and files cut, all over journal and index: detected, named, never a panic; the rest
//! stays readable, and a rebuild brings the index back.
//!
//! The short sweeps take some positions; `tests/nightly` takes all.

use std::{
    fs,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
};

use sandyk::store::{
    Commit, Cursor, Event, Expect, HowOpened, IndexFound, Key, SledStore, Store, StoreError,
    Versioned, examine,
};

use crate::contract::{blob, event, id, put, simple};

/// Records and events.
type Shown = (Vec<(Key, Versioned)>, Vec<Event>);

fn shown(store: &SledStore) -> Result<Shown, StoreError> {
    Ok((store.scan(b"", None, usize::MAX)?, store.changes(Cursor(0), usize::MAX)?))
}

/// A store that was closed, with 10 records, a larger one and a blob; what it shows.
async fn filled(dir: &Path) -> Shown {
    let store = SledStore::open(dir).unwrap();
    for n in 1..=10 {
        store.commit(simple(n)).await.unwrap();
    }
    let attach = vec![blob(&store, b"a blob")];
    let puts = vec![put(b"large", &[9; 300], Expect::Any)];
    let more = Commit { id: id(90), puts, attach, event: Some(event(90)), ..Commit::default() };
    store.commit(more).await.unwrap();
    let shown = shown(&store).unwrap();
    store.close().await.unwrap();
    shown
}

/// Copies plain files, folder by folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Opens the store in `dir`, and fails the test if anything panics.
fn opened(dir: &Path, about: &str) -> Result<SledStore, StoreError> {
    let open = panic::catch_unwind(AssertUnwindSafe(|| SledStore::open(dir)));
    open.unwrap_or_else(|_| panic!("{about}: opening panicked"))
}

/// Begin of each frame, read as the format says, and the end.
fn frames(journal: &[u8]) -> Vec<usize> {
    let (mut at, mut found) = (32, Vec::new());
    while at < journal.len() {
        found.push(at);
        let len = u32::from_le_bytes(journal[at..at + 4].try_into().unwrap());
        at += 8 + usize::try_from(len).unwrap();
    }
    found.push(at);
    found
}

/// The damaged journal is refused by name and left as it is; the rest of it can be read.
fn refused_and_rescued(dir: &Path, damaged: &[u8], whole: &Shown, at: usize, starts: &[usize]) {
    let about = format!("byte {at}");
    match opened(dir, &about).map(|_| ()) {
        Err(StoreError::NotAJournal(_)) if at < 32 => return,
        Err(StoreError::Damaged { offset, .. }) => assert!(offset <= damaged.len() as u64),
        other => panic!("{about}: {other:?}"),
    }
    assert!(fs::read(dir.join("journal")).unwrap() == damaged, "{about}: nothing was cut");
    let rescued = panic::catch_unwind(AssertUnwindSafe(|| SledStore::rescue(dir)));
    let (store, lost) = rescued.unwrap_or_else(|_| panic!("{about}: rescue panicked")).unwrap();
    let frame = starts.iter().rposition(|start| *start <= at).unwrap();
    assert_eq!(lost.len(), 1, "{about}: {lost:?}");
    assert_eq!(lost[0].at, starts[frame] as u64, "{about}");
    // One frame is one change here: all but that one are there, and nothing else is.
    let (records, events) = shown(&store).unwrap();
    assert!(records.iter().all(|record| whole.0.contains(record)), "{about}");
    assert!(events.iter().all(|event| whole.1.contains(event)), "{about}");
    assert_eq!((records.len(), events.len()), (whole.0.len() - 1, whole.1.len() - 1), "{about}");
    if frame + 2 < starts.len() {
        assert_eq!((lost[0].changes, lost[0].events), (1, 1), "{about}");
        assert_eq!(lost[0].bytes, (starts[frame + 1] - starts[frame]) as u64, "{about}");
    }
    drop(store);
    // It stays refused: a rescue does not make a damaged store look whole.
    assert!(opened(dir, &about).is_err(), "{about}");
}

async fn flip_the_journal(every: usize) {
    let dir = tempfile::tempdir().unwrap();
    let whole = filled(dir.path()).await;
    let journal = dir.path().join("journal");
    let bytes = fs::read(&journal).unwrap();
    let starts = frames(&bytes);
    for at in (0..bytes.len()).step_by(every) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&journal, &flipped).unwrap();
        refused_and_rescued(dir.path(), &flipped, &whole, at, &starts);
    }
    fs::write(&journal, &bytes).unwrap();
    let store = opened(dir.path(), "whole again").unwrap();
    assert_eq!(store.how_opened(), HowOpened::Clean, "all that time nothing else was changed");
    assert!(shown(&store).unwrap() == whole);
}

async fn cut_the_journal(every: usize) {
    let dir = tempfile::tempdir().unwrap();
    let whole = filled(dir.path()).await;
    let journal = dir.path().join("journal");
    let bytes = fs::read(&journal).unwrap();
    for at in (0..bytes.len()).step_by(every) {
        fs::write(&journal, &bytes[..at]).unwrap();
        match opened(dir.path(), &format!("cut at {at}")).map(|_| ()) {
            Err(StoreError::NotAJournal(_)) => assert!(at < 32),
            Err(StoreError::Damaged { .. }) => assert!(at >= 32),
            other => panic!("cut at {at}: {other:?}"),
        }
        assert!(fs::read(&journal).unwrap() == bytes[..at]);
    }
    fs::write(&journal, &bytes).unwrap();
    assert!(shown(&opened(dir.path(), "whole again").unwrap()).unwrap() == whole);
}

/// Spoils the index in one place: what is shown is right or an error, and then it is made anew.
fn spoiled(dir: &Path, whole: &Shown, about: &str) -> bool {
    let examined = examine(dir, &mut |_| ()).unwrap_or_else(|e| panic!("{about}: {e}"));
    assert!(matches!(examined.index, IndexFound::Equal | IndexFound::Differs), "{about}");
    let store = opened(dir, about).unwrap_or_else(|e| panic!("{about}: {e}"));
    let seen = panic::catch_unwind(AssertUnwindSafe(|| shown(&store)));
    let noticed = match seen.unwrap_or_else(|_| panic!("{about}: reading panicked")) {
        Ok(seen) => {
            assert!(seen == *whole, "{about}: the index showed something else");
            store.how_opened() != HowOpened::Clean
        }
        Err(StoreError::Index { .. }) => {
            assert!(store.failure().is_some(), "{about}: the process would go on");
            true
        }
        Err(other) => panic!("{about}: {other}"),
    };
    drop(store);
    let again = opened(dir, about).unwrap_or_else(|e| panic!("{about}: {e}"));
    assert!(matches!(again.how_opened(), HowOpened::Rebuilt { .. }), "{about}");
    assert!(shown(&again).unwrap() == *whole, "{about}: the rebuilt index shows something else");
    noticed
}

async fn spoil_the_index(places: usize) {
    let dir = tempfile::tempdir().unwrap();
    let (kept, live) = (dir.path().join("kept"), dir.path().join("live"));
    let whole = filled(&kept).await;
    // The index lies in the one folder that is named by the store id.
    let index = fs::read_dir(kept.join("index")).unwrap().next().unwrap().unwrap().path();
    let files: Vec<PathBuf> = fs::read_dir(index)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    assert!(files.len() >= 2, "{files:?}");
    let mut noticed = 0;
    for file in files {
        let bytes = fs::read(&file).unwrap();
        // What was never written is zero, and says nothing when it changes.
        let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        for at in used.iter().step_by((used.len() / places).max(1)) {
            for cut in [false, true] {
                let mut spoilt = bytes.clone();
                if cut {
                    spoilt.truncate(*at);
                } else {
                    spoilt[*at] ^= 1 << (*at % 8);
                }
                let _ = fs::remove_dir_all(&live);
                copy(&kept, &live);
                let name = file.file_name().unwrap();
                fs::write(live.join(file.strip_prefix(&kept).unwrap()), spoilt).unwrap();
                let about = format!("{} at {at}, cut: {cut}", name.display());
                noticed += usize::from(spoiled(&live, &whole, &about));
            }
        }
    }
    assert!(noticed > 0, "this sweep never hit anything");
}

#[tokio::test]
async fn a_bit_flipped_anywhere_in_the_journal_is_named_and_the_rest_can_be_read() {
    flip_the_journal(13).await;
}

#[tokio::test]
async fn a_closed_journal_cut_anywhere_is_named() {
    cut_the_journal(13).await;
}

#[tokio::test]
async fn an_index_spoilt_anywhere_shows_nothing_wrong_and_is_made_anew() {
    spoil_the_index(6).await;
}

#[ignore = "every byte, minutes long: tests/nightly"]
#[tokio::test]
async fn the_whole_sweep() {
    flip_the_journal(1).await;
    cut_the_journal(1).await;
    spoil_the_index(400).await;
}

#[tokio::test]
async fn a_rescue_takes_no_commits_and_leaves_no_clean_marker() {
    let dir = tempfile::tempdir().unwrap();
    let whole = filled(dir.path()).await;
    let marker = fs::read(dir.path().join("clean")).unwrap();
    let (store, lost) = SledStore::rescue(dir.path()).unwrap();
    assert!(lost.is_empty() && shown(&store).unwrap() == whole);
    assert!(matches!(store.commit(simple(50)).await, Err(StoreError::Broken { .. })));
    assert!(matches!(store.close().await, Err(StoreError::Broken { .. })));
    assert!(fs::read(dir.path().join("clean")).unwrap() == marker);
    let store = SledStore::open(dir.path()).unwrap();
    assert_eq!(store.how_opened(), HowOpened::Clean);
    assert!(shown(&store).unwrap() == whole);
}
