//! X25519 with a public key: once, or many times with a table made beforehand.
//!
//! Promises: 1. whichever way, the secret is that of RFC 7748, bit by bit, for every public key;
//! 2. time and memory access depend on no secret; 3. an all-zero secret is refused; 4. what is computed on the way is
//! wiped.
//! Does not: any arithmetic of its own. The table is the one with which `curve25519-dalek` multiplies the
//! base point, made for another point.

use curve25519_dalek::{
    edwards::EdwardsBasepointTable, montgomery::MontgomeryPoint, traits::BasepointTable as _,
};
use subtle::ConstantTimeEq as _;
use x25519_dalek::StaticSecret;
use zeroize::{Zeroize as _, Zeroizing};

/// The X25519 half of a public key.
#[derive(Clone)]
pub(super) struct Point {
    bytes: [u8; 32],
    /// Multiples of the point: 30 KB, a third of the time.
    table: Option<Box<EdwardsBasepointTable>>,
}

impl Point {
    pub(super) const fn once(bytes: [u8; 32]) -> Self {
        Self { bytes, table: None }
    }

    /// The same key, ready to be sealed to many times.
    pub(super) fn often(bytes: [u8; 32]) -> Self {
        // About half of all numbers lie on the twist of the curve and have no table; X25519 takes them all the same.
        let point = MontgomeryPoint(bytes).to_edwards(0);
        let table = point.map(|point| Box::new(EdwardsBasepointTable::create(&point)));
        Self { bytes, table }
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// X25519 with the contributory check: `None` if the shared secret would be all zero.
    pub(super) fn agree(&self, own: &StaticSecret) -> Option<Zeroizing<[u8; 32]>> {
        let shared = match &self.table {
            None => {
                let other = x25519_dalek::PublicKey::from(self.bytes);
                Zeroizing::new(own.diffie_hellman(&other).to_bytes())
            }
            Some(table) => {
                let scalar = Zeroizing::new(own.to_bytes());
                let mut point = table.mul_base_clamped(*scalar);
                let mut shared = point.to_montgomery();
                let bytes = Zeroizing::new(shared.to_bytes());
                point.zeroize();
                shared.zeroize();
                bytes
            }
        };
        let zero = shared.ct_eq(&[0; 32]);
        (!bool::from(zero)).then_some(shared)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn both(own: [u8; 32], other: [u8; 32]) -> [Option<[u8; 32]>; 3] {
        let own = StaticSecret::from(own);
        let dalek = own.diffie_hellman(&x25519_dalek::PublicKey::from(other));
        let dalek = dalek.was_contributory().then(|| dalek.to_bytes());
        let ours = [Point::once(other), Point::often(other)];
        let [once, often] = ours.map(|point| point.agree(&own).map(|shared| *shared));
        [dalek, once, often]
    }

    proptest! {
        /// Any 32 bytes: points of the curve and of its twist, over the modulus, with the ignored bit set.
        #[test]
        fn a_key_made_ready_agrees_on_the_secret_that_x25519_gives(own: [u8; 32], other: [u8; 32]) {
            let [dalek, once, often] = both(own, other);
            prop_assert_eq!(dalek, once);
            prop_assert_eq!(dalek, often);
        }
    }

    /// RFC 7748, 5.2.
    #[test]
    fn the_vectors_of_the_rfc_hold_for_a_key_made_ready() {
        let hex = |text: &str| -> [u8; 32] {
            data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap()
        };
        for (own, other, shared) in [
            (
                "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
                "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
            ),
            (
                "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
                "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
                "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
            ),
        ] {
            assert_eq!(both(hex(own), hex(other)), [Some(hex(shared)); 3]);
        }
    }

    #[test]
    fn points_of_low_order_give_no_secret_whichever_way() {
        let order_eight = [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
            0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
            0x5f, 0x49, 0xb8, 0x00,
        ];
        let mut one = [0; 32];
        one[0] = 1;
        let mut minus_one = [0xff; 32];
        (minus_one[0], minus_one[31]) = (0xec, 0x7f);
        for point in [[0; 32], one, minus_one, order_eight] {
            assert_eq!(both([9; 32], point), [None; 3], "{point:?}");
        }
    }
}
