//! Random years of an organisation, against a small model of who may open what.
//!
//! People join, leave and are arrested, keyrings are renewed, also ahead, roots change, readers write the casebook
//! side by side, servers lie, fall at a commit and lose things. After every step the real envelopes open for exactly
//! those for whom the model says so, and the casebook says what the model says.
//!
//! `model.rs` and `casebook.rs` are the model: sets and rules, and of the product only days and roles. The other files
//! do the same to the real thing: `disk.rs` is the store that falls, `world.rs` and `people.rs` hold the keys,
//! `serving.rs` is the desk and the machines, `reviews.rs` and `reading.rs` the real review, `harm.rs` what stolen keys and
//! the server do to envelopes, and `check.rs` compares.
//! A life is told by its seed; one that fails is cut down to the steps that it needs, and printed:
//! `SANDYK_SIMULATION=seed:step,step cargo test --test simulation replay` lives it again.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests say what they expect by failing"
)]

mod ahead;
mod casebook;
mod check;
mod disk;
mod harm;
mod joins;
mod keyrings;
mod life;
mod model;
mod people;
mod reading;
mod reviews;
mod rewraps;
mod serving;
mod world;

use life::{Plan, live_all};

/// Steps of one life: six years, two weeks or so between them.
const STEPS: u32 = 150;

#[test]
fn in_random_years_exactly_the_right_people_open_exactly_the_right_things() {
    live_all(1..=10, STEPS);
}

#[test]
#[ignore = "takes minutes: tests/nightly"]
fn in_thousands_of_random_years_exactly_the_right_people_open_exactly_the_right_things() {
    live_all(1_000..=1_999, STEPS);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a person says which life to live again")]
fn replay() {
    if let Ok(told) = std::env::var("SANDYK_SIMULATION") {
        Plan::parse(&told).unwrap().live();
    }
}
