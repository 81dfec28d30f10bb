//! An invented organisation for the tests of this crate.

use ed25519_dalek::SigningKey;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

use crate::{
    clock::Day,
    digest::Digest,
    hybrid::HybridIdentity,
    id::{DeviceId, ReaderId},
    keyring::{Chain, DeskNote, Device, Keyring, Reader, ReaderPub, Role, SignedVouch, TrustRoot},
    note::{KeyName, NamedKey, SignedNote},
    receipt::Salt,
    recipient::Kind,
};

/// Root keys, readers with their secrets, and a first keyring drafted from them.
pub(crate) struct Rehearsal {
    pub(crate) roots: Vec<(NamedKey, SigningKey)>,
    pub(crate) identities: Vec<HybridIdentity>,
    pub(crate) signing: Vec<SigningKey>,
    pub(crate) keyring: Keyring,
    pub(crate) rng: ChaCha20Rng,
}

impl Rehearsal {
    /// Two of three roots and one reader for each of `roles`, good until 2027-05-21.
    pub(crate) fn new(roles: &[Role]) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let roots: Vec<_> = (1..=3).map(|n| root(&format!("root-{n}"), &mut rng)).collect();
        let keyring = Keyring {
            organisation: "Rehearsal, мисал".into(),
            epoch: 1,
            previous: Digest::NONE,
            kind: Kind::PostQuantum,
            salt: Salt([7; 32]),
            not_after: day("2027-05-21"),
            threshold: 2,
            roots: roots.iter().map(|(named, _)| named.clone()).collect(),
            readers: Vec::new(),
            vouches: Vec::new(),
        };
        let mut new = Self { roots, identities: Vec::new(), signing: Vec::new(), keyring, rng };
        for role in roles {
            new.add(*role);
        }
        new
    }

    /// Adds a reader to the draft.
    pub(crate) fn add(&mut self, role: Role) {
        let identity = HybridIdentity::generate(&mut self.rng);
        let signing = SigningKey::generate(&mut self.rng);
        self.keyring.readers.push(Reader {
            id: ReaderId::random(&mut self.rng),
            role,
            recipient: identity.recipient().into(),
            signing: signing.verifying_key(),
            since: self.keyring.epoch,
        });
        self.identities.push(identity);
        self.signing.push(signing);
    }

    pub(crate) fn trust(&self) -> TrustRoot {
        let Keyring { organisation, threshold, roots, .. } = &self.keyring;
        TrustRoot {
            organisation: organisation.clone(),
            threshold: *threshold,
            roots: roots.clone(),
        }
    }

    /// `text` signed by the roots of these places.
    pub(crate) fn sign(&self, text: String, roots: &[usize]) -> SignedNote {
        let mut note = SignedNote::new(text).unwrap();
        for place in roots {
            let (named, secret) = &self.roots[*place];
            note.sign(&named.name, secret);
        }
        note
    }

    /// The drafted keyring, signed by two roots, whole.
    pub(crate) fn note(&self) -> String {
        self.sign(self.keyring.to_text(), &[0, 1]).to_text()
    }

    /// The chain of the first keyring alone.
    pub(crate) fn chain(&self) -> Chain {
        Chain::verify(&[self.note()], &self.trust()).unwrap()
    }

    /// The keyring that follows the newest of `chain`, changing nothing but its last day.
    pub(crate) fn next(chain: &Chain) -> Keyring {
        let mut next = chain.current().get().clone();
        next.epoch = next.epoch.saturating_add(1);
        next.previous = chain.current_digest();
        next.not_after = next.not_after.plus_days(180);
        next.vouches.clear();
        next
    }

    /// Somebody who wants to become a reader.
    pub(crate) fn newcomer(&mut self, role: Role) -> ReaderPub {
        ReaderPub {
            id: ReaderId::random(&mut self.rng),
            role,
            recipient: HybridIdentity::generate(&mut self.rng).recipient().into(),
            signing: SigningKey::generate(&mut self.rng).verifying_key(),
        }
    }

    /// Names `newcomer` in `next`, by the word of the first keyring's readers of these places.
    pub(crate) fn admit(
        &self,
        chain: &Chain,
        next: &mut Keyring,
        newcomer: &ReaderPub,
        vouchers: &[usize],
    ) {
        let ReaderPub { id, role, recipient, signing } = newcomer.clone();
        next.readers.push(Reader { id, role, recipient, signing, since: next.epoch });
        for place in vouchers {
            let (voucher, key) = (self.keyring.readers[*place].id, &self.signing[*place]);
            let vouch = SignedVouch::sign(chain, newcomer, voucher, key).unwrap();
            next.vouches.push(vouch.line());
        }
        next.sort_vouches();
    }

    /// A desk note with one device for each reader.
    pub(crate) fn desk(&mut self, keyring: &Keyring) -> DeskNote {
        let device = |reader: &Reader| Device {
            id: DeviceId::random(&mut self.rng),
            reader: reader.id,
            key: SigningKey::generate(&mut self.rng).verifying_key(),
        };
        DeskNote {
            organisation: keyring.organisation.clone(),
            epoch: keyring.epoch,
            keyring: keyring.body_digest(),
            devices: keyring.readers.iter().map(device).collect(),
        }
    }
}

pub(crate) fn root(name: &str, rng: &mut ChaCha20Rng) -> (NamedKey, SigningKey) {
    let secret = SigningKey::generate(rng);
    (NamedKey { name: KeyName::parse(name).unwrap(), key: secret.verifying_key() }, secret)
}

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}
