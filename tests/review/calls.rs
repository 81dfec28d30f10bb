//! What a reader's settings say that calls, and what calls whatever they say.

use std::fs;

use sandyk::{
    attention::{Attention, Counts},
    config::reviewer::{AttentionConfig, ReviewerConfig},
    id::TestimonyId,
    keyring::Role::Guardian,
    testimony::Kind,
};

use crate::{
    answers::{signed_answer, signed_first},
    room::{Room, Sent, said},
    watch::Watching,
    witness::{Letter, Witness},
};

/// Looks once under these settings: the counts, and whether the call is another one than before.
fn look(room: &Room, settings: &str) -> (Counts, bool) {
    let (file, toml) = (room.keys(0).join("attention.json"), settings_file(room, settings));
    let before = Attention::load(&file).map(|read| read.call);
    let output = room.run(0, &["watch", "--once", "--config", &toml]);
    assert!([Some(0), Some(4)].contains(&output.status.code()), "{}", said(&output));
    let now = Attention::load(&file).unwrap();
    (now.waiting, before != Some(now.call))
}

fn settings_file(room: &Room, settings: &str) -> String {
    let toml = room.folder.path().join("reviewer.toml");
    fs::write(&toml, format!("[attention]\n{settings}\n")).unwrap();
    toml.to_str().unwrap().to_owned()
}

fn counts(urgent: u64, new: u64, answers: u64) -> Counts {
    Counts { urgent, new, answers, alarms: 0 }
}

/// Somebody who copies a guide's settings changes nothing by it.
#[test]
fn the_guides_show_what_holds_without_them_in_every_language() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reviewer.toml");
    for lang in ["en", "ky", "ru", "uz"] {
        let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide");
        let guide = fs::read_to_string(format!("{guide}/{lang}/watching.md")).unwrap();
        let settings = guide.split_once("```toml\n").unwrap().1.split_once("```").unwrap().0;
        fs::write(&path, settings).unwrap();
        let read = ReviewerConfig::load(&path).unwrap();
        assert_eq!(read.attention, AttentionConfig::default(), "{lang}");
    }
}

#[test]
fn settings_choose_what_calls_and_silence_no_danger() {
    let mut room = Room::new(&[Guardian]);
    let first = signed_first(&mut room, "none");
    signed_answer(&mut room, first, "none");
    let none = "answers = []";
    assert_eq!(look(&room, ""), (counts(0, 1, 1), true));
    assert_eq!(look(&room, none).0, counts(0, 1, 0), "left out is not counted");
    signed_answer(&mut room, first, "none");
    assert_eq!(look(&room, none), (counts(0, 1, 0), false), "and does not call");
    signed_answer(&mut room, first, "now");
    assert_eq!(look(&room, none), (counts(1, 1, 1), true), "danger calls, whatever it is");
    // From which danger on.
    room.receive(&Sent { risk: "soon", ..Sent::default() });
    assert_eq!(look(&room, "answers = []\nurgent = 'now'"), (counts(1, 2, 1), false));
    room.receive(&Sent { risk: "unsure", ..Sent::default() });
    assert_eq!(look(&room, "answers = []\nurgent = 'unsure'"), (counts(3, 3, 1), true));
    // Who wants to hear of everything that is new.
    room.receive(&Sent { risk: "none", ..Sent::default() });
    assert_eq!(look(&room, none), (counts(2, 4, 1), false));
    room.receive(&Sent { risk: "none", ..Sent::default() });
    assert_eq!(look(&room, "answers = []\nnew = true"), (counts(2, 5, 1), true));
}

