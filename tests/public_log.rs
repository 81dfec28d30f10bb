//! The public log through a real server, and the promise that anybody can check later.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test says what is wrong by failing"
)]

mod common;
#[path = "public_log/site.rs"]
mod site;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use common::{
    Organisation, Server,
    raw::{Answer, end, exchange, field, form, request},
};
use sandyk::{
    clock::{Clock, SystemClock, Week},
    config::Limits,
    digest::Digest,
    intake::{Intake, KeyringFolder},
    keyring::Role,
    ledger::{Feed, LedgerKey, feed::FeedItem, public},
    locale::Lang,
    note::NamedKey,
    store::{Cursor, SledStore, Store as _},
    testimony::Form,
};

const ROLES: [Role; 2] = [Role::Reviewer, Role::Guardian];
const WEEK_SECONDS: i64 = 7 * 24 * 3600;

/// A clock that a test moves on.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn unix_seconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Hand {
    fn at(weeks: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(SystemClock.unix_seconds() + weeks * WEEK_SECONDS)))
    }

    fn weeks(&self, weeks: i64) {
        self.0.fetch_add(weeks * WEEK_SECONDS, Ordering::SeqCst);
    }
}

/// The server's intake, in this process and with another clock.
fn intake(organisation: &Organisation, clock: &Arc<Hand>) -> (Arc<Intake>, Arc<SledStore>) {
    let store = Arc::new(SledStore::open(&organisation.at("store")).unwrap());
    let keyring = organisation.at("keyring");
    let mut folder = KeyringFolder::new(keyring.clone(), keyring.join("roots.txt"));
    folder.look().unwrap();
    let feed = if store.head() == Cursor(0) { Feed::Empty } else { Feed::Signed };
    let key = LedgerKey::open(&organisation.at("store"), feed, &mut rand::rngs::OsRng).unwrap();
    let clock: Arc<dyn Clock> = Arc::<Hand>::clone(clock);
    let published = folder.subscribe();
    let intake =
        Intake::new(Arc::clone(&store), published, clock, Limits::default(), Arc::new(key));
    (Arc::new(intake.unwrap()), store)
}

async fn submit(intake: &Arc<Intake>) -> Option<String> {
    let mut submission = intake.begin().await.unwrap();
    let mut form = Form::new(Lang::En);
    form.put("story", "Something happened.").unwrap();
    submission.words(form, Digest::NONE).await.unwrap();
    submission.want_promise();
    submission.finish().await.unwrap().promise
}

fn get(server: &Server, path: &str) -> Answer {
    exchange(server.address(), &request("GET", path, &[]))
}

/// Sends a form and gives the page that it leads to.
fn send(server: &Server, fields: &[(&str, &str)]) -> String {
    let mut body: Vec<u8> = fields.iter().flat_map(|(name, text)| field(name, text)).collect();
    body.extend(end());
    let answer = exchange(server.address(), &form("/en/send", &body, &[]));
    get(server, answer.header("location").unwrap()).text()
}

/// The promise on a receipt page, if there is one.
fn promise_on(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("<pre>")?;
    Some(rest.split_once("</pre>").unwrap().0.to_owned())
}

fn verify(args: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandyk"));
    command.args(["verify", "proof"]).args(args).output().unwrap()
}

fn code(output: &Output) -> (Option<i32>, String) {
    let words = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.code(), String::from_utf8(words).unwrap())
}

