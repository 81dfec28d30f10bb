//! Pages that answer a form: kept in memory only, sealed to a key that only their address holds.
//!
//! Promises: 1. the server keeps a hash and ciphertext, so a look into its memory or a list of its
//! pages shows no receipt; 2. a page is gone after 30 minutes or when its reader says so, whichever is
//! first, whatever happens to the machine's clock; 3. the pool is bounded, and a flood of error pages
//! never pushes out a receipt; 4. a receipt whose testimony is durable is never turned away.
//! Why: a browser writes the body of a directly answered POST into its session files; after a 303 to
//! such a page nothing was found there (`docs/lessons.md`).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};

use crate::{
    clock::Clock,
    digest::Digest,
    sealed::once::{OnceKey, open_page, seal_page},
};

/// How long a page can be read again, in seconds.
const LIFETIME_SECONDS: i64 = 30 * 60;
/// Bytes that sealed receipts may take in all.
const RECEIPTS_MAX: usize = 64 << 20;
/// Files that a receipt names while most of that is taken: names must not use up what receipts need.
const NAMES_IN_NEED: usize = 1;
/// Bytes that sealed error pages may take in all.
const REFILLS_MAX: usize = 48 << 20;

/// What a page shows; it is drawn anew each time it is read.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OncePage {
    /// The testimony is kept.
    Receipt {
        /// The 27 digits.
        digits: String,
        /// Files that did not arrive whole: their names as given, and why.
        unkept: Vec<(String, super::Unkept)>,
        /// The signed promise, if it was asked for.
        promise: Option<String>,
    },
    /// Nothing is kept; the form comes back with what was typed.
    Refill {
        /// Key of the sentence that says what happened.
        problem: String,
        /// The field that it is about, if it is about one.
        field: Option<String>,
        /// Names of fields and what was typed into them, in order of arrival.
        typed: Vec<(String, String)>,
    },
    /// Nothing is kept, and what was typed is gone too.
    Lost,
}

/// All pages that wait to be read.
pub struct OncePages {
    clock: Arc<dyn Clock>,
    pools: Mutex<Pools>,
}

#[derive(Default)]
struct Pools {
    receipts: Pool,
    refills: Pool,
}

#[derive(Default)]
struct Pool {
    pages: BTreeMap<Digest, Waiting>,
    order: BTreeMap<u64, Digest>,
    next: u64,
    bytes: usize,
}

struct Waiting {
    sealed: Vec<u8>,
    until: i64,
    place: u64,
}

/// A page could not be kept.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a page could not be sealed")]
pub struct Full;

impl OncePages {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, pools: Mutex::default() }
    }

    /// Seals a page and gives the key under which it can be read, for its address.
    ///
    /// # Errors
    /// [`Full`] if it cannot be sealed. A receipt is always kept, since its testimony is: room for it
    /// was asked for before ([`Self::has_room_for_a_receipt`]). Error pages make room for each other,
    /// the oldest goes first.
    pub fn keep(&self, page: &OncePage) -> Result<String, Full> {
        let key = OnceKey::random(&mut OsRng);
        let json = zeroize::Zeroizing::new(serde_json::to_vec(page).map_err(|_| Full)?);
        let sealed = seal_page(&key, &json).map_err(|_| Full)?;
        let address = key.to_address();
        let name = name_of(&address);
        let until = self.clock.steady_seconds().saturating_add(LIFETIME_SECONDS);
        let mut pools = self.swept();
        match page {
            OncePage::Receipt { .. } => {
                pools.receipts.put(name, sealed, until);
            }
            OncePage::Refill { .. } | OncePage::Lost => {
                pools.refills.put(name, sealed, until);
                pools.refills.shrink_to(REFILLS_MAX);
            }
        }
        Ok(address)
    }

    /// Whether a receipt could be kept now; asked before a testimony is committed.
    #[must_use]
    pub fn has_room_for_a_receipt(&self) -> bool {
        self.swept().receipts.bytes.saturating_add(64 * 1024) <= RECEIPTS_MAX
    }

    /// How many files the next receipt may name: all, until half of the room for receipts is taken.
    ///
    /// A receipt alone has a few hundred bytes, names make it twenty times that: somebody who sends
    /// empty files with long names would leave no room for the receipts of others.
    #[must_use]
    pub fn names_that_fit(&self) -> usize {
        let is_scarce = self.swept().receipts.bytes > RECEIPTS_MAX / 2;
        if is_scarce { NAMES_IN_NEED } else { usize::MAX }
    }

    /// The page at that address, if it is still there. It can be read again until it is burned.
    #[must_use]
    pub fn read(&self, address: &str) -> Option<OncePage> {
        let key = OnceKey::from_address(address)?;
        let name = name_of(address);
        let sealed = {
            let pools = self.swept();
            pools.find(&name).map(|waiting| waiting.sealed.clone())?
        };
        let json = open_page(&key, &sealed).ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// Bytes of the page at that address as it waits, if it is still there.
    #[must_use]
    pub fn size(&self, address: &str) -> Option<usize> {
        self.swept().find(&name_of(address)).map(|waiting| waiting.sealed.len())
    }

    /// Destroys the page at that address; a page that is not there is as good as burned.
    pub fn burn(&self, address: &str) {
        let name = name_of(address);
        let mut pools = self.swept();
        pools.receipts.remove(&name);
        pools.refills.remove(&name);
    }

    /// Forgets what has expired, also when nobody asks for any page.
    pub fn sweep(&self) {
        drop(self.swept());
    }

    /// The pools, without what has expired.
    fn swept(&self) -> MutexGuard<'_, Pools> {
        let now = self.clock.steady_seconds();
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.receipts.expire(now);
        pools.refills.expire(now);
        pools
    }
}

