//! Sealing a file key to a hybrid recipient: one stanza of a tag, an encapsulated key and 32 bytes.

use std::{collections::HashSet, io};

use age::EncryptError;
use age_core::{
    format::{FileKey, Stanza},
    secrecy::ExposeSecret as _,
};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use hpke::{
    Deserializable as _, Kem, OpModeS, Serializable as _, aead::ChaCha20Poly1305, kdf::HkdfSha256,
};
use rand::rngs::OsRng;

use crate::hybrid::{HybridRecipient, INFO, STANZA_TAG, kem::MlKem768X25519};

impl age::Recipient for HybridRecipient {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let refused = |_| EncryptError::Io(io::Error::other("this recipient cannot be sealed to"));
        let key = <MlKem768X25519 as Kem>::PublicKey::from_bytes(self.bytes.as_slice())
            .map_err(refused)?;
        let (enc, body) =
            hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, MlKem768X25519, _>(
                &OpModeS::Base,
                &key,
                INFO,
                file_key.expose_secret(),
                &[],
                &mut OsRng,
            )
            .map_err(refused)?;
        let args = vec![BASE64_STANDARD_NO_PAD.encode(enc.to_bytes())];
        let labels = HashSet::from(["postquantum".to_owned()]);
        Ok((vec![Stanza { tag: STANZA_TAG.to_owned(), args, body }], labels))
    }
}
