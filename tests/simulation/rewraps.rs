//! Envelopes that are lacking, false or withheld, and made anew by colleagues.

use rand::{Rng as _, RngCore as _, seq::SliceRandom as _};
use sandyk::{
    desk::DeskError,
    digest::Digest,
    id::{Id, ReaderId},
    recipient::AgeIdentity,
    rewrap::{Batch, BatchFile, EnvelopeOf, Made, Place, SignedBatch},
    sealed::{
        Sealed,
        open::{Colleagues, RewrapError, Rewrapped},
        seal_to,
    },
    wire::envelopes::{Inserted, MISSING},
};

use crate::{
    model::{Envelope, Lies, Part, What, Who},
    world::World,
};

/// An envelope that somebody made for somebody.
type Sealing = (Envelope, Vec<u8>);

/// A batch that is made and not handed in.
pub(crate) struct Ready {
    who: Who,
    keyring: Digest,
    made: Vec<Sealing>,
    broken: Vec<(Envelope, Digest)>,
    body: Vec<u8>,
}

impl World {
    /// Some readers at once make what they are told is lacking; any of them may be killed at it, or be late.
    pub(crate) fn rewrap(&mut self, pick: u32) {
        let readers: Vec<Who> = self.model.now().readers.keys().copied().collect();
        let mut ready = Vec::new();
        for n in 0..self.rng.gen_range(1..=3_u32) {
            let who = readers[pick.wrapping_add(n) as usize % readers.len()];
            self.sync(who);
            let Some(told) = self.told(who) else { continue };
            let made = self.make(who, &told);
            let broken = self.broken(who);
            ready.extend(self.batches(who, &made, broken));
        }
        for batch in ready {
            match self.rng.gen_range(0..10) {
                0 => self.count("rewraps killed before they were handed in"),
                1 => self.late.push(batch),
                2 => {
                    self.hand_in(&batch);
                    self.hand_in(&batch);
                }
                _ => self.hand_in(&batch),
            }
        }
        if self.rng.gen_bool(0.5) {
            let late = std::mem::take(&mut self.late);
            for batch in &late {
                self.hand_in(batch);
            }
        }
    }

    /// What the server says is lacking: the truth, or all that it can think of.
    fn told(&mut self, who: Who) -> Option<Vec<Envelope>> {
        let told = self.asked(who)?;
        if self.rng.gen_bool(0.8) {
            return Some(told);
        }
        self.count("false lists of lacking envelopes");
        let mut told = Vec::new();
        for what in 0..self.things.len() {
            for part in Part::ALL {
                told.extend((0..self.people.len()).map(|who| (what, part, who)));
            }
        }
        told.retain(|_| self.rng.gen_bool(0.2));
        Some(told)
    }

    /// The desk's own list, compared with the model's.
    fn asked(&mut self, who: Who) -> Option<Vec<Envelope>> {
        let asker = self.ask(who, MISSING).ok()?;
        let (mut told, mut after) = (Vec::new(), 0);
        loop {
            let page = self.desk.missing(&asker, after).unwrap();
            for (cursor, of, readers) in page.rows {
                let what = self.things.iter().position(|thing| thing.cursor == cursor).unwrap();
                let part = Part::ALL.into_iter().find(|part| part.word() == of).unwrap();
                let named = readers.iter().map(|place| page.readers[*place]);
                told.extend(named.map(|id| (what, part, self.who_is(id).unwrap())));
            }
            if page.end >= page.head {
                break;
            }
            after = page.end;
        }
        told.sort_unstable();
        let role = self.model.role(who).unwrap();
        let can = |(what, part, _): &Envelope| {
            let own = self.model.lying.get(&(*what, *part, who));
            part.is_for(role) && matches!(own, Some(Lies::Good | Lies::False))
        };
        let wanted: Vec<_> = self.model.lacks().into_iter().filter(can).collect();
        let mut sorted = wanted;
        sorted.sort_unstable();
        assert_eq!(told, sorted, "what is lacking, as person {who} is told");
        Some(told)
    }

