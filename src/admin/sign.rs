//! One root signs the draft.

use crate::{
    admin::{AdminError, Ceremony, Draft, RootKey},
    clock::Day,
    keyring::{Keyring, KeyringError},
    note::SignedNote,
};

/// How far the signing has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The draft's epoch.
    pub epoch: u32,
    /// The names of the roots that have signed.
    pub signed: Vec<String>,
    /// How many are needed.
    pub needed: usize,
}

/// Adds a root's signature to the draft of the keyring and of its desk note.
///
/// The draft is checked first, against what was published and against today, so that nobody signs
/// what everyone would refuse.
///
/// # Errors
/// The one of [`AdminError`] that says what is wrong; nothing is signed then.
pub fn sign(ceremony: &Ceremony, root: &RootKey, today: Day) -> Result<Progress, AdminError> {
    let draft = check_draft(ceremony, today)?;
    if !draft.keyring.roots.contains(&root.named()) {
        let name = root.named().name.as_str().to_owned();
        return Err(AdminError::NotOneOfTheRoots { name });
    }
    let Draft { keyring, desk, signed } = draft;
    let fresh = |text: String| SignedNote::new(text).map_err(KeyringError::from);
    let (mut keyring_note, mut desk_note) = match signed {
        Some(notes) => notes,
        None => (fresh(keyring.to_text())?, fresh(desk.to_text())?),
    };
    root.sign(&mut keyring_note);
    root.sign(&mut desk_note);
    let progress = progress(&keyring, &keyring_note)?;
    let signed = Some((keyring_note, desk_note));
    ceremony.save_draft(&Draft { keyring, desk, signed })?;
    Ok(progress)
}

/// The draft, if nothing but signatures is missing to it.
///
/// # Errors
/// The one of [`AdminError`] that says what is wrong with it.
pub fn check_draft(ceremony: &Ceremony, today: Day) -> Result<Draft, AdminError> {
    let draft = ceremony.draft()?.ok_or(AdminError::NoDraft)?;
    match ceremony.published()? {
        Some(published) => published.chain.check_next(&draft.keyring)?,
        None => ceremony.trust().check_first(&draft.keyring)?,
    }
    draft.keyring.check_days(today)?;
    draft.desk.check(&draft.keyring)?;
    Ok(draft)
}

pub(super) fn progress(keyring: &Keyring, note: &SignedNote) -> Result<Progress, AdminError> {
    let signers = note.signers(&keyring.roots).map_err(KeyringError::from)?;
    let signed = signers.into_iter().map(|root| root.name.as_str().to_owned()).collect();
    Ok(Progress { epoch: keyring.epoch, signed, needed: keyring.threshold })
}
