//! A ceremony for classic keys, by its commands.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use sandyk::keyring::{Invitation, ReaderPub};

use crate::stage::save;

fn sandyk(folder: &Path, words: &[&str]) -> Output {
    let mut sandyk = Command::new(env!("CARGO_BIN_EXE_sandyk"));
    sandyk.args(words).current_dir(folder).output().unwrap()
}

fn done(folder: &Path, words: &[&str]) {
    let output = sandyk(folder, words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn join(folder: &Path, invitation: &str, keys: &str) -> ReaderPub {
    let words = ["review", "init", "--work-factor=1", "--invitation", invitation, "--keys", keys];
    done(folder, &[&words[..], &["--passphrase-file", "reader-words"]].concat());
    ReaderPub::parse(&fs::read_to_string(folder.join(keys).join("reader.pub")).unwrap()).unwrap()
}

#[test]
fn what_is_founded_classic_invites_to_classic_keys_and_takes_in_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (n, file) in ["one", "two", "three", "reader-words"].into_iter().enumerate() {
        save(&folder.join(file), &format!("a passphrase no. {n} of six words"));
    }
    let found = |kind: &[&str], to: &str| {
        let words = ["admin", "init", "--organisation=Org", "--work-factor=1", "--folder", to];
        let files = ["one", "two", "three"].map(|file| ["--passphrase-file", file]).concat();
        done(folder, &[&words[..], kind, &files].concat());
    };
    found(&["--kind", "classic"], "c");
    found(&[], "d");
    for (ceremony, invitation) in [("c", "classic"), ("d", "default")] {
        let words = ["admin", "invite", "--folder", ceremony, "--role=guardian"];
        done(folder, &[&words[..], &["--out", invitation]].concat());
    }
    let text = fs::read_to_string(folder.join("classic")).unwrap();
    assert!(text.contains("\nkind classic\n"), "{text}");
    Invitation::parse(&text).unwrap();
    let classic = join(folder, "classic", "classic-keys");
    let other = join(folder, "default", "other-keys");
    assert!(classic.recipient.to_string().len() == 62, "{}", classic.recipient);
    assert!(other.recipient.to_string().starts_with("age1pq1"), "{}", other.recipient);

    let add = ["admin", "add", "--folder", "c"];
    let refused = sandyk(folder, &[&add[..], &["other-keys/reader.pub"]].concat());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    let reader = format!("reader {} has a recipient of another kind", other.id);
    assert!(!refused.status.success() && said.contains(&reader), "{said}");
    let draft = fs::read_to_string(folder.join("c/draft/keyring.txt")).unwrap();
    assert!(!draft.contains("\nreader "), "nothing was changed: {draft}");
    done(folder, &[&add[..], &["classic-keys/reader.pub"]].concat());
    for (root, words) in [("c/root-1.age", "one"), ("c/root-2.age", "two")] {
        let words = ["--root", root, "--passphrase-file", words];
        done(folder, &[&["admin", "sign", "--folder", "c"][..], &words].concat());
    }
    done(folder, &["admin", "keyring", "publish", "--folder", "c", "--to", "p"]);
    let published = fs::read_to_string(folder.join("p/keyring-0001.note")).unwrap();
    assert!(published.contains("\nkind classic\n") && published.contains(" age1"), "{published}");
    done(folder, &["admin", "invite", "--folder", "c", "--role=reviewer", "--out", "later"]);
    let later = Invitation::parse(&fs::read_to_string(folder.join("later")).unwrap()).unwrap();
    assert_eq!(later.kind, classic.recipient.kind());
}
