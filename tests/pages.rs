//! The pages as a browser gets them: their weight, their labels, their safety.
#![cfg(feature = "serve")]
#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::regex_creation_in_loops,
    reason = "tests stop at the first thing that is wrong, and may be slow"
)]

#[path = "pages/codes.rs"]
mod codes;
#[path = "pages/colours.rs"]
mod colours;
#[path = "pages/typed.rs"]
mod typed;

use std::{collections::BTreeSet, io::Write as _};

use regex::Regex;
use sandyk::{
    digest::Digest,
    intake::PROMISE_FIELD,
    locale::{Lang, Locale},
    testimony::{FILE_FIELD, Field, FormError, Times, limits},
    web::pages::{
        self, Again, Answer, CODE_FIELD, Code, FREELY_FIELD, FileFate, MAILBOX_BYTES, MailboxPage,
        NEUTRAL_SITE, Notice, PRESSURE_FIELD, PageSettings, PerLanguage, Plain, ReceiptPage,
        Replies, STYLE,
    },
};

const DIGITS: &str = "104 382 957 004 118 620 993 275 061";

fn locale(lang: Lang) -> &'static Locale {
    Locale::of(lang).unwrap()
}

fn every(text: &str) -> PerLanguage {
    Lang::ALL.into_iter().map(|lang| (lang, text.to_owned())).collect()
}

fn settings() -> PageSettings {
    PageSettings {
        organisation: "Organisation A".into(),
        safe_contact: every("a letter to Person A"),
        answer_within: every("3 days"),
        support: every("Person B"),
        max_files: 32,
        file_mb: 1024,
        total_mb: 4096,
        replies: Replies::Here,
    }
}

/// Those of a server that was built so that it opens no answer.
fn blind() -> PageSettings {
    PageSettings { replies: Replies::Elsewhere, ..settings() }
}

fn notices() -> Vec<Notice<'static>> {
    let field = "health";
    let errors = [
        FormError::UnknownField,
        FormError::Repeated { field },
        FormError::TooLong { field, limit: 1 },
        FormError::Cut { field },
        FormError::TooMany { field: "box", limit: 1 },
        FormError::TooMuch { field, limit: 1 },
        FormError::NoSuchAnswer { field: "exam-paper" },
    ];
    let mut notices: Vec<_> = errors.into_iter().map(|error| Notice::of(&error)).collect();
    notices.extend([Notice::CODE.with_meant(Some(DIGITS)), Notice::VISIT]);
    notices.extend([Notice::EMPTY, Notice::ORDER, Notice::BROKEN, Notice::BUSY, Notice::FAILED]);
    notices
}

fn receipt_of(lang: Lang) -> String {
    let shown = ReceiptPage {
        code: Some(&code()),
        spare: &[Code { digits: SPARE.to_owned(), ..code() }],
        files: &[FileFate::Cut("<b>&\"photo\".jpg", 1), FileFate::Missing("", 2)],
        burn: "/once/x",
        promise: Some("sandyk promise v1\nAn example\nweek 2026-W47\n"),
        minutes: 30,
    };
    pages::receipt(locale(lang), &shown)
}

const SPARE: &str = "000 111 222 333 444 555 666 777 888";
const ENGLISH: &str = "ability giggle trust artwork edge topic burst blade";
const RUSSIAN: &str = "абонент лебедь фойе борьба идеал усатый вопрос вечно";

fn code() -> Code {
    let words = vec![(Lang::En, ENGLISH.to_owned()), (Lang::Ru, RUSSIAN.to_owned())];
    Code { digits: DIGITS.to_owned(), words }
}

const ANSWERS: [Answer<'_>; 3] = [
    Answer::Said { id: "a", number: 2, text: "Second.\n<b>&\"mark\"</b>" },
    Answer::Forged { id: "b" },
    Answer::Said { id: "c", number: 1, text: "Салам. Дагы эмне билесиз?" },
];

