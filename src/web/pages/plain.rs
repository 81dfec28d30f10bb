//! The pages without a form: languages, leaving, what happens, and bare errors.

use maud::{DOCTYPE, Markup, html};

use super::{
    Code, NEUTRAL_SITE, PageSettings, code, form_path,
    layout::{Before, Top, head, organisation, own_name, page},
    mailbox::STEP,
};
use crate::locale::{Arg, Lang, Locale};

/// A bare page: what was typed is not there to be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plain {
    /// The body ended early or could not be read.
    Broken,
    /// Too many people are sending.
    Busy,
    /// No such address (404).
    Missing,
    /// The address does not take this method (405).
    Method,
}

impl Plain {
    /// Every one of them.
    pub const ALL: [Self; 4] = [Self::Broken, Self::Busy, Self::Missing, Self::Method];

    const fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::Broken => ("broken-title", "broken-text"),
            Self::Busy => ("busy-title", "busy-text"),
            Self::Missing => ("missing-title", "missing-text"),
            Self::Method => ("method-title", "method-text"),
        }
    }
}

/// A bare error page.
#[must_use]
pub fn plain(locale: &Locale, settings: &PageSettings, what: Plain) -> String {
    let t = |key| locale.text(key);
    let (title, text) = what.keys();
    let typed = matches!(what, Plain::Broken | Plain::Busy);
    let main = html! {
        h1 { (t(title)) }
        p { (t(text)) }
        @if typed {
            p { (t("nothing-kept")) " " (t("copy-text")) }
            p { a.more href=(form_path(locale.lang())) { (t("retry")) } }
        }
        (organisation(locale, settings))
    };
    page(locale, if typed { Top::Before } else { Top::Form }, &t(title), &main)
}

/// The answer to every address of a page that was shown once and is gone, or never was.
#[must_use]
pub fn gone(locale: &Locale) -> String {
    let t = |key| locale.text(key);
    let main = html! { h1 { (t("gone-title")) } p { (t("gone-text")) } };
    page(locale, Top::Left, &t("gone-title"), &main)
}

/// How to leave without traces, as far as that is possible.
///
/// `spare` are codes with which nothing was sent, fresh for each request. The page has the same size
/// whatever they are.
#[must_use]
pub fn leave(locale: &Locale, spare: &[Code]) -> String {
    let t = |key| locale.text(key);
    let steps = ["leave-tor", "leave-other", "leave-phone", "leave-copies", "leave-paper"];
    let main = html! {
        h1 { (t("leave-title")) }
        ul { @for step in steps { li { (t(step)) } } }
        p { (t("leave-limits")) }
        (code::spare(locale, spare))
        p { a.exit href=(NEUTRAL_SITE) rel="noreferrer" { (t("leave-neutral")) } }
    };
    code::padded(page(locale, Top::Left, &t("leave-title"), &main), STEP)
}

/// What happens to what is sent: who reads, what the server can see, what nobody can promise.
#[must_use]
pub fn about(locale: &Locale, settings: &PageSettings) -> String {
    let t = |key| locale.text(key);
    let told = [
        "about-readers",
        "contact-apart",
        "landing-lock-server",
        "about-keeps",
        "about-taken",
        "about-watched",
        "about-only",
    ];
    let main = html! {
        h1 { (t("about-title")) }
        @for key in told { p { (t(key)) } }
        (organisation(locale, settings))
    };
    page(locale, Top::Form, &t("about-title"), &main)
}

/// The first page: a language to choose.
#[must_use]
pub fn languages(locales: &[&Locale], settings: &PageSettings) -> String {
    let title = settings.organisation.trim();
    let names: Vec<_> = locales.iter().map(|locale| own_name(locale.lang())).collect();
    let title = if title.is_empty() { names.join(" · ") } else { title.to_owned() };
    several(locales, &title, |locale| {
        let lang = locale.lang();
        html! {
            h2 { a.more href=(form_path(lang)) hreflang=(lang.tag()) { (own_name(lang)) } }
            p { (locale.text("app-title")) }
        }
    })
}

/// The page for when nothing can be taken in (503), in all languages at once.
#[must_use]
pub fn offline(locales: &[&Locale], settings: &PageSettings) -> String {
    let title = settings.organisation.trim();
    let title = if title.is_empty() { "503" } else { title };
    several(locales, title, |locale| {
        let contact = PageSettings::line(&settings.safe_contact, locale.lang());
        html! {
            h2 { (locale.text("offline-title")) }
            p { (locale.text("offline-text")) }
            @if let Some(contact) = contact {
                p { (locale.text_with("contact-line", &[("contact", Arg::Text(contact))])) }
            }
        }
    })
}

/// The answer to what is no request that can be read (400, 414, 431), in all languages at once.
#[must_use]
pub fn unreadable(locales: &[&Locale], settings: &PageSettings) -> String {
    let title = settings.organisation.trim();
    let title = if title.is_empty() { "400" } else { title };
    several(locales, title, |locale| {
        let lang = locale.lang();
        html! {
            h2 { (locale.text("broken-title")) }
            p { (locale.text("broken-text")) " " (locale.text("nothing-kept")) }
            p { a.more href=(form_path(lang)) hreflang=(lang.tag()) { (locale.text("retry")) } }
        }
    })
}

/// A page with one section for each language.
fn several(locales: &[&Locale], title: &str, section: impl Fn(&Locale) -> Markup) -> String {
    let first = locales.first().map_or(Lang::Ky, |locale| locale.lang());
    html! {
        (DOCTYPE)
        html lang=(first.tag()) {
            (head(title, Before::Stays))
            body {
                header.top { a.exit href=(NEUTRAL_SITE) rel="noreferrer" { "→ Wikipedia" } }
                main {
                    h1 { (title) }
                    @for locale in locales {
                        section lang=(locale.lang().tag()) { (section(locale)) }
                    }
                }
            }
        }
    }
    .into_string()
}
