//! Who may stay while every connection is taken: a flood never closes the intake.
//!
//! Promises: 1. a newcomer is let in as soon as anybody has had [`GRACE`], whoever holds the other
//! connections, so the intake turns over all its connections in that time at the latest; 2. who goes
//! first is who sends nothing, then who is the least advanced for the time it has had; 3. files that
//! have a place are cut for a newcomer only while they hold more than half of all connections, and a
//! testimony that is being made durable never is; 4. what is typed takes a bounded memory, all
//! connections together, and the first [`OWN`] bytes of each never wait.
//! Does not: limit by address or by time of day. There are no addresses, and whoever could make the
//! limit be reached could close the intake.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

/// What everybody gets before anybody makes room for a newcomer.
pub(super) const GRACE: Duration = Duration::from_secs(5);
/// Bytes of typed words that each connection may hold without asking.
pub(super) const OWN: usize = 32 * 1024;
/// Bytes that make up for a second of waiting, when the least advanced is looked for.
const BYTES_A_SECOND: u64 = 1024;
/// Seconds that bytes can make up for at most.
const MOST_MADE_UP: u64 = 60;
/// How often somebody is looked for who has had enough.
const LOOK: Duration = Duration::from_millis(200);
/// Bytes of a permit of the memory for typed words.
const UNIT: usize = 1024;

/// Everybody who is connected to one listener.
pub(super) struct Crowd {
    places: Arc<Semaphore>,
    connections: usize,
    typed: Arc<Semaphore>,
    seats: Mutex<BTreeMap<u64, Arc<Seat>>>,
    next: AtomicU64,
    makes_room: bool,
}

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Between two requests, or before the first.
    Silent,
    /// A request is being read or answered.
    Asking,
    /// Its files have a place.
    Files,
    /// All has arrived; it is being sealed and made durable.
    Ending,
}

/// What somebody waits for.
#[derive(Debug, Clone, Copy)]
enum Want {
    Place,
    Memory,
}

/// One connection, as the crowd knows it.
pub(super) struct Seat {
    state: Mutex<State>,
    cut: Notify,
    crowd: Arc<Crowd>,
}

struct State {
    stage: Stage,
    since: Instant,
    bytes: u64,
    /// Bytes of the shared memory for typed words.
    typed: usize,
    /// Since when we keep it waiting.
    waiting: Option<Instant>,
    /// How long we kept it waiting before.
    waited: Duration,
    leaving: bool,
}

/// A connection's right to be there; given back when it ends.
pub(super) struct Admitted {
    pub(super) seat: Arc<Seat>,
    number: u64,
    _place: OwnedSemaphorePermit,
}

/// While this is there, it is we who keep somebody waiting.
pub(super) struct Waiting<'s>(&'s Seat);

/// Memory for the words of one form, given back when they are sealed or handed back.
pub(super) struct Allowance {
    seat: Arc<Seat>,
    bytes: usize,
    granted: usize,
    permits: Vec<OwnedSemaphorePermit>,
}

impl Crowd {
    /// Everybody waits, nobody is cut: for a listener where only known devices come.
    pub(super) fn waiting(connections: usize) -> Arc<Self> {
        Self::new(connections, None)
    }

    /// Newcomers are let in, and all typed words together take at most `typed_bytes` and [`OWN`] for
    /// each connection.
    pub(super) fn making_room(connections: usize, typed_bytes: usize) -> Arc<Self> {
        Self::new(connections, Some(typed_bytes))
    }

    fn new(connections: usize, typed_bytes: Option<usize>) -> Arc<Self> {
        let units = typed_bytes.unwrap_or_default().div_ceil(UNIT).min(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            places: Arc::new(Semaphore::new(connections)),
            connections,
            typed: Arc::new(Semaphore::new(units)),
            seats: Mutex::default(),
            next: AtomicU64::new(0),
            makes_room: typed_bytes.is_some(),
        })
    }

    /// Waits for a place, making room if there is none. `None` when the listener is closed.
    pub(super) async fn admit(self: &Arc<Self>) -> Option<Admitted> {
        let place = self.acquire(&self.places, 1, Want::Place).await?;
        let seat = Arc::new(Seat {
            state: Mutex::new(State::new()),
            cut: Notify::new(),
            crowd: Arc::clone(self),
        });
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.seats().insert(number, Arc::clone(&seat));
        Some(Admitted { seat, number, _place: place })
    }

    async fn acquire(
        &self,
        what: &Arc<Semaphore>,
        permits: u32,
        want: Want,
    ) -> Option<OwnedSemaphorePermit> {
        if let Ok(at_once) = Arc::clone(what).try_acquire_many_owned(permits) {
            return Some(at_once);
        }
        let mut waiting = std::pin::pin!(Arc::clone(what).acquire_many_owned(permits));
        loop {
            if self.makes_room {
                self.cut_the_least_advanced(Instant::now(), want);
            }
            if let Ok(permit) = timeout(LOOK, &mut waiting).await {
                return permit.ok();
            }
        }
    }

    fn is_in_the_way(&self, state: &State, want: Want, files: usize) -> bool {
        match (want, state.stage) {
            (Want::Place | Want::Memory, Stage::Ending) => false,
            (Want::Memory, Stage::Silent | Stage::Asking | Stage::Files) => state.typed > 0,
            (Want::Place, Stage::Files) => files > self.connections.div_ceil(2),
            (Want::Place, Stage::Silent | Stage::Asking) => true,
        }
    }

    fn cut_the_least_advanced(&self, now: Instant, want: Want) {
        let seats = self.seats();
        let goes = |seat: &Arc<Seat>| {
            let state = seat.state();
            state.leaving && state.typed > 0
        };
        if matches!(want, Want::Memory) && seats.values().any(goes) {
            // Each who waits looks for somebody: what the last one held comes back first.
            return;
        }
        let files = seats.values().filter(|seat| seat.state().stage == Stage::Files).count();
        let worst = seats
            .values()
            .filter_map(|seat| {
                let state = seat.state();
                let had_enough = !state.leaving && state.had(now) >= GRACE;
                (had_enough && self.is_in_the_way(&state, want, files))
                    .then(|| (state.stage == Stage::Silent, state.behind(now), seat))
            })
            .max_by_key(|(silent, behind, _)| (*silent, *behind));
        if let Some((_, _, seat)) = worst {
            seat.ask_to_leave();
        }
    }

    fn seats(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Seat>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.seat.crowd.seats().remove(&self.number);
    }
}

