//! What the engine on disk does when its files are not as it left them.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use sandyk::store::{
    Commit, Cursor, Event, Expect, HowOpened, Inventory, Key, SledStore, Store, StoreError,
    Versioned, WhyRebuilt,
};

use crate::contract::{blob, event, id, put, simple};

/// Everything that a store shows.
type Shown = (Vec<(Key, Versioned)>, Vec<Event>, Inventory);

fn shown(store: &SledStore) -> Shown {
    let records = store.scan(b"", None, usize::MAX).unwrap();
    (records, store.changes(Cursor(0), usize::MAX).unwrap(), store.verify().unwrap())
}

/// How a store is left.
#[derive(PartialEq, Eq)]
enum End {
    Closed,
    Dropped,
}

/// Makes a store with some history and leaves it as told.
async fn filled(dir: &Path, end: End) -> Shown {
    let store = SledStore::open(dir).unwrap();
    assert_eq!(store.how_opened(), HowOpened::Made);
    for n in 1..=12 {
        store.commit(simple(n)).await.unwrap();
    }
    let attach = vec![blob(&store, &[1; 100_000]), blob(&store, b"small")];
    let puts = vec![put(b"large", &[9; 60_000], Expect::Any), put(b"k/00000003", b"", Expect::Any)];
    let deletes = vec![b"k/00000004".to_vec()];
    store
        .commit(Commit { id: id(90), puts, deletes, attach, event: Some(event(90)) })
        .await
        .unwrap();
    store.commit(simple(91)).await.unwrap();
    let shown = shown(&store);
    if end == End::Closed {
        store.close().await.unwrap();
    }
    shown
}

fn journal(dir: &Path) -> PathBuf {
    dir.join("journal")
}

fn rebuilt(why: WhyRebuilt) -> HowOpened {
    HowOpened::Rebuilt { why, cut: 0 }
}

/// Where each frame begins, read as the format says.
pub(crate) fn frames(journal: &[u8]) -> Vec<usize> {
    let (mut at, mut found) = (32, Vec::new());
    while at < journal.len() {
        found.push(at);
        let len = u32::from_le_bytes(journal[at..at + 4].try_into().unwrap());
        at += 8 + usize::try_from(len).unwrap();
    }
    found
}

#[tokio::test]
async fn a_clean_close_is_trusted_and_shows_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let before = filled(dir.path(), End::Closed).await;
    for _ in 0..3 {
        let store = SledStore::open(dir.path()).unwrap();
        assert_eq!(store.how_opened(), HowOpened::Clean);
        assert!(!dir.path().join("clean").exists(), "the marker goes before anything is written");
        assert!(shown(&store) == before);
        assert_eq!(store.commit(simple(91)).await.unwrap().cursor, Some(Cursor(14)));
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn without_a_clean_close_the_index_is_rebuilt_equal() {
    let dir = tempfile::tempdir().unwrap();
    let before = filled(dir.path(), End::Dropped).await;
    let store = SledStore::open(dir.path()).unwrap();
    assert_eq!(store.how_opened(), rebuilt(WhyRebuilt::NotClosed));
    assert!(shown(&store) == before);
    // A commit made before is known by its id, and the feed goes on where it stood.
    assert_eq!(store.commit(simple(91)).await.unwrap().cursor, Some(Cursor(14)));
    assert_eq!(store.commit(simple(92)).await.unwrap().cursor, Some(Cursor(15)));
}

#[tokio::test]
async fn a_wiped_index_is_rebuilt_equal() {
    let dir = tempfile::tempdir().unwrap();
    let before = filled(dir.path(), End::Closed).await;
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    assert_eq!(store.how_opened(), rebuilt(WhyRebuilt::BadIndex));
    assert!(shown(&store) == before);
}

#[tokio::test]
async fn an_index_of_garbage_is_rebuilt_equal() {
    let dir = tempfile::tempdir().unwrap();
    let before = filled(dir.path(), End::Closed).await;
    let marker = fs::read(dir.path().join("clean")).unwrap();
    for round in 0_u8..4 {
        // The index lies in the one folder that is named by the store id.
        let index = dir.path().join("index");
        let index = fs::read_dir(index).unwrap().next().unwrap().unwrap().path();
        for entry in fs::read_dir(&index).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let len = fs::metadata(&path).unwrap().len();
                let garbage: Vec<u8> = match round {
                    0 => (0..len).map(|n| (n % 251) as u8).collect(),
                    1 => vec![0; usize::try_from(len).unwrap()],
                    2 => Vec::new(),
                    _ => {
                        let mut bytes = fs::read(&path).unwrap();
                        bytes.truncate(bytes.len() / 2);
                        bytes
                    }
                };
                fs::write(&path, garbage).unwrap();
            }
        }
        fs::write(dir.path().join("clean"), &marker).unwrap();
        let store = SledStore::open(dir.path()).unwrap();
        assert_eq!(store.how_opened(), rebuilt(WhyRebuilt::BadIndex), "round {round}");
        assert!(shown(&store) == before, "round {round}");
        store.close().await.unwrap();
    }
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    fs::write(dir.path().join("index"), b"a file where a folder was").unwrap();
    fs::write(dir.path().join("clean"), &marker).unwrap();
    let store = SledStore::open(dir.path());
    assert!(store.is_ok_and(|store| shown(&store) == before));
}

