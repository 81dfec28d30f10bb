//! A reader's word for a new reader: roots alone, all of them together, cannot add one.

use std::str::FromStr as _;

use data_encoding::BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey};

use crate::{
    digest::Digest,
    id::ReaderId,
    keyring::{
        Chain, Keyring, KeyringError, MAX_JOINING_BYTES, Reader, ReaderPub, Role,
        chain::check_same_organisation,
        text::{LineReader, only_spelling, title},
    },
    note::{KeyName, NamedKey, SignedNote, parse_key, write_key},
    recipient::Recipient,
};

/// What a reader signs: this person, with these keys, in the keyring after that one.
#[derive(Clone, PartialEq, Eq)]
pub struct Vouch {
    /// The organisation's name.
    pub organisation: String,
    /// SHA-256 of the whole newest note: `previous` of the keyring that will name the reader.
    pub keyring: Digest,
    /// Who is vouched for.
    pub reader: ReaderPub,
}

impl Vouch {
    /// Writes the text that the voucher signs.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { organisation, keyring, reader } = self;
        let ReaderPub { id, role, recipient, signing } = reader;
        let (title, role, signing) = (title(WHAT), role.word(), write_key(signing));
        format!(
            "{title}\norganisation {organisation}\nkeyring {keyring}\n\
             reader {id} {role} {recipient} {signing}\n"
        )
    }

    fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut lines = LineReader::begin(WHAT, text, MAX_JOINING_BYTES)?;
        let organisation = lines.value("organisation")?.to_owned();
        let keyring = lines.read("keyring", str::parse)?;
        let reader = lines.read("reader", |text| read_reader(text).ok_or(()))?;
        lines.end()?;
        let vouch = Self { organisation, keyring, reader };
        only_spelling(WHAT, text, &vouch.to_text())?;
        Ok(vouch)
    }
}

/// A vouch with its one signature: what lies in `vouch-NEW-VOUCHER.note`.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedVouch {
    vouch: Vouch,
    voucher: ReaderId,
    signature: Signature,
    note: SignedNote,
}

impl SignedVouch {
    /// Vouches for `reader` with the voucher's signing key, for the keyring after the newest.
    ///
    /// # Errors
    /// As [`SignedVouch::verify`]: whoever is no reader of the newest keyring vouches for nobody.
    pub fn sign(
        chain: &Chain,
        reader: &ReaderPub,
        voucher: ReaderId,
        key: &SigningKey,
    ) -> Result<Self, KeyringError> {
        let vouch = chain.vouch(reader);
        let mut note = SignedNote::new(vouch.to_text())?;
        note.sign(&KeyName::parse(&voucher.to_string())?, key);
        let signature = key.sign(note.text().as_bytes());
        let signed = Self { vouch, voucher, signature, note };
        signed.verify(chain)?;
        Ok(signed)
    }

    /// Reads a whole note with exactly one signature; checks nothing that needs a keyring.
    ///
    /// # Errors
    /// [`KeyringError`] for a text that is not exactly as written by [`SignedVouch::to_text`].
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        if text.len() > MAX_JOINING_BYTES {
            return Err(KeyringError::TooLong { what: WHAT, limit: MAX_JOINING_BYTES });
        }
        let note = SignedNote::parse(text)?;
        let vouch = Vouch::parse(note.text())?;
        let no_proof = || KeyringError::NoProof { what: WHAT };
        let [line] = note.signatures() else { return Err(no_proof()) };
        let voucher = ReaderId::from_str(line.name.as_str()).map_err(|_| no_proof())?;
        let signature = Signature::from_slice(&line.bytes).map_err(|_| no_proof())?;
        Ok(Self { vouch, voucher, signature, note })
    }

    /// Checks that a reader of the newest keyring says it of a stranger, for the keyring after it.
    ///
    /// # Errors
    /// The one of [`KeyringError`] that says what is wrong.
    pub fn verify(&self, chain: &Chain) -> Result<(), KeyringError> {
        let known = chain.current().get();
        let Vouch { organisation, keyring, reader } = &self.vouch;
        check_same_organisation(&known.organisation, organisation)?;
        if *keyring != chain.current_digest() {
            return Err(KeyringError::VouchOfOtherKeyring { voucher: self.voucher });
        }
        if known.reader(reader.id).is_some() {
            return Err(KeyringError::ReaderTwice { id: reader.id });
        }
        if reader.recipient.kind() != known.kind {
            return Err(KeyringError::MixedKinds { id: reader.id });
        }
        chain.check_never_used(reader)?;
        let voucher = check_vouch(&self.vouch, &self.line(), known)?;
        // The line under the text must name the key that signed, or the note has a second spelling.
        let name = KeyName::parse(&self.voucher.to_string())?;
        let key = [NamedKey { name, key: voucher.signing }];
        match self.note.signers(&key)?.len() {
            1 => Ok(()),
            _ => Err(KeyringError::NoProof { what: WHAT }),
        }
    }

    /// Writes the whole note, as [`SignedVouch::parse`] reads it.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.note.to_text()
    }

    /// What is said.
    #[must_use]
    pub const fn vouch(&self) -> &Vouch {
        &self.vouch
    }

    /// Who says it: proved only by [`SignedVouch::verify`].
    #[must_use]
    pub const fn voucher(&self) -> ReaderId {
        self.voucher
    }

    /// The line that stands for it in the keyring that adds the reader.
    #[must_use]
    pub const fn line(&self) -> VouchLine {
        let Self { vouch, voucher, signature, note: _ } = self;
        VouchLine { reader: vouch.reader.id, voucher: *voucher, signature: *signature }
    }

    /// Where it is kept: `vouch-NEW-VOUCHER.note`.
    #[must_use]
    pub fn file(&self) -> String {
        vouch_file(self.vouch.reader.id, self.voucher)
    }
}

