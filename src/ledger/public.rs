//! The public log: one line for each week, keyring and site manifest, and the batches behind the weeks.
//!
//! In scope: lines, batches, promises, and proofs that join them. Out of scope: when a batch is made.

use data_encoding::HEXLOWER;
use rand::{CryptoRng, RngCore, seq::SliceRandom as _};

use super::{Checkpoint, CheckpointError, Frontier, LedgerKey, tree::leaf_hash_of};
use crate::{
    clock::Week,
    digest::Digest,
    note::{NamedKey, NoteError, SignedNote},
};

/// Leaves of the smallest batch; larger ones have twice as many, and so on.
pub const BATCH: usize = 4096;
/// Longest line, in bytes.
pub const MAX_ENTRY: usize = 200;
/// Goes before the organisation in the origin of the log's checkpoints, so that none of them is ever
/// taken for one of the feed's.
const ORIGIN: &str = "public log of ";
const WEEK: &str = "sandyk/week/v1";
const KEYRING: &str = "sandyk/keyring/v1";
const SITE: &str = "sandyk/site/v1";
const PROMISE: &str = "sandyk promise v1";

/// The origin of the checkpoints of an organisation's public log.
#[must_use]
pub fn log_origin(organisation: &str) -> String {
    format!("{ORIGIN}{organisation}")
}

/// One line of the public log, a leaf of its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogEntry {
    /// A week that is over.
    Week {
        /// Which.
        week: Week,
        /// Leaves of its batch: [`BATCH`] times a power of two.
        leaves: u64,
        /// The root over them.
        root: Digest,
    },
    /// A keyring that was published.
    Keyring {
        /// Its number.
        epoch: u32,
        /// SHA-256 of its signed note.
        digest: Digest,
    },
    /// A site manifest that was published.
    Site {
        /// Its number.
        number: u32,
        /// SHA-256 of its signed note.
        digest: Digest,
    },
}

impl LogEntry {
    /// The line, without a newline.
    #[must_use]
    pub fn to_line(&self) -> String {
        match self {
            Self::Week { week, leaves, root } => format!("{WEEK} {week} {leaves} {root}"),
            Self::Keyring { epoch, digest } => format!("{KEYRING} {epoch} {digest}"),
            Self::Site { number, digest } => format!("{SITE} {number} {digest}"),
        }
    }

    /// Reads exactly what [`LogEntry::to_line`] writes.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let read = match words.as_slice() {
            [WEEK, week, leaves, root] => Self::Week {
                week: week.parse().ok()?,
                leaves: leaves.parse().ok()?,
                root: root.parse().ok()?,
            },
            [KEYRING, epoch, digest] => {
                Self::Keyring { epoch: epoch.parse().ok()?, digest: digest.parse().ok()? }
            }
            [SITE, number, digest] => {
                Self::Site { number: number.parse().ok()?, digest: digest.parse().ok()? }
            }
            _ => return None,
        };
        (read.to_line() == line).then_some(read)
    }
}

/// The leaf hash of a line of the log, known or of a later version.
#[must_use]
pub fn line_leaf(line: &str) -> Digest {
    leaf_hash_of(line.as_bytes())
}

/// The batch of a week: `real` among random leaves, at random places.
///
/// Nobody who sees it learns how many are real, as long as they are at most [`BATCH`].
#[must_use]
pub fn batch(mut real: Vec<Digest>, rng: &mut (impl RngCore + CryptoRng)) -> Vec<Digest> {
    let size = real.len().max(1).div_ceil(BATCH).next_power_of_two().saturating_mul(BATCH);
    real.reserve_exact(size.saturating_sub(real.len()));
    while real.len() < size {
        let mut leaf = [0; 32];
        rng.fill_bytes(&mut leaf);
        real.push(Digest::from_bytes(leaf));
    }
    real.shuffle(rng);
    real
}

