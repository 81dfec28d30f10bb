//! The keys of one mailbox, as the page of a visit holds them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use crate::{
    digest::Digest,
    receipt::{Derived, SEEDS, Seeds},
};

/// What belongs to a receipt: where its replies wait, what opens them, what signs a follow-up.
///
/// Written down only into a page that is itself sealed to the key in its address.
pub struct MailboxKeys(Seeds);

impl MailboxKeys {
    pub(in crate::intake) fn of(derived: &Derived) -> Self {
        Self(derived.seeds())
    }

    /// The secrets themselves.
    pub(in crate::intake) fn derived(&self) -> Derived {
        self.0.derived()
    }

    /// SHA-256 of the lookup id: what the store keeps of the receipt.
    #[must_use]
    pub fn mailbox(&self) -> Digest {
        self.0.derived().lookup.digest()
    }
}

impl PartialEq for MailboxKeys {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose().ct_eq(other.0.expose()).into()
    }
}

impl Eq for MailboxKeys {}

impl Serialize for MailboxKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = Zeroizing::new(data_encoding::BASE64.encode(self.0.expose()));
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for MailboxKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let mut bytes = data_encoding::BASE64.decode(text.as_bytes()).map_err(D::Error::custom)?;
        let seeds = <[u8; SEEDS]>::try_from(bytes.as_slice()).map(Zeroizing::new);
        bytes.zeroize();
        let mut seeds = seeds.map_err(D::Error::custom)?;
        Ok(Self(Seeds::take(&mut seeds)))
    }
}
