//! A keyring as a person or a program wants to see it.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::{
    admin::{AdminError, Base, Changes, Draft, Purpose},
    clock::Day,
    keyring::{Device, Keyring, KeyringError, Published, Reader},
    note::{NamedKey, SignedNote},
};

/// Everything that a keyring and its desk note say, with fingerprints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyringView {
    /// `keyring-view/1`.
    pub schema: &'static str,
    /// `draft` or `published`.
    pub state: &'static str,
    /// The organisation's name.
    pub organisation: String,
    /// Counted from 1.
    pub epoch: u32,
    /// Thirty digits over all words of a draft, the same for all who sign them; else empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// What a draft changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// The last day.
    pub not_after: Day,
    /// Whole days from today until then; negative afterwards.
    pub days_left: i64,
    /// How many roots must sign.
    pub threshold: usize,
    /// The roots.
    pub roots: Vec<RootView>,
    /// The readers.
    pub readers: Vec<ReaderView>,
    /// The machines that the desk admits.
    pub devices: Vec<DeviceView>,
    /// What to mind although nothing is wrong.
    pub warnings: Vec<Concern>,
}

/// A root key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RootView {
    /// Its name in signature lines.
    pub name: String,
    /// To compare by voice.
    pub fingerprint: String,
    /// Whether it signed this keyring.
    pub signed: bool,
}

/// A reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReaderView {
    /// Random.
    pub id: String,
    /// `reviewer` or `guardian`.
    pub role: &'static str,
    /// The epoch that named them first.
    pub since: u32,
    /// To compare by voice.
    pub fingerprint: String,
}

/// A networked machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceView {
    /// Random.
    pub id: String,
    /// Whose.
    pub reader: String,
    /// To compare by voice.
    pub fingerprint: String,
}

impl KeyringView {
    /// Shows a draft, what it changes in what it follows, and in the `devices` before it.
    ///
    /// # Errors
    /// [`AdminError::Keyring`] if a signature so far does not fit.
    pub fn of_draft(
        draft: &Draft,
        base: &Base,
        devices: &[Device],
        today: Day,
    ) -> Result<Self, AdminError> {
        let signed = draft.quorums(base)?.0.signed;
        let mut view = Self::new("draft", &draft.keyring, (&draft.desk.devices, &signed), today);
        view.fingerprint = draft.fingerprint();
        view.changes = Some(Changes::of(draft, base, devices));
        if draft.purpose == Purpose::Ahead {
            // Its days are counted from the keyring before, not from today.
            view.warnings.retain(|concern| !matches!(concern, Concern::Days));
        }
        Ok(view)
    }

    /// Shows what is published.
    ///
    /// # Errors
    /// [`AdminError::Keyring`] if a signature does not fit.
    pub fn of_published(published: &Published, today: Day) -> Result<Self, AdminError> {
        let keyring = published.chain.current().get();
        let note = published.chain.notes().pop().unwrap_or_default();
        let note = SignedNote::parse(note).map_err(KeyringError::from)?;
        let signers = note.signers(&keyring.roots).map_err(KeyringError::from)?;
        let signed: Vec<String> =
            signers.into_iter().map(|root| root.name.as_str().to_owned()).collect();
        let devices = published.desk.as_ref().map(|desk| desk.get().devices.as_slice());
        Ok(Self::new("published", keyring, (devices.unwrap_or_default(), &signed), today))
    }

    fn new(
        state: &'static str,
        keyring: &Keyring,
        (devices, signed): (&[Device], &[String]),
        today: Day,
    ) -> Self {
        let root = |root: &NamedKey| RootView {
            name: root.name.as_str().to_owned(),
            fingerprint: root.fingerprint(),
            signed: signed.iter().any(|name| name == root.name.as_str()),
        };
        Self {
            schema: "keyring-view/1",
            state,
            organisation: keyring.organisation.clone(),
            epoch: keyring.epoch,
            fingerprint: String::new(),
            changes: None,
            not_after: keyring.not_after,
            days_left: today.days_until(keyring.not_after),
            threshold: keyring.threshold,
            roots: keyring.roots.iter().map(root).collect(),
            readers: keyring.readers.iter().map(reader_view).collect(),
            devices: devices.iter().map(device_view).collect(),
            warnings: warnings(keyring, devices, today),
        }
    }
}

fn reader_view(reader: &Reader) -> ReaderView {
    ReaderView {
        id: reader.id.to_string(),
        role: reader.role.word(),
        since: reader.since,
        fingerprint: reader.fingerprint(),
    }
}

fn device_view(device: &Device) -> DeviceView {
    DeviceView {
        id: device.id.to_string(),
        reader: device.reader.to_string(),
        fingerprint: device.fingerprint(),
    }
}

fn warnings(keyring: &Keyring, devices: &[Device], today: Day) -> Vec<Concern> {
    let cases = [
        (keyring.guardians().next().is_none(), Concern::NoGuardian),
        (keyring.readers.len() < 2, Concern::FewReaders),
        (devices.is_empty(), Concern::NoDevice),
        (keyring.check_days(today).is_err(), Concern::Days),
        (today.days_until(keyring.not_after) < SOON, Concern::EndsSoon),
    ];
    cases.into_iter().filter_map(|(holds, concern)| holds.then_some(concern)).collect()
}

/// What to mind in a keyring although nothing is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// Nobody could open names.
    NoGuardian,
    /// One loss would lose everything.
    FewReaders,
    /// Nobody could fetch.
    NoDevice,
    /// Its last day is past, or too far away.
    Days,
    /// It ends in fewer than 60 days.
    EndsSoon,
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoGuardian => "no guardian: it cannot be published like this",
            Self::FewReaders => "fewer than two readers: one loss or arrest loses everything",
            Self::NoDevice => "no device: nobody can fetch testimonies from the server",
            Self::Days => "past its last day or good for over 400 days",
            Self::EndsSoon => {
                "fewer than 60 days left: renew it while the root holders can be reached"
            }
        })
    }
}

impl Serialize for Concern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

const SOON: i64 = 60;
