//! A bounded number of Argon2id runs, each in memory that was set aside before and is wiped after.
//!
//! Promises: 1. never more runs at once than there is memory for, and all of it is taken at the
//! start; 2. who waits is served in the order of coming, and can ask how many are before; 3. no more
//! wait than were agreed on: the next one is told so at once; 4. who leaves the line, leaves it free;
//! 5. as long as somebody asks a line to give way, it begins a quarter of its runs, but never none;
//! 6. each place is a thread of its own that takes the next from the line by itself: between two runs it
//! waits for nobody, so that a full line costs what the runs cost.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use tokio::sync::oneshot;

use super::wiping;
use crate::receipt::{KdfMemory, ReceiptError};

/// Runs what needs the memory of a derivation, in the order in which it came.
pub(super) struct KdfPool(Arc<Counter>);

/// Where all wait.
struct Counter {
    line: Mutex<Line>,
    /// Somebody came, the line gives way no more, or all is over.
    moved: Condvar,
    /// Most who may wait.
    most: usize,
}

struct Line {
    places: usize,
    /// How many ask it to give way.
    before: usize,
    /// Of places whose threads have not been started.
    unstarted: Vec<KdfMemory>,
    running: usize,
    waiting: VecDeque<(u64, Run)>,
    next: u64,
    over: bool,
}

/// What one place does for one who waited.
type Run = Box<dyn FnOnce(&mut KdfMemory) + Send>;

/// The line is as long as it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineIsFull;

/// A place in the line, and what comes of it; given up when this goes.
pub(super) struct InLine<T> {
    counter: Arc<Counter>,
    number: u64,
    done: oneshot::Receiver<T>,
}

impl KdfPool {
    /// `places` runs at once, and at most `most` who wait. 19 MiB are taken for each place, now.
    pub(super) fn new(places: usize, most: usize) -> Self {
        let places = places.max(1);
        let line = Line {
            places,
            before: 0,
            unstarted: (0..places).map(|_| KdfMemory::new()).collect(),
            running: 0,
            waiting: VecDeque::new(),
            next: 0,
            over: false,
        };
        Self(Arc::new(Counter { line: Mutex::new(line), moved: Condvar::new(), most }))
    }

    /// Takes the last place in the line for `run`, which has a thread and its memory to itself.
    ///
    /// SECURITY(T4): secrets go in and out in boxes. They are moved through frames of the runtime that
    /// nobody wipes; so only their address is, and a box is wiped when it is dropped.
    ///
    /// # Errors
    /// [`LineIsFull`].
    pub(super) fn enter<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut KdfMemory) -> T + Send + 'static,
    ) -> Result<InLine<T>, LineIsFull> {
        let (sender, done) = oneshot::channel::<T>();
        let run: Run = Box::new(move |memory| {
            if !sender.is_closed() {
                let _ = sender.send(run(memory));
            }
        });
        let mut line = self.0.line();
        if !self.0.has_a_thread(&mut line)
            || line.waiting.len() >= self.0.most.saturating_add(line.at_once())
        {
            return Err(LineIsFull);
        }
        let number = line.next;
        line.waiting.push_back((number, run));
        line.next = number.wrapping_add(1);
        drop(line);
        self.0.moved.notify_one();
        Ok(InLine { counter: Arc::clone(&self.0), number, done })
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

impl Drop for KdfPool {
    /// Who waits is told that it is over; threads end after what they do now.
    fn drop(&mut self) {
        let mut line = self.0.line();
        line.over = true;
        let left = std::mem::take(&mut line.waiting);
        drop(line);
        drop(left);
        self.0.moved.notify_all();
    }
}

impl Counter {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, number: u64) -> usize {
        let line = self.line();
        let found = line.waiting.binary_search_by_key(&number, |(number, _)| *number);
        let before = found.map_or(0, |before| before.saturating_add(1));
        before.saturating_sub(line.at_once())
    }

    /// Starts the thread of one more place, if there is one; whether any has been started.
    fn has_a_thread(self: &Arc<Self>, line: &mut Line) -> bool {
        if let Some(memory) = line.unstarted.pop() {
            let counter = Arc::clone(self);
            let started = thread::Builder::new().spawn(move || counter.serve(memory));
            // The memory went with the thread that did not come to be; the next one may have better luck.
            if started.is_err() {
                line.unstarted.push(KdfMemory::new());
            }
        }
        line.unstarted.len() < line.places
    }

    /// Serves one after the other until all is over.
    fn serve(&self, mut memory: KdfMemory) {
        while let Some(run) = self.next() {
            let ran = catch_unwind(AssertUnwindSafe(wiping(|| run(&mut memory))));
            // Memory in which a run ended early is not wiped yet; dropping it does that.
            if ran.is_err() {
                memory = KdfMemory::new();
            }
            let mut line = self.line();
            line.running = line.running.saturating_sub(1);
        }
    }

    /// Waits until the next may begin; `None` when all is over.
    fn next(&self) -> Option<Run> {
        let waits = |line: &mut Line| !line.over && (line.waiting.is_empty() || !line.may_begin());
        let found = self.moved.wait_while(self.line(), waits);
        let mut line = found.unwrap_or_else(PoisonError::into_inner);
        let (_, run) = line.waiting.pop_front()?;
        line.running = line.running.saturating_add(1);
        Some(run)
    }
}

