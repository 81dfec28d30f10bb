//! Devices of the newest epoch, and nobody else's.

use ed25519_dalek::SigningKey;

use crate::{
    id::{DeviceId, ReaderId},
    keyring::{
        DeskNote, DeskNoteError, Device, KeyringError, MAX_DEVICES, Role, testing::Rehearsal,
    },
    note::NoteError,
};

fn both() -> Rehearsal {
    Rehearsal::new(&[Role::Guardian, Role::Reviewer])
}

fn edited(edit: impl FnOnce(&mut DeskNote, &mut Rehearsal)) -> Option<KeyringError> {
    let mut rehearsal = both();
    let keyring = rehearsal.keyring.clone();
    let mut desk = rehearsal.desk(&keyring);
    edit(&mut desk, &mut rehearsal);
    DeskNote::verify(&rehearsal.sign(desk.to_text(), &[0, 1]), &rehearsal.chain()).err()
}

#[test]
fn a_desk_note_of_the_newest_keyring_admits_its_devices() {
    let mut rehearsal = both();
    let keyring = rehearsal.keyring.clone();
    let desk = rehearsal.desk(&keyring);
    assert_eq!(DeskNote::parse(&desk.to_text()).as_ref(), Ok(&desk));
    let note = rehearsal.sign(desk.to_text(), &[0, 2]);
    let verified = DeskNote::verify(&note, &rehearsal.chain()).unwrap();
    assert_eq!(verified.get().device(desk.devices[1].id), Some(&desk.devices[1]));
    assert_eq!(edited(|_, _| ()), None);
    assert_eq!(edited(|desk, _| desk.devices.clear()), None);
}

#[test]
fn one_root_alone_admits_no_device() {
    let mut rehearsal = both();
    let keyring = rehearsal.keyring.clone();
    let desk = rehearsal.desk(&keyring);
    let note = rehearsal.sign(desk.to_text(), &[1]);
    let refused = DeskNote::verify(&note, &rehearsal.chain()).err();
    let few = KeyringError::TooFewSignatures { epoch: 1, needed: 2, found: 1 };
    assert_eq!(refused, Some(few));
}

#[test]
fn the_desk_note_of_an_older_epoch_admits_no_device() {
    let mut rehearsal = both();
    let first = rehearsal.keyring.clone();
    let replayed = rehearsal.desk(&first);
    let replayed = rehearsal.sign(replayed.to_text(), &[0, 1]);
    let chain = rehearsal.chain();
    let next = Rehearsal::next(&chain);
    let chain = chain.extend(&rehearsal.sign(next.to_text(), &[0, 1]).to_text()).unwrap();
    let refused = DeskNote::verify(&replayed, &chain).err();
    assert_eq!(
        refused,
        Some(KeyringError::Desk(DeskNoteError::DeskOfOtherEpoch { expected: 2, found: 1 }))
    );
    let mut relabelled = rehearsal.desk(&first);
    relabelled.epoch = 2;
    let refused = DeskNote::verify(&rehearsal.sign(relabelled.to_text(), &[0, 1]), &chain).err();
    assert_eq!(refused, Some(KeyringError::Desk(DeskNoteError::DeskOfOtherKeyring)));
}

#[test]
fn a_device_of_somebody_else_is_not_admitted() {
    let mut strange = both().rng;
    let reader = ReaderId::random(&mut strange);
    let refused = edited(|desk, _| desk.devices[1].reader = reader);
    assert!(
        matches!(refused, Some(KeyringError::Desk(DeskNoteError::DeviceWithoutReader { reader: r, .. })) if r == reader)
    );
    let other = edited(|desk, _| desk.organisation = "Another".into());
    assert!(matches!(other, Some(KeyringError::OtherOrganisation { .. })));
}

#[test]
fn a_device_key_is_used_for_nothing_else() {
    let twice =
        |refused| matches!(refused, Some(KeyringError::Desk(DeskNoteError::DeviceTwice { .. })));
    assert!(twice(edited(|desk, _| desk.devices[1].id = desk.devices[0].id)));
    assert!(twice(edited(|desk, _| desk.devices[1].key = desk.devices[0].key)));
    assert!(twice(edited(|desk, r| desk.devices[1].key = r.keyring.readers[0].signing)));
    assert!(twice(edited(|desk, r| desk.devices[1].key = r.keyring.roots[2].key)));
}

#[test]
fn a_desk_note_is_bounded_and_plain() {
    let crowd = edited(|desk, rehearsal| {
        let reader = rehearsal.keyring.readers[0].id;
        desk.devices.extend((0..MAX_DEVICES).map(|_| Device {
            id: DeviceId::random(&mut rehearsal.rng),
            reader,
            key: SigningKey::generate(&mut rehearsal.rng).verifying_key(),
        }));
    });
    assert_eq!(
        crowd,
        Some(KeyringError::Desk(DeskNoteError::TooManyDevices { found: MAX_DEVICES + 2 }))
    );
    let mut rehearsal = both();
    let keyring = rehearsal.keyring.clone();
    let text = rehearsal.desk(&keyring).to_text();
    let unknown = DeskNote::parse(&format!("{text}remark hello\n")).err();
    let line = KeyringError::Line { what: "desk", line: 7, expected: "the end of the text" };
    assert_eq!(unknown, Some(line));
    let respelled = DeskNote::parse(&text.replace("epoch 1", "epoch 01")).err();
    assert_eq!(respelled, Some(KeyringError::NotCanonical { what: "desk" }));
}

#[test]
fn an_edited_desk_note_is_seen() {
    let mut rehearsal = both();
    let keyring = rehearsal.keyring.clone();
    let desk = rehearsal.desk(&keyring);
    let whole = rehearsal.sign(desk.to_text(), &[0, 1]).to_text();
    let lines = whole.lines().filter(|line| !line.contains(&desk.devices[1].id.to_string()));
    let edited: String = lines.flat_map(|line| [line, "\n"]).collect();
    let note = crate::note::SignedNote::parse(&edited).unwrap();
    let wrong = KeyringError::Note(NoteError::WrongSignature { name: "root-1".into() });
    assert_eq!(DeskNote::verify(&note, &rehearsal.chain()).err(), Some(wrong));
}
