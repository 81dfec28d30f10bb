//! A real sync against a real desk over HTTP, alone and with somebody on the way who meddles.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests say what they expect by failing"
)]

mod capture;
mod office;

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::http::header;
use data_encoding::HEXLOWER;
use office::{Office, key_for, noise, put_testimony, write};
use rand::rngs::OsRng;
use sandyk::{
    clock::{Clock as _, FixedClock, SystemClock},
    digest::Digest,
    id::{EntryId, ReplyId, TestimonyId},
    store::Store as _,
    sync::{self, SyncError, Wanted},
    wire::{
        outbox::{BODY, MAX_ENTRY, Outbox},
        tape,
    },
};

#[tokio::test]
async fn two_readers_get_the_same_testimonies_and_each_their_own_envelopes() {
    let office = Office::open().await;
    let (one, exhibits) = office.testimony(200_000).await;
    let (two, _) = office.testimony(70_000).await;
    for member in [0, 1] {
        let report = office.sync(member).await.unwrap();
        assert_eq!((report.testimonies, report.exhibits, report.feed), (2, 2, 2));
        assert!(report.pinned.is_some());
        let folder = format!("testimonies/{one}");
        assert_eq!(office.read(member, &format!("{folder}/exhibits.age")), exhibits);
        for part in ["cover", "account", "identity", "envelope-account"] {
            assert!(office.file(member, &format!("testimonies/{two}/{part}.age")).exists());
        }
        let own = format!("account for {}", office.members[member].id).into_bytes();
        assert_eq!(office.read(member, &format!("{folder}/envelope-account.age")), own);
        let identity = office.file(member, &format!("{folder}/envelope-identity.age"));
        assert_eq!(identity.exists(), member == 1, "only the guardian");
        for name in ["checkpoint.note", "ledger-key.txt", "keyring/keyring-0001.note"] {
            assert!(office.file(member, name).exists(), "{name}");
        }
        let again = office.sync(member).await.unwrap();
        assert_eq!((again.came(), again.exhibits, again.feed), (0, 0, 2));
        assert_eq!(again.pinned, None);
    }
}

#[tokio::test]
async fn entries_and_keys_of_one_reader_reach_the_other_in_order() {
    let office = Office::open().await;
    let mut readers = [office.members[0].id, office.members[1].id];
    readers.sort_unstable();
    office.write_key(0, &readers);
    let entries: Vec<_> = (0..5).map(|_| office.write_entry(0, 1500)).collect();
    let report = office.sync(0).await.unwrap();
    assert_eq!((report.sent, report.entries, report.keys), (6, 5, 1));
    let report = office.sync(1).await.unwrap();
    assert_eq!((report.entries, report.keys), (5, 1));
    for member in [0, 1] {
        let own = key_for(office.members[member].id);
        assert_eq!(office.read(member, &format!("casebook/keys/{:020}.age", 1)), own);
        for (n, (_, sealed)) in entries.iter().enumerate() {
            let name = format!("casebook/entries/{:020}.age", n + 2);
            assert!(&office.read(member, &name) == sealed, "{name}");
        }
    }
    for (id, _) in &entries {
        assert!(office.file(0, &format!("outbox/sent/entries/{id}.age")).exists());
        assert!(!office.file(0, &format!("outbox/entries/{id}.age")).exists());
    }
}

#[tokio::test]
async fn every_sync_hands_in_one_outbox_of_one_size_whatever_is_in_it() {
    let office = Office::open().await;
    for entries in [0, 1, 20] {
        for _ in 0..entries {
            office.write_entry(0, 20_000);
        }
        office.seen.lock().unwrap().clear();
        office.sync(0).await.unwrap();
        let seen = office.seen.lock().unwrap();
        let pushes: Vec<_> = seen.iter().filter(|s| s.path == "/desk/v1/outbox").collect();
        assert_eq!(pushes.len(), 1, "{entries} entries");
        assert_eq!(pushes[0].body.len(), BODY, "{entries} entries");
    }
}

#[tokio::test]
async fn what_does_not_fit_goes_with_the_next_sync_and_says_so() {
    let office = Office::open().await;
    let all: Vec<_> = (0..20).map(|_| office.write_entry(0, 20_000)).collect();
    let (mut sent, mut syncs) = (0, 0);
    while sent < 20 {
        let report = office.sync(0).await.unwrap();
        sent += report.sent;
        assert_eq!(report.waiting, 20 - sent);
        syncs += 1;
    }
    assert!((2..=4).contains(&syncs), "{syncs}");
    for (n, (_, sealed)) in all.iter().enumerate() {
        assert!(&office.read(0, &format!("casebook/entries/{:020}.age", n + 1)) == sealed);
    }
    let (id, _) = office.write_entry(0, MAX_ENTRY);
    assert_eq!(office.sync(0).await.unwrap().sent, 1);
    assert!(office.file(0, &format!("outbox/sent/entries/{id}.age")).exists());
    office.write_entry(0, MAX_ENTRY + 1);
    assert!(matches!(office.sync(0).await, Err(SyncError::TooLarge(_))));
}

