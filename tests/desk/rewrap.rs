//! Envelopes for colleagues who lack them: from the desk's list to the reader who can read, with real
//! keys, a real desk, real syncs, and the real reviewing side.

use std::fs;

use sandyk::{
    casebook::Op,
    clock::Clock as _,
    digest::Digest,
    id::{CaseId, ReaderId},
    rewrap::{BatchError, BatchFile, EnvelopeOf, Place, ThingId},
};

use super::{late::*, *};
use crate::office::write;

#[tokio::test]
async fn a_new_reader_reads_the_old_testimonies_and_the_old_casebook_after_a_rewrap() {
    let late = Late::open().await;
    let ids = [late.testimony(&[OLD, REVIEWER]).await, late.testimony(&[OLD, REVIEWER]).await];
    let office = &late.office;
    office.sync(OLD).await.unwrap();
    let case = CaseId::random(&mut OsRng);
    let open = Op::OpenCase { case, title: "The old case".into() };
    late.session(OLD).write(&[open], SystemClock.today(), &mut OsRng).unwrap();
    late.take_key_of_before().await;
    office.sync(OLD).await.unwrap();

    let report = office.sync(OLD).await.unwrap();
    assert_eq!(report.lacking, 5, "two accounts, two identities, a casebook key");
    assert_eq!(late.doctor(OLD), "soon", "as that sync wrote it down");
    let done = late.rewrap(OLD);
    assert_eq!((done.made, done.for_others, done.unproven, done.broken), (5, 0, 0, 0));
    let report = office.sync(OLD).await.unwrap();
    assert_eq!((report.rewrapped, report.lacking), (5, 0));
    assert_eq!(late.doctor(OLD), "good", "once it is handed in");
    assert!(fs::read_dir(office.file(OLD, "outbox/envelopes")).unwrap().next().is_none());

    let report = office.sync(NEW).await.unwrap();
    assert_eq!(report.envelopes, 5 - 4, "the feed brought those of the testimonies already");
    for id in ids {
        assert!(late.reads(NEW, id) && late.reads(OLD, id));
    }
    let session = late.session(NEW);
    assert!(session.book.key_faults.is_empty(), "{:?}", session.book.key_faults);
    assert_eq!(session.book.casebook.cases.len(), 1);
}

#[tokio::test]
async fn envelopes_that_come_later_reach_a_reader_who_has_the_feed_already() {
    let late = Late::open().await;
    let id = late.testimony(&[OLD, REVIEWER]).await;
    let office = &late.office;
    let report = office.sync(NEW).await.unwrap();
    assert_eq!((report.testimonies, report.lacking), (1, 0), "who lacks it makes none");
    assert!(!late.reads(NEW, id));
    office.sync(OLD).await.unwrap();
    assert_eq!(late.rewrap(OLD).made, 2);
    office.sync(OLD).await.unwrap();
    assert_eq!(office.sync(NEW).await.unwrap().envelopes, 2);
    assert!(late.reads(NEW, id));
    assert_eq!(office.sync(NEW).await.unwrap().envelopes, 0, "once");
}

#[tokio::test]
async fn a_reviewer_makes_envelopes_of_accounts_and_leaves_the_names_to_guardians() {
    let late = Late::open().await;
    let id = late.testimony(&[OLD, REVIEWER]).await;
    late.office.sync(REVIEWER).await.unwrap();
    assert_eq!(late.rewrap(REVIEWER).made, 1);
    assert_eq!(late.office.sync(REVIEWER).await.unwrap().rewrapped, 1);
    assert!(
        late.stored(id, NEW, "account").is_some() && late.stored(id, NEW, "identity").is_none()
    );
    let report = late.office.sync(OLD).await.unwrap();
    assert_eq!(report.lacking, 1, "the identity still");
    assert_eq!(late.rewrap(OLD).made, 1);
}

