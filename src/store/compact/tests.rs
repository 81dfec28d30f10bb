//! What is erased is gone from every file, and a crash leaves one state or the other.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use super::*;
use crate::{
    digest::Digest,
    store::{BlobWriter as _, Commit, Cursor, Event, Expect, NewEvent, Put, Store as _},
};

const ENVELOPE: &[u8] = b"ENVELOPE-CANARY-5f1c";
const PAYLOAD: &[u8] = b"SALT-CANARY-77e0";
const BLOB: &[u8] = b"COVER-CANARY-91ab";
const KEY: &[u8] = b"mailbox/LOOKUP-CANARY-30d2/two";
const REPLACED: &[u8] = b"REPLACED-CANARY-c8aa";
const CANARIES: [&[u8]; 5] = [ENVELOPE, PAYLOAD, BLOB, KEY, REPLACED];
const MARK: &[u8] = b"forgotten";

fn put(key: &[u8], value: &[u8]) -> Put {
    Put { key: key.to_vec(), value: value.to_vec(), expect: Expect::Any }
}

fn commit(n: u8, puts: Vec<Put>, payload: &[u8]) -> Commit {
    let event = NewEvent { leaf: Digest::of(&[n]), payload: payload.to_vec() };
    Commit { id: [n; 16], puts, event: Some(event), ..Commit::default() }
}

fn blob(store: &SledStore, bytes: &[u8]) -> BlobId {
    let mut writer = store.blob().unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// Three testimonies, of which the second is to be forgotten; its blob.
async fn filled(folder: &Path) -> (SledStore, BlobId) {
    let store = SledStore::open(folder).unwrap();
    let first = blob(&store, b"first cover");
    let puts = vec![put(b"envelope/one/r", b"stays"), put(b"setting", REPLACED)];
    let one = Commit { attach: vec![first], ..commit(1, puts, b"one") };
    store.commit(one).await.unwrap();
    let gone = blob(&store, BLOB);
    let puts = vec![put(b"envelope/two/r", ENVELOPE), put(KEY, b"{}")];
    let two = Commit { attach: vec![gone], ..commit(2, puts, PAYLOAD) };
    store.commit(two).await.unwrap();
    let puts = vec![put(b"envelope/three/r", b"stays too"), put(b"setting", b"new")];
    store.commit(commit(3, puts, b"three")).await.unwrap();
    let deletes = vec![b"envelope/two/r".to_vec(), KEY.to_vec()];
    store.commit(Commit { deletes, ..commit(4, vec![], b"done") }).await.unwrap();
    (store, gone)
}

fn erase(gone: BlobId) -> Vec<Erase> {
    vec![Erase { cursor: Cursor(2), mark: MARK.to_vec(), blobs: vec![gone] }]
}

/// Names of files below `folder` that hold any of the canaries, or are named like one.
fn search(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(search(&path));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let holds = |canary: &&[u8]| bytes.windows(canary.len()).any(|w| w == *canary);
        found.extend(CANARIES.iter().filter(|c| holds(c)).map(|_| path.display().to_string()));
    }
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

fn events(store: &SledStore) -> Vec<Event> {
    store.changes(Cursor(0), 100).unwrap()
}

/// What became of the second testimony.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Second {
    Whole,
    Gone,
}

/// Everything else is as it was, and the second is whole or gone.
fn check(store: &SledStore, blob: BlobId, second: Second) {
    let events = events(store);
    let leaves: Vec<_> = events.iter().map(|event| event.leaf).collect();
    let payloads: Vec<_> = events.iter().map(|event| event.payload.as_slice()).collect();
    assert_eq!(leaves, [1, 2, 3, 4].map(|n| Digest::of(&[n])), "leaves stay");
    let payload = if second == Second::Gone { MARK } else { PAYLOAD };
    assert_eq!(payloads, [b"one".as_slice(), payload, b"three", b"done"]);
    assert_eq!(store.open(blob).is_err(), second == Second::Gone);
    let value = |key: &[u8]| store.get(key).unwrap().map(|record| (record.version, record.value));
    assert_eq!(value(b"envelope/one/r"), Some((1, b"stays".to_vec())));
    assert_eq!(value(b"envelope/three/r"), Some((3, b"stays too".to_vec())));
    assert_eq!(value(b"setting"), Some((3, b"new".to_vec())));
    assert_eq!((value(b"envelope/two/r"), value(KEY)), (None, None));
    store.verify().unwrap();
}

async fn erased(store: SledStore, gone: BlobId) -> SledStore {
    let erased = tokio::task::spawn_blocking(move || {
        store.erase(&erase(gone)).unwrap();
        store
    });
    erased.await.unwrap()
}

