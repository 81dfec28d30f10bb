//! The first hours of a person with these commands: what goes wrong then, really provoked, and what the
//! screen says of it in all five languages, beside the snapshots in `tests/cli/first-run/`.
//!
//! `WRITE_SNAPSHOTS=1 cargo test --test cli first_run` writes them anew, to be read before they are
//! committed.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use rand::SeedableRng as _;
use sandyk::{
    admin::{self, Ceremony, Entrant, Founding, RootKey, Term},
    clock::{Clock as _, Day, SystemClock},
    secret::SecretText,
    store::SledStore,
};

use super::screens::{BINARY, FUTURE, PAST, compare, mounted, read_only, spoken};

/// Name of the snapshot, exit code, and the line after `sandyk`.
const ON_THE_COMMAND_LINE: &[(&str, i32, &str)] = &[
    ("wrong-command", 2, "reveiw list"),
    ("wrong-option", 2, "review list --unraed"),
    ("missing-argument", 2, "review show"),
    ("missing-value", 2, "review list --keys"),
    ("wrong-value", 2, "admin invite --folder c --role judge --out f"),
    ("wrong-days", 2, "admin renew --folder c --days many"),
    ("no-workspace-named", 2, "review list"),
    ("two-roots-one-file", 2, "admin init --organisation X --folder c --passphrase-file p"),
    ("wrong-folder", 1, "review list --workspace nowhere --keys nowhere"),
    ("folders-swapped", 1, "review list --workspace keys --keys w"),
    ("workspace-is-empty", 1, "review list --workspace empty --keys keys"),
    ("workspace-of-a-newer-version", 1, "review list --workspace newer --keys keys"),
    ("missing-keys", 1, "review list --workspace w --keys empty"),
    ("wrong-passphrase", 1, "review list --workspace w --keys keys --passphrase-file wrong"),
    ("passphrase-file-missing", 1, "review list --workspace w --keys keys --passphrase-file none"),
    (
        "key-file-others-may-read",
        1,
        "review list --workspace w --keys open --passphrase-file wrong",
    ),
    ("damaged-key-file", 1, "review list --workspace w --keys damaged --passphrase-file words"),
    (
        "keyring-not-published-yet",
        1,
        "review list --workspace w --keys keys --passphrase-file words",
    ),
    ("not-a-terminal", 1, "review list --workspace w --keys keys"),
    ("keys-are-there", 1, "review init --invitation invitation.txt --keys keys"),
    ("invitation-missing", 1, "review init --invitation none --keys new"),
    ("invitation-is-a-folder", 1, "review init --invitation empty --keys new"),
    ("invitation-is-something-else", 1, "review init --invitation words --keys new"),
    (
        "short-passphrase",
        3,
        "review init --invitation invitation.txt --keys new --passphrase-file wrong",
    ),
    ("reviewer-toml-unknown-setting", 1, "review --config bad-reviewer.toml list"),
    ("server-toml-missing", 1, "serve --allow-swap --config none.toml"),
    ("server-toml-unknown-setting", 1, "serve --allow-swap --config bad-server.toml"),
    ("server-toml-of-an-older-version", 1, "serve --allow-swap --config old-server.toml"),
    ("no-ceremony", 1, "admin keyring show --folder empty"),
    ("nothing-published", 3, "admin keyring verify --published empty --roots c/roots.txt"),
    (
        "roots-of-another-organisation",
        3,
        "admin keyring verify --published past --roots c/roots.txt",
    ),
    ("keyring-expired", 3, "admin keyring verify --published past --roots past/roots.txt"),
    (
        "clock-two-years-behind",
        3,
        "admin keyring verify --published future --roots future/roots.txt",
    ),
    ("no-guardian", 3, "admin sign --folder c --root c/root-1.age --passphrase-file words"),
    ("sync-without-a-workspace", 1, "sync --workspace nowhere --device nowhere"),
    ("sync-folders-swapped", 1, "sync --workspace device --device w"),
    ("sync-onion-without-tor", 3, "sync --workspace w --device device"),
    (
        "sync-exists",
        3,
        "sync init --invitation invitation.txt --reader keys/reader.pub --device device --workspace w",
    ),
    ("demo-folder-not-empty", 3, "demo --once --folder w"),
];

#[test]
fn what_goes_wrong_at_first_is_said_in_five_languages() {
    let here = organisation();
    for (name, code, line) in ON_THE_COMMAND_LINE {
        let words: Vec<&str> = line.split(' ').collect();
        compare(name, &format!("sandyk {line}"), *code, |locale| {
            // a session of its own has no terminal to ask on
            let mut command = Command::new("setsid");
            command.arg("-w").arg(BINARY).args(&words).current_dir(here.path());
            spoken(command, locale)
        });
    }
}

#[test]
fn a_busy_port_and_an_expired_keyring_are_said_in_five_languages() {
    let here = organisation();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let anew = |text: String| text.replace(&address, "127.0.0.1:PORT");
    compare("busy-port-demo", "sandyk demo --intake 127.0.0.1:PORT", 3, |locale| {
        let mut command = Command::new(BINARY);
        command.args(["demo", "--once", "--folder", "d", "--intake", &address]);
        command.current_dir(here.path());
        let (code, said) = spoken(command, locale);
        (code, anew(said))
    });
    let config = format!(
        "store = 'store'\nkeyring = 'past'\nroots = 'past/roots.txt'\nintake.listen = '{address}'\n\
         organisation.name = 'X'\n"
    );
    fs::write(here.path().join("server.toml"), config).unwrap();
    compare("busy-port-server", "sandyk serve --config server.toml", 1, |locale| {
        let _ = fs::remove_dir_all(here.path().join("store"));
        let mut command = Command::new(BINARY);
        command.args(["serve", "--allow-swap", "--config", "server.toml"]);
        command.current_dir(here.path());
        let (code, said) = spoken(command, locale);
        (code, anew(said))
    });
}

