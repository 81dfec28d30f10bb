//! Rows A: the witnesses' site on the wire, every route, method and status, header by header.
use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
};

use sandyk::keyring::Role;

use crate::common::{
    Organisation, Server,
    raw::{Answer, connect, end, exchange, field, file, form, request},
};

pub(crate) const ROLES: [Role; 2] = [Role::Reviewer, Role::Guardian];
pub(crate) const LANGUAGES: [&str; 5] = ["ky", "ru", "uz-Cyrl", "uz-Latn", "en"];

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

pub(crate) const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");
const CSS: (&str, &str) = ("content-type", "text/css; charset=utf-8");
const TEXT: (&str, &str) = ("content-type", "text/plain; charset=utf-8");
pub(crate) const CLEAR: (&str, &str) = ("clear-site-data", "\"storage\"");
const FORGET: (&str, &str) = ("clear-site-data", "\"cache\"");
pub(crate) const ALLOW: (&str, &str) = ("allow", "GET, HEAD, POST");

pub(crate) fn ask(server: &Server, method: &str, path: &str, lines: &[&str]) -> Answer {
    exchange(server.address(), &request(method, path, lines))
}

/// The answer has this status, and these headers besides [`ALWAYS`], and no other.
pub(crate) fn exactly(answer: &Answer, status: u16, more: &[(&str, &str)], what: &str) {
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

/// What a route answers to GET, and to POST, while the intake is open.
struct Route {
    path: String,
    get: u16,
    post: u16,
    /// Also while it is closed.
    always: bool,
    more: Vec<(&'static str, &'static str)>,
    kind: Made,
}

/// For whom a page is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    /// The same bytes for everyone, packed for those who take it.
    ForAll,
    /// Each time other bytes, as many, never packed.
    ForOne,
}

/// Every route of the site, in every language, and addresses that are none.
fn routes() -> Vec<Route> {
    let route = |path: &str, get: u16, post: u16| Route {
        path: path.to_owned(),
        get,
        post,
        always: false,
        more: vec![HTML],
        kind: Made::ForAll,
    };
    let always = |path: &str, get, post| Route { always: true, ..route(path, get, post) };
    let mut all = vec![route("/", 200, 405)];
    all.push(Route { more: vec![CSS], always: true, ..route("/style.css", 200, 405) });
    all.push(Route { more: vec![CSS, FORGET], ..always("/after.css", 200, 405) });
    for tag in LANGUAGES {
        all.push(Route { more: vec![HTML, CLEAR], ..route(&format!("/{tag}"), 200, 405) });
        all.push(route(&format!("/{tag}/about"), 200, 405));
        // Its spare codes are new each time, its size is not.
        all.push(Route { kind: Made::ForOne, ..route(&format!("/{tag}/leave"), 200, 405) });
        // A code that is none is answered like any other: by a page read once.
        all.push(Route { always: true, ..route(&format!("/{tag}/mailbox"), 200, 303) });
        for place in ["nowhere", "", "once", "leave/", "SEND"] {
            all.push(route(&format!("/{tag}/{place}"), 404, 404));
        }
        for address in ["A".repeat(43), "x".to_owned(), "..".to_owned()] {
            let path = format!("/{tag}/once/{address}");
            all.push(Route { always: true, ..route(&path, 404, 405) });
            all.push(Route { always: true, ..route(&format!("{path}/"), 404, 405) });
            for number in ["0", "4", "-1", "999999999999999999999", "x"] {
                all.push(always(&format!("{path}/older/{number}"), 404, 405));
            }
            all.push(Route { always: true, ..route(&format!("{path}/done"), 405, 303) });
            for place in ["open", "delete"] {
                all.push(Route { always: true, ..route(&format!("{path}/{place}"), 405, 404) });
            }
            // What is sent to a mailbox that is closed comes back to its writer.
            for place in ["write", "correct", "consent", "withdraw"] {
                all.push(Route { always: true, ..route(&format!("{path}/{place}"), 404, 303) });
            }
        }
        all.push(Route { always: false, ..route(&format!("/{tag}/send"), 405, 303) });
    }
    all.push(Route { more: vec![TEXT], always: true, ..route("/ledger/key", 200, 405) });
    for week in ["1999-W01", "2026-W54", "..", "x"] {
        let path = format!("/ledger/batch/{week}");
        all.push(Route { always: true, ..route(&path, 404, 405) });
    }
    all.push(Route { always: true, ..route("/ledger/nowhere", 404, 404) });
    for strange in ["/nowhere/page", "//", "//en", "/en//", "/../etc/passwd"] {
        all.push(route(strange, 404, 404));
    }
    // Addresses in a language that the site does not have are places without a page.
    for (strange, post) in [("/de", 405), ("/KY", 405), ("/de/leave", 405), ("/de/send", 404)] {
        all.push(route(strange, if strange == "/de/send" { 405 } else { 404 }, post));
    }
    all
}

