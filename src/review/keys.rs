//! A reader's own keys: made once, kept under a passphrase, never on a networked machine.

use std::{io, path::Path, str::Lines};

use data_encoding::BASE64;
use ed25519_dalek::SigningKey;
use rand::{CryptoRng, RngCore};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{
    files::{self, Audience, Existing},
    id::ReaderId,
    keyring::{
        Invitation, KeyringError, MAX_JOINING_BYTES, MAX_ROOTS_BYTES, ReaderPub, Role, TrustRoot,
    },
    recipient::{AgeIdentity, Recipient, plugin::PluginIdentity, unwrap::ReadingKey},
    review::state::State,
    sealed::{
        SealError,
        open::{OpenError, ReadingIdentity, open_with},
        open_passfile::{PassError, open_with_passphrase},
        passfile::seal_with_passphrase,
        seal_to,
    },
    secret::SecretText,
};

/// A reader's opened keys.
pub struct ReaderKeys {
    /// Who this is.
    pub id: ReaderId,
    /// As which they were invited.
    pub role: Role,
    /// Opens envelopes of testimonies and of casebook keys.
    pub reading: ReadingIdentity,
    /// Signs entries.
    pub signing: SigningKey,
    /// The roots learned from the invitation.
    pub trust: TrustRoot,
}

/// What came of joining.
pub struct Joined {
    /// What goes to the administrators; also written to `reader.pub`.
    pub public: ReaderPub,
    /// The roots that were trusted; also written to `roots.txt`.
    pub trust: TrustRoot,
}

/// Makes the keys of a new reader in the folder `keys`: `reader.age`, `reader.pub`, `roots.txt`.
///
/// # Errors
/// [`KeysError::AlreadyHere`] if the folder holds keys already; nothing is overwritten, ever.
pub fn init(
    keys: &Path,
    invitation: &Invitation,
    lock: &Passphrase<'_>,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Joined, KeysError> {
    let reading = AgeIdentity::generate(invitation.kind, rng).into();
    init_with(keys, invitation, &reading, lock, rng)
}

/// The same with a reading key that is there already, on a device perhaps.
///
/// Nothing is written before what was sealed to the key has been opened with it.
///
/// # Errors
/// As [`init`]; [`KeysError::OtherKind`], [`KeysError::Device`].
pub fn init_with(
    keys: &Path,
    invitation: &Invitation,
    reading: &ReadingKey,
    lock: &Passphrase<'_>,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Joined, KeysError> {
    if keys.join(READER).exists() {
        return Err(KeysError::AlreadyHere);
    }
    if reading.kind() != invitation.kind {
        return Err(KeysError::OtherKind);
    }
    let probe = seal_to(std::slice::from_ref(reading.recipient()), PROBE)?;
    open_with(reading, &probe, PROBE.len()).map_err(KeysError::Device)?;
    let signing = SigningKey::generate(rng);
    let public = ReaderPub {
        id: ReaderId::random(rng),
        role: invitation.role,
        recipient: reading.recipient().clone(),
        signing: signing.verifying_key(),
    };
    let text = identity_file(&public, reading, &signing);
    let sealed = seal_with_passphrase(lock.words, text.as_bytes(), lock.work_factor)?;
    files::make_folder(keys)?;
    let save = |name: &str, bytes: &[u8], audience| {
        files::save(&keys.join(name), bytes, audience, Existing::Refuse)
    };
    save(ROOTS, invitation.trust.to_text().as_bytes(), Audience::Owner)?;
    save(PUBLIC, public.to_text(&signing)?.as_bytes(), Audience::Everyone)?;
    // With a memory from the first day on, one that is gone is noticed.
    State::default().save(keys)?;
    save(READER, &sealed, Audience::Owner)?;
    Ok(Joined { public, trust: invitation.trust.clone() })
}

/// What locks the keys: a passphrase, and how slow it makes guessing.
pub struct Passphrase<'a> {
    /// The words.
    pub words: &'a SecretText,
    /// The base-two logarithm of scrypt's cost.
    pub work_factor: u8,
}

