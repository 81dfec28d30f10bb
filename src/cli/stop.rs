//! The two signals that say stop, for commands that wait without a runtime.
//!
//! Promises: 1. the first SIGINT or SIGTERM ends a wait within a fifth of a second, and what is in
//! hand is finished; 2. the second ends the program at once; 3. no socket is opened for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

use crate::cli::exit::{CliError, Exit};

/// Whether somebody has said stop.
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens from now on.
    pub(super) fn listen() -> Result<Self, CliError> {
        let told = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // Asked before the flag is set: only the second signal finds it so.
            let code = i32::from(Exit::Failed.code());
            flag::register_conditional_shutdown(signal, code, Arc::clone(&told))?;
            flag::register(signal, Arc::clone(&told))?;
        }
        Ok(Self(told))
    }

    /// Whether it was said.
    pub(super) fn is_told(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits so long, or until it is said; whether it was.
    pub(super) fn within(&self, time: Duration) -> bool {
        let until = Instant::now().checked_add(time);
        while !self.is_told() {
            let left = until.map_or(SLICE, |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return false;
            }
            std::thread::sleep(left.min(SLICE));
        }
        true
    }
}

const SLICE: Duration = Duration::from_millis(200);
