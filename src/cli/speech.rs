//! What a command says beside its answer, in the language of the person.
//!
//! Promises: 1. all of it passes the filter of [`Out::say`]; 2. where there are no words, English.

use std::fmt;

use super::{
    exit::{CliError, Exit},
    out::Out,
    words::{self, Part, Words},
};
use crate::{finding::Finding, locale::Lang};

impl Out {
    /// The same, saying what goes wrong in another language.
    #[must_use]
    pub fn speaking(mut self, lang: Lang) -> Self {
        self.locale = words::locale(lang);
        self
    }

    /// Says what went wrong, in the person's language.
    pub fn error(&mut self, error: &CliError) {
        match &self.locale {
            Some(locale) => self.say(error.spoken(locale)),
            None => self.say(error),
        }
    }

    /// Says what should be looked after, and what to do if `words` know it.
    pub fn warn(&mut self, english: impl fmt::Display, words: &Words) {
        let Some(locale) = &self.locale else { return self.say(format!("warning: {english}")) };
        let what = words.say(locale).unwrap_or_else(|| english.to_string());
        let first = format!("{} {what}", locale.text("label-warning"));
        self.say_with_parts(first, words);
    }

    /// Warns of an error of a lower layer, whose one sentence says all three things.
    pub fn warn_of(&mut self, english: impl fmt::Display, words: &Words) {
        self.warn(CliError::told(Exit::Failed, english).as_warning(), words);
    }

    /// Says how it went, in the person's language; `english` says all that `words` say.
    pub fn tell(&mut self, english: impl fmt::Display, words: &Words) {
        match self.locale.as_ref().and_then(|locale| words.say(locale)) {
            Some(what) => self.say_with_parts(what, words),
            None => self.say(english),
        }
    }

    /// Says what a person does next, step by step, each in English and in words.
    pub fn steps(&mut self, steps: &[(&str, Words)]) {
        let heading = self.in_words("What to do now:", &Words::of("what-to-do"));
        self.say(format!("\n{heading}"));
        for (n, (english, words)) in (1_usize..).zip(steps) {
            let step = self.in_words(english, words);
            self.say(format!("{n}. {step}"));
        }
    }

    /// Says an alarm so that nobody overlooks it; `english` says its three things itself.
    pub fn alarm(&mut self, english: impl fmt::Display, words: &Words) {
        match self.locale.as_ref().and_then(|locale| words.say(locale)) {
            Some(what) => self.say_with_parts(format!("** {what}."), words),
            None => self.say(english),
        }
    }

    /// Says what happened, and below it what was kept and what to do, as far as `words` know it.
    fn say_with_parts(&mut self, first: String, words: &Words) {
        let Some(locale) = &self.locale else { return self.say(first) };
        let mut said = first;
        for (label, part) in [("label-kept", Part::Kept), ("label-next", Part::Next)] {
            if let Some(text) = words.clone().part(part).say(locale) {
                said = format!("{said}\n   {} {text}", locale.text(label));
            }
        }
        self.say(said);
    }

    /// Says what a doctor found, why it matters and what to do; nothing of what is good.
    pub fn finding(&mut self, finding: &Finding) {
        let words = words::of_finding(finding);
        let parts = [
            ("", "", &finding.what, Part::What),
            ("label-why", "why:", &finding.why, Part::Why),
            ("label-next", "next:", &finding.next, Part::Next),
        ];
        for (key, label, english, part) in parts {
            if english.is_empty() {
                continue;
            }
            let text = self.in_words(english, &words.clone().part(part));
            let label = match &self.locale {
                Some(locale) if !key.is_empty() => locale.text(key),
                _ => label.to_owned(),
            };
            let gap = if label.is_empty() { "" } else { " " };
            self.say(format!("      {label}{gap}{text}"));
        }
    }

    /// These words in the person's language, or else the English.
    pub fn in_words(&self, english: impl fmt::Display, words: &Words) -> String {
        let said = self.locale.as_ref().and_then(|locale| words.say(locale));
        said.unwrap_or_else(|| english.to_string())
    }
}
