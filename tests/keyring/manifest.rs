//! What the site must serve is said by as many roots as must sign, and never goes back.

use std::fs;

use sandyk::{
    admin::{self, AdminError, RootKey},
    cli::exit::Exit,
    keyring::{KeyringError, SignedSite, load_folder},
    note::KeyName,
};

use crate::{
    commands::run,
    stage::{Stage, keyring_refusal, passphrases, save},
};

/// A published organisation, and a draft of what this program would serve for it.
fn drafted() -> Stage {
    let stage = Stage::published();
    let config = "store = 's'\nkeyring = 'k'\nroots = 'r'\nintake.listen = '127.0.0.1:8080'\n\
        organisation.name = 'Мисал уюму'\n";
    save(&stage.path("server.toml"), config);
    draft(&stage, "1", "site");
    stage
}

fn draft(stage: &Stage, number: &str, out: &str) {
    let path = |name: &str| stage.path(name).display().to_string();
    let (config, out) = (path("server.toml"), path(out));
    let words = ["manifest", "draft", "--config", &config, "--number", number, "--out", &out];
    let (said, end) = run(&words);
    assert_eq!(end.unwrap(), Exit::Done);
    assert!(said.starts_with(&format!("Мисал уюму, site manifest {number} of ")), "{said}");
}

fn sign(stage: &Stage, file: &str, roots: &[usize]) {
    for root in roots {
        admin::sign_site(&stage.ceremony(), &stage.path(file), &stage.root(*root)).unwrap();
    }
}

#[test]
fn the_commands_draft_sign_and_publish_a_manifest() {
    let stage = drafted();
    let path = |name: &str| stage.path(name).display().to_string();
    let (folder, site, to) = (path("c"), path("site"), path("p"));
    let publish = ["manifest", "publish", "--folder", &folder, "--manifest", &site, "--to", &to];
    for (n, words) in passphrases().iter().enumerate() {
        save(&stage.path(&format!("words-{}", n + 1)), words.expose());
    }
    for (n, said) in [(1, "1 of 2 signatures"), (2, "2 of 2 signatures")] {
        assert_eq!(run(&publish).1.err().unwrap().exit(), Exit::Refused, "{n}");
        let (root, words) = (stage.root_file(n).display().to_string(), path(&format!("words-{n}")));
        let sign = ["manifest", "sign", "--folder", &folder, "--manifest", &site, "--root", &root];
        let sign = sign.into_iter().chain(["--passphrase-file", &words]);
        let (text, end) = run(&sign.collect::<Vec<_>>());
        assert!(end.is_ok() && text.contains(said), "{text}");
    }
    assert_eq!(run(&publish).1.unwrap(), Exit::Done);
    assert_eq!(run(&publish).1.unwrap(), Exit::NothingToDo);
    let published = load_folder(&stage.path("p"), stage.ceremony().trust()).unwrap();
    let shown = published.site.unwrap().unwrap();
    assert_eq!((shown.manifest().number, shown.manifest().files.len()), (1, 18));
    assert_eq!(shown.note(), fs::read_to_string(stage.path("site")).unwrap());
}

#[test]
fn a_manifest_never_goes_back_and_one_root_alone_says_nothing() {
    let stage = drafted();
    let (c, file, to) = (stage.ceremony(), stage.path("site"), stage.path("p"));
    sign(&stage, "site", &[1]);
    let few = keyring_refusal(admin::publish_site(&c, &file, &to));
    assert_eq!(few, KeyringError::TooFewSignatures { epoch: 1, needed: 2, found: 1 });
    // The same root twice is one root.
    sign(&stage, "site", &[1]);
    assert!(admin::publish_site(&c, &file, &to).is_err());
    sign(&stage, "site", &[3]);
    assert!(admin::publish_site(&c, &file, &to).unwrap());
    draft(&stage, "1", "again");
    let text = fs::read_to_string(stage.path("again")).unwrap();
    save(&stage.path("again"), &text.replace("/en/about\n", "/en/abouu\n"));
    sign(&stage, "again", &[1, 2]);
    let same = admin::publish_site(&c, &stage.path("again"), &to);
    assert!(matches!(same, Err(AdminError::WouldOverwrite { .. })), "the same number");
    draft(&stage, "2", "next");
    sign(&stage, "next", &[1, 2]);
    assert!(admin::publish_site(&c, &stage.path("next"), &to).unwrap());
    let back = admin::publish_site(&c, &file, &to);
    assert!(matches!(back, Err(AdminError::WouldOverwrite { .. })), "the one before");
    let there = fs::read_to_string(stage.path("p/site.note")).unwrap();
    assert_eq!(there, fs::read_to_string(stage.path("next")).unwrap());
    // A signature that belongs to no root makes it void, and an edit after the first one too.
    let stranger = RootKey::generate(KeyName::parse("root-1").unwrap(), &mut rand::rngs::OsRng);
    draft(&stage, "3", "third");
    let foreign = admin::sign_site(&c, &stage.path("third"), &stranger);
    assert!(matches!(foreign, Err(AdminError::NotOneOfTheRoots { .. })));
    sign(&stage, "third", &[1]);
    let signed = fs::read_to_string(stage.path("third")).unwrap();
    save(&stage.path("third"), &signed.replacen("number 3", "number 4", 1));
    assert!(admin::sign_site(&c, &stage.path("third"), &stage.root(2)).is_err());
    assert!(SignedSite::verify(&signed, c.trust().into()).is_err());
}
