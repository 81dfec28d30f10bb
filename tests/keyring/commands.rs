//! The same through the command line.

use std::{
    cell::RefCell,
    fs,
    io::{self, Write},
    rc::Rc,
};

use clap::Parser as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use sandyk::{
    admin,
    cli::{
        admin::AdminArgs,
        exit::{CliError, Exit},
        out::{Format, Out},
    },
    keyring::{Invitation, Role},
};

use crate::stage::{Stage, founding, passphrases, save};

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    args: AdminArgs,
    /// As at the root of the real command line.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Clone, Default)]
struct Heard(Rc<RefCell<Vec<u8>>>);

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs `sandyk admin WORDS`; what it wrote to stdout and how it ended.
pub(crate) fn run(words: &[&str]) -> (String, Result<Exit, CliError>) {
    let (answers, said) = (Heard::default(), Heard::default());
    let line = Line::try_parse_from([&["admin"], words].concat()).unwrap();
    let format = if line.json { Format::Json } else { Format::Table };
    let mut out = Out::to(Box::new(answers.clone()), Box::new(said), format);
    let end = sandyk::cli::admin::run(line.args, &mut out);
    let text = String::from_utf8(answers.0.borrow().clone()).unwrap();
    (text, end)
}

#[test]
fn the_commands_carry_a_ceremony_from_beginning_to_end() {
    let mut stage = Stage::new();
    stage.reader("guardian", Role::Guardian);
    stage.reader("reviewer", Role::Reviewer);
    let path = |name: &str| stage.path(name).display().to_string();
    for (n, words) in passphrases().iter().enumerate() {
        save(&stage.path(&format!("words-{}", n + 1)), words.expose());
    }
    let (dir, words) = (path("new"), ["words-1", "words-2", "words-3"].map(path));
    let done = |words: &[&str]| {
        let (text, end) = run(words);
        assert_eq!(end.unwrap(), Exit::Done, "{words:?}");
        text
    };
    let file = "--passphrase-file";
    let secrets = words.iter().flat_map(|words| [file, words]);
    let init = ["init", "--organisation", "Мисал", "--folder", &dir, "--work-factor", "1"];
    let made = done(&init.into_iter().chain(secrets).collect::<Vec<_>>());
    assert!(made.contains("root-3-spare.age"), "{made}");
    done(&["invite", "--folder", &dir, "--role", "guardian", "--out", &path("invitation")]);
    assert!(Invitation::parse(&fs::read_to_string(stage.path("invitation")).unwrap()).is_ok());
    let names = ["guardian-device", "guardian-reader", "reviewer-reader", "reviewer-device"];
    let pubs = names.map(|name| path(&format!("{name}.pub")));
    done(&["add", "--folder", &dir, &pubs[1], &pubs[0], &pubs[2], &pubs[3]]);
    let roots = ["root-1.age", "root-3-spare.age"].map(|root| format!("{dir}/{root}"));
    let first = done(&["sign", "--folder", &dir, "--root", &roots[0], file, &words[0]]);
    assert_eq!(first, "epoch 1: 1 of 2 signatures\n");
    let (to, publish) =
        (path("out"), |to: &str| run(&["keyring", "publish", "--folder", &dir, "--to", to]));
    assert_eq!(publish(&to).1.err().unwrap().exit(), Exit::Refused);
    done(&["sign", "--folder", &dir, "--root", &roots[1], file, &words[2]]);
    let (written, end) = publish(&to);
    assert_eq!((written.lines().count(), end.unwrap()), (3, Exit::Done));
    assert_eq!(publish(&to).1.unwrap(), Exit::NothingToDo);
    let trusted = format!("{dir}/roots.txt");
    let json = done(&["keyring", "verify", "--published", &to, "--roots", &trusted, "--json"]);
    let view: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&view["epoch"], &view["state"]), (&1.into(), &"published".into()));
    assert_eq!(view["readers"].as_array().unwrap().len(), 2);
    assert_eq!(view["roots"][2]["signed"], true);
    assert!(done(&["keyring", "show", "--published", &to]).contains("guardian"));
    assert!(done(&["renew", "--folder", &dir]).starts_with("epoch 2 until "));
    assert!(done(&["keyring", "show", "--folder", &dir]).contains("epoch 2 (draft)"));
}

#[test]
fn a_foreign_roots_file_and_a_wrong_passphrase_have_their_own_exit_codes() {
    let (stage, other) = (Stage::published(), Stage::new());
    let path = |name: &str| stage.path(name).display().to_string();
    let folder = other.path("d");
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    admin::found(&folder, &founding(), &passphrases(), &mut rng).unwrap();
    let roots = folder.join("roots.txt").display().to_string();
    let end = run(&["keyring", "verify", "--published", &path("p"), "--roots", &roots]).1;
    assert_eq!(end.err().unwrap().exit(), Exit::Refused);
    let stage = Stage::with_readers();
    save(&stage.path("words"), "not the passphrase");
    let path = |name: &str| stage.path(name).display().to_string();
    let (dir, root, words) = (path("c"), path("c/root-1.age"), path("words"));
    let end = run(&["sign", "--folder", &dir, "--root", &root, "--passphrase-file", &words]).1;
    let error = end.err().unwrap();
    assert_eq!(error.exit(), Exit::Failed);
    assert!(error.what().contains("passphrase is wrong"), "{error}");
    assert!(stage.ceremony().draft().unwrap().unwrap().signed.is_none());
}
