//! Renewals that are signed ahead, for the time when nobody can hold a ceremony.
//!
//! The administrators sign the next one or two keyrings, which change nothing but the last day, and
//! give the folder `ahead` to somebody they trust, abroad. That person can publish those and nothing
//! else; any other keyring that is published meanwhile makes them void.

use std::{fs, path::Path};

use crate::{
    admin::{
        AdminError, Ceremony, Draft, Outcome,
        draft::{Base, Purpose},
        edit::next,
        folder::{ROOTS, load},
        publish::put,
        sign::checked,
    },
    clock::Day,
    files::Audience,
    keyring::{
        Chain, DeskNote, Device, KeyringError, MAX_KEYRING_BYTES, TrustRoot, desk_file,
        keyring_file, load_folder,
    },
    note::SignedNote,
};

/// Drafts the next renewal to be kept, `days` longer than the one before it.
///
/// # Errors
/// `DraftInTheWay`, `AheadEnough`, `AheadDays` or `Keyring` of [`AdminError`]; nothing is drafted
/// then.
pub fn renew_ahead(ceremony: &Ceremony, days: i64, today: Day) -> Result<Draft, AdminError> {
    if let Some(draft) = ceremony.draft()? {
        return Err(AdminError::DraftInTheWay { epoch: draft.keyring.epoch });
    }
    let published = ceremony.published()?.ok_or(KeyringError::NothingPublished)?;
    let Base::After(chain) = ceremony.base(Purpose::Ahead)? else {
        return Err(KeyringError::NothingPublished.into());
    };
    let newest = chain.current().get();
    let kept = newest.epoch.saturating_sub(published.chain.current().get().epoch);
    if kept >= MAX_AHEAD {
        return Err(AdminError::AheadEnough { kept });
    }
    let draft = next(ceremony, Purpose::Ahead, newest.not_after.plus_days(days))?;
    draft.check(&Base::After(chain), today)?;
    ceremony.save_draft(&draft)?;
    Ok(draft)
}

/// Puts a signed renewal into the folder `ahead`, where it waits.
///
/// # Errors
/// `NotARenewal` if the draft is to be published instead, or another of [`AdminError`]; nothing is
/// written then.
pub fn keep(ceremony: &Ceremony, today: Day) -> Result<Outcome, AdminError> {
    let (draft, base) = checked(ceremony, today)?;
    let epoch = draft.keyring.epoch;
    let (Purpose::Ahead, Base::After(chain)) = (draft.purpose, &base) else {
        return Err(AdminError::NotARenewal { epoch });
    };
    let needed = draft.keyring.threshold;
    let Some((keyring, desk)) = draft.signed else {
        return Err(KeyringError::TooFewSignatures { epoch, needed, found: 0 }.into());
    };
    let after = chain.extend(&keyring.to_text())?;
    DeskNote::verify(&desk, &after)?;
    let files = [
        (ROOTS.to_owned(), ceremony.trust().to_text()),
        (desk_file(epoch), desk.to_text()),
        (keyring_file(epoch), keyring.to_text()),
    ];
    let written = put(&ceremony.ahead_folder(), &files, Audience::Owner)?;
    ceremony.clear_draft()?;
    Ok(Outcome { epoch, written, void: Vec::new() })
}

/// Publishes of the folder `ahead` what `to` needs today, and nothing else.
///
/// That is the first renewal that is good today, with those before it. The desk note of the newest is
/// left out if it would admit a machine that the published one does not.
///
/// # Errors
/// `NothingAhead`, `AheadVoid`, `NotARenewal` or `Keyring` of [`AdminError`]; nothing is written then.
pub fn publish_ahead(
    ahead: &Path,
    to: &Path,
    trust: &TrustRoot,
    today: Day,
) -> Result<Outcome, AdminError> {
    let there = load_folder(to, trust)?;
    let devices = there.desk.as_ref().map(|desk| desk.get().devices.clone()).unwrap_or_default();
    let start = there.chain.current().get().epoch;
    let mut chain = there.chain;
    let mut files = Vec::new();
    let mut refused = None;
    while let Some(note) = load(&ahead.join(next_file(&chain)), MAX_KEYRING_BYTES)? {
        chain = extend(&chain, &note)?;
        let epoch = chain.current().get().epoch;
        files.extend(desk_of(ahead, &chain, &devices)?.map(|desk| (desk_file(epoch), desk)));
        files.push((keyring_file(epoch), note));
        refused = chain.usable(today).err();
        if refused.is_none() {
            break;
        }
    }
    if let Some(refused) = refused {
        return Err(refused.into());
    }
    let epoch = chain.current().get().epoch;
    if epoch == start {
        return nothing_new(ahead, &chain);
    }
    Ok(Outcome { epoch, written: put(to, &files, Audience::Everyone)?, void: Vec::new() })
}

