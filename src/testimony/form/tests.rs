use proptest::prelude::*;
use rand::SeedableRng as _;

use super::*;
use crate::testimony::{List, Taxonomy};

fn id() -> TestimonyId {
    TestimonyId::random(&mut rand_chacha::ChaCha20Rng::seed_from_u64(2))
}

fn form(answers: &[(&str, &str)]) -> Form {
    let mut form = Form::new(Lang::Ky);
    for (name, value) in answers {
        assert_eq!(form.put(name, value), Ok(()), "{name}");
    }
    form
}

fn parts(answers: &[(&str, &str)]) -> (Account, Identity) {
    let digest = Digest::of(b"the page");
    form(answers).into_parts(id(), Channel::WebServerSealed, digest).unwrap()
}

#[test]
fn what_was_typed_is_stored_as_typed() {
    let typed = " \r\n\u{feff}Ўша кун\u{301} \u{202e}бидy\u{202c}\0\u{1b}[31m\ttab\u{85}\u{200b} ";
    let (account, _) = parts(&[("story", typed), ("others", typed)]);
    assert!(account.story == typed);
    assert!(account.others.as_ref().unwrap().about.as_deref() == Some(typed));
    let json = serde_json::to_string(&account).unwrap();
    assert!(!json.contains('\u{1b}') && !json.contains('\0'));
    assert!(serde_json::from_str::<Account>(&json).unwrap() == account);
}

#[test]
fn every_field_of_the_form_ends_in_the_part_that_it_names() {
    for field in Field::all() {
        let answer = field.choices.first().map_or("Person A", |choice| choice.code);
        let (account, identity) = parts(&[(field.name, answer)]);
        let (bare, nobody) = parts(&[]);
        let same_words = account == bare || Part::Identity == field.part;
        match field.part {
            Part::Identity => assert!(identity != nobody, "{} is lost", field.name),
            Part::Account if field.name.starts_with("consent-state") => {}
            Part::Account => assert!(!same_words, "{} is lost", field.name),
        }
        let json = serde_json::to_string(&account).unwrap();
        assert!(field.part == Part::Account || !json.contains("Person A"), "{}", field.name);
        let json = serde_json::to_string(&identity).unwrap();
        assert!(field.part == Part::Identity || !json.contains("Person A"), "{}", field.name);
    }
}

#[test]
fn every_answer_to_choose_from_is_a_code_of_the_taxonomy() {
    let lists = [
        ("risk", List::Risk),
        ("risk-flag", List::RiskFlag),
        ("role", List::Role),
        ("behalf", List::ConsentBasis),
        ("signed", List::StatementSigned),
        ("affected-1-state", List::PersonState),
        ("responsible-kind", List::PerpetratorType),
        ("threat-1-target", List::ThreatTarget),
        ("threat-1-officials", List::AuthorityResponse),
        ("exam-paper", List::Paper),
        ("consent", List::ConsentUse),
        ("contact", List::ContactMode),
        ("wish-gender", List::ReviewerGender),
    ];
    for (name, list) in lists {
        for choice in Field::find(name).unwrap().choices {
            let entry = Taxonomy::embedded().find(list, choice.code);
            assert_eq!(entry.unwrap().ftl.as_deref(), Some(choice.key), "{name}: {}", choice.code);
        }
    }
    for asked in choices::SAFEGUARD {
        let entry = Taxonomy::embedded().find(List::Safeguard, asked.code);
        assert_eq!(entry.unwrap().ftl.as_deref(), Some(asked.key));
        assert!(Field::find(asked.code).is_some(), "{}", asked.code);
    }
    let boxes: std::collections::BTreeSet<_> =
        Taxonomy::embedded().list(List::Harm).iter().filter_map(|e| e.ftl.as_deref()).collect();
    assert!(
        choices::BOX.iter().all(|b| boxes.contains(b.key)) && choices::BOX.len() == boxes.len()
    );
}

