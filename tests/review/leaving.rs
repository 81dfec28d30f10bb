//! Leaving before a border, another passphrase, keys on paper, and a word for a new reader.

use std::{fs, path::Path, process::Output};

use sandyk::keyring::{Role, SignedVouch};
use walkdir::WalkDir;

use crate::room::{Room, Sent, said};

fn files(folder: &Path) -> usize {
    WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|e| e.file_type().is_file())
        .count()
}

fn leave(room: &Room, more: &[&str]) -> Output {
    room.run(0, &[&["leave", "--keep-device"], more].concat())
}

#[test]
fn leaving_overwrites_the_keys_and_leaves_no_file_but_only_if_the_reader_is_named() {
    let mut room = Room::new(&[Role::Guardian, Role::Reviewer]);
    room.receive(&Sent::default());
    let id = room.readers[0].id.to_string();
    // A second name for the same bytes shows what became of them on the disk.
    let witness = room.folder.path().join("the-same-blocks");
    fs::hard_link(room.keys(0).join("reader.age"), &witness).unwrap();
    let sealed = fs::read(&witness).unwrap();
    let before = (files(&room.keys(0)), files(&room.workspace(0)));
    let other = room.readers[1].id.to_string();
    for (args, code) in [(&[][..], 0), (&["--destroy", &other], 3), (&["--destroy", &id[..7]], 3)] {
        let asked = leave(&room, args);
        assert_eq!(asked.status.code(), Some(code), "{}", said(&asked));
        assert_eq!((files(&room.keys(0)), files(&room.workspace(0))), before, "{args:?}");
        assert_eq!(fs::read(&witness).unwrap(), sealed);
    }
    let left = leave(&room, &["--destroy", &id[..8]]);
    assert_eq!(left.status.code(), Some(0), "{}", said(&left));
    assert!(!room.keys(0).exists() && !room.workspace(0).exists());
    let now = fs::read(&witness).unwrap();
    assert_eq!(now.len(), sealed.len());
    assert!(!now.windows(16).any(|part| sealed.windows(16).any(|was| was == part)), "overwritten");
    assert!(files(&room.keys(1)) > 0 && files(&room.workspace(1)) > 0);
}

#[test]
fn the_device_key_goes_too_if_its_folder_is_named_and_a_strangers_does_not() {
    let room = Room::new(&[Role::Guardian, Role::Reviewer]);
    let id = room.readers[0].id.to_string();
    let device = |name: &str, invitation: &str, reader: usize| {
        let folder = room.folder.path().join(name);
        let made = std::process::Command::new(env!("CARGO_BIN_EXE_sandyk"))
            .args(["sync", "init", "--invitation"])
            .arg(room.folder.path().join(invitation))
            .arg("--reader")
            .arg(room.keys(reader).join("reader.pub"))
            .arg("--device")
            .arg(&folder)
            .arg("--workspace")
            .arg(room.folder.path().join(format!("{name}-workspace")))
            .output()
            .unwrap();
        assert_eq!(made.status.code(), Some(0), "{}", said(&made));
        folder
    };
    let (own, other) = (device("own", "invitation-0", 0), device("other", "invitation-1", 1));
    let witness = room.folder.path().join("the-same-blocks");
    fs::hard_link(own.join("device.key"), &witness).unwrap();
    let sealed = fs::read(&witness).unwrap();
    let leave = |folder: &Path, more: &[&str]| {
        room.run(0, &[&["leave", "--device", folder.to_str().unwrap()], more].concat())
    };
    // Somebody else's, and one for whom it is not said: nothing goes, neither here nor there.
    let refused = leave(&other, &["--destroy", &id]);
    assert_ne!(refused.status.code(), Some(0), "{}", said(&refused));
    assert_eq!(room.run(0, &["leave", "--destroy", &id]).status.code(), Some(2));
    assert!(leave(&own, &[]).status.success());
    assert!(room.keys(0).join("reader.age").exists() && files(&own) > 0 && files(&other) > 0);
    assert_eq!(fs::read(&witness).unwrap(), sealed);
    let left = leave(&own, &["--destroy", &id]);
    assert_eq!(left.status.code(), Some(0), "{}", said(&left));
    assert!(!own.exists() && !room.keys(0).exists() && !room.workspace(0).exists());
    let now = fs::read(&witness).unwrap();
    assert!(!now.windows(16).any(|part| sealed.windows(16).any(|was| was == part)), "overwritten");
    assert!(files(&other) > 0, "whose it is keeps it");
}

