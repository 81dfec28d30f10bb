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
    time::{Duration, Instant},
};

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

use crate::{model::Who, world::World};

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

    /// Without steps that it fails without, as many as are found in a minute.
    fn shrunk(mut self) -> Self {
        let end = Instant::now() + Duration::from_mins(1);
        let mut size = self.steps.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < self.steps.len() && Instant::now() < end {
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
                            if (seed - seeds.start()) % 100 == 99 {
                                tell(&total);
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
    eprintln!("seeds {} to {}", seeds.start(), seeds.end());
    tell(&total.into_inner().unwrap());
}

fn tell(total: &BTreeMap<&str, usize>) {
    eprintln!("{} years", total["days"] / 365);
    for (what, n) in total {
        eprintln!("{n:>9} {what}");
    }
}

impl World {
    fn step(&mut self) {
        let days = self.rng.gen_range(0..30);
        self.wait(days);
        let pick: u32 = self.rng.r#gen();
        let who = self.somebody(pick);
        match self.rng.gen_range(0..100) {
            0..22 => self.testimony(),
            22..28 => self.renew(),
            28..30 => self.sign_ahead(),
            30..34 => self.publish_ahead(),
            34..38 => self.retire(pick),
            38..44 => self.join(),
            44..47 => self.change_roots(),
            47..49 => self.forge(),
            49..51 => self.forge_newcomer(),
            51..53 => self.suspend(pick),
            53..58 => self.look(pick),
            58..69 => self.rewrap(pick),
            69..83 => self.write_act(who),
            83..87 => self.hand_out(who),
            87..89 => self.smuggle(pick),
            89..91 => self.spoil(pick),
            91..93 => self.attack_envelopes(pick),
            93..94 => self.restart(),
            94..96 => self.drop_gone(),
            96..98 => self.check_book(who),
            _ => self.sync(who),
        }
    }

    /// Mostly a reader of the newest keyring; else anybody who ever was, or tried to become, one.
    fn somebody(&mut self, pick: u32) -> Who {
        let readers: Vec<Who> = self.model.now().readers.keys().copied().collect();
        if self.rng.gen_bool(0.8) {
            return readers[pick as usize % readers.len()];
        }
        pick as usize % self.people.len()
    }
}
