//! The ceremony of the administrators, from the first root key to a folder that a server reads.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "tests fail by panicking, with the values in hand"
)]

mod acts;
mod ahead;
mod attacks;
mod ceremony;
mod commands;
mod document;
mod forged;
mod kinds;
mod manifest;
mod parties;
mod rehearsals;
mod stage;
mod suspended;
