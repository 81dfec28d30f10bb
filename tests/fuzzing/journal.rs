//! The journal: whatever its frames hold, it is opened and every event shown, or the damage is named;
//! reading it without opening, opening it and rescuing it tell the same.
//!
//! An input is frames, each with a byte that tells what is wrong with it and two for its length, so that
//! the CRC does not keep every input out.

use std::{fs, path::Path};

use sandyk::{
    files::{self, Audience, Existing},
    store::{Cursor, Event, Examined, SledStore, Store as _, StoreError, Told, examine},
};

const STORE: [u8; 16] = [7; 16];

pub(crate) fn run(input: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let journal = laid_out(input);
    let path = folder.join("journal");
    files::save(&path, &journal, Audience::Owner, Existing::Replace).unwrap();
    let mut events = Vec::new();
    let examined = examine(folder, &mut |told| {
        if let Told::Event(event) = told {
            events.push(event.clone());
        }
    })
    .unwrap();
    assert_eq!(examined.journal + examined.unfinished, length(&journal), "every byte counts");
    let damage = examined.damage.iter().any(|damage| damage.place.starts_with("journal"));
    match SledStore::open(folder) {
        Ok(store) => {
            assert!(!damage, "opened, and damage was named: {:?}", examined.damage);
            assert!(store.changes(Cursor(0), usize::MAX).unwrap() == events);
            store.scan(b"", None, usize::MAX).unwrap();
            assert!(store.failure().is_none());
            let left = fs::metadata(path).unwrap().len();
            assert_eq!(left, examined.journal, "what was cut is what was not whole");
        }
        Err(error) => {
            assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
            assert!(damage, "refused, and no damage was named: {error}");
            assert!(fs::read(path).unwrap() == journal, "it was changed");
        }
    }
    if damage {
        rescued(folder, &examined, &events);
    }
    !damage && !events.is_empty()
}

/// A rescue shows at least the events before the first damage, and none that is not there.
fn rescued(folder: &Path, examined: &Examined, events: &[Event]) {
    let (store, lost) = SledStore::rescue(folder).unwrap();
    let shown = store.changes(Cursor(0), usize::MAX).unwrap();
    assert!(shown.is_sorted_by(|one, two| one.cursor < two.cursor));
    let before: Vec<_> = events.iter().zip(1..).take_while(|(e, n)| e.cursor.0 == *n).collect();
    let named = lost.first().map_or(examined.journal, |lost| lost.at);
    if named >= examined.journal {
        let same = before.iter().zip(&shown).filter(|((event, _), shown)| *event == *shown);
        assert_eq!(same.count(), before.len(), "an event before the damage is lost");
    }
    assert!(matches!(store.failure(), Some(StoreError::Broken { .. })));
}

/// A journal of these frames.
fn laid_out(input: &[u8]) -> Vec<u8> {
    let mut journal = [b"sandykJ\n".as_slice(), &1_u32.to_le_bytes(), &STORE].concat();
    journal.extend(crc32c::crc32c(&journal).to_le_bytes());
    let mut rest = input;
    while let Some(([wrong, low, high], behind)) = rest.split_first_chunk::<3>() {
        let len = usize::from(u16::from_le_bytes([*low, *high])).min(behind.len());
        let (payload, behind) = behind.split_at(len);
        rest = behind;
        let len = (u32::try_from(len).unwrap() + u32::from(*wrong == 2)).to_le_bytes();
        let crc = crc32c::crc32c(&[STORE.as_slice(), &len, payload].concat());
        journal.extend(len);
        journal.extend((crc ^ u32::from(*wrong == 1)).to_le_bytes());
        journal.extend(payload);
        if *wrong == 3 {
            journal.truncate(journal.len() - 1);
        }
    }
    journal
}

fn length(journal: &[u8]) -> u64 {
    u64::try_from(journal.len()).unwrap()
}
