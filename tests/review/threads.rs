//! What witnesses send later: what counts, what may be used, and what a server makes up.

use std::fs;

use ed25519_dalek::SigningKey;
use sandyk::{
    clock::{Clock as _, SystemClock},
    digest::Digest,
    forget::{Mark, SignedOrder, done_id},
    id::TestimonyId,
    keyring::Role,
    ledger::feed::FeedKind,
    testimony::{Kind, Tri},
};
use serde_json::{Value, json};

use crate::{
    room::{Room, said},
    witness::{Letter, Witness},
};

fn room() -> Room {
    Room::new(&[Role::Guardian, Role::Guardian])
}

/// What a testimony may be used for now, as every tool asks it.
fn uses(room: &Room, id: TestimonyId) -> Value {
    room.json(0, &["consent", &id.to_string()])["uses"].clone()
}

fn row(room: &Room, id: TestimonyId) -> Value {
    let rows = room.json(0, &["list"]);
    let rows = rows.as_array().unwrap();
    rows.iter().find(|row| row["id"] == id.to_string()).unwrap().clone()
}

#[test]
fn what_a_receipt_signed_counts_and_nothing_else_does() {
    let mut room = room();
    let (one, other) = (Witness::new(&mut room, "one"), Witness::new(&mut room, "other"));
    let first = one.tells(&mut room, &["court"]);
    let foreign = other.tells(&mut room, &["court"]);
    let stranger = SigningKey::from_bytes(&[9; 32]);
    let withdrawal = |witness: &Witness, signed_by, room: &mut Room| {
        let letter = Letter { signed_by, ..witness.letter(Kind::Withdrawal, Some(first)) };
        witness.sends(room, &letter)
    };
    let forged = [
        // Made up by whoever has the disk, under the witness's own key and address.
        (withdrawal(&one, None, &mut room), "not signed"),
        (withdrawal(&one, Some(&stranger), &mut room), "not signed"),
        // Somebody with a receipt of their own, who learned an id.
        (withdrawal(&other, Some(&other.signing), &mut room), "another receipt"),
        (withdrawal(&other, Some(&one.signing), &mut room), "not signed"),
    ];
    assert_eq!(uses(&room, first), json!(["court"]));
    let asked = room.run(0, &["withdraw-requests", "--json"]);
    assert_eq!(asked.status.code(), Some(4), "{}", said(&asked));
    let asked: Value = serde_json::from_slice(&asked.stdout).unwrap();
    assert_eq!(asked["withdrawn"], json!([]));
    assert_eq!(asked["not_proven"].as_array().unwrap().len(), 4);
    let page = room.text(0, &["show", &first.to_string()]);
    for (id, why) in forged {
        let row = row(&room, id);
        assert_eq!(row["not_proven"]["names"], first.to_string());
        let said = row["not_proven"]["why"].as_str().unwrap();
        assert!(said.contains(why), "{said}");
        let line = page.lines().find(|line| line.contains(&id.to_string()[..8])).unwrap();
        assert!(line.contains("NOT PROVEN, changes nothing"), "{line}");
    }
    assert!(!page.contains("WITHDRAWN"), "{page}");
    let nowhere = one.letter(Kind::Withdrawal, Some(TestimonyId::from_bytes([7; 16])));
    let nowhere = one.sends(&mut room, &nowhere);
    let why = row(&room, nowhere)["not_proven"]["why"].to_string();
    assert!(why.contains("not here"), "{why}");
    assert!(row(&room, foreign).get("withdrawn").is_none());
    // And the real one.
    let real = one.sends(&mut room, &one.letter(Kind::Withdrawal, Some(first)));
    assert_eq!(row(&room, real)["first"], first.to_string());
    assert_eq!(row(&room, first)["withdrawn"]["id"], real.to_string());
    assert_eq!(uses(&room, foreign), json!(["court"]));
}

