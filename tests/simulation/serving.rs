//! The server's part: testimonies come in, machines ask.

use std::{collections::BTreeSet, io::Write as _, sync::OnceLock};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use data_encoding::HEXLOWER;
use rand::{Rng as _, RngCore as _, rngs::OsRng};
use sandyk::{
    clock::Clock as _,
    desk::{Asker, Asking, DeskError},
    digest::Digest,
    hybrid::HybridIdentity,
    id::TestimonyId,
    ledger::feed::{FeedItem, FeedKind, PartInfo},
    locale::Lang,
    rewrap::ThingId,
    sealed::{Cover, SealError, Sealed, TestimonyKeys},
    store::{BlobWriter as _, Commit, Expect, NewEvent, Put, Store as _},
    testimony::{Channel, Form, Kind, Named},
    wire::{
        self,
        envelopes::{NEW_ENTRY, New},
        signature::{self, Nonce, Params, Request},
        tape::Tape,
    },
};

use crate::{
    model::{Envelope, Lies, Part, TESTIMONY, What, Who},
    people::{Is, Testimony, Thing},
    world::World,
};

impl World {
    /// A witness writes; nothing is taken in if the keyring may not be used today.
    pub(crate) fn testimony(&mut self) {
        let usable = self.chain.usable(self.today()).is_ok();
        assert_eq!(usable, self.model.now().is_usable(self.today()), "open while it may be");
        if !usable {
            self.count("refused for want of a keyring");
            return;
        }
        let id = TestimonyId::random(&mut self.rng);
        self.may_fall();
        let thing = self.seal(id).unwrap();
        self.store.stand();
        let Some(thing) = thing else { return self.count("testimonies that were not answered") };
        self.things.push(thing);
        self.model.comes(TESTIMONY);
        self.count("testimonies");
    }

    fn seal(&mut self, id: TestimonyId) -> Result<Option<Thing>, SealError> {
        let mut form = Form::new(Lang::Ky);
        form.put("story", &format!("What {id} tells.")).unwrap();
        let (account, mut identity) =
            form.into_parts(id, Channel::WebServerSealed, Digest::of(b"consent")).unwrap();
        identity.submitter = Some(Named::new(format!("Person {id}")));
        let keys = TestimonyKeys::generate(self.chain.current().get().kind, &mut self.rng);
        let (to, envelopes) = keys.into_envelopes(self.chain.current())?;
        let (account, identity) = (to.seal_account(&account)?, to.seal_identity(&identity)?);
        let witness = ed25519_dalek::SigningKey::generate(&mut self.rng);
        let cover = to.seal_cover(&Cover {
            schema: Cover::SCHEMA.to_owned(),
            id,
            keyring: self.chain.current_digest(),
            account: account.digest(),
            identity: identity.digest(),
            exhibits: Digest::of(b"no exhibits"),
            lookup: Digest::of(id.as_bytes()),
            reply: reply_address(),
            witness: BASE64_STANDARD.encode(witness.verifying_key().as_bytes()),
            kind: Kind::New,
            channel: Channel::WebServerSealed,
            continues: None,
            after: None,
            signature: None,
        })?;
        let first = envelopes.iter().find(|e| e.identity.is_some()).unwrap();
        let guardian = &self.people[self.who_is(first.reader).unwrap()];
        let key = guardian.keys.reading.open_account_envelope(&first.account).unwrap();
        let opened = key.open_cover(&cover, id).unwrap();
        let mut puts = Vec::new();
        for of in envelopes {
            let thing = ThingId::from_bytes(*id.as_bytes());
            let mut put = |part: Part, value| puts.push(put(thing, of.reader, part, value));
            put(Part::Account, of.account.into_bytes());
            if let Some(names) = of.identity {
                put(Part::Names, names.into_bytes());
            }
        }
        let parts = [
            ("cover", cover.as_bytes()),
            ("account", account.as_bytes()),
            ("identity", identity.as_bytes()),
            ("exhibits", b"no exhibits".as_slice()),
        ];
        let cursor = self.store_event(id, cover.digest(), &parts, puts);
        let is = Is::Testimony(Box::new(Testimony { cover, opened, account, identity }));
        let id = ThingId::from_bytes(*id.as_bytes());
        Ok(cursor.map(|cursor| Thing { id, cursor, is }))
    }

