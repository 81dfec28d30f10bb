//! The commands, against hostile words, files, copies and servers.

use std::{fs, os::unix::fs::PermissionsExt as _};

use sandyk::{
    cli::terminal::acts_or_hides,
    digest::Digest,
    keyring::Role::{Guardian, Reviewer},
};
use serde_json::Value;

use crate::room::{Room, Sent, said};

const HOSTILE: &str = "Помогите \u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}txt.exe\u{200b}\u{9b}31m\rgone\n\
                       Testimony of somebody else\nerror: your keys are broken";

fn three() -> Room {
    Room::new(&[Reviewer, Reviewer, Guardian])
}

#[test]
fn testimonies_in_four_languages_are_listed_urgent_first_then_newest() {
    let mut room = three();
    let mut sent = |story, risk, lang| {
        room.receive(&Sent { story, risk, lang, ..Sent::default() }).to_string()
    };
    let ky = sent("Аларды түндө алып кетишти.", "none", "ky");
    let ru = sent("Её увезли ночью.", "now", "ru");
    let uz = sent("Уни тунда олиб кетишди.", "soon", "uz-Cyrl");
    let en = sent("They came at night.", "now", "en");
    let odd = sent("Of a newer form.", "of-a-newer-list", "en");
    for reader in 0..3 {
        assert_eq!(room.ids(reader, &[]), [&en, &ru, &uz, &odd, &ky].map(String::as_str));
    }
    let table = room.text(0, &["list"]);
    assert!(table.contains("Аларды түндө алып кетишти.") && table.contains("uz-Cyrl"), "{table}");
}

#[test]
fn hostile_words_act_on_no_terminal_and_pass_for_nothing_of_ours() {
    let mut room = three();
    let id = room.receive(&Sent { story: HOSTILE, ..Sent::default() }).to_string();
    room.text(0, &["case", "new", "evil\u{1b}[31m\u{202e}"]);
    room.text(0, &["remark", &id, "see \u{1b}c\nTestimony of nobody"]);
    room.sync();
    for args in [&["list"][..], &["show", &id], &["case", "list"], &["list", "--json"]] {
        let text = room.text(1, args);
        let acting = text.chars().find(|c| *c != '\n' && acts_or_hides(*c));
        assert_eq!(acting, None, "{args:?}: {text}");
    }
    let shown = room.text(1, &["show", &id]);
    assert!(shown.contains("│ Testimony of somebody else"), "{shown}");
    assert!(shown.contains("│ Testimony of nobody") && shown.contains("⟨U+001B⟩[2J"), "{shown}");
    assert_eq!(shown.lines().filter(|l| l.starts_with("Testimony")).count(), 1, "{shown}");
    let story = room.json(1, &["show", &id])["account"]["story"].clone();
    assert_eq!(story, HOSTILE, "JSON carries the story as it was typed");
}

#[test]
fn two_reviewers_see_each_others_cases_tags_and_remarks() {
    let mut room = three();
    let id = room.receive(&Sent::default()).to_string();
    let other = room.receive(&Sent::default()).to_string();
    let case = room.json(0, &["case", "new", "Дело о школе"])["id"].clone();
    let case = case.as_str().unwrap();
    room.text(0, &["tag", &id[..6], "--case", &case[..4], "--add", "torture", "forced-confession"]);
    assert_eq!(room.ids(0, &["--case", "Дело о школе"]), [id.as_str()], "own acts before sync");
    room.sync();
    assert_eq!(room.ids(1, &["--case", case]), [id.as_str()]);
    room.text(1, &["untag", &id, "--remove", "torture"]);
    room.text(1, &["tag", &other, "--case", case, "--why", "the same night"]);
    room.text(1, &["remark", &id, "спросить ещё раз"]);
    room.sync();
    let shown = room.json(0, &["show", &id]);
    assert_eq!(shown["tags"], serde_json::json!(["forced-confession"]));
    assert_eq!(shown["remarks"][0]["text"], "спросить ещё раз");
    let one = room.json(0, &["case", "show", case]);
    let two = room.json(2, &["case", "show", case]);
    assert_eq!(one["testimonies"], 2);
    let ids = |case: &Value| case["testimonies_in_it"].as_array().unwrap().len();
    assert_eq!((ids(&one), ids(&two)), (2, 2));
    let again = room.run(0, &["tag", &id, "--case", case, "--add", "forced-confession"]);
    assert_eq!(again.status.code(), Some(4), "{}", said(&again));
}

