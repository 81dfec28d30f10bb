//! The whole way there and back with curl alone, a real server, a real sync and a real reviewer.
#![expect(
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "one journey, told from its beginning to its end; a test says what is wrong by failing"
)]

mod alike;
mod kinds;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use data_encoding::BASE64;
use ed25519_dalek::SigningKey;
use rand::rngs::OsRng;
use sandyk::{
    clock::{Clock as _, SystemClock},
    digest::Digest,
    files::{Audience, Existing, make_folder, save},
    id::DeviceId,
    keyring::{
        DeskNote, Device, Invitation, Keyring, Reader, ReaderPub, Role, desk_file, keyring_file,
    },
    locale::{Lang, Locale},
    receipt::{Receipt, WordList},
    recipient::Kind as KeyKind,
    store::SledStore,
    testimony::{Code, Kind, Tri},
};
use serde_json::{Value, json};

use crate::common::{Organisation, Server, free_port};

/// A server, and a reviewer who has joined as people do.
struct Post {
    organisation: Organisation,
    server: Server,
    /// A settings file of the reviewer's, if there is one.
    settings: Option<PathBuf>,
}

impl Post {
    fn open() -> Self {
        Self::of(KeyKind::PostQuantum, Role::Reviewer, |_| Vec::new())
    }

    /// The same with keys of this kind; `joining` gives what is said to `review init` besides.
    fn of(kind: KeyKind, role: Role, joining: impl FnOnce(&Organisation) -> Vec<String>) -> Self {
        let port = free_port();
        let desk =
            format!("\n[desk]\nlisten = '127.0.0.1:{port}'\nauthorities = ['127.0.0.1:{port}']\n");
        let organisation = Organisation::found_of(kind, &[Role::Guardian], &desk, 180);
        let reviewer = join(&organisation, role, &joining(&organisation));
        let device = (DeviceId::random(&mut OsRng), SigningKey::generate(&mut OsRng));
        publish_with(&organisation, &reviewer, &device);
        let about =
            json!({ "schema": "workspace/1", "organisation": "Org A", "reader": reviewer.id });
        write(&organisation.at("workspace/workspace.json"), about.to_string().as_bytes());
        write(&organisation.at("workspace/roots.txt"), organisation.trust.to_text().as_bytes());
        let key = BASE64.encode(device.1.as_bytes());
        let key = format!(
            "sandyk device key v1\ndevice {}\nreader {}\nkey {key}\n",
            device.0, reviewer.id
        );
        write(&organisation.at("device/device.key"), key.as_bytes());
        let desk = format!("http://127.0.0.1:{port}\n");
        write(&organisation.at("device/desk.txt"), desk.as_bytes());
        let server = organisation.serve();
        let settings = Some(organisation.at("reviewer.toml")).filter(|path| path.exists());
        Self { organisation, server, settings }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.organisation.at(name)
    }

    fn sync(&self) {
        let (workspace, device) = (self.at("workspace"), self.at("device"));
        let words = ["sync".as_ref(), "--workspace".as_ref(), workspace.as_path()];
        done(&sandyk(&[&words[..], &["--device".as_ref(), device.as_path()]].concat()));
    }

    fn review(&self, words: &[&str]) -> String {
        done(&self.reviewed(words))
    }

    fn reviewed(&self, words: &[&str]) -> Output {
        let (workspace, keys, pass) =
            (self.at("workspace"), self.at("keys"), self.at("passphrase"));
        let mut all: Vec<&Path> = vec!["review".as_ref()];
        all.extend(words.iter().map(Path::new));
        all.extend([
            "--workspace".as_ref(),
            workspace.as_path(),
            "--keys".as_ref(),
            keys.as_path(),
        ]);
        all.extend(["--passphrase-file".as_ref(), pass.as_path()]);
        if let Some(settings) = &self.settings {
            all.extend(["--config".as_ref(), settings.as_path()]);
        }
        sandyk(&all)
    }

