//! An invented organisation with readers, their workspaces, and a server that only orders things.

#[path = "founding.rs"]
mod founding;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output},
    thread,
    time::{Duration, Instant},
};

use ed25519_dalek::SigningKey;
use rand::RngCore as _;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use sandyk::{
    casebook::{Entry, Head},
    clock::{Clock as _, SystemClock, Week},
    digest::Digest,
    id::{BlobId, EntryId, TestimonyId},
    keyring::{Chain, Invitation, Keyring, Reader, ReaderPub, Role, TrustRoot},
    ledger::feed::{FeedItem, FeedKind, PartInfo},
    note::{KeyName, NamedKey, SignedNote},
    receipt::Salt,
    recipient::Recipient,
    review::ReaderKeys,
    sealed::{Completeness, Cover, TestimonyKeys},
    secret::SecretText,
    testimony::{Account, Channel, Identity, Kind},
};
use serde_json::{Value, json};

use self::founding::{account, first_keyring, identity, join};

pub const ORGANISATION: &str = "Мисал, an example";
pub const PASSPHRASE: &str = "six words that nobody can guess";

pub struct Room {
    pub folder: tempfile::TempDir,
    pub rng: ChaCha20Rng,
    pub chain: Chain,
    pub readers: Vec<ReaderPub>,
    /// The week in which testimonies come.
    pub week: Week,
    feed: Vec<String>,
}

/// What a witness sent.
pub struct Sent<'a> {
    pub story: &'a str,
    pub risk: &'a str,
    pub lang: &'a str,
    pub name: Option<&'a str>,
    pub files: &'a [(&'a str, &'a [u8])],
    pub continues: Option<TestimonyId>,
}

impl Default for Sent<'_> {
    fn default() -> Self {
        Self {
            story: "Something happened.",
            risk: "unsure",
            lang: "en",
            name: None,
            files: &[],
            continues: None,
        }
    }
}

impl Room {
    /// A room with a reader for each of `roles`.
    pub fn new(roles: &[Role]) -> Self {
        Self::lasting(roles, 180)
    }