#[test]
fn both_making_a_casebook_key_at_once_lose_nothing() {
    let mut room = three();
    let id = room.receive(&Sent::default()).to_string();
    room.text(0, &["tag", &id, "--add", "torture"]);
    room.text(1, &["tag", &id, "--add", "threat"]);
    room.sync();
    room.text(2, &["tag", &id, "--add", "assault"]);
    room.sync();
    for reader in 0..3 {
        let tags = room.json(reader, &["show", &id])["tags"].clone();
        assert_eq!(tags, serde_json::json!(["assault", "threat", "torture"]), "{reader}");
    }
}

#[test]
fn reading_goes_from_urgent_to_less_and_is_written_down() {
    let mut room = three();
    let calm = room.receive(&Sent { risk: "none", ..Sent::default() }).to_string();
    let urgent = room.receive(&Sent { risk: "now", ..Sent::default() }).to_string();
    assert!(room.text(0, &["read"]).contains(&urgent));
    assert_eq!(room.ids(0, &["--unread"]), [calm.as_str()]);
    assert!(room.text(0, &["read"]).contains(&calm));
    let third = room.run(0, &["read"]);
    assert_eq!(third.status.code(), Some(4), "{}", said(&third));
    room.sync();
    let row = room.json(1, &["list"])[0].clone();
    assert_eq!(row["read_by"], serde_json::json!([room.readers[0].id]));
    room.text(1, &["show", &urgent]);
    assert_eq!(room.ids(1, &["--unread"]), [calm.as_str()], "showing is reading too");
}

#[test]
fn names_open_for_guardians_only() {
    let mut room = three();
    let name = Some("Person A");
    let id = room.receive(&Sent { name, ..Sent::default() }).to_string();
    let refused = room.run(0, &["show", &id, "--names"]);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(!said(&refused).contains("Person A") && said(&refused).contains("only guardians"));
    assert!(!room.text(2, &["show", &id]).contains("Person A"), "not unless asked for");
    assert!(room.text(2, &["show", &id, "--names"]).contains("│ Person A"));
}

#[test]
fn exhibits_come_out_bit_exact_under_numbers_and_private() {
    let mut room = three();
    let large = vec![0xA5; (2 << 20) + 7];
    let files: &[(&str, &[u8])] = &[("../../.bashrc", b"one"), ("фото\u{202e}gpj.exe", &large)];
    let id = room.receive(&Sent { files, ..Sent::default() }).to_string();
    let to = room.folder.path().join("out");
    let to = to.to_str().unwrap();
    let table = room.text(0, &["exhibits", &id, "--to", to]);
    assert!(table.contains("⟨U+202E⟩"), "{table}");
    let mut names: Vec<_> =
        fs::read_dir(to).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["0001.bin", "0002.bin", "exhibits.json"]);
    assert_eq!(fs::read(format!("{to}/0001.bin")).unwrap(), b"one");
    assert_eq!(Digest::of(&fs::read(format!("{to}/0002.bin")).unwrap()), Digest::of(&large));
    for (path, mode) in [("", 0o700), ("0001.bin", 0o600), ("exhibits.json", 0o600)] {
        let about = fs::metadata(format!("{to}/{path}")).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, mode, "{path}");
    }
    let list: Value =
        serde_json::from_slice(&fs::read(format!("{to}/exhibits.json")).unwrap()).unwrap();
    assert_eq!(list[0]["name"], "../../.bashrc");
    let again = room.run(0, &["exhibits", &id, "--to", to]);
    assert_eq!(again.status.code(), Some(3), "an existing folder is not touched: {}", said(&again));
}

