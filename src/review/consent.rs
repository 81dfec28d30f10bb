//! What may be done with a testimony now: the newest word of its witness, and never a forced one.
//!
//! Promises: 1. only what is proven to be the witness's changes anything; 2. the newest change of
//! consent counts, in the order of the feed, if it was written after every other change and withdrawal
//! before it there; 3. one that was not, or that is not free, narrows and never widens;
//! 4. whatever continues an account may be used for no more than the account, and for no more than
//! it says itself, if it was asked and until a change of consent speaks for all of it; 5. a withdrawal ends every use at once, free or not, and nothing but a free
//! change of consent that was written after it lets any begin again.
//! Does not: ask for the day (it is a parameter), or destroy anything.

use crate::{
    clock::{Day, Week},
    digest::Digest,
    id::TestimonyId,
    review::thread::{Member, Threads},
    testimony::{Code, Kind, Tri},
};

/// What a witness agreed to, added up.
#[derive(Clone, PartialEq)]
pub struct Agreed {
    /// Codes of list `consent_use` without `keep`; none: keep only.
    pub uses: Vec<Code>,
    /// Ask before every use.
    pub ask_first: bool,
    /// In the witness's words.
    pub conditions: Vec<String>,
}

/// One word of the witness about use.
#[derive(Clone)]
pub struct Version {
    /// The testimony that says it.
    pub id: TestimonyId,
    /// The week in which it came in.
    pub week: Option<Week>,
    /// Digest of the page on which it was given.
    pub page: Digest,
    /// Whether it was free, if it was asked.
    pub freely: Option<Tri>,
    /// Whether it was written after all that stands before it in the feed about use; if not, somebody
    /// held it back or something is missing, and it only narrows.
    pub order: Order,
    /// What was agreed to from then on.
    pub agreed: Agreed,
}

/// How a word about use stands to those before it in the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Its cover leads back to all of them.
    Kept,
    /// Its writer did not know of one of them.
    Broken,
}

/// The witness wants it used no more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Withdrawn {
    /// The testimony that says so.
    pub id: TestimonyId,
    /// The week in which it came in.
    pub week: Option<Week>,
    /// The first day on which it may be ordered to be forgotten; `None`: the week is not known.
    pub destroy_from: Option<Day>,
    /// Whether it was free, if it was asked.
    pub freely: Option<Tri>,
}

/// What may be done with one testimony now.
#[derive(Clone)]
pub struct Standing {
    /// The versions of the consent, the oldest first.
    pub versions: Vec<Version>,
    /// What was agreed to for this testimony, withdrawn or not.
    pub agreed: Agreed,
    /// Set: it may be used for nothing.
    pub withdrawn: Option<Withdrawn>,
}

/// Something may not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MayNot {
    /// The witness took it back.
    #[error("the witness withdrew it ({id}); it may be used for nothing from then on")]
    Withdrawn {
        /// The testimony that says so.
        id: TestimonyId,
    },
    /// The witness did not agree to that.
    #[error("the witness did not agree to the use {what}")]
    NotAgreed {
        /// The use.
        what: String,
    },
    /// It cannot be opened, so nobody knows what was agreed to.
    #[error("the testimony is not proven, so nobody knows what its witness agreed to")]
    Unknown,
}

impl Agreed {
    /// What a testimony says itself.
    fn of(member: &Member) -> Self {
        let Member { consent, may_use, .. } = member;
        let used = consent.uses.iter().filter(|used| *may_use && used.as_str() != KEEP);
        Self {
            uses: used.cloned().collect(),
            ask_first: consent.ask_first,
            conditions: consent.conditions.clone(),
        }
    }

    /// What both agree to.
    fn and(&self, other: &Self) -> Self {
        let uses = self.uses.iter().filter(|used| other.uses.contains(used));
        let more = other.conditions.iter().filter(|more| !self.conditions.contains(more));
        Self {
            uses: uses.cloned().collect(),
            ask_first: self.ask_first || other.ask_first,
            conditions: self.conditions.iter().chain(more).cloned().collect(),
        }
    }
}

