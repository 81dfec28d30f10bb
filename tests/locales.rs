//! The strings of the pages: complete, of one script, and harmless.
#![expect(clippy::unwrap_used, reason = "tests stop at the first thing that is wrong")]

#[path = "locales/commands.rs"]
mod commands;
#[path = "locales/findings.rs"]
mod findings;
#[path = "locales/latin.rs"]
mod latin;

use std::collections::{BTreeMap, BTreeSet};

use latin::in_latin;
use regex::Regex;
use sandyk::{
    locale::{Arg, Lang, Locale},
    testimony::{Field, List, Taxonomy, choices},
};

type Strings = BTreeMap<String, String>;

/// Keys and raw patterns of a file, continuation lines joined.
fn strings(lang: Lang) -> Strings {
    let key = Regex::new(r"^([a-z][a-z0-9-]*) =(.*)$").unwrap();
    let mut strings = Strings::new();
    let mut current = String::new();
    for line in lang.source().lines() {
        if let Some(found) = key.captures(line) {
            found[1].clone_into(&mut current);
            let new = strings.insert(current.clone(), found[2].trim().to_owned());
            assert!(new.is_none(), "{}: {current} stands twice", lang.tag());
        } else if line.starts_with(' ') || line.starts_with('}') {
            strings.get_mut(&current).unwrap().extend([" ", line.trim()]);
        } else {
            assert!(line.is_empty() || line.starts_with('#'), "{}: {line}", lang.tag());
        }
    }
    strings
}

fn arguments(pattern: &str) -> BTreeSet<String> {
    let argument = Regex::new(r"\$([a-z]+)").unwrap();
    argument.captures_iter(pattern).map(|found| found[1].to_owned()).collect()
}

/// What a person reads of a pattern: without arguments and plural forms' names.
fn words(pattern: &str) -> String {
    let placeable = Regex::new(r"\{ \$[a-z]+ \}|\{ \$[a-z]+ ->|\*?\[[a-z]+\]|\}").unwrap();
    placeable.replace_all(pattern, " ").into_owned()
}

#[test]
fn every_language_has_the_same_keys_with_the_same_arguments() {
    let english = strings(Lang::En);
    assert!(english.len() > 200, "{} strings", english.len());
    for lang in Lang::ALL {
        let other = strings(lang);
        assert!(english.keys().eq(other.keys()), "{}: {:?}", lang.tag(), {
            let (a, b): (BTreeSet<_>, BTreeSet<_>) =
                (english.keys().collect(), other.keys().collect());
            a.symmetric_difference(&b).copied().collect::<Vec<_>>()
        });
        for (key, pattern) in &other {
            assert_eq!(arguments(pattern), arguments(&english[key]), "{} of {}", key, lang.tag());
        }
    }
}

#[test]
fn every_string_comes_out_whole_with_its_arguments_in_it() {
    for lang in Lang::ALL {
        let locale = Locale::of(lang).unwrap();
        for (key, pattern) in strings(lang) {
            for number in [0, 1, 2, 5, 11, 21, 27, 4096] {
                let names = arguments(&pattern);
                let numbers = ["count", "minutes", "n", "each", "size"];
                let digits = number.to_string();
                let args: Vec<_> = names
                    .iter()
                    .map(|name| {
                        let number =
                            numbers.contains(&name.as_str()).then_some(Arg::Number(number));
                        (name.as_str(), number.unwrap_or(Arg::Text("<Person A>")))
                    })
                    .collect();
                let text = locale.text_with(&key, &args);
                let marks = ['{', '}', '\u{2068}', '\u{2069}', '$'];
                assert!(!text.is_empty() && text != key, "{key} of {}", lang.tag());
                assert!(!text.contains(marks), "{key} of {}: {text}", lang.tag());
                for name in &names {
                    let filled =
                        if numbers.contains(&name.as_str()) { &digits } else { "<Person A>" };
                    assert!(text.contains(filled), "{key} of {} lost {name}: {text}", lang.tag());
                }
            }
        }
    }
}

#[test]
fn plural_forms_follow_the_language() {
    let digits =
        |lang, n| Locale::of(lang).unwrap().text_with("receipt-help", &[("count", Arg::Number(n))]);
    assert!(digits(Lang::En, 27).contains("these 27 digits"));
    assert!(digits(Lang::Ru, 27).contains("эти 27 цифр "));
    assert!(digits(Lang::Ru, 23).contains("эти 23 цифры "));
    assert!(digits(Lang::Ru, 21).contains("эту 21 цифру "));
    assert!(digits(Lang::Ky, 27).contains("27 цифраны"));
}

