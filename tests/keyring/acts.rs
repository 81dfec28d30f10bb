//! What a running organisation does: people go, roots change, signatures travel, renewals wait.

use std::{fs, path::Path};

use ed25519_dalek::SigningKey;
use sandyk::{
    admin::{
        self, AdminError, Base, Ceremony, Changes, Draft, Entrant, RootChange, RootKey, SigningFile,
    },
    files::Existing,
    keyring::{Keyring, KeyringError, Role},
    note::{KeyName, SignedNote},
};

use crate::stage::{Stage, keyring_refusal, save, term, today};

/// Publishes what is drafted to the server's folder `p`.
pub(crate) fn publish(stage: &Stage) -> Result<admin::Outcome, AdminError> {
    admin::publish(&stage.ceremony(), &stage.path("p"), today())
}

pub(crate) fn newest(stage: &Stage) -> Keyring {
    let trust = stage.ceremony().trust().clone();
    let published = admin::verify(&stage.path("p"), &trust, today()).unwrap();
    published.chain.current().get().clone()
}

/// The guardian's and the reviewer's ids.
pub(crate) fn readers(stage: &Stage) -> [String; 2] {
    let readers = newest(stage).readers;
    [0, 1].map(|n| readers[n].id.to_string())
}

fn root(stage: &mut Stage, name: &str) -> RootKey {
    RootKey::generate(KeyName::parse(name).unwrap(), &mut stage.rng)
}

pub(crate) fn base_of(stage: &Stage, draft: &Draft) -> Base {
    stage.ceremony().base(draft.purpose).unwrap()
}

#[test]
fn a_reader_comes_in_with_the_word_of_two_and_with_less_not_at_all() {
    let mut stage = Stage::published();
    let [third, machine] = stage.reader("third", Role::Guardian);
    let Entrant::Reader(public) = &third else { panic!("a reader") };
    let id = public.id;
    let reader = || Entrant::load(&stage.path("third-reader.pub")).unwrap();
    let add = |entrants| admin::add(&stage.ceremony(), entrants, term());
    let few = |found| KeyringError::TooFewVouches { id, needed: 2, found };
    let vouch = |places: &[usize]| stage.vouches(&third, places);
    assert_eq!(keyring_refusal(add(vec![reader()])), few(0));
    let with = |places: &[usize]| [vec![reader()], vouch(places)].into_iter().flatten().collect();
    assert_eq!(keyring_refusal(add(with(&[1]))), few(1));
    assert_eq!(keyring_refusal(add(with(&[1, 1]))), few(1), "twice the same is once");
    assert!(stage.ceremony().draft().unwrap().is_none(), "nothing was begun");
    let mut all: Vec<Entrant> = with(&[1, 0]);
    all.push(machine);
    let added = add(all).unwrap();
    assert_eq!(added.iter().map(|m| m.what).collect::<Vec<_>>(), ["guardian", "device"]);
    let draft = stage.ceremony().draft().unwrap().unwrap();
    let changes = Changes::of(&draft, &base_of(&stage, &draft), &[]);
    assert_eq!((changes.readers_in.len(), changes.vouches.len()), (1, 2));
    stage.sign(&[1, 2]).unwrap();
    publish(&stage).unwrap();
    assert_eq!(newest(&stage).readers.len(), 3);
    // The vouches stay where they were said, and the next keyring begins without.
    admin::renew(&stage.ceremony(), today(), today().plus_days(200)).unwrap();
    stage.sign(&[1, 2]).unwrap();
    publish(&stage).unwrap();
    // Those vouches were for the keyring after the first, and for no other.
    let Entrant::Vouch(old) = Entrant::load(&fs_vouch(&stage)).unwrap() else { panic!("a vouch") };
    let late = keyring_refusal(add(vec![Entrant::Vouch(old)]));
    assert!(matches!(late, KeyringError::VouchOfOtherKeyring { .. }), "{late}");
}

/// One of the vouches that lie in the stage's folder.
fn fs_vouch(stage: &Stage) -> std::path::PathBuf {
    let entries = fs::read_dir(stage.path("")).unwrap().map(|entry| entry.unwrap().path());
    let mut vouches = entries.filter(|path| path.display().to_string().contains("vouch-"));
    vouches.next().unwrap()
}

