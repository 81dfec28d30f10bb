//! One root signs what is drafted.

use crate::{
    admin::{
        AdminError, Ceremony, Draft, RootKey,
        draft::{Base, Quorum},
    },
    clock::Day,
};

/// How far the signing has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The draft's epoch.
    pub epoch: u32,
    /// The names of the roots that have signed.
    pub signed: Vec<String>,
    /// How many are needed.
    pub needed: usize,
    /// The same for the roots of the keyring before, if they or their threshold change.
    pub before: Option<Quorum>,
}

impl Progress {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.signed.len() >= self.needed && self.before.as_ref().is_none_or(Quorum::is_enough)
    }
}

/// Adds a root's signature to the draft of the keyring and of its desk note.
///
/// The draft is checked first, against what was published and against today, so that nobody signs
/// what everyone would refuse.
///
/// # Errors
/// The one of [`AdminError`] that says what is wrong; nothing is signed then.
pub fn sign(ceremony: &Ceremony, root: &RootKey, today: Day) -> Result<Progress, AdminError> {
    let (mut draft, base) = checked(ceremony, today)?;
    draft.add_signature(&base, root)?;
    let progress = progress(&draft, &base)?;
    ceremony.save_signatures(&draft)?;
    Ok(progress)
}

/// The draft, if nothing but signatures is missing to it.
///
/// # Errors
/// The one of [`AdminError`] that says what is wrong with it.
pub fn check_draft(ceremony: &Ceremony, today: Day) -> Result<Draft, AdminError> {
    Ok(checked(ceremony, today)?.0)
}

/// The same, with what it follows.
pub(super) fn checked(ceremony: &Ceremony, today: Day) -> Result<(Draft, Base), AdminError> {
    let draft = ceremony.draft()?.ok_or(AdminError::NoDraft)?;
    let base = ceremony.base(draft.purpose)?;
    draft.check(&base, today)?;
    Ok((draft, base))
}

pub(super) fn progress(draft: &Draft, base: &Base) -> Result<Progress, AdminError> {
    let (Quorum { signed, needed }, before) = draft.quorums(base)?;
    Ok(Progress { epoch: draft.keyring.epoch, signed, needed, before })
}

impl Draft {
    /// Adds a root's signature: to both notes, or to the keyring alone if that root leaves.
    ///
    /// # Errors
    /// `NotOneOfTheRoots` of [`AdminError`].
    pub(super) fn add_signature(&mut self, base: &Base, root: &RootKey) -> Result<(), AdminError> {
        let named = root.named();
        let stays = self.keyring.roots.contains(&named);
        let was = match base {
            Base::First(_) => false,
            Base::After(chain) => chain.current().get().roots.contains(&named),
        };
        if !stays && !was {
            return Err(AdminError::NotOneOfTheRoots { name: named.name.as_str().to_owned() });
        }
        let (mut keyring, mut desk) = self.notes()?;
        root.sign(&mut keyring);
        if stays {
            root.sign(&mut desk);
        }
        self.signed = Some((keyring, desk));
        Ok(())
    }
}