#[tokio::test]
async fn two_colleagues_at_once_do_no_harm_and_a_second_run_makes_nothing_twice() {
    let late = Late::open().await;
    let id = late.testimony(&[OLD, REVIEWER]).await;
    let office = &late.office;
    office.sync(OLD).await.unwrap();
    office.sync(REVIEWER).await.unwrap();
    assert_eq!((late.rewrap(OLD).made, late.rewrap(REVIEWER).made), (2, 1));
    let again = late.rewrap(OLD);
    assert_eq!((again.made, again.waiting), (0, 2), "what waits is not made again after a kill");
    assert_eq!(office.sync(OLD).await.unwrap().rewrapped, 2);
    let first = late.stored(id, NEW, "account").unwrap();
    assert_eq!(office.sync(REVIEWER).await.unwrap().rewrapped, 0, "the place was taken");
    assert_eq!(late.stored(id, NEW, "account").unwrap(), first);
    office.sync(NEW).await.unwrap();
    assert!(late.reads(NEW, id));
}

#[tokio::test]
async fn a_lying_list_gives_nobody_an_envelope_whom_the_verified_keyring_does_not_list() {
    let late = Late::open().await;
    late.testimony(&[OLD, REVIEWER, NEW]).await;
    late.office.sync(OLD).await.unwrap();
    let (stranger, reviewer) = (ReaderId::random(&mut OsRng), late.office.members[REVIEWER].id);
    let row = |of: &str, reader| {
        serde_json::json!({"epoch": 1, "cursor": 1, "of": of, "readers": [reader]}).to_string()
    };
    let lies = [row("account", stranger), row("identity", stranger), row("identity", reviewer)];
    let lies = lies.join("\n") + "\n";
    write(&late.office.file(OLD, "missing.jsonl"), lies.as_bytes());
    assert_eq!(late.rewrap(OLD).made, 0);
    assert!(fs::read_dir(late.office.file(OLD, "outbox/envelopes")).unwrap().next().is_none());
}

#[tokio::test]
async fn a_device_alone_inserts_nothing_nor_does_a_reader_what_is_not_theirs_to_make() {
    let late = Late::open().await;
    let id = late.testimony(&[OLD, REVIEWER]).await;
    let (desk, members) = (late.desk(), &late.office.members);
    let thing = ThingId::from_bytes(*id.as_bytes());
    let place = |of, reader: usize| Place { thing, of, reader: members[reader].id };
    let (old, reviewer) = (&members[OLD], &members[REVIEWER]);
    let device = SigningKey::generate(&mut OsRng);
    let account = place(EnvelopeOf::Account, NEW);
    let names = place(EnvelopeOf::Identity, NEW);
    for (what, body) in [
        ("by a device", late.batch(account, (old.id, &device))),
        ("in another's name", late.batch(account, (old.id, &reviewer.signing))),
        ("names, by a reviewer", late.batch(names, (reviewer.id, &reviewer.signing))),
        (
            "names, for a reviewer",
            late.batch(place(EnvelopeOf::Identity, REVIEWER), (old.id, &old.signing)),
        ),
    ] {
        assert!(desk.take_envelopes(&body).await.is_err(), "{what}");
    }
    assert!(late.stored(id, NEW, "account").is_none());
    // What is there is never replaced, and what is nowhere gets nothing.
    let own = late.stored(id, REVIEWER, "account").unwrap();
    let body = late.batch(place(EnvelopeOf::Account, REVIEWER), (old.id, &old.signing));
    assert_eq!(desk.take_envelopes(&body).await.unwrap().there, 1);
    assert_eq!(late.stored(id, REVIEWER, "account").unwrap(), own);
    let nowhere = Place { thing: ThingId::from_bytes([1; 16]), ..account };
    let body = late.batch(nowhere, (old.id, &old.signing));
    assert_eq!(desk.take_envelopes(&body).await.unwrap().unknown, 1);
    // Made before a rotation, handed in after it.
    let body = late.batch(account, (old.id, &old.signing));
    late.retire(REVIEWER);
    let refused = desk.take_envelopes(&body).await.err().unwrap();
    assert_eq!(refused.code(), "other-keyring");
    assert!(late.stored(id, NEW, "account").is_none());
    assert_eq!(BatchFile::parse(b"{}").err(), Some(BatchError::Shape));
}

