//! Writing into the casebook: signed, sealed, durable in the outbox.

use std::{fs, io};

use rand::{CryptoRng, RngCore};

use crate::{
    casebook::{
        CasebookKey, Draft, Entry, EntryError, KeyError, Op, Position, Roster, Signer, View,
    },
    clock::Day,
    files::{self, Audience, Existing},
    id::{EntryId, Id},
    keyring::KeyringError,
    recipient::Recipient,
    review::{session::Session, workspace::WorkspaceError},
};

/// Largest sealed entry, in bytes.
const MAX_SEALED: u64 = 256 << 10;

impl Session {
    /// Writes acts into the outbox, in this order, each durable before the next.
    ///
    /// Makes a casebook key for all readers first, if this epoch has none. With the acts goes the
    /// checkpoint of the feed that this reader has, if it grew: others compare it with theirs. The
    /// casebook in memory stays as it was; the next session adds the acts up.
    ///
    /// # Errors
    /// [`WriteError`]; acts that were written before the error stay written.
    pub fn write(
        &mut self,
        acts: &[Op],
        today: Day,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(), WriteError> {
        if self.listed().is_none() {
            return Err(WriteError::NotAReader);
        }
        // SECURITY: a server that hides a newer keyring, in which somebody was retired, gets words
        // sealed to the old one until that ends, and not longer.
        self.chain.usable(today)?;
        if self.book.head != self.state.casebook {
            return Err(WriteError::OwnEntriesMissing {
                last: self.state.casebook.seq,
                here: self.book.head.seq,
            });
        }
        self.reseal_all()?;
        let to = self.casebook_recipient(rng)?;
        self.note_epoch()?;
        let view = self.view().filter(|_| !acts.is_empty());
        for op in acts.iter().chain(&view) {
            let draft = Draft { op, after: self.book.head, day: today };
            let entry = Entry::sign(&self.signer(), &draft, rng)?;
            let path = self.workspace.new_entry(EntryId::random(rng));
            if let Some(folder) = path.parent() {
                files::make_folder(folder)?;
            }
            files::save(&path, &entry.seal(&to)?, Audience::Owner, Existing::Refuse)?;
            self.book.head = entry.head();
            self.state.casebook = entry.head();
        }
        self.said(view);
        Ok(self.state.save(&self.keys_folder)?)
    }

    /// Remembers what was said of the feed, so that one sitting says it once.
    fn said(&mut self, view: Option<Op>) {
        if let Some(Op::Checkpoint { size, root, note }) = view {
            let (by, position) = (self.keys.id, Position::Outbox);
            self.book.casebook.views.push(View { position, by, size, root, note });
        }
    }

    /// Seals entries that wait in the outbox under an older epoch's key to the key of the newest one.
    ///
    /// Gives how many. Their order in the outbox, which is that of their times, stays. Keys of older
    /// epochs that wait are thrown away then: nothing is sealed to them any more.
    pub(super) fn reseal_waiting(&mut self) -> Result<u64, Box<WriteError>> {
        self.reseal_all().map_err(Box::new)
    }

    fn reseal_all(&mut self) -> Result<u64, WriteError> {
        let epoch = self.chain.current().get().epoch;
        let mut old = Vec::new();
        for path in self.workspace.waiting_entries()? {
            let Ok(sealed) = files::load_plain(&path, MAX_SEALED) else { continue };
            let opens =
                |key: &&CasebookKey| Entry::open(&sealed, std::slice::from_ref(*key)).is_ok();
            let Some(key) = self.book.keys.iter().find(opens) else { continue };
            if key.epoch() < epoch {
                old.push((path, Entry::open(&sealed, std::slice::from_ref(key))?));
            }
        }
        if old.is_empty() {
            self.drop_old_keys(epoch)?;
            self.note_epoch()?;
            return Ok(0);
        }
        let to = self.casebook_recipient(&mut rand::rngs::OsRng)?;
        let mut resealed = 0_u64;
        for (path, entry) in old {
            let written = fs::metadata(&path)?.modified()?;
            files::save(&path, &entry.seal(&to)?, Audience::Owner, Existing::Replace)?;
            fs::File::options().append(true).open(&path)?.set_modified(written)?;
            resealed = resealed.saturating_add(1);
        }
        self.drop_old_keys(epoch)?;
        self.note_epoch()?;
        Ok(resealed)
    }

    /// Says for sync under which keyring everything that waits is sealed: it has no keys to see that.
    fn note_epoch(&self) -> Result<(), WriteError> {
        let outbox = self.workspace.path("outbox");
        files::make_folder(&outbox)?;
        let epoch = format!("{}\n", self.chain.current().get().epoch);
        let path = outbox.join("epoch");
        Ok(files::save(&path, epoch.as_bytes(), Audience::Owner, Existing::Replace)?)
    }

    /// Throws away keys of older epochs that wait: the desk takes none for readers of another keyring.
    fn drop_old_keys(&self, epoch: u32) -> Result<(), WriteError> {
        let roster = Roster::of(&self.chain);
        for (folder, own) in self.workspace.waiting_keys()? {
            let Ok(envelope) = files::load_plain(&own, MAX_SEALED) else { continue };
            let key = CasebookKey::open(&envelope, &self.keys.reading, &roster);
            if key.is_ok_and(|key| key.epoch() < epoch) {
                fs::remove_dir_all(&folder)?;
            }
        }
        Ok(())
    }

    fn signer(&self) -> Signer<'_> {
        Signer {
            organisation: &self.chain.current().get().organisation,
            keyring: self.chain.current_digest(),
            by: self.keys.id,
            key: &self.keys.signing,
        }
    }

    fn casebook_recipient(
        &mut self,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Recipient, WriteError> {
        let keyring = self.chain.current().get();
        if let Some(key) = self.book.key_of(keyring.epoch) {
            return Ok(key.recipient());
        }
        let (key, note) = CasebookKey::make(&self.signer(), (keyring.kind, keyring.epoch), rng)?;
        let outbox = self.workspace.path("outbox");
        files::make_folder(&outbox.join("keys"))?;
        let aside = tempfile::Builder::new().prefix(".new-").tempdir_in(&outbox)?;
        for reader in &keyring.readers {
            let sealed = CasebookKey::seal_note(&note, &reader.recipient)?;
            let path = aside.path().join(format!("{}.age", reader.id));
            files::save(&path, &sealed, Audience::Owner, Existing::Refuse)?;
        }
        let id: Id<CasebookKey> = Id::random(rng);
        fs::rename(aside.keep(), outbox.join("keys").join(id.to_string()))?;
        files::sync_folder(&outbox.join("keys"))?;
        let recipient = key.recipient();
        self.book.keys.push(key);
        Ok(recipient)
    }
}

/// Nothing more could be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The newest keyring does not list this reader with these keys.
    #[error("the newest keyring does not list you with these keys")]
    NotAReader,
    /// Nothing is sealed to the newest keyring today.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The workspace lacks entries that this reader wrote before: writing on would fork the chain.
    #[error("you have written {last} entries before, this workspace proves {here} of them")]
    OwnEntriesMissing {
        /// Number of the last entry that was ever written.
        last: u64,
        /// Number of the last one that is here.
        here: u64,
    },
    /// The entry could not be made.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The casebook key could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The workspace cannot be read.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The file system says no.
    #[error("the outbox cannot be written: {0}")]
    Io(#[from] io::Error),
}
