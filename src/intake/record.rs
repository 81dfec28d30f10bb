//! What the store is told of a testimony: sealed parts, envelopes, a mailbox, one event of the feed.

use rand::{RngCore as _, rngs::OsRng};

use super::weeks;
use crate::{
    clock::Week,
    digest::Digest,
    id::{BlobId, TestimonyId},
    ledger::feed::{FeedItem, FeedKind, PartInfo},
    sealed::ReaderEnvelopes,
    store::{Commit, Expect, NewEvent, Put, StoreError},
};

/// Everything of one testimony that is ready to be committed.
pub(super) struct Record {
    pub(super) id: TestimonyId,
    pub(super) week: Week,
    pub(super) epoch: u32,
    pub(super) cover: Digest,
    /// The row of its mailbox.
    pub(super) mailbox: (String, Vec<u8>),
    pub(super) parts: Vec<PartInfo>,
    pub(super) envelopes: Vec<ReaderEnvelopes>,
}

impl Record {
    /// One atomic change: it is all there or nothing is.
    ///
    /// # Errors
    /// [`StoreError`] if the item cannot be written down, which its types rule out.
    pub(super) fn into_commit(self) -> Result<Commit, StoreError> {
        let mut salt = [0; 32];
        OsRng.fill_bytes(&mut salt);
        let attach: Vec<BlobId> = self.parts.iter().map(|part| part.blob).collect();
        let item = FeedItem {
            kind: FeedKind::Testimony,
            id: self.id.to_string(),
            salt: data_encoding::HEXLOWER.encode(&salt),
            content: self.cover,
            week: Some(self.week),
            epoch: self.epoch,
            parts: self.parts,
        };
        let leaf = item.leaf().map_err(std::io::Error::other)?;
        let payload = serde_json::to_vec(&item).map_err(std::io::Error::other)?;
        let waiting = weeks::waiting(self.week, &leaf);
        let mailbox = put(self.mailbox.0, self.mailbox.1);
        let envelopes = self.envelopes.into_iter().flat_map(|of| {
            let key = |kind| format!("envelope/{}/{}/{kind}", self.id, of.reader);
            let (account, identity) = (key("account"), key("identity"));
            let names = of.identity.map(|sealed| put(identity, sealed.into_bytes()));
            std::iter::once(put(account, of.account.into_bytes())).chain(names)
        });
        Ok(Commit {
            id: *self.id.as_bytes(),
            puts: [waiting, mailbox].into_iter().chain(envelopes).collect(),
            deletes: Vec::new(),
            attach,
            event: Some(NewEvent { leaf, payload }),
        })
    }
}

fn put(key: String, value: Vec<u8>) -> Put {
    Put { key: key.into_bytes(), value, expect: Expect::Absent }
}
