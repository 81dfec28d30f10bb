//! The text of one epoch: who may read, under which roots, until when.

use std::str::FromStr as _;

use data_encoding::BASE64;
use ed25519_dalek::VerifyingKey;

use crate::{
    clock::Day,
    digest::Digest,
    id::ReaderId,
    keyring::{
        KeyringError, MAX_DAYS, MAX_KEYRING_BYTES, MAX_READERS, ReaderPub, VouchLine,
        text::{LineReader, only_spelling, title},
        trust::{check_organisation, check_roots, read_roots, write_roots},
    },
    note::{NamedKey, parse_key, write_key},
    receipt::Salt,
    recipient::{Kind, Recipient},
};

/// What a reader may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Accounts and exhibits.
    Reviewer,
    /// Accounts, exhibits and identities.
    Guardian,
}

impl Role {
    /// The word in files and on the command line: `reviewer` or `guardian`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reviewer => "reviewer",
            Self::Guardian => "guardian",
        }
    }

    /// The role that a word means.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Reviewer, Self::Guardian].into_iter().find(|role| role.word() == word)
    }
}

/// A reviewer or guardian, without a name: a keyring with names would be a list of targets.
#[derive(Clone, PartialEq, Eq)]
pub struct Reader {
    /// Random; says nothing about the person.
    pub id: ReaderId,
    /// What they may read.
    pub role: Role,
    /// What envelopes are sealed to.
    pub recipient: Recipient,
    /// Signs casebook entries.
    pub signing: VerifyingKey,
    /// The epoch that named them first.
    pub since: u32,
}

impl Reader {
    /// Thirty digits to compare by voice; the same as those of the reader's `reader.pub`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.public().fingerprint()
    }

    /// What the reader's own file says: everything but the epoch.
    #[must_use]
    pub fn public(&self) -> ReaderPub {
        let Self { id, role, recipient, signing, since: _ } = self.clone();
        ReaderPub { id, role, recipient, signing }
    }
}

/// The body of one epoch.
#[derive(Clone, PartialEq, Eq)]
pub struct Keyring {
    /// The organisation's name; never changes.
    pub organisation: String,
    /// Counted from 1.
    pub epoch: u32,
    /// SHA-256 of the whole note before it as published; [`Digest::NONE`] for the first.
    pub previous: Digest,
    /// The kind of all its keys; never changes.
    pub kind: Kind,
    /// The receipt salt; never changes.
    pub salt: Salt,
    /// The last day on which anything is sealed to it.
    pub not_after: Day,
    /// How many roots must sign.
    pub threshold: usize,
    /// The root keys.
    pub roots: Vec<NamedKey>,
    /// At most 100, in the order in which they were added.
    pub readers: Vec<Reader>,
    /// Whose word added the readers of this epoch, by the order of both in `readers`.
    pub vouches: Vec<VouchLine>,
}

impl Keyring {
    /// Makes the readers' keys ready to be sealed to many times, for as long as this keyring and its clones live.
    pub fn make_ready(&self) {
        for reader in &self.readers {
            reader.recipient.make_ready();
        }
    }

