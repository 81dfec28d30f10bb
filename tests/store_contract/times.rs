//! What the file system tells about times, asked with statx.

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    path::Path,
    thread,
    time::{Duration, SystemTime},
};

use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
use sandyk::store::{BlobWriter, Commit, SledStore, Store as _};
use walkdir::WalkDir;

use crate::contract::{blob, event, id, simple};

/// Nanoseconds since 1970.
type Time = i128;

struct Times {
    born: Time,
    written: Time,
    changed: Time,
}

fn times(path: &Path) -> Times {
    let about = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::ALL).unwrap();
    let time = |t: rustix::fs::StatxTimestamp| {
        i128::from(t.tv_sec) * 1_000_000_000 + i128::from(t.tv_nsec)
    };
    let born =
        if about.stx_mask & StatxFlags::BTIME.bits() == 0 { 0 } else { time(about.stx_btime) };
    Times { born, written: time(about.stx_mtime), changed: time(about.stx_ctime) }
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i128::try_from(since.as_nanos()).unwrap()
}

fn seconds(time: Time) -> i64 {
    i64::try_from(time / 1_000_000_000).unwrap()
}

/// Longer than the clock of a file system stands still.
fn a_while() {
    thread::sleep(Duration::from_millis(60));
}

#[tokio::test]
async fn no_file_tells_when_a_testimony_came() {
    let dir = tempfile::tempdir().unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    let start = now();
    store.level_times(seconds(start)).unwrap();
    a_while();
    let pool_made = now();
    a_while();
    let mut blobs = Vec::new();
    for n in 1..=6 {
        let blob = blob(&store, &[7; 2_000]);
        let attach =
            Commit { id: id(n), attach: vec![blob], event: Some(event(n)), ..Commit::default() };
        store.commit(attach).await.unwrap();
        blobs.push(dir.path().join("blobs").join(blob.to_string()));
        a_while();
    }
    let last = now();
    a_while();
    // The control: until the next round, the exact time of change is there.
    assert!(blobs.iter().all(|blob| (pool_made..last).contains(&times(blob).changed)));
    store.level_times(seconds(start) + 3600).unwrap();
    a_while();

    let week = 7 * 24 * 3600 * 1_000_000_000;
    for blob in &blobs {
        let seen = times(blob);
        assert!(seen.born <= pool_made, "it was made with the others of its week");
        // 1970-01-05 was a Monday.
        assert_eq!((seen.written - 4 * 24 * 3600 * 1_000_000_000) % week, 0);
        assert!(seen.written <= start && start - seen.written < week);
        assert!(seen.changed >= last, "it was touched with all others");
    }
    let changed: Vec<Time> = blobs.iter().map(|blob| times(blob).changed).collect();
    let apart = changed.iter().max().unwrap() - changed.iter().min().unwrap();
    assert!(apart < 60_000_000, "within one round: {apart} ns");
    // Nothing at all in the folder was written or changed while testimonies came.
    for path in WalkDir::new(dir.path()).into_iter().map(|entry| entry.unwrap().into_path()) {
        let seen = times(&path);
        for time in [seen.born, seen.written, seen.changed] {
            assert!(!(pool_made..last).contains(&time), "{} tells {time}", path.display());
        }
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_pool_is_for_one_week_and_never_runs_dry() {
    let dir = tempfile::tempdir().unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    let pool = || fs::read_dir(dir.path().join("pool")).unwrap().count();
    let week = 7 * 24 * 3600;
    let today = seconds(now());
    store.level_times(today).unwrap();
    let full = pool();
    assert!(full >= 100, "{full}");
    // More than there are in the pool: more are made, again many at once.
    for n in 0..full + 5 {
        let mut writer = store.blob().unwrap();
        writer.write_all(&n.to_le_bytes()).unwrap();
        drop(writer);
    }
    assert!(pool() >= full / 2, "{}", pool());
    let before = names(&dir.path().join("pool"));
    drop(store);
    // Reopened in the same week they are used on; in the next week, others take their place.
    let store = SledStore::open(dir.path()).unwrap();
    store.level_times(today).unwrap();
    assert!(before.is_subset(&names(&dir.path().join("pool"))));
    store.level_times(today + week).unwrap();
    assert!(before.is_disjoint(&names(&dir.path().join("pool"))));
    // What lies there and is not empty was never for a new blob.
    let odd = dir.path().join("pool").join(store.blob().unwrap().id().to_string());
    fs::write(&odd, b"written").unwrap();
    store.level_times(today + 2 * week).unwrap();
    assert!(!odd.exists());
}

fn names(folder: &Path) -> BTreeSet<std::ffi::OsString> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}

#[tokio::test]
async fn a_blob_from_the_pool_is_whole_and_a_sweep_spares_the_pool() {
    let dir = tempfile::tempdir().unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    store.level_times(seconds(now())).unwrap();
    let pool = names(&dir.path().join("pool"));
    let orphan = blob(&store, b"orphan");
    assert!(pool.contains(&std::ffi::OsString::from(orphan.to_string())), "it came from the pool");
    store.commit(simple(1)).await.unwrap();
    drop(store);
    let store = SledStore::open(dir.path()).unwrap();
    assert_eq!(store.sweep().unwrap().blobs, 1);
    assert!(names(&dir.path().join("pool")).len() + 1 == pool.len());
}

/// The pool is filled anew again and again while sixteen take from it.
#[test]
fn no_two_blobs_get_the_same_file_of_the_pool() {
    let dir = tempfile::tempdir().unwrap();
    let store = SledStore::open(&dir.path().join("store")).unwrap();
    store.level_times(seconds(now())).unwrap();
    let store = &store;
    let take = || {
        let mut names = Vec::new();
        for _ in 0..40 {
            let held: Vec<_> = (0..16).map(|_| store.blob().unwrap()).collect();
            names.extend(held.iter().map(BlobWriter::id));
        }
        names
    };
    let names: Vec<_> = thread::scope(|scope| {
        let takers: Vec<_> = (0..16).map(|_| scope.spawn(take)).collect();
        takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect()
    });
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}
