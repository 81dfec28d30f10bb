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
            Self::WouldOverwrite { file } => Words::of("admin-would-overwrite").with("file", file),
        }
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
