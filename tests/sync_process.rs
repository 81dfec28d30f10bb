//! The real `sandyk sync` against the real server, ended as a power cut does, and two at once.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests say what they expect by failing, and print what they measured"
)]

mod common;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use common::{Organisation, Server, free_port};
use data_encoding::{BASE64, HEXLOWER};
use rand::{Rng as _, RngCore as _, SeedableRng as _, rngs::OsRng};
use rand_chacha::ChaCha20Rng;
use sandyk::{
    digest::Digest,
    id::{EntryId, TestimonyId},
    keyring::Role,
    ledger::feed::{FeedItem, FeedKind, PartInfo},
    store::{BlobWriter as _, Commit, Expect, NewEvent, Put, SledStore, Store as _},
};
use serde_json::{Value, json};

const KILLS: u32 = 20;

/// An organisation whose server holds `testimonies` of random bytes, and its running server.
struct Town {
    organisation: Organisation,
    server: Option<Server>,
    port: u16,
    items: Vec<FeedItem>,
}

impl Town {
    fn open(testimonies: usize, exhibits: usize) -> Self {
        let port = free_port();
        let desk =
            format!("\n[desk]\nlisten = '127.0.0.1:{port}'\nauthorities = ['127.0.0.1:{port}']\n");
        let organisation = Organisation::found_with(&[Role::Guardian], &desk, 180);
        let mut town = Self { organisation, server: None, port, items: Vec::new() };
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let store = SledStore::open(&town.organisation.at("store")).unwrap();
            for _ in 0..testimonies {
                let item = town.testimony(&store, exhibits).await;
                town.items.push(item);
            }
            store.close().await.unwrap();
        });
        // The ledger key belongs to the feed from its first record.
        let key = format!("sandyk ledger key v1\n{}\n", BASE64.encode(&[7; 32]));
        write(&town.organisation.at("store/ledger.key"), key.as_bytes());
        town.server = Some(town.organisation.serve());
        town
    }

    async fn testimony(&self, store: &SledStore, exhibits: usize) -> FeedItem {
        let id = TestimonyId::random(&mut OsRng);
        let sizes =
            [("cover", 4096), ("account", 16_600), ("identity", 2000), ("exhibits", exhibits)];
        let parts: Vec<_> = sizes
            .into_iter()
            .map(|(name, size)| {
                let bytes = noise(size);
                let mut writer = store.blob().unwrap();
                writer.write_all(&bytes).unwrap();
                let (blob, sha256) = (writer.finish().unwrap(), Digest::of(&bytes));
                PartInfo { name: name.to_owned(), bytes: size as u64, sha256, blob }
            })
            .collect();
        let item = FeedItem {
            kind: FeedKind::Testimony,
            id: id.to_string(),
            salt: HEXLOWER.encode(&noise(32)),
            content: parts[0].sha256,
            week: Some("2026-W47".parse().unwrap()),
            epoch: 1,
            parts,
        };
        let reader = self.organisation.readers[0].id;
        let puts = ["account", "identity"].map(|part| Put {
            key: format!("envelope/{id}/{reader}/{part}").into_bytes(),
            value: noise(1500),
            expect: Expect::Absent,
        });
        let commit = Commit {
            id: noise(16).try_into().unwrap(),
            puts: puts.into(),
            attach: item.parts.iter().map(|part| part.blob).collect(),
            event: Some(NewEvent {
                leaf: item.leaf().unwrap(),
                payload: serde_json::to_vec(&item).unwrap(),
            }),
            ..Commit::default()
        };
        store.commit(commit).await.unwrap();
        item
    }

    /// A fresh workspace for the first reader, and the device beside it.
    fn workspace(&self, name: &str) -> PathBuf {
        let (folder, device) = (self.organisation.at(name), self.organisation.at("device"));
        let reader = &self.organisation.readers[0];
        let about =
            json!({ "schema": "workspace/1", "organisation": "Org A", "reader": reader.id });
        write(&folder.join("workspace.json"), about.to_string().as_bytes());
        write(&folder.join("roots.txt"), self.organisation.trust.to_text().as_bytes());
        let (id, key) = &reader.device;
        let key = BASE64.encode(key.as_bytes());
        let key = format!("sandyk device key v1\ndevice {id}\nreader {}\nkey {key}\n", reader.id);
        write(&device.join("device.key"), key.as_bytes());
        write(&device.join("desk.txt"), format!("http://127.0.0.1:{}\n", self.port).as_bytes());
        folder
    }

    fn sync(&self, workspace: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sandyk"));
        command.args(["sync", "--json", "--workspace"]).arg(workspace);
        command.arg("--device").arg(self.organisation.at("device"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Every part of every testimony lies there, bit for bit, and nothing half beside it.
    fn check(&self, workspace: &Path) {
        for item in &self.items {
            let folder = workspace.join("testimonies").join(&item.id);
            for PartInfo { name, sha256, .. } in &item.parts {
                let bytes = fs::read(folder.join(format!("{name}.age"))).unwrap();
                assert_eq!(Digest::of(&bytes), *sha256, "{name} of {}", item.id);
            }
            assert_eq!(fs::read_dir(folder).unwrap().count(), 6, "and two envelopes, no part file");
        }
    }
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut all = vec![0; bytes];
    OsRng.fill_bytes(&mut all);
    all
}

fn write(path: &Path, bytes: &[u8]) {
    use sandyk::files::{Audience, Existing, make_folder, save};
    make_folder(path.parent().unwrap()).unwrap();
    save(path, bytes, Audience::Owner, Existing::Replace).unwrap();
}

fn report(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn lines(workspace: &Path) -> Vec<Value> {
    let text = fs::read_to_string(workspace.join("feed.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_sync_that_is_killed_at_any_moment_is_finished_by_the_next_one() {
    let town = Town::open(30, 150_000);
    let began = Instant::now();
    let first = town.workspace("first");
    assert_eq!(report(&town.sync(&first).output().unwrap())["testimonies"], 30);
    town.check(&first);
    let whole = began.elapsed();
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let mut cut = 0;
    for n in 1..=KILLS {
        let workspace = town.workspace(&format!("cut-{n}"));
        let entry = EntryId::random(&mut OsRng);
        let sealed = [b"age-encryption.org/v1\n".as_slice(), &noise(1000)].concat();
        write(&workspace.join(format!("outbox/entries/{entry}.age")), &sealed);
        let mut child = town.sync(&workspace).spawn().unwrap();
        std::thread::sleep(
            whole.mul_f64(f64::from(n) / f64::from(KILLS) * rng.gen_range(0.6..1.1)),
        );
        child.kill().unwrap();
        cut += u32::from(!child.wait().unwrap().success());
        let report = report(&town.sync(&workspace).output().unwrap());
        assert_eq!(report["exhibits_missing"], 0, "{report}");
        town.check(&workspace);
        let of_entry = |line: &&Value| line["item"]["id"] == entry.to_string();
        assert_eq!(lines(&workspace).iter().filter(of_entry).count(), 1, "in the feed once");
        let sent = workspace.join(format!("outbox/sent/entries/{entry}.age"));
        assert_eq!(fs::read(sent).unwrap(), sealed);
        fs::remove_dir_all(&workspace).unwrap();
    }
    assert!(cut >= KILLS / 2, "only {cut} were cut: the moments were chosen too late");
    let all = began.elapsed();
    eprintln!("{cut} of {KILLS} syncs were cut (a whole one takes {whole:?}); {all:?} in all");
    assert!(all < Duration::from_secs(40), "{all:?}");
}

#[test]
fn of_two_syncs_at_once_one_waits_for_nobody_and_says_so() {
    let town = Town::open(20, 400_000);
    let workspace = town.workspace("one");
    let both = [town.sync(&workspace).spawn().unwrap(), town.sync(&workspace).spawn().unwrap()];
    let outputs = both.map(|child| child.wait_with_output().unwrap());
    let done = outputs.iter().filter(|output| output.status.success()).count();
    assert!(done >= 1);
    for output in outputs.iter().filter(|output| !output.status.success()) {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("another sync is at work") && said.contains("wait"), "{said}");
    }
    town.check(&workspace);
    assert_eq!(lines(&workspace).len(), 20);
}

#[test]
#[ignore = "measures; run it with --ignored --nocapture"]
fn a_first_sync_of_two_thousand_testimonies() {
    let town = Town::open(2000, 1000);
    let workspace = town.workspace("one");
    for exhibits in ["none", "all", "all"] {
        let began = Instant::now();
        let mut child = town.sync(&workspace).args(["--exhibits", exhibits]).spawn().unwrap();
        let status = format!("/proc/{}/status", child.id());
        let mut peak = String::new();
        while child.try_wait().unwrap().is_none() {
            let now = fs::read_to_string(&status).unwrap_or_default();
            let line = now.lines().find(|line| line.starts_with("VmHWM"));
            peak = line.map_or(peak, str::to_owned);
            std::thread::sleep(Duration::from_millis(20));
        }
        eprintln!("sync of 2000 testimonies, exhibits {exhibits}: {:?}, {peak}", began.elapsed());
    }
    town.check(&workspace);
}
