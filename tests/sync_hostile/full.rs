//! A desk that answers only so many requests in a while: an honest one, and one that only says so.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use rand::rngs::OsRng;
use sandyk::{
    clock::{Clock, SystemClock},
    sync::{self, Step, SyncError},
};

use super::*;

/// The time of the desk and of the reader's machine, which a test moves on.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn unix_seconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_sync_of_more_exhibits_than_a_desk_answers_at_once_waits_and_ends() {
    let office = Office::open().await;
    let mut exhibits = Vec::new();
    for _ in 0..20 {
        exhibits.push(office.testimony(1000).await);
    }
    let clock = Arc::new(Hand(AtomicI64::new(SystemClock.unix_seconds())));
    office.answer_at_most(5, Arc::<Hand>::clone(&clock));
    let mut settings = office.settings(0);
    settings.patience.full_pause = Duration::from_millis(5);
    let pauses = Cell::new(0);
    let mut step = |step: Step| {
        if step == (Step::Pause { pause: Duration::from_millis(5) }) {
            pauses.set(pauses.get() + 1);
            clock.0.fetch_add(121, Ordering::SeqCst);
        }
    };
    let report = sync::run(&settings, &*clock, &mut OsRng, &mut step).await.unwrap();
    assert_eq!((report.testimonies, report.exhibits, report.exhibits_missing), (20, 20, 0));
    // Keyring, outbox, one page of the feed and 20 exhibits, five at a time.
    assert_eq!(pauses.get(), 4);
    for (id, bytes) in exhibits {
        assert_eq!(office.read(0, &format!("testimonies/{id}/exhibits.age")), bytes);
    }
}

#[tokio::test]
async fn a_desk_that_is_always_full_holds_no_sync_for_ever() {
    for path in ["/desk/v1/keyring", "/desk/v1/outbox", "/desk/v1/changes", "/desk/v1/exhibits/"] {
        let office = Office::open().await;
        office.testimony(1000).await;
        office.meddle(move |seen, answer| {
            if !seen.path.starts_with(path) {
                return answer.pass();
            }
            let fault = r#"{"error":"too-many","advice":"wait two minutes and sync again"}"#;
            let status = StatusCode::TOO_MANY_REQUESTS;
            Response::builder().status(status).body(Body::from(fault)).unwrap()
        });
        let mut settings = office.settings(0);
        settings.patience.full_pause = Duration::from_millis(10);
        settings.patience.full_most = Duration::from_millis(55);
        let told = office.sync_with(&settings).await.unwrap_err();
        let all = Duration::from_millis(50);
        assert!(matches!(told, SyncError::StaysFull { waited } if waited == all), "{path}: {told}");
        let asked = office.seen.lock().unwrap().iter().filter(|s| s.path.starts_with(path)).count();
        assert_eq!(asked, 6, "{path}");
        office.leave_alone();
        assert_eq!(office.sync(0).await.unwrap().exhibits_missing, 0, "what was held stays");
    }
}

#[tokio::test]
async fn a_desk_that_has_just_started_is_asked_again_and_not_for_ever() {
    let office = Office::open().await;
    office.testimony(1000).await;
    for (times, answered) in [(2, true), (1000, false)] {
        let early = AtomicI64::new(times);
        office.meddle(move |seen, answer| {
            if seen.path != "/desk/v1/changes" || early.fetch_sub(1, Ordering::SeqCst) <= 0 {
                return answer.pass();
            }
            let fault = r#"{"error":"just-started","advice":"try again in two minutes"}"#;
            Response::builder().status(401).body(Body::from(fault)).unwrap()
        });
        office.seen.lock().unwrap().clear();
        let mut settings = office.settings(0);
        settings.patience.pause = Duration::from_millis(5);
        let told = office.sync_with(&settings).await;
        assert_eq!(told.is_ok(), answered, "{told:?}");
        let seen = office.seen.lock().unwrap();
        let asked = seen.iter().filter(|seen| seen.path == "/desk/v1/changes").count();
        assert!(asked <= 5, "{asked}");
    }
}

#[tokio::test]
async fn a_desk_that_never_answers_is_given_up_after_the_time_it_was_given() {
    let office = Office::open().await;
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = office.settings(0);
    settings.desk = Some(format!("http://{}", silent.local_addr().unwrap()));
    settings.patience.reach = Some(Duration::from_millis(300));
    let began = Instant::now();
    let told = office.sync_with(&settings).await.unwrap_err();
    assert!(matches!(told, SyncError::NoAnswer { .. }), "{told}");
    assert!(began.elapsed() < settings.patience.silence / 2, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_desk_that_has_answered_once_is_given_the_usual_time() {
    let office = Office::open().await;
    office.testimony(1000).await;
    office.meddle(|seen, answer| {
        if seen.path == "/desk/v1/outbox" {
            std::thread::sleep(Duration::from_millis(2100));
        }
        answer.pass()
    });
    let mut settings = office.settings(0);
    settings.patience.reach = Some(Duration::from_secs(2));
    let report = office.sync_with(&settings).await.unwrap();
    assert_eq!((report.testimonies, report.exhibits), (1, 1));
}