/// Text literals of the pages and of the choices, which name strings.
fn literals() -> BTreeSet<String> {
    let beside = ["src/testimony/form/choices.rs", "src/web/mailbox.rs", "src/web/submit/mod.rs"];
    let mut files: Vec<_> = beside.into_iter().map(std::path::PathBuf::from).collect();
    for folder in ["src/web/pages", "src/web/pages/sections"] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ext| ext == "rs") {
                files.push(path);
            }
        }
    }
    let literal = Regex::new(r#""([a-z][a-z0-9]*(?:-[a-z0-9]+)*)""#).unwrap();
    let mut found = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        found.extend(literal.captures_iter(&text).map(|hit| hit[1].to_owned()));
    }
    found
}

#[test]
fn every_string_is_used_and_every_used_string_exists() {
    let (used, english) = (literals(), strings(Lang::En));
    let idle: Vec<_> = english.keys().filter(|key| !used.contains(*key)).collect();
    assert!(idle.is_empty(), "no page uses {idle:?}");

    let mut known: BTreeSet<&str> = english.keys().map(String::as_str).collect();
    known.extend(Field::all().iter().map(|field| field.name));
    known.extend(Field::all().iter().flat_map(|field| field.choices).map(|choice| choice.code));
    // starts of numbered fields, attributes and ids of the pages
    known.extend(["affected-", "threat-", "files-", "exam-", "read-back", "held-where"]);
    known.extend(["what-h", "utf-8", "form-data", "http-equiv"]);
    let lost: Vec<_> =
        used.iter().filter(|text| text.contains('-') && !known.contains(text.as_str())).collect();
    assert!(lost.is_empty(), "no string or field is called {lost:?}");
    for field in Field::all() {
        for choice in field.choices {
            assert!(english.contains_key(choice.key), "{}: {}", field.name, choice.key);
        }
    }
}

#[test]
fn every_string_that_the_taxonomy_names_exists() {
    let english = strings(Lang::En);
    for list in [
        List::Harm,
        List::Role,
        List::Risk,
        List::RiskFlag,
        List::Safeguard,
        List::StatementSigned,
        List::PersonState,
        List::PerpetratorType,
        List::ThreatTarget,
        List::AuthorityResponse,
        List::Paper,
        List::ReviewerGender,
        List::ConsentUse,
        List::ConsentBasis,
        List::ContactMode,
    ] {
        for entry in Taxonomy::embedded().list(list) {
            let Some(key) = &entry.ftl else { continue };
            assert!(english.contains_key(key), "{list:?}: {key}");
        }
    }
}

#[test]
fn no_two_answers_to_one_question_and_no_two_roles_say_the_same() {
    for lang in Lang::ALL {
        let all = strings(lang);
        let mut questions: Vec<(&str, Vec<&str>)> = Field::all()
            .iter()
            .map(|field| (field.name, field.choices.iter().map(|choice| choice.key).collect()))
            .collect();
        questions.push(("safeguard", choices::SAFEGUARD.iter().map(|asked| asked.key).collect()));
        let starting = |start: &str| -> Vec<&str> {
            all.keys().map(String::as_str).filter(|key| key.starts_with(start)).collect()
        };
        // who a person is in the story, in every question that asks it
        let roles = ["role-", "target-", "by-", "knowledge-"].into_iter().flat_map(starting);
        questions.push(("roles", roles.collect()));
        for start in ["error-", "consent-", "leave-", "about-"] {
            questions.push((start, starting(start)));
        }
        for (question, keys) in questions {
            let mut texts = BTreeMap::new();
            for key in keys {
                let folded = all[key].to_lowercase();
                let other = texts.insert(folded, key);
                // two keys of one text: the title of a page and the sentence under it may not be one either
                assert!(other.is_none(), "{}: {question}: {key} and {other:?}", lang.tag());
            }
        }
    }
}

#[test]
fn no_word_mixes_two_scripts() {
    for lang in Lang::ALL {
        for (key, pattern) in strings(lang) {
            for word in words(&pattern).split(|c: char| !c.is_alphabetic() && c != '’') {
                let latin = word.chars().any(|c| c.is_ascii_alphabetic());
                let cyrillic = word.chars().any(|c| ('\u{400}'..='\u{52f}').contains(&c));
                assert!(!(latin && cyrillic), "{key} of {}: {word}", lang.tag());
            }
        }
    }
}

