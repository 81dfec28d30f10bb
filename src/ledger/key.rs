//! The key that signs checkpoints and promises; `ledger.key` in the store's folder.

use std::{io, path::Path};

use data_encoding::BASE64;
use ed25519_dalek::SigningKey;
use rand::{CryptoRng, RngCore};

use crate::{
    files::{self, Audience, Existing},
    ledger::{Checkpoint, CheckpointError},
    note::{KeyName, NamedKey, NoteError, SignedNote},
    secret::{Secret, SecretText},
};

/// Name of the key.
const NAME: &str = "sandyk-ledger";
const FILE: &str = "ledger.key";
const FIRST_LINE: &str = "sandyk ledger key v1\n";

/// Signs checkpoints and promises. Readers pin it at their first sync.
pub struct LedgerKey {
    name: KeyName,
    key: SigningKey,
}

impl LedgerKey {
    /// The key in `folder`, made and saved there durably if the feed is still [`Feed::Empty`].
    ///
    /// # Errors
    /// [`LedgerKeyError`]; in particular a feed without its key is refused, because a new key would
    /// be an alarm at every reader.
    pub fn open(
        folder: &Path,
        feed: Feed,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, LedgerKeyError> {
        match files::load_text(&folder.join(FILE), 256) {
            Ok(text) => Self::parse(&SecretText::new(text)),
            Err(e) if e.kind() == io::ErrorKind::NotFound && feed == Feed::Empty => {
                let seed = Secret::random(rng);
                let text =
                    SecretText::new(format!("{FIRST_LINE}{}\n", BASE64.encode(seed.expose())));
                let (path, bytes) = (folder.join(FILE), text.expose().as_bytes());
                files::save(&path, bytes, Audience::Owner, Existing::Refuse)?;
                Self::from_seed(&seed)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(LedgerKeyError::Lost),
            Err(e) => Err(e.into()),
        }
    }

    /// The key of a seed.
    ///
    /// # Errors
    /// [`LedgerKeyError::Malformed`] if the fixed name of the key is refused.
    pub fn from_seed(seed: &Secret<32>) -> Result<Self, LedgerKeyError> {
        let name = KeyName::parse(NAME).map_err(|_| LedgerKeyError::Malformed)?;
        Ok(Self { name, key: SigningKey::from_bytes(seed.expose()) })
    }

    /// Verifier key text (C2SP signed-note).
    #[must_use]
    pub fn verifier(&self) -> String {
        NamedKey { name: self.name.clone(), key: self.key.verifying_key() }.to_text()
    }

    /// The signed note of a checkpoint.
    ///
    /// # Errors
    /// [`CheckpointError`] if its origin is no line.
    pub fn sign(&self, checkpoint: &Checkpoint) -> Result<String, CheckpointError> {
        Ok(checkpoint.sign(&self.name, &self.key)?.to_text())
    }

    pub(super) fn sign_text(&self, text: String) -> Result<String, NoteError> {
        let mut note = SignedNote::new(text)?;
        note.sign(&self.name, &self.key);
        Ok(note.to_text())
    }

    fn parse(text: &SecretText) -> Result<Self, LedgerKeyError> {
        let line = text.expose().strip_prefix(FIRST_LINE).and_then(|t| t.strip_suffix('\n'));
        let seed = line.and_then(|line| BASE64.decode(line.as_bytes()).ok());
        let seed = seed.and_then(|seed| <[u8; 32]>::try_from(seed).ok());
        Self::from_seed(&Secret::take(&mut seed.ok_or(LedgerKeyError::Malformed)?))
    }
}

/// Whether anything was signed already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// Nothing is in the feed; a key may be made.
    Empty,
    /// Something is, and its key must be there.
    Signed,
}

/// Why there is no ledger key.
#[derive(Debug, thiserror::Error)]
pub enum LedgerKeyError {
    /// The feed has records and the key is gone.
    #[error(
        "the feed is signed by a ledger key that is gone; nothing was changed; \
         bring {FILE} back from the backup"
    )]
    Lost,
    /// The file is not a ledger key.
    #[error("{FILE} is not a ledger key; nothing was changed; bring it back from the backup")]
    Malformed,
    /// The file cannot be read or written.
    #[error("{FILE} cannot be read or written")]
    Io(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use rand::rngs::OsRng;

    use super::*;

    #[test]
    fn the_ledger_key_is_made_once_private_and_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let lost = LedgerKey::open(dir.path(), Feed::Signed, &mut OsRng);
        assert!(matches!(lost, Err(LedgerKeyError::Lost)));
        let made = LedgerKey::open(dir.path(), Feed::Empty, &mut OsRng).unwrap().verifier();
        let about = std::fs::metadata(dir.path().join(FILE)).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, 0o600);
        for feed in [Feed::Empty, Feed::Signed] {
            let again = LedgerKey::open(dir.path(), feed, &mut OsRng).unwrap();
            assert_eq!(again.verifier(), made);
        }
        let path = dir.path().join(FILE);
        for text in ["", FIRST_LINE, "sandyk ledger key v1\nAAAA\n"] {
            files::save(&path, text.as_bytes(), Audience::Owner, Existing::Replace).unwrap();
            let refused = LedgerKey::open(dir.path(), Feed::Empty, &mut OsRng);
            assert!(matches!(refused, Err(LedgerKeyError::Malformed)), "{text}");
        }
    }
}