#[test]
fn whoever_vouches_and_is_retired_in_the_same_keyring_vouched_for_nobody() {
    let mut stage = Stage::published();
    let [third, _] = stage.reader("third", Role::Reviewer);
    let vouches = stage.vouches(&third, &[0, 1]);
    let all = std::iter::once(third).chain(vouches).collect();
    admin::add(&stage.ceremony(), all, term()).unwrap();
    let [_, reviewer] = readers(&stage);
    let refused = admin::retire(&stage.ceremony(), &[reviewer], term());
    assert!(matches!(
        keyring_refusal(refused),
        KeyringError::TooFewVouches { needed: 2, found: 1, .. }
    ));
    let draft = stage.ceremony().draft().unwrap().unwrap();
    assert_eq!((draft.keyring.readers.len(), draft.keyring.vouches.len()), (3, 2), "as it was");
}

#[test]
fn a_retired_reader_goes_with_every_machine_and_nobody_else_does() {
    let stage = Stage::published();
    let [guardian, reviewer] = readers(&stage);
    let gone = admin::retire(&stage.ceremony(), &[reviewer[..8].to_owned()], term()).unwrap();
    assert_eq!(gone.iter().map(|m| m.what).collect::<Vec<_>>(), ["reviewer", "device"]);
    // Until enough roots have signed nothing changes for anybody.
    assert_eq!(newest(&stage).readers.len(), 2);
    stage.sign(&[1, 3]).unwrap();
    publish(&stage).unwrap();
    let keyring = newest(&stage);
    assert_eq!((keyring.epoch, keyring.readers.len()), (2, 1));
    assert_eq!(keyring.readers[0].id.to_string(), guardian);
    let desk = stage.ceremony().published().unwrap().unwrap().desk.unwrap();
    let devices = &desk.get().devices;
    assert!(devices.len() == 1 && devices[0].reader.to_string() == guardian);
}

#[test]
fn a_single_machine_goes_and_its_reader_stays() {
    let stage = Stage::published();
    let device = stage.ceremony().devices().unwrap()[1].id.to_string();
    admin::retire(&stage.ceremony(), &[device], term()).unwrap();
    stage.sign(&[1, 2]).unwrap();
    publish(&stage).unwrap();
    assert_eq!(newest(&stage).readers.len(), 2);
    assert_eq!(stage.ceremony().devices().unwrap().len(), 1);
}

#[test]
fn an_id_of_nobody_and_an_id_of_several_change_nothing() {
    let stage = Stage::published();
    let retire = |id: &str| admin::retire(&stage.ceremony(), &[id.to_owned()], term());
    assert!(matches!(retire("zz"), Err(AdminError::NoSuchMember { .. })));
    assert!(matches!(retire(""), Err(AdminError::SeveralMembers { found: 4, .. })));
    assert!(stage.ceremony().draft().unwrap().is_none());
    // The last guardian stays until another is there: nobody could open the names any more.
    let [guardian, _] = readers(&stage);
    assert_eq!(keyring_refusal(retire(&guardian)), KeyringError::NoGuardian);
    assert!(stage.ceremony().draft().unwrap().is_none());
}

#[test]
fn roots_change_by_the_old_threshold_and_the_new_roots_together() {
    let mut stage = Stage::published();
    let fresh = ["root-4", "root-5"].map(|name| root(&mut stage, name));
    let change = RootChange {
        add: fresh.iter().map(RootKey::named).collect(),
        drop: vec!["root-1".into(), "root-2".into()],
        threshold: None,
    };
    admin::change_roots(&stage.ceremony(), change, term()).unwrap();
    // Two old ones who leave: enough of the old, none of the new.
    stage.sign(&[1, 2]).unwrap();
    let few = |epoch, found| KeyringError::TooFewSignatures { epoch, needed: 2, found };
    assert_eq!(keyring_refusal(publish(&stage)), few(2, 0));
    for key in &fresh {
        let progress = admin::sign(&stage.ceremony(), key, today()).unwrap();
        assert_eq!(progress.is_enough(), progress.signed.len() == 2, "{progress:?}");
    }
    publish(&stage).unwrap();
    let names: Vec<_> = newest(&stage).roots.iter().map(|r| r.name.as_str().to_owned()).collect();
    assert_eq!(names, ["root-3", "root-4", "root-5"]);
    // From then on the old ones sign nothing any more.
    admin::renew(&stage.ceremony(), today(), today().plus_days(200)).unwrap();
    let refused = stage.sign(&[1]).err().unwrap();
    assert!(matches!(refused, AdminError::NotOneOfTheRoots { .. }), "{refused}");
}

