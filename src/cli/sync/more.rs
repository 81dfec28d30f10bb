//! What a person should know after a sync, beside its answer.

use crate::{
    cli::{
        out::Out,
        words::{Told as _, Words, of_refusal},
    },
    sync::Report,
};

/// Says what is not as usual, and what to do about it.
pub(super) fn say_more(report: &Report, out: &mut Out) {
    for warning in &report.warnings {
        out.warn_of(warning, &warning.words());
    }
    if let Some(key) = &report.pinned {
        out.tell(
            format!(
                "This was the first sync: from now on only this ledger key is believed.\n   {key}\n   \
                 next: compare it with another reader, by voice"
            ),
            &Words::of("sync-first").with("key", key),
        );
    }
    say_what_is_forgotten(report, out);
    for refusal in &report.refused {
        let why = of_refusal(&refusal.error, &refusal.advice);
        out.warn(
            format!(
                "the desk did not take {}: {}\n   kept: it stays in the outbox",
                refusal.id, refusal.advice
            ),
            &Words::of("sync-not-taken").with("id", &refusal.id).why(why),
        );
    }
    say_what_waits(report, out);
    say_what_lacks(report, out);
    if report.unknown > 0 {
        out.warn(
            format!(
                "{} events of a kind that this version does not know\n   kept: they stay as they are\n   \
                 next: update sandyk",
                report.unknown
            ),
            &Words::of("warn-unknown-events").count("count", report.unknown),
        );
    }
}

fn say_what_lacks(report: &Report, out: &mut Out) {
    let Report { lacking, outdated, .. } = report;
    if *lacking > 0 {
        out.tell(
            format!(
                "{lacking} envelopes are lacking that you can make for colleagues\n   next: sandyk \
                 review rewrap, then sandyk sync"
            ),
            &Words::of("sync-lacking").count("count", *lacking),
        );
    }
    if *outdated > 0 {
        out.tell(
            format!(
                "{outdated} of yours were made before the keyring changed, and wait\n   next: sandyk \
                 review rewrap makes them anew, then sandyk sync"
            ),
            &Words::of("sync-outdated").count("count", *outdated),
        );
    }
}

fn say_what_is_forgotten(report: &Report, out: &mut Out) {
    let Report { forgotten, orders, .. } = report;
    if *forgotten > 0 {
        out.tell(
            format!("{forgotten} forgotten, by orders that were proved; it is gone here too"),
            &Words::of("sync-forgotten").count("count", *forgotten),
        );
    }
    if *orders > 0 {
        out.tell(
            format!(
                "{orders} orders to forget came\n   next: sandyk review list names what is to be \
                 forgotten; a guardian can object"
            ),
            &Words::of("sync-orders").count("count", *orders),
        );
    }
}

fn say_what_waits(report: &Report, out: &mut Out) {
    if report.waiting > 0 {
        out.tell(
            format!(
                "{} of yours wait\n   next: sync again; an outbox has one size, so that it shows nothing",
                report.waiting
            ),
            &Words::of("sync-waiting").count("count", report.waiting),
        );
    }
    if report.exhibits_missing > 0 {
        out.tell(
            format!(
                "the files of {} testimonies are not here\n   next: sandyk sync --exhibits all fetches \
                 them",
                report.exhibits_missing
            ),
            &Words::of("sync-exhibits-missing").count("count", report.exhibits_missing),
        );
    }
}
