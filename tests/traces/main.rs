//! What a witness gives is nowhere in the open, and nothing tells when they gave it.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test says what is wrong by failing, and loudly what it skips"
)]

#[path = "../common/mod.rs"]
mod common;
mod life;
mod machine;
mod memory;
mod organisation;
mod search;
mod times;