#[tokio::test]
async fn a_reply_goes_out_in_the_same_outbox_and_waits_until_the_desk_has_it() {
    let office = Office::open().await;
    let (id, mailbox) = (ReplyId::random(&mut OsRng), Digest::of(b"lookup"));
    let name = format!("replies/{mailbox}-{id}.age");
    let sealed = [b"age-encryption.org/v1\n".as_slice(), &noise(5_000)].concat();
    write(&office.file(0, &format!("outbox/{name}")), &sealed);
    let answered = Arc::new(AtomicBool::new(false));
    let accepts = Arc::clone(&answered);
    office.meddle(move |seen, mut answer| {
        if seen.path == "/desk/v1/outbox" {
            assert_eq!(seen.body.len(), BODY);
            let outbox = Outbox::parse(&seen.body).unwrap();
            let [reply] = outbox.replies.as_slice() else { panic!("one reply") };
            assert!((reply.id, reply.mailbox) == (id, mailbox) && reply.sealed.0 == sealed);
            let accepted =
                if accepts.load(Ordering::Relaxed) { vec![id.to_string()] } else { Vec::new() };
            let said = sandyk::wire::outbox::Answer { accepted, refused: Vec::new() };
            answer.body = serde_json::to_vec(&said).unwrap();
            answer.headers.remove("content-length");
        }
        answer.pass()
    });
    office.sync(0).await.unwrap();
    assert!(office.file(0, &format!("outbox/{name}")).exists(), "nobody said to have it");
    answered.store(true, Ordering::Relaxed);
    office.sync(0).await.unwrap();
    assert!(office.file(0, &format!("outbox/sent/{name}")).exists());
    office.leave_alone();
    // What is no age file goes nowhere, under whatever name.
    write(&office.file(0, &format!("outbox/{name}")), b"in the clear");
    assert!(matches!(office.sync(0).await, Err(SyncError::NotSealed(_))));
}

#[tokio::test]
async fn a_push_whose_answer_was_lost_is_in_the_feed_once() {
    let office = Office::open().await;
    let (id, _) = office.write_entry(0, 1000);
    office.meddle(|seen, answer| match seen.path.as_str() {
        "/desk/v1/outbox" => answer.cut(3),
        _ => answer.pass(),
    });
    assert!(matches!(office.sync(0).await, Err(SyncError::Network(_))));
    office.leave_alone();
    office.sync(0).await.unwrap();
    assert_eq!(office.store.head().0, 1);
    assert!(office.file(0, &format!("outbox/sent/entries/{id}.age")).exists());
}

#[tokio::test]
async fn a_key_for_other_readers_is_refused_and_keeps_its_entries_with_it() {
    let office = Office::open().await;
    let key = office.write_key(0, &[office.members[0].id]);
    let (entry, _) = office.write_entry(0, 1000);
    let report = office.sync(0).await.unwrap();
    let refused: Vec<_> = report.refused.iter().map(|r| r.error.as_str()).collect();
    assert_eq!(refused, ["readers-changed", "key-first"]);
    assert!(office.file(0, &format!("outbox/keys/{key}")).is_dir(), "they stay");
    assert!(office.file(0, &format!("outbox/entries/{entry}.age")).exists());
    assert_eq!((report.sent, office.store.head().0), (0, 0));
}

#[tokio::test]
async fn a_page_cut_in_the_middle_is_fetched_again() {
    let office = Office::open().await;
    for _ in 0..3 {
        office.testimony(1000).await;
    }
    let cuts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&cuts);
    office.meddle(move |seen, answer| {
        if seen.path == "/desk/v1/changes" && counted.fetch_add(1, Ordering::SeqCst) == 0 {
            let half = answer.body.len() / 2;
            return answer.cut(half);
        }
        answer.pass()
    });
    assert_eq!(office.sync(0).await.unwrap().testimonies, 3);
    assert!(cuts.load(Ordering::SeqCst) >= 2);
}

