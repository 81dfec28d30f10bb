//! What the proven entries add up to.

use std::collections::BTreeMap;

use crate::{
    casebook::{
        entry::Entry,
        op::{Op, Tag, TargetId},
        prove::{Cause, Fault, Found, Position, Proven, Roster, fault, prove},
    },
    clock::Day,
    digest::Digest,
    id::{CaseId, ReaderId, ReplyId, TestimonyId},
    reply::{Places, SignedReply},
};

/// Everything the readers have said so far, as far as it is proven.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Casebook {
    /// All cases, and what is in them.
    pub cases: BTreeMap<CaseId, Case>,
    /// Tags that are on something now.
    pub tags: BTreeMap<TargetId, BTreeMap<Tag, Mark>>,
    /// Remarks in the order of the feed.
    pub remarks: BTreeMap<TargetId, Vec<Remark>>,
    /// Who has opened which testimony, and when first.
    pub opened: BTreeMap<TestimonyId, BTreeMap<ReaderId, Mark>>,
    /// Replies to witnesses in the order of the feed, by the testimony that they answer.
    pub replies: BTreeMap<TestimonyId, Vec<Written>>,
    /// The feeds that readers say they have, in the order of the feed.
    pub views: Vec<View>,
    /// What is not proven, and why.
    pub faults: Vec<Fault>,
    /// Proven entries of a newer version: kept, not read.
    pub unknown: usize,
    /// Proven entries in all.
    pub entries: usize,
}

/// A folder of reviewers.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Case {
    /// Its title and who opened it; `None` if the entry that did is not proven.
    pub opened: Option<(String, Mark)>,
    /// The testimonies in it.
    pub testimonies: BTreeMap<TestimonyId, Link>,
}

/// Who did something, and on which day by their own word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The reader who signed.
    pub by: ReaderId,
    /// The claimed day.
    pub day: Day,
}

/// Why a testimony is in a case.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// Who put it there.
    pub mark: Mark,
    /// Their reason, if they gave one.
    pub note: Option<String>,
}

/// A reply that its author released.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    /// Who signed it, and when by their own word.
    pub mark: Mark,
    /// The reply; whether it is for this witness is still to be checked under the cover.
    pub signed: SignedReply,
    /// Who released it again.
    pub again: Vec<Mark>,
}

/// The feed as one reader has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Where it was said.
    pub position: Position,
    /// The reader who signed.
    pub by: ReaderId,
    /// Events.
    pub size: u64,
    /// The root over them.
    pub root: Digest,
    /// The server's signed checkpoint, as the reader has it; still to be checked.
    pub note: Option<String>,
}

/// Words of a reader about something.
#[derive(Clone, PartialEq, Eq)]
pub struct Remark {
    /// Who wrote them.
    pub mark: Mark,
    /// The words.
    pub text: String,
}

impl Casebook {
    /// Proves what was found and adds it up.
    #[must_use]
    pub fn fold(found: Vec<Found>, roster: &Roster) -> (Self, Vec<Proven>) {
        let (proven, faults) = prove(found, roster);
        let mut casebook = Self { faults, entries: proven.len(), ..Self::default() };
        let mut places = Places::default();
        for Proven { position, entry } in &proven {
            match casebook.add(*position, entry, &mut places) {
                Ok(()) => {}
                Err(cause) => casebook.faults.push(fault(*position, entry, cause)),
            }
        }
        (casebook, proven)
    }

    /// The cases that a testimony is in.
    pub fn cases_of(&self, testimony: TestimonyId) -> impl Iterator<Item = (CaseId, &Case)> {
        self.cases
            .iter()
            .filter(move |(_, case)| case.testimonies.contains_key(&testimony))
            .map(|(id, case)| (*id, case))
    }

