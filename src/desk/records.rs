//! Keys of the store under which the desk finds what is not in the feed itself.

use crate::id::ReaderId;

/// A reader's envelope of `part` of a testimony (`account`, `identity`), or `casebook-key`.
pub(super) fn envelope(id: &str, reader: ReaderId, part: &str) -> String {
    format!("envelope/{id}/{reader}/{part}")
}

/// The digest of a casebook entry.
pub(super) fn entry(id: &str) -> String {
    format!("entry/{id}")
}

/// The digests of the envelopes of a casebook key.
pub(super) fn casebook_key(id: &str) -> String {
    format!("casebook-key/{id}")
}