#[tokio::test]
async fn a_feed_of_many_pages_goes_on_after_the_last_whole_one() {
    let office = Office::open().await;
    for _ in 0..130 {
        office.testimony(1000).await;
    }
    let pages = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&pages);
    office.meddle(move |seen, answer| {
        if seen.path == "/desk/v1/changes" && counted.fetch_add(1, Ordering::SeqCst) >= 1 {
            return answer.cut(700);
        }
        answer.pass()
    });
    assert!(matches!(office.sync(0).await, Err(SyncError::Network(_))));
    assert_eq!(office.feed_lines(0), 64);
    office.leave_alone();
    let report = office.sync(0).await.unwrap();
    assert_eq!((report.testimonies, report.feed, report.exhibits), (66, 130, 130));
}

#[tokio::test]
async fn large_accounts_make_more_pages_and_none_over_its_limit() {
    let office = Office::open().await;
    for _ in 0..9 {
        put_testimony(&*office.store, &office.members, 100, 1 << 20).await;
    }
    assert_eq!(office.sync(0).await.unwrap().testimonies, 9);
    let seen = office.seen.lock().unwrap();
    assert_eq!(seen.iter().filter(|s| s.path == "/desk/v1/changes").count(), 3);
}

#[tokio::test]
async fn exhibits_go_on_from_the_byte_where_they_were_cut() {
    let office = Office::open().await;
    let (id, exhibits) = office.testimony(300_000).await;
    office.meddle(|seen, answer| {
        if seen.path.starts_with("/desk/v1/exhibits/") {
            let some = 100_000.min(answer.body.len() / 2);
            return answer.cut(some);
        }
        answer.pass()
    });
    let mut settings = office.settings(0);
    settings.patience.attempts = 1;
    assert!(matches!(office.sync_with(&settings).await, Err(SyncError::Network(_))));
    let part = office.read(0, &format!("testimonies/{id}/exhibits.age.part"));
    assert!(!part.is_empty() && part.len() < exhibits.len());
    office.seen.lock().unwrap().clear();
    office.leave_alone();
    assert_eq!(office.sync(0).await.unwrap().exhibits, 1);
    assert_eq!(office.read(0, &format!("testimonies/{id}/exhibits.age")), exhibits);
    let seen = office.seen.lock().unwrap();
    let ranges: Vec<_> = seen.iter().filter_map(|s| s.range.clone()).collect();
    assert_eq!(ranges, [format!("bytes={}-", part.len())]);
}

#[tokio::test]
async fn exhibits_that_rotted_on_this_machine_are_fetched_anew() {
    let office = Office::open().await;
    let (id, exhibits) = office.testimony(50_000).await;
    let settings = sync::Settings { exhibits: Wanted::None, ..office.settings(0) };
    assert_eq!(office.sync_with(&settings).await.unwrap().exhibits_missing, 1);
    write(&office.file(0, &format!("testimonies/{id}/exhibits.age.part")), &vec![0; 60_000]);
    assert_eq!(office.sync(0).await.unwrap().exhibits, 1);
    assert_eq!(office.read(0, &format!("testimonies/{id}/exhibits.age")), exhibits);
}

