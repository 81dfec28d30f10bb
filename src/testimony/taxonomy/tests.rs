use super::*;

const FILE: &str = include_str!("../../../config/taxonomy.toml");

#[test]
fn every_code_of_the_embedded_taxonomy_is_well_formed() {
    let taxonomy = Taxonomy::embedded();
    let mut count = 0;
    for (list, entries) in &taxonomy.lists {
        assert!(!entries.is_empty(), "{list:?} is empty");
        for entry in entries {
            count += 1;
            if *list != List::Language {
                assert!(Code::parse(&entry.code).is_ok(), "{list:?}: {}", entry.code);
            }
            for text in [&entry.ftl, &entry.label].into_iter().flatten() {
                assert!(!text.trim().is_empty(), "{list:?}: {}", entry.code);
            }
        }
    }
    assert!(count > 300, "{count} codes only");
}

#[test]
fn every_code_that_one_list_names_stands_in_the_other() {
    let taxonomy = Taxonomy::embedded();
    for export in taxonomy.list(List::Export) {
        for need in &export.needs {
            assert!(taxonomy.find(List::ConsentUse, need).is_some(), "{}: {need}", export.code);
        }
    }
    for lang in crate::locale::Lang::ALL {
        assert!(taxonomy.find(List::Language, lang.tag()).is_some(), "{}", lang.tag());
    }
}

#[test]
fn the_most_urgent_comes_first_and_an_unknown_risk_is_not_the_last() {
    let urgency = |code| Taxonomy::embedded().urgency(code);
    assert_eq!(urgency("now"), 0);
    assert!(urgency("soon") < urgency("unsaid"));
    assert!(urgency("something-newer") == urgency("unsaid"));
    assert!(urgency("unsaid") < urgency("none"));
}

#[test]
fn no_use_but_keeping_is_a_default_and_the_state_is_asked_twice() {
    for entry in Taxonomy::embedded().list(List::ConsentUse) {
        assert_eq!(entry.default, entry.code == "keep", "{}", entry.code);
        assert_eq!(entry.warn, entry.code == "national-authorities", "{}", entry.code);
    }
}

#[test]
fn a_slip_in_the_file_is_refused() {
    for (slip, text) in [
        ("an unknown list", FILE.replace("[[harm]]", "[[harms]]")),
        ("an unknown attribute", FILE.replacen("sensitivity =", "sensitive =", 1)),
        ("another schema", FILE.replacen("taxonomy/1", "taxonomy/2", 1)),
        ("a code twice", format!("{FILE}\n[[harm]]\ncode = \"torture\"\n")),
        ("an unknown open list", FILE.replacen("\"place\"", "\"planet\"", 1)),
    ] {
        assert!(Taxonomy::parse(&text).is_err(), "{slip}");
    }
    assert!(Taxonomy::parse(FILE).is_ok());
}

#[test]
fn a_code_has_no_room_for_anything_else() {
    for text in ["", "A", "ё", "a b", "a_b", "a\n", &"a".repeat(49)] {
        assert!(Code::parse(text).is_err(), "{text:?}");
    }
    assert!(Code::parse(&"a".repeat(48)).is_ok());
    assert!(serde_json::from_str::<Code>("\"Harm\"").is_err());
}
