//! MLKEM768-X25519 (X-Wing) behind the KEM trait of HPKE.
//!
//! What it is: key generation from a seed, encapsulation and decapsulation; base mode only.
//! Promises: 1. keys that fail ML-KEM's modulus check or yield an all-zero X25519 secret are
//! refused; 2. expanded secret keys live for one operation and are wiped.
//! Does not: derive key pairs from other keying material the way HPKE's `DeriveKeyPair` does
//! (age never asks), nor the authenticated modes.
//!
//! Spec: draft-ietf-hpke-pq-03, KEM id 0x647a; draft-connolly-cfrg-xwing-kem for the combiner,
//! SHA3-256(ML-KEM secret ‖ X25519 secret ‖ X25519 share ‖ X25519 public key ‖ `\.//^\`).

use std::fmt;

use hpke::{
    Deserializable, HpkeError, Kem, Serializable,
    generic_array::typenum::{Sum, U32, U96, U192, U1024},
    kem::SharedSecret,
};
use ml_kem::{
    Ciphertext, EncodedSizeUser as _, KemCore, MlKem768, array::Array, kem::Decapsulate as _,
};
use rand::{CryptoRng, RngCore};
use sha3::{
    Digest as _, Sha3_256, Shake256,
    digest::{ExtendableOutput as _, Update as _, XofReader as _},
};
use subtle::ConstantTimeEq as _;
use x25519_dalek::StaticSecret;
use zeroize::{Zeroize as _, Zeroizing};

use crate::{
    hybrid::{
        RECIPIENT_BYTES,
        lattice::{Lattice, PQ_CIPHERTEXT, PQ_PUBLIC, PqPublic},
        point::Point,
    },
    secret::Secret,
};

pub(super) struct MlKem768X25519;

/// A public key with its two halves read.
#[derive(Clone)]
pub(super) struct PublicKey {
    bytes: Box<[u8; RECIPIENT_BYTES]>,
    post_quantum: Lattice,
    classic: Point,
}

impl PublicKey {
    pub(super) fn new(bytes: Box<[u8; RECIPIENT_BYTES]>) -> Option<Self> {
        let (pq, classic) = split_public(&bytes)?;
        let (post_quantum, classic) = (Lattice::once(pq), Point::once(*classic));
        Some(Self { bytes, post_quantum, classic })
    }

    /// The same, ready to be sealed to many times.
    pub(super) fn often(bytes: Box<[u8; RECIPIENT_BYTES]>) -> Option<Self> {
        let (pq, classic) = split_public(&bytes)?;
        let (post_quantum, classic) = (Lattice::often(pq), Point::often(*classic));
        Some(Self { bytes, post_quantum, classic })
    }
}

#[derive(Clone)]
pub(super) struct PrivateKey(Zeroizing<[u8; 32]>);

#[derive(Clone)]
pub(super) struct EncappedKey(Box<[u8; ENC_BYTES]>);

impl Kem for MlKem768X25519 {
    type PublicKey = PublicKey;
    type PrivateKey = PrivateKey;
    type EncappedKey = EncappedKey;
    type NSecret = U32;
    const KEM_ID: u16 = 0x647a;

    fn sk_to_pk(sk: &PrivateKey) -> PublicKey {
        public_of(&sk.0)
    }

    fn derive_keypair(ikm: &[u8]) -> (PrivateKey, PublicKey) {
        let mut seed = Zeroizing::new([0; 32]);
        Shake256::default().chain(ikm).finalize_xof().read(seed.as_mut());
        let public = public_of(&seed);
        (PrivateKey(seed), public)
    }

