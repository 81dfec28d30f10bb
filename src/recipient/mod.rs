//! The keys that things are sealed to: hybrid post-quantum, classic, and those of hardware.
//!
//! What it is: one recipient type for all of age's public keys that a keyring may hold, the two
//! kinds they fall into, and the secret keys that software makes.
//!
//! Promises: 1. a key has one text and a text names one key: anything else is refused; 2. a public
//! key that cannot be sealed to is refused when it is read: no low-order X25519 point, no ML-KEM
//! key over its modulus; 3. every key is of exactly one kind; 4. secret keys are wiped and cannot
//! be printed or copied; 5. what opens (`unwrap`, `plugin`) compiles only with the
//! feature `open`.
//!
//! Does not: know passphrases, ssh keys or recipients that need a plugin to seal: a hardware key is
//! one of the two tag types, so a server needs no plugin.
//!
//! Spec: <https://c2sp.org/age>, "X25519", "mlkem768x25519", "p256tag", "mlkem768p256tag".

#[cfg(feature = "open")]
pub mod plugin;
mod public;
mod secret;
#[cfg(feature = "open")]
pub mod unwrap;

pub use public::{NotARecipient, Recipient};
pub use secret::{AgeIdentity, NotAnIdentity};

/// What a keyring's keys withstand; all keys of one keyring are of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A quantum computer too: `age1pq1…`, `age1tagpq1…`.
    PostQuantum,
    /// Today's computers, opened by every age since 1.0: `age1…`, `age1tag1…`.
    Classic,
}

impl Kind {
    /// The word in files and on the command line: `post-quantum` or `classic`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PostQuantum => "post-quantum",
            Self::Classic => "classic",
        }
    }

    /// The kind that a word means.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::PostQuantum, Self::Classic].into_iter().find(|kind| kind.word() == word)
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
#[cfg(feature = "open")]
mod tests_plugin;