/// The file of a batch: its leaf hashes, 32 bytes each, with nothing between them.
#[must_use]
pub fn batch_file(leaves: &[Digest]) -> Vec<u8> {
    leaves.iter().flat_map(|leaf| *leaf.as_bytes()).collect()
}

/// The leaf hashes in the file of a batch; `None` if it is of no size that there is.
#[must_use]
pub fn read_batch(file: &[u8]) -> Option<Vec<Digest>> {
    let (leaves, rest) = file.as_chunks::<32>();
    let fits = rest.is_empty() && leaves.len() >= BATCH && leaves.len().is_power_of_two();
    fits.then(|| leaves.iter().map(|leaf| Digest::from_bytes(*leaf)).collect())
}

/// The root over leaf hashes.
#[must_use]
pub fn root_over(leaves: impl IntoIterator<Item = Digest>) -> Digest {
    let mut frontier = Frontier::default();
    frontier.extend(leaves);
    frontier.root()
}

/// The server's word that a testimony will be in the batch of a week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The organisation; one line.
    pub organisation: String,
    /// The week.
    pub week: Week,
    /// The leaf hash of the testimony.
    pub leaf: Digest,
}

impl Promise {
    /// The signed note that a witness may keep.
    ///
    /// # Errors
    /// [`NoteError`] if the organisation is no line.
    pub fn sign(&self, key: &LedgerKey) -> Result<String, NoteError> {
        key.sign_text(self.to_text())
    }

    /// Reads a promise and believes it if `key` signed it.
    ///
    /// Spaces around lines and the ends of lines of other machines, as copying adds them, are borne.
    ///
    /// # Errors
    /// [`CheckpointError::NotSigned`], [`CheckpointError::Shape`], or [`CheckpointError::Note`].
    pub fn verify(note: &str, key: &NamedKey) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(&tidy(note))?;
        if note.signers(std::slice::from_ref(key))?.is_empty() {
            return Err(CheckpointError::NotSigned);
        }
        Self::parse(note.text()).ok_or(CheckpointError::Shape)
    }

    fn to_text(&self) -> String {
        let leaf = HEXLOWER.encode(self.leaf.as_bytes());
        format!("{PROMISE}\n{}\nweek {}\nleaf {leaf}\n", self.organisation, self.week)
    }

    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.split('\n').collect();
        let [PROMISE, organisation, week, leaf, ""] = lines.as_slice() else { return None };
        let week = week.strip_prefix("week ")?.parse().ok()?;
        let leaf = leaf.strip_prefix("leaf ")?.parse().ok()?;
        let read = Self { organisation: (*organisation).to_owned(), week, leaf };
        (read.to_text() == text && !organisation.is_empty()).then_some(read)
    }
}

/// Whether a text is meant to be a promise.
#[must_use]
pub fn looks_like_a_promise(text: &str) -> bool {
    text.trim_start().starts_with(PROMISE)
}

/// The note without what copying by hand adds around its lines.
fn tidy(note: &str) -> String {
    let lines: Vec<&str> = note.trim().lines().map(str::trim).collect();
    format!("{}\n", lines.join("\n"))
}

