//! The sections of the form, in the order in which they are asked.
//!
//! Safety before the story, the story before questions, hard details closed, consent open, files
//! last: browsers send fields in the order of the page, so that everything else is sealed before
//! the first byte of a file.

mod details;
mod end;
mod people;

use maud::{Markup, html};

pub(super) use details::{detention, evidence, health, report, role, when};
pub(super) use end::{before, consent, contact, files, proof, send, uses};
pub(super) use people::{people, threats};

use super::controls::Controls;
use crate::testimony::choices;

pub(super) fn safety(c: &Controls<'_>) -> Markup {
    html! {
        section {
            h2 { (c.t("safety-title")) }
            p { (c.t("safety-not-emergency")) }
            fieldset { legend { (c.t("safety-question")) } (c.radios("risk", choices::RISK)) }
            fieldset { legend { (c.t("safety-flags")) } (c.ticks("risk-flag", choices::RISK_FLAG)) }
            (c.area("danger", "safety-detail"))
        }
    }
}

pub(super) fn story(c: &Controls<'_>) -> Markup {
    html! {
        section {
            h2 id="what" { (c.t("story-title")) }
            p.h id="what-h" { (c.t("story-help")) " " (c.t("story-heavy")) }
            (c.story())
            (c.select("knowledge", "knowledge-title", choices::KNOWLEDGE))
            fieldset { legend { (c.t("harm-title")) } (c.ticks("box", choices::BOX)) }
        }
    }
}
