//! Lives: plans of steps, lived on all cores, cut down when they fail.

use std::{
    collections::BTreeMap,
    fmt,
    ops::RangeInclusive,
    panic,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

use crate::world::World;

/// A seed and the steps of its life that are lived, by their numbers.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) steps: Vec<u32>,
}

impl Plan {
    pub(crate) fn of(seed: u64, steps: u32) -> Self {
        Self { seed, steps: (0..steps).collect() }
    }

    pub(crate) fn parse(told: &str) -> Option<Self> {
        let (seed, steps) = told.split_once(':')?;
        let steps = steps.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
        Some(Self { seed: seed.parse().ok()?, steps })
    }

    /// Lives it; panics where the real thing and the model differ.
    pub(crate) fn live(&self) -> BTreeMap<&'static str, usize> {
        let mut world = World::begin(self.seed);
        let begun = world.today();
        for &step in &self.steps {
            // Each step has its own chance, so that leaving one out leaves the others as they are.
            world.rng = ChaCha20Rng::seed_from_u64(self.seed ^ (u64::from(step) + 1) << 32);
            world.step();
            world.check(2);
        }
        world.check_in_the_end();
        let days = begun.days_until(world.today());
        world.counts.insert("days", usize::try_from(days).unwrap());
        world.counts
    }

    fn fails(&self) -> bool {
        panic::catch_unwind(|| self.live()).is_err()
    }

    /// The steps without which it does not fail.
    fn shrunk(mut self) -> Self {
        let mut size = self.steps.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < self.steps.len() {
                let mut less = self.clone();
                less.steps.drain(at..(at + size).min(self.steps.len()));
                if less.fails() {
                    self = less;
                } else {
                    at += size;
                }
            }
            size /= 2;
        }
        self
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<_> = self.steps.iter().map(u32::to_string).collect();
        write!(f, "{}:{}", self.seed, steps.join(","))
    }
}

/// Lives one life for each seed, and says what happened in all of them.
pub(crate) fn live_all(seeds: RangeInclusive<u64>, steps: u32) {
    let next = AtomicU64::new(*seeds.start());
    let total: Mutex<BTreeMap<&str, usize>> = Mutex::default();
    let failed: Mutex<Option<Plan>> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if !seeds.contains(&seed) || failed.lock().unwrap().is_some() {
                        break;
                    }
                    let plan = Plan::of(seed, steps);
                    match panic::catch_unwind(|| plan.live()) {
                        Ok(counts) => {
                            let mut total = total.lock().unwrap();
                            for (what, n) in counts {
                                *total.entry(what).or_default() += n;
                            }
                        }
                        Err(_) => *failed.lock().unwrap() = Some(plan),
                    }
                }
            });
        }
    });
    if let Some(plan) = failed.into_inner().unwrap() {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(|_| ()));
        let plan = plan.shrunk();
        panic::set_hook(loud);
        panic!("live it again: SANDYK_SIMULATION={plan} cargo test --test simulation replay");
    }
    let total = total.into_inner().unwrap();
    eprintln!("{} years", total["days"] / 365);
    for (what, n) in total {
        eprintln!("{n:>9} {what}");
    }
}

impl World {
    fn step(&mut self) {
        let days = self.rng.gen_range(0..30);
        self.wait(days);
        let pick = self.rng.r#gen();
        match self.rng.gen_range(0..100) {
            0..30 => self.testimony(),
            30..38 => self.renew(),
            38..43 => self.retire(pick),
            43..50 => self.join(),
            50..54 => self.change_roots(),
            54..57 => self.forge(),
            57..60 => self.forge_newcomer(),
            60..62 => self.suspend(pick),
            62..72 => self.look(pick),
            72..84 => self.rewrap(pick),
            84..88 => self.spoil(pick),
            88..91 => self.attack_envelopes(pick),
            91..93 => self.restart(),
            93..95 => self.drop_gone(),
            _ => {
                let who = pick as usize % self.people.len();
                self.sync(who);
            }
        }
    }
}
