//! The real thing against the model, after every step and at the end.

use std::collections::BTreeSet;

use rand::{Rng as _, seq::SliceRandom as _};
use sandyk::store::Store as _;

use crate::{
    model::{Part, What, Who},
    world::World,
};

impl World {
    /// After each step: what lies there, and a sample of what opens.
    pub(crate) fn check(&mut self, sample: usize) {
        self.model.law().unwrap();
        self.check_envelopes_lie_where_they_should();
        self.check_keyring();
        if self.things.is_empty() {
            return;
        }
        for _ in 0..sample {
            let what = self.rng.gen_range(0..self.things.len());
            let who = self.rng.gen_range(0..self.people.len());
            let part = *self.model.things[what].parts.choose(&mut self.rng).unwrap();
            self.check_one(what, part, who);
        }
    }

    /// At the end: everybody who ever was asks once more, and many openings are tried.
    pub(crate) fn check_in_the_end(&mut self) {
        for who in 0..self.people.len() {
            self.hand_out(who);
        }
        for who in 0..self.people.len() {
            self.sync(who);
            self.check_book(who);
        }
        self.check(60);
    }

    /// Exactly the model's envelopes lie in the store, nobody else's.
    fn check_envelopes_lie_where_they_should(&self) {
        let found = self.store.scan(b"envelope/", None, usize::MAX).unwrap();
        let found: BTreeSet<String> =
            found.into_iter().map(|(key, _)| String::from_utf8(key).unwrap()).collect();
        let wanted = self.places();
        let more: Vec<_> = found.difference(&wanted).collect();
        let less: Vec<_> = wanted.difference(&found).collect();
        assert!(
            more.is_empty() && less.is_empty(),
            "envelopes: too many {more:?}, lacking {less:?}"
        );
    }

    /// The keyring names exactly the model's readers.
    fn check_keyring(&self) {
        let keyring = self.chain.current().get();
        let found: Vec<_> =
            keyring.readers.iter().map(|r| (self.who_is(r.id).unwrap(), r.role)).collect();
        let wanted: Vec<_> = self.model.now().readers.iter().map(|(w, r)| (*w, *r)).collect();
        let mut sorted = found;
        sorted.sort_by_key(|(who, _)| *who);
        assert!(sorted == wanted, "readers {sorted:?}, not {wanted:?}");
    }

    /// With all that lies at the server and all that was fetched, this person opens the part, or not, as
    /// the model says.
    fn check_one(&mut self, what: What, part: Part, who: Who) {
        let own = self.lying(what, part, who);
        let fetched = self.people[who].fetched.get(&(what, part)).cloned();
        let mut envelopes = own.into_iter().chain(fetched);
        let opens = envelopes.any(|envelope| self.opens(what, part, who, &envelope));
        let wanted = self.model.opens((what, part, who));
        assert!(opens == wanted, "person {who} opens {part:?} of {what}: {opens}, not {wanted}");
        self.count("openings tried");
        if !wanted {
            self.check_strange_envelopes(what, part, who);
        }
    }

    /// Whoever has the whole server opens nothing of others with this person's identity either.
    fn check_strange_envelopes(&mut self, what: What, part: Part, who: Who) {
        let prefix = format!("envelope/{}/", self.things[what].id);
        let all = self.store.scan(prefix.as_bytes(), None, usize::MAX).unwrap();
        let all: Vec<_> = all.into_iter().map(|(_, found)| found.value).collect();
        if let Some(any) = all.choose(&mut self.rng).cloned() {
            assert!(
                !self.opens(what, part, who, &any),
                "person {who} opens {part:?} of {what} with an envelope of somebody else"
            );
        }
    }
}