fn mailbox_of(locale: &Locale, answers: &[Answer<'_>], newer: usize) -> String {
    mailbox_by(locale, &settings(), answers, newer)
}

fn mailbox_by(
    locale: &Locale,
    settings: &PageSettings,
    answers: &[Answer<'_>],
    newer: usize,
) -> String {
    let (notices, files) = (&["box-sent"], &[FileFate::Cut("photo.jpg", 1)]);
    let page =
        MailboxPage { address: "x", notices, files, answers, newer, older: None, minutes: 30 };
    pages::mailbox(locale, settings, &page)
}

fn meant_of(locale: &Locale) -> String {
    pages::enter_again(locale, "mailbox-typo", "a <b>", Some((ENGLISH, "/once/x/open")))
}

fn receipt_under_a_known_code(locale: &Locale) -> String {
    let shown = ReceiptPage {
        code: None,
        spare: &[],
        files: &[],
        burn: "/once/x",
        promise: None,
        minutes: 30,
    };
    pages::receipt(locale, &shown)
}

/// Every page of one language under a name.
fn all(lang: Lang) -> Vec<(String, String)> {
    let (l, s) = (locale(lang), settings());
    let mut all = vec![
        ("form".to_owned(), pages::form(l, &s)),
        ("receipt".to_owned(), receipt_of(lang)),
        ("leave".to_owned(), pages::leave(l, &[code()])),
        ("enter".to_owned(), pages::enter(l, &s)),
        ("enter blind".to_owned(), pages::enter(l, &blind())),
        ("mailbox blind".to_owned(), mailbox_by(l, &blind(), &ANSWERS, 2)),
        ("enter again".to_owned(), pages::enter_again(l, "mailbox-typo", "1 2", None)),
        ("meant".to_owned(), meant_of(l)),
        ("waiting".to_owned(), pages::waiting(l, 3, "/once/x")),
        ("mailbox".to_owned(), mailbox_of(l, &ANSWERS, 2)),
        ("mailbox empty".to_owned(), mailbox_of(l, &[], 0)),
        ("receipt same".to_owned(), receipt_under_a_known_code(l)),
        ("about".to_owned(), pages::about(l, &s)),
        ("gone".to_owned(), pages::gone(l)),
    ];
    for what in Plain::ALL {
        all.push((format!("{what:?}"), pages::plain(l, &s, what)));
    }
    for what in Again::ALL {
        all.push((format!("{what:?}"), pages::again(l, &s, what)));
        for notice in [Notice::EMPTY, Notice::PRESSURE, Notice::FREELY] {
            let values = [("story", "Кечинде"), (FREELY_FIELD, "no"), (PRESSURE_FIELD, "x")];
            let page = pages::again_refilled(l, &s, (what, "/en/once/x"), notice, &values);
            let has = |field| page.contains(&format!("name=\"{field}\""));
            if notice.field().is_none_or(has) {
                all.push((format!("{what:?} again {notice:?}"), page));
            }
        }
    }
    for notice in notices() {
        let values = [("story", "Кечинде"), ("exam-when", "2024"), ("box", "harm-death")];
        all.push((format!("{notice:?}"), pages::form_again(l, &s, notice, &values)));
    }
    let locales: Vec<_> = Lang::ALL.into_iter().map(locale).collect();
    all.push(("languages".to_owned(), pages::languages(&locales, &s)));
    all.push(("offline".to_owned(), pages::offline(&locales, &s)));
    all.push(("unreadable".to_owned(), pages::unreadable(&locales, &s)));
    all
}

/// Writes every page into the folder named by `PAGES`, to be looked at.
#[test]
#[ignore = "for looking at the pages: PAGES=/tmp/pages cargo test --test pages -- --ignored"]
fn the_pages_can_be_looked_at() {
    let folder = std::path::PathBuf::from(std::env::var("PAGES").unwrap());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("style.css"), STYLE).unwrap();
    for lang in Lang::ALL {
        for (name, page) in all(lang) {
            let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
            let page = page.replace("href=\"/style.css\"", "href=\"style.css\"");
            std::fs::write(folder.join(format!("{}-{name}.html", lang.tag())), page).unwrap();
        }
    }
}

fn tags<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let tag = Regex::new(&format!("<{name}(?: [^>]*)?>")).unwrap();
    tag.find_iter(page).map(|found| found.as_str()).collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let attribute = Regex::new(&format!(" {name}=\"([^\"]*)\"")).unwrap();
    attribute.captures(tag).map(|found| found[1].to_owned())
}

