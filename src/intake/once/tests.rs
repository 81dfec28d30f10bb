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
    OncePage::Refill { problem: "error-empty".to_owned(), field: None, typed, back: None }
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
    let address =
        pages.keep(&OncePage::Refill { problem, field: None, typed, back: None }).unwrap();
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
