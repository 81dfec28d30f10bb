//! What is kept, what is forgotten, and how both are checked.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "tests say what they expect by failing, and break files on purpose"
)]

mod commands;
mod forget;
#[path = "../office/mod.rs"]
mod office;
mod restore;