impl ReaderKeys {
    /// Opens the keys in the folder `keys`.
    ///
    /// # Errors
    /// [`KeysError::NotOpened`] if the passphrase is wrong or the file damaged, else what is wrong
    /// with the folder.
    pub fn open(keys: &Path, passphrase: &SecretText) -> Result<Self, KeysError> {
        let plain = open_text(keys, passphrase)?;
        let text = std::str::from_utf8(&plain).map_err(|_| KeysError::Malformed)?;
        let roots = String::from_utf8(load(keys, ROOTS, MAX_ROOTS_BYTES)?)
            .map_err(|_| KeysError::Malformed)?;
        let trust = TrustRoot::parse(&roots)?;
        Self::read(text, trust).ok_or(KeysError::Malformed)
    }

    fn read(text: &str, trust: TrustRoot) -> Option<Self> {
        let Secrets { id, role, reading, signing } = Secrets::read(text)?;
        Some(Self { id, role, reading: ReadingIdentity::new(reading), signing, trust })
    }
}

/// What an opened `reader.age` says.
struct Secrets {
    id: ReaderId,
    role: Role,
    reading: ReadingKey,
    signing: SigningKey,
}

impl Secrets {
    fn public(&self) -> ReaderPub {
        let signing = self.signing.verifying_key();
        ReaderPub {
            id: self.id,
            role: self.role,
            recipient: self.reading.recipient().clone(),
            signing,
        }
    }

    fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (id, role) = lines.next()?.strip_prefix(NAME_LINE)?.split_once(' ')?;
        let mut seed = BASE64.decode(lines.next()?.strip_prefix(KEY_LINE)?.as_bytes()).ok()?;
        let signing = SigningKey::try_from(seed.as_slice()).ok();
        seed.zeroize();
        let reading = read_key(&mut lines)?;
        Some(Self {
            id: id.parse().ok()?,
            role: Role::from_word(role)?,
            reading,
            signing: signing?,
        })
    }
}

/// The reading key; one on a device has its recipient on the line before.
fn read_key(lines: &mut Lines<'_>) -> Option<ReadingKey> {
    let line = lines.next()?;
    let Some(recipient) = line.strip_prefix(RECIPIENT_LINE) else {
        return Some(AgeIdentity::parse(line).ok()?.into());
    };
    let key = PluginIdentity::parse(lines.next()?).ok()?;
    ReadingKey::on_device(Recipient::parse(recipient).ok()?, key).ok()
}

/// The text of `reader.age`, opened.
pub(super) fn open_text(
    keys: &Path,
    passphrase: &SecretText,
) -> Result<Zeroizing<Vec<u8>>, KeysError> {
    Ok(open_with_passphrase(passphrase, &load(keys, READER, MAX_READER)?)?)
}

/// The sealed file itself.
pub(super) fn load_sealed(keys: &Path) -> Result<Vec<u8>, KeysError> {
    load(keys, READER, MAX_READER)
}

/// The public half of what an opened `reader.age` says.
pub(super) fn public_in(text: &[u8]) -> Result<ReaderPub, KeysError> {
    let secrets = std::str::from_utf8(text).ok().and_then(Secrets::read);
    secrets.map(|secrets| secrets.public()).ok_or(KeysError::Malformed)
}

/// Writes a sealed `reader.age` that opens to `text`, and the public files beside it.
pub(super) fn restore_sealed(
    keys: &Path,
    text: &[u8],
    sealed: &[u8],
    trust: &TrustRoot,
) -> Result<ReaderPub, KeysError> {
    let secrets = std::str::from_utf8(text).ok().and_then(Secrets::read);
    let secrets = secrets.ok_or(KeysError::Malformed)?;
    let public = secrets.public();
    files::make_folder(keys)?;
    let save = |name: &str, bytes: &[u8], audience| {
        files::save(&keys.join(name), bytes, audience, Existing::Refuse)
    };
    save(ROOTS, trust.to_text().as_bytes(), Audience::Owner)?;
    save(PUBLIC, public.to_text(&secrets.signing)?.as_bytes(), Audience::Everyone)?;
    save(READER, sealed, Audience::Owner)?;
    Ok(public)
}

