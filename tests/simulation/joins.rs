//! Newcomers, and the word of those who vouch for them.

use ed25519_dalek::{Signer as _, SigningKey};
use rand::{Rng as _, seq::SliceRandom as _};
use sandyk::{
    digest::Digest,
    keyring::{Keyring, ReaderPub, Role, SignedVouch, Vouch, VouchLine},
    recipient::{AgeIdentity, Kind},
};

use crate::{
    model::{Epoch, Who},
    world::World,
};

impl World {
    /// One or two people come, with the word of some readers; one may go with the same keyring.
    pub(crate) fn join(&mut self) {
        let old = self.model.now().clone();
        if old.readers.len() > 7 {
            return;
        }
        let mut next = self.next_keyring();
        let mut epoch = Epoch { not_after: next.not_after, ..old.clone() };
        let readers: Vec<Who> = old.readers.keys().copied().collect();
        let goes = self.rng.gen_bool(0.2).then(|| *readers.choose(&mut self.rng).unwrap());
        if let Some(who) = goes {
            next.readers.retain(|reader| reader.id != self.people[who].line.id);
            epoch.readers.remove(&who);
            epoch.devices.remove(&who);
        }
        let mut may = Self::lives_on(&old, goes);
        for _ in 0..self.rng.gen_range(1..=2) {
            let role = *[Role::Reviewer, Role::Guardian].choose(&mut self.rng).unwrap();
            let who = self.new_person(role);
            let least = usize::from(self.rng.gen_bool(0.9)) * 2;
            let count = self.rng.gen_range(least.min(readers.len())..=readers.len());
            let words: Vec<Who> = readers.choose_multiple(&mut self.rng, count).copied().collect();
            next.readers.push(self.people[who].line.clone());
            next.vouches.extend(words.iter().map(|voucher| self.word(*voucher, who)));
            epoch.readers.insert(who, role);
            epoch.devices.insert(who);
            let guarded = words.iter().any(|who| old.readers[who] == Role::Guardian);
            may &= words.len() >= readers.len().min(2)
                && (role == Role::Reviewer || guarded)
                && goes.is_none_or(|who| !words.contains(&who));
        }
        next.sort_vouches();
        let signed = self.signed(&next, &old.roots);
        let accepted = self.chain.extend(&signed);
        assert_eq!(accepted.is_ok(), may, "newcomers: {:?}", accepted.err());
        if may {
            self.publish_by_threshold(&next, epoch);
            self.count("keyrings with newcomers");
        } else {
            self.count("newcomers refused");
        }
    }

    /// Does somebody stay who can open what came before, and a guardian?
    fn lives_on(old: &Epoch, goes: Option<Who>) -> bool {
        let mut staying = old.readers.iter().filter(|(who, _)| Some(**who) != goes);
        staying.any(|(_, role)| *role == Role::Guardian)
    }

    fn word(&self, voucher: Who, newcomer: Who) -> VouchLine {
        let (by, newcomer) = (&self.people[voucher], self.people[newcomer].line.public());
        let signed =
            SignedVouch::sign(&self.chain, &newcomer, by.line.id, &by.keys.signing).unwrap();
        let read = SignedVouch::parse(&signed.to_text()).unwrap();
        read.verify(&self.chain).unwrap();
        read.line()
    }

    /// Spies whom roots bring in, all of them together, with every word but those of two readers.
    pub(crate) fn forge_newcomer(&mut self) {
        let now = self.model.now().clone();
        let readers: Vec<Who> = now.readers.keys().copied().collect();
        let guardian = *readers.iter().find(|who| now.readers[who] == Role::Guardian).unwrap();
        let other = *readers.iter().find(|who| **who != guardian).unwrap_or(&guardian);
        let spy = self.new_person(Role::Guardian);
        let mut good = self.next_keyring();
        good.readers.push(self.people[spy].line.clone());
        good.vouches = vec![self.word(guardian, spy)];
        if other != guardian {
            good.vouches.push(self.word(other, spy));
        }
        good.sort_vouches();
        assert!(self.chain.extend(&self.signed(&good, &now.roots)).is_ok(), "the unforged one");
        for (name, forged) in self.forged_words(&good, spy, (guardian, other)) {
            let refused = self.chain.extend(&self.signed(&forged, &now.roots));
            assert!(refused.is_err(), "accepted with all roots: {name}");
            self.count("forged newcomers refused");
        }
    }