#[tokio::test]
async fn an_index_of_another_store_is_rebuilt() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let before = filled(one.path(), End::Closed).await;
    filled(two.path(), End::Closed).await;
    fs::remove_dir_all(one.path().join("index")).unwrap();
    fs::rename(two.path().join("index"), one.path().join("index")).unwrap();
    let store = SledStore::open(one.path()).unwrap();
    assert_eq!(store.how_opened(), rebuilt(WhyRebuilt::BadIndex));
    assert!(shown(&store) == before);
}

#[tokio::test]
async fn a_tail_torn_at_any_byte_of_the_last_frame_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), End::Dropped).await;
    let whole = fs::read(journal(dir.path())).unwrap();
    let last = *frames(&whole).last().unwrap();
    // The rest is missing, or was never written and reads as zeros.
    for cut in last..whole.len() {
        let mut zeroed = whole.clone();
        zeroed[cut..].fill(0);
        let already_zero = zeroed == whole;
        for torn in [whole[..cut].to_vec(), zeroed] {
            if torn.len() == whole.len() && already_zero {
                continue;
            }
            let bytes = torn.len() - last;
            fs::write(journal(dir.path()), &torn).unwrap();
            let store = SledStore::open(dir.path()).unwrap();
            let HowOpened::Rebuilt { cut, .. } = store.how_opened() else { panic!("rebuilt") };
            assert_eq!(cut, u64::try_from(bytes).unwrap());
            assert_eq!(store.head(), Cursor(13));
            assert!(store.get(b"k/00000091").unwrap().is_none());
            drop(store);
            assert_eq!(fs::metadata(journal(dir.path())).unwrap().len(), last as u64);
        }
    }
    let store = SledStore::open(dir.path()).unwrap();
    assert_eq!(store.commit(simple(91)).await.unwrap().cursor, Some(Cursor(14)));
}

#[tokio::test]
async fn a_bit_flipped_in_the_middle_is_named_and_nothing_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), End::Dropped).await;
    let whole = fs::read(journal(dir.path())).unwrap();
    let frames = frames(&whole);
    let (third, fourth) = (frames[2], frames[3]);
    for byte in third..fourth {
        let mut flipped = whole.clone();
        flipped[byte] ^= 1 << (byte % 8);
        fs::write(journal(dir.path()), &flipped).unwrap();
        match SledStore::open(dir.path()).map(|_| ()) {
            Err(StoreError::Damaged { offset, .. }) => assert_eq!(offset, third as u64),
            other => panic!("byte {byte}: {other:?}"),
        }
        assert!(fs::read(journal(dir.path())).unwrap() == flipped, "nothing was cut");
    }
    fs::write(journal(dir.path()), &whole).unwrap();
    assert!(SledStore::open(dir.path()).is_ok());
}

#[tokio::test]
async fn a_missing_doubled_or_moved_frame_is_named() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), End::Dropped).await;
    let whole = fs::read(journal(dir.path())).unwrap();
    let at = frames(&whole);
    let missing = [&whole[..at[2]], &whole[at[3]..]].concat();
    let doubled = [&whole[..at[3]], &whole[at[2]..]].concat();
    let swapped =
        [&whole[..at[2]], &whole[at[3]..at[4]], &whole[at[2]..at[3]], &whole[at[4]..]].concat();
    // Frames of the same length, so that all that follow stand where they stood.
    assert_eq!(at[3] - at[2], at[4] - at[3]);
    fs::write(journal(dir.path()), &swapped).unwrap();
    let opened = SledStore::open(dir.path()).map(|store| store.how_opened());
    assert!(matches!(opened, Err(StoreError::Damaged { .. })), "{opened:?}");
    for (name, bytes) in [("missing", missing), ("doubled", doubled)] {
        fs::write(journal(dir.path()), &bytes).unwrap();
        let opened = SledStore::open(dir.path()).map(|store| store.how_opened());
        assert!(matches!(opened, Err(StoreError::Damaged { .. })), "{name}: {opened:?}");
    }
}

#[tokio::test]
async fn an_end_that_changed_or_went_after_a_clean_close_is_named() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), End::Closed).await;
    let whole = fs::read(journal(dir.path())).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for bad in [&whole[..whole.len() - 1], &flipped] {
        fs::write(journal(dir.path()), bad).unwrap();
        for _ in 0..2 {
            assert!(matches!(SledStore::open(dir.path()), Err(StoreError::Damaged { .. })));
        }
    }
    fs::write(journal(dir.path()), &whole).unwrap();
    assert_eq!(SledStore::open(dir.path()).unwrap().how_opened(), HowOpened::Clean);
}

