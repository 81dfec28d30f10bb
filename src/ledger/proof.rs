//! The proof that a promise was kept: everything from the leaf to the signed checkpoint in one file.

use serde::{Deserialize, Serialize};

use super::{
    Checkpoint, CheckpointError, MAX_PROOF, Tree,
    prove::{ProveError, root_from},
    public::{LogEntry, Promise, line_leaf, log_origin, read_batch, root_over},
};
use crate::{clock::Week, digest::Digest, note::NamedKey};

/// What anybody can fetch from the site, for one week.
pub struct PublicFiles<'f> {
    /// The signed checkpoint of the log.
    pub checkpoint: &'f str,
    /// All lines of the log.
    pub entries: &'f str,
    /// The batch of the promised week.
    pub batch: &'f [u8],
}

/// A promise and why it was kept; JSON, no other fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    schema: String,
    /// Verifier key of the ledger that signed both notes.
    pub ledger_key: String,
    promise: String,
    /// The leaf in the batch of its week.
    batch: Path,
    /// The line of that week.
    entry: String,
    /// The line in the log.
    log: Path,
    checkpoint: String,
}

/// A place in a tree, and the hashes beside its way to the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Path {
    index: u64,
    hashes: Vec<Digest>,
}

/// What a proof proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The promise.
    pub promise: Promise,
    /// Lines of the log at its checkpoint.
    pub log: u64,
}

impl Proof {
    /// Joins a promise with what was fetched from the site; checks all of it.
    ///
    /// # Errors
    /// [`ProofError`], which says what does not hold.
    pub fn join(
        promise: &str,
        files: &PublicFiles<'_>,
        key: &NamedKey,
    ) -> Result<Self, ProofError> {
        let promised = Promise::verify(promise, key).map_err(ProofError::Promise)?;
        let lines: Vec<&str> = files.entries.lines().collect();
        let week = promised.week;
        let mut weeks = (0_u64..).zip(&lines).filter(|(_, line)| is_week(line, week));
        let (place, entry) = weeks.next().ok_or(ProofError::NoWeek(week))?;
        let leaves = read_batch(files.batch).ok_or(ProofError::Batch(week))?;
        let found = (0_u64..).zip(&leaves).find(|(_, leaf)| **leaf == promised.leaf);
        let (index, _) = found.ok_or(ProofError::Broken(week))?;
        let log: Vec<Digest> = lines.iter().map(|line| line_leaf(line)).collect();
        let proof = Self {
            schema: SCHEMA.to_owned(),
            ledger_key: key.to_text(),
            promise: promise.to_owned(),
            batch: Path { index, hashes: hashes(&leaves, index).ok_or(ProofError::Batch(week))? },
            entry: (**entry).to_owned(),
            log: Path { index: place, hashes: hashes(&log, place).ok_or(ProofError::Log)? },
            checkpoint: files.checkpoint.to_owned(),
        };
        let LogEntry::Week { leaves: size, root, .. } = proof.week_of(week)? else {
            return Err(ProofError::NoWeek(week));
        };
        if root_over(leaves.iter().copied()) != root || u64::try_from(leaves.len()) != Ok(size) {
            return Err(ProofError::Batch(week));
        }
        proof.verify(key).map(|_| proof)
    }

    /// Checks it from the leaf to the signed checkpoint; needs nothing else.
    ///
    /// # Errors
    /// [`ProofError`], which says what does not hold.
    pub fn verify(&self, key: &NamedKey) -> Result<Kept, ProofError> {
        let long = [&self.batch, &self.log].iter().any(|path| path.hashes.len() > MAX_PROOF);
        if self.schema != SCHEMA || long {
            return Err(ProofError::Shape);
        }
        let promise = Promise::verify(&self.promise, key).map_err(ProofError::Promise)?;
        let checkpoint =
            Checkpoint::verify(&self.checkpoint, key).map_err(ProofError::Checkpoint)?;
        if checkpoint.origin != log_origin(&promise.organisation) {
            return Err(ProofError::Checkpoint(CheckpointError::Shape));
        }
        let LogEntry::Week { leaves, root, .. } = self.week_of(promise.week)? else {
            return Err(ProofError::NoWeek(promise.week));
        };
        if self.batch.root(&promise.leaf, leaves) != Some(root) {
            return Err(ProofError::Broken(promise.week));
        }
        if self.log.root(&line_leaf(&self.entry), checkpoint.size) != Some(checkpoint.root) {
            return Err(ProofError::Log);
        }
        Ok(Kept { promise, log: checkpoint.size })
    }

    fn week_of(&self, week: Week) -> Result<LogEntry, ProofError> {
        let entry = LogEntry::parse(&self.entry).filter(|_| is_week(&self.entry, week));
        entry.ok_or(ProofError::NoWeek(week))
    }
}

impl Path {
    fn root(&self, leaf: &Digest, size: u64) -> Option<Digest> {
        root_from(leaf, self.index, size, &self.hashes)
    }
}

fn is_week(line: &str, of: Week) -> bool {
    matches!(LogEntry::parse(line), Some(LogEntry::Week { week, .. }) if week == of)
}

/// The proof of one of all leaves.
fn hashes(leaves: &[Digest], index: u64) -> Option<Vec<Digest>> {
    let mut tree = Tree::default();
    for leaf in leaves {
        tree.push(*leaf);
    }
    let mut read = |range: std::ops::Range<u64>| {
        let place = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Ok::<_, ProveError<()>>(
            leaves.get(place(range.start)..place(range.end)).unwrap_or(&[]).to_vec(),
        )
    };
    tree.inclusion(index, tree.size(), &mut read).ok()
}

