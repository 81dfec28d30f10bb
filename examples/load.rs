//! Drives a real server with many witnesses at once and prints figures as ratios of one run.
//!
//! `cargo run --release --example load`: makes a throw-away organisation, starts `sandyk serve` on the
//! loopback, sends texts from 1, 4, 16 and 64 witnesses and 64 MiB files from one, and compares with
//! Argon2id alone and with age's own stream on this machine. Every loop is bounded.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    clippy::arithmetic_side_effects,
    reason = "a measuring tool that stops at the first surprise"
)]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rand::rngs::OsRng;
use reqwest::{
    StatusCode,
    blocking::{
        Client,
        multipart::{Form, Part},
    },
    redirect::Policy,
};
use sandyk::{
    hybrid::HybridIdentity,
    receipt::{KdfMemory, Receipt, Salt},
    sealed::seal_to,
};

const TEXTS: usize = 256;
const FILE: usize = 64 << 20;

fn main() {
    let cores = std::thread::available_parallelism().unwrap().get();
    println!("cores                         {cores}");
    let one = argon(1, 24);
    let all = argon(cores, 24 * cores);
    println!("Argon2id alone, 1 thread      {one:8.1} /s");
    println!("Argon2id alone, {cores} threads     {all:8.1} /s");
    let stream = age_stream();
    println!("age stream, one core          {stream:8.1} MB/s");

    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    for witnesses in [1, 4, 16, 64] {
        let (rate, errors) = server.texts(witnesses, TEXTS);
        let share = rate / if witnesses == 1 { one } else { all };
        println!(
            "texts, {witnesses:2} witnesses at once   {rate:8.1} /s   {share:.2} of Argon2id alone   {errors} errors"
        );
    }
    let before = server.cpu();
    let rate = (0..5).map(|_| server.file()).fold(f64::MAX, f64::min);
    let cpu = (server.cpu() - before) / 5.0;
    println!(
        "64 MiB file, slowest of 5     {rate:8.1} MB/s   {:.2} of age's stream   {cpu:.2} s CPU each",
        rate / stream
    );
    println!("server's memory, peak         {:8} KiB", server.status("VmHWM:"));
}

/// Receipts derived in a second by so many threads.
fn argon(threads: usize, runs: usize) -> f64 {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(move || {
                let mut memory = KdfMemory::new();
                for _ in 0..runs / threads {
                    let receipt = Receipt::random(&mut OsRng);
                    drop(receipt.derive(&Salt([7; 32]), &mut memory).unwrap());
                }
            });
        }
    });
    runs as f64 / start.elapsed().as_secs_f64()
}

/// Megabytes that age seals in a second on one core.
fn age_stream() -> f64 {
    let identity = HybridIdentity::generate(&mut OsRng);
    let plain = vec![7; FILE];
    let start = Instant::now();
    for _ in 0..4 {
        drop(seal_to(&[identity.recipient()], &plain).unwrap());
    }
    4.0 * FILE as f64 / 1e6 / start.elapsed().as_secs_f64()
}

struct Server {
    child: Child,
    site: String,
}

impl Server {
    /// A whole installation in `folder`, made by the demo, and its server on a free port.
    fn start(folder: &Path) -> Self {
        let binary = std::env::current_exe().unwrap();
        let binary = binary.parent().unwrap().parent().unwrap().join("sandyk");
        let demo = folder.join("demo");
        let made = Command::new(&binary)
            .args(["demo", "--once", "--intake", "127.0.0.1:18080", "--desk", "127.0.0.1:18081"])
            .arg("--folder")
            .arg(&demo)
            .output()
            .expect("build the binary with the same profile first");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut child = Command::new(&binary)
            .args(["serve", "--allow-swap", "--config", "server/server.toml"])
            .current_dir(&demo)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        let site = lines
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("intake listens on ").map(str::to_owned))
            .expect("the server listens");
        Self { child, site }
    }

    fn texts(&self, witnesses: usize, texts: usize) -> (f64, usize) {
        let start = Instant::now();
        let errors: usize = std::thread::scope(|scope| {
            let each = texts / witnesses;
            let one = |_| scope.spawn(move || (0..each).filter(|_| !self.send(None)).count());
            let all: Vec<_> = (0..witnesses).map(one).collect();
            all.into_iter().map(|one| one.join().unwrap()).sum()
        });
        (texts as f64 / start.elapsed().as_secs_f64(), errors)
    }

    fn file(&self) -> f64 {
        let file = Part::bytes(vec![7; FILE]).file_name("film.mp4");
        let start = Instant::now();
        assert!(self.send(Some(file)));
        FILE as f64 / 1e6 / start.elapsed().as_secs_f64()
    }

    /// One witness with a new connection, as a browser over a new circuit.
    fn send(&self, file: Option<Part>) -> bool {
        let client = Client::builder().redirect(Policy::none()).no_proxy();
        let client = client.timeout(Duration::from_mins(2)).build().unwrap();
        let mut form = Form::new().text("story", "ы".repeat(1000));
        if let Some(file) = file {
            form = form.part("file", file);
        }
        let answer = client.post(format!("{}/ru/send", self.site)).multipart(form).send();
        answer.is_ok_and(|answer| answer.status() == StatusCode::SEE_OTHER)
    }

    /// Seconds of CPU that the server has used.
    fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let fields: Vec<&str> = fields.split(' ').collect();
        let ticks = |at: usize| fields.get(at).unwrap().parse::<f64>().unwrap();
        // Fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms.
        (ticks(11) + ticks(12)) / 100.0
    }

    fn status(&self, field: &str) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(id) = id {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
            let _ = self.child.wait();
        }
        let _ = std::io::stdout().flush();
    }
}
