//! The desk of a running server: from the first keyring on, with its own rounds.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    clock::Clock,
    config::DeskConfig,
    desk::{Desk, Dropped},
    keyring::Published,
    ledger::LedgerKey,
    store::SledStore,
    web::{
        self,
        listen::{Bound, Door, Guests},
        pace::Pace,
    },
};

/// What the desk needs once there is a keyring; before that there is no device it could know.
pub(super) struct OpenDesk {
    pub(super) store: Arc<SledStore>,
    pub(super) published: watch::Receiver<Option<Arc<Published>>>,
    pub(super) ledger: Arc<LedgerKey>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) pace: Pace,
    /// Where keyrings and suspensions are published.
    pub(super) folder: PathBuf,
    /// Whole days that orders to forget wait.
    pub(super) wait: i64,
    /// What was taken away of readers who are gone; whoever makes the rounds says it.
    pub(super) dropped: watch::Sender<Dropped>,
}

impl OpenDesk {
    /// Waits for the first keyring, then answers until told to stop.
    pub(super) async fn serve(
        self,
        bound: Bound,
        config: DeskConfig,
        mut stop: watch::Receiver<bool>,
    ) {
        let Self { store, mut published, ledger, clock, pace, folder, wait, dropped } = self;
        let first = tokio::select! {
            first = next_keyring(&mut published) => first,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let Some(first) = first else { return };
        let (now, newest) = watch::channel(first);
        tokio::spawn(async move {
            while published.changed().await.is_ok() {
                if let Some(next) = next_keyring(&mut published).await {
                    now.send_replace(next);
                }
            }
        });
        let changed = newest.clone();
        let desk = Desk::new(store, newest, ledger, &config.authorities, clock);
        let desk = Arc::new(desk.watching(folder).waiting(wait));
        let forgetting = forget_in_time(Arc::clone(&desk), (changed, dropped), stop.clone());
        let router = web::desk::router(desk);
        let door = Door { bound, connections: config.connections, pace, guests: Guests::Known };
        let serving = web::listen::serve(door, router, stop);
        tokio::join!(serving, forgetting);
    }
}

/// Carries out orders to forget whose time has come, and takes away what is left of readers who are
/// gone, now and then, until told to stop.
///
/// An error is not said here: what it left undone is done at the next round, and a store that takes
/// nothing more ends the process.
async fn forget_in_time(
    desk: Arc<Desk<SledStore>>,
    (mut changed, dropped): (watch::Receiver<Arc<Published>>, watch::Sender<Dropped>),
    mut stop: watch::Receiver<bool>,
) {
    let mut round = tokio::time::interval(Duration::from_secs(FORGET_SECONDS));
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = round.tick() => {}
            // Whoever was retired has nothing here from now on.
            Ok(()) = changed.changed() => {}
        }
        let _ = desk.carry_out().await;
        if let Ok(now) = desk.drop_retired().await {
            dropped.send_modify(|all| all.add(&now));
        }
    }
}

/// The keyring in force, at once the first time and then whenever it changes; `None` at the end.
async fn next_keyring(
    published: &mut watch::Receiver<Option<Arc<Published>>>,
) -> Option<Arc<Published>> {
    loop {
        let now = published.borrow_and_update().clone();
        if now.is_some() {
            return now;
        }
        published.changed().await.ok()?;
    }
}

/// How often it is looked whether an order to forget has waited long enough, in seconds.
const FORGET_SECONDS: u64 = 600;
