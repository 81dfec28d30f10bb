//! Rows H: heads of requests, and what is no request at all.

use crate::{
    answers::{ALLOW, CLEAR, HTML, exactly},
    common::raw::{Answer, bytes, end, field, form, request},
    stage::{Stage, said},
};

fn refused(stage: &Stage, request: &[u8], status: u16) {
    let start = String::from_utf8_lossy(&request[..request.len().min(40)]).into_owned();
    let answer = stage.exchange(request);
    exactly(&answer, status, &[HTML], &start);
    let page = answer.text();
    assert!(page.contains(&said("nothing-kept")) && page.contains("/en\""), "{start}: {page}");
}

pub(crate) fn what_is_no_request(stage: &Stage) {
    for request in [
        "GET\r\n\r\n",
        "GET /ky\r\n\r\n",
        "GET /ky HTTP/3.0\r\n\r\n",
        "GET /ky HTTP/1.2\r\n\r\n",
        "GET /ky http/1.1\r\n\r\n",
        "\u{16}\u{3}\u{1}hello\r\n\r\n",
        "GET /k\u{0}y HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /ky HTTP/1.1\r\nHost x\r\n\r\n",
        "GET /ky HTTP/1.1\r\nHo st: x\r\n\r\n",
        "GET /ky HTTP/1.1\r\n Host: x\r\n\r\n",
        "GET /ky HTTP/1.1\r\nX: a\u{0}b\r\n\r\n",
        "G@T /ky HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /ky/send HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "POST /ky/send HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST /ky/send HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    ] {
        refused(stage, request.as_bytes(), 400);
    }
}

pub(crate) fn heads_without_measure(stage: &Stage) {
    let (many, long) = ("X: y\r\n".repeat(70), "a".repeat(300 * 1024));
    refused(stage, format!("GET /ky HTTP/1.1\r\nHost: x\r\n{many}\r\n").as_bytes(), 431);
    refused(stage, format!("GET /ky HTTP/1.1\r\nX: {long}\r\n\r\n").as_bytes(), 431);
    refused(stage, format!("GET /ky HTTP/1.1\r\n{long}: x\r\n\r\n").as_bytes(), 431);
    let target = "b".repeat(65_535);
    let answer = stage.exchange(format!("GET /{target} HTTP/1.1\r\n\r\n").as_bytes());
    assert!(matches!(answer.status, 414 | 431), "{}", answer.status);
    exactly(&answer, answer.status, &[HTML], "a target that is too long");
    refused(stage, format!("{} /ky HTTP/1.1\r\n\r\n", "M".repeat(300 * 1024)).as_bytes(), 431);
}

/// A second request on a connection is not answered more barely than the first.
pub(crate) fn what_is_no_request_after_one_that_is(stage: &Stage) {
    let two = [b"GET /ky HTTP/1.1\r\nHost: x\r\n\r\n".as_slice(), b"nonsense\r\n\r\n"].concat();
    let text = String::from_utf8(bytes(stage.address(), &two)).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert_eq!(text.matches("HTTP/1.1 400 Bad Request\r\n").count(), 1, "{text}");
    let (_, second) = text.split_once("HTTP/1.1 400").unwrap();
    assert!(second.contains("\r\ncache-control: no-store\r\n"), "{second}");
    assert!(second.contains(&said("nothing-kept")), "{second}");
}

pub(crate) fn another_protocol(stage: &Stage) {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    assert_eq!(bytes(stage.address(), preface), b"", "HTTP/2 is not spoken, nor answered");
    let up = ["Upgrade: websocket, h2c", "HTTP2-Settings: x"];
    exactly(&stage.get("/en", &up), 200, &[HTML, CLEAR], "an upgrade is not made");
}

pub(crate) fn an_older_protocol(stage: &Stage) {
    let old = stage.exchange(b"GET /ky HTTP/1.0\r\n\r\n");
    exactly(&old, 200, &[HTML, CLEAR], "HTTP/1.0");
    let body = [field("story", "old"), end()].concat();
    let new = String::from_utf8(form("/en/send", &body, &[])).unwrap();
    stage.receipt(&stage.exchange(new.replace("HTTP/1.1", "HTTP/1.0").as_bytes()));
    stage.expect("old");
}

