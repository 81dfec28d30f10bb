//! Rows M: forms that are none, or broken ones.

use crate::{
    common::raw::{BOUNDARY, end, field, file, form, form_head, request},
    stage::{Stage, is_a_receipt, said},
};

/// A POST of these bytes with that content type.
fn post(stage: &Stage, kind: &str, body: &[u8]) -> String {
    let length = format!("Content-Length: {}", body.len());
    let kind = format!("Content-Type: {kind}");
    let lines = if kind.ends_with(' ') { vec![&*length] } else { vec![&*kind, &*length] };
    let head = request("POST", "/en/send", &lines);
    stage.page(&stage.exchange(&[&head, body].concat()))
}

fn is_refused(page: &str, what: &str) {
    assert!(!is_a_receipt(page), "{what:.80}");
    assert!(page.contains(&said("broken-text")), "{what:.80}: {page:.2000}");
}

pub(crate) fn another_kind_of_body(stage: &Stage) {
    for kind in [
        "",
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/json",
        "multipart/mixed; boundary=b",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"",
    ] {
        is_refused(&post(stage, kind, b"story=told"), kind);
    }
}

pub(crate) fn a_boundary_without_measure(stage: &Stage) {
    for (length, taken) in [(70, true), (71, false), (30_000, false)] {
        let boundary = "b".repeat(length);
        let part = "Content-Disposition: form-data; name=\"story\"\r\n\r\nx";
        let body = format!("--{boundary}\r\n{part}\r\n--{boundary}--\r\n");
        let kind = format!("multipart/form-data; boundary={boundary}");
        let page = post(stage, &kind, body.as_bytes());
        assert_eq!(is_a_receipt(&page), taken, "{length}");
        if taken {
            stage.counts_one_more();
        }
    }
}

pub(crate) fn parts_without_number(stage: &Stage) {
    let many = [field("story", "told"), field("where", "x").repeat(10_000), end()];
    let page = stage.refused(&stage.send(&many), "broken-text");
    assert!(page.contains("told"), "the words come back");
    let empty = [field("story", "told"), file("", b"").repeat(10_000), end()];
    stage.refused(&stage.send(&empty), "broken-text");
}

pub(crate) fn a_form_without_an_end(stage: &Stage) {
    let whole = [field("story", "told"), file("a.jpg", b"x")].concat();
    for body in [
        Vec::new(),
        b"told".to_vec(),
        field("story", "told"),
        format!("--{BOUNDARY}").into_bytes(),
        format!("--{BOUNDARY}\r\n").into_bytes(),
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"story\"").into_bytes(),
        [field("story", "told"), format!("--{BOUNDARY}").into_bytes()].concat(),
        whole,
    ] {
        let page = stage.page(&stage.exchange(&form("/en/send", &body, &[])));
        is_refused(&page, &String::from_utf8_lossy(&body));
    }
}

pub(crate) fn lines_that_end_otherwise(stage: &Stage) {
    let bare = String::from_utf8([field("story", "told"), end()].concat()).unwrap();
    for body in [bare.replace("\r\n", "\n"), bare.replace("\r\n", "\r"), bare.replace("--a", "-a")]
    {
        let page = stage.page(&stage.exchange(&form("/en/send", body.as_bytes(), &[])));
        is_refused(&page, &body);
    }
}

pub(crate) fn a_form_within_a_form(stage: &Stage) {
    let inner = "--inner\r\nContent-Disposition: form-data; name=\"where\"\r\n\r\nx\r\n--inner--";
    let nested = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"story\"\r\n\
         Content-Type: multipart/mixed; boundary=inner\r\n\r\n{inner}\r\n"
    );
    // It is a story like any other: nothing in it is parsed.
    stage.receipt(&stage.send(&[nested.into_bytes(), end()]));
    stage.expect(inner);
}

pub(crate) fn what_stands_before_and_after_the_form(stage: &Stage) {
    let parts = [b"preamble\r\n".to_vec(), field("story", "told"), end(), b"epilogue".to_vec()];
    stage.receipt(&stage.send(&parts));
    let behind = [field("story", "told"), end(), field("story", "again"), end()];
    stage.receipt(&stage.send(&behind));
}

pub(crate) fn a_header_of_a_part_without_end(stage: &Stage) {
    let start = [field("story", "told"), format!("--{BOUNDARY}\r\nX: ").into_bytes()].concat();
    let head = [form_head("/en/send", 1 << 40, &[]), start].concat();
    let before = stage.server.resident();
    let (sent, answer) = stage.pour(&head, &vec![b'a'; 1 << 16], 8_000);
    assert!(sent < 8_000, "it was cut off");
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 303"), "{answer:?}");
    let grown = stage.server.resident().saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} KiB");
    let many = [field("story", "told"), b"X: y\r\n".repeat(2_000), end()];
    let lines = format!("--{BOUNDARY}\r\n");
    let parts = [lines.into_bytes(), many.concat()];
    is_refused(&stage.page(&stage.send(&parts)), "2 000 header lines of a part");
}

pub(crate) fn a_preamble_without_end(stage: &Stage) {
    let head = form_head("/en/send", 1 << 40, &[]);
    let before = stage.server.resident();
    let (sent, answer) = stage.pour(&head, &vec![b'a'; 1 << 16], 8_000);
    assert!(sent < 8_000, "it was cut off");
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 303"), "{answer:?}");
    let grown = stage.server.resident().saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} KiB");
}
