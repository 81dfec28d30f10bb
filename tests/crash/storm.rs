//! Witnesses who keep coming until the server is gone, and then know who was given a receipt.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::witness::{How, NotKept, Outcome, Plan, Sent};

/// Witnesses at the same time.
pub(crate) const WITNESSES: usize = 16;

/// One storm after another, with numbers that never come again.
pub(crate) struct Storm {
    next: AtomicUsize,
    /// Bytes of the largest file.
    most: usize,
    /// Whether files may find no room.
    pub(crate) on_a_full_disk: bool,
    pub(crate) all: Vec<Sent>,
}

impl Storm {
    pub(crate) fn new(most: usize) -> Self {
        Self { next: AtomicUsize::new(0), most, on_a_full_disk: false, all: Vec::new() }
    }

    /// Sixteen send one after another without a pause. When `receipts` were given, and a moment
    /// later, `end` ends the server; nobody begins anything after that.
    pub(crate) fn until<T>(
        &mut self,
        address: &str,
        (receipts, moment): (usize, Duration),
        end: impl FnOnce() -> T,
    ) -> T {
        let (over, given) = (AtomicBool::new(false), AtomicUsize::new(0));
        let sent = Mutex::new(Vec::new());
        let ended = std::thread::scope(|scope| {
            for _ in 0..WITNESSES {
                scope.spawn(|| {
                    while !over.load(Ordering::SeqCst) {
                        let number = self.next.fetch_add(1, Ordering::SeqCst);
                        let mut one = Plan::mixed(number, 23, self.most).send(address, How::Whole);
                        if one.outcome == Outcome::Refused(303) {
                            // Told that it was not kept. A write that failed may still have
                            // reached the disk: then it is there, and whole.
                            one.outcome = Outcome::Unknown;
                        }
                        let gone = one.outcome == Outcome::Unknown;
                        if gone && self.on_a_full_disk {
                            one.not_kept = NotKept::Unread;
                        }
                        let receipt = one.outcome == Outcome::Acknowledged;
                        given.fetch_add(usize::from(receipt), Ordering::SeqCst);
                        sent.lock().unwrap().push(one);
                        if gone {
                            return;
                        }
                    }
                });
            }
            let patience = Instant::now();
            while given.load(Ordering::SeqCst) < receipts {
                assert!(patience.elapsed() < Duration::from_mins(1), "nobody gets a receipt");
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(moment);
            let ended = end();
            over.store(true, Ordering::SeqCst);
            ended
        });
        self.all.extend(sent.into_inner().unwrap());
        ended
    }

    /// How many were given a receipt so far.
    pub(crate) fn acknowledged(&self) -> usize {
        self.all.iter().filter(|sent| sent.outcome == Outcome::Acknowledged).count()
    }
}
