//! How a code stands on a page: groups of digits, and words where there is a list of them.

use maud::{Markup, html};

use crate::locale::{Lang, Locale};

/// One code in the ways in which it can be written down.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    /// The 27 digits in 9 groups of 3, separated by spaces.
    pub digits: String,
    /// The 8 words of each language that has a list, separated by spaces.
    pub words: Vec<(Lang, String)>,
}

impl Code {
    /// The words that fit a page of that language.
    pub(super) fn words_for(&self, lang: Lang) -> Option<&str> {
        let (_, words) = self.words.iter().find(|(of, _)| *of == lang)?;
        Some(words)
    }
}

/// The groups of a code; a line breaks between groups only.
pub(super) fn digits(digits: &str, class: &str) -> Markup {
    html! { p class=(class) { @for group in digits.split_whitespace() { span { (group) } " " } } }
}

/// The words of a code, numbered: their order counts.
pub(super) fn words(words: &str, class: &str) -> Markup {
    html! { ol class=(class) { @for word in words.split_whitespace() { li { (word) } } } }
}

/// Codes with which nothing was sent, to be shown to whoever forces somebody to show one.
pub(super) fn spare(locale: &Locale, codes: &[Code]) -> Markup {
    html! {
        @if !codes.is_empty() {
            details {
                summary { (locale.text("spare-title")) }
                p { (locale.text("spare-help")) }
                @for code in codes {
                    (digits(&code.digits, "k s"))
                    @if let Some(spelt) = code.words_for(locale.lang()) { (words(spelt, "w s")) }
                }
            }
        }
    }
}

/// The page, and line ends after it up to the next multiple of `step` bytes.
pub(super) fn padded(mut page: String, step: usize) -> String {
    let missing = page.len().next_multiple_of(step.max(1)).saturating_sub(page.len());
    page.extend(std::iter::repeat_n('\n', missing));
    page
}