impl LedgerKey {
    /// Signs the checkpoint of a public log of these lines.
    ///
    /// # Errors
    /// [`CheckpointError`] if the organisation is no line.
    pub fn sign_log(
        &self,
        organisation: &str,
        lines: &[String],
    ) -> Result<String, CheckpointError> {
        let root = root_over(lines.iter().map(|line| line_leaf(line)));
        let size = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        self.sign(&Checkpoint { origin: log_origin(organisation), size, root })
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::OsRng;

    use super::*;
    use crate::secret::Secret;

    fn key() -> (LedgerKey, NamedKey) {
        let key = LedgerKey::from_seed(&Secret::take(&mut [5; 32])).unwrap();
        let named = NamedKey::parse(&key.verifier()).unwrap();
        (key, named)
    }

    fn promise() -> Promise {
        let week = "2026-W47".parse().unwrap();
        Promise { organisation: "Organisation A".into(), week, leaf: Digest::of(b"leaf") }
    }

    #[test]
    fn a_line_survives_being_written_down_and_no_other_is_read() {
        let week = "2026-W47".parse().unwrap();
        let week = LogEntry::Week { week, leaves: 4096, root: Digest::of(b"root") };
        let keyring = LogEntry::Keyring { epoch: 3, digest: Digest::of(b"note") };
        let site = LogEntry::Site { number: 2, digest: Digest::of(b"site") };
        for entry in [week, keyring, site] {
            let line = entry.to_line();
            assert_eq!(LogEntry::parse(&line), Some(entry));
            assert!(line.len() < MAX_ENTRY);
            for bad in [format!("{line} "), format!("{line}\n"), line.replace("/v1", "/v2")] {
                assert_eq!(LogEntry::parse(&bad), None, "{bad:?}");
            }
        }
        assert_eq!(LogEntry::parse(&week.to_line().replace("4096", "04096")), None);
    }

    #[test]
    fn a_batch_holds_every_real_leaf_and_its_size_says_nothing() {
        for (count, size) in [(0, 4096), (1, 4096), (4096, 4096), (4097, 8192), (8193, 16384)] {
            let real: Vec<Digest> = (0..count).map(|n: u32| Digest::of(&n.to_le_bytes())).collect();
            let made = batch(real.clone(), &mut OsRng);
            assert_eq!(made.len(), size);
            let all: std::collections::BTreeSet<_> = made.iter().collect();
            assert_eq!(all.len(), size, "all of them differ");
            assert!(real.iter().all(|leaf| all.contains(leaf)));
            assert_eq!(read_batch(&batch_file(&made)), Some(made));
        }
        for bad in [0, 32, 4096 * 32 - 1, 4096 * 32 + 32, 3 * 4096 * 32] {
            assert_eq!(read_batch(&vec![0; bad]), None, "{bad}");
        }
    }

    #[test]
    fn real_leaves_stand_anywhere_in_a_batch() {
        // The mean place of one leaf among 4096, over 200 batches: 2047.5, and it strays by 84.
        let mut sum = 0;
        for _ in 0..200 {
            let made = batch(vec![Digest::of(b"real")], &mut OsRng);
            sum += made.iter().position(|leaf| *leaf == Digest::of(b"real")).unwrap();
        }
        let mean = sum / 200;
        assert!((1400..2700).contains(&mean), "{mean}");
    }

    #[test]
    fn a_promise_is_believed_as_it_was_copied_and_not_as_it_was_changed() {
        let (key, named) = key();
        let note = promise().sign(&key).unwrap();
        assert_eq!(Promise::verify(&note, &named), Ok(promise()));
        let copied = format!("\n  {}  \r\n", note.trim_end().replace('\n', " \r\n"));
        assert_eq!(Promise::verify(&copied, &named), Ok(promise()));
        let other = note.replacen("W47", "W48", 1);
        assert!(matches!(Promise::verify(&other, &named), Err(CheckpointError::Note(_))));
        let stranger = LedgerKey::from_seed(&Secret::take(&mut [6; 32])).unwrap();
        let stranger = NamedKey::parse(&stranger.verifier()).unwrap();
        assert!(Promise::verify(&note, &stranger).is_err());
    }

    #[test]
    fn no_signed_note_is_taken_for_another_kind() {
        let (key, named) = key();
        let log = key.sign_log("Organisation A", &["a line".into()]).unwrap();
        let promised = promise().sign(&key).unwrap();
        assert_eq!(Promise::verify(&log, &named), Err(CheckpointError::Shape));
        assert_eq!(Checkpoint::verify(&promised, &named), Err(CheckpointError::Shape));
        let read = Checkpoint::verify(&log, &named).unwrap();
        assert_eq!((read.origin.as_str(), read.size), ("public log of Organisation A", 1));
    }
}
