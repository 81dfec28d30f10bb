//! Answers to witnesses: who writes them, where they go, and what colleagues and servers can do to them.

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use ed25519_dalek::SigningKey;
use rand::rngs::OsRng;
use sandyk::{
    casebook::Op,
    clock::{Clock as _, SystemClock},
    digest::Digest,
    id::{ReplyId, TestimonyId},
    keyring::Role,
    reply::{Places, Reply, ReplyError, SignedReply},
    review::{Session, Workspace},
    sealed::open_reply::open_reply,
    testimony::Kind,
};
use serde_json::json;

use crate::{
    room::{ORGANISATION, Room, said},
    witness::{Letter, Witness},
};

/// Writes words into a file that only its owner reads, and names it.
fn words(room: &Room, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = room.folder.path().join("words.txt");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn outbox(room: &Room, reader: usize) -> Vec<PathBuf> {
    let folder = room.workspace(reader).join("outbox/replies");
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// What the page does with a file of the outbox: opens and verifies it for this witness.
fn read(room: &Room, witness: &Witness, file: &PathBuf) -> Result<SignedReply, ReplyError> {
    let name = file.file_stem().unwrap().to_str().unwrap();
    let (mailbox, id) = name.split_once('-').unwrap();
    assert_eq!(mailbox, witness.mailbox.to_string());
    let id: ReplyId = id.parse().unwrap();
    let text = open_reply(&witness.reply, &fs::read(file).unwrap()).unwrap();
    let signed = SignedReply::parse(text.expose())?;
    let own = Digest::of(witness.reply.recipient().to_string().as_bytes());
    signed.verify_stored(&room.chain, own, id)?;
    Ok(signed)
}

#[test]
fn an_answer_goes_to_the_address_in_the_cover_and_colleagues_see_who_wrote_it() {
    let mut room = Room::new(&[Role::Guardian, Role::Reviewer]);
    let (one, other) = (Witness::new(&mut room, "one"), Witness::new(&mut room, "other"));
    let first = one.tells(&mut room, &["court"]);
    let _foreign = other.tells(&mut room, &["court"]);
    let more = one.sends(&mut room, &one.letter(Kind::Supplement, Some(first)));
    let (first, more) = (first.to_string(), more.to_string());
    // Two colleagues, neither of whom has heard of the other's answer.
    let file = words(&room, "Можно ли показать это суду?\r\n");
    let sent = room.json(0, &["reply", &first[..10], "--message-file", &file, "--send"]);
    assert_eq!((&sent["state"], &sent["number"]), (&json!("released"), &json!(1)));
    let file = words(&room, "We have read it.");
    let sent = room.json(1, &["reply", &more, "--message-file", &file, "--send"]);
    assert_eq!((&sent["testimony"], &sent["number"]), (&json!(first), &json!(1)), "of the thread");
    let mut places = Places::default();
    let mut texts = Vec::new();
    for reader in 0..2 {
        let files = outbox(&room, reader);
        assert_eq!(files.len(), 1);
        let signed = read(&room, &one, &files[0]).unwrap();
        places.take(signed.reply()).expect("the page calls no honest one repeated");
        texts.push(signed.reply().text.clone());
        assert!(open_reply(&other.reply, &fs::read(&files[0]).unwrap()).is_err());
    }
    assert_eq!(texts, ["Можно ли показать это суду?", "We have read it."]);
    room.sync();
    for reader in 0..2 {
        let shown = room.json(reader, &["show", &more]);
        let by: Vec<_> = shown["replies"].as_array().unwrap().iter().map(|r| &r["by"]).collect();
        assert_eq!(by, [&json!(room.readers[0].id), &json!(room.readers[1].id)]);
        assert!(shown["replies"][0].get("forged").is_none(), "{shown}");
    }
    let page = room.text(1, &["show", &first]);
    assert!(page.contains("│ Можно ли показать это суду?") && page.contains("of you on"), "{page}");
    let file = words(&room, "And again.");
    let sent = room.json(0, &["reply", &first, "--message-file", &file, "--send"]);
    assert_eq!(sent["number"], 2);
}

#[test]
fn a_draft_is_read_by_nobody_else_and_released_only_when_asked() {
    let mut room = Room::new(&[Role::Guardian, Role::Reviewer]);
    let one = Witness::new(&mut room, "one");
    let id = one.tells(&mut room, &["court"]).to_string();
    let nothing = room.run(0, &["reply", &id]);
    assert_eq!(nothing.status.code(), Some(2), "no terminal, no file: {}", said(&nothing));
    let file = words(&room, "a draft of mine");
    // Without --send nothing leaves, whatever else is given.
    for args in [&["--draft"][..], &[]] {
        let args = [&["reply", &id, "--message-file", &file], args].concat();
        assert_eq!(room.json(0, &args)["state"], "draft");
    }
    assert!(outbox(&room, 0).is_empty());
    assert!(!room.workspace(0).join("outbox/entries").exists(), "colleagues learn nothing");
    fs::remove_file(&file).unwrap();
    let draft = room.workspace(0).join("drafts").join(format!("{id}.age"));
    let sealed = fs::read(&draft).unwrap();
    assert!(sealed.starts_with(b"age-encryption.org/v1") && sealed.len() > 4 << 10);
    assert!(!sealed.windows(5).any(|window| window == b"draft"));
    let stolen = room.workspace(1).join("drafts");
    fs::create_dir_all(&stolen).unwrap();
    fs::copy(&draft, stolen.join(format!("{id}.age"))).unwrap();
    assert!(!room.text(1, &["show", &id]).contains("a draft of mine"));
    assert_eq!(room.run(1, &["reply", &id, "--send"]).status.code(), Some(1));
    assert!(room.text(0, &["show", &id]).contains("│ a draft of mine"));
    assert_eq!(room.json(0, &["reply", &id, "--send"])["text"], "a draft of mine");
    assert!(!draft.exists() && outbox(&room, 0).len() == 1);
    // What is refused is released in no part.
    let number = |text: &str| {
        let file = words(&room, text);
        let output = room.run(0, &["reply", &id, "--message-file", &file, "--send"]);
        (output.status.code(), said(&output))
    };
    for text in [" \n", "a\u{1b}[2Jb", &"я".repeat(6_200)] {
        let (code, said) = number(text);
        assert!(code == Some(1) && said.contains("nothing was signed"), "{said}");
    }
    assert_eq!(outbox(&room, 0).len(), 1);
}

/// Runs `sandyk review …` in a terminal as reader 0, types `lines`, and gives what stood on the screen.
fn typed(room: &Room, args: &[&str], lines: &str) -> String {
    let mut words: Vec<String> = vec![env!("CARGO_BIN_EXE_sandyk").into(), "review".into()];
    words.extend(args.iter().map(|&arg| arg.to_owned()));
    for (option, path) in [
        ("--workspace", room.workspace(0)),
        ("--keys", room.keys(0)),
        ("--passphrase-file", room.folder.path().join("passphrase")),
    ] {
        words.extend([option.to_owned(), path.display().to_string()]);
    }
    let line: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    let mut terminal = Command::new("script")
        .args(["--quiet", "--return", "--command", &line.join(" "), "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    terminal.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = terminal.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_answer_is_typed_in_the_program_and_sent_by_a_typed_yes_alone() {
    let mut room = Room::new(&[Role::Guardian]);
    let one = Witness::new(&mut room, "one");
    let id = one.tells(&mut room, &["court"]).to_string();
    let screen = typed(&room, &["reply", &id], "Рахмат.\nСизди окудук.\n.\nno\n");
    assert!(screen.contains("Not sent. It is kept as your draft"), "{screen}");
    assert!(outbox(&room, 0).is_empty());
    let screen = typed(&room, &["reply", &id], "yes\n");
    assert!(screen.contains("│ Сизди окудук.") && screen.contains("Released."), "{screen}");
    let signed = read(&room, &one, &outbox(&room, 0)[0]).unwrap();
    assert_eq!(signed.reply().text, "Рахмат.\nСизди окудук.");
    for folder in [room.workspace(0), room.keys(0)] {
        let found = Command::new("grep").args(["-rl", "окудук"]).arg(folder).output().unwrap();
        assert!(found.stdout.is_empty(), "in the clear: {}", said(&found));
    }
}

#[test]
fn an_address_that_was_swapped_gets_no_answer() {
    let mut room = Room::new(&[Role::Guardian]);
    let (one, server) = (Witness::new(&mut room, "one"), Witness::new(&mut room, "server"));
    let id = one.tells(&mut room, &["court"]);
    let other = server.tells(&mut room, &["court"]);
    let folder = |id: TestimonyId| room.workspace(0).join("testimonies").join(id.to_string());
    let file = words(&room, "words for one only");
    let refused = |what: &str| {
        let args = ["reply", &id.to_string(), "--message-file", &file, "--send"];
        let output = room.run(0, &args);
        assert_eq!(output.status.code(), Some(3), "{what}: {}", said(&output));
        assert!(outbox(&room, 0).is_empty() && said(&output).contains("not proven"), "{what}");
        assert!(!room.workspace(0).join("outbox/entries").exists(), "{what}");
    };
    let own = fs::read(folder(id).join("cover.age")).unwrap();
    // The cover of a testimony of the server's own, with its own address in it, and its envelope.
    for part in ["cover.age", "envelope-account.age"] {
        fs::copy(folder(other).join(part), folder(id).join(part)).unwrap();
        refused(part);
    }
    let mut altered = own;
    *altered.last_mut().unwrap() ^= 1;
    fs::write(folder(id).join("cover.age"), altered).unwrap();
    refused("altered");
}

#[test]
fn a_colleague_releases_an_answer_again_and_never_a_forged_one() {
    let mut room = Room::new(&[Role::Guardian, Role::Reviewer]);
    let (one, other) = (Witness::new(&mut room, "one"), Witness::new(&mut room, "other"));
    let first = one.tells(&mut room, &["court"]);
    let foreign = other.tells(&mut room, &["court"]);
    let file = words(&room, "one answer");
    let sent = room.json(0, &["reply", &first.to_string(), "--message-file", &file, "--send"]);
    let name = sent["id"].as_str().unwrap().to_owned();
    room.sync();
    fs::remove_dir_all(room.workspace(0).join("outbox/replies")).unwrap();
    let again = room.json(1, &["reply", &first.to_string(), "--again", &name[..8]]);
    assert_eq!((&again["id"], &again["by"]), (&json!(name), &json!(room.readers[0].id)));
    let files = outbox(&room, 1);
    let signed = read(&room, &one, &files[0]).unwrap();
    assert_eq!((signed.reply().text.as_str(), files.len()), ("one answer", 1));
    room.sync();
    let shown = room.json(0, &["show", &first.to_string()]);
    assert_eq!(shown["replies"][0]["again"], json!([room.readers[1].id]));
    // The same, written into the casebook for another witness, or under another author's name.
    let keys = room.open_keys(1);
    let reply = |testimony, by, recipient: Digest| Reply {
        organisation: ORGANISATION.into(),
        keyring: room.chain.current_digest(),
        recipient,
        testimony,
        by,
        number: 7,
        text: "a trap".into(),
    };
    let readdressed = reply(foreign, keys.id, signed.reply().recipient);
    let readdressed = SignedReply::sign(readdressed, &keys.signing).unwrap();
    let not_theirs = reply(first, room.readers[0].id, signed.reply().recipient);
    let not_theirs = SignedReply::sign(not_theirs, &SigningKey::from_bytes(&[5; 32])).unwrap();
    for signed in [&readdressed, &not_theirs] {
        let testimony = signed.reply().testimony;
        smuggle(&mut room, 1, Op::Reply { testimony, note: signed.to_text() });
    }
    let shown = room.json(0, &["show", &foreign.to_string()]);
    let forged = shown["replies"][0]["forged"].to_string();
    assert!(forged.contains("somebody else"), "{shown}");
    let args = ["reply", &foreign.to_string(), "--again", &readdressed.id().to_string()];
    assert_eq!(room.run(0, &args).status.code(), Some(3));
    let args = ["reply", &first.to_string(), "--again", &not_theirs.id().to_string()];
    assert_eq!(room.run(0, &args).status.code(), Some(1), "it is in no casebook");
    let listed = said(&room.run(0, &["list"]));
    assert!(listed.contains("releases a reply that its author did not sign"), "{listed}");
    assert!(outbox(&room, 0).is_empty());
}

#[test]
fn whoever_says_to_continue_an_account_without_proof_is_answered_with_a_warning() {
    let mut room = Room::new(&[Role::Guardian]);
    let (one, other) = (Witness::new(&mut room, "one"), Witness::new(&mut room, "other"));
    let first = one.tells(&mut room, &["court"]);
    let letter = Letter { signed_by: None, ..other.letter(Kind::Supplement, Some(first)) };
    let stranger = other.sends(&mut room, &letter).to_string();
    let file = words(&room, "who are you?");
    let output = room.run(0, &["reply", &stranger, "--message-file", &file, "--send"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(said(&output).contains("is not proven to be from the witness of"), "{}", said(&output));
    let signed = read(&room, &other, &outbox(&room, 0)[0]).unwrap();
    assert_eq!(signed.reply().testimony.to_string(), stranger, "not to the thread of the first");
}

/// Puts an act into everybody's casebook that no command would write.
fn smuggle(room: &mut Room, reader: usize, op: Op) {
    let (keys, folder) = (room.open_keys(reader), room.keys(reader));
    let workspace = Workspace::open(&room.workspace(reader)).unwrap();
    let mut session = Session::open(workspace, keys, &folder).unwrap();
    session.write(&[op], SystemClock.today(), &mut OsRng).unwrap();
    drop(session);
    room.sync();
}
