//! 27 digits: 24 of the value in decimal, zero-padded, then 3 of the value modulo 997.

use zeroize::Zeroizing;

use crate::{
    receipt::{Receipt, ReceiptError},
    secret::{Secret, SecretText},
};

pub(super) fn parse(text: &str) -> Result<Receipt, ReceiptError> {
    let mut digits = Zeroizing::new([0_u8; DIGITS]);
    let mut found = 0_usize;
    for character in text.chars() {
        let Some(digit) = digit(character) else {
            if character.is_alphanumeric() {
                return Err(ReceiptError::NotDigits);
            }
            continue;
        };
        *digits.get_mut(found).ok_or(ReceiptError::TooManyDigits)? = digit;
        found = found.saturating_add(1);
    }
    if found < DIGITS {
        return Err(ReceiptError::TooFewDigits(found));
    }
    let (value, check) = digits.split_at(VALUE_DIGITS);
    let (value, check) = (Zeroizing::new(number(value)), number(check));
    if *value >> 77 != 0 || *value % CHECK_MODULUS != check {
        return Err(ReceiptError::Mistyped);
    }
    let mut bytes = Zeroizing::new(value.to_be_bytes());
    let bits = bytes.last_chunk_mut().ok_or(ReceiptError::Mistyped)?;
    Ok(Receipt { bits: Secret::take(bits) })
}

pub(super) fn write(bits: &Secret<10>) -> SecretText {
    let value = Zeroizing::new(bits.expose().iter().fold(0_u128, |v, &b| (v << 8) | u128::from(b)));
    let check = value.checked_rem(CHECK_MODULUS).unwrap_or_default();
    // Digit by digit into wiped memory: `format!` would leave them on the stack.
    let mut digits = Zeroizing::new([0_u8; DIGITS]);
    let (front, back) = digits.split_at_mut(VALUE_DIGITS);
    fill(front, &value);
    fill(back, &check);
    let mut grouped = String::with_capacity(DIGITS.saturating_add(GROUPS));
    for (n, digit) in digits.iter().enumerate() {
        if n != 0 && n.is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(char::from(digit.saturating_add(b'0')));
    }
    SecretText::new(grouped)
}

/// The last decimal digits of a number, as many as there is room for.
fn fill(room: &mut [u8], number: &u128) {
    let mut rest = Zeroizing::new(*number);
    for digit in room.iter_mut().rev() {
        *digit = u8::try_from(*rest % 10).unwrap_or_default();
        *rest = rest.checked_div(10).unwrap_or_default();
    }
}

fn number(digits: &[u8]) -> u128 {
    digits.iter().fold(0, |n: u128, &d| n.saturating_mul(10).saturating_add(u128::from(d)))
}

/// The value of a decimal digit of the scripts that keyboards of the region and phones type.
fn digit(character: char) -> Option<u8> {
    let code = u32::from(character);
    let value = DIGIT_ZEROS.iter().find_map(|&zero| code.checked_sub(zero).filter(|&v| v < 10))?;
    u8::try_from(value).ok()
}

/// The zeros of: ASCII, Arabic-Indic, extended Arabic-Indic (Persian, Urdu, Uyghur), Devanagari,
/// Bengali, fullwidth; in each, the other nine digits follow their zero.
const DIGIT_ZEROS: [u32; 6] = [0x0030, 0x0660, 0x06f0, 0x0966, 0x09e6, 0xff10];

const DIGITS: usize = 27;
const VALUE_DIGITS: usize = 24;
const GROUPS: usize = 9;
const CHECK_MODULUS: u128 = 997;
