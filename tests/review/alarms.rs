//! A server that shows two readers two feeds, and how their casebook gives it away.

use std::fs;

use ed25519_dalek::SigningKey;
use sandyk::{
    keyring::Role::{Guardian, Reviewer},
    ledger::{Checkpoint, feed::FeedItem, leaf_hash},
    note::{KeyName, NamedKey},
};
use serde_json::Value;

use crate::room::{ORGANISATION, Room, Sent, said};

/// Gives a reader another first event than everybody else has: the same testimony, another salt.
fn show_another_feed(room: &Room, reader: usize) {
    let path = room.workspace(reader).join("feed.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    let mut line: Value = serde_json::from_str(first).unwrap();
    line["item"]["salt"] = "ab".repeat(32).into();
    let item: FeedItem = serde_json::from_value(line["item"].clone()).unwrap();
    line["leaf"] = item.leaf().unwrap().to_string().into();
    fs::write(&path, format!("{line}\n{rest}")).unwrap();
}

/// The server's signature under what a reader has, as sync keeps it.
fn sign_for(room: &Room, reader: usize, key: &SigningKey) {
    let name = KeyName::parse("sandyk-ledger").unwrap();
    let text = fs::read_to_string(room.workspace(reader).join("feed.jsonl")).unwrap();
    let leaves = text.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        serde_json::from_value(line["leaf"].clone()).unwrap()
    });
    let mut frontier = sandyk::ledger::Frontier::default();
    frontier.extend(leaves);
    let size = frontier.size();
    let checkpoint = Checkpoint { origin: ORGANISATION.into(), size, root: frontier.root() };
    let note = checkpoint.sign(&name, key).unwrap();
    let named = NamedKey { name, key: key.verifying_key() };
    fs::write(room.workspace(reader).join("checkpoint.note"), note.to_text()).unwrap();
    fs::write(room.workspace(reader).join("ledger-key.txt"), named.to_text() + "\n").unwrap();
}

#[test]
fn two_readers_who_were_shown_two_feeds_are_alarmed_by_their_casebook() {
    let mut room = Room::new(&[Reviewer, Guardian]);
    let id = room.receive(&Sent::default()).to_string();
    room.text(0, &["list"]);
    show_another_feed(&room, 1);
    // What the other reader signs goes on with the feed that everybody else is shown.
    room.text(1, &["remark", &id, "seen"]);
    room.sync();
    let other = room.readers[1].id;
    let (rows, words) = room.alarmed(0, &["list"]);
    let split =
        format!("ALARM: split view: the server showed reader {other} another feed than you");
    assert!(words.contains(&split), "{words}");
    assert!(words.contains("the first 1 events are not the same.\n"), "{words}");
    assert_eq!(rows.as_array().unwrap().len(), 1, "what is held is shown all the same");
    let shown = room.run(0, &["show", &id]);
    assert_eq!(shown.status.code(), Some(3));
    assert!(said(&shown).contains("Something happened"), "{}", said(&shown));
}

#[test]
fn a_split_view_that_the_server_signed_is_called_so() {
    let mut room = Room::new(&[Reviewer, Guardian]);
    let id = room.receive(&Sent::default()).to_string();
    room.text(0, &["list"]);
    show_another_feed(&room, 1);
    let key = SigningKey::from_bytes(&[4; 32]);
    for reader in [0, 1] {
        sign_for(&room, reader, &key);
    }
    room.text(1, &["remark", &id, "seen"]);
    room.sync();
    let (_, words) = room.alarmed(0, &["list"]);
    assert!(words.contains("not the same, and the server has signed both"), "{words}");
}

#[test]
fn readers_of_one_feed_say_what_they_have_and_nobody_is_alarmed() {
    let mut room = Room::new(&[Reviewer, Guardian]);
    let id = room.receive(&Sent::default()).to_string();
    let entries = |room: &Room, reader: usize| {
        fs::read_dir(room.workspace(reader).join("outbox/entries")).unwrap().count()
    };
    room.text(0, &["remark", &id, "one"]);
    assert_eq!(entries(&room, 0), 2, "the remark, and what feed it stands on");
    room.text(0, &["remark", &id, "two"]);
    assert_eq!(entries(&room, 0), 3, "said once for one feed");
    room.sync();
    room.text(1, &["remark", &id, "three"]);
    room.sync();
    room.receive(&Sent::default());
    for reader in [0, 1] {
        assert!(!said(&room.run(reader, &["list"])).contains("ALARM"));
    }
}