    fn decap(
        sk: &PrivateKey,
        sender: Option<&PublicKey>,
        enc: &EncappedKey,
    ) -> Result<SharedSecret<Self>, HpkeError> {
        if sender.is_some() {
            return Err(HpkeError::DecapError);
        }
        let (ciphertext, share) = enc.0.split_first_chunk().ok_or(HpkeError::DecapError)?;
        let share: &[u8; 32] = share.try_into().map_err(|_| HpkeError::DecapError)?;
        let keys = expand(&sk.0);
        let classic = Point::once(*share).agree(&keys.classic).ok_or(HpkeError::DecapError)?;
        let ciphertext: &[u8; PQ_CIPHERTEXT] = ciphertext;
        let mut post_quantum = keys
            .post_quantum
            .decapsulate(&Ciphertext::<MlKem768>::from(*ciphertext))
            .map_err(|()| HpkeError::DecapError)?;
        let own = x25519_dalek::PublicKey::from(&keys.classic);
        let secret = combine(post_quantum.as_ref(), &classic, share, own.as_bytes());
        post_quantum.as_mut_slice().zeroize();
        Ok(secret)
    }

    fn encap<R: CryptoRng + RngCore>(
        pk: &PublicKey,
        sender: Option<(&PrivateKey, &PublicKey)>,
        rng: &mut R,
    ) -> Result<(SharedSecret<Self>, EncappedKey), HpkeError> {
        if sender.is_some() {
            return Err(HpkeError::EncapError);
        }
        let ephemeral = StaticSecret::random_from_rng(&mut *rng);
        let share = x25519_dalek::PublicKey::from(&ephemeral);
        let classic = pk.classic.agree(&ephemeral).ok_or(HpkeError::EncapError)?;
        let made = pk.post_quantum.encapsulate(rng).ok_or(HpkeError::EncapError)?;
        let public = pk.classic.as_bytes();
        let secret = combine(made.secret.as_ref(), &classic, share.as_bytes(), public);
        let enc = join(made.ciphertext.as_ref(), share.as_bytes()).ok_or(HpkeError::EncapError)?;
        Ok((secret, EncappedKey(enc)))
    }
}

/// The public key of the identity with this seed.
pub(super) fn public_key(seed: &Secret<32>) -> Box<[u8; RECIPIENT_BYTES]> {
    expand(seed.expose()).public()
}

/// Whether both halves of a public key are ones that can be sealed to.
///
/// ML-KEM: every coefficient is below q (FIPS 203, 7.2). X25519: not of low order.
pub(super) fn is_acceptable(key: &[u8; RECIPIENT_BYTES]) -> bool {
    let Some((pq, classic)) = split_public(key) else { return false };
    let canonical = PqPublic::from_bytes(&Array(*pq)).as_bytes().0 == *pq;
    let probe = StaticSecret::from([0x55; 32]);
    canonical && is_reduced(pq) && Point::once(*classic).agree(&probe).is_some()
}

/// Whether every coefficient of an ML-KEM-768 public key is below q (FIPS 203, 7.2).
pub(crate) fn is_reduced(pq: &[u8]) -> bool {
    let (triples, _) = pq.as_chunks::<3>();
    pq.len() == PQ_PUBLIC
        && triples.iter().take(PQ_COEFFICIENTS / 2).all(|&[a, b, c]| {
            let low = u16::from(a) | (u16::from(b & 0x0f) << 8);
            let high = u16::from(b >> 4) | (u16::from(c) << 4);
            low < Q && high < Q
        })
}

struct Expanded {
    post_quantum: <MlKem768 as KemCore>::DecapsulationKey,
    pq_public: PqPublic,
    classic: StaticSecret,
}

impl Expanded {
    fn public(&self) -> Box<[u8; RECIPIENT_BYTES]> {
        let classic = x25519_dalek::PublicKey::from(&self.classic);
        let pq = self.pq_public.as_bytes();
        join(pq.as_ref(), classic.as_bytes()).unwrap_or_else(|| Box::new([0; RECIPIENT_BYTES]))
    }
}

