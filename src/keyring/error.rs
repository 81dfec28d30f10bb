//! Why a keyring, or a file that leads to one, is refused.

use std::io;

use crate::{
    clock::Day,
    id::ReaderId,
    keyring::{DeskNoteError, MAX_READERS, MAX_ROOTS, ORGANISATION_BYTES},
    note::NoteError,
};

/// Why something about readers is refused: what happened, what was kept, what to do.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum KeyringError {
    // How it is written.
    /// Not a signed note, or a signature that does not fit.
    #[error("{0}; nothing was changed; get the file again from where it was made")]
    Note(#[from] NoteError),
    /// A line is not the one that the format asks for.
    #[error(
        "line {line} of the {what} is not `{expected}`; nothing was changed; get the file again"
    )]
    Line {
        /// Which kind of text.
        what: &'static str,
        /// Counted from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// A line holds the right thing in a second spelling.
    #[error(
        "the {what} is not written the one way it must be; nothing was changed; get the file again"
    )]
    NotCanonical {
        /// Which kind of text.
        what: &'static str,
    },
    /// More bytes than such a file can have.
    #[error("the {what} is longer than {limit} bytes; it was not read; get the file again")]
    TooLong {
        /// Which kind of text.
        what: &'static str,
        /// In bytes.
        limit: usize,
    },
    /// A `kind` is neither `post-quantum` nor `classic`.
    #[error(
        "the keys are of a kind that is neither post-quantum nor classic; nothing was changed; \
         use a newer sandyk"
    )]
    Kind,
    /// The organisation's name is empty, too long or holds control characters.
    #[error(
        "an organisation's name has 1 to {ORGANISATION_BYTES} bytes on one line, no space at its \
         ends; nothing was changed; choose another"
    )]
    Organisation,
    /// An address is too long or not one word.
    #[error("an address is one word of at most 300 characters; nothing was changed; correct it")]
    Address,

    // What it says.
    /// Fewer than 2 or more than 16 roots.
    #[error("{found} root keys; 2 to {MAX_ROOTS} are possible; nothing was changed")]
    RootCount {
        /// How many.
        found: usize,
    },
    /// The threshold asks for no root, or for every root.
    #[error(
        "{threshold} of {roots} roots must sign; it must be at least 1, and one fewer than there \
         are, so that losing one key loses nothing; nothing was changed"
    )]
    Threshold {
        /// How many must sign.
        threshold: usize,
        /// How many there are.
        roots: usize,
    },
    /// Two roots share a name or a key.
    #[error("root {name} stands twice, by name or by key; nothing was changed; make another key")]
    RootTwice {
        /// The second one's name.
        name: String,
    },
    /// More readers than a keyring holds.
    #[error("{found} readers; a keyring holds at most {MAX_READERS}; nothing was changed")]
    TooManyReaders {
        /// How many.
        found: usize,
    },
    /// A reader's id stands twice.
    #[error("reader {id} stands twice; nothing was changed; that reader makes a new reader.pub")]
    ReaderTwice {
        /// Whose.
        id: ReaderId,
    },
    /// Two readers share a recipient.
    #[error(
        "reader {id} has the recipient of another reader; nothing was changed; each reader makes \
         their own keys"
    )]
    RecipientTwice {
        /// The second one.
        id: ReaderId,
    },
    /// A reader's recipient is of another kind than the keyring.
    #[error(
        "reader {id} has a recipient of another kind than the keyring; nothing was changed; that \
         reader makes keys of the keyring's kind"
    )]
    MixedKinds {
        /// Whose.
        id: ReaderId,
    },
    /// A signing key is shared with another reader or a root.
    #[error(
        "reader {id} has the signing key of another reader or root; nothing was changed; each \
         reader makes their own keys"
    )]
    SigningKeyTwice {
        /// The second one.
        id: ReaderId,
    },
    /// A reader is there since an epoch that is not yet, or never was.
    #[error("reader {id} is there since epoch {since}, which cannot be; nothing was changed")]
    Since {
        /// Whose line.
        id: ReaderId,
        /// What it says.
        since: u32,
    },
    /// Epoch 1 has no previous, every other has one, and there is no epoch 0.
    #[error("epoch {epoch} and its line `previous` do not go together; nothing was changed")]
    Previous {
        /// Which epoch.
        epoch: u32,
    },

    // How it follows from what is trusted.
    /// The roots of the first keyring are not those that were learned.
    #[error(
        "the first keyring has other roots than those you trust; nothing was changed; compare the \
         roots' fingerprint with the organisation by voice"
    )]
    OtherRoots,
    /// It belongs to another organisation.
    #[error("it is of `{found}`, not of `{expected}`; nothing was changed; use the right file")]
    OtherOrganisation {
        /// Whose it should be.
        expected: String,
        /// Whose it is.
        found: String,
    },
    /// An epoch between is missing.
    #[error(
        "epoch {expected} must come next, not {found}; the older keyring stays; find the missing one"
    )]
    EpochSkipped {
        /// The next one.
        expected: u32,
        /// What came.
        found: u32,
    },
    /// Another keyring of an epoch that is already known.
    #[error(
        "a second, different keyring of epoch {epoch}; the known one stays; tell the \
         administrators: someone holds their root keys, or a server shows two faces"
    )]
    EpochForked {
        /// Which epoch.
        epoch: u32,
    },
    /// The very keyring that is already known.
    #[error("this keyring of epoch {epoch} is already there; nothing was changed; nothing to do")]
    EpochRepeated {
        /// Which epoch.
        epoch: u32,
    },
    /// The newest keyring is older than the one seen before.
    #[error(
        "epoch {seen} was seen before and is now missing; nothing was changed; someone holds the \
         newer keyrings back, ask the administrators"
    )]
    RolledBack {
        /// What was seen.
        seen: u32,
    },
    /// Its line `previous` names other bytes than those of the epoch before it.
    #[error(
        "epoch {epoch} does not follow from the keyring before it; that one stays; get both again"
    )]
    PreviousDiffers {
        /// Which epoch.
        epoch: u32,
    },
    /// The receipt salt is not that of the first keyring.
    #[error(
        "the receipt salt changed, which would lock every witness out; the older keyring stays; \
         draft the keyring again from the published one"
    )]
    SaltChanged,
    /// Not enough roots signed.
    #[error(
        "{found} of the {needed} signatures needed from the roots of epoch {epoch}; nothing was \
         changed; have more roots sign"
    )]
    TooFewSignatures {
        /// Whose roots.
        epoch: u32,
        /// The threshold.
        needed: usize,
        /// How many signed.
        found: usize,
    },
    /// A signature line that belongs to no root.
    #[error(
        "`{name}` signed but is no root of this keyring or the one before; nothing was changed; \
         take that line out"
    )]
    StrangeSignature {
        /// As the line says.
        name: String,
    },
    /// No guardian is named.
    #[error(
        "no guardian is named, so no names could be sealed; nothing was changed; add a guardian"
    )]
    NoGuardian,
    /// A new reader without the word of enough readers of the keyring before.
    #[error(
        "{found} of the {needed} vouches that new reader {id} needs from readers of the keyring \
         before; whoever signed, the older keyring stays; readers vouch with `sandyk review vouch`"
    )]
    TooFewVouches {
        /// Who is new.
        id: ReaderId,
        /// How many readers must vouch.
        needed: usize,
        /// How many did.
        found: usize,
    },
    /// A new guardian for whom no guardian vouches.
    #[error("no guardian vouches for new guardian {id}; the older keyring stays")]
    NoGuardianVouches {
        /// Who is new.
        id: ReaderId,
    },
    /// Whoever vouches is no reader of the newest keyring.
    #[error("{id} vouches but was no reader before; nothing was changed; let a reader vouch")]
    NotAVoucher {
        /// Who vouches.
        id: ReaderId,
    },
    /// The signature of a vouch does not fit the new reader's line.
    #[error("the vouch of {voucher} does not fit new reader {reader}; they vouch again")]
    WrongVouch {
        /// Who is new.
        reader: ReaderId,
        /// Who vouches.
        voucher: ReaderId,
    },
    /// A vouch that was written before the newest keyring.
    #[error("the vouch of {voucher} is void, its keyring is not the newest; vouch again")]
    VouchOfOtherKeyring {
        /// Who vouches.
        voucher: ReaderId,
    },
    /// A vouch line for nobody new, of nobody who stays, twice, or out of order.
    #[error(
        "the vouch of {voucher}, who must stay, for {reader}, who must be new, is out of place, or \
         stands twice; nothing was changed; draft the keyring again"
    )]
    VouchOutOfPlace {
        /// For whom.
        reader: ReaderId,
        /// Who vouches.
        voucher: ReaderId,
    },
    /// No reader of the epoch before stays.
    #[error(
        "no reader stays in epoch {epoch}, so nobody could open what was sealed before; the older \
         keyring stays; add first, retire in a later keyring"
    )]
    NoLivingReader {
        /// Which epoch is refused.
        epoch: u32,
    },
    /// No guardian of the epoch before stays.
    #[error(
        "no guardian of the keyring before stays in epoch {epoch}, so nobody could open the names \
         sealed before; the older keyring stays; add first, retire in a later keyring"
    )]
    NoLivingGuardian {
        /// Which epoch is refused.
        epoch: u32,
    },
    /// An id that stood in an earlier keyring.
    #[error("reader {id} was there in epoch {epoch}; the older keyring stays; make a new id")]
    IdUsedBefore {
        /// Whose.
        id: ReaderId,
        /// Where it stood.
        epoch: u32,
    },
    /// A recipient or signing key that stood in an earlier keyring under another id.
    #[error("reader {id} has a key of epoch {epoch}; the older keyring stays; make new keys")]
    KeyUsedBefore {
        /// Whose.
        id: ReaderId,
        /// Where it stood.
        epoch: u32,
    },
    /// A root key that was a reader's, or had another name.
    #[error(
        "root {name} has a key of another in epoch {epoch}; the older keyring stays; make another key"
    )]
    RootUsedBefore {
        /// Its name.
        name: String,
        /// Where it stood.
        epoch: u32,
    },
    /// Signed ahead, but it changes more than the last day.
    #[error("epoch {epoch} does more than prolong, so it was not taken; sign a renewal")]
    NotARenewal {
        /// Which epoch.
        epoch: u32,
    },
    /// A known reader with another role, recipient, signing key or beginning.
    #[error(
        "reader {id} has another role or key than in the keyring before; that is a new reader, \
         and refused; the older keyring stays"
    )]
    ReaderChanged {
        /// Who.
        id: ReaderId,
    },

    // Today.
    /// Past its last day.
    #[error(
        "the keyring was good until {not_after} and today is {today}; nothing was sealed, and what is \
         here can be read; administrators sign and publish the next one (`sandyk admin renew`), or \
         set this machine's clock"
    )]
    Expired {
        /// Its last day.
        not_after: Day,
        /// The day of asking.
        today: Day,
    },
    /// Good for longer than any keyring may be.
    #[error(
        "the keyring would be good until {not_after}, more than 400 days from {today}; it was not \
         used; set this machine's clock, or draft it again"
    )]
    TooLongLived {
        /// Its last day.
        not_after: Day,
        /// The day of asking.
        today: Day,
    },

    /// A desk note or a suspension.
    #[error(transparent)]
    Desk(#[from] DeskNoteError),

    /// The folder holds no `keyring-0001.note`.
    #[error(
        "no keyring is published there; nothing was changed; run `sandyk admin keyring publish`"
    )]
    NothingPublished,
    /// A later keyring is there, an earlier one is not.
    #[error(
        "{missing} is missing although later keyrings are there; nothing was used; put it back"
    )]
    Gap {
        /// The file.
        missing: String,
    },
    /// The file system refused.
    #[error("{file} cannot be read ({kind}); nothing was changed; correct that and try again")]
    Unreadable {
        /// Its name, without the folder.
        file: String,
        /// What the file system said.
        kind: io::ErrorKind,
    },
    /// A `reader.pub` or `device.pub` is not signed by the key inside it.
    #[error(
        "the {what} is not signed by the key inside it; nothing was changed; its owner makes it \
         again"
    )]
    NoProof {
        /// Which kind of text.
        what: &'static str,
    },
}
