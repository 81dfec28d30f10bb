//! Sealing a file key to a hybrid recipient: one stanza of a tag, an encapsulated key and 32 bytes.

use std::{collections::HashSet, io};

use age::EncryptError;
use age_core::{
    format::{FileKey, Stanza},
    secrecy::ExposeSecret as _,
};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use hpke::{OpModeS, Serializable as _, aead::ChaCha20Poly1305, kdf::HkdfSha256};
use rand::rngs::OsRng;

use crate::hybrid::{
    HybridRecipient, INFO, STANZA_TAG,
    kem::{MlKem768X25519, PublicKey},
};

impl HybridRecipient {
    /// Reads the key and makes it ready for many files, for this recipient and its clones.
    ///
    /// Worth it from a dozen files on, and takes 40 KB. What is sealed is the same, and as fresh each time.
    pub fn make_ready(&self) {
        if let (None, Some(key)) = (self.ready.get(), PublicKey::often(self.bytes.clone())) {
            self.ready.get_or_init(|| key);
        }
    }
}

impl age::Recipient for HybridRecipient {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        match self.ready.get() {
            Some(key) => wrap(key, file_key),
            None => wrap(&PublicKey::new(self.bytes.clone()).ok_or_else(refused)?, file_key),
        }
    }
}

fn wrap(
    key: &PublicKey,
    file_key: &FileKey,
) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
    let (enc, body) = hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, MlKem768X25519, _>(
        &OpModeS::Base,
        key,
        INFO,
        file_key.expose_secret(),
        &[],
        &mut OsRng,
    )
    .map_err(|_| refused())?;
    let args = vec![BASE64_STANDARD_NO_PAD.encode(enc.to_bytes())];
    let labels = HashSet::from(["postquantum".to_owned()]);
    Ok((vec![Stanza { tag: STANZA_TAG.to_owned(), args, body }], labels))
}

fn refused() -> EncryptError {
    EncryptError::Io(io::Error::other("this recipient cannot be sealed to"))
}
