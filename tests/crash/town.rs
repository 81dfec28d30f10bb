//! An organisation with a real server, and a guardian who opens what arrived and compares it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use data_encoding::BASE64;
use rand::rngs::OsRng;
use rayon::prelude::*;
use sandyk::{
    clock::SystemClock,
    digest::Digest,
    files::{Audience, Existing, make_folder, save},
    hybrid::HybridIdentity,
    id::TestimonyId,
    keyring::Role,
    review::{ReaderKeys, Session, Workspace, describe_exhibits},
    sealed::open::ReadingIdentity,
    sync::{self, Patience, Settings, Wanted},
    testimony::{Account, Identity},
};
use serde_json::json;

use crate::{
    common::{Organisation, Server, free_port},
    witness::{MARK, NotKept, Outcome, Sent},
};

const ROLES: [Role; 2] = [Role::Guardian, Role::Reviewer];

/// The organisation and its guardian.
pub(crate) struct Town {
    pub(crate) organisation: Organisation,
    port: u16,
    workspaces: u32,
    workspace: PathBuf,
    seen: BTreeMap<TestimonyId, Seen>,
}

/// A testimony as the guardian reads it.
struct Seen {
    account: Account,
    identity: Identity,
    files: Vec<(String, u64, Digest, bool)>,
}

impl Town {
    /// A desk beside the intake; `limits` are lines of `[limits]`.
    pub(crate) fn found(limits: &str) -> Self {
        let port = free_port();
        let limits = format!(
            "{limits}\n[desk]\nlisten = '127.0.0.1:{port}'\nauthorities = ['127.0.0.1:{port}']\n"
        );
        let organisation = Organisation::found_with(&ROLES, &limits, 180);
        let mut town = Self {
            organisation,
            port,
            workspaces: 0,
            workspace: PathBuf::new(),
            seen: BTreeMap::new(),
        };
        town.forget();
        town
    }

    /// The server, once its desk listens too.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// The same with variables of the environment.
    pub(crate) fn serve_with(&self, environment: &[(&str, &Path)]) -> Server {
        let mut server = self.organisation.serve_with(environment);
        server.wait_for("desk listens on ");
        server
    }

    /// Puts the store somewhere else, counted from the folder of the configuration.
    pub(crate) fn move_store(&self, to: &str) {
        let path = self.organisation.at("server.toml");
        let text = fs::read_to_string(&path).unwrap();
        save_text(&path, &text.replacen("store = 'store'", &format!("store = '{to}'"), 1));
    }

    /// The guardian begins anew, with nothing fetched and nothing opened.
    pub(crate) fn forget(&mut self) {
        self.workspaces += 1;
        self.seen.clear();
        let guardian = &self.organisation.readers[0];
        self.workspace = self.organisation.at(&format!("workspace-{}", self.workspaces));
        let about =
            json!({ "schema": "workspace/1", "organisation": "Org A", "reader": guardian.id });
        save_text(&self.workspace.join("workspace.json"), &about.to_string());
        save_text(&self.workspace.join("roots.txt"), &self.organisation.trust.to_text());
        make_folder(&self.workspace.join("keys")).unwrap();
        let (id, key) = &guardian.device;
        let key = BASE64.encode(key.as_bytes());
        let key = format!("sandyk device key v1\ndevice {id}\nreader {}\nkey {key}\n", guardian.id);
        save_text(&self.workspace.join("device/device.key"), &key);
        save_text(
            &self.workspace.join("device/desk.txt"),
            &format!("http://127.0.0.1:{}\n", self.port),
        );
    }

