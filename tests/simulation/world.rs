//! An organisation as it would be: keys, keyrings, a desk over a store, testimonies, readers' machines.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use ed25519_dalek::SigningKey;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use sandyk::{
    clock::{Clock, Day},
    desk::Desk,
    digest::Digest,
    id::{DeviceId, ReaderId, TestimonyId},
    keyring::{Chain, DeskNote, Device, Keyring, Published, Reader, Role, Suspension, TrustRoot},
    ledger::LedgerKey,
    note::{KeyName, NamedKey, SignedNote},
    receipt::Salt,
    recipient::{AgeIdentity, Kind},
    sealed::{
        Sealed,
        open::{OpenedCover, ReadingIdentity},
        part,
    },
    secret::Secret,
    store::MemoryStore,
};
use tokio::{
    runtime::{self, Runtime},
    sync::watch,
};

use crate::{
    model::{Epoch, Model, Part, What, Who},
    rewraps::Ready,
};

/// Somebody with all their keys.
pub(crate) struct Person {
    pub(crate) line: Reader,
    pub(crate) reading: ReadingIdentity,
    pub(crate) signing: SigningKey,
    pub(crate) device: Device,
    pub(crate) device_key: SigningKey,
    /// Envelopes that their machine fetched.
    pub(crate) fetched: BTreeMap<(What, Part), Vec<u8>>,
    /// Where their machine stands in the feed, and among the envelopes made by colleagues.
    pub(crate) cursor: u64,
    pub(crate) new: u64,
    /// The notes that their review accepted last, by their order of making.
    pub(crate) remembers: Vec<usize>,
}

/// A testimony as it lies at the server.
pub(crate) struct Thing {
    pub(crate) id: TestimonyId,
    pub(crate) cover: Sealed<part::Cover>,
    /// Opened once, at sealing: what an identity is opened under.
    pub(crate) opened: OpenedCover,
    pub(crate) account: Sealed<part::Account>,
    pub(crate) identity: Sealed<part::Identity>,
    pub(crate) cursor: u64,
}

/// Time that moves only when the life says so.
pub(crate) struct Hands(AtomicI64);

impl Clock for Hands {
    fn unix_seconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) struct World {
    pub(crate) rng: ChaCha20Rng,
    pub(crate) clock: Arc<Hands>,
    pub(crate) roots: Vec<(NamedKey, SigningKey)>,
    pub(crate) people: Vec<Person>,
    pub(crate) things: Vec<Thing>,
    /// Every keyring's note that roots ever signed well, published or not.
    pub(crate) notes: Vec<String>,
    /// Those that are published.
    pub(crate) shown: Vec<usize>,
    pub(crate) chain: Chain,
    /// The chain as it was, for each of them.
    pub(crate) chains: Vec<Chain>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) desk: Desk<MemoryStore>,
    pub(crate) published: watch::Sender<Arc<Published>>,
    runtime: Runtime,
    /// What single roots signed to close the desk to somebody's machine.
    pub(crate) suspensions: Vec<SignedNote>,
    /// Batches that are handed in later.
    pub(crate) late: Vec<Ready>,
    pub(crate) model: Model,
    pub(crate) counts: BTreeMap<&'static str, usize>,
}

impl World {
    /// Two of three roots, two guardians and a reviewer, from this seed.
    pub(crate) fn begin(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let roots: Vec<_> = (0..3).map(|n| root(n, &mut rng)).collect();
        // Classic keys take a fifth of the time.
        let kind = if seed.is_multiple_of(4) { Kind::PostQuantum } else { Kind::Classic };
        let roles = [Role::Guardian, Role::Guardian, Role::Reviewer];
        let people: Vec<_> = roles.iter().map(|role| person((*role, kind), 1, &mut rng)).collect();
        let clock = Arc::new(Hands(AtomicI64::new(1_795_305_600)));
        let keyring = first_keyring(kind, &roots, &people, clock.today().plus_days(180));
        let trust = TrustRoot {
            organisation: keyring.organisation.clone(),
            threshold: keyring.threshold,
            roots: keyring.roots.clone(),
        };
        let epoch = Epoch {
            readers: roles.iter().copied().enumerate().collect(),
            devices: (0..roles.len()).collect(),
            roots: vec![0, 1, 2],
            threshold: 2,
            not_after: keyring.not_after,
        };
        let note = sign(keyring.to_text(), &roots, &[0, 1]).to_text();
        let chain = Chain::verify(std::slice::from_ref(&note), &trust).unwrap();
        let (published, _) = watch::channel(Arc::new(publishing(&chain, None, &[])));
        let store = Arc::new(MemoryStore::new());
        let desk = desk(&store, &published, &clock);
        let model = Model { epochs: vec![epoch], ..Model::default() };
        let mut world = Self {
            rng,
            clock,
            roots,
            people,
            things: Vec::new(),
            notes: vec![note],
            shown: vec![0],
            chains: vec![chain.clone()],
            chain,
            store,
            desk,
            published,
            runtime: runtime::Builder::new_current_thread().build().unwrap(),
            suspensions: Vec::new(),
            late: Vec::new(),
            model,
            counts: BTreeMap::new(),
        };
        for who in 0..world.people.len() {
            world.people[who].remembers = vec![0];
        }
        world.open_desk();
        world
    }

