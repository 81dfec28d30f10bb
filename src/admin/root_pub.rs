//! The public half of a root key that was made on its holder's own machine.

use std::path::Path;

use crate::{
    admin::{AdminError, RootKey, folder::load},
    keyring::{KeyringError, MAX_JOINING_BYTES},
    note::{NamedKey, SignedNote},
};

/// Writes `root-4.pub` or one like it: the verifier key, signed by the key itself.
///
/// # Errors
/// [`AdminError::Keyring`] if the name cannot stand in a note.
pub fn write_root_pub(root: &RootKey) -> Result<String, AdminError> {
    let mut note = SignedNote::new(body(&root.named())).map_err(KeyringError::from)?;
    root.sign(&mut note);
    Ok(note.to_text())
}

/// Reads such a file, and checks that whoever made it holds the key.
///
/// # Errors
/// `File`, `NotARootPub` or `Keyring` of [`AdminError`].
pub fn read_root_pub(path: &Path) -> Result<NamedKey, AdminError> {
    let text = load(path, MAX_JOINING_BYTES)?
        .ok_or_else(|| AdminError::file(path)(std::io::ErrorKind::NotFound.into()))?;
    let not_one = || AdminError::NotARootPub { file: path.display().to_string() };
    let note = SignedNote::parse(&text).map_err(|_| not_one())?;
    let line = note.text().strip_prefix(BEGINNING).and_then(|rest| rest.strip_suffix('\n'));
    let key = NamedKey::parse(line.ok_or_else(not_one)?).map_err(|_| not_one())?;
    let owner = [key.clone()];
    let signers = note.signers(&owner).map_err(KeyringError::from)?.len();
    if note.text() != body(&key) || signers != 1 || note.signatures().len() != 1 {
        return Err(KeyringError::NoProof { what: "root" }.into());
    }
    Ok(key)
}

fn body(key: &NamedKey) -> String {
    format!("{BEGINNING}{}\n", key.to_text())
}

const BEGINNING: &str = "sandyk root v1\nkey ";
