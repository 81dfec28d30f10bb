//! Envelopes are gone from every folder after their time, and nothing else is.

use super::{
    tests::{COVER, ENVELOPE, SALT, day, job, put, restored, run_now, search, spoil},
    *,
};
use crate::store::{Commit, Cursor, Erase, SledStore, Store as _};

#[tokio::test]
async fn envelopes_are_gone_after_their_time_and_nothing_else_is() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SledStore::open(folder.path()).unwrap();
    put(&store, 1, ENVELOPE, (COVER, SALT)).await;
    run_now(folder.path(), to.path());
    let old = to.path();
    let before = look(old, day("2026-11-24"), 14).unwrap();
    assert_eq!((before.age, before.until, before.events), (2, day("2026-12-06"), 1));
    assert!(before.envelopes.is_some_and(|bytes| bytes > 0) && before.stale.is_empty());
    for early in ["2026-11-22", "2026-12-05"] {
        let pruned = prune(old, day(early), 14).unwrap();
        assert_eq!((pruned.removed, pruned.left), (vec![], vec![]), "{early}");
        assert_eq!(search(old, ENVELOPE).len(), 1, "{early}");
    }
    assert!(look(old, day("2026-12-06"), 14).unwrap().is_overdue(14));
    let pruned = prune(old, day("2026-12-06"), 14).unwrap();
    assert_eq!((pruned.removed.len(), pruned.kept.envelopes), (1, None));
    assert_eq!(search(old, ENVELOPE), Vec::<String>::new());
    assert_eq!((search(old, COVER).len(), search(old, SALT).len()), (1, 1));
    assert_eq!(prune(old, day("2027-01-01"), 14).unwrap().removed, Vec::<String>::new());
    let (_place, _, report) = restored(old);
    assert_eq!((report.apart_missing, report.events, report.day), (1, 1, day("2026-11-22")));
    // With newer envelopes it is whole again, and no file is copied twice.
    let again = run_now(folder.path(), old);
    assert_eq!((again.anew, again.blobs), (true, 0));
    assert!(restored(old).2.is_whole());
}

#[tokio::test]
async fn what_a_cut_off_run_left_behind_goes_with_the_next() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SledStore::open(folder.path()).unwrap();
    put(&store, 1, b"stays", (b"cover", b"salt")).await;
    run_now(folder.path(), to.path());
    let blob = BlobId::random(&mut rand::rngs::OsRng).to_string();
    let leave = || {
        spoil(to.path().join("envelopes/older"), ENVELOPE);
        spoil(to.path().join("body/older"), SALT);
        spoil(to.path().join("blobs").join(&blob), COVER);
    };
    // Killed between the manifest and the tidying: nothing in the store has changed since.
    leave();
    let report = run_now(folder.path(), to.path());
    assert_eq!((report.anew, report.left), (false, vec![]));
    for canary in [ENVELOPE, SALT, COVER] {
        assert_eq!(search(to.path(), canary), Vec::<String>::new());
    }
    leave();
    let pruned = prune(to.path(), day("2026-11-22"), 14).unwrap();
    assert_eq!(pruned.removed, ["envelopes/older", "body/older"]);
    assert_eq!(search(to.path(), ENVELOPE), Vec::<String>::new());
    assert!(restored(to.path()).2.is_whole(), "what counts is kept");
}

#[tokio::test]
async fn what_cannot_be_removed_is_named_and_the_rest_goes() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SledStore::open(folder.path()).unwrap();
    put(&store, 1, ENVELOPE, (COVER, SALT)).await;
    run_now(folder.path(), to.path());
    // A folder is no file, for whoever runs this.
    files::make_folder(&to.path().join("envelopes/stuck")).unwrap();
    let report = run_now(folder.path(), to.path());
    assert!(matches!(report.left.as_slice(), [one] if one.starts_with("envelopes/stuck: ")));
    let pruned = prune(to.path(), day("2026-12-24"), 14).unwrap();
    assert!(matches!(pruned.left.as_slice(), [one] if one.starts_with("envelopes/stuck: ")));
    assert_eq!((pruned.removed.len(), pruned.kept.stale.len()), (1, 1));
    assert_eq!(search(to.path(), ENVELOPE), Vec::<String>::new());
}

#[tokio::test]
async fn a_clock_that_went_back_removes_nothing_and_a_folder_in_use_is_left_alone() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SledStore::open(folder.path()).unwrap();
    put(&store, 1, ENVELOPE, (COVER, SALT)).await;
    run_now(folder.path(), to.path());
    let ahead = prune(to.path(), day("2026-11-01"), 14).unwrap();
    assert_eq!((ahead.kept.age, ahead.removed.len()), (-21, 0));
    let held = lock(to.path()).unwrap();
    let busy = prune(to.path(), day("2027-01-01"), 14);
    assert!(matches!(busy, Err(BackupError::InUse(_))));
    drop(held);
    assert_eq!(search(to.path(), ENVELOPE).len(), 1);
    let none = prune(folder.path(), day("2027-01-01"), 14);
    assert!(matches!(none, Err(BackupError::NotABackup(_))));
}

#[tokio::test]
async fn what_was_forgotten_is_gone_from_every_folder_after_its_days() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let other = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path()).unwrap();
    let gone = put(&store, 1, ENVELOPE, (COVER, SALT)).await;
    put(&store, 2, b"stays", (b"cover two", b"two")).await;
    run_now(folder.path(), to.path());
    run_now(folder.path(), other.path());
    let deletes = vec![b"envelope/1/reader".to_vec()];
    store.commit(Commit { id: [9; 16], deletes, ..Commit::default() }).await.unwrap();
    let erase = [Erase { cursor: Cursor(1), mark: b"mark".to_vec(), blobs: vec![gone] }];
    tokio::task::spawn_blocking(move || store.erase(&erase).unwrap()).await.unwrap();
    // One folder is brought up to date every day, the other lies in a drawer.
    for age in 1..=13 {
        let today = day("2026-11-22").plus_days(age);
        backup(&Job { today, ..job(folder.path(), to.path()) }, &mut |_| ()).unwrap();
        assert_eq!(search(to.path(), ENVELOPE), Vec::<String>::new(), "{age}");
        assert_eq!(prune(to.path(), today, 14).unwrap().removed, Vec::<String>::new(), "{age}");
        assert_eq!(prune(other.path(), today, 14).unwrap().kept.age, age);
        assert_eq!(search(other.path(), ENVELOPE).len(), 1, "{age}");
    }
    let pruned = prune(other.path(), day("2026-11-22").plus_days(14), 14).unwrap();
    assert_eq!((pruned.removed.len(), pruned.left.len()), (1, 0));
    assert_eq!(search(other.path(), ENVELOPE), Vec::<String>::new());
    assert!(
        look(to.path(), day("2026-12-06"), 14).unwrap().envelopes.is_some(),
        "a young one stays"
    );
}
