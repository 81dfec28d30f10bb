//! What stands around every page.

use maud::{DOCTYPE, Markup, html};

use super::{AFTER_PATH, PageSettings, STYLE_PATH, form_path, leave_path};
use crate::locale::{Arg, Lang, Locale};

/// What stands at the top of a page besides the way out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Top {
    /// The page in the other languages.
    Languages,
    /// The way back to the form.
    Form,
    /// The same, and the page before, where words may stand, should not be there any more.
    Left,
    /// Nothing: following a link would lose what is on the page. The page before should be gone.
    Nothing,
    /// Nothing, and the page before should stay: it may be the only place where the words are.
    Before,
}

/// What becomes of the page before, which a browser may hold for going back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// It stays.
    Stays,
    /// The browser is told to let go of it.
    Goes,
}

impl Top {
    const fn before(self) -> Before {
        match self {
            Self::Languages | Self::Form | Self::Before => Before::Stays,
            Self::Nothing | Self::Left => Before::Goes,
        }
    }
}

/// A whole page of one language.
pub(super) fn page(locale: &Locale, top: Top, title: &str, main: &Markup) -> String {
    whole(locale, top, &head(title, top.before()), main)
}

/// A whole page that its browser asks for again after so many seconds.
pub(super) fn reloading(locale: &Locale, seconds: u32, title: &str, main: &Markup) -> String {
    let again = html! { meta http-equiv="refresh" content=(seconds); };
    let head = head_with(title, Before::Goes, &again);
    whole(locale, Top::Nothing, &head, main)
}

fn whole(locale: &Locale, top: Top, head: &Markup, main: &Markup) -> String {
    let t = |key| locale.text(key);
    let lang = locale.lang();
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            (head)
            body {
                a.skip href="#main" { (t("skip-link")) }
                header.top { a.exit href=(leave_path(lang)) { (t("quick-exit")) } }
                @match top {
                    Top::Languages => (languages(lang)),
                    Top::Form | Top::Left => nav { a href=(form_path(lang)) { (t("back-to-form")) } },
                    Top::Nothing | Top::Before => {},
                }
                main #main { (main) }
            }
        }
    }
    .into_string()
}

/// The head of a page.
///
/// A stylesheet for paper is fetched last, when the page before is surely among those that are held,
/// and nobody waits for it.
pub(super) fn head(title: &str, before: Before) -> Markup {
    head_with(title, before, &html! {})
}

fn head_with(title: &str, before: Before, more: &Markup) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width,initial-scale=1";
            (more)
            title { (title) }
            link rel="stylesheet" href=(STYLE_PATH);
            @if before == Before::Goes { link rel="stylesheet" href=(AFTER_PATH) media="print"; }
        }
    }
}

fn languages(current: Lang) -> Markup {
    html! {
        nav {
            @for lang in Lang::ALL.into_iter().filter(|lang| *lang != current) {
                a href=(form_path(lang)) lang=(lang.tag()) hreflang=(lang.tag()) { (own_name(lang)) } " "
            }
        }
    }
}

/// The name of a language in itself.
pub(super) fn own_name(lang: Lang) -> String {
    Locale::of(lang).map_or_else(|_| lang.tag().to_owned(), |locale| locale.text("language-name"))
}

/// The lines about the organisation; a line without a value is left out.
pub(super) fn organisation(locale: &Locale, settings: &PageSettings) -> Markup {
    let lang = locale.lang();
    let name = Some(settings.organisation.trim()).filter(|name| !name.is_empty());
    let lines = [
        ("organisation-line", "name", name),
        ("contact-line", "contact", PageSettings::line(&settings.safe_contact, lang)),
        ("within-line", "time", PageSettings::line(&settings.answer_within, lang)),
        ("done-support", "support", PageSettings::line(&settings.support, lang)),
    ];
    html! {
        @for (key, arg, value) in lines {
            @if let Some(value) = value { p { (locale.text_with(key, &[(arg, Arg::Text(value))])) } }
        }
    }
}