    fn store_event(
        &mut self,
        id: TestimonyId,
        content: Digest,
        parts: &[(&str, &[u8])],
        puts: Vec<Put>,
    ) -> Option<u64> {
        let mut salt = [0; 32];
        self.rng.fill_bytes(&mut salt);
        let keep = |(name, bytes): &(&str, &[u8])| {
            let mut writer = self.store.blob().unwrap();
            writer.write_all(bytes).unwrap();
            PartInfo {
                name: (*name).to_owned(),
                bytes: bytes.len() as u64,
                sha256: Digest::of(bytes),
                blob: writer.finish().unwrap(),
            }
        };
        let item = FeedItem {
            kind: FeedKind::Testimony,
            id: id.to_string(),
            salt: HEXLOWER.encode(&salt),
            content,
            week: Some(self.today().week()),
            epoch: self.chain.current().get().epoch,
            parts: parts.iter().map(keep).collect(),
        };
        let event =
            NewEvent { leaf: item.leaf().unwrap(), payload: serde_json::to_vec(&item).unwrap() };
        let attach = item.parts.iter().map(|part| part.blob).collect();
        let commit =
            Commit { id: *id.as_bytes(), puts, attach, event: Some(event), ..Commit::default() };
        let done = self.block_on(self.store.commit(commit));
        if self.store.is_down() {
            // Nobody was answered; it may be there all the same, and then it is a testimony as any other.
            return self.get_up().then(|| self.store.head().0);
        }
        done.unwrap().cursor.map(|cursor| cursor.0)
    }

    /// What the server has for that reader, and counts.
    pub(crate) fn lying(&self, what: What, part: Part, who: Who) -> Option<Vec<u8>> {
        let key = self.place_of((what, part, who));
        self.store.get(key.as_bytes()).unwrap().map(|found| found.value)
    }

    /// The bytes that their reader has reported, as they still lie there.
    pub(crate) fn reported(&self, envelope: Envelope) -> Option<Vec<u8>> {
        if self.model.lying.get(&envelope) != Some(&Lies::Known) {
            return None;
        }
        // Of a casebook key a later one, if any was made and reported, lies beside the first.
        let later = self.store.get(self.place_of(envelope).as_bytes()).unwrap();
        let first = || self.store.get(self.first_place_of(envelope).as_bytes()).unwrap();
        later.or_else(first).map(|found| found.value)
    }

    /// Where what counts lies in the store.
    fn place_of(&self, envelope: Envelope) -> String {
        let first = self.first_place_of(envelope);
        let beside = self.model.beside.contains_key(&envelope);
        if beside { format!("{first}{LATER}") } else { first }
    }

    pub(crate) fn first_place_of(&self, (what, part, who): Envelope) -> String {
        key(self.things[what].id, self.people[who].line.id, part)
    }

    /// All places in the store at which something lies.
    pub(crate) fn places(&self) -> BTreeSet<String> {
        let beside = &self.model.beside;
        let lying = self.model.lying.keys().filter(|envelope| !beside.contains_key(envelope));
        let first = lying.chain(beside.keys()).map(|envelope| self.first_place_of(*envelope));
        let later = beside.iter().filter(|(_, is_there)| **is_there);
        first.chain(later.map(|(envelope, _)| self.place_of(*envelope))).collect()
    }

