//! What a witness sent one after the other: a first testimony and what continues it.
//!
//! Promises: 1. a continuation belongs to a thread only if its cover is signed by the witness key that
//! stands in the opened cover of the testimony that it names; 2. anything else is not proven, says
//! why, and changes nothing; 3. the same testimony counts once, at its first place in the feed.
//! Does not: show anything, or decide what may be used (`consent` does).

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    clock::Week,
    digest::Digest,
    id::TestimonyId,
    review::opening::Opened,
    sealed::Cover,
    testimony::{Consent, Kind, Pressure},
};

/// What of one testimony its thread needs to know.
#[derive(Clone)]
pub struct Member {
    /// Its id.
    pub id: TestimonyId,
    /// Its place in the feed.
    pub cursor: u64,
    /// Its leaf in the feed tree.
    pub leaf: Digest,
    /// The week in which it came in.
    pub week: Option<Week>,
    /// What it is, as the cover says.
    pub kind: Kind,
    /// What it says may be done.
    pub consent: Consent,
    /// False: keep only, whatever else is ticked.
    pub may_use: bool,
    /// Whether it was free, if it was asked.
    pub pressure: Option<Pressure>,
    link: Link,
}

/// What a continuation is proven by, and nothing of what its witness said.
#[derive(Clone)]
pub(super) struct Link {
    id: TestimonyId,
    continues: Option<TestimonyId>,
    /// What its witness had sent directly before, as its cover says.
    after: Option<TestimonyId>,
    /// The witness key of its cover, and whether it signed this cover.
    witness: String,
    signed: bool,
}

/// Why something that says to continue a testimony is not taken for its witness's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// What it continues is not here, or cannot be opened.
    #[error("the testimony that it says to continue is not here or cannot be opened")]
    NothingToContinue,
    /// It carries no signature, or one that does not fit.
    #[error("it is not signed by the receipt that it says to have")]
    NotSigned,
    /// It is signed with the receipt of somebody else.
    #[error("it is signed by another receipt than that of the testimony that it says to continue")]
    OtherWitness,
}

/// Where a testimony stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is the first of its thread.
    First,
    /// Its witness continued `first` with it.
    Continues {
        /// The first testimony of the thread.
        first: TestimonyId,
    },
    /// It says to continue `named`, and that is not proven.
    NotProven {
        /// What it names.
        named: TestimonyId,
        /// Why not.
        why: NotProven,
    },
}

/// All threads of a feed.
#[derive(Default)]
pub struct Threads {
    members: BTreeMap<TestimonyId, Member>,
    places: BTreeMap<TestimonyId, Place>,
    /// The first of the thread of each.
    firsts: BTreeMap<TestimonyId, TestimonyId>,
    /// The members of each thread in the order of the feed, by its first.
    of: BTreeMap<TestimonyId, Vec<TestimonyId>>,
}

impl Member {
    /// What the thread needs of a testimony; `None` if it is not proven itself.
    pub(super) fn of(opened: &Opened) -> Option<Self> {
        let content = opened.content.as_ref().ok()?;
        let (cover, account) = (content.cover.cover(), &content.account);
        Some(Self {
            id: opened.id,
            cursor: opened.cursor,
            leaf: opened.leaf,
            week: opened.week,
            kind: cover.kind,
            consent: account.consent.clone(),
            may_use: account.triage.may_use,
            pressure: account.pressure.clone(),
            link: Link::of(opened.id, cover),
        })
    }
}

impl Link {
    pub(super) fn of(id: TestimonyId, cover: &Cover) -> Self {
        let own = cover.witness_key().filter(|_| cover.continues.is_some());
        Self {
            id,
            continues: cover.continues,
            after: cover.after.or(cover.continues),
            witness: cover.witness.clone(),
            signed: own.is_some_and(|key| cover.is_signed_by(&key)),
        }
    }

