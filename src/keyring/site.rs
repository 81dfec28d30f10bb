//! The site manifest: what a site must serve, said by the roots and not by the server.

use std::collections::BTreeMap;

use super::{
    Keyring, KeyringError, MAX_KEYRING_BYTES, TrustRoot,
    text::{LineReader, only_spelling, title},
};
use crate::{
    clock::Day,
    digest::Digest,
    note::{NamedKey, SignedNote},
};

/// The file of the newest site manifest in a published folder.
pub const SITE_FILE: &str = "site.note";
/// The most files of a site.
pub const MAX_SITE_FILES: usize = 256;
const MAX_PATH: usize = 100;
const WHAT: &str = "site";

/// The hash of every file that a site serves to everyone alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteManifest {
    /// The organisation's name.
    pub organisation: String,
    /// Grows by one with each manifest, so that an old one is told from the newest.
    pub number: u32,
    /// The day on which it was made.
    pub day: Day,
    /// SHA-256 of the body at each path.
    pub files: BTreeMap<String, Digest>,
}

/// A manifest that enough roots have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedSite {
    manifest: SiteManifest,
    note: String,
}

/// Whose signatures make a manifest count.
#[derive(Debug, Clone, Copy)]
pub struct Signers<'k> {
    organisation: &'k str,
    threshold: usize,
    roots: &'k [NamedKey],
    epoch: u32,
}

impl<'k> From<&'k Keyring> for Signers<'k> {
    fn from(keyring: &'k Keyring) -> Self {
        let Keyring { organisation, threshold, roots, epoch, .. } = keyring;
        Self { organisation, threshold: *threshold, roots, epoch: *epoch }
    }
}

impl<'k> From<&'k TrustRoot> for Signers<'k> {
    fn from(trust: &'k TrustRoot) -> Self {
        let TrustRoot { organisation, threshold, roots } = trust;
        Self { organisation, threshold: *threshold, roots, epoch: 1 }
    }
}

impl SiteManifest {
    /// Reads the text that is signed.
    ///
    /// # Errors
    /// [`KeyringError`] for a text that is not exactly as [`SiteManifest::to_text`] writes it.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut lines = LineReader::begin(WHAT, text, MAX_KEYRING_BYTES)?;
        let organisation = lines.value("organisation")?.to_owned();
        let number = lines.read("number", str::parse)?;
        let day = lines.read("day", str::parse)?;
        let files = lines.all("file", read_file)?;
        let count = files.len();
        let files: BTreeMap<String, Digest> = files.into_iter().collect();
        if files.is_empty() || files.len() != count || count > MAX_SITE_FILES {
            return Err(lines.wrong("file"));
        }
        lines.end()?;
        let manifest = Self { organisation, number, day, files };
        only_spelling(WHAT, text, &manifest.to_text())?;
        Ok(manifest)
    }

    /// Writes the text that is signed; files in the order of their paths.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { organisation, number, day, files } = self;
        let files: String = files.iter().map(write_file).collect();
        format!("{}\norganisation {organisation}\nnumber {number}\nday {day}\n{files}", title(WHAT))
    }

    /// What is not as it says in what a site serves: each path with its hash there, if there is one.
    #[must_use]
    pub fn differences(&self, served: &BTreeMap<String, Digest>) -> Vec<String> {
        let all = self.files.keys().chain(served.keys().filter(|p| !self.files.contains_key(*p)));
        all.filter(|path| self.files.get(*path) != served.get(*path)).cloned().collect()
    }
}

impl SignedSite {
    /// Believes a manifest that as many roots have signed as must, and nobody else.
    ///
    /// # Errors
    /// The one of [`KeyringError`] that says what is wrong with it.
    pub fn verify(note: &str, signers: Signers<'_>) -> Result<Self, KeyringError> {
        let (manifest, found) = Self::read(note, signers)?;
        if found.len() < signers.threshold {
            let Signers { epoch, threshold: needed, .. } = signers;
            return Err(KeyringError::TooFewSignatures { epoch, needed, found: found.len() });
        }
        Ok(Self { manifest, note: note.to_owned() })
    }

    /// The manifest and the names of the roots that have signed it so far.
    ///
    /// # Errors
    /// As [`SignedSite::verify`], but for too few signatures.
    pub fn read(
        note: &str,
        signers: Signers<'_>,
    ) -> Result<(SiteManifest, Vec<String>), KeyringError> {
        let note = SignedNote::parse(note)?;
        let manifest = SiteManifest::parse(note.text())?;
        check_organisation(&manifest, signers)?;
        if let Some(stranger) = note.stranger(signers.roots) {
            let name = stranger.name.as_str().to_owned();
            return Err(KeyringError::StrangeSignature { name });
        }
        let found = note.signers(signers.roots)?;
        Ok((manifest, found.into_iter().map(|root| root.name.as_str().to_owned()).collect()))
    }

    /// What it says.
    #[must_use]
    pub const fn manifest(&self) -> &SiteManifest {
        &self.manifest
    }

    /// The signed note.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }

    /// SHA-256 of the signed note, as the public log names it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.note.as_bytes())
    }
}

/// Refuses another organisation's manifest.
fn check_organisation(manifest: &SiteManifest, signers: Signers<'_>) -> Result<(), KeyringError> {
    if manifest.organisation == signers.organisation {
        return Ok(());
    }
    let (expected, found) = (signers.organisation.to_owned(), manifest.organisation.clone());
    Err(KeyringError::OtherOrganisation { expected, found })
}

fn write_file((path, hash): (&String, &Digest)) -> String {
    format!("file {hash} {path}\n")
}

fn read_file(value: &str) -> Option<(String, Digest)> {
    let (hash, path) = value.split_once(' ')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    let whole = path.starts_with('/') && path.len() <= MAX_PATH && path.chars().all(plain);
    // No path leaves the site or means two things.
    let steps = !path.contains("//") && !path.contains("..");
    (whole && steps).then(|| Some((path.to_owned(), hash.parse().ok()?))).flatten()
}
