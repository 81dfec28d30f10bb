//! Words as people type them: any case, marks, separators, and the keyboard left in another layout.

use zeroize::Zeroizing;

use super::{WORDS, WordList};
use crate::receipt::{ReceiptError, digits};

/// One word as it was typed.
pub(crate) enum Typed {
    /// It stands in a list, at this place.
    Listed(WordList, u16),
    /// It stands in none; folded.
    Unlisted(Zeroizing<String>),
}

/// Whether more letters than digits were typed. Words may be numbered, digits may carry a stray letter.
pub(crate) fn looks_like_words(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let digits = text.chars().filter(|c| digits::digit(*c).is_some()).count();
    letters > digits
}

/// Exactly eight words, listed or not.
///
/// # Errors
/// [`ReceiptError::TooFewWords`] and [`ReceiptError::TooManyWords`].
pub(crate) fn read(text: &str) -> Result<Vec<Typed>, ReceiptError> {
    let mut words = Vec::with_capacity(WORDS);
    for chunk in text.split_whitespace() {
        if chunk.len() > MAX_CHUNK {
            return Err(ReceiptError::TooManyWords);
        }
        words.extend(chunk_of_words(&fold(chunk)));
        if words.len() > WORDS {
            return Err(ReceiptError::TooManyWords);
        }
    }
    if words.len() < WORDS {
        return Err(ReceiptError::TooFewWords(words.len()));
    }
    Ok(words)
}

/// What stands between two spaces: a word, or several with other separators between, or a word typed
/// in the Latin layout, where б, ж, х, ъ, э and ю are punctuation.
fn chunk_of_words(chunk: &str) -> Vec<Typed> {
    let pieces = chunk.split(|c: char| !c.is_alphabetic()).filter(|piece| !piece.is_empty());
    let plain: Vec<_> = pieces.map(word).collect();
    if plain.iter().all(|word| matches!(word, Typed::Listed(..))) {
        return plain;
    }
    let counted = chunk.trim_start_matches(|c: char| c.is_ascii_digit());
    let unnumbered =
        if counted == chunk { chunk } else { counted.strip_prefix(['.', ')']).unwrap_or(counted) };
    let ended = |text: &str| text.strip_suffix([',', '.', ';', ':']).map(str::len);
    let texts =
        [chunk, unnumbered].map(|text| [Some(text), ended(text).and_then(|end| text.get(..end))]);
    for text in texts.into_iter().flatten().flatten() {
        let meant = Zeroizing::new(text.chars().map(in_cyrillic).collect::<String>());
        if let Some(symbol) = WordList::Russian.symbol(&meant) {
            return vec![Typed::Listed(WordList::Russian, symbol)];
        }
    }
    plain
}

/// A word of letters only, in either list, or in the English one when typed in the Russian layout.
fn word(piece: &str) -> Typed {
    for list in WordList::ALL {
        if let Some(symbol) = list.symbol(piece) {
            return Typed::Listed(list, symbol);
        }
    }
    let meant: Option<String> = piece.chars().map(in_latin).collect();
    let listed = meant.map(Zeroizing::new).and_then(|meant| WordList::English.symbol(&meant));
    match listed {
        Some(symbol) => Typed::Listed(WordList::English, symbol),
        None => Typed::Unlisted(Zeroizing::new(piece.to_owned())),
    }
}

/// Small letters without accents; ё is е, й stays й however it was composed.
fn fold(text: &str) -> Zeroizing<String> {
    let mut folded = Zeroizing::new(String::with_capacity(text.len()));
    for c in text.chars().flat_map(char::to_lowercase).map(narrow) {
        match c {
            'ё' => folded.push('е'),
            BREVE if folded.ends_with('и') => {
                folded.pop();
                folded.push('й');
            }
            '\u{300}'..='\u{36f}'
            | '\u{ad}'
            | '\u{200c}'..='\u{200f}'
            | '\u{2060}'
            | '\u{feff}' => {}
            other => folded.push(other),
        }
    }
    folded
}

/// A fullwidth letter as an ordinary one.
fn narrow(c: char) -> char {
    let shifted = u32::from(c).checked_sub(FULLWIDTH).filter(|code| (0x21..0x7f).contains(code));
    shifted.and_then(char::from_u32).unwrap_or(c).to_ascii_lowercase()
}

/// The letter of the Russian layout on the key of that character.
fn in_cyrillic(c: char) -> char {
    KEYS.iter().find(|(latin, _)| latin.contains(c)).map_or(c, |(_, cyrillic)| *cyrillic)
}

/// The letter of the Latin layout on the key of that Russian letter, if it is one.
fn in_latin(c: char) -> Option<char> {
    let (latin, _) = KEYS.iter().find(|(_, cyrillic)| *cyrillic == c)?;
    latin.chars().next().filter(char::is_ascii_lowercase)
}

/// What the keys type in the Latin layout, small and shifted, and in the Russian one; the key of ё
/// stands for е, as lists have no ё.
const KEYS: [(&str, char); 33] = [
    ("q", 'й'),
    ("w", 'ц'),
    ("e", 'у'),
    ("r", 'к'),
    ("t", 'е'),
    ("y", 'н'),
    ("u", 'г'),
    ("i", 'ш'),
    ("o", 'щ'),
    ("p", 'з'),
    ("[{", 'х'),
    ("]}", 'ъ'),
    ("a", 'ф'),
    ("s", 'ы'),
    ("d", 'в'),
    ("f", 'а'),
    ("g", 'п'),
    ("h", 'р'),
    ("j", 'о'),
    ("k", 'л'),
    ("l", 'д'),
    (";:", 'ж'),
    ("'\"", 'э'),
    ("z", 'я'),
    ("x", 'ч'),
    ("c", 'с'),
    ("v", 'м'),
    ("b", 'и'),
    ("n", 'т'),
    ("m", 'ь'),
    (",<", 'б'),
    (".>", 'ю'),
    ("`~", 'е'),
];

/// The mark that makes й of и.
const BREVE: char = '\u{306}';
/// From an ordinary character to its fullwidth form.
const FULLWIDTH: u32 = 0xfee0;
/// Bytes between two spaces: eight words of Cyrillic, composed of pieces, with numbers and dashes.
const MAX_CHUNK: usize = 320;