    fn forged_words(
        &mut self,
        good: &Keyring,
        spy: Who,
        (guardian, other): (Who, Who),
    ) -> Vec<(&'static str, Keyring)> {
        let mut all = Vec::new();
        let mut add = |name, change: &dyn Fn(&mut Keyring)| {
            let mut forged = good.clone();
            change(&mut forged);
            all.push((name, forged));
        };
        add("one word lacking", &|k| k.vouches.truncate(k.vouches.len() - 1));
        add("one word twice", &|k| {
            let first = k.vouches[0].clone();
            k.vouches = vec![first.clone(), first];
        });
        if other != guardian {
            add("words in another order", &|k| k.vouches.reverse());
            add("whose word it was goes", &|k| {
                k.readers.retain(|reader| reader.id != self.people[other].line.id);
            });
            add("a word signed by another", &|k| {
                let signature = k.vouches[0].signature;
                k.vouches[1].signature = signature;
            });
        }
        let vouch = self.chain.vouch(&self.people[spy].line.public());
        let by = |key: &SigningKey| key.sign(vouch.to_text().as_bytes());
        add("words of other keys", &|k| {
            k.vouches.iter_mut().for_each(|word| word.signature = by(&self.roots[0].1));
        });
        add("words of the devices", &|k| {
            for word in &mut k.vouches {
                let who = self.who_is(word.voucher).unwrap();
                word.signature = by(&self.people[who].device_key);
            }
        });
        add("the spy's own word", &|k| {
            k.vouches[0].voucher = self.people[spy].line.id;
            k.vouches[0].signature = by(&self.people[spy].keys.signing);
        });
        all.extend(self.words_for_something_else(good, &vouch, guardian));
        all.extend(self.known_before(good, &vouch));
        all.push(self.of_the_other_kind(good, spy));
        all
    }

    /// Every voucher's true signature, under another text than that of this newcomer.
    fn words_for_something_else(
        &self,
        good: &Keyring,
        vouch: &Vouch,
        guardian: Who,
    ) -> Vec<(&'static str, Keyring)> {
        let mut all = Vec::new();
        let mut add = |name, change: &dyn Fn(&mut Vouch)| {
            let (mut forged, mut told) = (good.clone(), vouch.clone());
            change(&mut told);
            self.say(&mut forged, &told);
            all.push((name, forged));
        };
        let first = Digest::of(self.notes[0].as_bytes());
        let older = if first == self.chain.current_digest() { Digest::NONE } else { first };
        let recipient = &self.people[guardian].line.recipient;
        add("words for an older keyring", &|told| told.keyring = older);
        add("words for a reviewer", &|told| told.reader.role = Role::Reviewer);
        add("words for other keys", &|told| told.reader.recipient = recipient.clone());
        add("words of another organisation", &|told| told.organisation.push_str(" of others"));
        all
    }

    /// Whoever comes with an id or a key that ever stood in a keyring.
    fn known_before(&self, good: &Keyring, vouch: &Vouch) -> Vec<(&'static str, Keyring)> {
        let mut all = Vec::new();
        for old in (0..self.people.len()).filter_map(|who| self.chain_knows(who)) {
            let mut take = |name, change: &dyn Fn(&mut ReaderPub)| {
                let (mut forged, mut told) = (good.clone(), vouch.clone());
                change(&mut told.reader);
                let ReaderPub { id, recipient, signing, role: _ } = told.reader.clone();
                let last = forged.readers.last_mut().unwrap();
                (last.id, last.recipient, last.signing) = (id, recipient, signing);
                forged.vouches.iter_mut().for_each(|word| word.reader = id);
                self.say(&mut forged, &told);
                all.push((name, forged));
            };
            take("an id from before", &|reader| reader.id = old.id);
            take("a recipient from before", &|r| r.recipient = old.recipient.clone());
            take("a signing key from before", &|reader| reader.signing = old.signing);
        }
        all
    }

    /// The vouchers of a keyring sign this.
    fn say(&self, keyring: &mut Keyring, vouch: &Vouch) {
        for word in &mut keyring.vouches {
            let who = self.who_is(word.voucher).unwrap();
            word.signature = self.people[who].keys.signing.sign(vouch.to_text().as_bytes());
        }
    }

    /// The line under which somebody stood in some published keyring.
    fn chain_knows(&self, who: Who) -> Option<ReaderPub> {
        let stood = self.model.epochs.iter().any(|epoch| epoch.readers.contains_key(&who));
        stood.then(|| self.people[who].line.public())
    }

    fn of_the_other_kind(&mut self, good: &Keyring, spy: Who) -> (&'static str, Keyring) {
        let other = match good.kind {
            Kind::PostQuantum => Kind::Classic,
            Kind::Classic => Kind::PostQuantum,
        };
        let mut reader = self.people[spy].line.public();
        reader.recipient = AgeIdentity::generate(other, &mut self.rng).recipient();
        let mut forged = good.clone();
        forged.readers.last_mut().unwrap().recipient = reader.recipient.clone();
        self.say(&mut forged, &self.chain.vouch(&reader));
        ("a key of the other kind", forged)
    }
}