fn expand(seed: &[u8; 32]) -> Expanded {
    let mut stream = Shake256::default().chain(seed).finalize_xof();
    let mut next = || {
        let mut bytes = Zeroizing::new([0; 32]);
        stream.read(bytes.as_mut());
        bytes
    };
    let (mut d, mut z, classic) = (Array(*next()), Array(*next()), next());
    let (post_quantum, pq_public) = MlKem768::generate_deterministic(&d, &z);
    d.as_mut_slice().zeroize();
    z.as_mut_slice().zeroize();
    Expanded { post_quantum, pq_public, classic: StaticSecret::from(*classic) }
}

/// The public key of a seed, for HPKE, which asks for it in modes that age does not use.
fn public_of(seed: &[u8; 32]) -> PublicKey {
    let keys = expand(seed);
    let classic = Point::once(*x25519_dalek::PublicKey::from(&keys.classic).as_bytes());
    PublicKey { bytes: keys.public(), post_quantum: Lattice::of(keys.pq_public), classic }
}

fn combine(
    post_quantum: &[u8],
    classic: &[u8; 32],
    share: &[u8; 32],
    public: &[u8; 32],
) -> SharedSecret<MlKem768X25519> {
    let mut secret = SharedSecret::<MlKem768X25519>::default();
    let mut hash = Sha3_256::new();
    for part in [post_quantum, classic, share, public, COMBINER_LABEL] {
        sha3::Digest::update(&mut hash, part);
    }
    sha3::Digest::finalize_into(hash, &mut secret.0);
    secret
}

fn split_public(key: &[u8; RECIPIENT_BYTES]) -> Option<(&[u8; PQ_PUBLIC], &[u8; 32])> {
    let (pq, classic) = key.split_first_chunk()?;
    Some((pq, classic.try_into().ok()?))
}

fn join<const N: usize>(first: &[u8], second: &[u8; 32]) -> Option<Box<[u8; N]>> {
    let mut joined = Box::new([0; N]);
    let (head, tail) = joined.split_last_chunk_mut::<32>()?;
    (head.len() == first.len()).then(|| head.copy_from_slice(first))?;
    tail.copy_from_slice(second);
    Some(joined)
}

fn sized<const N: usize>(bytes: &[u8]) -> Result<Box<[u8; N]>, HpkeError> {
    let found = bytes.len();
    let array = bytes.try_into().map_err(|_| HpkeError::IncorrectInputLength(N, found))?;
    Ok(Box::new(array))
}

impl Serializable for PublicKey {
    type OutputSize = Sum<U1024, U192>;
    fn write_exact(&self, buf: &mut [u8]) {
        buf.copy_from_slice(self.bytes.as_slice());
    }
}

impl Deserializable for PublicKey {
    fn from_bytes(encoded: &[u8]) -> Result<Self, HpkeError> {
        Self::new(sized(encoded)?).ok_or(HpkeError::ValidationError)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey").finish_non_exhaustive()
    }
}

impl Serializable for PrivateKey {
    type OutputSize = U32;
    fn write_exact(&self, buf: &mut [u8]) {
        buf.copy_from_slice(self.0.as_slice());
    }
}

impl Deserializable for PrivateKey {
    fn from_bytes(encoded: &[u8]) -> Result<Self, HpkeError> {
        let mut seed = sized(encoded)?;
        let key = Self(Zeroizing::new(*seed));
        seed.zeroize();
        Ok(key)
    }
}

impl PartialEq for PrivateKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(other.0.as_ref()).into()
    }
}

impl Eq for PrivateKey {}

impl Serializable for EncappedKey {
    type OutputSize = Sum<U1024, U96>;
    fn write_exact(&self, buf: &mut [u8]) {
        buf.copy_from_slice(self.0.as_slice());
    }
}

impl Deserializable for EncappedKey {
    fn from_bytes(encoded: &[u8]) -> Result<Self, HpkeError> {
        sized(encoded).map(Self)
    }
}

const Q: u16 = 3329;
const PQ_COEFFICIENTS: usize = 768;
const ENC_BYTES: usize = PQ_CIPHERTEXT + 32;
const COMBINER_LABEL: &[u8] = br"\.//^\";
