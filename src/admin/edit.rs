//! Changing what is to be signed next: readers, machines and roots in or out, a later last day.

use std::path::Path;

use crate::{
    admin::{
        AdminError, Ceremony, Draft,
        changes::Member,
        draft::{Base, Purpose},
        folder::load,
    },
    clock::Day,
    keyring::{
        Device, DevicePub, Keyring, KeyringError, MAX_JOINING_BYTES, Reader, ReaderPub,
        SignedVouch, VouchLine,
    },
    note::NamedKey,
};

/// Who or what asks to be taken in.
pub enum Entrant {
    /// A reader, by `reader.pub`.
    Reader(ReaderPub),
    /// A machine, by `device.pub`.
    Device(DevicePub),
    /// A reader's word for a new reader, by `vouch-NEW-VOUCHER.note`.
    Vouch(SignedVouch),
}

impl Entrant {
    /// Reads a `reader.pub`, a `device.pub` or a vouch, whichever it is.
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
        if text.starts_with("sandyk vouch ") {
            return Ok(Self::Vouch(SignedVouch::parse(&text)?));
        }
        Err(AdminError::NotAnEntrant { file: path.display().to_string() })
    }
}

/// How the roots change.
#[derive(Default)]
pub struct RootChange {
    /// Those that come in, after the others.
    pub add: Vec<NamedKey>,
    /// The names of those that go.
    pub drop: Vec<String>,
    /// How many must sign from then on; as before if `None`.
    pub threshold: Option<usize>,
}

/// When a draft is begun, and until when it is to be good.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    /// The day of drafting.
    pub today: Day,
    /// The last day; a draft that is there already keeps its own.
    pub not_after: Day,
}

/// Takes readers, devices and vouches into the draft, all or none; signatures so far are void.
///
/// Begins the next draft if there is none. After the first publication a reader comes in only with the
/// vouches of two readers who stay, given here or before.
///
/// # Errors
/// The one of [`AdminError`] that says what is wrong; the draft is as it was then.
pub fn add(
    ceremony: &Ceremony,
    entrants: Vec<Entrant>,
    term: Term,
) -> Result<Vec<Member>, AdminError> {
    let base = ceremony.base(Purpose::Publish)?;
    let mut added = Vec::new();
    edit(ceremony, term, |keyring, devices| {
        for entrant in entrants {
            match entrant {
                Entrant::Reader(reader) => {
                    let ReaderPub { id, role, recipient, signing } = reader;
                    let since = keyring.epoch;
                    let reader = Reader { id, role, recipient, signing, since };
                    added.push(Member::reader(&reader));
                    keyring.readers.push(reader);
                }
                Entrant::Device(device) => {
                    let DevicePub { id, reader, key } = device;
                    let device = Device { id, reader, key };
                    added.push(Member::device(&device));
                    devices.push(device);
                }
                Entrant::Vouch(vouch) => {
                    let Base::After(chain) = &base else {
                        return Err(KeyringError::NothingPublished.into());
                    };
                    vouch.verify(chain)?;
                    keyring.vouches.push(vouch.line());
                }
            }
        }
        keyring.sort_vouches();
        Ok(())
    })?;
    Ok(added)
}

/// Leaves readers with their machines, or single machines, out of the draft, all or none.
///
/// `ids` are whole ids or beginnings of them. Begins the next draft if there is none; signatures
/// so far are void.
///
/// # Errors
/// `NoSuchMember` or `SeveralMembers`, or another of [`AdminError`]; the draft is as it was then.
pub fn retire(ceremony: &Ceremony, ids: &[String], term: Term) -> Result<Vec<Member>, AdminError> {
    let mut gone = Vec::new();
    edit(ceremony, term, |keyring, devices| {
        for id in ids {
            let readers = keyring.readers.iter().filter(|r| r.id.to_string().starts_with(id));
            let named = devices.iter().filter(|d| d.id.to_string().starts_with(id));
            let found: Vec<Member> =
                readers.map(Member::reader).chain(named.map(Member::device)).collect();
            let whole = match found.as_slice() {
                [one] => one.id.clone(),
                [] => return Err(AdminError::NoSuchMember { id: id.clone() }),
                several => {
                    let found = several.len();
                    return Err(AdminError::SeveralMembers { id: id.clone(), found });
                }
            };
            gone.extend(found);
            let goes = |device: &Device| {
                device.id.to_string() == whole || device.reader.to_string() == whole
            };
            let theirs = devices.iter().filter(|d| goes(d)).map(Member::device);
            gone.extend(theirs.filter(|device| device.id != whole).collect::<Vec<_>>());
            keyring.readers.retain(|reader| reader.id.to_string() != whole);
            devices.retain(|device| !goes(device));
            let theirs = |line: &VouchLine| {
                line.reader.to_string() == whole || line.voucher.to_string() == whole
            };
            keyring.vouches.retain(|line| !theirs(line));
        }
        Ok(())
    })?;
    Ok(gone)
}

