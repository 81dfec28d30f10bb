//! The lane of the exhibits: so many uploads at once, and the slowest gives way.
//!
//! Promises: 1. at most so many uploads are under way; 2. who waits for a place gets that of the
//! slowest upload, if that one has had [`FIRST`] and is still slower than [`SLOW`]: its words are kept,
//! its files are not, and it is told so; 3. nobody else loses a place, however long it takes.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

/// What every upload gets, however slow it is.
const FIRST: Duration = Duration::from_mins(1);
/// Bytes a second on average above which an upload gives way to nobody.
const SLOW: u64 = 2048;
/// How often somebody who waits looks for the slowest.
const LOOK: Duration = Duration::from_secs(1);

/// All places for uploads.
pub(super) struct Places {
    free: Arc<Semaphore>,
    taken: Mutex<BTreeMap<u64, Upload>>,
    next: AtomicU64,
}

struct Upload {
    since: Instant,
    bytes: u64,
    _permit: OwnedSemaphorePermit,
}

/// One upload's place; given back when this goes, if it was not taken away before.
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
}

impl Places {
    pub(super) fn new(places: usize) -> Arc<Self> {
        let places = places.min(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            free: Arc::new(Semaphore::new(places)),
            taken: Mutex::default(),
            next: AtomicU64::new(0),
        })
    }

    /// Waits for a place, but not for ever.
    pub(super) async fn take(self: &Arc<Self>, wait: Duration) -> Option<Place> {
        timeout(wait, self.taken_in_the_end()).await.ok().flatten()
    }

    async fn taken_in_the_end(self: &Arc<Self>) -> Option<Place> {
        let mut waiting = std::pin::pin!(Arc::clone(&self.free).acquire_owned());
        loop {
            if let Ok(permit) = timeout(LOOK, &mut waiting).await {
                return Some(self.seat(permit.ok()?, Instant::now()));
            }
            self.take_from_the_slowest(Instant::now());
        }
    }

    fn seat(self: &Arc<Self>, permit: OwnedSemaphorePermit, since: Instant) -> Place {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.taken().insert(number, Upload { since, bytes: 0, _permit: permit });
        Place { places: Arc::clone(self), number }
    }

    fn take_from_the_slowest(&self, now: Instant) {
        let mut taken = self.taken();
        let slowest = taken
            .iter()
            .filter_map(|(number, upload)| Some((upload.slowness(now)?, *number)))
            .min();
        if let Some((_, number)) = slowest {
            taken.remove(&number);
        }
    }

    fn taken(&self) -> MutexGuard<'_, BTreeMap<u64, Upload>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Upload {
    /// Bytes a second of an upload that has to give way if anybody has to.
    fn slowness(&self, now: Instant) -> Option<u64> {
        let had = now.saturating_duration_since(self.since);
        let speed = self.bytes.checked_div(had.as_secs())?;
        (had >= FIRST && speed < SLOW).then_some(speed)
    }
}

impl Place {
    /// So many bytes more came. `false` if the place is gone.
    pub(super) fn moved(&self, bytes: usize) -> bool {
        let mut taken = self.places.taken();
        let Some(upload) = taken.get_mut(&self.number) else { return false };
        upload.bytes = upload.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    fn later(seconds: u64) -> Instant {
        Instant::now().checked_add(Duration::from_secs(seconds)).unwrap()
    }

    #[tokio::test]
    async fn the_slowest_gives_way_to_who_waits() {
        let places = Places::new(3);
        let mut all = Vec::new();
        for _ in 0..3 {
            all.push(places.take(SOON).await.unwrap());
        }
        assert!(all[0].moved(70_000) && all[1].moved(60_000) && all[2].moved(10 << 20));
        places.take_from_the_slowest(later(59));
        assert!(places.take(SOON).await.is_none(), "everybody gets a minute");
        places.take_from_the_slowest(later(60));
        assert!(places.take(SOON).await.is_some());
        assert!(!all[1].moved(1), "its place is gone");
        assert!(all[0].moved(1) && all[2].moved(1));
        places.take_from_the_slowest(later(60));
        assert!(!all[0].moved(1));
        places.take_from_the_slowest(later(60));
        assert!(all[2].moved(1), "who moves gives way to nobody");
    }

    #[tokio::test]
    async fn a_place_is_given_back_once() {
        let places = Places::new(1);
        let one = places.take(SOON).await.unwrap();
        places.take_from_the_slowest(later(60));
        let two = places.take(SOON).await.unwrap();
        drop(one);
        assert!(places.take(SOON).await.is_none(), "the place is the second one's");
        drop(two);
        assert_eq!(places.free.available_permits(), 1);
    }
}
