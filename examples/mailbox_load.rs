//! Measures the way back: look-ups beside Argon2id alone, and texts beside a flood of look-ups.
//!
//! `cargo build && cargo run --example mailbox_load [PLACES]`: makes a throw-away organisation with the demo,
//! opens its intake in this process, then serves it in another one, and prints ratios of one run, both sides
//! in turn. PLACES are the runs of Argon2id at once, as many as a server would have if none are named.
//! Every loop is bounded.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a measuring tool that stops at the first surprise"
)]

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use rand::rngs::OsRng;
use sandyk::{
    clock::SystemClock,
    config::{Limits, MailboxConfig, ServerConfig},
    digest::Digest,
    intake::{Bounds, Intake, KeyringFolder},
    ledger::{Feed, LedgerKey},
    locale::Lang,
    receipt::{KdfMemory, Receipt, Salt},
    store::SledStore,
    testimony::Form,
};

/// Turns of each side.
const TURNS: usize = 24;
/// How long a turn is; short, so that both sides of a ratio meet the same other work.
const TURN: Duration = Duration::from_secs(1);
/// Who ask at once in the flood.
const FLOOD: usize = 64;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let places = std::env::args().nth(1).map_or(0, |places| places.parse().unwrap());
    let mailbox = MailboxConfig { derivations_at_once: places, ..MailboxConfig::default() };
    let places = mailbox.derivations();
    let intake = intake(folder.path(), mailbox);
    let mut memories: Vec<_> = (0..places).map(|_| KdfMemory::new()).collect();
    println!(
        "cores {}, places for mailboxes {places}",
        std::thread::available_parallelism().unwrap()
    );

    let (mut keys, mut pages, mut alone) = (Ratios::default(), Ratios::default(), Vec::new());
    for _ in 0..TURNS {
        for (pages, ratios) in [(Pages::Unread, &mut keys), (Pages::Opened, &mut pages)] {
            // Argon2id before and after, so that a slow change of other work weighs on both alike.
            let before = argon(&mut memories).await;
            let rate = look_ups(&intake, places, pages).await;
            let bare = f64::midpoint(before, argon(&mut memories).await);
            alone.push(bare);
            ratios.add(rate, bare);
        }
    }
    println!("Argon2id alone, {places} threads      {:7.1} /s", median(&mut alone));
    keys.print("receipt to keys");
    pages.print("with replies opened");

    for writers in [1, 4] {
        let (mut quiet, mut flooded, mut asked) = (Vec::new(), Vec::new(), 0);
        for _ in 0..TURNS {
            quiet.extend(texts(&intake, writers).await);
            let flood = Flood::start(&intake);
            flooded.extend(texts(&intake, writers).await);
            asked += flood.stop().await;
        }
        let (quiet, flooded) = (median(&mut quiet), median(&mut flooded));
        println!(
            "texts, {writers} at once: {quiet:.1} ms alone, {flooded:.1} ms beside {FLOOD} who ask ({asked} \
             look-ups, as many wrong receipts): {:.2} times as long",
            flooded / quiet
        );
    }
    drop(intake);
    over_http(&folder.path().join("demo/server/server.toml"));
}

/// Rates of one side, and how they stand to Argon2id's beside them.
#[derive(Default)]
struct Ratios {
    rates: Vec<f64>,
    ratios: Vec<f64>,
}

impl Ratios {
    fn add(&mut self, rate: f64, bare: f64) {
        self.rates.push(rate);
        self.ratios.push(rate / bare);
    }

    fn print(&mut self, what: &str) {
        let (rate, ratio) = (median(&mut self.rates), median(&mut self.ratios));
        let quarter = self.ratios.len() / 4;
        let (low, high) = (self.ratios[quarter], self.ratios[self.ratios.len() - 1 - quarter]);
        println!(
            "{what:24}       {rate:7.1} /s   {ratio:.2} of Argon2id alone, the middle half {low:.2} to {high:.2}"
        );
    }
}

