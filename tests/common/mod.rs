//! An invented organisation with real keys, a real server process, and readers who open what arrived.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    dead_code,
    reason = "shared by several tests; a test says what is wrong by failing"
)]

pub(crate) mod raw;
pub(crate) mod server;

use std::{
    fs,
    io::Read as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::ExitStatus,
    time::{Duration, Instant},
};

pub(crate) use self::server::Server;
use ed25519_dalek::SigningKey;
use rand::rngs::OsRng;
use sandyk::{
    clock::{Clock as _, SystemClock},
    digest::Digest,
    id::{DeviceId, ReaderId, TestimonyId},
    keyring::{DeskNote, Device, Keyring, Reader, Role, TrustRoot, desk_file, keyring_file},
    ledger::feed::{FeedItem, FeedKind},
    note::{KeyName, NamedKey, SignedNote},
    receipt::Salt,
    recipient::{AgeIdentity, Kind as KeyKind},
    sealed::{
        Cover, ExhibitAbout, Sealed,
        open::{AccountKey, OpenedCover, ReadingIdentity},
        part,
    },
    store::{Cursor, SledStore, Store as _},
    testimony::{Account, Identity},
};
use walkdir::{DirEntry, WalkDir};

/// A reader with all secrets, as only a test holds them together.
pub(crate) struct TestReader {
    pub(crate) id: ReaderId,
    pub(crate) role: Role,
    pub(crate) reading: ReadingIdentity,
    pub(crate) secret: String,
    pub(crate) signing: SigningKey,
    pub(crate) device: (DeviceId, SigningKey),
}

/// Everything of one organisation, in a folder that goes when this goes.
pub(crate) struct Organisation {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) readers: Vec<TestReader>,
    pub(crate) trust: TrustRoot,
    pub(crate) keyring: Keyring,
    roots: Vec<(NamedKey, SigningKey)>,
}

impl Organisation {
    /// Root keys 2 of 3, one reader for each role, a published keyring of epoch 1, a configuration.
    pub(crate) fn found(roles: &[Role]) -> Self {
        Self::found_with(roles, "", 180)
    }

    /// The same with lines added to `[limits]` and a keyring good for `days`.
    pub(crate) fn found_with(roles: &[Role], limits: &str, days: i64) -> Self {
        Self::found_of(KeyKind::PostQuantum, roles, limits, days)
    }

    /// The same with keys of this kind.
    pub(crate) fn found_of(kind: KeyKind, roles: &[Role], limits: &str, days: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let roots: Vec<_> = (1..=3).map(root).collect();
        let readers: Vec<_> = roles.iter().map(|role| reader(*role, kind)).collect();
        let named: Vec<_> = roots.iter().map(|(named, _)| named.clone()).collect();
        let listed = |r: &TestReader| Reader {
            id: r.id,
            role: r.role,
            recipient: AgeIdentity::parse(&r.secret).unwrap().recipient(),
            signing: r.signing.verifying_key(),
            since: 1,
        };
        let keyring = Keyring {
            organisation: "Org A".into(),
            epoch: 1,
            previous: Digest::NONE,
            kind,
            salt: Salt([7; 32]),
            not_after: SystemClock.today().plus_days(days),
            threshold: 2,
            roots: named.clone(),
            readers: readers.iter().map(listed).collect(),
            vouches: Vec::new(),
        };
        let trust = TrustRoot { organisation: "Org A".into(), threshold: 2, roots: named };
        let new = Self { folder, readers, trust, keyring, roots };
        new.publish();
        new.configure(limits);
        new
    }

    pub(crate) fn at(&self, place: &str) -> PathBuf {
        self.folder.path().join(place)
    }

    pub(crate) fn sign(&self, text: String) -> String {
        let mut note = SignedNote::new(text).unwrap();
        for (named, secret) in self.roots.iter().take(2) {
            note.sign(&named.name, secret);
        }
        note.to_text()
    }