fn controls(page: &str) -> Vec<&str> {
    tags(page, "(?:input|textarea|select)")
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[test]
fn a_form_with_its_stylesheet_weighs_at_most_40_kb_and_15_kb_compressed() {
    for lang in Lang::ALL {
        let bytes = [pages::form(locale(lang), &settings()).as_bytes(), STYLE.as_bytes()].concat();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        gzip.write_all(&bytes).unwrap();
        let small = gzip.finish().unwrap().len();
        assert!(bytes.len() <= 40_000, "{}: {} bytes", lang.tag(), bytes.len());
        assert!(small <= 15_000, "{}: {small} bytes compressed", lang.tag());
    }
}

#[test]
fn the_consent_text_is_the_digest_of_the_exact_page() {
    let mut seen = BTreeSet::new();
    for lang in Lang::ALL {
        let page = pages::form(locale(lang), &settings());
        assert_eq!(page, pages::form(locale(lang), &settings()));
        let digest = pages::consent_text(locale(lang), &settings());
        assert_eq!(digest, Digest::of(page.as_bytes()));
        assert!(seen.insert(digest));
    }
}

#[test]
fn the_form_has_every_field_once_and_no_other() {
    for lang in Lang::ALL {
        let page = pages::form(locale(lang), &settings());
        let mut drawn: Vec<_> =
            controls(&page).iter().map(|tag| attribute(tag, "name").unwrap()).collect();
        drawn.dedup();
        let mut known: Vec<_> = Field::all().iter().map(|field| field.name.to_owned()).collect();
        known.extend([FILE_FIELD, PROMISE_FIELD, CODE_FIELD].map(str::to_owned));
        let once: BTreeSet<_> = drawn.iter().cloned().collect();
        assert_eq!(once.len(), drawn.len(), "a field is drawn in two places");
        assert_eq!(once, known.into_iter().collect());
        for field in Field::all().iter().filter(|field| field.times == Times::Many) {
            let boxes = format!("type=\"checkbox\" name=\"{}\" value=\"", field.name);
            assert_eq!(page.matches(&boxes).count(), field.choices.len(), "{}", field.name);
        }
        for field in Field::all() {
            for choice in field.choices {
                let group = format!("name=\"{}\" value=\"{}\"", field.name, choice.code);
                let option = format!("<option value=\"{}\">", choice.code);
                assert!(page.contains(&group) || page.contains(&option), "{}", choice.code);
            }
        }
    }
}

#[test]
fn browsers_are_told_to_remember_nothing_and_to_cut_nothing() {
    for lang in Lang::ALL {
        for (name, page) in all(lang) {
            for tag in controls(&page).into_iter().chain(tags(&page, "form")) {
                assert!(tag.contains("autocomplete=\"off\""), "{name}: {tag}");
                for word in [" maxlength", " required", " pattern", " accept="] {
                    assert!(!tag.contains(word), "{name}: {tag}");
                }
            }
        }
    }
}

#[test]
fn files_are_the_last_thing_before_the_button() {
    for lang in Lang::ALL {
        let page = pages::form(locale(lang), &settings());
        let last = *controls(&page).last().unwrap();
        assert!(last.contains("type=\"file\"") && last.contains(" multiple"), "{last}");
        assert_eq!(tags(&page, "button").len(), 1);
        assert!(page.find("<button").unwrap() > page.find(last).unwrap());
        let form = tags(&page, "form")[0];
        assert!(
            form.contains("method=\"post\"") && form.contains("enctype=\"multipart/form-data\"")
        );
        assert_eq!(attribute(form, "action"), Some(format!("/{}/send", lang.tag())));
    }
}

#[test]
fn every_page_can_be_read_aloud_and_worked_by_keyboard() {
    for lang in Lang::ALL {
        for (name, page) in all(lang) {
            let at = format!("{name} of {}", lang.tag());
            assert!(page.starts_with("<!DOCTYPE html><html lang=\""), "{at}");
            assert_eq!(tags(&page, "h1").len(), 1, "{at}");
            assert_eq!(tags(&page, "main").len(), 1, "{at}");
            let title = Regex::new("<title>[^<]+</title>").unwrap();
            assert!(title.is_match(&page), "{at}");
            let ids: Vec<_> = Regex::new(" id=\"([^\"]+)\"")
                .unwrap()
                .captures_iter(&page)
                .map(|id| id[1].to_owned())
                .collect();
            let unique: BTreeSet<_> = ids.iter().cloned().collect();
            assert_eq!(ids.len(), unique.len(), "{at}: {ids:?}");
            let named = Regex::new(
                " (?:aria-describedby|aria-labelledby)=\"([^\"]+)\"| href=\"#([^\"]+)\"",
            )
            .unwrap();
            for found in named.captures_iter(&page) {
                for id in found.get(1).or(found.get(2)).unwrap().as_str().split(' ') {
                    assert!(unique.contains(id), "{at}: nothing has the id {id}");
                }
            }
            let label = Regex::new(r"(?s)<label[^>]*>.*?</label>").unwrap();
            let labelled: usize = label.find_iter(&page).map(|l| controls(l.as_str()).len()).sum();
            let by_heading =
                controls(&page).iter().filter(|c| c.contains("aria-labelledby")).count();
            let seen = controls(&page).into_iter().filter(|c| !c.contains("type=\"hidden\""));
            assert_eq!(labelled + by_heading, seen.count(), "{at}");
            assert_eq!(tags(&page, "fieldset").len(), tags(&page, "legend").len(), "{at}");
        }
    }
}

#[test]
fn every_page_begins_with_the_way_out() {
    for lang in Lang::ALL {
        for (name, page) in all(lang) {
            let exit = page.find("class=\"exit\"").unwrap();
            assert!(exit < page.find("<main").unwrap(), "{name}");
            let to = if matches!(name.as_str(), "languages" | "offline" | "unreadable") {
                NEUTRAL_SITE.to_owned()
            } else {
                format!("/{}/leave", lang.tag())
            };
            assert_eq!(attribute(tags(&page[exit - 3..], "a")[0], "href"), Some(to), "{name}");
        }
    }
}

#[test]
fn no_page_runs_anything_or_asks_anybody_else() {
    for lang in Lang::ALL {
        for (name, page) in all(lang) {
            for word in [
                "<script",
                "<style",
                " style=",
                "<img",
                "<svg",
                "<iframe",
                "javascript:",
                "data:",
                "<base",
            ] {
                assert!(!page.contains(word), "{name}: {word}");
            }
            // Only who waits for a turn has a page that comes again by itself, to its own address.
            let again = page.matches("http-equiv").count();
            assert_eq!(again, page.matches("http-equiv=\"refresh\" content=\"5\">").count());
            assert_eq!(again, usize::from(name == "waiting"), "{name}");
            let handler = Regex::new("<[^>]* on[a-z]+=").unwrap();
            assert!(!handler.is_match(&page), "{name}");
            let away = Regex::new("(?:href|src|action)=\"([^\"]*)\"").unwrap();
            for found in away.captures_iter(&page) {
                let own = (found[1].starts_with('/') && !found[1].starts_with("//"))
                    || found[1].starts_with('#')
                    || &found[1] == ".";
                assert!(own || &found[1] == NEUTRAL_SITE, "{name}: {}", &found[1]);
            }
        }
    }
    for word in ["url(", "@import", "@font-face", "expression"] {
        assert!(!STYLE.contains(word), "{word}");
    }
}

#[test]
fn pages_of_all_languages_name_them_all() {
    for (name, page) in all(Lang::En) {
        if ["languages", "offline", "unreadable"].contains(&name.as_str()) {
            for lang in Lang::ALL {
                assert!(page.contains(&format!("<section lang=\"{}\">", lang.tag())), "{name}");
            }
        }
    }
    let form = pages::form(locale(Lang::Ky), &settings());
    for lang in [Lang::Ru, Lang::UzCyrl, Lang::UzLatn, Lang::En] {
        assert!(form.contains(&format!("<a href=\"/{0}\" lang=\"{0}\"", lang.tag())));
    }
}
