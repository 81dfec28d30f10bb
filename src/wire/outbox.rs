//! What a reader's machine hands in: one fixed-size body at every sync, even if empty.
//!
//! Promises: 1. the body is exactly [`BODY`] bytes whatever is in it; 2. its bounds are checked
//! before anything is decoded further; 3. entries and keys keep their order: keys first.
//! Does not: say who wrote an entry: that is signed inside the sealed bytes.
//! Spec: `docs/format/desk.md`.

use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{
    digest::Digest,
    id::{EntryId, Id, ReaderId, ReplyId},
};

/// Size of the body of every push, in bytes.
pub const BODY: usize = 256 << 10;
/// Largest sealed casebook entry, in bytes; fits alone into an empty outbox.
pub const MAX_ENTRY: usize = 190 << 10;
/// Largest envelope of a casebook key, in bytes.
pub const MAX_ENVELOPE: usize = 16 << 10;
/// Most entries and keys of one push.
pub const MAX_THINGS: usize = 256;
/// Largest sealed reply, in bytes.
pub const MAX_REPLY: usize = 20 << 10;
/// Longest order to forget or objection, in bytes.
pub const MAX_NOTE: usize = 4 << 10;

/// What a [`PushId`] names: one push.
pub enum OnePush {}
/// What a [`CasebookKeyId`] names: one casebook key.
pub enum OneCasebookKey {}
/// Names a push.
pub type PushId = Id<OnePush>;
/// Names a casebook key.
pub type CasebookKeyId = Id<OneCasebookKey>;

/// The body of a push.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbox {
    /// Random name of this push.
    pub push: PushId,
    /// Sealed casebook entries, in the order in which they are to appear.
    pub entries: Vec<Entry>,
    /// Casebook keys; they appear before the entries.
    pub keys: Vec<CasebookKey>,
    /// Orders to forget and objections; left out if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forget: Vec<ForgetNote>,
    /// Replies to witnesses; left out if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replies: Vec<ReplyOut>,
}

/// One sealed reply, and the mailbox that it is put into.
///
/// Its name follows from what is inside, so the same reply handed in by two readers is one: a desk
/// that has it keeps what it has, and accepts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyOut {
    /// Its name.
    pub id: ReplyId,
    /// SHA-256 of the lookup id, as the opened cover has it.
    pub mailbox: Digest,
    /// An age file.
    pub sealed: Sealed,
}

/// An order to forget or an objection, as a signed note.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgetNote {
    /// Its name, which follows from its text.
    pub id: EntryId,
    /// The whole note.
    pub note: String,
}

/// One sealed casebook entry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Random name; the same name twice is one entry.
    pub id: EntryId,
    /// An age file.
    pub sealed: Sealed,
}

/// One casebook key: an envelope for every reader of the current keyring.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CasebookKey {
    /// Random name; the same name twice is one key.
    pub id: CasebookKeyId,
    /// In ascending order of readers.
    pub envelopes: Vec<Envelope>,
}

/// One reader's envelope of a casebook key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Whose.
    pub reader: ReaderId,
    /// An age file.
    pub sealed: Sealed,
}

/// Bytes of an age file, base64 in JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        BASE64.decode(text.as_bytes()).map(Self).map_err(D::Error::custom)
    }
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Entries and keys that are in the feed now, durably.
    pub accepted: Vec<String>,
    /// Those that are not, and why.
    pub refused: Vec<Refusal>,
}

/// One thing of an outbox that the desk did not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Id of the entry or key.
    pub id: String,
    /// Stable code, kebab-case.
    pub error: String,
    /// What to do, in English.
    pub advice: String,
}

impl Outbox {
    /// An outbox with nothing in it.
    #[must_use]
    pub const fn empty(push: PushId) -> Self {
        Self {
            push,
            entries: Vec::new(),
            keys: Vec::new(),
            forget: Vec::new(),
            replies: Vec::new(),
        }
    }

    /// The body: JSON, then spaces up to exactly [`BODY`] bytes.
    ///
    /// # Errors
    /// [`OutboxError::Full`] if it does not fit.
    pub fn to_body(&self) -> Result<Vec<u8>, OutboxError> {
        let mut body = serde_json::to_vec(self).map_err(|_| OutboxError::Shape)?;
        if body.len() > BODY {
            return Err(OutboxError::Full);
        }
        body.resize(BODY, b' ');
        Ok(body)
    }