    /// Reads the text that roots sign.
    ///
    /// A text without a guardian can be read, so that it can be drafted; no chain accepts it.
    ///
    /// # Errors
    /// [`KeyringError`] for a text that is not exactly as written by [`Keyring::to_text`], or
    /// that [`Keyring::check`] refuses.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut lines = LineReader::begin(WHAT, text, MAX_KEYRING_BYTES)?;
        let organisation = lines.value("organisation")?.to_owned();
        let epoch = lines.read("epoch", str::parse)?;
        let previous = lines.read("previous", str::parse)?;
        let kind = Kind::from_word(lines.value("kind")?).ok_or(KeyringError::Kind)?;
        let salt = lines.read("salt", |text| read_salt(text).ok_or(()))?;
        let not_after = lines.read("not-after", str::parse)?;
        let (threshold, roots) = read_roots(&mut lines)?;
        let readers = lines.all("reader", read_reader)?;
        let vouches = lines.all("vouch", VouchLine::parse)?;
        lines.end()?;
        let keyring = Self {
            organisation,
            epoch,
            previous,
            kind,
            salt,
            not_after,
            threshold,
            roots,
            readers,
            vouches,
        };
        keyring.check()?;
        only_spelling(WHAT, text, &keyring.to_text())?;
        Ok(keyring)
    }

    /// Writes the text that roots sign.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { organisation, epoch, previous, kind, salt, not_after, .. } = self;
        let Self { threshold, roots, readers, vouches, .. } = self;
        let (title, kind) = (title(WHAT), kind.word());
        let salt = BASE64.encode(&salt.0);
        let roots = write_roots(*threshold, roots);
        let readers: String = readers.iter().map(write_reader).collect();
        let vouches: String = vouches.iter().map(VouchLine::to_text).collect();
        format!(
            "{title}\norganisation {organisation}\nepoch {epoch}\nprevious {previous}\n\
             kind {kind}\nsalt {salt}\nnot-after {not_after}\n{roots}{readers}{vouches}"
        )
    }

    /// Checks everything that can be seen without another keyring and without today's date.
    ///
    /// # Errors
    /// The one of [`KeyringError`] that says what is wrong.
    pub fn check(&self) -> Result<(), KeyringError> {
        check_organisation(&self.organisation)?;
        let first = self.epoch == 1;
        if self.epoch == 0 || first != (self.previous == Digest::NONE) {
            return Err(KeyringError::Previous { epoch: self.epoch });
        }
        check_roots(self.threshold, &self.roots)?;
        if self.readers.len() > MAX_READERS {
            return Err(KeyringError::TooManyReaders { found: self.readers.len() });
        }
        self.readers.iter().enumerate().try_for_each(|(place, _)| self.check_reader(place))?;
        self.check_vouch_lines()
    }

    /// Puts the vouches in their order, each once.
    pub fn sort_vouches(&mut self) {
        let mut vouches = std::mem::take(&mut self.vouches);
        vouches.sort_by_key(|line| self.place(line));
        vouches.dedup();
        self.vouches = vouches;
    }

    /// Checks that the last day is neither past nor further than 400 days away.
    ///
    /// # Errors
    /// [`KeyringError::Expired`] or [`KeyringError::TooLongLived`].
    pub fn check_days(&self, today: Day) -> Result<(), KeyringError> {
        check_days(self.not_after, today)
    }

    /// The guardians.
    pub fn guardians(&self) -> impl Iterator<Item = &Reader> {
        self.readers.iter().filter(|r| r.role == Role::Guardian)
    }

    /// The reader of that id.
    #[must_use]
    pub fn reader(&self, id: ReaderId) -> Option<&Reader> {
        self.readers.iter().find(|r| r.id == id)
    }

    /// SHA-256 of [`Keyring::to_text`]: what a desk note is bound to.
    #[must_use]
    pub fn body_digest(&self) -> Digest {
        Digest::of(self.to_text().as_bytes())
    }

    /// Vouches stand only where a reader is new, once each, in the order of the reader lines.
    fn check_vouch_lines(&self) -> Result<(), KeyringError> {
        let mut before = None;
        for line in &self.vouches {
            let (reader, voucher) = (self.reader(line.reader), self.reader(line.voucher));
            let new = reader.is_some_and(|reader| reader.since == self.epoch);
            let old = voucher.is_some_and(|voucher| voucher.since < self.epoch);
            let place = Some(self.place(line));
            if !new || !old || place <= before {
                let VouchLine { reader, voucher, signature: _ } = *line;
                return Err(KeyringError::VouchOutOfPlace { reader, voucher });
            }
            before = place;
        }
        Ok(())
    }

    fn place(&self, line: &VouchLine) -> (Option<usize>, Option<usize>) {
        let place = |id: ReaderId| self.readers.iter().position(|reader| reader.id == id);
        (place(line.reader), place(line.voucher))
    }

    fn check_reader(&self, place: usize) -> Result<(), KeyringError> {
        let Some(reader) = self.readers.get(place) else { return Ok(()) };
        let id = reader.id;
        if reader.recipient.kind() != self.kind {
            return Err(KeyringError::MixedKinds { id });
        }
        let earlier = || self.readers.iter().take(place);
        if earlier().any(|other| other.id == id) {
            return Err(KeyringError::ReaderTwice { id });
        }
        if earlier().any(|other| other.recipient == reader.recipient) {
            return Err(KeyringError::RecipientTwice { id });
        }
        let roots = self.roots.iter().map(|root| &root.key);
        if earlier().map(|other| &other.signing).chain(roots).any(|key| *key == reader.signing) {
            return Err(KeyringError::SigningKeyTwice { id });
        }
        if !(1..=self.epoch).contains(&reader.since) {
            return Err(KeyringError::Since { id, since: reader.since });
        }
        Ok(())
    }
}

/// Checks that a keyring's last day is neither past nor further than 400 days away.
///
/// # Errors
/// [`KeyringError::Expired`] or [`KeyringError::TooLongLived`].
pub fn check_days(not_after: Day, today: Day) -> Result<(), KeyringError> {
    match today.days_until(not_after) {
        days if days < 0 => Err(KeyringError::Expired { not_after, today }),
        days if days > MAX_DAYS => Err(KeyringError::TooLongLived { not_after, today }),
        _ => Ok(()),
    }
}

fn read_salt(text: &str) -> Option<Salt> {
    BASE64.decode(text.as_bytes()).ok()?.try_into().ok().map(Salt)
}

fn read_reader(text: &str) -> Option<Reader> {
    let mut words = text.split(' ');
    let id = words.next()?.parse().ok()?;
    let role = Role::from_word(words.next()?)?;
    let recipient = Recipient::parse(words.next()?).ok()?;
    let signing = parse_key(words.next()?).ok()?;
    let since = u32::from_str(words.next()?).ok()?;
    words.next().is_none().then_some(Reader { id, role, recipient, signing, since })
}

fn write_reader(reader: &Reader) -> String {
    let Reader { id, role, recipient, signing, since } = reader;
    format!("reader {id} {} {recipient} {} {since}\n", role.word(), write_key(signing))
}

const WHAT: &str = "keyring";
