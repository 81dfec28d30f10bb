//! The cover: what binds the parts of one testimony to each other.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
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
    /// What came to the same mailbox directly before this one; without it, what it continues.
    ///
    /// So that nobody can hold something back and let it in later as the newest word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<TestimonyId>,
    /// The witness's signature, for what continues another testimony; base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl Cover {
    /// The value of [`Cover::schema`].
    pub const SCHEMA: &'static str = "cover/1";

    /// What the witness signs: every field but the signature, one line each, in this order; of an
    /// `after` that is not there, no line.
    #[must_use]
    pub fn to_sign(&self) -> Vec<u8> {
        let Self { schema, id, keyring, account, identity, exhibits, lookup, .. } = self;
        let Self { reply, witness, kind, channel, continues, after, signature: _, .. } = self;
        let (kind, channel) = (kind.word(), channel.word());
        let continues = continues.map_or_else(|| "none".to_owned(), |id| id.to_string());
        let after = after.map(|id| format!("after {id}\n")).unwrap_or_default();
        format!(
            "{SIGNED}schema {schema}\nid {id}\nkeyring {keyring}\naccount {account}\n\
             identity {identity}\nexhibits {exhibits}\nlookup {lookup}\nreply {reply}\n\
             witness {witness}\nkind {kind}\nchannel {channel}\ncontinues {continues}\n{after}"
        )
        .into_bytes()
    }

    /// Signs it with the witness's key; every field must have its last value.
    pub fn sign(&mut self, witness: &SigningKey) {
        let signature = witness.sign(&self.to_sign());
        self.signature = Some(BASE64_STANDARD.encode(signature.to_bytes()));
    }

    /// Is it signed by `witness`, in every field?
    #[must_use]
    pub fn is_signed_by(&self, witness: &VerifyingKey) -> bool {
        // Lines of others inside a field would be a second cover with the same text.
        let plain = [&self.schema, &self.reply, &self.witness].iter().all(|f| !f.contains('\n'));
        let coded = self.signature.as_deref().unwrap_or_default();
        let bytes = BASE64_STANDARD.decode(coded).ok();
        let signature = bytes.and_then(|bytes| Signature::from_slice(&bytes).ok());
        plain && signature.is_some_and(|s| witness.verify_strict(&self.to_sign(), &s).is_ok())
    }

    /// The witness's verifying key; `None` if the cover names none that can be used.
    #[must_use]
    pub fn witness_key(&self) -> Option<VerifyingKey> {
        let bytes = BASE64_STANDARD.decode(&self.witness).ok()?;
        let key = VerifyingKey::from_bytes(&bytes.try_into().ok()?).ok()?;
        (!key.is_weak()).then_some(key)
    }
}

const SIGNED: &str = "sandyk/cover/v1\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn cover() -> Cover {
        let key = SigningKey::from_bytes(&[3; 32]);
        Cover {
            schema: Cover::SCHEMA.into(),
            id: TestimonyId::from_bytes([1; 16]),
            keyring: Digest::of(b"keyring"),
            account: Digest::of(b"account"),
            identity: Digest::of(b"identity"),
            exhibits: Digest::of(b"exhibits"),
            lookup: Digest::of(b"lookup"),
            reply: "age1pq1".into(),
            witness: BASE64_STANDARD.encode(key.verifying_key().as_bytes()),
            kind: Kind::Withdrawal,
            channel: Channel::WebServerSealed,
            continues: Some(TestimonyId::from_bytes([2; 16])),
            after: Some(TestimonyId::from_bytes([3; 16])),
            signature: None,
        }
    }

    #[test]
    fn a_change_of_any_field_ends_the_signature() {
        let mut good = cover();
        let key = good.witness_key().unwrap();
        assert!(!good.is_signed_by(&key), "not signed yet");
        good.sign(&SigningKey::from_bytes(&[3; 32]));
        assert!(good.is_signed_by(&key));
        assert!(!good.is_signed_by(&SigningKey::from_bytes(&[4; 32]).verifying_key()));
        let changes: [fn(&mut Cover); 14] = [
            |c| c.schema = "cover/2".into(),
            |c| c.id = TestimonyId::from_bytes([9; 16]),
            |c| c.keyring = Digest::NONE,
            |c| c.account = Digest::NONE,
            |c| c.identity = Digest::NONE,
            |c| c.exhibits = Digest::NONE,
            |c| c.lookup = Digest::NONE,
            |c| c.reply = "age1pq2".into(),
            |c| c.witness = "AAAA".into(),
            |c| c.kind = Kind::Supplement,
            |c| c.channel = Channel::OfflineCli,
            |c| c.continues = None,
            |c| c.after = None,
            |c| c.after = Some(TestimonyId::from_bytes([4; 16])),
        ];
        for (n, change) in changes.into_iter().enumerate() {
            let mut other = good.clone();
            change(&mut other);
            assert!(other != good && !other.is_signed_by(&key), "{n}");
        }
    }

    #[test]
    fn a_field_with_lines_in_it_is_signed_by_nobody() {
        let mut cover = cover();
        cover.reply = "age1pq1\nwitness x".into();
        cover.sign(&SigningKey::from_bytes(&[3; 32]));
        assert!(!cover.is_signed_by(&cover.witness_key().unwrap()));
    }
}
