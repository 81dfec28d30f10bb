//! One root closes the desk to one device, and nothing else.

use std::{fs, path::Path};

use crate::{
    files::{self, Audience, Existing},
    id::DeviceId,
    keyring::{
        Chain, DeskNoteError, KeyringError, Role, Suspension, is_suspended, keyring_file,
        load_folder, suspension_file,
        testing::{Rehearsal, root},
    },
    note::SignedNote,
};

const DEVICE: DeviceId = DeviceId::from_bytes([7; 16]);

fn two() -> (Rehearsal, Chain) {
    let rehearsal = Rehearsal::new(&[Role::Guardian, Role::Reviewer]);
    let chain = rehearsal.chain();
    (rehearsal, chain)
}

fn verdict(note: &SignedNote, chain: &Chain) -> Option<KeyringError> {
    Suspension::verify(note, chain).err()
}

#[test]
fn any_one_root_suspends_and_nobody_else_does() {
    let (mut rehearsal, chain) = two();
    let text = Suspension::of(&chain, DEVICE).to_text();
    for place in 0..3 {
        let note = rehearsal.sign(text.clone(), &[place]);
        assert_eq!(Suspension::verify(&note, &chain).unwrap().get().device, DEVICE);
    }
    let (stranger, secret) = root("root-1", &mut rehearsal.rng);
    let mut note = SignedNote::new(text.clone()).unwrap();
    note.sign(&stranger.name, &secret);
    let strange = Some(KeyringError::StrangeSignature { name: "root-1".into() });
    assert_eq!(verdict(&note, &chain), strange);
    let few = KeyringError::TooFewSignatures { epoch: 1, needed: 1, found: 0 };
    assert_eq!(verdict(&SignedNote::new(text.clone()).unwrap(), &chain), Some(few));
    let other = Suspension { organisation: "Another".into(), ..Suspension::of(&chain, DEVICE) };
    let refused = verdict(&rehearsal.sign(other.to_text(), &[0]), &chain);
    assert!(matches!(refused, Some(KeyringError::OtherOrganisation { .. })), "{refused:?}");
    let spelled = Suspension::parse(&text.replace("device", "device ")).err();
    assert!(matches!(spelled, Some(KeyringError::Line { .. })), "{spelled:?}");
}

#[test]
fn a_keyring_that_only_prolongs_leaves_it_in_force_and_any_other_voids_it() {
    let (rehearsal, chain) = two();
    let note = rehearsal.sign(Suspension::of(&chain, DEVICE).to_text(), &[2]);
    let sign = |text: String| rehearsal.sign(text, &[0, 1]).to_text();
    let renewed = chain.extend(&sign(Rehearsal::next(&chain).to_text())).unwrap();
    let again = renewed.extend(&sign(Rehearsal::next(&renewed).to_text())).unwrap();
    assert_eq!((verdict(&note, &renewed), verdict(&note, &again)), (None, None));
    let void = Some(DeskNoteError::SuspensionOfOtherKeyring { device: DEVICE }.into());
    let mut smaller = Rehearsal::next(&renewed);
    smaller.readers.pop();
    let smaller = renewed.extend(&sign(smaller.to_text())).unwrap();
    assert_eq!(verdict(&note, &smaller), void);
    let later = smaller.extend(&sign(Rehearsal::next(&smaller).to_text())).unwrap();
    assert_eq!(verdict(&note, &later), void);
    let ahead = rehearsal.sign(Suspension::of(&renewed, DEVICE).to_text(), &[2]);
    assert_eq!(verdict(&ahead, &chain), void, "of a keyring that is not there yet");
}

fn put(folder: &Path, file: &str, text: &str) {
    files::save(&folder.join(file), text.as_bytes(), Audience::Owner, Existing::Replace).unwrap();
}

#[test]
fn a_folder_tells_at_once_what_is_suspended_and_passes_over_what_does_not_count() {
    let (rehearsal, chain) = two();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put(folder, &keyring_file(1), &rehearsal.note());
    assert_eq!(is_suspended(folder, DEVICE, &chain), Ok(false));
    let note = rehearsal.sign(Suspension::of(&chain, DEVICE).to_text(), &[1]).to_text();
    put(folder, &suspension_file(DEVICE), &note);
    assert_eq!(is_suspended(folder, DEVICE, &chain), Ok(true));
    let other = DeviceId::from_bytes([8; 16]);
    put(folder, &suspension_file(other), &note);
    assert_eq!(is_suspended(folder, other, &chain), Ok(false), "signed for another device");
    put(folder, "suspend-nobody.note", "hello");
    let published = load_folder(folder, &rehearsal.trust()).unwrap();
    let found: Vec<_> = published.suspensions.iter().map(|s| s.get().device).collect();
    assert_eq!(found, [DEVICE]);
    fs::remove_file(folder.join(suspension_file(DEVICE))).unwrap();
    fs::create_dir(folder.join(suspension_file(DEVICE))).unwrap();
    let unreadable = is_suspended(folder, DEVICE, &chain).err();
    assert!(matches!(unreadable, Some(KeyringError::Unreadable { .. })), "{unreadable:?}");
}
