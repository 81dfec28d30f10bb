//! What backups keep.

use std::path::PathBuf;

use serde::Deserialize;

/// What backups keep, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackupConfig {
    /// Days after which envelopes go from a backup's folder: 1 to 14.
    pub envelope_days: u16,
    /// Other folders with backups that every run looks through for envelopes that are too old.
    pub copies: Vec<PathBuf>,
}

impl Default for BackupConfig {
    fn default() -> Self {
        Self { envelope_days: 14, copies: Vec::new() }
    }
}
