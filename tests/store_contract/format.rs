//! The bytes of a store are those of `docs/format/store.md`.

use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

use sandyk::{
    digest::Digest,
    id::BlobId,
    store::{Commit, Expect, NewEvent, SledStore, Store as _},
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
