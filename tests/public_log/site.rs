//! What the roots say that a site must serve, and anybody who looks whether it does.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

use sandyk::{
    clock::{Clock as _, SystemClock},
    config::ServerConfig,
    digest::Digest,
    keyring::{SITE_FILE, SignedSite, SiteManifest},
    ledger::public::LogEntry,
    store::{SledStore, Store as _},
    web,
};
use serde_json::Value;

use super::{Hand, ROLES, get, intake};
use crate::common::{Organisation, Server};

/// What this program would serve for the organisation, as a manifest.
fn manifest(organisation: &Organisation, number: u32) -> SiteManifest {
    let config = ServerConfig::load(&organisation.at("server.toml")).unwrap();
    let files = web::files(&config.organisation, &config.limits).unwrap();
    SiteManifest { organisation: "Org A".into(), number, day: SystemClock.today(), files }
}

fn audit(organisation: &Organisation, server: &Server, more: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandyk"));
    command.args(["--json", "sync", "audit-site", "--site"]);
    command.arg(format!("http://{}", server.address()));
    command.arg("--roots").arg(organisation.at("keyring/roots.txt")).args(more);
    command.output().unwrap()
}

fn found(output: &Output) -> (Option<i32>, Value) {
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

fn publish(organisation: &Organisation, note: &str) {
    fs::write(organisation.at("keyring").join(SITE_FILE), note).unwrap();
}

/// Whether the server said that before it listened.
fn says(server: &mut Server, words: &str) -> bool {
    server.heard().iter().any(|line| line.contains(words))
}

async fn close_a_week(organisation: &Organisation, weeks: i64) {
    let (later, store) = intake(organisation, &Hand::at(weeks));
    later.log().round().await.unwrap();
    drop(later);
    Arc::<SledStore>::try_unwrap(store).ok().unwrap().close().await.unwrap();
}

#[tokio::test]
async fn anybody_can_tell_whether_a_site_serves_what_its_roots_have_signed() {
    let organisation = Organisation::found(&ROLES);
    close_a_week(&organisation, 0).await;
    let signed = organisation.sign(manifest(&organisation, 1).to_text());
    publish(&organisation, &signed);
    let mut server = organisation.serve();
    assert!(says(&mut server, "is in force") && !says(&mut server, "as the roots have signed"));
    assert_eq!(get(&server, "/ledger/site").text(), signed);
    let (code, answer) = found(&audit(&organisation, &server, &[]));
    assert_eq!((code, answer["files"].as_u64()), (Some(0), Some(18)), "{answer}");
    assert_eq!((&answer["log"], &answer["log_is_signed"]), (&"not-yet".into(), &false.into()));
    server.stop();

    // With the week it stands in the log; once, however many weeks go by.
    close_a_week(&organisation, 1).await;
    close_a_week(&organisation, 2).await;
    let server = organisation.serve();
    let lines = get(&server, "/ledger/entries").text();
    let line = LogEntry::Site { number: 1, digest: Digest::of(signed.as_bytes()) }.to_line();
    assert_eq!(lines.lines().filter(|have| **have == line).count(), 1, "{lines}");
    let key = organisation.at("ledger-key.txt");
    fs::write(&key, get(&server, "/ledger/key").text()).unwrap();
    let with_key = ["--ledger-key".as_ref(), key.as_path()];
    let (code, answer) = found(&audit(&organisation, &server, &with_key));
    assert_eq!((code, &answer["log"]), (Some(0), &"last".into()), "{answer}");
    assert_eq!(answer["log_is_signed"], true);
    // Another key than the one that signs the log.
    let other = organisation.keyring.roots[0].to_text();
    fs::write(&key, format!("{other}\n")).unwrap();
    assert_eq!(audit(&organisation, &server, &with_key).status.code(), Some(3));
    server.stop();
}

#[tokio::test]
async fn a_changed_page_an_old_manifest_and_too_few_roots_are_found() {
    let organisation = Organisation::found(&ROLES);
    close_a_week(&organisation, 0).await;
    let first = organisation.sign(manifest(&organisation, 1).to_text());
    publish(&organisation, &first);
    close_a_week(&organisation, 1).await;
    // The roots have signed other words on one page: the program serves another one than they saw.
    let mut next = manifest(&organisation, 2);
    next.files.insert("/ky".into(), Digest::of(b"what the roots saw"));
    let second = organisation.sign(next.to_text());
    publish(&organisation, &second);
    close_a_week(&organisation, 2).await;
    let mut server = organisation.serve();
    assert!(says(&mut server, "these pages are not as the roots have signed: /ky"));
    let output = audit(&organisation, &server, &[]);
    let (code, answer) = found(&output);
    assert_eq!((code, answer["different"][0][0].as_str()), (Some(3), Some("/ky")), "{answer}");
    assert_eq!(answer["different"].as_array().unwrap().len(), 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("warn people by another way"));
    // The manifest before fits the pages, and the log knows a newer one.
    let old = organisation.at("old.note");
    fs::write(&old, &first).unwrap();
    let (code, answer) = found(&audit(&organisation, &server, &["--manifest".as_ref(), &old]));
    assert_eq!((code, &answer["log"]), (Some(3), &"another".into()), "{answer}");
    assert_eq!(answer["different"].as_array().unwrap().len(), 0);
    server.stop();
    // One root is too few: the server shows nothing and says so; the intake stays open.
    let lines: Vec<&str> = second.lines().collect();
    let one = lines[..lines.len() - 1].join("\n") + "\n";
    publish(&organisation, &one);
    let mut server = organisation.serve();
    assert!(says(&mut server, "the site manifest is not shown: 1 of the 2 signatures needed"));
    assert_eq!((get(&server, "/ledger/site").status, get(&server, "/en").status), (404, 200));
    assert_eq!(found(&audit(&organisation, &server, &[])).0, Some(1), "there is none to compare");
    fs::write(&old, &one).unwrap();
    let few = audit(&organisation, &server, &["--manifest".as_ref(), &old]);
    assert_eq!(few.status.code(), Some(3));
    server.stop();
}

#[test]
fn a_manifest_is_read_in_one_spelling_only_and_by_its_own_roots_only() {
    let organisation = Organisation::found(&ROLES);
    let made = manifest(&organisation, 7);
    let text = made.to_text();
    assert_eq!(SiteManifest::parse(&text), Ok(made.clone()));
    let hash = Digest::of(b"x");
    let file = format!("file {hash} /zz\n");
    for (bad, why) in [
        (text.replace("number 7", "number 07"), "a second spelling"),
        (format!("{text}{file}{file}"), "twice the same path"),
        (format!("{text}file {hash} /a\n"), "out of order"),
        (format!("{text}file {hash} /zz/../a\n"), "a path that leaves the site"),
        (format!("{text}file {hash} //zz\n"), "another site"),
        (format!("{text}file {hash} /zz?q\n"), "a query"),
        (format!("{text}file {hash} zz\n"), "no path"),
        (text.lines().take(4).fold(String::new(), |t, l| t + l + "\n"), "no files"),
        (format!("{text}\n"), "more behind it"),
    ] {
        assert!(SiteManifest::parse(&bad).is_err(), "{why}");
    }
    assert!(SiteManifest::parse(&format!("{text}{file}")).is_ok(), "the same without the fault");
    let trust = &organisation.trust;
    let note = organisation.sign(text.clone());
    assert_eq!(SignedSite::verify(&note, trust.into()).unwrap().manifest(), &made);
    let stranger = Organisation::found(&ROLES);
    assert!(SignedSite::verify(&stranger.sign(text.clone()), trust.into()).is_err());
    assert!(SignedSite::verify(&note.replacen("number 7", "number 8", 1), trust.into()).is_err());
    let theirs = organisation.sign(text.replace("organisation Org A", "organisation Org B"));
    assert!(SignedSite::verify(&theirs, trust.into()).is_err());
    // Two notes of one text that differ in one hash differ in that path only.
    let mut served: BTreeMap<_, _> = made.files.clone();
    assert_eq!(made.differences(&served), Vec::<String>::new());
    served.insert("/extra".into(), hash);
    served.remove("/ky");
    assert_eq!(made.differences(&served), ["/ky", "/extra"]);
}
