//! Changing what is to be signed next: readers and devices in, a later last day.

use std::path::Path;

use crate::{
    admin::{AdminError, Ceremony, Draft, folder::load},
    clock::Day,
    keyring::{Device, DevicePub, KeyringError, MAX_JOINING_BYTES, Reader, ReaderPub},
};

/// Who or what asks to be taken in.
pub enum Entrant {
    /// A reader, by `reader.pub`.
    Reader(ReaderPub),
    /// A machine, by `device.pub`.
    Device(DevicePub),
}

impl Entrant {
    /// Reads a `reader.pub` or a `device.pub`, whichever it is.
    ///
    /// # Errors
    /// `File`, `NotAnEntrant` or `Keyring` of [`AdminError`].
    pub fn load(path: &Path) -> Result<Self, AdminError> {
        let text = load(path, MAX_JOINING_BYTES)?
            .ok_or_else(|| AdminError::file(path)(std::io::ErrorKind::NotFound.into()))?;
        if text.starts_with("sandyk reader ") {
            return Ok(Self::Reader(ReaderPub::parse(&text)?));
        }
        if text.starts_with("sandyk device ") {
            return Ok(Self::Device(DevicePub::parse(&text)?));
        }
        Err(AdminError::NotAnEntrant { file: path.display().to_string() })
    }
}

/// What was taken into the draft.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Added {
    /// `reviewer`, `guardian` or `device`.
    pub what: &'static str,
    /// Its id.
    pub id: String,
    /// Thirty digits to compare by voice with the owner.
    pub fingerprint: String,
}

/// Takes readers and devices into the draft, all or none; signatures so far are void.
///
/// Before the first publication readers and devices can be added, afterwards only devices.
///
/// # Errors
/// The one of [`AdminError`] that says what is wrong; the draft is as it was then.
pub fn add(ceremony: &Ceremony, entrants: Vec<Entrant>) -> Result<Vec<Added>, AdminError> {
    let published = ceremony.published()?;
    let first_reader = entrants.iter().find_map(|entrant| match entrant {
        Entrant::Reader(reader) => Some(reader.id),
        Entrant::Device(_) => None,
    });
    if let (Some(published), Some(id)) = (&published, first_reader) {
        let needed = published.chain.vouches_needed();
        return Err(KeyringError::TooFewVouches { id, needed, found: 0 }.into());
    }
    let Draft { mut keyring, desk, signed: _ } = ceremony.draft()?.ok_or(AdminError::NoDraft)?;
    let mut devices = desk.devices;
    let mut added = Vec::new();
    for entrant in entrants {
        match entrant {
            Entrant::Reader(reader) => {
                added.push(Added {
                    what: reader.role.word(),
                    id: reader.id.to_string(),
                    fingerprint: reader.fingerprint(),
                });
                let ReaderPub { id, role, recipient, signing } = reader;
                let since = keyring.epoch;
                keyring.readers.push(Reader { id, role, recipient, signing, since });
            }
            Entrant::Device(device) => {
                let (id, fingerprint) = (device.id.to_string(), device.fingerprint());
                added.push(Added { what: "device", id, fingerprint });
                let DevicePub { id, reader, key } = device;
                devices.push(Device { id, reader, key });
            }
        }
    }
    keyring.check()?;
    let draft = Draft::unsigned(keyring, devices);
    draft.desk.check(&draft.keyring)?;
    ceremony.save_draft(&draft)?;
    Ok(added)
}

/// Drafts the next keyring, which changes nothing but its last day.
///
/// # Errors
/// `DraftInTheWay`, or `Keyring` if nothing is published yet or the day is out of bounds.
pub fn renew(ceremony: &Ceremony, today: Day, not_after: Day) -> Result<u32, AdminError> {
    if let Some(draft) = ceremony.draft()? {
        return Err(AdminError::DraftInTheWay { epoch: draft.keyring.epoch });
    }
    let published = ceremony.published()?.ok_or(KeyringError::NothingPublished)?;
    let mut keyring = published.chain.current().get().clone();
    keyring.epoch = keyring.epoch.saturating_add(1);
    keyring.previous = published.chain.current_digest();
    keyring.not_after = not_after;
    keyring.vouches.clear();
    keyring.check_days(today)?;
    published.chain.check_next(&keyring)?;
    let devices = published.desk.map(|desk| desk.get().devices.clone()).unwrap_or_default();
    let epoch = keyring.epoch;
    ceremony.save_draft(&Draft::unsigned(keyring, devices))?;
    Ok(epoch)
}
