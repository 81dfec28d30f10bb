//! Why something was not opened; each cause is its own.

use std::{fmt, io};

/// Why something was not opened. Nothing of it may be shown or kept then.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Reading or writing failed.
    #[error("reading or writing failed: {0}")]
    Io(#[from] io::Error),
    /// It has no age header.
    #[error("this is not an age file")]
    NotAnAgeFile,
    /// It is sealed to other keys.
    #[error("this was not sealed to this key")]
    NotForThisKey,
    /// Its header or a part of its content does not authenticate.
    #[error("this was altered after it was sealed")]
    Altered,
    /// It ends too early.
    #[error("this was cut off; a part at its end is missing")]
    Truncated,
    /// It holds more than may be there.
    #[error("this holds more than {limit} bytes")]
    TooLarge {
        /// The most that may be there, in bytes.
        limit: usize,
    },
    /// An envelope opens, but holds no key of this reader's kind.
    #[error("the envelope opens, but there is no key in it")]
    NoKeyInside,
    /// The content has a size that does not exist.
    #[error("the {0} has a size that no {0} has")]
    WrongSize(Part),
    /// The content is not what the part should hold.
    #[error("the {0} opens, but is not well-formed")]
    Malformed(Part),
    /// The cover is of a schema that this version does not know.
    #[error("the cover is of a newer format; a newer version of this program may open it")]
    UnknownSchema,
    /// The cover names another id than the one it was stored under.
    #[error("the cover belongs to another testimony")]
    OtherTestimony,
    /// The hash of the part is not the one that the cover names.
    #[error("the {0} is not the one that the cover names")]
    NotUnderThisCover(Part),
    /// The exhibits are not in the one form they have.
    #[error("the exhibits cannot be read: {0}")]
    Exhibits(#[from] ContainerError),
}

/// Names a part in an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The cover.
    Cover,
    /// The account.
    Account,
    /// The identity.
    Identity,
    /// The exhibits.
    Exhibits,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cover => "cover",
            Self::Account => "account",
            Self::Identity => "identity",
            Self::Exhibits => "exhibits",
        })
    }
}

/// How an exhibits container differs from the one form it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContainerError {
    /// It ends inside of an entry or without an end mark.
    #[error("the container ends too early")]
    Truncated,
    /// The checksum of a header is wrong.
    #[error("the checksum of a header is wrong")]
    BadChecksum,
    /// An entry is a link, a folder, a device or anything but a regular file.
    #[error("an entry is not a regular file")]
    NotARegularFile,
    /// A name is neither that of a piece nor of an about.json.
    #[error("an entry has a name that no entry has")]
    BadName,
    /// The same entry twice.
    #[error("an entry is there twice")]
    Duplicate,
    /// An entry is missing or stands in the wrong place.
    #[error("an entry is missing or in the wrong place")]
    OutOfOrder,
    /// A piece before the last is not 1 MiB, or an entry is larger than it may be.
    #[error("an entry has a size it cannot have")]
    BadSize,
    /// A header carries more than a name and a size: an owner, a time, a link name.
    #[error("a header carries more than a name and a size")]
    ForeignHeader,
    /// The fill after an entry is not zero.
    #[error("the fill after an entry is not zero")]
    FillNotZero,
    /// Something follows the end mark.
    #[error("something follows the end of the container")]
    TailNotZero,
    /// The container is not padded to its step.
    #[error("the container is not padded as it should be")]
    WrongPadding,
    /// An about.json is not well-formed.
    #[error("the description of an exhibit is not well-formed")]
    BadAbout,
    /// An about.json names another length than that of the pieces.
    #[error("the length of an exhibit is not the one described")]
    WrongLength,
    /// An about.json names another hash than that of the pieces.
    #[error("the hash of an exhibit is not the one described")]
    WrongHash,
    /// An earlier exhibit failed; nothing after it is read.
    #[error("an earlier exhibit could not be read")]
    Abandoned,
}
