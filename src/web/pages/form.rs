//! The one form: empty as a static page, or filled again under an error.

use maud::{Markup, html};

use super::{
    Notice, PageSettings, about_path,
    controls::{Controls, ERROR},
    enter_path,
    layout::{Top, organisation, page},
    mailbox::either,
    sections, send_path,
};
use crate::{
    locale::{Arg, Locale},
    testimony::limits::{LINE, STORY},
};

/// The form of a language: a static page without a byte of any request.
#[must_use]
pub fn form(locale: &Locale, settings: &PageSettings) -> String {
    let controls = Controls { locale, values: &[], notice: None };
    let top = html! { h1 { (locale.text("app-title")) } (before(locale, settings)) };
    let body = html! { (top) (fields(&controls, settings)) };
    page(locale, Top::Languages, &locale.text("app-title"), &body)
}

/// The form with what was typed in it, under a text that says what happened.
///
/// Files cannot be put back by any page; the text says that they must be chosen again.
#[must_use]
pub fn form_again(
    locale: &Locale,
    settings: &PageSettings,
    notice: Notice<'_>,
    values: &[(&str, &str)],
) -> String {
    let controls = Controls { locale, values, notice: Some(notice) };
    let t = |key| locale.text(key);
    let meant = html! {
        @if let Some(meant) = notice.meant() { p { (t("mailbox-meant")) } (either(meant)) }
    };
    let body = html! {
        h1 { (t("error-title")) }
        (problem(&controls, notice, &meant))
        (fields(&controls, settings))
    };
    page(locale, Top::Nothing, &t("error-title"), &body)
}

/// What happened, what it is about, what may have been meant, and that nothing of the text is lost.
pub(super) fn problem(controls: &Controls<'_>, notice: Notice<'_>, meant: &Markup) -> Markup {
    let said = controls.t(notice.key());
    html! {
        div.e role="alert" {
            p id=(ERROR) {
                @match notice.field() {
                    Some(field) => a href={ "#" (field) } { (said) },
                    None => (said),
                }
            }
            (meant)
            p { (controls.t("error-again")) }
            p { (controls.t("error-files")) }
        }
    }
}

fn before(locale: &Locale, settings: &PageSettings) -> Markup {
    let t = |key| locale.text(key);
    // Cyrillic letters are two bytes each; what fits twice over is not worth a longer sentence.
    let (small, large) = (thousands(LINE), thousands(STORY));
    let limits = [("small", Arg::Text(&small)), ("large", Arg::Text(&large))];
    html! {
        section {
            h2 { (t("landing-title")) }
            p { (t("landing-control")) " " (t("landing-no-name")) }
            p { (t("landing-own-words")) }
            p { (t("landing-not-authority")) " " (t("landing-no-promise")) }
            p { (t("landing-device")) }
            p { (t("landing-lock-server")) " " a href=(about_path(locale.lang())) { (t("about-title")) } }
            p { (t("landing-stay")) " " (locale.text_with("landing-limits", &limits)) }
            (organisation(locale, settings))
            p { a.more href=(enter_path(locale.lang())) { (t("mailbox-title")) } }
        }
    }
}

/// Two-byte letters that fit, with a thin gap between the thousands.
fn thousands(bytes: usize) -> String {
    let letters = bytes.checked_div(2).unwrap_or_default();
    let (high, low) = (letters.checked_div(1_000).unwrap_or_default(), letters % 1_000);
    if high == 0 { low.to_string() } else { format!("{high}\u{a0}{low:03}") }
}

fn fields(controls: &Controls<'_>, settings: &PageSettings) -> Markup {
    html! {
        form action=(send_path(controls.locale.lang())) method="post" enctype="multipart/form-data" autocomplete="off" {
            (sections::safety(controls))
            (sections::story(controls))
            section {
                h2 { (controls.t("more-title")) }
                (controls.hint("more-help"))
                (sections::role(controls))
                (sections::when(controls))
                (sections::detention(controls))
                (sections::people(controls))
                (sections::threats(controls))
                (sections::evidence(controls))
                (sections::health(controls))
                (sections::report(controls))
            }
            (sections::consent(controls))
            (sections::contact(controls))
            (sections::proof(controls))
            (sections::before(controls))
            (sections::files(controls, settings))
            (sections::send(controls))
        }
    }
}
