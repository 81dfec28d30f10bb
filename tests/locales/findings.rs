//! The words of what doctors find: all three things of every finding, in four languages beside English.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::{
    arguments,
    commands::{SPOKEN, messages, sources},
};

/// Every finding that asks for something, by its code, with the facts that it carries.
pub(crate) fn findings() -> BTreeMap<String, BTreeSet<String>> {
    let code = Regex::new(r#"^(now|soon|note|ask|at)\(\s*(?:[A-Za-z:]+,\s*)?"([a-z-]+)""#).unwrap();
    let fact = Regex::new(r#"\.(?:with|count)\(\s*"([a-z]+)""#).unwrap();
    let mut found = BTreeMap::new();
    for (path, text) in sources("src") {
        if path.ends_with("finding.rs") {
            continue;
        }
        for piece in text.split("Finding::").skip(1) {
            let Some(hit) = code.captures(piece) else { continue };
            let mut facts: BTreeSet<String> =
                fact.captures_iter(piece).map(|fact| fact[1].to_owned()).collect();
            if piece.contains(".because(") {
                facts.insert("why".to_owned());
            }
            let twice = found.insert(hit[2].to_owned(), facts);
            assert!(twice.is_none(), "two findings are called {}", &hit[2]);
        }
    }
    assert!(found.len() > 60, "{}", found.len());
    found
}

#[test]
fn every_finding_says_what_is_why_it_matters_and_what_to_do() {
    for lang in SPOKEN {
        let messages = messages(lang);
        for (code, facts) in findings() {
            for part in [code.clone(), format!("{code}.why"), format!("{code}.next")] {
                let text = messages.get(&part);
                let text = text.unwrap_or_else(|| panic!("{part} has no words in {}", lang.tag()));
                let asked = arguments(text);
                assert!(asked.is_subset(&facts), "{part} of {}: {facts:?}", lang.tag());
            }
        }
        let reasons = messages.keys().filter_map(|key| key.strip_suffix(".why"));
        let known = findings();
        let stray: Vec<_> = reasons.filter(|code| !known.contains_key(*code)).collect();
        assert!(stray.is_empty(), "{}: only findings say why: {stray:?}", lang.tag());
    }
}

#[test]
fn every_fact_of_a_finding_is_said_in_every_language_or_nowhere() {
    let russian = messages(SPOKEN[1]);
    for (code, facts) in findings() {
        let all = |messages: &BTreeMap<String, String>| {
            let parts = [code.clone(), format!("{code}.why"), format!("{code}.next")];
            parts.iter().flat_map(|part| arguments(&messages[part])).collect::<BTreeSet<_>>()
        };
        let said = all(&russian);
        assert!(said.is_subset(&facts), "{code}");
        for lang in SPOKEN {
            assert_eq!(all(&messages(lang)), said, "{code} of {}", lang.tag());
        }
    }
}
