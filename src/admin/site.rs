//! What the site must serve, signed by the roots as a keyring is.

use std::path::Path;

use crate::{
    admin::{AdminError, Ceremony, Progress, RootKey, folder::load},
    files::{self, Audience, Existing},
    keyring::{KeyringError, MAX_KEYRING_BYTES, SITE_FILE, SignedSite, Signers, SiteManifest},
    note::SignedNote,
};

/// Reads a manifest that any number of roots have signed, none of them checked.
///
/// # Errors
/// `File` or `Keyring` of [`AdminError`].
pub fn read_site(file: &Path) -> Result<(SiteManifest, SignedNote), AdminError> {
    let text = load(file, MAX_KEYRING_BYTES)?
        .ok_or_else(|| AdminError::file(file)(std::io::ErrorKind::NotFound.into()))?;
    // A draft that nobody has signed is the text alone.
    let note = match SignedNote::parse(&text) {
        Ok(note) => note,
        Err(_) => SignedNote::new(text).map_err(KeyringError::from)?,
    };
    Ok((SiteManifest::parse(note.text())?, note))
}

/// Adds a root's signature to the manifest in `file`.
///
/// # Errors
/// The one of [`AdminError`] that says what is wrong; nothing is signed then.
pub fn sign_site(ceremony: &Ceremony, file: &Path, root: &RootKey) -> Result<Progress, AdminError> {
    let (manifest, mut note) = read_site(file)?;
    let published = ceremony.published()?.ok_or(KeyringError::NothingPublished)?;
    let keyring = published.chain.current().get();
    if !keyring.roots.contains(&root.named()) {
        let name = root.named().name.as_str().to_owned();
        return Err(AdminError::NotOneOfTheRoots { name });
    }
    root.sign(&mut note);
    let (_, signed) = SignedSite::read(&note.to_text(), keyring.into())?;
    files::save(file, note.to_text().as_bytes(), Audience::Owner, Existing::Replace)
        .map_err(AdminError::file(file))?;
    Ok(Progress { epoch: manifest.number, signed, needed: keyring.threshold, before: None })
}

/// Puts a manifest that enough roots have signed where servers read it; `false` if it is there.
///
/// # Errors
/// The one of [`AdminError`] that says what is wrong, `WouldOverwrite` for a number that is not
/// higher than what is there; nothing is written then.
pub fn publish_site(ceremony: &Ceremony, file: &Path, to: &Path) -> Result<bool, AdminError> {
    let published = ceremony.published()?.ok_or(KeyringError::NothingPublished)?;
    let signers = Signers::from(published.chain.current().get());
    let (_, note) = read_site(file)?;
    let site = SignedSite::verify(&note.to_text(), signers)?;
    let path = to.join(SITE_FILE);
    if let Some(there) = load(&path, MAX_KEYRING_BYTES)? {
        if there == site.note() {
            return Ok(false);
        }
        // What does not count is no manifest; whoever put it there meant to be replaced.
        let newer = |there: SignedSite| there.manifest().number >= site.manifest().number;
        if SignedSite::verify(&there, signers).is_ok_and(newer) {
            return Err(AdminError::WouldOverwrite { file: SITE_FILE.to_owned() });
        }
    }
    files::save(&path, site.note().as_bytes(), Audience::Everyone, Existing::Replace)
        .map_err(AdminError::file(&path))?;
    Ok(true)
}
