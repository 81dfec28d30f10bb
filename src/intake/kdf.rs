//! A bounded number of Argon2id runs, each in memory that was set aside before and is wiped after.
//!
//! Promises: 1. never more runs at once than there is memory for, and all of it is taken at the
//! start; 2. who waits is served in the order of coming, and can ask how many are before; 3. no more
//! wait than were agreed on: the next one is told so at once; 4. who leaves the line, leaves it free;
//! 5. as long as somebody asks a line to give way, it begins a quarter of its runs, but never none.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::oneshot, task};

use super::wiping;
use crate::receipt::{Derived, KdfMemory, Receipt, ReceiptError, Salt};

/// Derives from receipts, in the order in which they came.
pub(super) struct KdfPool(Arc<Counter>);

/// Where all wait.
struct Counter {
    line: Mutex<Line>,
    /// Most who may wait.
    most: usize,
}

struct Line {
    places: usize,
    /// How many ask it to give way.
    before: usize,
    free: Vec<KdfMemory>,
    waiting: VecDeque<(u64, oneshot::Sender<Turn>)>,
    next: u64,
}

/// The line is as long as it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineIsFull;

/// A place in the line; given up when this goes.
pub(super) struct InLine {
    counter: Arc<Counter>,
    number: u64,
    turn: oneshot::Receiver<Turn>,
}

/// Whose turn it is has the memory; it goes to the next when this goes.
pub(super) struct Turn {
    memory: Option<KdfMemory>,
    counter: Arc<Counter>,
}

impl KdfPool {
    /// `places` runs at once, and at most `most` who wait. 19 MiB are taken for each place, now.
    pub(super) fn new(places: usize, most: usize) -> Self {
        let places = places.max(1);
        let free = (0..places).map(|_| KdfMemory::new()).collect();
        let line = Line { places, before: 0, free, waiting: VecDeque::new(), next: 0 };
        Self(Arc::new(Counter { line: Mutex::new(line), most }))
    }

    /// Takes the last place in the line.
    ///
    /// # Errors
    /// [`LineIsFull`].
    pub(super) fn enter(&self) -> Result<InLine, LineIsFull> {
        let (sender, turn) = oneshot::channel();
        let mut line = self.0.line();
        let is_next = line.waiting.is_empty() && line.may_begin();
        if !is_next && line.waiting.len() >= self.0.most {
            return Err(LineIsFull);
        }
        let number = line.next;
        line.waiting.push_back((number, sender));
        line.next = number.wrapping_add(1);
        drop(line);
        self.0.serve();
        Ok(InLine { counter: Arc::clone(&self.0), number, turn })
    }

    /// Fewer runs begin as long as this is held; those that have begun go on.
    pub(super) fn give_way(&self) -> GivingWay {
        let mut line = self.0.line();
        line.before = line.before.saturating_add(1);
        GivingWay(Arc::clone(&self.0))
    }

    /// How many are served before that one: 0 if it is being served, was, or left.
    pub(super) fn place(&self, number: u64) -> usize {
        self.0.place(number)
    }
}

impl Counter {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, number: u64) -> usize {
        let line = self.line();
        let found = line.waiting.binary_search_by_key(&number, |(number, _)| *number);
        found.map_or(0, |before| before.saturating_add(1))
    }

    /// Begins as many runs as may begin, in the order of coming.
    fn serve(self: &Arc<Self>) {
        loop {
            let mut line = self.line();
            if !line.may_begin() {
                return;
            }
            let Some((_, next)) = line.waiting.pop_front() else { return };
            let memory = line.free.pop();
            drop(line);
            let turn = Turn { memory, counter: Arc::clone(self) };
            let Err(mut unwanted) = next.send(turn) else { continue };
            self.line().free.extend(unwanted.memory.take());
        }
    }
}

impl Line {
    fn may_begin(&self) -> bool {
        let running = self.places.saturating_sub(self.free.len());
        let quarter = self.places.div_ceil(4);
        running < if self.before > 0 { quarter } else { self.places }
    }
}

/// A line gives way as long as this is held.
pub(super) struct GivingWay(Arc<Counter>);

impl Drop for GivingWay {
    fn drop(&mut self) {
        let mut line = self.0.line();
        line.before = line.before.saturating_sub(1);
        drop(line);
        self.0.serve();
    }
}

impl InLine {
    /// What [`KdfPool::place`] is asked with.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// How many are served before; 0 from one's own turn on.
    pub(super) fn place(&self) -> usize {
        self.counter.place(self.number)
    }

    /// Waits for one's turn.
    ///
    /// # Errors
    /// [`ReceiptError::Derivation`] if the process is going down.
    pub(super) async fn turn(mut self) -> Result<Turn, ReceiptError> {
        (&mut self.turn).await.map_err(|_| ReceiptError::Derivation)
    }
}

impl Drop for InLine {
    fn drop(&mut self) {
        let mut line = self.counter.line();
        let found = line.waiting.binary_search_by_key(&self.number, |(number, _)| *number);
        let left = found.ok().and_then(|at| line.waiting.remove(at));
        drop(line);
        drop(left);
    }
}