#[test]
fn what_is_somebody_elses_or_lies_behind_a_link_is_not_destroyed() {
    let room = Room::new(&[Role::Guardian, Role::Reviewer]);
    let id = room.readers[0].id.to_string();
    let keys = room.keys(0);
    let theirs = room.workspace(1).display().to_string();
    let swapped = std::process::Command::new(env!("CARGO_BIN_EXE_sandyk"))
        .args([
            "review",
            "leave",
            "--keep-device",
            "--destroy",
            &id,
            "--workspace",
            &theirs,
            "--keys",
        ])
        .arg(&keys)
        .output()
        .unwrap();
    assert_eq!(swapped.status.code(), Some(3), "{}", said(&swapped));
    assert!(files(&keys) > 0 && files(&room.workspace(1)) > 0);
    let stick = room.folder.path().join("stick.age");
    fs::rename(keys.join("reader.age"), &stick).unwrap();
    std::os::unix::fs::symlink(&stick, keys.join("reader.age")).unwrap();
    let linked = leave(&room, &["--destroy", &id]);
    assert_eq!(linked.status.code(), Some(3), "{}", said(&linked));
    assert!(said(&linked).contains("is a link"), "{}", said(&linked));
    assert!(files(&room.workspace(0)) > 0, "nothing went");
}

#[test]
fn a_leave_that_was_cut_off_goes_on_and_finds_whose_it_was() {
    let room = Room::new(&[Role::Guardian, Role::Reviewer]);
    let id = room.readers[0].id.to_string();
    fs::remove_file(room.keys(0).join("reader.age")).unwrap();
    fs::remove_dir_all(room.workspace(0)).unwrap();
    let left = leave(&room, &["--destroy", &id]);
    assert_eq!(left.status.code(), Some(0), "{}", said(&left));
    assert!(!room.keys(0).exists());
}

#[test]
fn another_passphrase_opens_the_same_keys_and_the_old_one_nothing() {
    let mut room = Room::new(&[Role::Guardian]);
    let id = room.receive(&Sent::default()).to_string();
    let new = room.folder.path().join("new");
    fs::write(&new, "six other words nobody can guess").unwrap();
    let old_blocks = room.folder.path().join("old-blocks");
    fs::hard_link(room.keys(0).join("reader.age"), &old_blocks).unwrap();
    let sealed = fs::read(&old_blocks).unwrap();
    let change =
        ["passphrase", "--work-factor", "1", "--new-passphrase-file", new.to_str().unwrap()];
    let changed = room.run(0, &change);
    assert_eq!(changed.status.code(), Some(0), "{}", said(&changed));
    assert_ne!(fs::read(&old_blocks).unwrap(), sealed, "what the old one opens is overwritten");
    let old = room.run(0, &["show", &id]);
    assert_eq!(old.status.code(), Some(1), "{}", said(&old));
    let again = room.run(0, &change);
    assert!(said(&again).contains("passphrase is wrong"), "{}", said(&again));
    fs::copy(&new, room.folder.path().join("passphrase")).unwrap();
    assert!(room.text(0, &["show", &id]).contains("Something happened."));
}

