//! A reader's side, run as the real program on workspaces as sync makes them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "tests may fall, and write files in passing"
)]

mod alarms;
mod answers;
mod calls;
mod casebook;
mod commands;
mod damage;
mod doctor;
mod first;
#[path = "../keyring/forged.rs"]
mod forged;
mod forgeries;
mod forget;
mod hostile;
mod leaving;
mod measure;
mod order;
mod recovery;
mod replies;
mod room;
#[path = "../cli/screens.rs"]
mod screens;
mod texts;
mod threads;
mod watch;
mod witness;
