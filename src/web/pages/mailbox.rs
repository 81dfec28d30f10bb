//! The way back: the code, the wait, the answers.

use maud::{Markup, html};

use super::{
    Again, FileFate, PageSettings, Replies, code, enter_path,
    layout::{Top, page, reloading},
    receipt::unwhole,
};
use crate::locale::{Arg, Lang, Locale};

/// Bytes of the page with the answers, whatever is on it.
pub const MAILBOX_BYTES: usize = 64 * 1024;
/// Bytes in whose multiples other pages are sent that are made for one reader.
pub(super) const STEP: usize = 16 * 1024;
/// Seconds after which the waiting page looks again.
const RELOAD_SECONDS: u32 = 5;
/// Bytes kept free for the links between pages of answers.
const LINKS: usize = 512;

/// Name of the field with the code, here and in the form.
pub const CODE_FIELD: &str = "receipt";
/// Name of the field that says which answer is to be deleted.
pub const REPLY_FIELD: &str = "reply";

/// One answer, proved or not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answer<'a> {
    /// From a reader, for this mailbox.
    Said {
        /// Its name, for deleting it.
        id: &'a str,
        /// Its number.
        number: u32,
        /// Its words.
        text: &'a str,
    },
    /// Of somebody else; nothing of it is shown.
    Forged {
        /// Its name, for deleting it.
        id: &'a str,
    },
}

/// What stands on the page of a mailbox.
#[derive(Clone, Copy)]
pub struct MailboxPage<'a> {
    /// The part of its path that only its reader has.
    pub address: &'a str,
    /// Keys of sentences about what was just done, or could not be.
    pub notices: &'a [&'a str],
    /// Files that did not arrive whole with what was just sent.
    pub files: &'a [FileFate<'a>],
    /// The answers, the newest first, from the first one that is to be shown.
    pub answers: &'a [Answer<'a>],
    /// How many newer ones were left out.
    pub newer: usize,
    /// How many to leave out for those that follow these, if there are any.
    pub older: Option<usize>,
    /// Minutes for which the page can be opened.
    pub minutes: u64,
}

/// The page on which a code is typed: the same for everyone.
///
/// Where answers cannot be read, it says so before a code is typed.
#[must_use]
pub fn enter(locale: &Locale, settings: &PageSettings) -> String {
    let t = |key| locale.text(key);
    let main = html! {
        h1 { (t("mailbox-title")) }
        p { (t("mailbox-intro")) }
        (elsewhere(locale, settings))
        (code_form(locale, "mailbox-code", ""))
        p.h { (t("mailbox-live")) }
    };
    page(locale, Top::Form, &t("mailbox-title"), &main)
}

/// That answers cannot be read here, and where to ask for them; nothing where they can.
fn elsewhere(locale: &Locale, settings: &PageSettings) -> Markup {
    let contact = PageSettings::line(&settings.safe_contact, locale.lang());
    html! {
        @if settings.replies == Replies::Elsewhere {
            div.n role="note" {
                p { (locale.text("box-blind")) }
                p { (locale.text("box-blind-ask")) }
                @if let Some(contact) = contact {
                    p { (locale.text_with("contact-line", &[("contact", Arg::Text(contact))])) }
                }
            }
        }
    }
}

/// The same with what was typed, what is wrong with it, and what may have been meant.
///
/// `meant` is a code and the path to which "yes" is sent.
#[must_use]
pub fn enter_again(
    locale: &Locale,
    problem: &str,
    typed: &str,
    meant: Option<(&str, &str)>,
) -> String {
    let t = |key| locale.text(key);
    let main = html! {
        h1 { (t("mailbox-title")) }
        div.e role="alert" { p id="error" { (t(problem)) } }
        @if let Some((meant, yes)) = meant {
            section {
                h2 { (t("mailbox-meant")) }
                (either(meant))
                form action=(yes) method="post" autocomplete="off" { button { (t("mailbox-meant-yes")) } }
            }
        }
        (code_form(locale, if meant.is_some() { "mailbox-again" } else { "mailbox-code" }, typed))
    };
    code::padded(page(locale, Top::Nothing, &t("mailbox-title"), &main), STEP)
}

/// A code as digits or as words, as it was typed.
pub(super) fn either(written: &str) -> Markup {
    if written.contains(|c: char| c.is_ascii_digit()) {
        code::digits(written, "k")
    } else {
        code::words(written, "w")
    }
}

fn code_form(locale: &Locale, label: &str, typed: &str) -> Markup {
    let wrong = !typed.is_empty();
    html! {
        form action=(enter_path(locale.lang())) method="post" enctype="multipart/form-data" autocomplete="off" {
            label {
                (locale.text(label))
                input name=(CODE_FIELD) value=[wrong.then_some(typed)] autocomplete="off"
                    autocapitalize="off" spellcheck="false" aria-invalid=[wrong.then_some("true")]
                    aria-describedby=[wrong.then_some("error")];
            }
            p { button { (locale.text("mailbox-open")) } }
        }
    }
}

