//! Carries sealed things between the desk and a reader's workspace; has the network and no keys.
//!
//! Promises: 1. the only secret here is the device key, which signs requests and opens nothing;
//! 2. nothing enters the workspace before it was proved: keyrings against the roots, each page of
//! the feed against a checkpoint of the pinned ledger key and all leaves held so far, each part
//! against its digest; 3. a change of history (shorter feed, other root, other ledger key, other
//! keyring) is an [`Alarm`] by its own name, and everything held stays; 4. a cut at any place
//! loses nothing and the next sync goes on from there; 5. every sync hands in exactly one outbox of
//! one size; 6. names and sizes from the network are refused unless they are exactly the expected
//! ones, redirects are not followed, and no address in the clear is used; 7. nothing is dropped from
//! the workspace but by an order that it can prove itself, after its waiting time.
//! Does not: open, seal or decide anything; prove that the desk withholds nothing newer.
//! Spec: `docs/format/desk.md`, which also describes the workspace.

mod alarm;
mod arrive;
mod audit;
mod device;
pub mod doctor;
mod error;
mod exhibits;
mod feed;
mod forget;
mod gaps;
mod init;
mod line;
mod prove;
mod pull;
mod push;
mod rewrap;
mod rhythm;
mod view;
mod workspace;

use std::{cell::RefCell, path::PathBuf, time::Duration};

use rand::{CryptoRng, RngCore};
use serde::Serializer;

pub(crate) use self::alarm::named;
pub use self::{
    alarm::Alarm,
    audit::{Audit, AuditError, Auditing, InLog, audit},
    device::{DEVICE_KEY, DEVICE_PUB},
    error::SyncError,
    exhibits::Wanted,
    init::{Init, init},
    line::Patience,
    prove::{Proved, Prover},
    rhythm::{Beat, Steady, keep},
    view::{Compared, View, compare, view},
};
use self::{exhibits::Fetch, gaps::Not, line::Line, workspace::Workspace};
use crate::{clock::Clock, keyring::KeyringError, wire::outbox::Refusal};

/// One sync.
pub struct Settings {
    /// The workspace folder, made by [`init()`].
    pub workspace: PathBuf,
    /// The folder with the device key, made by [`init()`].
    pub device: PathBuf,
    /// Another address of the desk than the invitation's.
    pub desk: Option<String>,
    /// Which exhibits to fetch.
    pub exhibits: Wanted,
    /// `socks5h://host:port`; needed for onion addresses.
    pub proxy: Option<String>,
    /// How long to wait and how often to try.
    pub patience: Patience,
}

/// How far a sync has come; for a progress bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The feed is held up to `have` of `head` events.
    Feed {
        /// Held.
        have: u64,
        /// There are.
        head: u64,
    },
    /// Exhibits have arrived up to `have` of `bytes`, all wanted ones together.
    Exhibits {
        /// Arrived.
        have: u64,
        /// Wanted.
        bytes: u64,
    },
    /// Batches of envelopes are handed in up to `have` of `all`.
    Envelopes {
        /// Handed in.
        have: u64,
        /// There are.
        all: u64,
    },
    /// The desk answers no more requests of this device for now; sync goes on after the pause.
    Pause {
        /// How long.
        pause: Duration,
    },
}

