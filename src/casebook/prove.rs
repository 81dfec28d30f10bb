//! Which entries are proven: signature, organisation, keyring, and one unbroken chain per reader.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use ed25519_dalek::VerifyingKey;

use crate::{
    casebook::entry::{Entry, EntryError, Head},
    digest::Digest,
    id::ReaderId,
    keyring::Chain,
};

/// Who was a reader under which keyring, and with which signing key.
pub struct Roster {
    organisation: String,
    keyrings: BTreeMap<Digest, (u32, BTreeMap<ReaderId, VerifyingKey>)>,
}

impl Roster {
    /// The readers of every epoch of a verified chain.
    #[must_use]
    pub fn of(chain: &Chain) -> Self {
        let organisation = chain.current().get().organisation.clone();
        let mut keyrings = BTreeMap::new();
        for note in chain.notes() {
            let digest = Digest::of(note.as_bytes());
            if let Some(keyring) = chain.by_digest(&digest) {
                let readers = keyring.get().readers.iter().map(|r| (r.id, r.signing)).collect();
                keyrings.insert(digest, (keyring.get().epoch, readers));
            }
        }
        Self { organisation, keyrings }
    }

    /// Adds a keyring of the next epoch.
    #[cfg(test)]
    pub(super) fn and_then(
        mut self,
        keyring: Digest,
        readers: BTreeMap<ReaderId, VerifyingKey>,
    ) -> Self {
        let epoch = u32::try_from(self.keyrings.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.keyrings.insert(keyring, (epoch, readers));
        self
    }

    #[cfg(test)]
    pub(super) fn for_tests(
        organisation: &str,
        keyring: Digest,
        readers: BTreeMap<ReaderId, VerifyingKey>,
    ) -> Self {
        let keyrings = BTreeMap::from([(keyring, (1, readers))]);
        Self { organisation: organisation.to_owned(), keyrings }
    }

    pub(super) fn organisation(&self) -> &str {
        &self.organisation
    }

    /// Epoch and readers of the keyring with this digest.
    pub(super) fn readers(
        &self,
        keyring: &Digest,
    ) -> Option<(u32, &BTreeMap<ReaderId, VerifyingKey>)> {
        self.keyrings.get(keyring).map(|(epoch, readers)| (*epoch, readers))
    }

    fn check(&self, entry: &Entry, epoch: u32) -> Result<(), Cause> {
        if entry.organisation != self.organisation {
            return Err(Cause::WrongOrganisation);
        }
        let (_, readers) = self.readers(&entry.keyring).ok_or(Cause::UnknownKeyring)?;
        let key = readers.get(&entry.by).ok_or(Cause::NotAReader)?;
        if !entry.is_signed_by(key) {
            return Err(Cause::BadSignature);
        }
        if self.lists(epoch, entry.by) { Ok(()) } else { Err(Cause::Retired) }
    }

    /// Is `by` a reader of the keyring of `epoch`, or of the newest known if that is older?
    fn lists(&self, epoch: u32, by: ReaderId) -> bool {
        let newest = self.keyrings.values().map(|(epoch, _)| *epoch).max().unwrap_or_default();
        let epoch = epoch.min(newest);
        let mut of_epoch = self.keyrings.values().filter(|(known, _)| *known == epoch);
        of_epoch.any(|(_, readers)| readers.contains_key(&by))
    }
}

/// Where an entry was found; the order is that of first appearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
    /// In the feed, at this cursor.
    Feed(u64),
    /// In this reader's own outbox: after everything that is in the feed.
    Outbox,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feed(cursor) => write!(f, "event {cursor} of the feed"),
            Self::Outbox => write!(f, "something in your outbox"),
        }
    }
}

/// What was found somewhere: an entry, or why there is none.
pub struct Found {
    /// Where.
    pub position: Position,
    /// The newest epoch that anything in the feed had up to there.
    pub epoch: u32,
    /// The opened entry.
    pub entry: Result<Entry, EntryError>,
}

/// An entry that counts.
#[derive(Clone, PartialEq, Eq)]
pub struct Proven {
    /// Where it counts: its own place, or that of the latest entry it builds on.
    pub position: Position,
    /// The entry.
    pub entry: Entry,
}

/// Something in the casebook that is not proven, and so changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it was found.
    pub position: Position,
    /// The reader whom it names, if it could be read; that it is really theirs is not proven.
    pub by: Option<ReaderId>,
    /// Its number in that reader's chain, if it could be read.
    pub seq: Option<u64>,
    /// Why.
    pub cause: Cause,
}

