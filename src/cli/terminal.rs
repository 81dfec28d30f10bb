//! Foreign text on a terminal: what could act on the terminal or deceive the eye becomes visible.
//!
//! Promises: 1. no control character but the newline gets through, so no escape sequence acts;
//! 2. nothing invisible and nothing that changes the order of letters gets through: bidi marks,
//! zero-width characters, tags, fillers, private use, unassigned; each is shown as `⟨U+202E⟩`;
//! 3. letters, figures, marks and pictures of all scripts stay as they are; 4. filtering twice
//! changes nothing more.
//! Does not: undo look-alike letters of two scripts; hide right-to-left letters.
//! Spec: `docs/format/workspace.md`, "On the screen".

use std::fmt::{self, Write as _};

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_width::UnicodeWidthChar as _;

/// Foreign text that shows itself safely on a terminal.
///
/// A tab becomes four spaces, CR LF becomes one newline, everything that acts or hides becomes
/// `⟨U+XXXX⟩`.
#[derive(Clone, Copy)]
pub struct ForTerminal<'a>(pub &'a str);

impl ForTerminal<'_> {
    /// The same on one line of at most `limit` characters; a cut is shown by `…`.
    #[must_use]
    pub fn one_line(self, limit: usize) -> String {
        let words = self.0.split_whitespace().collect::<Vec<_>>().join(" ");
        let safe = ForTerminal(&words).to_string();
        if safe.chars().count() <= limit {
            return safe;
        }
        let mut cut: String = safe.chars().take(limit.saturating_sub(1)).collect();
        // an escape that was cut in half would be a riddle
        if let Some(at) = cut.rfind('⟨')
            && !cut.get(at..).is_some_and(|rest| rest.contains('⟩'))
        {
            cut.truncate(at);
        }
        cut.push('…');
        cut
    }
}

/// Says of one character after the other whether it may stand on a screen as it is.
#[derive(Default)]
pub(super) struct Watch {
    marks: usize,
}

impl Watch {
    /// Is this one of too many marks on one letter?
    pub(super) fn is_too_much(&mut self, c: char) -> bool {
        self.marks = if is_mark(c) { self.marks.saturating_add(1) } else { 0 };
        self.marks > MAX_MARKS
    }
}

impl fmt::Display for ForTerminal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut watch = Watch::default();
        let mut before = '\n';
        let mut rest = self.0.chars().peekable();
        while let Some(c) = rest.next() {
            if c == '\r' && rest.peek() == Some(&'\n') {
                continue;
            }
            let too_much = watch.is_too_much(c);
            match c {
                '\n' => f.write_char('\n')?,
                '\t' => f.write_str("    ")?,
                PICTURE_STYLE if is_picture(before) => f.write_char(c)?,
                _ if acts_or_hides(c) || too_much => {
                    write!(f, "⟨U+{:04X}⟩", u32::from(c))?;
                }
                _ => f.write_char(c)?,
            }
            before = c;
        }
        Ok(())
    }
}

/// Is this a character that acts on the screen, or that the eye cannot see?
///
/// The newline counts as one; callers that want lines take it out first.
#[must_use]
pub fn acts_or_hides(c: char) -> bool {
    let without_ink = matches!(
        get_general_category(c),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
            | GeneralCategory::Unassigned
    );
    without_ink || INVISIBLE.iter().any(|&(first, last)| (first..=last).contains(&c))
}

/// Does it take no column of its own, so that any number of it stands in one place?
///
/// Combining marks, and letters that join the one before, such as the vowels of old Korean.
fn is_mark(c: char) -> bool {
    let mark = matches!(
        get_general_category(c),
        GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark
    );
    mark || c.width() == Some(0)
}

fn is_picture(c: char) -> bool {
    c.is_ascii_digit() || get_general_category(c) == GeneralCategory::OtherSymbol
}

/// More combining marks than this on one letter cover the lines around it.
const MAX_MARKS: usize = 4;

/// VARIATION SELECTOR-16, an ordinary part of many pictures such as the red heart.
const PICTURE_STYLE: char = '\u{FE0F}';

