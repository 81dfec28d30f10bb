//! Envelopes that are lacking, false or withheld, and made anew by colleagues.

use rand::Rng as _;
use sandyk::{
    casebook::{CasebookKey, Roster},
    digest::Digest,
    id::ReaderId,
    rewrap::{Batch, BatchFile, EnvelopeOf, Made, Place, SignedBatch},
    sealed::{
        Sealed,
        open::{Colleagues, Rewrapped},
    },
    wire::envelopes::{Inserted, MISSING},
};

use crate::{
    model::{Envelope, Lies, Part, What, Who},
    world::{FALLS, World},
};

/// An envelope that somebody made for somebody.
pub(crate) type Sealing = (Envelope, Vec<u8>);

/// A batch that is made and not handed in.
pub(crate) struct Ready {
    who: Who,
    keyring: Digest,
    made: Vec<Sealing>,
    broken: Vec<(Envelope, Digest)>,
    /// What the envelopes in it are: good, unless whoever made them did not use review.
    pub(crate) are: Lies,
    pub(crate) body: Vec<u8>,
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
            assert_eq!(envelopes.is_some(), opens, "person {who} rewraps {part:?} of {what}");
            let Some(envelopes) = envelopes else { continue };
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
    ) -> Option<Vec<Sealing>> {
        let ids: Vec<ReaderId> = named.iter().map(|(.., who)| self.people[*who].line.id).collect();
        let colleagues = Colleagues::of(self.chain.current());
        let lacking = colleagues.lacking(&ids);
        let (thing, reading) = (&self.things[what], &self.people[who].keys.reading);
        let Some(testimony) = thing.testimony() else {
            let roster = Roster::of(&self.chain);
            let made = CasebookKey::rewrap(&own, reading, &roster, &lacking).ok()?;
            let name = |(id, bytes)| ((what, part, self.who_is(id).unwrap()), bytes);
            let mut made: Vec<Sealing> = made.into_iter().map(name).collect();
            made.sort_unstable();
            return Some(made);
        };
        let place = (&testimony.cover, thing.testimony_id());
        let mut made = if part == Part::Names {
            let own = Sealed::from_bytes(own);
            let made = reading.rewrap_identity(&own, &testimony.identity, &lacking).ok()?;
            self.named((what, part), made)
        } else {
            let own = Sealed::from_bytes(own);
            self.named((what, part), reading.rewrap_account(&own, place, &lacking).ok()?)
        };
        made.sort_unstable();
        Some(made)
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
            let signing = self.people[who].keys.signing.clone();
            ready.push(self.signed_batch(who, (made, std::mem::take(&mut broken)), &signing));
        }
        ready
    }

    pub(crate) fn signed_batch(
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
        Ready { who, keyring, made, broken, are: Lies::Good, body }
    }

    fn place(&self, (what, part, who): Envelope) -> Place {
        Place {
            thing: self.things[what].id,
            of: match part {
                Part::Account => EnvelopeOf::Account,
                Part::Names => EnvelopeOf::Identity,
                Part::Book => EnvelopeOf::CasebookKey,
            },
            reader: self.people[who].line.id,
        }
    }

    /// A batch comes in: what is lacking is taken, and nothing else.
    pub(crate) fn hand_in(&mut self, ready: &Ready) {
        let may = self.model.is_answered(ready.who) && ready.keyring == self.chain.current_digest();
        if self.ask(ready.who, sandyk::wire::envelopes::ENVELOPES).is_err() {
            return;
        }
        let falls = self.counts.get(FALLS).copied();
        self.may_fall();
        let work = |world: &Self| world.block_on(world.desk.take_envelopes(&ready.body));
        let answer = self.insist(work);
        let in_one_go = falls == self.counts.get(FALLS).copied();
        assert_eq!(answer.is_ok(), may, "a batch of person {}: {answer:?}", ready.who);
        let Ok(answer) = answer else { return self.count("batches too late") };
        let mut wanted = Inserted::default();
        for (envelope, digest) in &ready.broken {
            let (what, part, who) = *envelope;
            let here = self.lying(what, part, who).map(|bytes| Digest::of(&bytes));
            if self.model.lying.get(envelope) == Some(&Lies::False) && here == Some(*digest) {
                self.model.reported(*envelope);
                wanted.broken += 1;
            }
        }
        for (envelope, _) in &ready.made {
            match self.model.lying.get(envelope) {
                None | Some(Lies::Known) => {
                    self.model.inserted(*envelope, ready.are);
                    wanted.inserted += 1;
                }
                Some(Lies::Good | Lies::False) => wanted.there += 1,
            }
        }
        // Asked again after a fall, the server may find that it has all of it.
        if in_one_go {
            assert_eq!(answer.inserted, wanted.inserted, "what was inserted");
            assert_eq!(answer.there, wanted.there, "what was there");
        }
        self.counted("envelopes reported not to open", usize::try_from(wanted.broken).unwrap());
        self.counted("envelopes inserted", usize::try_from(answer.inserted).unwrap());
    }

    /// The server takes away the envelopes of who is in the keyring no more.
    pub(crate) fn drop_gone(&mut self) {
        self.may_fall();
        let work = |world: &Self| world.block_on(world.desk.drop_retired());
        while self.insist(work).unwrap().envelopes > 0 {}
        self.model.drop_gone();
    }

    pub(crate) fn counted(&mut self, what: &'static str, n: usize) {
        *self.counts.entry(what).or_default() += n;
    }
}
