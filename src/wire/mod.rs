//! What the desk and a reader's `sync` say to each other: names, limits and shapes, version 1.
//!
//! Promises: 1. both ends take every path, limit, entry name and signature base from here, so they
//! cannot drift apart; 2. every limit stands here and is checked before bytes are taken in;
//! 3. nothing here opens anything: sealed parts are bytes.
//! Does not: touch the network, the disk or a key (a signing key is lent for one call).
//! Spec: `docs/format/desk.md`.

pub mod envelopes;
pub mod outbox;
pub mod signature;
pub mod tape;

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Path of the feed: `GET /desk/v1/changes?after=N`.
pub const CHANGES: &str = "/desk/v1/changes";
/// Path of the exhibits of one testimony: `GET /desk/v1/exhibits/<testimony id>`.
pub const EXHIBITS: &str = "/desk/v1/exhibits/";
/// Path of the keyrings: `GET /desk/v1/keyring`.
pub const KEYRING: &str = "/desk/v1/keyring";
/// Path of the outbox: `POST /desk/v1/outbox`.
pub const OUTBOX: &str = "/desk/v1/outbox";

/// Most events in one page of the feed.
pub const PAGE_EVENTS: usize = 64;
/// A page takes no further event once it would pass this, in bytes.
pub const PAGE_BYTES: u64 = 4 << 20;
/// Longest page that is taken in, in bytes.
pub const MAX_PAGE: u64 = 6 << 20;
/// The size of a page is a multiple of this, in bytes: what came in an ordinary hour changes nothing.
pub const PAGE_STEP: u64 = 512 << 10;
/// Longest tape of keyrings that is taken in, in bytes.
pub const MAX_KEYRINGS: u64 = 8 << 20;
/// Longest other answer that is taken in, in bytes.
pub const MAX_ANSWER: u64 = 64 << 10;
/// Size of the answer to a push, in bytes: JSON, then spaces.
pub const PUSH_ANSWER: usize = 64 << 10;
/// The answer to a push comes after a whole number of these, whatever was handed in.
pub const PUSH_STEP: Duration = Duration::from_millis(200);
/// Longest `item.json`, in bytes.
pub const MAX_ITEM: u64 = 16 << 10;

/// The signed note of an order to forget, or of an objection, on a page.
pub const FORGET_NOTE: &str = "forget.note";
/// Ends the name of an empty entry in the place of a part that the desk's disk does not give any more.
pub const DAMAGED: &str = "damaged";
/// First entry of a page: the signed checkpoint of the feed up to the end of this page.
pub const CHECKPOINT_ENTRY: &str = "checkpoint.note";
/// Second entry of a page: a [`Head`].
pub const HEAD_ENTRY: &str = "head.json";

/// Where the feed ends now, and who signs for it; `head.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Newest cursor; 0 for an empty feed.
    pub head: u64,
    /// Verifier key of the ledger (C2SP signed-note).
    pub ledger_key: String,
}

/// One reader's line of `key.json`: the digest of the envelope of a casebook key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvelopeDigest {
    /// Whose envelope.
    pub reader: crate::id::ReaderId,
    /// SHA-256 of its bytes.
    pub sha256: crate::digest::Digest,
}

/// What the desk says instead of what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Stable code, kebab-case.
    pub error: String,
    /// What to do, in English.
    pub advice: String,
    /// The desk's clock, seconds since 1970; only where clocks are the trouble.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<i64>,
}

/// Code of a [`Fault`]: the clocks of device and desk are too far apart.
pub const CODE_CLOCK: &str = "clock";
/// Code of a [`Fault`]: the desk started after the request was signed.
pub const CODE_STARTED: &str = "just-started";
/// Code of a [`Fault`]: the device asked for more in two minutes than is answered.
pub const CODE_TOO_MANY: &str = "too-many";

/// Code of a [`Fault`]: a batch of envelopes was made for another keyring than the newest.
pub const CODE_KEYRING: &str = "other-keyring";

/// Code of a [`Fault`]: the server's disk does not give what was asked for as it was taken in.
pub const CODE_DAMAGED: &str = "damaged";

/// Name of an entry of the page: 20 digits of the cursor, then the part.
#[must_use]
pub fn entry_name(cursor: u64, part: &str) -> String {
    format!("{cursor:020}/{part}")
}

/// The content digest of a casebook key: its envelopes in ascending order of readers.
#[must_use]
pub fn key_content(envelopes: &[EnvelopeDigest]) -> crate::digest::Digest {
    let mut hasher = crate::digest::Hasher::default();
    for envelope in envelopes {
        hasher.update(envelope.reader.as_bytes());
        hasher.update(envelope.sha256.as_bytes());
    }
    hasher.finish()
}