#[test]
fn a_full_and_a_read_only_disk_are_said_in_five_languages() {
    let here = organisation();
    let full = "mount -t tmpfs -o size=4k full full";
    let read_only = read_only("empty");
    SledStore::open(&here.path().join("store")).map(drop).unwrap();
    for (name, mount, code, line) in [
        ("disk-full", full, 1, "man --to full"),
        ("read-only-disk", &read_only, 1, "admin invite --folder c --role guardian --out empty/i"),
        (
            "read-only-demo",
            &read_only,
            1,
            "demo --once --folder empty/d --intake 127.0.0.1:0 --desk 127.0.0.1:0",
        ),
        (
            "read-only-keys",
            &read_only,
            1,
            "review init --invitation invitation.txt --keys empty/k --passphrase-file words --work-factor 1",
        ),
        ("read-only-server", &read_only, 1, "serve --allow-swap --config read-only.toml"),
        ("read-only-backup", &read_only, 1, "backup --store store --to empty/b"),
        (
            "read-only-sync",
            &super::screens::read_only("w"),
            1,
            "sync --workspace w --device device",
        ),
    ] {
        compare(name, &format!("sandyk {line}"), code, |locale| {
            spoken(mounted(here.path(), mount, line), locale)
        });
    }
}

/// A folder in which an organisation has begun, and much lies wrong.
pub(crate) fn organisation() -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    let at = |name: &str| here.path().join(name);
    for (name, words) in [("words", "three invented words here"), ("wrong", "too short")] {
        fs::write(at(name), words).unwrap();
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    for n in ["one", "two", "six"] {
        fs::write(at(n), format!("the invented words of {n}")).unwrap();
        fs::set_permissions(at(n), fs::Permissions::from_mode(0o600)).unwrap();
    }
    for line in [
        "admin init --organisation X --folder c --work-factor 1 --desk-address http://x.onion \
         --passphrase-file words --passphrase-file one --passphrase-file two",
        "admin invite --folder c --role guardian --out invitation.txt",
        "review init --invitation invitation.txt --keys keys --work-factor 1 --passphrase-file words",
        "sync init --invitation invitation.txt --reader keys/reader.pub --device device --workspace w",
    ] {
        let mut command = Command::new(BINARY);
        command.args(line.split_whitespace()).current_dir(here.path());
        let (code, said) = spoken(command, "C");
        assert_eq!(code, Some(0), "{line}: {said}");
    }
    spoil(here.path());
    for (name, days) in [("past", PAST), ("future", FUTURE)] {
        published(here.path(), name, SystemClock.today().plus_days(days));
    }
    here
}

/// Copies of what is there, each with one thing wrong.
fn spoil(here: &Path) {
    let at = |name: &str| here.join(name);
    for folder in ["empty", "full", "newer", "open", "damaged"] {
        fs::create_dir(at(folder)).unwrap();
    }
    fs::write(at("newer/workspace.json"), "{\"version\":99}").unwrap();
    for (folder, mode) in [("open", 0o644), ("damaged", 0o600)] {
        for entry in fs::read_dir(at("keys")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), at(folder).join(entry.file_name())).unwrap();
        }
        let key = at(folder).join("reader.age");
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
    }
    let sealed = fs::read(at("damaged/reader.age")).unwrap();
    fs::write(at("damaged/reader.age"), &sealed[..sealed.len() - 9]).unwrap();
    fs::write(at("bad-reviewer.toml"), "workspace = 'w'\nkeyz = 'keys'\n").unwrap();
    let right = "store = 's'\nkeyring = 'k'\nroots = 'r'\nintake.listen = '127.0.0.1:0'\n";
    let name = "organisation.name = 'X'\n";
    fs::write(at("bad-server.toml"), format!("{right}{name}log = 'all'\n")).unwrap();
    fs::write(at("old-server.toml"), right).unwrap();
    let on_it = right.replace("'s'", "'empty/s'");
    fs::write(at("read-only.toml"), format!("{on_it}{name}")).unwrap();
}

/// A keyring with that last day, published while it was good.
pub(crate) fn published(here: &Path, name: &str, last: Day) {
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(5);
    let words: Vec<_> =
        (1..=3).map(|n| SecretText::new(format!("invented words no. {n}"))).collect();
    let founding = Founding {
        kind: sandyk::recipient::Kind::PostQuantum,
        organisation: format!("Y {name}"),
        threshold: 2,
        desk_address: String::new(),
        intake_address: String::new(),
        not_after: last,
        work_factor: 1,
    };
    let folder = here.join(format!("{name}-ceremony"));
    let then = last.plus_days(-10);
    admin::found(&folder, &founding, &words, &mut rng).unwrap();
    let ceremony = Ceremony::open(&folder).unwrap();
    let entrants =
        ["keys/reader.pub", "device/device.pub"].map(|file| Entrant::load(&here.join(file)));
    let term = Term { today: then, not_after: last };
    admin::add(&ceremony, entrants.into_iter().map(Result::unwrap).collect(), term).unwrap();
    for (n, words) in words.iter().take(2).enumerate() {
        let root = RootKey::open(&folder.join(format!("root-{}.age", n + 1)), words).unwrap();
        admin::sign(&ceremony, &root, then).unwrap();
    }
    admin::publish(&ceremony, &here.join(name), then).unwrap();
    if !here.join(name).join("roots.txt").exists() {
        fs::copy(folder.join("roots.txt"), here.join(name).join("roots.txt")).unwrap();
    }
}
