//! One root closes the desk to one machine, before a ceremony can be held.

use std::path::Path;

use crate::{
    admin::{AdminError, Ceremony, RootKey, publish::put},
    files::Audience,
    keyring::{Chain, Device, KeyringError, Suspension, load_folder, suspension_file},
    note::SignedNote,
};

/// What would be suspended, and by which keyring.
pub struct Suspending {
    /// The machine.
    pub device: Device,
    chain: Chain,
}

/// Finds the machine whose id begins with `id` among those that the desk admits.
///
/// `to` is the folder that the server reads, or a copy; what is published there may be newer than what
/// the ceremony's folder knows.
///
/// # Errors
/// `NoSuchMember`, `SeveralMembers` or `Keyring` of [`AdminError`].
pub fn find_device(ceremony: &Ceremony, to: &Path, id: &str) -> Result<Suspending, AdminError> {
    let there = match load_folder(to, ceremony.trust()) {
        Ok(there) => there,
        // A stick, to be carried to the server.
        Err(KeyringError::NothingPublished | KeyringError::Unreadable { .. }) => {
            ceremony.published()?.ok_or(KeyringError::NothingPublished)?
        }
        Err(e) => return Err(e.into()),
    };
    let devices = there.desk.map(|desk| desk.get().devices.clone()).unwrap_or_default();
    let mut found = devices.into_iter().filter(|d| d.id.to_string().starts_with(id));
    let id = id.to_owned();
    match (found.next(), found.count()) {
        (Some(device), 0) => Ok(Suspending { device, chain: there.chain }),
        (Some(_), more) => Err(AdminError::SeveralMembers { id, found: more.saturating_add(1) }),
        (None, _) => Err(AdminError::NoSuchMember { id }),
    }
}

/// Signs the suspension with one root and puts it into `to`; its file's name, `None` if it is there.
///
/// It is also kept with what the ceremony's folder has published, so that the next draft leaves that
/// machine out.
///
/// # Errors
/// `NotOneOfTheRoots` or another of [`AdminError`]; nothing is written then.
pub fn suspend(
    ceremony: &Ceremony,
    suspending: &Suspending,
    root: &RootKey,
    to: &Path,
) -> Result<Option<String>, AdminError> {
    let Suspending { device, chain } = suspending;
    let named = root.named();
    if !chain.current().get().roots.contains(&named) {
        return Err(AdminError::NotOneOfTheRoots { name: named.name.as_str().to_owned() });
    }
    let text = Suspension::of(chain, device.id).to_text();
    let mut note = SignedNote::new(text).map_err(KeyringError::from)?;
    root.sign(&mut note);
    Suspension::verify(&note, chain)?;
    let file = suspension_file(device.id);
    if crate::keyring::is_suspended(to, device.id, chain)? {
        return Ok(None);
    }
    let files = [(file.clone(), note.to_text())];
    put(to, &files, Audience::Owner)?;
    if !crate::keyring::is_suspended(&ceremony.published_folder(), device.id, chain)? {
        put(&ceremony.published_folder(), &files, Audience::Owner)?;
    }
    Ok(Some(file))
}
