//! What we seal, stock tools open; what stock age seals, we open.
//!
//! `tests/interop/age.mjs` on npm age-encryption stands in for age 1.3 or newer; `tar` and `jq` are
//! the real ones.
#![cfg(all(feature = "review", feature = "seal"))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::{
    fs::{self, File},
    io::{Seek as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use ed25519_dalek::SigningKey;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use sandyk::{
    digest::Digest,
    hybrid::{HybridIdentity, HybridRecipient},
    keyring::{Invitation, Role, TrustRoot},
    note::{KeyName, NamedKey},
    review::{self, Passphrase, Plan},
    sealed::{
        open::open_with, open_passfile::open_with_passphrase, passfile::seal_with_passphrase,
        seal_to,
    },
    secret::{Secret, SecretText},
};
use serde_json::Value;

#[test]
fn what_we_seal_stock_age_opens() {
    let mine = HybridIdentity::from_seed(Secret::take(&mut [41; 32]));
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.txt");
    let line = format!("# a comment\n{}\n", mine.to_secret_text().expose());
    File::create(&key).unwrap().write_all(line.as_bytes()).unwrap();
    let other = HybridIdentity::from_seed(Secret::take(&mut [42; 32])).recipient();
    for length in [0, 1, 65_535, 65_536, 65_537, 200_000] {
        let words = vec![0xd0; length];
        let ready = mine.recipient();
        ready.make_ready();
        for recipients in
            [vec![mine.recipient()], vec![other.clone(), mine.recipient()], vec![ready]]
        {
            let sealed = seal_to(&recipients, &words).unwrap();
            assert!(age(&["-d", "-i", path(&key)], &sealed) == words, "{length}");
        }
    }
}

#[test]
fn what_stock_age_seals_we_open() {
    let text = String::from_utf8(age(&["keygen"], b"")).unwrap();
    let theirs = HybridIdentity::parse(text.trim()).unwrap();
    let recipient = String::from_utf8(age(&["recipient"], text.as_bytes())).unwrap();
    let recipient = HybridRecipient::parse(recipient.trim()).unwrap();
    assert_eq!(recipient, theirs.recipient());
    let recipient = recipient.to_string();
    for length in [0, 1, 65_536, 200_000] {
        let words = vec![0xd1; length];
        let sealed = age(&["-r", &recipient], &words);
        assert!(open_with(&theirs, &sealed, length).unwrap().as_slice() == words, "{length}");
    }
}

#[test]
fn passphrase_files_go_both_ways() {
    let passphrase = SecretText::new("тыныч суу терең".to_owned());
    let sealed = seal_with_passphrase(&passphrase, b"a key", 4).unwrap();
    assert_eq!(age(&["-d", "-p", passphrase.expose()], &sealed), b"a key");
    let sealed = age(&["-p", passphrase.expose()], b"their key");
    assert_eq!(open_with_passphrase(&passphrase, &sealed).unwrap().as_slice(), b"their key");
}

/// The commands of `docs/format/sealed.md`, "Without us", on the frozen testimony of v0.
#[test]
fn a_testimony_is_restored_with_stock_tools_alone() {
    let v0 = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/v0");
    let expected: Value =
        serde_json::from_slice(&fs::read(v0.join("expected.json")).unwrap()).unwrap();
    let testimony = v0.join("testimony");
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let open = |key: &Path, sealed: PathBuf, out: PathBuf| {
        File::create(out)
            .unwrap()
            .write_all(&age(&["-d", "-i", path(key)], &fs::read(sealed).unwrap()))
            .unwrap();
    };
    let own = testimony.join("envelope/aibaeaqcaibaeaqcaibaeaqcai");
    open(&v0.join("guardian.txt"), own.join("account.age"), at("key.txt"));
    open(&v0.join("guardian.txt"), own.join("identity.age"), at("names.txt"));

    open(&at("key.txt"), testimony.join("account.age"), at("account.json"));
    assert_eq!(jq(".story", &at("account.json")), expected["story"]);
    open(&at("names.txt"), testimony.join("identity.age"), at("identity.json"));
    assert_eq!(jq(".submitter.name", &at("identity.json")), expected["submitter"]);
    open(&at("key.txt"), testimony.join("cover.age"), at("cover.json"));
    let account = Digest::of(&fs::read(testimony.join("account.age")).unwrap()).to_string();
    assert_eq!(jq(".account", &at("cover.json")), Value::from(account));

    open(&at("key.txt"), testimony.join("exhibits.age"), at("e.tar"));
    for (number, expected) in (1..).zip(expected["exhibits"].as_array().unwrap()) {
        let pieces = format!("{number:04}/0*");
        let file = stdout("tar", &["-xOf", path(&at("e.tar")), "--wildcards", &pieces]);
        assert_eq!(Digest::of(&file).to_string(), expected["sha256"].as_str().unwrap());
        let about = format!("{number:04}/about.json");
        let about = stdout("tar", &["-xOf", path(&at("e.tar")), &about]);
        let about: Value = serde_json::from_slice(&about).unwrap();
        assert_eq!(about["name"], expected["name"]);
    }
    let listed = String::from_utf8(stdout("tar", &["-tf", path(&at("e.tar"))])).unwrap();
    let names: Vec<&str> = listed.lines().collect();
    let all = ["0001/00000001", "0001/about.json", "0002/00000001", "0002/about.json"];
    assert_eq!(names, all);
}

#[test]
fn a_readers_keys_are_recovered_with_stock_tools_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let words = SecretText::new("four words for now".to_owned());
    let lock = || Passphrase { words: &words, work_factor: 4 };
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let trust = TrustRoot {
        organisation: "Example".into(),
        threshold: 2,
        roots: ["root-1", "root-2", "root-3"]
            .map(|name| NamedKey {
                name: KeyName::parse(name).unwrap(),
                key: SigningKey::generate(&mut rng).verifying_key(),
            })
            .into(),
    };
    let invitation = Invitation {
        trust,
        desk_address: String::new(),
        intake_address: String::new(),
        role: Role::Guardian,
        kind: sandyk::recipient::Kind::PostQuantum,
        notes: Vec::new(),
    };
    review::init(&at("keys"), &invitation, &lock(), &mut rng).unwrap();
    let holders = ["a", "b", "c"].map(|name| {
        let (secret, public) = (at(name), at(&format!("{name}.pub")));
        review::make_holder(&secret, &public, &lock(), &mut rng).unwrap()
    });
    let plan = Plan::new(2, holders.into()).unwrap();
    review::make_recovery(&at("keys"), &words, &plan, &at("recovery")).unwrap();
    let disarmoured = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        data_encoding::BASE64.decode(body.as_bytes()).unwrap()
    };
    for name in ["a", "c"] {
        let key = age(&["-d", "-p", words.expose()], &disarmoured(&at(name)));
        File::create(at(&format!("{name}.key"))).unwrap().write_all(&key).unwrap();
    }
    let sealed = disarmoured(&at("recovery/holders-1+3.age"));
    let inner = age(&["-d", "-i", path(&at("a.key"))], &sealed);
    let text = age(&["-d", "-i", path(&at("c.key"))], &inner);
    let own = age(&["-d", "-p", words.expose()], &fs::read(at("keys/reader.age")).unwrap());
    assert!(text == own && text.starts_with(b"# sandyk reader "));
}

/// Runs the stand-in for age with `input` on its standard input.
fn age(args: &[&str], input: &[u8]) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
    assert!(
        folder.join("node_modules/age-encryption").is_dir(),
        "npm age-encryption is not installed: run tests/all, or `npm ci` in tests/interop"
    );
    // A file and not a pipe, so that a large input cannot fill a pipe that nobody empties.
    let mut stdin = tempfile::tempfile().unwrap();
    stdin.write_all(input).unwrap();
    stdin.rewind().unwrap();
    let mut command = Command::new("node");
    command.arg(folder.join("age.mjs")).args(args).stdin(Stdio::from(stdin));
    succeeded("node", command.output())
}

fn jq(filter: &str, file: &Path) -> Value {
    serde_json::from_slice(&stdout("jq", &[filter, path(file)])).unwrap()
}

fn stdout(program: &str, args: &[&str]) -> Vec<u8> {
    succeeded(program, Command::new(program).args(args).output())
}

fn succeeded(program: &str, output: std::io::Result<Output>) -> Vec<u8> {
    let output = output.unwrap_or_else(|e| panic!("{program}: {e}; tests/all installs it"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