#[tokio::test]
async fn what_was_erased_is_in_no_file_and_everything_else_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (store, gone) = filled(folder.path()).await;
    check(&store, gone, Second::Whole);
    assert!(search(folder.path()).len() >= CANARIES.len(), "the search finds what is there");
    let store = erased(store, gone).await;
    check(&store, gone, Second::Gone);
    assert_eq!(search(folder.path()), Vec::<String>::new());
    // The store goes on: the same commit again is known, a new one comes behind the others.
    let again = store.commit(commit(3, vec![], b"three")).await.unwrap();
    assert_eq!(again.cursor, Some(Cursor(3)));
    let put = vec![put(b"setting", b"newer")];
    assert_eq!(store.commit(commit(5, put, b"five")).await.unwrap().cursor, Some(Cursor(5)));
    assert_eq!(store.wait(Cursor(4)).await, Cursor(5));
    store.close().await.unwrap();
    assert_eq!(search(folder.path()), Vec::<String>::new());
    let store = SledStore::open(folder.path()).unwrap();
    assert_eq!(store.how_opened(), crate::store::HowOpened::Clean);
    assert_eq!(store.head(), Cursor(5));
    assert_eq!(store.get(b"setting").unwrap().unwrap().version, 5);
    let store = erased(store, gone).await;
    assert_eq!(store.head(), Cursor(5), "asked again, nothing changes");
}

#[tokio::test]
async fn a_kill_at_any_step_leaves_the_one_or_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let kills = tempfile::tempdir().unwrap();
    let (store, gone) = filled(folder.path()).await;
    let (from, to) = (folder.path().to_owned(), kills.path().to_owned());
    let steps = tokio::task::spawn_blocking(move || {
        let mut steps: Vec<(Step, PathBuf)> = Vec::new();
        let mut note = |step: Step| {
            let to = to.join(steps.len().to_string());
            copy(&from, &to);
            steps.push((step, to));
        };
        store.compact(&erase(gone), &mut note).unwrap();
        steps
    });
    let steps = steps.await.unwrap();
    assert_eq!(steps.len(), 6, "{:?}", steps.iter().map(|s| s.0).collect::<Vec<_>>());
    for (step, left) in steps {
        let is_gone = matches!(step, Step::Renamed | Step::Unlinked | Step::Done);
        let store = SledStore::open(&left).unwrap();
        store.sweep().unwrap();
        check(&store, gone, if is_gone { Second::Gone } else { Second::Whole });
        if is_gone {
            assert_eq!(search(&left), Vec::<String>::new(), "{step:?}");
        }
        let store = erased(store, gone).await;
        check(&store, gone, Second::Gone);
        assert_eq!(search(&left), Vec::<String>::new(), "{step:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commits_and_readers_go_on_while_something_is_erased() {
    let folder = tempfile::tempdir().unwrap();
    let (store, gone) = filled(folder.path()).await;
    let store = Arc::new(store);
    let writers = (0..8_u8).map(|writer| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for n in 0..40_u8 {
                let key = [writer, n];
                let mut id = [9; 16];
                id[..2].copy_from_slice(&key);
                let event = NewEvent { leaf: Digest::of(&key), payload: key.to_vec() };
                // Half of it is overwritten at once, so that dead values arise while it is copied.
                let puts = vec![put(&key, &key), put(&[writer], &key)];
                let change = Commit { id, puts, event: Some(event), ..Commit::default() };
                store.commit(change).await.unwrap();
                assert_eq!(store.get(&key).unwrap().unwrap().value, key);
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    for _ in 0..4 {
        let store = Arc::clone(&store);
        let done = tokio::task::spawn_blocking(move || store.erase(&erase(gone)));
        done.await.unwrap().unwrap();
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let check_all = |store: &SledStore| {
        assert_eq!(store.head(), Cursor(324));
        for writer in 0..8 {
            for n in 0..40 {
                assert_eq!(store.get(&[writer, n]).unwrap().unwrap().value, [writer, n]);
            }
            assert_eq!(store.get(&[writer]).unwrap().unwrap().value, [writer, 39]);
        }
        store.verify().unwrap();
    };
    check_all(&store);
    drop(Arc::try_unwrap(store).ok().unwrap());
    check_all(&SledStore::open(folder.path()).unwrap());
}

#[tokio::test]
async fn an_erasure_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (store, gone) = filled(folder.path()).await;
    // A folder of that name is in the way of the new journal.
    fs::create_dir_all(folder.path().join("journal.new/x")).unwrap();
    let store = tokio::task::spawn_blocking(move || {
        assert!(store.erase(&erase(gone)).is_err());
        store
    });
    let store = store.await.unwrap();
    check(&store, gone, Second::Whole);
    assert_eq!(store.commit(commit(5, vec![], b"five")).await.unwrap().cursor, Some(Cursor(5)));
    assert!(store.failure().is_none());
}