    /// curl, with these words before the address; where it is sent on to, and what the page says.
    fn curl(&self, words: &[&str], path: &str) -> (String, String) {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "120"]);
        curl.args(["--write-out", "\n%{http_code} %{redirect_url}"]).args(words);
        let said = done(&curl.arg(self.server.url(path)).output().unwrap());
        let (page, status) = said.rsplit_once('\n').unwrap();
        let (code, place) = status.split_once(' ').unwrap();
        let place = place.strip_prefix(&self.server.url("")).unwrap_or(place);
        assert_eq!(!place.is_empty(), code == "303", "{status}");
        (if place.is_empty() { code.to_owned() } else { place.to_owned() }, page.to_owned())
    }

    fn get(&self, path: &str) -> String {
        self.curl(&[], path).1
    }

    /// Sends a form and gives where its answer leads to.
    fn send(&self, fields: &[&str], path: &str) -> String {
        let words: Vec<&str> = fields.iter().flat_map(|field| ["--form", *field]).collect();
        let (place, page) = self.curl(&words, path);
        assert!(page.is_empty() && place.starts_with('/'), "{path}: {place} {page}");
        place
    }

    /// Opens the mailbox of that code, however long the line is.
    fn open_mailbox(&self, code: &str) -> (String, String) {
        let place = self.send(&[&format!("receipt={code}")], "/en/mailbox");
        for _ in 0..100 {
            let page = self.get(&place);
            if !page.contains(&said("waiting-title")) {
                return (place, page);
            }
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
        panic!("the mailbox does not open");
    }
}

fn join(organisation: &Organisation, role: Role, joining: &[String]) -> ReaderPub {
    done(&ask_to_join(organisation, role, joining));
    let public = organisation.at("keys/reader.pub");
    ReaderPub::parse(&fs::read_to_string(public).unwrap()).unwrap()
}

fn ask_to_join(organisation: &Organisation, role: Role, joining: &[String]) -> Output {
    let invitation = Invitation {
        trust: organisation.trust.clone(),
        desk_address: String::new(),
        intake_address: String::new(),
        role,
        kind: organisation.keyring.kind,
        notes: Vec::new(),
    };
    write(&organisation.at("invitation"), invitation.to_text().as_bytes());
    write(&organisation.at("passphrase"), b"seven words that nobody else would ever choose");
    let [invitation, keys, pass] =
        ["invitation", "keys", "passphrase"].map(|at| organisation.at(at));
    let mut words: Vec<&Path> = vec![
        "review".as_ref(),
        "init".as_ref(),
        "--work-factor=1".as_ref(),
        "--invitation".as_ref(),
        &invitation,
        "--keys".as_ref(),
        &keys,
        "--passphrase-file".as_ref(),
        &pass,
    ];
    words.extend(joining.iter().map(Path::new));
    sandyk(&words)
}

/// The first keyring, with the reviewer in it too, and the device of the reviewer.
fn publish_with(
    organisation: &Organisation,
    reviewer: &ReaderPub,
    device: &(DeviceId, SigningKey),
) {
    let mut keyring: Keyring = organisation.keyring.clone();
    keyring.not_after = SystemClock.today().plus_days(90);
    keyring.readers.push(Reader {
        id: reviewer.id,
        role: reviewer.role,
        recipient: reviewer.recipient.clone(),
        signing: reviewer.signing,
        since: 1,
    });
    let device = Device { id: device.0, reader: reviewer.id, key: device.1.verifying_key() };
    let desk = DeskNote {
        organisation: "Org A".into(),
        epoch: 1,
        keyring: keyring.body_digest(),
        devices: vec![device],
    };
    let folder = organisation.at("keyring");
    write(&folder.join(keyring_file(1)), organisation.sign(keyring.to_text()).as_bytes());
    write(&folder.join(desk_file(1)), organisation.sign(desk.to_text()).as_bytes());
}

fn write(path: &Path, bytes: &[u8]) {
    make_folder(path.parent().unwrap()).unwrap();
    save(path, bytes, Audience::Owner, Existing::Replace).unwrap();
}

