//! Ordering that a testimony be forgotten, objecting to it, and showing what is forgotten.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use crate::{
    clock::Day,
    files::{self, Audience, Existing},
    forget::{
        Authority, ForgetError, MAX_BYTES, Objection, Order, OrderId, Reason, SignedObjection,
        SignedOrder, Votes, done_id,
    },
    id::TestimonyId,
    keyring::{Chain, Role},
    ledger::feed::FeedKind,
    review::{
        consent::{COOLING_OFF_DAYS, Withdrawn},
        feed::{Feed, FeedAlarm},
        session::Session,
    },
};

/// A testimony that is forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// Which one.
    pub id: TestimonyId,
    /// Its place in the feed.
    pub cursor: u64,
    /// The day of the order, as its signers wrote it.
    pub day: Day,
    /// Why.
    pub reason: Reason,
    /// By whose order.
    pub by: Authority,
}

/// An order that waits; until its time is over, any guardian can stop it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Names the order.
    pub order: OrderId,
    /// What it would destroy.
    pub testimony: TestimonyId,
    /// The day of the order.
    pub day: Day,
    /// Why.
    pub reason: Reason,
    /// By whose order.
    pub by: Authority,
}

/// An order after this reader has signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedFile {
    /// What is ordered.
    pub order: Order,
    /// Who has signed so far.
    pub votes: Votes,
    /// Where it lies in the outbox, if enough have signed.
    pub handed_in: Option<PathBuf>,
}

/// Proves every mark of the feed; one that does not hold is a hole, and an alarm.
pub(super) fn prove(feed: &mut Feed, chain: &Chain) -> Vec<Forgotten> {
    let id = |line: &super::feed::FeedLine| (line.item.kind, line.item.id.clone());
    let about: BTreeSet<(FeedKind, String)> = feed.lines.iter().map(id).collect();
    let mut forgotten = Vec::new();
    for (cursor, mark) in &feed.marks {
        let valid = mark.check(chain).ok().filter(|valid| {
            let order = valid.order().id();
            about.contains(&(FeedKind::ForgetOrder, order.to_string()))
                && about.contains(&(FeedKind::ForgetDone, done_id(order).to_string()))
        });
        match valid {
            Some(valid) => {
                let (id, by) = (mark.id, valid.by());
                let Order { day, reason, .. } = *valid.order();
                forgotten.push(Forgotten { id, cursor: *cursor, day, reason, by });
            }
            None => feed.alarms.push(FeedAlarm::Hole { cursor: *cursor }),
        }
    }
    forgotten
}

impl Session {
    /// Orders that wait, as far as their notes are here and count.
    #[must_use]
    pub fn pending(&self) -> Vec<Pending> {
        let epoch = self.chain.current().get().epoch;
        let notes = |kind| self.feed.of(kind).filter_map(|line| self.note(&line.item.id));
        let stopped: BTreeSet<OrderId> = notes(FeedKind::ForgetObjection)
            .filter_map(|note| SignedObjection::parse(&note).ok())
            .map(|signed| signed.objection().order_id())
            .collect();
        let done: BTreeSet<&str> =
            self.feed.of(FeedKind::ForgetDone).map(|line| line.item.id.as_str()).collect();
        let orders = notes(FeedKind::ForgetOrder).filter_map(|n| SignedOrder::parse(&n).ok());
        let valid = orders.filter_map(|signed| signed.check(&self.chain, epoch).ok());
        valid
            .map(|valid| {
                let (by, order) = (valid.by(), valid.order());
                let Order { testimony, day, reason, .. } = *order;
                Pending { order: order.id(), testimony, day, reason, by }
            })
            .filter(|pending| {
                let done_name = done_id(pending.order).to_string();
                !stopped.contains(&pending.order) && !done.contains(done_name.as_str())
            })
            .collect()
    }

    /// Begins an order and signs it; `file` is written, and must not be there.
    ///
    /// # Errors
    /// [`ForgetActError`]; nothing was written then.
    pub fn order_to_forget(
        &self,
        id: TestimonyId,
        (reason, today): (Reason, Day),
        file: &Path,
    ) -> Result<SignedFile, ForgetActError> {
        let order = Order {
            organisation: self.chain.current().get().organisation.clone(),
            testimony: id,
            leaf: self.leaf(id)?,
            reason,
            day: today,
            keyring: self.chain.current_digest(),
        };
        self.sign(SignedOrder::new(order)?, file, Existing::Refuse)
    }

    /// Adds this guardian's signature to the order in `file`, for the testimony that is here.
    ///
    /// # Errors
    /// [`ForgetActError`]; nothing was written then.
    pub fn sign_order(&self, file: &Path) -> Result<SignedFile, ForgetActError> {
        let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
        let signed = SignedOrder::parse(&files::load_text(file, limit)?)?;
        if self.leaf(signed.order().testimony)? != signed.order().leaf {
            return Err(ForgetActError::OtherLeaf);
        }
        self.sign(signed, file, Existing::Replace)
    }

