//! From an order to everybody's workspace, and all the ways in which that must not go.

#[path = "house.rs"]
mod house;

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use ed25519_dalek::SigningKey;
use rand::rngs::OsRng;
use sandyk::{
    clock::{Clock, SystemClock},
    desk::Desk,
    forget::{Mark, Objection, Order, Reason, SignedObjection, SignedOrder, done_id},
    id::{EntryId, TestimonyId},
    keyring::Role,
    ledger::{
        LedgerKey,
        feed::{FeedItem, FeedKind},
    },
    note::KeyName,
    secret::Secret,
    store::{Cursor, Erase, Event, SledStore, Store},
    sync::{self, Alarm, Report, SyncError},
    wire::outbox::{Answer, ForgetNote, Outbox, PushId},
};
use walkdir::{DirEntry, WalkDir};

pub(crate) use self::house::House;
use crate::office::{Office, commit, noise, put_testimony, write};

pub(crate) const ROLES: [Role; 3] = [Role::Reviewer, Role::Guardian, Role::Guardian];

pub(crate) fn event_of(store: &impl Store, testimony: TestimonyId) -> Event {
    let id = testimony.to_string();
    let is = |event: &Event| String::from_utf8_lossy(&event.payload).contains(&id);
    store.changes(Cursor(0), usize::MAX).unwrap().into_iter().find(is).unwrap()
}

/// Files below `folder` that hold any of `needles`.
pub(crate) fn search(folder: &Path, needles: &[Vec<u8>]) -> Vec<String> {
    let files =
        WalkDir::new(folder).into_iter().map(Result::unwrap).filter(|e| e.file_type().is_file());
    let holds = |entry: &DirEntry| {
        let bytes = fs::read(entry.path()).unwrap();
        needles.iter().any(|needle| bytes.windows(needle.len()).any(|w| w == needle))
    };
    files.filter(holds).map(|entry| entry.path().display().to_string()).collect()
}

/// The salt of a testimony's leaf as it stands in files.
pub(crate) fn salt_of(event: &Event) -> Vec<u8> {
    serde_json::from_slice::<FeedItem>(&event.payload).unwrap().salt.into_bytes()
}

fn forgotten(error: &SyncError) -> &'static str {
    let SyncError::Alarm(Alarm::Forgotten { why, .. }) = error else { panic!("{error}") };
    why
}

