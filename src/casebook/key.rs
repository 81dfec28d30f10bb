//! A casebook key: what entries of one epoch are sealed to, vouched for by the reader who made it.

use ed25519_dalek::SigningKey;
use rand::{CryptoRng, RngCore};

use crate::{
    casebook::{entry::Signer, prove::Roster},
    digest::Digest,
    id::ReaderId,
    note::{KeyName, NamedKey, NoteError, SignedNote},
    recipient::{AgeIdentity, Kind, Recipient},
    sealed::{
        open::{Lacking, OpenError, ReadingIdentity, open_with},
        seal_to,
    },
    secret::SecretText,
};

/// A casebook key whose note carries the valid signature of a reader.
pub struct CasebookKey {
    identity: AgeIdentity,
    epoch: u32,
    by: ReaderId,
}

impl CasebookKey {
    /// Makes a key of the kind and the epoch of `signer.keyring`, and the signed note that is to be sealed to
    /// every reader with [`CasebookKey::seal_note`].
    ///
    /// # Errors
    /// If the organisation's name does not fit into a note.
    pub fn make(
        signer: &Signer<'_>,
        (kind, epoch): (Kind, u32),
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(Self, SecretText), KeyError> {
        let identity = AgeIdentity::generate(kind, rng);
        let secret = identity.to_secret_text();
        let Signer { organisation, keyring, by, key } = signer;
        let text = format!(
            "{TITLE}\norganisation {organisation}\nepoch {epoch}\nkeyring {keyring}\n\
             scope reviewers\nrecipient {}\nidentity {}\n",
            identity.recipient(),
            secret.expose()
        );
        let note = sign(text, *by, key)?;
        Ok((Self { identity, epoch, by: *by }, note))
    }

    /// Seals the note to one reader.
    ///
    /// # Errors
    /// If the recipient cannot be sealed to.
    pub fn seal_note(note: &SecretText, to: &Recipient) -> Result<Vec<u8>, KeyError> {
        seal_to(std::slice::from_ref(to), note.expose().as_bytes())
            .map_err(|_| KeyError::BadRecipient)
    }

    /// Opens the envelope of a casebook key and proves who made it.
    ///
    /// # Errors
    /// One for each cause; no key is given out then.
    pub fn open(
        envelope: &[u8],
        reader: &ReadingIdentity,
        roster: &Roster,
    ) -> Result<Self, KeyError> {
        let plain = open_with(&reader.0, envelope, MAX_NOTE).map_err(|e| not_opened(&e))?;
        Self::read(&plain, reader, roster)
    }

    fn read(plain: &[u8], reader: &ReadingIdentity, roster: &Roster) -> Result<Self, KeyError> {
        let text = std::str::from_utf8(plain).map_err(|_| KeyError::Malformed)?;
        let note = SignedNote::parse(text)?;
        let claims = Claims::parse(note.text()).ok_or_else(|| {
            let other = !note.text().starts_with(&format!("{TITLE}\n"));
            if other && note.text().starts_with(ANY_VERSION) {
                KeyError::OtherVersion
            } else {
                KeyError::Malformed
            }
        })?;
        if claims.organisation != roster.organisation() {
            return Err(KeyError::WrongOrganisation);
        }
        let by = signer_of(&note, &claims, roster)?;
        let identity = AgeIdentity::parse(claims.identity).map_err(|_| KeyError::Malformed)?;
        if identity.kind() != reader.kind() || identity.recipient().to_string() != claims.recipient
        {
            return Err(KeyError::Malformed);
        }
        Ok(Self { identity, epoch: claims.epoch, by })
    }

    /// Opens the own envelope, proves who made the key, and seals its note to those who lack it.
    ///
    /// # Errors
    /// As [`CasebookKey::open`]; no envelope is made then.
    pub fn rewrap(
        own: &[u8],
        reader: &ReadingIdentity,
        roster: &Roster,
        lacking: &Lacking<'_>,
    ) -> Result<Vec<(ReaderId, Vec<u8>)>, KeyError> {
        let plain = open_with(&reader.0, own, MAX_NOTE).map_err(|e| not_opened(&e))?;
        Self::read(&plain, reader, roster)?;
        let seal = |(to, key)| {
            let sealed = seal_to(std::slice::from_ref(key), &plain);
            Ok((to, sealed.map_err(|_| KeyError::BadRecipient)?))
        };
        lacking.readers().map(seal).collect()
    }

    /// What entries are sealed to.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        self.identity.recipient()
    }