    /// Somebody who has the server puts something there, past every check.
    pub(crate) fn force(&mut self, what: What, part: Part, who: Who, value: Option<Vec<u8>>) {
        let key = self.place_of((what, part, who)).into_bytes();
        let mut commit = Commit { id: self.rng.r#gen(), ..Commit::default() };
        match value {
            Some(value) => commit.puts.push(Put { key, value, expect: Expect::Any }),
            None => commit.deletes.push(key),
        }
        self.block_on(self.store.commit(commit)).unwrap();
    }

    /// A request signed by that person's device.
    pub(crate) fn ask(&mut self, who: Who, path: &str) -> Result<Asker, DeskError> {
        let request = Request {
            method: "GET",
            authority: "desk.example",
            path,
            query: None,
            content_digest: None,
        };
        let nonce = Nonce::random(&mut self.rng);
        let person = &self.people[who];
        let created = self.clock.unix_seconds();
        let params = Params { created, nonce, device: person.device.id };
        let headers = signature::sign(&request, &params, &person.device_key);
        self.desk.admit(&Asking { request, headers })
    }

    /// That person's machine fetches everything that the desk has for it.
    pub(crate) fn sync(&mut self, who: Who) {
        let answer = self.ask(who, wire::CHANGES);
        assert_eq!(answer.is_ok(), self.model.is_answered(who), "person {who}: {:?}", answer.err());
        let Ok(asker) = answer else { return self.count("syncs refused") };
        self.count("syncs");
        self.people[who].shelf.keyrings = self.shown.len();
        loop {
            let mut page = Vec::new();
            let planned = self.desk.page(&asker, self.people[who].cursor).unwrap();
            planned.write_to(&mut page).unwrap();
            let end = self.take_page(who, &page);
            if end <= self.people[who].cursor {
                break;
            }
            self.people[who].cursor = end;
        }
        loop {
            let tape = self.desk.new_envelopes(&asker, self.people[who].new).unwrap();
            let json = Tape::new(&tape).expect(NEW_ENTRY, 4096).unwrap();
            let New { end, count } = serde_json::from_slice(json).unwrap();
            self.take_page(who, &tape);
            self.people[who].new = end;
            if end >= count {
                break;
            }
        }
        let own = self.model.lying.iter().filter(|((.., of), _)| *of == who);
        for (&(what, part, _), lies) in own {
            let is_here = self.people[who].fetched.contains_key(&(what, part));
            // The feed commits to the first envelopes of a key: no other one is given in their place.
            let kept_back = *lies == Lies::Known || part == Part::Book && *lies == Lies::False;
            assert!(is_here || kept_back, "{part:?} of {what} was not given to {who}");
            if *lies == Lies::Good {
                self.model.copied.insert((what, part, who));
            }
        }
    }

    fn take_page(&mut self, who: Who, bytes: &[u8]) -> u64 {
        let mut tape = Tape::new(bytes);
        let mut end = 0;
        while let Some((name, _)) = tape.peek().unwrap() {
            let content = tape.expect(name, u64::MAX).unwrap();
            let Some((cursor, file)) = name.split_once('/') else { continue };
            let cursor = cursor.parse().unwrap();
            end = end.max(cursor);
            let part = match file {
                "envelope-account.age" => Part::Account,
                "envelope-identity.age" => Part::Names,
                "key.age" => Part::Book,
                _ => {
                    self.put_on_shelf(who, (cursor, file), content);
                    continue;
                }
            };
            let what = self.things.iter().position(|thing| thing.cursor == cursor).unwrap();
            let held = self.people[who].fetched.get(&(what, part)).cloned();
            let held = held.filter(|held| held != content);
            if !held.is_some_and(|held| self.opens(what, part, who, &held)) {
                self.people[who].fetched.insert((what, part), content.to_vec());
            }
        }
        end
    }

    fn put_on_shelf(&mut self, who: Who, (cursor, file): (u64, &str), content: &[u8]) {
        let has = &mut self.people[who].shelf;
        match file {
            "item.json" => {
                let item: FeedItem = serde_json::from_slice(content).unwrap();
                let leaf = item.leaf().unwrap();
                let line = serde_json::json!({"cursor": cursor, "leaf": leaf, "item": item});
                has.lines.push(format!("{line}\n"));
            }
            "entry.age" => has.entries.push((cursor, content.to_vec())),
            _ => {}
        }
    }

    /// Does this envelope, with that person's identity, open that part?
    pub(crate) fn opens(&self, what: What, part: Part, who: Who, envelope: &[u8]) -> bool {
        let reading = &self.people[who].keys.reading;
        let Some(thing) = self.things[what].testimony() else {
            return self.opens_key(what, who, envelope);
        };
        match part {
            Part::Book => false,
            Part::Account => {
                let key = reading.open_account_envelope(&Sealed::from_bytes(envelope.to_vec()));
                let Ok(key) = key else { return false };
                let cover = key.open_cover(&thing.cover, self.things[what].testimony_id());
                cover.is_ok_and(|cover| cover.open_account(&key, &thing.account).is_ok())
            }
            Part::Names => {
                let key = reading.open_identity_envelope(&Sealed::from_bytes(envelope.to_vec()));
                key.is_ok_and(|key| thing.opened.open_identity(&key, &thing.identity).is_ok())
            }
        }
    }
}

/// Of one witness for all: nobody answers here.
fn reply_address() -> String {
    static ADDRESS: OnceLock<String> = OnceLock::new();
    let fresh = || HybridIdentity::generate(&mut OsRng).recipient().to_string();
    ADDRESS.get_or_init(fresh).clone()
}

fn put(id: ThingId, reader: sandyk::id::ReaderId, part: Part, value: Vec<u8>) -> Put {
    Put { key: key(id, reader, part).into_bytes(), value, expect: Expect::Absent }
}

fn key(id: ThingId, reader: sandyk::id::ReaderId, part: Part) -> String {
    format!("envelope/{id}/{reader}/{}", part.word())
}

/// What ends the place of a casebook key's later envelope.
const LATER: &str = "-later";
