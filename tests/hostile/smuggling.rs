//! Rows S: requests whose end can be read in two ways, and requests in a row.

use crate::{
    common::raw::{BOUNDARY, bytes, end, field, form, request},
    stage::Stage,
};

/// What comes back for these bytes, as text.
fn answers(stage: &Stage, request: &[u8]) -> String {
    String::from_utf8(bytes(stage.address(), request)).unwrap()
}

/// A whole form that must not be taken for a request of its own.
fn hidden() -> String {
    let body = [field("story", "smuggled"), end()].concat();
    let text = String::from_utf8(form("/en/send", &body, &[])).unwrap();
    text.replace("Connection: close\r\n", "")
}

/// What such a head says of the body's end.
const HEADS: [&str; 25] = [
    "Content-Length: 4\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 4",
    "Content-Length: 5\r\nTransfer-Encoding: identity",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding:\tchunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: identity, chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding:\r\n chunked",
    "X: y\r\n Transfer-Encoding: chunked",
    "\u{b}Transfer-Encoding: chunked",
    "Transfer-Encoding: \u{b}chunked",
    "Transfer-Encoding: \"chunked\"",
    "Content-Length: 0\r\nContent-Length: 4",
    "Content-Length: 0, 4",
    "Content-Length: +0",
    "Content-Length: 0x0",
    "Content-Length: 00000000000000000000005",
    "Content-Length : 0",
    "Content_Length: 4\r\nContent-Length: 5",
    "Content-Length: 5\nX: y",
    "Content-Length: 5\r\n\nX: y",
    "",
];

/// Every shape is one request at most; what is hidden in it is never one.
pub(crate) fn bodies_with_two_ends(stage: &Stage) {
    let hidden = hidden();
    let one = format!("0\r\n\r\n{hidden}");
    let kind = format!("Content-Type: multipart/form-data; boundary={BOUNDARY}");
    for (version, method, path) in [
        ("1.1", "POST", "/en/send"),
        ("1.0", "POST", "/en/send"),
        ("1.1", "GET", "/en"),
        ("1.1", "HEAD", "/style.css"),
        ("1.1", "PUT", "/en/send"),
        ("1.1", "POST", "/nowhere"),
    ] {
        for head in HEADS {
            if head.is_empty() && method != "POST" {
                // Without a body it is two requests in a row, and both are answered.
                continue;
            }
            let lines = if head.is_empty() { kind.clone() } else { format!("{kind}\r\n{head}") };
            let request =
                format!("{method} {path} HTTP/{version}\r\nHost: x\r\n{lines}\r\n\r\n{one}");
            let text = answers(stage, request.as_bytes());
            let what = format!("HTTP/{version} {method} {path} {head:?}: {text:.300}");
            assert!(text.matches("HTTP/1.1 ").count() <= 1, "{what}");
            assert!(!text.contains("HTTP/1.1 2") || text.contains("connection: close"), "{what}");
        }
    }
}

/// Lines that end with a line feed alone are read as lines, and nothing in between is a request.
pub(crate) fn line_feeds_alone(stage: &Stage) {
    let text = answers(stage, b"GET /ky HTTP/1.1\nHost: x\nConnection: close\n\n");
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    let carriage = answers(stage, b"GET /ky HTTP/1.1\rHost: x\r\r");
    assert!(carriage.starts_with("HTTP/1.1 400 ") || carriage.is_empty(), "{carriage}");
}

/// Pages in a row are answered in a row; after a form nothing is read any more.
pub(crate) fn requests_in_a_row(stage: &Stage) {
    let mut row = b"GET /ky HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20);
    row.extend(request("GET", "/style.css", &[]));
    let text = answers(stage, &row);
    assert_eq!(text.matches("HTTP/1.1 200 OK\r\n").count(), 21);
    let body = [field("story", "in a row"), end()].concat();
    let one = String::from_utf8(form("/en/send", &body, &[])).unwrap();
    let open = one.replace("Connection: close\r\n", "");
    let text = answers(stage, [open.as_bytes(), hidden().as_bytes()].concat().as_slice());
    assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
    assert!(text.starts_with("HTTP/1.1 303 "), "{text}");
    stage.counts_one_more();
    stage.expect("in a row");
}