/// Why an entry changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// It could not be opened or read.
    #[error("{0}")]
    Unreadable(EntryError),
    /// It was written for another organisation.
    #[error("it was written for another organisation")]
    WrongOrganisation,
    /// Its keyring is not in the chain.
    #[error("it names a keyring that is not in the chain")]
    UnknownKeyring,
    /// Its keyring does not list its author.
    #[error("the keyring it names does not list its author")]
    NotAReader,
    /// It appeared after a keyring that no longer lists its author.
    #[error("its author had been retired before it appeared")]
    Retired,
    /// The signature is not its author's.
    #[error("its signature is not its author's")]
    BadSignature,
    /// It builds on an entry that is not here.
    #[error("it builds on entry {missing} of the same reader, which is not here or not proven")]
    Gap {
        /// The number of the first entry that is missing.
        missing: u64,
    },
    /// Another entry of the same reader came first in the same place of the chain.
    #[error("another entry of the same reader came first in the same place of the chain")]
    Fork,
    /// The very same entry came before.
    #[error("the very same entry came before")]
    Repeated,
    /// It releases a reply that somebody else signed.
    #[error("it releases a reply that its author did not sign")]
    NotItsAuthor,
    /// Its author has another reply of the same number to the same testimony.
    #[error("its author has another reply of the same number to the same testimony")]
    ReplyRepeated,
    /// The case it opens was open before.
    #[error("it opens a case that was open before")]
    CaseAlreadyOpen,
}

/// Sorts out what is proven, in the order in which it counts, and what is not.
///
/// `found` may come in any order; the outcome depends only on what was found where.
#[must_use]
pub fn prove(found: Vec<Found>, roster: &Roster) -> (Vec<Proven>, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut chains: BTreeMap<ReaderId, Vec<(Position, Entry)>> = BTreeMap::new();
    for Found { position, epoch, entry } in found {
        match entry {
            Err(error) => {
                let cause = Cause::Unreadable(error);
                faults.push(Fault { position, by: None, seq: None, cause });
            }
            Ok(entry) => match roster.check(&entry, epoch) {
                Ok(()) => chains.entry(entry.by).or_default().push((position, entry)),
                Err(cause) => faults.push(fault(position, &entry, cause)),
            },
        }
    }
    let mut proven = Vec::new();
    for chain in chains.into_values() {
        follow(chain, &mut proven, &mut faults);
    }
    proven.sort_by_key(|p| (p.position, p.entry.by, p.entry.seq));
    faults.sort_by_key(|f| (f.position, f.by, f.seq));
    (proven, faults)
}

/// Follows one reader's chain from its start as far as it holds.
fn follow(mut entries: Vec<(Position, Entry)>, proven: &mut Vec<Proven>, faults: &mut Vec<Fault>) {
    // two copies at two places differ in position only; two of one outbox differ in their hash
    entries.sort_by_key(|(position, entry)| (entry.seq, *position, entry.head().hash));
    let mut head = Head::default();
    let mut latest = Position::Feed(0);
    let mut seen = BTreeSet::new();
    for (position, entry) in entries {
        if !seen.insert(entry.head().hash) {
            faults.push(fault(position, &entry, Cause::Repeated));
        } else if entry.seq <= head.seq {
            faults.push(fault(position, &entry, Cause::Fork));
        } else if entry.seq == head.seq.saturating_add(1) && entry.prev == head.hash {
            head = entry.head();
            latest = latest.max(position);
            proven.push(Proven { position: latest, entry });
        } else if entry.seq == head.seq.saturating_add(1) {
            faults.push(fault(position, &entry, Cause::Fork));
        } else {
            let missing = head.seq.saturating_add(1);
            faults.push(fault(position, &entry, Cause::Gap { missing }));
        }
    }
}

pub(super) fn fault(position: Position, entry: &Entry, cause: Cause) -> Fault {
    Fault { position, by: Some(entry.by), seq: Some(entry.seq), cause }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]
mod tests {
    use ed25519_dalek::SigningKey;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

    use super::*;
    use crate::{
        casebook::{
            entry::{Draft, Signer},
            op::{Op, TargetId},
        },
        clock::Day,
    };

    struct Desk {
        rng: ChaCha20Rng,
        organisation: &'static str,
        keyring: Digest,
        by: ReaderId,
        key: SigningKey,
        head: Head,
    }

    impl Desk {
        fn new(n: u8) -> Self {
            Self {
                rng: ChaCha20Rng::seed_from_u64(n.into()),
                organisation: "Example",
                keyring: Digest::of(b"keyring"),
                by: ReaderId::from_bytes([n; 16]),
                key: SigningKey::from_bytes(&[n; 32]),
                head: Head::default(),
            }
        }

        fn write(&mut self, text: &str) -> Entry {
            let op = Op::Remark { target: TargetId::from_bytes([9; 16]), text: text.into() };
            let Self { organisation, keyring, by, key, .. } = self;
            let signer = Signer { organisation, keyring: *keyring, by: *by, key };
            let day: Day = "2026-11-22".parse().unwrap();
            let draft = Draft { op: &op, after: self.head, day };
            let entry = Entry::sign(&signer, &draft, &mut self.rng).unwrap();
            self.head = entry.head();
            entry
        }
    }

