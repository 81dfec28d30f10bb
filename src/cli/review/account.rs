//! An account to read: danger first, then the story as typed, then the answers in the form's order.
//!
//! Promises: 1. every answer that was given is shown, and what was left empty is not; 2. what a
//! person typed stands behind a bar, what this program says never does; 3. codes are in words.

use super::{answers, words};
use crate::{
    cli::{exit::CliError, out::Out},
    testimony::{Account, Consent, Contact, FuzzyDate, Identity, List, Named, Triage},
};

/// What a reader must know before the story: danger, by when, whom to give it to, what is allowed.
pub(super) fn first(account: &Account, out: &mut Out) -> Result<(), CliError> {
    let Triage { risk, risk_flags, help_by, may_use, reviewer_wish, .. } = &account.triage;
    out.fact("Danger", &words::danger(risk, risk_flags))?;
    if let Some(help_by) = help_by {
        date("By when", help_by, out)?;
    }
    if let Some(urgent) = account.health.as_ref().and_then(|health| health.urgent.as_ref()) {
        out.said("Needed now", urgent)?;
    }
    if let Some(wish) = reviewer_wish {
        if let Some(gender) = &wish.gender {
            let gender = words::of(List::ReviewerGender, gender);
            out.fact("Who may read", &format!("asks to be read by a {gender}"))?;
        }
        for (label, text) in [("In the language", &wish.lang), ("Wishes", &wish.note)] {
            text.as_ref().map_or(Ok(()), |text| out.said(label, text))?;
        }
    }
    consent(&account.consent, out)?;
    if !*may_use && !keeps_only(&account.consent) {
        out.fact("", "BUT it also says keep only: use it for nothing before you asked")?;
    }
    let pressure = account.pressure.as_ref();
    pressure.map_or(Ok(()), |pressure| answers::pressure(pressure, out))
}

/// The story as it was typed.
pub(super) fn story(account: &Account, out: &mut Out) -> Result<(), CliError> {
    out.heading("The story, as it was typed")?;
    if account.story.trim().is_empty() {
        out.item(2, "nothing was written here")?;
    } else {
        out.quoted(2, &account.story)?;
    }
    let knowledge = account.knowledge.map(words::knowledge);
    knowledge.map_or(Ok(()), |known| out.fact("The witness", known))
}

fn keeps_only(consent: &Consent) -> bool {
    consent.uses.iter().all(|used| used.as_str() == "keep")
}

/// What is allowed, in words; the refusals are the loud ones.
fn consent(consent: &Consent, out: &mut Out) -> Result<(), CliError> {
    let Consent { uses, ask_first, basis, text: _, conditions, after_death } = consent;
    if keeps_only(consent) {
        out.fact("May be used for", "NOTHING: keep only, show it to nobody outside")?;
    } else {
        out.fact("May be used for", &words::all(List::ConsentUse, uses))?;
    }
    if *ask_first {
        out.fact("", "ASK FIRST, every time")?;
    }
    conditions.iter().try_for_each(|condition| out.said("Only if", condition))?;
    out.fact("Speaks", &words::of(List::ConsentBasis, basis))?;
    let after = after_death.as_ref().map(|who| words::of(List::Relation, who));
    after.map_or(Ok(()), |who| out.fact("After death", &format!("{who} decides")))
}

/// Names and contact; guardians only.
pub(super) fn names(identity: &Identity, out: &mut Out) -> Result<(), CliError> {
    out.heading("Names and contact (guardians only)")?;
    if identity.names_nobody() {
        out.item(2, "no name and no way of contact was given")?;
    }
    let Identity { schema: _, submitter, affected, responsible, contact } = identity;
    submitter.as_ref().map_or(Ok(()), |who| named("The witness", who, out))?;
    for (n, who) in affected {
        named(&format!("Harmed, no. {n}"), who, out)?;
    }
    for (n, who) in responsible {
        named(&format!("Responsible, {n}"), who, out)?;
    }
    let Some(Contact { mode, way, safe_when, sign }) = contact else { return Ok(()) };
    out.fact("Write back", &words::of(List::ContactMode, mode))?;
    for (label, text) in [("The way", way), ("Safe when", safe_when), ("Agreed sign", sign)] {
        text.as_ref().map_or(Ok(()), |text| out.said(label, text))?;
    }
    Ok(())
}

fn named(label: &str, named: &Named, out: &mut Out) -> Result<(), CliError> {
    let Named { name, other_names, born, pronoun } = named;
    out.said(label, name)?;
    other_names.iter().try_for_each(|name| out.said("Also called", name))?;
    born.as_ref().map_or(Ok(()), |born| date("Born", born, out))?;
    pronoun.as_ref().map_or(Ok(()), |pronoun| out.said("Pronoun", pronoun))
}

