//! Backups that somebody or something spoilt, and stores that did.

use super::{
    tests::{put, restored, run_now, spoil},
    *,
};
use crate::store::{BlobWriter as _, Commit, Cursor, Erase, NewEvent, SledStore, Store as _};

/// A testimony whose event names its file; gives the file.
async fn named(store: &SledStore, n: u8, bytes: &[u8]) -> BlobId {
    let mut writer = store.blob().unwrap();
    io::Write::write_all(&mut writer, bytes).unwrap();
    let blob = writer.finish().unwrap();
    let payload = format!("part {blob} {} {}", bytes.len(), Digest::of(bytes)).into_bytes();
    let event = Some(NewEvent { leaf: Digest::of(&[n]), payload });
    let attach = vec![blob];
    store.commit(Commit { id: [n; 16], attach, event, ..Commit::default() }).await.unwrap();
    blob
}

fn only_file(folder: PathBuf) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none());
    file
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    spoil(path, &bytes);
}

#[tokio::test]
async fn what_was_spoilt_in_a_backup_is_made_anew_by_the_next_run() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SledStore::open(folder.path()).unwrap();
    let (one, two) = (named(&store, 1, b"one").await, named(&store, 2, b"two").await);
    for n in 3..6 {
        put(&store, n, b"envelope", (b"cover", b"salt")).await;
    }
    run_now(folder.path(), to.path());
    let at = |blob: BlobId| to.path().join(BLOBS).join(blob.to_string());
    fs::remove_file(at(one)).unwrap();
    spoil(at(two), b"tw");
    let report = run_now(folder.path(), to.path());
    assert_eq!((report.anew, report.blobs), (false, 2));
    assert_eq!(report.mended, [format!("blobs/{two}")]);
    for part in [BODY, APART] {
        for harm in 0..4 {
            let file = only_file(to.path().join(part));
            let bytes = fs::read(&file).unwrap();
            match harm {
                0 => flip(&file, 70),
                1 => flip(&file, bytes.len() - 1),
                2 => flip(&file, 14),
                _ => spoil(&file, &bytes[..bytes.len() - 9]),
            }
            put(&store, 10 + harm, b"envelope", (b"cover", b"salt")).await;
            let report = run_now(folder.path(), to.path());
            assert_eq!(report.mended.len(), 1, "{part} {harm}");
            assert!(report.anew && report.mended[0].starts_with(part), "{:?}", report.mended);
            let (_place, back, whole) = restored(to.path());
            assert!(whole.is_whole() && back.head() == store.head(), "{part} {harm}: {whole:?}");
        }
    }
    assert_eq!(run_now(folder.path(), to.path()).mended, Vec::<String>::new());
}

#[tokio::test]
async fn a_damaged_file_of_the_store_never_takes_the_place_of_a_good_one() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SledStore::open(folder.path()).unwrap();
    let kept = named(&store, 1, b"kept while it was whole").await;
    let gone = put(&store, 2, b"envelope", (b"cover", b"salt")).await;
    run_now(folder.path(), to.path());
    let inside = |blob: BlobId| folder.path().join(BLOBS).join(blob.to_string());
    let copied = |blob: BlobId| to.path().join(BLOBS).join(blob.to_string());
    spoil(inside(kept), b"kept while");
    let late = named(&store, 3, b"never backed up while it was whole").await;
    flip(&inside(late), 3);
    // Erasing makes another journal, of which everything is copied anew.
    let mark = b"mark".to_vec();
    let erase = vec![Erase { cursor: Cursor(2), mark, blobs: vec![gone] }];
    let store = tokio::task::spawn_blocking(move || {
        store.erase(&erase).unwrap();
        store
    });
    let store = store.await.unwrap();
    for _ in 0..2 {
        let report = run_now(folder.path(), to.path());
        assert_eq!((report.damaged, report.missing), (vec![late.to_string()], vec![]));
        assert_eq!(fs::read(copied(kept)).unwrap(), b"kept while it was whole");
        let remains = fs::read(copied(late).with_extension("damaged")).unwrap();
        assert_eq!(remains.len(), b"never backed up while it was whole".len(), "what is left");
    }
    let (place, back, report) = restored(to.path());
    assert_eq!((report.blobs_missing, back.head()), (vec![late.to_string()], Cursor(3)));
    let there = |blob: BlobId| place.path().join(BLOBS).join(blob.to_string());
    assert_eq!(fs::read(there(kept)).unwrap(), b"kept while it was whole");
    assert!(there(late).exists(), "what is left of it comes back, too");
    // Once the store has it again, the backup is whole.
    flip(&inside(late), 3);
    let report = run_now(folder.path(), to.path());
    assert_eq!((report.damaged, report.blobs), (vec![], 1));
    assert!(!copied(late).with_extension("damaged").exists());
    drop(store);
}

#[tokio::test]
async fn files_of_two_backups_are_no_backup() {
    let places: Vec<_> = (0..4).map(|_| tempfile::tempdir().unwrap()).collect();
    let [one, two, of_one, of_two] = [0, 1, 2, 3].map(|n: usize| places[n].path());
    let (first, second) = (SledStore::open(one).unwrap(), SledStore::open(two).unwrap());
    for (store, words) in [(&first, b"first one"), (&second, b"other one")] {
        put(store, 1, words, (b"cover", words)).await;
    }
    run_now(one, of_one);
    run_now(two, of_two);
    let whole = fs::read(only_file(of_one.join(APART))).unwrap();
    spoil(only_file(of_one.join(APART)), &fs::read(only_file(of_two.join(APART))).unwrap());
    let report = restore(of_one, &of_one.join("back"), &mut |_| ()).unwrap();
    assert_eq!(
        (report.apart_missing, report.events),
        (1, 1),
        "envelopes of another store are none"
    );
    spoil(only_file(of_one.join(APART)), &whole);
    spoil(only_file(of_one.join(BODY)), &fs::read(only_file(of_two.join(BODY))).unwrap());
    let mixed = restore(of_one, &of_one.join("again"), &mut |_| ());
    assert!(matches!(mixed, Err(BackupError::Mixed(_))), "{mixed:?}");
    let report = run_now(one, of_one);
    assert!(report.anew && report.mended.len() == 1, "the next run makes it whole");
    assert!(restored(of_one).2.is_whole());
}
