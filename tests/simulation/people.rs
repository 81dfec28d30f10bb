//! Readers and roots with all their keys, and what readers are to read.

use std::{collections::BTreeMap, sync::Arc};

use ed25519_dalek::SigningKey;
use rand_chacha::ChaCha20Rng;
use sandyk::{
    casebook::CasebookKey,
    id::{DeviceId, ReaderId, TestimonyId},
    keyring::{Device, Reader, Role, TrustRoot},
    note::{KeyName, NamedKey},
    recipient::{AgeIdentity, Kind},
    review::ReaderKeys,
    rewrap::ThingId,
    sealed::{
        Sealed,
        open::{OpenedCover, ReadingIdentity},
        part,
    },
};

use crate::{
    model::{Part, What},
    reviews::Shelf,
};

/// Somebody with all their keys.
pub(crate) struct Person {
    pub(crate) line: Reader,
    pub(crate) keys: Arc<ReaderKeys>,
    pub(crate) device: Device,
    pub(crate) device_key: SigningKey,
    /// Envelopes that their machine fetched.
    pub(crate) fetched: BTreeMap<(What, Part), Vec<u8>>,
    /// Where their machine stands in the feed, and among the envelopes made by colleagues.
    pub(crate) cursor: u64,
    pub(crate) new: u64,
    /// The notes that their review accepted last, by their order of making.
    pub(crate) remembers: Vec<usize>,
    pub(crate) shelf: Shelf,
}

/// What envelopes are for, by its place in the feed.
pub(crate) struct Thing {
    pub(crate) id: ThingId,
    pub(crate) cursor: u64,
    pub(crate) is: Is,
}

pub(crate) enum Is {
    Testimony(Box<Testimony>),
    /// A key of the casebook, as it was made.
    Key(CasebookKey),
}

/// A testimony as it lies at the server.
pub(crate) struct Testimony {
    pub(crate) cover: Sealed<part::Cover>,
    /// Opened once, at sealing: what an identity is opened under.
    pub(crate) opened: OpenedCover,
    pub(crate) account: Sealed<part::Account>,
    pub(crate) identity: Sealed<part::Identity>,
}

impl Thing {
    pub(crate) fn testimony(&self) -> Option<&Testimony> {
        match &self.is {
            Is::Testimony(testimony) => Some(testimony),
            Is::Key(_) => None,
        }
    }

    pub(crate) fn testimony_id(&self) -> TestimonyId {
        TestimonyId::from_bytes(*self.id.as_bytes())
    }

    pub(crate) fn is_testimony(&self) -> bool {
        self.testimony().is_some()
    }
}

pub(crate) fn root(n: usize, rng: &mut ChaCha20Rng) -> (NamedKey, SigningKey) {
    let key = SigningKey::generate(rng);
    let name = KeyName::parse(&format!("root-{n}")).unwrap();
    (NamedKey { name, key: key.verifying_key() }, key)
}

pub(crate) fn person(
    (role, kind): (Role, Kind),
    (trust, since): (&TrustRoot, u32),
    rng: &mut ChaCha20Rng,
) -> Person {
    let (identity, signing) = (AgeIdentity::generate(kind, rng), SigningKey::generate(rng));
    let device_key = SigningKey::generate(rng);
    let id = ReaderId::random(rng);
    let line = Reader {
        id,
        role,
        recipient: identity.recipient(),
        signing: signing.verifying_key(),
        since,
    };
    let device = Device { id: DeviceId::random(rng), reader: id, key: device_key.verifying_key() };
    Person {
        line,
        keys: Arc::new(ReaderKeys {
            id,
            role,
            reading: ReadingIdentity::new(identity),
            signing,
            trust: trust.clone(),
        }),
        device,
        device_key,
        fetched: BTreeMap::new(),
        cursor: 0,
        new: 0,
        remembers: Vec::new(),
        shelf: Shelf::default(),
    }
}
