//! Checkpoints: believed only under the right key, and of one spelling.

use ed25519_dalek::SigningKey;
use sandyk::{
    ledger::Checkpoint,
    note::{KeyName, NamedKey, SignedNote},
};

pub(crate) fn run(input: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(input) else { return false };
    let (name, key) = (KeyName::parse("sandyk-ledger").unwrap(), SigningKey::from_bytes(&[5; 32]));
    let named = NamedKey { name: name.clone(), key: key.verifying_key() };
    let other = NamedKey { key: SigningKey::from_bytes(&[6; 32]).verifying_key(), ..named.clone() };
    if let Ok(read) = Checkpoint::verify(text, &named) {
        // A signature of this key cannot be guessed: it is a note that was signed with it before.
        assert_eq!(read.sign(&name, &key).unwrap().text(), SignedNote::parse(text).unwrap().text());
    }
    let Ok(mut note) = SignedNote::new(text.to_owned()) else { return false };
    note.sign(&name, &key);
    let whole = note.to_text();
    assert!(Checkpoint::verify(&whole, &other).is_err(), "another key did not sign this");
    let Ok(read) = Checkpoint::verify(&whole, &named) else { return false };
    assert_eq!(read.sign(&name, &key).unwrap().to_text(), whole, "two spellings");
    true
}
