//! What may change from one epoch to the next, and what never may.

use std::cmp::Ordering;

use crate::{
    digest::Digest,
    keyring::{
        Chain, Keyring, KeyringError, Reader, ReaderPub, Role, Vouch,
        chain::{check_guardian, check_same_organisation},
        vouch::check_vouches,
    },
    note::NamedKey,
};

impl Chain {
    /// Checks everything but the roots' signatures of a keyring that is to follow the newest.
    ///
    /// # Errors
    /// The one of [`KeyringError`] that says what is wrong.
    pub fn check_next(&self, keyring: &Keyring) -> Result<(), KeyringError> {
        let known = self.current().get();
        keyring.check()?;
        check_order(known, keyring.epoch)?;
        check_same_organisation(&known.organisation, &keyring.organisation)?;
        if keyring.previous != self.current_digest() {
            return Err(KeyringError::PreviousDiffers { epoch: keyring.epoch });
        }
        if keyring.salt != known.salt {
            return Err(KeyringError::SaltChanged);
        }
        check_guardian(keyring)?;
        keyring.readers.iter().try_for_each(|reader| self.check_reader(keyring, reader))?;
        keyring.roots.iter().try_for_each(|root| self.check_root(root))?;
        check_living(known, keyring)?;
        check_vouches(self, keyring)
    }

    /// Checks that a keyring prolongs the newest and does nothing else.
    ///
    /// Such keyrings can be signed ahead and given to somebody who may publish only them: each is
    /// refused as too long-lived until its time has come, and void once there is any other.
    ///
    /// # Errors
    /// `NotARenewal`, or what [`Chain::check_next`] says.
    pub fn check_renewal(&self, keyring: &Keyring) -> Result<(), KeyringError> {
        self.check_next(keyring)?;
        if is_renewal(self.current().get(), keyring) {
            return Ok(());
        }
        Err(KeyringError::NotARenewal { epoch: keyring.epoch })
    }

    /// Whether the keyring of that text is the newest, or all that came after it only prolong it.
    pub(super) fn prolongs(&self, body: &Digest) -> bool {
        let mut keyrings: Vec<&Keyring> = self.keyrings().collect();
        while let Some(newest) = keyrings.pop() {
            if newest.body_digest() == *body {
                return true;
            }
            if !keyrings.last().is_some_and(|known| is_renewal(known, newest)) {
                return false;
            }
        }
        false
    }

    /// How many readers must vouch for a new one: two, or all if there are fewer.
    #[must_use]
    pub fn vouches_needed(&self) -> usize {
        self.current().get().readers.len().min(VOUCHES)
    }

    /// What whoever vouches for `reader` signs now.
    #[must_use]
    pub fn vouch(&self, reader: &ReaderPub) -> Vouch {
        Vouch {
            organisation: self.current().get().organisation.clone(),
            keyring: self.current_digest(),
            reader: reader.clone(),
        }
    }

    /// Neither the id nor a key of a new reader ever stood in a keyring.
    pub(super) fn check_never_used(&self, reader: &ReaderPub) -> Result<(), KeyringError> {
        let ReaderPub { id, recipient, signing, role: _ } = reader;
        for keyring in self.keyrings() {
            let epoch = keyring.epoch;
            if keyring.reader(*id).is_some() {
                return Err(KeyringError::IdUsedBefore { id: *id, epoch });
            }
            let same = |other: &Reader| other.recipient == *recipient || other.signing == *signing;
            let root = |root: &NamedKey| root.key == *signing;
            if keyring.readers.iter().any(same) || keyring.roots.iter().any(root) {
                return Err(KeyringError::KeyUsedBefore { id: *id, epoch });
            }
        }
        Ok(())
    }

    /// A reader keeps every byte of the line, or is new; new keys are a new reader.
    fn check_reader(&self, next: &Keyring, reader: &Reader) -> Result<(), KeyringError> {
        let id = reader.id;
        match self.current().get().reader(id) {
            Some(before) if before == reader => Ok(()),
            Some(_) => Err(KeyringError::ReaderChanged { id }),
            None => {
                self.check_never_used(&reader.public())?;
                let since = reader.since;
                if since == next.epoch { Ok(()) } else { Err(KeyringError::Since { id, since }) }
            }
        }
    }

    /// A root never signed as a reader, nor under another name.
    fn check_root(&self, root: &NamedKey) -> Result<(), KeyringError> {
        for keyring in self.keyrings() {
            let read = keyring.readers.iter().any(|reader| reader.signing == root.key);
            let mut roots = keyring.roots.iter();
            if read || roots.any(|other| other.key == root.key && other.name != root.name) {
                let (name, epoch) = (root.name.as_str().to_owned(), keyring.epoch);
                return Err(KeyringError::RootUsedBefore { name, epoch });
            }
        }
        Ok(())
    }
}

/// Whether `next` differs from `known` in nothing but its epoch, what it follows, and a later end.
///
/// Vouches belong to the epoch that added readers; one that only prolongs has none.
pub(super) fn is_renewal(known: &Keyring, next: &Keyring) -> bool {
    let prolonged = Keyring {
        epoch: next.epoch,
        previous: next.previous,
        not_after: next.not_after,
        vouches: Vec::new(),
        ..known.clone()
    };
    prolonged == *next && next.not_after > known.not_after
}

fn check_order(known: &Keyring, epoch: u32) -> Result<(), KeyringError> {
    let expected = known.epoch.saturating_add(1);
    match epoch.cmp(&expected) {
        Ordering::Equal => Ok(()),
        Ordering::Less => Err(KeyringError::EpochForked { epoch }),
        Ordering::Greater => Err(KeyringError::EpochSkipped { expected, found: epoch }),
    }
}

/// Somebody who can open what was sealed before must stay, to open it for those who come.
fn check_living(known: &Keyring, next: &Keyring) -> Result<(), KeyringError> {
    let stays = |reader: &&Reader| next.reader(reader.id).is_some();
    let mut staying = known.readers.iter().filter(stays).peekable();
    if staying.peek().is_none() {
        return Err(KeyringError::NoLivingReader { epoch: next.epoch });
    }
    if !staying.any(|reader| reader.role == Role::Guardian) {
        return Err(KeyringError::NoLivingGuardian { epoch: next.epoch });
    }
    Ok(())
}

/// How many readers of the epoch before must vouch for a new one.
const VOUCHES: usize = 2;
