//! The roots: the keys from which everything about readers is proved.

use crate::{
    digest::Digest,
    keyring::{
        KeyringError, MAX_ROOTS, ORGANISATION_BYTES,
        text::{LineReader, only_spelling, title},
    },
    note::NamedKey,
};

/// An organisation's roots as someone learned them.
///
/// Written as `roots.txt`, which is public; its fingerprint is compared by voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustRoot {
    /// The organisation's name, 1 to 200 bytes on one line.
    pub organisation: String,
    /// How many roots must sign.
    pub threshold: usize,
    /// The root keys, 2 to 16.
    pub roots: Vec<NamedKey>,
}

impl TrustRoot {
    /// Reads `roots.txt`.
    ///
    /// # Errors
    /// [`KeyringError`] for a text that is not exactly as written by [`TrustRoot::to_text`].
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut lines = LineReader::begin(WHAT, text, MAX_ROOTS_BYTES)?;
        let organisation = lines.value("organisation")?.to_owned();
        let (threshold, roots) = read_roots(&mut lines)?;
        lines.end()?;
        let trust = Self { organisation, threshold, roots };
        trust.check()?;
        only_spelling(WHAT, text, &trust.to_text())?;
        Ok(trust)
    }

    /// Writes `roots.txt`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { organisation, threshold, roots } = self;
        let roots = write_roots(*threshold, roots);
        format!("{}\norganisation {organisation}\n{roots}", title(WHAT))
    }

    /// Checks the name, the number of roots, the threshold, and that no root stands twice.
    ///
    /// # Errors
    /// `Organisation`, `RootCount`, `Threshold` or `RootTwice` of [`KeyringError`].
    pub fn check(&self) -> Result<(), KeyringError> {
        check_organisation(&self.organisation)?;
        check_roots(self.threshold, &self.roots)
    }

    /// Thirty digits to compare by voice.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        Digest::of(self.to_text().as_bytes()).spoken()
    }
}

pub(super) fn read_roots(
    lines: &mut LineReader<'_>,
) -> Result<(usize, Vec<NamedKey>), KeyringError> {
    let threshold = lines.read("threshold", str::parse)?;
    let roots = lines.all("root", |text| NamedKey::parse(text).ok())?;
    Ok((threshold, roots))
}

pub(super) fn write_roots(threshold: usize, roots: &[NamedKey]) -> String {
    let lines: String = roots.iter().map(write_root).collect();
    format!("threshold {threshold}\n{lines}")
}

fn write_root(root: &NamedKey) -> String {
    format!("root {}\n", root.to_text())
}

pub(super) fn check_organisation(name: &str) -> Result<(), KeyringError> {
    let sized = (1..=ORGANISATION_BYTES).contains(&name.len());
    if !sized || name.trim() != name || name.contains(char::is_control) {
        return Err(KeyringError::Organisation);
    }
    Ok(())
}

pub(super) fn check_roots(threshold: usize, roots: &[NamedKey]) -> Result<(), KeyringError> {
    if !(2..=MAX_ROOTS).contains(&roots.len()) {
        return Err(KeyringError::RootCount { found: roots.len() });
    }
    if threshold == 0 || threshold >= roots.len() {
        return Err(KeyringError::Threshold { threshold, roots: roots.len() });
    }
    for (place, root) in roots.iter().enumerate() {
        let mut earlier = roots.iter().take(place);
        if earlier.any(|other| other.name == root.name || other.key == root.key) {
            return Err(KeyringError::RootTwice { name: root.name.as_str().to_owned() });
        }
    }
    Ok(())
}

/// The longest `roots.txt`, in bytes.
pub const MAX_ROOTS_BYTES: usize = 8 << 10;

const WHAT: &str = "roots";
