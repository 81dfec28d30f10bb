//! How long the other side may let us wait, as an account of time that bytes pay into.
//!
//! Promises: 1. whoever is silent for as long as `silence` is cut off; 2. whoever moves fewer than
//! `bytes_per_second` on average is cut off as soon as the time given in advance (`silence` again) is
//! used up, however the bytes are spread; 3. only time in which we wait for the other side counts, so
//! nobody is cut off for our own slowness. Tor is slow: a short timeout would cut off honest people.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

use crate::config::Limits;

/// What is asked of the other side.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Longest wait for a byte, and the time given in advance.
    pub silence: Duration,
    /// Bytes that buy a second.
    pub bytes_per_second: u64,
}

impl Pace {
    /// The pace that the configuration asks for.
    #[must_use]
    pub const fn of(limits: &Limits) -> Self {
        Self {
            silence: Duration::from_secs(limits.idle_seconds),
            bytes_per_second: limits.bytes_per_second,
        }
    }
}

/// The account of one direction of one connection.
pub(super) struct Patience {
    pace: Pace,
    left: Duration,
    waiting_since: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
}

impl Patience {
    pub(super) fn new(pace: Pace) -> Self {
        let alarm = Box::pin(sleep(pace.silence));
        Self { pace, left: pace.silence, waiting_since: None, alarm }
    }

    /// The other side moved so many bytes.
    pub(super) fn moved(&mut self, bytes: usize) {
        self.moved_at(bytes, Instant::now());
    }

    fn moved_at(&mut self, bytes: usize, now: Instant) {
        let waited = self.waiting_since.take().map(|since| now.saturating_duration_since(since));
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(MILLIS);
        let bought = bytes.checked_div(self.pace.bytes_per_second).unwrap_or(u64::MAX);
        self.left = self
            .left
            .saturating_sub(waited.unwrap_or_default())
            .saturating_add(Duration::from_millis(bought))
            .min(self.pace.silence);
    }

    /// We wait for the other side. Ready when there is no patience left.
    pub(super) fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.waiting_since.is_none() {
            let now = Instant::now();
            self.waiting_since = Some(now);
            self.alarm.as_mut().reset(now.checked_add(self.left).unwrap_or(now));
        }
        self.alarm.as_mut().poll(cx)
    }
}

const MILLIS: u64 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dribble_uses_the_advance_up_and_a_steady_sender_never_does() {
        let pace = Pace { silence: Duration::from_mins(5), bytes_per_second: 512 };
        let after = |bytes: usize, seconds: u64| {
            let mut patience = Patience::new(pace);
            let mut now = Instant::now();
            for rounds in 0..100 {
                if Duration::from_secs(seconds) >= patience.left {
                    return Some(rounds);
                }
                patience.waiting_since = Some(now);
                now += Duration::from_secs(seconds);
                patience.moved_at(bytes, now);
            }
            None
        };
        assert_eq!(after(1, 299), Some(1), "a byte every 299 seconds is cut off at the second");
        assert_eq!(after(512 * 100, 100), None, "512 bytes a second are enough");
        assert_eq!(after(512 * 100, 110), Some(19), "fewer are not");
    }
}