impl Turn {
    /// Derives from `receipt` on a thread of its own, and gives it back with what was derived.
    ///
    /// SECURITY(T4): both lie in boxes. What a task gives is moved through frames of the runtime that
    /// nobody wipes; so only its address is, and the box is wiped when it is dropped.
    ///
    /// # Errors
    /// As [`Receipt::derive`]; [`ReceiptError::Derivation`] also if the process is going down.
    pub(super) async fn derive(
        mut self,
        receipt: Box<Receipt>,
        salt: Salt,
    ) -> Result<(Box<Receipt>, Box<Derived>), ReceiptError> {
        let run = task::spawn_blocking(wiping(move || {
            let memory = self.memory.as_mut().ok_or(ReceiptError::Derivation)?;
            let derived = receipt.derive(&salt, memory).map(Box::new);
            Ok((receipt, derived?))
        }));
        run.await.unwrap_or(Err(ReceiptError::Derivation))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(memory) = self.memory.take() else { return };
        // Memory in which a run ended early is not wiped yet; dropping it does that.
        let memory = if std::thread::panicking() { KdfMemory::new() } else { memory };
        self.counter.line().free.push(memory);
        self.counter.serve();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(line: InLine) -> Option<Turn> {
        let mut line = line;
        line.turn.try_recv().ok()
    }

    #[test]
    fn who_comes_first_is_served_first_and_knows_how_many_are_before() {
        let pool = KdfPool::new(2, 3);
        let served: Vec<_> = (0..2).filter_map(|_| now(pool.enter().unwrap())).collect();
        assert_eq!(served.len(), 2);
        let mut waiting: Vec<_> = (0..3).map(|_| pool.enter().unwrap()).collect();
        assert_eq!(waiting.iter().map(InLine::place).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(pool.enter().is_err(), "the line is full, and that is said at once");
        // The second gives up: who stands behind moves up, and there is room for one.
        drop(waiting.remove(1));
        assert_eq!(waiting.iter().map(InLine::place).collect::<Vec<_>>(), [1, 2]);
        waiting.push(pool.enter().unwrap());
        drop(served);
        let places: Vec<_> = waiting.iter().map(InLine::place).collect();
        assert_eq!(places, [0, 0, 1], "both places went to the first two");
        let last = waiting.pop().unwrap();
        drop(waiting);
        assert_eq!(pool.place(last.number()), 0, "a turn that nobody takes goes on");
        assert!(now(last).is_some());
    }

    #[test]
    fn all_memory_comes_back_whoever_leaves_and_whenever() {
        let pool = KdfPool::new(3, 100);
        for round in 0..200 {
            let mut all: Vec<_> = (0..10).filter_map(|_| pool.enter().ok()).collect();
            let first = all.remove(round % 10);
            all.rotate_left(round % 9);
            all.truncate(round % 7);
            drop(now(first));
            drop(all);
        }
        let line = pool.0.line();
        assert_eq!((line.free.len(), line.waiting.len()), (3, 0));
    }

    #[test]
    fn a_line_that_gives_way_begins_a_quarter_and_goes_on_afterwards() {
        let pool = KdfPool::new(8, 100);
        let running: Vec<_> = (0..3).filter_map(|_| now(pool.enter().unwrap())).collect();
        let (first, second) = (pool.give_way(), pool.give_way());
        let waiting: Vec<_> = (0..6).map(|_| pool.enter().unwrap()).collect();
        let places = || waiting.iter().map(InLine::place).collect::<Vec<_>>();
        assert_eq!(places(), [1, 2, 3, 4, 5, 6], "three run, which is more than two");
        drop(running);
        assert_eq!(places(), [0, 0, 1, 2, 3, 4], "a quarter of eight");
        drop(first);
        assert_eq!(places(), [0, 0, 1, 2, 3, 4], "somebody is still before");
        drop(second);
        assert_eq!(places(), [0; 6], "all of it again");
        drop(waiting);
        assert_eq!(pool.0.line().free.len(), 8);
        // One place is never none.
        let one = KdfPool::new(1, 1);
        let _way = one.give_way();
        assert!(now(one.enter().unwrap()).is_some());
    }

    #[test]
    fn a_run_that_ends_early_leaves_its_memory_wiped() {
        let pool = KdfPool::new(1, 1);
        let mut turn = now(pool.enter().unwrap()).unwrap();
        let ended = std::thread::spawn(move || {
            if let Some(memory) = turn.memory.as_mut() {
                memory.blocks.iter_mut().for_each(|block| block.as_mut().fill(7));
            }
            panic!("in the middle of a run");
        });
        assert!(ended.join().is_err());
        let turn = now(pool.enter().unwrap()).unwrap();
        let zero = turn.memory.as_ref().unwrap().blocks.iter().all(|b| b.as_ref() == [0; 128]);
        assert!(zero, "whoever comes next finds nothing");
    }
}
