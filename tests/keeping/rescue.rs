//! What can be copied out of a store that does not open any more.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use sandyk::{
    ledger::feed::FeedItem,
    store::{Cursor, SledStore, Store as _},
};
use serde_json::Value;
use walkdir::{DirEntry, WalkDir};

use super::commands::{Kept, answer, flip};

/// Names of all files below a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| !entry.file_type().is_dir());
    let name =
        |entry: DirEntry| entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
    files.map(name).collect()
}

fn rescue(store: &Path, to: &Path) -> (i32, Value) {
    answer(&["rescue".as_ref(), "--store".as_ref(), store, "--to".as_ref(), to])
}

#[tokio::test]
async fn a_rescue_copies_all_that_is_left_of_a_store_that_does_not_open() {
    let kept = Kept::open().await;
    let (store, to) = (kept.at("store"), |n: u8| kept.at(&format!("rescued-{n}")));
    let (code, all) = rescue(&store, &to(1));
    assert_eq!((code, &all["events"], &all["testimonies"]), (0, &3.into(), &3.into()), "{all}");
    let whole = names(&to(1));
    // Each testimony: a line of the feed, four parts, an envelope for the reviewer, two for the guardian.
    assert_eq!(whole.len(), 3 * 8, "{whole:?}");
    // A bit of the second event, and a file of the last: two things are lost, and nothing else.
    let events = SledStore::open(&store).unwrap().changes(Cursor(0), 9).unwrap();
    let items: Vec<FeedItem> =
        events.iter().map(|event| serde_json::from_slice(&event.payload).unwrap()).collect();
    let journal = fs::read(store.join("journal")).unwrap();
    let second = items[1].id.as_bytes();
    let at = journal.windows(second.len()).position(|bytes| bytes == second).unwrap();
    flip(&store.join("journal"), |_| at);
    let account = items[2].parts.iter().find(|part| part.name == "account").unwrap();
    flip(&store.join(format!("blobs/{}", account.blob)), |bytes| bytes / 2);
    assert!(SledStore::open(&store).is_err(), "a server does not start on it");
    let contents = |name: String| (fs::read(store.join(&name)).unwrap(), name);
    let before: Vec<_> = names(&store).into_iter().map(contents).collect();
    let (code, left) = rescue(&store, &to(2));
    assert_eq!((code, &left["events"], &left["testimonies"]), (1, &2.into(), &1.into()), "{left}");
    let lost = format!("testimonies/{}/account.age", items[2].id);
    assert_eq!(left["damaged"], serde_json::json!([lost]));
    assert_eq!((&left["lost"][0]["changes"], &left["lost"][0]["events"]), (&1.into(), &1.into()));
    let expected = whole.iter().filter(|name| {
        **name != lost && !name.contains(&items[1].id) && !name.ends_with("0002.json")
    });
    assert_eq!(names(&to(2)), expected.cloned().collect::<Vec<_>>());
    for name in names(&to(2)) {
        assert!(fs::read(to(1).join(&name)).unwrap() == fs::read(to(2).join(&name)).unwrap());
        assert_eq!(to(2).join(name).metadata().unwrap().permissions().mode() & 0o077, 0);
    }
    let after: Vec<_> = before.iter().map(|(_, name)| name.clone()).collect();
    assert_eq!(names(&store), after, "the store is as it was");
    assert!(before.iter().all(|(bytes, name)| *bytes == fs::read(store.join(name)).unwrap()));
    // What is there already is not touched, and a server that runs is not disturbed.
    assert_eq!(rescue(&store, &to(2)).0, 3);
    let kept = Kept::open().await;
    let _running = SledStore::open(&kept.at("store")).unwrap();
    assert_eq!(rescue(&kept.at("store"), &to(3)).0, 1);
    assert!(!to(3).exists());
}
