//! Durable commits a second of the store, against a bare append and `fdatasync` in groups.
//!
//! `cargo run --release --example store_bench [FOLDER [RECORDS]]`; the ratio is the steady part. With a
//! number so many records are committed first, memory and opening them are measured, and then the
//! rates over the full store. Keys and commit ids are random, as those of the intake are.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    reason = "a measurement stops at the first surprise"
)]

use std::{
    error::Error,
    fs::{self, File},
    io::Write as _,
    path::Path,
    process::Command,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use sandyk::{
    digest::Digest,
    store::{Commit, Expect, NewEvent, Put, SledStore, Store as _},
};

const WRITERS: u64 = 16;
/// Both are measured in turns, so that other work on the machine meets both.
const ROUNDS: u64 = 24;
const ROUND: Duration = Duration::from_millis(500);
/// How long the allocator is given to hand back what is not used.
const SETTLED: Duration = Duration::from_secs(12);
const BYTES: usize = 2048;
/// What one commit takes in the journal, its share of a frame's header included.
const RECORD: usize = 2436;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().unwrap_or_else(|| ".".to_owned());
    if folder == "open" {
        return opened(Path::new(&words.next().ok_or("which store?")?)).await;
    }
    let dir = tempfile::tempdir_in(folder)?;
    let path = dir.path().join("store");
    if let Some(records) = words.next() {
        let before = resident();
        let store = Arc::new(SledStore::open(&path)?);
        grow(&store, records.parse()?, before).await?;
        drop(store);
        open_elsewhere(&path)?;
        open_elsewhere(&path)?;
        let journal = fs::metadata(path.join("journal"))?.len();
        println!("journal {journal} bytes, index {} bytes", bytes_in(&path.join("index"))?);
    }
    let before = resident();
    let store = Arc::new(SledStore::open(&path)?);
    let (mut bare_rates, mut store_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let raw = bare(&dir.path().join("raw"))?;
        let ours = commits(&store, round).await?;
        bare_rates.push(raw);
        store_rates.push(ours);
        ratios.push(ours / raw);
    }
    println!("bare   {}", spread(&mut bare_rates, 0));
    println!("store  {}", spread(&mut store_rates, 0));
    println!("ratio  {}", spread(&mut ratios, 2));
    let grown = resident().saturating_sub(before);
    println!("records {}   memory grew by {grown} kB", store.head().0);
    Ok(())
}

/// Opens a store in a process of its own, so that its memory is seen alone.
fn open_elsewhere(path: &Path) -> Result<(), Box<dyn Error>> {
    let status = Command::new(std::env::current_exe()?).arg("open").arg(path).status()?;
    if status.success() { Ok(()) } else { Err("it could not be opened".into()) }
}

/// Opens a store, closes it in good order, and tells time and memory of both.
async fn opened(path: &Path) -> Result<(), Box<dyn Error>> {
    let before = resident();
    let start = Instant::now();
    let store = SledStore::open(path)?;
    let took = start.elapsed();
    let grown = || resident().saturating_sub(before);
    println!("opened {:?} with {} records in {took:.2?}", store.how_opened(), store.head().0);
    let at_once = grown();
    tokio::time::sleep(SETTLED).await;
    println!("its memory {at_once} kB, later {} kB", grown());
    let start = Instant::now();
    store.close().await?;
    println!("closed in {:.2?}", start.elapsed());
    Ok(())
}

/// All bytes of the files below a folder.
fn bytes_in(folder: &Path) -> Result<u64, Box<dyn Error>> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let (path, about) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
        bytes += if about.is_dir() { bytes_in(&path)? } else { about.len() };
    }
    Ok(bytes)
}

/// Commits so many records with many writers, and tells what memory does meanwhile.
async fn grow(store: &Arc<SledStore>, records: u64, before: u64) -> Result<(), Box<dyn Error>> {
    const AT_ONCE: u64 = 128;
    let start = Instant::now();
    for part in 0..10 {
        let mut tasks = tokio::task::JoinSet::new();
        for writer in 0..AT_ONCE {
            let store = Arc::clone(store);
            tasks.spawn(async move {
                for n in 0..records / AT_ONCE / 10 {
                    store.commit(one(part * AT_ONCE + writer, n)).await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        let grown = resident().saturating_sub(before);
        println!("{} records in {:.1?}, memory {grown} kB", store.head().0, start.elapsed());
    }
    tokio::time::sleep(SETTLED).await;
    println!("memory later {} kB", resident().saturating_sub(before));
    Ok(())
}

/// Median, lowest and highest, with so many digits behind the point.
fn spread(seen: &mut [f64], digits: usize) -> String {
    seen.sort_by(f64::total_cmp);
    let at = |share: usize| seen.get((seen.len() - 1) * share / 100).copied().unwrap_or_default();
    format!("{:.digits$} ({:.digits$} to {:.digits$})", at(50), at(0), at(100))
}

/// 16 tasks that commit one record of 2 KB and one event at a time.
async fn commits(store: &Arc<SledStore>, round: u64) -> Result<f64, Box<dyn Error>> {
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut done = 0_u64;
            while start.elapsed() < ROUND {
                store.commit(one(u64::MAX - writer * ROUNDS - round, done)).await.unwrap();
                done += 1;
            }
            done
        });
    }
    let done: u64 = tasks.join_all().await.into_iter().sum();
    Ok(done as f64 / start.elapsed().as_secs_f64())
}

fn one(writer: u64, n: u64) -> Commit {
    let leaf = Digest::of(&[writer.to_be_bytes(), n.to_be_bytes()].concat());
    let mut id = [0; 16];
    id.iter_mut().zip(leaf.as_bytes()).for_each(|(to, from)| *to = *from);
    let put = Put {
        key: format!("record/{:032x}", u128::from_be_bytes(id)).into_bytes(),
        value: vec![7; BYTES],
        expect: Expect::Absent,
    };
    let event = NewEvent { leaf, payload: vec![8; 300] };
    Commit { id, puts: vec![put], event: Some(event), ..Commit::default() }
}

/// 16 threads whose records one thread appends in groups, with one `fdatasync` a group.
fn bare(path: &Path) -> Result<f64, Box<dyn Error>> {
    // Appended to, as a journal is; it is not made anew for each round.
    let mut file = File::options().create(true).append(true).open(path)?;
    let (sender, requests) = mpsc::channel::<mpsc::Sender<()>>();
    let start = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let sender = sender.clone();
            thread::spawn(move || {
                let mut done = 0_u64;
                while start.elapsed() < ROUND {
                    let (answer, answered) = mpsc::channel();
                    sender.send(answer).unwrap();
                    answered.recv().unwrap();
                    done += 1;
                }
                done
            })
        })
        .collect();
    drop(sender);
    while let Ok(first) = requests.recv() {
        let group: Vec<_> = std::iter::once(first).chain(requests.try_iter()).collect();
        file.write_all(&vec![7; RECORD * group.len()])?;
        file.sync_data()?;
        for answer in group {
            answer.send(())?;
        }
    }
    let done: u64 = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
    Ok(done as f64 / start.elapsed().as_secs_f64())
}

/// Resident memory, in kB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
