//! Rehearsals play everything and touch nothing; what stands on paper comes back.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use sandyk::{
    admin::{self, Entrant, RootKey},
    cli::exit::Exit,
    keyring::SiteManifest,
};

use crate::{
    commands::run,
    stage::{Stage, passphrases, save, today},
};

/// Every file below a folder with its bytes.
fn everything(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.insert(path.display().to_string(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// A stage on the real day, since commands ask the clock.
fn stage_of_today() -> Stage {
    let stage = Stage::published();
    save(&stage.path("words"), passphrases()[0].expose());
    stage
}

#[test]
fn a_rehearsal_of_any_step_touches_nothing() {
    let mut stage = stage_of_today();
    let [third, _] = stage.reader("third", sandyk::keyring::Role::Reviewer);
    let vouches = stage.vouches(&third, &[0, 1]);
    let vouches = vouches.iter().map(|entrant| match entrant {
        Entrant::Vouch(vouch) => stage.path(&vouch.file()).display().to_string(),
        Entrant::Reader(_) | Entrant::Device(_) => String::new(),
    });
    let vouches: Vec<String> = vouches.collect();
    let key = RootKey::generate(sandyk::note::KeyName::parse("root-4").unwrap(), &mut stage.rng);
    save(&stage.path("root-4.pub"), &admin::write_root_pub(&key).unwrap());
    let path = |name: &str| stage.path(name).display().to_string();
    let (c, p, new) = (path("c"), path("p"), path("new"));
    let reviewer = stage.ceremony().published().unwrap().unwrap().chain.current().get().readers[1]
        .id
        .to_string();
    // A machine more for a reader who is there.
    let device = fs::read_to_string(stage.path("third-device.pub")).unwrap();
    save(&stage.path("foreign-device.pub"), &device);
    let before = everything(&stage.path(""));
    let steps: &[&[&str]] = &[
        &["init", "--organisation", "Мисал", "--folder", &new],
        &["add", "--folder", &c, &path("third-reader.pub"), &vouches[0], &vouches[1]],
        &["retire", "--folder", &c, &reviewer],
        &["roots", "--folder", &c, "--add", &path("root-4.pub"), "--remove", "root-1"],
        &["rotate", "--folder", &c],
        &["renew", "--folder", &c],
        &["renew", "--ahead", "--folder", &c],
    ];
    for step in steps {
        let (_, end) = run(&[step, ["--rehearse"].as_slice()].concat());
        assert_eq!(end.unwrap(), Exit::Done, "{step:?}");
        assert!(before == everything(&stage.path("")), "{step:?} wrote something");
    }
    // What the real step would be refused for stops its rehearsal too.
    let machine = ["add", "--folder", &c, &path("third-device.pub"), "--rehearse"];
    assert_eq!(run(&machine).1.err().unwrap().exit(), Exit::Refused);
    let none = ["keyring", "verify", "--published", &p, "--roots", &path("c/roots.txt")];
    let none = run(&[none.as_slice(), ["--rehearse"].as_slice()].concat());
    assert_eq!(none.1.err().unwrap().exit(), Exit::Usage);
    assert!(before == everything(&stage.path("")));
}

#[test]
fn signing_and_publishing_are_rehearsed_without_taking_a_root_key_out() {
    let stage = stage_of_today();
    let path = |name: &str| stage.path(name).display().to_string();
    let (c, p) = (path("c"), path("p"));
    assert_eq!(run(&["renew", "--folder", &c]).1.unwrap(), Exit::Done);
    let before = everything(&stage.path(""));
    let sign = ["sign", "--folder", &c, "--root", "nowhere", "--rehearse"];
    assert_eq!(run(&sign).1.unwrap(), Exit::Done);
    let publish = ["keyring", "publish", "--folder", &c, "--to", &p, "--rehearse"];
    assert_eq!(run(&publish).1.err().unwrap().exit(), Exit::Refused, "nobody has signed");
    assert!(before == everything(&stage.path("")));
}

#[test]
fn a_printed_root_key_is_typed_back_and_a_wrong_line_is_named() {
    let stage = stage_of_today();
    let path = |name: &str| stage.path(name).display().to_string();
    let (root, page, again) = (path("c/root-1.age"), path("page"), path("again.age"));
    let words = path("words");
    assert_eq!(run(&["root", "paper", "--root", &root, "--out", &page]).1.unwrap(), Exit::Done);
    let restore = |page: &str, out: &str| {
        run(&["root", "restore", "--page", page, "--out", out, "--passphrase-file", &words])
    };
    let (said, end) = restore(&page, &again);
    assert_eq!(end.unwrap(), Exit::Done);
    let named = stage.root(1).named();
    assert!(said.contains(&named.fingerprint()), "{said}");
    assert_eq!(fs::read(&again).unwrap(), fs::read(&root).unwrap(), "the very same file");
    let text = fs::read_to_string(&page).unwrap();
    let line = text.lines().nth(6).unwrap();
    let other = if line.contains('7') { line.replace('7', "8") } else { line.replace('Z', "Y") };
    let other = if other == line { format!("{}4", &line[..line.len() - 1]) } else { other };
    save(&stage.path("typed"), &text.replace(line, &other));
    let error = restore(&path("typed"), &path("wrong.age")).1.err().unwrap();
    assert!(error.to_string().contains("line 7"), "{error}");
    assert!(!stage.path("wrong.age").exists());
    // The page is also what stock age opens.
    assert!(text.contains("-----BEGIN AGE ENCRYPTED FILE-----"), "{text}");
}

#[test]
fn an_organisation_begins_with_roots_that_no_machine_held_together() {
    let stage = stage_of_today();
    let path = |name: &str| stage.path(name).display().to_string();
    let words = path("words");
    for name in ["root-1", "root-2", "root-3"] {
        let out = path(&format!("{name}.age"));
        let make = ["root", "make", "--name", name, "--out", &out, "--work-factor", "1"];
        let make = [make.as_slice(), &["--passphrase-file", &words]].concat();
        assert_eq!(run(&make).1.unwrap(), Exit::Done);
    }
    let new = path("new");
    let pubs = ["root-1.pub", "root-2.pub", "root-3.pub"].map(path);
    let init = ["init", "--organisation", "Мисал", "--folder", &new];
    let begin = |pubs: &[String]| {
        let pubs = pubs.iter().flat_map(|file| ["--root-pub", file.as_str()]);
        run(&init.into_iter().chain(pubs).collect::<Vec<_>>()).1
    };
    // A key that nobody holds, and the same one twice, begin nothing.
    let text = fs::read_to_string(&pubs[0]).unwrap();
    save(&stage.path("cut.pub"), &text[..text.len() - 9]);
    save(&stage.path("renamed.pub"), &text.replace("root-1", "root-9"));
    for odd in ["cut.pub", "renamed.pub", "root-2.pub", "c/root-1.age"] {
        let odd = [path(odd), pubs[1].clone(), pubs[2].clone()];
        assert!(begin(&odd).is_err());
        assert!(!stage.path("new").exists());
    }
    assert_eq!(begin(&pubs).unwrap(), Exit::Done);
    let ceremony = admin::Ceremony::open(&stage.path("new")).unwrap();
    assert_eq!(ceremony.trust().roots.len(), 3);
    let files = fs::read_dir(stage.path("new")).unwrap().map(|e| e.unwrap().path());
    assert!(files.into_iter().all(|f| f.extension().is_none_or(|e| e != "age")));
    assert!(today().days_until(ceremony.draft().unwrap().unwrap().keyring.not_after) > 0);
}

#[test]
fn a_file_that_begins_with_other_roots_is_not_signed() {
    let (stage, other) = (stage_of_today(), Stage::published());
    let path = |name: &str| stage.path(name).display().to_string();
    let (c, file, words) = (path("c"), path("around"), path("words"));
    assert_eq!(run(&["renew", "--folder", &c]).1.unwrap(), Exit::Done);
    let export = ["draft", "export", "--folder", &c, "--out", &file];
    assert_eq!(run(&export).1.unwrap(), Exit::Done);
    let root = path("c/root-1.age");
    let sign = ["sign", "--file", &file, "--root", &root, "--passphrase-file", &words, "--roots"];
    let foreign = other.path("c/roots.txt").display().to_string();
    // The names are the same, the keys are those of the same invented people: another threshold.
    let text = fs::read_to_string(&foreign).unwrap().replace("threshold 2", "threshold 1");
    save(&other.path("c/roots.txt"), &text);
    let refused = run(&[sign.as_slice(), &[&foreign]].concat()).1.err().unwrap();
    assert_eq!(refused.exit(), Exit::Refused);
    let signed = run(&[sign.as_slice(), &[&path("c/roots.txt")]].concat());
    assert_eq!(
        (signed.0.as_str(), signed.1.unwrap()),
        ("epoch 2: 1 of 2 signatures\n", Exit::Done)
    );
    let (said, end) = run(&["draft", "import", "--folder", &c, &file]);
    assert_eq!((said.as_str(), end.unwrap()), ("epoch 2: 1 of 2 signatures\n", Exit::Done));
}

/// A published organisation with a draft, a manifest, a signed one, and a page of root 1.
fn beside_the_draft() -> Stage {
    let stage = stage_of_today();
    let ceremony = stage.ceremony();
    let files = [("/ky/".to_owned(), sandyk::digest::Digest::of(b"page"))].into();
    let organisation = "Мисал уюму".to_owned();
    let site = SiteManifest { organisation, number: 1, day: today(), files };
    save(&stage.path("site"), &site.to_text());
    save(&stage.path("signed"), &site.to_text());
    for n in [1, 2] {
        admin::sign_site(&ceremony, &stage.path("signed"), &stage.root(n)).unwrap();
    }
    save(&stage.path("page"), &RootKey::page(&stage.root_file(1)).unwrap());
    admin::renew(&ceremony, today(), today().plus_days(200)).unwrap();
    let path = |name: &str| stage.path(name).display().to_string();
    let export = ["draft", "export", "--folder", &path("c"), "--out", &path("around")];
    assert_eq!(run(&export).1.unwrap(), Exit::Done);
    stage
}

#[test]
fn what_is_no_draft_is_rehearsed_for_real_and_touches_nothing() {
    let stage = beside_the_draft();
    let path = |name: &str| stage.path(name).display().to_string();
    let (c, p, new) = (path("c"), path("p"), path("new"));
    let root = stage.root_file(1).display().to_string();
    let device = stage.ceremony().devices().unwrap()[0].id.to_string();
    let (around, words) = (path("around"), path("words"));
    let before = everything(&stage.path(""));
    let steps: &[(&[&str], &str)] = &[
        (&["suspend", "--folder", &c, "--to", &p, "--root", &root, &device[..8]], ""),
        (&["root", "make", "--name", "root-9", "--out", &new], "root-9  "),
        (&["root", "paper", "--root", &root], ""),
        (
            &[
                "root",
                "restore",
                "--out",
                &new,
                "--page",
                &path("page"),
                "--passphrase-file",
                &words,
            ],
            "root-1  ",
        ),
        (&["manifest", "sign", "--folder", &c, "--manifest", &path("site"), "--root", &root], ""),
        (&["manifest", "publish", "--folder", &c, "--manifest", &path("signed"), "--to", &p], ""),
        (&["draft", "export", "--folder", &c, "--out", &new], ""),
        (&["draft", "import", "--folder", &c, &around], ""),
    ];
    for (step, shown) in steps {
        let (said, end) = run(&[step, ["--rehearse"].as_slice()].concat());
        assert_eq!(end.unwrap(), Exit::Done, "{step:?}");
        assert!(said.contains(shown), "{step:?}: {said}");
        assert!(before == everything(&stage.path("")), "{step:?} wrote something");
    }
    // What the real act would be refused for stops its rehearsal, too.
    let refused: &[&[&str]] = &[
        &["suspend", "--folder", &c, "--to", &p, "--root", &root, "zzzz"],
        &["manifest", "publish", "--folder", &c, "--manifest", &path("site"), "--to", &p],
        &["root", "paper", "--root", &path("words")],
    ];
    for step in refused {
        let end = run(&[step, ["--rehearse"].as_slice()].concat()).1;
        assert!(end.is_err(), "{step:?}");
        assert!(before == everything(&stage.path("")), "{step:?} wrote something");
    }
}

#[test]
fn a_page_is_typed_line_by_line_and_a_mistyped_line_again() {
    let stage = Stage::new();
    let page = RootKey::page(&stage.root_file(1)).unwrap();
    let lines: Vec<&str> = page.lines().take_while(|line| !line.is_empty()).collect();
    save(&stage.path("words"), passphrases()[0].expose());
    let restore = |typed: &[&str], out: &str| {
        let mut sandyk = Command::new(env!("CARGO_BIN_EXE_sandyk"))
            .args(["admin", "root", "restore", "--out"])
            .arg(stage.path(out))
            .arg("--passphrase-file")
            .arg(stage.path("words"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = sandyk.stdin.take().unwrap();
        stdin.write_all((typed.join("\n") + "\n").as_bytes()).unwrap();
        drop(stdin);
        let output = sandyk.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    // In small letters, a letter for a figure: as people type. Then a figure that is another.
    let loose = lines[0].to_lowercase().replace('0', "o");
    let sign = lines[1].chars().nth(4).unwrap();
    let wrong =
        format!("{}{}{}", &lines[1][..4], if sign == '7' { '8' } else { '7' }, &lines[1][5..]);
    let typed = [&[loose.as_str(), &wrong, lines[1]], &lines[2..]].concat();
    let (code, said) = restore(&typed, "back");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("line 2 is mistyped"), "{said}");
    assert_eq!(said.matches("mistyped").count(), 1, "{said}");
    let back = RootKey::open(&stage.path("back"), &passphrases()[0]).unwrap();
    assert!(back.named() == stage.root(1).named());
    // Whoever stops before the end has nothing.
    let (code, said) = restore(&lines[..lines.len() - 1], "half");
    assert_eq!(code, Some(1), "{said}");
    assert!(!stage.path("half").exists(), "{said}");
}
