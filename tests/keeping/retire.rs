//! What is left of a retired reader in the files of a real store.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use sandyk::{
    digest::Digest,
    ledger::feed::{FeedItem, FeedKind},
    store::{Commit, Expect, Put, SledStore, Store as _},
    wire::outbox::CasebookKeyId,
};

use crate::{
    forget::{House, search},
    office::{commit, noise, put_testimony},
};

const STAYS: usize = 1;
const GONE: usize = 2;

/// Writes an envelope over what is there; gives its bytes.
async fn envelope(store: &SledStore, key: String) -> Vec<u8> {
    let value = noise(1900);
    let put = Put { key: key.into_bytes(), value: value.clone(), expect: Expect::Any };
    let id = noise(16).try_into().unwrap();
    store.commit(Commit { id, puts: vec![put], ..Commit::default() }).await.unwrap();
    value
}

/// Puts a casebook key into the feed; gives its id.
async fn casebook_key(store: &SledStore) -> String {
    let id = CasebookKeyId::random(&mut rand::rngs::OsRng).to_string();
    let item = FeedItem {
        kind: FeedKind::CasebookKey,
        id: id.clone(),
        salt: HEXLOWER.encode(&noise(32)),
        content: Digest::of(b"a casebook key"),
        week: None,
        epoch: 1,
        parts: Vec::new(),
    };
    commit(store, &item, Vec::new()).await;
    id
}

/// Its beginning, middle and end: a part that is left is found too.
fn needles(envelope: &[u8]) -> [Vec<u8>; 3] {
    let end = envelope.len();
    [&envelope[..48], &envelope[end / 2..end / 2 + 48], &envelope[end - 48..]].map(<[u8]>::to_vec)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_of_the_store_holds_an_envelope_of_who_was_retired() {
    let house = House::open().await;
    let members = &house.office.members;
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SledStore::open(folder.path()).unwrap());
    let (mut gone, mut stay) = (Vec::new(), Vec::new());
    let mut keys = Vec::new();
    for _ in 0..25 {
        let (id, _) = put_testimony(&*store, members, 300, 1024).await;
        keys.push(format!("envelope/{id}/{}/", members[GONE].id));
        for part in ["account", "identity"] {
            let place = |member: usize| format!("envelope/{id}/{}/{part}", members[member].id);
            gone.extend(needles(&envelope(&store, place(GONE)).await));
            stay.extend(needles(&envelope(&store, place(STAYS)).await));
        }
    }
    let key = casebook_key(&store).await;
    let place = format!("envelope/{key}/{}/casebook-key", members[GONE].id);
    gone.extend(needles(&envelope(&store, place).await));
    // As the intake wrote them at first, before they were written over.
    gone.push(format!("identity for {}", members[GONE].id).into_bytes());
    gone.extend(keys.into_iter().map(String::into_bytes));
    assert!(!search(folder.path(), &gone).is_empty(), "the search finds what is there");
    let desk = house.desk(&store);
    assert_eq!(desk.drop_retired().await.unwrap().envelopes, 0, "nobody is gone");
    drop(desk);

    let mut next = house.office.next_keyring();
    next.readers.retain(|reader| reader.id != members[GONE].id);
    let devices: Vec<_> = [0, STAYS].map(|n| &members[n].public).into();
    house.office.publish(&next, &devices);
    let desk = house.desk(&store);
    let first = desk.drop_retired().await.unwrap();
    assert_eq!((first.envelopes, first.readers.len()), (51, 0), "the next round takes the bytes");
    assert!(!search(folder.path(), &gone).is_empty(), "until then they are in the journal");
    let last = desk.drop_retired().await.unwrap();
    assert_eq!((last.envelopes, last.readers), (0, vec![members[GONE].id]));
    assert_eq!(search(folder.path(), &gone), Vec::<String>::new());
    drop(desk);

    let store = Arc::into_inner(store).unwrap();
    store.verify().unwrap();
    store.close().await.unwrap();
    assert_eq!(search(folder.path(), &gone), Vec::<String>::new());
    let store = SledStore::open(folder.path()).unwrap();
    assert_eq!(store.scan(b"envelope/", None, usize::MAX).unwrap().len(), 25 * 3, "the others'");
    store.close().await.unwrap();
    assert_eq!(search(folder.path(), &gone), Vec::<String>::new());
    for needle in stay {
        assert!(!search(folder.path(), &[needle]).is_empty(), "nothing of the others was touched");
    }
}
