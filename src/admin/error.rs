//! Why a step of the ceremony is refused.

use std::io;

use crate::{keyring::KeyringError, sealed::open_passfile::PassError};

/// Why a step of the ceremony was not done; each message says what, what was kept, what to do.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// What would be signed or published is not a keyring that anyone would accept.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The file system refused.
    #[error("{file}: {cause}; what was there is as it was; correct that and try again")]
    File {
        /// Which file.
        file: String,
        /// What the file system said.
        cause: io::Error,
    },
    /// There is something in the folder already.
    #[error("{folder} is not empty; nothing was written; name a new folder for the ceremony")]
    NotEmpty {
        /// Which folder.
        folder: String,
    },
    /// The folder holds no ceremony.
    #[error("{folder} holds no ceremony; nothing was changed; begin with `sandyk admin init`")]
    NoCeremony {
        /// Which folder.
        folder: String,
    },
    /// `ceremony.json` is not as this version writes it.
    #[error("ceremony.json cannot be read ({why}); nothing was changed; put the old one back")]
    Settings {
        /// What the parser said.
        why: String,
    },
    /// Two roots would open with one passphrase.
    #[error(
        "root-{second} would have the passphrase of root-{first}, and who learned it would hold \
         both; nothing was written; choose another"
    )]
    SamePassphrase {
        /// Counted from 1.
        first: usize,
        /// Counted from 1.
        second: usize,
    },
    /// A passphrase that can be guessed.
    #[error(
        "a passphrase of {found} characters can be guessed, {needed} are the least; nothing was \
         written; take five or more words that nobody would put together"
    )]
    ShortPassphrase {
        /// Its characters.
        found: usize,
        /// The least.
        needed: usize,
    },
    /// Not a root key file, or a damaged one.
    #[error("{file} is no root key file; nothing was changed; use root-1.age or one like it")]
    NotARootFile {
        /// Which file.
        file: String,
    },
    /// The passphrase is wrong, or the file damaged.
    #[error("{file} was not opened: {why}; nothing was changed; try again, or use another root")]
    NotOpened {
        /// Which file.
        file: String,
        /// Which of the two.
        why: PassError,
    },
    /// The root key could not be sealed.
    #[error("{file} could not be sealed ({why}); nothing was kept of it; try again")]
    NotSealed {
        /// Which file.
        file: String,
        /// What went wrong.
        why: String,
    },
    /// A root key of another organisation, or of other roots.
    #[error("{name} is none of this organisation's roots; nothing was signed; use the right key")]
    NotOneOfTheRoots {
        /// As the file calls it.
        name: String,
    },
    /// There is no draft.
    #[error("there is no draft; nothing was changed; `sandyk admin renew` begins one")]
    NoDraft,
    /// There is a draft already.
    #[error(
        "there is a draft of epoch {epoch} already; it is as it was; sign and publish it, or take \
         the folder `draft` away"
    )]
    DraftInTheWay {
        /// Its epoch.
        epoch: u32,
    },
    /// The draft and what was signed of it are not the same words.
    #[error(
        "draft/{file} is not what was signed; nothing was changed; find out who edited it, then \
         take the two .note files in `draft` away and sign anew"
    )]
    DraftEdited {
        /// The signed one.
        file: &'static str,
    },
    /// The file is neither `reader.pub` nor `device.pub`.
    #[error("{file} is neither a reader.pub nor a device.pub; nothing was changed")]
    NotAnEntrant {
        /// Which file.
        file: String,
    },
    /// A file of that name with other bytes is published there.
    #[error(
        "{file} is published there already with other bytes; nothing was overwritten; find out \
         who published it before you go on"
    )]
    WouldOverwrite {
        /// Which file.
        file: String,
    },
}

impl AdminError {
    /// Whether it was refused for somebody's safety, rather than just could not be done.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        match self {
            Self::Keyring(_)
            | Self::NotEmpty { .. }
            | Self::SamePassphrase { .. }
            | Self::ShortPassphrase { .. }
            | Self::NotOneOfTheRoots { .. }
            | Self::DraftInTheWay { .. }
            | Self::DraftEdited { .. }
            | Self::WouldOverwrite { .. } => true,
            Self::File { .. }
            | Self::NoCeremony { .. }
            | Self::Settings { .. }
            | Self::NotARootFile { .. }
            | Self::NotOpened { .. }
            | Self::NotSealed { .. }
            | Self::NoDraft
            | Self::NotAnEntrant { .. } => false,
        }
    }

    pub(super) fn file(file: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.display().to_string();
        |cause| Self::File { file, cause }
    }
}
