//! What the casebook must say: acts in the order of the feed, no keys and no bytes.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Model, Part, What, Who};

/// One act of a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Open { case: u8, title: u32 },
    Link { case: u8, testimony: What },
    Unlink { case: u8, testimony: What },
    Tag { testimony: What },
    Untag { testimony: What },
    Remark { testimony: What, text: u32 },
}

/// An act that is in the feed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) by: Who,
    pub(crate) act: Act,
    /// What it is sealed to.
    pub(crate) key: What,
    /// The newest epoch when it came.
    pub(crate) in_epoch: usize,
    pub(crate) cursor: u64,
}

/// What acts add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Book {
    /// Who opened a case, under which title; the first one counts.
    pub(crate) cases: BTreeMap<u8, (Who, u32)>,
    pub(crate) links: BTreeSet<(u8, What)>,
    /// Who put the tag on it.
    pub(crate) tags: BTreeMap<What, Who>,
    pub(crate) remarks: BTreeMap<What, Vec<(Who, u32)>>,
}

impl Book {
    fn add(&mut self, by: Who, act: Act) {
        match act {
            Act::Open { case, title } => {
                self.cases.entry(case).or_insert((by, title));
            }
            Act::Link { case, testimony } => {
                self.links.insert((case, testimony));
            }
            Act::Unlink { case, testimony } => {
                self.links.remove(&(case, testimony));
            }
            Act::Tag { testimony } => {
                self.tags.entry(testimony).or_insert(by);
            }
            Act::Untag { testimony } => {
                self.tags.remove(&testimony);
            }
            Act::Remark { testimony, text } => {
                self.remarks.entry(testimony).or_default().push((by, text));
            }
        }
    }
}

impl Model {
    /// The casebook of somebody who has the feed up to `cursor`: what others said, as far as it opens and
    /// nothing that they said before is lacking; then what they said themselves and do not find there.
    pub(crate) fn book(&self, reader: Who, cursor: u64) -> Book {
        let (mut book, mut stopped) = (Book::default(), BTreeSet::new());
        let (here, later): (Vec<&Said>, Vec<&Said>) =
            self.said.iter().partition(|said| said.cursor <= cursor);
        let own = later.into_iter().filter(|said| said.by == reader);
        for Said { by, act, key, .. } in here.into_iter().chain(own) {
            if !self.copied.contains(&(*key, Part::Book, reader)) {
                stopped.insert(*by);
            }
            if !stopped.contains(by) {
                book.add(*by, *act);
            }
        }
        for act in self.waiting.get(&reader).into_iter().flatten() {
            book.add(reader, *act);
        }
        book
    }
}
