//! Sync against a desk that lies, and against somebody on the way who meddles.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests say what they expect by failing"
)]

#[path = "sync_attacks/addresses.rs"]
mod addresses;
mod office;

use std::{fs, sync::Arc};

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::Response,
};
use data_encoding::HEXLOWER;
use office::{Answer, Office, Seen, alarm, commit, put_testimony, write};
use sandyk::{
    digest::Digest,
    ledger::feed::{FeedItem, FeedKind},
    store::{MemoryStore, Store as _},
    sync::{self, Alarm, SyncError},
    wire::tape,
};

#[tokio::test]
async fn a_desk_that_says_it_took_a_thing_and_did_not_is_an_alarm() {
    let office = Office::open().await;
    let id = office.write_key(0, &[office.members[0].id]);
    office.meddle(move |seen, mut answer| {
        if seen.path == "/desk/v1/outbox" {
            answer.body = format!("{{\"accepted\":[\"{id}\"],\"refused\":[]}}").into_bytes();
            answer.headers.remove(header::CONTENT_LENGTH);
        }
        answer.pass()
    });
    assert_eq!(alarm(office.sync(0).await), Alarm::Withheld { id: id.to_string() });
    assert!(office.file(0, &format!("outbox/keys/{id}")).is_dir(), "it stays");
}

#[tokio::test]
async fn tampered_exhibits_are_an_alarm_and_keep_no_others_away() {
    let office = Office::open().await;
    let (bad, _) = office.testimony(50_000).await;
    let (good, exhibits) = office.testimony(50_000).await;
    office.meddle(move |seen, mut answer| {
        if seen.path.ends_with(&bad.to_string()) {
            answer.body[40] ^= 1;
        }
        answer.pass()
    });
    assert_eq!(alarm(office.sync(0).await), Alarm::Exhibits { id: bad.to_string() });
    assert!(!office.file(0, &format!("testimonies/{bad}/exhibits.age")).exists());
    assert!(office.file(0, &format!("testimonies/{bad}/exhibits.age.refused")).exists());
    assert_eq!(office.read(0, &format!("testimonies/{good}/exhibits.age")), exhibits);
}

/// A change that the meddler makes to every page of the feed.
async fn with_pages(change: impl FnMut(&mut Answer) + Send + 'static) -> Alarm {
    let office = Office::open().await;
    office.testimony(1000).await;
    office.sync(0).await.unwrap();
    office.testimony(1000).await;
    let before = office.everything(0);
    let change = std::sync::Mutex::new(change);
    office.meddle(move |seen: &Seen, mut answer: Answer| {
        if seen.path == "/desk/v1/changes" {
            (change.lock().unwrap())(&mut answer);
            answer.headers.remove(header::CONTENT_LENGTH);
        }
        answer.pass()
    });
    let found = alarm(office.sync(0).await);
    assert!(office.everything(0) == before, "the workspace is as it was");
    office.leave_alone();
    assert_eq!(office.sync(0).await.unwrap().feed, 2, "and goes on with an honest desk");
    found
}

/// Entries of a tape, changed, and written again.
fn rewrite(body: &[u8], mut change: impl FnMut(&str, &mut Vec<u8>) -> bool) -> Vec<u8> {
    let mut tape = tape::Tape::new(body);
    let mut out = Vec::new();
    while let Some((name, size)) = tape.peek().unwrap() {
        let mut bytes = tape.expect(name, size).unwrap().to_vec();
        if change(name, &mut bytes) {
            tape::write_entry(&mut out, name, &bytes).unwrap();
        }
    }
    tape::write_end(&mut out).unwrap();
    out
}

/// Where the end of a tape and its padding begin.
fn end_of_entries(body: &[u8]) -> usize {
    rewrite(body, |_, _| true).len() - 1024
}

