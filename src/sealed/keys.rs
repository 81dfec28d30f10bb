//! The two keys of one testimony, their envelopes, and what can be sealed to them.

use rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use crate::{
    id::ReaderId,
    keyring::{Keyring, Reader, Role, Verified},
    recipient::{AgeIdentity, Kind, Recipient},
    sealed::{
        SealError, Sealed,
        part::{AccountEnvelope, IdentityEnvelope},
        seal_to,
    },
};

/// The two fresh secret keys of one testimony: the reviewers' and the guardians'.
pub struct TestimonyKeys {
    pub(crate) reviewers: AgeIdentity,
    pub(crate) guardians: AgeIdentity,
}

impl TestimonyKeys {
    /// Two fresh keys of the kind of the keyring that they are for.
    pub fn generate(kind: Kind, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut fresh = || AgeIdentity::generate(kind, rng);
        Self { reviewers: fresh(), guardians: fresh() }
    }

    /// Seals the keys to every reader of the keyring and wipes them.
    ///
    /// Every reader gets the reviewers' key, guardians the guardians' key too.
    ///
    /// # Errors
    /// [`SealError::NoReaders`] if the keyring has no guardian, [`SealError::BadRecipient`] also for
    /// a reader's key of another kind than these.
    pub fn into_envelopes(
        self,
        keyring: &Verified<Keyring>,
    ) -> Result<(TestimonyRecipients, Vec<ReaderEnvelopes>), SealError> {
        self.into_envelopes_for(&keyring.get().readers)
    }

    pub(crate) fn into_envelopes_for(
        self,
        readers: &[Reader],
    ) -> Result<(TestimonyRecipients, Vec<ReaderEnvelopes>), SealError> {
        if !readers.iter().any(|reader| reader.role == Role::Guardian) {
            return Err(SealError::NoReaders);
        }
        let kind = self.reviewers.kind();
        if readers.iter().any(|reader| reader.recipient.kind() != kind) {
            return Err(SealError::BadRecipient);
        }
        let account_key = envelope_text(&self.reviewers);
        let identity_key = envelope_text(&self.guardians);
        let envelope_for = |reader: &Reader| {
            let to = std::slice::from_ref(&reader.recipient);
            let identity = match reader.role {
                Role::Reviewer => None,
                Role::Guardian => Some(Sealed::from_bytes(seal_to(to, &identity_key)?)),
            };
            let account = Sealed::from_bytes(seal_to(to, &account_key)?);
            Ok(ReaderEnvelopes { reader: reader.id, account, identity })
        };
        let envelopes = readers.iter().map(envelope_for).collect::<Result<_, SealError>>()?;
        let recipients = TestimonyRecipients {
            reviewers: self.reviewers.recipient(),
            guardians: self.guardians.recipient(),
        };
        Ok((recipients, envelopes))
    }
}

/// An envelope's plaintext: the identity and a newline, an identity file to stock age.
pub(super) fn envelope_text(identity: &AgeIdentity) -> Zeroizing<Vec<u8>> {
    let text = identity.to_secret_text();
    let mut line = Zeroizing::new(Vec::with_capacity(text.expose().len().saturating_add(1)));
    line.extend_from_slice(text.expose().as_bytes());
    line.push(b'\n');
    line
}

/// What one reader needs to open one testimony.
pub struct ReaderEnvelopes {
    /// Whom it is for.
    pub reader: ReaderId,
    /// The key of cover, account and exhibits.
    pub account: Sealed<AccountEnvelope>,
    /// The key of the identity; guardians only.
    pub identity: Option<Sealed<IdentityEnvelope>>,
}

/// The public halves of the two keys: what the parts are sealed to.
#[derive(Clone)]
pub struct TestimonyRecipients {
    pub(crate) reviewers: Recipient,
    pub(crate) guardians: Recipient,
}