#[tokio::test(flavor = "multi_thread")]
async fn two_guardians_have_a_testimony_forgotten_everywhere_after_its_time() {
    let house = House::open().await;
    let (first, _) = house.office.testimony(300).await;
    let (gone, exhibits) = house.office.testimony(5000).await;
    house.sync(0).await.unwrap();
    let event = event_of(&*house.office.store, gone);
    let part = |name: &str| house.office.read(0, &format!("testimonies/{gone}/{name}.age"));
    let mut needles: Vec<_> = ["cover", "account", "identity"].map(part).into();
    needles.extend([exhibits, salt_of(&event)]);
    let workspace = house.office.members[0].workspace.clone();
    assert!(search(&workspace, &needles).len() >= 5, "the search finds what is there");
    house.ordered(gone).await;
    assert_eq!(house.sync(0).await.unwrap().orders, 1, "every reader sees the order");
    for day in 0..=3 {
        house.day(day);
        assert_eq!(house.carry_out().await, 0, "day {day}");
    }
    assert_eq!(house.sync(0).await.unwrap().forgotten, 0);
    house.day(4);
    assert_eq!((house.carry_out().await, house.carry_out().await), (1, 0));
    let report = house.sync(0).await.unwrap();
    assert_eq!((report.forgotten, report.feed, report.exhibits_missing), (1, 4, 0));
    assert_eq!(search(&workspace, &needles), Vec::<String>::new());
    assert!(workspace.join(format!("testimonies/{first}/exhibits.age")).exists());
    // The tree still verifies, here and for who comes later and never had it.
    assert_eq!(house.sync(0).await.unwrap().forgotten, 0);
    let late = house.sync(2).await.unwrap();
    assert_eq!((late.testimonies, late.forgotten, late.feed, late.exhibits), (1, 1, 4, 1));
    let lines = |member| fs::read(house.office.file(member, "feed.jsonl")).unwrap();
    assert!(lines(0) == lines(2), "both hold the same mark");
    let kept = event_of(&*house.office.store, gone);
    assert_eq!((kept.leaf, kept.cursor), (event.leaf, event.cursor));
    let envelopes = format!("envelope/{gone}/");
    assert!(house.office.store.scan(envelopes.as_bytes(), None, 9).unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_guardian_objects_and_nothing_is_forgotten() {
    let house = House::open().await;
    let (kept, _) = house.office.testimony(300).await;
    let order = house.ordered(kept).await;
    let objection = house.objection(order.order(), 2);
    house.hand_in(2, &objection.objection().id().to_string(), &objection.to_text());
    house.day(3);
    assert_eq!(house.sync(2).await.unwrap().sent, 1);
    house.day(9);
    assert_eq!(house.carry_out().await, 0);
    let report = house.sync(0).await.unwrap();
    assert_eq!((report.orders, report.objections, report.forgotten), (1, 1, 0));
    assert!(house.office.file(0, &format!("testimonies/{kept}/cover.age")).exists());
    // The same order again is known, and stays stopped.
    house.hand_in(0, &order.order().id().to_string(), &order.to_text());
    house.sync(0).await.unwrap();
    house.day(20);
    assert_eq!(house.carry_out().await, 0);
}

/// What the desk answers to one note.
async fn answer(house: &House, id: &str, note: &str) -> Result<String, String> {
    let id: EntryId = id.parse().unwrap();
    let note = ForgetNote { id, note: note.to_owned() };
    let outbox = Outbox { forget: vec![note], ..Outbox::empty(PushId::random(&mut OsRng)) };
    let desk = house.desk(&house.office.store);
    let Answer { accepted, mut refused } =
        desk.take_in(&outbox.to_body().unwrap(), &mut OsRng).await.unwrap();
    match refused.pop() {
        Some(refusal) => Err(refusal.error),
        None => Ok(accepted[0].clone()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_alone_destroys_nothing() {
    let house = House::open().await;
    let (kept, _) = house.office.testimony(300).await;
    let (other, _) = house.office.testimony(300).await;
    let store = &*house.office.store;
    let good = house.order(store, kept);
    let device = SigningKey::from_bytes(&[5; 32]);
    let mut by_device = house.signed(good.clone(), &[]);
    for member in [1, 2] {
        by_device.sign_as_guardian(house.office.members[member].id, &device).unwrap();
    }
    let mut by_roots = house.signed(good.clone(), &[1]);
    for (named, key) in &house.office.roots {
        by_roots.note().sign(&named.name, key);
    }
    let mut stuffed = house.signed(good.clone(), &[1, 2]);
    stuffed.note().sign(&KeyName::parse("me-too").unwrap(), &device);
    let stale = Order { day: good.day.plus_days(-31), ..good.clone() };
    let early = Order { day: good.day.plus_days(2), ..good.clone() };
    let swapped = Order { leaf: house.order(store, other).leaf, ..good.clone() };
    let unknown = Order { testimony: TestimonyId::from_bytes([1; 16]), ..good.clone() };
    let cases = [
        (by_device, "order-invalid"),
        (house.signed(good.clone(), &[1]), "order-invalid"),
        (house.signed(good.clone(), &[0, 1]), "order-invalid"),
        (by_roots, "order-invalid"),
        (stuffed, "order-invalid"),
        (house.signed(stale, &[1, 2]), "order-stale"),
        (house.signed(early, &[1, 2]), "order-stale"),
        (house.signed(swapped, &[1, 2]), "order-unknown"),
        (house.signed(unknown, &[1, 2]), "order-unknown"),
    ];
    for (n, (order, code)) in cases.into_iter().enumerate() {
        let id = order.order().id().to_string();
        assert_eq!(answer(&house, &id, &order.to_text()).await, Err(code.to_owned()), "{n}");
    }
    let whole = house.signed(good.clone(), &[1, 2]);
    let foreign = EntryId::from_bytes([9; 16]).to_string();
    let renamed = answer(&house, &foreign, &whole.to_text()).await;
    assert_eq!(renamed, Err("order-invalid".to_owned()));
    let objection = house.objection(&good, 1);
    let id = objection.objection().id().to_string();
    let before = answer(&house, &id, &objection.to_text()).await;
    assert_eq!(before, Err("order-unknown".to_owned()), "there is no order yet");
    assert_eq!(store.head(), Cursor(2), "nothing of all this is in the feed");
    house.day(40);
    assert_eq!(house.carry_out().await, 0);
    assert!(store.scan(b"forget", None, 9).unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_guardian_any_more_when_the_time_comes_has_nothing_forgotten() {
    let house = House::open().await;
    let (kept, _) = house.office.testimony(300).await;
    house.ordered(kept).await;
    let mut next = house.office.next_keyring();
    next.readers.remove(2);
    let devices: Vec<_> = house.office.members[..2].iter().map(|m| &m.public).collect();
    house.office.publish(&next, &devices);
    house.day(9);
    assert_eq!((house.carry_out().await, house.carry_out().await), (0, 0));
    house.sync(0).await.unwrap();
    assert!(house.office.file(0, &format!("testimonies/{kept}/cover.age")).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_cannot_fake_a_mark_that_readers_accept() {
    let house = House::open().await;
    let (kept, _) = house.office.testimony(300).await;
    house.sync(0).await.unwrap();
    let store = &*house.office.store;
    let before = house.office.everything(0);
    // It says that something was carried out which nobody ordered.
    let order = house.order(store, kept);
    let done = |order: &Order| FeedItem {
        kind: FeedKind::ForgetDone,
        id: done_id(order.id()).to_string(),
        salt: data_encoding::HEXLOWER.encode(&noise(32)),
        content: order.digest(),
        week: None,
        epoch: 1,
        parts: Vec::new(),
    };
    commit(store, &done(&order), Vec::new()).await;
    assert_eq!(forgotten(&house.sync(0).await.unwrap_err()), "nobody ordered it");
    assert!(house.office.everything(0) == before, "everything stays");
    // To who comes later it shows a hole, with a mark of its own making or a half signed one.
    let cursor = event_of(store, kept).cursor;
    for members in [&[][..], &[1][..], &[0, 1][..]] {
        let mut signed = house.signed(order.clone(), members);
        signed.note().sign(&KeyName::parse("me").unwrap(), &SigningKey::from_bytes(&[5; 32]));
        let mark = serde_json::to_vec(&Mark::of(&signed, 1)).unwrap();
        store.erase(&[Erase { cursor, mark, blobs: Vec::new() }]).unwrap();
        let why = forgotten(&house.sync(2).await.unwrap_err());
        assert_eq!(why, "its order is not signed by those who may give one", "{members:?}");
    }
    // Even a true order does, if it is kept from the feed where all would see it.
    let secret = house.signed(order, &[1, 2]);
    let mark = serde_json::to_vec(&Mark::of(&secret, 1)).unwrap();
    store.erase(&[Erase { cursor, mark, blobs: Vec::new() }]).unwrap();
    assert_eq!(forgotten(&house.sync(2).await.unwrap_err()), "nobody ordered it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_in_haste_or_against_an_objection_destroys_its_own_copy_only() {
    let house = House::open().await;
    let (gone, _) = house.office.testimony(300).await;
    house.sync(0).await.unwrap();
    let order = house.ordered(gone).await;
    // Its clock runs ahead; the readers' clocks do not.
    house.day(4);
    assert_eq!(house.carry_out().await, 1);
    house.day(1);
    house.office.set_clock(house.clock.clone());
    let report = house.sync(0).await.unwrap();
    assert_eq!((report.forgotten, report.exhibits_missing), (0, 0));
    assert!(house.office.file(0, &format!("testimonies/{gone}/cover.age")).exists());
    house.day(4);
    assert_eq!(house.sync(0).await.unwrap().forgotten, 1);
    assert!(!house.office.file(0, &format!("testimonies/{gone}")).exists());
    // A guardian objects elsewhere, and the server says done all the same.
    let other = House::open().await;
    let (kept, _) = other.office.testimony(300).await;
    other.sync(0).await.unwrap();
    let order_of_kept = other.ordered(kept).await;
    let objection = other.objection(order_of_kept.order(), 2);
    other.hand_in(2, &objection.objection().id().to_string(), &objection.to_text());
    other.sync(2).await.unwrap();
    let done = FeedItem {
        kind: FeedKind::ForgetDone,
        id: done_id(order_of_kept.order().id()).to_string(),
        salt: data_encoding::HEXLOWER.encode(&noise(32)),
        content: order_of_kept.order().digest(),
        week: None,
        epoch: 1,
        parts: Vec::new(),
    };
    commit(&*other.office.store, &done, Vec::new()).await;
    other.day(9);
    assert_eq!(forgotten(&other.sync(0).await.unwrap_err()), "a guardian had objected");
    assert!(other.office.file(0, &format!("testimonies/{kept}/cover.age")).exists());
    assert_ne!(order.order().id(), order_of_kept.order().id());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forgotten_is_in_no_file_of_the_store() {
    let house = House::open().await;
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SledStore::open(folder.path()).unwrap());
    put_testimony(&*store, &house.office.members, 300, 1024).await;
    let (gone, exhibits) = put_testimony(&*store, &house.office.members, 9000, 1024).await;
    let event = event_of(&*store, gone);
    let item: FeedItem = serde_json::from_slice(&event.payload).unwrap();
    let blob = |name: &str| {
        let part = item.parts.iter().find(|part| part.name == name).unwrap();
        fs::read(folder.path().join(format!("blobs/{}", part.blob))).unwrap()
    };
    let mut needles: Vec<_> = ["cover", "account", "identity"].map(blob).into();
    let envelopes = store.scan(format!("envelope/{gone}/").as_bytes(), None, 99).unwrap();
    assert_eq!(envelopes.len(), 5, "one for each reader, one more for each guardian");
    needles.extend(envelopes.into_iter().map(|(key, _)| key));
    needles.extend([exhibits, salt_of(&event)]);
    assert!(search(folder.path(), &needles).len() >= 5, "the search finds what is there");
    let signed = house.signed(house.order(&*store, gone), &[1, 2]);
    let id: EntryId = signed.order().id().to_string().parse().unwrap();
    let note = ForgetNote { id, note: signed.to_text() };
    let outbox = Outbox { forget: vec![note], ..Outbox::empty(PushId::random(&mut OsRng)) };
    let desk = house.desk(&store);
    let answer = desk.take_in(&outbox.to_body().unwrap(), &mut OsRng).await.unwrap();
    assert_eq!(answer.accepted.len(), 1, "{:?}", answer.refused);
    house.day(4);
    assert_eq!(desk.carry_out().await.unwrap(), 1);
    assert_eq!(search(folder.path(), &needles), Vec::<String>::new());
    drop(desk);
    let store = Arc::into_inner(store).unwrap();
    assert_eq!(event_of(&store, gone).leaf, event.leaf);
    store.verify().unwrap();
    store.close().await.unwrap();
    assert_eq!(search(folder.path(), &needles), Vec::<String>::new());
}