#[test]
fn exhibits_that_do_not_hold_leave_nothing_behind() {
    let mut room = three();
    let large = vec![7; 3 << 20];
    let id = room.receive(&Sent { files: &[("a", &large)], ..Sent::default() }).to_string();
    let sealed = room.workspace(0).join("testimonies").join(&id).join("exhibits.age");
    let mut bytes = fs::read(&sealed).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&sealed, bytes).unwrap();
    fs::create_dir(room.folder.path().join("place")).unwrap();
    let to = room.folder.path().join("place/out");
    let args = ["exhibits", &id, "--to", to.to_str().unwrap()];
    assert_eq!(room.run(0, &args).status.code(), Some(3));
    assert_eq!(fs::read_dir(room.folder.path().join("place")).unwrap().count(), 0);
    fs::rename(&sealed, sealed.with_extension("age.part")).unwrap();
    let arriving = room.run(0, &args);
    assert!(said(&arriving).contains("still arriving"), "{}", said(&arriving));
    let none = room.receive(&Sent::default()).to_string();
    let none = room.run(0, &["exhibits", &none, "--to", to.to_str().unwrap()]);
    assert_eq!(none.status.code(), Some(4), "{}", said(&none));
    assert_eq!(fs::read_dir(room.folder.path().join("place")).unwrap().count(), 0);
}

#[test]
fn what_does_not_match_its_cover_is_listed_with_the_reason_and_never_shown() {
    let mut room = three();
    let marker = "a story that stays closed";
    let id = room.receive(&Sent { story: marker, ..Sent::default() }).to_string();
    let other = room.receive(&Sent { story: "another", ..Sent::default() }).to_string();
    let of = |id: &str, part: &str| room.workspace(0).join("testimonies").join(id).join(part);
    let swapped = fs::read(of(&other, "account.age")).unwrap();
    fs::write(of(&id, "account.age"), swapped).unwrap();
    fs::remove_file(of(&other, "cover.age")).unwrap();
    let (list, words) = room.alarmed(0, &["list"]);
    assert!(words.contains(&format!("ALARM: event 2: cover.age of testimony {other} is missing")));
    assert!(words.contains(&format!("ALARM: event 1: account.age of testimony {id} was altered")));
    let reasons: Vec<_> = list.as_array().unwrap().iter().map(|r| r["unproven"].clone()).collect();
    assert!(reasons[0].as_str().unwrap().contains("cover.age is not here"), "{reasons:?}");
    assert!(reasons[1].as_str().unwrap().contains("not the one that the cover names"), "{list}");
    let shown = room.run(0, &["show", &id]);
    assert_eq!(shown.status.code(), Some(3));
    assert!(!said(&shown).contains(marker) && !said(&shown).contains("another"));
    assert_eq!(room.json(1, &["list"]).as_array().unwrap().len(), 2);
}

#[test]
fn a_whole_testimony_put_in_the_place_of_another_is_not_proven() {
    let mut room = three();
    let (a, b) = (room.receive(&Sent::default()), room.receive(&Sent::default()));
    let of =
        |id: &dyn std::fmt::Display| room.workspace(0).join("testimonies").join(id.to_string());
    for part in fs::read_dir(of(&a)).unwrap() {
        let part = part.unwrap();
        fs::copy(part.path(), of(&b).join(part.file_name())).unwrap();
    }
    let (rows, words) = room.alarmed(0, &["list"]);
    assert!(words.contains(&format!("ALARM: event 2: cover.age of testimony {b} was altered")));
    let row = rows[1].clone();
    assert!(row["unproven"].as_str().unwrap().contains("not the one that the feed names"), "{row}");
}

#[test]
fn an_older_or_foreign_keyring_is_refused_and_nothing_opened() {
    let mut room = three();
    let id = room.receive(&Sent::default()).to_string();
    room.text(0, &["list"]);
    let state = fs::read_to_string(room.keys(0).join("state.json")).unwrap();
    let newer = state.replace("\"epoch\": 1", "\"epoch\": 2");
    assert_ne!(state, newer);
    fs::write(room.keys(0).join("state.json"), newer).unwrap();
    let refused = room.run(0, &["show", &id]);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(!said(&refused).contains("Something happened"), "{}", said(&refused));
    let foreign = Room::new(&[Guardian]);
    for file in ["roots.txt", "keyring/keyring-0001.note"] {
        let bytes = fs::read(foreign.workspace(0).join(file)).unwrap();
        fs::write(room.workspace(1).join(file), bytes).unwrap();
    }
    // the roots of both rooms are made from one seed; another threshold makes them others
    let roots = fs::read_to_string(room.workspace(1).join("roots.txt")).unwrap();
    fs::write(room.workspace(1).join("roots.txt"), roots.replace("threshold 2", "threshold 3"))
        .unwrap();
    let refused = room.run(1, &["list"]);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
}

