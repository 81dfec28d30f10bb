#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "a test opens with age")]

use std::io::Read as _;

use rand::rngs::OsRng;

use super::*;

fn seeded(byte: u8) -> HybridIdentity {
    HybridIdentity::from_seed(Secret::take(&mut [byte; 32]))
}

fn seal(recipients: &[&dyn age::Recipient]) -> Result<Vec<u8>, age::EncryptError> {
    let mut file = Vec::new();
    let mut writer = age::Encryptor::with_recipients(recipients.iter().copied())?
        .wrap_output(&mut file)
        .unwrap();
    std::io::Write::write_all(&mut writer, b"words").unwrap();
    writer.finish().unwrap();
    Ok(file)
}

#[cfg(feature = "open")]
fn open(file: &[u8], identity: &HybridIdentity) -> Result<Vec<u8>, age::DecryptError> {
    let mut words = Vec::new();
    let identity: &dyn age::Identity = identity;
    age::Decryptor::new(file)?.decrypt(std::iter::once(identity))?.read_to_end(&mut words).unwrap();
    Ok(words)
}

#[cfg(feature = "open")]
#[test]
fn what_is_sealed_to_a_recipient_its_identity_opens_and_no_other() {
    let (one, two, other) = (seeded(1), HybridIdentity::generate(&mut OsRng), seeded(3));
    let (to_one, to_two) = (one.recipient(), two.recipient());
    for make_ready in [false, true] {
        if make_ready {
            to_one.make_ready();
            to_two.clone().make_ready();
        }
        let file = seal(&[&to_one, &to_two]).unwrap();
        assert_eq!(open(&file, &one).unwrap(), b"words");
        assert_eq!(open(&file, &two).unwrap(), b"words");
        assert!(matches!(open(&file, &other), Err(age::DecryptError::NoMatchingKeys)));
    }
}

#[test]
fn a_key_survives_being_written_down() {
    let identity = seeded(7);
    let text = identity.to_secret_text();
    assert!(text.expose().starts_with("AGE-SECRET-KEY-PQ-1"));
    let again = HybridIdentity::parse(text.expose()).unwrap();
    assert_eq!(again.seed.expose(), identity.seed.expose());
    let recipient = identity.recipient();
    let text = recipient.to_string();
    assert_eq!(text.len(), RECIPIENT_CHARS);
    assert!(text.starts_with("age1pq1"));
    assert_eq!(HybridRecipient::parse(&text), Ok(recipient));
}

#[test]
fn the_keys_of_the_specification_are_a_pair() {
    let identity = "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR";
    let recipient = HybridIdentity::parse(identity).unwrap().recipient().to_string();
    assert!(recipient.starts_with("age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9rdelkjuh3y235jzxshfg87"));
    assert!(recipient.ends_with("ykx3qheyty7saeq0d3fzv49zc0k"));
}

#[test]
fn a_file_for_hybrid_and_classic_recipients_at_once_is_refused() {
    let classic = age::x25519::Identity::generate().to_public();
    let hybrid = seeded(1).recipient();
    let (hybrid, classic): (&dyn age::Recipient, &dyn age::Recipient) = (&hybrid, &classic);
    for mixed in [[hybrid, classic], [classic, hybrid]] {
        assert!(matches!(seal(&mixed), Err(age::EncryptError::IncompatibleRecipients { .. })));
    }
}

#[test]
fn any_other_text_is_not_a_key() {
    let recipient = seeded(1).recipient().to_string();
    let identity = seeded(1).to_secret_text();
    let identity = identity.expose();
    let changed = recipient.replacen("age1pq1", "age1tagpq1", 1);
    let cut = recipient.get(..recipient.len() - 1).unwrap();
    let spaced = format!("{recipient} ");
    for text in ["", "age1pq1", &recipient.to_uppercase(), &changed, cut, &spaced, identity] {
        assert_eq!(HybridRecipient::parse(text), Err(NotAHybridKey), "{text}");
    }
    for text in ["", "AGE-SECRET-KEY-PQ-1", &identity.to_lowercase(), &format!("{identity}\n")] {
        assert!(HybridIdentity::parse(text).is_err(), "{text}");
    }
    let classic = age::x25519::Identity::generate().to_string();
    assert!(
        HybridIdentity::parse(age_core::secrecy::ExposeSecret::expose_secret(&classic)).is_err()
    );
}

#[test]
fn a_recipient_that_cannot_be_sealed_to_safely_is_refused() {
    let good = *seeded(1).recipient().bytes;
    let mut low_order = good;
    low_order[1184..].fill(0);
    let mut not_reduced = good;
    not_reduced[..2].fill(0xff);
    for bad in [low_order, not_reduced] {
        let key = HybridRecipient::of(Box::new(bad));
        assert_eq!(HybridRecipient::parse(&key.to_string()), Err(NotAHybridKey));
    }
    let unchecked = HybridRecipient::of(Box::new(low_order));
    assert!(seal(&[&unchecked]).is_err());
    unchecked.make_ready();
    assert!(seal(&[&unchecked]).is_err());
}