impl Ceremony {
    /// What a draft of that purpose follows.
    ///
    /// # Errors
    /// `Keyring`, `File` or `AheadVoid` of [`AdminError`].
    pub fn base(&self, purpose: Purpose) -> Result<Base, AdminError> {
        let Some(published) = self.published()? else {
            return Ok(Base::First(self.trust().clone()));
        };
        let mut chain = published.chain;
        if purpose == Purpose::Publish {
            return Ok(Base::After(chain));
        }
        let folder = self.ahead_folder();
        while let Some(note) = load(&folder.join(next_file(&chain)), MAX_KEYRING_BYTES)? {
            chain = extend(&chain, &note)?;
        }
        Ok(Base::After(chain))
    }

    /// The machines that the desk admits by what was published.
    ///
    /// # Errors
    /// [`AdminError::Keyring`] if what was published does not hold.
    pub fn devices(&self) -> Result<Vec<Device>, AdminError> {
        let desk = self.published()?.and_then(|published| published.desk);
        Ok(desk.map(|desk| desk.get().devices.clone()).unwrap_or_default())
    }

    /// Takes renewals away that another keyring has made void; their names.
    pub(super) fn clear_ahead(&self) -> Result<Vec<String>, AdminError> {
        let folder = self.ahead_folder();
        let mut void = Vec::new();
        let Ok(entries) = fs::read_dir(&folder) else { return Ok(void) };
        for entry in entries {
            let path = entry.map_err(AdminError::file(&folder))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("keyring-") || name.starts_with("desk-") {
                fs::remove_file(&path).map_err(AdminError::file(&path))?;
                void.push(name);
            }
        }
        void.sort();
        Ok(void)
    }
}

fn next_file(chain: &Chain) -> String {
    keyring_file(chain.current().get().epoch.saturating_add(1))
}

/// One renewal more; what was signed ahead of another keyring does not follow.
fn extend(chain: &Chain, note: &str) -> Result<Chain, AdminError> {
    let longer = match chain.extend(note) {
        Err(KeyringError::PreviousDiffers { epoch }) => {
            return Err(AdminError::AheadVoid { epoch });
        }
        other => other?,
    };
    chain.check_renewal(longer.current().get())?;
    Ok(longer)
}

/// The desk note beside the newest keyring of `chain`, unless it admits more than `devices`.
fn desk_of(ahead: &Path, chain: &Chain, devices: &[Device]) -> Result<Option<String>, AdminError> {
    let file = ahead.join(desk_file(chain.current().get().epoch));
    let Some(desk) = load(&file, MAX_KEYRING_BYTES)? else { return Ok(None) };
    let note = SignedNote::parse(&desk).map_err(KeyringError::from)?;
    let signed = DeskNote::verify(&note, chain)?;
    let known = signed.get().devices.iter().all(|device| devices.contains(device));
    Ok(known.then_some(desk))
}

/// The folder holds nothing that follows: published already, or void, or nothing at all.
fn nothing_new(ahead: &Path, chain: &Chain) -> Result<Outcome, AdminError> {
    let epoch = chain.current().get().epoch;
    match load(&ahead.join(keyring_file(epoch)), MAX_KEYRING_BYTES)? {
        Some(note) if chain.notes().pop() == Some(note.as_str()) => {
            Ok(Outcome { epoch, written: Vec::new(), void: Vec::new() })
        }
        Some(_) => Err(AdminError::AheadVoid { epoch }),
        None => Err(AdminError::NothingAhead { folder: ahead.display().to_string() }),
    }
}

/// The most renewals that are kept ahead.
const MAX_AHEAD: u32 = 2;
