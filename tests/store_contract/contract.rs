//! One set of tests, run for both engines.

use std::{
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    sync::Arc,
    time::Duration,
};

use sandyk::{
    digest::Digest,
    id::BlobId,
    store::{
        BadCommit, BlobWriter as _, Commit, Cursor, Expect, MAX_COMMIT, MemoryStore, NewEvent, Put,
        SledStore, Store, StoreError,
    },
};

/// Runs each named contract for both engines.
macro_rules! contract {
    ($($name:ident)*) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::MemoryStore::new()).await;
            })*
        }
        mod sled {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let dir = tempfile::tempdir().unwrap();
                super::$name(super::SledStore::open(dir.path()).unwrap()).await;
            })*
        }
    };
}

contract! {
    the_cursor_is_dense_from_one
    an_event_is_visible_exactly_when_its_commit_is_answered
    the_same_commit_id_twice_is_one_event
    the_same_commit_id_many_times_at_once_is_one_event
    a_failed_expectation_changes_nothing
    expectations_see_earlier_commits_and_deletes
    a_version_is_never_used_again
    attaching_an_unfinished_or_missing_blob_conflicts
    a_blob_is_attached_once
    a_refused_commit_leaves_its_blobs_attachable
    an_attached_blob_reads_back_and_seeks
    a_dropped_writer_leaves_nothing
    a_discarded_blob_is_gone_and_an_attached_one_stays
    a_sweep_takes_neither_attached_nor_young_blobs
    eight_writers_of_fifty_swaps_end_at_four_hundred
    a_scan_pages_in_order
    changes_page_in_order
    waiting_wakes_when_the_feed_moves
    ill_formed_commits_are_refused
    verify_counts_everything
}

pub(crate) fn id(n: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.to_be_bytes());
    id
}

pub(crate) fn put(key: &[u8], value: &[u8], expect: Expect) -> Put {
    Put { key: key.to_vec(), value: value.to_vec(), expect }
}

pub(crate) fn event(n: u64) -> NewEvent {
    let payload = n.to_string().into_bytes();
    NewEvent { leaf: Digest::of(&payload), payload }
}

/// A commit with one record and one event.
pub(crate) fn simple(n: u64) -> Commit {
    let puts = vec![put(format!("k/{n:08}").as_bytes(), &n.to_le_bytes(), Expect::Absent)];
    Commit { id: id(n), puts, event: Some(event(n)), ..Commit::default() }
}

pub(crate) fn blob(store: &impl Store, bytes: &[u8]) -> BlobId {
    let mut writer = store.blob().unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn attaching(n: u64, blobs: &[BlobId]) -> Commit {
    Commit { id: id(n), attach: blobs.to_vec(), event: Some(event(n)), ..Commit::default() }
}

async fn the_cursor_is_dense_from_one(store: impl Store) {
    assert_eq!(store.head(), Cursor(0));
    for n in 1..=20 {
        let answer = store.commit(simple(n)).await.unwrap();
        assert_eq!(answer.cursor, Some(Cursor(n)));
        let silent = Commit { id: id(1000 + n), ..Commit::default() };
        assert_eq!(store.commit(silent).await.unwrap().cursor, None);
    }
    let seen: Vec<u64> =
        store.changes(Cursor(0), 100).unwrap().iter().map(|event| event.cursor.0).collect();
    assert_eq!(seen, (1..=20).collect::<Vec<_>>());
}

async fn an_event_is_visible_exactly_when_its_commit_is_answered(store: impl Store) {
    let store = Arc::new(store);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..64 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let cursor = store.commit(simple(n)).await.unwrap().cursor.unwrap();
            assert!(store.head() >= cursor);
            let found = store.changes(Cursor(cursor.0 - 1), 1).unwrap();
            assert_eq!(found[0].cursor, cursor);
            assert_eq!(found[0].payload, n.to_string().into_bytes());
            assert_eq!(found[0].leaf, Digest::of(&found[0].payload));
        });
    }
    // Whatever is visible at any moment has its record too.
    for _ in 0..200 {
        for event in store.changes(Cursor(0), 1000).unwrap() {
            let n: u64 = String::from_utf8(event.payload).unwrap().parse().unwrap();
            assert!(store.get(format!("k/{n:08}").as_bytes()).unwrap().is_some(), "{n}");
        }
        tokio::task::yield_now().await;
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(store.head(), Cursor(64));
}

