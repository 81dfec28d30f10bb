//! Opening, for readers only.
//!
//! What it is: from a reader's identity to the key of a testimony, from there to its cover, and
//! under the cover to the rest.
//!
//! Promises: 1. the cover comes first: nothing opens whose hash it does not name, and this is
//! checked before anything is decrypted; 2. a cover stored under another id is refused; 3. files
//! come out only in the one form a container has, and are checked against their own description;
//! 4. keys are wiped and cannot be printed or copied.
//!
//! Does not: decide whether the keyring that the cover names is a good one, verify signatures of
//! witnesses, or write files.
//!
//! Spec: `docs/format/sealed.md`.
//!
//! The key of one part opens no other:
//! ```compile_fail,E0308
//! # use sandyk::sealed::{Sealed, open::{NamesKey, OpenedCover}, part};
//! fn peek(cover: &OpenedCover, key: &NamesKey, account: &Sealed<part::Account>) {
//!     let _ = cover.open_account(key, account);
//! }
//! ```
//! ```compile_fail,E0308
//! # use sandyk::sealed::{Sealed, open::{AccountKey, OpenedCover}, part};
//! fn peek(cover: &OpenedCover, key: &AccountKey, identity: &Sealed<part::Identity>) {
//!     let _ = cover.open_identity(key, identity);
//! }
//! ```
//! ```compile_fail,E0308
//! # use sandyk::sealed::{Sealed, open::ReadingIdentity, part};
//! fn confuse(reader: &ReadingIdentity, envelope: &Sealed<part::IdentityEnvelope>) {
//!     let _ = reader.open_account_envelope(envelope);
//! }
//! ```
//! Keys cannot be printed, and an account does not open without a cover:
//! ```compile_fail,E0277
//! # use sandyk::sealed::open::AccountKey;
//! fn leak(key: &AccountKey) {
//!     println!("{key:?}");
//! }
//! ```
//! ```compile_fail,E0599
//! # use sandyk::sealed::{Sealed, open::AccountKey, part};
//! fn hurry(key: &AccountKey, account: &Sealed<part::Account>) {
//!     let _ = key.open_account(account);
//! }
//! ```
//! This is how it is meant:
//! ```
//! # use sandyk::{id::TestimonyId, sealed::{Sealed, part}, testimony::Account};
//! # use sandyk::sealed::open::{OpenError, ReadingIdentity};
//! fn read(
//!     reader: &ReadingIdentity,
//!     id: TestimonyId,
//!     envelope: &Sealed<part::AccountEnvelope>,
//!     cover: &Sealed<part::Cover>,
//!     account: &Sealed<part::Account>,
//! ) -> Result<Account, OpenError> {
//!     let key = reader.open_account_envelope(envelope)?;
//!     key.open_cover(cover, id)?.open_account(&key, account)
//! }
//! ```

mod decrypt;
mod error;
mod exhibits;
mod header;
mod rewrap;

use std::io::{Read, Seek};

use serde::{Deserialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{
    digest::Digest,
    hybrid::HybridRecipient,
    id::TestimonyId,
    recipient::{AgeIdentity, Kind, Recipient, plugin::Plugin, unwrap::ReadingKey},
    sealed::{
        ACCOUNT_SIZES, COVER_SIZE, Cover, IDENTITY_SIZE, REPLY_SIZES, Sealed,
        open_reply::{NotAReply, words_of},
        part, seal_to,
    },
    secret::SecretText,
    testimony::{Account, Identity},
};

pub use decrypt::open_with;
pub use error::{ContainerError, OpenError, Part};
pub use exhibits::ExhibitsReader;
pub use rewrap::{Colleagues, Lacking, RewrapError, Rewrapped};

/// A reader's own secret key: opens the envelopes that are addressed to this reader.
pub struct ReadingIdentity(pub(crate) ReadingKey);

impl ReadingIdentity {
    /// Makes a reader of an identity.
    #[must_use]
    pub fn new(identity: impl Into<ReadingKey>) -> Self {
        Self(identity.into())
    }

    /// Takes the reviewers' key of a testimony out of its envelope.
    ///
    /// # Errors
    /// [`OpenError::NotForThisKey`], [`OpenError::NoKeyInside`] and what age says.
    pub fn open_account_envelope(
        &self,
        envelope: &Sealed<part::AccountEnvelope>,
    ) -> Result<AccountKey, OpenError> {
        self.open_envelope(&envelope.0).map(AccountKey)
    }

    /// Takes the guardians' key of a testimony out of its envelope.
    ///
    /// # Errors
    /// [`OpenError::NotForThisKey`], [`OpenError::NoKeyInside`] and what age says.
    pub fn open_identity_envelope(
        &self,
        envelope: &Sealed<part::IdentityEnvelope>,
    ) -> Result<NamesKey, OpenError> {
        self.open_envelope(&envelope.0).map(NamesKey)
    }

    /// Opens this reader's own draft of a reply.
    ///
    /// # Errors
    /// [`NotAReply`] whatever is wrong.
    pub fn open_draft(&self, sealed: &[u8]) -> Result<SecretText, NotAReply> {
        let [.., most] = REPLY_SIZES;
        words_of(&open_with(&self.0, sealed, most).map_err(|_| NotAReply)?)
    }

    /// The kind of this reader's keys, and so of all keys that reach them.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.0.kind()
    }

    /// What is sealed to this reader is sealed to this.
    #[must_use]
    pub const fn recipient(&self) -> &Recipient {
        self.0.recipient()
    }

    /// Whether what is sealed to this reader opens now: a device may not be plugged in.
    #[must_use]
    pub fn opens(&self) -> bool {
        let own = self.recipient();
        let probe = || {
            open_with(&self.0, &seal_to(std::slice::from_ref(own), PROBE).ok()?, PROBE.len()).ok()
        };
        !own.is_hardware() || probe().is_some()
    }

    /// Says which program reaches the device of a key that lies on one.
    pub fn plug(&mut self, plugin: Plugin) {
        self.0.plug(plugin);
    }

    fn open_envelope(&self, sealed: &[u8]) -> Result<AgeIdentity, OpenError> {
        let line = open_with(&self.0, sealed, MAX_ENVELOPE)?;
        let text = std::str::from_utf8(&line).ok().and_then(|line| line.strip_suffix('\n'));
        let key = text.and_then(|text| AgeIdentity::parse(text).ok());
        key.filter(|key| key.kind() == self.kind()).ok_or(OpenError::NoKeyInside)
    }
}

