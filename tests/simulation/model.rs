//! Who may open what: sets and rules, no keys and no bytes.

use std::collections::{BTreeMap, BTreeSet};

use sandyk::{clock::Day, keyring::Role};

use crate::casebook::{Act, Said};

/// A person who ever was, or tried to become, a reader.
pub(crate) type Who = usize;
/// A testimony or a key of the casebook, by the order of arrival.
pub(crate) type What = usize;

/// What an envelope opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Cover, account, exhibits: every reader.
    Account,
    /// The identity: guardians.
    Names,
    /// A key of the casebook, and with it all that is sealed to it: every reader.
    Book,
}

impl Part {
    pub(crate) const ALL: [Self; 3] = [Self::Account, Self::Names, Self::Book];

    pub(crate) fn is_for(self, role: Role) -> bool {
        self != Self::Names || role == Role::Guardian
    }

    /// The word in the store and on the wire.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Names => "identity",
            Self::Book => "casebook-key",
        }
    }
}

/// An envelope at the server, by what it would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lies {
    /// Its reader opens the part with it.
    Good,
    /// It opens nothing.
    False,
    /// It opens nothing, and its reader has said so.
    Known,
}

/// One published keyring.
#[derive(Debug, Clone)]
pub(crate) struct Epoch {
    pub(crate) readers: BTreeMap<Who, Role>,
    /// Readers whose machine may ask the desk.
    pub(crate) devices: BTreeSet<Who>,
    /// Root keys, by their order of making.
    pub(crate) roots: Vec<usize>,
    pub(crate) threshold: usize,
    pub(crate) not_after: Day,
}

impl Epoch {
    pub(crate) fn guardians(&self) -> usize {
        self.readers.values().filter(|role| **role == Role::Guardian).count()
    }

    pub(crate) fn is_usable(&self, today: Day) -> bool {
        is_usable(self.not_after, today)
    }
}

/// Whether anything may be sealed to a keyring: not after its last day, nor so long before it that it was
/// signed for later.
pub(crate) fn is_usable(not_after: Day, today: Day) -> bool {
    (0..=LONGEST_DAYS).contains(&today.days_until(not_after))
}

/// What came in and is opened with envelopes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Came {
    /// The epoch, counted from 0, that was the newest then.
    pub(crate) in_epoch: usize,
    pub(crate) parts: &'static [Part],
}

pub(crate) const TESTIMONY: &[Part] = &[Part::Account, Part::Names];
pub(crate) const KEY: &[Part] = &[Part::Book];

pub(crate) type Envelope = (What, Part, Who);

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) epochs: Vec<Epoch>,
    pub(crate) things: Vec<Came>,
    /// What lies at the server.
    pub(crate) lying: BTreeMap<Envelope, Lies>,
    /// Casebook keys whose first envelope was reported: it stays, because the feed commits to it, and says
    /// nothing any more. Whether another one lies beside it, which is what counts since.
    pub(crate) beside: BTreeMap<Envelope, bool>,
    /// What readers' machines fetched; nobody can take it back.
    pub(crate) copied: BTreeSet<Envelope>,
    /// Machines to which one root closed the desk, until the next keyring.
    pub(crate) suspended: BTreeSet<Who>,
    /// What counts of the casebook, in the order of the feed.
    pub(crate) said: Vec<Said>,
    /// What somebody wrote and has not handed in.
    pub(crate) waiting: BTreeMap<Who, Vec<Act>>,
    /// The last days of renewals that were signed ahead and not published, and the epoch that the first of
    /// them follows; void once there is another.
    pub(crate) ahead: (usize, Vec<Day>),
}

impl Model {
    pub(crate) fn now(&self) -> &Epoch {
        self.epochs.last().unwrap()
    }

    pub(crate) fn role(&self, who: Who) -> Option<Role> {
        self.now().readers.get(&who).copied()
    }

    /// Something comes in: every reader of the newest keyring gets an envelope for each part that is theirs.
    pub(crate) fn comes(&mut self, parts: &'static [Part]) -> What {
        let what = self.things.len();
        self.things.push(Came { in_epoch: self.epochs.len() - 1, parts });
        for (who, role) in self.now().readers.clone() {
            for part in parts.iter().filter(|part| part.is_for(role)) {
                self.lying.insert((what, *part, who), Lies::Good);
            }
        }
        what
    }

