//! The order itself, and whose signatures make it count.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use super::{ForgetError, MAX_BYTES, OrderId, first_half, lines::Lines};
use crate::{
    clock::Day,
    digest::Digest,
    id::{Id, ReaderId, TestimonyId},
    keyring::{Chain, Keyring, Reader, Role},
    note::{KeyName, NamedKey, SignedNote},
};

/// Why something is forgotten; nothing else is said where the server can see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The witness asked for it.
    Withdrawn,
    /// That it is kept endangers somebody.
    Danger,
    /// It never was a testimony.
    NotTestimony,
    /// A law demands it.
    Law,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Withdrawn, Self::Danger, Self::NotTestimony, Self::Law];

    /// The word in files and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Danger => "danger",
            Self::NotTestimony => "not-testimony",
            Self::Law => "law",
        }
    }

    /// The reason that a word means.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// What is to be forgotten, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The organisation's name.
    pub organisation: String,
    /// Which testimony.
    pub testimony: TestimonyId,
    /// Its leaf of the feed tree: of this one content and no other.
    pub leaf: Digest,
    /// Why.
    pub reason: Reason,
    /// The day on which it was first signed.
    pub day: Day,
    /// SHA-256 of the signed note of the keyring that the signers knew.
    pub keyring: Digest,
}

impl Order {
    /// Reads the text that is signed.
    ///
    /// # Errors
    /// [`ForgetError::Shape`] for a text that is not exactly as [`Order::to_text`] writes it.
    pub fn parse(text: &str) -> Result<Self, ForgetError> {
        let mut lines = Lines::begin(text, TITLE)?;
        let order = Self {
            organisation: lines.read("organisation", |text| Some(text.to_owned()))?,
            testimony: lines.read("testimony", |text| text.parse().ok())?,
            leaf: lines.read("leaf", |text| text.parse().ok())?,
            reason: lines.read("reason", Reason::from_word)?,
            day: lines.read("day", |text| text.parse().ok())?,
            keyring: lines.read("keyring", |text| text.parse().ok())?,
        };
        if order.to_text() == text { Ok(order) } else { Err(ForgetError::Shape) }
    }

    /// Writes the text that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { organisation, testimony, leaf, reason, day, keyring } = self;
        let reason = reason.word();
        format!(
            "{TITLE}\norganisation {organisation}\ntestimony {testimony}\nleaf {leaf}\n\
             reason {reason}\nday {day}\nkeyring {keyring}\n"
        )
    }

    /// SHA-256 of the text.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.to_text().as_bytes())
    }

    /// The name of this order, whoever signed it.
    #[must_use]
    pub fn id(&self) -> OrderId {
        Id::from_bytes(first_half(self.digest()))
    }
}

/// An order with signatures, of which none is checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedOrder {
    order: Order,
    note: SignedNote,
}

/// An order that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Valid {
    order: Order,
    by: Authority,
}

/// Who made an order count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authority {
    /// Two guardians, or more.
    TwoGuardians,
    /// The only guardian and a root.
    GuardianAndRoot,
}

impl Authority {
    /// In words, after "by order of".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::TwoGuardians => "two guardians",
            Self::GuardianAndRoot => "the guardian and a root",
        }
    }
}

/// How far the signing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Votes {
    /// Guardians who signed.
    pub guardians: usize,
    /// Roots that signed.
    pub roots: usize,
    /// Guardians of the keyring in force.
    pub all_guardians: usize,
}

impl Votes {
    /// Who makes it count, if enough have signed.
    #[must_use]
    pub const fn authority(self) -> Option<Authority> {
        match self {
            Self { guardians: 2.., .. } => Some(Authority::TwoGuardians),
            Self { guardians: 1, roots: 1.., all_guardians: 1 } => Some(Authority::GuardianAndRoot),
            _ => None,
        }
    }
}

impl SignedOrder {
    /// An order that nobody has signed yet.
    ///
    /// # Errors
    /// [`ForgetError`] if it cannot be written down.
    pub fn new(order: Order) -> Result<Self, ForgetError> {
        let note = SignedNote::new(order.to_text())?;
        Order::parse(note.text())?;
        Ok(Self { order, note })
    }

