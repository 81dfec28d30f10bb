//! Which replies count, and which do not.

use ed25519_dalek::SigningKey;

use super::*;
use crate::{
    digest::Digest,
    id::{ReaderId, ReplyId, TestimonyId},
    keyring::{Chain, Role, testing::Rehearsal},
    note::{KeyName, SignedNote},
};

fn reply(house: &Rehearsal, chain: &Chain, author: usize) -> Reply {
    Reply {
        organisation: chain.current().get().organisation.clone(),
        keyring: chain.current_digest(),
        recipient: Digest::of(b"age1pq1 of the witness"),
        testimony: TestimonyId::from_bytes([5; 16]),
        by: house.keyring.readers[author].id,
        number: 1,
        text: "Мы прочли.\n\nМожно ли показать это суду?\n— x AAAA".into(),
    }
}

fn signed(house: &Rehearsal, chain: &Chain) -> SignedReply {
    SignedReply::sign(reply(house, chain, 0), &house.signing[0]).unwrap()
}

fn to() -> Digest {
    Digest::of(b"age1pq1 of the witness")
}

/// The same note with another text, signed anew by `key` under `name`.
fn resigned(text: &str, name: &ReaderId, key: &SigningKey) -> Result<SignedReply, ReplyError> {
    let mut note = SignedNote::new(text.to_owned()).unwrap();
    note.sign(&KeyName::parse(&name.to_string()).unwrap(), key);
    SignedReply::parse(&note.to_text())
}

#[test]
fn what_a_reader_signed_reads_back_and_counts() {
    let house = Rehearsal::new(&[Role::Reviewer, Role::Guardian]);
    let chain = house.chain();
    let signed = signed(&house, &chain);
    let read = SignedReply::parse(&signed.to_text()).unwrap();
    assert!(read == signed && read.id() == signed.id());
    assert!(read.verify(&chain, to()).unwrap().text.ends_with("— x AAAA"));
    assert!(read.verify_stored(&chain, to(), signed.id()).is_ok());
    let other = ReplyId::from_bytes([1; 16]);
    let copied = read.verify_stored(&chain, to(), other).err();
    assert_eq!(copied, Some(ReplyError::OtherName));
    let later = Rehearsal::next(&chain);
    let later = chain.extend(&house.sign(later.to_text(), &[0, 1]).to_text()).unwrap();
    assert!(read.verify(&later, to()).is_ok(), "an older keyring of the chain counts");
}

#[test]
fn every_forgery_is_refused_by_name() {
    let house = Rehearsal::new(&[Role::Reviewer, Role::Guardian]);
    let chain = house.chain();
    let (good, stranger) = (reply(&house, &chain, 0), SigningKey::from_bytes(&[9; 32]));
    let verdict = |reply: &Reply, key: &SigningKey| {
        let signed = resigned(&reply.to_text(), &reply.by, key).unwrap();
        signed.verify(&chain, to()).err()
    };
    assert_eq!(verdict(&good, &house.signing[0]), None);
    assert_eq!(verdict(&good, &stranger), Some(ReplyError::BadSignature), "the ledger key, say");
    assert_eq!(verdict(&good, &house.signing[1]), Some(ReplyError::BadSignature));
    let not_listed = Reply { by: ReaderId::from_bytes([3; 16]), ..good.clone() };
    assert_eq!(verdict(&not_listed, &stranger), Some(ReplyError::NotAReader));
    let own_keyring = Reply { keyring: Digest::of(b"made up"), ..good.clone() };
    assert_eq!(verdict(&own_keyring, &house.signing[0]), Some(ReplyError::UnknownKeyring));
    let elsewhere = Reply { organisation: "Other".into(), ..good.clone() };
    assert_eq!(verdict(&elsewhere, &house.signing[0]), Some(ReplyError::OtherOrganisation));
    let to_another = Reply { recipient: Digest::of(b"another"), ..good.clone() };
    assert_eq!(verdict(&to_another, &house.signing[0]), Some(ReplyError::WrongRecipient));
    // A text that was changed after signing, and a second signature under it.
    let text = signed(&house, &chain).to_text();
    let edited = SignedReply::parse(&text.replace("суду", "всем")).unwrap();
    assert_eq!(edited.verify(&chain, to()).err(), Some(ReplyError::BadSignature));
    let mut two = SignedNote::parse(&text).unwrap();
    two.sign(&KeyName::parse("another").unwrap(), &stranger);
    assert_eq!(SignedReply::parse(&two.to_text()).err(), Some(ReplyError::BadSignature));
}

#[test]
fn a_reply_has_one_spelling_and_bounds() {
    let house = Rehearsal::new(&[Role::Guardian]);
    let chain = house.chain();
    let good = reply(&house, &chain, 0);
    let text = good.to_text();
    for (from, to) in [
        ("number 1", "number 01"),
        ("number 1", "number 0"),
        ("number 1", "number +1"),
        ("sandyk reply v1", "sandyk reply v2"),
        ("number 1\n\n", "number 1\n"),
        ("number 1\n", "number 1\nextra 1\n"),
        ("\nby ", "\nBy "),
    ] {
        let other = text.replace(from, to);
        assert_ne!(other, text);
        assert_eq!(Reply::parse(&other).err(), Some(ReplyError::Shape), "{to}");
    }
    for (words, error) in [
        (" \n ", ReplyError::Empty),
        ("a\u{1b}[2J", ReplyError::ControlCharacter),
        ("a\u{202e}b", ReplyError::ControlCharacter),
        ("a\rb", ReplyError::ControlCharacter),
        ("a\u{85}b", ReplyError::ControlCharacter),
    ] {
        assert_eq!(Reply::words(words), Err(error.clone()), "{words:?}");
        let reply = Reply { text: words.into(), ..good.clone() };
        assert!(SignedReply::sign(reply, &house.signing[0]).is_err(), "{words:?}");
    }
    assert_eq!(Reply::words("a\r\nb\tc \n\n").unwrap(), "a\nb c");
    let longest = Reply { text: "я".repeat(MAX_TEXT / 2), ..good.clone() };
    let longest = SignedReply::sign(longest, &house.signing[0]).unwrap();
    assert!(longest.to_text().len() <= MAX_BYTES);
    let long = "a".repeat(MAX_TEXT + 1);
    assert_eq!(Reply::words(&long), Err(ReplyError::TooLong { bytes: MAX_TEXT + 1 }));
}

#[test]
fn a_place_belongs_to_one_reply_of_one_author() {
    let house = Rehearsal::new(&[Role::Reviewer, Role::Guardian]);
    let chain = house.chain();
    let (one, other) = (reply(&house, &chain, 0), reply(&house, &chain, 1));
    let mut places = Places::default();
    assert_eq!(places.take(&one), Ok(()));
    assert_eq!(places.take(&one), Ok(()), "the same again is the same");
    assert_eq!(places.take(&other), Ok(()), "a colleague counts alone");
    let second = Reply { text: "another".into(), ..one.clone() };
    assert_eq!(places.take(&second), Err(ReplyError::Repeated));
    assert_eq!(places.take(&Reply { number: 2, ..second }), Ok(()));
}
