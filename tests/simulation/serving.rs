//! The server's part: testimonies come in, machines ask.

use std::{io::Write as _, sync::OnceLock};

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
    model::{Lies, Part, What, Who},
    world::{Thing, World},
};

impl World {
    /// A witness writes; nothing is taken in if the keyring may not be used today.
    pub(crate) fn testimony(&mut self) {
        let usable = self.chain.usable(self.today()).is_ok();
        assert_eq!(usable, self.today() <= self.model.now().not_after, "open while it may be");
        if !usable {
            self.count("refused for want of a keyring");
            return;
        }
        let id = TestimonyId::random(&mut self.rng);
        let thing = self.seal(id).unwrap();
        self.things.push(thing);
        self.model.seal();
        self.count("testimonies");
    }

    fn seal(&mut self, id: TestimonyId) -> Result<Thing, SealError> {
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
        let key = guardian.reading.open_account_envelope(&first.account).unwrap();
        let opened = key.open_cover(&cover, id).unwrap();
        let mut puts = Vec::new();
        for of in envelopes {
            let mut put = |part: Part, value| puts.push(put(id, of.reader, part, value));
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
        Ok(Thing { id, cover, opened, account, identity, cursor })
    }

    fn store_event(
        &mut self,
        id: TestimonyId,
        content: Digest,
        parts: &[(&str, &[u8])],
        puts: Vec<Put>,
    ) -> u64 {
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
        self.commit(commit).unwrap()
    }

    pub(crate) fn commit(&self, commit: Commit) -> Option<u64> {
        let done = self.block_on(self.store.commit(commit)).unwrap();
        done.cursor.map(|cursor| cursor.0)
    }

    /// What the server has for that reader.
    pub(crate) fn lying(&self, what: What, part: Part, who: Who) -> Option<Vec<u8>> {
        let key = key(self.things[what].id, self.people[who].line.id, part);
        self.store.get(key.as_bytes()).unwrap().map(|found| found.value)
    }

    /// Somebody who has the server puts something there, past every check.
    pub(crate) fn force(&mut self, what: What, part: Part, who: Who, value: Option<Vec<u8>>) {
        let key = key(self.things[what].id, self.people[who].line.id, part).into_bytes();
        let mut commit = Commit { id: self.rng.r#gen(), ..Commit::default() };
        match value {
            Some(value) => commit.puts.push(Put { key, value, expect: Expect::Any }),
            None => commit.deletes.push(key),
        }
        self.commit(commit);
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
            assert!(is_here || *lies == Lies::Known, "{part:?} of {what} was not given to {who}");
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
                _ => continue,
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

    /// Does this envelope, with that person's identity, open that part?
    pub(crate) fn opens(&self, what: What, part: Part, who: Who, envelope: &[u8]) -> bool {
        let (thing, reading) = (&self.things[what], &self.people[who].reading);
        match part {
            Part::Account => {
                let key = reading.open_account_envelope(&Sealed::from_bytes(envelope.to_vec()));
                let Ok(key) = key else { return false };
                let cover = key.open_cover(&thing.cover, thing.id);
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

fn put(id: TestimonyId, reader: sandyk::id::ReaderId, part: Part, value: Vec<u8>) -> Put {
    Put { key: key(id, reader, part).into_bytes(), value, expect: Expect::Absent }
}

pub(crate) fn key(id: TestimonyId, reader: sandyk::id::ReaderId, part: Part) -> String {
    format!("envelope/{id}/{reader}/{}", part.word())
}
