//! What needs a process of its own: kills, memory, full disks.
//!
//! The children are this very test binary, asked for one ignored test with a role in the
//! environment.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use sandyk::{
    id::BlobId,
    store::{
        BlobWriter as _, Commit, Cursor, Expect, HowOpened, NewEvent, SledStore, Store, StoreError,
    },
};

use crate::{
    again,
    contract::{blob, event, id, put, simple},
};

const ROLE: &str = "SANDYK_TEST_STORE_ROLE";
const FOLDER: &str = "SANDYK_TEST_STORE_FOLDER";

/// The arguments and environment that make this binary play `role` on `folder`.
pub(crate) fn child(mut command: Command, role: &str, folder: &Path) -> Child {
    command
        .args(["--exact", "--ignored", "--nocapture", "processes::plays_its_role_as_a_child"])
        .env(ROLE, role)
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

pub(crate) fn this_binary() -> Command {
    Command::new(std::env::current_exe().unwrap())
}

/// This binary behind a line of shell that ends in `exec "$@"`.
fn behind(shell: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", shell, "sh"]).arg(std::env::current_exe().unwrap());
    command
}

/// All that a child says, once it ended well.
fn words_of(mut child: Child) -> String {
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    said
}

fn number_after(said: &str, word: &str) -> u64 {
    let line = said.lines().find_map(|line| line.strip_prefix(word));
    line.unwrap_or_else(|| panic!("no {word:?} in {said}")).trim().parse().unwrap()
}

pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

#[ignore = "a child of the other tests"]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn plays_its_role_as_a_child() {
    let (Ok(role), Ok(folder)) = (std::env::var(ROLE), std::env::var(FOLDER)) else { return };
    let folder = PathBuf::from(folder);
    match role.as_str() {
        "commit for ever" => commit_for_ever(&folder).await,
        "commit all twice" => again::commit_all_twice(&folder).await,
        "commit until it breaks" => commit_until_it_breaks(&folder).await,
        "take a large blob" => take_a_large_blob(&folder).await,
        "fill a limited file" => fill_a_limited_file(&folder).await,
        "commit once" => commit_once(&folder).await,
        "fill a small disk" => fill_a_small_disk(&folder).await,
        other => panic!("no role {other:?}"),
    }
}

/// The blob that commit `n` attaches.
fn blob_bytes(n: u64) -> Vec<u8> {
    n.to_le_bytes().repeat(500)
}

/// The commit that the killed child makes: a record, a blob and an event that names it.
fn with_blob(n: u64, blob: BlobId) -> Commit {
    let text = format!("{n} {blob}").into_bytes();
    let event = Some(NewEvent { payload: text, ..event(n) });
    Commit { attach: vec![blob], event, ..simple(n) }
}

async fn commit_for_ever(folder: &Path) {
    let store = Arc::new(SledStore::open(folder).unwrap());
    let start = store.head().0 * 1000;
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for n in 0.. {
                let n = start + n * 8 + writer;
                let blob = blob(&*store, &blob_bytes(n));
                store.commit(with_blob(n, blob)).await.unwrap();
                say(&format!("acknowledged {n}"));
            }
        });
    }
    tasks.join_all().await;
}

