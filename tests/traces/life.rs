//! The whole life of testimonies, with the real programs at every level of logging: sent with files, fetched,
//! read, worked on, forgotten, backed up, the server restarted again and again. Then everything is searched.

use std::{fs, net::TcpStream, sync::Arc, time::Duration};

use rand::rngs::OsRng;
use sandyk::{
    clock::{Clock as _, FixedClock, SystemClock},
    desk::Desk,
    ledger::{Feed, LedgerKey},
    receipt::Salt,
    store::{SledStore, Store as _},
};
use tokio::sync::watch;

use crate::{
    common::raw::{end, field, file},
    memory::{canary, stays_in_memory, tell},
    organisation::{Life, Running},
    search::Needles,
    times::{self, Moment, Times, a_while, now, telling},
};

/// What the `log` and `tracing` crates know; sandyk has neither, and nobody may bring one in unseen.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
const FIELDS: [&str; 8] = [
    "story",
    "where",
    "others",
    "responsible-name",
    "affected-1-name",
    "contact-way",
    "contact-sign",
    "name",
];
/// Of a file: its name and what is in it; of a reader: what they write about it.
const OTHERS: [&str; 5] = ["file-name", "файл", "file-bytes", "Remark", "Title"];

fn canaries() -> Vec<String> {
    FIELDS.iter().chain(&OTHERS).map(|what| canary(what)).collect()
}

/// A form with a canary in every field and two files.
fn parts() -> Vec<Vec<u8>> {
    let typed = |name: &&str| field(name, &canary(name));
    let mut parts: Vec<_> = FIELDS.iter().map(typed).collect();
    let bytes = canary("file-bytes").repeat(9_000);
    for name in ["file-name", "файл"] {
        parts.push(file(&format!("{}.jpg", canary(name)), bytes.as_bytes()));
    }
    parts.push(end());
    parts
}

/// What is known of everything that was sent.
struct Sent {
    salt: Salt,
    /// Receipts in every form, and addresses of their pages.
    receipts: Vec<(String, Vec<u8>)>,
    moments: Vec<Moment>,
    open: Vec<TcpStream>,
}

impl Sent {
    fn one_more(&mut self, server: &Running) {
        a_while();
        let from = now();
        let open = tell(&server.intake, &parts(), self.salt, &mut self.receipts);
        self.open.extend(open);
        self.moments.push(Moment { from, to: now() });
        // Into another second.
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// One testimony at each level, each in a server of its own that is stopped afterwards.
fn sent_at_every_level(life: &mut Life) -> Sent {
    let salt = life.published().chain.current().get().salt;
    let (receipts, moments, open) = (Vec::new(), Vec::new(), Vec::new());
    let mut sent = Sent { salt, receipts, moments, open };
    for (n, level) in LEVELS.into_iter().enumerate() {
        life.level = level;
        let server = life.serve();
        sent.one_more(&server);
        life.sync(n % 3);
        if n + 1 == LEVELS.len() {
            let plain = canaries().into_iter().map(|word| (word.clone(), word.into_bytes()));
            let needles: Vec<_> = plain.chain(sent.receipts.clone()).collect();
            let found = stays_in_memory(server.child.id(), &needles);
            assert!(found.is_empty(), "in memory: {found:#?}");
        }
        sent.open.clear();
        server.stop();
    }
    sent
}

/// A guardian reads and works on the first, and has the last forgotten together with the other guardian.
fn read_and_ordered(life: &Life) {
    life.sync(1);
    life.sync(2);
    let list: serde_json::Value =
        serde_json::from_str(&life.review(1, &["list", "--json"])).unwrap();
    let ids: Vec<_> =
        list.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), LEVELS.len());
    let shown = life.review(1, &["show", ids[0], "--names", "--json"]);
    for name in FIELDS {
        assert!(shown.contains(&canary(name)), "{name} arrived: {shown}");
    }
    life.review(1, &["exhibits", ids[0], "--to", "eyes-only"]);
    let out = Needles::of(&[canary("file-bytes")]).below(&life.at("eyes-only"));
    assert!(out.len() >= 2, "both files came out: {out:?}");
    life.review(1, &["remark", ids[0], &canary("Remark")]);
    life.review(1, &["case", "new", &canary("Title")]);
    life.review(1, &["tag", ids[0], "--case", &canary("Title")]);
    life.review(1, &["forget", ids[5], "--reason", "withdrawn", "--to", "order"]);
    life.review(2, &["forget", "--order", "order"]);
    for reader in [1, 2, 0] {
        life.sync(reader);
    }
    assert!(life.review(0, &["show", ids[0]]).contains(&canary("Remark")), "colleagues see it");
}

