//! The invented organisations of `tests/vectors/keyring`: every key from a seed, so that the notes can be made again.

use ed25519_dalek::{Signer as _, SigningKey};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use sandyk::{
    digest::Digest,
    id::{DeviceId, ReaderId},
    keyring::{Chain, DeskNote, Device, Keyring, Reader, ReaderPub, Role, TrustRoot, VouchLine},
    note::{KeyName, NamedKey, SignedNote},
    receipt::Salt,
    recipient::{AgeIdentity, Kind, Recipient},
};

pub(super) const ORGANISATION: &str = "Мисал уюму, an example";

/// What is added to a reader's number for that of the machine; those of the roots lie between.
pub(super) const DEVICES: u8 = 150;

/// A reader whose every key is made from one number.
#[derive(Clone, Copy)]
pub(super) struct Person(pub(super) u8, pub(super) Role);

impl Person {
    pub(super) fn id(self) -> ReaderId {
        ReaderId::from_bytes([self.0; 16])
    }

    pub(super) fn signing(self) -> SigningKey {
        SigningKey::from_bytes(&[self.0; 32])
    }

    pub(super) fn identity(self, kind: Kind) -> AgeIdentity {
        AgeIdentity::generate(kind, &mut ChaCha20Rng::seed_from_u64(self.0.into()))
    }

    pub(super) fn public(self, recipient: Recipient) -> ReaderPub {
        let signing = self.signing().verifying_key();
        ReaderPub { id: self.id(), role: self.1, recipient, signing }
    }

    /// The line of this person, first named in `epoch`.
    pub(super) fn line(self, recipient: Recipient, epoch: u32) -> Reader {
        let ReaderPub { id, role, recipient, signing } = self.public(recipient);
        Reader { id, role, recipient, signing, since: epoch }
    }

    pub(super) fn soft(self, kind: Kind, epoch: u32) -> Reader {
        self.line(self.identity(kind).recipient(), epoch)
    }

    /// The word of this person for somebody, for the keyring after the newest of `chain`, whatever it is worth.
    pub(super) fn vouches(self, chain: &Chain, new: &Reader) -> SignedNote {
        let mut note = SignedNote::new(chain.vouch(&new.public()).to_text()).unwrap();
        note.sign(&KeyName::parse(&self.id().to_string()).unwrap(), &self.signing());
        note
    }

    fn vouch_line(self, chain: &Chain, new: &Reader) -> VouchLine {
        let signature = self.signing().sign(chain.vouch(&new.public()).to_text().as_bytes());
        VouchLine { reader: new.id, voucher: self.id(), signature }
    }
}

/// Root `n` and its key.
pub(super) fn root(n: u8) -> (NamedKey, SigningKey) {
    let key = SigningKey::from_bytes(&[100 + n; 32]);
    let name = KeyName::parse(&format!("root-{n}")).unwrap();
    (NamedKey { name, key: key.verifying_key() }, key)
}

pub(super) fn trust() -> TrustRoot {
    let roots = [1, 2, 3].map(|n| root(n).0).into();
    TrustRoot { organisation: ORGANISATION.to_owned(), threshold: 2, roots }
}

/// A text, signed by these roots.
pub(super) fn signed(text: String, by: &[u8]) -> SignedNote {
    let mut note = SignedNote::new(text).unwrap();
    for n in by {
        let (named, key) = root(*n);
        note.sign(&named.name, &key);
    }
    note
}

/// The first keyring of an organisation with these readers, as its text says it.
pub(super) fn first(kind: Kind, readers: Vec<Reader>) -> Keyring {
    let TrustRoot { organisation, threshold, roots } = trust();
    Keyring {
        organisation,
        epoch: 1,
        previous: Digest::NONE,
        kind,
        salt: Salt([7; 32]),
        not_after: "2027-05-21".parse().unwrap(),
        threshold,
        roots,
        readers,
        vouches: Vec::new(),
    }
}

/// The keyring that only prolongs the newest, by 180 days.
pub(super) fn renewal(chain: &Chain) -> Keyring {
    let known = chain.current().get();
    Keyring {
        epoch: known.epoch + 1,
        previous: chain.current_digest(),
        not_after: known.not_after.plus_days(180),
        vouches: Vec::new(),
        ..known.clone()
    }
}

/// The same, with a new reader for whom these vouch.
pub(super) fn joined(chain: &Chain, new: &Reader, by: &[Person]) -> Keyring {
    let mut next = renewal(chain);
    let new = Reader { since: next.epoch, ..new.clone() };
    next.vouches = by.iter().map(|person| person.vouch_line(chain, &new)).collect();
    next.readers.push(new);
    next.sort_vouches();
    next
}

/// The same, without one.
pub(super) fn without(chain: &Chain, gone: Person) -> Keyring {
    let mut next = renewal(chain);
    next.readers.retain(|reader| reader.id != gone.id());
    next
}

/// The desk note of the newest keyring: a machine for each of its readers.
pub(super) fn desk(keyring: &Keyring) -> DeskNote {
    let device = |reader: &Reader| {
        let n = reader.id.as_bytes()[0] + DEVICES;
        let key = SigningKey::from_bytes(&[n; 32]).verifying_key();
        Device { id: DeviceId::from_bytes([n; 16]), reader: reader.id, key }
    };
    DeskNote {
        organisation: keyring.organisation.clone(),
        epoch: keyring.epoch,
        keyring: keyring.body_digest(),
        devices: keyring.readers.iter().map(device).collect(),
    }
}
