//! Whether anything may be taken in now, and to whom it is sealed.

use std::{io, path::PathBuf, sync::Arc};

use tokio::sync::watch;

use crate::{
    clock::Day,
    digest::{Digest, Hasher},
    files,
    keyring::{self, KeyringError, Published, TrustRoot},
};

use super::InForce;

/// Largest `roots.txt` that is read, in bytes.
const MAX_ROOTS: u64 = 64 * 1024;

/// The readers that a testimony is sealed to.
#[derive(Clone)]
pub struct Readers {
    published: Arc<Published>,
}

impl Readers {
    /// The keyring in force.
    pub(super) fn keyring(&self) -> &InForce {
        self.published.chain.current()
    }

    /// What a cover names it by.
    pub(super) fn digest(&self) -> Digest {
        self.published.chain.current_digest()
    }

    /// How many people could open what arrives now.
    #[must_use]
    pub fn count(&self) -> usize {
        self.keyring().get().readers.len()
    }
}

/// Why nothing is taken in. Witnesses see one page for all of these.
#[derive(Debug, thiserror::Error)]
pub enum Closed {
    /// No keyring was ever loaded.
    #[error("there is no valid keyring; publish one with `sandyk admin keyring publish`")]
    NoKeyring,
    /// There is one, but nothing may be sealed to it.
    #[error(transparent)]
    Unusable(#[from] KeyringError),
}

pub(super) fn readers(published: Option<&Arc<Published>>, today: Day) -> Result<Readers, Closed> {
    let published = published.ok_or(Closed::NoKeyring)?;
    published.chain.usable(today)?;
    Ok(Readers { published: Arc::clone(published) })
}

/// The folder in which keyrings are published, and what it held when it was last looked at.
pub struct KeyringFolder {
    folder: PathBuf,
    roots: PathBuf,
    seen: Option<Digest>,
    publish: watch::Sender<Option<Arc<Published>>>,
}

/// What a look into the folder found.
#[derive(Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing has changed since the last look.
    Same,
    /// A keyring of this epoch is in force from now on.
    Now(u32),
}

impl KeyringFolder {
    /// Nothing is loaded yet; [`Self::look`] does that.
    #[must_use]
    pub fn new(folder: PathBuf, roots: PathBuf) -> Self {
        Self { folder, roots, seen: None, publish: watch::Sender::new(None) }
    }

    /// Where the newest keyring appears.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Option<Arc<Published>>> {
        self.publish.subscribe()
    }

    /// Loads what is new. What was in force stays in force if the new is not valid or not newer.
    ///
    /// # Errors
    /// What is wrong with the roots, the keyrings or the desk note.
    pub fn look(&mut self) -> Result<Look, LookError> {
        let state = self.fingerprint()?;
        if self.seen == Some(state) {
            return Ok(Look::Same);
        }
        let trust = TrustRoot::parse(&files::load_text(&self.roots, MAX_ROOTS)?)?;
        let found = keyring::load_folder(&self.folder, &trust)?;
        if let Some(before) = &*self.publish.borrow() {
            let epoch = before.chain.current().get().epoch;
            found.chain.continues(epoch, &before.chain.current_digest())?;
        }
        let epoch = found.chain.current().get().epoch;
        // Once, for all testimonies that will be sealed to it.
        found.chain.current().get().make_ready();
        self.publish.send_replace(Some(Arc::new(found)));
        // Only now: what could not be read (no file descriptor left in a flood) is looked at again.
        self.seen = Some(state);
        Ok(Look::Now(epoch))
    }

    /// A digest of names, sizes and times in the folder: cheap enough to take every few seconds.
    fn fingerprint(&self) -> io::Result<Digest> {
        let mut entries = std::fs::read_dir(&self.folder)?
            .map(|entry| {
                let entry = entry?;
                let meta = entry.metadata()?;
                let name = entry.file_name();
                Ok(format!("{} {} {:?}\n", name.display(), meta.len(), meta.modified()?))
            })
            .collect::<io::Result<Vec<_>>>()?;
        entries.sort();
        let mut hasher = Hasher::default();
        for entry in &entries {
            hasher.update(entry.as_bytes());
        }
        Ok(hasher.finish())
    }
}

/// Why a new keyring was not taken; the one in force before still is.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// A file cannot be read.
    #[error("cannot read the keyring folder or the roots: {0}; the keyring in force stays")]
    Read(#[from] io::Error),
    /// A note is not valid.
    #[error("{0}; the keyring in force stays")]
    Invalid(#[from] KeyringError),
}
