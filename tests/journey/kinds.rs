//! The same way with classic keys, opened by stock tools, and with a key on a device.

use std::{io::Write as _, process::Stdio, time::Instant};

use sandyk::{
    recipient::{
        Recipient,
        plugin::{Lost, Plugin, PluginIdentity, Voice},
        unwrap::ReadingKey,
    },
    sealed::{open::open_with, seal_to},
    secret::SecretText,
};

use super::*;

/// `docs/format/sealed.md`, "Without us", and `docs/format/casebook.md`, with what Debian 12 has.
#[test]
fn what_classic_keys_seal_is_opened_by_the_age_of_debian() {
    let post = Post::of(KeyKind::Classic, Role::Guardian, |_| Vec::new());
    let photo = post.at("photo.jpg");
    let bytes: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).take(1_500_000).collect();
    write(&photo, &bytes);
    let file = format!("file=@{};type=image/jpeg", photo.display());
    let fields = ["story=Person A was taken.", "consent=court", "name=Person B", file.as_str()];
    let receipt = post.send(&fields, "/en/send");
    let code = crate::digits(&post.get(&receipt));
    post.sync();
    let listed: Value = serde_json::from_str(&post.review(&["list", "--json"])).unwrap();
    let id = find_id(&listed).unwrap();
    post.review(&["exhibits", &id, "--to", post.at("out").to_str().unwrap()]);
    let taken_out = walkdir::WalkDir::new(post.at("out")).into_iter().map(|entry| entry.unwrap());
    let mut files = taken_out.filter(|entry| entry.file_type().is_file());
    assert!(files.any(|file| fs::read(file.path()).unwrap() == bytes));

    // From the passphrase to every part, without a line of ours.
    let at = |name: &str| post.at(name);
    unlock(&at("keys/reader.age"), &at("passphrase"), &at("reader.txt"));
    let testimony = post.at("workspace/testimonies").join(&id);
    let part = |name: &str| testimony.join(name);
    age(&at("reader.txt"), &part("envelope-account.age"), &at("key.txt"));
    age(&at("reader.txt"), &part("envelope-identity.age"), &at("names.txt"));
    age(&at("key.txt"), &part("account.age"), &at("account.json"));
    assert_eq!(jq(".story", &at("account.json")), "Person A was taken.");
    age(&at("key.txt"), &part("cover.age"), &at("cover.json"));
    let reply = jq(".reply", &at("cover.json"));
    assert!(reply.as_str().unwrap().starts_with("age1pq1"), "witnesses' keys stay post-quantum");
    age(&at("names.txt"), &part("identity.age"), &at("identity.json"));
    assert_eq!(jq(".submitter.name", &at("identity.json")), "Person B");
    age(&at("key.txt"), &part("exhibits.age"), &at("e.tar"));
    let pieces =
        stdout("tar", &["-xOf".as_ref(), &at("e.tar"), "--wildcards".as_ref(), "0001/0*".as_ref()]);
    assert!(pieces == bytes);
    let refused = refused_by_age(&at("names.txt"), &part("account.age"));
    assert!(refused.contains("no identity matched"), "{refused}");

    // The casebook too: its key, and an entry under it.
    post.review(&["tag", &id, "--add", "torture"]);
    let keys = only(&at("workspace/outbox/keys"));
    let own = fs::read_to_string(at("keys/reader.pub")).unwrap();
    let own = own.lines().find_map(|line| line.strip_prefix("id ")).unwrap();
    age(&at("reader.txt"), &keys.join(format!("{own}.age")), &at("casebook.note"));
    let note = fs::read_to_string(at("casebook.note")).unwrap();
    let secret = note.lines().find_map(|line| line.strip_prefix("identity ")).unwrap();
    assert!(secret.starts_with("AGE-SECRET-KEY-1"), "{note}");
    write(&at("casebook.txt"), secret.as_bytes());
    let entry = fs::read_dir(at("workspace/outbox/entries")).unwrap().next().unwrap().unwrap();
    age(&at("casebook.txt"), &entry.path(), &at("entry.json"));
    assert_eq!(jq(".schema", &at("entry.json")), "entry/1");

    // And an answer reaches the witness, sealed to the receipt's own key as ever.
    write(&at("words"), b"Are you safe?");
    post.review(&["reply", &id, "--send", "--message-file", at("words").to_str().unwrap()]);
    post.sync();
    assert!(post.open_mailbox(&code).1.contains("Are you safe?"));
    post.server.stop();
}