/// Characters without ink whose general category does not say so (`Default_Ignorable_Code_Point`
/// of Unicode 16 beyond category Cf, and the empty Braille pattern).
const INVISIBLE: [(char, char); 10] = [
    ('\u{034F}', '\u{034F}'),   // combining grapheme joiner
    ('\u{115F}', '\u{1160}'),   // Hangul fillers
    ('\u{17B4}', '\u{17B5}'),   // Khmer inherent vowels
    ('\u{180B}', '\u{180F}'),   // Mongolian selectors
    ('\u{2065}', '\u{2065}'),   // reserved among the bidi marks
    ('\u{2800}', '\u{2800}'),   // empty Braille pattern
    ('\u{3164}', '\u{3164}'),   // Hangul filler
    ('\u{FE00}', '\u{FE0F}'),   // variation selectors
    ('\u{FFA0}', '\u{FFA0}'),   // halfwidth Hangul filler
    ('\u{E0000}', '\u{E0FFF}'), // tags and more variation selectors
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        ForTerminal(text).to_string()
    }

    #[test]
    fn ordinary_words_of_all_five_languages_stay_as_they_are() {
        let text = "Алар аны түндө алып кетишти.\nУни тунда олиб кетишди. O‘zbekiston, gʻisht.\n\
                    Её увезли ночью — «без причины». ❤️ 1️⃣ ñ е\u{301}";
        assert_eq!(shown(text), text);
    }

    #[test]
    fn escape_sequences_become_words() {
        assert_eq!(shown("\u{1b}[2J\u{1b}]0;x\u{7}"), "⟨U+001B⟩[2J⟨U+001B⟩]0;x⟨U+0007⟩");
        assert_eq!(shown("\u{9b}31m\u{7f}"), "⟨U+009B⟩31m⟨U+007F⟩");
    }

    #[test]
    fn marks_that_turn_or_hide_text_become_visible() {
        for c in [
            '\u{202E}',
            '\u{2066}',
            '\u{200B}',
            '\u{200F}',
            '\u{FEFF}',
            '\u{E0041}',
            '\u{2028}',
            '\u{3164}',
            '\u{2800}',
            '\u{E000}',
            '\u{FE01}',
            '\u{AD}',
        ] {
            assert_eq!(shown(&format!("a{c}b")), format!("a⟨U+{:04X}⟩b", u32::from(c)));
        }
    }

    #[test]
    fn lines_stay_lines_but_a_lone_return_cannot_overwrite_one() {
        assert_eq!(shown("a\r\nb\n\tc"), "a\nb\n    c");
        assert_eq!(shown("guilty\rx"), "guilty⟨U+000D⟩x");
    }

    #[test]
    fn a_tower_of_marks_is_cut_down() {
        assert_eq!(shown(&format!("a{}", "\u{301}".repeat(6))).matches("⟨U+0301⟩").count(), 2);
    }

    #[test]
    fn letters_that_take_no_column_are_cut_down_like_marks() {
        for letter in ['\u{1161}', '\u{11A8}', '\u{D7B0}'] {
            let flood = format!("\u{1100}{}", letter.to_string().repeat(1000));
            let escape = format!("⟨U+{:04X}⟩", u32::from(letter));
            assert_eq!(shown(&flood).matches(&escape).count(), 996, "{letter:?}");
        }
        assert_eq!(shown("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}").chars().count(), 6);
    }

    #[test]
    fn a_line_is_cut_between_escapes_and_says_so() {
        assert_eq!(ForTerminal("one\ntwo  three").one_line(9), "one two …");
        assert_eq!(ForTerminal("ab\u{202E}cd").one_line(6), "ab…");
    }

    proptest! {
        #[test]
        fn nothing_that_acts_or_hides_gets_through(text in any::<String>()) {
            let out = shown(&text);
            let mut before = '\n';
            for c in out.chars() {
                let harmless = c == '\n' || (c == PICTURE_STYLE && is_picture(before));
                prop_assert!(harmless || !acts_or_hides(c), "{:?} in {:?}", c, out);
                before = c;
            }
        }

        #[test]
        fn filtering_twice_changes_nothing_more(text in any::<String>()) {
            let once = shown(&text);
            prop_assert_eq!(shown(&once), once);
        }

        #[test]
        fn one_line_is_one_short_line(text in any::<String>(), limit in 1_usize..80) {
            let line = ForTerminal(&text).one_line(limit);
            prop_assert!(line.chars().count() <= limit && !line.contains('\n'), "{}", line);
        }
    }
}