#[test]
fn a_follow_up_that_is_replayed_changes_nothing() {
    let mut room = room();
    let one = Witness::new(&mut room, "one");
    let first = one.tells(&mut room, &["court"]);
    let change = |uses| Letter { uses, ..one.letter(Kind::ConsentChange, Some(first)) };
    let wide = one.sends(&mut room, &change(&["court", "international"]));
    let narrow = one.sends(&mut room, &change(&["court"]));
    assert_eq!(uses(&room, first), json!(["court"]));
    // The same once more, under its own name: the newest place does not make it the newest word.
    let folder = room.workspace(0).join("testimonies");
    let cover = Digest::of(&fs::read(folder.join(wide.to_string()).join("cover.age")).unwrap());
    room.publish(FeedKind::Testimony, &wide.to_string(), cover);
    assert_eq!(uses(&room, first), json!(["court"]));
    // And under another name, with all its files.
    let copy = TestimonyId::from_bytes([8; 16]);
    for reader in 0..2 {
        let folder = room.workspace(reader).join("testimonies");
        let (from, to) = (folder.join(wide.to_string()), folder.join(copy.to_string()));
        fs::create_dir(&to).unwrap();
        for part in fs::read_dir(from).unwrap() {
            let part = part.unwrap();
            fs::copy(part.path(), to.join(part.file_name())).unwrap();
        }
    }
    room.publish(FeedKind::Testimony, &copy.to_string(), cover);
    assert_eq!(uses(&room, first), json!(["court"]));
    let unproven = row(&room, copy)["unproven"].to_string();
    assert!(unproven.contains("another testimony"), "{unproven}");
    let versions = room.json(0, &["consent", &first.to_string()])["versions"].clone();
    let ids: Vec<_> = versions.as_array().unwrap().iter().map(|v| v["id"].clone()).collect();
    assert_eq!(ids, [first, wide, narrow].map(|id| json!(id.to_string())));
}