    fn publish(&self) {
        let keyring = self.at("keyring");
        fs::create_dir_all(&keyring).unwrap();
        fs::write(keyring.join("roots.txt"), self.trust.to_text()).unwrap();
        fs::write(keyring.join(keyring_file(1)), self.sign(self.keyring.to_text())).unwrap();
        let device = |r: &TestReader| Device {
            id: r.device.0,
            reader: r.id,
            key: r.device.1.verifying_key(),
        };
        let desk = DeskNote {
            organisation: "Org A".into(),
            epoch: 1,
            keyring: self.keyring.body_digest(),
            devices: self.readers.iter().map(device).collect(),
        };
        fs::write(keyring.join(desk_file(1)), self.sign(desk.to_text())).unwrap();
    }

    /// Publishes epoch 2, which is epoch 1 without its first reader.
    pub(crate) fn drop_first_reader(&self) -> ReaderId {
        let folder = self.at("keyring");
        let published = sandyk::keyring::load_folder(&folder, &self.trust).unwrap();
        let mut next = self.keyring.clone();
        let dropped = next.readers.remove(0).id;
        (next.epoch, next.previous) = (2, published.chain.current_digest());
        let desk = DeskNote {
            organisation: "Org A".into(),
            epoch: 2,
            keyring: next.body_digest(),
            devices: Vec::new(),
        };
        fs::write(folder.join(desk_file(2)), self.sign(desk.to_text())).unwrap();
        fs::write(folder.join(keyring_file(2)), self.sign(next.to_text())).unwrap();
        dropped
    }

    fn configure(&self, limits: &str) {
        // Most tests must not depend on how full the disk is on which they run.
        let full = if limits.contains("until_percent") {
            ""
        } else {
            "files_until_percent = 100\nwords_until_percent = 100\n"
        };
        let text = format!(
            "store = 'store'\nkeyring = 'keyring'\nroots = 'keyring/roots.txt'\n\
             intake.listen = '127.0.0.1:0'\n\n[limits]\n{full}{limits}\n\n\
             [organisation]\nname = 'Org A'\nsafe_contact.ru = 'другой путь'\n"
        );
        fs::write(self.at("server.toml"), text).unwrap();
    }

    /// Starts the real server on a free port of the loopback.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// The same with variables of the environment.
    pub(crate) fn serve_with(&self, environment: &[(&str, &Path)]) -> Server {
        let mut server = Server::start(&self.at("server.toml"), environment);
        server.intake = server.wait_for("intake listens on ");
        server
    }

    /// The same for a server that may not come up: why, if it does not.
    pub(crate) fn try_serve(&self) -> Result<Server, (ExitStatus, Vec<String>)> {
        let mut server = Server::start(&self.at("server.toml"), &[]);
        match server.hear("intake listens on ") {
            Some(intake) => {
                server.intake = intake;
                Ok(server)
            }
            None => Err((server.child.wait().unwrap(), server.heard())),
        }
    }

    /// Opens the (stopped) server's store and everything in it, as a guardian does.
    pub(crate) fn open_all(&self) -> Vec<Opened> {
        let store = SledStore::open(&self.at("store")).unwrap();
        let mut opened = Vec::new();
        let mut after = Cursor(0);
        loop {
            let events = store.changes(after, 100).unwrap();
            let Some(last) = events.last() else { return opened };
            after = last.cursor;
            for event in &events {
                let item: FeedItem = serde_json::from_slice(&event.payload).unwrap();
                assert_eq!(item.leaf().unwrap(), event.leaf, "the leaf commits to the item");
                if item.kind == FeedKind::Testimony {
                    opened.push(self.open(&store, &item));
                }
            }
        }
    }

    fn open(&self, store: &SledStore, item: &FeedItem) -> Opened {
        let id: TestimonyId = item.id.parse().unwrap();
        let blob = |name: &str| {
            let part = item.parts.iter().find(|p| p.name == name).unwrap();
            let file = store.open(part.blob).unwrap();
            assert_eq!(file.metadata().unwrap().len(), part.bytes);
            file
        };
        let bytes = |name: &str| {
            let mut bytes = Vec::new();
            blob(name).read_to_end(&mut bytes).unwrap();
            bytes
        };
        let cover = bytes("cover");
        assert_eq!(Digest::of(&cover), item.content);
        let mut keys = self.readers.iter().map(|r| Self::account_key(store, id, r));
        let key = keys.next().unwrap();
        assert_eq!(keys.count() + 1, self.readers.len(), "every reader has an envelope");
        let opened = key.open_cover(&Sealed::<part::Cover>::from_bytes(cover), id).unwrap();
        let account = opened.open_account(&key, &Sealed::from_bytes(bytes("account"))).unwrap();
        let identity = self.identity(store, &opened, id, bytes("identity"));
        let mut files = Vec::new();
        let mut exhibits = opened.open_exhibits(&key, blob("exhibits")).unwrap();
        while let Some((_, about)) = exhibits.next_into(|_| Ok(std::io::sink())).unwrap() {
            files.push(about);
        }
        Opened { id, account, identity, files, item: item.clone() }
    }