/// Why a promise is not proved to be kept.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProofError {
    /// It is none of this server's.
    #[error("the promise is not believed: {0}")]
    Promise(CheckpointError),
    /// The log is none of this server's.
    #[error("the checkpoint of the public log is not believed: {0}")]
    Checkpoint(CheckpointError),
    /// The log has no line for the promised week.
    #[error("the public log has no line for {0}; it comes after the week is over")]
    NoWeek(Week),
    /// The batch is not the one that the line of its week names.
    #[error("the batch is not the one that the public log names for {0}")]
    Batch(Week),
    /// The promised leaf is not in the batch.
    #[error("BROKEN: the testimony is not in the batch of {0}, though the server promised it")]
    Broken(Week),
    /// The lines do not belong to the checkpoint.
    #[error("the lines of the public log do not fit its signed checkpoint")]
    Log,
    /// It is no proof of this version.
    #[error("this is not a proof of the form proof/1")]
    Shape,
}

const SCHEMA: &str = "proof/1";

#[cfg(test)]
mod tests {
    use rand::rngs::OsRng;

    use super::*;
    use crate::{
        ledger::{LedgerKey, public},
        secret::Secret,
    };

    struct Site {
        key: LedgerKey,
        promise: String,
        entries: Vec<String>,
        batch: Vec<u8>,
    }

    fn site() -> Site {
        let key = LedgerKey::from_seed(&Secret::take(&mut [5; 32])).unwrap();
        let (week, leaf) = ("2026-W47".parse().unwrap(), Digest::of(b"leaf"));
        let promise = Promise { organisation: "Organisation A".into(), week, leaf };
        let batch = public::batch(vec![leaf, Digest::of(b"another")], &mut OsRng);
        let root = root_over(batch.iter().copied());
        let before = LogEntry::Keyring { epoch: 1, digest: Digest::of(b"note") };
        let line = LogEntry::Week { week, leaves: 4096, root };
        let entries = [before, line].map(|entry| entry.to_line()).into();
        let promise = promise.sign(&key).unwrap();
        Site { key, promise, entries, batch: public::batch_file(&batch) }
    }

    impl Site {
        fn named(&self) -> NamedKey {
            NamedKey::parse(&self.key.verifier()).unwrap()
        }

        fn join(&self) -> Result<Proof, ProofError> {
            let checkpoint = self.key.sign_log("Organisation A", &self.entries).unwrap();
            let entries = format!("{}\n", self.entries.join("\n"));
            let (checkpoint, entries, batch) = (&*checkpoint, &*entries, &*self.batch);
            Proof::join(&self.promise, &PublicFiles { checkpoint, entries, batch }, &self.named())
        }
    }

    #[test]
    fn a_kept_promise_is_proved_by_one_file() {
        let site = site();
        let json = serde_json::to_string(&site.join().unwrap()).unwrap();
        let read: Proof = serde_json::from_str(&json).unwrap();
        let kept = read.verify(&site.named()).unwrap();
        assert_eq!((kept.log, kept.promise.leaf), (2, Digest::of(b"leaf")));
    }

    #[test]
    fn a_broken_promise_is_called_that() {
        let mut site = site();
        let week = "2026-W47".parse().unwrap();
        let batch = public::batch(vec![Digest::of(b"another")], &mut OsRng);
        let root = root_over(batch.iter().copied());
        site.entries[1] = LogEntry::Week { week, leaves: 4096, root }.to_line();
        site.batch = public::batch_file(&batch);
        assert_eq!(site.join(), Err(ProofError::Broken(week)));
    }

    #[test]
    fn a_lying_site_proves_nothing() {
        let week = "2026-W47".parse().unwrap();
        let mut other = site();
        other.batch[0] ^= 1;
        assert_eq!(other.join(), Err(ProofError::Batch(week)));
        let mut none = site();
        none.entries.pop();
        assert_eq!(none.join(), Err(ProofError::NoWeek(week)));
        let site = site();
        let good = site.join().unwrap();
        let hit = |change: fn(&mut Proof)| {
            let mut bad = good.clone();
            change(&mut bad);
            bad.verify(&site.named()).unwrap_err()
        };
        assert_eq!(hit(|p| p.batch.index ^= 1), ProofError::Broken(week));
        assert_eq!(hit(|p| p.batch.hashes[3] = Digest::NONE), ProofError::Broken(week));
        assert_eq!(hit(|p| p.log.index = 0), ProofError::Log);
        assert_eq!(hit(|p| p.log.hashes.clear()), ProofError::Log);
        assert_eq!(hit(|p| p.entry = p.entry.replace("W47", "W48")), ProofError::NoWeek(week));
        assert_eq!(hit(|p| p.schema.clear()), ProofError::Shape);
        assert!(matches!(hit(|p| p.checkpoint = p.promise.clone()), ProofError::Checkpoint(_)));
        assert!(matches!(hit(|p| p.promise = p.checkpoint.clone()), ProofError::Promise(_)));
        let feed = Checkpoint { origin: "Organisation A".into(), size: 2, root: Digest::NONE };
        let mut bad = good.clone();
        bad.checkpoint = site.key.sign(&feed).unwrap();
        assert!(matches!(bad.verify(&site.named()), Err(ProofError::Checkpoint(_))));
    }
}
