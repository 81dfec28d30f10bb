//! What is kept and done for witnesses who come back.

use serde::Deserialize;

/// How long replies are kept, and how many come back at once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailboxConfig {
    /// Weeks after which a reply that nobody deleted goes, 4 to 520.
    pub keep_weeks: u16,
    /// Argon2id runs at once for those who come back, 19 MiB each; 0: one for every two cores.
    pub derivations_at_once: usize,
    /// How many may wait for theirs; the next one is told to come later.
    pub waiting: usize,
}

impl Default for MailboxConfig {
    fn default() -> Self {
        Self { keep_weeks: 52, derivations_at_once: 0, waiting: 256 }
    }
}

impl MailboxConfig {
    /// Argon2id runs at once: as configured, or one for every two cores.
    ///
    /// The other cores are for what is being sent; while something is, only a quarter of these begin.
    #[must_use]
    pub fn derivations(&self) -> usize {
        match self.derivations_at_once {
            0 => std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2)),
            some => some,
        }
    }
}
