//! 27 digits: 24 of the value in decimal, zero-padded, then 3 of the value modulo 997.

use zeroize::Zeroizing;

use crate::{
    receipt::{Receipt, ReceiptError},
    secret::{Secret, SecretText},
};

pub(super) fn parse(text: &str) -> Result<Receipt, ReceiptError> {
    receipt(&*typed(text)?).ok_or(ReceiptError::Mistyped)
}

/// Exactly 27 digits, whatever they say.
///
/// # Errors
/// [`ReceiptError`] says what else was typed, or how many are missing.
pub(super) fn typed(text: &str) -> Result<Zeroizing<[u8; DIGITS]>, ReceiptError> {
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
    Ok(digits)
}

/// The receipt that 27 digits spell, if the last three fit the others.
pub(super) fn receipt(digits: &[u8; DIGITS]) -> Option<Receipt> {
    let (value, check) = digits.split_at(VALUE_DIGITS);
    let (value, check) = (Zeroizing::new(number(value)), number(check));
    if *value >> 77 != 0 || *value % CHECK_MODULUS != check {
        return None;
    }
    let mut bytes = Zeroizing::new(value.to_be_bytes());
    Some(Receipt { bits: Secret::take(bytes.last_chunk_mut()?) })
}

/// Whether two groups could change places unnoticed: the check is modulo 997.
pub(super) fn has_twin_groups(bits: &Secret<10>) -> bool {
    let written = write(bits);
    let digits = written.expose().bytes().filter(u8::is_ascii_digit);
    let digits = Zeroizing::new(digits.map(|digit| digit.saturating_sub(b'0')).collect::<Vec<_>>());
    let groups: Zeroizing<Vec<u128>> = Zeroizing::new(digits.chunks(3).map(number).collect());
    let twins = |one: &u128| groups.iter().any(|two| one.abs_diff(*two) == CHECK_MODULUS);
    groups.iter().any(twins)
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
pub(super) fn digit(character: char) -> Option<u8> {
    let code = u32::from(character);
    let value = DIGIT_ZEROS.iter().find_map(|&zero| code.checked_sub(zero).filter(|&v| v < 10))?;
    u8::try_from(value).ok()
}

/// The zeros of: ASCII, Arabic-Indic, extended Arabic-Indic (Persian, Urdu, Uyghur), Devanagari,
/// Bengali, fullwidth; in each, the other nine digits follow their zero.
const DIGIT_ZEROS: [u32; 6] = [0x0030, 0x0660, 0x06f0, 0x0966, 0x09e6, 0xff10];

pub(super) const DIGITS: usize = 27;
const VALUE_DIGITS: usize = 24;
const GROUPS: usize = 9;
const CHECK_MODULUS: u128 = 997;
