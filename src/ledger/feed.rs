//! What an event of the feed says, and the leaf that commits to it.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::{
    clock::Week,
    digest::Digest,
    id::{BlobId, EntryId},
    ledger::{commitment, leaf_hash},
};

/// What kind of thing an event brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedKind {
    /// A testimony; its content digest is SHA-256 of `cover.age`.
    Testimony,
    /// A sealed casebook entry; its content digest is SHA-256 of it.
    CasebookEntry,
    /// A casebook key; its content digest is SHA-256 over `reader id (16) || SHA-256(envelope)`
    /// of all its envelopes, by ascending reader id.
    CasebookKey,
    /// An order to forget a testimony; its content digest is SHA-256 of the signed note.
    ForgetOrder,
    /// An objection to such an order; its content digest is SHA-256 of the signed note.
    ForgetObjection,
    /// An order was carried out; its content digest is SHA-256 of the order's text.
    ForgetDone,
}

impl FeedKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Testimony,
        Self::CasebookEntry,
        Self::CasebookKey,
        Self::ForgetOrder,
        Self::ForgetObjection,
        Self::ForgetDone,
    ];

    /// The kind as the leaf and JSON name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Testimony => "testimony",
            Self::CasebookEntry => "casebook-entry",
            Self::CasebookKey => "casebook-key",
            Self::ForgetOrder => "forget-order",
            Self::ForgetObjection => "forget-objection",
            Self::ForgetDone => "forget-done",
        }
    }
}

/// The payload of an event, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedItem {
    /// What it is.
    pub kind: FeedKind,
    /// Its id, 26 characters.
    pub id: String,
    /// Salt of its leaf, 64 lowercase hex digits.
    pub salt: String,
    /// Digest of what the leaf commits to; see [`FeedKind`].
    pub content: Digest,
    /// When it came; for a testimony only.
    pub week: Option<Week>,
    /// Epoch of the keyring that it was sealed under.
    pub epoch: u32,
    /// Its files.
    pub parts: Vec<PartInfo>,
}

/// One file of a feed item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartInfo {
    /// `cover`, `account`, `identity`, `exhibits` or `entry`.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its digest.
    pub sha256: Digest,
    /// The blob that holds it at the server.
    pub blob: BlobId,
}

impl FeedItem {
    /// The leaf hash that the tree must have for this item.
    ///
    /// # Errors
    /// [`NotAnItem`] if the id or the salt is not of its form.
    pub fn leaf(&self) -> Result<Digest, NotAnItem> {
        // Every kind's id is the same 16 bytes; which kind of id it is plays no part here.
        let id: EntryId = self.id.parse().map_err(|_| NotAnItem::Id)?;
        let salt = HEXLOWER.decode(self.salt.as_bytes()).map_err(|_| NotAnItem::Salt)?;
        let salt = salt.try_into().map_err(|_| NotAnItem::Salt)?;
        let (kind, week) = (self.kind.as_str(), self.week.map(|week| week.to_string()));
        let when = (self.epoch, week.as_deref().unwrap_or_default());
        Ok(leaf_hash(&commitment(&salt, kind, id.as_bytes(), &self.content, when)))
    }
}

/// Why a feed item has no leaf.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum NotAnItem {
    /// The id is none.
    #[error("the id of a feed item is not one of 26 characters")]
    Id,
    /// The salt is none.
    #[error("the salt of a feed item is not 64 lowercase hex digits")]
    Salt,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> FeedItem {
        FeedItem {
            kind: FeedKind::Testimony,
            id: EntryId::from_bytes([1; 16]).to_string(),
            salt: "ab".repeat(32),
            content: Digest::of(b"cover"),
            week: "2026-W47".parse().ok(),
            epoch: 1,
            parts: vec![PartInfo {
                name: "cover".to_owned(),
                bytes: 5,
                sha256: Digest::of(b"cover"),
                blob: BlobId::from_bytes([2; 16]),
            }],
        }
    }

    #[test]
    fn a_leaf_is_recomputed_from_the_item_alone() {
        let content = Digest::of(b"cover");
        let when = (1, "2026-W47");
        let expected = leaf_hash(&commitment(&[0xab; 32], "testimony", &[1; 16], &content, when));
        assert_eq!(item().leaf(), Ok(expected));
    }

    #[test]
    fn a_leaf_depends_on_all_that_a_server_could_change() {
        let one = item().leaf();
        let others = [
            FeedItem { kind: FeedKind::CasebookEntry, ..item() },
            FeedItem { id: EntryId::from_bytes([3; 16]).to_string(), ..item() },
            FeedItem { salt: "ac".repeat(32), ..item() },
            FeedItem { content: Digest::of(b"other"), ..item() },
            FeedItem { week: "2026-W46".parse().ok(), ..item() },
            FeedItem { week: None, ..item() },
            FeedItem { epoch: 2, ..item() },
        ];
        for other in others {
            assert_ne!(other.leaf(), one);
        }
    }

    #[test]
    fn an_item_with_a_bad_id_or_salt_has_no_leaf() {
        for id in ["", "../x", &item().id.to_uppercase()] {
            assert_eq!(FeedItem { id: id.to_owned(), ..item() }.leaf(), Err(NotAnItem::Id));
        }
        for salt in ["", "ab", &"AB".repeat(32), &"ab".repeat(33)] {
            assert_eq!(FeedItem { salt: salt.to_owned(), ..item() }.leaf(), Err(NotAnItem::Salt));
        }
    }

    #[test]
    fn an_item_survives_json_and_unknown_fields_are_refused() {
        let json = serde_json::to_string(&item()).unwrap();
        assert_eq!(serde_json::from_str::<FeedItem>(&json).unwrap(), item());
        for kind in FeedKind::ALL {
            let text = serde_json::to_string(&kind).unwrap();
            assert_eq!(text, format!("\"{}\"", kind.as_str()));
        }
        let more = json.replacen('{', "{\"more\":1,", 1);
        assert!(serde_json::from_str::<FeedItem>(&more).is_err());
    }
}
