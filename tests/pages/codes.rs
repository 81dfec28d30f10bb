//! The pages of a code: that of the receipt, those of its mailbox.

use super::*;

#[test]
fn the_receipt_page_shows_the_code_in_nine_groups_and_burns_by_one_button() {
    for lang in Lang::ALL {
        let page = receipt_of(lang);
        for group in DIGITS.split(' ') {
            assert!(page.contains(&format!("<span>{group}</span>")), "{group}");
        }
        assert_eq!(page.matches("<span>").count(), 18);
        let words = match lang {
            Lang::En => Some(ENGLISH),
            Lang::Ru => Some(RUSSIAN),
            Lang::Ky | Lang::UzCyrl | Lang::UzLatn => None,
        };
        let spelt: Vec<_> = words.unwrap_or_default().split_whitespace().collect();
        assert!(spelt.iter().all(|word| page.contains(&format!("<li>{word}</li>"))));
        assert_eq!(
            page.contains("<ol class=\"w\">"),
            words.is_some(),
            "only where there is a list"
        );
        assert_eq!(page.len() % (16 * 1024), 0, "its length would tell which words");
        assert!(page.contains("27") && page.contains("30"));
        assert!(page.contains("&lt;b&gt;&amp;&quot;photo&quot;.jpg"));
        assert_eq!(attribute(tags(&page, "form")[0], "action").as_deref(), Some("/once/x"));
        assert_eq!((tags(&page, "form").len(), tags(&page, "button").len()), (1, 1));
        let code = code();
        let plain = ReceiptPage {
            code: Some(&code),
            spare: &[],
            files: &[],
            burn: "/once/x",
            promise: None,
            minutes: 30,
        };
        let page = pages::receipt(locale(lang), &plain);
        assert!(!page.contains("<details") && !page.contains("class=\"n\""));
    }
}

/// Chromium holds the page before, with what was typed, unless it is told to let go of it.
#[test]
fn pages_after_words_make_the_browser_forget_and_pages_that_point_back_do_not() {
    for lang in Lang::ALL {
        for (name, page) in all(lang) {
            let stays = "form about Broken Busy Missing Method languages offline unreadable \
                enter Write Correct Consent Withdraw";
            let stays =
                stays.split_whitespace().any(|stays| stays == name) || name == "enter blind";
            assert_eq!(page.contains(pages::AFTER_PATH), !stays, "{}: {name}", lang.tag());
        }
    }
}

/// Whatever waits in it: nothing, much, more than fits, marks that grow in HTML.
#[test]
fn the_page_of_a_mailbox_always_has_the_same_size() {
    let long = "ы".repeat(6_000);
    let marks = "\"".repeat(12_000);
    for lang in Lang::ALL {
        let said = |number, text| Answer::Said { id: "abcdefghijklmnopqrstuvwxyz", number, text };
        let mixed: Vec<_> =
            (0..64).map(|n| said(n, if n % 2 == 0 { &long } else { "x" })).collect();
        let forged: Vec<_> = (0..64).map(|_| Answer::Forged { id: "b" }).collect();
        let cases =
            [vec![], ANSWERS.to_vec(), mixed, forged, vec![said(1, &marks)], vec![said(1, &long)]];
        for answers in &cases {
            for newer in [0, 7, 63] {
                assert_eq!(mailbox_of(locale(lang), answers, newer).len(), MAILBOX_BYTES);
            }
        }
        let page = mailbox_of(locale(lang), &cases[2], 0);
        let drawn = page.matches("class=\"r\"").count();
        assert!((2..64).contains(&drawn) && page.contains(&format!("/older/{drawn}\"")), "{drawn}");
        let cut = mailbox_of(locale(lang), &cases[4], 0);
        assert!(cut.contains(&locale(lang).text("box-cut")), "what is left out is said");
        assert!(!page.contains(&locale(lang).text("box-cut")));
    }
}

#[test]
fn an_answer_is_text_and_nothing_of_a_forged_one_is_shown() {
    let page = mailbox_of(locale(Lang::En), &ANSWERS, 0);
    assert!(page.contains("Second.\n&lt;b&gt;&amp;&quot;mark&quot;&lt;/b&gt;"));
    assert_eq!(page.matches(&locale(Lang::En).text("box-forged")).count(), 1);
    // Each can be deleted by its own button, which a screen reader tells apart.
    assert_eq!(page.matches("action=\"/en/once/x/delete\"").count(), 3);
    for label in ["Delete: Answer 2", "Delete: Not from us", "Delete: Answer 1"] {
        assert_eq!(page.matches(&format!("aria-label=\"{label}\"")).count(), 1, "{label}");
    }
    assert!(!mailbox_of(locale(Lang::En), &[], 0).contains("/delete"));
}