/// An intake over an empty store, with the keyring of a demo.
fn intake(folder: &Path, mailbox: MailboxConfig) -> Arc<Intake> {
    let binary = std::env::current_exe().unwrap();
    let binary = binary.parent().unwrap().parent().unwrap().join("sandyk");
    let made = Command::new(&binary)
        .args(["demo", "--once", "--intake", &free(), "--desk", &free()])
        .arg("--folder")
        .arg(folder.join("demo"))
        .output()
        .expect("build the binary with the same profile first");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let config = ServerConfig::load(&folder.join("demo/server/server.toml")).unwrap();
    let mut keyrings = KeyringFolder::new(config.keyring, config.roots);
    keyrings.look().unwrap();
    let store = folder.join("store");
    let opened = Arc::new(SledStore::open(&store).unwrap());
    let key = Arc::new(LedgerKey::open(&store, Feed::Empty, &mut OsRng).unwrap());
    let limits = Limits { words_until_percent: 100, files_until_percent: 100, ..Limits::default() };
    let bounds = Bounds { limits, mailbox };
    let clock = Arc::new(SystemClock);
    Arc::new(Intake::new(opened, keyrings.subscribe(), clock, bounds, key).unwrap())
}

/// Receipts derived in a second, by a thread for each memory.
async fn argon(memories: &mut Vec<KdfMemory>) -> f64 {
    let begun = Instant::now();
    let thread = |mut memory: KdfMemory| {
        tokio::task::spawn_blocking(move || {
            let mut done = 0_usize;
            while begun.elapsed() < TURN {
                let receipt = Receipt::random(&mut OsRng);
                drop(receipt.derive(&Salt([7; 32]), &mut memory).unwrap());
                done += 1;
            }
            (done, memory)
        })
    };
    let all: Vec<_> = memories.drain(..).map(thread).collect();
    let mut done = 0;
    for one in all {
        let (more, memory) = one.await.unwrap();
        done += more;
        memories.push(memory);
    }
    done as f64 / begun.elapsed().as_secs_f64()
}

/// Whether a look-up opens the replies that wait, or ends with the keys.
#[derive(Clone, Copy, PartialEq)]
enum Pages {
    Opened,
    Unread,
}

/// Mailboxes opened in a second, asked for by twice as many as there are places.
async fn look_ups(intake: &Arc<Intake>, places: usize, pages: Pages) -> f64 {
    let begun = Instant::now();
    let ask = || {
        let intake = Arc::clone(intake);
        tokio::spawn(async move {
            let mut done = 0_usize;
            while begun.elapsed() < TURN {
                one(&intake, pages).await;
                done += 1;
            }
            done
        })
    };
    let all: Vec<_> = (0..places * 2).map(|_| ask()).collect();
    let mut done = 0;
    for one in all {
        done += one.await.unwrap();
    }
    done as f64 / begun.elapsed().as_secs_f64()
}

async fn one(intake: &Intake, pages: Pages) {
    let Ok(ticket) = intake.open_mailbox(Receipt::random(&mut OsRng)) else { return };
    let keys = ticket.keys().await.unwrap();
    if pages == Pages::Opened {
        drop(intake.replies(&keys, 0).await.unwrap());
    }
}

/// Many who come back at once, with right receipts and wrong ones.
struct Flood {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    all: Vec<tokio::task::JoinHandle<()>>,
}

impl Flood {
    fn start(intake: &Arc<Intake>) -> Self {
        let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let ask = || {
            let (intake, stop, asked) = (Arc::clone(intake), Arc::clone(&stop), Arc::clone(&asked));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let right = Receipt::random(&mut OsRng);
                    let wrong = right.digits().expose().replace('1', "2").replace('3', "4");
                    drop(Receipt::parse(&wrong));
                    one(&intake, Pages::Opened).await;
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let all = (0..FLOOD).map(|_| ask()).collect();
        Self { stop, asked, all }
    }

    async fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        for one in self.all {
            one.await.unwrap();
        }
        self.asked.load(Ordering::Relaxed)
    }
}

/// Milliseconds that texts take, so many at once, for one turn.
async fn texts(intake: &Arc<Intake>, writers: usize) -> Vec<f64> {
    let begun = Instant::now();
    let write = || {
        let intake = Arc::clone(intake);
        tokio::spawn(async move {
            let mut took = Vec::new();
            while begun.elapsed() < TURN {
                let this = Instant::now();
                let mut submission = intake.begin().await.unwrap();
                let mut form = Form::new(Lang::Ru);
                form.put("story", &"ы".repeat(1000)).unwrap();
                submission.words(form, Digest::NONE).await.unwrap();
                drop(submission.finish().await.unwrap());
                took.push(this.elapsed().as_secs_f64() * 1e3);
            }
            took
        })
    };
    let all: Vec<_> = (0..writers).map(|_| write()).collect();
    let mut took = Vec::new();
    for one in all {
        took.extend(one.await.unwrap());
    }
    took
}

