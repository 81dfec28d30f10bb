//! Roots, readers and their devices, all invented.

use std::{fs, path::Path};

use ed25519_dalek::SigningKey;
use rand::rngs::OsRng;
use rand_chacha::ChaCha20Rng;
use sandyk::{
    clock::{Clock as _, Day, SystemClock},
    digest::Digest,
    hybrid::HybridIdentity,
    id::ReaderId,
    keyring::{
        Chain, DeskNote, Device, DevicePub, Invitation, Keyring, Reader, ReaderPub, Role,
        TrustRoot, Verified,
    },
    note::{KeyName, NamedKey, SignedNote},
    receipt::Salt,
    secret::Secret,
    sync::{self, Init},
};

use super::{Member, write};

pub(crate) fn root(n: u8, rng: &mut ChaCha20Rng) -> (NamedKey, SigningKey) {
    let key = SigningKey::generate(rng);
    let name = KeyName::parse(&format!("root-{n}")).unwrap();
    (NamedKey { name, key: key.verifying_key() }, key)
}

pub(crate) fn draft(role: Role, rng: &mut ChaCha20Rng) -> (Reader, SigningKey) {
    let signing = SigningKey::generate(rng);
    let reader = Reader {
        id: ReaderId::random(rng),
        role,
        recipient: reading(&signing).recipient().into(),
        signing: signing.verifying_key(),
        since: 1,
    };
    (reader, signing)
}

/// The reading identity of an invented reader, made of the signing key.
pub(crate) fn reading(signing: &SigningKey) -> HybridIdentity {
    HybridIdentity::from_seed(Secret::take(&mut signing.to_bytes()))
}

pub(crate) fn first_keyring(roots: &[(NamedKey, SigningKey)], readers: Vec<Reader>) -> Keyring {
    let today: Day = SystemClock.today();
    Keyring {
        organisation: "Rehearsal".to_owned(),
        epoch: 1,
        previous: Digest::NONE,
        kind: sandyk::recipient::Kind::PostQuantum,
        salt: Salt([7; 32]),
        not_after: today.plus_days(180),
        threshold: 2,
        roots: roots.iter().map(|(named, _)| named.clone()).collect(),
        readers,
        vouches: Vec::new(),
    }
}

pub(crate) fn sign(roots: &[(NamedKey, SigningKey)], text: String) -> SignedNote {
    let mut note = SignedNote::new(text).unwrap();
    for (named, key) in &roots[..2] {
        note.sign(&named.name, key);
    }
    note
}

pub(crate) fn desk_note<'d>(
    roots: &[(NamedKey, SigningKey)],
    keyring: &Keyring,
    chain: &Chain,
    devices: impl Iterator<Item = &'d DevicePub>,
) -> Verified<DeskNote> {
    let note = DeskNote {
        organisation: keyring.organisation.clone(),
        epoch: keyring.epoch,
        keyring: keyring.body_digest(),
        devices: devices.map(|d| Device { id: d.id, reader: d.reader, key: d.key }).collect(),
    };
    DeskNote::verify(&sign(roots, note.to_text()), chain).unwrap()
}

pub(crate) fn join(
    folder: &Path,
    (reader, signing): &(Reader, SigningKey),
    trust: &TrustRoot,
    address: &str,
) -> Member {
    fs::create_dir_all(folder).unwrap();
    let Reader { id, role, recipient, signing: public, .. } = reader.clone();
    let reader_pub = ReaderPub { id, role, recipient, signing: public };
    let invitation = Invitation {
        trust: trust.clone(),
        desk_address: address.to_owned(),
        intake_address: String::new(),
        role,
        kind: sandyk::recipient::Kind::PostQuantum,
        notes: Vec::new(),
    };
    let init = Init {
        workspace: folder.join("workspace"),
        device: folder.join("device"),
        invitation: folder.join("invitation.txt"),
        reader: folder.join("reader.pub"),
    };
    write(&init.invitation, invitation.to_text().as_bytes());
    write(&init.reader, reader_pub.to_text(signing).unwrap().as_bytes());
    let public = sync::init(&init, &mut OsRng).unwrap();
    let signing = signing.clone();
    Member { id, role, workspace: init.workspace, device: init.device, public, signing }
}
