//! A store that comes back from an old backup brings nothing back that was forgotten since.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::sleep,
    time::Duration,
};

use data_encoding::BASE64;
use sandyk::{
    clock::{Clock as _, SystemClock},
    forget::SignedOrder,
    id::TestimonyId,
    keyring::{TrustRoot, keyring_file},
    store::{
        Cursor, SledStore, Store as _, StoreError,
        backup::{Job, backup},
    },
    wire::outbox::{ForgetNote, Outbox, PushId},
};
use serde_json::Value;

use super::forget::{House, event_of, salt_of, search};
use crate::office::put_testimony;

/// A running store, a backup of it made under load, and orders that came after it.
struct Rehearsal {
    house: House,
    folder: tempfile::TempDir,
    store: Arc<SledStore>,
}

impl Rehearsal {
    async fn open() -> Self {
        let house = House::open().await;
        // Readers sync first when the first testimony is there: the years go backwards from today.
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SledStore::open(&folder.path().join("store")).unwrap());
        let key = format!("sandyk ledger key v1\n{}\n", BASE64.encode(&[7; 32]));
        fs::write(folder.path().join("store/ledger.key"), key).unwrap();
        house.day(-60);
        house.office.serve(&store, house.clock.clone());
        Self { house, folder, store }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn testimony(&self) -> TestimonyId {
        put_testimony(&*self.store, &self.house.office.members, 5000, 1024).await.0
    }

    /// Bytes that are in nothing else than this testimony.
    fn needles(&self, id: TestimonyId) -> Vec<Vec<u8>> {
        let event = event_of(&*self.store, id);
        let item: Value = serde_json::from_slice(&event.payload).unwrap();
        let blobs = item["parts"].as_array().unwrap().iter().map(|part| {
            let blob = part["blob"].as_str().unwrap();
            fs::read(self.at("store/blobs").join(blob)).unwrap()
        });
        let keys = self.store.scan(format!("envelope/{id}/").as_bytes(), None, 99).unwrap();
        blobs.chain(keys.into_iter().map(|(key, _)| key)).chain([salt_of(&event)]).collect()
    }

    fn backup(&self) {
        let (store, to) = (self.at("store"), self.at("backup"));
        let job = Job {
            store: &store,
            to: &to,
            apart: &["envelope/"],
            parts: &|_| Vec::new(),
            today: SystemClock.today(),
        };
        backup(&job, &mut |_| ()).unwrap();
    }

    /// Both guardians order it, and the desk records that.
    async fn ordered(&self, id: TestimonyId) -> SignedOrder {
        let signed = self.house.signed(self.house.order(&*self.store, id), &[1, 2]);
        self.hand_in(&signed.order().id().to_string(), &signed.to_text()).await;
        signed
    }

    async fn hand_in(&self, id: &str, note: &str) {
        let note = ForgetNote { id: id.parse().unwrap(), note: note.to_owned() };
        let push = PushId::random(&mut rand::rngs::OsRng);
        let outbox = Outbox { forget: vec![note], ..Outbox::empty(push) }.to_body().unwrap();
        let desk = self.house.desk(&self.store);
        let answer = desk.take_in(&outbox, &mut rand::rngs::OsRng).await.unwrap();
        assert_eq!(answer.accepted.len(), 1, "{:?}", answer.refused);
    }

    /// `sandyk restore` into a new folder, with the orders of these folders.
    fn restore(&self, back: &str, orders: &[&Path]) -> Output {
        self.restoring(back, orders).output().unwrap()
    }

