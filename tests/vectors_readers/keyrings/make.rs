//! Makes `tests/vectors/keyring`: files that are not there yet, and the index.

use std::fs;

use ed25519_dalek::SigningKey;
use sandyk::{
    digest::Digest,
    files::{self, Audience, Existing},
    id::DeviceId,
    keyring::{Chain, Keyring, Reader, Role, Suspension, desk_file, keyring_file, suspension_file},
    recipient::{Kind, Recipient},
};
use serde_json::{Value, json};

use super::{file, folder, refused};
use crate::{
    organisation::{DEVICES, Person, desk, first, joined, renewal, root, signed, trust, without},
    testimonies,
};

/// Writes a file that is not there, or finds it as it would be written.
pub(crate) fn keep(name: &str, bytes: &[u8]) {
    let path = folder().join(name);
    if let Ok(frozen) = fs::read(&path) {
        assert!(frozen == bytes, "{name} is frozen, and would be another now");
        return;
    }
    files::make_folder(path.parent().unwrap()).unwrap();
    files::save(&path, bytes, Audience::Everyone, Existing::Refuse).unwrap();
}

/// The guardian and the reviewer who founded, and those who came later.
pub(super) const G: Person = Person(1, Role::Guardian);
pub(super) const R: Person = Person(2, Role::Reviewer);
pub(super) const LATER: Person = Person(3, Role::Reviewer);
pub(super) const LATER_G: Person = Person(4, Role::Guardian);

/// A chain on its way, and what the index says of it.
pub(super) struct Growing {
    name: &'static str,
    about: &'static str,
    pub(super) chain: Chain,
    said: Vec<Value>,
}

impl Growing {
    fn found(
        name: &'static str,
        about: &'static str,
        (kind, readers): (Kind, Vec<Reader>),
    ) -> Self {
        keep(&format!("{name}/roots.txt"), trust().to_text().as_bytes());
        let note = signed(first(kind, readers).to_text(), &[1, 2]).to_text();
        let chain = Chain::verify(&[note], &trust()).unwrap();
        let growing = Self { name, about, chain, said: Vec::new() };
        growing.say("Founded: an epoch 1, signed by two of three roots.")
    }

    fn then(mut self, about: &str, next: &Keyring, by: &[u8]) -> Self {
        let note = signed(next.to_text(), by).to_text();
        self.chain = self.chain.extend(&note).unwrap();
        self.say(about)
    }

    fn say(mut self, about: &str) -> Self {
        let now = self.chain.current().get();
        let file = format!("{}/{}", self.name, keyring_file(now.epoch));
        keep(&file, self.chain.notes().last().unwrap().as_bytes());
        let readers: Vec<_> = now.readers.iter().map(Reader::fingerprint).collect();
        let digest = self.chain.current_digest();
        self.said.push(json!({"about": about, "file": file, "sha256": digest, "readers": readers}));
        self
    }

    /// Writes the desk note of the newest epoch and says all there is to say.
    fn end(&self, by: &[u8], suspended: &[DeviceId]) -> Value {
        let now = self.chain.current().get();
        let desk = desk(now);
        let file = format!("{}/{}", self.name, desk_file(now.epoch));
        keep(&file, signed(desk.to_text(), by).to_text().as_bytes());
        let devices: Vec<_> = desk.devices.iter().map(|device| device.id).collect();
        json!({"name": self.name, "about": self.about, "kind": now.kind.word(),
            "roots": trust().fingerprint(), "keyrings": self.said, "devices": devices,
            "suspended": suspended})
    }
}

/// All that may happen to an organisation, in post-quantum keys.
pub(super) fn long() -> Growing {
    let kind = Kind::PostQuantum;
    let about = "Joins by vouches, a retirement, a change of roots, renewals ahead, a suspension.";
    let chain =
        Growing::found("post-quantum", about, (kind, vec![G.soft(kind, 1), R.soft(kind, 1)]));
    let next = joined(&chain.chain, &LATER.soft(kind, 2), &[G, R]);
    let chain = chain.then("A reviewer joins by the word of both readers.", &next, &[1, 2]);
    let next = joined(&chain.chain, &LATER_G.soft(kind, 3), &[G, LATER]);
    let chain =
        chain.then("A guardian joins by the word of a guardian and another.", &next, &[1, 3]);
    let next = without(&chain.chain, R);
    let chain = chain.then("The first reviewer is retired for ever.", &next, &[2, 3]);
    let mut next = renewal(&chain.chain);
    next.roots[2] = root(4).0;
    let about = "Root 3 leaves and root 4 comes: signed by old and new roots together.";
    let chain = chain.then(about, &next, &[1, 2, 4]);
    let next = renewal(&chain.chain);
    chain.then("A renewal and nothing else, signed by the new roots.", &next, &[2, 4])
}

