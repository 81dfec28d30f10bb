//! Hostile words in every place where foreign text is printed: in tables, as JSON, in a terminal.

use std::{
    fs,
    process::{Command, Output},
    time::{Duration, Instant},
};

use rayon::prelude::*;
use sandyk::{
    casebook::{CasebookKey, Draft, Entry, Head, Op, Roster, Signer, Tag, TargetId},
    cli::terminal::acts_or_hides,
    keyring::Role::{Guardian, Reviewer},
    ledger::feed::FeedKind,
};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::room::{ORGANISATION, Room, Sent, said};

/// Columns of the terminal.
const COLUMNS: usize = 80;

/// One string for each way in which words attack a screen or the eye.
fn attacks() -> Vec<(&'static str, String)> {
    let own = |text: &str| text.to_owned();
    vec![
        ("clear and colour", own("a\u{1b}[2J\u{1b}[H\u{1b}[31mb")),
        ("title", own("\u{1b}]0;owned\u{7}")),
        ("clipboard", own("\u{1b}]52;c;Y3VybCB4fHNo\u{1b}\\")),
        ("link", own("\u{1b}]8;;http://x.example\u{1b}\\safe\u{1b}]8;;\u{1b}\\")),
        ("device string", own("\u{1b}P+q544e\u{1b}\\\u{90}x\u{9c}")),
        ("c1", own("\u{9b}31m\u{9d}0;x\u{9c}\u{85}\u{8d}")),
        ("back and over", own("guilty\rinnocent\u{8}\u{8}\u{8}\u{b}\u{c}\u{7f}")),
        ("tabs", own("\t\t\t\t\t\t\t\t\tTestimony of nobody")),
        ("turned", own("photo\u{202e}gpj.exe\u{2066}x\u{2069}\u{200f}\u{61c}")),
        ("unseen", own("a\u{200b}b\u{2060}c\u{feff}d\u{ad}e\u{e0041}f\u{2800}g\u{3164}h")),
        ("tower", format!("Z{}algo", "\u{301}\u{316}\u{489}".repeat(400))),
        ("old korean", format!("\u{1100}{}", "\u{1161}\u{11a8}".repeat(400))),
        ("separators", own("a\u{2028}** ALARM: all is lost\u{2029}b")),
        ("own lines", own("x\nerror: your keys are broken\n** ALARM: forged\n next: sync")),
        ("own bar", format!("{}│ Danger            none", " ".repeat(78))),
        ("wide", "漢".repeat(3000)),
        ("without an end", "a".repeat(5000)),
    ]
}

/// Is every character here one that neither acts nor hides, with few marks on each letter?
fn is_calm(text: &str) -> Result<(), String> {
    let mut marks = 0;
    for c in text.chars() {
        marks = if c.width() == Some(0) { marks + 1 } else { 0 };
        if c != '\n' && c != '\u{fe0f}' && acts_or_hides(c) {
            return Err(format!("U+{:04X} gets through", u32::from(c)));
        }
        if marks > 4 {
            return Err(format!("a tower of U+{:04X} gets through", u32::from(c)));
        }
    }
    Ok(())
}

/// Nothing that begins like a line of ours begins a line, but our own.
fn is_ours(text: &str) -> bool {
    let forged =
        ["error: your keys", "** ALARM: forged", "** ALARM: all", "Testimony of", " next: sync"];
    !text.lines().any(|line| forged.iter().any(|words| line.starts_with(words)))
}

/// Runs `sandyk review …` in a terminal of 80 columns; what came out of it.
fn in_a_terminal(room: &Room, args: &[&str]) -> String {
    let mut words: Vec<String> = vec![env!("CARGO_BIN_EXE_sandyk").into(), "review".into()];
    words.extend(args.iter().map(|&arg| arg.to_owned()));
    for (option, path) in [
        ("--workspace", room.workspace(1)),
        ("--keys", room.keys(1)),
        ("--passphrase-file", room.folder.path().join("passphrase")),
    ] {
        words.extend([option.to_owned(), path.display().to_string()]);
    }
    let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    let line = format!("stty cols {COLUMNS} rows 24; {}", quoted.join(" "));
    let output = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n")
}