/// What curl would fetch, in a folder.
fn fetch(server: &Server, week: Week, folder: PathBuf) -> PathBuf {
    fs::create_dir_all(&folder).unwrap();
    for name in ["key", "checkpoint", "entries"] {
        let answer = get(server, &format!("/ledger/{name}"));
        assert_eq!(answer.status, 200, "{name}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        fs::write(folder.join(name), answer.body).unwrap();
    }
    let batch = get(server, &format!("/ledger/batch/{week}"));
    assert_eq!((batch.status, batch.body.len()), (200, 4096 * 32));
    assert_eq!(batch.header("content-type"), Some("application/octet-stream"));
    fs::write(folder.join(week.to_string()), batch.body).unwrap();
    folder
}

#[tokio::test]
async fn a_promise_is_given_when_asked_for_and_anybody_can_check_later_that_it_was_kept() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let week = SystemClock.today().week();
    assert_eq!(promise_on(&send(&server, &[("story", "one")])), None, "off unless asked for");
    let asked = send(&server, &[("story", "two"), ("promise", "on")]);
    let promise = promise_on(&asked).expect("a promise on the page");
    assert!(promise.starts_with(&format!("sandyk promise v1\nOrg A\nweek {week}\nleaf ")));
    let patience = Instant::now() + Duration::from_secs(30);
    while get(&server, "/ledger/checkpoint").status != 200 {
        assert!(Instant::now() < patience, "no checkpoint");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(get(&server, "/ledger/checkpoint").text().starts_with("public log of Org A\n0\n"));
    assert_eq!(get(&server, &format!("/ledger/batch/{week}")).status, 404, "the week runs");
    server.stop();

    // A week later.
    let (later, store) = intake(&organisation, &Hand::at(1));
    assert_eq!(later.log().round().await.unwrap(), 1);
    drop(later);
    Arc::try_unwrap(store).ok().unwrap().close().await.unwrap();
    let server = organisation.serve();
    let log = fetch(&server, week, organisation.at("log"));
    let again = promise_on(&send(&server, &[("story", "three"), ("promise", "on")])).unwrap();
    let next = format!("week {}\n", week.next());
    assert!(
        again.contains(&next),
        "a closed week takes nothing more, though the clock says it runs"
    );
    server.stop();

    let shown = organisation.at("feed.jsonl");
    let leaf = promise.lines().nth(3).unwrap().strip_prefix("leaf ").unwrap().to_owned();
    fs::write(&shown, format!("{{\"cursor\":1,\"leaf\":\"{leaf}\",\"item\":{{}}}}\n")).unwrap();
    let hidden = organisation.at("other.jsonl");
    fs::write(&hidden, "{\"cursor\":1,\"leaf\":\"00\",\"item\":{}}\n").unwrap();
    let (note, saved) = (organisation.at("promise.txt"), organisation.at("proof.json"));
    fs::write(&note, promise.replace('\n', "\r\n")).unwrap();
    let (log_, save) = (Path::new("--log"), Path::new("--save"));
    assert_eq!(code(&verify(&[&note])).0, Some(2), "a promise alone proves nothing");
    let (exit, words) = code(&verify(&[&note, log_, &log, save, &saved]));
    assert_eq!(exit, Some(0), "{words}");
    assert!(words.contains(&format!("in the public log of {week}")), "{words}");
    let (feed_, key_) = (Path::new("--feed"), Path::new("--key"));
    assert_eq!(code(&verify(&[&note, feed_, &shown, key_, &log.join("key")])).0, Some(0));
    let (exit, words) = code(&verify(&[&note, feed_, &hidden, key_, &log.join("key")]));
    assert!(exit == Some(3) && words.contains("WITHHELD"), "{words}");
    fs::remove_dir_all(&log).unwrap();
    assert_eq!(code(&verify(&[&saved])).0, Some(0), "the saved proof needs nothing else");
    let proof = fs::read_to_string(&saved).unwrap();
    fs::write(&saved, proof.replace("\"index\":", "\"index\":1")).unwrap();
    let (exit, words) = code(&verify(&[&saved]));
    assert!(exit == Some(3) && words.contains("BROKEN"), "{words}");
}

#[tokio::test]
async fn every_week_gets_one_batch_of_one_size_whether_anything_came_or_not() {
    let organisation = Organisation::found(&ROLES);
    let clock = Hand::at(0);
    let (log, store) = intake(&organisation, &clock);
    assert_eq!(log.log().round().await.unwrap(), 0, "the first week runs");
    let first = clock.today().week();
    submit(&log).await;
    clock.weeks(3);
    assert_eq!(log.log().round().await.unwrap(), 3);
    assert_eq!(log.log().round().await.unwrap(), 0, "once");
    let shown = log.log().shown();
    let lines: Vec<&str> = shown.entries.lines().collect();
    assert!(lines[0].starts_with("sandyk/keyring/v1 1 "), "{lines:?}");
    assert_eq!(lines.len(), 4, "{lines:?}");
    let mut week = first;
    for line in &lines[1..] {
        assert!(line.starts_with(&format!("sandyk/week/v1 {week} 4096 ")), "{line}");
        assert_eq!(log.log().batch(week).await.unwrap().unwrap().len(), 4096 * 32);
        week = week.next();
    }
    assert_eq!(log.log().batch(week).await.unwrap(), None);
    let left = store.scan(b"log/waiting/", None, 10).unwrap();
    assert!(left.is_empty(), "which leaves were real is nowhere but in the feed");
    let before = (shown.checkpoint.clone(), log.log().batch(first).await.unwrap());
    drop(log);
    Arc::try_unwrap(store).ok().unwrap().close().await.unwrap();
    batches_are_verified_like_all_else(&organisation, first);
    let (log, _store) = intake(&organisation, &clock);
    assert_eq!(log.log().round().await.unwrap(), 0, "nothing is made again");
    assert_eq!(log.log().shown().checkpoint, before.0);
    assert_eq!(log.log().batch(first).await.unwrap(), before.1);
    clock.weeks(-200);
    let early = log.log().round().await.unwrap_err();
    assert!(early.to_string().contains("no keyring was made for such a day"), "{early}");
    clock.weeks(200 + 90);
    let ahead = log.log().round().await.unwrap_err();
    assert!(ahead.to_string().contains("no week was closed"), "{ahead}");
    assert_eq!(log.log().shown().checkpoint, before.0);
}

/// `sandyk verify store` knows the batches, and names one that is not as its line says.
fn batches_are_verified_like_all_else(organisation: &Organisation, week: Week) {
    let store = organisation.at("store");
    let verify = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sandyk"));
        let done = command.args(["--json", "verify", "store"]).arg(&store).output().unwrap();
        let found: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        (done.status.code(), found["damage"].clone())
    };
    assert_eq!(verify(), (Some(0), serde_json::json!([])));
    let long = |path: &PathBuf| fs::metadata(path).unwrap().len() == 4096 * 32;
    let blobs = fs::read_dir(store.join("blobs")).unwrap().map(|entry| entry.unwrap().path());
    let batches: Vec<_> = blobs.filter(long).collect();
    assert_eq!(batches.len(), 3);
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    for spoilt in &batches {
        let bytes = fs::read(spoilt).unwrap();
        let mut other = bytes.clone();
        other[77] ^= 1;
        fs::write(spoilt, other).unwrap();
        let (code, damage) = verify();
        assert_eq!((code, damage.as_array().unwrap().len()), (Some(3), 1), "{damage}");
        assert_eq!(damage[0]["place"], format!("blobs/{}", name(spoilt)));
        assert!(damage[0]["what"].as_str().unwrap().contains("public log"), "{damage} {week}");
        fs::write(spoilt, bytes).unwrap();
    }
}

