//! From the first keyring to the newest, each proved by the one before it.

use crate::{
    clock::Day,
    digest::Digest,
    keyring::{Keyring, KeyringError, MAX_KEYRING_BYTES, TrustRoot},
    note::{NamedKey, SignedNote},
};

/// What only a check makes.
///
/// ```compile_fail
/// # use sandyk::keyring::Verified;
/// let forged = Verified("anything");
/// ```
#[derive(Debug, Clone)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// What was checked.
    #[must_use]
    pub const fn get(&self) -> &T {
        &self.0
    }

    pub(super) const fn by_check(checked: T) -> Self {
        Self(checked)
    }
}

/// All epochs from the first to the newest, each verified by the one before it.
#[derive(Clone)]
pub struct Chain {
    earlier: Vec<Link>,
    newest: Link,
}

/// Bytes from outside that were read and not yet checked; checking consumes them.
struct Unverified<T>(T);

/// One epoch with the bytes that prove it.
#[derive(Clone)]
struct Link {
    digest: Digest,
    note: String,
    keyring: Verified<Keyring>,
}

/// A keyring's note that was read and not yet checked.
struct Candidate {
    digest: Digest,
    raw: String,
    note: SignedNote,
    keyring: Keyring,
}

impl Chain {
    /// Verifies `notes`, each the whole text of a signed note, in ascending epochs from 1.
    ///
    /// # Errors
    /// The one of [`KeyringError`] that says what is wrong.
    pub fn verify(notes: &[String], trust: &TrustRoot) -> Result<Self, KeyringError> {
        let (first, later) = notes.split_first().ok_or(KeyringError::NothingPublished)?;
        let newest = Unverified::read(first)?.verify_first(trust)?;
        let mut chain = Self { earlier: Vec::new(), newest };
        later.iter().try_for_each(|note| chain.push(note))?;
        Ok(chain)
    }

    /// The same chain with one more epoch.
    ///
    /// # Errors
    /// The one of [`KeyringError`] that says what is wrong.
    pub fn extend(&self, note: &str) -> Result<Self, KeyringError> {
        let mut longer = self.clone();
        longer.push(note)?;
        Ok(longer)
    }

    fn push(&mut self, note: &str) -> Result<(), KeyringError> {
        let next = Unverified::read(note)?.verify_next(self)?;
        self.earlier.push(std::mem::replace(&mut self.newest, next));
        Ok(())
    }

    /// The newest keyring.
    #[must_use]
    pub const fn current(&self) -> &Verified<Keyring> {
        &self.newest.keyring
    }

    /// SHA-256 of the whole signed note of the newest epoch.
    #[must_use]
    pub const fn current_digest(&self) -> Digest {
        self.newest.digest
    }

    /// The keyring of an epoch.
    #[must_use]
    pub fn at(&self, epoch: u32) -> Option<&Verified<Keyring>> {
        self.links().map(|link| &link.keyring).find(|keyring| keyring.get().epoch == epoch)
    }

    /// The keyring whose signed note has that digest: the one that a cover names.
    #[must_use]
    pub fn by_digest(&self, digest: &Digest) -> Option<&Verified<Keyring>> {
        self.links().find(|link| link.digest == *digest).map(|link| &link.keyring)
    }

    /// The whole notes, from the first.
    #[must_use]
    pub fn notes(&self) -> Vec<&str> {
        self.links().map(|link| link.note.as_str()).collect()
    }

    /// The newest keyring, if anything may be sealed to it today.
    ///
    /// # Errors
    /// `Expired`, `TooLongLived` or `NoGuardian` of [`KeyringError`].
    pub fn usable(&self, today: Day) -> Result<&Verified<Keyring>, KeyringError> {
        let keyring = self.current();
        check_guardian(keyring.get())?;
        keyring.get().check_days(today)?;
        Ok(keyring)
    }

    /// Checks that this chain leads on from an epoch and note digest that were seen before.
    ///
    /// # Errors
    /// `RolledBack` if that epoch is missing, `EpochForked` if it is another.
    pub fn continues(&self, epoch: u32, digest: &Digest) -> Result<(), KeyringError> {
        let mut links = self.links();
        let link = links.find(|link| link.keyring.get().epoch == epoch);
        match link.map(|link| link.digest == *digest) {
            Some(true) => Ok(()),
            Some(false) => Err(KeyringError::EpochForked { epoch }),
            None => Err(KeyringError::RolledBack { seen: epoch }),
        }
    }

