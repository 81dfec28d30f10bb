//! The attention file: how much waits for a reader, in numbers and nothing else.
//!
//! Promises: 1. the file holds counts by kind and a random number; no id, no week, no word of anybody;
//! 2. it has one size, its owner alone may read it, and it is old or new, never half; 3. a file that
//! is missing, half or of another version reads as none.
//! Does not: say which testimony is meant; only the person with the keys sees that.
//! Spec: `docs/format/workspace.md`, "Attention".

use std::{io, path::Path};

use serde::{Deserialize, Serialize};

use crate::files::{self, Audience, Existing};

/// How much a reader has not read, by kind; `attention.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Testimonies of either kind below that are urgent.
    pub urgent: u64,
    /// Testimonies that continue no other.
    pub new: u64,
    /// What witnesses sent on: answers, corrections, consent, withdrawals.
    pub answers: u64,
    /// Things wrong with feed or workspace that a person must see.
    pub alarms: u64,
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attention {
    schema: String,
    /// Another random number whenever somebody should look, below 2^53.
    pub call: u64,
    /// How much waits.
    pub waiting: Counts,
}

impl Attention {
    /// What is to be written.
    #[must_use]
    pub fn new(call: u64, waiting: Counts) -> Self {
        Self { schema: SCHEMA.to_owned(), call, waiting }
    }

    /// Reads the file; `None` if it is missing, half written, or of another version.
    #[must_use]
    pub fn load(path: &Path) -> Option<Self> {
        let bytes = files::load_plain(path, MAX).ok()?;
        let read: Self = serde_json::from_slice(&bytes).ok()?;
        (read.schema == SCHEMA).then_some(read)
    }

    /// Writes the file anew, whether it says something else or not: its time tells nothing then.
    ///
    /// # Errors
    /// Whatever the file system says; the old file stands then.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.resize(SIZE.max(bytes.len()), b' ');
        bytes.push(b'\n');
        files::save(path, &bytes, Audience::Owner, Existing::Replace)
    }
}

const SCHEMA: &str = "attention/1";
/// Bytes before the newline: more than the largest counts take.
const SIZE: usize = 255;
const MAX: u64 = 4 << 10;

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn the_file_has_one_size_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("attention.json");
        let most = u64::MAX;
        let full = Counts { urgent: most, new: most, answers: most, alarms: most };
        for (call, waiting) in [(0, Counts::default()), (1 << 52, full)] {
            let written = Attention::new(call, waiting);
            written.save(&path).unwrap();
            assert_eq!(Attention::load(&path), Some(written));
            let about = fs::metadata(&path).unwrap();
            assert_eq!((about.len(), about.permissions().mode() & 0o777), (256, 0o600));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_missing_half_or_foreign_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("attention.json");
        assert_eq!(Attention::load(&path), None);
        Attention::new(7, Counts { urgent: 1, ..Counts::default() }).save(&path).unwrap();
        let whole = fs::read(&path).unwrap();
        let end = whole.iter().rposition(|&b| b == b'}').unwrap();
        let put = |bytes: &[u8]| {
            files::save(&path, bytes, Audience::Owner, Existing::Replace).unwrap();
        };
        for cut in 0..=end {
            put(&whole[..cut]);
            assert_eq!(Attention::load(&path), None, "{cut}");
        }
        let text = String::from_utf8(whole).unwrap();
        for other in [
            text.replace("attention/1", "attention/2"),
            text.replace("urgent", "who"),
            text.replace("\"new\":0", "\"new\":-1"),
            text.replace("\"new\":0", "\"new\":0,\"id\":\"x\""),
        ] {
            assert_ne!(other, text);
            put(other.as_bytes());
            assert_eq!(Attention::load(&path), None, "{other}");
        }
    }
}
