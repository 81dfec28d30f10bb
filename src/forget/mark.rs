//! What stands in the feed where a forgotten testimony stood.

use serde::{Deserialize, Serialize};

use super::{ForgetError, SignedOrder, Valid};
use crate::{digest::Digest, id::TestimonyId, keyring::Chain};

/// The one kind of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Forgotten,
}

/// The payload of an event whose testimony is forgotten: JSON, no other fields.
///
/// The salt of the leaf is gone, so the leaf stands here; what it was a leaf of, nobody can tell
/// any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    pub(super) kind: Kind,
    /// The testimony that stood here.
    pub id: TestimonyId,
    /// The leaf hash, which stays in the tree.
    pub leaf: Digest,
    /// Epoch of the keyring under which the order was recorded.
    pub epoch: u32,
    /// The order, with its signatures.
    pub order: String,
}

impl Mark {
    /// The kind as JSON names it.
    pub const KIND: &str = "forgotten";

    /// The mark for what `signed` orders, recorded under the keyring of `epoch`.
    #[must_use]
    pub fn of(signed: &SignedOrder, epoch: u32) -> Self {
        let order = signed.order();
        Self {
            kind: Kind::Forgotten,
            id: order.testimony,
            leaf: order.leaf,
            epoch,
            order: signed.to_text(),
        }
    }

    /// Reads the payload of an event as a mark; `None` if it is something else.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        serde_json::from_slice(payload).ok()
    }

    /// Checks that those who may have ordered it: the readers' proof that a gap is none.
    ///
    /// # Errors
    /// [`ForgetError`]: then this is no mark but a hole in the feed, and an alarm.
    pub fn check(&self, chain: &Chain) -> Result<Valid, ForgetError> {
        let valid = SignedOrder::parse(&self.order)?.check(chain, self.epoch)?;
        let order = valid.order();
        let same = order.testimony == self.id && order.leaf == self.leaf;
        if same { Ok(valid) } else { Err(ForgetError::OtherTestimony) }
    }
}
