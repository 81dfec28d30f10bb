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

/// Where all envelopes of a testimony begin.
pub(super) fn envelopes(id: &str) -> String {
    format!("envelope/{id}/")
}

/// Where all mailboxes begin; `mailbox/<lookup>/<testimony>`.
pub(super) const MAILBOXES: &str = "mailbox/";

/// Where the testimonies of one mailbox stand.
pub(super) fn mailbox(digest: &str) -> String {
    format!("{MAILBOXES}{digest}/")
}

/// Where the replies of one mailbox wait.
pub(super) fn replies(mailbox: &str) -> String {
    format!("reply/{mailbox}/")
}

/// A reply: the week in which it came, the epoch in force, and the sealed bytes. The newest stands first:
/// `place` goes down from [`u32::MAX`].
pub(super) fn reply(mailbox: &str, place: u32, id: &str) -> String {
    format!("reply/{mailbox}/{place:08x}/{id}")
}

/// The place in the key of a reply.
pub(super) fn place_of(key: &[u8]) -> Option<u32> {
    let place = str::from_utf8(key).ok()?.split('/').nth(2)?;
    u32::from_str_radix(place, 16).ok()
}

/// Says that a reply was deleted by its witness; the value is the week in which it had come.
pub(super) fn reply_gone(id: &str) -> String {
    format!("reply-gone/{id}")
}

/// An order to forget or an objection: the signed note.
pub(super) fn forget_note(id: &str) -> String {
    format!("forget/{id}")
}

/// Where orders wait; the value is the day on which each was recorded.
pub(super) const WAITING: &str = "forget-wait/";

/// An order that waits.
pub(super) fn waiting(order: &str) -> String {
    format!("{WAITING}{order}")
}

/// Says that an order was carried out.
pub(super) fn done(order: &str) -> String {
    format!("forget-done/{order}")
}

/// The mark of a forgotten testimony.
pub(super) fn forgotten(testimony: &str) -> String {
    format!("forgotten/{testimony}")
}

/// Where forgotten testimonies stand that are still on the disk.
pub(super) const TO_ERASE: &str = "forget-erase/";

/// A forgotten testimony that is still on the disk: its place in the feed and its blobs.
pub(super) fn to_erase(testimony: &str) -> String {
    format!("{TO_ERASE}{testimony}")
}

/// The digests of the envelopes of a casebook key.
pub(super) fn casebook_key(id: &str) -> String {
    format!("casebook-key/{id}")
}

/// A reader's later envelope of a casebook key, if the first, which the feed commits to, does not open.
pub(super) fn later_envelope(id: &str, reader: ReaderId) -> String {
    format!("envelope/{id}/{reader}/casebook-key-later")
}

/// Says that an envelope does not open, as its own reader has signed; the value is its SHA-256.
pub(super) fn broken(id: &str, reader: ReaderId, part: &str) -> String {
    format!("broken/{id}/{reader}/{part}")
}

/// How many envelopes were ever made for a reader by colleagues, in decimal digits.
pub(super) fn new_count(reader: ReaderId) -> String {
    format!("new-count/{reader}")
}

/// Where the envelopes stand that colleagues made for a reader.
pub(super) fn all_new(reader: ReaderId) -> String {
    format!("new/{reader}/")
}

/// One of them, by its number; the value says which.
pub(super) fn new(reader: ReaderId, number: u64) -> String {
    format!("new/{reader}/{number:020}")
}

/// Where the readers stand whose envelopes are gone.
pub(super) const RETIRED: &str = "retired/";

/// Says that nothing of a reader who was retired is left.
pub(super) fn retired(reader: ReaderId) -> String {
    format!("{RETIRED}{reader}")
}
