//! Whole testimonies, sealed and opened the way intake and review do.

mod attacks;
mod containers;
mod make_vectors;
mod rewrap;

use std::io::Cursor;

use ed25519_dalek::SigningKey;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

use super::{
    open::{AccountKey, NamesKey, OpenError, OpenedCover, ReadingIdentity},
    *,
};
use crate::{
    digest::Digest,
    hybrid::HybridIdentity,
    id::{ReaderId, TestimonyId},
    keyring::{Reader, Role},
    locale::Lang,
    secret::Secret,
    testimony::{Account, Channel, Form, Identity, Kind},
};

/// A reader with a key made of one byte.
struct Person {
    identity: ReadingIdentity,
    reader: Reader,
}

impl Person {
    fn new(role: Role, byte: u8) -> Self {
        let identity = HybridIdentity::from_seed(Secret::take(&mut [byte; 32]));
        let reader = Reader {
            id: ReaderId::from_bytes([byte; 16]),
            role,
            recipient: identity.recipient().into(),
            signing: SigningKey::from_bytes(&[byte; 32]).verifying_key(),
            since: 1,
        };
        Self { identity: ReadingIdentity::new(identity), reader }
    }
}

/// One testimony as it lies on disk.
struct Whole {
    id: TestimonyId,
    recipients: TestimonyRecipients,
    envelopes: Vec<ReaderEnvelopes>,
    binding: Cover,
    cover: Sealed<part::Cover>,
    account: Sealed<part::Account>,
    identity: Sealed<part::Identity>,
    exhibits: Vec<u8>,
}

fn parts(id: TestimonyId, story: &str, name: &str) -> (Account, Identity) {
    let mut form = Form::new(Lang::Ru);
    form.put("story", story).unwrap();
    let (account, mut identity) =
        form.into_parts(id, Channel::WebServerSealed, Digest::of(b"consent text")).unwrap();
    if !name.is_empty() {
        identity.submitter = Some(crate::testimony::Named::new(name.to_owned()));
    }
    (account, identity)
}

fn exhibits(to: &TestimonyRecipients, files: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut writer = to.exhibits(Vec::new()).unwrap();
    for (name, media_type, bytes) in files {
        writer.begin(name, media_type).unwrap();
        // Uneven steps, so that pieces do not fall on the borders of writes.
        for step in bytes.chunks(100_003) {
            writer.write(step).unwrap();
        }
        let about = writer.end(Completeness::Whole).unwrap();
        assert_eq!(about.sha256, Digest::of(bytes));
    }
    writer.finish().unwrap()
}

fn whole(seed: u8, people: &[&Person], files: &[(&str, &str, &[u8])]) -> Whole {
    let mut rng = ChaCha20Rng::from_seed([seed; 32]);
    let id = TestimonyId::random(&mut rng);
    let readers: Vec<Reader> = people.iter().map(|p| p.reader.clone()).collect();
    let keys = TestimonyKeys::generate(crate::recipient::Kind::PostQuantum, &mut rng);
    let (recipients, envelopes) = keys.into_envelopes_for(&readers).unwrap();
    let story = format!("They came at four in the morning. {seed}");
    let (account, identity) = parts(id, &story, "Person A");
    let account = recipients.seal_account(&account).unwrap();
    let identity = recipients.seal_identity(&identity).unwrap();
    let exhibits = exhibits(&recipients, files);
    let signing = SigningKey::from_bytes(&[seed; 32]).verifying_key();
    let binding = Cover {
        schema: Cover::SCHEMA.to_owned(),
        id,
        keyring: Digest::of(b"a keyring note"),
        account: account.digest(),
        identity: identity.digest(),
        exhibits: Digest::of(&exhibits),
        lookup: Digest::of(b"a lookup id"),
        reply: HybridIdentity::generate(&mut rng).recipient().to_string(),
        witness: base64::Engine::encode(&base64::prelude::BASE64_STANDARD, signing.as_bytes()),
        kind: Kind::New,
        channel: Channel::WebServerSealed,
        continues: None,
        after: None,
        signature: None,
    };
    let cover = recipients.seal_cover(&binding).unwrap();
    Whole { id, recipients, envelopes, binding, cover, account, identity, exhibits }
}

impl Whole {
    fn account_key(&self, person: &Person) -> Result<AccountKey, OpenError> {
        let own = self.envelopes.iter().find(|e| e.reader == person.reader.id).unwrap();
        person.identity.open_account_envelope(&own.account)
    }

