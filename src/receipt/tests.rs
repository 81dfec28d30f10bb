#![expect(clippy::arithmetic_side_effects, clippy::string_slice, reason = "small known numbers")]

use proptest::prelude::*;
use rand::{SeedableRng as _, rngs::OsRng};
use rand_chacha::ChaCha20Rng;

use super::*;

fn plain(receipt: &Receipt) -> Vec<char> {
    receipt.digits().expose().chars().filter(char::is_ascii_digit).collect()
}

fn refused(digits: &[char]) -> bool {
    Receipt::parse(&digits.iter().collect::<String>()).is_err()
}

fn seeded(seed: [u8; 32]) -> Receipt {
    Receipt::random(&mut ChaCha20Rng::from_seed(seed))
}

#[test]
fn the_smallest_and_the_largest_receipt_are_written_in_nine_groups() {
    let zero = Receipt { bits: Secret::take(&mut [0; 10]) };
    assert_eq!(zero.digits().expose(), "000 000 000 000 000 000 000 000 000");
    let mut top = [0xff; 10];
    top[0] = TOP_MASK;
    let largest = Receipt { bits: Secret::take(&mut top) };
    // 2^77 − 1, and its remainder modulo 997
    assert_eq!(largest.digits().expose(), "151 115 727 451 828 646 838 271 199");
    assert_eq!((1_u128 << 77) - 1, 151_115_727_451_828_646_838_271);
}

#[test]
fn a_receipt_is_read_however_it_is_separated_and_from_any_keyboard() {
    let receipt = Receipt::random(&mut OsRng);
    let spaced = receipt.digits();
    let spaced = spaced.expose();
    let ascii: String = plain(&receipt).into_iter().collect();
    let mapped = |zero: u32| -> String {
        ascii.chars().filter_map(|d| char::from_u32(zero + d.to_digit(10).unwrap())).collect()
    };
    let texts = [
        ascii.clone(),
        format!("\u{feff}  {}\r\n", spaced.replace(' ', "-")),
        spaced.replace(' ', "\u{a0}·\u{2013}\u{200b}\t"),
        mapped(0x0660),
        mapped(0x06f0),
        mapped(0xff10),
    ];
    for text in texts {
        let read = Receipt::parse(&text).unwrap_or_else(|e| panic!("{text:?}: {e}"));
        assert_eq!(read.bits.expose(), receipt.bits.expose(), "{text:?}");
    }
}

#[test]
fn what_is_wrong_with_a_receipt_is_said() {
    let digits: String = plain(&Receipt::random(&mut OsRng)).into_iter().collect();
    let cases = [
        (String::new(), ReceiptError::TooFewDigits(0)),
        (digits[..26].to_owned(), ReceiptError::TooFewDigits(26)),
        (format!("{digits}0"), ReceiptError::TooManyDigits),
        ("9".repeat(1 << 20), ReceiptError::TooManyDigits),
        (digits.replacen(&digits[..1], "O", 1), ReceiptError::NotDigits),
        (format!("code: {digits}"), ReceiptError::NotDigits),
        (digits.replacen(&digits[..1], "½", 1), ReceiptError::NotDigits),
        // 2^77 with its right remainder: more than 77 bits is no receipt
        ("151115727451828646838272200".to_owned(), ReceiptError::Mistyped),
        ("999999999999999999999999000".to_owned(), ReceiptError::Mistyped),
    ];
    for (text, error) in cases {
        assert_eq!(Receipt::parse(&text).err(), Some(error), "{text:.40}");
    }
}

proptest! {
    #[test]
    fn a_receipt_survives_being_written_down(seed: [u8; 32]) {
        let receipt = seeded(seed);
        let again = Receipt::parse(receipt.digits().expose()).unwrap();
        prop_assert_eq!(again.bits.expose(), receipt.bits.expose());
        prop_assert!(receipt.bits.expose()[0] <= TOP_MASK);
    }

    #[test]
    fn one_wrong_digit_is_never_accepted(seed: [u8; 32], at in 0_usize..27, add in 1_u32..10) {
        let receipt = seeded(seed);
        let mut digits = plain(&receipt);
        let digit = digits[at].to_digit(10).unwrap();
        digits[at] = char::from_digit((digit + add) % 10, 10).unwrap();
        prop_assert!(refused(&digits));
    }

    #[test]
    fn two_swapped_neighbours_are_never_accepted(seed: [u8; 32], at in 0_usize..26) {
        let receipt = seeded(seed);
        let mut digits = plain(&receipt);
        prop_assume!(digits[at] != digits[at + 1]);
        digits.swap(at, at + 1);
        prop_assert!(refused(&digits));
    }

    /// Of any receipt that was given out, whatever two groups.
    #[test]
    fn two_swapped_groups_are_not_accepted(seed: [u8; 32], one in 0_usize..9, two in 0_usize..9) {
        let receipt = seeded(seed);
        let digits = plain(&receipt);
        let mut groups: Vec<String> = digits.chunks(3).map(|c| c.iter().collect()).collect();
        let number = |n: usize| groups[n].parse::<i32>().unwrap();
        prop_assume!(number(one) != number(two));
        groups.swap(one, two);
        prop_assert!(Receipt::parse(&groups.concat()).is_err());
    }
}

/// Frozen: if this fails, every receipt in the world has stopped working. The values were made
/// with other implementations (Python cryptography 48, npm age-encryption 0.3.1).
#[test]
fn the_derivation_of_v1_never_changes() {
    let receipt = Receipt::parse("000 102 030 405 060 708 090 102 186").unwrap();
    let mut memory = KdfMemory::new();
    let derived = receipt.derive(&Salt([0x5a; 32]), &mut memory).unwrap();
    let reply = Digest::of(derived.reply.recipient().to_string().as_bytes());
    assert_eq!(derived.lookup.digest().to_string(), LOOKUP);
    assert_eq!(reply.to_string(), REPLY);
    assert_eq!(data_encoding::HEXLOWER.encode(derived.signing.verifying_key().as_bytes()), WITNESS);
    assert_eq!(memory.blocks.len(), 19 * 1024);
    let zero = memory.blocks.iter().all(|block| block.as_ref().iter().all(|&word| word == 0));
    assert!(zero, "the memory of the derivation was not wiped");
}

/// SHA-256 of the lookup id.
const LOOKUP: &str = "316081703473ae107f2d6952ef0b391640e24abe31c74b6be0041bf2c300e0a7";
/// SHA-256 of the text of the reply recipient.
const REPLY: &str = "daef3b4eb93050b9cad17bb1ae5f159752d60362f8211e1f3cf33b4c22f62394";
/// The witness verifying key.
const WITNESS: &str = "e4405b5f7b22c82ccfbac789cd93f59848b94a8a6a86ce66250df26b777938a4";
