//! The beginning: root keys, the receipt salt, a first draft; and invitations.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rand::{CryptoRng, RngCore};

use crate::{
    admin::{AdminError, Ceremony, Draft, RootKey, draft::Purpose, folder::Addresses},
    clock::Day,
    digest::Digest,
    files::{self, Audience, Existing},
    keyring::{Invitation, Keyring, KeyringError, Role, TrustRoot, check_days},
    note::{KeyName, NamedKey, NoteError},
    receipt::Salt,
    recipient::Kind,
    secret::{Secret, SecretText},
};

/// What an organisation decides at the beginning.
#[derive(Debug, Clone)]
pub struct Founding {
    /// Its name, 1 to 200 bytes.
    pub organisation: String,
    /// The kind of all keys; it cannot be changed later.
    pub kind: Kind,
    /// How many of the roots must sign; at least one fewer than there are.
    pub threshold: usize,
    /// Where the desk will answer; may be empty.
    pub desk_address: String,
    /// Where witnesses will find the form; may be empty.
    pub intake_address: String,
    /// The last day of the first keyring, at most 400 days away.
    pub not_after: Day,
    /// scrypt's work factor for root key files; 18 outside rehearsals.
    pub work_factor: u8,
}

impl Founding {
    /// Checks that the first keyring's last day is neither past nor too far away.
    ///
    /// # Errors
    /// `Expired` or `TooLongLived` of [`KeyringError`].
    pub fn check_days(&self, today: Day) -> Result<(), KeyringError> {
        check_days(self.not_after, today)
    }
}

/// What was made at the beginning.
pub struct Founded {
    /// The roots, to be compared by voice and put on the organisation's own pages.
    pub trust: TrustRoot,
    /// The root key files; the last one is the spare that is printed.
    pub root_files: Vec<PathBuf>,
}

/// Makes one root key for each passphrase, and the draft of the first keyring without readers.
///
/// # Errors
/// The one of [`AdminError`] that says what is wrong; the folder is empty or absent then, unless
/// the file system failed halfway.
pub fn found(
    folder: &Path,
    founding: &Founding,
    passphrases: &[SecretText],
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Founded, AdminError> {
    check_passphrases(passphrases)?;
    let names = (1..=passphrases.len()).map(|n| KeyName::parse(&format!("root-{n}")));
    let names = names.collect::<Result<Vec<_>, NoteError>>();
    let names = names.map_err(|e| AdminError::Keyring(e.into()))?;
    let keys: Vec<RootKey> = names.into_iter().map(|name| RootKey::generate(name, rng)).collect();
    let roots = keys.iter().map(RootKey::named).collect();
    let trust = found_with(folder, founding, roots, rng)?;
    let root_files = save_roots(folder, &keys, passphrases, founding.work_factor)?;
    Ok(Founded { trust, root_files })
}

/// The same with root keys that their holders made, each on a machine of their own.
///
/// So no machine ever holds two of them.
///
/// # Errors
/// As [`found`].
pub fn found_with(
    folder: &Path,
    founding: &Founding,
    roots: Vec<NamedKey>,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<TrustRoot, AdminError> {
    let trust = TrustRoot {
        organisation: founding.organisation.clone(),
        threshold: founding.threshold,
        roots,
    };
    let keyring = first_keyring(&trust, (founding.kind, founding.not_after), rng);
    keyring.check()?;
    let Founding { desk_address, intake_address, .. } = founding;
    let addresses = Addresses::new(desk_address.clone(), intake_address.clone());
    invitation((&trust, founding.kind), &addresses, Role::Guardian).check()?;
    make_empty_folder(folder)?;
    let ceremony = Ceremony::begin(folder, trust, addresses)?;
    ceremony.save_draft(&Draft::unsigned(keyring, Vec::new(), Purpose::Publish))?;
    Ok(ceremony.trust().clone())
}

/// The file that a new reader is given.
///
/// # Errors
/// [`AdminError::Keyring`] if what was published does not hold.
pub fn invite(ceremony: &Ceremony, role: Role) -> Result<Invitation, AdminError> {
    let published = ceremony.published()?;
    let kind = match &published {
        Some(published) => published.chain.current().get().kind,
        None => ceremony.draft()?.map_or(Kind::PostQuantum, |draft| draft.keyring.kind),
    };
    let mut invitation = invitation((ceremony.trust(), kind), ceremony.addresses(), role);
    if let Some(published) = published {
        invitation.notes = published.chain.notes().into_iter().map(str::to_owned).collect();
    }
    invitation.check()?;
    Ok(invitation)
}

fn invitation((trust, kind): (&TrustRoot, Kind), addresses: &Addresses, role: Role) -> Invitation {
    Invitation {
        trust: trust.clone(),
        desk_address: addresses.desk_address.clone(),
        intake_address: addresses.intake_address.clone(),
        role,
        kind,
        notes: Vec::new(),
    }
}

fn first_keyring(
    trust: &TrustRoot,
    (kind, not_after): (Kind, Day),
    rng: &mut (impl RngCore + CryptoRng),
) -> Keyring {
    Keyring {
        organisation: trust.organisation.clone(),
        epoch: 1,
        previous: Digest::NONE,
        kind,
        // Public, and never the same for two organisations.
        salt: Salt(*Secret::<32>::random(rng).expose()),
        not_after,
        threshold: trust.threshold,
        roots: trust.roots.clone(),
        readers: Vec::new(),
        vouches: Vec::new(),
    }
}

fn check_passphrases(passphrases: &[SecretText]) -> Result<(), AdminError> {
    for (place, passphrase) in passphrases.iter().enumerate() {
        let found = passphrase.expose().chars().count();
        if found < MIN_PASSPHRASE_CHARS {
            return Err(AdminError::ShortPassphrase { found, needed: MIN_PASSPHRASE_CHARS });
        }
        let mut earlier = passphrases.iter().take(place);
        if let Some(same) = earlier.position(|other| other.expose() == passphrase.expose()) {
            let (first, second) = (same.saturating_add(1), place.saturating_add(1));
            return Err(AdminError::SamePassphrase { first, second });
        }
    }
    Ok(())
}

fn make_empty_folder(folder: &Path) -> Result<(), AdminError> {
    let occupied = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => false,
        Err(e) => return Err(AdminError::file(folder)(e)),
    };
    if occupied {
        return Err(AdminError::NotEmpty { folder: folder.display().to_string() });
    }
    files::make_folder(folder).map_err(AdminError::file(folder))
}

fn save_roots(
    folder: &Path,
    keys: &[RootKey],
    passphrases: &[SecretText],
    work_factor: u8,
) -> Result<Vec<PathBuf>, AdminError> {
    let mut paths = Vec::new();
    for (n, (key, passphrase)) in (1..).zip(keys.iter().zip(passphrases)) {
        let spare = if n == keys.len() { "-spare" } else { "" };
        let path = folder.join(format!("root-{n}{spare}.age"));
        let text = key.to_file(passphrase, work_factor)?;
        files::save(&path, text.as_bytes(), Audience::Owner, Existing::Refuse)
            .map_err(AdminError::file(&path))?;
        paths.push(path);
    }
    Ok(paths)
}

const MIN_PASSPHRASE_CHARS: usize = 12;
