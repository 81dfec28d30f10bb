//! What is kept, what is forgotten, and how both are checked.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "tests say what they expect by failing, and break files on purpose"
)]

mod blobs;
mod commands;
mod forget;
#[path = "../office/mod.rs"]
mod office;
mod rescue;
mod restore;
mod retire;

use std::time::Duration;

use sandyk::sync::{Report, SyncError};

/// Syncs, again if somebody else seems to: a program that another test starts holds every lock of this
/// one for a moment, between fork and exec.
async fn alone(sync: impl AsyncFn() -> Result<Report, SyncError>) -> Result<Report, SyncError> {
    for _ in 0..200 {
        match sync().await {
            Err(SyncError::InUse) => tokio::time::sleep(Duration::from_millis(10)).await,
            other => return other,
        }
    }
    Err(SyncError::InUse)
}
