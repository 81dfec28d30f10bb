//! Keys and entries of the casebook that do not count, and what this version does not know.

use crate::{
    casebook::{Cause, EntryError, Fault, KeyError},
    cli::{
        out::Out,
        review::{
            list::TO_BE_SEALED,
            sitting::{SHOWN, name},
        },
        words::{Told as _, Words},
    },
    review::{KeyFault, Session},
};

/// Says what the casebook lacks: at most a few of each sort one by one, and how many more.
pub(super) fn say(session: &Session, out: &mut Out) {
    let casebook = &session.book.casebook;
    let (absent, false_keys): (Vec<&KeyFault>, Vec<&KeyFault>) =
        session.book.key_faults.iter().partition(|fault| fault.cause == KeyError::NotHere);
    // Without a key no entry under it opens: that is one thing to say, not one for each entry.
    let not_opened = Cause::Unreadable(EntryError::NotOpened);
    let (closed, faults): (Vec<&Fault>, Vec<&Fault>) =
        casebook.faults.iter().partition(|fault| !absent.is_empty() && fault.cause == not_opened);
    say_absent(&absent, closed.len(), out);
    say_keys(&false_keys, out);
    say_entries(&faults, session, out);
    say_unknown(session.unknown_events(), casebook.unknown, out);
}

fn say_absent(keys: &[&KeyFault], entries: usize, out: &mut Out) {
    let mut places: Vec<String> =
        keys.iter().take(SHOWN).map(|fault| fault.position.to_string()).collect();
    if places.is_empty() {
        return;
    }
    if keys.len() > places.len() {
        places.push("…".to_owned());
    }
    let (count, places) = (keys.len(), places.join(", "));
    let what = format!(
        "casebook keys not sealed to you yet: {count} ({places}); closed entries: {entries}\n   \
         next: {TO_BE_SEALED}"
    );
    let words = Words::of("warn-casebook-locked").count("keys", count).with("places", places);
    out.warn(what, &words.count("entries", entries));
}

fn say_keys(faults: &[&KeyFault], out: &mut Out) {
    for KeyFault { position, cause } in faults.iter().copied().take(SHOWN) {
        let words = Words::of("warn-casebook-key").with("place", position).why(cause.words());
        out.warn(format!("{position}: a casebook key is not used: {cause}"), &words);
    }
    let more = faults.len().saturating_sub(SHOWN);
    if more > 0 {
        let words = Words::of("warn-casebook-keys").count("count", more);
        out.warn(format!("{more} more casebook keys are not used"), &words);
    }
}

fn say_entries(faults: &[&Fault], session: &Session, out: &mut Out) {
    for fault in faults.iter().copied().take(SHOWN) {
        let whose = fault.by.map_or_else(String::new, |by| {
            format!(", said to be entry {} of {}", fault.seq.unwrap_or(0), name(session, by))
        });
        let (place, cause) = (format!("{}{whose}", fault.position), &fault.cause);
        let words = Words::of("warn-entry").with("place", fault.position).why(cause.words());
        out.warn(format!("not proven: {place}: {cause}"), &words);
    }
    let more = faults.len().saturating_sub(SHOWN);
    if more > 0 {
        let words = Words::of("warn-entries").count("count", more);
        out.warn(format!("not proven: {more} more casebook entries"), &words);
    }
}

fn say_unknown(events: usize, entries: usize, out: &mut Out) {
    if events > 0 {
        out.warn(
            format!(
                "{events} events of a kind that this version does not know\n   kept: they stay as \
                 they are\n   next: update sandyk"
            ),
            &Words::of("warn-unknown-events").count("count", events),
        );
    }
    if entries > 0 {
        let english =
            format!("{entries} entries that this version does not know are kept and not shown");
        out.warn(english, &Words::of("warn-unknown-entries").count("count", entries));
    }
}