    pub(super) fn keyrings(&self) -> impl Iterator<Item = &Keyring> {
        self.links().map(|link| link.keyring.get())
    }

    fn links(&self) -> impl Iterator<Item = &Link> {
        self.earlier.iter().chain(std::iter::once(&self.newest))
    }
}

impl Unverified<Candidate> {
    fn read(raw: &str) -> Result<Self, KeyringError> {
        if raw.len() > MAX_KEYRING_BYTES {
            return Err(KeyringError::TooLong { what: "keyring", limit: MAX_KEYRING_BYTES });
        }
        let note = SignedNote::parse(raw)?;
        let keyring = Keyring::parse(note.text())?;
        Ok(Self(Candidate {
            digest: Digest::of(raw.as_bytes()),
            raw: raw.to_owned(),
            note,
            keyring,
        }))
    }

    /// The first keyring is proved by the roots that were learned, and must name just those.
    fn verify_first(self, trust: &TrustRoot) -> Result<Link, KeyringError> {
        let Candidate { note, keyring, .. } = &self.0;
        trust.check_first(keyring)?;
        check_strangers(note, &[&keyring.roots])?;
        check_threshold(note, keyring)?;
        Ok(self.accept())
    }

    /// A later keyring is proved by the roots of the one before it, and by its own.
    fn verify_next(self, chain: &Chain) -> Result<Link, KeyringError> {
        let Candidate { digest, note, keyring, .. } = &self.0;
        let known = chain.current().get();
        if chain.by_digest(digest).is_some() {
            return Err(KeyringError::EpochRepeated { epoch: keyring.epoch });
        }
        chain.check_next(keyring)?;
        check_strangers(note, &[&known.roots, &keyring.roots])?;
        check_threshold(note, known)?;
        check_threshold(note, keyring)?;
        Ok(self.accept())
    }

    fn accept(self) -> Link {
        let Candidate { digest, raw, note: _, keyring } = self.0;
        Link { digest, note: raw, keyring: Verified::by_check(keyring) }
    }
}

impl TrustRoot {
    /// Checks everything but signatures of a keyring that is to be the first.
    ///
    /// # Errors
    /// The one of [`KeyringError`] that says what is wrong.
    pub fn check_first(&self, keyring: &Keyring) -> Result<(), KeyringError> {
        keyring.check()?;
        if keyring.epoch != 1 {
            return Err(KeyringError::EpochSkipped { expected: 1, found: keyring.epoch });
        }
        check_same_organisation(&self.organisation, &keyring.organisation)?;
        if keyring.roots != self.roots || keyring.threshold != self.threshold {
            return Err(KeyringError::OtherRoots);
        }
        check_guardian(keyring)
    }
}

pub(super) fn check_same_organisation(expected: &str, found: &str) -> Result<(), KeyringError> {
    if expected == found {
        return Ok(());
    }
    let (expected, found) = (expected.to_owned(), found.to_owned());
    Err(KeyringError::OtherOrganisation { expected, found })
}

/// A line that nobody vouches for would let a stranger change the digest of a published note.
pub(super) fn check_strangers(
    note: &SignedNote,
    roots: &[&[NamedKey]],
) -> Result<(), KeyringError> {
    let known = roots.concat();
    let name = |s: &crate::note::Signature| s.name.as_str().to_owned();
    match note.stranger(&known) {
        Some(stranger) => Err(KeyringError::StrangeSignature { name: name(stranger) }),
        None => Ok(()),
    }
}

/// The threshold of `keyring`'s roots signed `note`.
pub(super) fn check_threshold(note: &SignedNote, keyring: &Keyring) -> Result<(), KeyringError> {
    let (needed, epoch) = (keyring.threshold, keyring.epoch);
    let found = note.signers(&keyring.roots)?.len();
    if found < needed {
        return Err(KeyringError::TooFewSignatures { epoch, needed, found });
    }
    Ok(())
}

pub(super) fn check_guardian(keyring: &Keyring) -> Result<(), KeyringError> {
    keyring.guardians().next().map(|_| ()).ok_or(KeyringError::NoGuardian)
}
