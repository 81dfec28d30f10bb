//! What happens to keyrings: renewed, readers retired, roots changed, and everything that is refused.

use rand::{Rng as _, seq::SliceRandom as _};
use sandyk::{
    digest::Digest,
    keyring::{Keyring, KeyringError, Reader, Role, Suspension},
    note::SignedNote,
    receipt::Salt,
};

use crate::{
    model::{Epoch, Who},
    people::Person,
    world::{World, sign},
};

impl World {
    /// The same readers, some days more.
    pub(crate) fn renew(&mut self) {
        let next = self.next_keyring();
        let epoch = Epoch { not_after: next.not_after, ..self.model.now().clone() };
        self.publish_by_threshold(&next, epoch);
    }

    /// Somebody goes: of their own will, or because they were taken.
    pub(crate) fn retire(&mut self, pick: u32) {
        let readers: Vec<Who> = self.model.now().readers.keys().copied().collect();
        let who = readers[pick as usize % readers.len()];
        let guards = self.model.now().guardians();
        let last = guards == 1 && self.model.role(who) == Some(Role::Guardian);
        let (next, epoch) = self.without(who);
        if last {
            let refused = self.chain.extend(&self.signed(&next, &self.model.now().roots.clone()));
            assert!(matches!(refused, Err(KeyringError::NoGuardian)), "the last guardian went");
            return self.count("last guardians kept");
        }
        self.publish_by_threshold(&next, epoch);
        self.count("readers retired");
    }

    fn without(&self, who: Who) -> (Keyring, Epoch) {
        let mut next = self.next_keyring();
        next.readers.retain(|reader| reader.id != self.people[who].line.id);
        let mut epoch = Epoch { not_after: next.not_after, ..self.model.now().clone() };
        epoch.readers.remove(&who);
        epoch.devices.remove(&who);
        (next, epoch)
    }

    /// Some roots go, others come; old threshold and new threshold sign.
    pub(crate) fn change_roots(&mut self) {
        let old = self.model.now().clone();
        let count = self.rng.gen_range(2..=4_usize);
        let keep = self.rng.gen_range(0..=old.roots.len().min(count));
        let mut roots: Vec<usize> =
            old.roots.choose_multiple(&mut self.rng, keep).copied().collect();
        while roots.len() < count {
            let root = self.new_root();
            roots.push(root);
        }
        let threshold = self.rng.gen_range(1..count);
        let mut next = self.next_keyring();
        next.roots = roots.iter().map(|root| self.roots[*root].0.clone()).collect();
        next.threshold = threshold;
        let not_after = next.not_after;
        let new: Vec<usize> = roots.choose_multiple(&mut self.rng, threshold).copied().collect();
        let olds: Vec<usize> =
            old.roots.choose_multiple(&mut self.rng, old.threshold).copied().collect();
        let both: Vec<usize> = union(&olds, &new);
        for (signers, known) in [(&olds, (&roots, threshold)), (&new, (&old.roots, old.threshold))]
        {
            let enough = signers.iter().filter(|root| known.0.contains(root)).count() >= known.1;
            let accepted = self.chain.extend(&self.signed(&next, signers)).is_ok();
            assert_eq!(accepted, enough, "one side of a change of roots alone");
        }
        let epoch = Epoch { roots, threshold, not_after, ..old };
        self.publish(&next, &both, epoch);
        self.count("roots changed");
    }

    pub(crate) fn publish_by_threshold(&mut self, next: &Keyring, epoch: Epoch) {
        let now = self.model.now().clone();
        let signers: Vec<usize> =
            now.roots.choose_multiple(&mut self.rng, now.threshold).copied().collect();
        self.publish(next, &signers, epoch);
    }

    /// One root closes the desk to somebody's machine; nobody else can.
    pub(crate) fn suspend(&mut self, pick: u32) {
        let who = pick as usize % self.people.len();
        let root = *self.model.now().roots.choose(&mut self.rng).unwrap();
        let text = Suspension::of(&self.chain, self.people[who].device.id).to_text();
        let stranger = self.new_root();
        let forged = sign(text.clone(), &self.roots, &[stranger]);
        let device = &self.people[pick as usize % self.people.len()].device_key;
        let mut own = SignedNote::new(text.clone()).unwrap();
        own.sign(&self.roots[root].0.name, device);
        for forged in [forged, own] {
            assert!(Suspension::verify(&forged, &self.chain).is_err(), "closed by no root");
        }
        self.suspensions.push(sign(text, &self.roots, &[root]));
        self.model.suspended.insert(who);
        self.open_desk();
        self.count("machines suspended");
    }

