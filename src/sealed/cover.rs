//! The cover: what binds the parts of one testimony to each other.

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    id::TestimonyId,
    testimony::{Channel, Kind},
};

/// The binding part of a testimony; JSON, `schema` is `cover/1`.
///
/// It holds nothing that the person said.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cover {
    /// [`Cover::SCHEMA`].
    pub schema: String,
    /// The testimony's own id; a cover stored under another one is refused.
    pub id: TestimonyId,
    /// SHA-256 of the signed note of the keyring whose readers it was sealed for.
    pub keyring: Digest,
    /// SHA-256 of account.age.
    pub account: Digest,
    /// SHA-256 of identity.age.
    pub identity: Digest,
    /// SHA-256 of exhibits.age.
    pub exhibits: Digest,
    /// SHA-256 of the lookup id.
    pub lookup: Digest,
    /// The one recipient to which a reply may be sealed, `age1pq1…`.
    pub reply: String,
    /// The witness's Ed25519 verifying key, 32 bytes in padded base64.
    pub witness: String,
    /// What kind of submission this is.
    pub kind: Kind,
    /// How it came, as claimed.
    pub channel: Channel,
    /// The testimony that this one continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<TestimonyId>,
    /// The witness's signature, for what continues another testimony; base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl Cover {
    /// The value of [`Cover::schema`].
    pub const SCHEMA: &'static str = "cover/1";
}
