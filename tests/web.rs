//! The witnesses' site on the wire: every route, method and status, header by header.
#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

mod common;

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
};

use common::{
    Organisation, Server,
    raw::{Answer, connect, end, exchange, field, file, form, request},
};
use sandyk::keyring::Role;

const ROLES: [Role; 2] = [Role::Reviewer, Role::Guardian];
const LANGUAGES: [&str; 5] = ["ky", "ru", "uz-Cyrl", "uz-Latn", "en"];

/// What every answer carries; the same list stands in `docs/format/web.md`.
const ALWAYS: [(&str, &str); 11] = [
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; \
         connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types sandyk",
    ),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", ""),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-dns-prefetch-control", "off"),
    ("x-frame-options", "DENY"),
    ("x-robots-tag", "noindex, nofollow, noarchive"),
];

const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");
const CSS: (&str, &str) = ("content-type", "text/css; charset=utf-8");
const CLEAR: (&str, &str) = ("clear-site-data", "\"storage\"");
const ALLOW: (&str, &str) = ("allow", "GET, HEAD, POST");

fn ask(server: &Server, method: &str, path: &str, lines: &[&str]) -> Answer {
    exchange(server.address(), &request(method, path, lines))
}

/// The answer has this status, and these headers besides [`ALWAYS`], and no other.
fn exactly(answer: &Answer, status: u16, more: &[(&str, &str)], what: &str) {
    assert_eq!(answer.status, status, "{what}");
    let mut found = BTreeMap::new();
    for (name, value) in &answer.headers {
        assert!(found.insert(name.as_str(), value.as_str()).is_none(), "{what}: {name} twice");
    }
    assert_eq!(found.remove("connection").unwrap_or("close"), "close", "{what}");
    let length: usize = found.remove("content-length").unwrap().parse().unwrap();
    assert!(answer.body.is_empty() || answer.body.len() == length, "{what}");
    let permissions = found.get("permissions-policy").copied().unwrap_or_default();
    for feature in ["camera", "geolocation", "microphone", "usb", "clipboard-read"] {
        assert!(permissions.contains(&format!("{feature}=()")), "{what}: {feature}");
    }
    let mut wanted: BTreeMap<&str, &str> = ALWAYS.into_iter().chain(more.iter().copied()).collect();
    wanted.insert("permissions-policy", permissions);
    assert_eq!(found, wanted, "{what}");
}

fn told(path: &str, lines: &[&str]) -> Vec<u8> {
    form(path, &[field("story", "one sentence"), end()].concat(), lines)
}

#[test]
fn every_page_has_exactly_the_documented_headers() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let mut routes =
        vec![("/".to_owned(), 200, vec![HTML]), ("/style.css".to_owned(), 200, vec![CSS])];
    for tag in LANGUAGES {
        routes.push((format!("/{tag}"), 200, vec![HTML, CLEAR]));
        for (place, status) in [("leave", 200), ("about", 200), ("nowhere", 404), ("", 404)] {
            routes.push((format!("/{tag}/{place}"), status, vec![HTML]));
        }
        for address in ["A".repeat(43), "x".to_owned(), "..".to_owned()] {
            routes.push((format!("/{tag}/once/{address}"), 404, vec![HTML]));
        }
        routes.push((format!("/{tag}/send"), 405, vec![HTML, ALLOW]));
        routes.push((format!("/{tag}/once/x/done"), 405, vec![HTML, ALLOW]));
    }
    for strange in
        ["/de", "/KY", "/nowhere/leave", "//", "//en", "/en//", "/../etc/passwd", "/en/once"]
    {
        routes.push((strange.to_owned(), 404, vec![HTML]));
    }
    for (path, status, more) in &routes {
        let get = ask(&server, "GET", path, &[]);
        exactly(&get, *status, more, path);
        let head = ask(&server, "HEAD", path, &[]);
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        assert_eq!(head.headers, get.headers, "HEAD is GET without the body: {path}");
        let packed = ask(&server, "GET", path, &["Accept-Encoding: br, gzip;q=0.5"]);
        let more = [more.as_slice(), &[("content-encoding", "gzip")]].concat();
        exactly(&packed, *status, &more, path);
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(packed.body.as_slice()).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, get.body, "gzip is the same page: {path}");
    }
    server.stop();
}

