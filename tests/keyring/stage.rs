//! An invented organisation, its root holders and its readers.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ed25519_dalek::SigningKey;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use sandyk::{
    admin::{self, AdminError, Ceremony, Entrant, Founding, RootKey, Term},
    clock::Day,
    files::{self, Audience, Existing},
    hybrid::HybridIdentity,
    id::{DeviceId, ReaderId},
    keyring::{DevicePub, Keyring, KeyringError, ReaderPub, Role, SignedVouch},
    secret::SecretText,
};

/// A ceremony in a folder of its own, and what its people hold.
pub(crate) struct Stage {
    folder: tempfile::TempDir,
    pub(crate) rng: ChaCha20Rng,
    /// What each reader signs with, in the order in which they were made.
    pub(crate) signing: Vec<(ReaderId, SigningKey)>,
}

impl Stage {
    /// Two of three roots; no reader yet.
    pub(crate) fn new() -> Self {
        let mut stage = Self {
            folder: tempfile::tempdir().unwrap(),
            rng: ChaCha20Rng::seed_from_u64(3),
            signing: Vec::new(),
        };
        admin::found(&stage.path("c"), &founding(), &passphrases(), &mut stage.rng).unwrap();
        stage
    }

    /// The same with a guardian and a reviewer, each with a device, in the draft.
    pub(crate) fn with_readers() -> Self {
        let mut stage = Self::new();
        let entrants = vec![
            stage.reader("guardian", Role::Guardian),
            stage.reader("reviewer", Role::Reviewer),
        ];
        let entrants = entrants.into_iter().flatten().collect();
        admin::add(&stage.ceremony(), entrants, term()).unwrap();
        stage
    }

    /// The same, signed by two roots and published to `p`.
    pub(crate) fn published() -> Self {
        let stage = Self::with_readers();
        stage.sign(&[1, 2]).unwrap();
        admin::publish(&stage.ceremony(), &stage.path("p"), today()).unwrap();
        stage
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn ceremony(&self) -> Ceremony {
        Ceremony::open(&self.path("c")).unwrap()
    }

    /// A new reader with a device; both files are written as `NAME-reader.pub`, `NAME-device.pub`.
    pub(crate) fn reader(&mut self, name: &str, role: Role) -> [Entrant; 2] {
        let signing = SigningKey::generate(&mut self.rng);
        let reader = ReaderPub {
            id: ReaderId::random(&mut self.rng),
            role,
            recipient: HybridIdentity::generate(&mut self.rng).recipient().into(),
            signing: signing.verifying_key(),
        };
        self.signing.push((reader.id, signing.clone()));
        let key = SigningKey::generate(&mut self.rng);
        let id = DeviceId::random(&mut self.rng);
        let device = DevicePub { id, reader: reader.id, key: key.verifying_key() };
        save(&self.path(&format!("{name}-reader.pub")), &reader.to_text(&signing).unwrap());
        save(&self.path(&format!("{name}-device.pub")), &device.to_text(&key).unwrap());
        [Entrant::Reader(reader), Entrant::Device(device)]
    }

    /// The word of the readers of these places for a new one, for the keyring after the newest.
    pub(crate) fn vouches(&self, entrant: &Entrant, places: &[usize]) -> Vec<Entrant> {
        let Entrant::Reader(reader) = entrant else { panic!("nobody vouches for a machine") };
        let published = self.ceremony().published().unwrap().unwrap();
        let vouch = |place: &usize| {
            let (id, key) = &self.signing[*place];
            let vouch = SignedVouch::sign(&published.chain, reader, *id, key).unwrap();
            save(&self.path(&vouch.file()), &vouch.to_text());
            Entrant::Vouch(vouch)
        };
        places.iter().map(vouch).collect()
    }

    pub(crate) fn root(&self, n: usize) -> RootKey {
        RootKey::open(&self.root_file(n), &passphrases()[n - 1]).unwrap()
    }

    pub(crate) fn root_file(&self, n: usize) -> PathBuf {
        self.path(if n == 3 {
            "c/root-3-spare.age"
        } else {
            ["c/root-1.age", "c/root-2.age"][n - 1]
        })
    }

    pub(crate) fn sign(&self, roots: &[usize]) -> Result<(), AdminError> {
        roots
            .iter()
            .try_for_each(|n| admin::sign(&self.ceremony(), &self.root(*n), today()).map(|_| ()))
    }

    /// Rewrites `draft/keyring.txt` and its desk note the way someone with an editor would.
    pub(crate) fn edit_draft(&self, edit: impl FnOnce(&mut Keyring)) {
        let path = self.path("c/draft/keyring.txt");
        let mut keyring = Keyring::parse(&fs::read_to_string(&path).unwrap()).unwrap();
        let old = keyring.body_digest().to_string();
        edit(&mut keyring);
        save(&path, &keyring.to_text());
        let desk = self.path("c/draft/desk.txt");
        let text = fs::read_to_string(&desk).unwrap();
        save(&desk, &text.replace(&old, &keyring.body_digest().to_string()));
    }
}

pub(crate) fn founding() -> Founding {
    Founding {
        organisation: "Мисал уюму".into(),
        kind: sandyk::recipient::Kind::PostQuantum,
        threshold: 2,
        desk_address: "http://desk.example".into(),
        intake_address: "http://form.example".into(),
        not_after: today().plus_days(180),
        work_factor: 1,
    }
}

pub(crate) fn passphrases() -> Vec<SecretText> {
    ["first stone bridge", "second stone bridge", "third stone bridge"]
        .map(|words| SecretText::new(words.to_owned()))
        .into()
}

/// A draft that is begun today and good for 180 days.
pub(crate) fn term() -> Term {
    Term { today: today(), not_after: today().plus_days(180) }
}

pub(crate) fn today() -> Day {
    "2026-11-22".parse().unwrap()
}

pub(crate) fn save(path: &Path, text: &str) {
    files::save(path, text.as_bytes(), Audience::Owner, Existing::Replace).unwrap();
}

pub(crate) fn keyring_refusal<T>(result: Result<T, AdminError>) -> KeyringError {
    let refused = result.err().unwrap();
    let AdminError::Keyring(error) = refused else { panic!("not refused as a keyring: {refused}") };
    error
}