#[test]
fn kinds_of_answers_are_chosen_one_by_one() {
    let mut room = Room::new(&[Guardian]);
    let witness = Witness::new(&mut room, "one");
    let first = witness.tells(&mut room, &["court"]);
    let sends = |room: &mut Room, kind| {
        let letter: Letter<'_> = witness.letter(kind, Some(first));
        witness.sends(room, &letter)
    };
    let only = "answers = ['withdrawal', 'consent-change']\nurgent = 'now'";
    look(&room, only);
    for (kind, calls) in [
        (Kind::Supplement, false),
        (Kind::ConsentChange, true),
        (Kind::Correction, false),
        (Kind::Message, false),
        (Kind::Withdrawal, true),
    ] {
        sends(&mut room, kind);
        assert_eq!(look(&room, only).1, calls, "{kind:?}");
    }
    assert_eq!(look(&room, only).0.answers, 2);
}

#[test]
fn of_other_cases_only_what_is_urgent_calls() {
    let mut room = Room::new(&[Guardian]);
    let case = |title: &str| {
        let case = room.json(0, &["case", "new", title]);
        case["id"].as_str().unwrap().to_owned()
    };
    let (ours, theirs) = (case("Ours"), case("Theirs"));
    room.sync();
    let into = |room: &mut Room, case: &str, id: TestimonyId| {
        room.text(0, &["tag", &id.to_string(), "--case", case]);
        room.sync();
    };
    let (here, there) = (signed_first(&mut room, "none"), signed_first(&mut room, "none"));
    into(&mut room, &ours, here);
    into(&mut room, &theirs, there);
    room.receive(&Sent { risk: "none", ..Sent::default() });
    let settings = format!("cases = ['{ours}']");
    assert_eq!(look(&room, "").0, counts(0, 3, 0));
    assert_eq!(look(&room, &settings).0, counts(0, 2, 0), "ours, and what nobody has put anywhere");
    // An answer is where its account is.
    signed_answer(&mut room, there, "none");
    assert_eq!(look(&room, &settings), (counts(0, 2, 0), false));
    signed_answer(&mut room, here, "none");
    assert_eq!(look(&room, &settings), (counts(0, 2, 1), true));
    signed_answer(&mut room, there, "soon");
    assert_eq!(look(&room, &settings), (counts(1, 2, 2), true));
    // A case that is mistyped is not silently nothing.
    let toml = settings_file(&room, "cases = ['aaaaaaaaaaaaaaaaaaaaaaaaaa']");
    let output = room.run(0, &["watch", "--once", "--config", &toml]);
    assert!(said(&output).contains("aaaaaaaaaaaaaaaaaaaaaaaaaa"), "{}", said(&output));
}

#[test]
fn a_bell_that_is_switched_off_is_silent_and_the_call_is_made_all_the_same() {
    let mut room = Room::new(&[Guardian]);
    room.receive(&Sent { risk: "none", ..Sent::default() });
    let toml = settings_file(&room, "bell = false\nfile = 'counts'");
    let watching = Watching::start_with(&room, &format!("--config {toml}"));
    watching.sees("1 new");
    let file = room.folder.path().join("counts");
    let before = Attention::load(&file).unwrap();
    room.receive(&Sent { risk: "now", ..Sent::default() });
    watching.sees("1 of these urgent");
    let now = Attention::load(&file).unwrap();
    assert_ne!(now.call, before.call);
    assert_eq!(watching.bells(), 0);
}

#[test]
fn settings_that_are_wrong_are_named_and_nobody_watches() {
    let mut room = Room::new(&[Guardian]);
    room.receive(&Sent::default());
    for (wrong, named) in [
        ("urgent = 'none'", "urgent"),
        ("answers = ['all']", "answers"),
        ("every_minutes = 0", "from 1 to 1440"),
        ("cases = ['Ours']", "cases"),
    ] {
        let toml = settings_file(&room, wrong);
        let output = room.run(0, &["watch", "--once", "--config", &toml]);
        assert_eq!(output.status.code(), Some(1), "{wrong}");
        assert!(said(&output).contains(named), "{}", said(&output));
    }
    assert!(!room.keys(0).join("attention.json").exists());
}