#[test]
fn new_roots_alone_take_nothing_over() {
    let mut stage = Stage::published();
    let fresh = ["root-4", "root-5"].map(|name| root(&mut stage, name));
    let change = RootChange {
        add: fresh.iter().map(RootKey::named).collect(),
        drop: ["root-1", "root-2", "root-3"].map(str::to_owned).to_vec(),
        threshold: Some(1),
    };
    admin::change_roots(&stage.ceremony(), change, term()).unwrap();
    for key in &fresh {
        let progress = admin::sign(&stage.ceremony(), key, today()).unwrap();
        assert!(!progress.is_enough() && progress.before.unwrap().signed.is_empty());
    }
    stage.sign(&[2]).unwrap();
    let few = KeyringError::TooFewSignatures { epoch: 1, needed: 2, found: 1 };
    assert_eq!(keyring_refusal(publish(&stage)), few);
}

#[test]
fn one_file_gathers_the_signatures_of_machines_that_have_no_folder() {
    let stage = Stage::published();
    admin::renew(&stage.ceremony(), today(), today().plus_days(200)).unwrap();
    let file = stage.path("around");
    SigningFile::of(&stage.ceremony(), today()).unwrap().save(&file, Existing::Refuse).unwrap();
    for (n, enough) in [(1, false), (3, true)] {
        let mut around = SigningFile::load(&file).unwrap();
        assert!(around.trust() == stage.ceremony().trust());
        let progress = around.sign(&stage.root(n), today()).unwrap();
        assert_eq!(progress.is_enough(), enough);
        around.save(&file, Existing::Replace).unwrap();
    }
    assert_eq!(keyring_refusal(publish(&stage)), {
        KeyringError::TooFewSignatures { epoch: 2, needed: 2, found: 0 }
    });
    let around = SigningFile::load(&file).unwrap();
    assert!(around.import(&stage.ceremony(), today()).unwrap().is_enough());
    publish(&stage).unwrap();
    assert_eq!(newest(&stage).epoch, 2);
    // What is published is no draft any more.
    assert!(around.import(&stage.ceremony(), today()).is_err());
}

#[test]
fn two_files_signed_at_the_same_time_come_together() {
    let stage = Stage::published();
    admin::renew(&stage.ceremony(), today(), today().plus_days(200)).unwrap();
    let files = [1, 2].map(|n| {
        let mut around = SigningFile::of(&stage.ceremony(), today()).unwrap();
        around.sign(&stage.root(n), today()).unwrap();
        around.save(&stage.path(&format!("from-{n}")), Existing::Refuse).unwrap();
        SigningFile::load(&stage.path(&format!("from-{n}"))).unwrap()
    });
    for (file, enough) in files.iter().zip([false, true]) {
        let progress = file.import(&stage.ceremony(), today()).unwrap();
        assert_eq!(progress.is_enough(), enough, "{progress:?}");
    }
    publish(&stage).unwrap();
}