    /// The covers of all testimonies, as a reader opens them.
    pub(crate) fn covers(&self, store: &SledStore) -> Vec<Cover> {
        let events = store.changes(Cursor(0), usize::MAX).unwrap();
        let items = events.iter().map(|event| serde_json::from_slice(&event.payload).unwrap());
        let covers = items.filter(|item: &FeedItem| item.kind == FeedKind::Testimony).map(|item| {
            let id: TestimonyId = item.id.parse().unwrap();
            let part = item.parts.iter().find(|p| p.name == "cover").unwrap();
            let mut sealed = Vec::new();
            store.open(part.blob).unwrap().read_to_end(&mut sealed).unwrap();
            let key = Self::account_key(store, id, self.readers.last().unwrap());
            key.open_cover(&Sealed::from_bytes(sealed), id).unwrap().cover().clone()
        });
        covers.collect()
    }

    fn account_key(store: &SledStore, id: TestimonyId, reader: &TestReader) -> AccountKey {
        let key = format!("envelope/{id}/{}/account", reader.id);
        let sealed = store.get(key.as_bytes()).unwrap().expect("an envelope").value;
        reader.reading.open_account_envelope(&Sealed::from_bytes(sealed)).unwrap()
    }

    fn identity(
        &self,
        store: &SledStore,
        opened: &OpenedCover,
        id: TestimonyId,
        sealed: Vec<u8>,
    ) -> Identity {
        let guardian = self.readers.iter().find(|r| r.role == Role::Guardian).unwrap();
        let key = format!("envelope/{id}/{}/identity", guardian.id);
        let envelope = store.get(key.as_bytes()).unwrap().expect("a guardian's envelope").value;
        let key = guardian.reading.open_identity_envelope(&Sealed::from_bytes(envelope)).unwrap();
        for reviewer in self.readers.iter().filter(|r| r.role == Role::Reviewer) {
            let key = format!("envelope/{id}/{}/identity", reviewer.id);
            assert!(store.get(key.as_bytes()).unwrap().is_none(), "reviewers get no names");
        }
        opened.open_identity(&key, &Sealed::from_bytes(sealed)).unwrap()
    }
}

/// One testimony as a guardian reads it.
pub(crate) struct Opened {
    pub(crate) id: TestimonyId,
    pub(crate) account: Account,
    pub(crate) identity: Identity,
    pub(crate) files: Vec<ExhibitAbout>,
    pub(crate) item: FeedItem,
}

fn root(n: usize) -> (NamedKey, SigningKey) {
    let secret = SigningKey::generate(&mut OsRng);
    let name = KeyName::parse(&format!("root-{n}")).unwrap();
    (NamedKey { name, key: secret.verifying_key() }, secret)
}

fn reader(role: Role, kind: KeyKind) -> TestReader {
    let identity = AgeIdentity::generate(kind, &mut OsRng);
    TestReader {
        id: ReaderId::random(&mut OsRng),
        role,
        secret: identity.to_secret_text().expose().to_owned(),
        reading: ReadingIdentity::new(identity),
        signing: SigningKey::generate(&mut OsRng),
        device: (DeviceId::random(&mut OsRng), SigningKey::generate(&mut OsRng)),
    }
}

/// A port of the loopback that nobody uses now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Every file below a folder whose bytes hold `needle`.
pub(crate) fn files_with(folder: &Path, needle: &[u8]) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| fs::read(path).unwrap().windows(needle.len()).any(|w| w == needle);
    let entries = WalkDir::new(folder).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file()).map(DirEntry::into_path);
    files.filter(holds).collect()
}

/// Waits until something holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(50), "not within 50 seconds: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
