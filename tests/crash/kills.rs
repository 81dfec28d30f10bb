//! A server that is killed at any moment under sixteen witnesses keeps every acknowledged testimony.

use std::{
    fs,
    time::{Duration, Instant},
};

use rand::{Rng as _, SeedableRng as _, rngs::OsRng};
use rand_chacha::ChaCha20Rng;

use crate::{common::Server, storm::Storm, town::Town};

fn rebuilt(server: &mut Server) -> bool {
    server.heard().iter().any(|line| line.contains("the index was rebuilt"))
}

fn killed(times: u32) {
    let seed: u64 = OsRng.r#gen();
    eprintln!("moments of the kills from seed {seed}");
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut town = Town::found("");
    let folder = town.organisation.at("store");
    let mut storm = Storm::new(600_000);
    let (mut unfinished, mut orphans, began) = (0, 0, Instant::now());
    let mut server = town.serve();
    for kill in 1..=times {
        let moment = (rng.gen_range(1..=30), Duration::from_micros(rng.gen_range(0..100_000)));
        let address = server.address().to_owned();
        storm.until(&address, moment, || server.kill());
        let count = |name: &str| fs::read_dir(folder.join(name)).unwrap().count();
        unfinished += count("tmp");
        let left = count("blobs");
        server = town.serve();
        assert!(rebuilt(&mut server), "after kill {kill}: {:?}", server.said);
        town.read();
        town.compare(&storm.all);
        town.nothing_half_is_stored(&folder);
        orphans += left - count("blobs");
    }
    server.stop();
    // Fetched and opened anew, by somebody who has seen nothing yet.
    let mut server = town.serve();
    assert!(!rebuilt(&mut server), "after a good end: {:?}", server.said);
    town.forget();
    town.read();
    town.compare(&storm.all);
    server.stop();
    let (kept, sent) = (storm.acknowledged(), storm.all.len());
    eprintln!(
        "{times} kills in {:.0?}: {sent} sent, {kept} acknowledged, 0 lost; {unfinished} unfinished \
         files and {orphans} orphans swept",
        began.elapsed()
    );
    assert!(unfinished > 0, "the kills came when nobody was sending");
    assert!(kept >= times as usize, "one receipt for each life of the server");
}

#[test]
fn nothing_acknowledged_is_lost_in_twenty_kills_under_sixteen_witnesses() {
    killed(20);
}

#[test]
#[ignore = "200 kills; tests/nightly runs it"]
fn nothing_acknowledged_is_lost_in_two_hundred_kills_under_sixteen_witnesses() {
    killed(200);
}
