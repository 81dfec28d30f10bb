//! One root closes the desk to one machine, until the next keyring leaves it out.

use std::fs;

use sandyk::{
    admin::{self, AdminError},
    cli::exit::Exit,
    digest::Digest,
    keyring::{Suspension, load_folder, suspension_file},
    note::SignedNote,
};

use crate::{
    acts::{newest, publish, readers},
    commands::run,
    stage::{Stage, passphrases, save, term, today},
};

/// The ids of the machines that a folder's newest keyring suspends.
fn suspended(stage: &Stage, folder: &str) -> Vec<String> {
    let there = load_folder(&stage.path(folder), stage.ceremony().trust()).unwrap();
    there.suspensions.iter().map(|note| note.get().device.to_string()).collect()
}

#[test]
fn one_root_suspends_one_machine_and_the_next_keyring_leaves_it_out() {
    let stage = Stage::published();
    let (c, to) = (stage.ceremony(), stage.path("p"));
    let devices = c.devices().unwrap();
    let id = devices[1].id.to_string();
    let taken = admin::find_device(&c, &to, &id[..8]).unwrap();
    let file = admin::suspend(&c, &taken, &stage.root(3), &to).unwrap();
    assert_eq!(file, Some(format!("suspend-{id}.note")));
    assert_eq!(suspended(&stage, "p"), std::slice::from_ref(&id));
    // A second root adds nothing, and nothing else has changed.
    assert_eq!(admin::suspend(&c, &taken, &stage.root(1), &to).unwrap(), None);
    assert_eq!((newest(&stage).epoch, newest(&stage).readers.len()), (1, 2));
    // Renewed, it stays out: the note is void then, and the desk note does not have it.
    admin::renew(&c, today(), today().plus_days(200)).unwrap();
    stage.sign(&[1, 2]).unwrap();
    publish(&stage).unwrap();
    let left: Vec<String> = c.devices().unwrap().iter().map(|d| d.id.to_string()).collect();
    assert_eq!(left, [devices[0].id.to_string()]);
    assert_eq!(newest(&stage).readers.len(), 2, "its reader stays");
}

#[test]
fn a_renewal_signed_ahead_does_not_let_a_suspended_machine_in_again() {
    let stage = Stage::published();
    let (c, to) = (stage.ceremony(), stage.path("p"));
    admin::renew_ahead(&c, 200, today()).unwrap();
    stage.sign(&[1, 2]).unwrap();
    admin::keep(&c, today()).unwrap();
    let id = c.devices().unwrap()[0].id.to_string();
    let taken = admin::find_device(&c, &to, &id).unwrap();
    admin::suspend(&c, &taken, &stage.root(1), &to).unwrap();
    let end = newest(&stage).not_after;
    admin::publish_ahead(&c.ahead_folder(), &to, c.trust(), end.plus_days(1)).unwrap();
    let there = load_folder(&to, c.trust()).unwrap();
    assert_eq!(there.chain.current().get().epoch, 2);
    assert_eq!(suspended(&stage, "p"), [id]);
}

#[test]
fn nobody_but_a_root_of_the_newest_keyring_suspends() {
    let (stage, other) = (Stage::published(), Stage::published());
    let (c, to) = (stage.ceremony(), stage.path("p"));
    let id = c.devices().unwrap()[0].id.to_string();
    let taken = admin::find_device(&c, &to, &id).unwrap();
    let mut rng = rand::rngs::OsRng;
    let name = sandyk::note::KeyName::parse("root-1").unwrap();
    let stranger = admin::RootKey::generate(name, &mut rng);
    let refused = admin::suspend(&c, &taken, &stranger, &to);
    assert!(matches!(refused, Err(AdminError::NotOneOfTheRoots { .. })));
    for odd in ["", "zz"] {
        let found = admin::find_device(&c, &to, odd).err().unwrap();
        let several = matches!(found, AdminError::SeveralMembers { found: 2, .. });
        assert!(several || matches!(found, AdminError::NoSuchMember { .. }), "{found}");
    }
    assert!(suspended(&stage, "p").is_empty() && suspended(&other, "p").is_empty());
}

