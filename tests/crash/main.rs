//! Many witnesses at once, and what a bad server room does to them.
//!
//! Every test here ends the same way: a guardian syncs from the real desk, opens everything with
//! the code of `review`, and compares it with what was sent (`town.rs`). What takes long is
//! ignored here and called by `tests/nightly`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "tests say what they expect by failing, and print what they measured"
)]

#[path = "../common/mod.rs"]
mod common;
mod disk;
mod full;
mod kills;
mod many;
mod mixed;
mod power;
mod rehearsal;
mod sick;
mod slow;
mod storm;
mod town;
mod witness;
