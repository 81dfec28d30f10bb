//! Keyrings, invitations and casebooks of v0: they verify and open in every version from now on.
//!
//! The last test made them (`cargo test --test vectors_readers -- --ignored`); it refuses to write
//! over a file that is there.
#![cfg(feature = "review")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "tests say what they expect by failing"
)]

#[path = "vectors_readers/following.rs"]
mod following;
#[path = "keyring/forged.rs"]
mod forged;
#[path = "vectors_readers/keyrings/mod.rs"]
mod keyrings;
#[path = "vectors_readers/organisation.rs"]
mod organisation;
#[path = "vectors_readers/testimonies.rs"]
mod testimonies;

use std::{fs, path::PathBuf};

use ed25519_dalek::SigningKey;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use sandyk::{
    casebook::{Casebook, CasebookKey, Draft, Entry, Found, Head, Op, Position, Roster, Signer},
    digest::Digest,
    files::{self, Audience, Existing},
    hybrid::HybridIdentity,
    id::{DeviceId, ReaderId},
    keyring::{
        Chain, DeskNote, Device, DevicePub, Invitation, Keyring, KeyringError, Reader, ReaderPub,
        Role, TrustRoot, desk_file, keyring_file, load_folder,
    },
    note::{KeyName, NamedKey, SignedNote},
    receipt::Salt,
    sealed::open::ReadingIdentity,
};
use serde_json::{Value, json};

const ORGANISATION: &str = "Мисал уюму, an example";
const DAY: &str = "2026-11-22";

fn at(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/v0").join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(at(name)).unwrap()
}

fn identity(name: &str) -> HybridIdentity {
    let file = text(name);
    HybridIdentity::parse(file.lines().find(|line| !line.starts_with('#')).unwrap()).unwrap()
}

fn expected() -> Value {
    serde_json::from_str(&text("readers/expected.json")).unwrap()
}

fn chain() -> Chain {
    let trust = TrustRoot::parse(&text("readers/roots.txt")).unwrap();
    load_folder(&at("readers"), &trust).unwrap().chain
}

#[test]
fn the_keyrings_and_the_desk_note_of_v0_verify() {
    let trust = TrustRoot::parse(&text("readers/roots.txt")).unwrap();
    let published = load_folder(&at("readers"), &trust).unwrap();
    let expected = expected();
    assert_eq!(trust.fingerprint(), expected["roots"]);
    assert_eq!(published.chain.current().get().epoch, 2);
    assert_eq!(published.chain.current_digest().to_string(), expected["keyring"]);
    let readers: Vec<_> =
        published.chain.current().get().readers.iter().map(Reader::fingerprint).collect();
    assert_eq!(json!(readers), expected["readers"]);
    assert_eq!(published.desk.unwrap().get().devices[0].fingerprint(), expected["device"]);
}

#[test]
fn what_is_hostile_in_v0_is_refused_by_name() {
    let trust = TrustRoot::parse(&text("readers/roots.txt")).unwrap();
    let first = text("readers/keyring-0001.note");
    let refused = |file: &str| {
        let notes = [first.clone(), text(&format!("readers/hostile/{file}"))];
        Chain::verify(&notes, &trust).err().unwrap()
    };
    let added = refused("reader-added.note");
    assert!(matches!(added, KeyringError::TooFewVouches { .. }), "{added}");
    let few = refused("one-signature.note");
    assert!(matches!(few, KeyringError::TooFewSignatures { needed: 2, found: 1, .. }), "{few}");
    let salt = refused("other-salt.note");
    assert!(matches!(salt, KeyringError::SaltChanged), "{salt}");
}

#[test]
fn the_invitation_and_the_joining_files_of_v0_are_read() {
    let expected = expected();
    let invitation = Invitation::parse(&text("readers/invitation.txt")).unwrap();
    assert_eq!(invitation.fingerprint(), expected["invitation"]);
    assert_eq!(invitation.notes.len(), 1);
    let reader = ReaderPub::parse(&text("readers/reader.pub")).unwrap();
    assert_eq!(reader.fingerprint(), expected["readers"][0]);
    assert!(reader.recipient == identity("reviewer.txt").recipient().into());
    let device = DevicePub::parse(&text("readers/device.pub")).unwrap();
    assert_eq!(device.fingerprint(), expected["device"]);
}

