//! What nobody may take, brought to those who read a published folder.

use std::fs;

use sandyk::{
    admin,
    intake::{KeyringFolder, Look},
    keyring::{Chain, KeyringError, keyring_file, load_folder},
    note::SignedNote,
};

use crate::{
    forged::forged,
    stage::{Stage, keyring_refusal, save, today},
};

struct Forgeries {
    stage: Stage,
    chain: Chain,
    notes: Vec<(&'static str, String)>,
}

fn forgeries() -> Forgeries {
    let stage = Stage::published();
    let chain = load_folder(&stage.path("p"), stage.ceremony().trust()).unwrap().chain;
    let roots = [1, 2, 3].map(|n| stage.root(n));
    let sign = |note: &mut SignedNote, n: usize| roots[n - 1].sign(note);
    let notes = forged(&chain, &sign);
    Forgeries { stage, chain, notes }
}

/// The name of a refusal, without what stands in it.
fn name(error: &KeyringError) -> String {
    format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

#[test]
fn each_forged_keyring_is_refused_by_a_name_of_its_own_and_message() {
    let Forgeries { chain, notes, .. } = forgeries();
    let mut said = Vec::new();
    for (why, note) in notes {
        let error = chain.extend(&note).err().unwrap();
        assert_eq!(name(&error), why, "{error}");
        said.push(error.to_string());
    }
    let count = said.len();
    said.sort();
    said.dedup();
    assert_eq!(said.len(), count, "two refusals with one message");
}

#[test]
fn a_server_that_starts_or_runs_takes_none_of_them_and_the_keyring_in_force_stays() {
    let Forgeries { stage, chain, notes } = forgeries();
    let folder = stage.path("p");
    let mut running = KeyringFolder::new(folder.clone(), folder.join("roots.txt"));
    let published = running.subscribe();
    assert_eq!(running.look().unwrap(), Look::Now(1));
    for (why, note) in notes {
        save(&folder.join(keyring_file(2)), &note);
        let expected = chain.extend(&note).err().unwrap();
        let told = running.look().unwrap_err().to_string();
        assert_eq!(told, format!("{expected}; the keyring in force stays"), "{why}");
        let in_force = published.borrow().as_ref().unwrap().chain.current_digest();
        assert_eq!(in_force, chain.current_digest(), "{why}");
        let mut starting = KeyringFolder::new(folder.clone(), folder.join("roots.txt"));
        assert!(starting.look().is_err(), "{why}");
        assert!(starting.subscribe().borrow().is_none(), "{why}");
    }
    fs::remove_file(folder.join(keyring_file(2))).unwrap();
    assert_eq!(running.look().unwrap(), Look::Same);
}

#[test]
fn administrators_neither_verify_nor_publish_beside_any_of_them() {
    let Forgeries { stage, chain, notes } = forgeries();
    let folder = stage.path("p");
    for (why, note) in notes {
        save(&folder.join(keyring_file(2)), &note);
        let expected = chain.extend(&note).err().unwrap();
        let trust = stage.ceremony().trust().clone();
        let verified = admin::verify(&folder, &trust, today());
        assert_eq!(keyring_refusal(verified), expected, "{why}");
        let published = admin::publish(&stage.ceremony(), &folder, today());
        assert_eq!(keyring_refusal(published), expected, "{why}");
        assert_eq!(fs::read_to_string(folder.join(keyring_file(2))).unwrap(), note, "{why}");
    }
}
