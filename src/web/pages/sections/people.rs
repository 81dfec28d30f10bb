//! The optional parts about people and threats, with their numbered blocks.

use maud::{Markup, html};

use crate::{
    testimony::{BLOCKS, choices},
    web::pages::controls::Controls,
};

pub(crate) fn people(c: &Controls<'_>) -> Markup {
    c.part(
        "people-section",
        &["affected-", "responsible", "others"],
        &html! {
            fieldset {
                legend { (c.t("people-affected")) }
                (c.hint("people-affected-help"))
                (person(c, 1))
                @for n in 2..=BLOCKS {
                    (c.part("people-another", &[&format!("affected-{n}")], &person(c, n)))
                }
            }
            fieldset {
                legend { (c.t("people-responsible")) }
                (c.hint("people-responsible-help"))
                (c.area("responsible", "people-noticed"))
                (c.select("responsible-kind", "people-kind", choices::BY))
                (c.line("responsible-said", "people-said"))
                (c.line("responsible-name", "people-name"))
            }
            fieldset {
                legend { (c.t("people-others")) }
                (c.hint("people-others-help"))
                (c.line("others", "people-seen"))
                (c.tick("others-fear", "others-fear"))
                (c.tick("others-ask", "others-ask"))
            }
        },
    )
}

/// The first block asks everything, the others what cannot be told in words.
fn person(c: &Controls<'_>, n: u16) -> Markup {
    let name = |field: &str| format!("affected-{n}{field}");
    html! {
        (c.line(&name(""), "people-about"))
        (c.line(&name("-name"), "people-name"))
        (c.select(&name("-state"), "people-state", choices::STATE))
        @if n == 1 {
            (c.line(&name("-age"), "people-age"))
            (c.tick(&name("-child"), "people-child"))
            (c.line(&name("-citizenship"), "people-citizenship"))
        }
    }
}

pub(crate) fn threats(c: &Controls<'_>) -> Markup {
    c.part(
        "threat-section",
        &["threat-"],
        &html! {
            p { (c.t("threat-title")) }
            (c.hint("threat-help"))
            (threat(c, 1))
            @for n in 2..=BLOCKS {
                (c.part("threat-another", &[&format!("threat-{n}")], &threat(c, n)))
            }
        },
    )
}

fn threat(c: &Controls<'_>, n: u16) -> Markup {
    let name = |field: &str| format!("threat-{n}{field}");
    html! {
        (c.area(&name(""), "threat-words"))
        (c.line(&name("-when"), "short-when"))
        (c.line(&name("-where"), "short-where"))
        @if n == 1 {
            fieldset {
                legend { (c.t("threat-target")) }
                (c.ticks(&name("-target"), choices::TARGET))
            }
            (c.select(&name("-officials"), "threat-officials", choices::OFFICIALS))
            (c.line(&name("-loss"), "threat-loss"))
        }
    }
}
