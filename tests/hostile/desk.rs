//! The desk's listener on the wire, asked by whoever is no known device: every answer, header by header.

use std::{collections::BTreeMap, fs};

use sandyk::keyring::Role;

use crate::common::{
    Organisation, Server,
    raw::{Answer, exchange, request},
};

/// What every answer carries; the same list stands in `docs/format/desk.md`.
const ALWAYS: [(&str, &str); 3] = [
    ("cache-control", "no-store"),
    ("content-type", "application/json"),
    ("x-content-type-options", "nosniff"),
];

/// A server with a desk, and the address of that.
fn open() -> (Organisation, Server, String) {
    let organisation = Organisation::found(&[Role::Reviewer, Role::Guardian]);
    let config = organisation.at("server.toml");
    let desk = "[desk]\nlisten = '127.0.0.1:0'\nauthorities = ['desk.example']\n\n[limits]";
    let text = fs::read_to_string(&config).unwrap().replace("[limits]", desk);
    fs::write(&config, text).unwrap();
    let mut server = organisation.serve();
    let place = server.wait_for("desk listens on ");
    (organisation, server, place.trim_start_matches("http://").to_owned())
}

/// A refusal with this status and code, the headers of [`ALWAYS`], and no other.
fn refuses(answer: &Answer, status: u16, code: &str, what: &str) {
    assert_eq!(answer.status, status, "{what}");
    let mut found = BTreeMap::new();
    for (name, value) in &answer.headers {
        assert!(found.insert(name.as_str(), value.as_str()).is_none(), "{what}: {name} twice");
    }
    assert_eq!(found.remove("connection").unwrap_or("close"), "close", "{what}");
    let length: usize = found.remove("content-length").unwrap().parse().unwrap();
    assert_eq!(found, ALWAYS.into(), "{what}");
    if answer.body.is_empty() {
        assert!(what.starts_with("HEAD "), "{what}");
        return;
    }
    assert_eq!(answer.body.len(), length, "{what}");
    let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(said["error"], code, "{what}");
}

#[test]
fn the_desk_answers_strangers_with_exactly_the_documented_headers() {
    let (_organisation, server, desk) = open();
    let id = "a".repeat(26);
    let exhibits = format!("/desk/v1/exhibits/{id}");
    let gets = ["/desk/v1/changes?after=0", "/desk/v1/keyring", &exhibits];
    let none = ["/", "/en", "/desk", "/desk/v1/", "/desk/v2/keyring", "/desk/v1/keyring/x", "//"];
    let methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"];
    for path in gets.into_iter().chain(["/desk/v1/outbox"]).chain(none) {
        for method in methods {
            let lines: &[&str] = if method == "POST" { &["Content-Length: 0"] } else { &[] };
            let answer = exchange(&desk, &request(method, path, lines));
            let reads = gets.contains(&path) && ["GET", "HEAD"].contains(&method);
            let known = reads || (path == "/desk/v1/outbox" && method == "POST");
            let (status, code) = if known { (401, "signature") } else { (404, "not-found") };
            refuses(&answer, status, code, &format!("{method} {path}"));
        }
    }
    server.stop();
}

#[test]
fn the_desk_reads_no_body_of_a_stranger_and_lasts() {
    let (_organisation, server, desk) = open();
    for lines in [
        &["Content-Length: 262144", "Signature: sandyk=:AAAA:"][..],
        &["Transfer-Encoding: chunked", "Signature-Input: sandyk=()"],
        &["Content-Length: 99999999999"],
    ] {
        let answer = exchange(&desk, &request("POST", "/desk/v1/outbox", lines));
        refuses(&answer, 401, "signature", &format!("{lines:?}"));
    }
    refuses(&exchange(&desk, &request("GET", "/", &[])), 404, "not-found", "GET /");
    server.stop();
}