#[test]
fn a_suspension_that_does_not_count_is_named_with_its_reason_and_stops_nothing() {
    let stage = Stage::published();
    let (c, to) = (stage.ceremony(), stage.path("p"));
    let [one, two] = [0, 1].map(|n| c.devices().unwrap()[n].id);
    let file = |id| to.join(suspension_file(id));
    let chain = load_folder(&to, c.trust()).unwrap().chain;
    let text = Suspension::of(&chain, one).to_text();
    let by = |text: String, n: usize| {
        let mut note = SignedNote::new(text).unwrap();
        stage.root(n).sign(&mut note);
        note.to_text()
    };
    let mut strange = SignedNote::new(text.clone()).unwrap();
    let name = sandyk::note::KeyName::parse("root-1").unwrap();
    admin::RootKey::generate(name, &mut rand::rngs::OsRng).sign(&mut strange);
    let other = text.replace("organisation ", "organisation another ");
    let older = Suspension { keyring: Digest::of(b"older"), ..Suspension::of(&chain, one) };
    let good = by(text.clone(), 1);
    for (why, note) in [
        ("StrangeSignature", strange.to_text()),
        ("Line", good.replace("device ", "device  ")),
        ("OtherOrganisation", by(other, 1)),
        ("Desk(SuspensionOfOtherKeyring", by(older.to_text(), 1)),
        ("Desk(SuspensionOfOtherKeyring", by(Suspension::of(&chain, two).to_text(), 1)),
        ("Note", String::new()),
    ] {
        save(&file(one), &note);
        let there = load_folder(&to, c.trust()).unwrap();
        let [void] = &there.void_suspensions[..] else { panic!("{why}") };
        assert_eq!(void.device, one);
        let said = format!("{:?}", void.why);
        assert!(said.starts_with(why), "{why}: {said}");
        assert!(there.suspensions.is_empty(), "{why}");
        assert_eq!(there.chain.current().get().epoch, 1, "and the keyring is in force");
    }
    save(&file(one), &good);
    let there = load_folder(&to, c.trust()).unwrap();
    assert_eq!((there.void_suspensions.len(), there.suspensions.len()), (0, 1));
    // What a later keyring has made void, and has left out, is nothing to tell of any more.
    admin::renew(&c, today(), today().plus_days(200)).unwrap();
    stage.sign(&[1, 2]).unwrap();
    publish(&stage).unwrap();
    let there = load_folder(&to, c.trust()).unwrap();
    assert!(there.void_suspensions.is_empty() && file(one).exists());
}

#[test]
fn the_command_writes_to_a_stick_or_to_the_server_and_says_when_it_is_done_already() {
    let stage = Stage::published();
    let path = |name: &str| stage.path(name).display().to_string();
    save(&stage.path("words"), passphrases()[1].expose());
    fs::create_dir(stage.path("stick")).unwrap();
    let id = stage.ceremony().devices().unwrap()[0].id.to_string();
    let (c, root, words) = (path("c"), path("c/root-2.age"), path("words"));
    let suspend = |to: &str| {
        let to = path(to);
        let step = ["suspend", "--folder", &c, "--to", &to, "--root", &root, &id];
        run(&[step.as_slice(), &["--passphrase-file", &words]].concat()).1.unwrap()
    };
    assert_eq!(suspend("stick"), Exit::Done);
    assert_eq!(suspend("p"), Exit::Done);
    assert_eq!(suspend("p"), Exit::NothingToDo);
    let file = format!("suspend-{id}.note");
    let [stick, server] = ["stick", "p"].map(|to| fs::read(stage.path(to).join(&file)).unwrap());
    assert_eq!(stick, server, "the same note, wherever it is written");
    let [_, reviewer] = readers(&stage);
    admin::retire(&stage.ceremony(), &[reviewer], term()).unwrap();
    stage.sign(&[1, 2]).unwrap();
    publish(&stage).unwrap();
    assert!(suspended(&stage, "p").is_empty(), "void with the next keyring");
    assert!(stage.ceremony().devices().unwrap().is_empty());
}