    /// Everything that no roots, not even all of them together, can have accepted.
    pub(crate) fn forge(&mut self) {
        let good = self.next_keyring();
        let all = self.model.now().roots.clone();
        let threshold = self.model.now().threshold;
        assert!(self.chain.extend(&self.signed(&good, &all)).is_ok(), "the unforged one");
        let spy = self.new_person(Role::Guardian);
        for (name, forged) in self.forgeries(&good, &self.people[spy].line.clone()) {
            let refused = self.chain.extend(&self.signed(&forged, &all));
            assert!(refused.is_err(), "accepted with all roots: {name}");
            self.count("forged keyrings refused");
        }
        let few = &all[..threshold - 1];
        let mut stranger = all.clone();
        stranger.push(self.new_root());
        for (name, signers) in [("too few", few), ("a stranger", &stranger)] {
            if !signers.is_empty() {
                let refused = self.chain.extend(&self.signed(&good, signers));
                assert!(refused.is_err(), "accepted: {name}");
                self.count("forged keyrings refused");
            }
        }
    }

    fn forgeries(&self, good: &Keyring, spy: &Reader) -> Vec<(&'static str, Keyring)> {
        let mut all = Vec::new();
        let mut add = |name, change: &dyn Fn(&mut Keyring)| {
            let mut forged = good.clone();
            change(&mut forged);
            all.push((name, forged));
        };
        let spys = (spy.recipient.clone(), spy.signing);
        let raise = |reader: &mut Reader| {
            reader.role = match reader.role {
                Role::Reviewer => Role::Guardian,
                Role::Guardian => Role::Reviewer,
            };
        };
        add("a spy by roots alone", &|k| k.readers.push(spy.clone()));
        add("a spy alone", &|k| k.readers = vec![spy.clone()]);
        add("a spy under an old id", &|k| {
            (k.readers[0].recipient, k.readers[0].signing) = spys.clone();
        });
        add("a recipient swapped", &|k| k.readers[0].recipient = spy.recipient.clone());
        add("a signing key swapped", &|k| k.readers[0].signing = spy.signing);
        add("an id swapped", &|k| k.readers[0].id = spy.id);
        add("roles swapped", &|k| k.readers.iter_mut().for_each(raise));
        add("an older line", &|k| k.readers[0].since += 1);
        add("an epoch skipped", &|k| k.epoch += 1);
        add("an epoch again", &|k| k.epoch -= 1);
        add("another past", &|k| k.previous = Digest::of(b"another"));
        add("another salt", &|k| k.salt = Salt([8; 32]));
        add("another organisation", &|k| k.organisation.push_str(" of others"));
        add("nobody", &|k| k.readers.clear());
        add("no guardian", &|k| k.readers.retain(|r| r.role == Role::Reviewer));
        // Whoever was retired does not come back unasked.
        for Person { line, .. } in &self.people {
            if good.reader(line.id).is_none() && line.since <= good.epoch {
                add("somebody from before", &|k| k.readers.push(line.clone()));
            }
        }
        all
    }

    /// A reader's review is shown keyrings by whoever has the server: the newest, older ones, a fork.
    pub(crate) fn look(&mut self, pick: u32) {
        let readers: Vec<Who> = self.model.now().readers.keys().copied().collect();
        let who = readers[pick as usize % readers.len()];
        let mut shown = self.shown.clone();
        match self.rng.gen_range(0..4) {
            0 => shown.truncate(self.rng.gen_range(1..=shown.len())),
            1 => {
                shown.truncate(self.rng.gen_range(1..=shown.len()));
                let fork = self.fork(shown.len());
                shown.push(fork);
                self.count("forks shown");
            }
            _ => {}
        }
        // The published ones were verified when they came; the fork is, now.
        let chain = match self.chains.get(shown.len() - 1) {
            Some(chain) if self.shown.starts_with(&shown) => chain.clone(),
            _ => {
                let (fork, earlier) = shown.split_last().unwrap();
                self.chains[earlier.len() - 1].extend(&self.notes[*fork]).unwrap()
            }
        };
        let remembered = &self.people[who].remembers;
        let newest = *remembered.last().unwrap();
        let digest = Digest::of(self.notes[newest].as_bytes());
        let epoch = u32::try_from(remembered.len()).unwrap();
        let accepted = chain.continues(epoch, &digest).is_ok();
        let wanted = shown.starts_with(remembered);
        assert_eq!(accepted, wanted, "person {who} remembers {remembered:?}, was shown {shown:?}");
        if accepted && self.shown.starts_with(&shown) {
            self.people[who].remembers = shown;
            self.count("keyrings accepted by a reader");
        } else if !accepted {
            self.count("keyrings refused by a reader");
        }
    }

    /// Another keyring after the first `epochs`, signed by all roots of the last of them.
    fn fork(&mut self, epochs: usize) -> usize {
        let chain = &self.chains[epochs - 1];
        let mut next = chain.current().get().clone();
        next.epoch += 1;
        next.previous = chain.current_digest();
        next.vouches.clear();
        next.not_after = next.not_after.plus_days(self.rng.gen_range(400..9_000));
        let roots = self.model.epochs[epochs - 1].roots.clone();
        self.notes.push(self.signed(&next, &roots));
        self.notes.len() - 1
    }
}

pub(crate) fn union(one: &[usize], other: &[usize]) -> Vec<usize> {
    let mut both = one.to_vec();
    both.extend(other.iter().filter(|root| !one.contains(root)));
    both
}
