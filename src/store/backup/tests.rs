//! A backup gives back what was there when it was made, whatever happened meanwhile.

use std::{
    io::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::*;
use crate::{
    digest::Digest,
    store::{
        BlobWriter as _, Commit, Cursor, Erase, Event, Expect, Key, NewEvent, Put, SledStore,
        Store as _, StoreError, Versioned,
    },
};

pub(super) const ENVELOPE: &[u8] = b"ENVELOPE-CANARY-4d1e";
pub(super) const COVER: &[u8] = b"COVER-CANARY-77b2";
pub(super) const SALT: &[u8] = b"SALT-CANARY-90aa";

/// Writes a file, whatever stood there.
pub(super) fn spoil(path: impl AsRef<Path>, bytes: &[u8]) {
    files::save(path.as_ref(), bytes, Audience::Owner, Existing::Replace).unwrap();
}

pub(super) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(super) fn job<'a>(store: &'a Path, to: &'a Path) -> Job<'a> {
    Job { store, to, apart: &["envelope/"], parts: &parts, today: day("2026-11-22") }
}

/// The tests' events name no file, or one: `part <blob> <bytes> <digest>`.
fn parts(payload: &[u8]) -> Vec<Part> {
    let text = String::from_utf8_lossy(payload);
    let words: Vec<&str> = text.split(' ').collect();
    let ["part", blob, bytes, sha256] = words.as_slice() else { return Vec::new() };
    let (blob, bytes) = (blob.parse().unwrap(), bytes.parse().unwrap());
    vec![Part { blob, bytes, sha256: sha256.parse().unwrap() }]
}

pub(super) fn run_now(store: &Path, to: &Path) -> Report {
    backup(&job(store, to), &mut |_| ()).unwrap()
}

pub(super) async fn put(
    store: &SledStore,
    n: u64,
    envelope: &[u8],
    (cover, salt): (&[u8], &[u8]),
) -> BlobId {
    let mut writer = store.blob().unwrap();
    writer.write_all(cover).unwrap();
    let blob = writer.finish().unwrap();
    let record = |key: String, value: &[u8]| Put {
        key: key.into_bytes(),
        value: value.to_vec(),
        expect: Expect::Any,
    };
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.to_be_bytes());
    let puts =
        vec![record(format!("envelope/{n}/reader"), envelope), record(format!("note/{n}"), b"n")];
    let event = NewEvent { leaf: Digest::of(&n.to_be_bytes()), payload: salt.to_vec() };
    let attach = vec![blob];
    store
        .commit(Commit { id, puts, attach, event: Some(event), ..Commit::default() })
        .await
        .unwrap();
    blob
}

type Shown = (Vec<(Key, Versioned)>, Vec<Event>);

fn shown(store: &SledStore) -> Shown {
    let all = store.scan(b"", None, usize::MAX).unwrap();
    (all, store.changes(Cursor(0), usize::MAX).unwrap())
}

pub(super) fn restored(from: &Path) -> (tempfile::TempDir, SledStore, Restored) {
    let to = tempfile::tempdir().unwrap();
    let report = restore(from, to.path(), &mut |_| ()).unwrap();
    let store = SledStore::open(to.path()).unwrap();
    store.verify().unwrap();
    (to, store, report)
}

