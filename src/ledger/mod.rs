//! The feed tree: what is in the feed, in which order, under one hash.
//!
//! What it is: the RFC 6962 tree over every event in commit order, the leaves of which say
//! nothing to those who lack their salt, and its checkpoints as C2SP signed notes.
//!
//! Promises:
//! 1. A leaf is bound to one kind, one id and one content ([`feed::FeedItem::leaf`]), and to
//!    nothing that can be guessed without its 32 random bytes of salt.
//! 2. Two feeds with the same size and root hold the same leaves in the same order.
//! 3. A checkpoint is believed only with the signature of the key that it was asked for.
//! 4. Memory for a root is at most 64 hashes, whatever the size ([`Frontier`]).
//!
//! Does not: know what is sealed or said, keep leaves, or make proofs.
//!
//! Spec: `docs/format/ledger.md`; RFC 6962 §2.1; c2sp.org/tlog-checkpoint.

mod checkpoint;
pub mod feed;
mod tree;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use tree::{Frontier, commitment, leaf_hash};