/// Eight writers; ends well when every one of them was refused because the store is broken.
async fn commit_until_it_breaks(folder: &Path) {
    let Ok(store) = SledStore::open(folder) else { return };
    let store = Arc::new(store);
    let start = (store.head().0 + 1) * 1000;
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for n in (start + writer..).step_by(8) {
                let Ok(mut file) = store.blob() else { continue };
                let Ok(()) = file.write_all(&blob_bytes(n)) else { continue };
                // A file that the disk does not take is an error of its writer and of nobody else.
                let Ok(blob) = file.finish() else { continue };
                match store.commit(with_blob(n, blob)).await {
                    Ok(_) => say(&format!("acknowledged {n}")),
                    Err(error) => return assert!(matches!(error, StoreError::Broken { .. })),
                }
                if n > start + 4_000 {
                    return;
                }
            }
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<u64> = Vec::new();
    for round in 0..10 {
        let mut child = child(this_binary(), "commit for ever", dir.path());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut told = 0;
        for line in lines {
            let Some(n) = line.strip_prefix("acknowledged ") else { continue };
            acknowledged.push(n.parse().unwrap());
            told += 1;
            // What it still says after the kill counts too.
            if told == 10 + round * 13 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();

        let store = SledStore::open(dir.path()).unwrap();
        assert!(matches!(store.how_opened(), HowOpened::Rebuilt { .. }));
        check_all(&store, &acknowledged);
        store.sweep().unwrap();
        check_all(&store, &acknowledged);
        let left = fs::read_dir(dir.path().join("blobs")).unwrap().count();
        assert_eq!(left, usize::try_from(store.head().0).unwrap());
        assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
    }
    assert!(acknowledged.len() > 500, "{}", acknowledged.len());
}

/// Everything acknowledged is there, and everything that is there is whole.
pub(crate) fn check_all(store: &SledStore, acknowledged: &[u64]) {
    let events = store.changes(Cursor(0), usize::MAX).unwrap();
    let mut seen = BTreeSet::new();
    for (place, event) in (1..).zip(&events) {
        assert_eq!(event.cursor, Cursor(place));
        let text = String::from_utf8(event.payload.clone()).unwrap();
        let (n, name) = text.split_once(' ').unwrap();
        let n: u64 = n.parse().unwrap();
        assert!(seen.insert(n), "{n} twice");
        let record = store.get(format!("k/{n:08}").as_bytes()).unwrap().unwrap();
        assert_eq!(record.value, n.to_le_bytes());
        let mut bytes = Vec::new();
        let mut file = Store::open(store, name.parse().unwrap()).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        assert!(bytes == blob_bytes(n), "{n}");
    }
    for n in acknowledged {
        assert!(seen.contains(n), "{n} was acknowledged and is lost");
    }
    store.verify().unwrap();
}

fn resident_kilobytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

async fn take_a_large_blob(folder: &Path) {
    let store = SledStore::open(folder).unwrap();
    let first = blob(&store, &vec![1; 1_000_000]);
    let attach = |n, blob| Commit { id: id(n), attach: vec![blob], ..Commit::default() };
    store.commit(attach(1, first)).await.unwrap();
    let chunk = vec![7; 64 * 1024];
    let before = resident_kilobytes();
    let mut most = before;
    let mut writer = store.blob().unwrap();
    for _ in 0..256 * 16 {
        writer.write_all(&chunk).unwrap();
        most = most.max(resident_kilobytes());
    }
    let large = writer.finish().unwrap();
    store.commit(attach(2, large)).await.unwrap();
    most = most.max(resident_kilobytes());
    let length = Store::open(&store, large).unwrap().metadata().unwrap().len();
    say(&format!("length {length}\ngrew {}", most - before));
    store.close().await.unwrap();
}

#[test]
fn a_blob_of_256_mib_grows_memory_by_at_most_8_mb() {
    let dir = tempfile::tempdir().unwrap();
    let said = words_of(child(this_binary(), "take a large blob", dir.path()));
    assert_eq!(number_after(&said, "length "), 256 << 20);
    let grew = number_after(&said, "grew ");
    assert!(grew <= 8 * 1024, "{grew} kB");
}

/// A value of 60 KB.
fn filling(n: u64) -> Vec<u8> {
    n.to_le_bytes().repeat(7_500)
}

/// Commits records of 60 KB until it fails; gives how many were acknowledged.
async fn fill(store: &SledStore) -> u64 {
    for n in 1..10_000 {
        let puts = vec![put(format!("full/{n:08}").as_bytes(), &filling(n), Expect::Absent)];
        let commit = Commit { id: id(n), puts, event: Some(event(n)), ..Commit::default() };
        match store.commit(commit).await {
            Ok(answer) => assert_eq!(answer.cursor, Some(Cursor(n))),
            Err(StoreError::Broken { .. }) => return n - 1,
            Err(other) => panic!("{other}"),
        }
    }
    panic!("the disk never filled")
}

/// After a failed write: every commit is refused, everything acknowledged can be read.
async fn refuses_and_reads(store: &SledStore, acknowledged: u64) {
    for n in [acknowledged + 1, 99_999] {
        let refused = store.commit(simple(n)).await.unwrap_err();
        assert!(matches!(refused, StoreError::Broken { .. }), "{refused}");
    }
    assert_eq!(store.head(), Cursor(acknowledged));
    all_there(store, acknowledged);
    store.verify().unwrap();
}

fn all_there(store: &SledStore, acknowledged: u64) {
    for n in 1..=acknowledged {
        let record = store.get(format!("full/{n:08}").as_bytes()).unwrap().unwrap();
        assert!(record.value == filling(n), "{n}");
    }
}

async fn fill_a_limited_file(folder: &Path) {
    let store = SledStore::open(folder).unwrap();
    let acknowledged = fill(&store).await;
    refuses_and_reads(&store, acknowledged).await;
    say(&format!("acknowledged {acknowledged}"));
    assert!(matches!(store.close().await, Err(StoreError::Broken { .. })));
}

#[tokio::test]
async fn a_journal_that_cannot_grow_says_so_and_works_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let limited = behind("trap '' XFSZ; ulimit -f 4096; exec \"$@\"");
    let said = words_of(child(limited, "fill a limited file", dir.path()));
    let acknowledged = number_after(&said, "acknowledged ");
    assert!(acknowledged > 10, "{acknowledged}");
    let store = SledStore::open(dir.path()).unwrap();
    all_there(&store, acknowledged);
    let next = store.head().0 + 1;
    assert_eq!(store.commit(simple(50_000)).await.unwrap().cursor, Some(Cursor(next)));
    store.close().await.unwrap();
    assert_eq!(SledStore::open(dir.path()).unwrap().how_opened(), HowOpened::Clean);
}