#[tokio::test]
async fn a_tampered_part_is_an_alarm_by_its_name() {
    for part in ["cover", "account", "identity"] {
        let found = with_pages(move |answer| {
            answer.body = rewrite(&answer.body, |name, bytes| {
                if name.ends_with(&format!("/{part}.age")) {
                    bytes[0] ^= 1;
                }
                true
            });
        })
        .await;
        assert_eq!(found, Alarm::Part { cursor: 2, part: part.to_owned() });
    }
}

#[tokio::test]
async fn a_changed_or_exchanged_item_does_not_fit_the_root() {
    let found = with_pages(|answer| {
        answer.body = rewrite(&answer.body, |name, bytes| {
            if name.ends_with("item.json") {
                let mut item: FeedItem = serde_json::from_slice(bytes).unwrap();
                item.salt = HEXLOWER.encode(&[1; 32]);
                *bytes = serde_json::to_vec(&item).unwrap();
            }
            true
        });
    })
    .await;
    assert_eq!(found, Alarm::OtherRoot { size: 2 });
}

#[tokio::test]
async fn a_page_with_an_event_left_out_or_repeated_is_an_alarm() {
    let gone = with_pages(|answer| {
        answer.body = rewrite(&answer.body, |name, _| !name.starts_with("0000"));
    })
    .await;
    assert_eq!(gone, Alarm::Gap { after: 1 });
    let part = with_pages(|answer| {
        answer.body = rewrite(&answer.body, |name, _| !name.ends_with("identity.age"));
    })
    .await;
    assert_eq!(part, Alarm::Missing { cursor: 2, part: "identity".to_owned() });
}

#[tokio::test]
async fn two_readers_who_were_shown_two_histories_find_out_by_their_checkpoints() {
    let office = Office::open().await;
    office.testimony(1000).await;
    for reader in [0, 1] {
        office.sync(reader).await.unwrap();
    }
    let workspace = |reader: usize| office.members[reader].workspace.as_path();
    let note = |reader| String::from_utf8(office.read(reader, "checkpoint.note")).unwrap();
    let same = sync::compare(workspace(0), &note(1)).unwrap();
    assert_eq!(same, sync::Compared::Same { size: 1 });
    // The lie: one reader is shown a second testimony, the other one another in its place.
    office.testimony(1000).await;
    office.sync(0).await.unwrap();
    let fork = Arc::new(MemoryStore::new());
    let first = office.store.changes(sandyk::store::Cursor(0), 1).unwrap().remove(0);
    let first: FeedItem = serde_json::from_slice(&first.payload).unwrap();
    commit(fork.as_ref(), &FeedItem { parts: Vec::new(), ..first }, Vec::new()).await;
    for _ in 0..2 {
        put_testimony(fork.as_ref(), &office.members, 1000, 1000).await;
    }
    office.replace(&fork, 7);
    office
        .sync_with(&sync::Settings { exhibits: sync::Wanted::None, ..office.settings(1) })
        .await
        .unwrap();
    let before = office.everything(0);
    let split = |result: Result<_, SyncError>| match result {
        Err(SyncError::Alarm(alarm)) => alarm,
        other => panic!("no alarm but {other:?}"),
    };
    let shorter = sync::compare(workspace(1), &note(0));
    assert_eq!(split(shorter), Alarm::SplitView { size: 2 });
    let longer = sync::compare(workspace(0), &note(1)).unwrap();
    assert_eq!(longer, sync::Compared::Ahead { theirs: 3, ours: 2 });
    let by_voice = |reader| sync::view(workspace(reader), Some(2)).unwrap().root.spoken();
    assert_ne!(by_voice(0), by_voice(1), "and by voice");
    let one = |reader| sync::view(workspace(reader), Some(1)).unwrap();
    assert_eq!(one(0).root, one(1).root);
    let too_few = sync::view(workspace(0), Some(9));
    assert!(matches!(too_few, Err(SyncError::TooFew { held: 2, asked: 9 })));
    assert!(office.everything(0) == before, "comparing changes nothing");
    office.replace(&office.store, 8);
    let stranger = Office::open().await;
    stranger.replace(&stranger.store, 8);
    stranger.testimony(1000).await;
    stranger.sync(0).await.unwrap();
    let note = String::from_utf8(stranger.read(0, "checkpoint.note")).unwrap();
    assert_eq!(split(sync::compare(workspace(0), &note)), Alarm::LedgerKey);
}

