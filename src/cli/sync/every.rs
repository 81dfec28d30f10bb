//! `sandyk sync --every`: one sync at every full window, until somebody says stop.

use std::{ops::ControlFlow, time::Duration};

use tokio::signal::unix::{SignalKind, signal};

use super::{explain, no_proxy, once, tell};
use crate::{
    cli::{
        exit::{CliError, Exit},
        out::Out,
        words::Words,
    },
    sync::{Beat, Settings, SyncError, keep},
};

/// Syncs at every full window; an alarm or a wrong setting ends it, a network that fails does not.
pub(super) fn run(settings: &Settings, minutes: u64, out: &mut Out) -> Result<Exit, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let window = Duration::from_secs(minutes.saturating_mul(60));
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        out.tell(
            format!("A sync every {minutes} minutes, whatever there is. Ctrl-C ends it."),
            &Words::of("sync-rhythm").count("minutes", minutes),
        );
        let beat = Beat::new();
        let syncs = keep(window, &beat, async || match once(settings, out).await {
            Ok(report) => match tell(&report, out) {
                Ok(_) => ControlFlow::Continue(()),
                Err(error) => ControlFlow::Break(error),
            },
            Err(error) => {
                let said = no_proxy(&error, settings.proxy.as_deref());
                let said = said.unwrap_or_else(|| explain(&error));
                if ends(&error) {
                    return ControlFlow::Break(said);
                }
                out.error(&said);
                ControlFlow::Continue(())
            }
        });
        // What is cut here goes on with the next sync: a cut at any place loses nothing.
        tokio::select! {
            error = syncs => Err(error),
            _ = terminate.recv() => Ok(Exit::Done),
            _ = interrupt.recv() => Ok(Exit::Done),
        }
    })
}

/// Whether a person must do something before the next sync can be any better.
fn ends(error: &SyncError) -> bool {
    !matches!(
        error,
        SyncError::Network(_)
            | SyncError::TooSlow(_)
            | SyncError::Clock { .. }
            | SyncError::Refused { .. }
            | SyncError::StaysFull { .. }
            | SyncError::InUse
            | SyncError::File { .. }
    )
}