/// A short chain with keys of one sort for the guardian and of another for the reviewer.
fn short(name: &'static str, about: &'static str, (kind, guardian): (Kind, Reader)) -> Growing {
    let chain = Growing::found(name, about, (kind, vec![guardian, R.soft(kind, 1)]));
    let next = joined(&chain.chain, &LATER.soft(kind, 2), &[G, R]);
    let chain = chain.then("A reviewer joins by the word of both readers.", &next, &[1, 3]);
    let next = without(&chain.chain, R);
    let chain = chain.then("The first reviewer is retired for ever.", &next, &[2, 3]);
    let next = renewal(&chain.chain);
    chain.then("A renewal and nothing else.", &next, &[1, 2])
}

/// The recipient of a token: made once with `cargo run --example rehearsal_plugin tag|tagpq`.
fn token(name: &str) -> Recipient {
    let kept = file(&format!("tokens/{name}.txt"));
    Recipient::parse(kept.lines().next().unwrap()).unwrap()
}

pub(super) fn classic() -> Growing {
    let about = "X25519 keys: what stock age opens since 1.0.";
    short("classic", about, (Kind::Classic, G.soft(Kind::Classic, 1)))
}

fn hardware(name: &'static str, kind: Kind, recipient: &str) -> Growing {
    let about = "The guardian's reading key is on a token that only an age plugin opens.";
    short(name, about, (kind, G.line(token(recipient), 1)))
}

/// The machine that is suspended in the long chain.
pub(super) fn lost() -> DeviceId {
    DeviceId::from_bytes([LATER.0 + DEVICES; 16])
}

/// Writes everything that is not there, and the index anew.
pub(crate) fn make() {
    let (long, classic) = (long(), classic());
    let suspension = signed(Suspension::of(&long.chain, lost()).to_text(), &[4]).to_text();
    keep(&format!("post-quantum/{}", suspension_file(lost())), suspension.as_bytes());
    let pq = hardware("post-quantum-hardware", Kind::PostQuantum, "tagpq");
    let tag = hardware("classic-hardware", Kind::Classic, "tag");
    let chains = [
        long.end(&[1, 2], &[lost()]),
        classic.end(&[1, 2], &[]),
        pq.end(&[1, 2], &[]),
        tag.end(&[1, 2], &[]),
    ];
    let refused = refused::all(&classic);
    let mut index = json!({"schema": "keyring-vectors/1", "chains": chains, "refused": refused,
        "days": days(), "ahead": ahead(&long.chain), "notes": refused::notes(&suspension),
        "testimonies": testimonies::make()});
    index["files"] = listed();
    let text = serde_json::to_string_pretty(&index).unwrap() + "\n";
    let path = folder().join("index.json");
    files::save(&path, text.as_bytes(), Audience::Everyone, Existing::Replace).unwrap();
}

fn days() -> Vec<Value> {
    let day = |about: &str, after: u32, day: &str, outcome: &str| {
        json!({"about": about, "chain": "post-quantum", "after": after, "day": day,
            "outcome": outcome})
    };
    vec![
        day("On its last day a keyring is good.", 1, "2027-05-21", "good"),
        day("On the day after, nothing is sealed under it.", 1, "2027-05-22", "Expired"),
        day("400 days before its last day it is good.", 1, "2026-04-16", "good"),
        day("A day earlier it lasts too long.", 1, "2026-04-15", "TooLongLived"),
        day("A renewal signed ahead waits for its time.", 6, "2026-11-22", "TooLongLived"),
        day("Once that has come, it is good.", 6, "2029-06-01", "good"),
    ]
}

/// Renewals that are kept by somebody who may publish only them.
fn ahead(chain: &Chain) -> Vec<Value> {
    let one = |about: &str, outcome: &str, name: &str, next: &Keyring| {
        let file = format!("ahead/{name}.note");
        keep(&file, signed(next.to_text(), &[1, 4]).to_text().as_bytes());
        json!({"about": about, "chain": "post-quantum", "after": 6, "file": file,
            "outcome": outcome})
    };
    let (good, retires) = (renewal(chain), without(chain, LATER));
    let sooner = Keyring { not_after: chain.current().get().not_after, ..good.clone() };
    vec![
        one("Another last day and nothing else.", "good", "renewal", &good),
        one("It also retires a reader.", "NotARenewal", "retires", &retires),
        one("It does not last longer than the one before.", "NotARenewal", "no-longer", &sooner),
    ]
}

/// Every file but the index, with its hash.
fn listed() -> Value {
    let mut found = Vec::new();
    let mut folders = vec![folder()];
    while let Some(at) = folders.pop() {
        for path in fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.strip_prefix(folder()).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !["index.json", "README.md"].contains(&name.as_str()) {
                found.push((name, Digest::of(&fs::read(path).unwrap()).to_string()));
            }
        }
    }
    found.sort();
    found.into_iter().map(|(file, sha256)| json!({"file": file, "sha256": sha256})).collect()
}

/// Signs with the root of that number, as the forged keyrings ask for it.
pub(super) fn sign(note: &mut sandyk::note::SignedNote, n: usize) {
    let (named, key) = root(u8::try_from(n).unwrap());
    note.sign(&named.name, &key);
}

/// A key that nobody has.
pub(super) fn nobodys() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}
