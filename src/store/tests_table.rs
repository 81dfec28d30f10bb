//! A table shows what a map shows, whatever is put into it and taken out of it, and while it changes.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::*;

type Rows = BTreeMap<Key, [u8; 24]>;

fn table(dir: &Path) -> Arc<Table<24>> {
    let db = sled::Config::new().path(dir.join("sled")).open().unwrap();
    Arc::new(Table::open(db.open_tree("first").unwrap(), &dir.join("rows")).unwrap())
}

fn all(table: &Arc<Table<24>>, start: Bound<&[u8]>) -> Vec<(Key, [u8; 24])> {
    table.range(start).map(Result::unwrap).collect()
}

/// A key of 1 to 512 bytes; many are neighbours, and many long ones begin alike.
fn key(rng: &mut StdRng) -> Key {
    let mut key = vec![b'k'; if rng.gen_ratio(1, 4) { rng.gen_range(0..510) } else { 0 }];
    key.extend_from_slice(&rng.gen_range(0..3000_u16).to_be_bytes());
    key
}

#[test]
fn it_shows_what_a_map_shows() {
    let dir = tempfile::tempdir().unwrap();
    let (table, mut map, rng) = (table(dir.path()), Rows::new(), &mut StdRng::seed_from_u64(1));
    for round in 0..120_u8 {
        // It fills, and is nearly emptied again.
        let gone = if (40..80).contains(&round) { 0.95 } else { 0.2 };
        let mut changes: Vec<_> = (0..rng.gen_range(0..200))
            .map(|_| (key(rng), (!rng.gen_bool(gone)).then_some([round; 24])))
            .collect();
        if round == 80 {
            changes = map.keys().map(|key| (key.clone(), None)).collect();
        }
        changes.sort_by(|one, two| one.0.cmp(&two.0));
        table.apply(changes.iter().map(|(key, value)| (key.as_slice(), *value))).unwrap();
        for (key, value) in changes {
            match value {
                Some(value) => drop(map.insert(key, value)),
                None => drop(map.remove(&key)),
            }
        }
        let wanted: Vec<_> = map.clone().into_iter().collect();
        assert_eq!(all(&table, Bound::Unbounded), wanted, "round {round}");
        for _ in 0..20 {
            let key = key(rng);
            assert_eq!(table.get(&key).unwrap(), map.get(&key).copied());
            for start in [Bound::Included(key.as_slice()), Bound::Excluded(&key)] {
                let wanted = map.range::<[u8], _>((start, Bound::Unbounded));
                let wanted: Vec<_> = wanted.map(|(key, value)| (key.clone(), *value)).collect();
                assert_eq!(all(&table, start), wanted);
            }
        }
    }
    let free = table.read().free.len();
    assert!(table.first.len() > 20 && table.blocks() < 600, "{} and {free}", table.blocks());
}

#[test]
fn a_reader_never_misses_or_doubles_a_row_while_others_come_and_go() {
    let dir = tempfile::tempdir().unwrap();
    let (table, ended) = (table(dir.path()), AtomicBool::new(false));
    let steady: Vec<Key> =
        (0..600_u16).map(|n| [&n.to_be_bytes()[..], b"steady"].concat()).collect();
    table.apply(steady.iter().map(|key| (key.as_slice(), Some([7; 24])))).unwrap();
    thread::scope(|scope| {
        let reader = || {
            let mut seen = 0;
            while !ended.load(Ordering::Relaxed) || seen == 0 {
                let rows = all(&table, Bound::Unbounded);
                assert!(rows.is_sorted_by(|one, two| one.0 < two.0), "ascending, each once");
                let mut found = rows.iter().filter(|(key, _)| key.ends_with(b"steady"));
                assert!(steady.iter().eq(found.by_ref().map(|(key, _)| key)));
                let key = &steady[seen * 7 % steady.len()];
                assert_eq!(table.get(key).unwrap(), Some([7; 24]));
                seen += 1;
            }
        };
        let (one, two) = (scope.spawn(reader), scope.spawn(reader));
        let rng = &mut StdRng::seed_from_u64(2);
        for round in 0..60 {
            let mut others: Vec<Key> = (0..400)
                .map(|_| [&rng.gen_range(0..600_u16).to_be_bytes()[..], &[9; 60]].concat())
                .collect();
            others.sort();
            let value = (round % 2 == 0).then_some([1; 24]);
            table.apply(others.iter().map(|key| (key.as_slice(), value))).unwrap();
        }
        ended.store(true, Ordering::Relaxed);
        one.join().unwrap();
        two.join().unwrap();
    });
}