/// Changes the roots and how many of them must sign.
///
/// Begins the next draft if there is none; signatures so far are void.
///
/// # Errors
/// `NoSuchRoot`, or another of [`AdminError`]; the draft is as it was then.
pub fn change_roots(
    ceremony: &Ceremony,
    change: RootChange,
    term: Term,
) -> Result<Draft, AdminError> {
    let RootChange { add, drop, threshold } = change;
    if ceremony.published()?.is_none() {
        return Err(KeyringError::NothingPublished.into());
    }
    edit(ceremony, term, |keyring, _| {
        for name in &drop {
            if !keyring.roots.iter().any(|root| root.name.as_str() == name) {
                return Err(AdminError::NoSuchRoot { name: name.clone() });
            }
            keyring.roots.retain(|root| root.name.as_str() != name);
        }
        keyring.roots.extend(add);
        keyring.threshold = threshold.unwrap_or(keyring.threshold);
        Ok(())
    })
}

/// Drafts the next keyring, which changes nothing but its last day.
///
/// # Errors
/// `DraftInTheWay`, or `Keyring` if nothing is published yet or the day is out of bounds.
pub fn renew(ceremony: &Ceremony, today: Day, not_after: Day) -> Result<Draft, AdminError> {
    if let Some(draft) = ceremony.draft()? {
        return Err(AdminError::DraftInTheWay { epoch: draft.keyring.epoch });
    }
    let draft = next(ceremony, Purpose::Publish, not_after)?;
    draft.check(&ceremony.base(Purpose::Publish)?, today)?;
    ceremony.save_draft(&draft)?;
    Ok(draft)
}

/// The draft that follows what is there, the same but for its last day and suspended machines.
pub(super) fn next(
    ceremony: &Ceremony,
    purpose: Purpose,
    not_after: Day,
) -> Result<Draft, AdminError> {
    let Base::After(chain) = ceremony.base(purpose)? else {
        return Err(KeyringError::NothingPublished.into());
    };
    let mut keyring = chain.current().get().clone();
    keyring.epoch = keyring.epoch.saturating_add(1);
    keyring.previous = chain.current_digest();
    keyring.not_after = not_after;
    keyring.vouches.clear();
    let mut devices = ceremony.devices()?;
    let suspended = ceremony.published()?.map(|there| there.suspensions).unwrap_or_default();
    devices.retain(|device| suspended.iter().all(|note| note.get().device != device.id));
    Ok(Draft::unsigned(keyring, devices, purpose))
}

/// Changes the draft that is there, or the next one; it loses its signatures.
fn edit(
    ceremony: &Ceremony,
    term: Term,
    change: impl FnOnce(&mut Keyring, &mut Vec<Device>) -> Result<(), AdminError>,
) -> Result<Draft, AdminError> {
    let draft = match ceremony.draft()? {
        Some(draft) if draft.purpose == Purpose::Ahead => {
            return Err(AdminError::DraftInTheWay { epoch: draft.keyring.epoch });
        }
        Some(draft) => draft,
        None => {
            let draft = next(ceremony, Purpose::Publish, term.not_after)?;
            draft.keyring.check_days(term.today)?;
            draft
        }
    };
    let Draft { mut keyring, desk, signed: _, purpose } = draft;
    let mut devices = desk.devices;
    change(&mut keyring, &mut devices)?;
    keyring.check()?;
    // A first draft is filled step by step; a later one must be good after each.
    if let Base::After(chain) = ceremony.base(purpose)? {
        chain.check_next(&keyring)?;
    }
    let draft = Draft::unsigned(keyring, devices, purpose);
    draft.desk.check(&draft.keyring)?;
    ceremony.save_draft(&draft)?;
    Ok(draft)
}
