//! What was signed goes where servers read it, after the checks that servers make.

use std::path::Path;

use crate::{
    admin::{
        AdminError, Ceremony,
        draft::Purpose,
        folder::{ROOTS, load},
        sign::check_draft,
    },
    clock::Day,
    files::{self, Audience, Existing},
    keyring::{
        KeyringError, MAX_KEYRING_BYTES, Published, TrustRoot, desk_file, keyring_file, load_folder,
    },
};

/// What publishing did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The newest epoch that is now published there.
    pub epoch: u32,
    /// The files that were not there before, in the order of writing.
    pub written: Vec<String>,
    /// Renewals kept ahead that this made void; they were taken away.
    pub void: Vec<String>,
}

/// Publishes the signed draft, if there is one, and everything before it, to the folder `to`.
///
/// The desk note is written before its keyring, so that whoever reads the folder meanwhile sees
/// the older pair or the newer one. Files that are there already stay as they are.
///
/// # Errors
/// The one of [`AdminError`] that says what is wrong; nothing is written to `to` then, unless the
/// file system failed halfway, after which the same call goes on.
pub fn publish(ceremony: &Ceremony, to: &Path, today: Day) -> Result<Outcome, AdminError> {
    let mut plan = published_files(ceremony)?;
    let new = !draft_is_published(ceremony)?;
    if new {
        plan.extend(draft_files(ceremony, today)?);
    }
    let newest = prove(ceremony, &plan)?;
    newest.chain.usable(today)?;
    let epoch = newest.chain.current().get().epoch;
    refuse_going_back(ceremony, &newest, to)?;
    let mut all = vec![(ROOTS.to_owned(), ceremony.trust().to_text())];
    all.extend(plan.iter().cloned());
    let written = put(to, &all, Audience::Everyone)?;
    put(&ceremony.published_folder(), &plan, Audience::Owner)?;
    ceremony.clear_draft()?;
    let void = if new { ceremony.clear_ahead()? } else { Vec::new() };
    Ok(Outcome { epoch, written, void })
}

/// Takes into the ceremony's folder what was published elsewhere meanwhile, after the checks.
///
/// So a renewal that was published from abroad, or by another administrator, is known here.
///
/// # Errors
/// [`AdminError::Keyring`] if it does not continue what this folder has published; nothing is
/// written then.
pub fn adopt(ceremony: &Ceremony, from: &Path) -> Result<Outcome, AdminError> {
    let there = load_folder(from, ceremony.trust())?;
    if let Some(ours) = ceremony.published()? {
        there.chain.continues(ours.chain.current().get().epoch, &ours.chain.current_digest())?;
    }
    let epoch = there.chain.current().get().epoch;
    let mut files = Vec::new();
    for (number, note) in (1..).zip(there.chain.notes()) {
        if number == epoch
            && let Some(desk) = load(&from.join(desk_file(number)), MAX_KEYRING_BYTES)?
        {
            files.push((desk_file(number), desk));
        }
        files.push((keyring_file(number), note.to_owned()));
    }
    let written = put(&ceremony.published_folder(), &files, Audience::Owner)?;
    Ok(Outcome { epoch, written, void: Vec::new() })
}

/// Verifies a published folder as a server would, against roots learned elsewhere.
///
/// # Errors
/// [`AdminError::Keyring`] with what does not hold.
pub fn verify(published: &Path, trust: &TrustRoot, today: Day) -> Result<Published, AdminError> {
    let published = load_folder(published, trust)?;
    published.chain.usable(today)?;
    Ok(published)
}

pub(super) type File = (String, String);

/// The notes that were published before, the desk note of an epoch before its keyring.
fn published_files(ceremony: &Ceremony) -> Result<Vec<File>, AdminError> {
    let Some(published) = ceremony.published()? else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for (epoch, note) in (1..).zip(published.chain.notes()) {
        let desk = ceremony.published_folder().join(desk_file(epoch));
        if let Some(desk) = load(&desk, MAX_KEYRING_BYTES)? {
            files.push((desk_file(epoch), desk));
        }
        files.push((keyring_file(epoch), note.to_owned()));
    }
    Ok(files)
}

/// There is no draft, or only what an interrupted call left of one.
fn draft_is_published(ceremony: &Ceremony) -> Result<bool, AdminError> {
    let Some(draft) = ceremony.draft()? else { return Ok(true) };
    let Some(published) = ceremony.published()? else { return Ok(false) };
    let there = published.chain.at(draft.keyring.epoch);
    Ok(there.is_some_and(|keyring| *keyring.get() == draft.keyring))
}

fn draft_files(ceremony: &Ceremony, today: Day) -> Result<[File; 2], AdminError> {
    let draft = check_draft(ceremony, today)?;
    let epoch = draft.keyring.epoch;
    if draft.purpose == Purpose::Ahead {
        return Err(AdminError::ToBeKept { epoch });
    }
    let Some((keyring, desk)) = draft.signed else {
        let needed = draft.keyring.threshold;
        return Err(KeyringError::TooFewSignatures { epoch, needed, found: 0 }.into());
    };
    Ok([(desk_file(epoch), desk.to_text()), (keyring_file(epoch), keyring.to_text())])
}

/// Reads the files back in a folder of their own, just as a server would.
fn prove(ceremony: &Ceremony, plan: &[File]) -> Result<Published, AdminError> {
    let published = ceremony.published_folder();
    let rehearsal = tempfile::tempdir().map_err(AdminError::file(&published))?;
    put(rehearsal.path(), plan, Audience::Owner)?;
    Ok(load_folder(rehearsal.path(), ceremony.trust())?)
}

/// An older ceremony folder must not publish over what a newer one has published.
fn refuse_going_back(ceremony: &Ceremony, newest: &Published, to: &Path) -> Result<(), AdminError> {
    match load_folder(to, ceremony.trust()) {
        Ok(there) => {
            let (epoch, digest) = (there.chain.current().get().epoch, there.chain.current_digest());
            newest.chain.continues(epoch, &digest)?;
            Ok(())
        }
        Err(
            KeyringError::NothingPublished
            | KeyringError::Unreadable { kind: std::io::ErrorKind::NotFound, .. },
        ) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

/// Writes the files that are not there; refuses before the first if one is there and differs.
pub(super) fn put(
    folder: &Path,
    files: &[File],
    audience: Audience,
) -> Result<Vec<String>, AdminError> {
    files::make_folder(folder).map_err(AdminError::file(folder))?;
    let mut missing = Vec::new();
    for (name, text) in files {
        match load(&folder.join(name), MAX_KEYRING_BYTES)? {
            Some(there) if there == *text => {}
            Some(_) => return Err(AdminError::WouldOverwrite { file: name.clone() }),
            None => missing.push((name, text)),
        }
    }
    let mut written = Vec::new();
    for (name, text) in missing {
        // SECURITY: desk notes are never public.
        let audience = if name.starts_with("desk-") { Audience::Owner } else { audience };
        let path = folder.join(name);
        files::save(&path, text.as_bytes(), audience, Existing::Refuse)
            .map_err(AdminError::file(&path))?;
        written.push(name.clone());
    }
    Ok(written)
}