#[tokio::test]
async fn only_the_named_exhibits_are_fetched_when_named() {
    let office = Office::open().await;
    let (one, _) = office.testimony(1000).await;
    let (two, _) = office.testimony(1000).await;
    let these = |ids: Vec<TestimonyId>| sync::Settings {
        exhibits: Wanted::These(ids),
        ..office.settings(0)
    };
    let report = office.sync_with(&these(vec![two])).await.unwrap();
    assert_eq!((report.exhibits, report.exhibits_missing), (1, 1));
    assert!(!office.file(0, &format!("testimonies/{one}/exhibits.age")).exists());
    let stranger = TestimonyId::random(&mut OsRng);
    let refused = office.sync_with(&these(vec![stranger])).await;
    assert!(matches!(refused, Err(SyncError::NoSuchTestimony(id)) if id == stranger.to_string()));
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told_as_such() {
    let office = Office::open().await;
    for ahead in [-600, 600] {
        let clock = FixedClock(SystemClock.unix_seconds() + ahead);
        let settings = office.settings(0);
        let told = sync::run(&settings, &clock, &mut OsRng, &mut |_| ()).await.unwrap_err();
        let SyncError::Clock { ahead: found } = told else { panic!("{told}") };
        assert!((found - ahead).abs() <= 2, "{told}");
        let word = if ahead < 0 { "behind the desk's" } else { "ahead of the desk's" };
        assert!(told.to_string().contains(word), "{told}");
    }
}

#[tokio::test]
async fn a_device_that_was_taken_out_is_told_and_a_reload_takes_effect() {
    let office = Office::open().await;
    office.sync(0).await.unwrap();
    office.publish(&office.next_keyring(), &[&office.members[1].public]);
    let told = office.sync(0).await.unwrap_err();
    assert!(matches!(&told, SyncError::Refused { code, .. } if code == "unknown-device"), "{told}");
    office.sync(1).await.unwrap();
}

#[tokio::test]
async fn a_crash_at_any_place_of_the_feed_file_loses_nothing() {
    let office = Office::open().await;
    office.testimony(1000).await;
    office.sync(0).await.unwrap();
    let (feed, checkpoint) = (office.file(0, "feed.jsonl"), office.file(0, "checkpoint.note"));
    let (old_feed, old_checkpoint) = (fs::read(&feed).unwrap(), fs::read(&checkpoint).unwrap());
    office.testimony(1000).await;
    office.sync(0).await.unwrap();
    let whole = fs::read(&feed).unwrap();
    // As it lies when the power goes before, while and after the second line is written.
    for cut in [old_feed.len(), old_feed.len() + 1, whole.len() - 1, whole.len()] {
        write(&feed, &whole[..cut]);
        write(&checkpoint, &old_checkpoint);
        assert_eq!(office.sync(0).await.unwrap().feed, 2, "{cut}");
        assert!(fs::read(&feed).unwrap() == whole);
    }
    write(&feed, &old_feed);
    let told = office.sync(0).await.unwrap_err();
    assert!(matches!(told, SyncError::Damaged { .. }), "lines were lost: {told}");
}

#[tokio::test]
async fn two_syncs_at_once_in_one_workspace_are_refused() {
    let office = Office::open().await;
    let (one, two) = tokio::join!(office.sync(0), office.sync(0));
    let refused = [one, two].into_iter().filter(Result::is_err).map(Result::unwrap_err);
    assert!(refused.collect::<Vec<_>>().iter().all(|e| matches!(e, SyncError::InUse)));
}

#[tokio::test]
async fn an_event_of_an_unknown_kind_is_kept_as_it_is() {
    let office = Office::open().await;
    let (salt, id, content) = ([5; 32], noise(16), Digest::of(b"later"));
    let id = EntryId::from_bytes(id.try_into().unwrap());
    let kind = "reply";
    let leaf = sandyk::ledger::leaf_hash(&sandyk::ledger::commitment(
        &salt,
        kind,
        id.as_bytes(),
        &content,
        (1, ""),
    ));
    let item = serde_json::json!({
        "epoch": 1, "kind": kind, "id": id.to_string(), "salt": HEXLOWER.encode(&salt),
        "content": content.to_string(), "later": [1, 2],
    });
    // A later desk: the page is written by hand and signed by the same ledger key.
    let mut frontier = sandyk::ledger::Frontier::default();
    frontier.push(leaf);
    let root = frontier.root();
    office.meddle(move |seen, mut answer| {
        if seen.path != "/desk/v1/changes" {
            return answer.pass();
        }
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let name = sandyk::note::KeyName::parse("sandyk-ledger").unwrap();
        let origin = "Rehearsal".to_owned();
        let note = sandyk::ledger::Checkpoint { origin, size: 1, root }.sign(&name, &key).unwrap();
        let ledger_key = sandyk::note::NamedKey { name, key: key.verifying_key() }.to_text();
        let head = serde_json::json!({ "head": 1, "ledger_key": ledger_key });
        let mut body = Vec::new();
        let text = note.to_text();
        let mut put = |name: &str, bytes: &[u8]| tape::write_entry(&mut body, name, bytes).unwrap();
        put("checkpoint.note", text.as_bytes());
        put("head.json", head.to_string().as_bytes());
        if seen.query == format!("after={:020}", 0) {
            put("00000000000000000001/item.json", item.to_string().as_bytes());
            put("00000000000000000001/later.age", b"later");
        }
        tape::write_end(&mut body).unwrap();
        answer.headers.remove(header::CONTENT_LENGTH);
        answer.body = body;
        answer.pass()
    });
    assert_eq!(office.sync(0).await.unwrap().unknown, 1);
    assert_eq!(office.read(0, "unknown/00000000000000000001/later.age"), b"later");
    let line = fs::read_to_string(office.file(0, "feed.jsonl")).unwrap();
    assert!(line.contains("\"later\":[1,2]"), "{line}");
    assert_eq!(office.sync(0).await.unwrap().feed, 1);
}
