//! What is to be signed next: a keyring, its desk note, the signatures so far.

use crate::{
    admin::AdminError,
    clock::Day,
    digest::Digest,
    keyring::{Chain, DeskNote, Device, Keyring, KeyringError, MAX_DAYS, TrustRoot},
    note::{NamedKey, SignedNote},
};

/// What is to be signed next, and the signatures so far.
#[derive(Clone)]
pub struct Draft {
    /// The keyring.
    pub keyring: Keyring,
    /// Its devices.
    pub desk: DeskNote,
    /// Both as notes, once a root has signed; the desk note may still have no signature.
    pub signed: Option<(SignedNote, SignedNote)>,
    /// What it is for.
    pub purpose: Purpose,
}

/// What becomes of a draft when it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// It is published.
    Publish,
    /// It is kept, to be published when nobody can hold a ceremony.
    Ahead,
}

/// What a draft follows.
#[derive(Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "one of them exists at a time, and only for a moment"
)]
pub enum Base {
    /// Nothing yet: it is the first keyring, of these roots.
    First(TrustRoot),
    /// The newest keyring of this chain.
    After(Chain),
}

/// The signatures that one set of roots has given, and how many of them are needed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Quorum {
    /// The names of the roots that have signed.
    pub signed: Vec<String>,
    /// How many must sign.
    pub needed: usize,
}

impl Quorum {
    /// Whether enough have signed.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.signed.len() >= self.needed
    }

    fn of(
        note: Option<&SignedNote>,
        roots: &[NamedKey],
        needed: usize,
    ) -> Result<Self, AdminError> {
        let signers = note.map(|note| note.signers(roots)).transpose();
        let signers = signers.map_err(KeyringError::from)?.unwrap_or_default();
        let signed = signers.into_iter().map(|root| root.name.as_str().to_owned()).collect();
        Ok(Self { signed, needed })
    }
}

impl Draft {
    /// A draft that nobody has signed; the desk note is bound to the keyring as it is now.
    pub(super) fn unsigned(keyring: Keyring, devices: Vec<Device>, purpose: Purpose) -> Self {
        let desk = DeskNote {
            organisation: keyring.organisation.clone(),
            epoch: keyring.epoch,
            keyring: keyring.body_digest(),
            devices,
        };
        Self { keyring, desk, signed: None, purpose }
    }

    /// Reads the texts of a keyring and its desk note, and their notes so far.
    pub(super) fn parse(
        [keyring, desk]: [&str; 2],
        [keyring_note, desk_note]: [Option<String>; 2],
        purpose: Purpose,
    ) -> Result<Self, AdminError> {
        let (keyring, desk) = (Keyring::parse(keyring)?, DeskNote::parse(desk)?);
        let Some(keyring_note) = keyring_note else {
            return Ok(Self { keyring, desk, signed: None, purpose });
        };
        let keyring_note = SignedNote::parse(&keyring_note).map_err(KeyringError::from)?;
        let desk_note = match desk_note {
            Some(note) => SignedNote::parse(&note),
            None => SignedNote::new(desk.to_text()),
        };
        let desk_note = desk_note.map_err(KeyringError::from)?;
        if keyring_note.text() != keyring.to_text() {
            return Err(AdminError::DraftEdited { file: "keyring.txt" });
        }
        if desk_note.text() != desk.to_text() {
            return Err(AdminError::DraftEdited { file: "desk.txt" });
        }
        Ok(Self { keyring, desk, signed: Some((keyring_note, desk_note)), purpose })
    }

    /// Thirty digits to compare by voice: the same for all who sign the same words.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        // The desk note names the keyring's digest, so this is both.
        Digest::of(self.desk.to_text().as_bytes()).spoken()
    }

    /// Checks everything but signatures against what it follows and against today.
    ///
    /// # Errors
    /// [`AdminError::Keyring`] with what everyone would refuse it for.
    pub fn check(&self, base: &Base, today: Day) -> Result<(), AdminError> {
        match base {
            Base::First(trust) => trust.check_first(&self.keyring)?,
            Base::After(chain) => chain.check_next(&self.keyring)?,
        }
        match (self.purpose, base) {
            (Purpose::Ahead, Base::After(chain)) => self.check_ahead(chain)?,
            (Purpose::Ahead | Purpose::Publish, _) => self.keyring.check_days(today)?,
        }
        Ok(self.desk.check(&self.keyring)?)
    }

    /// The signatures of the roots that must sign: its own, and those of the keyring before it if
    /// they are others.
    ///
    /// # Errors
    /// [`AdminError::Keyring`] if a signature so far does not fit.
    pub fn quorums(&self, base: &Base) -> Result<(Quorum, Option<Quorum>), AdminError> {
        let note = self.signed.as_ref().map(|(keyring, _)| keyring);
        let own = Quorum::of(note, &self.keyring.roots, self.keyring.threshold)?;
        let before = match base {
            Base::First(_) => None,
            Base::After(chain) => Some(chain.current().get()),
        };
        let same = |known: &&Keyring| {
            known.roots != self.keyring.roots || known.threshold != self.keyring.threshold
        };
        let before = before.filter(same);
        let before = before.map(|known| Quorum::of(note, &known.roots, known.threshold));
        Ok((own, before.transpose()?))
    }

    /// The signed notes, if any root has signed; those without signatures otherwise.
    pub(super) fn notes(&self) -> Result<(SignedNote, SignedNote), AdminError> {
        let fresh = |text: String| SignedNote::new(text).map_err(KeyringError::from);
        match &self.signed {
            Some(notes) => Ok(notes.clone()),
            None => Ok((fresh(self.keyring.to_text())?, fresh(self.desk.to_text())?)),
        }
    }

    fn check_ahead(&self, chain: &Chain) -> Result<(), AdminError> {
        let (before, last) = (chain.current().get().not_after, self.keyring.not_after);
        let days = before.days_until(last);
        if !(1..=MAX_DAYS).contains(&days) {
            return Err(AdminError::AheadDays { before, last });
        }
        Ok(chain.check_renewal(&self.keyring)?)
    }
}