#[test]
fn a_reader_cannot_have_signed_for_more_than_there_was() {
    // A fork that is longer than the place where its checkpoint turns up betrays itself at once.
    let mut room = Room::new(&[Reviewer, Guardian]);
    let id = room.receive(&Sent::default()).to_string();
    room.text(0, &["list"]);
    let more = leaf_hash(&sandyk::digest::Digest::of(b"another event"));
    let path = room.workspace(1).join("feed.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let mut line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_ne!(line["leaf"], more.to_string());
    let mut fork = text.clone();
    for cursor in 2..9 {
        line["cursor"] = cursor.into();
        line["item"]["salt"] = format!("{cursor:064}").into();
        line["item"]["kind"] = "casebook-entry".into();
        line["item"]["week"] = Value::Null;
        let item: FeedItem = serde_json::from_value(line["item"].clone()).unwrap();
        line["leaf"] = item.leaf().unwrap().to_string().into();
        fork = fork + &line.to_string() + "\n";
    }
    fs::write(&path, fork).unwrap();
    room.run(1, &["remark", &id, "seen"]);
    room.sync();
    let (_, words) = room.alarmed(0, &["list"]);
    assert!(words.contains("ALARM: split view") && words.contains("first 8 events"), "{words}");
}

#[test]
fn a_split_view_is_settled_by_people_and_the_evidence_stays() {
    let mut room = Room::new(&[Reviewer, Guardian, Guardian]);
    let id = room.receive(&Sent::default()).to_string();
    room.text(0, &["list"]);
    show_another_feed(&room, 1);
    room.text(1, &["remark", &id, "seen"]);
    room.sync();
    let other = room.readers[1].id.to_string();
    let (_, words) = room.alarmed(0, &["list"]);
    assert!(words.contains("ALARM: split view"), "{words}");
    // Nothing is settled by nobody, for nothing, or about somebody else.
    let me = room.readers[0].id.to_string();
    for wrong in [&["settle", &other, "--why", " "][..], &["settle", &me, "--why", "x"]] {
        assert_eq!(room.run(0, wrong).status.code(), Some(3), "an alarm stands: {wrong:?}");
    }
    let settled = room.run(0, &["settle", &other, "--why", "a copy of March was restored"]);
    assert_eq!(settled.status.code(), Some(0), "{}", said(&settled));
    let quiet = room.run(0, &["list"]);
    assert_eq!(quiet.status.code(), Some(0));
    let words = said(&quiet);
    assert!(!words.contains("ALARM") && words.contains("1 views of another feed are settled"));
    let kept = fs::read_to_string(room.keys(0).join("settled.json")).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!((kept[0]["reader"].as_str(), kept[0]["size"].as_u64()), (Some(&*other), Some(1)));
    assert_ne!(kept[0]["root"], kept[0]["ours"], "both roots are kept");
    assert_eq!(kept[0]["why"], "a copy of March was restored");
    // For the others nothing is settled, and a new view of the same reader is a new alarm.
    assert!(room.alarmed(2, &["list"]).1.contains("ALARM: split view"));
    room.receive(&Sent::default());
    show_another_feed(&room, 1);
    fs::remove_file(room.keys(1).join("state.json")).unwrap();
    room.run(1, &["remark", &id, "seen again"]);
    room.sync();
    assert!(room.alarmed(0, &["list"]).1.contains("ALARM: split view"));
    // A record that cannot be read settles nothing.
    let again = room.run(0, &["settle", &other, "--why", "the same copy"]);
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    fs::write(room.keys(0).join("settled.json"), "[").unwrap();
    assert!(room.alarmed(0, &["list"]).1.contains("ALARM: split view"));
    let refused = room.run(0, &["settle", &other, "--why", "x"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(said(&refused).contains("settled.json beside your keys"), "{}", said(&refused));
}