#[test]
fn no_hostile_words_act_hide_or_pass_for_ours_in_any_command_and_form() {
    let mut room = Room::new(&[Guardian, Guardian]);
    let story: String = attacks().into_iter().map(|(_, text)| text + "\n").collect();
    let short: Vec<String> =
        attacks().into_iter().map(|(_, text)| text.chars().take(90).collect()).collect();
    let files: Vec<(&str, &[u8])> = short.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    let name = short.join(" ");
    let sent = Sent { story: &story, name: Some(&name), files: &files, ..Sent::default() };
    // One for each time that `read` is asked for the next one.
    let ids: Vec<_> = (0..4).map(|_| room.receive(&sent).to_string()).collect();
    let id = ids[0].clone();
    for words in &short {
        room.text(0, &["case", "new", words]);
        room.text(0, &["remark", &id, words]);
    }
    let cases = room.json(0, &["case", "list"]);
    let case = cases[0]["id"].as_str().unwrap().to_owned();
    room.text(0, &["tag", &id, "--case", &case, "--why", &short[0], "--add", "torture"]);
    room.sync();
    let out = room.folder.path().join("out");
    let out = out.to_str().unwrap();
    let commands: [&[&str]; 7] = [
        &["read"],
        &["list"],
        &["list", "--case", &case],
        &["show", &id, "--names"],
        &["case", "list"],
        &["case", "show", &case],
        &["exhibits", &id, "--to", out],
    ];
    for args in commands {
        for json in [false, true] {
            let _ = fs::remove_dir_all(out);
            let args = if json { [args, &["--json"]].concat() } else { args.to_vec() };
            let seen = in_a_terminal(&room, &args);
            assert_eq!(is_calm(&seen), Ok(()), "{args:?} in a terminal");
            assert!(is_ours(&seen), "{args:?} in a terminal:\n{seen}");
            let wide = seen.lines().find(|line| !json && line.width() > COLUMNS);
            assert_eq!(wide, None, "{args:?}");
            let _ = fs::remove_dir_all(out);
            let text = said(&room.run(0, &args));
            assert_eq!(is_calm(&text), Ok(()), "{args:?}");
            assert!(is_ours(&text), "{args:?}:\n{text}");
        }
    }
    let shown = room.json(1, &["show", &id]);
    assert_eq!(shown["account"]["story"], story.as_str(), "JSON is the story as it was typed");
}

#[test]
fn hostile_words_on_the_command_line_come_back_calm() {
    let mut room = Room::new(&[Guardian]);
    let id = room.receive(&Sent::default()).to_string();
    for (what, words) in attacks() {
        for args in [
            &["tag", &id, "--add", &words][..],
            &["tag", &id, "--case", &words],
            &["show", &words],
            &["case", "show", &words],
            &["exhibits", &words, "--to", &words],
        ] {
            let output: Output = room.run(0, args);
            let text = said(&output);
            assert_ne!(output.status.code(), Some(0), "{what}: {args:?}");
            assert!(output.status.code().is_some_and(|code| code < 5), "{what}: {text}");
            assert_eq!(is_calm(&text), Ok(()), "{what}: {args:?}");
        }
    }
}

#[test]
fn a_story_of_240_000_characters_is_shown_whole() {
    let mut room = Room::new(&[Guardian, Reviewer]);
    let story: String = (0..24_000).map(|n| format!("{n:06} сөз")).collect::<Vec<_>>().concat()
        + &"\u{1b}[2J".repeat(10);
    assert!(story.chars().count() >= 240_000);
    let id = room.receive(&Sent { story: &story, ..Sent::default() }).to_string();
    let began = Instant::now();
    assert_eq!(room.json(1, &["show", &id])["account"]["story"], story.as_str());
    let shown = room.text(0, &["show", &id]);
    assert!(shown.contains("023999 сөз⟨U+001B⟩[2J"), "to its end");
    let seen = in_a_terminal(&room, &["show", &id]);
    assert!(seen.contains("023999") && seen.lines().all(|line| line.width() <= COLUMNS));
    assert!(room.text(0, &["list"]).lines().all(|line| line.chars().count() < 400));
    assert!(began.elapsed() < Duration::from_mins(1));
}