#[test]
fn every_language_is_written_in_its_own_script() {
    let latin_names = ["Tor", "Browser", "New", "Identity", "IP"];
    for lang in Lang::ALL {
        let latin = matches!(lang, Lang::En | Lang::UzLatn);
        for (key, pattern) in strings(lang) {
            for word in words(&pattern).split(|c: char| !c.is_alphabetic()) {
                let foreign = if latin {
                    word.chars().any(|c| ('\u{400}'..='\u{52f}').contains(&c))
                } else {
                    word.chars().any(|c| c.is_ascii_alphabetic()) && !latin_names.contains(&word)
                };
                assert!(!foreign, "{key} of {}: {word}", lang.tag());
            }
        }
    }
}

#[test]
fn what_a_witness_sends_is_never_called_by_a_word_of_a_criminal_file() {
    let stems = [
        "показани",
        "заявлени",
        "көрсөтмө",
        "арыз",
        "кўрсатув",
        "ариза",
        "koʻrsatuv",
        "ariza",
        "донос",
        "testimony",
        "statement",
    ];
    // they say what it is not, and what others were forced to
    let quoting = ["landing-not-authority", "harm-confession"];
    for lang in Lang::ALL {
        for (key, pattern) in strings(lang) {
            let lower = pattern.to_lowercase();
            for stem in stems {
                let banned = lower.contains(stem) && !quoting.contains(&key.as_str());
                assert!(!banned, "{key} of {}: {stem}", lang.tag());
            }
        }
    }
}

#[test]
fn a_witness_is_never_a_participant_and_the_harmed_are_not_the_dead() {
    let stems = [
        "катышуучу",
        "катышкан",
        "иштирокчи",
        "ishtirokchi",
        "участник",
        "соучастн",
        "participa",
        "курман",
        "қурбон",
        "qurbon",
        "жертв",
        "victim",
    ];
    for lang in Lang::ALL {
        for (key, pattern) in strings(lang) {
            for stem in stems {
                assert!(!pattern.to_lowercase().contains(stem), "{key} of {}: {stem}", lang.tag());
            }
        }
    }
}

#[test]
fn the_secret_is_a_code_and_never_secret_words() {
    let stems = [
        "secret word",
        "секретные слова",
        "секретных слов",
        "секретным слов",
        "жашыруун сөз",
        "махфий сўз",
        "maxfiy soʻz",
    ];
    for lang in Lang::ALL {
        let all = strings(lang);
        for (key, pattern) in &all {
            for stem in stems {
                assert!(!pattern.to_lowercase().contains(stem), "{key} of {}", lang.tag());
            }
        }
        let code = match lang {
            Lang::Ky => "жашыруун код",
            Lang::Ru => "секретный код",
            Lang::UzCyrl => "махфий код",
            Lang::UzLatn => "maxfiy kod",
            Lang::En => "secret code",
        };
        assert!(all["receipt-title"].to_lowercase().contains(code), "{}", lang.tag());
    }
}

#[test]
fn the_latin_strings_are_the_cyrillic_ones_letter_by_letter() {
    let (cyrillic, latin) = (strings(Lang::UzCyrl), strings(Lang::UzLatn));
    for (key, pattern) in cyrillic {
        assert_eq!(latin[&key], in_latin(&pattern), "{key}: change uz-Cyrl.ftl first");
    }
}

#[test]
fn drafts_say_that_nobody_has_signed_them_off() {
    assert_eq!(Locale::of(Lang::En).unwrap().signed_off(), Some("source language"));
    for lang in [Lang::Ky, Lang::Ru, Lang::UzCyrl, Lang::UzLatn] {
        assert_eq!(Locale::of(lang).unwrap().signed_off(), None, "{}", lang.tag());
    }
}

#[test]
fn tags_name_languages_and_nothing_else_does() {
    for lang in Lang::ALL {
        assert_eq!(Lang::parse(lang.tag()), Some(lang));
        assert_eq!(Locale::load(lang).unwrap().lang(), lang);
    }
    for tag in ["", "KY", "uz", "uz-cyrl", "en-GB", "../en", "ru "] {
        assert_eq!(Lang::parse(tag), None, "{tag}");
    }
    let russian = Locale::of(Lang::Ru).unwrap();
    assert_eq!(russian.text("no-such-string"), "no-such-string");
}

#[test]
fn nobody_is_shouted_at() {
    for lang in Lang::ALL {
        for (key, pattern) in strings(lang) {
            assert!(!pattern.contains('!'), "{key} of {}", lang.tag());
        }
    }
}
