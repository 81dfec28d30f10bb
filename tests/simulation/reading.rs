//! The casebook as readers' reviews show it, whatever was put into the feed.

use rand::{Rng as _, rngs::OsRng, seq::SliceRandom as _};
use sandyk::{
    casebook::{Casebook, CasebookKey, Draft, Entry, Head, Mark, Op, Signer},
    digest::Digest,
    id::{CaseId, EntryId},
    keyring::Reader,
    rewrap::ThingId,
    store::Store as _,
    wire::outbox::{self, CasebookKeyId, Envelope, Outbox, PushId},
};

use crate::{
    casebook::{Book, Said},
    model::Who,
    people::{Is, Person, Thing},
    world::World,
};

impl World {
    /// Whoever has the server puts into the feed what nobody said, or what somebody said who may not.
    pub(crate) fn smuggle(&mut self, pick: u32) {
        let mut smuggled = Outbox::empty(PushId::random(&mut self.rng));
        let mut put = |sealed| {
            let id = EntryId::random(&mut OsRng);
            smuggled.entries.push(outbox::Entry { id, sealed: outbox::Sealed(sealed) });
        };
        if let Some(said) = self.model.said.choose(&mut self.rng) {
            put(self.entry(said.cursor));
        }
        let mut keys = self.things.iter().filter_map(|thing| match &thing.is {
            Is::Key(key) => Some(key.recipient()),
            Is::Testimony(_) => None,
        });
        if let Some(to) = keys.next_back() {
            put(self.in_anothers_name(pick).seal(&to).unwrap());
            let gone = (0..self.people.len()).filter(|who| self.model.role(*who).is_none());
            let late: Vec<Entry> = gone.filter_map(|who| self.of_who_is_gone(who)).collect();
            late.choose(&mut self.rng).into_iter().for_each(|entry| put(entry.seal(&to).unwrap()));
        }
        put(vec![7; 2_000]);
        // A retired reader's machine and the server together: written before, or on a machine that
        // does not know yet.
        let gone = (0..self.people.len()).find(|who| {
            !self.people[*who].shelf.waiting.is_empty() && self.model.role(*who).is_none()
        });
        if let Some(gone) = gone {
            smuggled.entries.extend(self.outbox(gone).entries);
            self.put_away(gone);
            self.count("acts of retired readers put into the feed");
        }
        assert!(self.take_in(&smuggled.to_body().unwrap()).is_empty());
        self.counted("false acts put into the feed", smuggled.entries.len());
        if self.rng.gen_bool(0.5) {
            self.smuggle_key(pick);
        }
    }

    /// Whoever has the server makes a key of the casebook, in a reader's name: nothing is sealed to it.
    fn smuggle_key(&mut self, pick: u32) {
        let readers: Vec<Who> = self.model.now().readers.keys().copied().collect();
        let keyring = self.chain.current().get();
        let (epoch, kind) = (keyring.epoch, keyring.kind);
        let victim = &self.people[readers[pick as usize % readers.len()]];
        let signer = self.as_reader(victim);
        let (key, note) = CasebookKey::make(&signer, (kind, epoch), &mut OsRng).unwrap();
        let envelope = |reader: &Reader| Envelope {
            reader: reader.id,
            sealed: outbox::Sealed(CasebookKey::seal_note(&note, &reader.recipient).unwrap()),
        };
        let mut envelopes: Vec<_> = keyring.readers.iter().map(envelope).collect();
        envelopes.sort_by_key(|envelope| envelope.reader);
        let id = CasebookKeyId::random(&mut self.rng);
        let mut outbox = Outbox::empty(PushId::random(&mut self.rng));
        outbox.keys.push(outbox::CasebookKey { id, envelopes });
        assert!(self.take_in(&outbox.to_body().unwrap()).is_empty());
        let id = ThingId::from_bytes(*id.as_bytes());
        self.things.push(Thing { id, cursor: self.store.head().0, is: Is::Key(key) });
        self.model.false_key_comes();
        self.count("false casebook keys put into the feed");
    }

    /// As a reader, by the key of that reader's device.
    fn in_anothers_name(&self, pick: u32) -> Entry {
        let readers: Vec<Who> = self.model.now().readers.keys().copied().collect();
        let victim = &self.people[readers[pick as usize % readers.len()]];
        let signer = self.as_reader(victim);
        let op = Op::OpenCase { case: CaseId::from_bytes([0; 16]), title: "false".to_owned() };
        let draft = Draft { op: &op, after: Head::default(), day: self.today() };
        Entry::sign(&signer, &draft, &mut OsRng).unwrap()
    }

    /// What a retired reader goes on to say with good keys, under the last keyring that listed them.
    fn of_who_is_gone(&self, who: Who) -> Option<Entry> {
        let last = self.model.epochs.iter().rposition(|epoch| epoch.readers.contains_key(&who))?;
        let person = &self.people[who];
        let signer = Signer {
            keyring: Digest::of(self.notes[self.shown[last]].as_bytes()),
            key: &person.keys.signing,
            ..self.as_reader(person)
        };
        let before = self.model.said.iter().rev().find(|said| said.by == who);
        let after = before.map(|said| self.entry_said(said).head()).unwrap_or_default();
        let op = Op::OpenCase { case: CaseId::from_bytes([1; 16]), title: "late".to_owned() };
        Some(
            Entry::sign(&signer, &Draft { op: &op, after, day: self.today() }, &mut OsRng).unwrap(),
        )
    }

    fn as_reader<'a>(&'a self, victim: &'a Person) -> Signer<'a> {
        Signer {
            organisation: &self.chain.current().get().organisation,
            keyring: self.chain.current_digest(),
            by: victim.keys.id,
            key: &victim.device_key,
        }
    }

    fn entry_said(&self, said: &Said) -> Entry {
        let Is::Key(key) = &self.things[said.key].is else { panic!("sealed to no key") };
        Entry::open(&self.entry(said.cursor), std::slice::from_ref(key)).unwrap()
    }

    /// The casebook as somebody's review shows it is that of the model.
    pub(crate) fn check_book(&mut self, who: Who) {
        let person = &self.people[who];
        if person.shelf.keyrings == 0 || self.model.role(who).is_none() {
            return;
        }
        let cursor = person.cursor;
        let session = self.sit(who);
        let found = self.book_of(&session.book.casebook);
        let wanted = self.model.book(who, cursor);
        assert!(found == wanted, "person {who} reads {found:?}, not {wanted:?}");
        self.count("casebooks compared");
    }

    /// What the real casebook says, in the words of the model.
    fn book_of(&self, casebook: &Casebook) -> Book {
        let what = |id: &[u8; 16]| self.things.iter().position(|t| t.id.as_bytes() == id).unwrap();
        let by = |mark: &Mark| self.who_is(mark.by).unwrap();
        let mut book = Book::default();
        for (id, case) in &casebook.cases {
            let n = id.as_bytes()[0];
            if let Some((title, mark)) = &case.opened {
                book.cases.insert(n, (by(mark), title.parse().unwrap()));
            }
            book.links.extend(case.testimonies.keys().map(|id| (n, what(id.as_bytes()))));
        }
        for (target, tags) in &casebook.tags {
            book.tags.extend(tags.values().map(|mark| (what(target.as_bytes()), by(mark))));
        }
        for (target, remarks) in &casebook.remarks {
            let said = remarks.iter().map(|r| (by(&r.mark), r.text.parse().unwrap()));
            book.remarks.insert(what(target.as_bytes()), said.collect());
        }
        book
    }
}