#[test]
fn keys_come_back_from_paper_and_from_no_mistyped_page() {
    let mut room = Room::new(&[Role::Guardian]);
    let id = room.receive(&Sent::default()).to_string();
    let at = |name: &str| room.folder.path().join(name).display().to_string();
    room.text(0, &["paper", "--out", &at("page")]);
    let page = fs::read_to_string(at("page")).unwrap();
    assert!(!page.contains("AGE-SECRET-KEY"), "{page}");
    fs::rename(room.keys(0), at("gone")).unwrap();
    let restore = ["restore", "--invitation", &at("invitation-0"), "--page", &at("page")];
    let figure = page.lines().next().unwrap().chars().nth(4).unwrap();
    let other = if figure == '7' { "8" } else { "7" };
    let wrong = format!("{}{other}{}", &page[..4], &page[5..]);
    fs::write(at("page"), wrong).unwrap();
    let mistyped = room.run(0, &restore);
    assert!(said(&mistyped).contains("line 1 is mistyped"), "{}", said(&mistyped));
    assert!(!room.keys(0).exists());
    fs::write(at("page"), &page).unwrap();
    room.text(0, &restore);
    assert!(room.run(0, &["show", &id]).stdout.windows(9).any(|part| part == b"Something"));
    assert_eq!(room.run(0, &restore).status.code(), Some(1), "never over keys that are there");
}

#[test]
fn a_word_for_a_reader_is_given_only_for_the_digits_that_were_heard() {
    let room = Room::new(&[Role::Guardian, Role::Reviewer]);
    let other = Room::new(&[Role::Guardian, Role::Reviewer]);
    let newcomer = other.keys(1).join("reader.pub");
    let to = room.folder.path().join("vouches");
    let digits = other.readers[1].fingerprint();
    let wrong = other.readers[0].fingerprint();
    let vouch = |reader: usize, heard: &str| {
        let (file, to) = (newcomer.to_str().unwrap(), to.to_str().unwrap());
        room.run(reader, &["vouch", file, "--heard", heard, "--to", to])
    };
    for heard in [wrong.as_str(), "", &digits[..digits.len() - 1]] {
        let refused = vouch(0, heard);
        assert_eq!(refused.status.code(), Some(3), "{heard}: {}", said(&refused));
        assert!(!said(&refused).contains(&digits), "the right digits are not shown");
        assert!(!to.exists());
    }
    let given = vouch(0, &digits);
    assert_eq!(given.status.code(), Some(0), "{}", said(&given));
    let file = fs::read_dir(&to).unwrap().next().unwrap().unwrap().path();
    let signed = SignedVouch::parse(&fs::read_to_string(file).unwrap()).unwrap();
    signed.verify(&room.chain).unwrap();
    assert_eq!(signed.voucher(), room.readers[0].id);
    assert!(signed.vouch().reader == other.readers[1]);
    // Whoever is in the keyring already is nobody new.
    let own = room.keys(1).join("reader.pub");
    let known = room.readers[1].fingerprint();
    let known = room.run(0, &["vouch", own.to_str().unwrap(), "--heard", &known]);
    assert_eq!(known.status.code(), Some(3), "{}", said(&known));
}

#[test]
fn the_commands_of_the_guide_to_a_border_destroy_in_every_language() {
    for lang in ["en", "ru", "ky", "uz"] {
        let room = Room::new(&[Role::Guardian]);
        let guide =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/guide/{lang}/border.md"));
        let guide = fs::read_to_string(guide).unwrap();
        let leaving = || guide.lines().filter(|line| line.starts_with("sandyk review leave "));
        assert_eq!(leaving().count(), 2, "{lang}: one looks, one destroys");
        let id = room.readers[0].id.to_string();
        for (n, command) in leaving().enumerate() {
            let words = command.split(' ').skip(1).map(|word| match word {
                "keys" => "keys-0",
                "workspace" => "workspace-0",
                "READER" => &id,
                word => word,
            });
            let done = std::process::Command::new(env!("CARGO_BIN_EXE_sandyk"))
                .args(words)
                .current_dir(room.folder.path())
                .output()
                .unwrap();
            assert_eq!(done.status.code(), Some(0), "{command}: {}", said(&done));
            assert_eq!(room.keys(0).exists(), n == 0, "{lang}: {command}");
        }
        assert!(!room.workspace(0).exists());
    }
}