pub(super) fn search(folder: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(search(&path, needle));
        } else if fs::read(&path).unwrap().windows(needle.len()).any(|w| w == needle) {
            found.push(path.strip_prefix(folder).unwrap_or(&path).display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn what_is_new_is_added_and_everything_comes_back_equal() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SledStore::open(folder.path()).unwrap();
    spoil(folder.path().join("ledger.key"), b"the key");
    put(&store, 1, ENVELOPE, (COVER, SALT)).await;
    let first = run_now(folder.path(), to.path());
    assert_eq!((first.anew, first.changes, first.events, first.blobs), (true, 1, 1, 1));
    put(&store, 2, b"other", (b"cover two", b"two")).await;
    let deletes = vec![b"note/1".to_vec()];
    store.commit(Commit { id: [9; 16], deletes, ..Commit::default() }).await.unwrap();
    let second = run_now(folder.path(), to.path());
    assert_eq!((second.anew, second.changes, second.events, second.blobs), (false, 3, 2, 1));
    assert_eq!(run_now(folder.path(), to.path()).blobs, 0, "nothing new, nothing copied");
    let (place, back, report) = restored(to.path());
    assert!(report.is_whole(), "{report:?}");
    assert!(shown(&back) == shown(&store));
    assert_eq!(fs::read(place.path().join("ledger.key")).unwrap(), b"the key");
    // Envelopes lie in their own folder and nowhere else.
    let holding = search(to.path(), ENVELOPE);
    assert!(matches!(holding.as_slice(), [one] if to.path().join("envelopes").read_dir().unwrap()
        .any(|e| e.unwrap().file_name().to_str() == Some(one.rsplit('/').next().unwrap()))));
    drop(back);
    fs::remove_dir_all(to.path().join("envelopes")).unwrap();
    let (_place, back, report) = restored(to.path());
    assert_eq!((report.is_whole(), report.apart_missing, report.events), (false, 2, 2));
    assert!(shown(&back).1 == shown(&store).1, "all but the envelopes is there");
    assert!(back.get(b"envelope/1/reader").unwrap().is_none());
    assert!(back.get(b"note/2").unwrap().is_some());
}

#[tokio::test]
async fn what_was_forgotten_is_gone_from_the_next_backup() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SledStore::open(folder.path()).unwrap();
    let gone = put(&store, 1, ENVELOPE, (COVER, SALT)).await;
    put(&store, 2, b"stays", (b"cover two", b"two")).await;
    run_now(folder.path(), to.path());
    for canary in [ENVELOPE, COVER, SALT] {
        assert_eq!(search(to.path(), canary).len(), 1, "the search finds what is there");
    }
    let deletes = vec![b"envelope/1/reader".to_vec()];
    store.commit(Commit { id: [9; 16], deletes, ..Commit::default() }).await.unwrap();
    let erase = vec![Erase { cursor: Cursor(1), mark: b"mark".to_vec(), blobs: vec![gone] }];
    let store = tokio::task::spawn_blocking(move || {
        store.erase(&erase).unwrap();
        store
    });
    let store = store.await.unwrap();
    let report = run_now(folder.path(), to.path());
    assert_eq!((report.anew, report.events, report.blobs), (true, 2, 0));
    for canary in [ENVELOPE, COVER, SALT] {
        assert_eq!(search(to.path(), canary), Vec::<String>::new());
    }
    let (_place, back, report) = restored(to.path());
    assert!(report.is_whole());
    assert!(shown(&back) == shown(&store));
}

#[tokio::test]
async fn a_kill_at_any_moment_of_a_backup_leaves_one_that_restores() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SledStore::open(folder.path()).unwrap();
    put(&store, 1, ENVELOPE, (COVER, SALT)).await;
    run_now(folder.path(), to.path());
    for n in 2..6 {
        put(&store, n, b"envelope", (b"cover", b"salt")).await;
    }
    for moment in 0..10_u32 {
        let mut left = moment;
        let mut dies = |_| match left.checked_sub(1) {
            Some(less) => left = less,
            None => panic!("killed"),
        };
        let run = AssertUnwindSafe(|| backup(&job(folder.path(), to.path()), &mut dies));
        let killed = catch_unwind(run).is_err();
        let (_place, back, report) = restored(to.path());
        assert!(report.is_whole(), "{moment}: {report:?}");
        assert_eq!(back.head(), Cursor(if killed { 1 } else { 5 }), "{moment}");
        assert_eq!(killed, moment < 9, "four frames and five blobs");
    }
}

/// A whole restore, with nothing to forget.
fn restore(
    from: &Path,
    to: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Restored, BackupError> {
    let restored = super::restore(from, to, progress)?;
    finish(to)?;
    Ok(restored)
}

#[tokio::test]
async fn a_restore_that_was_killed_while_it_forgot_opens_nowhere_and_begins_anew() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SledStore::open(folder.path()).unwrap();
    for n in 1..4 {
        put(&store, n, b"envelope", (b"cover", b"salt")).await;
    }
    run_now(folder.path(), to.path());
    let back = tempfile::tempdir().unwrap();
    let closed = || matches!(SledStore::open(back.path()), Err(StoreError::NotRestored(_)));
    for killed_after_a_change in [false, true] {
        assert!(super::restore(to.path(), back.path(), &mut |_| ()).unwrap().is_whole());
        assert!(closed(), "before anything is forgotten");
        let forgetting = SledStore::open_restored(back.path()).unwrap();
        if killed_after_a_change {
            put(&forgetting, 9, b"of a run that is killed", (b"cover", b"salt")).await;
        }
        forgetting.close().await.unwrap();
        assert!(closed(), "in the middle of it");
    }
    assert!(restore(to.path(), back.path(), &mut |_| ()).unwrap().is_whole());
    assert!(shown(&SledStore::open(back.path()).unwrap()) == shown(&store), "nothing of before");
}

