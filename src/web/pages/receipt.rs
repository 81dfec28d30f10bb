//! The page that is shown once: the secret code, and what became of the files.

use maud::{Markup, html};

use super::{
    Code, code,
    layout::{Top, page},
    mailbox::STEP,
};
use crate::locale::{Arg, Locale};

/// What became of a file that did not arrive whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum FileFate<'a> {
    /// Only its beginning was kept; its name as it was given, which may be empty, and its number.
    Cut(&'a str, u16),
    /// Nothing of it was kept.
    Missing(&'a str, u16),
}

/// What stands on the page.
#[derive(Clone, Copy)]
pub struct ReceiptPage<'a> {
    /// The code; `None` if it was sent under one that its writer has already.
    pub code: Option<&'a Code>,
    /// Spare valid codes of the same form.
    pub spare: &'a [Code],
    /// Files that did not arrive whole.
    pub files: &'a [FileFate<'a>],
    /// Path to which "I have written it down" is sent.
    pub burn: &'a str,
    /// The signed promise, if it was asked for.
    pub promise: Option<&'a str>,
    /// Minutes for which the page can be opened.
    pub minutes: u64,
}

/// The receipt page. What it returns is secret.
#[must_use]
pub fn receipt(locale: &Locale, shown: &ReceiptPage<'_>) -> String {
    let t = |key| locale.text(key);
    let main = html! {
        h1 { (t("receipt-title")) }
        p { (t("receipt-thanks")) }
        (unwhole(locale, shown.files))
        @match shown.code {
            Some(code) => (fresh(locale, code)),
            None => p { (t("receipt-same")) },
        }
        @if let Some(promise) = shown.promise { p { (t("proof-keep")) } pre { (promise) } }
        (code::spare(locale, shown.spare))
        p { (locale.text_with("receipt-once", &[("minutes", Arg::Number(shown.minutes))])) }
        form action=(shown.burn) method="post" autocomplete="off" {
            button { (t(if shown.code.is_some() { "receipt-done" } else { "box-leave" })) }
        }
    };
    code::padded(page(locale, Top::Nothing, &t("receipt-title"), &main), STEP)
}

/// A code that its reader has not seen before.
fn fresh(locale: &Locale, shown: &Code) -> Markup {
    let digits = shown.digits.chars().filter(char::is_ascii_digit).count();
    let count = u64::try_from(digits).unwrap_or_default();
    html! {
        (code::digits(&shown.digits, "k"))
        p { (locale.text_with("receipt-help", &[("count", Arg::Number(count))])) }
        @if let Some(words) = shown.words_for(locale.lang()) {
            p { (locale.text("receipt-words")) }
            (code::words(words, "w"))
        }
    }
}

pub(super) fn unwhole(locale: &Locale, files: &[FileFate<'_>]) -> Markup {
    if files.is_empty() {
        return html! {};
    }
    let line = |file: &FileFate<'_>| {
        let (name, n, fate) = match *file {
            FileFate::Cut(name, n) => (name, n, "file-cut"),
            FileFate::Missing(name, n) => (name, n, "file-missing"),
        };
        let number = locale.text_with("file-number", &[("n", Arg::Number(u64::from(n)))]);
        let name = if name.trim().is_empty() { number.as_str() } else { name };
        let fate = locale.text(fate);
        locale.text_with("file-fate", &[("name", Arg::Text(name)), ("fate", Arg::Text(&fate))])
    };
    html! {
        div.n {
            p { strong { (locale.text("receipt-cut")) } }
            ul { @for file in files { li { (line(file)) } } }
            p { (locale.text("receipt-cut-help")) }
        }
    }
}