    fn add(&mut self, position: Position, entry: &Entry, places: &mut Places) -> Result<(), Cause> {
        let mark = Mark { by: entry.by, day: entry.day };
        match Op::parse(&entry.body) {
            None => self.unknown = self.unknown.saturating_add(1),
            Some(Op::OpenCase { case, title }) => {
                let case = self.cases.entry(case).or_default();
                if case.opened.is_some() {
                    return Err(Cause::CaseAlreadyOpen);
                }
                case.opened = Some((title, mark));
            }
            Some(Op::LinkTestimony { case, testimony, note }) => {
                let links = &mut self.cases.entry(case).or_default().testimonies;
                links.entry(testimony).or_insert(Link { mark, note });
            }
            Some(Op::UnlinkTestimony { case, testimony, why: _ }) => {
                if let Some(case) = self.cases.get_mut(&case) {
                    case.testimonies.remove(&testimony);
                }
            }
            Some(Op::Tag { target, code, remove }) => {
                let tags = self.tags.entry(target).or_default();
                if remove {
                    tags.remove(&code);
                } else {
                    tags.entry(code).or_insert(mark);
                }
            }
            Some(Op::Remark { target, text }) => {
                self.remarks.entry(target).or_default().push(Remark { mark, text });
            }
            Some(Op::Opened { testimony }) => {
                self.opened.entry(testimony).or_default().entry(mark.by).or_insert(mark);
            }
            Some(Op::Checkpoint { size, root, note }) => {
                self.views.push(View { position, by: entry.by, size, root, note });
            }
            Some(Op::Reply { testimony, note }) => {
                let signed = SignedReply::parse(&note).map_err(|_| Cause::NotItsAuthor)?;
                if signed.reply().by != mark.by {
                    return Err(Cause::NotItsAuthor);
                }
                places.take(signed.reply()).map_err(|_| Cause::ReplyRepeated)?;
                let replies = self.replies.entry(testimony).or_default();
                replies.push(Written { mark, signed, again: Vec::new() });
            }
            Some(Op::ReplyAgain { testimony, reply }) => {
                self.released_again(testimony, reply, mark);
            }
        }
        Ok(())
    }

    fn released_again(&mut self, testimony: TestimonyId, reply: ReplyId, mark: Mark) {
        let mut of_it = self.replies.get_mut(&testimony).into_iter().flatten();
        if let Some(written) = of_it.find(|written| written.signed.id() == reply) {
            written.again.push(mark);
        }
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]
mod tests {
    use ed25519_dalek::SigningKey;
    use proptest::prelude::*;
    use rand::seq::SliceRandom as _;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

    use super::*;
    use crate::{
        casebook::entry::{Draft, Head, Signer},
        digest::Digest,
    };

    const READERS: u8 = 3;

    fn reader(n: u8) -> (ReaderId, SigningKey) {
        (ReaderId::from_bytes([n; 16]), SigningKey::from_bytes(&[n; 32]))
    }

    fn roster() -> Roster {
        let readers = (0..READERS).map(|n| (reader(n).0, reader(n).1.verifying_key()));
        Roster::for_tests("Example", Digest::of(b"keyring"), readers.collect())
    }

    fn act(n: u8) -> Op {
        let case = CaseId::from_bytes([n % 2; 16]);
        let testimony = TestimonyId::from_bytes([n % 3; 16]);
        let target = TargetId::from_bytes([n % 3; 16]);
        match n % 6 {
            0 => Op::OpenCase { case, title: format!("case {n}") },
            1 => Op::LinkTestimony { case, testimony, note: None },
            2 => Op::UnlinkTestimony { case, testimony, why: "why".into() },
            3 => Op::Tag { target, code: Tag::parse("torture").unwrap(), remove: n % 4 == 3 },
            4 => Op::Remark { target, text: format!("remark {n}") },
            _ => Op::Opened { testimony },
        }
    }

    fn feed(acts: &[(u8, u8)]) -> Vec<Entry> {
        signed(acts.iter().map(|&(who, what)| (who, act(what))))
    }

    fn written(acts: &[Op]) -> Vec<Entry> {
        signed(acts.iter().map(|op| (0, op.clone())))
    }

    /// Entries of several readers in the order in which the feed got them.
    fn signed(acts: impl Iterator<Item = (u8, Op)>) -> Vec<Entry> {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let mut heads = [Head::default(); 3];
        let mut entries = Vec::new();
        for (who, op) in acts {
            let (by, key) = reader(who % READERS);
            let head = &mut heads[usize::from(who % READERS)];
            let signer =
                Signer { organisation: "Example", keyring: Digest::of(b"keyring"), by, key: &key };
            let draft = Draft { op: &op, after: *head, day: "2026-11-22".parse().unwrap() };
            let entry = Entry::sign(&signer, &draft, &mut rng).unwrap();
            *head = entry.head();
            entries.push(entry);
        }
        entries
    }