#[tokio::test]
async fn entries_with_other_names_are_refused() {
    for name in ["../../device.key", "/etc/passwd", "00000000000000000002/../x.age"] {
        let found = with_pages(move |answer| {
            let mut header = tar::Header::new_ustar();
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(0);
            header.set_mode(0o600);
            header.set_cksum();
            let end = end_of_entries(&answer.body);
            answer.body.splice(end..end, *header.as_bytes());
        })
        .await;
        assert_eq!(found, Alarm::Tape(tape::TapeError::Name), "{name}");
    }
    let more = with_pages(|answer| {
        let mut extra = Vec::new();
        tape::write_entry(&mut extra, "00000000000000000002/more.age", b"more").unwrap();
        let end = end_of_entries(&answer.body);
        answer.body.splice(end..end, extra);
    })
    .await;
    assert!(matches!(more, Alarm::Tape(tape::TapeError::Unexpected { .. })), "{more}");
}

#[tokio::test]
async fn a_page_that_was_shown_before_is_refused() {
    let office = Office::open().await;
    office.testimony(1000).await;
    let first = Arc::new(std::sync::Mutex::new(None::<Vec<u8>>));
    let kept = Arc::clone(&first);
    office.meddle(move |seen, mut answer| {
        if seen.path == "/desk/v1/changes" {
            answer.body = kept.lock().unwrap().get_or_insert(answer.body).clone();
            answer.headers.remove(header::CONTENT_LENGTH);
        }
        answer.pass()
    });
    office.sync(0).await.unwrap();
    let again = alarm(office.sync(0).await);
    assert!(matches!(again, Alarm::Tape(tape::TapeError::Unexpected { .. }) | Alarm::Gap { .. }));
    assert_eq!(office.feed_lines(0), 1);
}

#[tokio::test]
async fn a_feed_that_was_rolled_back_is_an_alarm_and_everything_stays() {
    let office = Office::open().await;
    office.testimony(1000).await;
    office.sync(0).await.unwrap();
    let before = office.everything(0);
    office.replace(&Arc::new(MemoryStore::new()), 7);
    assert_eq!(alarm(office.sync(0).await), Alarm::Shrunk { held: 1, shown: 0 });
    assert!(office.everything(0) == before);
}

#[tokio::test]
async fn another_history_under_the_same_key_is_an_alarm() {
    let office = Office::open().await;
    office.testimony(1000).await;
    office.sync(0).await.unwrap();
    let other = Arc::new(MemoryStore::new());
    for events in [1, 2] {
        put_testimony(&*other, &office.members, 1000, 1000).await;
        office.replace(&other, 7);
        let before = office.everything(0);
        assert_eq!(alarm(office.sync(0).await), Alarm::OtherRoot { size: events });
        assert!(office.everything(0) == before);
    }
}

#[tokio::test]
async fn another_ledger_key_is_an_alarm() {
    let office = Office::open().await;
    office.testimony(1000).await;
    office.sync(0).await.unwrap();
    office.replace(&office.store, 8);
    assert_eq!(alarm(office.sync(0).await), Alarm::LedgerKey);
}

