//! Orders to forget, as they are held: proved by their signatures, and obeyed after their time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
};

use super::{
    Alarm, Report, SyncError,
    error::at,
    feed::{Feed, Line, Thing},
    workspace::Workspace,
};
use crate::{
    clock::Day,
    files,
    forget::{self, Mark, OrderId, SignedObjection, SignedOrder, WAIT_DAYS, done_id, is_over},
    id::{Id, TestimonyId},
    keyring::Chain,
    ledger::feed::{FeedItem, FeedKind},
};

/// What is known of orders while pages arrive.
pub(super) struct Forgetting<'c> {
    chain: &'c Chain,
    /// The newest epoch of the feed so far.
    epoch: u32,
    orders: BTreeMap<OrderId, SignedOrder>,
    stopped: BTreeSet<OrderId>,
}

impl<'c> Forgetting<'c> {
    /// Before anything has come.
    pub(super) const fn nothing(chain: &'c Chain) -> Self {
        Self { chain, epoch: 0, orders: BTreeMap::new(), stopped: BTreeSet::new() }
    }

    /// What the workspace holds.
    pub(super) fn load(workspace: &Workspace, chain: &'c Chain) -> Result<Self, SyncError> {
        let mut all = Self { epoch: workspace.feed().epoch(), ..Self::nothing(chain) };
        let folder = workspace.path("forget");
        let listed = match fs::read_dir(&folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(all),
            listed => at(&folder, listed.and_then(Iterator::collect::<io::Result<Vec<_>>>))?,
        };
        let limit = u64::try_from(forget::MAX_BYTES).unwrap_or(u64::MAX);
        for file in listed {
            let path = file.path();
            let Ok(note) = files::load_plain_text(&path, limit) else { continue };
            if let Ok(signed) = SignedOrder::parse(&note) {
                let id = signed.order().id();
                // A page that was cut may have left a note whose line never came.
                if workspace.feed().has(id.as_bytes()) {
                    all.orders.insert(id, signed);
                }
            } else if let Ok(signed) = SignedObjection::parse(&note)
                && workspace.feed().has(signed.objection().id().as_bytes())
            {
                all.stopped.insert(signed.objection().order_id());
            }
        }
        Ok(all)
    }

    /// Takes an order or an objection in, if it counts under the keyring of its time.
    pub(super) fn note(&mut self, cursor: u64, item: &FeedItem, note: &[u8]) -> Result<(), Alarm> {
        let wrong = |why| Alarm::Forgotten { cursor, why };
        let note = str::from_utf8(note).map_err(|_| Alarm::Item { cursor })?;
        self.advance(cursor, item.epoch)?;
        if item.kind == FeedKind::ForgetOrder {
            let signed = SignedOrder::parse(note).map_err(|_| Alarm::Item { cursor })?;
            let valid = signed.check(self.chain, item.epoch);
            if valid.is_err() || signed.order().id().to_string() != item.id {
                return Err(wrong("the order is not signed by those who may give one"));
            }
            self.orders.insert(signed.order().id(), signed);
            return Ok(());
        }
        let signed = SignedObjection::parse(note).map_err(|_| Alarm::Item { cursor })?;
        let objection = signed.check(self.chain, item.epoch);
        let objection = objection.map_err(|_| wrong("the objection is not a guardian's"))?;
        if objection.id().to_string() != item.id {
            return Err(Alarm::Item { cursor });
        }
        self.stopped.insert(objection.order_id());
        Ok(())
    }

    /// Checks that what the desk says it carried out was ordered, and not stopped.
    pub(super) fn done(&mut self, cursor: u64, item: &FeedItem) -> Result<(), Alarm> {
        let wrong = |why| Err(Alarm::Forgotten { cursor, why });
        self.advance(cursor, item.epoch)?;
        let found = self.orders.iter().find(|(id, _)| done_id(**id).to_string() == item.id);
        let Some((id, signed)) = found else { return wrong("nobody ordered it") };
        if signed.order().digest() != item.content {
            return wrong("nobody ordered it");
        }
        if self.stopped.contains(id) {
            return wrong("a guardian had objected");
        }
        if signed.check(self.chain, item.epoch).is_err() {
            return wrong("those who ordered it are no guardians any more");
        }
        Ok(())
    }

    /// The line of a testimony that was forgotten before it came here.
    pub(super) fn mark(&self, cursor: u64, mark: &Mark) -> Result<Line, Alarm> {
        if mark.check(self.chain).is_err() {
            let why = "its order is not signed by those who may give one";
            return Err(Alarm::Forgotten { cursor, why });
        }
        let item = serde_json::to_value(mark).map_err(|_| Alarm::Item { cursor })?;
        Ok(Line { cursor, leaf: mark.leaf, item })
    }

    /// An event about forgetting never belongs to an older keyring than those before it: who was
    /// dropped orders nothing any more.
    fn advance(&mut self, cursor: u64, epoch: u32) -> Result<(), Alarm> {
        if epoch < self.epoch {
            return Err(Alarm::Forgotten { cursor, why: "it names an older keyring" });
        }
        self.epoch = epoch;
        Ok(())
    }
}

/// A testimony that is gone was ordered to be, and the order stands in the feed for all to see.
pub(super) fn every_mark_has_its_order(feed: &Feed) -> Result<(), Alarm> {
    for (_, thing) in feed.things() {
        let Thing::Forgotten { cursor, order } = *thing else { continue };
        let done = feed.thing(done_id(order).as_bytes());
        if !feed.has(order.as_bytes()) || !matches!(done, Some(Thing::Done { .. })) {
            return Err(Alarm::Forgotten { cursor, why: "the feed does not show the order" });
        }
    }
    Ok(())
}

/// Drops what was forgotten, and gives what the desk has dropped before its time is over here.
///
/// Files go first, then the line of the feed: a crash in between does it again.
pub(super) fn drop_forgotten(
    workspace: &mut Workspace,
    chain: &Chain,
    today: Day,
    report: &mut Report,
) -> Result<BTreeSet<TestimonyId>, SyncError> {
    let held = Forgetting::load(workspace, chain)?;
    let (mut early, mut marks) = (BTreeSet::new(), BTreeMap::new());
    for (id, signed) in &held.orders {
        let order = signed.order();
        let done = workspace.feed().thing(done_id(*id).as_bytes());
        let there = workspace.feed().thing(order.testimony.as_bytes());
        let (Some(Thing::Done { epoch }), Some(Thing::Testimony { cursor, .. })) = (done, there)
        else {
            continue;
        };
        // SECURITY(T8): a desk in haste destroys its own copy only; what is here waits for the day.
        if !is_over(order.day, today, WAIT_DAYS) {
            early.insert(order.testimony);
            continue;
        }
        remove(workspace, order.testimony)?;
        marks.insert(cursor, Mark::of(signed, epoch));
    }
    if !marks.is_empty() {
        workspace.feed_mut().put_marks(&marks)?;
        report.forgotten =
            report.forgotten.saturating_add(u64::try_from(marks.len()).unwrap_or(u64::MAX));
    }
    Ok(early)
}

fn remove(workspace: &Workspace, testimony: TestimonyId) -> Result<(), SyncError> {
    let folder = workspace.testimony(Id::from_bytes(*testimony.as_bytes()));
    match fs::remove_dir_all(&folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(SyncError::File { path: folder, cause }),
        Ok(()) => at(&folder, files::sync_folder(&workspace.path("testimonies"))),
    }
}
