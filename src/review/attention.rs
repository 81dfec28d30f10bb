//! Looking again and again: how much a reader has not read, and whether somebody should be called.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::{
    attention::Counts,
    casebook::Casebook,
    id::{CaseId, TestimonyId},
    ledger::feed::FeedKind,
    review::{
        feed::{FeedAlarm, FeedLine},
        opening::Content,
        session::Session,
        thread::{Link, Place},
    },
    testimony::{Kind, Taxonomy},
};

/// What is counted and called for. An alarm and what is urgent always are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The last code of list `risk` that is urgent.
    pub urgent: &'static str,
    /// Which of what witnesses send on.
    pub answers: Vec<Kind>,
    /// If any are named: only what is in one of these, or in none.
    pub cases: BTreeSet<CaseId>,
}

/// What earlier looks have seen; in memory only, and nothing of what a witness said.
pub struct Watcher {
    choice: Choice,
    /// Testimonies that were opened and proven, each opened once.
    known: BTreeMap<TestimonyId, Sort>,
    /// What did not wait at an earlier look.
    waiting: Option<BTreeSet<TestimonyId>>,
    alarms: Vec<FeedAlarm>,
}

/// What a testimony is to somebody who has not read it.
struct Sort {
    urgent: bool,
    kind: Kind,
    /// Whose answer it is has to be proven: anybody can say to continue something.
    link: Link,
}

/// Against what a look is compared.
#[derive(Debug, Clone, Copy)]
pub enum Since {
    /// The look before, by the same watcher; nothing if there was none.
    Before,
    /// What another watcher had counted.
    Counted(Counts),
}

impl Watcher {
    /// One that has seen nothing.
    #[must_use]
    pub const fn new(choice: Choice) -> Self {
        Self { choice, known: BTreeMap::new(), waiting: None, alarms: Vec::new() }
    }

    /// Cases that are to be watched and are in no casebook that is here.
    pub fn unknown_cases(&self, session: &Session) -> impl Iterator<Item = CaseId> {
        let cases = &session.book.casebook.cases;
        self.choice.cases.iter().filter(|case| !cases.contains_key(case)).copied()
    }

    /// Looks: how much waits, and how much of it came since.
    pub fn look(&mut self, session: &Session, since: Since) -> (Counts, Counts) {
        self.open_unknown(session);
        let casebook = &session.book.casebook;
        let reader = session.reader();
        let unread =
            |id: &TestimonyId| !casebook.opened.get(id).is_some_and(|by| by.contains_key(&reader));
        let here: BTreeSet<TestimonyId> =
            session.ids().filter(|id| unread(id) && self.is_chosen(*id, casebook)).collect();
        let alarms = session.alarms();
        let waiting = self.count(here.iter(), alarms.len());
        let came = match (since, &self.waiting) {
            (Since::Counted(before), _) => more(&waiting, &before),
            (Since::Before, before) => {
                let new = |id: &&TestimonyId| !before.as_ref().is_some_and(|b| b.contains(*id));
                let new_alarms = alarms.iter().filter(|alarm| !self.alarms.contains(alarm));
                self.count(here.iter().filter(new), new_alarms.count())
            }
        };
        (self.waiting, self.alarms) = (Some(here), alarms);
        (waiting, came)
    }

    /// Opens what no look has opened; what is not proven yet is tried again at the next.
    fn open_unknown(&mut self, session: &Session) {
        let lines: Vec<&FeedLine> = session.feed.of(FeedKind::Testimony).collect();
        let (opener, known) = (session.opener(), &self.known);
        let unknown = lines.par_iter().filter(|line| {
            line.item.id.parse().is_ok_and(|id: TestimonyId| !known.contains_key(&id))
        });
        let seen = unknown.filter_map(|line| opener.open(line)).inspect(|o| session.watch(o));
        let least = self.choice.urgent;
        let sorted =
            seen.filter_map(|o| Some((o.id, Sort::of(o.id, o.content.as_ref().ok()?, least))));
        let sorted: Vec<(TestimonyId, Sort)> = sorted.collect();
        self.known.extend(sorted);
    }

    fn count<'i>(&self, ids: impl Iterator<Item = &'i TestimonyId>, alarms: usize) -> Counts {
        let alarms = u64::try_from(alarms).unwrap_or(u64::MAX);
        let mut counts = Counts { alarms, ..Counts::default() };
        for sort in ids.filter_map(|id| self.known.get(id)) {
            let kind = if self.is_answer(sort) { &mut counts.answers } else { &mut counts.new };
            *kind = kind.saturating_add(1);
            counts.urgent = counts.urgent.saturating_add(u64::from(sort.urgent));
        }
        counts
    }

    /// Whether it is known, and to be counted.
    fn is_chosen(&self, id: TestimonyId, casebook: &Casebook) -> bool {
        let Some(sort) = self.known.get(&id) else { return false };
        if sort.urgent {
            return true;
        }
        let first = self.answers(sort);
        if first.is_some() && !self.choice.answers.contains(&sort.kind) {
            return false;
        }
        let of = |id| casebook.cases_of(id).map(|(case, _)| case);
        let cases: BTreeSet<CaseId> = of(id).chain(first.into_iter().flat_map(of)).collect();
        // What nobody has put anywhere yet is everybody's.
        let chosen = &self.choice.cases;
        chosen.is_empty() || cases.is_empty() || !cases.is_disjoint(chosen)
    }

    fn is_answer(&self, sort: &Sort) -> bool {
        self.answers(sort).is_some()
    }

    /// The first testimony of its thread, if the same witness is proven to have sent both.
    fn answers(&self, sort: &Sort) -> Option<TestimonyId> {
        match sort.link.place(|id| self.known.get(&id).map(|sort| &sort.link)) {
            Place::Continues { first } => Some(first),
            Place::First | Place::NotProven { .. } => None,
        }
    }
}

impl Sort {
    fn of(id: TestimonyId, content: &Content, least_urgent: &str) -> Self {
        let taxonomy = Taxonomy::embedded();
        let urgency = taxonomy.urgency(content.account.triage.risk.as_str());
        Self {
            urgent: urgency <= taxonomy.urgency(least_urgent),
            kind: content.cover.cover().kind,
            link: Link::of(id, content.cover.cover()),
        }
    }
}

/// How much more there is now than before, kind by kind.
fn more(now: &Counts, before: &Counts) -> Counts {
    Counts {
        urgent: now.urgent.saturating_sub(before.urgent),
        new: now.new.saturating_sub(before.new),
        answers: now.answers.saturating_sub(before.answers),
        alarms: now.alarms.saturating_sub(before.alarms),
    }
}