async fn the_same_commit_id_twice_is_one_event(store: impl Store) {
    let first = store.commit(simple(1)).await.unwrap();
    store.commit(simple(2)).await.unwrap();
    // Its expectation would fail now; but it happened already.
    assert_eq!(store.commit(simple(1)).await.unwrap(), first);
    assert_eq!(store.head(), Cursor(2));
    assert_eq!(store.get(b"k/00000001").unwrap().unwrap().version, 1);
}

async fn the_same_commit_id_many_times_at_once_is_one_event(store: impl Store) {
    let store = Arc::new(store);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.commit(simple(7)).await.unwrap() });
    }
    while let Some(answer) = tasks.join_next().await {
        assert_eq!(answer.unwrap().cursor, Some(Cursor(1)));
    }
    assert_eq!(store.head(), Cursor(1));
}

async fn a_failed_expectation_changes_nothing(store: impl Store) {
    store.commit(simple(1)).await.unwrap();
    for (n, expect) in [(2, Expect::Absent), (3, Expect::Version(99)), (4, Expect::Version(0))] {
        let commit = Commit {
            id: id(n),
            puts: vec![put(b"new", b"x", Expect::Any), put(b"k/00000001", b"y", expect)],
            deletes: vec![b"other".to_vec()],
            event: Some(event(n)),
            ..Commit::default()
        };
        let refused = store.commit(commit).await.unwrap_err();
        assert!(matches!(refused, StoreError::Unexpected { put: 1 }), "{refused}");
        assert!(refused.is_conflict());
    }
    assert_eq!(store.head(), Cursor(1));
    assert!(store.get(b"new").unwrap().is_none());
    assert_eq!(store.get(b"k/00000001").unwrap().unwrap().value, 1_u64.to_le_bytes());
    assert_eq!(store.verify().unwrap().changes, 1);
    // The refused id was not used up.
    assert_eq!(store.commit(simple(2)).await.unwrap().cursor, Some(Cursor(2)));
}

async fn expectations_see_earlier_commits_and_deletes(store: impl Store) {
    let store = Arc::new(store);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..32 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let puts = vec![put(b"one", &[n], Expect::Absent)];
            store.commit(Commit { id: id(n.into()), puts, ..Commit::default() }).await.is_ok()
        });
    }
    let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
    let deletes = vec![b"one".to_vec(), b"absent".to_vec()];
    store.commit(Commit { id: id(100), deletes, ..Commit::default() }).await.unwrap();
    assert!(store.get(b"one").unwrap().is_none());
    let puts = vec![put(b"one", b"", Expect::Absent)];
    store.commit(Commit { id: id(101), puts, ..Commit::default() }).await.unwrap();
    assert_eq!(store.get(b"one").unwrap().unwrap().value, b"");
}

async fn a_version_is_never_used_again(store: impl Store) {
    let mut seen = Vec::new();
    for n in 0..5 {
        let puts = vec![put(b"key", b"same", Expect::Absent)];
        store.commit(Commit { id: id(2 * n), puts, ..Commit::default() }).await.unwrap();
        seen.push(store.get(b"key").unwrap().unwrap().version);
        let deletes = vec![b"key".to_vec()];
        store.commit(Commit { id: id(2 * n + 1), deletes, ..Commit::default() }).await.unwrap();
    }
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
}

async fn attaching_an_unfinished_or_missing_blob_conflicts(store: impl Store) {
    let mut writer = store.blob().unwrap();
    writer.write_all(b"half").unwrap();
    let unfinished = writer.id();
    let refused = store.commit(attaching(1, &[unfinished])).await.unwrap_err();
    assert!(matches!(refused, StoreError::BlobUnfinished(id) if id == unfinished), "{refused}");
    let missing = BlobId::from_bytes([9; 16]);
    let refused = store.commit(attaching(1, &[missing])).await.unwrap_err();
    assert!(matches!(refused, StoreError::BlobMissing(id) if id == missing), "{refused}");
    assert!(refused.is_conflict());
    assert!(store.open(unfinished).is_err());
    assert_eq!(store.head(), Cursor(0));
    writer.finish().unwrap();
    assert!(store.open(unfinished).is_err(), "finished is not attached");
    store.commit(attaching(1, &[unfinished])).await.unwrap();
    assert!(store.open(unfinished).is_ok());
}

