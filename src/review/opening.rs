//! One testimony: opened under its cover, or the reason why not.

use std::{
    fs::{self, File, OpenOptions},
    io,
};

use crate::{
    clock::Week,
    digest::Digest,
    files,
    id::TestimonyId,
    keyring::{Chain, Role},
    review::{feed::FeedLine, keys::ReaderKeys, workspace::Workspace},
    sealed::{
        Sealed,
        open::{AccountKey, OpenError, OpenedCover},
    },
    testimony::{Account, Identity},
};

/// A testimony of the feed, opened as far as it can be proven.
pub struct Opened {
    /// Its id.
    pub id: TestimonyId,
    /// Its place in the feed.
    pub cursor: u64,
    /// Its leaf in the feed tree.
    pub leaf: Digest,
    /// The week in which it came in.
    pub week: Option<Week>,
    /// Are its exhibits here?
    pub exhibits: ExhibitsHere,
    /// What was said, or why that is not proven.
    pub content: Result<Content, Unproven>,
}

/// What was opened and matches its cover.
pub struct Content {
    /// What binds the parts.
    pub cover: OpenedCover,
    /// What was said.
    pub account: Account,
    /// Opens the exhibits.
    pub(super) key: AccountKey,
}

/// Are the exhibits of a testimony in the workspace?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExhibitsHere {
    /// Not fetched.
    No,
    /// Partly fetched.
    Arriving {
        /// Sealed bytes here so far.
        bytes: u64,
    },
    /// Fetched.
    Yes {
        /// Sealed bytes.
        bytes: u64,
    },
}

/// Why a testimony is not shown.
#[derive(Debug, thiserror::Error)]
pub enum Unproven {
    /// No envelope of this reader is in the workspace.
    #[error("it is not sealed to you yet: no envelope-account.age is here")]
    NotSealedToYou,
    /// A file is not in the workspace.
    #[error("{0} is not here yet")]
    Missing(&'static str),
    /// The cover is not the one that the feed committed to.
    #[error("cover.age is not the one that the feed names")]
    OtherCover,
    /// It does not open, or does not match its cover.
    #[error("{part}: {cause}")]
    NotOpened {
        /// Which file.
        part: &'static str,
        /// Why.
        cause: OpenError,
    },
    /// It was sealed for a keyring that never was.
    #[error("it was sealed for a keyring that is not in the chain")]
    UnknownKeyring,
    /// The account says it is another testimony's.
    #[error("the account belongs to another testimony")]
    OtherAccount,
    /// The file system says no.
    #[error("{part} cannot be read: {cause}")]
    Unreadable {
        /// Which file.
        part: &'static str,
        /// Why.
        cause: io::Error,
    },
    /// Only guardians open identities.
    #[error("only guardians open identities")]
    NotAGuardian,
}

impl Unproven {
    /// The part that is not what the feed and the cover commit to, if that is why.
    pub(super) const fn altered(&self) -> Option<&'static str> {
        match self {
            Self::OtherCover => Some("cover.age"),
            Self::NotOpened { part, cause: OpenError::NotUnderThisCover(_) } => Some(part),
            Self::NotSealedToYou
            | Self::Missing(_)
            | Self::NotOpened { .. }
            | Self::UnknownKeyring
            | Self::OtherAccount
            | Self::Unreadable { .. }
            | Self::NotAGuardian => None,
        }
    }
}

/// What is needed to open testimonies.
pub(super) struct Opener<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) keys: &'a ReaderKeys,
    pub(super) chain: &'a Chain,
}

impl Opener<'_> {
    /// Opens a testimony of the feed; `None` if the line names none.
    pub(super) fn open(&self, line: &FeedLine) -> Option<Opened> {
        let id: TestimonyId = line.item.id.parse().ok()?;
        Some(Opened {
            id,
            cursor: line.cursor,
            leaf: line.leaf,
            week: line.item.week,
            exhibits: self.exhibits(id),
            content: self.content(id, &line.item.content),
        })
    }

    fn content(&self, id: TestimonyId, committed: &Digest) -> Result<Content, Unproven> {
        let sealed_cover = self.load(id, "cover.age")?;
        if sealed_cover.digest() != *committed {
            return Err(Unproven::OtherCover);
        }
        let envelope = self.load(id, "envelope-account.age").map_err(|why| {
            if matches!(why, Unproven::Missing(_)) { Unproven::NotSealedToYou } else { why }
        })?;
        let key = self
            .keys
            .reading
            .open_account_envelope(&envelope)
            .map_err(|cause| Unproven::NotOpened { part: "envelope-account.age", cause })?;
        let cover = key
            .open_cover(&sealed_cover, id)
            .map_err(|cause| Unproven::NotOpened { part: "cover.age", cause })?;
        if self.chain.by_digest(&cover.cover().keyring).is_none() {
            return Err(Unproven::UnknownKeyring);
        }
        let account = cover
            .open_account(&key, &self.load(id, "account.age")?)
            .map_err(|cause| Unproven::NotOpened { part: "account.age", cause })?;
        // The words are sealed before it is known what they continue; the signed cover says that.
        let named = account.continues.is_none() || account.continues == cover.cover().continues;
        let same = account.id == id && named;
        if same { Ok(Content { cover, account, key }) } else { Err(Unproven::OtherAccount) }
    }

    /// Opens the names of a testimony, under the cover that was opened before.
    pub(super) fn identity(
        &self,
        id: TestimonyId,
        cover: &OpenedCover,
    ) -> Result<Identity, Unproven> {
        let envelope = match self.load(id, "envelope-identity.age") {
            Err(Unproven::Missing(_)) if self.keys.role != Role::Guardian => {
                return Err(Unproven::NotAGuardian);
            }
            other => other?,
        };
        let key = self
            .keys
            .reading
            .open_identity_envelope(&envelope)
            .map_err(|cause| Unproven::NotOpened { part: "envelope-identity.age", cause })?;
        cover
            .open_identity(&key, &self.load(id, "identity.age")?)
            .map_err(|cause| Unproven::NotOpened { part: "identity.age", cause })
    }

    /// The file of the exhibits, for reading.
    pub(super) fn exhibits_file(&self, id: TestimonyId) -> io::Result<File> {
        let path = self.workspace.testimony(id).join("exhibits.age");
        files::open_plain(&path, OpenOptions::new().read(true))
    }

    fn exhibits(&self, id: TestimonyId) -> ExhibitsHere {
        let folder = self.workspace.testimony(id);
        let size = |name: &str| fs::metadata(folder.join(name)).map(|m| m.len()).ok();
        match (size("exhibits.age"), size("exhibits.age.part")) {
            (Some(bytes), _) => ExhibitsHere::Yes { bytes },
            (None, Some(bytes)) => ExhibitsHere::Arriving { bytes },
            (None, None) => ExhibitsHere::No,
        }
    }

    fn load<T>(&self, id: TestimonyId, part: &'static str) -> Result<Sealed<T>, Unproven> {
        match files::load_plain(&self.workspace.testimony(id).join(part), MAX_PART) {
            Ok(bytes) => Ok(Sealed::from_bytes(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Unproven::Missing(part)),
            Err(cause) => Err(Unproven::Unreadable { part, cause }),
        }
    }
}

/// Largest sealed part but the exhibits, in bytes: the largest account and its age file around it.
const MAX_PART: u64 = (1 << 20) + (64 << 10);
