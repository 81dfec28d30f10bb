//! What a mistyped receipt may have been; to be opened only after asking.
//!
//! Offered: one word that is in no list and close to exactly one that fits the check, and two
//! neighbours that changed places, of words or of digits, if only one such change fits. Never
//! offered: another word in the place of one that is in the list, or another digit.

use crate::{
    receipt::{
        Receipt, digits,
        words::{self, Symbols, Typed, WordList},
    },
    secret::SecretText,
};

/// A receipt that somebody may have meant.
pub struct Repair {
    receipt: Receipt,
    written: Written,
}

/// How a receipt was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// As 27 digits.
    Digits,
    /// As eight words.
    Words(WordList),
}

impl Repair {
    /// What this text may have meant, if there is exactly one such receipt; `None` for one that is right.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        if Receipt::parse(text).is_ok() {
            return None;
        }
        if words::looks_like_words(text) { of_words(text) } else { of_digits(text) }
    }

    /// How it was written.
    #[must_use]
    pub const fn written(&self) -> Written {
        self.written
    }

    /// What is meant, as it was written: to be compared with the paper.
    #[must_use]
    pub fn shown(&self) -> SecretText {
        match self.written {
            Written::Digits => self.receipt.digits(),
            Written::Words(list) => self.receipt.words(list),
        }
    }
}

fn of_digits(text: &str) -> Option<Repair> {
    let typed = digits::typed(text).ok()?;
    let swapped = neighbours(&typed).filter_map(|swapped| digits::receipt(&swapped));
    Some(Repair { receipt: only(swapped)?, written: Written::Digits })
}

fn of_words(text: &str) -> Option<Repair> {
    let typed = words::read(text).ok()?;
    let mut unlisted = typed.iter().enumerate().filter_map(|(at, typed)| match typed {
        Typed::Unlisted(word) => Some((at, word.as_str())),
        Typed::Listed(..) => None,
    });
    let (list, receipt) = match (unlisted.next(), unlisted.next()) {
        (None, _) => {
            let (list, symbols) = words::symbols(&typed).ok()?;
            let swapped = neighbours(&symbols).filter_map(|swapped| words::receipt(&swapped));
            (list, only(swapped)?)
        }
        (Some((at, word)), None) => one_unlisted(&typed, at, word)?,
        (Some(_), Some(_)) => return None,
    };
    Some(Repair { receipt, written: Written::Words(list) })
}

/// The nearest words of the list that the others are in; of these exactly one must fit the check.
fn one_unlisted(typed: &[Typed], at: usize, word: &str) -> Option<(WordList, Receipt)> {
    let others = typed.iter().enumerate().filter(|(place, _)| *place != at);
    let mut list = None;
    let mut symbols = Symbols::default();
    for (place, typed) in others {
        let Typed::Listed(of, symbol) = typed else { return None };
        if *list.get_or_insert(*of) != *of {
            return None;
        }
        *symbols.get_mut(place)? = *symbol;
    }
    let list = list?;
    let far = |(symbol, listed)| (strsim::osa_distance(word, listed), symbol);
    let distances: Vec<(usize, u16)> = (0..).zip(list.words().iter().copied()).map(far).collect();
    let nearest = distances.iter().map(|(far, _)| *far).min().filter(|far| *far <= MAX_EDITS)?;
    let near = distances.into_iter().filter(|(far, _)| *far == nearest);
    let fitting = near.filter_map(|(_, symbol)| {
        let mut symbols = symbols.clone();
        *symbols.get_mut(at)? = symbol;
        words::receipt(&symbols)
    });
    Some((list, only(fitting)?))
}

/// The same with two different neighbours swapped, for every pair.
fn neighbours<T: Copy + PartialEq, const N: usize>(
    of: &[T; N],
) -> impl Iterator<Item = zeroize::Zeroizing<[T; N]>>
where
    [T; N]: zeroize::Zeroize,
{
    let places = 0..N.saturating_sub(1);
    places.filter_map(move |at| {
        let mut swapped = zeroize::Zeroizing::new(*of);
        let [one, two] = swapped.get_mut(at..)?.first_chunk_mut()?;
        std::mem::swap(one, two);
        (*swapped != *of).then_some(swapped)
    })
}

fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let found = all.next()?;
    if all.next().is_some() { None } else { Some(found) }
}

/// Letters added, left out, wrong, or swapped with their neighbour.
const MAX_EDITS: usize = 2;
