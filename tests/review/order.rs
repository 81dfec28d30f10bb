//! A server that lets in late what it held back: nothing of it widens what may be used.

use sandyk::{
    id::TestimonyId,
    keyring::Role,
    testimony::{Kind, Tri},
};
use serde_json::{Value, json};

use crate::{
    room::Room,
    witness::{Letter, Witness},
};

const WIDE: &[&str] = &["court", "international"];

struct Stage {
    room: Room,
    witness: Witness,
    first: TestimonyId,
}

impl Stage {
    fn new() -> Self {
        let mut room = Room::new(&[Role::Guardian]);
        let witness = Witness::new(&mut room, "one");
        let first = witness.tells(&mut room, &["court"]);
        Self { room, witness, first }
    }

    /// Something signed by the witness, who was told that `after` came last.
    fn sends(&mut self, after: TestimonyId, letter: Letter<'_>) -> TestimonyId {
        let signed = Letter { after: Some(after), continues: Some(self.first), ..letter };
        // The key is taken from the witness: a letter of another stage would not be theirs.
        let key = self.witness.signing.clone();
        self.witness.sends(&mut self.room, &Letter { signed_by: Some(&key), ..signed })
    }

    fn uses(&self) -> Value {
        self.room.json(0, &["consent", &self.first.to_string()])["uses"].clone()
    }

    fn is_withdrawn(&self) -> bool {
        self.room.json(0, &["show", &self.first.to_string()])["withdrawn"]["id"].is_string()
    }
}

/// What is sent, before it is known after what.
fn letter<'a>(kind: Kind, uses: &'a [&'a str], freely: Option<Tri>) -> Letter<'a> {
    let (continues, after, signed_by, asked, files) = (None, None, None, true, &[]);
    Letter { kind, continues, after, signed_by, uses, asked, freely, files }
}

#[test]
fn a_change_that_was_held_back_widens_nothing_and_is_said_to_be_out_of_order() {
    let mut stage = Stage::new();
    let first = stage.first;
    // Sent first, let in last: its writer knew of nothing but the account.
    let narrow = stage.sends(first, letter(Kind::ConsentChange, &[], None));
    let held = stage.sends(first, letter(Kind::ConsentChange, WIDE, Some(Tri::Yes)));
    assert_eq!(stage.uses(), json!([]));
    let told = stage.room.json(0, &["consent", &first.to_string()])["versions"].clone();
    let rows: Vec<_> = told.as_array().unwrap().iter().map(|row| row["in_order"].clone()).collect();
    assert_eq!(rows, [json!(true), json!(true), json!(false)]);
    assert!(stage.room.text(0, &["consent", &first.to_string()]).contains("NOT IN ORDER"));
    // What narrows counts whenever it comes.
    stage.sends(narrow, letter(Kind::ConsentChange, &[], None));
    stage.sends(held, letter(Kind::ConsentChange, WIDE, None));
    assert_eq!(stage.uses(), json!([]), "built upon what was held back: no better");
}

#[test]
fn a_change_from_before_a_withdrawal_does_not_end_it() {
    let mut stage = Stage::new();
    let first = stage.first;
    let gone = stage.sends(first, letter(Kind::Withdrawal, &[], None));
    stage.sends(first, letter(Kind::ConsentChange, WIDE, Some(Tri::Yes)));
    assert!(stage.is_withdrawn(), "a free change, but from before it");
    // With a second one that was held back too, so that its own place looks right.
    let helper = stage.sends(first, letter(Kind::Supplement, &[], None));
    stage.sends(helper, letter(Kind::ConsentChange, WIDE, Some(Tri::Yes)));
    assert!(stage.is_withdrawn());
    // Or under a thing of the server's own, which says to come after the withdrawal.
    let other = Witness::new(&mut stage.room, "other");
    let planted = Letter { after: Some(gone), ..other.letter(Kind::Supplement, Some(first)) };
    let planted = other.sends(&mut stage.room, &planted);
    stage.sends(planted, letter(Kind::ConsentChange, WIDE, Some(Tri::Yes)));
    // Or after something that is not there.
    let nowhere = TestimonyId::from_bytes([7; 16]);
    stage.sends(nowhere, letter(Kind::ConsentChange, WIDE, Some(Tri::Yes)));
    assert!(stage.is_withdrawn());
    // The witness, who knows of it, lets use begin again.
    let last = stage.sends(gone, letter(Kind::Supplement, &[], None));
    stage.sends(last, letter(Kind::ConsentChange, &["court"], Some(Tri::Yes)));
    assert!(stage.is_withdrawn(), "what was let in between was unknown to its writer");
}

#[test]
fn a_withdrawal_counts_wherever_it_is_put() {
    let mut stage = Stage::new();
    let first = stage.first;
    let wide = stage.sends(first, letter(Kind::ConsentChange, WIDE, Some(Tri::Yes)));
    assert_eq!(stage.uses(), json!(WIDE));
    // Held back until after a free change; to be safe it ends use all the same.
    let gone = stage.sends(first, letter(Kind::Withdrawal, &[], None));
    assert!(stage.is_withdrawn());
    // In order, by somebody who knows of all of it, use begins again.
    let mut fair = Stage::new();
    let first = fair.first;
    let wide_too = fair.sends(first, letter(Kind::ConsentChange, WIDE, Some(Tri::Yes)));
    let gone_too = fair.sends(wide_too, letter(Kind::Withdrawal, &[], None));
    fair.sends(gone_too, letter(Kind::ConsentChange, &["court"], Some(Tri::Yes)));
    assert!(!fair.is_withdrawn());
    assert_eq!(fair.uses(), json!(["court"]));
    assert_ne!(wide, gone);
}
