//! Renewals that are signed ahead: they keep the intake open, and can do nothing else.

use std::fs;

use sandyk::{
    admin::{self, AdminError, Base, Draft, Purpose},
    keyring::{KeyringError, Role},
};

use crate::{
    acts::{base_of, newest, publish, readers},
    stage::{Stage, keyring_refusal, save, term, today},
};

/// Drafts, signs and keeps one renewal `days` longer.
fn ahead(stage: &Stage, days: i64) -> Draft {
    let draft = admin::renew_ahead(&stage.ceremony(), days, today()).unwrap();
    stage.sign(&[1, 2]).unwrap();
    let refused = publish(stage).err().unwrap();
    assert!(matches!(refused, AdminError::ToBeKept { .. }), "{refused}");
    admin::keep(&stage.ceremony(), today()).unwrap();
    draft
}

#[test]
fn renewals_signed_ahead_keep_the_intake_open_while_nobody_can_sign() {
    let stage = Stage::published();
    let drafts = [ahead(&stage, 300), ahead(&stage, 300)];
    assert!(drafts.iter().all(|draft| draft.purpose == Purpose::Ahead));
    let more = admin::renew_ahead(&stage.ceremony(), 300, today());
    assert!(matches!(more, Err(AdminError::AheadEnough { kept: 2 })));
    // The trusted person has that folder and nothing else.
    let (folder, trust) = (stage.ceremony().ahead_folder(), stage.ceremony().trust().clone());
    let abroad = |day| admin::publish_ahead(&folder, &stage.path("p"), &trust, day);
    let end = newest(&stage).not_after;
    let first = abroad(end.plus_days(1)).unwrap();
    assert_eq!(first.written, ["desk-0002.note", "keyring-0002.note"]);
    let early = keyring_refusal(abroad(end.plus_days(2)));
    assert!(matches!(early, KeyringError::TooLongLived { .. }), "{early}");
    assert_eq!(abroad(end.plus_days(301)).unwrap().epoch, 3);
    assert!(abroad(end.plus_days(302)).unwrap().written.is_empty(), "no more than there are");
    let published = admin::verify(&stage.path("p"), &trust, end.plus_days(590)).unwrap();
    let keyring = published.chain.current().get();
    assert_eq!((keyring.epoch, keyring.readers.len()), (3, 2));
    assert_eq!(published.desk.unwrap().get().devices.len(), 2);
    // The ceremony's own folder learns of it before it goes on.
    admin::renew(&stage.ceremony(), today(), end).unwrap();
    stage.sign(&[1, 2]).unwrap();
    assert_eq!(keyring_refusal(publish(&stage)), KeyringError::RolledBack { seen: 3 });
    fs::remove_dir_all(stage.path("c/draft")).unwrap();
    let adopted = admin::adopt(&stage.ceremony(), &stage.path("p")).unwrap();
    assert_eq!((adopted.epoch, adopted.written.len()), (3, 3));
}

#[test]
fn a_renewal_far_ahead_is_refused_until_its_time() {
    let stage = Stage::published();
    ahead(&stage, 400);
    let (folder, trust) = (stage.ceremony().ahead_folder(), stage.ceremony().trust().clone());
    let early = admin::publish_ahead(&folder, &stage.path("p"), &trust, today());
    assert!(matches!(keyring_refusal(early), KeyringError::TooLongLived { .. }));
    let there = fs::read_dir(stage.path("p")).unwrap().count();
    assert_eq!(there, 3, "roots, a keyring, a desk note");
    for days in [0, -5, 401] {
        let odd = admin::renew_ahead(&stage.ceremony(), days, today());
        assert!(matches!(odd, Err(AdminError::AheadDays { .. })), "{days}");
    }
}

