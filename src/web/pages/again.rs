//! What a witness who came back can send: more, a correction, other uses, a withdrawal.
//!
//! Empty, each is a static page without a byte of a request and without its own address, so that the
//! digest of the page on which uses were chosen can be published.

use maud::{Markup, html};

use super::{
    Notice, PageSettings,
    controls::Controls,
    form::problem,
    layout::{Top, page},
    sections,
};
use crate::{
    digest::Digest,
    locale::Locale,
    testimony::{Kind, choices},
};

/// Name of the field that asks whether somebody writes of free will.
pub const FREELY_FIELD: &str = "freely";
/// Name of the field for what somebody says about being pressed.
pub const PRESSURE_FIELD: &str = "pressure";

/// One of the four forms of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// More words, files.
    Write,
    /// What was not right.
    Correct,
    /// Other uses.
    Consent,
    /// Nothing is to be used any more.
    Withdraw,
}

impl Again {
    /// All four, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Write, Self::Correct, Self::Consent, Self::Withdraw];

    /// The last part of its path.
    #[must_use]
    pub const fn place(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Correct => "correct",
            Self::Consent => "consent",
            Self::Withdraw => "withdraw",
        }
    }

    /// The form of a path that ends so.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        let place = path.rsplit('/').next()?;
        Self::ALL.into_iter().find(|again| again.place() == place)
    }

    /// What it is to the earlier testimony.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Write => Kind::Supplement,
            Self::Correct => Kind::Correction,
            Self::Consent => Kind::ConsentChange,
            Self::Withdraw => Kind::Withdrawal,
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Write => "write-title",
            Self::Correct => "correct-title",
            Self::Consent => "change-title",
            Self::Withdraw => "withdraw-title",
        }
    }

    const fn help(self) -> &'static str {
        match self {
            Self::Write => "write-help",
            Self::Correct => "correct-help",
            Self::Consent => "change-help",
            Self::Withdraw => "withdraw-help",
        }
    }
}

/// One of the forms, empty: a static page that sends to its own address.
#[must_use]
pub fn again(locale: &Locale, settings: &PageSettings, what: Again) -> String {
    let controls = Controls { locale, values: &[], notice: None };
    let body = html! {
        h1 { (controls.t(what.title())) }
        p { (controls.t(what.help())) }
        form method="post" enctype="multipart/form-data" autocomplete="off" {
            (fields(&controls, settings, what))
        }
        p { a.more href="." { (controls.t("box-back")) } }
    };
    page(locale, Top::Before, &controls.t(what.title()), &body)
}

/// The form with what was typed in it, under a text that says what happened; `box_path` is that of the
/// mailbox it belongs to.
#[must_use]
pub fn again_refilled(
    locale: &Locale,
    settings: &PageSettings,
    (what, box_path): (Again, &str),
    notice: Notice<'_>,
    values: &[(&str, &str)],
) -> String {
    let controls = Controls { locale, values, notice: Some(notice) };
    let body = html! {
        h1 { (controls.t("error-title")) }
        (problem(&controls, notice, &html! {}))
        p { (controls.t(what.help())) }
        form action={ (box_path) "/" (what.place()) } method="post" enctype="multipart/form-data" autocomplete="off" {
            (fields(&controls, settings, what))
        }
        p { a.more href=(box_path) { (controls.t("box-back")) } }
    };
    page(locale, Top::Nothing, &controls.t("error-title"), &body)
}

/// The digest of the exact page of a form, which what is sent from it carries with its consent.
#[must_use]
pub fn again_text(locale: &Locale, settings: &PageSettings, what: Again) -> Digest {
    Digest::of(again(locale, settings, what).as_bytes())
}

fn fields(c: &Controls<'_>, settings: &PageSettings, what: Again) -> Markup {
    let button = html! { p { button { (c.t("button-send")) } } };
    match what {
        Again::Write => html! {
            fieldset { legend { (c.t("safety-question")) } (c.radios("risk", choices::RISK)) }
            section { h2 id="what" { (c.t("story-title")) } p.h id="what-h" { (c.t("story-help")) } (c.story()) }
            (sections::files(c, settings))
            (button)
        },
        Again::Correct => html! {
            section { h2 id="what" { (c.t("story-title")) } p.h id="what-h" { (c.t("story-help")) } (c.story()) }
            (free(c))
            (button)
        },
        Again::Consent => html! {
            section {
                h2 id="uses" { (c.t("consent-title")) }
                (sections::uses(c))
            }
            (free(c))
            (button)
        },
        Again::Withdraw => html! {
            (c.area("story", "withdraw-words"))
            (free(c))
            (button)
        },
    }
}

/// Whether what is asked here is asked of free will; it can stay empty.
fn free(c: &Controls<'_>) -> Markup {
    html! {
        section {
            fieldset {
                legend { (c.t("free-title")) }
                (c.hint("free-help"))
                (c.radios(FREELY_FIELD, choices::TRI))
            }
            (c.area(PRESSURE_FIELD, "free-words"))
        }
    }
}
