//! The words of a reader's side: keys, workspace, feed, casebook.

use std::error::Error;

use super::{Told, Words, told};
use crate::{
    casebook::{Cause, EntryError, KeyError, TagError},
    reply::ReplyError,
    review::{
        BookError, ExhibitsError, FeedAlarm, ForgetActError, KeysError, LeaveError, MayNot,
        NotProven, PickError, RecoveryError, ReplyActError, SessionError, Unproven, VouchError,
        WorkspaceError, WriteError, holder_numbers as numbers,
    },
    sealed::open::OpenError,
};

pub(super) fn of(error: &(dyn Error + 'static)) -> Option<Words> {
    told::<SessionError>(error)
        .or_else(|| told::<WorkspaceError>(error))
        .or_else(|| told::<KeysError>(error))
        .or_else(|| told::<RecoveryError>(error))
        .or_else(|| told::<WriteError>(error))
        .or_else(|| told::<ExhibitsError>(error))
        .or_else(|| told::<PickError>(error))
        .or_else(|| told::<FeedAlarm>(error))
        .or_else(|| told::<ForgetActError>(error))
        .or_else(|| told::<Unproven>(error))
        .or_else(|| told::<TagError>(error))
        .or_else(|| told::<ReplyActError>(error))
        .or_else(|| told::<ReplyError>(error))
        .or_else(|| told::<MayNot>(error))
        .or_else(|| told::<NotProven>(error))
        .or_else(|| told::<LeaveError>(error))
        .or_else(|| told::<VouchError>(error))
}

impl Told for SessionError {
    fn words(&self) -> Words {
        match self {
            Self::OtherReader { workspace, keys } => {
                Words::of("session-other-reader").with("workspace", workspace).with("keys", keys)
            }
            Self::Workspace(cause) | Self::Book(BookError(cause)) => cause.words(),
            Self::Keyring(cause) => Words::of("session-keyring").why(cause.words()),
            Self::Lock { path, cause } => {
                Words::of("session-lock").with("file", path.display()).why(cause.words())
            }
            Self::State(cause) => Words::of("session-state").why(cause.words()),
        }
    }
}

impl Told for WorkspaceError {
    fn words(&self) -> Words {
        match self {
            Self::NotAWorkspace { folder } => {
                Words::of("no-workspace-version").with("folder", folder.display())
            }
            Self::OtherRoots => Words::of("workspace-other-roots"),
            Self::Keyring(cause) => Words::of("session-keyring").why(cause.words()),
            Self::Roots(cause) => Words::of("workspace-roots").why(cause.words()),
            Self::File { path, cause } => {
                Words::of("workspace-io").with("file", path.display()).why(cause.words())
            }
        }
    }
}

impl Told for LeaveError {
    fn words(&self) -> Words {
        match self {
            Self::Keys(cause) => cause.words(),
            Self::Workspace(cause) => cause.words(),
            Self::OtherReader { folder } => {
                Words::of("leave-other-reader").with("folder", folder.display())
            }
            Self::Link { path } => Words::of("leave-link").with("file", path.display()),
            Self::File { path, cause } => {
                Words::of("leave-file").with("file", path.display()).why(cause.words())
            }
        }
    }
}

impl Told for VouchError {
    fn words(&self) -> Words {
        match self {
            Self::NotListed => Words::of("vouch-not-listed"),
            Self::Keyring(cause) => cause.words(),
        }
    }
}

impl Told for KeysError {
    fn words(&self) -> Words {
        match self {
            Self::AlreadyHere => Words::of("keys-already-here"),
            Self::NotHere { name } => Words::of("keys-not-here").with("file", name),
            Self::Unreadable { name, cause } => {
                Words::of("keys-file-unreadable").with("file", name).why(cause.words())
            }
            Self::NotOpened(cause) => Words::of("keys-not-opened").why(cause.words()),
            Self::Malformed => Words::of("keys-malformed"),
            Self::OtherKind => Words::of("keys-other-kind"),
            Self::Device(cause) => Words::of("keys-device").why(cause.words()),
            Self::Keyring(cause) => Words::of("keys-keyring").why(cause.words()),
            Self::Seal(cause) => Words::of("keys-not-written").with("why", cause),
            Self::Io(cause) => Words::of("keys-not-written").why(cause.words()),
        }
    }
}

impl Told for RecoveryError {
    fn words(&self) -> Words {
        match self {
            Self::Keys(cause) => Words::of("recover-keys").why(cause.words()),
            Self::Counts { holders, needed } => {
                Words::of("recover-counts").count("holders", *holders).count("needed", *needed)
            }
            Self::SameHolder { first, second } => {
                Words::of("recover-same-holder").with("first", first).with("second", second)
            }
            Self::NotAHolderPub { path } => {
                Words::of("recover-not-a-holder-pub").with("file", path.display())
            }
            Self::NotAHolder { path } => {
                Words::of("recover-not-a-holder").with("file", path.display())
            }
            Self::HolderNotOpened { path, why } => {
                Words::of("recover-holder-not-opened").with("file", path.display()).why(why.words())
            }
            Self::NotARecovery { path } => {
                Words::of("recover-no-recovery").with("file", path.display())
            }
            Self::NotTheseHolders { path, given, wanted } => Words::of("recover-other-holders")
                .with("file", path.display())
                .with("wanted", numbers(wanted))
                .with("given", numbers(given)),
            Self::Damaged { path } => Words::of("recover-damaged").with("file", path.display()),
            Self::NotTheReader => Words::of("recover-not-the-reader"),
            Self::AlreadyHere { path } => {
                Words::of("recover-already-here").with("file", path.display())
            }
            Self::NotSealed(cause) => Words::of("recover-not-sealed").with("why", cause),
            Self::File { path, cause } => {
                Words::of("recover-file").with("file", path.display()).why(cause.words())
            }
        }
    }
}

impl Told for WriteError {
    fn words(&self) -> Words {
        match self {
            Self::NotAReader => Words::of("write-not-a-reader"),
            Self::Keyring(cause) => Words::of("write-keyring").why(cause.words()),
            Self::OwnEntriesMissing { last, here } => {
                Words::of("write-own-entries-missing").with("last", last).with("here", here)
            }
            Self::Entry(cause) => Words::of("write-entry").why(cause.words()),
            Self::Key(cause) => Words::of("write-failed").why(cause.words()),
            Self::Workspace(cause) => cause.words(),
            Self::Io(cause) => Words::of("write-failed").why(cause.words()),
        }
    }
}

impl Told for Cause {
    fn words(&self) -> Words {
        match self {
            Self::Unreadable(why) => why.words(),
            Self::WrongOrganisation => Words::of("cause-organisation"),
            Self::UnknownKeyring => Words::of("cause-keyring"),
            Self::NotAReader => Words::of("cause-not-a-reader"),
            Self::Retired => Words::of("cause-retired"),
            Self::BadSignature => Words::of("cause-signature"),
            Self::Gap { missing } => Words::of("cause-gap").with("missing", missing),
            Self::Fork => Words::of("cause-fork"),
            Self::Repeated => Words::of("entry-repeated"),
            Self::NotItsAuthor => Words::of("cause-not-its-author"),
            Self::ReplyRepeated => Words::of("cause-reply-repeated"),
            Self::CaseAlreadyOpen => Words::of("cause-case-open"),
        }
    }
}

impl Told for EntryError {
    fn words(&self) -> Words {
        match self {
            Self::TooLarge { .. } | Self::OutOfLimits(_) => Words::of("entry-too-large"),
            Self::NotHere => Words::of("io-not-found"),
            Self::Repeated => Words::of("entry-repeated"),
            Self::NotOpened | Self::NotTheOneOfTheFeed | Self::Malformed | Self::BadRecipient => {
                Words::of("entry-damaged")
            }
        }
    }
}

impl Told for KeyError {
    fn words(&self) -> Words {
        match self {
            Self::NotHere => Words::of("io-not-found"),
            Self::NotOpened
            | Self::Unreadable
            | Self::Malformed
            | Self::OtherVersion
            | Self::WrongOrganisation
            | Self::UnknownKeyring
            | Self::Unsigned
            | Self::Note(_)
            | Self::Repeated
            | Self::TooMany
            | Self::BadRecipient => Words::of("casebook-key").with("why", self),
        }
    }
}

impl Told for TagError {
    fn words(&self) -> Words {
        match self {
            Self::Length { bytes } => Words::of("tag-length").count("found", *bytes),
            Self::Character(c) => Words::of("tag-character").with("sign", c),
        }
    }
}

impl Told for ExhibitsError {
    fn words(&self) -> Words {
        match self {
            Self::InTheWay { folder } => {
                Words::of("exhibits-in-the-way").with("folder", folder.display())
            }
            Self::NotHere => Words::of("exhibits-not-here"),
            Self::NotOpened(cause) => Words::of("exhibits-not-opened").why(cause.words()),
            Self::Io(cause) => Words::of("exhibits-not-written").why(cause.words()),
        }
    }
}

impl Told for PickError {
    fn words(&self) -> Words {
        match self {
            Self::TooShort { prefix } => Words::of("pick-too-short").with("given", prefix),
            Self::Nothing { prefix } => Words::of("pick-nothing").with("given", prefix),
            Self::Several { prefix, shown, all } => {
                let words = Words::of("pick-several").with("given", prefix).with("shown", shown);
                words.count("count", *all)
            }
        }
    }
}

impl Told for FeedAlarm {
    fn words(&self) -> Words {
        match self {
            Self::RolledBack { size, seen } => {
                Words::of("feed-rolled-back").with("shown", size).with("held", seen)
            }
            Self::Rewritten { seen } => Words::of("feed-rewritten").with("held", seen),
            Self::Damaged { line } => Words::of("feed-damaged").with("line", line),
            Self::SplitView { reader, size, signed: false } => {
                Words::of("feed-split-view").with("reader", reader).with("size", size)
            }
            Self::SplitView { reader, size, signed: true } => {
                Words::of("feed-split-view-signed").with("reader", reader).with("size", size)
            }
            Self::Missing { cursor, id, part } => {
                Words::of("feed-missing").with("cursor", cursor).with("id", id).with("part", part)
            }
            Self::Altered { cursor, id, part } => {
                Words::of("feed-altered").with("cursor", cursor).with("id", id).with("part", part)
            }
            Self::Hole { cursor } => Words::of("feed-hole").with("cursor", cursor),
        }
    }
}

impl Told for Unproven {
    fn words(&self) -> Words {
        match self {
            Self::NotSealedToYou => Words::of("not-sealed-to-you"),
            Self::Missing(part) => Words::of("unproven-missing").with("file", part),
            Self::OtherCover | Self::OtherAccount | Self::UnknownKeyring => {
                Words::of("unproven-other")
            }
            Self::NotOpened { part, cause } => {
                Words::of("unproven-part").with("file", part).why(cause.words())
            }
            Self::Unreadable { part, cause } => {
                Words::of("unproven-part").with("file", part).why(cause.words())
            }
            Self::NotAGuardian => Words::of("names-guardians-only"),
        }
    }
}

impl Told for OpenError {
    fn words(&self) -> Words {
        match self {
            Self::Io(cause) => cause.words(),
            Self::NotForThisKey => Words::of("open-not-for-this-key"),
            Self::Truncated => Words::of("open-cut-off"),
            Self::UnknownSchema => Words::of("open-newer"),
            Self::NotAnAgeFile
            | Self::Altered
            | Self::TooLarge { .. }
            | Self::NoKeyInside
            | Self::WrongSize(_)
            | Self::Malformed(_)
            | Self::OtherTestimony
            | Self::NotUnderThisCover(_)
            | Self::Exhibits(_) => Words::of("open-altered").with("why", self),
        }
    }
}

impl Told for ForgetActError {
    fn words(&self) -> Words {
        match self {
            Self::NotAGuardian => Words::of("forget-not-a-guardian"),
            Self::NotHere => Words::of("forget-not-here"),
            Self::OtherLeaf => Words::of("forget-other-leaf"),
            Self::NothingWaits => Words::of("forget-nothing-waits"),
            Self::TooEarly { from } => Words::of("forget-too-early").with("day", from),
            Self::Order(cause) => cause.words(),
            Self::Io(cause) => Words::of("forget-file").why(cause.words()),
        }
    }
}

impl Told for ReplyActError {
    fn words(&self) -> Words {
        match self {
            Self::Words(cause) => cause.words(),
            Self::NotHere => Words::of("not-in-the-feed"),
            Self::Unproven(cause) => Words::of("not-proven").why(cause.words()),
            Self::NoSuchReply => Words::of("reply-not-there"),
            Self::Forged(cause) => Words::of("reply-forged").why(cause.words()),
            Self::Write(cause) => cause.words(),
            Self::NotReleased(cause) => Words::of("reply-not-released").why(cause.words()),
            Self::Draft => Words::of("reply-draft-damaged"),
            Self::Seal(cause) => Words::of("reply-not-sealed").with("why", cause),
            Self::Io(cause) => Words::of("reply-draft-file").why(cause.words()),
        }
    }
}

impl Told for ReplyError {
    fn words(&self) -> Words {
        match self {
            Self::Empty => Words::of("reply-empty"),
            Self::TooLong { bytes } => Words::of("reply-too-long").count("found", *bytes),
            Self::ControlCharacter => Words::of("reply-control-character"),
            Self::Note(_) | Self::Shape => Words::of("reply-shape"),
            Self::OtherOrganisation => Words::of("reply-other-organisation"),
            Self::UnknownKeyring => Words::of("reply-unknown-keyring"),
            Self::NotAReader => Words::of("reply-not-a-reader"),
            Self::BadSignature => Words::of("reply-bad-signature"),
            Self::WrongRecipient => Words::of("reply-wrong-recipient"),
            Self::OtherName | Self::Repeated => Words::of("reply-repeated"),
        }
    }
}

impl Told for MayNot {
    fn words(&self) -> Words {
        match self {
            Self::Withdrawn { id } => Words::of("may-not-withdrawn").with("id", id),
            Self::NotAgreed { what } => Words::of("may-not-agreed").with("given", what),
            Self::Unknown => Words::of("may-not-unknown"),
        }
    }
}

impl Told for NotProven {
    fn words(&self) -> Words {
        match self {
            Self::NothingToContinue => Words::of("continues-nothing"),
            Self::NotSigned => Words::of("continues-unsigned"),
            Self::OtherWitness => Words::of("continues-other-witness"),
        }
    }
}
