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
    desk::{Desk, DeskError},
    digest::Digest,
    id::ReaderId,
    keyring::{Chain, DeskNote, Keyring, Published, Role, Suspension, TrustRoot},
    ledger::LedgerKey,
    note::{NamedKey, SignedNote},
    receipt::Salt,
    recipient::Kind,
    secret::Secret,
};
use tempfile::TempDir;
use tokio::{
    runtime::{self, Runtime},
    sync::watch,
};

use crate::{
    disk::{Disk, Fall},
    model::{Epoch, Model, Who},
    people::{Person, Thing, person, root},
    rewraps::Ready,
};

/// Time that moves only when the life says so.
pub(crate) struct Hands(AtomicI64);

impl Clock for Hands {
    fn unix_seconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) struct World {
    pub(crate) rng: ChaCha20Rng,
    /// Where readers' machines keep their files, and what is signed ahead lies.
    pub(crate) folder: TempDir,
    pub(crate) clock: Arc<Hands>,
    pub(crate) roots: Vec<(NamedKey, SigningKey)>,
    pub(crate) trust: TrustRoot,
    pub(crate) people: Vec<Person>,
    pub(crate) things: Vec<Thing>,
    /// Every keyring's note that roots ever signed well, published or not.
    pub(crate) notes: Vec<String>,
    /// Those that are published.
    pub(crate) shown: Vec<usize>,
    pub(crate) chain: Chain,
    /// The chain as it was, for each of them.
    pub(crate) chains: Vec<Chain>,
    pub(crate) store: Arc<Disk>,
    pub(crate) desk: Desk<Disk>,
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
        let named = roots.iter().map(|(named, _)| named.clone()).collect();
        let trust = TrustRoot { organisation: "Rehearsal".to_owned(), threshold: 2, roots: named };
        let people: Vec<_> =
            roles.iter().map(|role| person((*role, kind), (&trust, 1), &mut rng)).collect();
        let clock = Arc::new(Hands(AtomicI64::new(1_795_305_600)));
        let keyring = first_keyring(kind, &trust, &people, clock.today().plus_days(180));
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
        let store = Arc::new(Disk::of(seed));
        let desk = desk(&store, &published, &clock);
        let model = Model { epochs: vec![epoch], ..Model::default() };
        let mut world = Self {
            rng,
            folder: tempfile::tempdir().unwrap(),
            trust,
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
            world.knows_keyrings(who);
        }
        world.open_desk();
        world
    }

    /// The server may fall at one of its next commits.
    pub(crate) fn may_fall(&mut self) {
        if self.rng.gen_bool(0.15) {
            let fall = Fall { after: self.rng.gen_range(0..3), done: self.rng.r#gen() };
            self.store.fall(fall);
        }
    }

    /// Asks the server until it answers: it is started again whenever it fell meanwhile.
    pub(crate) fn insist<T>(
        &mut self,
        work: impl Fn(&Self) -> Result<T, DeskError>,
    ) -> Result<T, DeskError> {
        loop {
            let answer = work(self);
            if !self.store.is_down() {
                self.store.stand();
                return answer;
            }
            assert!(answer.is_err(), "answered by a server that is down");
            self.get_up();
        }
    }

    /// Starts a server that fell; whether the change that it fell at is there.
    pub(crate) fn get_up(&mut self) -> bool {
        let (store, is_there) = self.store.after_a_fall();
        self.store = Arc::new(store);
        self.restart();
        self.count(FALLS);
        is_there
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
        let since = (&self.trust, u32::try_from(since).unwrap());
        let person = person((role, kind), since, &mut self.rng);
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
        self.publish_note(self.signed(keyring, roots), epoch);
    }

    pub(crate) fn publish_note(&mut self, note: String, epoch: Epoch) {
        self.chain = self.chain.extend(&note).unwrap();
        self.chains.push(self.chain.clone());
        self.notes.push(note);
        self.shown.push(self.notes.len() - 1);
        // Newcomers know the keyrings that came with their invitation and the one that names them.
        for who in epoch.readers.keys() {
            if !self.model.now().readers.contains_key(who) {
                self.knows_keyrings(*who);
            }
        }
        self.refuse_at_the_old_desk();
        self.model.publish(epoch);
        self.open_desk();
        // A server that stops here goes on with it at its next round.
        if self.rng.gen_bool(0.8) {
            self.drop_gone();
        }
        self.count("keyrings published");
    }

    /// A keyring that comes without its desk note opens the desk to nobody, whoever stood in the last one.
    fn refuse_at_the_old_desk(&mut self) {
        let desk = self.published.borrow().desk.clone();
        let old = Published { desk, ..publishing(&self.chain, None, &[]) };
        self.published.send_replace(Arc::new(old));
        let who = self.rng.gen_range(0..self.people.len());
        let answer = self.ask(who, sandyk::wire::CHANGES);
        assert!(answer.is_err(), "person {who} is answered by the desk note of the last keyring");
    }

    /// That person's machine and review have every published keyring.
    fn knows_keyrings(&mut self, who: Who) {
        self.people[who].remembers.clone_from(&self.shown);
        self.people[who].shelf.keyrings = self.shown.len();
    }

    /// Publishes the devices that the model says stand in the desk note.
    pub(crate) fn open_desk(&mut self) {
        let signed = self.desk_note(self.chain.current().get());
        self.published.send_replace(Arc::new(publishing(
            &self.chain,
            Some(&signed),
            &self.suspensions,
        )));
    }

    /// The machines that the model says may ask, signed for that keyring.
    pub(crate) fn desk_note(&self, keyring: &Keyring) -> SignedNote {
        let devices = self.model.now().devices.iter();
        let note = DeskNote {
            organisation: keyring.organisation.clone(),
            epoch: keyring.epoch,
            keyring: keyring.body_digest(),
            devices: devices.map(|who| self.people[*who].device.clone()).collect(),
        };
        let now = self.model.now();
        sign(note.to_text(), &self.roots, &now.roots[..now.threshold])
    }
}

fn first_keyring(kind: Kind, trust: &TrustRoot, people: &[Person], not_after: Day) -> Keyring {
    Keyring {
        organisation: trust.organisation.clone(),
        epoch: 1,
        previous: Digest::NONE,
        kind,
        salt: Salt([7; 32]),
        not_after,
        threshold: trust.threshold,
        roots: trust.roots.clone(),
        readers: people.iter().map(|person| person.line.clone()).collect(),
        vouches: Vec::new(),
    }
}

fn desk(
    store: &Arc<Disk>,
    published: &watch::Sender<Arc<Published>>,
    clock: &Arc<Hands>,
) -> Desk<Disk> {
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

pub(crate) fn sign(text: String, roots: &[(NamedKey, SigningKey)], places: &[usize]) -> SignedNote {
    let mut note = SignedNote::new(text).unwrap();
    for place in places {
        let (named, key) = &roots[*place];
        note.sign(&named.name, key);
    }
    note
}

pub(crate) const FALLS: &str = "falls of the server";