async fn fill_a_small_disk(folder: &Path) {
    let filler = folder.join("filler");
    fs::write(&filler, vec![1; 1 << 20]).unwrap();
    let store = SledStore::open(&folder.join("store")).unwrap();
    let acknowledged = fill(&store).await;
    refuses_and_reads(&store, acknowledged).await;
    // A blob that finds no room is an error of its writer and leaves nothing.
    let mut writer = store.blob().unwrap();
    assert!(writer.write_all(&vec![0; 8 << 20]).is_err());
    drop(writer);
    drop(store);
    fs::remove_file(filler).unwrap();
    let store = SledStore::open(&folder.join("store")).unwrap();
    all_there(&store, acknowledged);
    store.commit(simple(50_000)).await.unwrap();
    store.close().await.unwrap();
    say(&format!("acknowledged {acknowledged}"));
}

#[test]
fn a_full_disk_says_so_and_works_once_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let mount = "mount -t tmpfs -o size=16m none \"$0\" 2>/dev/null || exit 77; exec \"$@\"";
    let works = Command::new("unshare")
        .args(["-rm", "sh", "-c", mount])
        .arg(dir.path())
        .arg("true")
        .stderr(Stdio::null())
        .status();
    if !works.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: no tmpfs of our own can be mounted here, so no disk was filled");
        return;
    }
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", mount]).arg(dir.path()).arg(std::env::current_exe().unwrap());
    let said = words_of(child(command, "fill a small disk", dir.path()));
    assert!(number_after(&said, "acknowledged ") > 10);
}

async fn commit_once(folder: &Path) {
    let store = SledStore::open(folder).unwrap();
    let blob = blob(&store, &blob_bytes(1));
    store.commit(with_blob(1, blob)).await.unwrap();
    say("acknowledged 1");
    store.close().await.unwrap();
    say("closed");
}

/// A kill keeps what the kernel holds, so only the order of system calls shows a missing sync.
#[test]
fn everything_is_synced_in_order_before_it_is_acknowledged() {
    if !Command::new("strace").arg("-V").output().is_ok_and(|out| out.status.success()) {
        eprintln!("SKIPPED: no strace here, so the order of syncs was not looked at");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().canonicalize().unwrap();
    let (trace, store) = (dir.join("trace"), dir.join("store"));
    let mut command = Command::new("strace");
    let calls = "trace=/^(pwrite64|write|fsync|fdatasync|rename.*|unlink.*)$";
    command.args(["-f", "-qq", "-y", "-s", "64", "-e", calls, "-o"]).arg(&trace);
    command.arg(std::env::current_exe().unwrap());
    words_of(child(command, "commit once", &store));

    let trace = fs::read_to_string(trace).unwrap();
    let lines: Vec<&str> = trace.lines().collect();
    let store = store.display();
    let mut at = 0;
    // Each step is looked for behind the one before it: call, and what stands in its line.
    for (call, about) in [
        ("rename", format!("{store}/journal\"")),
        ("fsync", format!("{store}>")),
        ("fdatasync", format!("{store}/tmp/")),
        ("rename", format!("{store}/blobs/")),
        ("fsync", format!("{store}/blobs>")),
        ("pwrite64", format!("{store}/journal>")),
        ("fdatasync", format!("{store}/journal>")),
        ("write", "acknowledged 1".to_owned()),
        ("fsync", "/db>".to_owned()),
        ("fsync", format!("{store}/index>")),
        ("rename", format!("{store}/clean\"")),
        ("fsync", format!("{store}>")),
        ("write", "closed".to_owned()),
    ] {
        let wanted = format!(" {call}");
        let step = lines[at..].iter().position(|l| l.contains(&wanted) && l.contains(&about));
        let step = step.unwrap_or_else(|| panic!("no {call} of {about} after line {at}:\n{trace}"));
        at += step + 1;
    }
}
