//! Rows F: what is typed, and what is not a field at all.

use crate::{
    common::raw::{BOUNDARY, end, field, file},
    stage::Stage,
};

fn raw_field(head: &str, value: &[u8]) -> Vec<u8> {
    [format!("--{BOUNDARY}\r\n{head}\r\n\r\n").as_bytes(), value, b"\r\n"].concat()
}

pub(crate) fn an_empty_form(stage: &Stage) {
    stage.refused(&stage.send(&[end()]), "error-empty");
    stage.refused(&stage.send(&[field("story", " \r\n\t "), end()]), "error-empty");
    let untouched = [field("story", ""), file("", b""), end()];
    stage.refused(&stage.send(&untouched), "error-empty");
}

pub(crate) fn an_unknown_field(stage: &Stage) {
    for name in ["password", "Story", "story ", "story[]", "ка", ""] {
        let parts = [field("story", "told"), field(name, "x"), end()];
        let page = stage.refused(&stage.send(&parts), "error-unknown");
        assert!(page.contains("told"), "the words come back: {name:?}");
    }
}

pub(crate) fn a_field_without_a_name(stage: &Stage) {
    for head in [
        "Content-Disposition: form-data",
        "Content-Disposition: attachment; name=\"story\"",
        "Content-Type: text/plain",
        "X: y",
    ] {
        let parts = [field("story", "told"), raw_field(head, b"x"), end()];
        let page = stage.page(&stage.send(&parts));
        assert!(!crate::stage::is_a_receipt(&page), "{head}");
        assert!(page.contains("told"), "the words come back: {head}");
    }
}

pub(crate) fn a_field_twice(stage: &Stage) {
    let parts = [field("story", "first"), field("story", "second"), end()];
    let page = stage.refused(&stage.send(&parts), "error-twice");
    assert!(page.contains("first"));
}

pub(crate) fn an_answer_that_the_form_does_not_have(stage: &Stage) {
    let parts = [field("story", "told"), field("knowledge", "guessed"), end()];
    stage.refused(&stage.send(&parts), "error-choice");
}

pub(crate) fn a_field_over_its_limit(stage: &Stage) {
    let long = "ы".repeat(120_001);
    let page = stage.refused(&stage.send(&[field("story", &long), end()]), "error-long");
    assert!(page.contains(&long), "all of it comes back");
    let page = stage.refused(
        &stage.send(&[field("story", "told"), field("where", &"w".repeat(2_001)), end()]),
        "error-long",
    );
    assert!(page.contains("told"));
    let fits = "ы".repeat(120_000);
    stage.receipt(&stage.send(&[field("story", &fits), end()]));
    stage.expect(&fits);
}

pub(crate) fn a_field_far_over_its_limit(stage: &Stage) {
    let parts = [field("story", &"x".repeat(1_200_000)), end()];
    let page = stage.refused(&stage.send(&parts), "error-long");
    assert!(page.len() > 1_200_000, "all of it comes back");
}

pub(crate) fn more_typed_than_is_read_at_all(stage: &Stage) {
    let parts = [field("story", "told"), field("where", &"w".repeat(3 << 20)), end()];
    let page = stage.refused(&stage.send(&parts), "error-much");
    assert!(page.contains("told"));
    assert!(page.len() < 3 << 20, "what is over the bound is not held");
}

pub(crate) fn a_field_name_without_measure(stage: &Stage) {
    for length in [65, 10_000, 30_000] {
        let parts = [field("story", "told"), field(&"n".repeat(length), "x"), end()];
        let page = stage.refused(&stage.send(&parts), "error-unknown");
        assert!(page.len() < 100_000, "the name does not come back");
    }
}

pub(crate) fn invalid_utf_8(stage: &Stage) {
    let head = "Content-Disposition: form-data; name=\"story\"";
    for bytes in
        [&b"told \xff\xfe"[..], b"told \xc3", b"told \xed\xa0\x80", b"told \xf4\x90\x80\x80"]
    {
        let page = stage.refused(&stage.send(&[raw_field(head, bytes), end()]), "broken-text");
        assert!(page.contains("told"), "what can be read comes back");
    }
}

pub(crate) fn control_and_bidi_characters(stage: &Stage) {
    let story = "told\u{0}\u{1b}[2J\u{7}\u{8}\u{202e}gnidaer\u{2066}\u{200b}\u{feff}\u{85}\u{9f}";
    stage.receipt(&stage.send(&[field("story", story), end()]));
    stage.expect(story);
    // In a form that comes back they stand as they were, and act on nothing.
    let again = [field("story", story), field("knowledge", "guessed"), end()];
    let page = stage.refused(&stage.send(&again), "error-choice");
    assert!(page.contains("\u{202e}gnidaer"));
}

pub(crate) fn markup_in_what_is_typed(stage: &Stage) {
    let story = "</textarea><script>alert(1)</script>&amp;\"'<!--";
    let parts = [field("story", story), field("knowledge", "guessed"), end()];
    let page = stage.refused(&stage.send(&parts), "error-choice");
    assert!(!page.contains("<script"), "it comes back as text");
    assert!(page.contains("&lt;script&gt;"));
}

pub(crate) fn a_field_after_a_file(stage: &Stage) {
    let parts = [field("story", "x"), file("a.jpg", &[7; 5000]), field("where", "late"), end()];
    let page = stage.page(&stage.send(&parts));
    assert!(!crate::stage::is_a_receipt(&page), "nothing of it is kept");
    assert!(page.contains(&crate::stage::said("nothing-kept")), "and it says so: {page}");
}