/// Every batch from `first` on.
async fn all_batches(log: &Arc<Intake>, first: Week) -> BTreeMap<Week, BTreeSet<Digest>> {
    let (mut batches, mut week) = (BTreeMap::new(), first);
    while let Some(file) = log.log().batch(week).await.unwrap() {
        let leaves: BTreeSet<Digest> = public::read_batch(&file).unwrap().into_iter().collect();
        assert_eq!(leaves.len(), 4096);
        batches.insert(week, leaves);
        week = week.next();
    }
    batches
}

#[test]
fn what_arrives_while_its_week_ends_is_in_the_batch_of_its_week_once() {
    // On several threads, so that weeks really end while testimonies arrive.
    tokio::runtime::Runtime::new().unwrap().block_on(arrive_while_weeks_end());
}

async fn arrive_while_weeks_end() {
    let organisation = Organisation::found(&ROLES);
    let clock = Hand::at(0);
    let (log, store) = intake(&organisation, &clock);
    log.log().round().await.unwrap();
    let first = clock.today().week();
    let senders: Vec<_> = (0..4)
        .map(|_| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                let mut promises = Vec::new();
                for _ in 0..6 {
                    promises.push(submit(&log).await.unwrap());
                }
                promises
            })
        })
        .collect();
    for weeks in [1, 1, -2, 3] {
        tokio::time::sleep(Duration::from_millis(60)).await;
        clock.weeks(weeks);
        log.log().round().await.unwrap();
    }
    let mut promises = Vec::new();
    for sender in senders {
        promises.extend(sender.await.unwrap());
    }
    clock.weeks(6);
    log.log().round().await.unwrap();
    let batches = all_batches(&log, first).await;
    let events = store.changes(Cursor(0), 100).unwrap();
    assert_eq!(events.len(), 24);
    for event in events {
        let item: FeedItem = serde_json::from_slice(&event.payload).unwrap();
        let within: Vec<_> =
            batches.iter().filter(|(_, batch)| batch.contains(&event.leaf)).collect();
        assert_eq!(within.len(), 1, "in one batch and no other");
        assert_eq!(Some(*within[0].0), item.week, "in that of its week");
    }
    let key = NamedKey::parse(log.log().key().trim()).unwrap();
    for promise in promises {
        let promise = public::Promise::verify(&promise, &key).unwrap();
        assert!(batches[&promise.week].contains(&promise.leaf), "every promise was kept");
    }
}