    fn make(&mut self, who: Who, told: &[Envelope]) -> Vec<Sealing> {
        let mut made = Vec::new();
        for named in told.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (what, part, _) = named[0];
            let Some(own) = self.people[who].fetched.get(&(what, part)).cloned() else { continue };
            let envelopes = self.made_of(who, (what, part), own, named);
            let opens = self.model.copied.contains(&(what, part, who));
            assert_eq!(envelopes.is_ok(), opens, "person {who} rewraps {part:?} of {what}");
            let Ok(envelopes) = envelopes else { continue };
            let got: Vec<Envelope> = envelopes.iter().map(|(envelope, _)| *envelope).collect();
            let may = |who: Who| self.model.role(who).is_some_and(|role| part.is_for(role));
            let wanted: Vec<_> = named.iter().copied().filter(|(.., who)| may(*who)).collect();
            assert_eq!(got, wanted, "who gets {part:?} of {what} from person {who}");
            made.extend(envelopes);
        }
        self.counted("envelopes made again", made.len());
        made
    }

    fn made_of(
        &self,
        who: Who,
        (what, part): (What, Part),
        own: Vec<u8>,
        named: &[Envelope],
    ) -> Result<Vec<Sealing>, RewrapError> {
        let ids: Vec<ReaderId> = named.iter().map(|(.., who)| self.people[*who].line.id).collect();
        let colleagues = Colleagues::of(self.chain.current());
        let lacking = colleagues.lacking(&ids);
        let (thing, reading) = (&self.things[what], &self.people[who].reading);
        let place = (&thing.cover, thing.id);
        let mut made = match part {
            Part::Account => {
                let own = Sealed::from_bytes(own);
                self.named((what, part), reading.rewrap_account(&own, place, &lacking)?)
            }
            Part::Names => {
                let own = Sealed::from_bytes(own);
                self.named((what, part), reading.rewrap_identity(&own, &thing.identity, &lacking)?)
            }
        };
        made.sort_unstable();
        Ok(made)
    }

    fn named<T>(&self, (what, part): (What, Part), made: Vec<Rewrapped<T>>) -> Vec<Sealing> {
        let name = |one: Rewrapped<T>| {
            ((what, part, self.who_is(one.reader).unwrap()), one.envelope.into_bytes())
        };
        made.into_iter().map(name).collect()
    }

    /// Own envelopes that were fetched and do not open.
    fn broken(&self, who: Who) -> Vec<(Envelope, Digest)> {
        let fetched = self.people[who].fetched.iter();
        let unread =
            fetched.filter(|((what, part), _)| !self.model.copied.contains(&(*what, *part, who)));
        let shut = unread.filter(|((what, part), own)| !self.opens(*what, *part, who, own));
        shut.map(|((what, part), own)| ((*what, *part, who), Digest::of(own))).collect()
    }

    /// Signed batches of a few envelopes each.
    fn batches(
        &mut self,
        who: Who,
        made: &[Sealing],
        mut broken: Vec<(Envelope, Digest)>,
    ) -> Vec<Ready> {
        let mut ready = Vec::new();
        let size = self.rng.gen_range(1..=60);
        let mut chunks: Vec<Vec<Sealing>> = made.chunks(size).map(<[_]>::to_vec).collect();
        if chunks.is_empty() && !broken.is_empty() {
            chunks.push(Vec::new());
        }
        for made in chunks {
            let signing = self.people[who].signing.clone();
            ready.push(self.signed_batch(who, (made, std::mem::take(&mut broken)), &signing));
        }
        ready
    }

    fn signed_batch(
        &self,
        who: Who,
        (mut made, mut broken): (Vec<Sealing>, Vec<(Envelope, Digest)>),
        signing: &ed25519_dalek::SigningKey,
    ) -> Ready {
        made.sort_by_key(|(envelope, _)| self.place(*envelope));
        broken.sort_by_key(|(envelope, _)| self.place(*envelope));
        let line = |envelope: Envelope, sha256| Made { place: self.place(envelope), sha256 };
        let keyring = self.chain.current_digest();
        let batch = Batch {
            organisation: self.chain.current().get().organisation.clone(),
            keyring,
            by: self.people[who].line.id,
            made: made.iter().map(|(of, bytes)| line(*of, Digest::of(bytes))).collect(),
            broken: broken.iter().map(|(of, digest)| line(*of, *digest)).collect(),
        };
        let signed = SignedBatch::sign(batch, signing).unwrap();
        let envelopes = made.iter().map(|(_, bytes)| bytes.clone()).collect();
        let body = BatchFile::new(signed, envelopes).unwrap().to_bytes().unwrap();
        Ready { who, keyring, made, broken, body }
    }

    fn place(&self, (what, part, who): Envelope) -> Place {
        Place {
            thing: Id::from_bytes(*self.things[what].id.as_bytes()),
            of: match part {
                Part::Account => EnvelopeOf::Account,
                Part::Names => EnvelopeOf::Identity,
            },
            reader: self.people[who].line.id,
        }
    }

    /// A batch comes in: what is lacking is taken, and nothing else.
    fn hand_in(&mut self, ready: &Ready) {
        let may = self.model.is_answered(ready.who) && ready.keyring == self.chain.current_digest();
        if self.ask(ready.who, sandyk::wire::envelopes::ENVELOPES).is_err() {
            return;
        }
        let answer = self.block_on(self.desk.take_envelopes(&ready.body));
        assert_eq!(answer.is_ok(), may, "a batch of person {}: {answer:?}", ready.who);
        let Ok(answer) = answer else { return self.count("batches too late") };
        let mut wanted = Inserted::default();
        for (envelope, digest) in &ready.broken {
            let (what, part, who) = *envelope;
            let here = self.lying(what, part, who).map(|bytes| Digest::of(&bytes));
            if self.model.lying.get(envelope) == Some(&Lies::False) && here == Some(*digest) {
                self.model.lying.insert(*envelope, Lies::Known);
                wanted.broken += 1;
            }
        }
        for (envelope, bytes) in &ready.made {
            match self.model.lying.get(envelope) {
                None | Some(Lies::Known) => {
                    let (what, part, who) = *envelope;
                    let opens = self.opens(what, part, who, bytes);
                    let lies = if opens { Lies::Good } else { Lies::False };
                    self.model.lying.insert(*envelope, lies);
                    wanted.inserted += 1;
                }
                Some(Lies::Good | Lies::False) => wanted.there += 1,
            }
        }
        assert_eq!(answer.inserted, wanted.inserted, "what was inserted");
        assert_eq!(answer.there, wanted.there, "what was there");
        self.counted("envelopes reported not to open", usize::try_from(wanted.broken).unwrap());
        self.counted("envelopes inserted", usize::try_from(answer.inserted).unwrap());
    }

    /// Keys in wrong hands: of retired readers, devices, strangers, and of readers who are arrested and not yet retired.
    pub(crate) fn attack_envelopes(&mut self, pick: u32) {
        if self.things.is_empty() {
            return;
        }
        let lacks = self.model.lacks();
        let readers: Vec<Who> = self.model.now().readers.keys().copied().collect();
        let everybody: Vec<Envelope> = (0..self.people.len())
            .map(|who| (pick as usize % self.things.len(), Part::Account, who))
            .collect();
        let target = *lacks.choose(&mut self.rng).unwrap_or(&everybody[0]);
        let mut noise = b"age-encryption.org/v1\n".to_vec();
        noise.resize(300, pick as u8);
        let made = || (vec![(target, noise.clone())], Vec::new());
        for who in 0..self.people.len() {
            let device = self.people[who].device_key.clone();
            let refused = self.signed_batch(who, made(), &device);
            self.refuse(&refused, "signed by a device");
            if !readers.contains(&who) {
                let signing = self.people[who].signing.clone();
                let refused = self.signed_batch(who, made(), &signing);
                self.refuse(&refused, "signed by who is no reader");
            }
        }
        let arrested = readers[pick as usize % readers.len()];
        let signing = self.people[arrested].signing.clone();
        for strange in &everybody {
            let (.., who) = *strange;
            if !readers.contains(&who) {
                let refused = self.signed_batch(
                    arrested,
                    (vec![(*strange, noise.clone())], Vec::new()),
                    &signing,
                );
                self.refuse(&refused, "for who is no reader");
            }
        }
        let names = (target.0, Part::Names, target.2);
        let roles = [self.model.role(arrested), self.model.role(target.2)];
        if roles.iter().any(|role| role.is_none_or(|role| !Part::Names.is_for(role))) {
            let refused =
                self.signed_batch(arrested, (vec![(names, noise.clone())], Vec::new()), &signing);
            self.refuse(&refused, "names by or for a reviewer");
        }
        // What an arrested reader's keys can do until the next keyring: put noise where something lacks.
        if lacks.contains(&target) && Part::is_for(target.1, roles[0].unwrap()) {
            let batch = self.signed_batch(arrested, made(), &signing);
            self.hand_in(&batch);
            self.count("noise put by an arrested reader's keys");
        }
    }

    fn refuse(&mut self, batch: &Ready, why: &str) {
        let answer = self.block_on(self.desk.take_envelopes(&batch.body));
        assert!(matches!(answer, Err(DeskError::Batch(_))), "taken in, though {why}");
        self.count("false batches refused");
    }

    /// Whoever has the server harms one envelope: takes it away or puts something else there.
    pub(crate) fn spoil(&mut self, pick: u32) {
        let all: Vec<Envelope> = self.model.lying.keys().copied().collect();
        if all.is_empty() {
            return;
        }
        let envelope = all[pick as usize % all.len()];
        let (what, part, who) = envelope;
        if self.model.lying[&envelope] == Lies::Known {
            return;
        }
        let other = all.iter().filter(|(w, p, of)| *w != what && *p == part && *of == who);
        let other: Vec<Envelope> =
            other.copied().filter(|other| self.model.lying[other] == Lies::Good).collect();
        let to = std::slice::from_ref(&self.people[who].line.recipient).to_vec();
        let (name, value) = match (self.rng.gen_range(0..4), other.choose(&mut self.rng)) {
            (0, _) => ("envelopes withheld", None),
            (1, _) => {
                let mut noise = vec![0; 3_000];
                self.rng.fill_bytes(&mut noise);
                ("envelopes replaced by noise", Some(noise))
            }
            (2, Some(&(other, ..))) => {
                ("envelopes swapped between testimonies", self.lying(other, part, who))
            }
            _ => {
                let kind = self.chain.current().get().kind;
                let own = AgeIdentity::generate(kind, &mut self.rng).to_secret_text();
                let line = format!("{}\n", own.expose());
                (
                    "envelopes with a key of the server's",
                    Some(seal_to(&to, line.as_bytes()).unwrap()),
                )
            }
        };
        match value {
            Some(_) => self.model.lying.insert(envelope, Lies::False),
            None => self.model.lying.remove(&envelope),
        };
        self.force(what, part, who, value);
        self.count(name);
        self.restart();
    }

    /// The server takes away the envelopes of who is in the keyring no more.
    pub(crate) fn drop_gone(&mut self) {
        while self.block_on(self.desk.drop_retired()).unwrap().envelopes > 0 {}
        self.model.drop_gone();
    }

    pub(crate) fn counted(&mut self, what: &'static str, n: usize) {
        *self.counts.entry(what).or_default() += n;
    }
}
