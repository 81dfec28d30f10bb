//! The folder from which a server, or anyone, reads the keyrings.

use std::{fs, io, path::Path};

use crate::{
    files,
    keyring::{
        Chain, DeskNote, Device, KeyringError, MAX_KEYRING_BYTES, SITE_FILE, SignedSite,
        Suspension, TrustRoot, Verified, VoidSuspension, suspension::load_suspensions,
    },
    note::SignedNote,
};

/// What a folder of published notes proves.
pub struct Published {
    /// All keyrings.
    pub chain: Chain,
    /// The devices of the newest epoch; without a note of that epoch, no device is admitted.
    pub desk: Option<Verified<DeskNote>>,
    /// The site manifest, if there is one; an error says why the one that is there does not count.
    pub site: Result<Option<SignedSite>, KeyringError>,
    /// The suspensions in force; a desk looks for new ones at each request.
    pub suspensions: Vec<Verified<Suspension>>,
    /// Suspensions that do not count: the desk is open to a device that somebody wanted to close it to.
    pub void_suspensions: Vec<VoidSuspension>,
}

/// The name of an epoch's keyring in a published folder.
#[must_use]
pub fn keyring_file(epoch: u32) -> String {
    format!("keyring-{epoch:04}.note")
}

/// The name of an epoch's desk note in a published folder.
#[must_use]
pub fn desk_file(epoch: u32) -> String {
    format!("desk-{epoch:04}.note")
}

/// Reads and verifies `keyring-0001.note` and on, the newest desk note, `site.note`, suspensions.
///
/// Other files are not looked at. The desk note of an epoch is put there before its keyring, so
/// that a reader of the folder sees the older pair or the newer one.
///
/// # Errors
/// The one of [`KeyringError`] that says what is wrong; nothing of the folder is to be used then.
pub fn load_folder(folder: &Path, trust: &TrustRoot) -> Result<Published, KeyringError> {
    let mut notes = Vec::new();
    for epoch in 1..=MAX_EPOCHS {
        let Some(note) = load_note(folder, &keyring_file(epoch))? else {
            refuse_gap(folder, epoch)?;
            break;
        };
        notes.push(note);
    }
    let chain = Chain::verify(&notes, trust)?;
    let desk = load_note(folder, &desk_file(chain.current().get().epoch))?;
    let desk = desk.map(|note| DeskNote::verify(&SignedNote::parse(&note)?, &chain)).transpose()?;
    // What is wrong with it closes no intake: who reads the folder says so.
    let site = load_note(folder, SITE_FILE).and_then(|note| {
        note.map(|note| SignedSite::verify(&note, chain.current().get().into())).transpose()
    });
    let admitted: &[Device] = desk.as_ref().map_or(&[], |desk| &desk.get().devices);
    let admits = |id| admitted.iter().any(|device| device.id == id);
    let (suspensions, void_suspensions) = load_suspensions(folder, &chain, admits)?;
    Ok(Published { chain, desk, site, suspensions, void_suspensions })
}

pub(super) fn load_note(folder: &Path, file: &str) -> Result<Option<String>, KeyringError> {
    let limit = u64::try_from(MAX_KEYRING_BYTES).unwrap_or(u64::MAX);
    match files::load_text(&folder.join(file), limit) {
        Ok(note) => Ok(Some(note)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) if e.kind() == io::ErrorKind::FileTooLarge => {
            Err(KeyringError::TooLong { what: "note", limit: MAX_KEYRING_BYTES })
        }
        Err(e) => Err(unreadable(file, &e)),
    }
}

pub(super) fn unreadable(file: &str, error: &io::Error) -> KeyringError {
    KeyringError::Unreadable { file: file.to_owned(), kind: error.kind() }
}

fn refuse_gap(folder: &Path, missing: u32) -> Result<(), KeyringError> {
    let failed = |e: io::Error| unreadable("the folder", &e);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if name.to_str().and_then(epoch_of).is_some_and(|epoch| epoch > missing) {
            return Err(KeyringError::Gap { missing: keyring_file(missing) });
        }
    }
    Ok(())
}

fn epoch_of(file: &str) -> Option<u32> {
    let digits = file.strip_prefix("keyring-")?.strip_suffix(".note")?;
    let epoch = digits.parse().ok()?;
    (keyring_file(epoch) == file).then_some(epoch)
}

/// More than any organisation can use up in a thousand years of renewals.
const MAX_EPOCHS: u32 = 9999;
