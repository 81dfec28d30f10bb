//! Makes `tests/vectors/v0`. A version is made once and then only read: the test is ignored, and
//! it refuses to write over a file that is there.
//!
//! `cargo test --lib make_vectors -- --ignored` with the folder moved away makes a new set (age
//! draws its own randomness, so the bytes differ; the keys do not).

use std::{fs, path::Path};

use serde_json::{Value, json};
use tar::EntryType;

use super::{
    containers::{Tar, one, put},
    *,
};
use crate::files::{Audience, Existing, save};

#[test]
#[ignore = "writes tests/vectors/v0, which is frozen"]
fn make_the_vectors_of_v0() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/v0");
    let (reviewer, guardian) = (Person::new(Role::Reviewer, 1), Person::new(Role::Guardian, 2));
    for (name, person) in [("reviewer", &reviewer), ("guardian", &guardian)] {
        let text = person.identity.0.to_secret_text();
        let file = format!("# reader {}\n{}\n", person.reader.id, text.expose());
        write(&root.join(format!("{name}.txt")), file.as_bytes());
    }
    let picture: Vec<u8> = (0..40_000_u32).flat_map(u32::to_be_bytes).take(40_000).collect();
    let files: [(&str, &str, &[u8]); 2] =
        [("фото 1.jpg", "image/jpeg", &picture), ("empty.txt", "text/plain", b"")];
    let mut sealed = whole(9, &[&reviewer, &guardian], &files);
    let folder = root.join("testimony");
    for (name, bytes) in [
        ("cover", sealed.cover.as_bytes()),
        ("account", sealed.account.as_bytes()),
        ("identity", sealed.identity.as_bytes()),
        ("exhibits", sealed.exhibits.as_slice()),
    ] {
        write(&folder.join(format!("{name}.age")), bytes);
    }
    for envelope in &sealed.envelopes {
        let folder = folder.join("envelope").join(envelope.reader.to_string());
        write(&folder.join("account.age"), envelope.account.as_bytes());
        if let Some(identity) = &envelope.identity {
            write(&folder.join("identity.age"), identity.as_bytes());
        }
    }
    let exhibits: Vec<Value> = files
        .iter()
        .map(|(name, kind, bytes)| {
            json!({ "name": name, "media_type": kind, "bytes": bytes.len(), "sha256": Digest::of(bytes) })
        })
        .collect();
    let expected = json!({
        "id": sealed.id, "story": "They came at four in the morning. 9", "submitter": "Person A",
        "exhibits": exhibits, "hostile": hostile(&root, &mut sealed),
    });
    let text = serde_json::to_vec_pretty(&expected).unwrap();
    write(&root.join("expected.json"), &text);
}

/// Hostile variants: damage to the honest files, or a whole other cover with other exhibits.
fn hostile(root: &Path, sealed: &mut Whole) -> Vec<Value> {
    let mut all = Vec::new();
    for part in ["Account", "Identity", "Exhibits"] {
        let error = format!("NotUnderThisCover({part})");
        let part = part.to_lowercase();
        all.push(json!({ "cut": { "part": part, "keep": 9_000 }, "error": error }));
        all.push(json!({ "flip": { "part": part, "at": 9_000 }, "error": error }));
    }
    all.push(json!({ "cut": { "part": "cover", "keep": 1_000 }, "error": "Truncated" }));
    all.push(json!({ "flip": { "part": "cover", "at": 4_500 }, "error": "Altered" }));
    all.push(json!({ "id": "a".repeat(26), "error": "OtherTestimony" }));
    for (name, container, error) in containers() {
        put(sealed, &container);
        let folder = root.join("hostile").join(name);
        write(&folder.join("cover.age"), sealed.cover.as_bytes());
        write(&folder.join("exhibits.age"), &sealed.exhibits);
        all.push(
            json!({ "folder": format!("hostile/{name}"), "error": format!("Exhibits({error})") }),
        );
    }
    all
}

/// As small as they can be: what is wrong in them is found before their padding would be.
fn containers() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let start = || Tar::default().entry("0001/00000001", b"x");
    let link = Tar::default().foreign("0001/00000001", |header| {
        header.set_entry_type(EntryType::Symlink);
        header.set_link_name_literal("/etc/passwd").unwrap();
    });
    let mut tail = one(b"x").bytes();
    tail.extend_from_slice(&[0; 1024]);
    tail.extend_from_slice(b"tail");
    vec![
        ("symlink", link.bytes(), "NotARegularFile"),
        ("path", Tar::default().foreign("../../etc/cron.d/x", |_| ()).bytes(), "BadName"),
        ("reordered", Tar::default().about(1, b"x").bytes(), "OutOfOrder"),
        ("duplicate", one(b"x").entry("0001/00000001", b"y").bytes(), "Duplicate"),
        ("truncated", start().bytes(), "Truncated"),
        ("tail", tail, "TailNotZero"),
        ("wrong-about", start().entry("0001/about.json", b"{}").bytes(), "BadAbout"),
        ("wrong-length", start().about(1, b"longer").bytes(), "WrongLength"),
        ("wrong-hash", start().about(1, b"y").bytes(), "WrongHash"),
        (
            "unpadded",
            {
                let mut tar = one(b"x").bytes();
                tar.extend_from_slice(&[0; 1024]);
                tar
            },
            "WrongPadding",
        ),
    ]
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    save(path, bytes, Audience::Everyone, Existing::Refuse).unwrap();
}