    /// The same, under a keyring whose last day is that many days from now.
    pub fn lasting(roles: &[Role], days: i64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(11);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("passphrase"), PASSPHRASE).unwrap();
        let name = |n| KeyName::parse(&format!("root-{n}")).unwrap();
        let roots: Vec<_> = (1..=3).map(|n| (name(n), SigningKey::generate(&mut rng))).collect();
        let named = |(name, key): &(KeyName, SigningKey)| NamedKey {
            name: name.clone(),
            key: key.verifying_key(),
        };
        let trust = TrustRoot {
            organisation: ORGANISATION.into(),
            threshold: 2,
            roots: roots.iter().map(named).collect(),
        };
        let readers: Vec<_> =
            roles.iter().enumerate().map(|(n, r)| join(folder.path(), n, *r, &trust)).collect();
        let note = first_keyring(&trust, &readers, &roots, days);
        let chain = Chain::verify(std::slice::from_ref(&note), &trust).unwrap();
        for (n, reader) in readers.iter().enumerate() {
            let workspace = folder.path().join(format!("workspace-{n}"));
            fs::create_dir_all(workspace.join("keyring")).unwrap();
            let about = json!({"schema": "workspace/1", "organisation": ORGANISATION,
                "reader": reader.id});
            fs::write(workspace.join("workspace.json"), about.to_string()).unwrap();
            fs::write(workspace.join("roots.txt"), trust.to_text()).unwrap();
            fs::write(workspace.join("keyring/keyring-0001.note"), &note).unwrap();
        }
        let week = "2026-W47".parse().unwrap();
        Self { folder, rng, chain, readers, week, feed: Vec::new() }
    }

    pub fn workspace(&self, reader: usize) -> PathBuf {
        self.folder.path().join(format!("workspace-{reader}"))
    }

    pub fn keys(&self, reader: usize) -> PathBuf {
        self.folder.path().join(format!("keys-{reader}"))
    }

    pub fn open_keys(&self, reader: usize) -> ReaderKeys {
        ReaderKeys::open(&self.keys(reader), &SecretText::new(PASSPHRASE.into())).unwrap()
    }

    /// Runs `sandyk review …` as a reader.
    pub fn run(&self, reader: usize, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_sandyk"))
            .arg("review")
            .args(args)
            .args(["--workspace".as_ref(), self.workspace(reader).as_os_str()])
            .args(["--keys".as_ref(), self.keys(reader).as_os_str()])
            .args(["--passphrase-file".as_ref(), self.folder.path().join("passphrase").as_os_str()])
            .output()
            .unwrap()
    }

    /// Runs it and expects that it was done; what it answered.
    pub fn text(&self, reader: usize, args: &[&str]) -> String {
        let output = self.run(reader, args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it with `--json` and reads the answer.
    pub fn json(&self, reader: usize, args: &[&str]) -> Value {
        let text = self.text(reader, &[args, &["--json"]].concat());
        serde_json::from_str(&text).unwrap()
    }

    /// Runs it with `--json` and expects an alarm; the answer, which is given all the same, and words.
    pub fn alarmed(&self, reader: usize, args: &[&str]) -> (Value, String) {
        let output = self.run(reader, &[args, &["--json"]].concat());
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{args:?}: {words}");
        assert!(words.contains("** ALARM: "), "{words}");
        (serde_json::from_slice(&output.stdout).unwrap(), words)
    }

    /// The ids of a reader's list, as they stand in it.
    pub fn ids(&self, reader: usize, args: &[&str]) -> Vec<String> {
        let rows = self.json(reader, &[&["list"], args].concat());
        let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
        rows.as_array().unwrap().iter().map(id).collect()
    }

    /// Seals a testimony as the intake does and puts it into every workspace.
    pub fn receive(&mut self, sent: &Sent<'_>) -> TestimonyId {
        self.receive_as(sent, |_| (), |_| ())
    }

    /// The same, with an account and a cover that were changed before they were sealed.
    pub fn receive_as(
        &mut self,
        sent: &Sent<'_>,
        change_account: impl FnOnce(&mut Account),
        change_cover: impl FnOnce(&mut Cover),
    ) -> TestimonyId {
        let id = TestimonyId::random(&mut self.rng);
        let keys = TestimonyKeys::generate(sandyk::recipient::Kind::PostQuantum, &mut self.rng);
        let (to, envelopes) = keys.into_envelopes(self.chain.current()).unwrap();
        let mut account = account(id, sent);
        change_account(&mut account);
        let account = to.seal_account(&account).unwrap();
        let identity = to.seal_identity(&identity(sent)).unwrap();
        let mut exhibits = to.exhibits(Vec::new()).unwrap();
        for (name, bytes) in sent.files {
            exhibits.begin(name, "application/octet-stream").unwrap();
            exhibits.write(bytes).unwrap();
            exhibits.end(Completeness::Whole).unwrap();
        }
        let exhibits = exhibits.finish().unwrap();
        let mut cover = Cover {
            schema: Cover::SCHEMA.into(),
            id,
            keyring: self.chain.current_digest(),
            account: account.digest(),
            identity: identity.digest(),
            exhibits: Digest::of(&exhibits),
            lookup: Digest::of(b"lookup"),
            reply: self.readers[0].recipient.to_string(),
            witness: data_encoding::BASE64.encode(&[9; 32]),
            kind: sent.continues.map_or(Kind::New, |_| Kind::Supplement),
            channel: Channel::WebServerSealed,
            continues: sent.continues,
            after: None,
            signature: None,
        };
        change_cover(&mut cover);
        let cover = to.seal_cover(&cover).unwrap();
        for (n, reader) in self.readers.iter().enumerate() {
            let folder = self.workspace(n).join("testimonies").join(id.to_string());
            fs::create_dir_all(&folder).unwrap();
            let put = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
            let own = envelopes.iter().find(|e| e.reader == reader.id).unwrap();
            put("cover.age", cover.as_bytes());
            put("account.age", account.as_bytes());
            put("identity.age", identity.as_bytes());
            put("exhibits.age", &exhibits);
            put("envelope-account.age", own.account.as_bytes());
            if let Some(envelope) = &own.identity {
                put("envelope-identity.age", envelope.as_bytes());
            }
        }
        self.publish(FeedKind::Testimony, &id.to_string(), cover.digest());
        id
    }

    /// Does for every reader what sync and the desk do with the outboxes.
    pub fn sync(&mut self) {
        for reader in 0..self.readers.len() {
            let outbox = self.workspace(reader).join("outbox");
            for key in listed(&outbox.join("keys")) {
                let cursor = self.publish(FeedKind::CasebookKey, &stem(&key), Digest::of(b"key"));
                for (n, other) in self.readers.iter().enumerate() {
                    let envelope = fs::read(key.join(format!("{}.age", other.id))).unwrap();
                    self.put(n, &format!("casebook/keys/{cursor:020}.age"), &envelope);
                }
                moved(&key, &outbox.join("sent/keys"));
            }
            for entry in listed(&outbox.join("entries")) {
                let sealed = fs::read(&entry).unwrap();
                self.publish_entry(&stem(&entry), &sealed);
                moved(&entry, &outbox.join("sent/entries"));
            }
        }
    }

    /// Puts a sealed entry into the feed of everybody, as the desk would for any pushed bytes.
    pub fn publish_entry(&mut self, id: &str, sealed: &[u8]) -> u64 {
        let cursor = self.publish(FeedKind::CasebookEntry, id, Digest::of(sealed));
        for n in 0..self.readers.len() {
            self.put(n, &format!("casebook/entries/{cursor:020}.age"), sealed);
        }
        cursor
    }

    /// Seals and publishes an entry that an attacker or another program made.
    pub fn smuggle(&mut self, entry: &Entry, to: &Recipient) -> u64 {
        let sealed = entry.seal(to).unwrap();
        let id = EntryId::random(&mut self.rng).to_string();
        self.publish_entry(&id, &sealed)
    }

    /// Puts many files into the feed of everybody, each under a name of its own.
    pub fn publish_many(&mut self, kind: FeedKind, files: &[Vec<u8>]) {
        let folder = if kind == FeedKind::CasebookKey { "keys" } else { "entries" };
        for file in files {
            let id = EntryId::random(&mut self.rng).to_string();
            let cursor = self.add(kind, &id, Digest::of(file));
            for n in 0..self.readers.len() {
                self.put(n, &format!("casebook/{folder}/{cursor:020}.age"), file);
            }
        }
        self.write_feed();
    }

    /// Puts an event into every reader's feed; its cursor.
    pub fn publish(&mut self, kind: FeedKind, id: &str, content: Digest) -> u64 {
        let cursor = self.add(kind, id, content);
        self.write_feed();
        cursor
    }

    fn add(&mut self, kind: FeedKind, id: &str, content: Digest) -> u64 {
        let mut salt = [0; 32];
        self.rng.fill_bytes(&mut salt);
        let part = PartInfo {
            name: "entry".into(),
            bytes: 1,
            sha256: content,
            blob: BlobId::random(&mut self.rng),
        };
        let item = FeedItem {
            kind,
            id: id.into(),
            salt: Digest::from_bytes(salt).to_string(),
            content,
            week: (kind == FeedKind::Testimony).then_some(self.week),
            epoch: 1,
            parts: vec![part],
        };
        let cursor = u64::try_from(self.feed.len()).unwrap() + 1;
        let line = json!({"cursor": cursor, "leaf": item.leaf().unwrap(), "item": item});
        self.feed.push(format!("{line}\n"));
        cursor
    }

    /// Puts a line into every reader's feed as it is.
    pub fn publish_line(&mut self, line: String) {
        self.feed.push(line);
        self.write_feed();
    }

    fn write_feed(&self) {
        for n in 0..self.readers.len() {
            self.put(n, "feed.jsonl", self.feed.concat().as_bytes());
        }
    }

    /// Puts an order or an objection where sync keeps it, and into everybody's feed.
    pub fn publish_note(&mut self, kind: FeedKind, id: &str, note: &str) {
        self.publish(kind, id, Digest::of(note.as_bytes()));
        for n in 0..self.readers.len() {
            self.put(n, &format!("forget/{id}.note"), note.as_bytes());
        }
    }

    /// Puts a mark in the place of an event, as sync does.
    pub fn put_mark(&mut self, cursor: usize, mark: &sandyk::forget::Mark) {
        let line = json!({"cursor": cursor, "leaf": mark.leaf, "item": mark});
        self.feed[cursor - 1] = format!("{line}\n");
        for n in 0..self.readers.len() {
            self.put(n, "feed.jsonl", self.feed.concat().as_bytes());
        }
    }

    fn put(&self, reader: usize, path: &str, bytes: &[u8]) {
        let path = self.workspace(reader).join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// What a command said and answered.
pub fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// The end of a chain that nobody has.
pub fn nowhere() -> Head {
    Head { seq: 41, hash: Digest::of(b"nowhere") }
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|e| e.unwrap().path()).collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

fn moved(path: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::rename(path, to.join(path.file_name().unwrap())).unwrap();
}

/// Waits for a command, ends it after `limit`, and gives what it left.
pub fn ended(mut child: Child, limit: Duration) -> Output {
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > limit {
            child.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}
