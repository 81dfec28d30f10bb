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
