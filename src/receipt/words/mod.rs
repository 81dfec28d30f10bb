//! Eight words: seven of eleven bits each, and a check over GF(2^11) as the eighth.
//!
//! The lists are those of BIP-39 (English) and of trezor's python-mnemonic 0.21 (Russian); their licence
//! lies beside them. Both are sorted and have no two words that fold to one. The published Russian list
//! is damaged in one place: word 1573 has lost a letter to two replacement characters. It is снова here.

mod typed;

use std::sync::LazyLock;

use zeroize::Zeroizing;

use crate::{
    receipt::{Receipt, ReceiptError},
    secret::{Secret, SecretText},
};

pub(super) use typed::{Typed, looks_like_words, read};

/// A language in which a receipt can be written as words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordList {
    /// The English list of BIP-39.
    English,
    /// The Russian list of trezor's python-mnemonic.
    Russian,
}

impl WordList {
    /// Both.
    pub const ALL: [Self; 2] = [Self::English, Self::Russian];

    /// Its 2 048 words in order.
    #[must_use]
    pub fn words(self) -> &'static [&'static str] {
        static ENGLISH: LazyLock<Vec<&str>> =
            LazyLock::new(|| include_str!("english.txt").lines().collect());
        static RUSSIAN: LazyLock<Vec<&str>> =
            LazyLock::new(|| include_str!("russian.txt").lines().collect());
        match self {
            Self::English => &ENGLISH,
            Self::Russian => &RUSSIAN,
        }
    }

    fn symbol(self, word: &str) -> Option<u16> {
        u16::try_from(self.words().binary_search(&word).ok()?).ok()
    }

    fn word(self, symbol: u16) -> &'static str {
        self.words().get(usize::from(symbol)).copied().unwrap_or_default()
    }
}

/// Eight numbers of eleven bits, checked or not.
pub(super) type Symbols = Zeroizing<[u16; WORDS]>;

pub(super) fn parse(text: &str) -> Result<Receipt, ReceiptError> {
    receipt(&symbols(&read(text)?)?.1).ok_or(ReceiptError::Mistyped)
}

pub(super) fn write(bits: &Secret<10>, list: WordList) -> SecretText {
    let value = Zeroizing::new(bits.expose().iter().fold(0_u128, |v, &b| (v << 8) | u128::from(b)));
    let mut symbols = Symbols::default();
    let mut rest = Zeroizing::new(*value << BITS);
    for symbol in symbols.iter_mut().rev() {
        *symbol = u16::try_from(*rest & MASK).unwrap_or_default();
        *rest >>= BITS;
    }
    let (check, others) = (check(&symbols), symbols.split_last_mut());
    if let Some((last, _)) = others {
        *last = check;
    }
    let mut text = String::with_capacity(LONGEST_TEXT);
    for (n, symbol) in symbols.iter().enumerate() {
        if n != 0 {
            text.push(' ');
        }
        text.push_str(list.word(*symbol));
    }
    SecretText::new(text)
}

/// The receipt that eight symbols spell, if the eighth fits the others.
pub(super) fn receipt(symbols: &[u16; WORDS]) -> Option<Receipt> {
    let (last, others) = symbols.split_last()?;
    if check(symbols) != *last {
        return None;
    }
    let fold = |value: u128, symbol: &u16| (value << BITS) | u128::from(*symbol);
    let value = Zeroizing::new(others.iter().fold(0, fold));
    let mut bytes = Zeroizing::new(value.to_be_bytes());
    Some(Receipt { bits: Secret::take(bytes.last_chunk_mut()?) })
}

/// Eight words that all stand in one list.
pub(super) fn symbols(typed: &[Typed]) -> Result<(WordList, Symbols), ReceiptError> {
    let mut symbols = Symbols::default();
    let mut spoken = None;
    for (place, typed) in symbols.iter_mut().zip(typed) {
        let Typed::Listed(list, symbol) = typed else { return Err(ReceiptError::UnknownWord) };
        if *spoken.get_or_insert(*list) != *list {
            return Err(ReceiptError::Mistyped);
        }
        *place = *symbol;
    }
    Ok((spoken.ok_or(ReceiptError::TooFewWords(0))?, symbols))
}

/// Of the first seven: the sum of the words times x^7 to x^1 modulo x^11 + x^2 + 1.
///
/// Every word has a weight of its own, so one wrong word and two that changed places are noticed.
fn check(symbols: &[u16; WORDS]) -> u16 {
    let (_, others) = symbols.split_last().unwrap_or((&0, &[]));
    others.iter().fold(0, |sum, symbol| times_x(sum ^ symbol))
}

fn times_x(symbol: u16) -> u16 {
    let shifted = symbol << 1;
    if shifted >> BITS == 0 { shifted } else { shifted ^ POLYNOMIAL }
}

/// Words of a receipt, with the check.
pub(super) const WORDS: usize = 8;
const BITS: u32 = 11;
const MASK: u128 = 0x7ff;
/// x^11 + x^2 + 1, which is primitive.
const POLYNOMIAL: u16 = 0x805;
/// Eight words of at most eight Cyrillic letters, and the spaces.
const LONGEST_TEXT: usize = 8 * 16 + 7;

#[cfg(test)]
mod tests;
