//! One root closes the desk to one device, at once and until the next ceremony.

use std::{fs, io, path::Path};

use crate::{
    digest::Digest,
    id::DeviceId,
    keyring::{
        Chain, DeskNoteError, KeyringError, MAX_DEVICES, MAX_JOINING_BYTES, Verified,
        chain::{check_same_organisation, check_strangers},
        published::{load_note, unreadable},
        text::{LineReader, only_spelling, title},
    },
    note::SignedNote,
};

/// A device that the desk answers no more; closes nothing else, and opens nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    /// The organisation's name.
    pub organisation: String,
    /// SHA-256 of the text of the newest note, without its signatures: as a desk note names it.
    pub keyring: Digest,
    /// Which device.
    pub device: DeviceId,
}

impl Suspension {
    /// What one root signs to suspend a device now.
    #[must_use]
    pub fn of(chain: &Chain, device: DeviceId) -> Self {
        let keyring = chain.current().get();
        let organisation = keyring.organisation.clone();
        Self { organisation, keyring: keyring.body_digest(), device }
    }

    /// Reads the text that a root signs.
    ///
    /// # Errors
    /// [`KeyringError`] for a text that is not exactly as written by [`Suspension::to_text`].
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut lines = LineReader::begin(WHAT, text, MAX_JOINING_BYTES)?;
        let organisation = lines.value("organisation")?.to_owned();
        let keyring = lines.read("keyring", str::parse)?;
        let device = lines.read("device", str::parse)?;
        lines.end()?;
        let suspension = Self { organisation, keyring, device };
        only_spelling(WHAT, text, &suspension.to_text())?;
        Ok(suspension)
    }

    /// Writes the text that a root signs.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { organisation, keyring, device } = self;
        format!(
            "{}\norganisation {organisation}\nkeyring {keyring}\ndevice {device}\n",
            title(WHAT)
        )
    }

    /// Checks that one root of the newest keyring signed it, and that it is not void.
    ///
    /// A keyring that only prolongs the one it names leaves it in force: such keyrings are signed
    /// ahead, with a desk note from before the device was lost.
    ///
    /// # Errors
    /// The one of [`KeyringError`] that says what is wrong.
    pub fn verify(note: &SignedNote, chain: &Chain) -> Result<Verified<Self>, KeyringError> {
        let suspension = Self::parse(note.text())?;
        let known = chain.current().get();
        check_same_organisation(&known.organisation, &suspension.organisation)?;
        if !chain.prolongs(&suspension.keyring) {
            return Err(
                DeskNoteError::SuspensionOfOtherKeyring { device: suspension.device }.into()
            );
        }
        check_strangers(note, &[&known.roots])?;
        if note.signers(&known.roots)?.is_empty() {
            let epoch = known.epoch;
            return Err(KeyringError::TooFewSignatures { epoch, needed: 1, found: 0 });
        }
        Ok(Verified::by_check(suspension))
    }
}

/// The name of a device's suspension in a published folder: `suspend-DEVICE.note`.
#[must_use]
pub fn suspension_file(device: DeviceId) -> String {
    format!("suspend-{device}.note")
}

/// Whether a suspension of `device` that is in force lies in a published folder now.
///
/// One file is looked at, so that a desk can ask for each request. A note that does not count is
/// no suspension: only a root may close the desk to anybody.
///
/// # Errors
/// `Unreadable` of [`KeyringError`]: whether there is one cannot be told.
pub fn is_suspended(folder: &Path, device: DeviceId, chain: &Chain) -> Result<bool, KeyringError> {
    match load_suspension(folder, device, chain) {
        Ok(found) => Ok(found.is_some()),
        Err(e @ KeyringError::Unreadable { .. }) => Err(e),
        Err(_) => Ok(false),
    }
}

/// The suspension of a device, if its file is there.
pub(super) fn load_suspension(
    folder: &Path,
    device: DeviceId,
    chain: &Chain,
) -> Result<Option<Verified<Suspension>>, KeyringError> {
    let Some(note) = load_note(folder, &suspension_file(device))? else { return Ok(None) };
    let suspension = Suspension::verify(&SignedNote::parse(&note)?, chain)?;
    // A note under another device's name would suspend the one whose name the file bears.
    if suspension.get().device == device {
        Ok(Some(suspension))
    } else {
        Err(DeskNoteError::SuspensionOfOtherKeyring { device }.into())
    }
}

/// A file that is named like a suspension of a device and does not count as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoidSuspension {
    /// The device that its name says.
    pub device: DeviceId,
    /// Why it does not count; after `Unreadable` the desk is closed to that device until it can be told.
    pub why: KeyringError,
}

/// The suspensions of a folder that are in force, and those that do not count.
pub(super) type Suspensions = (Vec<Verified<Suspension>>, Vec<VoidSuspension>);

/// All suspensions of a folder.
///
/// One that a later keyring has made void is nothing to tell of, once that keyring admits its device no
/// more: such files stay where they are.
pub(super) fn load_suspensions(
    folder: &Path,
    chain: &Chain,
    admits: impl Fn(DeviceId) -> bool,
) -> Result<Suspensions, KeyringError> {
    let failed = |e: io::Error| unreadable("the folder", &e);
    let mut devices = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        devices.extend(name.to_str().and_then(device_of));
    }
    devices.sort_unstable();
    devices.truncate(MAX_DEVICES);
    let (mut in_force, mut void) = (Vec::new(), Vec::new());
    for device in devices {
        match load_suspension(folder, device, chain) {
            Ok(found) => in_force.extend(found),
            Err(KeyringError::Desk(DeskNoteError::SuspensionOfOtherKeyring { .. }))
                if !admits(device) && names(folder, device) => {}
            Err(why) => void.push(VoidSuspension { device, why }),
        }
    }
    Ok((in_force, void))
}

/// Whether the file of a device names that device inside, too.
fn names(folder: &Path, device: DeviceId) -> bool {
    let note = load_note(folder, &suspension_file(device)).ok().flatten();
    let note = note.and_then(|note| SignedNote::parse(&note).ok());
    let inside = note.and_then(|note| Suspension::parse(note.text()).ok());
    inside.is_some_and(|inside| inside.device == device)
}

fn device_of(file: &str) -> Option<DeviceId> {
    let device = file.strip_prefix("suspend-")?.strip_suffix(".note")?.parse().ok()?;
    (suspension_file(device) == file).then_some(device)
}

const WHAT: &str = "suspension";
