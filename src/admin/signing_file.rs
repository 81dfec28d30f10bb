//! One file that goes from root holder to root holder, each on a machine of their own.
//!
//! It holds the roots, the public keyrings so far, what is to be signed and the signatures so far: all
//! that a holder needs to check it without the ceremony's folder. It holds the desk note, so it is not
//! public; nothing in it is a secret that opens or signs anything.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    admin::{
        AdminError, Ceremony, Draft, Progress, RootKey,
        draft::{Base, Purpose},
        folder::load,
        sign::{checked, progress},
    },
    clock::Day,
    files::{self, Audience, Existing},
    keyring::{Chain, Device, KeyringError, MAX_INVITATION_BYTES, TrustRoot},
    note::{NamedKey, SignedNote},
};

/// What is to be signed, with everything that proves what it follows.
pub struct SigningFile {
    trust: TrustRoot,
    notes: Vec<String>,
    draft: Draft,
    devices: Vec<Device>,
}

/// As it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    schema: Schema,
    roots: String,
    published: Vec<String>,
    purpose: Purpose,
    desk_before: String,
    keyring: String,
    keyring_note: Option<String>,
    desk: String,
    desk_note: Option<String>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Schema {
    #[serde(rename = "signing/1")]
    One,
}

impl SigningFile {
    /// The draft of a ceremony with the signatures so far.
    ///
    /// # Errors
    /// The one of [`AdminError`] that says what is wrong with the draft.
    pub fn of(ceremony: &Ceremony, today: Day) -> Result<Self, AdminError> {
        let (draft, base) = checked(ceremony, today)?;
        let notes = match &base {
            Base::First(_) => Vec::new(),
            Base::After(chain) => chain.notes().into_iter().map(str::to_owned).collect(),
        };
        let devices = ceremony.devices()?;
        Ok(Self { trust: ceremony.trust().clone(), notes, draft, devices })
    }

    /// Reads a file; nothing in it is checked but that it can be read.
    ///
    /// # Errors
    /// `File`, `NotASigningFile` or `Keyring` of [`AdminError`].
    pub fn load(path: &Path) -> Result<Self, AdminError> {
        let text = load(path, MAX_INVITATION_BYTES)?
            .ok_or_else(|| AdminError::file(path)(std::io::ErrorKind::NotFound.into()))?;
        let Ok(written) = serde_json::from_str::<Written>(&text) else {
            return Err(AdminError::NotASigningFile { file: path.display().to_string() });
        };
        let Written { schema: Schema::One, roots, published, purpose, desk_before, .. } = written;
        let texts = [written.keyring.as_str(), written.desk.as_str()];
        let draft = Draft::parse(texts, [written.keyring_note, written.desk_note], purpose)?;
        let devices = match desk_before.as_str() {
            "" => Vec::new(),
            text => crate::keyring::DeskNote::parse(text)?.devices,
        };
        Ok(Self { trust: TrustRoot::parse(&roots)?, notes: published, draft, devices })
    }

    /// Writes the file, for its owner alone.
    ///
    /// # Errors
    /// `File` or `NotASigningFile` of [`AdminError`].
    pub fn save(&self, path: &Path, existing: Existing) -> Result<(), AdminError> {
        let Self { trust, notes, draft, devices } = self;
        let signed = draft.signed.as_ref();
        let noted = |note: &SignedNote| (!note.signatures().is_empty()).then(|| note.to_text());
        let before = crate::keyring::DeskNote { devices: devices.clone(), ..draft.desk.clone() };
        let written = Written {
            schema: Schema::One,
            roots: trust.to_text(),
            published: notes.clone(),
            purpose: draft.purpose,
            desk_before: before.to_text(),
            keyring: draft.keyring.to_text(),
            keyring_note: signed.and_then(|(keyring, _)| noted(keyring)),
            desk: draft.desk.to_text(),
            desk_note: signed.and_then(|(_, desk)| noted(desk)),
        };
        let json = serde_json::to_string_pretty(&written)
            .map_err(|_| AdminError::NotASigningFile { file: path.display().to_string() })?;
        files::save(path, format!("{json}\n").as_bytes(), Audience::Owner, existing)
            .map_err(AdminError::file(path))
    }

