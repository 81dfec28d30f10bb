//! The words of the ceremony.

use std::error::Error;

use super::{Told, Words, told};
use crate::admin::{AdminError, Concern};

pub(super) fn of(error: &(dyn Error + 'static)) -> Option<Words> {
    told::<AdminError>(error)
}

impl Told for AdminError {
    fn words(&self) -> Words {
        match self {
            Self::Keyring(cause) => cause.words(),
            Self::File { file, cause } => {
                Words::of("admin-file").with("file", file).why(cause.words())
            }
            Self::NotEmpty { folder } => Words::of("admin-not-empty").with("folder", folder),
            Self::NoCeremony { folder } => Words::of("admin-no-ceremony").with("folder", folder),
            Self::Settings { why } => Words::of("admin-settings").with("why", why),
            Self::SamePassphrase { first, second } => {
                Words::of("admin-same-passphrase").with("first", first).with("second", second)
            }
            Self::ShortPassphrase { found, needed } => {
                Words::of("passphrase-short").count("found", *found).count("least", *needed)
            }
            Self::NotARootFile { file } => Words::of("admin-not-a-root-file").with("file", file),
            Self::NotOpened { file, why } => {
                Words::of("admin-not-opened").with("file", file).why(why.words())
            }
            Self::NotSealed { file, why } => {
                Words::of("admin-not-sealed").with("file", file).with("why", why)
            }
            Self::NotOneOfTheRoots { name } => {
                Words::of("admin-not-one-of-the-roots").with("name", name)
            }
            Self::NoDraft => Words::of("admin-no-draft"),
            Self::DraftInTheWay { epoch } => {
                Words::of("admin-draft-in-the-way").with("epoch", epoch)
            }
            Self::DraftEdited { file } => Words::of("admin-draft-edited").with("file", file),
            Self::NotAnEntrant { file } => Words::of("admin-not-an-entrant").with("file", file),
            Self::NoSuchMember { id } => Words::of("admin-no-such-member").with("id", id),
            Self::SeveralMembers { id, found } => {
                Words::of("admin-several-members").with("id", id).count("found", *found)
            }
            Self::NoSuchRoot { name } => Words::of("admin-no-such-root").with("name", name),
            Self::NotARootPub { file } => Words::of("admin-not-a-root-pub").with("file", file),
            Self::NotASigningFile { file } => {
                Words::of("admin-not-a-signing-file").with("file", file)
            }
            Self::DraftDiffers { .. }
            | Self::NotARenewal { .. }
            | Self::AheadEnough { .. }
            | Self::AheadDays { .. }
            | Self::AheadVoid { .. }
            | Self::NothingAhead { .. }
            | Self::ToBeKept { .. } => of_drafts(self),
            Self::WouldOverwrite { file } => Words::of("admin-would-overwrite").with("file", file),
        }
    }
}

/// Drafts that go around, and renewals ahead.
#[expect(clippy::wildcard_enum_match_arm, reason = "the caller's match names every variant")]
fn of_drafts(error: &AdminError) -> Words {
    match error {
        AdminError::DraftDiffers { epoch } => Words::of("admin-draft-differs").with("epoch", epoch),
        AdminError::NotARenewal { epoch } => Words::of("admin-not-a-renewal").with("epoch", epoch),
        AdminError::AheadEnough { kept } => Words::of("admin-ahead-enough").count("kept", *kept),
        AdminError::AheadDays { before, last } => {
            Words::of("admin-ahead-days").with("before", before).with("last", last)
        }
        AdminError::AheadVoid { epoch } => Words::of("admin-ahead-void").with("epoch", epoch),
        AdminError::NothingAhead { folder } => {
            Words::of("admin-nothing-ahead").with("folder", folder)
        }
        AdminError::ToBeKept { epoch } => Words::of("admin-to-be-kept").with("epoch", epoch),
        other => Words::english(other),
    }
}

impl Told for Concern {
    fn words(&self) -> Words {
        Words::of(match self {
            Self::NoGuardian => "mind-no-guardian",
            Self::FewReaders => "mind-few-readers",
            Self::NoDevice => "mind-no-device",
            Self::Days => "mind-days",
            Self::EndsSoon => "mind-soon",
        })
    }
}
