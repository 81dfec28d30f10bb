//! How fast envelopes are made for colleagues, and with how much memory.
//!
//! `cargo run --release --example rewrap_bench [TESTIMONIES]` (100 000 if none are given): opens the own
//! envelope of each testimony and its cover, and seals the key to one reader who lacks it and then to
//! ten, on one core and on all of them in turns, post-quantum. Prints the medians: testimonies per
//! second, the share of what as many cores would make at the rate of one; and the memory before and after.
//! Before it all it prints how long a server takes to seal the keys of one testimony to all of them.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "an example that measures says what it measures, and falls if it cannot"
)]

use std::time::Instant;

use data_encoding::BASE64;
use ed25519_dalek::SigningKey;
use rand::rngs::OsRng;
use rayon::prelude::*;
use sandyk::{
    clock::{Clock as _, SystemClock},
    digest::Digest,
    id::{ReaderId, TestimonyId},
    keyring::{Chain, Keyring, Reader, Role, TrustRoot},
    note::{KeyName, NamedKey, SignedNote},
    receipt::Salt,
    recipient::{AgeIdentity, Kind},
    sealed::{
        Cover, Sealed, TestimonyKeys,
        open::{Colleagues, ReadingIdentity},
        part,
    },
    testimony::{Channel, Kind as Sending},
};

/// Different testimonies; the same ones are gone through again and again.
const DIFFERENT: usize = 256;
const READERS: usize = 11;
/// One core and all of them take turns, so that what else the machine does meets both.
const TURNS: usize = 25;

struct One {
    id: TestimonyId,
    own: Sealed<part::AccountEnvelope>,
    cover: Sealed<part::Cover>,
}

fn main() {
    let all: usize = std::env::args().nth(1).map_or(100_000, |n| n.parse().unwrap());
    let identities: Vec<_> =
        (0..READERS).map(|_| AgeIdentity::generate(Kind::PostQuantum, &mut OsRng)).collect();
    let chain = chain(&identities);
    let keyring = chain.current();
    let plain = envelopes_of_one(&chain);
    let colleagues = Colleagues::of(keyring);
    let ready = envelopes_of_one(&chain);
    println!(
        "a server's envelopes for {READERS}: {plain:.2} ms each testimony, {ready:.2} ms once the keys are ready"
    );
    let testimonies: Vec<One> = (0..DIFFERENT).map(|_| seal(&chain)).collect();
    let own = ReadingIdentity::new(identities.into_iter().next().unwrap());
    let cores = std::thread::available_parallelism().unwrap().get();
    println!("{all} testimonies, {cores} cores");
    for lacking in [1, READERS - 1] {
        let ids: Vec<ReaderId> =
            keyring.get().readers.iter().skip(1).take(lacking).map(|reader| reader.id).collect();
        let lacking = colleagues.lacking(&ids);
        let one = |n: usize| {
            let One { id, own: envelope, cover } = testimonies.get(n % DIFFERENT).unwrap();
            own.rewrap_account(envelope, (cover, *id), &lacking).unwrap().len()
        };
        let rate = |pool: &rayon::ThreadPool, many: usize| {
            let began = Instant::now();
            let made: usize = pool.install(|| (0..many).into_par_iter().map(one).sum());
            assert_eq!(made, many * ids.len());
            many as f64 / began.elapsed().as_secs_f64()
        };
        let [alone, together] = [1, cores]
            .map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
        rate(&together, all / 50 + 1);
        let before = resident();
        let turn = |_| {
            let single = rate(&alone, all / TURNS / 8 + 1);
            let every = rate(&together, all / TURNS + 1);
            [single, every, 100.0 * every / (single * cores as f64)]
        };
        let turns: Vec<[f64; 3]> = (0..TURNS).map(turn).collect();
        let [single, every, share] = [0, 1, 2].map(|n| median(turns.iter().map(|turn| turn[n])));
        println!(
            "{} lacking: one core {single:.0}/s, {cores} cores {every:.0}/s, {share:.1} % of {cores} \
             times one, {:.0} envelopes/s; memory {before} KiB before, {} KiB after",
            ids.len(),
            every * ids.len() as f64,
            resident(),
        );
    }
}

/// What a server does for one testimony before its words arrive, in milliseconds.
fn envelopes_of_one(chain: &Chain) -> f64 {
    median((0..DIFFERENT).map(|_| {
        let keys = TestimonyKeys::generate(Kind::PostQuantum, &mut OsRng);
        let began = Instant::now();
        keys.into_envelopes(chain.current()).unwrap();
        began.elapsed().as_secs_f64() * 1000.0
    }))
}

fn seal(chain: &Chain) -> One {
    let id = TestimonyId::random(&mut OsRng);
    let keys = TestimonyKeys::generate(Kind::PostQuantum, &mut OsRng);
    let (to, mut envelopes) = keys.into_envelopes(chain.current()).unwrap();
    let cover = Cover {
        schema: Cover::SCHEMA.to_owned(),
        id,
        keyring: chain.current_digest(),
        account: Digest::NONE,
        identity: Digest::NONE,
        exhibits: Digest::NONE,
        lookup: Digest::NONE,
        reply: chain.current().get().readers[0].recipient.to_string(),
        witness: BASE64.encode(&[0x58; 32]),
        kind: Sending::New,
        channel: Channel::WebServerSealed,
        continues: None,
        after: None,
        signature: None,
    };
    One { id, own: envelopes.remove(0).account, cover: to.seal_cover(&cover).unwrap() }
}

fn chain(identities: &[AgeIdentity]) -> Chain {
    let root = SigningKey::generate(&mut OsRng);
    let name = KeyName::parse("root-1").unwrap();
    let second = SigningKey::generate(&mut OsRng);
    let other = KeyName::parse("root-2").unwrap();
    let roots = vec![
        NamedKey { name: name.clone(), key: root.verifying_key() },
        NamedKey { name: other, key: second.verifying_key() },
    ];
    let trust =
        TrustRoot { organisation: "Measured".to_owned(), threshold: 1, roots: roots.clone() };
    let reader = |identity: &AgeIdentity| Reader {
        id: ReaderId::random(&mut OsRng),
        role: Role::Guardian,
        recipient: identity.recipient(),
        signing: SigningKey::generate(&mut OsRng).verifying_key(),
        since: 1,
    };
    let keyring = Keyring {
        organisation: "Measured".to_owned(),
        epoch: 1,
        previous: Digest::NONE,
        kind: Kind::PostQuantum,
        salt: Salt([7; 32]),
        not_after: SystemClock.today().plus_days(180),
        threshold: 1,
        roots,
        readers: identities.iter().map(reader).collect(),
        vouches: Vec::new(),
    };
    let mut note = SignedNote::new(keyring.to_text()).unwrap();
    note.sign(&name, &root);
    Chain::verify(&[note.to_text()], &trust).unwrap()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Memory of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}