impl Line {
    fn may_begin(&self) -> bool {
        self.at_once() > 0
    }

    /// How many more may begin now.
    fn at_once(&self) -> usize {
        let quarter = self.places.div_ceil(4);
        let most = if self.before > 0 { quarter } else { self.places };
        most.saturating_sub(self.running)
    }
}

/// A line gives way as long as this is held.
pub(super) struct GivingWay(Arc<Counter>);

impl Drop for GivingWay {
    fn drop(&mut self) {
        let mut line = self.0.line();
        line.before = line.before.saturating_sub(1);
        drop(line);
        self.0.moved.notify_all();
    }
}

impl<T> InLine<T> {
    /// What [`KdfPool::place`] is asked with.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// How many are served before; 0 from one's own turn on.
    pub(super) fn place(&self) -> usize {
        self.counter.place(self.number)
    }

    /// Waits for one's turn and for what comes of it.
    ///
    /// # Errors
    /// [`ReceiptError::Derivation`] if the process is going down.
    pub(super) async fn done(mut self) -> Result<T, ReceiptError> {
        (&mut self.done).await.map_err(|_| ReceiptError::Derivation)
    }
}

impl<T> Drop for InLine<T> {
    fn drop(&mut self) {
        let mut line = self.counter.line();
        let found = line.waiting.binary_search_by_key(&self.number, |(number, _)| *number);
        let left = found.ok().and_then(|at| line.waiting.remove(at));
        drop(line);
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// Runs that begin when they do and end when they are told to.
    struct Held {
        line: InLine<()>,
        begun: mpsc::Receiver<()>,
        end: mpsc::Sender<()>,
    }

    impl Held {
        fn enter(pool: &KdfPool) -> Result<Self, LineIsFull> {
            let ((starts, begun), (end, told)) = (mpsc::channel(), mpsc::channel());
            let line = pool.enter(move |_| {
                let _ = starts.send(());
                // Also ends when the other half goes.
                let _ = told.recv_timeout(LONG);
            })?;
            Ok(Self { line, begun, end })
        }

        /// One that has begun.
        fn begun(pool: &KdfPool) -> Self {
            let held = Self::enter(pool).unwrap();
            held.has_begun();
            held
        }

        fn has_begun(&self) {
            self.begun.recv_timeout(LONG).unwrap();
        }

        fn ends(self) {
            drop(self.end);
            done(self.line).unwrap();
        }
    }

    fn done<T>(line: InLine<T>) -> Result<T, ReceiptError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(line.done())
    }

    fn places(all: &[Held]) -> Vec<usize> {
        all.iter().map(|held| held.line.place()).collect()
    }

    /// Waits until nobody runs and nobody waits.
    fn is_free(pool: &KdfPool) -> bool {
        (0..2000).any(|_| {
            thread::sleep(Duration::from_millis(10));
            let line = pool.0.line();
            line.running == 0 && line.waiting.is_empty()
        })
    }

