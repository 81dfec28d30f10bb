//! Root keys, and the files that keep them under a passphrase.

use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::SigningKey;
use rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use crate::{
    admin::AdminError,
    note::{KeyName, NamedKey},
    paper,
    sealed::{
        armour::{armoured, disarmoured},
        open_passfile::open_with_passphrase,
        passfile::seal_with_passphrase,
    },
    secret::{Secret, SecretText},
};

/// A root key that may sign.
pub struct RootKey {
    name: KeyName,
    secret: SigningKey,
}

impl RootKey {
    /// A fresh key under `name`.
    pub fn generate(name: KeyName, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self { name, secret: SigningKey::from_bytes(Secret::random(rng).expose()) }
    }

    /// The public half.
    #[must_use]
    pub fn named(&self) -> NamedKey {
        NamedKey { name: self.name.clone(), key: self.secret.verifying_key() }
    }

    /// Signs a note.
    pub fn sign(&self, note: &mut crate::note::SignedNote) {
        note.sign(&self.name, &self.secret);
    }

    /// The text of a root key file: an armoured age file, so that it can be printed and typed.
    ///
    /// # Errors
    /// [`AdminError::NotSealed`].
    pub fn to_file(&self, passphrase: &SecretText, work: u8) -> Result<String, AdminError> {
        let not_sealed = |why: &dyn std::fmt::Display| AdminError::NotSealed {
            file: self.name.as_str().to_owned(),
            why: why.to_string(),
        };
        let text = self.to_secret_text();
        let sealed = seal_with_passphrase(passphrase, text.expose().as_bytes(), work)
            .map_err(|e| not_sealed(&e))?;
        Ok(armoured(&sealed))
    }

    /// Opens a root key file with its passphrase.
    ///
    /// # Errors
    /// `File`, `NotARootFile` or `NotOpened` of [`AdminError`].
    pub fn open(path: &Path, passphrase: &SecretText) -> Result<Self, AdminError> {
        let file = path.display().to_string();
        let armour = super::folder::load(path, MAX_FILE_BYTES)?
            .ok_or_else(|| AdminError::file(path)(std::io::ErrorKind::NotFound.into()))?;
        let Some(sealed) = disarmoured(&armour) else {
            return Err(AdminError::NotARootFile { file });
        };
        match open_with_passphrase(passphrase, &sealed) {
            Ok(text) => std::str::from_utf8(&text)
                .ok()
                .and_then(Self::parse)
                .ok_or(AdminError::NotARootFile { file }),
            Err(why) => Err(AdminError::NotOpened { file, why }),
        }
    }

    /// The page on which a root key file can be printed: groups to type back, then the file itself.
    ///
    /// # Errors
    /// `File` or `NotARootFile` of [`AdminError`].
    pub fn page(path: &Path) -> Result<String, AdminError> {
        let armour = super::folder::load(path, MAX_FILE_BYTES)?
            .ok_or_else(|| AdminError::file(path)(std::io::ErrorKind::NotFound.into()))?;
        let sealed = disarmoured(&armour)
            .ok_or_else(|| AdminError::NotARootFile { file: path.display().to_string() })?;
        Ok(format!("{}\n\n{armour}", paper::lines(&sealed).join("\n")))
    }

    /// The root key file that was typed back from a page.
    #[must_use]
    pub fn from_page(sealed: &[u8]) -> String {
        armoured(sealed)
    }

    /// The signer-key form of Go's note package, `PRIVATE+KEY+name+hash+base64`, under a remark.
    fn to_secret_text(&self) -> SecretText {
        let seed = Zeroizing::new(self.secret.to_bytes());
        let mut typed = Zeroizing::new(vec![ED25519]);
        typed.extend_from_slice(seed.as_slice());
        let (name, hash) = (self.name.as_str(), HEXLOWER.encode(&self.named().hint()));
        let coded = Zeroizing::new(BASE64.encode(&typed));
        SecretText::new(format!(
            "# sandyk root key {name}: keep it away from every network\n{PREFIX}{name}+{hash}+{}\n",
            coded.as_str()
        ))
    }

    fn parse(text: &str) -> Option<Self> {
        let line = text.lines().find(|line| !line.starts_with('#'))?;
        let mut parts = line.strip_prefix(PREFIX)?.splitn(3, '+');
        let name = KeyName::parse(parts.next()?).ok()?;
        let hash = parts.next()?;
        let typed = Zeroizing::new(BASE64.decode(parts.next()?.as_bytes()).ok()?);
        let (kind, seed) = typed.split_first()?;
        let seed: &[u8; 32] = seed.try_into().ok()?;
        let key = Self { name, secret: SigningKey::from_bytes(seed) };
        let fits = *kind == ED25519 && HEXLOWER.encode(&key.named().hint()) == hash;
        fits.then_some(key)
    }
}

const PREFIX: &str = "PRIVATE+KEY+";
const ED25519: u8 = 1;
const MAX_FILE_BYTES: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;
    use crate::sealed::open_passfile::PassError;

    fn key() -> RootKey {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        RootKey::generate(KeyName::parse("root-1").unwrap(), &mut rng)
    }

    #[test]
    fn a_root_key_survives_its_file_and_no_passphrase_but_its_own_opens_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root-1.age");
        let words = |text: &str| SecretText::new(text.to_owned());
        let file = key().to_file(&words("одно два три"), 1).unwrap();
        assert!(file.lines().all(|line| line.len() <= 64), "{file}");
        let save = |text: &str| {
            use crate::files::{Audience, Existing, save};
            save(&path, text.as_bytes(), Audience::Owner, Existing::Replace).unwrap();
        };
        save(&file);
        let opened = RootKey::open(&path, &words("одно два три")).unwrap();
        assert!(opened.named() == key().named());
        let refused = RootKey::open(&path, &words("одно два")).err().unwrap();
        assert!(
            matches!(refused, AdminError::NotOpened { why: PassError::WrongPassphrase, .. }),
            "{refused}"
        );
        save("PRIVATE+KEY+root-1");
        let refused = RootKey::open(&path, &words("одно два три")).err().unwrap();
        assert!(matches!(refused, AdminError::NotARootFile { .. }), "{refused}");
    }

    #[test]
    fn the_published_signer_key_is_read() {
        // From the documentation of golang.org/x/mod/sumdb/note.
        let signer =
            "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
        let key = RootKey::parse(signer).unwrap();
        let verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        assert_eq!(key.named().to_text(), verifier);
        assert!(key.to_secret_text().expose().ends_with(&format!("\n{signer}\n")));
        assert!(RootKey::parse(&signer.replace("c74f", "c74e")).is_none());
    }
}
