//! Makes a device key and an empty workspace from an invitation.

use std::path::{Path, PathBuf};

use rand::{CryptoRng, RngCore};

use super::{SyncError, device, error::at, workspace};
use crate::{
    files,
    keyring::{DevicePub, Invitation, KeyringError, ReaderPub},
};

/// What `init` needs.
pub struct Init {
    /// Folder to make the workspace in; absent or empty.
    pub workspace: PathBuf,
    /// Folder to make the device key in; may exist, without a device key.
    pub device: PathBuf,
    /// The invitation file.
    pub invitation: PathBuf,
    /// The reader's public file.
    pub reader: PathBuf,
}

/// Makes both; gives the device's public half, which an administrator adds.
///
/// # Errors
/// [`SyncError::Given`] for a refused file, [`SyncError::Exists`] if something is there already.
pub fn init(settings: &Init, rng: &mut (impl RngCore + CryptoRng)) -> Result<DevicePub, SyncError> {
    let invitation = load(&settings.invitation, Invitation::parse)?;
    let reader = load(&settings.reader, ReaderPub::parse)?;
    for taken in
        [settings.workspace.join(workspace::ABOUT), settings.device.join(device::DEVICE_KEY)]
    {
        if taken.exists() {
            return Err(SyncError::Exists(taken));
        }
    }
    workspace::make(&settings.workspace, &invitation, reader.id)?;
    device::make(&settings.device, reader.id, &invitation.desk_address, rng)
}

fn load<T>(
    path: &Path,
    parse: impl FnOnce(&str) -> Result<T, KeyringError>,
) -> Result<T, SyncError> {
    let text = at(path, files::load_text(path, 64 << 20))?;
    parse(&text).map_err(|cause| SyncError::Given { path: path.to_owned(), cause })
}
