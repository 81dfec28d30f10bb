//! What a reader's doctor sees in an opened casebook.

use sandyk::{
    clock::{Clock as _, SystemClock},
    keyring::Role,
    testimony::Kind,
};
use serde_json::Value;

use crate::{room::Room, witness::Witness};

/// Level of a finding, as the doctor of the first reader has it.
fn level(room: &Room, code: &str) -> Option<Value> {
    let output = room.run(0, &["doctor", "--inside", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = report["findings"].as_array().unwrap();
    all.iter().find(|finding| finding["code"] == code).map(|finding| finding["level"].clone())
}

#[test]
fn who_is_silent_and_what_waits_too_long_is_told_until_it_is_done() {
    let mut room = Room::new(&[Role::Guardian, Role::Guardian]);
    let one = Witness::new(&mut room, "one");
    let first = one.tells(&mut room, &["court"]);
    assert_eq!(level(&room, "reader-is-silent"), Some("soon".into()));
    room.run(1, &["remark", &first.to_string(), "Invented."]);
    room.sync();
    assert_eq!(level(&room, "reader-is-silent"), None);
    assert_eq!(level(&room, "colleagues"), Some("good".into()));
    assert_eq!(level(&room, "withdrawals-are-overdue"), None);
    room.week = SystemClock.today().plus_days(-28).week();
    one.sends(&mut room, &one.letter(Kind::Withdrawal, Some(first)));
    assert_eq!(level(&room, "withdrawals-are-overdue"), Some("soon".into()));
}

#[test]
fn a_withdrawal_that_still_cools_off_is_not_overdue() {
    let mut room = Room::new(&[Role::Guardian, Role::Guardian]);
    let one = Witness::new(&mut room, "one");
    let first = one.tells(&mut room, &["court"]);
    room.week = SystemClock.today().week();
    one.sends(&mut room, &one.letter(Kind::Withdrawal, Some(first)));
    assert_eq!(level(&room, "withdrawals"), Some("good".into()));
}
