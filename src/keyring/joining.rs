//! The three files by which a reader joins: an invitation out, `reader.pub` and `device.pub` back.

use data_encoding::BASE64;
use ed25519_dalek::{SigningKey, VerifyingKey};

use crate::{
    digest::Digest,
    id::{DeviceId, ReaderId},
    keyring::{
        Chain, KeyringError, MAX_KEYRING_BYTES, Role, TrustRoot,
        text::{LineReader, only_spelling, title},
        trust::{check_organisation, check_roots, read_roots, write_roots},
    },
    note::{KeyName, NamedKey, SignedNote, parse_key, write_key},
    recipient::{Kind, Recipient},
};

/// `reader.pub`: what a new reader gives to the administrators.
#[derive(Clone, PartialEq, Eq)]
pub struct ReaderPub {
    /// Random.
    pub id: ReaderId,
    /// What they were invited as.
    pub role: Role,
    /// What envelopes will be sealed to.
    pub recipient: Recipient,
    /// Signs casebook entries, and this file.
    pub signing: VerifyingKey,
}

impl ReaderPub {
    /// Reads the file and checks that it is signed by the key inside it.
    ///
    /// # Errors
    /// [`KeyringError`], [`KeyringError::NoProof`] if the signature is missing.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let note = parse_joining(READER, text)?;
        let mut lines = LineReader::begin(READER, note.text(), MAX_JOINING_BYTES)?;
        let id = lines.read("id", str::parse)?;
        let role = lines.read("role", |word| Role::from_word(word).ok_or(()))?;
        let recipient = lines.read("recipient", Recipient::parse)?;
        let signing = lines.read("signing-key", parse_key)?;
        lines.end()?;
        let reader = Self { id, role, recipient, signing };
        only_spelling(READER, note.text(), &reader.body())?;
        check_proof(READER, &note, &id.to_string(), &signing)?;
        Ok(reader)
    }

    /// Writes the file, signed by `key`, which must be the reader's signing key.
    ///
    /// # Errors
    /// [`KeyringError::NoProof`] if it is another key.
    pub fn to_text(&self, key: &SigningKey) -> Result<String, KeyringError> {
        write_proved(READER, self.body(), &self.id.to_string(), (key, &self.signing))
    }

    /// Thirty digits to compare by voice.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        Digest::of(self.body().as_bytes()).spoken()
    }

    fn body(&self) -> String {
        let Self { id, role, recipient, signing } = self;
        let (title, role, signing) = (title(READER), role.word(), write_key(signing));
        format!("{title}\nid {id}\nrole {role}\nrecipient {recipient}\nsigning-key {signing}\n")
    }
}

/// `device.pub`: what a reader gives to the administrators for a networked machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevicePub {
    /// Random.
    pub id: DeviceId,
    /// Whose machine it is.
    pub reader: ReaderId,
    /// Signs requests to the desk, and this file.
    pub key: VerifyingKey,
}

impl DevicePub {
    /// Reads the file and checks that it is signed by the key inside it.
    ///
    /// # Errors
    /// [`KeyringError`], [`KeyringError::NoProof`] if the signature is missing.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let note = parse_joining(DEVICE, text)?;
        let mut lines = LineReader::begin(DEVICE, note.text(), MAX_JOINING_BYTES)?;
        let id = lines.read("id", str::parse)?;
        let reader = lines.read("reader", str::parse)?;
        let key = lines.read("key", parse_key)?;
        lines.end()?;
        let device = Self { id, reader, key };
        only_spelling(DEVICE, note.text(), &device.body())?;
        check_proof(DEVICE, &note, &id.to_string(), &key)?;
        Ok(device)
    }

    /// Writes the file, signed by `key`, which must be the device key.
    ///
    /// # Errors
    /// [`KeyringError::NoProof`] if it is another key.
    pub fn to_text(&self, key: &SigningKey) -> Result<String, KeyringError> {
        write_proved(DEVICE, self.body(), &self.id.to_string(), (key, &self.key))
    }

    /// Thirty digits to compare by voice.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        Digest::of(self.body().as_bytes()).spoken()
    }

    fn body(&self) -> String {
        let Self { id, reader, key } = self;
        format!("{}\nid {id}\nreader {reader}\nkey {}\n", title(DEVICE), write_key(key))
    }
}

/// What an administrator hands to a new reader; unsigned, compared by voice.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The roots to trust.
    pub trust: TrustRoot,
    /// Where the desk answers; empty if not known yet.
    pub desk_address: String,
    /// Where witnesses find the form; empty if not known yet.
    pub intake_address: String,
    /// What the reader is invited as.
    pub role: Role,
    /// The kind of the organisation's keys.
    pub kind: Kind,
    /// The whole notes of the keyrings published so far.
    pub notes: Vec<String>,
}

