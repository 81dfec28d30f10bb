//! How long proofs take in a feed of a million events, read from a real store.
//!
//! `cargo run --example ledger_bench -- [LEAVES] [FOLDER]`
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints what it measured"
)]
#![expect(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "numbers of a bench")]

use std::{
    ops::Range,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{Rng as _, RngCore as _, SeedableRng as _};
use sandyk::{
    digest::Digest,
    ledger::{Fetch, Tree, is_consistent, leaf_hash, root_from},
    store::{Commit, Cursor, NewEvent, SledStore, Store as _, StoreError},
};

/// Bytes of an event's payload, about those of a testimony's item.
const PAYLOAD: usize = 700;
/// Writers at once.
const WRITERS: u64 = 64;
/// Proofs that are timed.
const PROOFS: usize = 1000;

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let leaves: u64 = args.next().map_or(1_000_000, |n| n.parse().unwrap());
    let folder = match args.next() {
        Some(place) => tempfile::tempdir_in(place).unwrap(),
        None => tempfile::tempdir().unwrap(),
    };
    fill(folder.path(), leaves).await;
    let began = Instant::now();
    let store = SledStore::open(folder.path()).unwrap();
    println!("opened a closed store of {leaves} events in {:.2?}", began.elapsed());
    let began = Instant::now();
    let mut tree = Tree::default();
    while tree.size() < leaves {
        for event in store.changes(Cursor(tree.size()), 256).unwrap() {
            tree.push(event.leaf);
        }
    }
    println!("built the tree from the store in {:.2?}", began.elapsed());
    let mut rng = rand::rngs::StdRng::seed_from_u64(1);
    let mut read = |range: Range<u64>| -> Result<Vec<Digest>, StoreError> {
        let count = usize::try_from(range.end - range.start).unwrap();
        Ok(store.changes(Cursor(range.start), count)?.into_iter().map(|e| e.leaf).collect())
    };
    let read: &mut Fetch<'_, StoreError> = &mut read;
    let root = tree.root_at(leaves, read).unwrap();
    let mut times = Vec::new();
    for _ in 0..PROOFS {
        let index = rng.gen_range(0..leaves);
        let began = Instant::now();
        let proof = tree.inclusion(index, leaves, read).unwrap();
        times.push(began.elapsed());
        let leaf = store.changes(Cursor(index), 1).unwrap()[0].leaf;
        assert!(root_from(&leaf, index, leaves, &proof) == Some(root));
    }
    say("inclusion", &mut times);
    for _ in 0..PROOFS {
        let old = rng.gen_range(1..=leaves);
        let began = Instant::now();
        let proof = tree.consistency(old, leaves, read).unwrap();
        times.push(began.elapsed());
        let before = tree.root_at(old, read).unwrap();
        assert!(is_consistent((old, &before), (leaves, &root), &proof));
    }
    say("consistency", &mut times);
}

fn say(what: &str, times: &mut Vec<Duration>) {
    times.sort();
    let (half, most) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{what}: median {half:.2?}, longest of {} {most:.2?}", times.len());
    times.clear();
}

async fn fill(folder: &Path, leaves: u64) {
    let began = Instant::now();
    let store = Arc::new(SledStore::open(folder).unwrap());
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut rng = rand::rngs::StdRng::seed_from_u64(writer);
                for n in (writer..leaves).step_by(usize::try_from(WRITERS).unwrap()) {
                    let mut payload = vec![0; PAYLOAD];
                    rng.fill_bytes(&mut payload);
                    let mut id = [0; 16];
                    id[..8].copy_from_slice(&n.to_le_bytes());
                    let leaf = leaf_hash(&Digest::of(&n.to_le_bytes()));
                    let event = Some(NewEvent { leaf, payload });
                    store.commit(Commit { id, event, ..Commit::default() }).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    Arc::into_inner(store).unwrap().close().await.unwrap();
    println!("filled in {:.1?}", began.elapsed());
}