    fn names_key(&self, person: &Person) -> Option<NamesKey> {
        let own = self.envelopes.iter().find(|e| e.reader == person.reader.id).unwrap();
        own.identity.as_ref().map(|e| person.identity.open_identity_envelope(e).unwrap())
    }

    fn opened_cover(&self, person: &Person) -> Result<(AccountKey, OpenedCover), OpenError> {
        let key = self.account_key(person)?;
        let cover = key.open_cover(&self.cover, self.id)?;
        Ok((key, cover))
    }

    /// Seals the cover anew, as only somebody with the testimony's own recipients could.
    fn reseal_cover(&mut self, change: impl FnOnce(&mut Cover)) {
        change(&mut self.binding);
        self.cover = self.recipients.seal_cover(&self.binding).unwrap();
    }
}

fn all_exhibits(
    cover: &OpenedCover,
    key: &AccountKey,
    sealed: &[u8],
) -> Result<Vec<(u16, ExhibitAbout, Vec<u8>)>, OpenError> {
    let mut reader = cover.open_exhibits(key, Cursor::new(sealed))?;
    let mut found = Vec::new();
    loop {
        let mut bytes = Vec::new();
        match reader.next_into(|_| Ok(&mut bytes))? {
            Some((number, about)) => found.push((number, about, bytes)),
            None => return Ok(found),
        }
    }
}

#[test]
fn a_testimony_opens_for_its_readers_and_names_for_guardians_only() {
    let (reviewer, guardian) = (Person::new(Role::Reviewer, 1), Person::new(Role::Guardian, 2));
    let long = vec![0xa5; 2 * PIECE + 7];
    let files: [(&str, &str, &[u8]); 3] =
        [("фото 1.jpg", "image/jpeg", &long), ("", "", b""), ("../../x\n", "text/plain", b"words")];
    let sealed = whole(9, &[&reviewer, &guardian], &files);
    assert!(sealed.names_key(&reviewer).is_none());
    for person in [&reviewer, &guardian] {
        let (key, cover) = sealed.opened_cover(person).unwrap();
        let account = cover.open_account(&key, &sealed.account).unwrap();
        assert_eq!(account.story, "They came at four in the morning. 9");
        let found = all_exhibits(&cover, &key, &sealed.exhibits).unwrap();
        assert_eq!(found.len(), files.len());
        for ((number, about, bytes), (name, media_type, sent)) in found.iter().zip(files) {
            assert_eq!((about.name.as_str(), about.media_type.as_str()), (name, media_type));
            assert!(bytes == sent && about.complete, "exhibit {number}");
        }
    }
    let (_, cover) = sealed.opened_cover(&guardian).unwrap();
    let names = sealed.names_key(&guardian).unwrap();
    let identity = cover.open_identity(&names, &sealed.identity).unwrap();
    assert_eq!(identity.submitter.unwrap().name, "Person A");
}

#[test]
fn files_of_every_awkward_length_come_back_whole() {
    let guardian = Person::new(Role::Guardian, 2);
    for length in [0, 1, 511, 512, 513, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
        let file = vec![7; length];
        let sealed = whole(3, &[&guardian], &[("a", "b", &file)]);
        let (key, cover) = sealed.opened_cover(&guardian).unwrap();
        let found = all_exhibits(&cover, &key, &sealed.exhibits).unwrap();
        let [(1, about, bytes)] = found.as_slice() else { panic!("{length}") };
        assert!(bytes == &file, "{length}");
        assert_eq!(about.bytes, length as u64);
    }
}

#[test]
fn sizes_tell_steps_and_not_lengths() {
    let guardian = Person::new(Role::Guardian, 2);
    let sealed = whole(3, &[&guardian], &[]);
    let (key, _) = sealed.opened_cover(&guardian).unwrap();
    let names = sealed.names_key(&guardian).unwrap();
    let size = |key: &crate::recipient::AgeIdentity, file: &[u8]| {
        open::open_with(key, file, 8 << 20).unwrap().len()
    };
    assert_eq!(size(&key.0, sealed.cover.as_bytes()), 4 << 10);
    assert_eq!(size(&names.0, sealed.identity.as_bytes()), 64 << 10);
    assert_eq!(size(&key.0, &sealed.exhibits), 64 << 10);
    for (story, step) in [(100, 16 << 10), (20_000, 64 << 10), (70_000, 256 << 10)] {
        let (account, _) = parts(sealed.id, &"a".repeat(story), "");
        let account = sealed.recipients.seal_account(&account).unwrap();
        assert_eq!(size(&key.0, account.as_bytes()), step, "{story}");
    }
    let file = vec![1; 3 << 20];
    let exhibits = exhibits(&sealed.recipients, &[("a", "b", &file), ("c", "d", b"x")]);
    let plain = size(&key.0, &exhibits) as u64;
    assert_eq!(crate::padding::padme(plain), plain);
}

