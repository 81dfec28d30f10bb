//! Why an order, an objection or a mark does not count.

use crate::note::NoteError;

/// Why it does not count; each message says what, what was kept, what to do.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ForgetError {
    /// Not a signed note, or a signature that does not fit.
    #[error("{0}; nothing was forgotten; get the file again from where it was made")]
    Note(#[from] NoteError),
    /// Not an order or objection, or not in its one spelling.
    #[error("this is no order to forget; nothing was forgotten; get the file again")]
    Shape,
    /// Of another organisation.
    #[error("the order is another organisation's; nothing was forgotten; ask who gave it to you")]
    Organisation,
    /// It names a keyring that is not in the chain, or a newer one than the feed says.
    #[error("the order names a keyring that was not in force; nothing was forgotten; sync first")]
    Keyring,
    /// A signature of somebody who has no say in it.
    #[error(
        "the order carries a signature of somebody who is neither guardian nor root; nothing was \
         forgotten; make it anew"
    )]
    Stranger,
    /// Too few of those who have a say.
    #[error(
        "the order lacks signatures: it needs two guardians, or one guardian and one root where \
         there is one guardian only; nothing was forgotten; have another one sign"
    )]
    TooFew,
    /// The mark names another testimony, or another leaf, than its order.
    #[error("the mark does not fit its order; everything is kept; tell your colleagues")]
    OtherTestimony,
}