#[test]
fn a_key_on_a_device_reads_answers_and_writes_through_its_plugin() {
    for (word, kind) in [("tag", KeyKind::Classic), ("tagpq", KeyKind::PostQuantum)] {
        let post = Post::of(kind, Role::Guardian, |organisation| on_a_device(organisation, word));
        let public = fs::read_to_string(post.at("keys/reader.pub")).unwrap();
        assert!(public.contains(&format!("recipient age1{word}1")), "{public}");
        let receipt = post.send(&["story=Person A was taken."], "/en/send");
        let code = crate::digits(&post.get(&receipt));
        post.sync();
        let listed = post.reviewed(&["list", "--json"]);
        let said = String::from_utf8_lossy(&listed.stderr).into_owned();
        assert!(said.contains("The plugin says: \u{27e8}U+001B\u{27e9}[2Jtouch the key"), "{said}");
        let id = find_id(&serde_json::from_str(&done(&listed)).unwrap()).unwrap();
        assert!(post.review(&["show", &id]).contains("Person A was taken."));
        post.review(&["tag", &id, "--add", "torture"]);
        write(&post.at("words"), b"Are you safe?");
        let words = post.at("words");
        post.review(&["reply", &id, "--send", "--message-file", words.to_str().unwrap()]);
        post.sync();
        assert!(post.review(&["list", "--json"]).contains("torture"));
        assert!(post.open_mailbox(&code).1.contains("Are you safe?"));
        holders_are_told_what_they_hold(&post);
        nothing_opens_otherwise(post);
    }
}

/// What the holders get back of such a reader is only what signs.
fn holders_are_told_what_they_hold(post: &Post) {
    let at = |name: &str| post.at(name).display().to_string();
    for name in ["a.age", "b.age"] {
        post.review(&["recover", "holder", "--work-factor", "1", "--out", &at(name)]);
    }
    let (a, b, to) = (at("a.pub"), at("b.pub"), at("recovery"));
    let made = post.reviewed(&["recover", "make", "--holder", &a, "--holder", &b, "--to", &to]);
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(said.contains("is on your device and not in these files"), "{said}");
}

/// How many envelopes a second pass through a plugin's process, when no person has to touch anything.
#[test]
#[ignore = "measures; run it with --ignored --nocapture"]
#[expect(clippy::print_stderr, reason = "it measures")]
fn envelopes_through_a_plugin() {
    struct Nobody;
    impl Voice for Nobody {
        fn say(&self, _: &str) {}
        fn ask(&self, _: &str) -> Option<SecretText> {
            None
        }
        fn lost(&self, how: Lost) {
            panic!("{how:?}");
        }
    }
    let program = plugin();
    for word in ["tag", "tagpq"] {
        let made = done(&Command::new(&program).arg(word).output().unwrap());
        let (recipient, identity) = made.split_once('\n').unwrap();
        let recipient = Recipient::parse(recipient).unwrap();
        let identity = PluginIdentity::parse(identity.trim()).unwrap();
        let mut key = ReadingKey::on_device(recipient.clone(), identity).unwrap();
        key.plug(Plugin::new(&program, Box::new(Nobody)));
        let sealed = seal_to(&[recipient], b"words").unwrap();
        let began = Instant::now();
        for _ in 0..200 {
            assert_eq!(open_with(&key, &sealed, 16).unwrap().as_slice(), b"words");
        }
        eprintln!("{word}: {:.0} envelopes a second", 200.0 / began.elapsed().as_secs_f64());
    }
}