#[tokio::test]
async fn bytes_that_change_under_a_running_store_are_named_when_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    let puts = vec![put(b"key", &[0x55; 5000], Expect::Any)];
    store.commit(Commit { id: id(1), puts, ..Commit::default() }).await.unwrap();
    let mut bytes = fs::read(journal(dir.path())).unwrap();
    bytes[3000] ^= 4;
    fs::write(journal(dir.path()), bytes).unwrap();
    assert!(matches!(store.get(b"key"), Err(StoreError::Damaged { .. })));
    assert!(matches!(store.verify(), Err(StoreError::Damaged { .. })));
}

#[tokio::test]
async fn a_lost_journal_or_a_foreign_one_is_named_and_nothing_is_made() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), End::Closed).await;
    let whole = fs::read(journal(dir.path())).unwrap();
    fs::remove_file(journal(dir.path())).unwrap();
    assert!(matches!(SledStore::open(dir.path()), Err(StoreError::JournalMissing(_))));
    assert!(!journal(dir.path()).exists());
    let mut newer = whole.clone();
    newer[8] = 2;
    for foreign in [b"".as_slice(), b"sandykJ\n", &[0; 64], &newer] {
        fs::write(journal(dir.path()), foreign).unwrap();
        assert!(matches!(SledStore::open(dir.path()), Err(StoreError::NotAJournal(_))));
    }
    fs::write(journal(dir.path()), whole).unwrap();
    assert!(SledStore::open(dir.path()).is_ok());
}

#[tokio::test]
async fn bytes_inside_a_value_that_look_like_a_frame_are_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    store.commit(simple(1)).await.unwrap();
    // Someone who may write values sends back real frames of this very journal.
    let real = fs::read(journal(dir.path())).unwrap()[32..].to_vec();
    let puts = vec![put(b"copy", &real.repeat(3), Expect::Any)];
    store.commit(Commit { id: id(2), puts, ..Commit::default() }).await.unwrap();
    drop(store);
    let whole = fs::read(journal(dir.path())).unwrap();
    fs::write(journal(dir.path()), &whole[..whole.len() - 1]).unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    assert!(matches!(store.how_opened(), HowOpened::Rebuilt { cut, .. } if cut > 0));
    assert!(store.get(b"copy").unwrap().is_none());
}

#[tokio::test]
async fn two_stores_never_share_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let first = SledStore::open(dir.path()).unwrap();
    assert!(matches!(SledStore::open(dir.path()), Err(StoreError::Locked(_))));
    drop(first);
    let second = SledStore::open(dir.path()).unwrap();
    second.close().await.unwrap();
    assert_eq!(SledStore::open(dir.path()).unwrap().how_opened(), HowOpened::Clean);
}

#[tokio::test]
async fn a_sweep_after_reopening_takes_what_nobody_attached() {
    let dir = tempfile::tempdir().unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    let (attached, orphan) = (blob(&store, b"attached"), blob(&store, b"orphan"));
    let attach = Commit { id: id(1), attach: vec![attached], ..Commit::default() };
    store.commit(attach).await.unwrap();
    store.close().await.unwrap();
    let half = dir.path().join("tmp").join(orphan.to_string());
    fs::write(&half, b"half").unwrap();
    fs::write(dir.path().join("blobs/README"), b"not ours").unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    let lost = Commit { id: id(2), attach: vec![orphan], ..Commit::default() };
    assert!(store.commit(lost).await.unwrap_err().is_conflict(), "its writer is gone");
    let swept = store.sweep().unwrap();
    assert_eq!((swept.blobs, swept.bytes), (2, 10));
    assert!(!half.exists() && !dir.path().join("blobs").join(orphan.to_string()).exists());
    assert!(dir.path().join("blobs/README").exists());
    assert!(store.open(attached).is_ok());
}

#[tokio::test]
async fn verify_names_an_attached_blob_that_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    let blob = blob(&store, b"x");
    let attach = Commit { id: id(1), attach: vec![blob], ..Commit::default() };
    store.commit(attach).await.unwrap();
    fs::remove_file(dir.path().join("blobs").join(blob.to_string())).unwrap();
    assert!(matches!(store.verify(), Err(StoreError::BlobMissing(gone)) if gone == blob));
    assert!(matches!(Store::open(&store, blob), Err(StoreError::BlobMissing(_))));
}

#[tokio::test]
async fn nobody_else_may_read_any_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/store");
    let store = SledStore::open(&path).unwrap();
    let attach = vec![blob(&store, b"x")];
    store.commit(Commit { id: id(1), attach, ..Commit::default() }).await.unwrap();
    let _half = store.blob().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    for folder in ["tmp", "blobs"] {
        for entry in fs::read_dir(path.join(folder)).unwrap() {
            let about = entry.unwrap().metadata().unwrap();
            assert_eq!(about.permissions().mode() & 0o777, 0o600);
        }
    }
    for file in ["journal", "lock"] {
        let mode = fs::metadata(path.join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}