    fn found(entries: &[Entry]) -> Vec<Found> {
        let place = |(n, entry): (usize, &Entry)| Found {
            position: Position::Feed(u64::try_from(n).unwrap() + 1),
            epoch: 1,
            entry: Ok(entry.clone()),
        };
        entries.iter().enumerate().map(place).collect()
    }

    fn fold(found: Vec<Found>) -> Casebook {
        Casebook::fold(found, &roster()).0
    }

    #[test]
    fn what_was_put_in_and_on_and_taken_out_and_off_is_gone() {
        let (case, testimony) = (CaseId::from_bytes([1; 16]), TestimonyId::from_bytes([2; 16]));
        let target = TargetId::from_bytes([2; 16]);
        let tag = |remove| Op::Tag { target, code: Tag::parse("torture").unwrap(), remove };
        let link = Op::LinkTestimony { case, testimony, note: Some("same day".into()) };
        let acts = [Op::OpenCase { case, title: "Дело".into() }, link, tag(false)];
        let book = fold(found(&written(&acts)));
        assert_eq!(book.cases_of(testimony).count(), 1);
        assert_eq!(book.tags[&target].len(), 1);
        let unlink = Op::UnlinkTestimony { case, testimony, why: "another".into() };
        let acts: Vec<_> = acts.into_iter().chain([unlink, tag(true)]).collect();
        let book = fold(found(&written(&acts)));
        assert_eq!(book.cases_of(testimony).count(), 0);
        assert!(book.tags[&target].is_empty() && book.faults.is_empty());
        assert_eq!(book.cases[&case].opened.as_ref().unwrap().0, "Дело");
    }

    #[test]
    fn a_case_is_opened_once_and_by_the_first() {
        let book = fold(found(&feed(&[(0, 0), (1, 6), (2, 12)])));
        let case = &book.cases[&CaseId::from_bytes([0; 16])];
        assert_eq!(case.opened.as_ref().unwrap().1.by, reader(0).0);
        let causes: Vec<_> = book.faults.iter().map(|f| f.cause.clone()).collect();
        assert_eq!(causes, [Cause::CaseAlreadyOpen, Cause::CaseAlreadyOpen]);
    }

    proptest! {
        #[test]
        fn two_readers_with_the_same_feed_have_the_same_casebook(
            acts in prop::collection::vec((0..READERS, any::<u8>()), 0..40),
            seed: u64,
        ) {
            let entries = feed(&acts);
            let mut shuffled = found(&entries);
            shuffled.shuffle(&mut ChaCha20Rng::seed_from_u64(seed));
            let (one, two) = (fold(found(&entries)), fold(shuffled));
            prop_assert_eq!(one.entries, acts.len());
            prop_assert!(one == two);
        }

        #[test]
        fn an_entry_that_arrives_before_the_one_it_builds_on_still_counts(
            acts in prop::collection::vec((0..READERS, any::<u8>()), 0..20),
            swap: prop::sample::Index,
        ) {
            let entries = feed(&acts);
            let mut places = found(&entries);
            if let Some(last) = places.len().checked_sub(1).filter(|last| *last > 0) {
                let n = swap.index(last);
                let (a, b) = (places[n].position, places[n + 1].position);
                places[n].position = b;
                places[n + 1].position = a;
            }
            let book = fold(places);
            prop_assert!(book.faults.iter().all(|f| f.cause == Cause::CaseAlreadyOpen));
            prop_assert_eq!(book.entries, acts.len());
        }

        #[test]
        fn what_is_missing_stops_its_own_reader_only(
            acts in prop::collection::vec((0..READERS, any::<u8>()), 1..30),
            lost: prop::sample::Index,
        ) {
            let entries = feed(&acts);
            let lost = lost.index(entries.len());
            let gone = &entries[lost];
            let mut places = found(&entries);
            places.remove(lost);
            let (book, proven) = Casebook::fold(places, &roster());
            let counts = |e: &&Entry| e.by != gone.by || e.seq < gone.seq;
            prop_assert_eq!(proven.len(), entries.iter().filter(counts).count());
            let gaps = book.faults.iter().filter(|f| f.cause == Cause::Gap { missing: gone.seq });
            prop_assert_eq!(gaps.count(), entries.len() - 1 - proven.len());
        }
    }
}