/// Without a plugin, with one that dies, with one that is not there, and while age's tracing would print keys.
fn nothing_opens_otherwise(mut post: Post) {
    let mut traced = Command::new(env!("CARGO_BIN_EXE_sandyk"));
    traced.args(["review", "list", "--workspace"]).arg(post.at("workspace")).arg("--keys");
    traced.arg(post.at("keys")).arg("--passphrase-file").arg(post.at("passphrase"));
    traced.arg("--config").arg(post.settings.clone().unwrap()).env("AGEDEBUG", "plugin");
    let traced = traced.output().unwrap();
    let shown = String::from_utf8_lossy(&[traced.stdout, traced.stderr].concat()).into_owned();
    assert!(shown.contains("AGEDEBUG") && !shown.contains("AGE-PLUGIN-"), "{shown}");
    // A plugin that dies: what happened, what was kept, what to do.
    let dying = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins/dying");
    let named = format!("plugin = '{}'\n", dying.display());
    write(post.settings.as_ref().unwrap(), named.as_bytes());
    let said = post.reviewed(&["list"]).stderr;
    let said = String::from_utf8_lossy(&said).into_owned();
    for part in ["ended before it had answered", "kept:", "next: plug the device in"] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(said.matches("kept: nothing was changed by it").count(), 1, "{said}");
    // Another device is plugged in: its plugin says of everything that it is not for it, and of no envelope that is
    // said to be damaged for that, or all of them would be asked for anew.
    let folder = post.at("workspace/testimonies");
    let envelopes = || {
        let all =
            walkdir::WalkDir::new(&folder).into_iter().map(|entry| entry.unwrap().into_path());
        all.filter(|file| file.ends_with("envelope-account.age")).count()
    };
    let (foreign, before) = (dying.with_file_name("foreign"), envelopes());
    write(
        post.settings.as_ref().unwrap(),
        format!("plugin = '{}'\n", foreign.display()).as_bytes(),
    );
    let rewrapped = post.reviewed(&["rewrap", "--json"]);
    let report: Value = serde_json::from_slice(&rewrapped.stdout).unwrap();
    assert_eq!((&report["broken"], envelopes(), before), (&0.into(), 1, 1), "{report}");
    post.settings = None;
    let refused = post.reviewed(&["list"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("no plugin is named"), "{said}");
    post.server.stop();
}

/// What is said to `review init`; before that, that a key which the device does not have is refused.
fn on_a_device(organisation: &Organisation, word: &str) -> Vec<String> {
    let plugin = plugin();
    let made = || done(&Command::new(&plugin).arg(word).output().unwrap());
    let (key, other) = (made(), made());
    let (recipient, identity) = key.split_once('\n').unwrap();
    let path = organisation.at("device.txt");
    write(&path, format!("# what the plugin wrote\n{identity}").as_bytes());
    let settings = format!("plugin = '{}'\n", plugin.display());
    write(&organisation.at("reviewer.toml"), settings.as_bytes());
    let settings = organisation.at("reviewer.toml").display().to_string();
    let path = path.display().to_string();
    let words = |recipient: &str| {
        ["--hardware", recipient, "--plugin-identity", &path, "--config", &settings]
            .map(str::to_owned)
            .to_vec()
    };
    let (strange, _) = other.split_once('\n').unwrap();
    let refused = ask_to_join(organisation, Role::Guardian, &words(strange));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("was not opened by it"), "{said}");
    assert!(!organisation.at("keys").exists(), "nothing was made");
    words(recipient)
}

/// The plugin of the tests, built if it is not there.
fn plugin() -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_sandyk")).parent().unwrap();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--example", "rehearsal_plugin"]);
    if folder.ends_with("release") {
        build.arg("--release");
    }
    done(&build.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap());
    folder.join("examples/rehearsal_plugin")
}

/// Opens a passphrase file as a person does: age asks a terminal, so it gets one.
fn unlock(sealed: &Path, passphrase: &Path, out: &Path) {
    let command = format!("age -d -o {} {}", out.display(), sealed.display());
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &command, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut terminal =
        terminal.spawn().unwrap_or_else(|e| panic!("script: {e}; tests/all installs it"));
    let mut typed = fs::read(passphrase).unwrap();
    typed.push(b'\n');
    terminal.stdin.as_mut().unwrap().write_all(&typed).unwrap();
    let output = terminal.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Debian's age opens one file with the keys in another.
fn age(keys: &Path, sealed: &Path, out: &Path) {
    let words: [&Path; 6] = ["-d".as_ref(), "-o".as_ref(), out, "-i".as_ref(), keys, sealed];
    stdout("age", &words);
}

fn refused_by_age(keys: &Path, sealed: &Path) -> String {
    let output = Command::new("age").arg("-d").arg("-i").arg(keys).arg(sealed).output().unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

fn jq(filter: &str, file: &Path) -> Value {
    serde_json::from_slice(&stdout("jq", &[filter.as_ref(), file])).unwrap()
}

fn stdout(program: &str, words: &[&Path]) -> Vec<u8> {
    let output = Command::new(program).args(words).output();
    let output = output.unwrap_or_else(|e| panic!("{program}: {e}; tests/all installs it"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The one thing in a folder, or in the one folder in it.
fn only(folder: &Path) -> PathBuf {
    let mut inside = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (Some(one), None) = (inside.next(), inside.next()) else { panic!("{}", folder.display()) };
    one
}
