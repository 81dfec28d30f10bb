//! The real `sandyk review rewrap`: killed at any moment, several at once, and with the same keys twice.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use data_encoding::BASE64;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use sandyk::{
    id::TestimonyId,
    keyring::Role,
    rewrap::{BatchFile, Place},
    sealed::passfile::seal_with_passphrase,
    secret::SecretText,
};

use super::{late::*, *};
use crate::office::write;

const WORDS: &str = "a passphrase of the tests";
/// Those who came late, beside OLD and REVIEWER.
const CAME_LATE: usize = 4;

/// A guardian and a reviewer who read everything so far, and four guardians who lack all of it.
async fn crowd() -> Late {
    crowd_of(CAME_LATE).await
}

async fn crowd_of(came_late: usize) -> Late {
    let mut roles = vec![Role::Guardian, Role::Reviewer];
    roles.extend(vec![Role::Guardian; came_late]);
    Late { office: Office::of(&roles).await }
}

async fn sealed(late: &Late, to: &[usize], count: usize) -> Vec<TestimonyId> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(late.testimony(to).await);
    }
    ids
}

/// The folder of a member's keys, as `review init` leaves it.
fn keys(late: &Late, member: usize) -> PathBuf {
    let of = &late.office.members[member];
    let folder = of.workspace.with_file_name("real-keys");
    if !folder.exists() {
        let signing = BASE64.encode(of.signing.as_bytes());
        let reading = of.reading().to_secret_text();
        let role = of.role.word();
        let text = format!(
            "# sandyk reader {} {role}\n# signing-key {signing}\n{}\n",
            of.id,
            reading.expose()
        );
        let words = SecretText::new(WORDS.to_owned());
        let locked = seal_with_passphrase(&words, text.as_bytes(), 1).unwrap();
        write(&folder.join("roots.txt"), late.trust().to_text().as_bytes());
        write(&folder.join("reader.age"), &locked);
        write(&folder.with_file_name("passphrase"), WORDS.as_bytes());
    }
    folder
}

fn start(late: &Late, member: usize) -> Child {
    let folder = keys(late, member);
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandyk"));
    command.args(["review", "rewrap", "--json", "--workspace"]);
    command.arg(&late.office.members[member].workspace).arg("--keys").arg(&folder);
    command.arg("--passphrase-file").arg(folder.with_file_name("passphrase"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn report(output: &Output) -> serde_json::Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 4)), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Batches by their files: bytes, and the places for which there is an envelope.
type Waiting = BTreeMap<PathBuf, (Vec<u8>, Vec<Place>)>;

/// What lies in the outbox: every batch whole, signed, under its own name, and no place in two of them.
fn waiting(late: &Late, member: usize) -> Waiting {
    let chain = late.office.published().borrow().chain.clone();
    let folder = late.office.file(member, "outbox/envelopes");
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(&folder) else { return found };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let file = BatchFile::parse(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let batch = file.signed().verify(&chain).unwrap();
        assert_eq!(path.file_stem().unwrap().to_str().unwrap(), batch.id().to_string());
        found.insert(path, (bytes, batch.made.iter().map(|made| made.place).collect()));
    }
    let all: Vec<_> = found.values().flat_map(|(_, places)| places).collect();
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "a place was made twice");
    found
}

/// Waits for the moment in which there is something more to keep.
async fn a_batch(late: &Late, child: &mut Child, before: usize) {
    while batches(late, OLD) == before && child.try_wait().unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn batches(late: &Late, member: usize) -> usize {
    let entries = fs::read_dir(late.office.file(member, "outbox/envelopes"));
    let names = entries.into_iter().flatten().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".json")).count()
}

/// All that came to the desk in batches: how often each place did.
fn pushed(late: &Late) -> HashSet<Place> {
    let chain = late.office.published().borrow().chain.clone();
    let mut places = HashSet::new();
    for seen in late.office.seen.lock().unwrap().iter() {
        if !seen.path.ends_with("/envelopes") || seen.body.is_empty() {
            continue;
        }
        let end = seen.body.iter().rposition(|byte| *byte != b' ').unwrap();
        let file = BatchFile::parse(&seen.body[..=end]).expect("torn, and pushed");
        for made in &file.signed().verify(&chain).unwrap().made {
            assert!(places.insert(made.place), "sealed and handed in twice");
        }
    }
    places
}