    /// The epoch it was made for.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The reader who made it.
    #[must_use]
    pub const fn by(&self) -> ReaderId {
        self.by
    }

    pub(super) const fn identity(&self) -> &AgeIdentity {
        &self.identity
    }
}

/// A token that is not plugged in is no fault of the envelope.
const fn not_opened(error: &OpenError) -> KeyError {
    if matches!(error, OpenError::Io(_)) { KeyError::Unreadable } else { KeyError::NotOpened }
}

fn sign(text: String, by: ReaderId, key: &SigningKey) -> Result<SecretText, KeyError> {
    let mut note = SignedNote::new(text)?;
    note.sign(&KeyName::parse(&by.to_string())?, key);
    Ok(SecretText::new(note.to_text()))
}

/// The reader of the keyring that the note names, whose signature it carries.
fn signer_of(
    note: &SignedNote,
    claims: &Claims<'_>,
    roster: &Roster,
) -> Result<ReaderId, KeyError> {
    let (epoch, readers) = roster.readers(&claims.keyring).ok_or(KeyError::UnknownKeyring)?;
    if epoch != claims.epoch {
        return Err(KeyError::UnknownKeyring);
    }
    for (id, key) in readers {
        let name = KeyName::parse(&id.to_string())?;
        if !note.signers(&[NamedKey { name, key: *key }])?.is_empty() {
            return Ok(*id);
        }
    }
    Err(KeyError::Unsigned)
}

struct Claims<'a> {
    organisation: &'a str,
    epoch: u32,
    keyring: Digest,
    recipient: &'a str,
    identity: &'a str,
}

impl<'a> Claims<'a> {
    /// Exactly the seven lines, in their order.
    fn parse(text: &'a str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let mut field = |name: &str| lines.next()?.strip_prefix(name);
        if !field(TITLE)?.is_empty() {
            return None;
        }
        let claims = Self {
            organisation: field("organisation ")?,
            epoch: field("epoch ")?.parse().ok()?,
            keyring: field("keyring ")?.parse().ok()?,
            recipient: field("scope reviewers")
                .filter(|rest| rest.is_empty())
                .and_then(|_| field("recipient "))?,
            identity: field("identity ")?,
        };
        lines.next().is_none().then_some(claims)
    }
}

/// A casebook key could not be made or is not used.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// There is no envelope for this reader.
    #[error("it is not sealed to you yet")]
    NotHere,
    /// The file system does not give the envelope.
    #[error("its envelope cannot be read")]
    Unreadable,
    /// The envelope does not open.
    #[error("its envelope does not open with this reader's identity")]
    NotOpened,
    /// Not a casebook key.
    #[error("what is inside is no casebook key")]
    Malformed,
    /// A casebook key of a version that this program does not know.
    #[error("what is inside is a casebook key of another version; use a newer sandyk")]
    OtherVersion,
    /// It was made for another organisation.
    #[error("it was made for another organisation")]
    WrongOrganisation,
    /// It names a keyring that this organisation never had.
    #[error("it names a keyring or an epoch that is not in the chain")]
    UnknownKeyring,
    /// No reader of that keyring signed it.
    #[error("no reader of the keyring it names has signed it")]
    Unsigned,
    /// It is no signed note, or a signature of a reader is false.
    #[error("its note is not properly signed: {0}")]
    Note(#[from] NoteError),
    /// The very same key came before.
    #[error("the very same key came before")]
    Repeated,
    /// The same reader made more keys for one epoch than an honest one makes.
    #[error("its reader made too many keys for one epoch; the first ones are used")]
    TooMany,
    /// The recipient cannot be sealed to.
    #[error("a reader's key cannot be sealed to")]
    BadRecipient,
}

