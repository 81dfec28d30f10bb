//! What comes back on a page: what was typed, and what was wrong with it.

use super::*;

const HOSTILE: [&str; 6] = [
    "</textarea><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' autofocus onfocus=alert(1) x='",
    "&lt;b&gt; &amp;amp; &#60;",
    "\n\n  leading lines \u{202e}and marks\u{200b}",
    "<!-- --><![CDATA[ ]]>",
];

#[test]
fn what_was_typed_comes_back_as_it_was_and_as_nothing_else() {
    let text_fields = || Field::all().iter().filter(|field| field.choices.is_empty());
    for hostile in HOSTILE {
        let values: Vec<_> = text_fields().map(|field| (field.name, hostile)).collect();
        let page = pages::form_again(locale(Lang::Ky), &settings(), Notice::BUSY, &values);
        let calm = pages::form_again(locale(Lang::Ky), &settings(), Notice::BUSY, &[]);
        for name in ["script", "img", "b", "input", "textarea", "select", "form", "section"] {
            assert_eq!(tags(&page, name).len(), tags(&calm, name).len(), "{hostile}: {name}");
        }
        for tag in tags(&page, "input") {
            let field = Field::find(&attribute(tag, "name").unwrap());
            if field.is_some_and(|field| field.choices.is_empty()) && !tag.contains("checkbox") {
                assert_eq!(unescape(&attribute(tag, "value").unwrap()), hostile, "{tag}");
            }
        }
        let area = Regex::new("(?s)<textarea[^>]*>(.*?)</textarea>").unwrap();
        for found in area.captures_iter(&page) {
            assert_eq!(unescape(&found[1]), format!("\n{hostile}"));
        }
    }
}

#[test]
fn ticked_boxes_come_back_ticked_and_answered_parts_come_back_open() {
    let values =
        [("box", "harm-trial"), ("exam-paper", "exists"), ("others-fear", "on"), ("risk", "soon")];
    let page = pages::form_again(locale(Lang::En), &settings(), Notice::BUSY, &values);
    assert!(page.contains("name=\"box\" value=\"harm-trial\" checked"));
    assert!(page.contains("<option value=\"exists\" selected>"));
    assert!(page.contains("name=\"others-fear\" checked"));
    assert!(page.contains("name=\"risk\" value=\"soon\" checked"));
    assert_eq!(page.matches(" checked").count(), 3);
    assert_eq!(page.matches("<details open>").count(), 2);
    let empty = pages::form(locale(Lang::En), &settings());
    assert_eq!(empty.matches(" checked").count() + empty.matches(" selected").count(), 0);
    assert!(!empty.contains("<details open>"));
}

#[test]
fn an_error_leads_to_its_field_and_the_field_to_its_error() {
    for field in Field::all() {
        let notice = Notice::of(&FormError::TooLong { field: field.name, limit: 1 });
        let page = pages::form_again(locale(Lang::Ru), &settings(), notice, &[]);
        assert!(page.contains(&format!("<a href=\"#{}\">", field.name)), "{}", field.name);
        let marked = controls(&page)
            .into_iter()
            .find(|tag| attribute(tag, "id").as_deref() == Some(field.name))
            .unwrap();
        assert!(attribute(marked, "aria-describedby").unwrap().contains("error"), "{marked}");
        let within = page[..page.find(marked).unwrap()].rfind("<details");
        let closed = within.is_some_and(|at| {
            !page[at..].starts_with("<details open>")
                && !page[at..page.find(marked).unwrap()].contains("</details>")
        });
        assert!(!closed, "{} is folded away", field.name);
    }
}

#[test]
fn no_two_causes_share_a_text_and_every_one_says_that_the_text_is_still_there() {
    for lang in Lang::ALL {
        let mut keys = BTreeSet::new();
        for notice in notices() {
            assert!(keys.insert(notice.key()), "{notice:?}");
            let page =
                pages::form_again(locale(lang), &settings(), notice, &[("story", "Кечинде")]);
            assert!(page.contains(&locale(lang).text("error-again")), "{notice:?}");
            assert!(page.contains(&locale(lang).text("error-files")), "{notice:?}");
            assert!(page.contains("Кечинде") && page.contains("role=\"alert\""));
        }
    }
}

#[test]
fn a_line_without_a_value_is_left_out_and_one_with_a_value_is_escaped() {
    for lang in Lang::ALL {
        let bare =
            PageSettings { max_files: 32, file_mb: 1, total_mb: 1, ..PageSettings::default() };
        let page = pages::form(locale(lang), &bare);
        for key in ["organisation-line", "contact-line", "within-line", "done-support"] {
            let start = locale(lang).text(key);
            let start = start.split('{').next().unwrap().trim();
            assert!(!start.is_empty() && !page.contains(start), "{key}: {start}");
            assert!(pages::form(locale(lang), &settings()).contains(start), "{key}: {start}");
        }
        let odd = PageSettings {
            organisation: "<A & \"B\">".into(),
            safe_contact: every("<i>"),
            ..settings()
        };
        let page = pages::form(locale(lang), &odd);
        assert!(page.contains("&lt;A &amp; &quot;B&quot;&gt;") && page.contains("&lt;i&gt;"));
    }
}

#[test]
fn the_limits_on_the_page_are_the_limits_of_the_form() {
    let page = pages::form(locale(Lang::En), &settings());
    assert_eq!((limits::LINE / 2, limits::STORY / 2), (1_000, 120_000));
    assert!(page.contains("about 1\u{a0}000 letters") && page.contains("about 120\u{a0}000"));
    assert!(page.contains("Up to 32 files, each up to 1024 MB, 4096 MB in all."));
}