#[test]
fn a_feed_that_was_cut_or_rewritten_is_an_alarm_at_every_command() {
    let mut room = three();
    room.receive(&Sent::default());
    room.receive(&Sent::default());
    room.text(0, &["list"]);
    let feed = room.workspace(0).join("feed.jsonl");
    let whole = fs::read_to_string(&feed).unwrap();
    let first = whole.lines().next().unwrap().to_owned() + "\n";
    fs::write(&feed, &first).unwrap();
    let cut = room.run(0, &["list"]);
    assert!(said(&cut).contains("ALARM: the feed has 1 events but had 2"));
    assert_eq!(cut.status.code(), Some(3), "an alarm is never the exit code of success");
    let mut other = three();
    other.receive(&Sent { story: "other", ..Sent::default() });
    other.rng = rand_chacha::rand_core::SeedableRng::seed_from_u64(5);
    other.receive(&Sent::default());
    fs::copy(other.workspace(0).join("feed.jsonl"), &feed).unwrap();
    let alarm = said(&room.run(0, &["list"]));
    assert!(alarm.contains("ALARM: the first 2 events"), "{alarm}");
    let another_week = whole.replacen("\"week\":\"2026-W47\"", "\"week\":\"2026-W46\"", 1);
    let another_salt = whole.replacen("\"salt\":\"", "\"salt\":\"0", 1);
    for forged in [another_week, another_salt] {
        fs::write(&feed, forged).unwrap();
        assert!(
            said(&room.run(0, &["list"])).contains("ALARM: line 1"),
            "a leaf that does not hold"
        );
    }
}

#[test]
fn an_older_copy_of_the_workspace_cannot_fork_a_readers_chain() {
    let mut room = three();
    let id = room.receive(&Sent::default()).to_string();
    room.text(0, &["remark", &id, "one"]);
    fs::remove_dir_all(room.workspace(0).join("outbox")).unwrap();
    let refused = room.run(0, &["remark", &id, "two"]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("you have written 2 entries before"), "{}", said(&refused));
}

#[test]
fn a_wrong_passphrase_and_a_second_init_change_nothing() {
    let room = Room::new(&[Guardian]);
    let keys = fs::read(room.keys(0).join("reader.age")).unwrap();
    let args = ["init", "--work-factor", "1", "--invitation"];
    let invitation = room.folder.path().join("invitation-0");
    let again = room.run(0, &[&args[..], &[invitation.to_str().unwrap()]].concat());
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    assert_eq!(fs::read(room.keys(0).join("reader.age")).unwrap(), keys);
    fs::write(room.folder.path().join("passphrase"), "another").unwrap();
    let wrong = room.run(0, &["list"]);
    assert_eq!(wrong.status.code(), Some(1), "{}", said(&wrong));
}

#[test]
fn a_short_or_shared_beginning_of_an_id_is_asked_about() {
    let mut room = Room::new(&[Guardian]);
    let id = room.receive(&Sent::default()).to_string();
    let short = room.run(0, &["show", &id[..3]]);
    assert!(said(&short).contains("at least 4"), "{}", said(&short));
    let nothing = room.run(0, &["show", "zzzzzz"]);
    assert!(said(&nothing).contains("nothing here begins with"), "{}", said(&nothing));
    assert_eq!(room.run(0, &["tag", &id]).status.code(), Some(2));
    assert_eq!(room.run(0, &["tag", &id, "--add", "NOT A CODE"]).status.code(), Some(2));
    let strange = room.run(0, &["tag", &id, "--add", "our-own-code"]);
    assert!(said(&strange).contains("warning: our-own-code"), "{}", said(&strange));
    assert_eq!(strange.status.code(), Some(0));
}
