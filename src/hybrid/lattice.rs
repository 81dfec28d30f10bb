//! ML-KEM-768 with a public key: once, or many times with its matrix expanded beforehand.
//!
//! Promises: 1. whichever way, ciphertext and secret are those of FIPS 203, bit by bit: a key is made ready only
//! after `libcrux-ml-kem` and `ml-kem` gave the same for that very key, and where they do not, or the processor has
//! no AVX2, `ml-kem` seals; 2. time and memory access depend on no secret, by the word of the authors of both; 3. the
//! message, from which the secret follows, and the secret are wiped wherever this module holds them.
//! Does not: open anything. `ml-kem` alone does, so what one crate seals the other opens. Nor does it wipe what either
//! crate leaves on the stack on its way: neither wipes that.

use ml_kem::{
    EncapsulateDeterministic as _, EncodedSizeUser as _, KemCore, MlKem768, array::Array,
};
use rand::{CryptoRng, RngCore};
use zeroize::{Zeroize as _, Zeroizing};

use self::expanded::Expanded;

pub(super) type PqPublic = <MlKem768 as KemCore>::EncapsulationKey;

/// Length of an ML-KEM-768 public key, in bytes.
pub(super) const PQ_PUBLIC: usize = 1184;

/// Length of an ML-KEM-768 ciphertext, in bytes.
pub(super) const PQ_CIPHERTEXT: usize = 1088;

/// A shared secret, and the ciphertext from which the holder of the key finds it.
pub(super) struct Encapsulated {
    pub(super) ciphertext: Box<[u8; PQ_CIPHERTEXT]>,
    pub(super) secret: Zeroizing<[u8; 32]>,
}

/// The ML-KEM half of a public key.
#[derive(Clone)]
pub(super) struct Lattice {
    key: Box<PqPublic>,
    /// 6 KB, a seventh of the time.
    expanded: Option<Expanded>,
}

impl Lattice {
    pub(super) fn once(bytes: &[u8; PQ_PUBLIC]) -> Self {
        Self::of(PqPublic::from_bytes(&Array(*bytes)))
    }

    pub(super) fn of(key: PqPublic) -> Self {
        Self { key: Box::new(key), expanded: None }
    }

    /// The same key, ready to be sealed to many times.
    pub(super) fn often(bytes: &[u8; PQ_PUBLIC]) -> Self {
        let plain = Self::once(bytes);
        let expanded = Expanded::of(bytes).filter(|expanded| plain.agrees_with(expanded));
        Self { expanded, ..plain }
    }

    /// A fresh secret for the holder of the key.
    pub(super) fn encapsulate(&self, rng: &mut (impl CryptoRng + RngCore)) -> Option<Encapsulated> {
        let mut message = Zeroizing::new([0; 32]);
        rng.fill_bytes(message.as_mut());
        match &self.expanded {
            Some(expanded) => Some(expanded.encapsulate(&message)),
            None => self.encapsulate_plainly(&message),
        }
    }

    fn encapsulate_plainly(&self, message: &[u8; 32]) -> Option<Encapsulated> {
        let (ciphertext, mut shared) = self.key.encapsulate_deterministic(message.into()).ok()?;
        let mut secret = Zeroizing::new([0; 32]);
        secret.copy_from_slice(shared.as_slice());
        shared.as_mut_slice().zeroize();
        Some(Encapsulated { ciphertext: Box::new(ciphertext.0), secret })
    }

    /// Whether both crates seal the same to this key: one wrong coefficient of the matrix would lose
    /// whatever is sealed with it, and shows in any ciphertext.
    fn agrees_with(&self, expanded: &Expanded) -> bool {
        let message = [0x55; 32];
        let ours = expanded.encapsulate(&message);
        self.encapsulate_plainly(&message).is_some_and(|theirs| {
            theirs.ciphertext == ours.ciphertext && theirs.secret == ours.secret
        })
    }
}

#[cfg(target_arch = "x86_64")]
mod expanded {
    use libcrux_ml_kem::mlkem768::{MlKem768PublicKey, avx2::unpacked};
    use zeroize::Zeroizing;

    use super::{Encapsulated, PQ_PUBLIC};

    /// A public key with its matrix; there is one only where the processor has AVX2.
    #[derive(Clone)]
    pub(super) struct Expanded(Box<unpacked::MlKem768PublicKeyUnpacked>);