/// The files beside the keys that are no secret: their names and bytes.
pub(super) fn public_files(folder: &Path) -> Result<[(&'static str, Vec<u8>); 2], KeysError> {
    let public = load(folder, PUBLIC, MAX_JOINING_BYTES)?;
    Ok([(PUBLIC, public), (ROOTS, load(folder, ROOTS, MAX_ROOTS_BYTES)?)])
}

/// The reader that `reader.pub` in a folder names.
pub(super) fn public_of(folder: &Path) -> Result<ReaderPub, KeysError> {
    let text = String::from_utf8(load(folder, PUBLIC, MAX_JOINING_BYTES)?);
    Ok(ReaderPub::parse(&text.map_err(|_| KeysError::Malformed)?)?)
}

/// Whether the opened text of a `reader.age` holds the secret halves of this reader's keys.
pub(super) fn is_of(text: &[u8], public: &ReaderPub) -> bool {
    let secrets = std::str::from_utf8(text).ok().and_then(Secrets::read);
    secrets.is_some_and(|secrets| {
        let signing = secrets.signing.verifying_key() == public.signing;
        (secrets.id, secrets.role) == (public.id, public.role)
            && signing
            && *secrets.reading.recipient() == public.recipient
    })
}

/// Writes keys that were recovered into the new folder `keys`, with the public files beside them.
///
/// There is no memory of what was seen before: the first session says so.
pub(super) fn restore(
    keys: &Path,
    text: &[u8],
    public: &[(&str, Vec<u8>)],
    lock: &Passphrase<'_>,
) -> Result<(), KeysError> {
    let sealed = seal_with_passphrase(lock.words, text, lock.work_factor)?;
    files::make_folder(keys)?;
    for (name, bytes) in public {
        files::save(&keys.join(name), bytes, Audience::Owner, Existing::Refuse)?;
    }
    Ok(files::save(&keys.join(READER), &sealed, Audience::Owner, Existing::Refuse)?)
}

/// A file that stock age takes as an identity file; the rest stands in its comments.
fn identity_file(
    public: &ReaderPub,
    reading: &ReadingKey,
    signing: &SigningKey,
) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(ROOM));
    text.push_str(NAME_LINE);
    text.push_str(&public.id.to_string());
    text.push(' ');
    text.push_str(public.role.word());
    text.push('\n');
    text.push_str(KEY_LINE);
    text.push_str(&Zeroizing::new(BASE64.encode(signing.as_bytes())));
    text.push('\n');
    if reading.recipient().is_hardware() {
        text.push_str(RECIPIENT_LINE);
        text.push_str(&reading.recipient().to_string());
        text.push('\n');
    }
    text.push_str(reading.to_secret_text().expose());
    text.push('\n');
    text
}

fn load(keys: &Path, name: &'static str, limit: usize) -> Result<Vec<u8>, KeysError> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    files::load_plain(&keys.join(name), limit).map_err(|cause| {
        let gone = cause.kind() == io::ErrorKind::NotFound;
        if gone { KeysError::NotHere { name } } else { KeysError::Unreadable { name, cause } }
    })
}

/// A reader's keys could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// There are keys in this folder.
    #[error("this folder holds a reader's keys already; nothing was changed")]
    AlreadyHere,
    /// A file is not there.
    #[error("there is no {name} in the folder of keys")]
    NotHere {
        /// Its name.
        name: &'static str,
    },
    /// The file system says no, or it is no plain file.
    #[error("{name} in the folder of keys cannot be read: {cause}")]
    Unreadable {
        /// Its name.
        name: &'static str,
        /// What the file system says.
        cause: io::Error,
    },
    /// Wrong passphrase or damaged file.
    #[error("reader.age does not open: {0}")]
    NotOpened(#[from] PassError),
    /// Opened, but it is not what review init writes.
    #[error("the folder of keys holds something else than a reader's keys")]
    Malformed,
    /// The key is not of the kind that the organisation has.
    #[error("the key is of another kind than the organisation's keys")]
    OtherKind,
    /// The device does not open what is sealed to its recipient.
    #[error("what was sealed to the device was not opened by it: {0}")]
    Device(OpenError),
    /// The roots, or the invitation, cannot be read.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// It could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The file system says no.
    #[error("the folder of keys: {0}")]
    Io(#[from] io::Error),
}

pub(super) const READER: &str = "reader.age";
const PUBLIC: &str = "reader.pub";
const ROOTS: &str = "roots.txt";
const NAME_LINE: &str = "# sandyk reader ";
const KEY_LINE: &str = "# signing-key ";
const RECIPIENT_LINE: &str = "# recipient ";
/// Room for the text of a reader's keys, so that it never moves, in bytes.
const ROOM: usize = 8 << 10;
/// What a device must open before it becomes somebody's key.
const PROBE: &[u8] = b"sandyk reader probe";
/// Largest `reader.age`, in bytes.
const MAX_READER: usize = 16 * 1024;
