//! Readers at their own machines: the real review over a folder as sync leaves it, and what they hand in.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rand::{Rng as _, seq::SliceRandom as _};
use sandyk::{
    casebook::{CasebookKey, Entry, Op, Roster, Tag, TargetId},
    id::{CaseId, EntryId, Id, TestimonyId},
    keyring::keyring_file,
    ledger::feed::{FeedItem, FeedKind},
    review::{Session, Workspace},
    store::{Cursor, Store as _},
    wire::outbox::{self, Envelope, Outbox, PushId},
};

use crate::{
    casebook::{Act, Said},
    model::{KEY, Part, What, Who},
    people::{Is, Thing},
    world::World,
};

/// What a reader's machine keeps of the feed, and what of it lies in the folder for review already.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) lines: Vec<String>,
    pub(crate) entries: Vec<(u64, Vec<u8>)>,
    /// Published keyrings that it has.
    pub(crate) keyrings: usize,
    laid: (usize, usize, usize),
    /// Entries that wait in the outbox, in the order of writing.
    pub(crate) waiting: Vec<EntryId>,
    /// For how many keyrings all that waits was sealed.
    sealed_for: usize,
}

impl World {
    /// Somebody says something in the casebook, knowing what all know or what their machine had last; it is
    /// handed in at once, or waits while others write.
    pub(crate) fn write_act(&mut self, who: Who) {
        if self.rng.gen_bool(0.6) {
            self.sync(who);
        }
        // Without testimonies in the folder review misses them, and says nothing of the feed by itself.
        let has_testimonies = self.people[who].shelf.lines.iter().any(|line| is_testimony(line));
        if !has_testimonies {
            return;
        }
        let act = self.any_act();
        let written = self.write(who, &[self.op(act)]);
        let knows = &self.model.epochs[self.people[who].shelf.keyrings - 1];
        let may = knows.readers.contains_key(&who) && knows.is_usable(self.today());
        assert_eq!(written, may, "person {who} writes");
        if !may {
            return self.count("acts refused at the reader's own machine");
        }
        self.model.waiting.entry(who).or_default().push(act);
        self.count("acts written");
        if self.rng.gen_bool(0.5) {
            self.hand_out(who);
        }
    }