impl KeyError {
    /// Whether another envelope of the same key, from a colleague whose own opens, mends it.
    ///
    /// Not what a newer program or a keyring that is not here yet may still make good.
    #[must_use]
    pub const fn is_of_the_envelope(&self) -> bool {
        matches!(
            self,
            Self::NotOpened
                | Self::Malformed
                | Self::WrongOrganisation
                | Self::Unsigned
                | Self::Note(_)
        )
    }
}

const TITLE: &str = "sandyk casebook key v1";
/// How a casebook key of any version begins.
const ANY_VERSION: &str = "sandyk casebook key v";
/// Largest note in an envelope, in bytes.
const MAX_NOTE: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

    use super::*;

    #[test]
    fn a_key_signed_by_a_retired_reader_or_in_anothers_name_is_not_used() {
        let rng = &mut ChaCha20Rng::seed_from_u64(2);
        let reader = |n: u8| (ReaderId::from_bytes([n; 16]), SigningKey::from_bytes(&[n; 32]));
        let listed = |n: u8| (reader(n).0, reader(n).1.verifying_key());
        let (old, new) = (Digest::of(b"old"), Digest::of(b"new"));
        let roster = Roster::for_tests("Example", old, [listed(1), listed(2)].into())
            .and_then(new, [listed(1)].into());
        let own = AgeIdentity::generate(Kind::PostQuantum, rng);
        let recipient = own.recipient();
        let reading = ReadingIdentity::new(own);
        let mut open = |by: u8, signs: u8, keyring: Digest, epoch: u32| {
            let (by, key) = (reader(by).0, reader(signs).1);
            let signer = Signer { organisation: "Example", keyring, by, key: &key };
            let (_, note) = CasebookKey::make(&signer, (Kind::PostQuantum, epoch), rng).unwrap();
            let envelope = CasebookKey::seal_note(&note, &recipient).unwrap();
            CasebookKey::open(&envelope, &reading, &roster).map(|key| key.by())
        };
        assert_eq!(open(1, 1, new, 2), Ok(reader(1).0));
        assert_eq!(open(2, 2, old, 1), Ok(reader(2).0), "then it was a reader");
        assert_eq!(open(2, 2, new, 2), Err(KeyError::Unsigned), "retired");
        assert_eq!(open(2, 2, old, 2), Err(KeyError::UnknownKeyring), "with another epoch");
        assert_eq!(open(1, 2, new, 2), Err(KeyError::Unsigned), "in another's name");
        assert_eq!(open(3, 3, new, 2), Err(KeyError::Unsigned), "a stranger");
    }

    #[test]
    fn a_casebook_key_of_the_other_kind_is_not_used_whoever_signed_it() {
        let rng = &mut ChaCha20Rng::seed_from_u64(3);
        let (id, key) = (ReaderId::from_bytes([1; 16]), SigningKey::from_bytes(&[1; 32]));
        let keyring = Digest::of(b"keyring");
        let roster = Roster::for_tests("Example", keyring, [(id, key.verifying_key())].into());
        let signer = Signer { organisation: "Example", keyring, by: id, key: &key };
        for own in [Kind::PostQuantum, Kind::Classic] {
            let reading = ReadingIdentity::new(AgeIdentity::generate(own, rng));
            for made in [Kind::PostQuantum, Kind::Classic] {
                let (_, note) = CasebookKey::make(&signer, (made, 1), rng).unwrap();
                let envelope = CasebookKey::seal_note(&note, reading.recipient()).unwrap();
                let opened = CasebookKey::open(&envelope, &reading, &roster).map(|key| key.by());
                let expected = if made == own { Ok(id) } else { Err(KeyError::Malformed) };
                assert_eq!(opened, expected, "{own:?} {made:?}");
            }
        }
    }
}
