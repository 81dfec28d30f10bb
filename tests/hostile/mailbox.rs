//! Rows of the way back: codes and mailboxes on the wire.

use crate::{
    answers::{HTML, ROLES, ask, exactly},
    common::{
        Organisation,
        raw::{end, exchange, field, form},
    },
};

/// A mailbox on the wire: every route of it, with what is there and what is not.
#[test]
fn every_answer_of_a_mailbox_has_exactly_the_documented_headers_and_size() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let post = |path: &str, fields: &[Vec<u8>]| {
        exchange(server.address(), &form(path, &[fields.concat(), end()].concat(), &[]))
    };
    let code = "000 102 030 405 060 708 090 102 186";
    let swapped = "000 102 030 405 060 708 090 102 816";
    for (tag, typed, opens) in [
        ("ky", code, true),
        ("en", "ABILITY-giggle trust artwork edge topic burst blade", true),
        ("ru", swapped, false),
        ("uz-Cyrl", "\u{202e}<script>", false),
        ("uz-Latn", "", false),
    ] {
        let answer = post(&format!("/{tag}/mailbox"), &[field("receipt", typed)]);
        let place = answer.header("location").unwrap().to_owned();
        exactly(&answer, 303, &[HTML, ("location", &place)], typed);
        assert!(answer.body.is_empty() && place.starts_with(&format!("/{tag}/once/")));
        for method in ["GET", "HEAD"] {
            let page = ask(&server, method, &place, &["Accept-Encoding: gzip"]);
            exactly(&page, 200, &[HTML], "never packed");
            let length: usize = page.header("content-length").unwrap().parse().unwrap();
            assert_eq!(length, if opens { 64 * 1024 } else { 16 * 1024 }, "{typed}");
            assert_eq!(page.header("connection"), Some("close"), "no buffer of it is kept");
        }
        for form in ["write", "correct", "consent", "withdraw"] {
            let path = format!("{place}/{form}");
            let page = ask(&server, "GET", &path, &[]);
            exactly(&page, if opens { 200 } else { 404 }, &[HTML], &path);
            assert!(!page.text().contains(&place), "the same for everyone");
        }
        let yes = post(&format!("{place}/open"), &[]);
        assert_eq!(
            yes.status,
            if typed == swapped { 303 } else { 404 },
            "only what was offered: {typed}"
        );
        let delete = post(&format!("{place}/delete"), &[field("reply", "../x")]);
        assert_eq!(delete.status, if opens { 303 } else { 404 });
        assert_eq!(post(&format!("{place}/done"), &[]).status, 303);
        assert_eq!(ask(&server, "GET", &place, &[]).status, 404);
        // Too late: the words come back in the first form, which asks for the code.
        let late = post(&format!("{place}/write"), &[field("story", "written for an hour")]);
        let back = late.header("location").unwrap().to_owned();
        exactly(&late, 303, &[HTML, ("location", &back)], "too late");
        let page = ask(&server, "GET", &back, &[]).text();
        assert!(page.contains("written for an hour") && page.contains("name=\"receipt\""));
        assert!(page.contains(&format!("action=\"/{tag}/send\"")));
    }
    server.stop();
    assert_eq!(organisation.open_all().len(), 0);
}

#[test]
fn a_code_in_the_form_is_checked_before_anything_is_kept() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let page_of = |code: &str| {
        let parts = [field("story", "one sentence"), field("receipt", code), end()].concat();
        let answer = exchange(server.address(), &form("/en/send", &parts, &[]));
        ask(&server, "GET", answer.header("location").unwrap(), &[]).text()
    };
    let page = page_of("000 102 030 405 060 708 090 102 816");
    assert!(page.contains("one sentence") && page.contains("#receipt"), "the words come back");
    assert!(page.contains("<span>186</span>"), "and what may have been meant is asked");
    assert!(!page_of("one two three").contains("class=\"k\""));
    let page = page_of("000-102-030-405-060-708-090-102-186");
    assert!(!page.contains("<span>186</span>") && page.contains("Your code stays the same"));
    assert!(page_of("  ").contains("class=\"k\""), "an empty one is none");
    server.stop();
    assert_eq!(organisation.open_all().len(), 2);
}