#[tokio::test]
async fn an_envelope_that_does_not_open_is_reported_by_its_reader_and_made_anew() {
    let late = Late::open().await;
    let id = late.testimony(&[OLD, REVIEWER, NEW]).await;
    let office = &late.office;
    let garbage = b"age-encryption.org/v1\nnothing".to_vec();
    late.overwrite(id, NEW, "account", &garbage).await;
    office.sync(NEW).await.unwrap();
    assert!(!late.reads(NEW, id));
    let done = late.rewrap(NEW);
    assert_eq!((done.made, done.broken), (0, 1));
    office.sync(NEW).await.unwrap();
    assert!(late.stored(id, NEW, "account").unwrap() == garbage, "until there is a better one");
    let report = office.sync(OLD).await.unwrap();
    assert_eq!(report.lacking, 1);
    assert_eq!(late.rewrap(OLD).made, 1);
    assert_eq!(office.sync(OLD).await.unwrap().rewrapped, 1);
    assert_eq!(office.sync(NEW).await.unwrap().envelopes, 1);
    assert!(late.reads(NEW, id));
    assert_eq!(late.rewrap(NEW).broken, 0);
    // Nobody else's envelope is called broken, and a good one is not replaced.
    let good = late.stored(id, NEW, "account").unwrap();
    let thing = ThingId::from_bytes(*id.as_bytes());
    let place = Place { thing, of: EnvelopeOf::Account, reader: office.members[NEW].id };
    let old = &office.members[OLD];
    let body = late.batch(place, (old.id, &old.signing));
    assert_eq!(late.desk().take_envelopes(&body).await.unwrap().there, 1);
    assert_eq!(late.stored(id, NEW, "account").unwrap(), good);
}

#[tokio::test]
async fn a_casebook_key_that_does_not_open_is_made_anew_and_arrives() {
    let late = Late::open().await;
    let office = &late.office;
    office.sync(OLD).await.unwrap();
    let case = Op::OpenCase { case: CaseId::random(&mut OsRng), title: "The old case".into() };
    late.session(OLD).write(&[case], SystemClock.today(), &mut OsRng).unwrap();
    let key = late.take_key_of_before().await;
    office.sync(OLD).await.unwrap();
    // Somebody with the keys of a colleague was faster.
    let (of, old) = (EnvelopeOf::CasebookKey, &office.members[OLD]);
    let place = Place { thing: key, of, reader: office.members[NEW].id };
    let body = late.batch(place, (old.id, &old.signing));
    assert_eq!(late.desk().take_envelopes(&body).await.unwrap().inserted, 1);
    assert_eq!(office.sync(NEW).await.unwrap().envelopes, 1);
    assert_eq!(late.session(NEW).book.key_faults.len(), 1);
    assert_eq!(late.rewrap(NEW).broken, 1);
    office.sync(NEW).await.unwrap();
    assert_eq!(office.sync(OLD).await.unwrap().lacking, 1);
    assert_eq!(late.rewrap(OLD).made, 1);
    office.sync(OLD).await.unwrap();
    assert_eq!(office.sync(NEW).await.unwrap().envelopes, 1);
    let session = late.session(NEW);
    assert!(session.book.key_faults.is_empty(), "{:?}", session.book.key_faults);
    assert_eq!(session.book.casebook.cases.len(), 1);
}