/// Signs acts of reader 0 and puts them into the feed at once.
fn flood(room: &mut Room, acts: &[Op]) {
    let envelope = room.workspace(0).join("casebook/keys/00000000000000000002.age");
    let (keys, roster) = (room.open_keys(0), Roster::of(&room.chain));
    let to = CasebookKey::open(&fs::read(envelope).unwrap(), &keys.reading, &roster).unwrap();
    let recipient = to.recipient();
    let mut head = last_of(room, &[to]);
    let (organisation, keyring) = (ORGANISATION, room.chain.current_digest());
    let signer = Signer { organisation, keyring, by: keys.id, key: &keys.signing };
    let mut entries = Vec::new();
    for op in acts {
        let draft = Draft { op, after: head, day: "2026-11-22".parse().unwrap() };
        let entry = Entry::sign(&signer, &draft, &mut room.rng).unwrap();
        head = entry.head();
        entries.push(entry);
    }
    let sealed: Vec<_> = entries.par_iter().map(|entry| entry.seal(&recipient).unwrap()).collect();
    room.publish_many(FeedKind::CasebookEntry, &sealed);
}

/// The end of reader 0's chain: their tag and what they say of the feed, in any order of cursors.
fn last_of(room: &Room, keys: &[CasebookKey]) -> Head {
    let entries = fs::read_dir(room.workspace(0).join("casebook/entries")).unwrap();
    let heads = entries
        .map(|entry| Entry::open(&fs::read(entry.unwrap().path()).unwrap(), keys).unwrap().head());
    heads.max_by_key(|head| head.seq).unwrap()
}

#[test]
fn ten_thousand_tags_leave_a_list_that_can_be_read() {
    let mut room = Room::new(&[Reviewer, Guardian]);
    let id = room.receive(&Sent::default());
    room.text(0, &["tag", &id.to_string(), "--add", "torture"]);
    room.sync();
    let target = TargetId::from_bytes(*id.as_bytes());
    let tag =
        |n| Op::Tag { target, code: Tag::parse(&format!("tag-{n:05}")).unwrap(), remove: false };
    flood(&mut room, &(0..10_000).map(tag).collect::<Vec<_>>());
    let list = room.text(1, &["list"]);
    assert!(list.chars().count() < 2000, "{} characters", list.chars().count());
    assert!(list.contains("tag-00000"), "{list}");
    let shown = room.text(1, &["show", &id.to_string()]);
    assert!(shown.contains("and 9941 more (--json has all)"), "{shown}");
    assert!(shown.lines().count() < 60, "{shown}");
    let all = room.json(1, &["show", &id.to_string()])["tags"].as_array().unwrap().len();
    assert_eq!(all, 10_001, "nothing is lost");
}

#[test]
fn copies_of_keys_and_entries_without_number_are_counted_and_cost_little() {
    let mut room = Room::new(&[Reviewer, Guardian]);
    let id = room.receive(&Sent::default());
    room.text(0, &["tag", &id.to_string(), "--add", "torture"]);
    room.sync();
    let key = fs::read(room.workspace(0).join("casebook/keys/00000000000000000002.age")).unwrap();
    let entry =
        fs::read(room.workspace(0).join("casebook/entries/00000000000000000003.age")).unwrap();
    room.publish_many(FeedKind::CasebookKey, &vec![key; 600]);
    room.publish_many(FeedKind::CasebookEntry, &vec![entry; 3000]);
    let began = Instant::now();
    let output = room.run(0, &["show", &id.to_string()]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("590 more casebook keys are not used"), "{text}");
    assert!(text.contains("not proven: 2990 more casebook entries"), "{text}");
    assert!(text.contains("the very same key came before") && text.contains("torture"), "{text}");
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
}