/// The name of the file of a vouch: `vouch-NEW-VOUCHER.note`.
#[must_use]
pub fn vouch_file(reader: ReaderId, voucher: ReaderId) -> String {
    format!("vouch-{reader}-{voucher}.note")
}

/// A vouch as a keyring carries it; its text is made again by whoever checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VouchLine {
    /// Who is vouched for.
    pub reader: ReaderId,
    /// Who vouches.
    pub voucher: ReaderId,
    /// The voucher's Ed25519 signature over [`Vouch::to_text`].
    pub signature: Signature,
}

impl VouchLine {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let reader = words.next()?.parse().ok()?;
        let voucher = words.next()?.parse().ok()?;
        let signature = BASE64.decode(words.next()?.as_bytes()).ok()?;
        let signature = Signature::from_slice(&signature).ok()?;
        words.next().is_none().then_some(Self { reader, voucher, signature })
    }

    pub(super) fn to_text(&self) -> String {
        let Self { reader, voucher, signature } = self;
        format!("vouch {reader} {voucher} {}\n", BASE64.encode(&signature.to_bytes()))
    }
}

/// Every newcomer of `next` has the word of enough readers who stand in `known` and in `next`.
///
/// SECURITY: this is what keeps the holders of all roots together from adding a reader.
pub(super) fn check_vouches(chain: &Chain, next: &Keyring) -> Result<(), KeyringError> {
    let known = chain.current().get();
    let newcomers = next.readers.iter().filter(|reader| known.reader(reader.id).is_none());
    for newcomer in newcomers {
        let vouch = chain.vouch(&newcomer.public());
        let lines = next.vouches.iter().filter(|line| line.reader == newcomer.id);
        let vouchers = lines
            .map(|line| check_vouch(&vouch, line, known))
            .collect::<Result<Vec<&Reader>, _>>()?;
        let (needed, found) = (chain.vouches_needed(), vouchers.len());
        if found < needed {
            return Err(KeyringError::TooFewVouches { id: newcomer.id, needed, found });
        }
        let guarded = vouchers.iter().any(|voucher| voucher.role == Role::Guardian);
        if newcomer.role == Role::Guardian && !guarded {
            return Err(KeyringError::NoGuardianVouches { id: newcomer.id });
        }
    }
    Ok(())
}

fn check_vouch<'k>(
    vouch: &Vouch,
    line: &VouchLine,
    known: &'k Keyring,
) -> Result<&'k Reader, KeyringError> {
    let VouchLine { reader, voucher, signature } = line;
    let (reader, id) = (*reader, *voucher);
    let voucher = known.reader(id).ok_or(KeyringError::NotAVoucher { id })?;
    let fits = voucher.signing.verify_strict(vouch.to_text().as_bytes(), signature).is_ok();
    if fits { Ok(voucher) } else { Err(KeyringError::WrongVouch { reader, voucher: id }) }
}

fn read_reader(text: &str) -> Option<ReaderPub> {
    let mut words = text.split(' ');
    let id = words.next()?.parse().ok()?;
    let role = Role::from_word(words.next()?)?;
    let recipient = Recipient::parse(words.next()?).ok()?;
    let signing = parse_key(words.next()?).ok()?;
    words.next().is_none().then_some(ReaderPub { id, role, recipient, signing })
}

const WHAT: &str = "vouch";
