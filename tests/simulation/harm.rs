//! What keys in wrong hands, and whoever has the server, do to envelopes.

use rand::{Rng as _, RngCore as _, seq::SliceRandom as _};
use sandyk::{desk::DeskError, recipient::AgeIdentity, sealed::seal_to, wire::envelopes::Inserted};

use crate::{
    model::{Envelope, Lies, Part, Who},
    rewraps::Ready,
    world::World,
};

impl World {
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
        let mut noise = SEALED.to_vec();
        noise.resize(300, 0);
        self.rng.fill_bytes(&mut noise[30..]);
        let made = || (vec![(target, noise.clone())], Vec::new());
        for who in 0..self.people.len() {
            let device = self.people[who].device_key.clone();
            let refused = self.signed_batch(who, made(), &device);
            self.refuse(&refused, "signed by a device");
            if !readers.contains(&who) {
                let signing = self.people[who].keys.signing.clone();
                let refused = self.signed_batch(who, made(), &signing);
                self.refuse(&refused, "signed by who is no reader");
            }
        }
        let arrested = readers[pick as usize % readers.len()];
        let signing = self.people[arrested].keys.signing.clone();
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
            let mut batch = self.signed_batch(arrested, made(), &signing);
            batch.are = Lies::False;
            self.hand_in(&batch);
            self.count("noise put by an arrested reader's keys");
        }
        self.offer_reported(arrested);
    }

    /// The very bytes that their reader has reported do not come back.
    fn offer_reported(&mut self, by: Who) {
        let role = self.model.role(by).unwrap();
        // Of who is gone it may lie there for a while; nobody makes envelopes for them.
        let may = |(_, part, of): &Envelope| part.is_for(role) && self.model.role(*of).is_some();
        let known = self.model.lying.iter().filter(|(_, lies)| **lies == Lies::Known);
        let own: Vec<Envelope> = known.map(|(of, _)| *of).filter(may).collect();
        let Some(&target) = own.choose(&mut self.rng) else { return };
        // What is no age file at all is taken from nobody.
        let bytes = self.reported(target).filter(|it| it.starts_with(SEALED));
        let Some(bytes) = bytes else { return };
        let signing = self.people[by].keys.signing.clone();
        let again = self.signed_batch(by, (vec![(target, bytes)], Vec::new()), &signing);
        let answer = self.block_on(self.desk.take_envelopes(&again.body)).unwrap();
        assert_eq!(answer, Inserted { there: 1, ..Inserted::default() }, "reported bytes again");
        self.count("reported envelopes offered again");
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
        // Of two casebook keys an exchange shows nowhere but in review, as a key that is there twice: see
        // docs/format/casebook.md.
        let own = |(w, p, of): &&Envelope| *w != what && *p == part && *of == who;
        let other = all.iter().filter(|_| part != Part::Book).filter(own);
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
            Some(_) => self.model.inserted(envelope, Lies::False),
            None => self.model.withheld(envelope),
        }
        self.force(what, part, who, value);
        self.count(name);
        self.restart();
    }
}

/// How every age file begins.
const SEALED: &[u8] = b"age-encryption.org/v1\n";
