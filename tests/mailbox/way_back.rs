//! A witness comes back: writes again, reads, deletes; and what goes by itself.

use rand::rngs::OsRng;
use sandyk::{
    clock::Clock as _,
    forget::{Order, Reason, SignedOrder},
    id::ReplyId,
    intake::Author,
    receipt::Receipt,
    store::{Cursor, Store as _},
    testimony::Kind,
    wire::outbox::{Answer, ForgetNote, Outbox, PushId, ReplyOut, Sealed},
};

use super::House;

fn accepted(answer: &Answer) -> usize {
    assert!(answer.refused.is_empty(), "{answer:?}");
    answer.accepted.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_witness_writes_again_continues_the_first_and_is_signed() {
    let house = House::open();
    let witness = house.witness().await;
    let keys = house.keys(&witness.receipt).await;
    let receipt = Receipt::parse(&witness.receipt).unwrap();
    let again = house.write(Author::Receipt(receipt), Kind::New).await;
    assert_eq!(again.digits.unwrap().expose(), witness.receipt, "the same receipt leads back");
    let corrected = house.write(Author::Mailbox(keys), Kind::Correction).await;
    assert!(corrected.digits.is_none(), "there is no receipt to show");

    let key = witness.cover.witness_key().unwrap();
    let [first, second, third] = house.covers().try_into().ok().unwrap();
    assert!(first.continues.is_none() && first.signature.is_none() && first.kind == Kind::New);
    for (cover, kind) in [(&second, Kind::Supplement), (&third, Kind::Correction)] {
        assert_eq!((cover.continues, cover.kind), (Some(witness.id), kind));
        assert!(cover.is_signed_by(&key) && cover.witness == first.witness);
        let before = if kind == Kind::Supplement { witness.id } else { second.id };
        assert_eq!(cover.after, Some(before), "so that nothing can be let in late as the newest");
        assert!(cover.lookup == first.lookup && cover.reply == first.reply);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_was_never_used_is_written_to_like_any_other_and_has_one_first() {
    let house = House::open();
    let spare = Receipt::random(&mut OsRng);
    let digits = spare.digits().expose().to_owned();
    assert!(house.shown(&digits).await.is_empty());
    let author = || Author::Receipt(Receipt::parse(&digits).unwrap());
    let writes = [Kind::Withdrawal, Kind::Supplement, Kind::New];
    let [a, b, c] = writes.map(|kind| house.write(author(), kind));
    tokio::join!(a, b, c);
    let covers = house.covers();
    let firsts: Vec<_> = covers.iter().filter(|cover| cover.continues.is_none()).collect();
    assert_eq!((covers.len(), firsts.len()), (3, 1), "however many come at once");
    assert!(firsts[0].kind == Kind::New && firsts[0].signature.is_none());
    let key = firsts[0].witness_key().unwrap();
    let continued = covers.iter().filter(|cover| cover.continues == Some(firsts[0].id));
    assert_eq!(continued.filter(|cover| cover.is_signed_by(&key)).count(), 2);
    // Each names the one before it, also when they come at once.
    let mut ends: Vec<_> = covers.iter().map(|cover| cover.id).collect();
    ends.retain(|id| covers.iter().all(|cover| cover.after != Some(*id)));
    assert_eq!((ends.len(), firsts[0].after), (1, None), "one chain");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_of_an_older_store_is_continued() {
    let house = House::open();
    let witness = house.witness().await;
    let key = format!("mailbox/{}/{}", witness.cover.lookup, witness.id);
    house.put(&key, br#"{"kdf":1}"#).await;
    let author = Author::Receipt(Receipt::parse(&witness.receipt).unwrap());
    house.write(author, Kind::New).await;
    assert_eq!(house.covers()[1].continues, Some(witness.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_shown_to_its_witness_once_and_deleted_for_good() {
    let house = House::open();
    let (witness, other) = (house.witness().await, house.witness().await);
    let out = house.out(0, &witness, 1, "We have read it.");
    for _ in 0..3 {
        assert_eq!(accepted(&house.push(vec![out.clone()]).await), 1, "the same again is no error");
    }
    // Sealed once more, as a colleague's machine does: its name is the same, and so is the reply.
    let again = house.out(0, &witness, 1, "We have read it.");
    assert!(again.sealed != out.sealed && again.id == out.id);
    assert_eq!(accepted(&house.push(vec![again.clone()]).await), 1);
    let second = house.out(1, &witness, 1, "May we show it to a court?");
    assert_eq!(accepted(&house.push(vec![second]).await), 1);
    let seen = house.seen(&witness.receipt).await;
    let words = ["We have read it.", "May we show it to a court?"];
    assert_eq!(seen.len(), 2);
    assert!(words.iter().all(|word| seen.contains(&Ok((1, (*word).to_owned())))), "{seen:?}");
    assert!(house.seen(&other.receipt).await.is_empty());

    let (keys, strange) = (house.keys(&witness.receipt).await, house.keys(&other.receipt).await);
    house.intake.delete_reply(&strange, out.id).await.unwrap();
    assert_eq!(house.seen(&witness.receipt).await.len(), 2, "nobody deletes another's");
    house.intake.delete_reply(&keys, out.id).await.unwrap();
    assert_eq!(house.seen(&witness.receipt).await, [Ok((1, words[1].to_owned()))]);
    // The machine that sent it learns nothing, and cannot bring it back.
    assert_eq!(accepted(&house.push(vec![out, again]).await), 2);
    assert_eq!(house.seen(&witness.receipt).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_captured_device_fills_and_overwrites_nothing() {
    let house = House::open();
    let (witness, other) = (house.witness().await, house.witness().await);
    let real = house.out(0, &witness, 1, "We have read it.");
    house.push(vec![real.clone()]).await;
    let junk = |mailbox, id| ReplyOut { id, mailbox, sealed: Sealed(vec![7; 6000]) };
    let fresh = || ReplyId::random(&mut OsRng);
    let before = house.rows("reply/");
    house.push(vec![junk(witness.cover.lookup, real.id)]).await;
    assert!(house.rows("reply/") == before, "what lies there is never replaced");

    let nowhere = sandyk::digest::Digest::of(b"no mailbox");
    let answer = house.push(vec![junk(nowhere, fresh())]).await;
    assert_eq!(answer.refused[0].error, "no-mailbox");
    let mut taken = 1;
    for week in 0..6 {
        for _ in 0..20 {
            let answer = house.push(vec![junk(witness.cover.lookup, fresh())]).await;
            taken += answer.accepted.len();
            assert!(answer.refused.iter().all(|no| no.error == "mailbox-full"), "{answer:?}");
        }
        assert_eq!(taken, (16 * (week + 1)).min(64), "week {week}");
        house.weeks(1);
    }
    assert_eq!(house.rows("reply/").len(), 64);
    let seen = house.seen(&witness.receipt).await;
    assert!(seen.contains(&Ok((1, "We have read it.".to_owned()))));
    assert_eq!(seen.iter().filter(|one| one.is_err()).count(), 63, "the rest is shown as forged");
    house.push(vec![house.out(0, &other, 1, "Here there is room.")]).await;
    assert_eq!(house.seen(&other.receipt).await, [Ok((1, "Here there is room.".to_owned()))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_go_when_their_time_is_over_and_what_is_gone_leaves_the_disk() {
    let house = House::with(sandyk::config::MailboxConfig { keep_weeks: 4, ..Default::default() });
    let witness = house.witness().await;
    house.intake.log().round().await.unwrap();
    let (old, deleted) =
        (house.out(0, &witness, 1, "The first."), house.out(0, &witness, 2, "The second."));
    house.push(vec![old.clone(), deleted.clone()]).await;
    let keys = house.keys(&witness.receipt).await;
    house.intake.delete_reply(&keys, deleted.id).await.unwrap();
    assert!(house.journal_holds(&old.sealed.0) && house.journal_holds(&deleted.sealed.0));
    let mut left = Vec::new();
    for week in 1..=7 {
        house.weeks(1);
        house.intake.log().round().await.unwrap();
        assert!(house.intake.mailbox_round().await.unwrap(), "week {week}");
        assert!(!house.intake.mailbox_round().await.unwrap(), "once a week");
        assert!(!house.journal_holds(&deleted.sealed.0), "week {week}");
        left.push((house.rows("reply/").len(), house.rows("reply-gone/").len()));
    }
    assert_eq!(left, [(1, 1), (1, 1), (1, 1), (1, 1), (0, 0), (0, 0), (0, 0)]);
    assert!(!house.journal_holds(&old.sealed.0));
    assert!(house.seen(&witness.receipt).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_costs_no_reply() {
    let house = House::open();
    let witness = house.witness().await;
    house.intake.log().round().await.unwrap();
    house.push(vec![house.out(0, &witness, 1, "The first.")]).await;
    house.weeks(500);
    assert!(house.intake.log().round().await.is_err());
    house.intake.mailbox_round().await.unwrap();
    assert_eq!(house.rows("reply/").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forgotten_takes_its_mailbox_and_the_replies_along() {
    let house = House::open();
    let (witness, other) = (house.witness().await, house.witness().await);
    let outs = [house.out(0, &witness, 1, "To be gone."), house.out(0, &other, 1, "To stay.")];
    house.push(outs.to_vec()).await;
    let event = house.store.changes(Cursor(0), 1).unwrap().remove(0);
    let order = Order {
        organisation: "Org A".to_owned(),
        testimony: witness.id,
        leaf: event.leaf,
        reason: Reason::Withdrawn,
        day: house.clock.today(),
        keyring: house.chain_digest(),
    };
    let mut signed = SignedOrder::new(order).unwrap();
    for guardian in [1, 2] {
        let guardian = house.reader(guardian);
        signed.sign_as_guardian(guardian.id, &guardian.signing).unwrap();
    }
    let id = signed.order().id().to_string().parse().unwrap();
    let forget = vec![ForgetNote { id, note: signed.to_text() }];
    let outbox = Outbox { forget, ..Outbox::empty(PushId::random(&mut OsRng)) };
    house.desk.take_in(&outbox.to_body().unwrap(), &mut OsRng).await.unwrap();
    house.weeks(1);
    assert_eq!(house.desk.carry_out().await.unwrap(), 1);
    assert!(house.seen(&witness.receipt).await.is_empty());
    assert_eq!(house.seen(&other.receipt).await.len(), 1);
    assert_eq!((house.rows("mailbox/").len(), house.rows("reply/").len()), (1, 1));
    assert!(!house.journal_holds(&outs[0].sealed.0) && house.journal_holds(&outs[1].sealed.0));
    let late = house.push(vec![outs[0].clone()]).await;
    assert!(late.accepted.len() == 1 || late.refused[0].error == "no-mailbox");
    assert_eq!(house.rows("reply/").len(), 1, "what comes late finds no mailbox");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_waits_on_its_page_and_who_leaves_leaves_the_line() {
    use sandyk::intake::OncePage;
    let config =
        sandyk::config::MailboxConfig { derivations_at_once: 1, waiting: 2, keep_weeks: 4 };
    let house = House::with(config);
    let visit = || house.intake.visit(Receipt::random(&mut OsRng), std::time::Duration::ZERO);
    let served = visit().await.unwrap();
    let (next, last) = (visit().await.unwrap(), visit().await.unwrap());
    assert!(visit().await.is_err(), "the line is as long as agreed on");
    let place = |address: &str| match house.intake.pages().read(address) {
        Some(OncePage::Waiting { number }) => house.intake.place_in_line(number),
        _ => usize::MAX,
    };
    assert!(place(&last) > place(&next), "who came first is first");
    house.intake.pages().burn(&next);
    for _ in 0..1000 {
        if place(&served) == usize::MAX && place(&last) == usize::MAX {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let open = |address: &str| {
        matches!(house.intake.pages().read(address), Some(OncePage::Mailbox { .. }))
    };
    assert!(open(&served) && open(&last) && !open(&next));
    let now = house.intake.visit(Receipt::random(&mut OsRng), std::time::Duration::from_mins(1));
    assert!(open(&now.await.unwrap()), "with patience it is there at once");
}
