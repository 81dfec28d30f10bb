//! How far a sync has come, as a bar or in words.

use std::{
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    cli::{out::Out, words::Words},
    sync::Step,
};

/// A bar that appears after one second, if somebody looks.
pub(super) struct Bar {
    drawn: ProgressBar,
    began: Instant,
    looking: bool,
}

impl Bar {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self { drawn: bar, began: Instant::now(), looking: io::stderr().is_terminal() }
    }

    /// Draws how far it has come; a pause is told in words, also if nobody looks.
    pub(super) fn show(&mut self, step: &Step, out: &mut Out) {
        if let Step::Pause { pause } = step {
            return self.drawn.suspend(|| say_pause(*pause, out));
        }
        if !self.looking || self.began.elapsed() < Duration::from_secs(1) {
            return;
        }
        self.drawn.set_draw_target(ProgressDrawTarget::stderr());
        let (have, all, template) = match step {
            Step::Feed { have, head } => (*have, *head, "feed     {wide_bar} {pos}/{len}"),
            Step::Exhibits { have, bytes } => {
                (*have, *bytes, "exhibits {wide_bar} {bytes}/{total_bytes} {eta}")
            }
            Step::Envelopes { have, all } => {
                (*have, *all, "envelopes {wide_bar} {pos}/{len} {eta}")
            }
            Step::Pause { .. } => return,
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.drawn.set_style(style);
        }
        self.drawn.set_length(all);
        self.drawn.set_position(have);
    }

    pub(super) fn clear(&self) {
        self.drawn.finish_and_clear();
    }
}

/// Says why nothing moves for a while.
fn say_pause(pause: Duration, out: &mut Out) {
    let seconds = pause.as_secs();
    out.tell(
        format!(
            "the desk answers only so many requests in two minutes; sync goes on by itself in \
             {seconds} seconds"
        ),
        &Words::of("sync-pause").count("count", seconds),
    );
}
