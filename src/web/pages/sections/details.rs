//! The optional parts about the witness, the time, the place, detention, evidence and health.

use maud::{Markup, html};

use crate::{testimony::choices, web::pages::controls::Controls};

pub(crate) fn role(c: &Controls<'_>) -> Markup {
    let starts = ["role", "behalf", "read-back", "translated-from"];
    c.part(
        "role-section",
        &starts,
        &html! {
            fieldset { legend { (c.t("role-title")) } (c.radios("role", choices::ROLE)) }
            fieldset { legend { (c.t("behalf-question")) } (c.radios("behalf", choices::BEHALF)) }
            (c.tick("read-back", "role-read-back"))
            (c.line("translated-from", "role-translated"))
        },
    )
}

pub(crate) fn when(c: &Controls<'_>) -> Markup {
    c.part(
        "when-section",
        &["when", "date", "where"],
        &html! {
            (c.line("when", "when-title"))
            (c.hint("when-help"))
            (c.line("date", "when-date"))
            (c.hint("when-date-help"))
            (c.line("where", "where-title"))
            (c.hint("where-help"))
        },
    )
}

pub(crate) fn detention(c: &Controls<'_>) -> Markup {
    let mut starts: Vec<_> = choices::SAFEGUARD.iter().map(|asked| asked.code).collect();
    starts.extend(["taken", "registered", "released", "held-where", "accused-of", "signed"]);
    c.part(
        "detention-section",
        &starts,
        &html! {
            (c.line("taken", "detention-taken"))
            (c.line("registered", "detention-registered"))
            (c.line("released", "detention-released"))
            (c.area("held-where", "detention-where"))
            (c.line("accused-of", "detention-accused"))
            (c.select("signed", "detention-signed", choices::SIGNED))
            fieldset {
                legend { (c.t("guard-title")) }
                @for asked in choices::SAFEGUARD { (c.tri(asked.code, asked.key)) }
            }
        },
    )
}

pub(crate) fn evidence(c: &Controls<'_>) -> Markup {
    c.part(
        "evidence-title",
        &["evidence", "files-"],
        &html! {
            (c.hint("evidence-help"))
            (c.area("evidence", "evidence-known"))
            (c.line("evidence-kept", "evidence-kept"))
            (c.tick("evidence-risk", "evidence-risk"))
            fieldset {
                legend { (c.t("evidence-files")) }
                (c.area("files-show", "evidence-show"))
                (c.select("files-origin", "evidence-source", choices::ORIGIN))
                (c.line("files-made", "evidence-made"))
                (c.tri("files-original", "evidence-unedited"))
            }
        },
    )
}

pub(crate) fn health(c: &Controls<'_>) -> Markup {
    c.part(
        "medical-title",
        &["health", "exam-"],
        &html! {
            (c.hint("medical-help"))
            (c.area("health", "medical-words"))
            (c.line("health-urgent", "medical-urgent"))
            fieldset {
                legend { (c.t("medical-examined")) }
                (c.line("exam-when", "short-when"))
                (c.line("exam-where", "short-where"))
                (c.tri("exam-guards", "medical-guards"))
                (c.select("exam-paper", "medical-paper", choices::PAPER))
                (c.tick("exam-refused", "medical-refused"))
            }
        },
    )
}

pub(crate) fn report(c: &Controls<'_>) -> Markup {
    c.part(
        "report-title",
        &["report"],
        &html! {
            (c.hint("report-help"))
            (c.area("report", "report-words"))
            (c.line("report-when", "short-when"))
            (c.line("report-number", "report-number"))
            (c.tick("report-fear", "report-fear"))
        },
    )
}
