//! Power cuts: what the device has is all that is left, and everything acknowledged is in it.
//!
//! The model: the server is frozen, ext4 is shut down without flushing its journal (`xfs_io -x -c
//! shutdown`), unmounted and mounted again, so that whatever only the kernel's memory held is gone. What the device has
//! taken stays: a disk that lies about its own cache is not modelled. The control runs the same
//! server with `fsync` and `fdatasync` that do nothing, and must lose something.

use std::{
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use rand::{Rng as _, SeedableRng as _, rngs::OsRng};
use rand_chacha::ChaCha20Rng;

use crate::{
    common::Server,
    disk::Disk,
    storm::Storm,
    town::{Town, save_text},
};

/// A town whose store lies on a disk of its own.
fn town(options: &'static str) -> Option<(Town, Disk)> {
    let town = Town::found("");
    let disk = Disk::make(&town.organisation.at("disk"), 400, options)?;
    town.move_store("disk/store");
    Some((town, disk))
}

/// The power goes: nobody is told anything any more, and then nothing is written.
fn cut_off(server: Server, disk: &Disk) {
    server.freeze();
    disk.cut();
    server.kill();
}

fn cut(times: u32) {
    let Some((mut town, disk)) = town("defaults") else { return };
    let seed: u64 = OsRng.r#gen();
    eprintln!("moments of the cuts from seed {seed}");
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let folder = town.organisation.at("disk/store");
    let mut storm = Storm::new(600_000);
    let (mut swept, began) = (0, Instant::now());
    for _ in 0..times {
        let server = town.serve();
        let address = server.address().to_owned();
        let moment = (rng.gen_range(1..=30), Duration::from_micros(rng.gen_range(0..100_000)));
        storm.until(&address, moment, || cut_off(server, &disk));
        disk.back();
        let count = |name: &str| fs::read_dir(folder.join(name)).unwrap().count();
        let left = count("tmp") + count("blobs");
        let server = town.serve();
        town.read();
        town.compare(&storm.all);
        town.nothing_half_is_stored(&folder);
        swept += left - count("blobs");
        server.stop();
    }
    let server = town.serve();
    town.forget();
    town.read();
    town.compare(&storm.all);
    server.stop();
    let (kept, sent) = (storm.acknowledged(), storm.all.len());
    eprintln!(
        "{times} cuts in {:.0?}: {sent} sent, {kept} acknowledged, 0 lost; {swept} files swept",
        began.elapsed()
    );
    assert!(kept >= times as usize, "one receipt before each cut");
}

/// A library that makes `fsync` and `fdatasync` do nothing.
fn no_sync(town: &Town) -> PathBuf {
    let (source, library) = (town.organisation.at("no.c"), town.organisation.at("no.so"));
    save_text(&source, "int fsync(int f) { return 0; }\nint fdatasync(int f) { return 0; }\n");
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .status()
        .unwrap();
    assert!(made.success());
    library
}

#[test]
fn nothing_acknowledged_is_lost_in_six_power_cuts() {
    cut(6);
}

#[test]
#[ignore = "60 cuts; tests/nightly runs it"]
fn nothing_acknowledged_is_lost_in_sixty_power_cuts() {
    cut(60);
}

#[test]
fn the_power_cut_bites_a_server_that_does_not_sync() {
    // The kernel must not sync by itself in the few seconds of this test.
    let Some((mut town, disk)) = town("commit=60") else { return };
    let mut storm = Storm::new(60_000);
    let server = town.serve();
    let address = server.address().to_owned();
    storm.until(&address, (10, Duration::ZERO), || server.stop());
    let before = storm.acknowledged();
    let library = no_sync(&town);
    let server = town.serve_with(&[("LD_PRELOAD", &library)]);
    let address = server.address().to_owned();
    storm.until(&address, (20, Duration::ZERO), || cut_off(server, &disk));
    disk.back();
    let acknowledged = storm.acknowledged();
    let lost = match town.organisation.try_serve() {
        Ok(mut server) => {
            server.wait_for("desk listens on ");
            town.read();
            town.lost(&storm.all).len()
        }
        // What cannot be opened is lost until somebody repairs it.
        Err(_) => acknowledged,
    };
    eprintln!("not synced: {lost} of {acknowledged} acknowledged are lost ({before} were synced)");
    assert!(lost > 0, "the model does not bite: it would show no loss anywhere");
}