/// The page on which somebody waits for their turn.
#[must_use]
pub fn waiting(locale: &Locale, before: u64, own_path: &str) -> String {
    let t = |key| locale.text(key);
    let main = html! {
        h1 { (t("waiting-title")) }
        p role="status" { (locale.text_with("waiting-place", &[("count", Arg::Number(before))])) }
        p { (t("waiting-again")) }
        p { a.more href=(own_path) { (t("waiting-look")) } }
    };
    code::padded(reloading(locale, RELOAD_SECONDS, &t("waiting-title"), &main), STEP)
}

/// The page of a mailbox: always [`MAILBOX_BYTES`] long. What it returns is secret.
#[must_use]
pub fn mailbox(locale: &Locale, settings: &PageSettings, shown: &MailboxPage<'_>) -> String {
    let shown = &match settings.replies {
        Replies::Here => *shown,
        // Not even how many there are.
        Replies::Elsewhere => MailboxPage { answers: &[], newer: 0, older: None, ..*shown },
    };
    let bare = frame(locale, settings, shown, (&[], &html! {})).len();
    let mut room = MAILBOX_BYTES.saturating_sub(bare).saturating_sub(LINKS);
    let mut drawn = Vec::new();
    for one in shown.answers {
        let markup = answer(locale, shown.address, *one, usize::MAX);
        let first = drawn.is_empty();
        if markup.0.len() > room && !first {
            break;
        }
        // Longer than all there is room for: it is cut rather than left out.
        let longest = room.saturating_sub(LINKS).checked_div(WORST_ESCAPE).unwrap_or_default();
        let markup = if markup.0.len() > room {
            answer(locale, shown.address, *one, longest)
        } else {
            markup
        };
        room = room.saturating_sub(markup.0.len());
        drawn.push(markup);
    }
    let more = links(locale, shown, drawn.len());
    code::padded(frame(locale, settings, shown, (&drawn, &more)), MAILBOX_BYTES)
}

/// Bytes of the longest that one byte of text becomes in HTML.
const WORST_ESCAPE: usize = 6;

fn frame(
    locale: &Locale,
    settings: &PageSettings,
    shown: &MailboxPage<'_>,
    (answers, more): (&[Markup], &Markup),
) -> String {
    let nothing = settings.replies == Replies::Here && shown.answers.is_empty() && shown.newer == 0;
    let t = |key| locale.text(key);
    let at = |place: &str| format!("/{}/once/{}/{place}", locale.lang().tag(), shown.address);
    let main = html! {
        h1 { (t("box-title")) }
        @for notice in shown.notices { p.n role="status" { (t(notice)) } }
        (unwhole(locale, shown.files))
        (elsewhere(locale, settings))
        @if nothing { p { (t("box-nothing")) } }
        @for answer in answers { (answer) }
        (more)
        section {
            h2 { (t("box-do")) }
            ul.a {
                @for again in Again::ALL { li { a.more href=(at(again.place())) { (t(again.title())) } } }
            }
        }
        p.h { (locale.text_with("receipt-once", &[("minutes", Arg::Number(shown.minutes))])) }
        form action=(at("done")) method="post" autocomplete="off" { button { (t("box-leave")) } }
    };
    page(locale, Top::Nothing, &t("box-title"), &main)
}

fn links(locale: &Locale, shown: &MailboxPage<'_>, drawn: usize) -> Markup {
    let own = once_path(locale.lang(), shown.address);
    let unseen = drawn < shown.answers.len();
    let older = if unseen { Some(shown.newer.saturating_add(drawn)) } else { shown.older };
    html! {
        @if older.is_some() || shown.newer > 0 {
            p {
                @if let Some(n) = older { a.more href={ (own) "/older/" (n) } { (locale.text("box-older")) } " " }
                @if shown.newer > 0 { a.more href=(own) { (locale.text("box-newest")) } }
            }
        }
    }
}

/// One answer, of whose words at most so many bytes are shown.
fn answer(locale: &Locale, address: &str, answer: Answer<'_>, longest: usize) -> Markup {
    let t = |key| locale.text(key);
    let delete = format!("{}/delete", once_path(locale.lang(), address));
    let gone = |id: &str, name: &str| {
        html! {
            form action=(delete) method="post" enctype="multipart/form-data" autocomplete="off" {
                input type="hidden" name=(REPLY_FIELD) value=(id) autocomplete="off";
                button.q aria-label={ (t("box-delete")) ": " (name) } { (t("box-delete")) }
            }
        }
    };
    match answer {
        Answer::Said { id, number, text } => {
            let name = locale.text_with("box-answer", &[("n", Arg::Number(u64::from(number)))]);
            let end = text.floor_char_boundary(longest);
            let (begun, rest) = text.split_at_checked(end).unwrap_or((text, ""));
            html! {
                section {
                    h2 { (name) }
                    p.r dir="auto" { (begun) }
                    @if !rest.is_empty() { p.n { (t("box-cut")) } }
                    (gone(id, &name))
                }
            }
        }
        Answer::Forged { id } => {
            let name = t("box-forged-title");
            html! { section { h2 { (name) } p.n { (t("box-forged")) } (gone(id, &name)) } }
        }
    }
}

/// Path of a page that is shown once.
#[must_use]
pub fn once_path(lang: Lang, address: &str) -> String {
    format!("/{}/once/{address}", lang.tag())
}
