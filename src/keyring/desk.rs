//! The desk note: which machines may ask the server for sealed things. Never public.

use ed25519_dalek::VerifyingKey;

use crate::{
    digest::Digest,
    id::{DeviceId, ReaderId},
    keyring::{
        Chain, DeskNoteError, DevicePub, Keyring, KeyringError, MAX_DEVICES, MAX_KEYRING_BYTES,
        Verified,
        chain::{check_same_organisation, check_strangers, check_threshold},
        text::{LineReader, only_spelling, title},
    },
    note::{SignedNote, parse_key, write_key},
};

/// The device keys of one epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskNote {
    /// The organisation's name.
    pub organisation: String,
    /// The keyring's epoch.
    pub epoch: u32,
    /// [`Keyring::body_digest`] of that keyring: known before its roots have signed it.
    pub keyring: Digest,
    /// At most 400, in the order in which they were added.
    pub devices: Vec<Device>,
}

/// A reader's networked machine; it opens nothing and decides nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Random.
    pub id: DeviceId,
    /// Whose machine it is.
    pub reader: ReaderId,
    /// Signs requests to the desk.
    pub key: VerifyingKey,
}

impl Device {
    /// Thirty digits to compare by voice; the same as those of the device's `device.pub`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let Self { id, reader, key } = self.clone();
        DevicePub { id, reader, key }.fingerprint()
    }
}

impl DeskNote {
    /// Reads the text that roots sign; checks nothing that needs the keyring.
    ///
    /// # Errors
    /// [`KeyringError`] for a text that is not exactly as written by [`DeskNote::to_text`], or
    /// that names a device or key twice.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut lines = LineReader::begin(WHAT, text, MAX_KEYRING_BYTES)?;
        let organisation = lines.value("organisation")?.to_owned();
        let epoch = lines.read("epoch", str::parse)?;
        let keyring = lines.read("keyring", str::parse)?;
        let devices = lines.all("device", read_device)?;
        lines.end()?;
        let desk = Self { organisation, epoch, keyring, devices };
        only_spelling(WHAT, text, &desk.to_text())?;
        Ok(desk)
    }

    /// Writes the text that roots sign.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { organisation, epoch, keyring, devices } = self;
        let title = title(WHAT);
        let devices: String = devices.iter().map(write_device).collect();
        format!("{title}\norganisation {organisation}\nepoch {epoch}\nkeyring {keyring}\n{devices}")
    }

    /// Checks a desk note against the newest keyring and its roots.
    ///
    /// # Errors
    /// The one of [`KeyringError`] that says what is wrong.
    pub fn verify(note: &SignedNote, chain: &Chain) -> Result<Verified<Self>, KeyringError> {
        let desk = Self::parse(note.text())?;
        let keyring = chain.current().get();
        desk.check(keyring)?;
        check_strangers(note, &[&keyring.roots])?;
        check_threshold(note, keyring)?;
        Ok(Verified::by_check(desk))
    }

    /// Checks that it belongs to `keyring`, and that each device belongs to one of its readers.
    ///
    /// # Errors
    /// The one of [`KeyringError`] that says what is wrong.
    pub fn check(&self, keyring: &Keyring) -> Result<(), KeyringError> {
        check_same_organisation(&keyring.organisation, &self.organisation)?;
        if self.epoch != keyring.epoch {
            let (expected, found) = (keyring.epoch, self.epoch);
            return Err(DeskNoteError::DeskOfOtherEpoch { expected, found }.into());
        }
        if self.keyring != keyring.body_digest() {
            return Err(DeskNoteError::DeskOfOtherKeyring.into());
        }
        if self.devices.len() > MAX_DEVICES {
            return Err(DeskNoteError::TooManyDevices { found: self.devices.len() }.into());
        }
        let numbered = self.devices.iter().enumerate();
        numbered
            .into_iter()
            .try_for_each(|(place, device)| self.check_device(keyring, place, device))
    }

    /// The device of that id.
    #[must_use]
    pub fn device(&self, id: DeviceId) -> Option<&Device> {
        self.devices.iter().find(|device| device.id == id)
    }

    fn check_device(
        &self,
        keyring: &Keyring,
        place: usize,
        device: &Device,
    ) -> Result<(), KeyringError> {
        let Device { id, reader, key } = device;
        if keyring.reader(*reader).is_none() {
            return Err(DeskNoteError::DeviceWithoutReader { device: *id, reader: *reader }.into());
        }
        // SECURITY: a device key lies on a networked machine and must not sign anything else.
        let signing = keyring.readers.iter().map(|reader| &reader.signing);
        let mut others = signing.chain(keyring.roots.iter().map(|root| &root.key));
        let mut earlier = self.devices.iter().take(place);
        if others.any(|other| other == key) || earlier.any(|d| d.id == *id || d.key == *key) {
            return Err(DeskNoteError::DeviceTwice { id: *id }.into());
        }
        Ok(())
    }
}

fn read_device(text: &str) -> Option<Device> {
    let mut words = text.split(' ');
    let id = words.next()?.parse().ok()?;
    let reader = words.next()?.parse().ok()?;
    let key = parse_key(words.next()?).ok()?;
    words.next().is_none().then_some(Device { id, reader, key })
}

fn write_device(device: &Device) -> String {
    let Device { id, reader, key } = device;
    format!("device {id} {reader} {}\n", write_key(key))
}

const WHAT: &str = "desk";