#[test]
fn the_casebook_of_v0_opens_and_is_proven() {
    let roster = Roster::of(&chain());
    for reader in ["reviewer", "guardian"] {
        let reading = ReadingIdentity::new(identity(&format!("{reader}.txt")));
        let envelope = fs::read(at(&format!("readers/casebook-key-{reader}.age"))).unwrap();
        let key = CasebookKey::open(&envelope, &reading, &roster).unwrap();
        assert_eq!(key.by(), ReaderId::from_bytes([1; 16]));
        let keys = [key];
        let found = |n: u64| {
            let sealed = fs::read(at(&format!("readers/casebook-entry-{n}.age"))).unwrap();
            let entry = Entry::open(&sealed, &keys);
            Found { position: Position::Feed(n), epoch: 2, entry }
        };
        let (casebook, proven) = Casebook::fold(vec![found(1), found(2)], &roster);
        assert_eq!((casebook.faults.len(), proven.len()), (0, 2));
        assert_eq!(proven[1].entry.head().hash.to_string(), expected()["head"]);
        let (title, mark) = casebook.cases.values().next().unwrap().opened.clone().unwrap();
        assert_eq!((title.as_str(), mark.day.to_string().as_str()), ("Дело о школе", DAY));
        assert_eq!(casebook.remarks.values().next().unwrap()[0].text, "спросить ещё раз");
    }
}

struct Roots(Vec<(NamedKey, SigningKey)>);

impl Roots {
    fn sign(&self, text: String, signers: usize) -> String {
        let mut note = SignedNote::new(text).unwrap();
        self.0.iter().take(signers).for_each(|(named, key)| note.sign(&named.name, key));
        note.to_text()
    }
}

fn roots() -> Roots {
    let root = |n: u8| {
        let key = SigningKey::from_bytes(&[n; 32]);
        let name = KeyName::parse(&format!("root-{}", n % 10)).unwrap();
        (NamedKey { name, key: key.verifying_key() }, key)
    };
    Roots([101, 102, 103].map(root).into())
}

fn reader(n: u8, role: Role, file: &str) -> Reader {
    Reader {
        id: ReaderId::from_bytes([n; 16]),
        role,
        recipient: identity(file).recipient().into(),
        signing: SigningKey::from_bytes(&[n; 32]).verifying_key(),
        since: 1,
    }
}

fn put(name: &str, bytes: &[u8]) {
    let path = at("readers").join(name);
    files::make_folder(path.parent().unwrap()).unwrap();
    files::save(&path, bytes, Audience::Everyone, Existing::Refuse).unwrap();
}

/// The first keyring, the second, and hostile ones in its place.
fn make_keyrings(trust: &TrustRoot) -> Chain {
    let roots = roots();
    let first = Keyring {
        organisation: ORGANISATION.to_owned(),
        epoch: 1,
        previous: Digest::NONE,
        kind: sandyk::recipient::Kind::PostQuantum,
        salt: Salt([7; 32]),
        not_after: "2027-05-21".parse().unwrap(),
        threshold: trust.threshold,
        roots: trust.roots.clone(),
        readers: vec![
            reader(1, Role::Reviewer, "reviewer.txt"),
            reader(2, Role::Guardian, "guardian.txt"),
        ],
        vouches: Vec::new(),
    };
    let note = roots.sign(first.to_text(), 2);
    put(&keyring_file(1), note.as_bytes());
    let chain = Chain::verify(&[note], trust).unwrap();
    let not_after = "2027-11-17".parse().unwrap();
    let next = Keyring { epoch: 2, previous: chain.current_digest(), not_after, ..first };
    let mut added = next.clone();
    let signing = SigningKey::from_bytes(&[3; 32]).verifying_key();
    let id = ReaderId::from_bytes([3; 16]);
    let recipient = HybridIdentity::generate(&mut ChaCha20Rng::seed_from_u64(3)).recipient();
    added.readers.push(Reader {
        id,
        role: Role::Guardian,
        recipient: recipient.into(),
        signing,
        since: 2,
    });
    put("hostile/reader-added.note", roots.sign(added.to_text(), 3).as_bytes());
    let salted = Keyring { salt: Salt([8; 32]), ..next.clone() };
    put("hostile/other-salt.note", roots.sign(salted.to_text(), 2).as_bytes());
    put("hostile/one-signature.note", roots.sign(next.to_text(), 1).as_bytes());
    let note = roots.sign(next.to_text(), 2);
    put(&keyring_file(2), note.as_bytes());
    chain.extend(&note).unwrap()
}

