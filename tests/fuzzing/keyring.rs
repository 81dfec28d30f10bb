//! Texts of the keyring: whatever is read has one spelling, and nobody becomes a reader.

use sandyk::{
    keyring::{Chain, DeskNote, DevicePub, Invitation, Keyring, ReaderPub, TrustRoot},
    note::{NamedKey, SignedNote},
};

use super::stage::STAGE;

pub(crate) fn run(input: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(input) else { return false };
    let mut read = spelled_once(text);
    let stage = &*STAGE;
    // What no root has signed is no keyring, whatever it says.
    let raw = vec![text.to_owned()];
    assert!(Chain::verify(&raw, &stage.trust).is_err() || text == stage.chain.notes()[0]);
    let Some(note) = stage.sign(text) else { return read };
    let whole = note.to_text();
    assert!(SignedNote::parse(&whole).is_ok_and(|n| n.to_text() == whole));
    if let Ok(first) = Chain::verify(std::slice::from_ref(&whole), &stage.trust) {
        assert_eq!(first.current().get().organisation, stage.trust.organisation);
        assert_eq!(first.current().get().epoch, 1);
    }
    if let Ok(next) = stage.chain.extend(&whole) {
        let known = |id| stage.keyring.reader(id).is_some();
        assert!(next.current().get().readers.iter().all(|reader| known(reader.id)));
        assert_eq!(next.current().get().epoch, 2);
        read = true;
    }
    if let Ok(desk) = DeskNote::verify(&note, &stage.chain) {
        assert_eq!(desk.get().keyring, stage.keyring.body_digest());
    }
    read
}

fn spelled_once(text: &str) -> bool {
    let mut any = false;
    let mut same = |read: Option<String>, what: &str| {
        any |= read.is_some();
        assert!(read.is_none_or(|again| again == text), "{what} has two spellings");
    };
    same(TrustRoot::parse(text).ok().map(|read| read.to_text()), "roots");
    same(Keyring::parse(text).ok().map(|read| read.to_text()), "keyring");
    same(DeskNote::parse(text).ok().map(|read| read.to_text()), "desk note");
    same(Invitation::parse(text).ok().map(|read| read.to_text()), "invitation");
    same(SignedNote::parse(text).ok().map(|read| read.to_text()), "note");
    same(NamedKey::parse(text).ok().map(|read| read.to_text()), "key");
    let _ = (ReaderPub::parse(text), DevicePub::parse(text));
    any
}