    fn restoring(&self, back: &str, orders: &[&Path]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sandyk"));
        command.args(["--json", "restore", "--from"]).arg(self.at("backup"));
        command.arg("--to").arg(self.at(back));
        let keyring = &self.house.office.keyring;
        let trust = TrustRoot {
            organisation: keyring.organisation.clone(),
            threshold: keyring.threshold,
            roots: keyring.roots.clone(),
        };
        fs::write(self.at("roots.txt"), trust.to_text()).unwrap();
        let published = self.at("published");
        fs::create_dir_all(&published).unwrap();
        for (epoch, note) in (1..).zip(self.house.office.published().borrow().chain.notes()) {
            fs::write(published.join(keyring_file(epoch)), note).unwrap();
        }
        for folder in orders {
            command.arg("--orders").arg(folder);
        }
        if !orders.is_empty() {
            command.arg("--roots").arg(self.at("roots.txt")).arg("--keyring").arg(published);
        }
        command
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restore_that_is_killed_while_it_forgets_is_served_by_nobody() {
    let r = Rehearsal::open().await;
    let (_kept, gone) = (r.testimony().await, r.testimony().await);
    r.house.sync(0).await.unwrap();
    let needles = r.needles(gone);
    tokio::task::block_in_place(|| r.backup());
    r.ordered(gone).await;
    r.house.day(-50);
    assert_eq!(r.house.desk(&r.store).carry_out().await.unwrap(), 1);
    r.house.office.serve(&r.store, r.house.clock.clone());
    r.house.sync(0).await.unwrap();
    let workspace = r.house.office.members[0].workspace.clone();
    let (back, mut killed) = (r.at("back"), 0);
    for wait in [0, 0, 0, 0, 5, 50] {
        if back.exists() {
            fs::remove_dir_all(&back).unwrap();
        }
        let mut run = r.restoring("back", &[&workspace]);
        let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // From here on the restored journal has its name, and what is forgotten is still in it.
        for _ in 0..20_000 {
            if back.join("journal").exists() || run.try_wait().unwrap().is_some() {
                break;
            }
            sleep(Duration::from_millis(1));
        }
        sleep(Duration::from_millis(wait));
        run.kill().unwrap();
        run.wait().unwrap();
        match SledStore::open(&back) {
            Err(error) => {
                assert!(matches!(error, StoreError::NotRestored(_)), "{error}");
                killed += 1;
            }
            // All was done before it was killed.
            Ok(store) => {
                store.close().await.unwrap();
                assert_eq!(search(&back, &needles), Vec::<String>::new(), "{wait}");
                fs::remove_dir_all(&back).unwrap();
            }
        }
    }
    assert!(killed > 0, "no run was killed");
    let whole = r.restore("back", &[&workspace]);
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
    assert_eq!(replayed(&whole)["forgotten"], 1);
    assert!(SledStore::open(&back).is_ok());
}

fn replayed(output: &Output) -> Value {
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    answer["replayed"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restored_old_backup_forgets_again_what_readers_saw_forgotten() {
    let r = Rehearsal::open().await;
    let (kept, gone) = (r.testimony().await, r.testimony().await);
    r.house.sync(0).await.unwrap();
    let needles = r.needles(gone);
    // Under load: testimonies come in while the backup is made and the order is carried out.
    let stop = Arc::new(AtomicBool::new(false));
    let load = {
        let (store, stop) = (Arc::clone(&r.store), Arc::clone(&stop));
        let house = House::open().await;
        tokio::spawn(async move {
            let mut came = 0;
            while !stop.load(Ordering::SeqCst) && came < 200 {
                put_testimony(&*store, &house.office.members, 300, 1024).await;
                came += 1;
            }
            came
        })
    };
    tokio::task::block_in_place(|| r.backup());
    let order = r.ordered(gone).await;
    r.house.day(-50);
    assert_eq!(r.house.desk(&r.store).carry_out().await.unwrap(), 1);
    stop.store(true, Ordering::SeqCst);
    assert!(load.await.unwrap() > 0, "there was a load");
    r.house.office.serve(&r.store, r.house.clock.clone());
    assert_eq!(r.house.sync(0).await.unwrap().forgotten, 1);
    assert_eq!(search(&r.at("store"), &needles), Vec::<String>::new());
    assert!(search(&r.at("backup"), &needles).len() >= 5, "the backup is older");
    // Without the orders it comes back, and that is said.
    let plain = r.restore("plain", &[]);
    let said = String::from_utf8_lossy(&plain.stderr);
    assert!(said.contains("no --orders were given"), "{said}");
    assert!(search(&r.at("plain"), &needles).len() >= 5);
    // With a reader's workspace it does not; asked twice, nothing changes.
    let workspace = r.house.office.members[0].workspace.clone();
    let output = r.restore("back", &[&workspace]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(replayed(&output)["forgotten"], 1);
    assert_eq!(search(&r.at("back"), &needles), Vec::<String>::new());
    let back = Arc::new(SledStore::open(&r.at("back")).unwrap());
    back.verify().unwrap();
    assert!(back.get(format!("forgotten/{gone}").as_bytes()).unwrap().is_some());
    assert_eq!(event_of(&*back, kept), event_of(&*r.store, kept), "the rest is as it was");
    assert_eq!(event_of(&*back, gone).leaf, order.order().leaf);
    // Who comes new proves the gap from the feed alone.
    r.house.office.serve(&back, r.house.clock.clone());
    let report = r.house.sync(2).await.unwrap();
    assert_eq!((report.forgotten, report.orders), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_two_guardians_ordered_in_time_is_forgotten_again() {
    let r = Rehearsal::open().await;
    let [forged, stopped, early, late] =
        [r.testimony().await, r.testimony().await, r.testimony().await, r.testimony().await];
    tokio::task::block_in_place(|| r.backup());
    let unknown = r.testimony().await;
    let orders = r.at("orders");
    fs::create_dir_all(&orders).unwrap();
    let note = |name: &str, text: &str| fs::write(orders.join(name), text).unwrap();
    let order =
        |id, members: &[usize]| r.house.signed(r.house.order(&*r.store, id), members).to_text();
    note("forged.note", &order(forged, &[1]));
    note("reviewer.note", &order(forged, &[0, 1]).replace("withdrawn", "danger"));
    note("unknown.note", &order(unknown, &[1, 2]));
    note("late.note", &order(late, &[1, 2]));
    let against = r.house.order(&*r.store, stopped);
    note("stopped.note", &order(stopped, &[1, 2]));
    note("objection.note", &r.house.objection(&against, 1).to_text());
    r.house.day(0);
    note("early.note", &order(early, &[1, 2]));
    let output = r.restore("back", &[&orders]);
    assert_eq!(output.status.code(), Some(1), "what was not carried out is no success");
    let done = replayed(&output);
    let count = |name: &str| done[name].as_u64().unwrap();
    assert_eq!((count("forgotten"), count("elsewhere"), count("stopped")), (1, 1, 1), "{done}");
    assert_eq!(done["refused"].as_array().unwrap().len(), 2, "{done}");
    assert_eq!(done["waiting"].as_array().unwrap().len(), 1, "{done}");
    let back = SledStore::open(&r.at("back")).unwrap();
    for id in [forged, stopped, early] {
        assert_eq!(event_of(&back, id), event_of(&*r.store, id), "it stays");
        assert_eq!(back.scan(format!("envelope/{id}/").as_bytes(), None, 9).unwrap().len(), 5);
    }
    assert!(back.scan(format!("envelope/{late}/").as_bytes(), None, 9).unwrap().is_empty());
    assert_eq!(back.head(), Cursor(6), "one order and that it is done");
    drop(back);
    // What is no order at all stops the restore before anything is made.
    note("other.note", "nothing of ours\n");
    let output = r.restore("none", &[&orders]);
    assert_eq!(output.status.code(), Some(3));
    assert!(!r.at("none").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_carried_out_stays_so_though_a_signer_is_no_guardian_any_more() {
    let r = Rehearsal::open().await;
    let (gone, other) = (r.testimony().await, r.testimony().await);
    tokio::task::block_in_place(|| r.backup());
    let order = r.ordered(gone).await;
    let late = r.house.signed(r.house.order(&*r.store, other), &[1, 2]);
    r.house.day(-50);
    assert_eq!(r.house.desk(&r.store).carry_out().await.unwrap(), 1);
    r.house.office.serve(&r.store, r.house.clock.clone());
    assert_eq!(r.house.sync(0).await.unwrap().forgotten, 1);
    let mut next = r.house.office.next_keyring();
    next.readers.remove(2);
    let devices: Vec<_> = r.house.office.members[..2].iter().map(|m| &m.public).collect();
    r.house.office.publish(&next, &devices);
    // The order alone does not count any more; the mark says that it did in its time.
    let notes = r.at("notes");
    fs::create_dir_all(&notes).unwrap();
    fs::write(notes.join("a.note"), order.to_text()).unwrap();
    let alone = replayed(&r.restore("alone", &[&notes]));
    assert_eq!((&alone["forgotten"], alone["refused"].as_array().unwrap().len()), (&0.into(), 1));
    // Beside the mark, an order that was never carried out in its time stays refused.
    fs::write(notes.join("a.note"), late.to_text()).unwrap();
    let workspace = r.house.office.members[0].workspace.clone();
    let both = replayed(&r.restore("both", &[&workspace, &notes]));
    assert_eq!((&both["forgotten"], both["refused"].as_array().unwrap().len()), (&1.into(), 1));
    let back = SledStore::open(&r.at("both")).unwrap();
    assert_eq!(event_of(&back, other), event_of(&*r.store, other));
    assert!(back.get(format!("forgotten/{gone}").as_bytes()).unwrap().is_some());
}