/// Whether there is a keyring to seal to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Intake {
    Open,
    Closed,
}

impl Route {
    /// What it answers to that method.
    fn status(&self, method: &str, intake: Intake) -> u16 {
        let sends = method == "POST" && self.path.ends_with("/send");
        match method {
            "GET" | "HEAD" | "POST" if intake == Intake::Closed && !self.always && !sends => 503,
            "GET" | "HEAD" => self.get,
            "POST" => self.post,
            _ => 405,
        }
    }

    /// The headers that it has besides those of every answer.
    fn more(&self, status: u16) -> Vec<(&'static str, &'static str)> {
        match status {
            200 => self.more.clone(),
            405 => vec![HTML, ALLOW],
            _ => vec![HTML],
        }
    }

    fn holds(&self, server: &Server, method: &str, intake: Intake) {
        let what = format!("{method} {} ({intake:?})", self.path);
        let status = self.status(method, intake);
        let lines: &[&str] = if method == "POST" { &["Content-Length: 0"] } else { &[] };
        let answer = ask(server, method, &self.path, lines);
        let place = answer.header("location").map(str::to_owned);
        let mut more = self.more(status);
        assert_eq!(place.is_some(), status == 303, "{what}");
        if let Some(place) = &place {
            more.push(("location", place));
        }
        exactly(&answer, status, &more, &what);
        let empty = method == "HEAD" || status == 303;
        assert_eq!(answer.body.is_empty(), empty, "{what}");
        if method == "HEAD" {
            let get = ask(server, "GET", &self.path, &[]);
            assert_eq!(answer.headers, get.headers, "HEAD is GET without the body: {what}");
        }
        if method == "GET" {
            self.is_the_same_packed(server, &answer, &more);
        }
    }

    fn is_the_same_packed(&self, server: &Server, get: &Answer, more: &[(&str, &str)]) {
        let again = ask(server, "GET", &self.path, &[]);
        let packed = ask(server, "GET", &self.path, &["Accept-Encoding: br, gzip;q=0.5"]);
        if self.kind == Made::ForOne && get.status == 200 {
            assert!(again.body != get.body, "new each time: {}", self.path);
            assert!(again.headers == get.headers && packed.headers == get.headers, "{}", self.path);
            return;
        }
        assert!(again == *get, "the same for everyone: {}", self.path);
        if more.contains(&TEXT) {
            assert!(
                packed == *get,
                "what is not made for a browser is never packed: {}",
                self.path
            );
            return;
        }
        let more = [more, &[("content-encoding", "gzip")]].concat();
        exactly(&packed, get.status, &more, &self.path);
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(packed.body.as_slice()).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, get.body, "gzip is the same page: {}", self.path);
    }
}

const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"];

/// Every route times every method, while the intake is open and while it is closed: the status, and
/// exactly the documented headers.
#[test]
fn every_route_and_method_has_exactly_the_documented_headers() {
    for (intake, days) in [(Intake::Open, 180), (Intake::Closed, -1)] {
        let organisation = Organisation::found_with(&ROLES, "", days);
        let server = organisation.serve();
        for route in routes() {
            for method in METHODS {
                route.holds(&server, method, intake);
            }
        }
        server.stop();
        assert_eq!(organisation.open_all().len(), 0);
    }
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