async fn everybody_reads(late: &Late, ids: &[TestimonyId]) {
    for member in 0..late.office.members.len() {
        late.office.sync(member).await.unwrap();
        let session = late.session(member);
        for id in ids {
            let opened = session.open_one(*id).unwrap();
            let content = opened.content.as_ref().unwrap_or_else(|_| panic!("{member} lacks {id}"));
            let guardian = late.office.members[member].role == Role::Guardian;
            assert!(!guardian || session.identity(*id, content).is_ok(), "names for {member}");
        }
    }
}

fn copied(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// How long a whole run takes, on a copy of the workspace that is put back.
fn whole_run(late: &Late, member: usize) -> Duration {
    let workspace = &late.office.members[member].workspace;
    let kept = workspace.with_file_name("kept");
    copied(workspace, &kept);
    let began = Instant::now();
    report(&start(late, member).wait_with_output().unwrap());
    let whole = began.elapsed();
    fs::remove_dir_all(workspace).unwrap();
    fs::rename(&kept, workspace).unwrap();
    whole
}

/// The run that nobody kills, and the sync after it; gives how many envelopes were taken in.
async fn to_the_end(late: &Late, before: &Waiting) -> u64 {
    // As a kill in the middle of a file leaves it.
    write(&late.office.file(OLD, "outbox/envelopes/.new-AbCdEf"), b"{\"note\":");
    let waits: usize = before.values().map(|(_, places)| places.len()).sum();
    let done = report(&start(late, OLD).wait_with_output().unwrap());
    assert_eq!(done["waiting"], waits, "what was durable is not made again");
    assert_eq!((done["broken"].as_u64(), done["unproven"].as_u64()), (Some(0), Some(0)));
    let rewrapped = late.office.sync(OLD).await.unwrap().rewrapped;
    let left = fs::read_dir(late.office.file(OLD, "outbox/envelopes")).unwrap().count();
    assert_eq!(left, 0, "nothing half lies about");
    rewrapped
}

async fn killed(testimonies: usize, kills: u32) {
    let late = crowd().await;
    let seed: u64 = OsRng.r#gen();
    eprintln!("moments of the kills from seed {seed}");
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let ids = sealed(&late, &[OLD, REVIEWER], testimonies).await;
    late.office.sync(OLD).await.unwrap();
    let places = testimonies * 2 * CAME_LATE;
    let mut whole = whole_run(&late, OLD);
    let (mut before, mut cut, mut kept, mut handed_in) = (BTreeMap::new(), 0, 0, 0);
    for _ in 0..kills * 4 {
        let mut child = start(&late, OLD);
        if cut % 2 == 0 {
            tokio::time::sleep(whole.mul_f64(rng.gen_range(0.3..0.9))).await;
        } else {
            a_batch(&late, &mut child, before.len()).await;
        }
        child.kill().unwrap();
        let now = waiting(&late, OLD);
        assert!(before.iter().all(|(path, batch)| now.get(path) == Some(batch)), "made anew");
        if child.wait().unwrap().success() {
            // Too late: as if it had not been, and sooner next time.
            for path in now.keys() {
                fs::remove_file(path).unwrap();
            }
            before.clear();
            whole = whole.mul_f64(0.8);
            continue;
        }
        cut += 1;
        kept += usize::from(now.len() > before.len());
        before = now;
        if cut % 3 == 0 {
            handed_in += late.office.sync(OLD).await.unwrap().rewrapped;
            before.clear();
        }
        if cut == kills {
            break;
        }
    }
    handed_in += to_the_end(&late, &before).await;
    assert_eq!(handed_in, places as u64, "each envelope once");
    assert_eq!(pushed(&late).len(), places);
    everybody_reads(&late, &ids).await;
    eprintln!("{cut} runs were cut, {kept} of them left new batches");
    assert!(cut >= kills / 2 && kept > 0, "only {cut} were cut, {kept} with something to keep");
}

#[tokio::test]
async fn a_rewrap_that_is_killed_goes_on_seals_nothing_twice_and_hands_in_nothing_torn() {
    killed(70, 5).await;
}

#[tokio::test]
#[ignore = "60 kills; tests/nightly runs it"]
async fn a_rewrap_that_is_killed_sixty_times_goes_on_and_everybody_reads_everything() {
    killed(400, 60).await;
}

/// From the list of what lacks to signed batches that are on the disk, and from there to the desk.
#[tokio::test]
#[ignore = "measures; run it with --release --ignored --nocapture"]
async fn a_rewrap_of_two_thousand_for_ten_from_end_to_end() {
    let (testimonies, late) = (2000, crowd_of(10).await);
    sealed(&late, &[OLD, REVIEWER], testimonies).await;
    late.office.sync(OLD).await.unwrap();
    keys(&late, OLD);
    let began = Instant::now();
    let done = report(&start(&late, OLD).wait_with_output().unwrap());
    let made = began.elapsed();
    assert_eq!(done["made"], testimonies * 20, "account and identity for each of ten");
    let began = Instant::now();
    let rewrapped = late.office.sync(OLD).await.unwrap().rewrapped;
    assert_eq!(rewrapped, testimonies as u64 * 20);
    let rate = |time: Duration| (testimonies * 20) as f64 / time.as_secs_f64();
    eprintln!(
        "{testimonies} testimonies, {} envelopes: made and on the disk in {made:.2?} ({:.0} a second), \
         handed in within {:.2?}",
        testimonies * 20,
        rate(made),
        began.elapsed()
    );
}

#[tokio::test]
async fn three_readers_rewrap_the_same_at_once_and_each_place_is_filled_once() {
    let late = crowd().await;
    let third = NEW;
    let ids = sealed(&late, &[OLD, REVIEWER, third], 30).await;
    for member in [OLD, REVIEWER, third] {
        late.office.sync(member).await.unwrap();
    }
    let running = [OLD, REVIEWER, third].map(|member| start(&late, member));
    let done = running.map(|child| report(&child.wait_with_output().unwrap()));
    let late_comers = CAME_LATE - 1;
    let made = done.map(|report| report["made"].as_u64().unwrap());
    let all = (30 * late_comers) as u64;
    assert_eq!(made, [2 * all, all, 2 * all], "accounts and identities; accounts; both");
    let (old, reviewer, other) =
        tokio::join!(late.office.sync(OLD), late.office.sync(REVIEWER), late.office.sync(third));
    let inserted = [old, reviewer, other].map(|report| report.unwrap().rewrapped);
    assert_eq!(inserted.iter().sum::<u64>(), 2 * all, "{inserted:?}");
    everybody_reads(&late, &ids).await;
    for member in [OLD, REVIEWER, third] {
        let again = report(&start(&late, member).wait_with_output().unwrap());
        assert_eq!((again["made"].as_u64(), again["broken"].as_u64()), (Some(0), Some(0)));
    }
}

#[tokio::test]
async fn of_two_rewraps_with_the_same_keys_one_waits_for_nobody_and_says_so() {
    let late = crowd().await;
    let ids = sealed(&late, &[OLD, REVIEWER], 30).await;
    late.office.sync(OLD).await.unwrap();
    keys(&late, OLD);
    let both = [start(&late, OLD), start(&late, OLD)];
    let outputs = both.map(|child| child.wait_with_output().unwrap());
    assert!(outputs.iter().any(|output| output.status.success()));
    for output in outputs.iter().filter(|output| !matches!(output.status.code(), Some(0 | 4))) {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("another") && said.contains("kept"), "{said}");
    }
    waiting(&late, OLD);
    assert_eq!(late.office.sync(OLD).await.unwrap().rewrapped, (30 * 2 * CAME_LATE) as u64);
    pushed(&late);
    everybody_reads(&late, &ids).await;
}