fn sandyk(words: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sandyk")).args(words).output().unwrap()
}

fn done(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The English text of a key, as it stands on a page.
fn said(key: &str) -> String {
    let text = Locale::of(Lang::En).unwrap().text(key);
    text.replace('&', "&amp;").replace('"', "&quot;")
}

#[test]
fn there_and_back_with_curl_alone() {
    let post = Post::open();
    let photo = post.at("photo.jpg");
    write(&photo, &vec![7; 50_000]);
    let file = format!("file=@{}", photo.display());

    let receipt = post.send(&["story=Person A was taken.", "consent=court"], "/en/send");
    let page = post.get(&receipt);
    let code = crate::digits(&page);
    let words = Receipt::parse(&code).unwrap().words(WordList::English);
    assert!(words.expose().split(' ').all(|word| page.contains(&format!("<li>{word}</li>"))));
    let spare = page.matches("class=\"k s\"").count();
    assert_eq!(spare, 3, "codes to show to whoever forces somebody");
    assert_eq!(post.send(&["x=y"], &format!("{receipt}/done")), "/en/leave");

    // Nothing there yet, and the same page for a code that was never used.
    let (mailbox, empty) = post.open_mailbox(&code);
    assert!(empty.contains(&said("box-nothing")));
    let unused = Receipt::random(&mut OsRng);
    let (_, other) = post.open_mailbox(unused.words(WordList::Russian).expose());
    assert_eq!((empty.len(), other.len()), (64 * 1024, 64 * 1024));
    assert!(!mailbox.contains(&code) && !empty.contains(&code));

    post.sync();
    let listed: Value = serde_json::from_str(&post.review(&["list", "--json"])).unwrap();
    let id = find_id(&listed).unwrap();
    let first = id.clone();
    write(
        &post.at("message"),
        "When was it? <b>Person B</b>\nWrite only if you are safe.".as_bytes(),
    );
    let message = post.at("message");
    post.review(&["reply", &id, "--send", "--message-file", message.to_str().unwrap()]);
    post.sync();

    // Typed as words this time, in capitals.
    let (mailbox, page) = post.open_mailbox(&words.expose().to_uppercase());
    assert!(page.contains("When was it? &lt;b&gt;Person B&lt;/b&gt;\nWrite only"), "{page:.6000}");
    assert!(!page.contains(&said("box-nothing")) && page.len() == 64 * 1024);
    let id = page.split_once("name=\"reply\" value=\"").unwrap().1.split_once('"').unwrap().0;
    assert_eq!(post.send(&[&format!("reply={id}")], &format!("{mailbox}/delete")), mailbox);
    let page = post.get(&mailbox);
    assert!(page.contains(&said("box-deleted")) && !page.contains("When was it?"));

    let forms: [(&str, &[&str]); 4] = [
        ("write", &["risk=soon", "story=It was in May.", &file]),
        ("correct", &["story=It was in June.", "freely=no", "pressure=Two men came."]),
        ("consent", &["consent=international", "ask-first=on", "freely=yes"]),
        ("withdraw", &["story=", "freely=unknown"]),
    ];
    let mut shown = Vec::new();
    for (place, fields) in forms {
        let path = format!("{mailbox}/{place}");
        // Only this page asks what may be used; the others change nothing of that.
        let page = Digest::of(post.get(&path).as_bytes());
        shown.push(if place == "consent" { page } else { Digest::NONE });
        assert_eq!(post.send(fields, &path), mailbox, "{place}");
        assert!(post.get(&mailbox).contains(&said("box-sent")), "{place}");
    }
    assert_eq!(post.send(&["x=y"], &format!("{mailbox}/done")), "/en/leave");
    assert_eq!(post.curl(&[], &mailbox).0, "404");

    // By the first form, with the code in it.
    let dashes = format!("receipt={}", words.expose().replace(' ', "-"));
    let same = post.send(&["story=One thing more.", &dashes], "/en/send");
    let page = post.get(&same);
    assert!(page.contains(&said("receipt-same")) && !page.contains("class=\"k\""));
    read_by_the_reviewer(&post, &first);
    post.server.stop();
    arrived_whole(&post.organisation, &shown);
}

/// What the reviewer's own program shows of it: one thread, all of it proven, and taken back.
fn read_by_the_reviewer(post: &Post, first: &str) {
    post.sync();
    let listed: Value = serde_json::from_str(&post.review(&["list", "--json"])).unwrap();
    let ids: Vec<_> =
        listed.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    let mut told = Vec::new();
    for id in &ids {
        let shown: Value = serde_json::from_str(&post.review(&["show", id, "--json"])).unwrap();
        let story = shown["account"]["story"].as_str().unwrap().to_owned();
        assert_eq!(shown["not_proven"], Value::Null, "{shown}");
        assert!(shown["withdrawn"]["id"].is_string(), "all of the thread is taken back: {shown}");
        assert_eq!(shown["first"].as_str().unwrap_or(id), first, "{shown}");
        told.push(story);
    }
    told.sort();
    let mut sent =
        ["Person A was taken.", "It was in May.", "It was in June.", "", "", "One thing more."];
    sent.sort_unstable();
    assert_eq!(told, sent);
    for id in ids {
        let to = post.at("out");
        let refused = post.reviewed(&["exhibits", id, "--to", to.to_str().unwrap()]);
        assert_eq!(refused.status.code(), Some(3), "use stops at once");
        assert!(!to.exists());
    }
    let waiting: Value =
        serde_json::from_str(&post.review(&["withdraw-requests", "--json"])).unwrap();
    assert_eq!(waiting["withdrawn"].as_array().unwrap().len(), 1, "{waiting}");
}

/// What a guardian finds: the first testimony, and what continues it, signed, of its kind.
fn arrived_whole(organisation: &Organisation, shown: &[Digest]) {
    let opened = organisation.open_all();
    let store = SledStore::open(&organisation.at("store")).unwrap();
    let covers = organisation.covers(&store);
    let kinds: Vec<Kind> = covers.iter().map(|cover| cover.kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::New,
            Kind::Supplement,
            Kind::Correction,
            Kind::ConsentChange,
            Kind::Withdrawal,
            Kind::Supplement,
        ]
    );
    let key = sandyk_key(&covers[0].witness);
    for cover in &covers[1..] {
        assert_eq!(cover.continues, Some(covers[0].id));
        assert!(cover.is_signed_by(&key), "whoever has the code wrote it");
    }
    let account = |n: usize| &opened[n].account;
    assert_eq!(account(1).story, "It was in May.");
    assert_eq!(opened[1].files.len(), 1);
    let pressure = |n: usize| account(n).pressure.as_ref().map(|p| (p.freely, p.words.clone()));
    assert!(pressure(2) == Some((Tri::No, Some("Two men came.".to_owned()))));
    assert!(pressure(3) == Some((Tri::Yes, None)));
    assert!(pressure(4) == Some((Tri::Unknown, None)));
    let uses: Vec<&str> = account(3).consent.uses.iter().map(Code::as_str).collect();
    assert!(uses == ["international"] && account(3).consent.ask_first);
    for (n, shown) in shown.iter().enumerate() {
        assert_eq!(account(n + 1).consent.text, *shown, "the page that was shown, if it asked");
    }
    assert_eq!(account(5).story, "One thing more.");
}

fn sandyk_key(text: &str) -> ed25519_dalek::VerifyingKey {
    let bytes = BASE64.decode(text.as_bytes()).unwrap();
    ed25519_dalek::VerifyingKey::from_bytes(&bytes.try_into().unwrap()).unwrap()
}

/// The first id in a list, wherever the list has it.
fn find_id(listed: &Value) -> Option<String> {
    match listed {
        Value::Object(fields) => fields
            .get("id")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .or_else(|| fields.values().find_map(find_id)),
        Value::Array(items) => items.iter().find_map(find_id),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