    fn any_act(&mut self) -> Act {
        let testimonies: Vec<What> =
            (0..self.things.len()).filter(|what| self.things[*what].is_testimony()).collect();
        let testimony = *testimonies.choose(&mut self.rng).unwrap();
        let case = self.rng.gen_range(0..4);
        match self.rng.gen_range(0..6) {
            0 => Act::Open { case, title: self.rng.r#gen() },
            1 => Act::Link { case, testimony },
            2 => Act::Unlink { case, testimony },
            3 => Act::Tag { testimony },
            4 => Act::Untag { testimony },
            _ => Act::Remark { testimony, text: self.rng.r#gen() },
        }
    }

    fn op(&self, act: Act) -> Op {
        let case = |case: u8| CaseId::from_bytes([case; 16]);
        let id = |what: What| *self.things[what].id.as_bytes();
        let testimony_id = |what: What| TestimonyId::from_bytes(id(what));
        let tag = |what, remove| Op::Tag {
            target: TargetId::from_bytes(id(what)),
            code: Tag::parse(TAG).unwrap(),
            remove,
        };
        match act {
            Act::Open { case: n, title } => {
                Op::OpenCase { case: case(n), title: title.to_string() }
            }
            Act::Link { case: n, testimony } => {
                Op::LinkTestimony { case: case(n), testimony: testimony_id(testimony), note: None }
            }
            Act::Unlink { case: n, testimony } => Op::UnlinkTestimony {
                case: case(n),
                testimony: testimony_id(testimony),
                why: String::new(),
            },
            Act::Tag { testimony } => tag(testimony, false),
            Act::Untag { testimony } => tag(testimony, true),
            Act::Remark { testimony, text } => {
                Op::Remark { target: TargetId::from_bytes(id(testimony)), text: text.to_string() }
            }
        }
    }

    /// Review writes into the outbox; with no acts it only seals anew what waits. Whether it did.
    fn write(&mut self, who: Who, acts: &[Op]) -> bool {
        let mut session = self.sit(who);
        let today = self.today();
        if session.write(acts, today, &mut self.rng).is_err() {
            return false;
        }
        let own = &mut self.people[who].shelf;
        own.sealed_for = own.keyrings;
        let names = listed(&self.folder.path().join(format!("{who}/outbox/entries")));
        let ids: Vec<EntryId> = names.iter().map(|path| stem(path).parse().unwrap()).collect();
        let new: Vec<EntryId> = ids.into_iter().filter(|id| !own.waiting.contains(id)).collect();
        assert_eq!(new.len(), acts.len(), "entries that person {who} wrote");
        own.waiting.extend(new);
        true
    }

    /// A sitting of the real review over what sync has brought.
    pub(crate) fn sit(&mut self, who: Who) -> Session {
        let folder = self.lay_out(who);
        let workspace = Workspace::open(&folder).unwrap();
        Session::open(workspace, Arc::clone(&self.people[who].keys), &folder).unwrap()
    }

    /// Writes what came since the last time where sync keeps it.
    fn lay_out(&mut self, who: Who) -> PathBuf {
        let folder = self.folder.path().join(who.to_string());
        let person = &mut self.people[who];
        if !folder.exists() {
            let about = serde_json::json!({"schema": "workspace/1",
                "organisation": person.keys.trust.organisation, "reader": person.keys.id});
            put_file(&folder.join("workspace.json"), about.to_string().as_bytes());
            put_file(&folder.join("roots.txt"), person.keys.trust.to_text().as_bytes());
        }
        let has = &mut person.shelf;
        for n in has.laid.0..has.keyrings {
            let name = keyring_file(u32::try_from(n + 1).unwrap());
            put_file(&folder.join("keyring").join(name), self.notes[self.shown[n]].as_bytes());
        }
        if has.laid.1 < has.lines.len() {
            put_file(&folder.join("feed.jsonl"), has.lines.concat().as_bytes());
        }
        for (cursor, sealed) in &has.entries[has.laid.2..] {
            put_file(&folder.join(format!("casebook/entries/{cursor:020}.age")), sealed);
        }
        has.laid = (has.keyrings, has.lines.len(), has.entries.len());
        for ((what, part), envelope) in &person.fetched {
            if *part == Part::Book {
                let cursor = self.things[*what].cursor;
                put_file(&folder.join(format!("casebook/keys/{cursor:020}.age")), envelope);
            }
        }
        folder
    }

    /// Somebody's machine hands in what waits, sealed anew first if there was another keyring since.
    pub(crate) fn hand_out(&mut self, who: Who) {
        self.sync(who);
        let has = &self.people[who].shelf;
        if !self.model.is_answered(who) || has.waiting.is_empty() {
            return;
        }
        if has.sealed_for < has.keyrings {
            self.refuse_old_keys(who);
            let written = self.write(who, &[]);
            assert_eq!(written, self.model.now().is_usable(self.today()), "sealed anew");
            if !written {
                return self.count("acts that wait for a keyring");
            }
        }
        let before = self.store.head();
        let body = self.outbox(who).to_body().unwrap();
        let answer = self.take_in(&body);
        assert!(answer.is_empty(), "what person {who} hands in: {answer:?}");
        self.came(who, before);
        self.put_away(who);
    }

    /// What was handed in waits no more.
    pub(crate) fn put_away(&mut self, who: Who) {
        let folder = self.folder.path().join(format!("{who}/outbox"));
        for kind in ["keys", "entries"] {
            for path in listed(&folder.join(kind)) {
                let sent = folder.join("sent").join(kind);
                fs::create_dir_all(&sent).unwrap();
                fs::rename(&path, sent.join(path.file_name().unwrap())).unwrap();
            }
        }
        self.people[who].shelf.waiting.clear();
        self.model.waiting.remove(&who);
    }

    /// A key that was made for other readers is taken by no desk.
    fn refuse_old_keys(&mut self, who: Who) {
        let mut outbox = self.outbox(who);
        outbox.entries.clear();
        let made_for = &self.model.epochs[self.people[who].shelf.sealed_for - 1].readers;
        if outbox.keys.is_empty() || made_for.keys().eq(self.model.now().readers.keys()) {
            return;
        }
        let refused = self.take_in(&outbox.to_body().unwrap());
        assert_eq!(refused.len(), outbox.keys.len(), "keys made for other readers");
        self.count("casebook keys for other readers refused");
    }

    /// Hands an outbox in until the server answers; the codes of what it refuses.
    pub(crate) fn take_in(&mut self, body: &[u8]) -> Vec<String> {
        self.may_fall();
        let work = |world: &Self| world.block_on(world.desk.take_in(body, &mut rand::rngs::OsRng));
        let answer = self.insist(work).unwrap();
        answer.refused.into_iter().map(|refused| refused.error).collect()
    }

    pub(crate) fn outbox(&mut self, who: Who) -> Outbox {
        let folder = self.folder.path().join(format!("{who}/outbox"));
        let mut outbox = Outbox::empty(PushId::random(&mut self.rng));
        for id in &self.people[who].shelf.waiting {
            let sealed = fs::read(folder.join(format!("entries/{id}.age"))).unwrap();
            outbox.entries.push(outbox::Entry { id: *id, sealed: outbox::Sealed(sealed) });
        }
        for key in listed(&folder.join("keys")) {
            let envelope = |path: &PathBuf| Envelope {
                reader: stem(path).parse().unwrap(),
                sealed: outbox::Sealed(fs::read(path).unwrap()),
            };
            let mut envelopes: Vec<_> = listed(&key).iter().map(envelope).collect();
            envelopes.sort_by_key(|envelope| envelope.reader);
            let id = stem(&key).parse().unwrap();
            outbox.keys.push(outbox::CasebookKey { id, envelopes });
        }
        outbox
    }

    /// Tells the model of what somebody's outbox brought into the feed.
    fn came(&mut self, by: Who, before: Cursor) {
        let mut acts = self.model.waiting.get(&by).cloned().unwrap_or_default().into_iter();
        for event in self.store.changes(before, usize::MAX).unwrap() {
            let item: FeedItem = serde_json::from_slice(&event.payload).unwrap();
            let cursor = event.cursor.0;
            if item.kind == FeedKind::CasebookKey {
                let what = self.model.comes(KEY);
                // Whoever made it has it.
                self.model.copied.insert((what, Part::Book, by));
                let id: Id<_> = item.id.parse().unwrap();
                let (own, key) = self.opened_by_its_maker(by, &item.id);
                self.people[by].fetched.insert((what, Part::Book), own);
                self.things.push(Thing { id, cursor, is: Is::Key(key) });
                self.count("casebook keys made");
            } else {
                let key = self.key_of(cursor);
                let (act, in_epoch) = (acts.next().unwrap(), self.model.epochs.len() - 1);
                self.model.said.push(Said { by, act, key, in_epoch, cursor });
                self.count("acts handed in");
            }
        }
        assert!(acts.next().is_none(), "not all that person {by} wrote came");
    }

    fn opened_by_its_maker(&self, by: Who, id: &str) -> (Vec<u8>, CasebookKey) {
        let keys = &self.people[by].keys;
        let own = self.folder.path().join(format!("{by}/outbox/keys/{id}/{}.age", keys.id));
        let roster = Roster::of(&self.chain);
        let own = fs::read(own).unwrap();
        let key = CasebookKey::open(&own, &keys.reading, &roster).unwrap();
        (own, key)
    }

    /// The key to which the entry at that place is sealed.
    fn key_of(&self, cursor: u64) -> What {
        let sealed = self.entry(cursor);
        let opens = |what: &What| match &self.things[*what].is {
            Is::Key(key) => Entry::open(&sealed, std::slice::from_ref(key)).is_ok(),
            Is::Testimony(_) => false,
        };
        let found = (0..self.things.len()).rev().find(opens);
        found.unwrap_or_else(|| panic!("entry {cursor} is sealed to no key of the feed"))
    }

    /// An entry as it lies at the server.
    pub(crate) fn entry(&self, cursor: u64) -> Vec<u8> {
        let event = self.store.changes(Cursor(cursor - 1), 1).unwrap().remove(0);
        let item: FeedItem = serde_json::from_slice(&event.payload).unwrap();
        let mut sealed = Vec::new();
        let mut blob = self.store.open(item.parts[0].blob).unwrap();
        std::io::Read::read_to_end(&mut blob, &mut sealed).unwrap();
        sealed
    }

    /// Does this envelope give that person the key, and the key what was said under it?
    pub(crate) fn opens_key(&self, what: What, who: Who, envelope: &[u8]) -> bool {
        let Is::Key(made) = &self.things[what].is else { return false };
        let roster = Roster::of(&self.chain);
        let opened = CasebookKey::open(envelope, &self.people[who].keys.reading, &roster);
        let Ok(key) = opened else { return false };
        if key.recipient() != made.recipient() {
            return false;
        }
        let said = self.model.said.iter().find(|said| said.key == what);
        said.is_none_or(|said| Entry::open(&self.entry(said.cursor), &[key]).is_ok())
    }
}

fn is_testimony(line: &str) -> bool {
    line.contains("\"kind\":\"testimony\"")
}

fn listed(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

fn put_file(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::File::create(path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, bytes))
        .unwrap();
}

const TAG: &str = "torture";