impl Standing {
    /// What may be done with a testimony; `None` if it is not proven itself.
    pub(super) fn of(id: TestimonyId, threads: &Threads) -> Option<Self> {
        let own = threads.member(id)?;
        let mut thread = threads.thread(id);
        let first = thread.next().unwrap_or(own);
        let mut standing = Self::first(first);
        // What this one says itself narrows, until a change of consent speaks for all.
        let about_use =
            |member: &Member| matches!(member.kind, Kind::ConsentChange | Kind::Withdrawal);
        let mut heard: Vec<_> = Some(first.id).filter(|_| about_use(first)).into_iter().collect();
        let mut narrowed = None;
        for member in thread {
            let order = Order::of(member, &heard, threads);
            standing.hear(member, order);
            if about_use(member) {
                heard.push(member.id);
            }
            if member.kind == Kind::ConsentChange {
                narrowed = narrowed.map(|agreed| after(&agreed, member, order));
            } else if member.id == id && member.consent.text != NOT_ASKED {
                narrowed = Some(standing.agreed.and(&Agreed::of(member)));
            }
        }
        standing.agreed = narrowed.unwrap_or(standing.agreed);
        Some(standing)
    }

    fn first(member: &Member) -> Self {
        let agreed = Agreed::of(member);
        let versions = vec![Version::of(member, Order::Kept, agreed.clone())];
        let mut standing = Self { versions, agreed, withdrawn: None };
        if member.kind == Kind::Withdrawal {
            standing.hear(member, Order::Kept);
        }
        standing
    }

    fn hear(&mut self, member: &Member, order: Order) {
        let freely = member.pressure.as_ref().map(|pressure| pressure.freely);
        match member.kind {
            Kind::Withdrawal => {
                let from = member.week.map(|w| w.last_day().plus_days(COOLING_OFF_DAYS));
                let (id, week) = (member.id, member.week);
                // The oldest one counts for the time, unless it was taken back.
                self.withdrawn.get_or_insert(Withdrawn { id, week, destroy_from: from, freely });
            }
            Kind::ConsentChange => {
                self.agreed = after(&self.agreed, member, order);
                if freely == Some(Tri::Yes) && order == Order::Kept {
                    self.withdrawn = None;
                }
                self.versions.push(Version::of(member, order, self.agreed.clone()));
            }
            Kind::New | Kind::Supplement | Kind::Correction | Kind::Message => {}
        }
    }

    /// May it be used for `what`, a code of list `consent_use`?
    ///
    /// # Errors
    /// [`MayNot`]: then nothing of it goes out for that.
    pub fn allows(&self, what: &str) -> Result<(), MayNot> {
        if let Some(Withdrawn { id, .. }) = self.withdrawn {
            return Err(MayNot::Withdrawn { id });
        }
        let agreed = self.agreed.uses.iter().any(|used| used.as_str() == what);
        if agreed { Ok(()) } else { Err(MayNot::NotAgreed { what: what.to_owned() }) }
    }
}

impl Order {
    /// Whether a member of a thread came after all of `heard`, as it says itself.
    fn of(member: &Member, heard: &[TestimonyId], threads: &Threads) -> Self {
        let known = threads.known_to(member.id);
        if heard.iter().all(|id| known.contains(id)) { Self::Kept } else { Self::Broken }
    }
}

/// What is agreed to after a change of consent: all that it says, or less if it is not free or came out
/// of its order.
fn after(agreed: &Agreed, change: &Member, order: Order) -> Agreed {
    let freely = change.pressure.as_ref().map(|pressure| pressure.freely);
    let new = Agreed::of(change);
    let narrows = matches!(freely, Some(Tri::No | Tri::Unknown)) || order == Order::Broken;
    if narrows { agreed.and(&new) } else { new }
}

impl Version {
    fn of(member: &Member, order: Order, agreed: Agreed) -> Self {
        let freely = member.pressure.as_ref().map(|pressure| pressure.freely);
        let (id, week, page) = (member.id, member.week, member.consent.text);
        Self { id, week, page, freely, order, agreed }
    }
}

/// Days from the end of the week in which a withdrawal came to the first on which it may be destroyed:
/// it may have been forced.
pub const COOLING_OFF_DAYS: i64 = 14;
/// The digest of the page in what came from one that does not ask for consent.
const NOT_ASKED: Digest = Digest::NONE;
const KEEP: &str = "keep";