/// A date: the words first, then what was understood of them.
pub(super) fn date(label: &str, date: &FuzzyDate, out: &mut Out) -> Result<(), CliError> {
    let FuzzyDate { from, to, precision, words: typed, what } = date;
    let mut label = label;
    if let Some(what) = what {
        out.said(std::mem::take(&mut label), what)?;
    }
    if let Some(typed) = typed {
        out.said(std::mem::take(&mut label), typed)?;
    }
    let same = |day: &str| typed.as_ref().is_some_and(|typed| typed == day);
    let understood = match (from, to) {
        (Some(from), Some(to)) => format!("from {} to {}", from.as_str(), to.as_str()),
        (Some(from), None) if same(from.as_str()) => return Ok(()),
        (Some(from), None) => from.as_str().to_owned(),
        (None, Some(to)) => format!("until {}", to.as_str()),
        (None, None) if typed.is_some() || what.is_some() => return Ok(()),
        (None, None) => "not said".to_owned(),
    };
    let precision = words::of(List::DatePrecision, precision);
    out.fact(label, &format!("{understood} (to the {precision})"))
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, io, rc::Rc};

    use super::*;
    use crate::{
        cli::out::Format,
        digest::Digest,
        id::TestimonyId,
        locale::Lang,
        testimony::{Channel, Field, Form, FormError},
    };

    #[derive(Clone, Default)]
    struct Heard(Rc<RefCell<Vec<u8>>>);
    impl io::Write for Heard {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The page of an account and its names, 60 columns wide.
    fn page(account: &Account, identity: &Identity) -> String {
        let heard = Heard::default();
        let mut out = Out::to(Box::new(heard.clone()), Box::new(io::sink()), Format::Table)
            .with_width(Some(60));
        first(account, &mut out).unwrap();
        story(account, &mut out).unwrap();
        answers::write(account, &mut out).unwrap();
        answers::about_files(&account.attachments, &mut out).unwrap();
        names(identity, &mut out).unwrap();
        String::from_utf8(heard.0.borrow().clone()).unwrap()
    }

    fn parts(form: Form) -> (Account, Identity) {
        let id = TestimonyId::from_bytes([7; 16]);
        form.into_parts(id, Channel::WebServerSealed, Digest::of(b"page")).unwrap()
    }

    #[test]
    fn everything_that_can_be_typed_into_the_form_is_shown_behind_a_bar() {
        let mut form = Form::new(Lang::En);
        let mut typed = Vec::new();
        for (n, field) in Field::all().iter().enumerate() {
            let word = format!("typed no. {n}!");
            match form.put(field.name, &word) {
                Ok(()) => typed.push((field.name, word)),
                Err(other) => {
                    assert!(matches!(other, FormError::NoSuchAnswer { .. }), "{other}");
                }
            }
        }
        assert!(typed.len() > 30, "the form asks for words in many places");
        let (account, identity) = parts(form);
        let page = page(&account, &identity);
        // what is kept of a ticked box is that it was ticked
        let kept = serde_json::to_string(&(&account, &identity)).unwrap();
        for (field, word) in typed.iter().filter(|(_, word)| kept.contains(word)) {
            assert!(
                page.lines().any(|l| l.contains('│') && l.ends_with(word.as_str())),
                "{field}\n{page}"
            );
        }
    }

    #[test]
    fn an_account_without_answers_has_a_short_page_that_says_keep_only() {
        let mut form = Form::new(Lang::En);
        form.put("story", "they came").unwrap();
        let (account, identity) = parts(form);
        let page = page(&account, &identity);
        assert!(page.contains("NOTHING: keep only") && page.contains("  │ they came"), "{page}");
        assert!(page.lines().count() < 14 && !page.contains("WHO WAS HARMED"), "{page}");
    }

    #[test]
    fn danger_and_consent_come_before_the_story_in_words() {
        let mut form = Form::new(Lang::En);
        for (name, value) in [
            ("risk", "now"),
            ("danger", "before Thursday"),
            ("wish-gender", "woman"),
            ("consent", "court"),
            ("ask-first", "yes"),
            ("story", "they came"),
        ] {
            form.put(name, value).unwrap();
        }
        let (account, identity) = parts(form);
        let page = page(&account, &identity);
        let top = page.split("THE STORY").next().unwrap();
        for part in
            ["URGENT: danger now", "│ before Thursday", "by a woman", "a court case", "ASK FIRST"]
        {
            assert!(top.contains(part), "{part}: {page}");
        }
    }
}
