//! A sealed file as a page that can be printed, kept for years and typed back by hand.
//!
//! Fifteen bytes a line in six groups of four, with a seventh group that checks the line, so that a
//! mistake is found where it was made; a last line checks the whole. Figures and letters that look
//! alike mean the same, in either alphabet and case.
//!
//! Promises: 1. what is read back is what was printed, or it is refused, with the line to look at;
//! 2. nothing is guessed. Does not: seal anything; whoever finds the page has the sealed file.
//! Spec: `docs/format/keyring.md`, "On paper".

use data_encoding::{Encoding, Specification};

use crate::digest::Digest;

/// Why what was typed is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// A line does not fit its check.
    #[error("line {line} is mistyped; the lines before it are kept; type that line again")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// Another line than the next one.
    #[error("line {expected} comes next; the lines before it are kept; type that one")]
    Order {
        /// Counted from 1.
        expected: usize,
    },
    /// The last line is missing, or does not fit what was typed.
    #[error("the last line, which begins with ==, does not fit; nothing was written; compare all")]
    Whole,
}

/// The lines of a page, to be printed in a fixed-width letter.
#[must_use]
pub fn lines(bytes: &[u8]) -> Vec<String> {
    let numbered = (1_usize..).zip(bytes.chunks(LINE_BYTES));
    let mut lines: Vec<String> = numbered
        .map(|(line, part)| format!("{line:02}  {}  {}", grouped(part), check(line, part)))
        .collect();
    lines.push(format!("==  {}", whole(bytes)));
    lines
}

/// Somebody who types a page back, line by line.
#[derive(Default)]
pub struct Typist {
    bytes: Vec<u8>,
    taken: usize,
}

impl Typist {
    /// The number of the line that comes next.
    #[must_use]
    pub const fn next_line(&self) -> usize {
        self.taken.saturating_add(1)
    }

    /// Takes one line; the whole file with the last one. Lines that are none of a page are passed over.
    ///
    /// # Errors
    /// [`PaperError`]; what was taken before stays taken, and the line can be typed again.
    pub fn take(&mut self, text: &str) -> Result<Option<Vec<u8>>, PaperError> {
        let text = latin(text);
        let Some((number, rest)) = text.trim_start().split_once(char::is_whitespace) else {
            return Ok(None);
        };
        let symbols: String = rest.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        if number == "==" {
            let fits = self.taken > 0 && symbols == whole(&self.bytes).replace(' ', "");
            return if fits { Ok(Some(self.bytes.clone())) } else { Err(PaperError::Whole) };
        }
        let two = number.len() == 2 && number.bytes().all(|b| b.is_ascii_digit());
        let Some(line) = number.parse::<usize>().ok().filter(|_| two) else { return Ok(None) };
        if line != self.next_line() {
            return Err(PaperError::Order { expected: self.next_line() });
        }
        let part = read_line(line, &symbols).ok_or(PaperError::Line { line })?;
        self.bytes.extend(part);
        self.taken = line;
        Ok(None)
    }
}

/// Reads a page that was typed into a file.
///
/// # Errors
/// [`PaperError`] of the first line that is wrong.
pub fn read(text: &str) -> Result<Vec<u8>, PaperError> {
    let mut typist = Typist::default();
    for line in text.lines() {
        if let Some(bytes) = typist.take(line)? {
            return Ok(bytes);
        }
    }
    Err(PaperError::Whole)
}

fn read_line(line: usize, symbols: &str) -> Option<Vec<u8>> {
    let (body, sum) = symbols.split_at_checked(symbols.len().checked_sub(CHECK_SYMBOLS)?)?;
    let part = letters()?.decode(body.as_bytes()).ok()?;
    let sized = (1..=LINE_BYTES).contains(&part.len());
    (sized && sum == check(line, &part)).then_some(part)
}

fn grouped(part: &[u8]) -> String {
    let symbols = letters().map(|letters| letters.encode(part)).unwrap_or_default();
    let mut text = String::new();
    for (place, symbol) in symbols.chars().enumerate() {
        if place > 0 && place.is_multiple_of(GROUP) {
            text.push(' ');
        }
        text.push(symbol);
    }
    text
}

fn check(line: usize, part: &[u8]) -> String {
    let digest = Digest::of_parts(&[LABEL, line.to_string().as_bytes(), b" ", part]);
    shortened(&digest, CHECK_SYMBOLS)
}

