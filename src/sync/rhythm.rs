//! A rhythm that nothing disturbs: a sync at every full window, whatever there is to fetch or to send.
//!
//! Promises: 1. syncs begin at multiples of the window from the first one on, never between; 2. one that
//! takes longer than its window leaves out whole windows and moves none; 3. a sync that failed is
//! followed by the next window, not by another attempt of its own. No jitter: moments that follow from
//! nothing tell nothing, and random ones would not tell less.
//! Does not: know what a sync is.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

/// Time that only goes on; a parameter, so that tests need not wait.
pub trait Steady {
    /// Since the rhythm began.
    fn passed(&self) -> Duration;
    /// Waits.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()>;
}

/// The machine's own steady time.
pub struct Beat(Instant);

impl Beat {
    /// Begins now.
    #[must_use]
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Default for Beat {
    fn default() -> Self {
        Self::new()
    }
}

impl Steady for Beat {
    fn passed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Runs `once` at every full window, until it says stop.
pub async fn keep<T>(
    window: Duration,
    steady: &impl Steady,
    mut once: impl AsyncFnMut() -> ControlFlow<T>,
) -> T {
    loop {
        if let ControlFlow::Break(end) = once().await {
            return end;
        }
        steady.sleep(until_next(window, steady.passed())).await;
    }
}

/// From now until the next window begins.
fn until_next(window: Duration, passed: Duration) -> Duration {
    let nanos = window.as_nanos().max(1);
    let into = passed.as_nanos().checked_rem(nanos).unwrap_or_default();
    Duration::from_nanos(u64::try_from(nanos.saturating_sub(into)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, pin::pin, task::Waker};

    use super::*;

    /// Time that goes on only when somebody sleeps or works.
    #[derive(Default)]
    struct Hands(Cell<Duration>);

    impl Hands {
        fn works(&self, seconds: u64) {
            self.0.set(self.0.get().saturating_add(Duration::from_secs(seconds)));
        }
    }

    impl Steady for Hands {
        fn passed(&self) -> Duration {
            self.0.get()
        }

        async fn sleep(&self, time: Duration) {
            self.0.set(self.0.get().saturating_add(time));
        }
    }

    #[test]
    fn syncs_begin_at_full_windows_however_long_each_takes() {
        let hands = Hands::default();
        // Seconds that each sync takes: idle, busy, longer than a window, exactly one, two and a bit.
        let work = [2, 900, 4000, 3600, 7201, 0, 5];
        let (mut begins, mut left) = (Vec::new(), work.into_iter());
        let kept = keep(Duration::from_hours(1), &hands, async || {
            begins.push(hands.passed().as_secs());
            match left.next() {
                Some(seconds) => {
                    hands.works(seconds);
                    ControlFlow::Continue(())
                }
                None => ControlFlow::Break("told to stop"),
            }
        });
        let done = pin!(kept).poll(&mut std::task::Context::from_waker(Waker::noop()));
        assert_eq!(done, std::task::Poll::Ready("told to stop"));
        let hours: Vec<_> = begins.iter().map(|seconds| seconds / 3600).collect();
        assert!(begins.iter().all(|seconds| seconds % 3600 == 0), "{begins:?}");
        assert_eq!(hours, [0, 1, 2, 4, 6, 9, 10, 11]);
    }
}