async fn a_blob_is_attached_once(store: impl Store) {
    let blob = blob(&store, b"x");
    store.commit(attaching(1, &[blob])).await.unwrap();
    let refused = store.commit(attaching(2, &[blob])).await.unwrap_err();
    assert!(matches!(refused, StoreError::BlobAttached(id) if id == blob), "{refused}");
    assert_eq!(store.commit(attaching(1, &[blob])).await.unwrap().cursor, Some(Cursor(1)));
}

async fn a_refused_commit_leaves_its_blobs_attachable(store: impl Store) {
    let (one, missing) = (blob(&store, b"x"), BlobId::from_bytes([3; 16]));
    assert!(store.commit(attaching(1, &[one, missing])).await.unwrap_err().is_conflict());
    let puts = vec![put(b"k", b"", Expect::Version(1))];
    let refused = Commit { puts, ..attaching(2, &[one]) };
    assert!(store.commit(refused).await.unwrap_err().is_conflict());
    store.commit(attaching(3, &[one])).await.unwrap();
}

async fn an_attached_blob_reads_back_and_seeks(store: impl Store) {
    let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let blobs = [blob(&store, &bytes), blob(&store, b"")];
    store.commit(attaching(1, &blobs)).await.unwrap();
    let mut reader = store.open(blobs[0]).unwrap();
    let mut back = Vec::new();
    reader.read_to_end(&mut back).unwrap();
    assert!(back == bytes);
    reader.seek(SeekFrom::Start(400_000)).unwrap();
    let mut four = [0; 4];
    reader.read_exact(&mut four).unwrap();
    assert_eq!(four, 100_000_u32.to_le_bytes());
    assert_eq!(store.open(blobs[1]).unwrap().read(&mut four).unwrap(), 0);
}

async fn a_dropped_writer_leaves_nothing(store: impl Store) {
    let mut writer = store.blob().unwrap();
    writer.write_all(&vec![7; 300_000]).unwrap();
    let id = writer.id();
    drop(writer);
    let refused = store.commit(attaching(1, &[id])).await.unwrap_err();
    assert!(matches!(refused, StoreError::BlobMissing(_)), "{refused}");
    assert_eq!(store.sweep().unwrap().blobs, 0);
}

async fn a_discarded_blob_is_gone_and_an_attached_one_stays(store: impl Store) {
    let (gone, kept) = (blob(&store, b"gone"), blob(&store, b"kept"));
    store.commit(attaching(1, &[kept])).await.unwrap();
    store.discard(gone).unwrap();
    store.discard(gone).unwrap();
    assert!(matches!(store.discard(kept), Err(StoreError::BlobAttached(_))));
    assert!(store.commit(attaching(2, &[gone])).await.unwrap_err().is_conflict());
    assert!(store.open(kept).is_ok());
}

async fn a_sweep_takes_neither_attached_nor_young_blobs(store: impl Store) {
    let mut writing = store.blob().unwrap();
    writing.write_all(b"a").unwrap();
    let (young, attached) = (blob(&store, b"young"), blob(&store, b"attached"));
    store.commit(attaching(1, &[attached])).await.unwrap();
    assert_eq!(store.sweep().unwrap().blobs, 0);
    writing.write_all(b"b").unwrap();
    let written = writing.finish().unwrap();
    store.commit(attaching(2, &[young, written])).await.unwrap();
    let mut back = String::new();
    store.open(written).unwrap().read_to_string(&mut back).unwrap();
    assert_eq!(back, "ab");
    assert_eq!(store.verify().unwrap().blobs, 3);
}