#[test]
fn names_of_fields_are_short_unique_and_english() {
    let mut names: Vec<_> = Field::all().iter().map(|field| field.name).collect();
    assert!(names.iter().all(|name| super::super::Code::parse(name).is_ok()));
    assert!(!names.contains(&FILE_FIELD));
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn a_name_makes_a_person_in_the_account_without_the_name() {
    let (account, identity) =
        parts(&[("affected-2-name", "Person A"), ("responsible-name", "Person B")]);
    assert!(account.affected.len() == 1 && account.affected[0].r#ref == 2);
    assert!(account.responsible[0].named == Some(1));
    assert!(identity.affected[0].0 == 2 && identity.affected[0].1.name == "Person A");
    assert!(account.triage.has_identity);
}

#[test]
fn nothing_ticked_is_keep_only_and_keep_only_outweighs_the_rest() {
    let (account, _) = parts(&[("story", "a")]);
    assert!(!account.triage.may_use && account.consent.uses.is_empty());
    let (account, _) = parts(&[("consent", "court"), ("consent", "keep"), ("consent", "court")]);
    assert!(!account.triage.may_use && account.consent.uses.len() == 1);
    let (account, _) = parts(&[("consent", "court"), ("ask-first", "yes")]);
    assert!(account.triage.may_use && account.consent.ask_first);
    assert!(account.consent.text == Digest::of(b"the page"));
}

#[test]
fn the_authorities_need_both_boxes() {
    let uses = |answers| parts(answers).0.consent.uses;
    assert!(uses(&[("consent-state", "yes")]).is_empty());
    assert!(uses(&[("consent-state-sure", "yes")]).is_empty());
    assert!(uses(&[("consent", "national-authorities")]).is_empty());
    let both = uses(&[("consent-state", "yes"), ("consent-state-sure", "yes")]);
    assert!(both[0].as_str() == "national-authorities" && both.len() == 1);
}

#[test]
fn questions_left_empty_are_said_to_be_empty() {
    let (account, identity) = parts(&[]);
    assert_eq!(account.triage.risk.as_str(), "unsaid");
    assert_eq!(account.triage.role.as_str(), "no-answer");
    assert_eq!(account.consent.basis.as_str(), "unsaid");
    assert_eq!(parts(&[("role", "self")]).0.consent.basis.as_str(), "own");
    assert!(!account.triage.has_identity && identity.contact.is_none());
    assert!(!parts(&[("contact", "none")]).0.triage.has_identity);
    assert!(parts(&[("contact-way", "Person A knows")]).0.triage.has_identity);
}

#[test]
fn one_of_four_things_says_something_and_nothing_else_does() {
    for name in ["story", "affected-3-name", "threat-2", "threat-1-loss", "evidence"] {
        assert!(form(&[(name, "x")]).says_something(), "{name}");
        assert!(!form(&[(name, " \r\n")]).says_something(), "{name}");
        assert!(parts(&[(name, "x")]).0.says_something(), "{name}");
    }
    for name in ["when", "name", "condition", "report", "files-show", "contact-way"] {
        assert!(!form(&[(name, "x")]).says_something(), "{name}");
        assert!(!parts(&[(name, "x")]).0.says_something(), "{name}");
    }
}

#[test]
fn a_refused_field_is_named_and_what_came_before_stays() {
    let mut form = form(&[("story", "words"), ("risk", "now")]);
    for (name, value, error) in [
        ("submit", "x", FormError::UnknownField),
        ("file", "x", FormError::UnknownField),
        ("story", "again", FormError::Repeated { field: "story" }),
        ("role", "Not A Code", FormError::NoSuchAnswer { field: "role" }),
        ("knowledge", "guessed", FormError::NoSuchAnswer { field: "knowledge" }),
        ("interpreter", "maybe", FormError::NoSuchAnswer { field: "interpreter" }),
    ] {
        assert_eq!(form.put(name, value), Err(error));
        assert!(!error.to_string().contains(value) || value == "x", "{error}");
    }
    assert!(form.values().eq([("story", "words"), ("risk", "now")]));
    assert!(form.into_parts(id(), Channel::WebServerSealed, Digest::NONE).is_ok());
}

#[test]
fn a_text_that_is_too_long_is_given_back_and_nothing_is_sealed_without_it() {
    let long = "ө".repeat(201);
    let mut form = form(&[("story", "words")]);
    let error = FormError::TooLong { field: "name", limit: 400 };
    assert_eq!(form.put("name", &long), Err(error));
    assert!(form.values().eq([("story", "words"), ("name", long.as_str())]));
    let sealed = form.into_parts(id(), Channel::WebServerSealed, Digest::NONE);
    assert!(sealed.err() == Some(error));

    let mut cut = Form::new(Lang::UzLatn);
    assert_eq!(cut.put_beginning("story", "the beginning"), Err(FormError::Cut { field: "story" }));
    assert!(cut.values().eq([("story", "the beginning")]));
    assert_eq!(cut.put_beginning("nothing", ""), Err(FormError::UnknownField));
    for _ in 0..100 {
        assert!(cut.put("story", &"x".repeat(900_000)).is_err());
    }
    assert!(cut.values().map(|(_, value)| value.len()).sum::<usize>() <= ACCOUNT);
    assert_eq!(Form::readable("story"), Some(960_000));
}

#[test]
fn lists_and_sums_are_bounded() {
    let mut boxes = Form::new(Lang::En);
    for n in 0..LIST {
        assert_eq!(boxes.put("box", &format!("harm-{n}")), Ok(()));
    }
    assert_eq!(boxes.put("box", "x"), Err(FormError::TooMany { field: "box", limit: LIST }));

    let mut form = Form::new(Lang::En);
    assert_eq!(form.put("story", &"\u{1}".repeat(160_000)), Ok(()));
    let much = FormError::TooMuch { field: "evidence", limit: ACCOUNT };
    assert_eq!(form.put("health", &"\u{1}".repeat(10_000)), Ok(()));
    assert_eq!(form.put("evidence", &"\u{1}".repeat(16_000)), Err(much));
    assert!(form.values().any(|(name, _)| name == "evidence"));
    let sealed = form.into_parts(id(), Channel::WebServerSealed, Digest::NONE);
    assert!(sealed.err() == Some(much));

    let mut form = Form::new(Lang::En);
    assert_eq!(form.put("story", &"\u{1}".repeat(172_000)), Ok(()));
    let (account, identity) =
        form.into_parts(id(), Channel::WebServerSealed, Digest::NONE).unwrap();
    assert!(serde_json::to_vec(&account).unwrap().len() <= ACCOUNT);
    assert_eq!((account.check(), identity.check()), (Ok(()), Ok(())));
}

#[test]
fn a_form_full_to_every_limit_still_fits() {
    for filling in ["x", "ө", "\"", "\n"] {
        let mut form = Form::new(Lang::UzCyrl);
        for field in Field::all().iter().filter(|field| field.choices.is_empty()) {
            let full = filling.repeat(field.max / filling.len());
            assert_eq!(form.put(field.name, &full), Ok(()), "{}", field.name);
        }
        let parts = form.into_parts(id(), Channel::WebServerSealed, Digest::NONE).unwrap();
        assert_eq!((parts.0.check(), parts.1.check()), (Ok(()), Ok(())));
    }
}

#[test]
fn unknown_fields_of_an_account_or_identity_are_refused() {
    let (account, identity) = parts(&[("story", "a"), ("threat-1", "b"), ("name", "Person A")]);
    let json = serde_json::to_string(&account).unwrap();
    for place in ["\"triage\"", "\"kinds\"", "\"uses\"", "\"schema\""] {
        let wrong = json.replacen(place, &format!("\"more\":1,{place}"), 1);
        assert!(wrong != json && serde_json::from_str::<Account>(&wrong).is_err(), "{place}");
    }
    assert!(json.starts_with("{\"triage\":{\"schema\":\"testimony/1\",\"kind\":\"new\""));
    let json = serde_json::to_string(&identity).unwrap();
    let wrong = json.replacen("{\"name\"", "{\"more\":1,\"name\"", 1);
    assert!(wrong != json && serde_json::from_str::<Identity>(&wrong).is_err());
}

#[test]
fn an_account_over_a_limit_is_refused_by_the_name_of_the_field() {
    use crate::testimony::Bad;
    let (account, identity) = parts(&[("story", "a"), ("name", "Person A"), ("danger", "now")]);
    let mut long = account.clone();
    long.story = "x".repeat(240_001);
    assert_eq!(long.check(), Err(Bad::TooLong("story")));
    let mut other = account.clone();
    other.schema = "testimony/2".into();
    assert_eq!(other.check(), Err(Bad::Schema));
    let mut many = account.clone();
    many.needs = vec![super::super::Code::known("lawyer"); 33];
    assert_eq!(many.check(), Err(Bad::TooMany("needs")));
    let mut danger = account;
    danger.triage.help_by.as_mut().unwrap().words = Some("x".repeat(2001));
    assert_eq!(danger.check(), Err(Bad::TooLong("help_by")));
    let mut name = identity;
    name.submitter.as_mut().unwrap().name = "x".repeat(401);
    assert_eq!(name.check(), Err(Bad::TooLong("submitter")));
}

proptest! {
    #[test]
    fn any_text_survives_the_way_into_the_account_and_back(story in "\\PC*|[\\x00-\\x7f]*") {
        let (account, _) = parts(&[("story", &story)]);
        prop_assert!(account.story == story);
        let json = serde_json::to_vec(&account).unwrap();
        prop_assert!(serde_json::from_slice::<Account>(&json).unwrap().story == story);
        let bare = serde_json::to_vec(&parts(&[]).0).unwrap().len();
        prop_assert_eq!(json.len(), bare.saturating_add(json_len(&story)));
    }
}
