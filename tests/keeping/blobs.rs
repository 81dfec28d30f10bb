//! Every file of a testimony on the server's disk, harmed in every way: the reader gets all the rest, hears
//! which one it is, and has it as soon as the server has it again.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use rand::rngs::OsRng;
use sandyk::{
    clock::{Clock, SystemClock},
    ledger::feed::FeedItem,
    store::{Commit, Cursor, Expect, Put, SledStore, Store as _},
    sync::{self, Alarm, Report, SyncError},
};

use crate::{
    alone,
    office::{Office, put_testimony},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    Flip(usize),
    Cut(usize),
    Longer,
    Gone,
    Swapped,
    Folder,
    Link,
}
use Harm::{Cut, Flip, Folder, Gone, Link, Longer, Swapped};
use walkdir::{DirEntry, WalkDir};

impl Harm {
    /// Harms the file; `other` is one of the same store.
    fn done_to(self, file: &Path, other: &Path) {
        let mut bytes = fs::read(file).unwrap();
        match self {
            Flip(at) => bytes[at] ^= 1 << (at % 8),
            Cut(at) => bytes.truncate(at),
            Longer => bytes.push(0),
            Swapped => bytes = fs::read(other).unwrap(),
            Gone | Folder | Link => {}
        }
        fs::remove_file(file).unwrap();
        match self {
            Gone => {}
            Folder => fs::create_dir(file).unwrap(),
            Link => symlink("/dev/zero", file).unwrap(),
            Flip(_) | Cut(_) | Longer | Swapped => fs::write(file, bytes).unwrap(),
        }
    }

    /// What every file is harmed by, and bits and cuts at every so many bytes.
    fn all(bytes: usize, every: usize) -> Vec<Self> {
        let places = (0..bytes).step_by(every);
        let somewhere = places.flat_map(|at| [Flip(at), Cut(at)]);
        somewhere.chain([Flip(bytes - 1), Longer, Gone, Swapped, Folder, Link]).collect()
    }
}

/// A part in the store, and what it is called in a workspace.
struct Part {
    blob: PathBuf,
    other: PathBuf,
    name: String,
    bytes: usize,
}

/// A clock that is moved by hand.
struct Steps(AtomicI64);

impl Clock for Steps {
    fn unix_seconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// An office over a store on disk: two testimonies, an entry between them, one more at the end.
struct Shelf {
    office: Office,
    clock: Arc<Steps>,
    open: Arc<SledStore>,
    store: PathBuf,
    parts: Vec<Part>,
    whole: BTreeMap<String, Vec<u8>>,
}

impl Shelf {
    async fn fill() -> Self {
        let office = Office::open().await;
        let folder = office.folder.path().join("store");
        let store = Arc::new(SledStore::open(&folder).unwrap());
        let clock = Arc::new(Steps(AtomicI64::new(SystemClock.unix_seconds())));
        office.replace_by(&store, clock.clone());
        let workspace = &office.members[0].workspace;
        copy(workspace, &office.folder.path().join("pristine"));
        put_testimony(&*store, &office.members, 700, 1024).await;
        office.write_entry(1, 900);
        assert_eq!(office.sync(1).await.unwrap().sent, 1);
        for _ in 0..2 {
            put_testimony(&*store, &office.members, 700, 1024).await;
        }
        office.sync(0).await.unwrap();
        let whole = files(workspace);
        let parts = parts(&store, &folder);
        Self { office, clock, open: store, store: folder, parts, whole }
    }

    /// The first reader begins anew.
    fn begin_anew(&self) {
        let workspace = &self.office.members[0].workspace;
        fs::remove_dir_all(workspace).unwrap();
        copy(&self.office.folder.path().join("pristine"), workspace);
    }

    /// Syncs ten seconds later than the last time: no device may sync too often.
    async fn sync(&self) -> Result<Report, SyncError> {
        self.clock.0.fetch_add(10, Ordering::SeqCst);
        let settings = self.office.settings(0);
        alone(async || sync::run(&settings, &*self.clock, &mut OsRng, &mut |_| ()).await).await
    }

    async fn harmed(&self, part: &Part, harm: Harm) {
        let about = format!("{} {harm:?}", part.name);
        let kept = fs::read(&part.blob).unwrap();
        harm.done_to(&part.blob, &part.other);
        self.begin_anew();
        for round in ["the first", "the next"] {
            let told = told(self.sync().await, &about);
            assert_eq!(told, part.name, "{about}, {round} sync");
            let mut rest = self.whole.clone();
            rest.remove(&part.name).unwrap();
            assert!(self.held() == rest, "{about}, {round} sync: everything else is here");
        }
        if part.blob.is_dir() {
            fs::remove_dir(&part.blob).unwrap();
        } else if harm != Gone {
            fs::remove_file(&part.blob).unwrap();
        }
        fs::write(&part.blob, kept).unwrap();
        let report = self.sync().await.unwrap_or_else(|e| panic!("{about}: {e}"));
        assert_eq!(report.mended + report.exhibits, 1, "{about}");
        assert!(self.held() == self.whole, "{about}: all of it is here again");
    }

    fn held(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.office.members[0].workspace)
    }

    /// What `sandyk verify store` names, beside the open store.
    fn verified(&self) -> Vec<String> {
        let words = ["--json", "verify", "store"];
        let program = env!("CARGO_BIN_EXE_sandyk");
        let said = Command::new(program).args(words).arg(&self.store).output().unwrap();
        let found: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
        let damage = found["damage"].as_array().unwrap();
        assert_eq!(said.status.code(), Some(if damage.is_empty() { 0 } else { 3 }));
        damage.iter().map(|one| one["place"].as_str().unwrap().to_owned()).collect()
    }
}