    /// Follows what it continues to the first; every step is proven by itself.
    pub(super) fn place<'l>(&self, of: impl Fn(TestimonyId) -> Option<&'l Self>) -> Place {
        let Some(named) = self.continues else { return Place::First };
        let not = |why| Place::NotProven { named, why };
        if !self.signed {
            return not(NotProven::NotSigned);
        }
        let (mut first, mut seen) = (named, BTreeSet::from([self.id]));
        loop {
            let Some(earlier) = of(first).filter(|_| seen.insert(first)) else {
                return not(NotProven::NothingToContinue);
            };
            if earlier.witness != self.witness {
                return not(NotProven::OtherWitness);
            }
            match earlier.continues {
                None => return Place::Continues { first },
                Some(_) if !earlier.signed => return not(NotProven::NothingToContinue),
                Some(before) => first = before,
            }
        }
    }
}

impl Threads {
    /// Finds out what belongs together; members may come in any order.
    pub(super) fn of(members: impl IntoIterator<Item = Member>) -> Self {
        let mut threads = Self::default();
        for member in members {
            let earlier = threads.members.get(&member.id);
            if earlier.is_none_or(|earlier| member.cursor < earlier.cursor) {
                threads.members.insert(member.id, member);
            }
        }
        for member in threads.members.values() {
            let place = member.link.place(|id| threads.members.get(&id).map(|of| &of.link));
            threads.places.insert(member.id, place);
        }
        threads.gather();
        threads
    }

    /// Puts members of one thread together, in the order of the feed.
    ///
    /// What its witness signed to continue something that is gone stays together too: a withdrawal
    /// among it holds for the rest, also when the first testimony is forgotten.
    fn gather(&mut self) {
        let mut ordered: Vec<&Member> = self.members.values().collect();
        ordered.sort_by_key(|member| member.cursor);
        let mut orphans: BTreeMap<(TestimonyId, &str), TestimonyId> = BTreeMap::new();
        for member in ordered {
            let first = match self.place(member.id) {
                Place::Continues { first } => first,
                Place::NotProven { named, why: NotProven::NothingToContinue } => {
                    let names = (named, member.link.witness.as_str());
                    *orphans.entry(names).or_insert(member.id)
                }
                Place::First | Place::NotProven { .. } => member.id,
            };
            self.firsts.insert(member.id, first);
            self.of.entry(first).or_default().push(member.id);
        }
    }

    /// Where a testimony stands; one that cannot be opened is a first of its own.
    #[must_use]
    pub fn place(&self, id: TestimonyId) -> Place {
        self.places.get(&id).copied().unwrap_or(Place::First)
    }

    /// The first testimony that is here of the thread of this one: often itself.
    #[must_use]
    pub fn first_of(&self, id: TestimonyId) -> TestimonyId {
        self.firsts.get(&id).copied().unwrap_or(id)
    }

    /// The testimonies of the thread that this one is in, in the order of the feed.
    pub fn thread(&self, id: TestimonyId) -> impl Iterator<Item = &Member> {
        let ids = self.of.get(&self.first_of(id)).into_iter().flatten();
        ids.filter_map(|id| self.members.get(id))
    }

    /// What of its own thread a testimony came after: each cover names the one directly before.
    ///
    /// What is missing here was not known to its writer, or something in between is gone; a server
    /// that held it back cannot make it know what came meanwhile.
    pub(super) fn known_to(&self, id: TestimonyId) -> BTreeSet<TestimonyId> {
        let (first, mut known, mut from) = (self.first_of(id), BTreeSet::new(), id);
        while let Some(before) = self.members.get(&from).and_then(|member| member.link.after) {
            if self.first_of(before) != first || !known.insert(before) {
                break;
            }
            from = before;
        }
        known
    }

    /// What says to continue a testimony of this thread, and is not proven to.
    pub fn strangers(&self, id: TestimonyId) -> impl Iterator<Item = (&Member, NotProven)> {
        let first = self.first_of(id);
        let of_it = move |named| named == first || self.first_of(named) == first;
        self.members.values().filter_map(move |member| match self.place(member.id) {
            Place::NotProven { named, why } if of_it(named) => Some((member, why)),
            Place::First | Place::Continues { .. } | Place::NotProven { .. } => None,
        })
    }

    /// One testimony, if it can be opened.
    #[must_use]
    pub fn member(&self, id: TestimonyId) -> Option<&Member> {
        self.members.get(&id)
    }

    /// The first testimonies of all threads.
    pub fn firsts(&self) -> impl Iterator<Item = TestimonyId> {
        self.of.keys().copied()
    }
}
