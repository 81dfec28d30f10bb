//! The end of the form: consent, contact, files, the button.

use maud::{Markup, html};

use crate::{
    intake::PROMISE_FIELD,
    locale::{Arg, Lang},
    testimony::{FILE_FIELD, choices},
    web::pages::{CODE_FIELD, PageSettings, controls::Controls, layout::own_name},
};

pub(crate) fn consent(c: &Controls<'_>) -> Markup {
    html! {
        section {
            h2 id="uses" { (c.t("consent-title")) }
            (c.hint("consent-help"))
            (uses(c))
        }
    }
}

/// The uses, each alone, under a heading with the id `uses`.
pub(crate) fn uses(c: &Controls<'_>) -> Markup {
    html! {
        div role="group" aria-labelledby="uses" {
            (c.ticks("consent", choices::CONSENT))
            (c.tick("consent-state", "consent-state"))
            (c.tick("consent-state-sure", "consent-state-sure"))
            (c.tick("ask-first", "consent-ask"))
        }
        (c.line("condition", "consent-condition"))
    }
}

/// The code of somebody who wrote before.
pub(crate) fn before(c: &Controls<'_>) -> Markup {
    html! {
        section {
            (c.line(CODE_FIELD, "code-before"))
            (c.hint("code-before-help"))
        }
    }
}

pub(crate) fn contact(c: &Controls<'_>) -> Markup {
    html! {
        section {
            h2 id="back" { (c.t("contact-title")) }
            (c.hint("contact-help"))
            div role="radiogroup" aria-labelledby="back" { (c.radios("contact", choices::CONTACT)) }
            (c.hint("contact-apart"))
            (c.line("contact-way", "contact-way"))
            (c.line("contact-when", "contact-when"))
            (c.line("contact-sign", "contact-sign"))
            (c.line("name", "contact-name"))
            (c.part("wish-section", &["wish"], &html! {
                (c.select("wish-gender", "wish-gender", choices::GENDER))
                (c.select_of("wish-lang", "wish-lang", tongues()))
                (c.line("wish", "wish-note"))
            }))
        }
    }
}

/// Asks for the server's signed word; off unless somebody wants it.
pub(crate) fn proof(c: &Controls<'_>) -> Markup {
    html! {
        section {
            (c.part("proof-title", &[PROMISE_FIELD], &html! {
                (c.hint("proof-help"))
                (c.tick(PROMISE_FIELD, "proof-tick"))
            }))
        }
    }
}

/// Languages a reviewer may speak, each in itself; Uzbek once.
fn tongues() -> Vec<(&'static str, String)> {
    let spoken = Lang::ALL.into_iter().filter(|lang| *lang != Lang::UzLatn);
    spoken.map(|lang| (lang.tag(), own_name(lang))).collect()
}

pub(crate) fn files(c: &Controls<'_>, settings: &PageSettings) -> Markup {
    let limits = [
        ("count", Arg::Number(u64::from(settings.max_files))),
        ("each", Arg::Number(settings.file_mb)),
        ("size", Arg::Number(settings.total_mb)),
    ];
    html! {
        section {
            h2 { (c.t("files-title")) }
            p { (c.t("evidence-later")) }
            p { (c.t("evidence-hidden")) " " (c.t("evidence-original")) }
            label {
                (c.t("evidence-choose"))
                input type="file" name=(FILE_FIELD) multiple autocomplete="off" aria-describedby="size";
            }
            p.h id="size" { (c.locale.text_with("evidence-limit", &limits)) }
        }
    }
}

pub(crate) fn send(c: &Controls<'_>) -> Markup {
    html! {
        section {
            h2 { (c.t("send-title")) }
            p { (c.t("send-note")) " " (c.t("send-wait")) }
            button { (c.t("button-send")) }
        }
    }
}