impl Invitation {
    /// Reads the file; keyrings inside it must follow from the roots inside it.
    ///
    /// # Errors
    /// [`KeyringError`] for a text that is not exactly as written by [`Invitation::to_text`].
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut lines = LineReader::begin(INVITATION, text, MAX_INVITATION_BYTES)?;
        let organisation = lines.value("organisation")?.to_owned();
        let role = lines.read("role", |word| Role::from_word(word).ok_or(()))?;
        let kind = lines.value_if("kind").map_or(Some(Kind::PostQuantum), Kind::from_word);
        let kind = kind.ok_or(KeyringError::Kind)?;
        let desk_address = lines.value_if("desk-address").unwrap_or_default().to_owned();
        let intake_address = lines.value_if("intake-address").unwrap_or_default().to_owned();
        let (threshold, roots) = read_roots(&mut lines)?;
        let notes = lines.all("keyring", read_note)?;
        lines.end()?;
        let trust = TrustRoot { organisation, threshold, roots };
        let invitation = Self { trust, desk_address, intake_address, role, kind, notes };
        invitation.check()?;
        only_spelling(INVITATION, text, &invitation.to_text())?;
        Ok(invitation)
    }

    /// Writes the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { trust, desk_address, intake_address, role, kind, notes } = self;
        let TrustRoot { organisation, threshold, roots } = trust;
        let address = |key: &str, address: &str| match address {
            "" => String::new(),
            address => format!("{key} {address}\n"),
        };
        let (title, role) = (title(INVITATION), role.word());
        // Invitations of before there were two kinds say nothing of it.
        let kind = match kind {
            Kind::PostQuantum => "",
            Kind::Classic => "kind classic\n",
        };
        let desk = address("desk-address", desk_address);
        let intake = address("intake-address", intake_address);
        let roots = write_roots(*threshold, roots);
        let notes: String = notes.iter().map(write_note).collect();
        format!(
            "{title}\norganisation {organisation}\nrole {role}\n{kind}{desk}{intake}{roots}{notes}"
        )
    }

    /// Checks the roots, the addresses, and that the keyrings follow from the roots.
    ///
    /// # Errors
    /// The one of [`KeyringError`] that says what is wrong.
    pub fn check(&self) -> Result<(), KeyringError> {
        check_organisation(&self.trust.organisation)?;
        check_roots(self.trust.threshold, &self.trust.roots)?;
        for address in [&self.desk_address, &self.intake_address] {
            let odd = |c: char| c.is_whitespace() || c.is_control();
            if address.len() > MAX_ADDRESS_BYTES || address.contains(odd) {
                return Err(KeyringError::Address);
            }
        }
        if !self.notes.is_empty() {
            let chain = Chain::verify(&self.notes, &self.trust)?;
            if chain.current().get().kind != self.kind {
                return Err(KeyringError::NotCanonical { what: INVITATION });
            }
        }
        Ok(())
    }

    /// Thirty digits to compare by voice: roots, role, addresses and keyrings.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        Digest::of(self.to_text().as_bytes()).spoken()
    }
}

fn read_note(text: &str) -> Option<String> {
    String::from_utf8(BASE64.decode(text.as_bytes()).ok()?).ok()
}

fn write_note(note: &String) -> String {
    format!("keyring {}\n", BASE64.encode(note.as_bytes()))
}

fn parse_joining(what: &'static str, text: &str) -> Result<SignedNote, KeyringError> {
    if text.len() > MAX_JOINING_BYTES {
        return Err(KeyringError::TooLong { what, limit: MAX_JOINING_BYTES });
    }
    Ok(SignedNote::parse(text)?)
}

/// Exactly one signature stands there, and it is by the key that the text names.
fn check_proof(
    what: &'static str,
    note: &SignedNote,
    name: &str,
    key: &VerifyingKey,
) -> Result<(), KeyringError> {
    let owner = [NamedKey { name: KeyName::parse(name)?, key: *key }];
    let proved = note.signatures().len() == 1 && note.signers(&owner)?.len() == 1;
    if proved { Ok(()) } else { Err(KeyringError::NoProof { what }) }
}

fn write_proved(
    what: &'static str,
    body: String,
    name: &str,
    (key, named): (&SigningKey, &VerifyingKey),
) -> Result<String, KeyringError> {
    if key.verifying_key() != *named {
        return Err(KeyringError::NoProof { what });
    }
    let mut note = SignedNote::new(body)?;
    note.sign(&KeyName::parse(name)?, key);
    Ok(note.to_text())
}

/// The longest `reader.pub` or `device.pub`, in bytes.
pub const MAX_JOINING_BYTES: usize = 8 << 10;
/// The longest invitation, in bytes.
pub const MAX_INVITATION_BYTES: usize = 64 * MAX_KEYRING_BYTES;

const MAX_ADDRESS_BYTES: usize = 300;
const READER: &str = "reader";
const DEVICE: &str = "device";
const INVITATION: &str = "invitation";
