//! Sync in a workspace that others had in their hands, at a desk that lies slowly, on a full disk.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "tests say what they expect by failing, and loudly what they skip"
)]

#[path = "sync_hostile/desks.rs"]
mod desks;
#[path = "sync_hostile/files.rs"]
mod files;
#[path = "keyring/forged.rs"]
mod forged;
#[path = "sync_hostile/full.rs"]
mod full;
mod office;

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use office::{Answer, Office, alarm, draft, sign, write};
use rand::SeedableRng as _;
use sandyk::{
    id::EntryId,
    keyring::{KeyringError, Role},
    sync::{Alarm, SyncError},
    wire::tape,
};

const SECRET: &[u8] = b"AGE-SECRET-KEY-PQ-1 of somebody, in the clear\n";

/// A file outside of the workspace that nothing may read, change or shorten.
fn outside(office: &Office) -> PathBuf {
    let path = office.folder.path().join("outside");
    write(&path, SECRET);
    path
}

fn pipe(path: &Path) {
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, path, kind, 0o600.into(), 0).unwrap();
}

#[tokio::test]
async fn exhibits_are_not_written_through_a_planted_link() {
    let office = Office::open().await;
    let (id, _) = office.testimony(1000).await;
    let target = outside(&office);
    let folder = office.file(0, &format!("testimonies/{id}"));
    fs::create_dir_all(&folder).unwrap();
    symlink(&target, folder.join("exhibits.age.part")).unwrap();
    symlink(&target, folder.join("cover.age")).unwrap();
    let told = office.sync(0).await.unwrap_err();
    assert!(matches!(told, SyncError::File { .. }), "{told}");
    assert_eq!(fs::read(&target).unwrap(), SECRET);
    assert!(!folder.join("cover.age").is_symlink(), "the part took the place of the link");
}

#[tokio::test]
async fn a_feed_that_is_a_link_or_a_pipe_is_refused_and_its_target_kept() {
    let office = Office::open().await;
    let target = outside(&office);
    for name in ["feed.jsonl", "sync.lock", "roots.txt", "checkpoint.note", "ledger-key.txt"] {
        let link = |path: &Path| symlink(&target, path).unwrap();
        let plants: [&dyn Fn(&Path); 2] = [&link, &pipe];
        for plant in plants {
            let path = office.file(0, name);
            let before = fs::read(&path).ok();
            let _ = fs::remove_file(&path);
            plant(&path);
            let told = office.sync(0).await.unwrap_err();
            assert!(!matches!(told, SyncError::Network(_)), "{name}: {told}");
            assert_eq!(fs::read(&target).unwrap(), SECRET, "{name}");
            fs::remove_file(&path).unwrap();
            if let Some(bytes) = &before {
                write(&path, bytes);
            }
        }
    }
    assert!(office.seen.lock().unwrap().is_empty(), "nothing was asked before");
    office.sync(0).await.unwrap();
}

#[tokio::test]
async fn nothing_in_the_clear_and_no_link_leaves_through_the_outbox() {
    let office = Office::open().await;
    let target = outside(&office);
    let id = EntryId::from_bytes([3; 16]);
    let entry = office.file(0, &format!("outbox/entries/{id}.age"));
    let key = office.file(0, &format!("outbox/keys/{id}"));
    fs::create_dir_all(office.folder.path().join("keys")).unwrap();
    fs::copy(&target, office.folder.path().join("keys/x")).unwrap();
    let in_clear = |path: &Path| write(path, SECRET);
    let link = |path: &Path| symlink(&target, path).unwrap();
    let folder = |_: &Path| symlink(office.folder.path().join("keys"), &key).unwrap();
    let plants: [&dyn Fn(&Path); 4] = [&in_clear, &link, &pipe, &folder];
    for plant in plants {
        plant(&entry);
        let told = office.sync(0).await.unwrap_err();
        let refused = matches!(told, SyncError::NotSealed(_) | SyncError::File { .. });
        assert!(refused, "{told}");
        for planted in [&entry, &key] {
            let _ = fs::remove_file(planted);
        }
    }
    let seen = office.seen.lock().unwrap();
    assert!(seen.iter().all(|s| s.path != "/desk/v1/outbox"), "no outbox was handed in");
}

