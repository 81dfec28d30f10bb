//! A bad server room: two servers, a disk that is not there, copies of a running store, errors of the disk.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use sandyk::store::{Commit, Cursor, HowOpened, SledStore, Store, StoreError};

use crate::{
    contract::{blob, id, simple},
    processes::{check_all, child},
};

/// Commits with a blob each, from `first` to `last`.
async fn fill(store: &SledStore, first: u64, last: u64) {
    for n in first..=last {
        let attach = vec![blob(store, b"bytes")];
        store.commit(Commit { attach, ..simple(n) }).await.unwrap();
    }
}

#[tokio::test]
async fn a_second_server_is_refused_though_somebody_tidied_the_lock_away() {
    let dir = tempfile::tempdir().unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    fill(&store, 1, 3).await;
    for _ in 0..2 {
        fs::remove_file(dir.path().join("lock")).unwrap();
        let second = SledStore::open(dir.path());
        assert!(matches!(second, Err(StoreError::Locked(_))));
    }
    fill(&store, 4, 6).await;
    store.close().await.unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    assert_eq!((store.how_opened(), store.head()), (HowOpened::Clean, Cursor(6)));
}

#[tokio::test]
async fn a_store_without_any_of_its_files_is_not_served() {
    let dir = tempfile::tempdir().unwrap();
    let (blobs, away) = (dir.path().join("blobs"), dir.path().join("unmounted"));
    let gone = || matches!(SledStore::open(dir.path()), Err(StoreError::BlobsGone(_)));
    let store = SledStore::open(dir.path()).unwrap();
    store.commit(simple(1)).await.unwrap();
    store.close().await.unwrap();
    assert!(!gone(), "a store to which no file belongs needs none");
    let store = SledStore::open(dir.path()).unwrap();
    fill(&store, 2, 4).await;
    store.close().await.unwrap();
    fs::rename(&blobs, &away).unwrap();
    assert!(gone(), "no folder");
    assert!(gone(), "an empty one, as under a disk that is not mounted");
    fs::write(blobs.join("lost"), "").unwrap();
    let without = SledStore::open(dir.path()).unwrap();
    assert_eq!(without.head(), Cursor(4), "somebody has said that they are lost");
    drop(without);
    fs::remove_dir_all(&blobs).unwrap();
    fs::rename(&away, &blobs).unwrap();
    SledStore::open(dir.path()).unwrap().verify().unwrap();
}

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

/// Whoever copies a running store with `cp` gets files of different moments.
#[tokio::test]
async fn a_copy_of_files_of_different_moments_shows_what_its_journal_says() {
    let places = tempfile::tempdir().unwrap();
    let at = |name: &str| places.path().join(name);
    let store = SledStore::open(&at("store")).unwrap();
    fill(&store, 1, 9).await;
    store.close().await.unwrap();
    copy(&at("store"), &at("before"));
    let store = SledStore::open(&at("store")).unwrap();
    copy(&at("store"), &at("open"));
    let deletes = vec![b"k/00000003".to_vec()];
    store.commit(Commit { id: id(99_990), deletes, ..Commit::default() }).await.unwrap();
    let store = Arc::new(store);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 10..=5_000 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.commit(simple(n)).await.unwrap() });
    }
    tasks.join_all().await;
    copy(&at("store"), &at("running"));
    drop(store);
    // The marker and the journal of the quiet store, everything else of a later moment.
    for later in ["open", "running"] {
        let mixed = at(&format!("mixed-{later}"));
        copy(&at(later), &mixed);
        fs::copy(at("before").join("journal"), mixed.join("journal")).unwrap();
        fs::copy(at("before").join("clean"), mixed.join("clean")).unwrap();
        let opened = SledStore::open(&mixed).unwrap();
        assert!(matches!(opened.how_opened(), HowOpened::Rebuilt { .. }), "{later}");
        assert_eq!(opened.head(), Cursor(9));
        assert_eq!(opened.scan(b"k/", None, 99).unwrap().len(), 9, "{later}");
        opened.verify().unwrap();
    }
    // The journal of a later moment, the index and marker of the quiet store.
    let mixed = at("mixed-before");
    copy(&at("running"), &mixed);
    fs::remove_dir_all(mixed.join("index")).unwrap();
    copy(&at("before").join("index"), &mixed.join("index"));
    fs::copy(at("before").join("clean"), mixed.join("clean")).unwrap();
    let opened = SledStore::open(&mixed).unwrap();
    assert!(matches!(opened.how_opened(), HowOpened::Rebuilt { .. }));
    assert_eq!(
        (opened.head(), opened.get(b"k/00000003").unwrap().is_none()),
        (Cursor(5_000), true)
    );
    opened.verify().unwrap();
}

/// The disk says EIO to one sync, whichever it is.
#[test]
fn a_sync_that_fails_acknowledges_nothing_and_loses_nothing() {
    if !Command::new("strace").arg("-V").output().is_ok_and(|out| out.status.success()) {
        eprintln!("SKIPPED: no strace here, so no sync was made to fail");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<u64> = Vec::new();
    for (call, when) in
        [("fdatasync", 3), ("fdatasync", 40), ("fsync", 12), ("fdatasync", 111), ("pwrite64", 30)]
    {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e"]);
        command.arg(format!("inject={call}:error=EIO:when={when}"));
        command.arg(std::env::current_exe().unwrap()).stderr(Stdio::null());
        let mut child = child(command, "commit until it breaks", dir.path());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let before = acknowledged.len();
        let told = lines
            .filter_map(|line| Some(line.strip_prefix("acknowledged ")?.parse::<u64>().unwrap()));
        acknowledged.extend(told);
        assert!(child.wait().unwrap().success(), "{call} {when}");
        let store = SledStore::open(dir.path()).unwrap();
        check_all(&store, &acknowledged);
        eprintln!("{call} {when}: {} acknowledged before it failed", acknowledged.len() - before);
    }
    assert!(acknowledged.len() > 20, "{}", acknowledged.len());
}
