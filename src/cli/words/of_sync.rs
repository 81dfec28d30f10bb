//! The words of a sync, and of its alarms.

use std::{error::Error, io};

use super::{Told, Words, told};
use crate::{
    clock::{Clock as _, FixedClock, SystemClock},
    sync::{Alarm, AuditError, SyncError, named},
};

pub(super) fn of(error: &(dyn Error + 'static)) -> Option<Words> {
    let known = told::<SyncError>(error).or_else(|| told::<Alarm>(error));
    known.or_else(|| told::<AuditError>(error))
}

impl Told for SyncError {
    fn words(&self) -> Words {
        match self {
            Self::Alarm(alarm) => alarm.words(),
            Self::File { path, cause } => {
                Words::of("sync-file").with("file", path.display()).why(cause.words())
            }
            Self::Exists(path) => Words::of("sync-exists").with("file", path.display()),
            Self::NotAWorkspace(path) => {
                Words::of("sync-not-a-workspace").with("folder", path.display())
            }
            Self::InUse => Words::of("sync-in-use"),
            Self::Damaged { what } => Words::of("sync-damaged").with("why", what),
            Self::DeviceKey(path) => Words::of("sync-device-key").with("file", path.display()),
            Self::Given { path, cause } => {
                Words::of("sync-given").with("file", path.display()).why(cause.words())
            }
            Self::NoAddress => Words::of("sync-no-address"),
            Self::Address(text) => Words::of("sync-address").with("address", text),
            Self::InTheClear(text) => Words::of("sync-in-the-clear").with("address", text),
            Self::NeedsProxy(text) => Words::of("sync-needs-proxy").with("address", text),
            Self::Proxy(text) => Words::of("sync-proxy").with("address", text),
            Self::Network(why) => match system_error(why) {
                Some(system) => Words::of("sync-network").why(system.words()),
                None => Words::of("sync-network").with("why", why),
            },
            Self::NoAnswer { waited } => {
                Words::of("sync-no-answer").count("count", waited.as_secs())
            }
            Self::TooSlow(what) => Words::of("sync-too-slow").with("what", what),
            Self::TooFew { held, asked } => {
                Words::of("sync-too-few").with("held", held).with("asked", asked)
            }
            Self::NothingHeld => Words::of("sync-nothing-held"),
            Self::Clock { ahead } => clocks(*ahead),
            Self::Refused { code, advice } => {
                Words::of("sync-refused").with("code", code).why(of_refusal(code, advice))
            }
            Self::StaysFull { waited } => {
                Words::of("sync-stays-full").count("count", waited.as_secs())
            }
            Self::TooLarge(path) => Words::of("sync-too-large").with("file", path.display()),
            Self::NotSealed(path) => Words::of("sync-not-sealed").with("file", path.display()),
            Self::NoSuchTestimony(id) => Words::of("sync-no-such-testimony").with("id", id),
        }
    }
}

impl Told for AuditError {
    fn words(&self) -> Words {
        match self {
            Self::Sync(cause) => cause.words(),
            Self::Manifest(cause) => Words::of("audit-manifest").why(cause.words()),
            Self::None => Words::of("audit-none"),
        }
    }
}

/// What a desk advises, by the code that it gives; its own English where the code is not known.
#[must_use]
pub fn of_refusal(code: &str, advice: &str) -> Words {
    let known = REFUSALS.iter().find(|(known, _)| *known == code);
    known.map_or_else(|| Words::english(advice), |(_, id)| Words::of(id))
}

const REFUSALS: [(&str, &str); 22] = [
    ("signature", "desk-signature"),
    ("unknown-device", "desk-unknown-device"),
    ("suspended", "desk-suspended"),
    ("address", "desk-address"),
    ("just-started", "desk-just-started"),
    ("replayed", "desk-replayed"),
    ("too-many", "desk-too-many"),
    ("query", "desk-newer"),
    ("not-found", "desk-newer"),
    ("range", "desk-newer"),
    ("content-digest", "desk-again"),
    ("outbox", "desk-again"),
    ("store", "desk-store"),
    ("damaged", "desk-damaged"),
    ("id-taken", "desk-id-taken"),
    ("key-first", "desk-key-first"),
    ("order-invalid", "desk-order-invalid"),
    ("order-unknown", "desk-order-unknown"),
    ("order-stale", "desk-order-stale"),
    ("order-stopped", "desk-order-stopped"),
    ("order-done", "desk-order-done"),
    ("readers-changed", "desk-readers-changed"),
];

/// The error of the system, if that is what a text is: `Connection refused (os error 111)`.
fn system_error(text: &str) -> Option<io::Error> {
    let (_, code) = text.rsplit_once("(os error ")?;
    let error = io::Error::from_raw_os_error(code.strip_suffix(')')?.parse().ok()?);
    (error.to_string() == text).then_some(error)
}

/// Two clocks that differ: with both days, or with seconds on one day.
fn clocks(ahead: i64) -> Words {
    let today = SystemClock.today();
    let theirs = FixedClock(SystemClock.unix_seconds().saturating_sub(ahead)).today();
    if today == theirs {
        return Words::of("sync-clock-seconds").count("count", ahead.unsigned_abs());
    }
    Words::of("sync-clock-days").with("today", today).with("theirs", theirs)
}

impl Told for Alarm {
    fn words(&self) -> Words {
        match self {
            Self::LedgerKey | Self::Checkpoint => Words::of("alarm-ledger-key"),
            Self::Shrunk { held, shown } => {
                Words::of("alarm-shrunk").with("held", held).with("shown", shown)
            }
            Self::OtherRoot { .. } | Self::KeyringHistory { .. } => Words::of("alarm-history"),
            Self::Gap { after } => Words::of("alarm-gap").with("after", after),
            Self::Item { .. }
            | Self::Twice { .. }
            | Self::Part { .. }
            | Self::Tape(_)
            | Self::Endless { .. }
            | Self::Redirect
            | Self::Strange { .. } => Words::of("alarm-malformed").with("why", self),
            Self::Keyring(cause) => Words::of("alarm-keyring").why(cause.words()),
            Self::Exhibits { id } => Words::of("alarm-exhibits").with("id", id),
            Self::SplitView { size } => Words::of("alarm-split-view").with("size", size),
            Self::Missing { cursor, part } => {
                Words::of("alarm-missing").with("cursor", cursor).with("part", part)
            }
            Self::Forgotten { cursor, why } => {
                Words::of("alarm-forgotten").with("cursor", cursor).with("why", why)
            }
            Self::Damaged { files } => Words::of("alarm-damaged").with("files", named(files)),
            Self::Withheld { id } => Words::of("alarm-withheld").with("id", id),
        }
    }
}
