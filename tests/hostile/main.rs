//! What strangers, enemies and broken phones send to the form, one row of `docs/hostile.md` after the
//! other, over raw sockets against a real server.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test says what is wrong by failing"
)]

#[path = "../common/mod.rs"]
mod common;

mod answers;
mod bodies;
mod desk;
mod fields;
mod files;
mod floods;
mod heads;
mod mailbox;
mod multipart;
mod slow;
mod smuggling;
mod stage;
mod table;
