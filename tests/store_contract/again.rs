//! Who heard no answer asks again: after a kill in the middle of a batch, too, a change happens once.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader},
    path::Path,
    sync::Arc,
};

use sandyk::store::{Commit, Cursor, Event, Expect, NewEvent, SledStore, Store as _};

use crate::{
    contract::{event, id, put},
    processes::{child, say, this_binary},
};

/// A change that would show if it happened twice: it puts what must be absent, and has an event.
fn once_only(n: u64) -> Commit {
    let puts = vec![put(format!("once/{n:08}").as_bytes(), &n.to_le_bytes(), Expect::Absent)];
    Commit { id: id(n), puts, event: Some(event(n)), ..Commit::default() }
}

/// Asks for every change twice at the same time, as who heard no answer does, in batches of sixteen.
pub(crate) async fn commit_all_twice(folder: &Path) {
    let store = Arc::new(SledStore::open(folder).unwrap());
    for batch in store.head().0.. {
        let mut tasks = tokio::task::JoinSet::new();
        for n in (batch * 8..batch * 8 + 8).flat_map(|n| [n, n]) {
            let store = Arc::clone(&store);
            tasks.spawn(async move {
                say(&format!("asked {n}"));
                let cursor = store.commit(once_only(n)).await.unwrap().cursor.unwrap();
                say(&format!("answered {n} {}", cursor.0));
            });
        }
        tasks.join_all().await;
    }
}

/// What the killed child asked for, and the cursors that it was told.
#[derive(Default)]
struct Told {
    asked: BTreeSet<u64>,
    cursors: BTreeMap<u64, u64>,
}

impl Told {
    /// Notes a line; says whether it was an answer.
    fn note(&mut self, line: &str) -> bool {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["asked", n] => drop(self.asked.insert(n.parse().unwrap())),
            ["answered", n, cursor] => {
                let cursor = cursor.parse().unwrap();
                let before = self.cursors.insert(n.parse().unwrap(), cursor);
                assert!(before.is_none_or(|before| before == cursor), "{n} has two answers");
                return true;
            }
            _ => {}
        }
        false
    }
}

#[tokio::test]
async fn a_change_asked_for_again_after_a_kill_in_its_batch_happened_once() {
    let dir = tempfile::tempdir().unwrap();
    let (mut told, mut unanswered, mut new) = (Told::default(), 0, 0);
    for round in 0..10 {
        let mut child = child(this_binary(), "commit all twice", dir.path());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut answers = 0;
        for line in lines {
            answers += usize::from(told.note(&line));
            // Never behind the last answer of a batch: the rest of it is on its way.
            if answers == 35 + round * 17 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();

        let store = SledStore::open(dir.path()).unwrap();
        let before = store.head().0;
        for n in &told.asked {
            let cursor = store.commit(once_only(*n)).await.unwrap().cursor.unwrap().0;
            unanswered += usize::from(!told.cursors.contains_key(n));
            new += usize::from(cursor > before);
            assert_eq!(*told.cursors.entry(*n).or_insert(cursor), cursor, "{n} happened again");
        }
        let all = store.changes(Cursor(0), usize::MAX).unwrap();
        let wanted: BTreeMap<_, _> = told.cursors.iter().map(|(n, cursor)| (cursor, n)).collect();
        assert_eq!((all.len(), wanted.len()), (told.asked.len(), told.asked.len()), "once each");
        for shown in all {
            assert!(shown == Event { cursor: shown.cursor, ..event_of(*wanted[&shown.cursor.0]) });
        }
        assert_eq!(store.scan(b"once/", None, usize::MAX).unwrap().len(), told.asked.len());
        drop(store);
    }
    assert!(unanswered > 0, "no kill ever hit a batch");
    eprintln!(
        "{} asked, {unanswered} without an answer, {new} of them not written",
        told.asked.len()
    );
}

/// The event of change `n`, at no cursor yet.
fn event_of(n: u64) -> Event {
    let NewEvent { leaf, payload } = event(n);
    Event { cursor: Cursor(0), leaf, payload }
}
