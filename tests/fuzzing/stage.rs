//! An invented organisation for the fuzz targets: the same keys in every run.

use std::sync::LazyLock;

use ed25519_dalek::SigningKey;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use sandyk::{
    digest::Digest,
    hybrid::HybridIdentity,
    id::ReaderId,
    keyring::{Chain, Keyring, Reader, Role, TrustRoot},
    note::{KeyName, NamedKey, SignedNote},
    receipt::Salt,
};

pub(crate) const ORGANISATION: &str = "Rehearsal";

/// A guardian and a reviewer, three roots of which two sign, and the first keyring.
pub(crate) struct Stage {
    pub(crate) roots: Vec<(NamedKey, SigningKey)>,
    pub(crate) trust: TrustRoot,
    pub(crate) secrets: Vec<String>,
    pub(crate) signing: Vec<SigningKey>,
    pub(crate) keyring: Keyring,
    pub(crate) chain: Chain,
}

pub(crate) static STAGE: LazyLock<Stage> = LazyLock::new(Stage::new);

impl Stage {
    fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let named = |name: &str, key: &SigningKey| NamedKey {
            name: KeyName::parse(name).unwrap(),
            key: key.verifying_key(),
        };
        let roots: Vec<_> = (1..=3)
            .map(|n| {
                let key = SigningKey::generate(&mut rng);
                (named(&format!("root-{n}"), &key), key)
            })
            .collect();
        let trust = TrustRoot {
            organisation: ORGANISATION.to_owned(),
            threshold: 2,
            roots: roots.iter().map(|(named, _)| named.clone()).collect(),
        };
        let (mut secrets, mut signing, mut readers) = (Vec::new(), Vec::new(), Vec::new());
        for role in [Role::Guardian, Role::Reviewer] {
            let (identity, key) =
                (HybridIdentity::generate(&mut rng), SigningKey::generate(&mut rng));
            let id = ReaderId::random(&mut rng);
            let (recipient, public) = (identity.recipient(), key.verifying_key());
            readers.push(Reader {
                id,
                role,
                recipient: recipient.into(),
                signing: public,
                since: 1,
            });
            secrets.push(identity.to_secret_text().expose().to_owned());
            signing.push(key);
        }
        let keyring = Keyring {
            organisation: ORGANISATION.to_owned(),
            epoch: 1,
            previous: Digest::NONE,
            kind: sandyk::recipient::Kind::PostQuantum,
            salt: Salt([7; 32]),
            not_after: "2027-05-21".parse().unwrap(),
            threshold: 2,
            roots: trust.roots.clone(),
            readers,
            vouches: Vec::new(),
        };
        let note = signed(&roots, keyring.to_text()).unwrap().to_text();
        let chain = Chain::verify(&[note], &trust).unwrap();
        Self { roots, trust, secrets, signing, keyring, chain }
    }

    /// A text signed by the two roots that count, if it can be the text of a note.
    pub(crate) fn sign(&self, text: &str) -> Option<SignedNote> {
        signed(&self.roots, text.to_owned())
    }
}

fn signed(roots: &[(NamedKey, SigningKey)], text: String) -> Option<SignedNote> {
    let mut note = SignedNote::new(text).ok()?;
    for (named, key) in roots.iter().take(2) {
        note.sign(&named.name, key);
    }
    Some(note)
}