/// The reviewers' key of one testimony: opens its cover, account and exhibits.
pub struct AccountKey(pub(crate) AgeIdentity);

/// The guardians' key of one testimony: opens its identity.
pub struct NamesKey(pub(crate) AgeIdentity);

impl AccountKey {
    /// Opens a cover that was stored under the id `expected`.
    ///
    /// # Errors
    /// [`OpenError::OtherTestimony`] if it names another id, [`OpenError::UnknownSchema`],
    /// [`OpenError::Malformed`], [`OpenError::WrongSize`] and what age says.
    pub fn open_cover(
        &self,
        sealed: &Sealed<part::Cover>,
        expected: TestimonyId,
    ) -> Result<OpenedCover, OpenError> {
        let cover = self.read_cover(sealed, expected)?;
        let keys = HybridRecipient::parse(&cover.reply).is_ok() && cover.witness_key().is_some();
        keys.then_some(OpenedCover { cover }).ok_or(OpenError::Malformed(Part::Cover))
    }

    /// A cover whose keys nobody has looked at yet.
    fn read_cover(
        &self,
        sealed: &Sealed<part::Cover>,
        expected: TestimonyId,
    ) -> Result<Cover, OpenError> {
        let content = open_with(&self.0, &sealed.0, COVER_SIZE)?;
        let json = unpadded(&content, &[COVER_SIZE], Part::Cover)?;
        let Named { schema } = parse(json, Part::Cover)?;
        if schema != Cover::SCHEMA {
            return Err(OpenError::UnknownSchema);
        }
        let cover: Cover = parse(json, Part::Cover)?;
        if cover.id != expected {
            return Err(OpenError::OtherTestimony);
        }
        Ok(cover)
    }
}

/// A cover that authenticates, is of the expected testimony and well-formed.
pub struct OpenedCover {
    pub(crate) cover: Cover,
}

impl OpenedCover {
    /// What the cover says.
    #[must_use]
    pub fn cover(&self) -> &Cover {
        &self.cover
    }

    /// Opens the account that this cover names.
    ///
    /// # Errors
    /// [`OpenError::NotUnderThisCover`] before anything is opened; then what age says.
    pub fn open_account(
        &self,
        key: &AccountKey,
        sealed: &Sealed<part::Account>,
    ) -> Result<Account, OpenError> {
        let [.., most] = ACCOUNT_SIZES;
        let content = open_named(&key.0, sealed, self.cover.account, Part::Account, most)?;
        parse(unpadded(&content, &ACCOUNT_SIZES, Part::Account)?, Part::Account)
    }

    /// Opens the identity that this cover names.
    ///
    /// # Errors
    /// [`OpenError::NotUnderThisCover`] before anything is opened; then what age says.
    pub fn open_identity(
        &self,
        key: &NamesKey,
        sealed: &Sealed<part::Identity>,
    ) -> Result<Identity, OpenError> {
        let named = self.cover.identity;
        let content = open_named(&key.0, sealed, named, Part::Identity, IDENTITY_SIZE)?;
        parse(unpadded(&content, &[IDENTITY_SIZE], Part::Identity)?, Part::Identity)
    }

    /// Opens the exhibits that this cover names; reads `sealed` twice.
    ///
    /// The first pass compares the hash of all of it with the cover, before a byte is decrypted.
    ///
    /// # Errors
    /// [`OpenError::NotUnderThisCover`], [`OpenError::Io`], and what age says of the header.
    pub fn open_exhibits<'a, R: Read + Seek + 'a>(
        &self,
        key: &AccountKey,
        sealed: R,
    ) -> Result<ExhibitsReader<'a>, OpenError> {
        exhibits::open(&self.cover, key, sealed)
    }
}

fn open_named<T>(
    key: &AgeIdentity,
    sealed: &Sealed<T>,
    named: Digest,
    part: Part,
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    if sealed.digest() != named {
        return Err(OpenError::NotUnderThisCover(part));
    }
    open_with(key, &sealed.0, limit)
}

fn unpadded<'a>(content: &'a [u8], sizes: &[usize], part: Part) -> Result<&'a [u8], OpenError> {
    if !sizes.contains(&content.len()) {
        return Err(OpenError::WrongSize(part));
    }
    let end = content.iter().rposition(|&byte| byte != b' ').map_or(0, |at| at.saturating_add(1));
    content.get(..end).ok_or(OpenError::WrongSize(part))
}

fn parse<T: DeserializeOwned>(json: &[u8], part: Part) -> Result<T, OpenError> {
    // What serde says may quote the content, so it is dropped.
    serde_json::from_slice(json).map_err(|_| OpenError::Malformed(part))
}

/// The one field that tells which schema the others follow.
#[derive(Deserialize)]
struct Named {
    schema: String,
}

/// What a device has to open before an envelope that it does not open is called broken.
const PROBE: &[u8] = b"probe";
/// An identity text has 76 characters.
const MAX_ENVELOPE: usize = 256;