#[tokio::test]
async fn all_roots_together_cannot_make_sync_take_a_new_reader() {
    let office = Office::open().await;
    office.sync(0).await.unwrap();
    let mut next = office.next_keyring();
    let rng = &mut rand_chacha::ChaCha20Rng::seed_from_u64(9);
    let (mut late, _) = draft(Role::Guardian, rng);
    late.since = 2;
    let id = late.id;
    next.readers.push(late);
    let mut note = sign(&office.roots, next.to_text());
    office.roots.iter().for_each(|(named, key)| note.sign(&named.name, key));
    let note = note.to_text();
    office.meddle(move |seen, mut answer| {
        if seen.path == "/desk/v1/keyring" {
            answer.body.truncate(answer.body.len() - 1024);
            tape::write_entry(&mut answer.body, "keyring-0002.note", note.as_bytes()).unwrap();
            tape::write_end(&mut answer.body).unwrap();
            answer.headers.remove(header::CONTENT_LENGTH);
        }
        answer.pass()
    });
    let found = alarm(office.sync(0).await);
    assert_eq!(found, Alarm::Keyring(KeyringError::TooFewVouches { id, needed: 2, found: 0 }));
    assert!(!office.file(0, "keyring/keyring-0002.note").exists());
}

#[tokio::test]
async fn no_forged_keyring_reaches_a_workspace_and_each_is_an_alarm_of_its_own() {
    let office = Office::open().await;
    office.sync(0).await.unwrap();
    let chain = office.published().borrow().chain.clone();
    let root = |n: usize| &office.roots[n - 1];
    let forged = forged::forged(&chain, &|note, n| note.sign(&root(n).0.name, &root(n).1));
    for (why, note) in forged {
        let expected = chain.extend(&note).err().unwrap();
        office.meddle(move |seen, mut answer| {
            if seen.path == "/desk/v1/keyring" {
                answer.body.truncate(answer.body.len() - 1024);
                tape::write_entry(&mut answer.body, "keyring-0002.note", note.as_bytes()).unwrap();
                tape::write_end(&mut answer.body).unwrap();
                answer.headers.remove(header::CONTENT_LENGTH);
            }
            answer.pass()
        });
        assert_eq!(alarm(office.sync(0).await), Alarm::Keyring(expected), "{why}");
        assert!(!office.file(0, "keyring/keyring-0002.note").exists(), "{why}");
    }
}

#[tokio::test]
async fn a_keyring_for_ever_is_kept_and_said_to_be_unusable() {
    let office = Office::open().await;
    let devices: Vec<_> = office.members.iter().map(|m| &m.public).collect();
    for (days, said) in [(401, "400"), (-1, "over")] {
        let mut next = office.next_keyring();
        next.not_after = sandyk::clock::Clock::today(&sandyk::clock::SystemClock).plus_days(days);
        office.publish(&next, &devices);
        let warnings = office.sync(0).await.unwrap().warnings;
        assert_eq!(warnings.len(), 1, "{said}: {warnings:?}");
    }
}

#[tokio::test]
async fn another_half_in_a_resumed_exhibit_is_seen_and_the_right_one_fetched() {
    for lies in [1, usize::MAX] {
        let office = Office::open().await;
        let (id, exhibits) = office.testimony(100_000).await;
        let part = office.file(0, &format!("testimonies/{id}/exhibits.age.part"));
        write(&part, &exhibits[..50_000]);
        let told = Arc::new(AtomicUsize::new(0));
        office.meddle(move |seen, mut answer| {
            let exhibit = seen.path.starts_with("/desk/v1/exhibits/");
            if exhibit && told.fetch_add(1, Ordering::SeqCst) < lies {
                answer.body.fill(0x55);
            }
            answer.pass()
        });
        let result = office.sync(0).await;
        let whole = office.file(0, &format!("testimonies/{id}/exhibits.age"));
        if lies == 1 {
            assert_eq!(result.unwrap().exhibits, 1);
            assert!(fs::read(whole).unwrap() == exhibits);
        } else {
            assert_eq!(alarm(result), Alarm::Exhibits { id: id.to_string() });
            assert!(!whole.exists());
        }
    }
}

#[tokio::test]
async fn a_range_that_was_not_asked_for_is_an_alarm_and_writes_nothing() {
    let change: [fn(&mut Answer); 4] = [
        |answer| answer.status = StatusCode::OK,
        |answer| drop(answer.headers.remove(header::CONTENT_RANGE)),
        |answer| {
            let range = HeaderValue::from_static("bytes 0-999/1000");
            answer.headers.insert(header::CONTENT_RANGE, range);
        },
        |answer| {
            let range = HeaderValue::from_static("bytes 400-999/*");
            answer.headers.insert(header::CONTENT_RANGE, range);
        },
    ];
    for change in change {
        let office = Office::open().await;
        let (id, exhibits) = office.testimony(1000).await;
        let part = office.file(0, &format!("testimonies/{id}/exhibits.age.part"));
        write(&part, &exhibits[..400]);
        office.meddle(move |seen, mut answer| {
            if seen.path.starts_with("/desk/v1/exhibits/") {
                change(&mut answer);
            }
            answer.pass()
        });
        assert!(matches!(alarm(office.sync(0).await), Alarm::Strange { .. }));
        assert_eq!(fs::read(&part).unwrap(), &exhibits[..400]);
    }
}