#[tokio::test]
async fn a_testimony_that_comes_twice_is_an_alarm_and_replaces_nothing() {
    let office = Office::open().await;
    let (id, _) = office.testimony(1000).await;
    office.sync(0).await.unwrap();
    let cover = office.read(0, &format!("testimonies/{id}/cover.age"));
    let again = FeedItem {
        kind: FeedKind::CasebookEntry,
        id: id.to_string(),
        salt: HEXLOWER.encode(&[3; 32]),
        content: Digest::of(b"x"),
        week: None,
        epoch: 1,
        parts: Vec::new(),
    };
    let mut entry = again.clone();
    let mut writer = office.store.blob().unwrap();
    std::io::Write::write_all(&mut writer, b"x").unwrap();
    let blob = sandyk::store::BlobWriter::finish(writer).unwrap();
    let (name, sha256) = ("entry".to_owned(), Digest::of(b"x"));
    entry.parts = vec![sandyk::ledger::feed::PartInfo { name, bytes: 1, sha256, blob }];
    commit(&*office.store, &entry, Vec::new()).await;
    assert_eq!(alarm(office.sync(0).await), Alarm::Twice { cursor: 2 });
    assert_eq!(office.read(0, &format!("testimonies/{id}/cover.age")), cover);
}

#[tokio::test]
async fn keyrings_that_shrink_or_do_not_verify_are_alarms() {
    let office = Office::open().await;
    let devices: Vec<_> = office.members.iter().map(|m| &m.public).collect();
    office.sync(0).await.unwrap();
    office.publish(&office.next_keyring(), &devices);
    assert_eq!(office.sync(0).await.unwrap().epoch, 2);
    assert!(office.file(0, "keyring/keyring-0002.note").exists());
    office.publish(&office.keyring, &devices);
    assert_eq!(alarm(office.sync(0).await), Alarm::KeyringHistory { epoch: 2 });
    office.meddle(|seen, mut answer| {
        if seen.path == "/desk/v1/keyring" {
            answer.body = rewrite(&answer.body, |_, bytes| {
                let place = bytes.windows(9).position(|w| w == b"Rehearsal").unwrap();
                bytes[place] = b'B';
                true
            });
        }
        answer.pass()
    });
    assert!(matches!(alarm(office.sync(1).await), Alarm::Keyring(_)));
    assert!(!office.file(1, "keyring/keyring-0001.note").exists());
}

#[tokio::test]
async fn an_endless_answer_is_cut_off_and_named() {
    for path in ["/desk/v1/keyring", "/desk/v1/changes", "/desk/v1/outbox"] {
        let office = Office::open().await;
        office.meddle(move |seen, answer| {
            if seen.path != path {
                return answer.pass();
            }
            let chunk = || Ok::<_, std::io::Error>(vec![b' '; 1 << 20]);
            Response::new(Body::from_stream(futures_util::stream::repeat_with(chunk)))
        });
        let found = alarm(office.sync(0).await);
        assert!(matches!(&found, Alarm::Endless { path: p, .. } if p == path), "{found}");
    }
    let office = Office::open().await;
    office.testimony(1000).await;
    office.meddle(|seen, mut answer| {
        if seen.path.starts_with("/desk/v1/exhibits/") {
            answer.headers.remove(header::CONTENT_LENGTH);
            answer.body.resize(1 << 20, 0);
        }
        answer.pass()
    });
    assert!(matches!(alarm(office.sync(0).await), Alarm::Endless { limit: 1000, .. }));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let office = Office::open().await;
    office.meddle(|_, mut answer| {
        answer.status = StatusCode::TEMPORARY_REDIRECT;
        answer.headers.insert(header::LOCATION, "http://127.0.0.1:1/".parse().unwrap());
        answer.pass()
    });
    assert_eq!(alarm(office.sync(0).await), Alarm::Redirect);
    assert_eq!(office.seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_workspace_whose_feed_was_edited_is_refused() {
    let office = Office::open().await;
    office.testimony(1000).await;
    office.sync(0).await.unwrap();
    let path = office.file(0, "feed.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    for changed in [text.replace("\"cursor\":1", "\"cursor\":2"), format!("{text}{text}")] {
        write(&path, changed.as_bytes());
        assert!(matches!(office.sync(0).await, Err(SyncError::Damaged { .. })), "{changed}");
    }
}