    /// The draft, what it follows and the machines before it, if nothing but signatures is missing.
    ///
    /// # Errors
    /// [`AdminError::Keyring`] with what does not hold, from the first keyring to the draft.
    pub fn check(&self, today: Day) -> Result<(&Draft, Base, &[Device]), AdminError> {
        let base = if self.notes.is_empty() {
            Base::First(self.trust.clone())
        } else {
            Base::After(Chain::verify(&self.notes, &self.trust)?)
        };
        self.draft.check(&base, today)?;
        Ok((&self.draft, base, &self.devices))
    }

    /// The roots that everything in it is proved from: to be compared with those one knows.
    #[must_use]
    pub const fn trust(&self) -> &TrustRoot {
        &self.trust
    }

    /// Adds a root's signature; the file on the disk is as it was.
    ///
    /// # Errors
    /// The one of [`AdminError`] that says what is wrong; nothing is signed then.
    pub fn sign(&mut self, root: &RootKey, today: Day) -> Result<Progress, AdminError> {
        let (_, base, _) = self.check(today)?;
        self.draft.add_signature(&base, root)?;
        progress(&self.draft, &base)
    }

    /// Takes the signatures of the file into a ceremony's draft; a folder without one takes it too.
    ///
    /// # Errors
    /// `DraftDiffers` if the folder's draft has other words, or another of [`AdminError`]; nothing is
    /// taken then.
    pub fn import(&self, ceremony: &Ceremony, today: Day) -> Result<Progress, AdminError> {
        if self.trust != *ceremony.trust() {
            return Err(KeyringError::OtherRoots.into());
        }
        let (theirs, _, _) = self.check(today)?;
        let base = ceremony.base(theirs.purpose)?;
        theirs.check(&base, today)?;
        let mut ours = if let Some(draft) = ceremony.draft()? {
            draft
        } else {
            let mut fresh = theirs.clone();
            fresh.signed = None;
            ceremony.save_draft(&fresh)?;
            fresh
        };
        let same = ours.keyring == theirs.keyring && ours.desk == theirs.desk;
        if !same || ours.purpose != theirs.purpose {
            return Err(AdminError::DraftDiffers { epoch: ours.keyring.epoch });
        }
        let (keyring, desk) = (ours.notes()?, theirs.notes()?);
        let roots = roots_of(&ours, &base);
        let merged =
            (merge(&keyring.0, &desk.0, &roots)?, merge(&keyring.1, &desk.1, &ours.keyring.roots)?);
        ours.signed = (!merged.0.signatures().is_empty()).then_some(merged);
        let progress = progress(&ours, &base)?;
        ceremony.save_signatures(&ours)?;
        Ok(progress)
    }
}

/// All roots that may sign a draft.
fn roots_of(draft: &Draft, base: &Base) -> Vec<NamedKey> {
    let mut roots = draft.keyring.roots.clone();
    if let Base::After(chain) = base {
        roots.extend(chain.current().get().roots.iter().cloned());
    }
    roots
}

/// The signatures of both notes, of those roots alone and each proved.
fn merge(
    ours: &SignedNote,
    theirs: &SignedNote,
    roots: &[NamedKey],
) -> Result<SignedNote, AdminError> {
    for note in [ours, theirs] {
        note.signers(roots).map_err(KeyringError::from)?;
        if let Some(stranger) = note.stranger(roots) {
            let name = stranger.name.as_str().to_owned();
            return Err(KeyringError::StrangeSignature { name }.into());
        }
    }
    let lines = |note: &SignedNote| {
        let text = note.to_text();
        let below = text.strip_prefix(&format!("{}\n", note.text())).unwrap_or_default();
        below.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let mut all = lines(ours);
    let new: Vec<String> = lines(theirs).into_iter().filter(|line| !all.contains(line)).collect();
    all.extend(new);
    if all.is_empty() {
        return Ok(ours.clone());
    }
    let text = format!("{}\n{}\n", ours.text(), all.join("\n"));
    Ok(SignedNote::parse(&text).map_err(KeyringError::from)?)
}