#[tokio::test]
async fn an_answer_that_trickles_for_ever_is_given_up() {
    for path in ["/desk/v1/keyring", "/desk/v1/changes", "/desk/v1/outbox"] {
        let office = Office::open().await;
        office.meddle(move |seen, answer| {
            if seen.path != path {
                return answer.pass();
            }
            let drop_by_drop = futures_util::stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_millis(40)).await;
                Some((Ok::<_, std::io::Error>(vec![b' ']), ()))
            });
            Response::new(Body::from_stream(drop_by_drop))
        });
        let mut settings = office.settings(0);
        settings.patience.silence = Duration::from_secs(1);
        let began = Instant::now();
        let told = office.sync_with(&settings).await.unwrap_err();
        assert!(matches!(&told, SyncError::TooSlow(asked) if asked == path), "{told}");
        assert!(began.elapsed() < Duration::from_mins(1), "{path}");
    }
}

#[tokio::test]
async fn words_of_the_desk_stay_within_one_line_of_ours() {
    let office = Office::open().await;
    office.meddle(|_, mut answer| {
        answer.status = StatusCode::BAD_REQUEST;
        answer.headers.remove(header::CONTENT_LENGTH);
        let advice = "x\nerror: run this as root\r\u{1b}[2J".repeat(100);
        let fault = serde_json::json!({ "error": "a\nb", "advice": advice });
        answer.body = fault.to_string().into_bytes();
        answer.pass()
    });
    let told = office.sync(0).await.unwrap_err();
    assert!(matches!(&told, SyncError::Refused { .. }), "{told}");
    let text = told.to_string();
    assert!(!text.contains(char::is_control) && text.len() < 1000, "{text:?}");
}

#[tokio::test]
async fn a_lost_entry_is_an_alarm_that_says_what_to_do_and_keeps_no_exhibits_away() {
    let office = Office::open().await;
    let (id, _) = office.testimony(1000).await;
    let entry = office.write_key(0, &[office.members[0].id]);
    office.meddle(move |seen, mut answer| {
        // The desk says that it took it, and has it not.
        if seen.path == "/desk/v1/outbox" {
            answer.headers.remove(header::CONTENT_LENGTH);
            answer.body = format!("{{\"accepted\":[\"{entry}\"],\"refused\":[]}}").into_bytes();
        }
        answer.pass()
    });
    let told = office.sync(0).await.unwrap_err();
    assert!(matches!(&told, SyncError::Alarm(Alarm::Withheld { .. })), "{told}");
    for part in ["stays in your outbox", "not proven", "administrator", "backup"] {
        assert!(told.advice().contains(part), "{part}: {}", told.advice());
    }
    assert!(office.file(0, &format!("testimonies/{id}/exhibits.age")).exists());
    assert!(office.file(0, &format!("outbox/keys/{entry}")).exists());
}

/// A small file system of its own for a folder of the workspace; gone when this goes.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path) -> Option<Self> {
        let disk = Self(folder.to_owned());
        let done = disk.run("mount", &["-t", "tmpfs", "-o", "size=256k", "none"]);
        if !done {
            eprintln!("SKIPPED: only root can mount a small disk to fill");
        }
        done.then_some(disk)
    }

    fn remount(&self, options: &str) {
        assert!(self.run("mount", &["-o", &format!("remount,{options}")]));
    }

    fn run(&self, program: &str, args: &[&str]) -> bool {
        let status = Command::new(program).args(args).arg(&self.0).status();
        status.is_ok_and(|status| status.success())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        self.run("umount", &[]);
    }
}

#[tokio::test]
async fn a_full_or_read_only_disk_stops_sync_and_the_next_one_goes_on() {
    let office = Office::open().await;
    let mut all = Vec::new();
    for _ in 0..12 {
        all.push(office.testimony(20_000).await);
    }
    let Some(disk) = SmallDisk::mount(&office.file(0, "testimonies")) else { return };
    let told = office.sync(0).await.unwrap_err();
    assert!(matches!(&told, SyncError::File { .. }), "{told}");
    assert!(told.advice().contains("disk"), "{}", told.advice());
    disk.remount("size=16m");
    disk.remount("ro");
    let told = office.sync(0).await.unwrap_err();
    assert!(matches!(&told, SyncError::File { .. }), "{told}");
    disk.remount("rw");
    assert_eq!(office.sync(0).await.unwrap().feed, 12);
    for (id, exhibits) in all {
        let name = format!("testimonies/{id}/exhibits.age");
        assert!(office.read(0, &name) == exhibits);
    }
    drop(disk);
}
