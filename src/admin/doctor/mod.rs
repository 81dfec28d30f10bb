//! What an administrator should look after: the keyring, its roots, the draft, this machine.

mod drill;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    admin::{AdminError, Ceremony},
    clock::Clock,
    doctor,
    finding::{Finding, Level},
    keyring::KeyringError,
};

pub use drill::drill;

/// Looks at a ceremony's folder and the machine that it lies on; changes nothing.
///
/// # Errors
/// [`AdminError`] if the draft cannot be read.
pub fn examine(
    folder: &Path,
    ceremony: &Ceremony,
    clock: &impl Clock,
) -> Result<Vec<Finding>, AdminError> {
    let today = clock.today();
    let mut found = Vec::new();
    match doctor::published_in(&ceremony.published_folder(), ceremony.trust()) {
        Err(finding) => found.push(*finding),
        Ok(published) => {
            found.extend(doctor::keyring(published.chain.current().get(), today));
            found.extend(doctor::beside(&published));
            found.extend(doctor::suspended(&published));
            found.push(doctor::ahead(&folder.join(AHEAD), &published.chain, Level::Note));
        }
    }
    found.extend(draft(ceremony)?);
    let roots = root_keys(folder);
    found.push(together(&roots, ceremony.trust().threshold));
    found.extend(roots.iter().filter_map(|file| doctor::private(file)));
    found.push(doctor::time_of_files(&written(folder, ceremony), clock));
    found.extend([doctor::swap(), doctor::network(), doctor::disk_is_sealed(folder)]);
    found.push(doctor::wording());
    Ok(found)
}

/// A draft that nobody goes on with.
fn draft(ceremony: &Ceremony) -> Result<Option<Finding>, AdminError> {
    let Some(draft) = ceremony.draft()? else { return Ok(None) };
    let (needed, epoch) = (draft.keyring.threshold, draft.keyring.epoch);
    let signers = draft.signed.as_ref().map(|(note, _)| note.signers(&draft.keyring.roots));
    let signed = signers.transpose().map_err(KeyringError::from)?.map_or(0, |all| all.len());
    let about = format!("epoch {epoch}, {signed} of {needed} signatures");
    let finding = Finding::note("draft-waits").about(about).count("epoch", epoch);
    Ok(Some(finding.count("signed", signed).count("needed", needed).says(
        format!("a draft of epoch {epoch} waits, signed by {signed} of {needed}"),
        "nothing of it counts before it is signed and published",
        "`sandyk admin keyring show`, then `sandyk admin sign`, then `sandyk admin keyring publish`",
    )))
}

/// The root key files that lie in the ceremony's folder.
fn root_keys(folder: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_root = |file: &PathBuf| {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        let sealed = file.extension().is_some_and(|end| end == "age");
        sealed && name.is_some_and(|name| name.starts_with("root-"))
    };
    let mut roots: Vec<_> = listed.filter(is_root).collect();
    roots.sort();
    roots
}

/// Root keys that should be with different people lie in one folder.
fn together(roots: &[PathBuf], threshold: usize) -> Finding {
    let count = roots.len();
    let carry = "carry each root key file to another person and machine, and delete it here";
    if count == 0 {
        return Finding::good("root-keys", "none lies here");
    }
    if count < threshold {
        return Finding::note("root-key-here").count("count", count).says(
            format!("{count} root key lies in this folder"),
            "it should lie where its holder is, and be brought only to sign",
            carry,
        );
    }
    Finding::now("root-keys-together").count("count", count).count("needed", threshold).says(
        format!("{count} root keys lie in this folder, and {threshold} of them sign a keyring"),
        "whoever takes this machine and learns the passphrases can sign keyrings alone",
        carry,
    )
}

/// Files that the ceremony wrote; none of them can be of tomorrow.
fn written(folder: &Path, ceremony: &Ceremony) -> Vec<PathBuf> {
    let published = fs::read_dir(ceremony.published_folder()).into_iter().flatten().flatten();
    let published = published.map(|entry| entry.path());
    published.chain([folder.join("roots.txt"), folder.join("draft/keyring.txt")]).collect()
}

/// Where renewals that were signed ahead wait, in a ceremony's folder.
const AHEAD: &str = "ahead";
