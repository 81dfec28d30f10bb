//! The feed tree and the public log: what is there, in which order, under one hash.
//!
//! What it is: the RFC 6962 tree over every event in commit order, the leaves of which say
//! nothing to those who lack their salt, and its checkpoints as C2SP signed notes; for the
//! public, a log of one line a week, behind each a batch that hides how many testimonies came.
//!
//! Promises:
//! 1. A leaf is bound to one kind, one id and one content ([`feed::FeedItem::leaf`]), and to
//!    nothing that can be guessed without its 32 random bytes of salt.
//! 2. Two feeds with the same size and root hold the same leaves in the same order.
//! 3. A checkpoint is believed only with the signature of the key that it was asked for.
//! 4. Memory for a root is at most 64 hashes, whatever the size ([`Frontier`]); for proofs it is a
//!    quarter of a byte for each leaf ([`Tree`]).
//! 5. No signed note of one kind is taken for another: feed, public log and promise differ in their
//!    first lines.
//! 6. A proof that is accepted holds: of a leaf in a tree, and of a tree that grew from another.
//!
//! Does not: know what is sealed or said, or keep leaves.
//!
//! Spec: `docs/format/ledger.md`; RFC 6962 §2.1; c2sp.org/tlog-checkpoint.

mod checkpoint;
pub mod feed;
mod key;
mod proof;
mod prove;
pub mod public;
#[cfg(test)]
mod tests;
mod tree;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use key::{Feed, LedgerKey, LedgerKeyError};
pub use proof::{Kept, Proof, ProofError, PublicFiles};
pub use prove::{Fetch, MAX_PROOF, ProveError, RUN, Tree, is_consistent, root_from};
pub use tree::{Frontier, commitment, leaf_hash};
