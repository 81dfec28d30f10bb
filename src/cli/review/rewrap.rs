//! `sandyk review rewrap`: envelopes for colleagues who lack them.

use std::{
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        words::{Told as _, Words},
    },
    clock::{Clock as _, SystemClock},
    review::{RewrapActError, Rewrapping, Session},
};

pub(super) fn run(session: &mut Session, out: &mut Out) -> Result<Exit, CliError> {
    let mut bar = Bar::new();
    let done = session.rewrap(SystemClock.today(), &mut |have, all| bar.show(have, all));
    bar.drawn.finish_and_clear();
    let done = done.map_err(|error| explain(&error))?;
    if out.format() == Format::Json {
        out.json(&done)?;
    } else {
        out.line(in_one_line(&done))?;
    }
    say_more(&done, out);
    let written = [done.made, done.broken, done.resealed, done.waiting];
    Ok(if written == [0; 4] { Exit::NothingToDo } else { Exit::Done })
}

fn in_one_line(done: &Rewrapping) -> String {
    let Rewrapping { made, waiting, for_others, broken, .. } = done;
    format!(
        "made: {made}; waiting for sync: {waiting}; left to others: {for_others}; do not open: {broken}"
    )
}

fn say_more(done: &Rewrapping, out: &mut Out) {
    if done.made > 0 || done.broken > 0 || done.resealed > 0 {
        out.tell(
            "They are in the outbox\n   next: sandyk sync hands them in",
            &Words::of("rewrap-written"),
        );
    }
    if done.for_others > 0 {
        out.tell(
            format!(
                "{} envelopes are left to colleagues: you have none yourself, or you are no guardian",
                done.for_others
            ),
            &Words::of("rewrap-others").count("count", done.for_others),
        );
    }
    if done.broken > 0 {
        out.warn(
            format!(
                "{} of your own envelopes do not open\n   kept: they lie beside the testimony as \
                 .broken\n   next: sync; a colleague makes new ones with sandyk review rewrap",
                done.broken
            ),
            &Words::of("rewrap-broken").count("count", done.broken),
        );
    }
    if done.unproven > 0 {
        out.warn(
            format!(
                "{} envelopes were not made: something of the testimony is not here or was altered\n   \
                 kept: everything that is here\n   next: sync, then run it again",
                done.unproven
            ),
            &Words::of("rewrap-unproven").count("count", done.unproven),
        );
    }
    if done.outdated > 0 {
        out.tell(
            format!(
                "{} batches of before a rotation were thrown away; what is still needed is made anew",
                done.outdated
            ),
            &Words::of("rewrap-outdated").count("count", done.outdated),
        );
    }
    if done.resealed > 0 {
        out.tell(
            format!("{} entries that wait are sealed to the new casebook key now", done.resealed),
            &Words::of("rewrap-resealed").count("count", done.resealed),
        );
    }
}

fn explain(error: &RewrapActError) -> CliError {
    let advice = match error {
        RewrapActError::NotAReader => "ask the administrators whether your reader.pub was added",
        RewrapActError::Keyring(_) => {
            "sync, and ask the administrators for a renewed keyring; if this machine's date is \
             wrong, set it"
        }
        RewrapActError::List => "sync, then run it again: sync writes the list anew",
        RewrapActError::Batch(_) | RewrapActError::Entries(_) | RewrapActError::Io(_) => {
            "free the disk or mend the folder, then run it again: it goes on from there"
        }
    };
    let kept = "what was made before is kept";
    if matches!(error, RewrapActError::NotAReader | RewrapActError::Keyring(_)) {
        return CliError::refused(error).kept(kept).advice(advice).words(error.words());
    }
    CliError::failed(error).kept(kept).advice(advice).words(error.words())
}

/// A bar with the time that is left; after one second, if somebody looks.
struct Bar {
    drawn: ProgressBar,
    began: Instant,
    looking: bool,
}

impl Bar {
    fn new() -> Self {
        let drawn = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {per_sec} {eta}") {
            drawn.set_style(style);
        }
        Self { drawn, began: Instant::now(), looking: io::stderr().is_terminal() }
    }

    fn show(&mut self, have: u64, all: u64) {
        if self.looking && self.began.elapsed() >= Duration::from_secs(1) {
            self.drawn.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.drawn.set_length(all);
        self.drawn.set_position(have);
    }
}