async fn eight_writers_of_fifty_swaps_end_at_four_hundred(store: impl Store) {
    let store = Arc::new(store);
    let zero = vec![put(b"n", &0_u64.to_le_bytes(), Expect::Absent)];
    store.commit(Commit { id: id(0), puts: zero, ..Commit::default() }).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 1..=8_u64 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let (mut done, mut tried) = (0, 0);
            while done < 50 {
                let now = store.get(b"n").unwrap().unwrap();
                let next = u64::from_le_bytes(now.value.try_into().unwrap()) + 1;
                let puts = vec![put(b"n", &next.to_le_bytes(), Expect::Version(now.version))];
                tried += 1;
                let id = id(writer * 1_000_000 + tried);
                match store.commit(Commit { id, puts, ..Commit::default() }).await {
                    Ok(_) => done += 1,
                    Err(error) => assert!(error.is_conflict(), "{error}"),
                }
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(store.get(b"n").unwrap().unwrap().value, 400_u64.to_le_bytes());
}

async fn a_scan_pages_in_order(store: impl Store) {
    let keys: Vec<Vec<u8>> = (0..25_u8).map(|n| vec![b'm', b'/', 0xff, n]).collect();
    let around = [b"m".to_vec(), b"m0".to_vec(), b"l/\xff".to_vec(), b"n".to_vec()];
    for (n, key) in (0_u64..).zip(keys.iter().chain(&around)) {
        let puts = vec![put(key, key, Expect::Any)];
        store.commit(Commit { id: id(n), puts, ..Commit::default() }).await.unwrap();
    }
    let (mut seen, mut after): (Vec<Vec<u8>>, Option<Vec<u8>>) = (Vec::new(), None);
    loop {
        let page = store.scan(b"m/", after.as_deref(), 7).unwrap();
        assert!(page.len() <= 7);
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        for (key, record) in page {
            assert_eq!(key, record.value);
            seen.push(key);
        }
    }
    assert_eq!(seen, keys);
    assert_eq!(store.scan(b"", None, 1000).unwrap().len(), 29);
    assert_eq!(store.scan(b"m/", Some(b"a"), 1000).unwrap().len(), 25);
    assert!(store.scan(b"m/", Some(b"z"), 1000).unwrap().is_empty());
    assert!(store.scan(b"x", None, 1000).unwrap().is_empty());
    assert!(store.scan(b"m/", None, 0).unwrap().is_empty());
}

async fn changes_page_in_order(store: impl Store) {
    for n in 1..=10 {
        store.commit(simple(n)).await.unwrap();
    }
    let page = |after, limit| {
        let events = store.changes(Cursor(after), limit).unwrap();
        events.iter().map(|event| event.cursor.0).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 3), [1, 2, 3]);
    assert_eq!(page(8, 3), [9, 10]);
    assert!(page(10, 3).is_empty() && page(u64::MAX, 3).is_empty() && page(0, 0).is_empty());
}

async fn waiting_wakes_when_the_feed_moves(store: impl Store) {
    let store = Arc::new(store);
    let waiting = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.wait(Cursor(1)).await })
    };
    store.commit(simple(1)).await.unwrap();
    store.commit(Commit { id: id(50), ..Commit::default() }).await.unwrap();
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert!(!waiting.is_finished(), "the head is not past 1 yet");
    store.commit(simple(2)).await.unwrap();
    let head = tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap().unwrap();
    assert_eq!(head, Cursor(2));
    assert_eq!(store.wait(Cursor(0)).await, Cursor(2));
}

async fn ill_formed_commits_are_refused(store: impl Store) {
    let twice = vec![put(b"k", b"1", Expect::Any), put(b"k", b"2", Expect::Any)];
    let refused = store.commit(Commit { id: id(1), puts: twice, ..Commit::default() }).await;
    assert!(matches!(refused, Err(StoreError::BadCommit(BadCommit::KeyTwice))));
    let large = vec![put(b"k", &vec![0; MAX_COMMIT], Expect::Any)];
    let refused = store.commit(Commit { id: id(1), puts: large, ..Commit::default() }).await;
    assert!(matches!(refused, Err(StoreError::BadCommit(BadCommit::TooLarge(_)))));
    let full = vec![put(b"k", &vec![5; MAX_COMMIT - 1024], Expect::Any)];
    store.commit(Commit { id: id(1), puts: full, ..Commit::default() }).await.unwrap();
    assert_eq!(store.get(b"k").unwrap().unwrap().value.len(), MAX_COMMIT - 1024);
}

async fn verify_counts_everything(store: impl Store) {
    let blobs = [blob(&store, b"a"), blob(&store, b"b")];
    store.commit(attaching(1, &blobs)).await.unwrap();
    store.commit(Commit { id: id(2), ..Commit::default() }).await.unwrap();
    let found = store.verify().unwrap();
    assert_eq!((found.changes, found.events, found.blobs), (2, 1, 2));
}