    /// Bytes of the body that are used.
    #[must_use]
    pub fn used(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |body| body.len())
    }

    /// How many things are in it.
    #[must_use]
    pub fn things(&self) -> usize {
        let Self { push: _, entries, keys, forget, replies } = self;
        let lengths = [entries.len(), keys.len(), forget.len(), replies.len()];
        lengths.iter().fold(0, |sum: usize, n| sum.saturating_add(*n))
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`OutboxError`], by name; nothing was taken in then.
    pub fn parse(body: &[u8]) -> Result<Self, OutboxError> {
        if body.len() != BODY {
            return Err(OutboxError::Size);
        }
        let outbox: Self = serde_json::from_slice(body).map_err(|_| OutboxError::Shape)?;
        outbox.check()?;
        Ok(outbox)
    }

    fn check(&self) -> Result<(), OutboxError> {
        if self.things() > MAX_THINGS {
            return Err(OutboxError::TooMany);
        }
        if !self.forget.iter().all(|f| (1..=MAX_NOTE).contains(&f.note.len())) {
            return Err(OutboxError::PartSize);
        }
        let sized = |sealed: &Sealed, most| (1..=most).contains(&sealed.0.len());
        let mut envelopes = self.keys.iter().flat_map(|key| &key.envelopes);
        if !self.entries.iter().all(|e| sized(&e.sealed, MAX_ENTRY))
            || !self.replies.iter().all(|r| sized(&r.sealed, MAX_REPLY))
            || !envelopes.all(|e| sized(&e.sealed, MAX_ENVELOPE))
        {
            return Err(OutboxError::PartSize);
        }
        let ascending = |key: &CasebookKey| key.envelopes.is_sorted_by(|a, b| a.reader < b.reader);
        if self.keys.iter().all(ascending) { Ok(()) } else { Err(OutboxError::Order) }
    }
}

/// Why an outbox was refused as a whole.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum OutboxError {
    /// The body is not exactly [`BODY`] bytes.
    #[error("an outbox has exactly {BODY} bytes")]
    Size,
    /// The body is no outbox.
    #[error("the body is not an outbox")]
    Shape,
    /// More than [`MAX_THINGS`].
    #[error("an outbox holds at most {MAX_THINGS} entries and keys")]
    TooMany,
    /// An empty part, or one over its limit.
    #[error("a part of the outbox is empty or longer than {MAX_ENTRY} bytes")]
    PartSize,
    /// Envelopes twice or not in order.
    #[error("the envelopes of a key do not stand in ascending order of readers")]
    Order,
    /// More than fits into one body.
    #[error("this does not fit into one outbox")]
    Full,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u8, bytes: usize) -> Entry {
        Entry { id: EntryId::from_bytes([n; 16]), sealed: Sealed(vec![n; bytes]) }
    }

    fn outbox(entries: Vec<Entry>) -> Outbox {
        Outbox { entries, ..Outbox::empty(PushId::from_bytes([1; 16])) }
    }

    #[test]
    fn every_outbox_has_one_size() {
        for entries in [vec![], vec![entry(1, 1)], vec![entry(1, MAX_ENTRY)]] {
            let body = outbox(entries.clone()).to_body().unwrap();
            assert_eq!(body.len(), BODY);
            assert!(Outbox::parse(&body).unwrap().entries == entries);
        }
        assert_eq!(outbox(vec![entry(1, MAX_ENTRY); 2]).to_body(), Err(OutboxError::Full));
    }

    #[test]
    fn an_outbox_out_of_bounds_is_refused_by_name() {
        let of = |outbox: Outbox| {
            let mut body = serde_json::to_vec(&outbox).unwrap();
            body.resize(BODY, b' ');
            Outbox::parse(&body).err()
        };
        assert_eq!(Outbox::parse(&vec![b' '; BODY - 1]).err(), Some(OutboxError::Size));
        assert_eq!(Outbox::parse(&vec![b' '; BODY]).err(), Some(OutboxError::Shape));
        assert_eq!(of(outbox(vec![entry(1, 0)])), Some(OutboxError::PartSize));
        assert_eq!(of(outbox(vec![entry(1, MAX_ENTRY + 1)])), Some(OutboxError::PartSize));
        assert_eq!(of(outbox(vec![entry(1, 1); MAX_THINGS + 1])), Some(OutboxError::TooMany));
        let id = ReplyId::from_bytes([4; 16]);
        for bytes in [0, MAX_REPLY + 1] {
            let sealed = Sealed(vec![1; bytes]);
            let replies = vec![ReplyOut { id, mailbox: Digest::NONE, sealed }];
            let with = Outbox { replies, ..outbox(vec![]) };
            assert_eq!(of(with), Some(OutboxError::PartSize), "{bytes}");
        }
        let envelope =
            |n| Envelope { reader: ReaderId::from_bytes([n; 16]), sealed: Sealed(vec![1]) };
        for pair in [[1, 1], [2, 1]] {
            let id = CasebookKeyId::from_bytes([3; 16]);
            let keys = vec![CasebookKey { id, envelopes: pair.map(envelope).to_vec() }];
            assert_eq!(of(Outbox { keys, ..outbox(vec![]) }), Some(OutboxError::Order));
        }
    }
}