#[test]
fn a_packed_page_is_sent_only_to_those_who_take_it() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    for (accepted, packed) in [
        ("gzip", true),
        ("GZIP", true),
        ("deflate, gzip;q=1.0, *;q=0.5", true),
        ("gzip;q=0", false),
        ("gzip; q=0.000", false),
        ("identity", false),
        ("gzipped, br", false),
        ("", false),
    ] {
        let answer = ask(&server, "GET", "/ky", &[&format!("Accept-Encoding: {accepted}")]);
        assert_eq!(answer.header("content-encoding").is_some(), packed, "{accepted:?}");
    }
    server.stop();
}

#[test]
fn every_answer_to_a_form_has_exactly_the_documented_headers() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let send = |request: &[u8]| exchange(server.address(), request);
    for tag in LANGUAGES {
        let answer = send(&told(&format!("/{tag}/send"), &[]));
        let place = answer.header("location").unwrap().to_owned();
        exactly(&answer, 303, &[HTML, ("location", &place)], tag);
        assert!(answer.body.is_empty());
        assert!(place.starts_with(&format!("/{tag}/once/")), "{place}");
        let page = ask(&server, "GET", &place, &["Accept-Encoding: gzip"]);
        exactly(&page, 200, &[HTML], "what is made for one reader is never packed");
        assert_eq!(page.header("connection"), Some("close"), "no buffer of it is kept");
        let head = ask(&server, "HEAD", &place, &[]);
        assert_eq!(head.headers, page.headers);
        let done = send(&request("POST", &format!("{place}/done"), &["Content-Length: 0"]));
        exactly(&done, 303, &[HTML, ("location", &format!("/{tag}/leave"))], "done");
    }
    let again = send(&form("/en/send", &[field("story", " "), end()].concat(), &[]));
    let place = again.header("location").unwrap().to_owned();
    exactly(&again, 303, &[HTML, ("location", &place)], "an empty form");
    exactly(&ask(&server, "GET", &place, &[]), 200, &[HTML], "the form again");
    for site in ["cross-site", "same-site", "Same-Origin", "x"] {
        let line = format!("Sec-Fetch-Site: {site}");
        exactly(&send(&told("/en/send", &[&line])), 403, &[HTML], site);
    }
    exactly(&send(&told("/de/send", &[])), 404, &[HTML], "no such language");
    exactly(&send(&told("/en", &[])), 405, &[HTML, ALLOW], "a form to a page");
    server.stop();
}

#[test]
fn methods_workers_and_odd_targets_are_answered_like_anything_else() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    for method in ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"] {
        for path in ["/", "/ky", "/ky/send", "/nowhere", "*"] {
            if path == "*" && method != "OPTIONS" {
                continue;
            }
            let what = format!("{method} {path}");
            exactly(&ask(&server, method, path, &[]), 405, &[HTML, ALLOW], &what);
        }
    }
    exactly(&ask(&server, "CONNECT", "example.org:80", &[]), 405, &[HTML, ALLOW], "CONNECT");
    for path in ["/", "/ky", "/style.css", "/sw.js"] {
        let worker = ask(&server, "GET", path, &["Service-Worker: script"]);
        exactly(&worker, 404, &[HTML], path);
    }
    exactly(
        &ask(&server, "GET", "http://elsewhere.example/en", &[]),
        200,
        &[HTML, CLEAR],
        "absolute",
    );
    exactly(&ask(&server, "GET", "/en?story=x#y", &[]), 200, &[HTML, CLEAR], "a query is ignored");
    for path in ["/%65n", "/%ff", "/%", "/en/once/%ff", "/en%2fabout", "/%0d%0aSet-Cookie:x"] {
        exactly(&ask(&server, "GET", path, &[]), 404, &[HTML], path);
    }
    server.stop();
}