    /// A key comes in that no reader made: its envelopes open nothing.
    ///
    /// Each of its readers reports that, as with any other envelope that does not open. The desk cannot tell it
    /// from a true key of which one envelope was spoilt, so that it is asked for ever after, and nobody has one.
    pub(crate) fn false_key_comes(&mut self) {
        let what = self.comes(KEY);
        for (_, lies) in self.lying.iter_mut().filter(|((of, ..), _)| *of == what) {
            *lies = Lies::False;
        }
    }

    /// Its reader says that what lies there does not open.
    pub(crate) fn reported(&mut self, envelope: Envelope) {
        self.lying.insert(envelope, Lies::Known);
        if envelope.1 == Part::Book {
            self.beside.entry(envelope).or_insert(false);
        }
    }

    /// Something is put where nothing was, or nothing that opened.
    pub(crate) fn inserted(&mut self, envelope: Envelope, is: Lies) {
        self.lying.insert(envelope, is);
        self.beside.entry(envelope).and_modify(|beside| *beside = true);
    }

    /// What counts there is taken away.
    pub(crate) fn withheld(&mut self, envelope: Envelope) {
        self.lying.remove(&envelope);
        self.beside.entry(envelope).and_modify(|beside| *beside = false);
    }

    /// The server takes away what lies there for who is no reader any more.
    pub(crate) fn drop_gone(&mut self) {
        let now = self.epochs.last().unwrap();
        self.lying.retain(|(.., who), _| now.readers.contains_key(who));
        self.beside.retain(|(.., who), _| now.readers.contains_key(who));
    }

    /// A keyring is published; suspensions end, unless it only prolongs the one before.
    pub(crate) fn publish(&mut self, epoch: Epoch) {
        let Epoch { readers, roots, threshold, not_after, devices: _ } = self.now();
        let same = (readers, roots, threshold) == (&epoch.readers, &epoch.roots, &epoch.threshold);
        if !same || *not_after >= epoch.not_after {
            self.suspended.clear();
        }
        self.epochs.push(epoch);
    }

    /// Does the desk answer this person's machine?
    pub(crate) fn is_answered(&self, who: Who) -> bool {
        let now = self.now();
        now.readers.contains_key(&who)
            && now.devices.contains(&who)
            && !self.suspended.contains(&who)
    }

    /// What readers of the newest keyring lack, or have said that it does not open.
    pub(crate) fn lacks(&self) -> Vec<Envelope> {
        let mut lacking = Vec::new();
        for (what, came) in self.things.iter().enumerate() {
            for (&who, &role) in &self.now().readers {
                for part in came.parts.iter().filter(|part| part.is_for(role)) {
                    let envelope = (what, *part, who);
                    if matches!(self.lying.get(&envelope), None | Some(Lies::Known)) {
                        lacking.push(envelope);
                    }
                }
            }
        }
        lacking
    }

    /// Can this person's identity open the part, with all that lies at the server and all that was fetched?
    pub(crate) fn opens(&self, envelope: Envelope) -> bool {
        self.lying.get(&envelope) == Some(&Lies::Good) || self.copied.contains(&envelope)
    }

    /// The law: who opens a part was in a keyring that was the newest when it came, or later, and in
    /// a role that may; and what is said in the casebook opens for nobody who was retired before.
    pub(crate) fn law(&self) -> Result<(), String> {
        let good = self.lying.iter().filter(|(_, lies)| **lies == Lies::Good).map(|(key, _)| key);
        for &(what, part, who) in good.chain(&self.copied) {
            if !self.was_reader_since(self.things[what].in_epoch, part, who) {
                return Err(format!("person {who} opens {part:?} of {what} by no keyring"));
            }
        }
        for Said { in_epoch, key, by, .. } in &self.said {
            for who in self.everybody().filter(|who| self.opens((*key, Part::Book, *who))) {
                if !self.was_reader_since(*in_epoch, Part::Book, who) {
                    return Err(format!("what {by} said in epoch {in_epoch} opens for {who}"));
                }
            }
        }
        Ok(())
    }

    fn was_reader_since(&self, epoch: usize, part: Part, who: Who) -> bool {
        let mut later = self.epochs[epoch..].iter();
        later.any(|e| e.readers.get(&who).is_some_and(|role| part.is_for(*role)))
    }

    /// Everybody who ever was a reader.
    fn everybody(&self) -> impl Iterator<Item = Who> {
        let all: BTreeSet<Who> =
            self.epochs.iter().flat_map(|e| e.readers.keys().copied()).collect();
        all.into_iter()
    }
}

/// For how many days ahead a keyring may be used, at most.
const LONGEST_DAYS: i64 = 400;
