//! Who may open what: sets and rules, no keys and no bytes.

use std::collections::{BTreeMap, BTreeSet};

use sandyk::{clock::Day, keyring::Role};

/// A person who ever was, or tried to become, a reader.
pub(crate) type Who = usize;
/// A testimony, by the order of arrival.
pub(crate) type What = usize;

/// What an envelope opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Cover, account, exhibits: every reader.
    Account,
    /// The identity: guardians.
    Names,
}

impl Part {
    pub(crate) const ALL: [Self; 2] = [Self::Account, Self::Names];

    pub(crate) fn is_for(self, role: Role) -> bool {
        self == Self::Account || role == Role::Guardian
    }

    /// The word in the store and on the wire.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Names => "identity",
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
}

pub(crate) type Envelope = (What, Part, Who);

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) epochs: Vec<Epoch>,
    /// The epoch, counted from 0, for which each testimony was sealed.
    pub(crate) sealed: Vec<usize>,
    /// What lies at the server.
    pub(crate) lying: BTreeMap<Envelope, Lies>,
    /// What readers' machines fetched; nobody can take it back.
    pub(crate) copied: BTreeSet<Envelope>,
    /// Machines to which one root closed the desk, until the next keyring.
    pub(crate) suspended: BTreeSet<Who>,
}

impl Model {
    pub(crate) fn now(&self) -> &Epoch {
        self.epochs.last().unwrap()
    }

    pub(crate) fn role(&self, who: Who) -> Option<Role> {
        self.now().readers.get(&who).copied()
    }

    /// A testimony comes in: every reader of the newest keyring gets an envelope, guardians two.
    pub(crate) fn seal(&mut self) {
        let what = self.sealed.len();
        let epoch = self.epochs.len() - 1;
        self.sealed.push(epoch);
        for (who, role) in self.epochs[epoch].readers.clone() {
            for part in Part::ALL.into_iter().filter(|part| part.is_for(role)) {
                self.lying.insert((what, part, who), Lies::Good);
            }
        }
    }

    /// The server takes away what lies there for who is no reader any more.
    pub(crate) fn drop_gone(&mut self) {
        let now = self.epochs.last().unwrap();
        self.lying.retain(|(.., who), _| now.readers.contains_key(who));
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
        for what in 0..self.sealed.len() {
            for (&who, &role) in &self.now().readers {
                for part in Part::ALL.into_iter().filter(|part| part.is_for(role)) {
                    let envelope = (what, part, who);
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
    /// a role that may.
    pub(crate) fn law(&self) -> Result<(), String> {
        let good = self.lying.iter().filter(|(_, lies)| **lies == Lies::Good).map(|(key, _)| key);
        for &(what, part, who) in good.chain(&self.copied) {
            let since = self.sealed[what];
            let mut later = self.epochs[since..].iter();
            let may = later.any(|e| e.readers.get(&who).is_some_and(|role| part.is_for(*role)));
            if !may {
                return Err(format!(
                    "person {who} opens {part:?} of testimony {what} by no keyring"
                ));
            }
        }
        Ok(())
    }
}