/// Carries the order out as the server does four days later; what must be gone of the forgotten one.
async fn forgotten(life: &Life) -> Vec<(String, Vec<u8>)> {
    let folder = life.at("server/store");
    let store = Arc::new(SledStore::open(&folder).unwrap());
    let before = store.scan(b"envelope/", None, 999).unwrap();
    let ledger = LedgerKey::open(&folder, Feed::Signed, &mut OsRng).unwrap();
    let (_keep, published) = watch::channel(Arc::new(life.published()));
    let clock = Arc::new(FixedClock(SystemClock.unix_seconds() + 4 * 86_400));
    let desk = Desk::new(Arc::clone(&store), published, ledger, &[], clock);
    assert_eq!(desk.carry_out().await.unwrap(), 1);
    drop(desk);
    let after = store.scan(b"envelope/", None, 999).unwrap();
    Arc::into_inner(store).unwrap().close().await.unwrap();
    let gone: Vec<_> = before.into_iter().filter(|row| !after.contains(row)).collect();
    assert_eq!(gone.len(), 3 + 2, "an envelope for each reader, one more for each guardian");
    let needle =
        |(_, row): (_, sandyk::store::Versioned)| row.value[row.value.len() - 64..].to_vec();
    gone.into_iter().map(|row| ("a forgotten envelope".to_owned(), needle(row))).collect()
}

/// No time of any file lies within a moment in which something was sent, and all blobs look alike.
fn nothing_tells_the_moment(life: &Life, sent: &Sent) {
    let store = life.at("server/store");
    assert_eq!(telling(&store, &sent.moments), Vec::<String>::new());
    let blobs = fs::read_dir(store.join("blobs")).unwrap();
    let all: Vec<Times> = blobs.map(|blob| times::times(&blob.unwrap().path())).collect();
    assert!(all.len() >= (LEVELS.len() - 1) * 4, "{}", all.len());
    // 1970-01-05 was a Monday.
    let (week, monday) = (7 * 86_400 * 1_000_000_000_i128, 4 * 86_400 * 1_000_000_000_i128);
    let apart = |of: fn(&Times) -> i128| {
        all.iter().map(of).max().unwrap() - all.iter().map(of).min().unwrap()
    };
    for blob in &all {
        assert_eq!((blob.written - monday) % week, 0, "dated on a Monday");
        assert!(blob.born < sent.moments[0].from, "made before anything was sent");
    }
    assert_eq!(apart(|blob| blob.written), 0);
    assert!(apart(|blob| blob.changed) < 30_000_000_000, "touched in one round");
    let written = times::written(&sent.moments);
    for place in ["server", "logs", "backup"] {
        assert_eq!(written.below(&life.at(place)), Vec::<String>::new(), "{place}");
    }
}

/// At every level the same is said, and nothing else.
fn every_level_says_the_same(life: &Life) {
    let known =
        ["listens on", "keyring of epoch", "warning: memory could not", "warning: swap is on"];
    let mut counts = Vec::new();
    for level in LEVELS {
        let said = fs::read_to_string(life.at(&format!("logs/server-{level}"))).unwrap();
        for line in said.lines() {
            assert!(known.iter().any(|known| line.contains(known)), "at {level}: {line}");
        }
        counts.push(said.lines().count());
    }
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_life_at_every_level_leaves_no_word_and_no_moment() {
    times::not_at_the_end_of_a_week();
    let mut life = Life::found(LEVELS[0]);
    let sent = sent_at_every_level(&mut life);
    let server = life.serve();
    read_and_ordered(&life);
    server.stop();
    let gone = forgotten(&life).await;
    let server = life.serve();
    life.run("backup --config server/server.toml --to backup");
    // What the backup read is levelled with the rest at the next start.
    server.stop();
    let server = life.serve();
    every_level_says_the_same(&life);
    nothing_tells_the_moment(&life, &sent);
    let words = Needles::of(&canaries());
    let others = Needles::new([gone, sent.receipts].concat());
    let witness = Needles::of(&canaries()[..FIELDS.len() + 3]);
    assert_eq!(witness.below(&life.at("screens")), Vec::<String>::new(), "nothing is said unasked");
    for eyes_only in ["eyes-only", "screens"] {
        fs::remove_dir_all(life.at(eyes_only)).unwrap();
    }
    for needles in [&words, &others] {
        // The forgotten one waits three days in the workspaces.
        for place in ["server", "backup", "logs", "cwd", "tmp", "home"] {
            assert_eq!(needles.below(&life.at(place)), Vec::<String>::new(), "{place}");
        }
    }
    // Machines with a network, and the workspaces and keys of those who read.
    assert_eq!(words.below(life.folder.path()), Vec::<String>::new());
    for place in ["cwd", "tmp", "home"] {
        assert_eq!(fs::read_dir(life.at(place)).unwrap().count(), 0, "{place}");
    }
    server.stop();
}