impl Pools {
    fn find(&self, name: &Digest) -> Option<&Waiting> {
        self.receipts.pages.get(name).or_else(|| self.refills.pages.get(name))
    }
}

impl Pool {
    fn put(&mut self, name: Digest, sealed: Vec<u8>, until: i64) {
        let place = self.next;
        self.next = self.next.wrapping_add(1);
        self.bytes = self.bytes.saturating_add(sealed.len());
        self.order.insert(place, name);
        self.pages.insert(name, Waiting { sealed, until, place });
    }

    fn remove(&mut self, name: &Digest) {
        if let Some(waiting) = self.pages.remove(name) {
            self.order.remove(&waiting.place);
            self.bytes = self.bytes.saturating_sub(waiting.sealed.len());
        }
    }

    fn oldest(&self) -> Option<(Digest, i64)> {
        let (_, name) = self.order.first_key_value()?;
        self.pages.get(name).map(|waiting| (*name, waiting.until))
    }

    fn expire(&mut self, now: i64) {
        while let Some((name, until)) = self.oldest()
            && until <= now
        {
            self.remove(&name);
        }
    }

    fn shrink_to(&mut self, bytes: usize) {
        while self.bytes > bytes
            && let Some((name, _)) = self.oldest()
        {
            self.remove(&name);
        }
    }
}

