//! A page that can be read once: sealed to a key that stands only in its address.
//!
//! What it is: how the server keeps the receipt page between the redirect and its one showing.
//! Promises: 1. the store holds nothing that opens the page; 2. the key is wiped.
//! Does not: delete the page after it was read; the store does.
//! Spec: `docs/format/sealed.md`, "Page shown once"; a plain age v1 file to one X25519 identity.

use std::io::{Read as _, Write as _};

use age_core::primitives::bech32_encode;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bech32::Hrp;
use rand::{CryptoRng, RngCore};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{
    sealed::{SealError, seal::encrypting},
    secret::Secret,
};

/// The key of one page: the 32 bytes of an X25519 identity.
pub struct OnceKey(Secret<32>);

impl OnceKey {
    /// A fresh key.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self(Secret::random(rng))
    }

    /// Reads a key from an address: 43 characters of base64url; `None` if it is none.
    #[must_use]
    pub fn from_address(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?);
        let mut bytes = Zeroizing::new(bytes.as_slice().try_into().ok()?);
        Some(Self(Secret::take(&mut bytes)))
    }

    /// The key as it stands in the address; whoever has the address has the page.
    #[must_use]
    pub fn to_address(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0.expose())
    }

    /// The key itself, to derive the name under which the page waits.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    fn identity(&self) -> Result<age::x25519::Identity, NoSuchPage> {
        let mut text = bech32_encode(IDENTITY_HRP, self.0.expose());
        text.make_ascii_uppercase();
        let identity = text.parse().map_err(|_| NoSuchPage);
        text.zeroize();
        identity
    }
}

/// Seals a page to its key.
///
/// # Errors
/// [`SealError::BadRecipient`] if the key has no public half, which X25519 excludes.
pub fn seal_page(key: &OnceKey, page: &[u8]) -> Result<Vec<u8>, SealError> {
    let recipient = key.identity().map_err(|_| SealError::BadRecipient)?.to_public();
    let recipient: &dyn age::Recipient = &recipient;
    let mut file = Vec::with_capacity(page.len().saturating_add(HEADER_ROOM));
    let mut stream = encrypting(std::iter::once(recipient), &mut file)?;
    stream.write_all(page)?;
    stream.finish()?;
    Ok(file)
}

/// Opens a page of at most 16 MiB: all that can be typed, escaped as JSON does at worst.
///
/// # Errors
/// [`NoSuchPage`] whatever is wrong: whoever guesses addresses learns nothing else.
#[expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the server shows its own receipt page once; nothing a reader opens opens here"
)]
pub fn open_page(key: &OnceKey, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NoSuchPage> {
    if sealed.len() > MAX_SEALED_PAGE {
        return Err(NoSuchPage);
    }
    let identity = key.identity()?;
    let identity: &dyn age::Identity = &identity;
    let mut stream = age::Decryptor::new_buffered(sealed)
        .and_then(|file| file.decrypt(std::iter::once(identity)))
        .map_err(|_| NoSuchPage)?;
    let mut page = Zeroizing::new(Vec::with_capacity(sealed.len()));
    stream.read_to_end(&mut page).map_err(|_| NoSuchPage)?;
    Ok(page)
}

/// There is no page that this key opens.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no such page, or it was already shown")]
pub struct NoSuchPage;

const IDENTITY_HRP: Hrp = Hrp::parse_unchecked("age-secret-key-");
const HEADER_ROOM: usize = 2 << 10;
const MAX_SEALED_PAGE: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use rand::rngs::OsRng;

    use super::*;

    #[test]
    fn a_page_opens_with_the_key_in_its_address_and_no_other() {
        let key = OnceKey::random(&mut OsRng);
        let sealed = seal_page(&key, b"<h1>27 digits</h1>").unwrap();
        assert!(!sealed.windows(9).any(|window| window == b"27 digits"));
        let address = key.to_address();
        assert_eq!(address.len(), 43);
        let again = OnceKey::from_address(&address).unwrap();
        assert_eq!(open_page(&again, &sealed).unwrap().as_slice(), b"<h1>27 digits</h1>");
        assert_eq!(open_page(&OnceKey::random(&mut OsRng), &sealed), Err(NoSuchPage));
        let mut altered = sealed.clone();
        *altered.last_mut().unwrap() ^= 1;
        assert_eq!(open_page(&again, &altered), Err(NoSuchPage));
        assert_eq!(open_page(&again, b""), Err(NoSuchPage));
        for text in ["", "short", &"A".repeat(44), "../../../../../../../../../../../../etc/pw"] {
            assert!(OnceKey::from_address(text).is_none(), "{text}");
        }
    }
}
