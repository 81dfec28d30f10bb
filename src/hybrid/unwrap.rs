//! Opening a stanza with a hybrid identity; not part of a server that cannot open.

use age::DecryptError;
use age_core::format::{FileKey, Stanza};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use hpke::{Deserializable as _, HpkeError, Kem, OpModeR, aead::ChaCha20Poly1305, kdf::HkdfSha256};
use zeroize::Zeroizing;

use crate::hybrid::{HybridIdentity, INFO, STANZA_TAG, kem::MlKem768X25519};

impl age::Identity for HybridIdentity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        if stanza.tag != STANZA_TAG {
            return None;
        }
        let Some(enc) = canonical_enc(stanza) else {
            return Some(Err(DecryptError::InvalidHeader));
        };
        match open(self, &enc, &stanza.body) {
            Ok(file_key) => Some(Ok(file_key)),
            // Not addressed to this identity, or forged: the next stanza may be ours.
            Err(HpkeError::OpenError) => None,
            Err(_) => Some(Err(DecryptError::InvalidHeader)),
        }
    }
}

fn canonical_enc(stanza: &Stanza) -> Option<<MlKem768X25519 as Kem>::EncappedKey> {
    let [enc] = stanza.args.as_slice() else { return None };
    if stanza.body.len() != BODY_BYTES {
        return None;
    }
    let enc = BASE64_STANDARD_NO_PAD.decode(enc).ok()?;
    <MlKem768X25519 as Kem>::EncappedKey::from_bytes(&enc).ok()
}

fn open(
    identity: &HybridIdentity,
    enc: &<MlKem768X25519 as Kem>::EncappedKey,
    body: &[u8],
) -> Result<FileKey, HpkeError> {
    let key = <MlKem768X25519 as Kem>::PrivateKey::from_bytes(identity.seed.expose())?;
    let plain = Zeroizing::new(hpke::single_shot_open::<
        ChaCha20Poly1305,
        HkdfSha256,
        MlKem768X25519,
    >(&OpModeR::Base, &key, enc, INFO, body, &[])?);
    FileKey::try_init_with_mut(|file_key| {
        let plain = plain.as_slice().try_into().map_err(|_| HpkeError::OpenError)?;
        *file_key = plain;
        Ok(())
    })
}

/// An age file key of 16 bytes and its Poly1305 tag.
const BODY_BYTES: usize = 32;