#[test]
fn a_second_folder_takes_the_draft_from_the_file_but_never_another_for_its_own() {
    let (stage, other) = (Stage::published(), Stage::published());
    admin::renew(&stage.ceremony(), today(), today().plus_days(200)).unwrap();
    let around = SigningFile::of(&stage.ceremony(), today()).unwrap();
    let copy = stage.path("second");
    for folder in ["", "/published"] {
        fs::create_dir_all(format!("{}{folder}", copy.display())).unwrap();
        for entry in fs::read_dir(format!("{}{folder}", stage.path("c").display())).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let to = format!("{}{folder}", copy.display());
                fs::copy(&path, Path::new(&to).join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    let second = Ceremony::open(&copy).unwrap();
    around.import(&second, today()).unwrap();
    let draft = second.draft().unwrap().unwrap();
    assert_eq!(draft.fingerprint(), stage.ceremony().draft().unwrap().unwrap().fingerprint());
    fs::remove_dir_all(stage.path("c/draft")).unwrap();
    admin::renew(&stage.ceremony(), today(), today().plus_days(201)).unwrap();
    let differs = around.import(&stage.ceremony(), today());
    assert!(matches!(differs, Err(AdminError::DraftDiffers { epoch: 2 })));
    // The very same names of roots, another organisation's keys: not its file.
    admin::renew(&other.ceremony(), today(), today().plus_days(200)).unwrap();
    let mut foreign = SigningFile::of(&other.ceremony(), today()).unwrap();
    let mine = root(&mut Stage::new(), "root-1");
    assert!(matches!(foreign.sign(&mine, today()), Err(AdminError::NotOneOfTheRoots { .. })));
}

#[test]
fn a_file_that_was_edited_on_its_way_gets_no_signature() {
    let stage = Stage::published();
    admin::renew(&stage.ceremony(), today(), today().plus_days(200)).unwrap();
    let mut around = SigningFile::of(&stage.ceremony(), today()).unwrap();
    around.sign(&stage.root(1), today()).unwrap();
    let file = stage.path("around");
    around.save(&file, Existing::Refuse).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let day = today().plus_days(200).to_string();
    let later = today().plus_days(201).to_string();
    let refused = |text: String| {
        save(&file, &text);
        let loaded = SigningFile::load(&file);
        loaded.and_then(|mut f| f.sign(&stage.root(2), today())).err().unwrap()
    };
    // In one of the places where the day stands, in all of them, in the published note, in a signature.
    let once = refused(text.replacen(&day, &later, 1));
    assert!(matches!(once, AdminError::DraftEdited { .. }), "{once}");
    assert!(matches!(refused(text.replace(&day, &later)), AdminError::Keyring(_)));
    let old = today().plus_days(180).to_string();
    assert!(matches!(refused(text.replacen(&old, &later, 1)), AdminError::Keyring(_)));
    let cut = refused(text[..text.len() / 2].to_owned());
    assert!(matches!(cut, AdminError::NotASigningFile { .. }), "{cut}");
    // A reader of the coordinator's own, put in together with a chain that was made up.
    let stranger = SigningKey::from_bytes(&[9; 32]).verifying_key();
    let mut forged = around_with(&stage, |keyring| keyring.readers[0].signing = stranger);
    let refused = keyring_refusal(forged.sign(&stage.root(2), today()));
    assert!(matches!(refused, KeyringError::ReaderChanged { .. }), "{refused}");
}

#[test]
fn a_signature_of_no_root_is_not_taken_in() {
    let stage = Stage::published();
    admin::renew(&stage.ceremony(), today(), today().plus_days(200)).unwrap();
    let mut around = SigningFile::of(&stage.ceremony(), today()).unwrap();
    around.sign(&stage.root(1), today()).unwrap();
    let file = stage.path("around");
    around.save(&file, Existing::Refuse).unwrap();
    let mut json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let mut note = SignedNote::parse(json["keyring_note"].as_str().unwrap()).unwrap();
    root(&mut Stage::new(), "root-7").sign(&mut note);
    json["keyring_note"] = note.to_text().into();
    save(&file, &json.to_string());
    let refused = SigningFile::load(&file).unwrap().import(&stage.ceremony(), today());
    let name = "root-7".to_owned();
    assert_eq!(keyring_refusal(refused), KeyringError::StrangeSignature { name });
    assert!(stage.ceremony().draft().unwrap().unwrap().signed.is_none());
}

/// A file of this stage's draft after somebody edited it in the folder.
fn around_with(stage: &Stage, edit: impl FnOnce(&mut Keyring)) -> SigningFile {
    let file = stage.path("forged");
    let around = SigningFile::of(&stage.ceremony(), today()).unwrap();
    around.save(&file, Existing::Refuse).unwrap();
    let mut keyring = stage.ceremony().draft().unwrap().unwrap().keyring;
    let before = keyring.to_text();
    let digest = keyring.body_digest().to_string();
    edit(&mut keyring);
    let json = |text: &str| serde_json::to_string(text).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let text = text.replace(&json(&before), &json(&keyring.to_text()));
    save(&file, &text.replace(&digest, &keyring.body_digest().to_string()));
    SigningFile::load(&file).unwrap()
}
