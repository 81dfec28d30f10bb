//! The bytes of a store are those of `docs/format/store.md`.

use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

use data_encoding::HEXLOWER;
use sandyk::{
    digest::Digest,
    id::BlobId,
    store::{Commit, Cursor, Expect, HowOpened, NewEvent, SledStore, Store as _, WhyRebuilt},
};

use crate::contract::{blob, put};

/// The bytes between the fences, without what stands behind a semicolon.
fn documented() -> Vec<u8> {
    let page = fs::read_to_string("docs/format/store.md").unwrap();
    let (_, rest) = page.split_once("```hex\n").unwrap();
    let (block, _) = rest.split_once("```").unwrap();
    let bytes = block.lines().map(|line| line.split(';').next().unwrap());
    bytes
        .flat_map(str::split_whitespace)
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

#[tokio::test]
async fn the_journal_has_the_bytes_of_the_format() {
    let wanted = documented();
    let dir = tempfile::tempdir().unwrap();
    // Its store id stands in the page, and a blob's id is the name of the first file in the pool.
    fs::write(dir.path().join("journal"), &wanted[..32]).unwrap();
    fs::create_dir(dir.path().join("pool")).unwrap();
    let none = BlobId::from_bytes([0; 16]);
    let pooled = File::create(dir.path().join("pool").join(none.to_string())).unwrap();
    // 1970-01-05 was a Monday.
    let monday = 4 * 24 * 3600;
    pooled.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(monday)).unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    store.level_times(i64::try_from(monday).unwrap() + 5).unwrap();
    assert_eq!(blob(&store, b"content"), none);

    let all = Commit {
        id: [1; 16],
        puts: vec![put(b"key", b"value", Expect::Any)],
        deletes: vec![b"d".to_vec()],
        attach: vec![none],
        event: Some(NewEvent { leaf: Digest::from_bytes([9; 32]), payload: b"pay".to_vec() }),
    };
    store.commit(all).await.unwrap();
    store.commit(Commit { id: [2; 16], ..Commit::default() }).await.unwrap();
    store.close().await.unwrap();
    let written = fs::read(dir.path().join("journal")).unwrap();
    let differs = written.iter().zip(&wanted).position(|(one, other)| one != other);
    assert!(written == wanted, "first at {differs:?}: {written:02x?}");
}

/// The first index had a row of sled for each record, commit id and blob, 64 events to a row, and a state
/// of 40 bytes. Made here as that code made it, but that every place in it is wrong: who believed it would
/// be seen to.
#[tokio::test]
async fn an_index_of_the_first_kind_is_made_anew_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    for n in 1..=70_u8 {
        let event = NewEvent { leaf: Digest::from_bytes([n; 32]), payload: vec![n; 40] };
        let change = Commit {
            id: [n; 16],
            puts: vec![put(&[b'k', n], &[n; 20], Expect::Absent)],
            attach: vec![blob(&store, &[n; 30])],
            event: Some(event),
            ..Commit::default()
        };
        store.commit(change).await.unwrap();
    }
    let before = store.changes(Cursor(0), 100).unwrap();
    store.close().await.unwrap();
    let marker = fs::read_to_string(dir.path().join("clean")).unwrap();
    let marker: serde_json::Value = serde_json::from_str(&marker).unwrap();
    let id = marker["store"].as_str().unwrap();
    let folder = dir.path().join("index").join(id);
    fs::remove_dir_all(&folder).unwrap();

    let old = sled::Config::new().path(&folder).flush_every_ms(None).open().unwrap();
    let [keys, events, commits, blobs] =
        ["keys", "events", "commits", "blobs"].map(|tree| old.open_tree(tree).unwrap());
    for n in 1..=70_u8 {
        let version = u64::from(n).to_be_bytes();
        keys.insert([b'k', n], [&version[..], &[0; 16]].concat()).unwrap();
        commits.insert([n; 16], &version).unwrap();
    }
    for first in [1_u64, 65] {
        events.insert(first.to_be_bytes(), vec![0; 64 * 48]).unwrap();
    }
    let store_id = HEXLOWER.decode(id.as_bytes()).unwrap();
    let numbers = [70, 70, marker["journal"].as_u64().unwrap()].map(u64::to_be_bytes);
    old.insert("state", [&store_id[..], numbers.as_flattened()].concat()).unwrap();
    drop((keys, events, commits, blobs));
    old.flush().unwrap();
    drop(old);

    let store = SledStore::open(dir.path()).unwrap();
    let rebuilt = HowOpened::Rebuilt { why: WhyRebuilt::BadIndex, cut: 0 };
    assert_eq!(store.how_opened(), rebuilt, "the clean marker fits, the index does not");
    assert!(store.changes(Cursor(0), 100).unwrap() == before);
    for n in 1..=70_u8 {
        assert_eq!(store.get(&[b'k', n]).unwrap().unwrap().value, [n; 20]);
    }
    store.close().await.unwrap();
    assert_eq!(SledStore::open(dir.path()).unwrap().how_opened(), HowOpened::Clean);
}
