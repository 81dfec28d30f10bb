//! A reader's key file under another passphrase, and on paper.
//!
//! Promises: 1. the new file was opened with the new passphrase before it takes the place of the old one, which
//! is then overwritten; 2. a page holds the sealed file and nothing in clear; 3. what is read back from a page
//! is written only if its passphrase opens it.
//! Does not: change keys. Spec: `docs/format/workspace.md`, "Keys".

use std::{fs::OpenOptions, path::Path};

use crate::{
    files::{self, Audience, Existing},
    keyring::{ReaderPub, TrustRoot},
    paper,
    review::{
        Passphrase,
        keys::{self, KeysError, READER},
        leave::overwrite,
    },
    sealed::{
        armour::armoured, open_passfile::open_with_passphrase, passfile::seal_with_passphrase,
    },
    secret::SecretText,
};

/// Seals the keys in the folder `keys` under another passphrase; gives whose they are.
///
/// # Errors
/// [`KeysError::NotOpened`] if `old` does not open them; nothing was changed, whatever the error.
pub fn change_passphrase(
    keys: &Path,
    old: &SecretText,
    new: &Passphrase<'_>,
) -> Result<ReaderPub, KeysError> {
    let text = keys::open_text(keys, old)?;
    let public = keys::public_in(&text)?;
    let sealed = seal_with_passphrase(new.words, &text, new.work_factor)?;
    if *open_with_passphrase(new.words, &sealed)? != *text {
        return Err(KeysError::Malformed);
    }
    let path = keys.join(READER);
    let mut before = files::open_plain(&path, OpenOptions::new().write(true))?;
    files::save(&path, &sealed, Audience::Owner, Existing::Replace)?;
    overwrite(&mut before)?;
    Ok(public)
}

/// The page on which the keys can be printed: groups to type back, then the file as stock age reads it.
///
/// # Errors
/// [`KeysError`] if there is no `reader.age`.
pub fn page(keys: &Path) -> Result<String, KeysError> {
    let sealed = keys::load_sealed(keys)?;
    Ok(format!("{}\n\n{}", paper::lines(&sealed).join("\n"), armoured(&sealed)))
}

/// Writes what was read back from a page into the folder `keys`, once its passphrase has opened it.
///
/// There is no memory of what was seen before: the first session says so.
///
/// # Errors
/// [`KeysError::AlreadyHere`] if there are keys; [`KeysError`] if it does not open.
pub fn keys_from_page(
    keys: &Path,
    sealed: &[u8],
    passphrase: &SecretText,
    trust: &TrustRoot,
) -> Result<ReaderPub, KeysError> {
    if keys.join(READER).exists() {
        return Err(KeysError::AlreadyHere);
    }
    let text = open_with_passphrase(passphrase, sealed)?;
    keys::restore_sealed(keys, &text, sealed, trust)
}
