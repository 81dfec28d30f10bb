//! An age plugin for rehearsals and tests: what a token does, done in software.
//!
//! `rehearsal_plugin tag` and `rehearsal_plugin tagpq` make a key: its recipient, then its identity.
//! With `--age-plugin=identity-v1` it opens what was sealed to the recipient.
//! It protects nothing. It is written from the specifications and not with the code that seals, so
//! that the two check each other.
//! Spec: <https://c2sp.org/age>, "p256tag", "mlkem768p256tag"; RFC 9180; draft-ietf-hpke-pq-03.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::disallowed_types,
    reason = "it is for rehearsals, and says what is wrong by failing"
)]

use std::{collections::HashMap, env, io};

use age_core::{
    format::{FileKey, Stanza},
    primitives::bech32_encode,
};
use age_plugin::{
    Callbacks, PluginHandler,
    identity::{Error, IdentityPluginV1},
    run_state_machine,
};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use bech32::Hrp;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, aead::Aead as _};
use hkdf::Hkdf;
use ml_kem::{
    Ciphertext, EncodedSizeUser as _, KemCore, MlKem768, array::Array, kem::Decapsulate as _,
};
use p256::{PublicKey, SecretKey, ecdh::diffie_hellman, elliptic_curve::sec1::ToEncodedPoint as _};
use rand::{RngCore as _, rngs::OsRng};
use sha2::{Digest as _, Sha256};
use sha3::{
    Sha3_256, Shake256,
    digest::{ExtendableOutput as _, Update as _, XofReader as _},
};

fn main() -> io::Result<()> {
    let word = env::args().nth(1).unwrap_or_default();
    if let Some(machine) = word.strip_prefix("--age-plugin=") {
        return run_state_machine(machine, Rehearsal);
    }
    let mut held = [0; 33];
    OsRng.fill_bytes(&mut held[1..]);
    held[0] = u8::from(word == "tagpq");
    let key = Key::from_held(&held).expect("a fresh key");
    let identity = bech32_encode(Hrp::parse_unchecked("age-plugin-rehearsal-"), &held);
    println!("{}\n{}", key.recipient(), identity.to_uppercase());
    Ok(())
}

struct Rehearsal;

impl PluginHandler for Rehearsal {
    type RecipientV1 = std::convert::Infallible;
    type IdentityV1 = Held;

    fn identity_v1(self) -> io::Result<Held> {
        Ok(Held(Vec::new()))
    }
}

struct Held(Vec<Key>);

impl IdentityPluginV1 for Held {
    fn add_identity(&mut self, index: usize, _: &str, bytes: &[u8]) -> Result<(), Error> {
        let message = "not a rehearsal key".to_owned();
        self.0.push(Key::from_held(bytes).ok_or(Error::Identity { index, message })?);
        Ok(())
    }

    fn unwrap_file_keys(
        &mut self,
        files: Vec<Vec<Stanza>>,
        mut callbacks: impl Callbacks<Error>,
    ) -> io::Result<HashMap<usize, Result<FileKey, Vec<Error>>>> {
        let mut opened = HashMap::new();
        for (number, stanzas) in files.iter().enumerate() {
            let found = self.0.iter().find_map(|key| stanzas.iter().find_map(|s| key.open(s)));
            if let Some(found) = found {
                callbacks.message("\u{1b}[2Jtouch the key")?.unwrap();
                opened.insert(number, Ok(found));
            }
        }
        Ok(opened)
    }
}

/// A P-256 key, and for `tagpq` an ML-KEM key from the same seed.
struct Key {
    classic: SecretKey,
    post_quantum: Option<(<MlKem768 as KemCore>::DecapsulationKey, Vec<u8>)>,
}

impl Key {
    /// Its kind, 0 or 1, and 32 secret bytes.
    fn from_held(held: &[u8]) -> Option<Self> {
        let (kind, seed) = held.split_first()?;
        if *kind == 0 {
            let classic = SecretKey::from_slice(seed).ok()?;
            return Some(Self { classic, post_quantum: None });
        }
        let mut stream = Shake256::default().chain(seed).finalize_xof();
        let mut next = || {
            let mut bytes = [0; 32];
            stream.read(&mut bytes);
            bytes
        };
        let (secret, public) = MlKem768::generate_deterministic(&Array(next()), &Array(next()));
        let classic = SecretKey::from_slice(&next()).ok()?;
        Some(Self { classic, post_quantum: Some((secret, public.as_bytes().to_vec())) })
    }

