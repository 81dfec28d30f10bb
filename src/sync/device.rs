//! The device key: the only secret of a networked machine. It signs requests and opens nothing.

use std::path::Path;

use data_encoding::BASE64;
use ed25519_dalek::SigningKey;
use rand::{CryptoRng, RngCore};

use super::{SyncError, error::at};
use crate::{
    files::{self, Audience, Existing},
    id::{DeviceId, ReaderId},
    keyring::DevicePub,
    secret::{Secret, SecretText},
};

/// File of the secret half, mode 0600.
pub const DEVICE_KEY: &str = "device.key";
/// File of the public half, for an administrator.
pub const DEVICE_PUB: &str = "device.pub";
/// File of the desk's address, from the invitation.
const ADDRESS: &str = "desk.txt";
const FIRST_LINE: &str = "sandyk device key v1";

/// A device with its key.
pub(super) struct Device {
    pub(super) id: DeviceId,
    pub(super) key: SigningKey,
}

/// Makes a device for `reader` in `folder`; gives its public half.
pub(super) fn make(
    folder: &Path,
    reader: ReaderId,
    address: &str,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<DevicePub, SyncError> {
    let path = folder.join(DEVICE_KEY);
    let id = DeviceId::random(rng);
    let seed = Secret::random(rng);
    let key = SigningKey::from_bytes(seed.expose());
    let public = DevicePub { id, reader, key: key.verifying_key() };
    let text = public.to_text(&key).map_err(|_| SyncError::DeviceKey(path.clone()))?;
    at(folder, files::make_folder(folder))?;
    let secret = SecretText::new(format!(
        "{FIRST_LINE}\ndevice {id}\nreader {reader}\nkey {}\n",
        BASE64.encode(seed.expose())
    ));
    let bytes = secret.expose().as_bytes();
    at(&path, files::save(&path, bytes, Audience::Owner, Existing::Refuse))?;
    for (name, text) in [(ADDRESS, &format!("{address}\n")), (DEVICE_PUB, &text)] {
        let path = folder.join(name);
        at(&path, files::save(&path, text.as_bytes(), Audience::Owner, Existing::Replace))?;
    }
    Ok(public)
}

/// The device in `folder`, which must be `reader`'s, and the desk's address if it is known.
pub(super) fn load(folder: &Path, reader: ReaderId) -> Result<(Device, Option<String>), SyncError> {
    let path = folder.join(DEVICE_KEY);
    let text = SecretText::new(at(&path, files::load_plain_text(&path, 512))?);
    let device = parse(&text, reader).ok_or(SyncError::DeviceKey(path))?;
    let address = files::load_plain_text(&folder.join(ADDRESS), 512).ok();
    let address = address.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    Ok((device, address))
}

fn parse(text: &SecretText, reader: ReaderId) -> Option<Device> {
    let mut lines = text.expose().strip_suffix('\n')?.split('\n');
    if lines.next()? != FIRST_LINE {
        return None;
    }
    let id = lines.next()?.strip_prefix("device ")?.parse().ok()?;
    let owner: ReaderId = lines.next()?.strip_prefix("reader ")?.parse().ok()?;
    let seed = BASE64.decode(lines.next()?.strip_prefix("key ")?.as_bytes()).ok()?;
    let seed = Secret::take(&mut <[u8; 32]>::try_from(seed).ok()?);
    let ours = owner == reader && lines.next().is_none();
    ours.then(|| Device { id, key: SigningKey::from_bytes(seed.expose()) })
}