/// The one file that an alarm names, by its name in the workspace.
fn told(result: Result<Report, SyncError>, about: &str) -> String {
    match result {
        Err(SyncError::Alarm(Alarm::Damaged { files })) => {
            assert_eq!(files.len(), 1, "{about}: {files:?}");
            files[0].clone()
        }
        Err(SyncError::Alarm(Alarm::Exhibits { id })) => format!("testimonies/{id}/exhibits.age"),
        Err(other) => panic!("{about}: {other}"),
        Ok(report) => panic!("{about}: no alarm but {report:?}"),
    }
}

/// All parts, each with the next file of the same store.
fn parts(store: &SledStore, folder: &Path) -> Vec<Part> {
    let mut all = Vec::new();
    for event in store.changes(Cursor(0), 99).unwrap() {
        let item: FeedItem = serde_json::from_slice(&event.payload).unwrap();
        for part in item.parts {
            let name = match part.name.as_str() {
                "entry" => format!("casebook/entries/{:020}.age", event.cursor.0),
                part => format!("testimonies/{}/{part}.age", item.id),
            };
            all.push((folder.join("blobs").join(part.blob.to_string()), name, part.bytes));
        }
    }
    let others: Vec<_> = all.iter().map(|(blob, ..)| blob.clone()).collect();
    let other = others.into_iter().cycle().skip(5);
    let part = |((blob, name, bytes), other)| Part { blob, other, name, bytes: to_usize(bytes) };
    all.into_iter().zip(other).map(part).collect()
}

fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap()
}

/// What a workspace holds of testimonies, entries and the feed; not what was refused or is locked.
fn files(workspace: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = WalkDir::new(workspace).into_iter().map(Result::unwrap);
    let ours = |path: &PathBuf| {
        path.extension().is_some_and(|e| e == "age") || path.ends_with("feed.jsonl")
    };
    let files = entries.map(DirEntry::into_path).filter(ours);
    let name = |path: &Path| path.strip_prefix(workspace).unwrap().to_str().unwrap().to_owned();
    files.map(|path| (name(&path), fs::read(&path).unwrap())).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (entry, to) = entry.map(|e| (e.path(), to.join(e.file_name()))).unwrap();
        if entry.is_dir() { copy(&entry, &to) } else { assert!(fs::copy(entry, to).is_ok()) }
    }
}

async fn sweep(every: usize, shelf: &Shelf, parts: &[Part]) {
    for part in parts {
        for harm in Harm::all(part.bytes, every) {
            shelf.harmed(part, harm).await;
        }
    }
    assert_eq!(shelf.verified(), Vec::<String>::new(), "all is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_harmed_file_keeps_no_other_away_and_is_named_until_it_is_back() {
    let shelf = Shelf::fill().await;
    assert_eq!((shelf.parts.len(), shelf.whole.len()), (13, 17), "{:?}", shelf.whole.keys());
    sweep(997, &shelf, &shelf.parts[..5]).await;
}

#[ignore = "bits and cuts all over every part, minutes long: tests/nightly"]
#[tokio::test(flavor = "multi_thread")]
async fn bits_and_cuts_all_over_every_part() {
    let shelf = Shelf::fill().await;
    sweep(61, &shelf, &shelf.parts[..5]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_harmed_files_together_are_named_by_the_server_and_to_the_reader() {
    let shelf = Shelf::fill().await;
    let harms = [Flip(9), Cut(9), Gone, Longer, Swapped];
    let mut blobs = Vec::new();
    // Nothing of the first, and of the rest what is left.
    for (part, harm) in shelf.parts.iter().zip(harms.into_iter().cycle()).take(8) {
        harm.done_to(&part.blob, &part.other);
        blobs.push(format!("blobs/{}", part.blob.file_name().unwrap().to_str().unwrap()));
    }
    let mut named = shelf.verified();
    named.sort();
    blobs.sort();
    assert_eq!(named, blobs);
    shelf.begin_anew();
    let Err(SyncError::Alarm(Alarm::Damaged { mut files })) = shelf.sync().await else {
        panic!("no alarm");
    };
    files.sort();
    let mut expected: Vec<_> = shelf.parts[..8].iter().map(|part| part.name.clone()).collect();
    expected.sort();
    assert_eq!(files, expected);
    let held = shelf.held();
    assert!(
        shelf
            .whole
            .iter()
            .all(|(name, bytes)| { files.contains(name) != (held.get(name) == Some(bytes)) })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_machine_lost_comes_again_and_takes_no_place_of_what_is_there() {
    let shelf = Shelf::fill().await;
    let (part, entry) = (&shelf.parts[0], &shelf.parts[4]);
    let workspace = &shelf.office.members[0].workspace;
    for lost in [part, entry] {
        fs::remove_file(workspace.join(&lost.name)).unwrap();
    }
    // Envelopes are in no digest: a desk could give another one, which opens nothing.
    let testimony = part.name.split('/').nth(1).unwrap();
    let reader = shelf.office.members[0].id;
    let key = format!("envelope/{testimony}/{reader}/account").into_bytes();
    let put = Put { key, value: b"another envelope".to_vec(), expect: Expect::Any };
    let put = Commit { id: [5; 16], puts: vec![put], ..Commit::default() };
    shelf.open.commit(put).await.unwrap();
    let report = shelf.sync().await.unwrap();
    assert_eq!((report.mended, report.testimonies), (2, 0));
    assert!(shelf.held() == shelf.whole, "all as it was, the envelope too");
}
