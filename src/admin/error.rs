//! Why a step of the ceremony is refused.

use std::io;

use crate::{clock::Day, keyring::KeyringError, sealed::open_passfile::PassError};

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
    /// The file is neither `reader.pub` nor `device.pub` nor a vouch.
    #[error("{file} is neither a reader.pub nor a device.pub nor a vouch; nothing was changed")]
    NotAnEntrant {
        /// Which file.
        file: String,
    },
    /// No reader or machine has such an id.
    #[error(
        "no reader and no machine has an id that begins with {id}; nothing was changed; see \
         `sandyk admin keyring show`"
    )]
    NoSuchMember {
        /// As it was typed.
        id: String,
    },
    /// Several ids begin alike.
    #[error("{found} ids begin with {id}; nothing was changed; type more of the id you mean")]
    SeveralMembers {
        /// As it was typed.
        id: String,
        /// How many.
        found: usize,
    },
    /// No root of that name.
    #[error("no root is called {name}; nothing was changed; see `sandyk admin keyring show`")]
    NoSuchRoot {
        /// As it was typed.
        name: String,
    },
    /// Not the public half of a root key.
    #[error("{file} is no root-N.pub; nothing was changed; `sandyk admin root make` writes one")]
    NotARootPub {
        /// Which file.
        file: String,
    },
    /// Not a file to be signed on the way.
    #[error(
        "{file} is no file of `sandyk admin draft export`, or it was damaged on its way; nothing \
         was signed; have it sent again"
    )]
    NotASigningFile {
        /// Which file.
        file: String,
    },
    /// The file to be signed and the folder's draft are not the same words.
    #[error(
        "the file is not of the draft of epoch {epoch} in this folder; nothing was taken from it; \
         find out who changed which, then export the right one again"
    )]
    DraftDiffers {
        /// Of the folder's draft.
        epoch: u32,
    },
    /// It changes more than the last day.
    #[error(
        "the keyring of epoch {epoch} is no renewal that was signed ahead; nothing was written; \
         publish it as a ceremony does, or draft one with `sandyk admin renew --ahead`"
    )]
    NotARenewal {
        /// Which epoch.
        epoch: u32,
    },
    /// As many as may be kept ahead are there.
    #[error(
        "{kept} renewals are kept ahead already, which is the most; they are as they were; give \
         away the folder `ahead`"
    )]
    AheadEnough {
        /// How many.
        kept: u32,
    },
    /// A renewal ahead must end after the keyring before it, by at most 400 days.
    #[error(
        "the keyring before ends on {before} and this one on {last}; nothing was drafted; a renewal \
         ahead lasts 1 to 400 days longer"
    )]
    AheadDays {
        /// The last day before.
        before: Day,
        /// The last day of this one.
        last: Day,
    },
    /// Another keyring has been published since it was signed ahead.
    #[error(
        "the renewal of epoch {epoch} was signed ahead of another keyring and is void; nothing was \
         written; ask the administrators for newer ones"
    )]
    AheadVoid {
        /// Which epoch.
        epoch: u32,
    },
    /// There is nothing to publish in that folder.
    #[error(
        "{folder} holds no renewal that follows what is published; nothing was written; name the \
         folder `ahead` that the administrators gave you"
    )]
    NothingAhead {
        /// Which folder.
        folder: String,
    },
    /// The draft is to be kept, not published.
    #[error(
        "the draft of epoch {epoch} is to be kept ahead; nothing was published; run `sandyk admin \
         keyring keep`, or take the folder `draft` away"
    )]
    ToBeKept {
        /// Which epoch.
        epoch: u32,
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
            | Self::SeveralMembers { .. }
            | Self::DraftDiffers { .. }
            | Self::NotARenewal { .. }
            | Self::AheadEnough { .. }
            | Self::AheadDays { .. }
            | Self::AheadVoid { .. }
            | Self::ToBeKept { .. }
            | Self::WouldOverwrite { .. } => true,
            Self::File { .. }
            | Self::NoCeremony { .. }
            | Self::Settings { .. }
            | Self::NotARootFile { .. }
            | Self::NotOpened { .. }
            | Self::NotSealed { .. }
            | Self::NoDraft
            | Self::NoSuchMember { .. }
            | Self::NoSuchRoot { .. }
            | Self::NotARootPub { .. }
            | Self::NotASigningFile { .. }
            | Self::NothingAhead { .. }
            | Self::NotAnEntrant { .. } => false,
        }
    }

    pub(super) fn file(file: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.display().to_string();
        |cause| Self::File { file, cause }
    }
}