#[test]
fn the_newest_consent_counts_and_a_forced_one_only_narrows() {
    let mut room = room();
    let one = Witness::new(&mut room, "one");
    let first = one.tells(&mut room, &["court"]);
    let mut expect = |kind, uses_: &[&str], freely, now: &[&str]| {
        let letter = Letter { uses: uses_, freely, ..one.letter(kind, Some(first)) };
        let id = one.sends(&mut room, &letter);
        assert_eq!(uses(&room, first), json!(now), "{uses_:?}");
        (id, uses(&room, id))
    };
    expect(Kind::ConsentChange, &["court", "international"], None, &["court", "international"]);
    let wide = &["court", "statistics", "national-authorities"];
    expect(Kind::ConsentChange, wide, Some(Tri::No), &["court"]);
    expect(Kind::ConsentChange, wide, Some(Tri::Unknown), &["court"]);
    expect(Kind::ConsentChange, wide, Some(Tri::Yes), wide);
    expect(Kind::ConsentChange, &["keep"], Some(Tri::No), &[]);
    expect(Kind::ConsentChange, &["court"], None, &["court"]);
    // What adds to an account changes nothing for it, and may do no more than both allow.
    let (_, own) = expect(Kind::Supplement, &["court", "international"], None, &["court"]);
    assert_eq!(own, json!(["court"]));
    let (_, own) = expect(Kind::Supplement, &["international"], None, &["court"]);
    assert_eq!(own, json!([]));
    // Where nothing was asked, nothing was refused; and a later change speaks for all that came before.
    let letter = one.letter(Kind::Supplement, Some(first));
    let not_asked = one.sends(&mut room, &Letter { asked: false, ..letter });
    let letter = one.letter(Kind::Supplement, Some(first));
    let nothing_ticked = one.sends(&mut room, &letter);
    assert_eq!(
        (uses(&room, not_asked), uses(&room, nothing_ticked)),
        (json!(["court"]), json!([]))
    );
    let letter = one.letter(Kind::ConsentChange, Some(first));
    one.sends(&mut room, &Letter { uses: wide, freely: Some(Tri::No), ..letter });
    assert_eq!(uses(&room, nothing_ticked), json!([]), "a forced change widens nothing");
    let letter = one.letter(Kind::ConsentChange, Some(first));
    one.sends(&mut room, &Letter { uses: &["court"], ..letter });
    assert_eq!(uses(&room, nothing_ticked), json!(["court"]));
    let id = first.to_string();
    assert_eq!(room.run(0, &["consent", &id, "--for", "court"]).status.code(), Some(0));
    let refused = room.run(0, &["consent", &id, "--for", "international"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(
        said(&refused).contains("did not agree to the use international"),
        "{}",
        said(&refused)
    );
    let page = room.text(0, &["consent", &id]);
    assert!(page.matches("page as shown, sha-256").count() == 9, "{page}");
}

#[test]
fn a_withdrawal_stops_use_at_once_and_destroys_nothing_before_its_time() {
    let mut room = room();
    let one = Witness::new(&mut room, "one");
    let files: &[(&str, &[u8])] = &[("a.txt", b"words")];
    let first = Letter { files, uses: &["court"], ..one.letter(Kind::New, None) };
    let first = one.sends(&mut room, &first);
    let more = Letter { files, uses: &["court"], ..one.letter(Kind::Supplement, Some(first)) };
    let more = one.sends(&mut room, &more);
    let (before, leaf) = (room.week, room.json(0, &["show", &first.to_string()])["leaf"].clone());
    let out = room.folder.path().join("out");
    let take = |room: &Room, id: TestimonyId| {
        let args = ["exhibits", &id.to_string(), "--to", out.to_str().unwrap()];
        let code = room.run(0, &args).status.code();
        let there = out.exists();
        let _ = fs::remove_dir_all(&out);
        (code, there)
    };
    assert_eq!(take(&room, more), (Some(0), true));
    let today = SystemClock.today();
    room.week = today.week();
    let taken_back = Letter { freely: Some(Tri::No), ..one.letter(Kind::Withdrawal, Some(first)) };
    one.sends(&mut room, &taken_back);
    for id in [first, more] {
        assert_eq!(take(&room, id), (Some(3), false), "nothing is taken out");
        assert_eq!(uses(&room, id), json!(["court"]), "what was agreed to is still known");
        assert_eq!(row(&room, id)["uses"], json!([]));
        let asked = ["consent", &id.to_string(), "--for", "court"];
        assert_eq!(room.run(0, &asked).status.code(), Some(3));
        let page = room.text(0, &["show", &id.to_string()]);
        assert!(page.contains("USE IT FOR NOTHING") && page.contains("NOT to be free"), "{page}");
    }
    assert!(room.text(0, &["list"]).contains("WITHDRAWN, use it for nothing"));
    let page = room.text(0, &["show", &first.to_string()]).replace('\n', " ");
    let stands = format!("first account of week {before} stands, leaf {}", leaf.as_str().unwrap());
    assert!(page.contains(&stands), "{page}");
    let waits = room.json(0, &["withdraw-requests"])["withdrawn"].clone();
    assert_eq!(waits[0]["first"], first.to_string());
    assert_eq!(waits[0]["testimonies"].as_array().unwrap().len(), 3);
    assert_eq!((&waits[0]["freely"], &waits[0]["cooled_off"]), (&json!("no"), &json!(false)));
    let day = today.week().last_day().plus_days(14);
    assert_eq!(waits[0]["destroy_from"], day.to_string());
}

#[test]
fn two_guardians_order_nothing_while_a_withdrawal_may_be_forced() {
    let mut room = room();
    let one = Witness::new(&mut room, "one");
    let first = one.tells(&mut room, &["court"]);
    room.week = SystemClock.today().week();
    let day = room.week.last_day().plus_days(14);
    one.sends(&mut room, &one.letter(Kind::Withdrawal, Some(first)));
    // Where keeping it endangers somebody, nobody has to wait.
    let file = |n: u8| room.folder.path().join(format!("order-{n}.note"));
    let order = |room: &Room, n, reason: &str| {
        let (id, file) = (first.to_string(), file(n));
        let args = ["forget", &id, "--reason", reason, "--to", file.to_str().unwrap()];
        let output = room.run(0, &args);
        (output.status.code(), said(&output))
    };
    let (code, words) = order(&room, 1, "withdrawn");
    assert!(code == Some(3) && words.contains(&format!("before {day}")), "{words}");
    assert!(!file(1).exists());
    assert_eq!(order(&room, 2, "danger").0, Some(0));
}

#[test]
fn only_a_free_change_of_consent_lets_use_begin_again() {
    let mut room = room();
    let one = Witness::new(&mut room, "one");
    let first = one.tells(&mut room, &["court"]);
    let taken_back = one.sends(&mut room, &one.letter(Kind::Withdrawal, Some(first)));
    for freely in [None, Some(Tri::No), Some(Tri::Unknown)] {
        let letter = one.letter(Kind::ConsentChange, Some(first));
        one.sends(&mut room, &Letter { uses: &["court"], freely, ..letter });
        assert_eq!(row(&room, first)["withdrawn"]["id"], taken_back.to_string());
    }
    let letter = one.letter(Kind::ConsentChange, Some(first));
    one.sends(&mut room, &Letter { uses: &["court"], freely: Some(Tri::Yes), ..letter });
    assert_eq!(row(&room, first)["uses"], json!(["court"]));
    assert_eq!(room.run(0, &["withdraw-requests"]).status.code(), Some(4));
}

#[test]
fn what_is_left_of_a_withdrawn_thread_stays_withdrawn() {
    let mut room = room();
    let one = Witness::new(&mut room, "one");
    let first = one.tells(&mut room, &["court"]);
    let more = Letter { uses: &["court"], ..one.letter(Kind::Supplement, Some(first)) };
    let more = one.sends(&mut room, &more);
    room.week = "2026-W40".parse().unwrap();
    let taken_back = one.sends(&mut room, &one.letter(Kind::Withdrawal, Some(first)));
    let waits = room.json(0, &["withdraw-requests"]);
    assert_eq!(waits["withdrawn"][0]["cooled_off"], true);
    // Old enough: two guardians order it, and the first testimony is forgotten.
    let file = room.folder.path().join("order.note");
    let file = file.to_str().unwrap();
    let begin = ["forget", &first.to_string(), "--reason", "withdrawn", "--to", file];
    room.json(0, &begin);
    assert_eq!(room.json(1, &["forget", "--order", file])["complete"], true);
    let order = SignedOrder::parse(&fs::read_to_string(file).unwrap()).unwrap();
    let id = order.order().id().to_string();
    room.publish_note(FeedKind::ForgetOrder, &id, &order.to_text());
    let done = done_id(order.order().id()).to_string();
    room.publish(FeedKind::ForgetDone, &done, order.order().digest());
    room.put_mark(1, &Mark::of(&order, 1));
    let row = row(&room, more);
    assert_eq!(row["withdrawn"]["id"], taken_back.to_string(), "{row}");
    assert_eq!(row["uses"], json!([]));
    let out = room.folder.path().join("out");
    let args = ["exhibits", &more.to_string(), "--to", out.to_str().unwrap()];
    assert_eq!(room.run(0, &args).status.code(), Some(3));
}

#[test]
fn a_retraction_says_whether_it_is_free_and_erases_nothing() {
    let mut room = room();
    let one = Witness::new(&mut room, "one");
    let first = one.tells(&mut room, &["court"]);
    let leaf = room.json(0, &["show", &first.to_string()])["leaf"].clone();
    for (freely, words) in
        [(Tri::Yes, "says to be free"), (Tri::No, "NOT to be free"), (Tri::Unknown, "does not say")]
    {
        let letter = one.letter(Kind::Correction, Some(first));
        let id = one.sends(&mut room, &Letter { freely: Some(freely), ..letter });
        let shown = room.json(0, &["show", &first.to_string()]);
        assert_eq!(shown["leaf"], leaf);
        assert_eq!(shown["account"]["story"], "Something happened.");
        assert_eq!(shown["uses"], json!(["court"]), "a correction changes no consent");
        let page = room.text(0, &["show", &first.to_string()]).replace('\n', " ");
        let id = &id.to_string()[..8];
        let from = page.find(&format!("corrected by {id}")).unwrap_or_else(|| panic!("{page}"));
        let stands = format!("stands, leaf {}", leaf.as_str().unwrap());
        let line = &page[from..from + 260];
        assert!(line.contains(&stands) && line.contains(words), "{line}");
    }
}