/// What a sync did.
#[derive(Debug, Default, serde::Serialize)]
pub struct Report {
    /// Events of the feed that are held and proved.
    pub feed: u64,
    /// Testimonies that came now.
    pub testimonies: u64,
    /// Casebook entries that came now.
    pub entries: u64,
    /// Casebook keys that came now.
    pub keys: u64,
    /// Orders to forget that came now; they wait, and a guardian can object.
    pub orders: u64,
    /// Objections to such orders that came now.
    pub objections: u64,
    /// Testimonies that are forgotten since this sync.
    pub forgotten: u64,
    /// Events of a kind that this version does not know; kept as they are.
    pub unknown: u64,
    /// Exhibits that came now.
    pub exhibits: u64,
    /// Exhibits that are not here.
    pub exhibits_missing: u64,
    /// Envelopes that colleagues made for this reader and that came now.
    pub envelopes: u64,
    /// Envelopes made by this reader that are in the store since now.
    pub rewrapped: u64,
    /// Batches of envelopes and casebook entries that were made under another keyring and wait to be
    /// made anew.
    pub outdated: u64,
    /// Envelopes that readers lack and this one can make.
    pub lacking: u64,
    /// Files that were missing here and came now.
    pub mended: u64,
    /// Entries and keys of the outbox that are in the feed now.
    pub sent: u64,
    /// Entries and keys that wait for the next sync, because an outbox has one size.
    pub waiting: u64,
    /// What the desk did not take; it stays in the outbox.
    pub refused: Vec<Refusal>,
    /// The newest keyring.
    pub epoch: u32,
    /// The ledger key, if it was pinned by this sync.
    pub pinned: Option<String>,
    /// Why the newest keyring is good for reading only, if it is.
    #[serde(serialize_with = "in_sentences")]
    pub warnings: Vec<KeyringError>,
}

impl Report {
    /// Events that came now, of every kind.
    #[must_use]
    pub fn came(&self) -> u64 {
        [self.testimonies, self.entries, self.keys, self.orders, self.objections, self.unknown]
            .iter()
            .fold(0, |sum, n| sum.saturating_add(*n))
    }
}

fn in_sentences<S: Serializer>(said: &[KeyringError], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(said.iter().map(ToString::to_string))
}

/// Syncs once: keyring, outbox, feed, envelopes, exhibits, in this order.
///
/// # Errors
/// [`SyncError`]; what had arrived and was proved before stays.
pub async fn run(
    settings: &Settings,
    clock: &dyn Clock,
    rng: &mut (impl RngCore + CryptoRng),
    step: &mut dyn FnMut(Step),
) -> Result<Report, SyncError> {
    let mut workspace = Workspace::open(&settings.workspace)?;
    let (device, address) = device::load(&settings.device, workspace.reader())?;
    let address = settings.desk.as_deref().or(address.as_deref()).ok_or(SyncError::NoAddress)?;
    let shared = RefCell::new(step);
    let say = |step: Step| (shared.borrow_mut())(step);
    let step: &mut dyn FnMut(Step) = &mut |step| say(step);
    let (proxy, patience) = (settings.proxy.as_deref(), settings.patience);
    let line = Line::new(address, proxy, (device, clock, &say), patience)?;
    let mut report = Report::default();
    let chain = pull::keyrings(&line, &workspace, rng).await?;
    report.epoch = chain.current().get().epoch;
    if let Err(error) = chain.usable(clock.today()) {
        report.warnings.push(error);
    }
    // A desk that cannot take the outbox in may still give what it has.
    let pushed = push::push(&line, (&workspace, &chain), rng).await;
    let pulled = pull::feed(&line, &mut workspace, &chain, (rng, step), &mut report).await;
    let pushed = pushed?;
    let told = pulled?;
    let confirmed = push::confirm(&workspace, pushed, &mut report);
    let waiting = forget::drop_forgotten(&mut workspace, &chain, clock.today(), &mut report)?;
    // Before anything is asked for: what is handed in now lacks no more.
    let with = (&workspace, &chain);
    let handed = rewrap::hand_in(&line, with, (&mut *rng, &mut *step), &mut report).await;
    let new = rewrap::fetch_new(&line, &workspace, rng, &mut report).await;
    let listed = rewrap::list(&line, &workspace, rng, &mut report).await;
    // A desk that lost an entry or a part may still give the exhibits.
    let not = Not { told: &told, forgotten: &waiting };
    let filled = gaps::fill(&line, (&workspace, &chain), not, rng, &mut report).await;
    let settings = Fetch { settings, not: &waiting };
    let fetched = exhibits::fetch(&line, &workspace, settings, (rng, step), &mut report).await;
    confirmed?;
    handed.and(new).and(listed)?;
    fetched?.alarm(filled?)?;
    report.feed = workspace.feed().size();
    Ok(report)
}