fn make_joining(trust: &TrustRoot, chain: &Chain) -> (ReaderPub, DevicePub) {
    let Reader { id, role, recipient, signing, .. } = reader(1, Role::Reviewer, "reviewer.txt");
    let public = ReaderPub { id, role, recipient, signing };
    put("reader.pub", public.to_text(&SigningKey::from_bytes(&[1; 32])).unwrap().as_bytes());
    let key = SigningKey::from_bytes(&[11; 32]);
    let device =
        DevicePub { id: DeviceId::from_bytes([11; 16]), reader: id, key: key.verifying_key() };
    put("device.pub", device.to_text(&key).unwrap().as_bytes());
    let current = chain.current().get();
    let desk = DeskNote {
        organisation: ORGANISATION.to_owned(),
        epoch: current.epoch,
        keyring: current.body_digest(),
        devices: vec![Device { id: device.id, reader: id, key: device.key }],
    };
    put(&desk_file(2), roots().sign(desk.to_text(), 2).as_bytes());
    let invitation = Invitation {
        trust: trust.clone(),
        desk_address: "http://desk.example".to_owned(),
        intake_address: String::new(),
        role: Role::Reviewer,
        kind: sandyk::recipient::Kind::PostQuantum,
        notes: vec![chain.notes()[0].to_owned()],
    };
    put("invitation.txt", invitation.to_text().as_bytes());
    (public, device)
}

fn make_casebook(chain: &Chain) -> Head {
    let rng = &mut ChaCha20Rng::seed_from_u64(5);
    let key = SigningKey::from_bytes(&[1; 32]);
    let by = ReaderId::from_bytes([1; 16]);
    let keyring = chain.current_digest();
    let signer = Signer { organisation: ORGANISATION, keyring, by, key: &key };
    let (casebook_key, note) =
        CasebookKey::make(&signer, (sandyk::recipient::Kind::PostQuantum, 2), rng).unwrap();
    for (name, reader) in ["reviewer", "guardian"].iter().zip(&chain.current().get().readers) {
        let envelope = CasebookKey::seal_note(&note, &reader.recipient).unwrap();
        put(&format!("casebook-key-{name}.age"), &envelope);
    }
    let case = sandyk::id::CaseId::from_bytes([21; 16]);
    let target = sandyk::casebook::TargetId::from_bytes([9; 16]);
    let acts = [
        Op::OpenCase { case, title: "Дело о школе".to_owned() },
        Op::Remark { target, text: "спросить ещё раз".to_owned() },
    ];
    let mut head = Head::default();
    for (n, op) in (1..).zip(&acts) {
        let draft = Draft { op, after: head, day: DAY.parse().unwrap() };
        let entry = Entry::sign(&signer, &draft, rng).unwrap();
        let sealed = entry.seal(&casebook_key.recipient()).unwrap();
        put(&format!("casebook-entry-{n}.age"), &sealed);
        head = entry.head();
    }
    head
}

#[test]
#[ignore = "writes tests/vectors/v0/readers, which is frozen"]
fn make_the_vectors_of_v0() {
    let named = roots().0.iter().map(|(named, _)| named.clone()).collect();
    let trust = TrustRoot { organisation: ORGANISATION.to_owned(), threshold: 2, roots: named };
    put("roots.txt", trust.to_text().as_bytes());
    let chain = make_keyrings(&trust);
    let (_, device) = make_joining(&trust, &chain);
    let head = make_casebook(&chain);
    let readers: Vec<_> = chain.current().get().readers.iter().map(Reader::fingerprint).collect();
    let invitation = Invitation::parse(&text("readers/invitation.txt")).unwrap();
    let expected = json!({
        "roots": trust.fingerprint(), "keyring": chain.current_digest(), "readers": readers,
        "device": device.fingerprint(), "invitation": invitation.fingerprint(), "head": head.hash,
    });
    put("expected.json", &serde_json::to_vec_pretty(&expected).unwrap());
}