    /// The server is killed and started again.
    pub(crate) fn restart(&mut self) {
        self.desk = desk(&self.store, &self.published, &self.clock);
        self.count("servers started again");
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(crate) fn today(&self) -> Day {
        self.clock.today()
    }

    pub(crate) fn wait(&self, days: i64) {
        self.clock.0.fetch_add(days * 86_400, Ordering::SeqCst);
    }

    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(crate) fn new_person(&mut self, role: Role) -> Who {
        let since = self.model.epochs.len() + 1;
        let kind = self.chain.current().get().kind;
        let person = person((role, kind), u32::try_from(since).unwrap(), &mut self.rng);
        self.people.push(person);
        self.people.len() - 1
    }

    pub(crate) fn new_root(&mut self) -> usize {
        let root = root(self.roots.len(), &mut self.rng);
        self.roots.push(root);
        self.roots.len() - 1
    }

    pub(crate) fn who_is(&self, id: ReaderId) -> Option<Who> {
        self.people.iter().position(|person| person.line.id == id)
    }

    /// The keyring that follows the published one and only prolongs it.
    pub(crate) fn next_keyring(&self) -> Keyring {
        let mut next = self.chain.current().get().clone();
        next.epoch += 1;
        next.previous = self.chain.current_digest();
        next.vouches.clear();
        next.not_after = self.today().plus_days(180);
        next
    }

    pub(crate) fn signed(&self, keyring: &Keyring, roots: &[usize]) -> String {
        sign(keyring.to_text(), &self.roots, roots).to_text()
    }

    /// Publishes a keyring that must be accepted, and tells the model.
    pub(crate) fn publish(&mut self, keyring: &Keyring, roots: &[usize], epoch: Epoch) {
        let note = self.signed(keyring, roots);
        self.chain = self.chain.extend(&note).unwrap();
        self.chains.push(self.chain.clone());
        self.notes.push(note);
        self.shown.push(self.notes.len() - 1);
        // Newcomers know the keyrings that came with their invitation and the one that names them.
        for who in epoch.readers.keys().filter(|who| !self.model.now().readers.contains_key(who)) {
            self.people[*who].remembers.clone_from(&self.shown);
        }
        self.model.publish(epoch);
        self.open_desk();
        // A server that stops here goes on with it at its next round.
        if self.rng.gen_bool(0.8) {
            self.drop_gone();
        }
        self.count("keyrings published");
    }

    /// Publishes the devices that the model says stand in the desk note.
    pub(crate) fn open_desk(&mut self) {
        let keyring = self.chain.current().get();
        let devices = self.model.now().devices.iter();
        let note = DeskNote {
            organisation: keyring.organisation.clone(),
            epoch: keyring.epoch,
            keyring: keyring.body_digest(),
            devices: devices.map(|who| self.people[*who].device.clone()).collect(),
        };
        let now = self.model.now();
        let signed = sign(note.to_text(), &self.roots, &now.roots[..now.threshold]);
        self.published.send_replace(Arc::new(publishing(
            &self.chain,
            Some(&signed),
            &self.suspensions,
        )));
    }
}

fn first_keyring(
    kind: Kind,
    roots: &[(NamedKey, SigningKey)],
    people: &[Person],
    not_after: Day,
) -> Keyring {
    Keyring {
        organisation: "Rehearsal".to_owned(),
        epoch: 1,
        previous: Digest::NONE,
        kind,
        salt: Salt([7; 32]),
        not_after,
        threshold: 2,
        roots: roots.iter().map(|(named, _)| named.clone()).collect(),
        readers: people.iter().map(|person| person.line.clone()).collect(),
        vouches: Vec::new(),
    }
}

fn desk(
    store: &Arc<MemoryStore>,
    published: &watch::Sender<Arc<Published>>,
    clock: &Arc<Hands>,
) -> Desk<MemoryStore> {
    let ledger = LedgerKey::from_seed(&Secret::take(&mut [7; 32])).unwrap();
    let hands: Arc<dyn Clock> = Arc::<Hands>::clone(clock);
    Desk::new(Arc::clone(store), published.subscribe(), ledger, &[], hands)
}

fn publishing(chain: &Chain, desk: Option<&SignedNote>, suspensions: &[SignedNote]) -> Published {
    let desk = desk.map(|note| DeskNote::verify(note, chain).unwrap());
    let suspensions = suspensions.iter().filter_map(|note| Suspension::verify(note, chain).ok());
    Published {
        chain: chain.clone(),
        desk,
        site: Ok(None),
        suspensions: suspensions.collect(),
        void_suspensions: Vec::new(),
    }
}

fn root(n: usize, rng: &mut ChaCha20Rng) -> (NamedKey, SigningKey) {
    let key = SigningKey::generate(rng);
    let name = KeyName::parse(&format!("root-{n}")).unwrap();
    (NamedKey { name, key: key.verifying_key() }, key)
}

fn person((role, kind): (Role, Kind), since: u32, rng: &mut ChaCha20Rng) -> Person {
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
        reading: ReadingIdentity::new(identity),
        signing,
        device,
        device_key,
        fetched: BTreeMap::new(),
        cursor: 0,
        new: 0,
        remembers: Vec::new(),
    }
}

pub(crate) fn sign(text: String, roots: &[(NamedKey, SigningKey)], places: &[usize]) -> SignedNote {
    let mut note = SignedNote::new(text).unwrap();
    for place in places {
        let (named, key) = &roots[*place];
        note.sign(&named.name, key);
    }
    note
}
