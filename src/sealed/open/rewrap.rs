//! Sealing the keys of a testimony once more, for readers who lack their envelopes.
//!
//! It is done only with a key that opens what the feed committed to: an envelope that somebody put
//! in the place of the right one is passed on to nobody.

use zeroize::Zeroizing;

use crate::{
    id::{ReaderId, TestimonyId},
    keyring::{Keyring, Reader, Role, Verified},
    recipient::{AgeIdentity, Recipient},
    sealed::{
        SealError, Sealed,
        keys::envelope_text,
        open::{OpenError, ReadingIdentity, decrypt::decrypting},
        part, seal_to,
    },
};

/// The readers of one verified keyring, their keys made ready for many envelopes.
pub struct Colleagues<'k>(&'k [Reader]);

impl<'k> Colleagues<'k> {
    /// All whom `keyring` lists.
    #[must_use]
    pub fn of(keyring: &'k Verified<Keyring>) -> Self {
        keyring.get().make_ready();
        Self(&keyring.get().readers)
    }

    /// Those of `ids` who are among them; whoever else was named is left out.
    #[must_use]
    pub fn lacking(&self, ids: &[ReaderId]) -> Lacking<'k> {
        Lacking(self.0.iter().filter(|reader| ids.contains(&reader.id)).collect())
    }
}

/// Readers of one verified keyring who lack an envelope; nobody else can be among them.
pub struct Lacking<'k>(Vec<&'k Reader>);

impl Lacking<'_> {
    /// Those of them who may have the key of an identity.
    #[must_use]
    pub fn guardians(&self) -> Self {
        let is_guardian = |reader: &&Reader| reader.role == Role::Guardian;
        Self(self.0.iter().copied().filter(is_guardian).collect())
    }

    /// Is it nobody?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose they are, each with the key to seal to.
    pub fn readers(&self) -> impl Iterator<Item = (ReaderId, &Recipient)> {
        self.0.iter().map(|reader| (reader.id, &reader.recipient))
    }
}

/// A new envelope, and whose it is.
pub struct Rewrapped<T> {
    /// Whose.
    pub reader: ReaderId,
    /// The envelope.
    pub envelope: Sealed<T>,
}

/// Why an envelope was not made.
#[derive(Debug, thiserror::Error)]
pub enum RewrapError {
    /// The own envelope does not open.
    #[error("your envelope: {0}")]
    Envelope(#[source] OpenError),
    /// The own envelope opens, and what is in it is not the key of this testimony.
    #[error("your envelope holds another key than that of this testimony: {0}")]
    OtherKey(#[source] OpenError),
    /// A reader's recipient cannot be sealed to.
    #[error("a reader's key cannot be sealed to: {0}")]
    Seal(#[from] SealError),
}

impl ReadingIdentity {
    /// Opens the own envelope of an account and seals its key to the readers who lack it.
    ///
    /// `cover` is the one that the feed committed to: the key must open it.
    ///
    /// # Errors
    /// [`RewrapError`]; no envelope is made then.
    pub fn rewrap_account(
        &self,
        own: &Sealed<part::AccountEnvelope>,
        (cover, id): (&Sealed<part::Cover>, TestimonyId),
        lacking: &Lacking<'_>,
    ) -> Result<Vec<Rewrapped<part::AccountEnvelope>>, RewrapError> {
        let key = self.open_account_envelope(own).map_err(RewrapError::Envelope)?;
        match key.read_cover(cover, id) {
            // What it says may be of a later version, or wrong: that it opens proves the key.
            Ok(_)
            | Err(OpenError::UnknownSchema | OpenError::Malformed(_) | OpenError::WrongSize(_)) => {
            }
            Err(error) => return Err(RewrapError::OtherKey(error)),
        }
        seal_again(&key.0, lacking)
    }

    /// Opens the own envelope of an identity and seals its key to the guardians who lack it.
    ///
    /// `identity` is the part that the opened cover names: the key must open its header. Whoever is
    /// no guardian gets none, whoever is asked for.
    ///
    /// # Errors
    /// [`RewrapError`]; no envelope is made then.
    pub fn rewrap_identity(
        &self,
        own: &Sealed<part::IdentityEnvelope>,
        identity: &Sealed<part::Identity>,
        lacking: &Lacking<'_>,
    ) -> Result<Vec<Rewrapped<part::IdentityEnvelope>>, RewrapError> {
        let key = self.open_identity_envelope(own).map_err(RewrapError::Envelope)?;
        decrypting(&key.0, identity.as_bytes()).map_err(RewrapError::OtherKey)?;
        seal_again(&key.0, &lacking.guardians())
    }
}

fn seal_again<T>(
    key: &AgeIdentity,
    lacking: &Lacking<'_>,
) -> Result<Vec<Rewrapped<T>>, RewrapError> {
    let text: Zeroizing<Vec<u8>> = envelope_text(key);
    let seal = |(reader, key)| {
        let sealed = seal_to(std::slice::from_ref(key), &text)?;
        Ok(Rewrapped { reader, envelope: Sealed::from_bytes(sealed) })
    };
    lacking.readers().map(seal).collect()
}