#[test]
fn any_other_keyring_makes_renewals_ahead_void() {
    let stage = Stage::published();
    ahead(&stage, 300);
    let copy = stage.path("abroad");
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(stage.ceremony().ahead_folder()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
    }
    let [_, reviewer] = readers(&stage);
    admin::retire(&stage.ceremony(), &[reviewer], term()).unwrap();
    stage.sign(&[1, 3]).unwrap();
    let void = publish(&stage).unwrap().void;
    assert_eq!(void, ["desk-0002.note", "keyring-0002.note"]);
    let trust = stage.ceremony().trust().clone();
    let day = newest(&stage).not_after.plus_days(1);
    let refused = admin::publish_ahead(&copy, &stage.path("p"), &trust, day);
    assert!(matches!(refused, Err(AdminError::AheadVoid { epoch: 2 })));
    assert_eq!(newest(&stage).readers.len(), 1, "the retired one does not come back");
}

#[test]
fn whoever_holds_renewals_can_publish_nothing_else() {
    let stage = Stage::published();
    let [_, reviewer] = readers(&stage);
    // A keyring that is signed, but changes more than its last day.
    admin::retire(&stage.ceremony(), &[reviewer], term()).unwrap();
    stage.sign(&[1, 2]).unwrap();
    let folder = stage.path("abroad");
    admin::publish(&stage.ceremony(), &folder, today()).unwrap();
    let trust = stage.ceremony().trust().clone();
    let refused = admin::publish_ahead(&folder, &stage.path("p"), &trust, today());
    assert_eq!(keyring_refusal(refused), KeyringError::NotARenewal { epoch: 2 });
    assert_eq!(newest(&stage).epoch, 1);
    let empty = stage.path("empty");
    fs::create_dir(&empty).unwrap();
    let nothing = admin::publish_ahead(&empty, &stage.path("p"), &trust, today());
    assert!(matches!(nothing, Err(AdminError::NothingAhead { .. })));
}

#[test]
fn an_ahead_draft_is_not_mixed_with_an_ordinary_one() {
    let mut stage = Stage::published();
    let draft = admin::renew_ahead(&stage.ceremony(), 200, today()).unwrap();
    assert!(matches!(base_of(&stage, &draft), Base::After(_)));
    let device = stage.reader("third", Role::Reviewer).into_iter().skip(1).collect();
    let refused = admin::add(&stage.ceremony(), device, term());
    assert!(matches!(refused, Err(AdminError::DraftInTheWay { epoch: 2 })));
    stage.sign(&[1]).unwrap();
    assert!(matches!(
        keyring_refusal(admin::keep(&stage.ceremony(), today())),
        KeyringError::TooFewSignatures { epoch: 1, needed: 2, found: 1 }
    ));
    stage.edit_draft(|keyring| keyring.readers.truncate(1));
    assert!(admin::keep(&stage.ceremony(), today()).is_err());
}

#[test]
fn a_machine_that_only_the_renewal_admits_is_not_let_in_by_it() {
    let mut stage = Stage::published();
    admin::renew_ahead(&stage.ceremony(), 200, today()).unwrap();
    let [guardian, _] = readers(&stage);
    stage.reader("third", Role::Reviewer);
    let third = fs::read_to_string(stage.path("third-device.pub")).unwrap();
    let line = |key: &str| third.lines().find_map(|l| l.strip_prefix(key)).unwrap();
    let desk = fs::read_to_string(stage.path("c/draft/desk.txt")).unwrap();
    let more = format!("{desk}device {} {guardian} {}\n", line("id "), line("key "));
    save(&stage.path("c/draft/desk.txt"), &more);
    stage.sign(&[1, 2]).unwrap();
    admin::keep(&stage.ceremony(), today()).unwrap();
    let (folder, trust) = (stage.ceremony().ahead_folder(), stage.ceremony().trust().clone());
    let done = admin::publish_ahead(&folder, &stage.path("p"), &trust, today()).unwrap();
    assert_eq!(done.written, ["keyring-0002.note"], "the form stays open, the desk does not");
}