    fn point(&self) -> Vec<u8> {
        self.classic.public_key().to_encoded_point(false).as_bytes().to_vec()
    }

    fn compressed(&self) -> Vec<u8> {
        self.classic.public_key().to_encoded_point(true).as_bytes().to_vec()
    }

    fn recipient(&self) -> String {
        match &self.post_quantum {
            None => bech32_encode(Hrp::parse_unchecked("age1tag"), &self.compressed()),
            Some((_, public)) => {
                let both = [public.as_slice(), &self.point()].concat();
                bech32_encode(Hrp::parse_unchecked("age1tagpq"), &both)
            }
        }
    }

    /// The file key, if the stanza is of this key.
    fn open(&self, stanza: &Stanza) -> Option<FileKey> {
        let (tag, kem, point) = match self.post_quantum {
            None => ("p256tag", 0x0010, self.compressed()),
            Some(_) => ("mlkem768p256tag", 0x0050, self.point()),
        };
        let [named, enc] = stanza.args.as_slice() else { return None };
        let enc = BASE64_STANDARD_NO_PAD.decode(enc).ok()?;
        let info = format!("age-encryption.org/{tag}");
        let input = [enc.as_slice(), &Sha256::digest(point)[..4]].concat();
        let (expected, _) = Hkdf::<Sha256>::extract(Some(info.as_bytes()), &input);
        if stanza.tag != tag || *named != BASE64_STANDARD_NO_PAD.encode(&expected[..4]) {
            return None;
        }
        let shared = self.shared(&enc)?;
        let plain = open_base(&shared, kem, info.as_bytes(), &stanza.body)?;
        let plain: [u8; 16] = plain.try_into().ok()?;
        Some(FileKey::init_with_mut(|key| key.copy_from_slice(&plain)))
    }

    fn shared(&self, enc: &[u8]) -> Option<Vec<u8>> {
        let (ciphertext, share) = enc.split_at_checked(enc.len().checked_sub(65)?)?;
        let other = PublicKey::from_sec1_bytes(share).ok()?;
        let agreed = diffie_hellman(self.classic.to_nonzero_scalar(), other.as_affine());
        let (agreed, own) = (agreed.raw_secret_bytes().as_slice(), self.point());
        let Some((secret, _)) = &self.post_quantum else {
            let suite = [b"KEM".as_slice(), &[0x00, 0x10]].concat();
            let prk = extract(&suite, &[], "eae_prk", agreed);
            let context = [share, &own].concat();
            return ciphertext
                .is_empty()
                .then(|| expand(&suite, &prk, "shared_secret", &context, 32));
        };
        let ciphertext: [u8; 1088] = ciphertext.try_into().ok()?;
        let first = secret.decapsulate(&Ciphertext::<MlKem768>::from(ciphertext)).ok()?;
        let mut hash = Sha3_256::default();
        for part in [first.as_slice(), agreed, share, &own, b"MLKEM768-P256"] {
            sha2::Digest::update(&mut hash, part);
        }
        Some(hash.finalize().to_vec())
    }
}

/// HPKE in base mode, HKDF-SHA256 and ChaCha20-Poly1305, the first and only thing opened.
fn open_base(shared: &[u8], kem: u16, info: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let suite = [b"HPKE".as_slice(), &kem.to_be_bytes(), &[0, 1], &[0, 3]].concat();
    let psk = extract(&suite, &[], "psk_id_hash", &[]);
    let info = extract(&suite, &[], "info_hash", info);
    let context = [&[0], psk.as_slice(), &info].concat();
    let secret = extract(&suite, shared, "secret", &[]);
    let key = expand(&suite, &secret, "key", &context, 32);
    let nonce = expand(&suite, &secret, "base_nonce", &context, 12);
    ChaCha20Poly1305::new_from_slice(&key).ok()?.decrypt(nonce.as_slice().into(), sealed).ok()
}

fn extract(suite: &[u8], salt: &[u8], label: &str, input: &[u8]) -> Vec<u8> {
    let input = [b"HPKE-v1", suite, label.as_bytes(), input].concat();
    Hkdf::<Sha256>::extract(Some(salt), &input).0.to_vec()
}

fn expand(suite: &[u8], key: &[u8], label: &str, info: &[u8], bytes: usize) -> Vec<u8> {
    let length = (bytes as u16).to_be_bytes();
    let info = [length.as_slice(), b"HPKE-v1", suite, label.as_bytes(), info].concat();
    let mut out = vec![0; bytes];
    Hkdf::<Sha256>::from_prk(key).unwrap().expand(&info, &mut out).unwrap();
    out
}