#[test]
fn a_closed_intake_answers_every_page_with_the_same_page_and_headers() {
    let organisation = Organisation::found_with(&ROLES, "", -1);
    let server = organisation.serve();
    for path in ["/", "/ky", "/en/leave", "/nowhere", "/%65n"] {
        exactly(&ask(&server, "GET", path, &[]), 503, &[HTML], path);
    }
    // A browser shows no answer before it has sent everything.
    let large = [file("film.mp4", &vec![7; 30 << 20]), end()].concat();
    let mut stream = connect(server.address());
    stream.write_all(&form("/ky/send", &large, &[])).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303 "), "what was typed goes back: {answer}");
    exactly(&ask(&server, "GET", "/style.css", &[]), 200, &[CSS], "the page still has its style");
    server.stop();
}

/// These never reach a handler. They say a number and nothing else: no server name, no date.
#[test]
fn what_is_no_request_gets_a_bare_number() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let many = "X: y\r\n".repeat(70);
    let long = "a".repeat(300 * 1024);
    let body = "Content-Length: 5\r\nContent-Length: 6\r\n";
    for (request, status) in [
        ("GET\r\n\r\n".to_owned(), 400),
        ("GET /ky HTTP/3.0\r\n\r\n".to_owned(), 400),
        ("\u{16}\u{3}\u{1}hello\r\n\r\n".to_owned(), 400),
        (format!("GET /ky HTTP/1.1\r\nHost: x\r\n{many}\r\n"), 431),
        (format!("GET /ky HTTP/1.1\r\nHost: x\r\nX: {long}\r\n\r\n"), 431),
        (format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"), 414),
        (format!("POST /ky/send HTTP/1.1\r\nHost: x\r\n{body}\r\n"), 400),
        ("GET /k\u{0}y HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), 400),
    ] {
        let answer = exchange(server.address(), request.as_bytes());
        let start: String = request.chars().take(40).collect();
        // A head that is too long is too long whichever part of it is.
        let status = if answer.status == 431 { 431 } else { status };
        assert_eq!(answer.status, status, "{start:?}");
        assert!(answer.body.is_empty(), "{start:?}");
        for (name, value) in &answer.headers {
            let fine = matches!(
                (name.as_str(), value.as_str()),
                ("connection", "close") | ("content-length", "0")
            );
            assert!(fine, "{start:?}: {name}: {value}");
        }
    }
    server.stop();
}

#[test]
fn an_old_client_and_one_that_asks_before_sending_are_served() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let old = exchange(server.address(), b"GET /ky HTTP/1.0\r\n\r\n");
    exactly(&old, 200, &[HTML, CLEAR], "HTTP/1.0");
    let body = [field("story", "told"), end()].concat();
    let bytes =
        common::raw::bytes(server.address(), &form("/en/send", &body, &["Expect: 100-continue"]));
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 303 See Other\r\n"), "{text}");
    server.stop();
}

#[test]
fn two_lengths_or_a_length_and_chunks_make_no_second_request() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let smuggled = "GET /style.css HTTP/1.1\r\nHost: x\r\n\r\n";
    let request = format!(
        "POST /en/send HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n\
         Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"
    );
    let answer = common::raw::bytes(server.address(), request.as_bytes());
    let text = String::from_utf8_lossy(&answer);
    assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
    let mut pipelined = b"GET /ky HTTP/1.1\r\nHost: x\r\n\r\n".to_vec();
    pipelined.extend(common::raw::request("GET", "/style.css", &[]));
    let answer = common::raw::bytes(server.address(), &pipelined);
    let text = String::from_utf8_lossy(&answer);
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2, "requests in a row are two requests");
    server.stop();
}

#[test]
fn a_form_with_its_style_is_light_over_the_wire() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    for tag in LANGUAGES {
        let weight = |lines: &[&str]| {
            let pages = [format!("/{tag}"), "/style.css".to_owned()];
            pages.iter().map(|path| ask(&server, "GET", path, lines).body.len()).sum::<usize>()
        };
        let (plain, packed) = (weight(&[]), weight(&["Accept-Encoding: gzip"]));
        assert!(plain <= 40_000 && packed <= 15_000, "{tag}: {plain} plain, {packed} packed");
    }
    server.stop();
}