    /// Reads an order with at least one signature.
    ///
    /// # Errors
    /// [`ForgetError::Note`] or [`ForgetError::Shape`].
    pub fn parse(text: &str) -> Result<Self, ForgetError> {
        if text.len() > MAX_BYTES {
            return Err(ForgetError::Shape);
        }
        let note = SignedNote::parse(text)?;
        Ok(Self { order: Order::parse(note.text())?, note })
    }

    /// The order with its signatures.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.note.to_text()
    }

    /// What it orders; nobody has checked who signed it.
    #[must_use]
    pub const fn order(&self) -> &Order {
        &self.order
    }

    /// Adds a guardian's signature.
    ///
    /// # Errors
    /// [`ForgetError::Note`], which the shape of an id rules out.
    pub fn sign_as_guardian(&mut self, id: ReaderId, key: &SigningKey) -> Result<(), ForgetError> {
        self.note.sign(&KeyName::parse(&id.to_string())?, key);
        Ok(())
    }

    /// The note, for a root to sign.
    pub const fn note(&mut self) -> &mut SignedNote {
        &mut self.note
    }

    /// Who has signed, as the keyring of `epoch` knows them.
    ///
    /// # Errors
    /// [`ForgetError`]: one wrong or foreign signature, and the whole order is refused.
    pub fn votes(&self, chain: &Chain, epoch: u32) -> Result<Votes, ForgetError> {
        let (then, now) = keyrings(&self.order.keyring, chain, epoch)?;
        if self.order.organisation != now.organisation {
            return Err(ForgetError::Organisation);
        }
        let guardians = guardians(then, now)?;
        let roots: Vec<_> = now.roots.iter().filter(|r| then.roots.contains(r)).cloned().collect();
        let all = [guardians.as_slice(), roots.as_slice()].concat();
        if self.note.stranger(&all).is_some() {
            return Err(ForgetError::Stranger);
        }
        Ok(Votes {
            guardians: self.note.signers(&guardians)?.len(),
            roots: self.note.signers(&roots)?.len(),
            all_guardians: now.guardians().count(),
        })
    }

    /// The order, if it counts under the keyring of `epoch`.
    ///
    /// # Errors
    /// [`ForgetError`], [`ForgetError::TooFew`] if only signatures are missing.
    pub fn check(&self, chain: &Chain, epoch: u32) -> Result<Valid, ForgetError> {
        let by = self.votes(chain, epoch)?.authority().ok_or(ForgetError::TooFew)?;
        Ok(Valid { order: self.order.clone(), by })
    }
}

impl Valid {
    /// What is ordered.
    #[must_use]
    pub const fn order(&self) -> &Order {
        &self.order
    }

    /// Who made it count.
    #[must_use]
    pub const fn by(&self) -> Authority {
        self.by
    }
}

/// The keyring that a text names, and the one in force at `epoch`, which is not older.
pub(super) fn keyrings<'c>(
    named: &Digest,
    chain: &'c Chain,
    epoch: u32,
) -> Result<(&'c Keyring, &'c Keyring), ForgetError> {
    let then = chain.by_digest(named).ok_or(ForgetError::Keyring)?.get();
    let now = chain.at(epoch).ok_or(ForgetError::Keyring)?.get();
    if then.epoch > now.epoch {
        return Err(ForgetError::Keyring);
    }
    Ok((then, now))
}

/// Those who were guardians when it was signed and still are, with the same key.
pub(super) fn guardians(then: &Keyring, now: &Keyring) -> Result<Vec<NamedKey>, ForgetError> {
    let still = |reader: &&Reader| {
        let before = then.reader(reader.id);
        before.is_some_and(|b| b.role == Role::Guardian && b.signing == reader.signing)
    };
    let named = |reader: &Reader| {
        Ok(NamedKey { name: KeyName::parse(&reader.id.to_string())?, key: reader.signing })
    };
    now.guardians().filter(still).map(named).collect()
}

const TITLE: &str = "sandyk forget v1";
