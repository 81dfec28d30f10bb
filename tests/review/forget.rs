//! Forgetting, from the readers' side.

use std::fs;

use sandyk::{
    forget::{Mark, SignedOrder, done_id},
    keyring::Role,
    ledger::feed::FeedKind,
};

use crate::room::{Room, Sent, said};

/// The one order in a guardian's outbox.
fn handed_in(room: &Room, reader: usize) -> SignedOrder {
    let mut notes: Vec<_> = fs::read_dir(room.workspace(reader).join("outbox/forget"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert_eq!(notes.len(), 1);
    SignedOrder::parse(&notes.pop().unwrap()).unwrap()
}

#[test]
fn two_guardians_order_it_and_everybody_sees_what_is_forgotten() {
    let mut room = Room::new(&[Role::Guardian, Role::Guardian, Role::Reviewer]);
    let gone = room.receive(&Sent::default()).to_string();
    let kept = room.receive(&Sent { story: "Another story.", ..Sent::default() }).to_string();
    let file = room.folder.path().join("order.note");
    let file = file.to_str().unwrap();
    let begin = ["forget", &gone[..10], "--reason", "danger", "--to", file];
    assert_eq!(room.run(2, &begin).status.code(), Some(3), "a reviewer orders nothing");
    assert_eq!(room.json(0, &begin)["complete"], false);
    assert!(!room.workspace(0).join("outbox/forget").exists(), "half an order goes nowhere");
    assert_eq!(room.run(0, &begin).status.code(), Some(1), "the file is not overwritten");
    let signed = room.json(1, &["forget", "--order", file]);
    assert_eq!((&signed["complete"], &signed["guardians"]), (&true.into(), &2.into()));
    let order = handed_in(&room, 1);
    let id = order.order().id().to_string();
    room.publish_note(FeedKind::ForgetOrder, &id, &order.to_text());
    let list = said(&room.run(2, &["list"]));
    assert!(list.contains("is to be forgotten (danger), by order of two guardians"), "{list}");
    assert_eq!(room.run(2, &["forget", &gone, "--object"]).status.code(), Some(3));
    assert_eq!(room.json(0, &["forget", &gone, "--object"])["objections"], 1);
    assert_eq!(room.run(0, &["forget", &kept, "--object"]).status.code(), Some(1));
    // It was carried out.
    room.publish(
        FeedKind::ForgetDone,
        &done_id(order.order().id()).to_string(),
        order.order().digest(),
    );
    let mark = Mark::of(&order, 1);
    room.put_mark(1, &mark);
    let list = said(&room.run(2, &["list"]));
    let day = order.order().day;
    assert!(
        list.contains(&format!("forgotten on {day} by order of two guardians (danger)")),
        "{list}"
    );
    assert!(!list.contains("ALARM") && !list.contains("is to be forgotten"), "{list}");
    let rows = room.json(2, &["list"]);
    assert_eq!((&rows[0]["id"], &rows[1]["id"]), (&kept.clone().into(), &gone.clone().into()));
    assert_eq!(rows[1]["forgotten"]["by"], "two-guardians");
    let show = room.run(2, &["show", &gone]);
    assert!(show.status.code() == Some(3) && said(&show).contains("forgotten on"));
    // A mark that nobody may give is a hole, and an alarm at every command.
    let mut half = SignedOrder::new(order.order().clone()).unwrap();
    half.sign_as_guardian(room.readers[0].id, &room.open_keys(0).signing).unwrap();
    room.put_mark(1, &Mark::of(&half, 1));
    let list = said(&room.run(2, &["list"]));
    assert!(list.contains("** ALARM: event 1 is gone"), "{list}");
    assert!(list.contains(&kept[..8]), "the rest is read");
}
