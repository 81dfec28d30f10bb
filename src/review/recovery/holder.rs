//! A holder: somebody who keeps one of the keys that open a recovery together.

use std::path::Path;

use rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use crate::{
    digest::Digest,
    files::{self, Audience, Existing},
    hybrid::{HybridIdentity, HybridRecipient},
    review::{Passphrase, recovery::RecoveryError},
    sealed::{
        armour::{armoured, disarmoured},
        open_passfile::open_with_passphrase,
        passfile::seal_with_passphrase,
    },
    secret::SecretText,
};

/// A holder's opened key.
pub struct Holder {
    pub(super) identity: HybridIdentity,
}

/// The public half of a holder's key, a file that stock age takes as a list of recipients.
#[derive(Clone, PartialEq, Eq)]
pub struct HolderPub {
    /// What layers are sealed to.
    pub recipient: HybridRecipient,
}

/// Makes a holder's key: `secret` under a passphrase, in armour, and `public` beside it.
///
/// # Errors
/// [`RecoveryError::AlreadyHere`] if either file exists, or what the file system says.
pub fn make_holder(
    secret: &Path,
    public: &Path,
    lock: &Passphrase<'_>,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<HolderPub, RecoveryError> {
    if let Some(there) = [secret, public].into_iter().find(|path| path.exists()) {
        return Err(RecoveryError::AlreadyHere { path: there.to_owned() });
    }
    let identity = HybridIdentity::generate(rng);
    let made = HolderPub { recipient: identity.recipient() };
    let key = identity.to_secret_text();
    let mut text = Zeroizing::new(String::with_capacity(256));
    text.push_str(TITLE);
    text.push_str(key.expose());
    text.push('\n');
    let sealed = seal_with_passphrase(lock.words, text.as_bytes(), lock.work_factor)
        .map_err(RecoveryError::NotSealed)?;
    let save = |path: &Path, text: &str, audience| {
        files::save(path, text.as_bytes(), audience, Existing::Refuse)
            .map_err(RecoveryError::at(path))
    };
    save(secret, &armoured(&sealed), Audience::Owner)?;
    save(public, &made.to_text(), Audience::Everyone)?;
    Ok(made)
}

impl Holder {
    /// Opens a holder's key file with its passphrase.
    ///
    /// # Errors
    /// `NotAHolder`, `HolderNotOpened` or `File` of [`RecoveryError`].
    pub fn open(path: &Path, passphrase: &SecretText) -> Result<Self, RecoveryError> {
        let not_one = || RecoveryError::NotAHolder { path: path.to_owned() };
        let armour = files::load_text(path, MAX_HOLDER).map_err(RecoveryError::at(path))?;
        let sealed = disarmoured(&armour).ok_or_else(not_one)?;
        let text = open_with_passphrase(passphrase, &sealed)
            .map_err(|why| RecoveryError::HolderNotOpened { path: path.to_owned(), why })?;
        let text = std::str::from_utf8(&text).map_err(|_| not_one())?;
        let key = text.strip_prefix(TITLE).and_then(|rest| rest.strip_suffix('\n'));
        let identity = key.and_then(|key| HybridIdentity::parse(key).ok()).ok_or_else(not_one)?;
        Ok(Self { identity })
    }
}

impl HolderPub {
    /// Reads the file.
    ///
    /// # Errors
    /// [`RecoveryError::NotAHolderPub`] if it is anything else.
    pub fn load(path: &Path) -> Result<Self, RecoveryError> {
        let text = files::load_text(path, MAX_HOLDER).map_err(RecoveryError::at(path))?;
        let key = text.strip_prefix(TITLE).map(|rest| rest.trim_end_matches(['\r', '\n']));
        let recipient = key.and_then(|key| HybridRecipient::parse(key).ok());
        let not_one = || RecoveryError::NotAHolderPub { path: path.to_owned() };
        recipient.map(|recipient| Self { recipient }).ok_or_else(not_one)
    }

    /// Thirty digits to compare by voice.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        Digest::of(self.to_text().as_bytes()).spoken()
    }

    fn to_text(&self) -> String {
        format!("{TITLE}{}\n", self.recipient)
    }
}

const TITLE: &str = "# sandyk holder v1\n";
/// Largest file of a holder, in bytes.
const MAX_HOLDER: u64 = 8 << 10;