    /// Syncs from the running server and opens all that is new.
    pub(crate) fn read(&mut self) {
        let settings = Settings {
            workspace: self.workspace.clone(),
            device: self.workspace.join("device"),
            desk: None,
            exhibits: Wanted::All,
            proxy: None,
            patience: Patience {
                attempts: 3,
                pause: Duration::from_millis(50),
                silence: Duration::from_mins(1),
                ..Patience::default()
            },
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let run = runtime.block_on(sync::run(&settings, &SystemClock, &mut OsRng, &mut |_| ()));
        let report = run.unwrap();
        assert_eq!((report.exhibits_missing, report.unknown), (0, 0), "{:?}", report.warnings);
        let session = self.session();
        assert!(session.alarms().is_empty(), "{:?}", session.alarms());
        let new: Vec<_> = session.ids().filter(|id| !self.seen.contains_key(id)).collect();
        let opened: Vec<_> = new.par_iter().map(|id| (*id, open(&session, *id))).collect();
        self.seen.extend(opened);
    }

    fn session(&self) -> Session {
        let guardian = &self.organisation.readers[0];
        let keys = ReaderKeys {
            id: guardian.id,
            role: guardian.role,
            reading: ReadingIdentity::new(HybridIdentity::parse(&guardian.secret).unwrap()),
            signing: guardian.signing.clone(),
            trust: self.organisation.trust.clone(),
        };
        let workspace = Workspace::open(&self.workspace).unwrap();
        Session::open(workspace, keys, &self.workspace.join("keys")).unwrap()
    }

    /// How many testimonies the guardian has opened.
    pub(crate) fn opened(&self) -> usize {
        self.seen.len()
    }

    /// Everything acknowledged is there and as it was sent; nothing else is but what was sent whole.
    pub(crate) fn compare(&self, all: &[Sent]) {
        let lost = self.lost(all);
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    }

    /// The numbers of what was acknowledged and is not there. Whatever is there must be as sent.
    pub(crate) fn lost(&self, all: &[Sent]) -> Vec<usize> {
        let sent: BTreeMap<usize, &Sent> = all.iter().map(|sent| (sent.number, sent)).collect();
        assert_eq!(sent.len(), all.len(), "every witness has a number of their own");
        let mut found = BTreeSet::new();
        for (id, seen) in &self.seen {
            let number = seen.number();
            let sent = sent.get(&number).unwrap_or_else(|| panic!("nobody sent {number}"));
            assert!(found.insert(number), "{number} is there twice");
            let may = matches!(sent.outcome, Outcome::Acknowledged | Outcome::Unknown);
            assert!(may, "{number} is there and was {:?}", sent.outcome);
            seen.is_as(sent, *id);
        }
        let acknowledged = all.iter().filter(|sent| sent.outcome == Outcome::Acknowledged);
        acknowledged.map(|sent| sent.number).filter(|number| !found.contains(number)).collect()
    }

    /// How many bytes are kept of the only file of a testimony, which was cut.
    pub(crate) fn cut_file(&self, number: usize) -> u64 {
        let seen = self.seen.values().find(|seen| seen.number() == number).unwrap();
        let [(_, bytes, _, whole)] = seen.files.as_slice() else { panic!("one file") };
        assert!(!whole, "the container says that it was cut");
        *bytes
    }

    /// The store holds four blobs for each testimony and nothing unfinished.
    pub(crate) fn nothing_half_is_stored(&self, store: &Path) {
        let count = |name: &str| fs::read_dir(store.join(name)).unwrap().count();
        assert_eq!(count("tmp"), 0, "nothing unfinished");
        assert_eq!(count("blobs"), 4 * self.seen.len(), "four parts of each testimony");
    }
}

impl Seen {
    /// The number that its witness has put into the story or the names of the files.
    fn number(&self) -> usize {
        let names = self.files.iter().map(|(name, ..)| name);
        let mut told = std::iter::once(&self.account.story).chain(names);
        let mark = told.find_map(|text| text.strip_prefix(MARK)).expect("a number");
        mark.split_once(' ').unwrap().0.parse().unwrap()
    }

    fn is_as(&self, sent: &Sent, id: TestimonyId) {
        let number = sent.number;
        let story = sent.fields.iter().find(|(name, _)| *name == "story");
        assert_eq!(self.account.story, story.map_or("", |(_, story)| story), "{number}");
        let name = sent.fields.iter().find(|(name, _)| *name == "name").map(|(_, name)| name);
        assert_eq!(self.identity.submitter.as_ref().map(|named| &named.name), name, "{number}");
        let (account, identity) = sent.expected(id, self.account.consent.text);
        assert!(self.account == account, "the account of {number} is not what was sent");
        assert!(self.identity == identity, "the identity of {number} is not what was sent");
        let whole = |(name, bytes, digest): (String, u64, Digest)| (name, bytes, digest, true);
        let (kept, rest): (Vec<_>, Vec<_>) =
            self.files.iter().cloned().partition(|(.., complete)| *complete);
        let is_kept = |sent: &(String, u64, Digest)| {
            kept.iter().any(|(name, _, digest, _)| (name, *digest) == (&sent.0, sent.2))
        };
        // Of two files with one name the page may mean either.
        let alike = |name: &String| sent.files.iter().filter(|sent| sent.0 == *name).count();
        let may_lack = |file: &(String, u64, Digest)| match &sent.not_kept {
            NotKept::Named(named) => {
                named.contains(&file.0) && (alike(&file.0) == 1 || !is_kept(file))
            }
            NotKept::Unread => !is_kept(file),
        };
        let (lacking, wanted): (Vec<_>, Vec<_>) = sent.files.iter().cloned().partition(may_lack);
        assert_eq!(kept, wanted.into_iter().map(whole).collect::<Vec<_>>(), "{number}");
        // Of a file that was refused there may be a beginning.
        let is_cut = |(name, bytes, ..): &(String, u64, Digest, bool)| {
            lacking.iter().any(|(lacks, all, _)| lacks == name && bytes <= all)
        };
        assert!(rest.iter().all(is_cut), "{number}: {rest:?}");
    }
}

fn open(session: &Session, id: TestimonyId) -> Seen {
    let opened = session.open_one(id).unwrap();
    let content = opened.content.unwrap_or_else(|error| panic!("{id}: {error}"));
    let identity = session.identity(id, &content).unwrap();
    let files = describe_exhibits(session, id, &content).unwrap();
    let files = files.into_iter().map(|f| (f.name, f.bytes, f.sha256, f.complete)).collect();
    Seen { account: content.account, identity, files }
}

/// Writes a file, and the folder that it lies in.
pub(crate) fn save_text(path: &Path, text: &str) {
    make_folder(path.parent().unwrap()).unwrap();
    save(path, text.as_bytes(), Audience::Owner, Existing::Replace).unwrap();
}