fn name_of(address: &str) -> Digest {
    Digest::of_parts(&[b"sandyk/once/v1\n", address.as_bytes()])
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    struct Hand(AtomicI64);
    impl Clock for Hand {
        fn unix_seconds(&self) -> i64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    fn receipt(digits: &str) -> OncePage {
        OncePage::Receipt { digits: digits.to_owned(), unkept: Vec::new(), promise: None }
    }

    fn refill(bytes: usize) -> OncePage {
        let typed = vec![("story".to_owned(), "ы".repeat(bytes / 2))];
        OncePage::Refill { problem: "error-empty".to_owned(), field: None, typed }
    }

    #[test]
    fn a_page_can_be_read_until_it_is_burned() {
        let pages = OncePages::new(Arc::new(Hand(AtomicI64::new(0))));
        let address = pages.keep(&receipt("123")).unwrap();
        assert!(pages.read(&address) == Some(receipt("123")));
        assert!(pages.read(&address).is_some(), "a phone may reload the tab");
        pages.burn(&address);
        assert!(pages.read(&address).is_none());
        assert!(pages.read("").is_none() && pages.read("../etc/passwd").is_none());
    }

    #[test]
    fn a_page_is_gone_after_half_an_hour() {
        let clock = Arc::new(Hand(AtomicI64::new(0)));
        let pages = OncePages::new(Arc::<Hand>::clone(&clock));
        let address = pages.keep(&receipt("123")).unwrap();
        clock.0.store(LIFETIME_SECONDS - 1, Ordering::Relaxed);
        assert!(pages.read(&address).is_some());
        clock.0.store(LIFETIME_SECONDS, Ordering::Relaxed);
        assert!(pages.read(&address).is_none());
        assert_eq!(pages.swept().receipts.bytes, 0);
    }

    #[test]
    fn a_clock_that_is_turned_back_keeps_no_page() {
        struct Wrong(AtomicI64);
        impl Clock for Wrong {
            fn unix_seconds(&self) -> i64 {
                self.0.load(Ordering::Relaxed).saturating_neg()
            }
            fn steady_seconds(&self) -> i64 {
                self.0.load(Ordering::Relaxed)
            }
        }
        let clock = Arc::new(Wrong(AtomicI64::new(0)));
        let pages = OncePages::new(Arc::<Wrong>::clone(&clock));
        let address = pages.keep(&receipt("123")).unwrap();
        clock.0.store(LIFETIME_SECONDS, Ordering::Relaxed);
        assert!(pages.read(&address).is_none());
    }

    #[test]
    fn what_is_gone_is_gone_from_memory_though_nobody_asks_for_it() {
        let clock = Arc::new(Hand(AtomicI64::new(0)));
        let pages = OncePages::new(Arc::<Hand>::clone(&clock));
        pages.keep(&receipt("123")).unwrap();
        clock.0.store(LIFETIME_SECONDS, Ordering::Relaxed);
        pages.sweep();
        assert!(pages.pools.lock().unwrap().receipts.pages.is_empty());
    }

    #[test]
    fn a_receipt_of_a_durable_testimony_is_kept_though_the_pool_is_full() {
        let pages = OncePages::new(Arc::new(Hand(AtomicI64::new(0))));
        let large = "1".repeat(1 << 20);
        while pages.has_room_for_a_receipt() {
            pages.keep(&receipt(&large)).unwrap();
        }
        let last = pages.keep(&receipt("123")).unwrap();
        assert!(pages.read(&last) == Some(receipt("123")));
    }

    #[test]
    fn names_of_files_leave_room_for_the_receipts_of_others() {
        let pages = OncePages::new(Arc::new(Hand(AtomicI64::new(0))));
        let name = || ("\"".repeat(120), crate::intake::Unkept::TooMany);
        for sent in 0..15_000 {
            assert!(pages.has_room_for_a_receipt(), "no room after {sent}");
            let mut unkept: Vec<_> = std::iter::repeat_with(name).take(32).collect();
            unkept.truncate(pages.names_that_fit());
            let digits = "123 ".repeat(9);
            pages.keep(&OncePage::Receipt { digits, unkept, promise: None }).unwrap();
        }
    }

    #[test]
    fn a_page_with_all_that_can_be_typed_can_be_read() {
        let pages = OncePages::new(Arc::new(Hand(AtomicI64::new(0))));
        let typed = vec![("story".to_owned(), "\u{1}".repeat(2 << 20))];
        let problem = "error-much".to_owned();
        let address = pages.keep(&OncePage::Refill { problem, field: None, typed }).unwrap();
        assert!(pages.read(&address).is_some());
    }

    #[test]
    fn the_pool_holds_no_key_and_no_plaintext() {
        let pages = OncePages::new(Arc::new(Hand(AtomicI64::new(0))));
        let address = pages.keep(&receipt("271 828 182")).unwrap();
        let pools = pages.swept();
        let (name, waiting) = pools.receipts.pages.first_key_value().unwrap();
        let key = data_encoding::BASE64URL_NOPAD.decode(address.as_bytes()).unwrap();
        assert_ne!(name.as_bytes().as_slice(), key);
        let finds = |needle: &[u8]| waiting.sealed.windows(needle.len()).any(|w| w == needle);
        assert!(!finds(b"271 828 182") && !finds(&key));
    }

    #[test]
    fn a_flood_of_error_pages_never_pushes_out_a_receipt() {
        let pages = OncePages::new(Arc::new(Hand(AtomicI64::new(0))));
        let kept = pages.keep(&receipt("123")).unwrap();
        let first = pages.keep(&refill(1 << 20)).unwrap();
        for _ in 0..60 {
            pages.keep(&refill(1 << 20)).unwrap();
        }
        assert!(pages.swept().refills.bytes <= REFILLS_MAX);
        assert!(pages.read(&first).is_none(), "the oldest error page made room");
        assert!(pages.read(&kept).is_some());
    }
}