    impl Expanded {
        pub(super) fn of(bytes: &[u8; PQ_PUBLIC]) -> Option<Self> {
            std::arch::is_x86_feature_detected!("avx2").then(|| {
                let mut key = Box::new(unpacked::init_public_key());
                unpacked::unpacked_public_key(&MlKem768PublicKey::from(bytes), &mut key);
                Self(key)
            })
        }

        pub(super) fn encapsulate(&self, message: &[u8; 32]) -> Encapsulated {
            let (ciphertext, secret) = unpacked::encapsulate(&self.0, *message);
            let ciphertext = Box::new(*ciphertext.as_slice());
            Encapsulated { ciphertext, secret: Zeroizing::new(secret) }
        }
    }
}

/// Elsewhere `ml-kem` does it all.
#[cfg(not(target_arch = "x86_64"))]
mod expanded {
    use super::{Encapsulated, PQ_PUBLIC};

    #[derive(Clone)]
    pub(super) enum Expanded {}

    impl Expanded {
        pub(super) const fn of(_bytes: &[u8; PQ_PUBLIC]) -> Option<Self> {
            None
        }

        pub(super) const fn encapsulate(&self, _message: &[u8; 32]) -> Encapsulated {
            match *self {}
        }
    }
}

#[cfg(test)]
mod tests {
    use ml_kem::kem::Decapsulate as _;
    use proptest::{prelude::any, prop_assert, proptest};
    use rand::{SeedableRng as _, rngs::OsRng};
    use rand_chacha::ChaCha20Rng;

    use super::*;

    /// Both crates, the same key and message: the same ciphertext and secret, and that ciphertext opens.
    fn compare(keys: usize, messages: usize) {
        let mut seed = [0; 32];
        OsRng.fill_bytes(&mut seed);
        let mut rng = ChaCha20Rng::from_seed(seed);
        for _ in 0..keys {
            let (opens, seals) = MlKem768::generate(&mut rng);
            let key = Lattice::often(&seals.as_bytes().0);
            let Some(expanded) = &key.expanded else {
                assert!(Expanded::of(&[0; PQ_PUBLIC]).is_none(), "{seed:?}: the crates disagree");
                return;
            };
            for _ in 0..messages {
                let mut message = [0; 32];
                rng.fill_bytes(&mut message);
                let fast = expanded.encapsulate(&message);
                let plain = key.encapsulate_plainly(&message).unwrap();
                assert!(fast.ciphertext == plain.ciphertext, "{seed:?}, {message:?}");
                assert!(fast.secret == plain.secret, "{seed:?}, {message:?}");
                let opened = opens.decapsulate(&Array(*fast.ciphertext)).unwrap();
                assert!(opened.0 == *fast.secret, "{seed:?}, {message:?}");
            }
        }
    }

    #[test]
    fn both_crates_seal_the_same_bit_by_bit_to_hundreds_of_keys() {
        compare(250, 4);
    }

    #[test]
    #[ignore = "minutes; tests/nightly runs it"]
    fn both_crates_seal_the_same_bit_by_bit_hundreds_of_thousands_of_times() {
        compare(100_000, 4);
    }

    proptest! {
        /// Any bytes, most of them no key that ML-KEM takes: nothing falls, and whichever way, the same is sealed
        /// from the same randomness.
        #[test]
        fn a_key_made_ready_seals_what_the_key_seals(
            bytes in proptest::collection::vec(any::<u8>(), PQ_PUBLIC),
            seed: [u8; 32],
        ) {
            let bytes = bytes.as_slice().try_into().unwrap();
            let [once, often] = [Lattice::once(bytes), Lattice::often(bytes)].map(|key| {
                let mut rng = ChaCha20Rng::from_seed(seed);
                let made = key.encapsulate(&mut rng).unwrap();
                (made.ciphertext, *made.secret, rng.next_u64())
            });
            prop_assert!(once == often);
        }
    }

    #[test]
    fn what_was_expanded_from_other_bytes_is_seen_before_anything_is_sealed() {
        let right = MlKem768::generate(&mut OsRng).1.as_bytes().0;
        let key = Lattice::once(&right);
        for place in [0, 500, 1151, 1152, 1183] {
            let mut wrong = right;
            wrong[place] ^= 1;
            let seen = Expanded::of(&wrong).is_none_or(|wrong| !key.agrees_with(&wrong));
            assert!(seen, "byte {place}");
        }
    }
}