pub(crate) fn targets_of_every_form(stage: &Stage) {
    let get = |target: &str| stage.get(target, &[]);
    for whole in ["http://elsewhere.example/en", "http://x:99999/en", "https://user:pw@x/en"] {
        let answer = get(whole);
        if answer.status == 400 {
            exactly(&answer, 400, &[HTML], whole);
        } else {
            exactly(&answer, 200, &[HTML, CLEAR], whole);
        }
    }
    exactly(&get("/en?story=x&story=y#z"), 200, &[HTML, CLEAR], "a query is ignored");
    for path in [
        "/%65n",
        "/%ff",
        "/%",
        "/en/once/%ff",
        "/en%2fabout",
        "/%0d%0aSet-Cookie:x",
        "/../etc/passwd",
        "/en/../ky",
        "//",
        "//en",
        "/en//",
        "/en/",
        "/en/./about",
        "/de",
        "/KY",
        "/en;x",
        "/en\\about",
        "/.git/config",
        "/wp-login.php",
        "/en/once/../about",
        "/style.css/",
        "/favicon.ico",
        "/robots.txt",
    ] {
        exactly(&get(path), 404, &[HTML], path);
    }
    let connect = stage.exchange(&request("CONNECT", "example.org:80", &[]));
    exactly(&connect, 405, &[HTML, ALLOW], "CONNECT");
    exactly(&stage.exchange(&request("OPTIONS", "*", &[])), 405, &[HTML, ALLOW], "OPTIONS *");
}

pub(crate) fn methods_that_no_page_has(stage: &Stage) {
    let long = "M".repeat(1_000);
    for method in
        ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW", "get", "Post", "QUERY", &long]
    {
        for path in ["/", "/ky", "/ky/send", "/ky/once/x", "/nowhere"] {
            let answer = stage.exchange(&request(method, path, &["X-Mark: seen"]));
            exactly(&answer, 405, &[HTML, ALLOW], &format!("{method:.20} {path}"));
            assert!(!answer.text().contains("seen"), "nothing of a request is reflected");
        }
    }
}

pub(crate) fn a_form_from_another_site(stage: &Stage) {
    let body = [field("story", "forged"), end()].concat();
    let sent = |line: &str| stage.exchange(&form("/en/send", &body, &[line]));
    for site in
        ["cross-site", "same-site", "Same-Origin", "x", "", "none, cross-site", "same-origin "]
    {
        let answer = sent(&format!("Sec-Fetch-Site: {site}"));
        // Spaces at the end of a value do not belong to it.
        if site == "same-origin " {
            stage.receipt(&answer);
        } else {
            exactly(&answer, 403, &[HTML], site);
        }
    }
    let twice = "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site";
    exactly(&sent(twice), 403, &[HTML], "two answers of a browser");
    for site in ["same-origin", "none"] {
        stage.receipt(&sent(&format!("Sec-Fetch-Site: {site}")));
    }
}

pub(crate) fn workers(stage: &Stage) {
    for path in ["/", "/ky", "/style.css", "/sw.js", "/ky/send"] {
        exactly(&stage.get(path, &["Service-Worker: script"]), 404, &[HTML], path);
    }
}

pub(crate) fn headers_that_ask_for_something_else(stage: &Stage) {
    let plain = stage.get("/en", &[]);
    let same = |lines: &[&str]| {
        let answer: Answer = stage.get("/en", lines);
        assert_eq!((answer.status, &answer.headers), (plain.status, &plain.headers), "{lines:?}");
        assert!(answer.body == plain.body, "{lines:?}");
    };
    for line in [
        "Cookie: session=1",
        "Range: bytes=0-9",
        "If-None-Match: *",
        "If-Modified-Since: Sun, 22 Nov 2026 00:00:00 GMT",
        "Authorization: Basic eDp5",
        "Host: elsewhere.example",
        "X-Forwarded-For: 10.0.0.1",
        "X-HTTP-Method-Override: DELETE",
        "Accept-Language: ru",
        "Accept: image/png",
        "Origin: http://elsewhere.example",
        "Expect: the-unexpected",
        "TE: trailers",
    ] {
        same(&[line]);
    }
}

pub(crate) fn a_client_that_asks_before_it_sends(stage: &Stage) {
    let body = [field("story", "asked"), end()].concat();
    let asked = form("/en/send", &body, &["Expect: 100-continue"]);
    let text = String::from_utf8(bytes(stage.address(), &asked)).unwrap();
    assert!(text.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 303 See Other\r\n"), "{text}");
    stage.counts_one_more();
    stage.expect("asked");
}