/// A server without `nojs-replies`: both pages say so and where to ask, and nothing of answers shows.
#[test]
fn where_no_answer_can_be_read_both_pages_say_so_and_tell_nothing_of_any() {
    let contact = "a letter to Person A";
    for lang in Lang::ALL {
        let l = locale(lang);
        let (empty, full) = (mailbox_by(l, &blind(), &[], 0), mailbox_by(l, &blind(), &ANSWERS, 2));
        assert_eq!(empty, full, "the same bytes, whatever waits");
        assert_eq!(full.len(), MAILBOX_BYTES);
        let enter = pages::enter(l, &blind());
        for page in [&full, &enter] {
            for key in ["box-blind", "box-blind-ask"] {
                assert!(page.contains(&l.text(key)), "{key} of {}", lang.tag());
            }
            assert!(page.contains(contact), "where to ask");
        }
        for key in ["box-nothing", "box-forged", "box-delete", "box-older", "box-newest"] {
            assert!(!full.contains(&l.text(key)), "{key}");
        }
        for what in Again::ALL {
            let path = format!("/{}/once/x/{}", lang.tag(), what.place());
            assert!(full.contains(&path), "everything else goes on: {path}");
        }
        // Without another way of the organisation's, it says the rest.
        let alone = PageSettings { safe_contact: PerLanguage::default(), ..blind() };
        assert!(mailbox_by(l, &alone, &[], 0).contains(&l.text("box-blind-ask")));
        // And one that opens answers says nothing of the kind.
        for page in [mailbox_of(l, &[], 0), pages::enter(l, &settings())] {
            assert!(!page.contains(&l.text("box-blind")) && !page.contains(contact));
        }
    }
}

#[test]
fn a_repair_is_a_question_with_both_ways_out() {
    for lang in Lang::ALL {
        let page = meant_of(locale(lang));
        assert!(page.contains(&locale(lang).text("mailbox-meant")));
        assert!(ENGLISH.split(' ').all(|word| page.contains(&format!("<li>{word}</li>"))));
        let forms: Vec<_> =
            tags(&page, "form").iter().map(|form| attribute(form, "action").unwrap()).collect();
        assert_eq!(forms, ["/once/x/open".to_owned(), format!("/{}/mailbox", lang.tag())]);
        assert!(page.contains(" value=\"a &lt;b&gt;\""), "what was typed can be corrected");
        let plain = pages::enter_again(locale(lang), "mailbox-typo", "12", None);
        assert_eq!(tags(&plain, "form").len(), 1);
    }
}

/// The page on which uses are chosen has no byte of a request, so what it said can be proved later.
#[test]
fn the_forms_of_a_mailbox_are_the_same_for_everyone_and_ask_what_they_must() {
    let mut seen = BTreeSet::new();
    for lang in Lang::ALL {
        for what in Again::ALL {
            let page = pages::again(locale(lang), &settings(), what);
            let digest = pages::again_text(locale(lang), &settings(), what);
            assert_eq!(digest, Digest::of(page.as_bytes()));
            assert!(seen.insert(digest));
            let form = tags(&page, "form")[0];
            assert!(form.contains("method=\"post\"") && attribute(form, "action").is_none());
            let names: BTreeSet<_> =
                controls(&page).iter().map(|tag| attribute(tag, "name").unwrap()).collect();
            let free = names.contains(FREELY_FIELD) && names.contains(PRESSURE_FIELD);
            assert_eq!(free, what != Again::Write, "{what:?}");
            assert_eq!(names.contains(FILE_FIELD), what == Again::Write);
            assert_eq!(names.contains("consent"), what == Again::Consent);
            assert!(!page.contains(" checked") && !page.contains("type=\"hidden\""));
            let known = |name: &str| Field::find(name).is_some();
            let beside = [FILE_FIELD, FREELY_FIELD, PRESSURE_FIELD];
            assert!(names.iter().all(|name| known(name) || beside.contains(&&**name)), "{names:?}");
        }
    }
}