    #[test]
    fn who_comes_first_is_served_first_and_knows_how_many_are_before() {
        let pool = KdfPool::new(2, 3);
        let (one, two) = (Held::begun(&pool), Held::begun(&pool));
        let mut waiting: Vec<_> = (0..3).map(|_| Held::enter(&pool).unwrap()).collect();
        assert_eq!(places(&waiting), [1, 2, 3]);
        assert!(Held::enter(&pool).is_err(), "the line is full, and that is said at once");
        // The second gives up: who stands behind moves up, and there is room for one.
        drop(waiting.remove(1));
        assert_eq!(places(&waiting), [1, 2]);
        waiting.push(Held::enter(&pool).unwrap());
        one.ends();
        waiting[0].has_begun();
        assert_eq!(places(&waiting), [0, 1, 2]);
        two.ends();
        waiting[1].has_begun();
        assert_eq!(places(&waiting), [0, 0, 1], "both places went to the first two");
        let last = waiting.pop().unwrap();
        drop(waiting);
        last.has_begun();
        assert_eq!(pool.place(last.line.number()), 0, "a turn that nobody takes goes on");
        last.ends();
    }

    #[test]
    fn every_place_is_free_again_whoever_leaves_and_whenever() {
        let pool = KdfPool::new(3, 100);
        for round in 0..200 {
            let mut all: Vec<_> = (0..10).filter_map(|_| Held::enter(&pool).ok()).collect();
            let first = all.remove(round % 10);
            all.rotate_left(round % 9);
            all.truncate(round % 7);
            drop(first);
            drop(all);
        }
        assert!(is_free(&pool));
        let all: Vec<_> = (0..3).map(|_| Held::begun(&pool)).collect();
        assert_eq!(pool.0.line().running, 3);
        drop(all);
    }

    #[test]
    fn a_line_that_gives_way_begins_a_quarter_and_goes_on_afterwards() {
        let pool = KdfPool::new(8, 100);
        let mut running: Vec<_> = (0..3).map(|_| Held::begun(&pool)).collect();
        let (first, second) = (pool.give_way(), pool.give_way());
        let waiting: Vec<_> = (0..6).map(|_| Held::enter(&pool).unwrap()).collect();
        running.pop().unwrap().ends();
        assert_eq!(places(&waiting), [1, 2, 3, 4, 5, 6], "two run, which is a quarter of eight");
        running.into_iter().for_each(Held::ends);
        waiting[..2].iter().for_each(Held::has_begun);
        assert_eq!(places(&waiting), [0, 0, 1, 2, 3, 4], "a quarter of eight");
        drop(first);
        assert_eq!(places(&waiting), [0, 0, 1, 2, 3, 4], "somebody is still before");
        drop(second);
        waiting[2..].iter().for_each(Held::has_begun);
        assert_eq!(places(&waiting), [0; 6], "all of it again");
        waiting.into_iter().for_each(Held::ends);
        // One place is never none.
        let one = KdfPool::new(1, 1);
        let _way = one.give_way();
        Held::begun(&one).ends();
    }

    #[test]
    fn a_run_that_ends_early_leaves_its_memory_wiped() {
        let pool = KdfPool::new(1, 1);
        let early = pool.enter(|memory| {
            memory.blocks.iter_mut().for_each(|block| block.as_mut().fill(7));
            panic!("in the middle of a run");
        });
        let early: InLine<()> = early.unwrap();
        assert!(done(early).is_err(), "and who waited is told");
        let zero = |memory: &mut KdfMemory| memory.blocks.iter().all(|b| b.as_ref() == [0; 128]);
        let next = pool.enter(zero).unwrap();
        assert!(done(next).unwrap(), "whoever comes next finds nothing");
    }

    #[test]
    fn who_waits_is_told_when_all_is_over_and_the_threads_end() {
        let pool = KdfPool::new(1, 3);
        let (running, waiting) = (Held::begun(&pool), Held::enter(&pool).unwrap());
        let counter = Arc::clone(&pool.0);
        drop(pool);
        assert!(done(waiting.line).is_err());
        drop(waiting.begun);
        running.ends();
        // What the pool, the thread and this test hold; the first is gone, and then the second.
        let gone = || {
            (0..2000).any(|_| {
                thread::sleep(Duration::from_millis(10));
                Arc::strong_count(&counter) == 1
            })
        };
        assert!(gone());
    }
}