#[tokio::test]
async fn what_waits_under_the_key_of_a_retired_reader_stays_until_it_is_sealed_anew() {
    let late = Late::open().await;
    let office = &late.office;
    office.sync(OLD).await.unwrap();
    office.sync(REVIEWER).await.unwrap();
    let today = SystemClock.today();
    let case = |title: &str| Op::OpenCase { case: CaseId::random(&mut OsRng), title: title.into() };
    late.session(OLD).write(&[case("One")], today, &mut OsRng).unwrap();
    office.sync(OLD).await.unwrap();
    office.sync(REVIEWER).await.unwrap();
    late.session(OLD).write(&[case("Two"), case("Three")], today, &mut OsRng).unwrap();
    late.retire(REVIEWER);
    let report = office.sync(OLD).await.unwrap();
    // With them waits the checkpoint that goes with every writing.
    assert_eq!((report.sent, report.outdated), (0, 3));
    assert_eq!(late.rewrap(OLD).resealed, 3);
    let report = office.sync(OLD).await.unwrap();
    assert_eq!((report.sent, report.outdated, report.refused.len()), (4, 0, 0), "with a new key");
    office.sync(NEW).await.unwrap();
    let session = late.session(NEW);
    assert_eq!(session.book.casebook.cases.len(), 3);
}

#[tokio::test]
async fn who_is_retired_is_served_nothing_and_nothing_is_left_of_them() {
    let late = Late::open().await;
    let id = late.testimony(&[OLD, REVIEWER, NEW]).await;
    let office = &late.office;
    office.sync(REVIEWER).await.unwrap();
    let desk = late.desk();
    assert_eq!(desk.drop_retired().await.unwrap().envelopes, 0, "nobody is gone");
    late.retire(REVIEWER);
    assert!(office.sync(REVIEWER).await.is_err(), "at the next request");
    assert_eq!(desk.drop_retired().await.unwrap().envelopes, 1);
    assert!(late.stored(id, REVIEWER, "account").is_none());
    assert!(
        late.stored(id, OLD, "account").is_some() && late.stored(id, NEW, "identity").is_some()
    );
    // Somebody's upload was on its way with an envelope more.
    late.overwrite(id, REVIEWER, "account", b"late").await;
    assert_eq!(desk.drop_retired().await.unwrap().envelopes, 1);
    let last = desk.drop_retired().await.unwrap();
    assert_eq!((last.envelopes, last.readers), (0, vec![office.members[REVIEWER].id]));
    assert!(desk.drop_retired().await.unwrap().readers.is_empty(), "it is known to be done");
    office.sync(OLD).await.unwrap();
    office.sync(NEW).await.unwrap();
    assert!(late.reads(OLD, id) && late.reads(NEW, id));
}

#[tokio::test]
async fn a_false_part_does_not_make_a_good_envelope_look_broken() {
    let late = Late::open().await;
    let id = late.testimony(&[OLD, REVIEWER, NEW]).await;
    late.office.sync(OLD).await.unwrap();
    // As a lying server gives it: another part, and its digest in the event. The leaf commits to the cover alone.
    let here = |name: &str| late.office.file(OLD, &format!("testimonies/{id}/{name}"));
    let (good, other) = (fs::read(here("identity.age")).unwrap(), b"age-encryption.org/v1\nno");
    write(&here("identity.age"), other);
    let feed = late.office.file(OLD, "feed.jsonl");
    let told = fs::read_to_string(&feed).unwrap();
    let lies = told.replace(&Digest::of(&good).to_string(), &Digest::of(other).to_string());
    assert_ne!(lies, told);
    write(&feed, lies.as_bytes());
    let done = late.rewrap(OLD);
    assert_eq!((done.made, done.broken), (0, 0));
    assert!(here("envelope-identity.age").exists());
}

/// A casebook key by OLD of which NEW's first envelope is `envelope`, in the feed.
async fn keyed(late: &Late, envelope: impl FnOnce(Vec<u8>) -> Vec<u8>) -> std::path::PathBuf {
    let office = &late.office;
    office.sync(OLD).await.unwrap();
    let open = Op::OpenCase { case: CaseId::random(&mut OsRng), title: "A case".into() };
    late.session(OLD).write(&[open], SystemClock.today(), &mut OsRng).unwrap();
    let keys = fs::read_dir(office.file(OLD, "outbox/keys")).unwrap().next().unwrap().unwrap();
    let own = keys.path().join(format!("{}.age", office.members[NEW].id));
    write(&own, &envelope(fs::read(&own).unwrap()));
    office.sync(OLD).await.unwrap();
    office.sync(NEW).await.unwrap();
    let key = fs::read_dir(office.file(NEW, "casebook/keys")).unwrap().next().unwrap().unwrap();
    key.path()
}