/// The same flood of receipts and the same texts, at a server of its own and over HTTP.
fn over_http(config: &Path) {
    let text = std::fs::read_to_string(config).unwrap();
    let named = text.lines().find_map(|line| line.strip_prefix("intake.listen = "));
    let address = named.expect("the address of the intake").trim_matches('"').to_owned();
    let binary = std::env::current_exe().unwrap();
    let binary = binary.parent().unwrap().parent().unwrap().join("sandyk");
    let mut serving = Command::new(&binary)
        .args(["serve", "--allow-swap", "--config"])
        .arg(config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while TcpStream::connect(&address).is_err() {
        assert!(begun.elapsed() < Duration::from_mins(1), "it does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    for writers in [1, 4] {
        let (mut quiet, mut flooded, mut asked) = (Vec::new(), Vec::new(), 0);
        for _ in 0..TURNS / 2 {
            quiet.extend(texts_over_http(&address, writers));
            let stop = AtomicBool::new(false);
            std::thread::scope(|all| {
                let flood: Vec<_> = (0..FLOOD)
                    .map(|n| {
                        all.spawn({
                            let (address, stop) = (&address, &stop);
                            move || wrong_receipts(address, n, stop)
                        })
                    })
                    .collect();
                flooded.extend(texts_over_http(&address, writers));
                stop.store(true, Ordering::Relaxed);
                asked += flood.into_iter().map(|one| one.join().unwrap()).sum::<usize>();
            });
        }
        let (count, quiet, flooded) = (flooded.len(), median(&mut quiet), median(&mut flooded));
        println!(
            "over HTTP, {writers} at once: {quiet:.1} ms alone, {flooded:.1} ms beside {FLOOD} who send wrong \
             receipts ({asked} answered, {count} texts): {:.2} times as long",
            flooded / quiet
        );
    }
    serving.kill().unwrap();
    serving.wait().unwrap();
}

/// Milliseconds that texts take over HTTP, so many at once, for one turn.
fn texts_over_http(address: &str, writers: usize) -> Vec<f64> {
    let begun = Instant::now();
    let write = || {
        let mut took = Vec::new();
        while begun.elapsed() < TURN {
            let this = Instant::now();
            let answer = post(address, "/ru/send", &[("story", &"ы".repeat(1000))]);
            assert!(
                answer.starts_with("HTTP/1.1 303"),
                "{}",
                answer.lines().next().unwrap_or_default()
            );
            took.push(this.elapsed().as_secs_f64() * 1e3);
        }
        took
    };
    std::thread::scope(|all| {
        let all: Vec<_> = (0..writers).map(|_| all.spawn(write)).collect();
        all.into_iter().flat_map(|one| one.join().unwrap()).collect()
    })
}

/// Sends receipts that nobody was given and, every other time, such as cannot be; opens what comes.
fn wrong_receipts(address: &str, first: usize, stop: &AtomicBool) -> usize {
    let mut answered = 0;
    for n in first.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let receipt = Receipt::random(&mut OsRng).digits().expose().to_owned();
        let mistyped = receipt.replace('1', "2").replace('3', "4");
        let typed = if n % 2 == 0 { receipt } else { mistyped };
        let answer = post(address, "/ru/mailbox", &[("receipt", &typed)]);
        let page = answer.lines().find_map(|line| line.strip_prefix("location: "));
        if let Some(page) = page {
            let ask =
                format!("GET {page} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
            exchange(address, ask.as_bytes());
        }
        answered += 1;
    }
    answered
}

fn post(address: &str, path: &str, fields: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = fields.iter().map(part).collect::<String>() + "--b--\r\n";
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: \
         multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    exchange(address, &[head.as_bytes(), body.as_bytes()].concat())
}

fn exchange(address: &str, request: &[u8]) -> String {
    let mut line = TcpStream::connect(address).unwrap();
    line.write_all(request).unwrap();
    let mut answer = Vec::new();
    // A server that has too many lines open closes this one; that is an answer too.
    let _ = line.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// An address that nobody uses.
fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
