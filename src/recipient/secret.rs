//! Secret keys that software makes and keeps.

use age_core::{primitives::bech32_encode, secrecy::ExposeSecret as _};
use bech32::Hrp;
use rand::{CryptoRng, RngCore};
use zeroize::Zeroize as _;

use crate::{
    hybrid::HybridIdentity,
    recipient::{Kind, Recipient},
    secret::{Secret, SecretText},
};

/// A secret key of either kind; opens what was sealed to its recipient.
pub struct AgeIdentity(pub(super) Key);

pub(super) enum Key {
    Hybrid(HybridIdentity),
    X25519(Box<age::x25519::Identity>),
}

impl AgeIdentity {
    /// A fresh identity of this kind.
    pub fn generate(kind: Kind, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        match kind {
            Kind::PostQuantum => Self(Key::Hybrid(HybridIdentity::generate(rng))),
            Kind::Classic => {
                let text = classic_text(&Secret::random(rng));
                // Any 32 bytes are an X25519 key, so the second way is never gone.
                let key = text.expose().parse();
                Self(Key::X25519(Box::new(
                    key.unwrap_or_else(|_| age::x25519::Identity::generate()),
                )))
            }
        }
    }

    /// Reads an identity from its text: `AGE-SECRET-KEY-PQ-1…` or `AGE-SECRET-KEY-1…`.
    ///
    /// # Errors
    /// [`NotAnIdentity`] if the text is anything but the one form of an identity.
    pub fn parse(text: &str) -> Result<Self, NotAnIdentity> {
        if let Ok(key) = HybridIdentity::parse(text) {
            return Ok(Self(Key::Hybrid(key)));
        }
        let key = text.parse().map_err(|_| NotAnIdentity)?;
        let identity = Self(Key::X25519(Box::new(key)));
        let canonical = identity.to_secret_text().expose() == text;
        canonical.then_some(identity).ok_or(NotAnIdentity)
    }

    /// The public half.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        match &self.0 {
            Key::Hybrid(key) => key.recipient().into(),
            Key::X25519(key) => key.to_public().into(),
        }
    }

    /// The kind of its public half.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.0 {
            Key::Hybrid(_) => Kind::PostQuantum,
            Key::X25519(_) => Kind::Classic,
        }
    }

    /// The text form; stock age reads it as an identity file.
    #[must_use]
    pub fn to_secret_text(&self) -> SecretText {
        match &self.0 {
            Key::Hybrid(key) => key.to_secret_text(),
            Key::X25519(key) => SecretText::new(key.to_string().expose_secret().to_owned()),
        }
    }
}

impl From<HybridIdentity> for AgeIdentity {
    fn from(key: HybridIdentity) -> Self {
        Self(Key::Hybrid(key))
    }
}

fn classic_text(seed: &Secret<32>) -> SecretText {
    let mut lower = bech32_encode(CLASSIC_HRP, seed.expose());
    let text = SecretText::new(lower.to_ascii_uppercase());
    lower.zeroize();
    text
}

/// The text is not a secret key of age that sandyk uses, or not in its one form.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a secret age key")]
pub struct NotAnIdentity;

const CLASSIC_HRP: Hrp = Hrp::parse_unchecked("age-secret-key-");