fn whole(bytes: &[u8]) -> String {
    let digest = Digest::of_parts(&[LABEL, b"all ", bytes]);
    let symbols = shortened(&digest, WHOLE_SYMBOLS);
    let (first, second) = symbols.split_at_checked(GROUP).unwrap_or_default();
    format!("{first} {second}")
}

fn shortened(digest: &Digest, symbols: usize) -> String {
    let all = letters().map(|letters| letters.encode(digest.as_bytes())).unwrap_or_default();
    all.chars().take(symbols).collect()
}

/// Crockford's 32 signs: no I, L, O or U.
fn letters() -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    specification.encoding().ok()
}

/// What was typed, with the signs that were meant: large, and none of those that look alike.
fn latin(text: &str) -> String {
    let meant = |c: char| match c {
        'O' | 'О' => '0',
        'I' | 'L' | 'І' => '1',
        'А' => 'A',
        'В' => 'B',
        'С' => 'C',
        'Е' => 'E',
        'Н' => 'H',
        'К' => 'K',
        'М' => 'M',
        'Р' => 'P',
        'Т' => 'T',
        'Х' => 'X',
        other => other,
    };
    text.to_uppercase().chars().map(meant).collect()
}

const LINE_BYTES: usize = 15;
const GROUP: usize = 4;
const CHECK_SYMBOLS: usize = 4;
const WHOLE_SYMBOLS: usize = 8;
const LABEL: &[u8] = b"sandyk paper v1 ";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mistyped_line_is_named_and_typed_again() {
        let page = lines(&[7; 40]);
        assert_eq!(page.len(), 4, "{page:?}");
        let mut typist = Typist::default();
        assert_eq!(typist.take(&page[0]).unwrap(), None);
        let wrong = page[1].replacen("  0", "  1", 1);
        assert_ne!(wrong, page[1]);
        assert_eq!(typist.take(&wrong), Err(PaperError::Line { line: 2 }));
        assert_eq!(typist.take(&page[2]), Err(PaperError::Order { expected: 2 }));
        assert_eq!(typist.take(&page[3]), Err(PaperError::Whole));
        assert_eq!(typist.take(&page[1]).unwrap(), None);
        assert_eq!(typist.take("a heading").unwrap(), None);
        assert_eq!(typist.take(&page[2]).unwrap(), None);
        assert_eq!(typist.take(&page[3]).unwrap(), Some(vec![7; 40]));
        assert_eq!(read(&page[..3].join("\n")), Err(PaperError::Whole), "without its end");
    }

    #[test]
    fn signs_that_look_alike_are_read_as_they_were_meant() {
        let bytes: Vec<u8> = (0..45_u8).map(|n| n.wrapping_mul(37)).collect();
        let page = lines(&bytes).join("\n");
        let typed = page.replace('0', "o").replace('1', "l").replace('A', "а").replace('H', "Н");
        // The numbers of the lines are figures.
        let typed: Vec<String> = typed
            .lines()
            .zip(page.lines())
            .map(|(typed, line)| format!("{}{}", line.get(..2).unwrap(), typed.get(2..).unwrap()))
            .collect();
        assert_eq!(read(&typed.join("\n")).unwrap(), bytes);
        assert_eq!(read(&page.replace(' ', "  ").to_lowercase()).unwrap(), bytes);
    }

    proptest! {
        #[test]
        fn no_wrong_or_swapped_sign_passes(
            bytes in proptest::collection::vec(any::<u8>(), 1..60),
            place in any::<prop::sample::Index>(),
            other in any::<prop::sample::Index>(),
        ) {
            let page = lines(&bytes).join("\n");
            prop_assert_eq!(read(&page).unwrap(), bytes.clone());
            let signs: Vec<usize> = page
                .char_indices()
                .filter(|(at, c)| c.is_ascii_alphanumeric() && !page.get(..*at).unwrap().ends_with('\n') && *at > 1)
                .map(|(at, _)| at)
                .collect();
            let (a, b) = (signs[place.index(signs.len())], signs[other.index(signs.len())]);
            let mut swapped = page.clone().into_bytes();
            swapped.swap(a, b);
            let swapped = String::from_utf8(swapped).unwrap();
            if swapped != page {
                prop_assert!(read(&swapped).is_err(), "{}", swapped);
            }
        }
    }
}