#[tokio::test]
async fn a_restore_that_was_cut_off_opens_nowhere_and_goes_on() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SledStore::open(folder.path()).unwrap();
    for n in 1..4 {
        put(&store, n, b"envelope", (b"cover", b"salt")).await;
    }
    run_now(folder.path(), to.path());
    let back = tempfile::tempdir().unwrap();
    for moment in 0..6_u32 {
        let mut left = moment;
        let mut dies = |_| match left.checked_sub(1) {
            Some(less) => left = less,
            None => panic!("killed"),
        };
        let run = AssertUnwindSafe(|| restore(to.path(), back.path(), &mut dies));
        assert!(catch_unwind(run).is_err(), "{moment}");
        let opened = SledStore::open(back.path());
        assert!(matches!(opened, Err(StoreError::JournalMissing(_))), "{moment}");
    }
    // What the refused openings left is not the restore's; it begins anew.
    assert!(restore(to.path(), back.path(), &mut |_| ()).unwrap().is_whole());
    assert!(shown(&SledStore::open(back.path()).unwrap()) == shown(&store));
    let again = restore(to.path(), back.path(), &mut |_| ());
    assert!(matches!(again, Err(BackupError::NotEmpty(_))));
}

#[tokio::test]
async fn a_damaged_backup_gives_back_the_rest_and_names_what_is_missing() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SledStore::open(folder.path()).unwrap();
    for n in 1..6 {
        put(&store, n, b"envelope", (format!("cover {n}").as_bytes(), b"salt")).await;
    }
    run_now(folder.path(), to.path());
    let lost = to.path().join("blobs").read_dir().unwrap().next().unwrap().unwrap();
    fs::remove_file(lost.path()).unwrap();
    let back = tempfile::tempdir().unwrap();
    let report = restore(to.path(), back.path(), &mut |_| ()).unwrap();
    let name = lost.file_name().to_str().unwrap().to_owned();
    assert_eq!((report.blobs, report.blobs_missing.clone()), (4, vec![name]));
    assert!(!report.is_whole());
    let body = to.path().join("body").read_dir().unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&body).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    spoil(&body, &bytes);
    let back = tempfile::tempdir().unwrap();
    let report = restore(to.path(), back.path(), &mut |_| ()).unwrap();
    assert!((1..5).contains(&report.events) && report.events_expected == 5, "{report:?}");
    let kept = SledStore::open(back.path()).unwrap();
    assert_eq!(kept.head(), Cursor(report.events));
}

#[tokio::test]
async fn wrong_places_are_refused() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SledStore::open(folder.path()).unwrap();
    put(&store, 1, ENVELOPE, (COVER, SALT)).await;
    for inside in ["", "backup", "blobs/backup/deep"] {
        let inside = folder.path().join(inside);
        let refused = backup(&job(folder.path(), &inside), &mut |_| ());
        assert!(matches!(refused, Err(BackupError::Inside)), "{}", inside.display());
    }
    let around = backup(&job(folder.path(), folder.path().parent().unwrap()), &mut |_| ());
    assert!(matches!(around, Err(BackupError::Inside)));
    spoil(to.path().join(MANIFEST), b"{}");
    let foreign = backup(&job(folder.path(), to.path()), &mut |_| ());
    assert!(matches!(foreign, Err(BackupError::NotABackup(_))));
    let nothing = restore(folder.path(), &to.path().join("new"), &mut |_| ());
    assert!(matches!(nothing, Err(BackupError::NotABackup(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_backup_under_load_is_a_prefix_of_what_happened() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Arc::new(SledStore::open(folder.path()).unwrap());
    let gone = put(&store, 0, ENVELOPE, (COVER, SALT)).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (1..=16_u64)
        .map(|writer| {
            let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut n = 0;
                while !stop.load(Ordering::SeqCst) && n < 40 {
                    let payload = format!("{writer}-{n}");
                    let number = writer * 1_000_000 + n;
                    put(&store, number, b"envelope", (payload.as_bytes(), payload.as_bytes()))
                        .await;
                    n += 1;
                }
            })
        })
        .collect();
    let mut seen = Vec::new();
    for round in 0..6 {
        let (from, at) = (folder.path().to_owned(), to.path().to_owned());
        let during = Arc::clone(&store);
        let report = tokio::task::spawn_blocking(move || {
            if round == 3 {
                let mark = b"mark".to_vec();
                during.erase(&[Erase { cursor: Cursor(1), mark, blobs: vec![gone] }]).unwrap();
            }
            run_now(&from, &at)
        });
        let report = report.await.unwrap();
        assert_eq!(report.missing, Vec::<String>::new());
        let (_place, back, whole) = restored(to.path());
        assert!(whole.is_whole(), "{whole:?}");
        seen.push((back.head(), shown(&back).1));
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    let all = shown(&store).1;
    assert!(seen.first().unwrap().0 < seen.last().unwrap().0, "the load went on");
    for (head, events) in seen {
        let same = events.iter().zip(&all).skip(1).all(|(then, now)| then == now);
        assert!(same && events.len() == usize::try_from(head.0).unwrap());
    }
}