impl State {
    fn new() -> Self {
        Self {
            stage: Stage::Silent,
            since: Instant::now(),
            bytes: 0,
            typed: 0,
            waiting: None,
            waited: Duration::ZERO,
            leaving: false,
        }
    }

    fn begin(&mut self, stage: Stage) {
        self.stage = stage;
        self.since = Instant::now();
        self.bytes = 0;
        self.waiting = None;
        self.waited = Duration::ZERO;
    }

    fn had(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    fn kept_waiting(&self, now: Instant) -> Duration {
        let now = self.waiting.map(|since| now.saturating_duration_since(since));
        self.waited.saturating_add(now.unwrap_or_default())
    }

    /// How far behind somebody is who has moved so many bytes in the time it had, ours not counted.
    fn behind(&self, now: Instant) -> Duration {
        let made_up = self.bytes.checked_div(BYTES_A_SECOND).unwrap_or_default().min(MOST_MADE_UP);
        let most = Duration::from_secs(MOST_MADE_UP);
        let had = self.had(now).saturating_sub(self.kept_waiting(now));
        had.saturating_add(most).saturating_sub(Duration::from_secs(made_up))
    }
}

impl Seat {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many bytes came. The first ones after silence begin a request.
    pub(super) fn heard(&self, bytes: usize) {
        let mut state = self.state();
        if state.stage == Stage::Silent && bytes > 0 {
            state.begin(Stage::Asking);
        }
        drop(state);
        self.moved(bytes);
    }

    /// So many bytes went either way.
    pub(super) fn moved(&self, bytes: usize) {
        let mut state = self.state();
        state.bytes = state.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// The answer is on its way; the next request counts anew.
    pub(super) fn answered(&self) {
        self.state().begin(Stage::Silent);
    }

    /// Its files have got a place.
    pub(super) fn has_a_place(&self) {
        self.state().stage = Stage::Files;
    }

    /// It lost its place to somebody who waited; what it still sends counts anew.
    pub(super) fn lost_its_place(&self) {
        self.state().begin(Stage::Asking);
    }

    /// Nothing more is read from it until what comes back is dropped: the time is ours. It makes room
    /// all the same.
    pub(super) fn waits_for_us(&self) -> Waiting<'_> {
        self.state().waiting = Some(Instant::now());
        Waiting(self)
    }

    /// Everything has arrived. `false` if it was asked to leave before: then nothing may be made
    /// durable any more, since nobody would be told.
    #[must_use]
    pub(super) fn is_ending(&self) -> bool {
        let mut state = self.state();
        if !state.leaving {
            state.stage = Stage::Ending;
        }
        !state.leaving
    }

    /// Its answer is there, and gets the time of a newcomer to be sent.
    pub(super) fn is_answered_now(&self) {
        self.state().begin(Stage::Asking);
    }

    fn ask_to_leave(&self) {
        let mut state = self.state();
        if state.stage != Stage::Ending {
            state.leaving = true;
            self.cut.notify_one();
        }
    }

    /// Nothing of it is kept or everything is: what still comes is read for politeness.
    pub(super) fn is_over(&self) {
        self.state().stage = Stage::Asking;
    }

    /// Returns when somebody else needs the place more.
    pub(super) async fn cut(&self) {
        self.cut.notified().await;
    }

    /// Memory for the words of a form that begins.
    pub(super) fn allowance(self: &Arc<Self>) -> Allowance {
        Allowance { seat: Arc::clone(self), bytes: 0, granted: OWN, permits: Vec::new() }
    }
}

impl Allowance {
    /// Takes so many bytes more, and waits until there is memory for them. `false` when the listener
    /// is closed.
    pub(super) async fn take(&mut self, bytes: usize) -> bool {
        let wanted = self.bytes.saturating_add(bytes);
        let Some(missing) = wanted.checked_sub(self.granted).filter(|missing| *missing > 0) else {
            self.bytes = wanted;
            return true;
        };
        let units = missing.div_ceil(UNIT);
        let crowd = &self.seat.crowd;
        let Ok(permits) = u32::try_from(units) else { return false };
        let waiting = self.seat.waits_for_us();
        let got = crowd.acquire(&crowd.typed, permits, Want::Memory).await;
        drop(waiting);
        let Some(got) = got else { return false };
        self.bytes = wanted;
        let more = units.saturating_mul(UNIT);
        self.granted = self.granted.saturating_add(more);
        self.seat.state().typed = self.granted;
        self.permits.push(got);
        true
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if state.waiting.is_some() {
            state.waited = state.kept_waiting(Instant::now());
            state.waiting = None;
        }
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        self.seat.state().typed = 0;
    }
}

#[cfg(test)]
mod tests;
