//! Who goes, who stays, and what counts for it.

use super::*;

async fn full(connections: usize) -> (Arc<Crowd>, Vec<Admitted>) {
    let crowd = Crowd::making_room(connections, 1 << 20);
    let mut all = Vec::new();
    for _ in 0..connections {
        all.push(crowd.admit().await.unwrap());
    }
    (crowd, all)
}

fn everybody_asks(all: &[Admitted]) {
    for one in all {
        one.seat.heard(1);
    }
}

/// Who is asked to leave `after` so many seconds, when a newcomer comes.
fn leaves(crowd: &Crowd, all: &[Admitted], after: u64) -> Option<usize> {
    let now = Instant::now().checked_add(Duration::from_secs(after)).unwrap();
    crowd.cut_the_least_advanced(now, Want::Place);
    all.iter().position(|one| one.seat.state().leaving)
}

#[tokio::test]
async fn nobody_goes_before_the_grace_and_the_silent_go_first() {
    let (crowd, all) = full(3).await;
    all[0].seat.heard(1);
    all[2].seat.heard(1);
    assert_eq!(leaves(&crowd, &all, 4), None);
    assert_eq!(leaves(&crowd, &all, 5), Some(1));
    assert!(timeout(LOOK, all[1].seat.cut()).await.is_ok(), "and is told");
    assert!(timeout(LOOK, all[0].seat.cut()).await.is_err(), "and nobody else is");
}

#[tokio::test]
async fn the_least_advanced_goes_and_what_is_ending_or_has_a_place_stays() {
    let (crowd, all) = full(4).await;
    everybody_asks(&all);
    assert!(all[0].seat.is_ending());
    all[1].seat.has_a_place();
    all[2].seat.heard(30 << 10);
    assert_eq!(leaves(&crowd, &all, 20), Some(3));
}

#[tokio::test]
async fn bytes_make_up_for_a_minute_and_no_more() {
    let (crowd, all) = full(2).await;
    all[0].seat.heard(1);
    tokio::time::sleep(Duration::from_millis(20)).await;
    all[1].seat.heard(1);
    all[1].seat.heard(50 << 20);
    all[0].seat.heard(61 << 10);
    assert_eq!(leaves(&crowd, &all, 100), Some(0), "who was there first");
}

#[tokio::test]
async fn files_go_only_while_they_hold_more_than_half() {
    let (crowd, all) = full(4).await;
    everybody_asks(&all);
    all[0].seat.has_a_place();
    all[1].seat.has_a_place();
    assert!(all[2].seat.is_ending());
    assert!(all[3].seat.is_ending());
    assert_eq!(leaves(&crowd, &all, 20), None);
    all[2].seat.has_a_place();
    assert!(leaves(&crowd, &all, 20).is_some_and(|who| who != 3));
}

#[tokio::test]
async fn memory_for_words_is_bounded_and_comes_back() {
    let (crowd, all) = full(2).await;
    everybody_asks(&all);
    let mut first = all[0].seat.allowance();
    assert!(first.take(OWN + (1 << 20)).await);
    let mut other = all[1].seat.allowance();
    assert!(other.take(OWN).await, "its own part is always there");
    assert!(timeout(LOOK * 2, other.take(1)).await.is_err(), "more waits");
    assert!(!all[0].seat.state().leaving, "nobody goes before the grace");
    let later = Instant::now().checked_add(GRACE).unwrap();
    crowd.cut_the_least_advanced(later, Want::Memory);
    assert!(all[0].seat.state().leaving, "who holds the memory makes room");
    assert!(!all[1].seat.state().leaving, "and who holds none does not");
    drop(first);
    assert!(timeout(LOOK, other.take(1)).await.unwrap());
    drop(other);
    assert_eq!(crowd.typed.available_permits(), 1024);
}

#[tokio::test]
async fn a_newcomer_gets_the_place_of_who_leaves() {
    let (crowd, mut all) = full(1).await;
    let came = timeout(LOOK * 2, crowd.admit()).await;
    assert!(came.is_err(), "there is no place");
    all.clear();
    assert!(timeout(LOOK, crowd.admit()).await.unwrap().is_some());
    assert!(crowd.seats().is_empty(), "who is gone is not counted");
}

#[tokio::test]
async fn many_who_wait_for_memory_cut_one_and_not_each_their_own() {
    let (crowd, all) = full(4).await;
    everybody_asks(&all);
    let mut held = Vec::new();
    for one in &all {
        let mut allowance = one.seat.allowance();
        assert!(allowance.take(OWN + (256 << 10)).await);
        held.push(allowance);
    }
    let later = Instant::now().checked_add(GRACE).unwrap();
    for _ in 0..3 {
        crowd.cut_the_least_advanced(later, Want::Memory);
    }
    let leaving = || all.iter().filter(|one| one.seat.state().leaving).count();
    assert_eq!(leaving(), 1, "the memory of the first is not even back");
    held.remove(all.iter().position(|one| one.seat.state().leaving).unwrap());
    crowd.cut_the_least_advanced(later, Want::Memory);
    assert_eq!(leaving(), 2, "once it is back, the next one goes");
}

#[tokio::test]
async fn time_spent_waiting_for_us_puts_nobody_behind() {
    let (crowd, all) = full(2).await;
    everybody_asks(&all);
    // Sent 16 KiB in four seconds, then waited for a place; the other one dribbles on.
    all[0].seat.heard(16 << 10);
    all[1].seat.heard(21 << 10);
    let waiting = all[0].seat.waits_for_us();
    all[0].seat.state().waiting = Instant::now().checked_add(Duration::from_secs(4));
    assert_eq!(leaves(&crowd, &all, 24), Some(1));
    drop(waiting);
}

#[tokio::test]
async fn who_waits_for_us_makes_room_all_the_same() {
    let (crowd, all) = full(1).await;
    everybody_asks(&all);
    let _waiting = all[0].seat.waits_for_us();
    assert_eq!(leaves(&crowd, &all, 5), Some(0));
}

#[tokio::test]
async fn who_was_asked_to_leave_begins_no_end_and_whose_end_began_is_not_asked() {
    let (crowd, all) = full(2).await;
    everybody_asks(&all);
    assert!(all[0].seat.is_ending());
    assert_eq!(leaves(&crowd, &all, 20), Some(1));
    assert!(!all[1].seat.is_ending(), "nothing is made durable whose answer cannot be told");
    assert_eq!(all.iter().filter(|one| one.seat.state().leaving).count(), 1);
}

#[tokio::test]
async fn an_answer_and_a_lost_place_count_anew() {
    let (crowd, all) = full(1).await;
    everybody_asks(&all);
    let long_ago = Instant::now().checked_sub(Duration::from_mins(10)).unwrap();
    for anew in [Seat::is_answered_now, Seat::lost_its_place] {
        all[0].seat.state().since = long_ago;
        anew(&all[0].seat);
        assert_eq!(leaves(&crowd, &all, 4), None);
    }
    assert_eq!(leaves(&crowd, &all, 6), Some(0));
}
