//! The replies of one mailbox as they lie in the store, and those of nobody.

use super::{
    SLOTS,
    round::fresh,
    rows::{WEEK, replies, week_of},
};
use crate::{
    clock::Week,
    digest::Digest,
    id::ReplyId,
    store::{Commit, Expect, Key, Put, SledStore, Store as _, StoreError, Versioned},
};

/// Bytes of a row before the sealed ones: the week, the epoch.
const HEAD: usize = WEEK + 4;

/// A reply as it lies in the store.
pub(super) struct Stored {
    pub(super) id: ReplyId,
    /// The week in which it arrived.
    pub(super) week: Week,
    /// The epoch that was in force then.
    pub(super) epoch: u32,
    /// An age file.
    pub(super) sealed: Vec<u8>,
}

impl Stored {
    /// Reads a row below [`replies`].
    fn read(mailbox: &Digest, key: &[u8], value: &[u8]) -> Option<Self> {
        let place = str::from_utf8(key).ok()?.strip_prefix(&*replies(mailbox))?;
        let (_, id) = place.split_once('/')?;
        let id = id.parse().ok()?;
        let (head, sealed) = value.split_at_checked(HEAD)?;
        let epoch = u32::from_be_bytes(*head.last_chunk()?);
        Some(Self { id, week: week_of(value)?, epoch, sealed: sealed.to_vec() })
    }
}

/// Of the replies that wait in a mailbox, the newest `most`; a row that cannot be read says nothing.
pub(super) fn newest(
    store: &SledStore,
    mailbox: &Digest,
    most: usize,
) -> Result<Vec<Option<Stored>>, StoreError> {
    let rows = store.scan(replies(mailbox).as_bytes(), None, most)?;
    let read = |(key, row): (Key, Versioned)| Stored::read(mailbox, &key, &row.value);
    Ok(rows.into_iter().map(read).collect())
}

/// The mailbox of nobody, whose rows are read where others are missing.
pub(super) fn nobody() -> Digest {
    Digest::of(b"sandyk/mailbox-of-nobody/v1")
}

/// Puts replies into [`nobody`]'s mailbox in the place of those that were there.
pub(super) async fn put_decoys(store: &SledStore, decoys: Vec<Stored>) -> Result<(), StoreError> {
    let old = store.scan(replies(&nobody()).as_bytes(), None, SLOTS)?;
    let deletes = old.into_iter().map(|(key, _)| key).collect();
    let put = |(place, decoy): (u32, Stored)| {
        let Stored { id, week, epoch, sealed } = decoy;
        let key = format!("{}{place:08x}/{id}", replies(&nobody())).into_bytes();
        let value = [week.to_string().as_bytes(), &epoch.to_be_bytes(), &sealed].concat();
        Put { key, value, expect: Expect::Any }
    };
    let puts = (0..).zip(decoys).map(put).collect();
    store.commit(Commit { id: fresh(), puts, deletes, ..Commit::default() }).await.map(drop)
}
