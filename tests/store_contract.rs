//! The contract that every store engine keeps, and what the engine on disk adds to it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests stop at the first surprise and write broken files on purpose"
)]
#![cfg(feature = "serve")]

#[path = "store_contract/again.rs"]
mod again;
#[path = "store_contract/contract.rs"]
mod contract;
#[path = "store_contract/damage.rs"]
mod damage;
#[path = "store_contract/format.rs"]
mod format;
#[path = "store_contract/processes.rs"]
mod processes;
#[path = "store_contract/room.rs"]
mod room;
#[path = "store_contract/sweep.rs"]
mod sweep;
#[path = "store_contract/times.rs"]
mod times;
