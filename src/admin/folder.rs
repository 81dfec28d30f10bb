//! The ceremony's folder: what lies where, read and written whole.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    admin::{AdminError, Draft, draft::Purpose},
    files::{self, Audience, Existing},
    keyring::{
        KeyringError, MAX_KEYRING_BYTES, MAX_ROOTS_BYTES, Published, TrustRoot, load_folder,
    },
};

/// A ceremony that was begun: its folder, its roots, its addresses.
pub struct Ceremony {
    folder: PathBuf,
    trust: TrustRoot,
    addresses: Addresses,
}

/// Where the organisation's servers will be found, for invitations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Addresses {
    schema: Schema,
    pub(super) desk_address: String,
    pub(super) intake_address: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Schema {
    #[default]
    #[serde(rename = "ceremony/1")]
    One,
}

impl Addresses {
    pub(super) fn new(desk_address: String, intake_address: String) -> Self {
        Self { schema: Schema::One, desk_address, intake_address }
    }
}

impl Ceremony {
    /// Makes a new folder with its roots and addresses.
    pub(super) fn begin(
        folder: &Path,
        trust: TrustRoot,
        addresses: Addresses,
    ) -> Result<Self, AdminError> {
        let ceremony = Self { folder: folder.to_owned(), trust, addresses };
        let json = serde_json::to_string_pretty(&ceremony.addresses)
            .map_err(|e| AdminError::Settings { why: e.to_string() })?;
        ceremony.save(ROOTS, &ceremony.trust.to_text())?;
        ceremony.save(SETTINGS, &format!("{json}\n"))?;
        Ok(ceremony)
    }

    /// Opens a ceremony's folder.
    ///
    /// # Errors
    /// `NoCeremony`, `Settings`, `File` or `Keyring` of [`AdminError`].
    pub fn open(folder: &Path) -> Result<Self, AdminError> {
        let Some(roots) = load(&folder.join(ROOTS), MAX_ROOTS_BYTES)? else {
            return Err(AdminError::NoCeremony { folder: folder.display().to_string() });
        };
        let json = load(&folder.join(SETTINGS), MAX_ROOTS_BYTES)?.unwrap_or_default();
        let addresses =
            serde_json::from_str(&json).map_err(|e| AdminError::Settings { why: e.to_string() })?;
        Ok(Self { folder: folder.to_owned(), trust: TrustRoot::parse(&roots)?, addresses })
    }

    /// The roots.
    #[must_use]
    pub const fn trust(&self) -> &TrustRoot {
        &self.trust
    }

    /// The ceremony's own folder of what was published.
    #[must_use]
    pub fn published_folder(&self) -> PathBuf {
        self.folder.join(PUBLISHED)
    }

    /// What was published so far, verified; nothing before the first time.
    ///
    /// # Errors
    /// [`AdminError::Keyring`] if something there does not hold.
    pub fn published(&self) -> Result<Option<Published>, AdminError> {
        match load_folder(&self.published_folder(), &self.trust) {
            Ok(published) => Ok(Some(published)),
            Err(
                KeyringError::NothingPublished
                | KeyringError::Unreadable { kind: io::ErrorKind::NotFound, .. },
            ) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// What is to be signed next, if anything is.
    ///
    /// # Errors
    /// `Keyring`, `File` or `DraftEdited` of [`AdminError`].
    pub fn draft(&self) -> Result<Option<Draft>, AdminError> {
        let Some(keyring) = self.load_draft(KEYRING_TEXT)? else { return Ok(None) };
        let desk = self.load_draft(DESK_TEXT)?.ok_or(AdminError::NoDraft)?;
        let notes = [self.load_draft(KEYRING_NOTE)?, self.load_draft(DESK_NOTE)?];
        let purpose = match self.load_draft(AHEAD_MARK)? {
            Some(_) => Purpose::Ahead,
            None => Purpose::Publish,
        };
        Draft::parse([&keyring, &desk], notes, purpose).map(Some)
    }

    /// Puts a draft into its place; one without signatures takes older signatures away.
    pub(super) fn save_draft(&self, draft: &Draft) -> Result<(), AdminError> {
        let folder = self.folder.join(DRAFT);
        files::make_folder(&folder).map_err(AdminError::file(&folder))?;
        self.remove_draft_files(&[KEYRING_NOTE, DESK_NOTE])?;
        match draft.purpose {
            Purpose::Ahead => self.save(&in_draft(AHEAD_MARK), AHEAD_WORDS)?,
            Purpose::Publish => self.remove_draft_files(&[AHEAD_MARK])?,
        }
        self.save(&in_draft(DESK_TEXT), &draft.desk.to_text())?;
        self.save(&in_draft(KEYRING_TEXT), &draft.keyring.to_text())?;
        self.save_signatures(draft)
    }

    /// Puts the signatures of a draft beside it.
    pub(super) fn save_signatures(&self, draft: &Draft) -> Result<(), AdminError> {
        let Some((keyring, desk)) = &draft.signed else { return Ok(()) };
        // A root that leaves signs the keyring alone: a note without signatures is not one.
        if !desk.signatures().is_empty() {
            self.save(&in_draft(DESK_NOTE), &desk.to_text())?;
        }
        self.save(&in_draft(KEYRING_NOTE), &keyring.to_text())
    }

    /// Takes a draft away that has become a published keyring.
    pub(super) fn clear_draft(&self) -> Result<(), AdminError> {
        self.remove_draft_files(&[KEYRING_TEXT, KEYRING_NOTE, DESK_NOTE, DESK_TEXT, AHEAD_MARK])
    }

    /// The ceremony's own folder of renewals that were signed ahead.
    #[must_use]
    pub fn ahead_folder(&self) -> PathBuf {
        self.folder.join(AHEAD)
    }

    pub(super) const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    fn load_draft(&self, file: &str) -> Result<Option<String>, AdminError> {
        load(&self.folder.join(in_draft(file)), MAX_KEYRING_BYTES)
    }

    fn save(&self, file: &str, text: &str) -> Result<(), AdminError> {
        let path = self.folder.join(file);
        files::save(&path, text.as_bytes(), Audience::Owner, Existing::Replace)
            .map_err(AdminError::file(&path))
    }

    fn remove_draft_files(&self, names: &[&str]) -> Result<(), AdminError> {
        for name in names {
            let path = self.folder.join(in_draft(name));
            match fs::remove_file(&path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(AdminError::file(&path)(e));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The text of a file, or nothing if there is no such file.
pub(super) fn load(path: &Path, limit: usize) -> Result<Option<String>, AdminError> {
    match files::load_text(path, u64::try_from(limit).unwrap_or(u64::MAX)) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(AdminError::file(path)(e)),
    }
}

fn in_draft(file: &str) -> String {
    format!("{DRAFT}/{file}")
}

/// The roots, in a ceremony's folder and in a published one.
pub(super) const ROOTS: &str = "roots.txt";

const SETTINGS: &str = "ceremony.json";
const PUBLISHED: &str = "published";
const DRAFT: &str = "draft";
const AHEAD: &str = "ahead";
/// Stands beside a draft that is to be kept, not published.
const AHEAD_MARK: &str = "ahead.txt";
const AHEAD_WORDS: &str = "to be kept ahead\n";
const KEYRING_TEXT: &str = "keyring.txt";
const KEYRING_NOTE: &str = "keyring.note";
const DESK_TEXT: &str = "desk.txt";
const DESK_NOTE: &str = "desk.note";
