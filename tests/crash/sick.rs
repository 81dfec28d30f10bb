//! Disks that fail while the server writes: for a moment, or until somebody comes.
//!
//! The one that fails for a moment is an image in memory with holes where nothing is written yet: when that
//! memory is full, what ext4 writes back into a hole fails, as a bad sector would.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use sandyk::store::{
    Commit, Cursor, Event, Expect, NewEvent, Put, SledStore, Store as _, StoreError,
};

use crate::{
    disk::Disk,
    full::ended_by_itself,
    storm::Storm,
    town::Town,
    witness::{How, Outcome, Plan},
};

/// Bytes in a block of that disk, and in a page of memory.
const BLOCK: usize = 4096;

/// A change whose frame needs blocks of its own.
fn change(n: u8, bytes: usize) -> Commit {
    let put = Put { key: vec![n], value: vec![n; bytes], expect: Expect::Any };
    let leaf = sandyk::digest::Digest::of(&[n]);
    let event = Some(NewEvent { leaf, payload: vec![n] });
    Commit { id: [n; 16], puts: vec![put], event, ..Commit::default() }
}

/// Memory of a bounded size as a folder; unmounted when dropped.
struct Memory(PathBuf);

impl Memory {
    fn mount(at: &Path, mebibytes: u64) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let size = format!("size={mebibytes}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(at).status();
        mounted.is_ok_and(|done| done.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Takes every byte that is left.
fn fill(at: &Path) {
    let mut file = fs::File::create(at).unwrap();
    for size in [1 << 20, 1 << 12] {
        while file.write_all(&vec![9; size]).is_ok() {}
    }
}

fn events(store: &SledStore) -> Vec<Event> {
    store.changes(Cursor(0), usize::MAX).unwrap()
}

/// The kernel tells of a write that failed once, and may keep the bytes in memory as if they were written.
/// What a server shows after its restart must survive the next power cut all the same.
#[tokio::test]
async fn what_a_server_shows_after_a_disk_that_failed_for_a_moment_is_on_the_disk() {
    let place = tempfile::tempdir().unwrap();
    if !rustix::process::getuid().is_root() {
        assert!(std::env::var_os("SANDYK_NO_SKIP").is_none(), "it needs root");
        eprintln!("\nSKIPPED, nothing was tested: a disk of our own needs root\n");
        return;
    }
    let memory = Memory::mount(&place.path().join("memory"), 96).expect("memory to mount");
    let Some(disk) = Disk::make_full_of_holes(&memory.0.join("disk"), 64) else { return };
    let (folder, ballast) = (memory.0.join("disk/store"), memory.0.join("ballast"));
    let store = SledStore::open(&folder).unwrap();
    store.commit(change(1, 60_000)).await.unwrap();
    // A loop device calls a write that had room for a part of it a good one: the next frame has none.
    let length = || usize::try_from(fs::metadata(folder.join("journal")).unwrap().len()).unwrap();
    let around = length() - 60_000 - 32;
    store.commit(change(2, 32 * BLOCK - around - length())).await.unwrap();
    assert_eq!(length(), 32 * BLOCK);
    fill(&ballast);
    let refused = store.commit(change(4, 300_000)).await;
    assert!(matches!(refused, Err(StoreError::Broken { .. })), "the disk takes it: {refused:?}");
    drop(store);
    fs::remove_file(&ballast).unwrap();
    let store = SledStore::open(&folder).unwrap();
    store.commit(change(5, 100)).await.unwrap();
    let shown = events(&store);
    drop(store);
    disk.cut();
    disk.back();
    let store = SledStore::open(&folder).unwrap();
    let after = events(&store);
    eprintln!("{} events were shown after the restart", shown.len());
    assert!(after.starts_with(&shown), "{} of {} are left", after.len(), shown.len());
    store.verify().unwrap();
    drop((store, disk));
}

/// ext4 finds an error and goes on read-only, in the middle of a storm.
///
/// A sync that runs in that very moment may be answered by the kernel with success and dropped: seen in a
/// third of the runs of a loop that only appends and syncs (Linux 6.18). So what counts is what was
/// acknowledged before that storm, and that nothing of it is there in part.
#[test]
fn a_disk_that_turns_read_only_takes_nothing_in_and_keeps_what_was_there() {
    let mut town = Town::found("");
    let at = town.organisation.at("disk");
    let Some(disk) = Disk::make(&at, 400, "errors=remount-ro") else { return };
    town.move_store("disk/store");
    let mut storm = Storm::new(300_000);
    let mut server = town.serve();
    let address = server.address().to_owned();
    storm.until(&address, (10, Duration::ZERO), || ());
    let before = storm.all.len();
    let ended = storm.until(&address, (10, Duration::from_millis(30)), || {
        disk.turn_read_only();
        ended_by_itself(&mut server)
    });
    if let Some(code) = ended {
        assert_eq!(code, 1, "for the service manager: {:?}", server.heard());
    } else {
        // No file for a part could be made, so nothing came as far as the journal: it refuses and is read.
        let late = Plan::mixed(900_000, 23, 1000).send(&address, How::Whole);
        assert_ne!(late.outcome, Outcome::Acknowledged);
        server.kill();
    }
    assert!(town.organisation.try_serve().is_err(), "nothing is taken in on such a disk");
    disk.back();
    let server = town.serve();
    let address = server.address().to_owned();
    storm.until(&address, (5, Duration::ZERO), || ());
    town.read();
    let lost = town.lost(&storm.all);
    let meanwhile = |n: &usize| storm.all[before..].iter().any(|sent| sent.number == *n);
    assert!(lost.iter().all(meanwhile), "acknowledged before, and lost: {lost:?}");
    eprintln!(
        "{} acknowledged around a disk that turned read-only; dropped by the kernel in that moment: {}",
        storm.acknowledged(),
        lost.len()
    );
    server.stop();
}
