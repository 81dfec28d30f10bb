//! A testimony of either kind, with the keys that open it: here, and with the stock tools that know its kind.

use std::{fs, path::Path, process::Command};

use sandyk::{
    digest::Digest,
    id::TestimonyId,
    keyring::{Chain, Role},
    recipient::{AgeIdentity, Kind},
    sealed::{Cover, Sealed, TestimonyKeys, open::ReadingIdentity},
    testimony::{Account, Channel, Identity, Kind as Sent},
};
use serde_json::{Value, json};

use crate::{
    keyrings::{chain, file, folder, index, keep, word},
    organisation::Person,
};

const READERS: [Person; 2] = [Person(1, Role::Guardian), Person(2, Role::Reviewer)];
const STORY: &str = "Алар саат төрттө келишти.";
const NAME: &str = "Person A";

/// Seals one for each kind that is not there yet, and gives what the index says of them.
pub(super) fn make() -> Vec<Value> {
    let one = |kind: Kind, about: &str| {
        let (name, at) = (kind.word(), format!("testimony-{}", kind.word()));
        let id = TestimonyId::from_bytes([30; 16]);
        if !folder().join(&at).join("cover.age").exists() {
            seal(&chain(name, 1).unwrap(), &at, id);
        }
        let keys: Vec<_> = READERS
            .iter()
            .map(|person| {
                let text = person.identity(kind).to_secret_text();
                let path = format!("{at}/keys/{}.txt", person.1.word());
                keep(&path, format!("# reader {}\n{}\n", person.id(), text.expose()).as_bytes());
                json!({"reader": person.id(), "role": person.1.word(), "file": path})
            })
            .collect();
        json!({"about": about, "chain": name, "after": 1, "folder": at, "id": id, "keys": keys,
            "story": STORY, "submitter": NAME})
    };
    vec![
        one(Kind::PostQuantum, "Sealed to hybrid keys, as everything is unless somebody says so."),
        one(Kind::Classic, "Sealed to X25519 keys: Debian's age opens it."),
    ]
}

fn seal(chain: &Chain, at: &str, id: TestimonyId) {
    let rng = &mut rand::rngs::OsRng;
    let keys = TestimonyKeys::generate(chain.current().get().kind, rng);
    let (to, envelopes) = keys.into_envelopes(chain.current()).unwrap();
    let account = to.seal_account(&account(id)).unwrap();
    let submitter = json!({"schema": "testimony/1", "submitter": {"name": NAME}});
    let identity: Identity = serde_json::from_value(submitter).unwrap();
    let identity = to.seal_identity(&identity).unwrap();
    let exhibits = to.exhibits(Vec::new()).unwrap().finish().unwrap();
    let cover = Cover {
        schema: Cover::SCHEMA.into(),
        id,
        keyring: chain.current_digest(),
        account: account.digest(),
        identity: identity.digest(),
        exhibits: Digest::of(&exhibits),
        lookup: Digest::of(b"lookup"),
        reply: AgeIdentity::generate(Kind::PostQuantum, rng).recipient().to_string(),
        witness: data_encoding::BASE64.encode(&[9; 32]),
        kind: Sent::New,
        channel: Channel::WebServerSealed,
        continues: None,
        after: None,
        signature: None,
    };
    let cover = to.seal_cover(&cover).unwrap();
    for envelope in &envelopes {
        let own = format!("{at}/envelope/{}", envelope.reader);
        keep(&format!("{own}/account.age"), envelope.account.as_bytes());
        if let Some(identity) = &envelope.identity {
            keep(&format!("{own}/identity.age"), identity.as_bytes());
        }
    }
    keep(&format!("{at}/account.age"), account.as_bytes());
    keep(&format!("{at}/identity.age"), identity.as_bytes());
    keep(&format!("{at}/exhibits.age"), &exhibits);
    keep(&format!("{at}/cover.age"), cover.as_bytes());
}

fn account(id: TestimonyId) -> Account {
    let account = json!({
        "schema": "testimony/1",
        "id": id,
        "triage": {
            "schema": "testimony/1", "kind": "new", "channel": "web-server-sealed",
            "lang": "ky", "risk": "unsure", "role": "lived", "boxes": ["harm-torture"],
            "attachments": 0, "has_identity": true, "may_use": true,
        },
        "story": STORY,
        "places": [{"words": "a street"}],
        "consent": {"uses": ["case"], "ask_first": true, "basis": "self",
            "text": Digest::of(b"page")},
    });
    serde_json::from_value(account).unwrap()
}

fn part(one: &Value, name: &str) -> Vec<u8> {
    fs::read(folder().join(word(one, "folder")).join(name)).unwrap()
}

fn key(one: &Value, role: Role) -> (String, AgeIdentity) {
    let keys = one["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| word(key, "role") == role.word()).unwrap();
    let text = file(word(key, "file"));
    let own = AgeIdentity::parse(text.lines().nth(1).unwrap()).unwrap();
    (word(key, "reader").to_owned(), own)
}

#[test]
fn a_frozen_testimony_of_either_kind_opens_with_the_keys_beside_it() {
    let index = index();
    let all = index["testimonies"].as_array().unwrap();
    assert_eq!(all.len(), 2);
    for one in all {
        let id: TestimonyId = word(one, "id").parse().unwrap();
        for role in [Role::Guardian, Role::Reviewer] {
            let (reader, own) = key(one, role);
            let own = ReadingIdentity::new(own);
            let envelope = Sealed::from_bytes(part(one, &format!("envelope/{reader}/account.age")));
            let cover = Sealed::from_bytes(part(one, "cover.age"));
            let key = own.open_account_envelope(&envelope).unwrap();
            let cover = key.open_cover(&cover, id).unwrap();
            let sealed = Sealed::from_bytes(part(one, "account.age"));
            assert_eq!(cover.open_account(&key, &sealed).unwrap().story, word(one, "story"));
            let envelope = format!("envelope/{reader}/identity.age");
            if role == Role::Reviewer {
                assert!(!folder().join(word(one, "folder")).join(envelope).exists());
                continue;
            }
            let names = own.open_identity_envelope(&Sealed::from_bytes(part(one, &envelope)));
            let sealed = Sealed::from_bytes(part(one, "identity.age"));
            let names = cover.open_identity(&names.unwrap(), &sealed).unwrap();
            assert_eq!(names.submitter.unwrap().name, word(one, "submitter"));
        }
    }
}

#[test]
fn debians_age_opens_the_classic_one_and_refuses_the_other() {
    let index = index();
    for one in index["testimonies"].as_array().unwrap() {
        let (reader, _) = key(one, Role::Guardian);
        let at = folder().join(word(one, "folder"));
        let temporary = tempfile::tempdir().unwrap();
        let key = temporary.path().join("key");
        let own = at.join("keys/guardian.txt");
        let opened = age(&own, &at.join(format!("envelope/{reader}/account.age")), &key);
        assert_eq!(opened, word(one, "chain") == "classic");
        if opened {
            let account = temporary.path().join("account");
            assert!(age(&key, &at.join("account.age"), &account));
            let account: Value = serde_json::from_slice(&fs::read(account).unwrap()).unwrap();
            assert_eq!(account["story"], one["story"]);
        }
    }
}

/// Whether age opens a file with the keys in another.
fn age(keys: &Path, sealed: &Path, out: &Path) -> bool {
    let words: [&Path; 6] = ["-d".as_ref(), "-o".as_ref(), out, "-i".as_ref(), keys, sealed];
    let run = Command::new("age").args(words).output();
    run.unwrap_or_else(|e| panic!("age: {e}; tests/all installs it")).status.success()
}