#[test]
fn what_is_larger_than_its_largest_size_is_refused_by_name() {
    let guardian = Person::new(Role::Guardian, 2);
    let mut sealed = whole(3, &[&guardian], &[]);
    let (mut account, mut identity) = parts(sealed.id, "words", "");
    account.story = "a".repeat(1 << 20);
    let refused = sealed.recipients.seal_account(&account).err();
    assert!(matches!(refused, Some(SealError::AccountTooLarge { bytes }) if bytes > 1 << 20));
    identity.submitter = Some(crate::testimony::Named::new("a".repeat(64 << 10)));
    let refused = sealed.recipients.seal_identity(&identity).err();
    assert!(matches!(refused, Some(SealError::IdentityTooLarge { .. })));
    sealed.binding.reply = "a".repeat(4 << 10);
    let refused = sealed.recipients.seal_cover(&sealed.binding).err();
    assert!(matches!(refused, Some(SealError::CoverTooLarge { .. })));
}

#[test]
fn a_keyring_without_a_guardian_is_not_sealed_to() {
    let reviewer = Person::new(Role::Reviewer, 1).reader;
    for readers in [vec![], vec![reviewer]] {
        let keys =
            TestimonyKeys::generate(crate::recipient::Kind::PostQuantum, &mut rand::rngs::OsRng);
        assert!(matches!(keys.into_envelopes_for(&readers), Err(SealError::NoReaders)));
    }
}

#[test]
fn exhibits_are_begun_and_ended_in_turn() {
    let guardian = Person::new(Role::Guardian, 2);
    let sealed = whole(3, &[&guardian], &[]);
    let mut writer = sealed.recipients.exhibits(Vec::new()).unwrap();
    assert!(matches!(writer.write(b"a"), Err(SealError::OutOfTurn)));
    assert!(matches!(writer.end(Completeness::Whole), Err(SealError::OutOfTurn)));
    assert!(matches!(writer.begin(&"a".repeat(3_000), ""), Err(SealError::NameTooLong)));
    writer.begin("a", "b").unwrap();
    assert!(matches!(writer.begin("a", "b"), Err(SealError::OutOfTurn)));
    writer.write(b"cut here").unwrap();
    let about = writer.end(Completeness::Cut).unwrap();
    assert!(!about.complete);
    writer.begin("a", "b").unwrap();
    assert!(matches!(writer.finish(), Err(SealError::OutOfTurn)));
}

#[test]
fn a_file_of_any_size_is_sealed_in_one_piece_of_memory() {
    let guardian = Person::new(Role::Guardian, 2);
    let sealed = whole(3, &[&guardian], &[]);
    let mut writer = sealed.recipients.exhibits(std::io::sink()).unwrap();
    assert_eq!(writer.piece.capacity(), 0);
    for name in ["a", "b"] {
        writer.begin(name, "").unwrap();
        writer.write(&vec![1; 5 * PIECE + 1]).unwrap();
        writer.end(Completeness::Whole).unwrap();
        assert_eq!(writer.piece.capacity(), PIECE);
    }
    writer.finish().unwrap();
}

/// Fails once, then writes on as if nothing had been.
struct Flaky {
    left: usize,
}

impl std::io::Write for Flaky {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.left = self.left.wrapping_sub(bytes.len());
        if self.left < usize::MAX / 2 {
            Ok(bytes.len())
        } else {
            Err(std::io::ErrorKind::StorageFull.into())
        }
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn after_a_failed_write_a_container_is_never_finished() {
    let guardian = Person::new(Role::Guardian, 2);
    let sealed = whole(3, &[&guardian], &[]);
    let mut writer = sealed.recipients.exhibits(Flaky { left: 100_000 }).unwrap();
    writer.begin("a", "b").unwrap();
    let failed = writer.write(&vec![0; 3 * PIECE]);
    assert!(matches!(failed, Err(SealError::Io(_))));
    assert!(matches!(writer.end(Completeness::Whole), Err(SealError::Broken)));
}