const NOTHING: &[u8] = b"age-encryption.org/v1\nnothing";

#[tokio::test]
async fn the_first_envelope_of_a_casebook_key_is_made_anew_by_a_colleague_if_it_does_not_open() {
    let late = Late::open().await;
    let office = &late.office;
    let own = keyed(&late, |_| NOTHING.to_vec()).await;
    assert_eq!(late.session(NEW).book.casebook.cases.len(), 0);
    assert_eq!(late.rewrap(NEW).broken, 1);
    assert!(!own.exists() && fs::read(own.with_extension("age.broken")).unwrap() == NOTHING);
    assert_eq!(late.rewrap(NEW).broken, 1, "until another one is here");
    office.sync(NEW).await.unwrap();
    assert_eq!(office.sync(OLD).await.unwrap().lacking, 1);
    assert_eq!(late.rewrap(OLD).made, 1);
    assert_eq!(office.sync(OLD).await.unwrap().rewrapped, 1);
    assert_eq!(office.sync(NEW).await.unwrap().envelopes, 1);
    let reads = || {
        let session = late.session(NEW);
        session.book.key_faults.is_empty() && session.book.casebook.cases.len() == 1
    };
    assert!(reads());
    assert_eq!((late.rewrap(NEW).broken, office.sync(OLD).await.unwrap().lacking), (0, 0));
    // On a new laptop: the feed commits to the first one, which comes and proves it, and the good one after it.
    for gone in ["feed.jsonl", "checkpoint.note", "envelopes.at"] {
        fs::remove_file(office.file(NEW, gone)).unwrap();
    }
    fs::remove_dir_all(office.file(NEW, "casebook")).unwrap();
    office.sync(NEW).await.unwrap();
    assert!(fs::read(&own).unwrap() == NOTHING && !reads());
    assert_eq!(late.rewrap(NEW).broken, 1);
    office.sync(NEW).await.unwrap();
    office.sync(NEW).await.unwrap();
    assert!(reads());
}

#[tokio::test]
async fn no_desk_and_no_planted_file_makes_a_good_envelope_of_a_casebook_key_be_replaced() {
    let late = Late::open().await;
    let office = &late.office;
    let own = keyed(&late, |good| good).await;
    let good = fs::read(&own).unwrap();
    assert_eq!(late.rewrap(NEW).broken, 0);
    // Planted in its place: what is at the desk has another hash, and stays.
    write(&own, NOTHING);
    assert_eq!(late.rewrap(NEW).broken, 1);
    office.sync(NEW).await.unwrap();
    assert_eq!(office.sync(OLD).await.unwrap().lacking, 0);
    assert!(office.sync(NEW).await.unwrap().refused.is_empty() && fs::read(&own).unwrap() == good);
    // Put aside by somebody who wants it to be called broken: it opens, and goes back to its place.
    fs::rename(&own, own.with_extension("age.broken")).unwrap();
    assert_eq!(late.rewrap(NEW).broken, 0);
    assert!(fs::read(&own).unwrap() == good);
    // A colleague's word for it counts for nothing.
    let id = fs::read_to_string(office.file(NEW, "feed.jsonl")).unwrap();
    let id = id.lines().find(|line| line.contains("casebook-key")).unwrap().to_owned();
    let line: serde_json::Value = serde_json::from_str(&id).unwrap();
    let thing: ThingId = line["item"]["id"].as_str().unwrap().parse().unwrap();
    let of = EnvelopeOf::CasebookKey;
    let place = Place { thing, of, reader: office.members[NEW].id };
    let old = &office.members[OLD];
    let body = late.batch(place, (old.id, &old.signing));
    assert_eq!(late.desk().take_envelopes(&body).await.unwrap().there, 1);
}