    /// Objects to every order that waits for this testimony; gives how many.
    ///
    /// # Errors
    /// [`ForgetActError`], [`ForgetActError::NothingWaits`] if there is none.
    pub fn object(&self, id: TestimonyId, today: Day) -> Result<usize, ForgetActError> {
        let own = self.guardian()?;
        let mut objections = 0_usize;
        for pending in self.pending().into_iter().filter(|pending| pending.testimony == id) {
            let note = self.note(&pending.order.to_string()).ok_or(ForgetActError::NothingWaits)?;
            let objection = Objection {
                organisation: self.chain.current().get().organisation.clone(),
                order: SignedOrder::parse(&note)?.order().digest(),
                day: today,
                keyring: self.chain.current_digest(),
            };
            let name = objection.id().to_string();
            let signed = SignedObjection::sign(objection, own, &self.keys.signing)?;
            self.hand_in(&name, &signed.to_text())?;
            objections = objections.saturating_add(1);
        }
        if objections == 0 { Err(ForgetActError::NothingWaits) } else { Ok(objections) }
    }

    fn sign(
        &self,
        mut signed: SignedOrder,
        file: &Path,
        existing: Existing,
    ) -> Result<SignedFile, ForgetActError> {
        self.cooled_off(signed.order())?;
        signed.sign_as_guardian(self.guardian()?, &self.keys.signing)?;
        let votes = signed.votes(&self.chain, self.chain.current().get().epoch)?;
        files::save(file, signed.to_text().as_bytes(), Audience::Owner, existing)?;
        let name = signed.order().id().to_string();
        let complete = votes.authority().is_some();
        let handed_in = complete.then(|| self.hand_in(&name, &signed.to_text())).transpose()?;
        Ok(SignedFile { order: signed.order().clone(), votes, handed_in })
    }

    /// A withdrawal may be forced: nothing is destroyed for it before its time.
    fn cooled_off(&self, order: &Order) -> Result<(), ForgetActError> {
        if order.reason != Reason::Withdrawn {
            return Ok(());
        }
        let withdrawn = self.standing(order.testimony).and_then(|standing| standing.withdrawn);
        let Some(Withdrawn { destroy_from, .. }) = withdrawn else { return Ok(()) };
        let from = destroy_from.unwrap_or_else(|| order.day.plus_days(COOLING_OFF_DAYS));
        if order.day < from { Err(ForgetActError::TooEarly { from }) } else { Ok(()) }
    }

    fn hand_in(&self, name: &str, note: &str) -> Result<PathBuf, ForgetActError> {
        let folder = self.workspace.path("outbox/forget");
        files::make_folder(&folder)?;
        let path = folder.join(format!("{name}.note"));
        files::save(&path, note.as_bytes(), Audience::Owner, Existing::Replace)?;
        Ok(path)
    }

    /// This reader's id, if the newest keyring lists them as a guardian with these keys.
    fn guardian(&self) -> Result<crate::id::ReaderId, ForgetActError> {
        let own = self.listed().filter(|reader| reader.role == Role::Guardian);
        own.map(|reader| reader.id).ok_or(ForgetActError::NotAGuardian)
    }

    /// The leaf of a testimony of the feed.
    fn leaf(&self, id: TestimonyId) -> Result<crate::digest::Digest, ForgetActError> {
        let name = id.to_string();
        let line = self.feed.of(FeedKind::Testimony).find(|line| line.item.id == name);
        line.map(|line| line.leaf).ok_or(ForgetActError::NotHere)
    }

    /// The note of an order or objection of the feed, if it is the one that the feed names.
    fn note(&self, id: &str) -> Option<String> {
        let line = self.feed.lines.iter().find(|line| line.item.id == id)?;
        let limit = u64::try_from(MAX_BYTES).ok()?;
        let path = self.workspace.path("forget").join(format!("{id}.note"));
        let note = files::load_plain_text(&path, limit).ok()?;
        (crate::digest::Digest::of(note.as_bytes()) == line.item.content).then_some(note)
    }
}

/// An order or objection could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum ForgetActError {
    /// Only guardians do this.
    #[error("only a guardian of the newest keyring orders or stops this")]
    NotAGuardian,
    /// There is no such testimony here.
    #[error("the testimony is not in this feed, or it is forgotten already")]
    NotHere,
    /// The order is for something else under the same name.
    #[error("the order is for another testimony of that name than the one in this feed")]
    OtherLeaf,
    /// The withdrawal is too young.
    #[error("the withdrawal may be forced: nothing is destroyed for it before {from}")]
    TooEarly {
        /// The first day on which it may be ordered.
        from: Day,
    },
    /// There is nothing to object to.
    #[error("no order waits for this testimony")]
    NothingWaits,
    /// The order does not hold.
    #[error(transparent)]
    Order(#[from] ForgetError),
    /// The file system says no.
    #[error("the order cannot be read or written: {0}")]
    Io(#[from] io::Error),
}
