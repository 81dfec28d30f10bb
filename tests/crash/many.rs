//! Many at once: whoever was given a receipt is read as they wrote.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

use crate::{
    town::Town,
    witness::{How, Outcome, Plan, Sent},
};

/// So many witnesses at the same moment; a fifth of them drops the line somewhere.
pub(crate) fn at_once(address: &str, numbers: std::ops::Range<usize>, most: usize) -> Vec<Sent> {
    std::thread::scope(|scope| {
        let witness = |number: usize| {
            scope.spawn(move || {
                let mut rng = ChaCha20Rng::seed_from_u64(number as u64);
                let cut = number % 5 == 3;
                let how = if cut { How::Until(rng.gen_range(0..1000)) } else { How::Whole };
                Plan::mixed(number, 7, most).send(address, how)
            })
        };
        let all: Vec<_> = numbers.map(witness).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn from_one_to_two_hundred_and_fifty_six_at_once_everything_acknowledged_is_read_as_sent() {
    let mut town = Town::found("");
    let server = town.serve();
    let mut all: Vec<Sent> = Vec::new();
    for witnesses in [1, 4, 16, 64, 256] {
        let first = all.len();
        let sent = at_once(server.address(), first..first + witnesses, 4 << 20);
        for sent in sent.iter().filter(|sent| sent.outcome != Outcome::Cut) {
            assert_eq!(sent.outcome, Outcome::Acknowledged, "{}", sent.number);
        }
        all.extend(sent);
        town.read();
        town.compare(&all);
    }
    let files: u64 = all.iter().flat_map(|sent| &sent.files).map(|(_, bytes, _)| bytes).sum();
    let cut = all.iter().filter(|sent| sent.outcome == Outcome::Cut).count();
    eprintln!("{} sent, {cut} of them cut off, {} MB of files", all.len(), files / 1_000_000);
    assert_eq!(town.opened(), all.len() - cut);
    server.stop();
    town.nothing_half_is_stored(&town.organisation.at("store"));
}
