use age_core::primitives::bech32_encode;
use bech32::Hrp;
use rand::{SeedableRng as _, rngs::OsRng};
use rand_chacha::ChaCha20Rng;

use super::*;
use crate::sealed::seal_to;

const TAG: &str = "age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e";
const X25519: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
const X25519_SECRET: &str =
    "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";

fn coded(name: &str, bytes: &[u8]) -> String {
    bech32_encode(Hrp::parse_unchecked(name), bytes)
}

/// A tag recipient with a real P-256 point and a real ML-KEM half.
fn tag_pq() -> Vec<u8> {
    let hybrid = AgeIdentity::generate(Kind::PostQuantum, &mut ChaCha20Rng::seed_from_u64(4));
    let mut bytes = bytes_of(&hybrid.recipient().to_string());
    bytes.truncate(1184);
    bytes.extend(GENERATOR);
    bytes
}

fn bytes_of(text: &str) -> Vec<u8> {
    age_core::primitives::bech32_decode(text, |_| (), |_| Ok(()), |_, bytes| Ok(bytes.collect()))
        .unwrap()
}

#[test]
fn each_of_the_four_types_has_its_kind_and_survives_being_written() {
    let hybrid = AgeIdentity::generate(Kind::PostQuantum, &mut OsRng).recipient().to_string();
    let tag_pq = coded("age1tagpq", &tag_pq());
    let expected = [
        (hybrid.as_str(), Kind::PostQuantum, false),
        (X25519, Kind::Classic, false),
        (TAG, Kind::Classic, true),
        (tag_pq.as_str(), Kind::PostQuantum, true),
    ];
    for (text, kind, hardware) in expected {
        let recipient = Recipient::parse(text).unwrap();
        assert_eq!(recipient.to_string(), text);
        assert_eq!((recipient.kind(), recipient.is_hardware()), (kind, hardware), "{text}");
        assert!(seal_to(&[recipient], b"words").unwrap().starts_with(b"age-encryption.org/v1\n"));
        assert_eq!(Recipient::parse(&text.to_uppercase()), Err(NotARecipient), "one spelling");
        assert_eq!(Recipient::parse(&format!("{text}\n")), Err(NotARecipient));
        assert_eq!(
            Recipient::parse(text.strip_suffix(|_: char| true).unwrap()),
            Err(NotARecipient)
        );
    }
    for kind in [Kind::PostQuantum, Kind::Classic] {
        assert_eq!(Kind::from_word(kind.word()), Some(kind));
    }
    assert_eq!(Kind::from_word("Classic"), None);
}

#[test]
fn what_age_would_hand_to_a_plugin_or_to_ssh_is_no_recipient() {
    let se = coded("age1se", &GENERATOR);
    let yubikey = coded("age1yubikey", &[2; 33]);
    let ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";
    for text in [se.as_str(), &yubikey, ssh, "", "1", "age1", X25519_SECRET] {
        assert_eq!(Recipient::parse(text), Err(NotARecipient), "{text}");
    }
}

/// Every X25519 point of low order, in each encoding; age would panic when it seals to one.
#[test]
fn a_point_of_low_order_is_refused_before_anything_is_sealed_to_it() {
    let mut one = [0; 32];
    one[0] = 1;
    let eight = [
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    ];
    let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
    let mut points = vec![vec![0; 32], one.to_vec(), hex(eight[0]), hex(eight[1])];
    points.push(number_from_p(-1));
    for point in points {
        let mut high = point.clone();
        high[31] |= 0x80;
        for bytes in [point, high] {
            let text = coded("age", &bytes);
            assert!(text.parse::<age::x25519::Recipient>().is_ok(), "age itself takes it");
            assert_eq!(Recipient::parse(&text), Err(NotARecipient), "{text}");
        }
    }
}

/// p plus a small number, the lowest byte first.
fn number_from_p(plus: i8) -> Vec<u8> {
    let mut bytes = vec![0xff; 32];
    bytes[31] = 0x7f;
    bytes[0] = 0xed_u8.wrapping_add_signed(plus);
    bytes
}

#[test]
fn a_point_written_in_a_second_way_is_refused() {
    let mut nine = [0; 32];
    nine[0] = 9;
    assert!(Recipient::parse(&coded("age", &nine)).is_ok(), "the base point");
    // 9 + p, and 9 with the bit that X25519 ignores, are the same point to whoever seals.
    nine[31] = 0x80;
    for bytes in [number_from_p(9), nine.to_vec()] {
        assert_eq!(Recipient::parse(&coded("age", &bytes)), Err(NotARecipient));
    }
    assert!(Recipient::parse(&coded("age", &number_from_p(-3))).is_ok(), "just below p");
}

#[test]
fn a_tag_key_over_the_modulus_or_off_the_curve_is_refused() {
    let good = tag_pq();
    assert!(Recipient::parse(&coded("age1tagpq", &good)).is_ok());
    let changes: [fn(&mut Vec<u8>); 4] = [
        // The first coefficient becomes 4095.
        |key| key[..2].copy_from_slice(&[0xff, 0x0f]),
        |key| key[1184 + 64] ^= 1,
        |key| key.truncate(1184),
        |key| key.push(0),
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let mut bad = good.clone();
        change(&mut bad);
        assert_eq!(Recipient::parse(&coded("age1tagpq", &bad)), Err(NotARecipient), "{n}");
    }
    let uncompressed = coded("age1tag", &GENERATOR);
    assert_eq!(Recipient::parse(&uncompressed), Err(NotARecipient));
    let mut x = GENERATOR[..33].to_vec();
    for parity in [2, 3] {
        x[0] = parity;
        assert!(Recipient::parse(&coded("age1tag", &x)).is_ok());
    }
    x[0] = 4;
    assert_eq!(Recipient::parse(&coded("age1tag", &x)), Err(NotARecipient));
}

#[test]
fn an_identity_of_either_kind_survives_being_written() {
    for (kind, start) in
        [(Kind::PostQuantum, "AGE-SECRET-KEY-PQ-1"), (Kind::Classic, "AGE-SECRET-KEY-1")]
    {
        let identity = AgeIdentity::generate(kind, &mut OsRng);
        let text = identity.to_secret_text();
        assert!(text.expose().starts_with(start));
        let again = AgeIdentity::parse(text.expose()).unwrap();
        assert!(again.recipient() == identity.recipient() && again.kind() == kind);
        assert!(again.recipient().kind() == kind && !again.recipient().is_hardware());
        let lower = text.expose().to_lowercase();
        assert_eq!(AgeIdentity::parse(&lower).err(), Some(NotAnIdentity));
        assert_eq!(AgeIdentity::parse(&format!("{} ", text.expose())).err(), Some(NotAnIdentity));
    }
    let known = AgeIdentity::parse(X25519_SECRET).unwrap();
    assert_eq!(known.recipient().to_string(), X25519, "the pair of age's own tests");
    let seeded = || AgeIdentity::generate(Kind::Classic, &mut ChaCha20Rng::seed_from_u64(1));
    assert!(seeded().recipient() == seeded().recipient(), "what a seed makes, it makes again");
}

/// The base point of P-256, uncompressed (SEC 2, 2.4.2).
const GENERATOR: [u8; 65] = [
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40,
    0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2,
    0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e,
    0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51,
    0xf5,
];