    fn outcome(entries: &[Entry]) -> (usize, Vec<Cause>) {
        let readers = [1, 2].map(Desk::new).map(|d| (d.by, d.key.verifying_key()));
        let roster = Roster::for_tests("Example", Digest::of(b"keyring"), readers.into());
        let mut cursor = 0;
        let found = entries.iter().map(|entry| {
            cursor += 1;
            Found { position: Position::Feed(cursor), epoch: 1, entry: Ok(entry.clone()) }
        });
        let (proven, faults) = prove(found.collect(), &roster);
        (proven.len(), faults.into_iter().map(|f| f.cause).collect())
    }

    #[test]
    fn an_entry_changed_in_any_part_is_not_its_authors() {
        let entry = Desk::new(1).write("as signed");
        let with = |change: &dyn Fn(&mut Entry)| {
            let mut changed = entry.clone();
            change(&mut changed);
            outcome(&[changed])
        };
        let bad = (0, vec![Cause::BadSignature]);
        assert_eq!(outcome(std::slice::from_ref(&entry)), (1, vec![]));
        assert_eq!(with(&|e| e.body = e.body.replace("signed", "forged")), bad);
        assert_eq!(with(&|e| e.day = e.day.plus_days(1)), bad);
        assert_eq!(with(&|e| e.seq = 2), bad);
        assert_eq!(with(&|e| e.prev = Digest::of(b"x")), bad);
        assert_eq!(with(&|e| e.by = Desk::new(2).by), bad);
        assert_eq!(with(&|e| e.keyring = Digest::of(b"x")), (0, vec![Cause::UnknownKeyring]));
        assert_eq!(with(&|e| e.organisation = "Other".into()), (0, vec![Cause::WrongOrganisation]));
    }

    #[test]
    fn an_entry_for_another_organisation_does_not_count_though_properly_signed() {
        let mut desk = Desk::new(1);
        desk.organisation = "Other";
        assert_eq!(outcome(&[desk.write("a")]), (0, vec![Cause::WrongOrganisation]));
    }

    #[test]
    fn an_entry_of_a_stranger_does_not_count() {
        assert_eq!(outcome(&[Desk::new(7).write("a")]), (0, vec![Cause::NotAReader]));
    }

    #[test]
    fn an_entry_replayed_later_counts_once() {
        let mut desk = Desk::new(1);
        let (one, two) = (desk.write("one"), desk.write("two"));
        assert_eq!(outcome(&[one.clone(), two, one]), (2, vec![Cause::Repeated]));
    }

    #[test]
    fn of_two_branches_the_one_that_appeared_first_counts() {
        let mut desk = Desk::new(1);
        let one = desk.write("one");
        let before = desk.head;
        let first = desk.write("first");
        desk.head = before;
        let second = desk.write("second");
        let on_second = desk.write("on second");
        let (proven, causes) = outcome(&[one, first, second, on_second]);
        assert_eq!((proven, causes), (2, vec![Cause::Fork, Cause::Fork]));
    }

    #[test]
    fn a_broken_chain_stops_nobody_else() {
        let (mut desk, mut other) = (Desk::new(1), Desk::new(2));
        let lost = desk.write("lost");
        let (two, three) = (desk.write("two"), desk.write("three"));
        let gap = Cause::Gap { missing: lost.seq };
        assert_eq!(outcome(&[two, three, other.write("x")]), (1, vec![gap.clone(), gap]));
    }

    #[test]
    fn what_cannot_be_opened_is_named_and_the_rest_goes_on() {
        let roster = Roster::for_tests("Example", Digest::NONE, BTreeMap::new());
        let position = Position::Feed(3);
        let found = Found { position, epoch: 1, entry: Err(EntryError::NotOpened) };
        let (_, faults) = prove(vec![found], &roster);
        let cause = Cause::Unreadable(EntryError::NotOpened);
        assert_eq!(faults, [Fault { position, by: None, seq: None, cause }]);
    }

    #[test]
    fn a_retired_readers_entries_count_up_to_the_keyring_that_retired_them() {
        let (mut stays, mut goes) = (Desk::new(1), Desk::new(2));
        let both = [(stays.by, stays.key.verifying_key()), (goes.by, goes.key.verifying_key())];
        let roster = Roster::for_tests("Example", Digest::of(b"keyring"), both.into())
            .and_then(Digest::of(b"second"), [both[0]].into());
        let before = goes.write("before");
        let after = goes.write("after, under the old keyring");
        let other = stays.write("written offline under the old keyring");
        let found = |(n, epoch, entry): (u64, u32, &Entry)| Found {
            position: Position::Feed(n),
            epoch,
            entry: Ok(entry.clone()),
        };
        for newest in [2, 99] {
            let all = [(1, 1, &before), (3, newest, &after), (4, newest, &other)].map(found);
            let (proven, faults) = prove(all.into(), &roster);
            assert_eq!(proven.len(), 2, "a claimed epoch of {newest}");
            assert_eq!(faults.into_iter().map(|f| f.cause).collect::<Vec<_>>(), [Cause::Retired]);
        }
    }
}
