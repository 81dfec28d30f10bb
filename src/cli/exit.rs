//! How a command ended: five exit codes, and errors that say three things.
//!
//! Promises: 1. a command leaves with one of the five codes of [`Exit`]; 2. every error can say
//! what happened, what was kept and what to do, in this order;
//! 3. it says so in the language of the person, where there are words for it.
//! Does not: print anything; [`crate::cli::out::Out`] does. Spec: `docs/cli.md`.

use std::{error::Error, fmt, process::ExitCode};

use unicode_width::UnicodeWidthStr as _;

use crate::{
    cli::words::{self, Part, Words},
    locale::Locale,
};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: it was done.
    Done,
    /// 1: it could not be done.
    Failed,
    /// 2: the command line was not understood.
    Usage,
    /// 3: it was refused, for the safety of somebody or something.
    Refused,
    /// 4: there was nothing to do.
    NothingToDo,
}

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::NothingToDo => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command could not be done, in words for the person who typed it.
///
/// Each part is said in English, and in the language of the person if there are [`Words`] for it. It
/// deliberately is no [`Error`] itself, so that `?` takes any error of the layers below.
#[derive(Debug)]
pub struct CliError {
    exit: Exit,
    what: Said,
    kept: Said,
    advice: Said,
}

/// One part of an error: in English, and its words in the other languages.
#[derive(Debug, Default)]
struct Said {
    english: Option<String>,
    words: Option<Box<Words>>,
}

impl CliError {
    /// It could not be done: `what` happened.
    #[must_use]
    pub fn failed(what: impl fmt::Display) -> Self {
        Self::new(Exit::Failed, &what)
    }

    /// It was refused, because `what`.
    #[must_use]
    pub fn refused(what: impl fmt::Display) -> Self {
        Self::new(Exit::Refused, &what)
    }

    /// The command line asks for something that cannot be: `what`.
    #[must_use]
    pub fn usage(what: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, &what)
    }

    /// An error of a lower layer that says all three things in one sentence, with semicolons
    /// between them; refused or failed.
    #[must_use]
    pub fn told(exit: Exit, text: impl fmt::Display) -> Self {
        let text = text.to_string();
        let parts: Vec<&str> = text.split("; ").collect();
        match parts.as_slice() {
            [what, kept, next] => Self::new(exit, what).kept(*kept).advice(*next),
            [what, kept] if kept.starts_with("nothing was") => Self::new(exit, what).kept(*kept),
            _ => Self::new(exit, &text),
        }
    }

    /// The same error, saying also what was kept or left as it was.
    #[must_use]
    pub fn kept(mut self, text: impl Into<String>) -> Self {
        self.kept = Said { english: Some(text.into()), words: None };
        self
    }

    /// The same error, saying also what to do now.
    #[must_use]
    pub fn advice(mut self, text: impl Into<String>) -> Self {
        self.advice = Said { english: Some(text.into()), words: None };
        self
    }

    /// The same error with the words of all its parts in the other languages; said last.
    #[must_use]
    pub fn words(mut self, words: Words) -> Self {
        self.what.words = Some(Box::new(words.clone()));
        self.kept.words = Some(Box::new(words.clone().part(Part::Kept)));
        self.advice.words = Some(Box::new(words.part(Part::Next)));
        self
    }

    /// The same error; what to do is said in `words` in the other languages.
    #[must_use]
    pub fn next_words(mut self, words: Words) -> Self {
        self.advice.words = Some(Box::new(words));
        self
    }

    /// The same error with another exit code.
    #[must_use]
    pub fn exit_with(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// The exit code to leave with.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// What happened, in English, without what was kept and what to do.
    #[must_use]
    pub fn what(&self) -> &str {
        self.what.english.as_deref().unwrap_or_default()
    }

    /// All it says in English, as a warning: what was kept and what to do stand below what happened.
    #[must_use]
    pub fn as_warning(&self) -> String {
        let parts = [("kept", &self.kept), ("next", &self.advice)];
        let parts = parts.map(|(label, said)| (label, said.english.as_deref()));
        parts.into_iter().fold(self.what().to_owned(), |said, (label, text)| match text {
            Some(text) => format!("{said}\n   {label}: {text}"),
            None => said,
        })
    }

    /// The words of what happened, if there are any.
    #[must_use]
    pub fn what_words(&self) -> Option<&Words> {
        self.what.words.as_deref()
    }

    /// All it says, in the language of `locale`; what has no words there stays English, and it says so.
    #[must_use]
    pub fn spoken(&self, locale: &Locale) -> String {
        let labels = ["label-error", "label-kept", "label-next"].map(|key| locale.text(key));
        let widest = labels.iter().map(|label| label.width()).max().unwrap_or_default();
        let (mut lines, mut all_translated) = (Vec::new(), true);
        for (label, said) in labels.iter().zip([&self.what, &self.kept, &self.advice]) {
            let translated = said.words.as_ref().filter(|words| !words.is_english());
            let translated = translated.and_then(|words| words.say(locale));
            all_translated &= translated.is_some() || said.english.is_none();
            if let Some(text) = translated.or_else(|| said.english.clone()) {
                let gap = " ".repeat(widest.saturating_sub(label.width()));
                lines.push(format!("{gap}{label} {text}"));
            }
        }
        if !all_translated {
            lines.push(locale.text("untranslated"));
        }
        lines.join("\n")
    }

    fn new(exit: Exit, what: &dyn fmt::Display) -> Self {
        let what = Said { english: Some(what.to_string()), words: None };
        Self { exit, what, kept: Said::default(), advice: Said::default() }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what())?;
        if let Some(kept) = &self.kept.english {
            write!(f, "\n kept: {kept}")?;
        }
        if let Some(advice) = &self.advice.english {
            write!(f, "\n next: {advice}")?;
        }
        Ok(())
    }
}

impl<E: Error + 'static> From<E> for CliError {
    /// A failure with the text of the error and of all its causes, and its words.
    fn from(error: E) -> Self {
        let mut what = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !what.contains(&text) {
                what = format!("{what}: {text}");
            }
            cause = error.source();
        }
        let failed = Self::told(Exit::Failed, what);
        match words::of(&error) {
            Some(words) => failed.words(words),
            None => failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_happened_what_was_kept_and_what_to_do() {
        let error = CliError::refused("the keyring is older")
            .kept("nothing was opened")
            .advice("run sandyk sync");
        assert_eq!(
            error.to_string(),
            "error: the keyring is older\n kept: nothing was opened\n next: run sandyk sync"
        );
        assert_eq!(error.exit().code(), 3);
    }

    #[test]
    fn a_sentence_of_three_parts_becomes_three_lines() {
        let error = CliError::told(Exit::Failed, "it is old; nothing was changed; renew it");
        let lines = "error: it is old\n kept: nothing was changed\n next: renew it";
        assert_eq!(error.to_string(), lines);
        for whole in ["it is old", "a; b", "a; b; c; d"] {
            assert_eq!(CliError::told(Exit::Failed, whole).what(), whole);
        }
    }

    #[test]
    fn an_error_of_a_lower_layer_keeps_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("the cover is unreadable")]
        struct Outer(#[source] std::io::Error);
        let error = CliError::from(Outer(std::io::Error::other("short read")));
        assert_eq!(error.what(), "the cover is unreadable: short read");
        assert_eq!(error.exit(), Exit::Failed);
    }

    #[test]
    fn the_five_ends_have_five_codes() {
        let all = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Refused, Exit::NothingToDo];
        assert_eq!(all.map(Exit::code), [0, 1, 2, 3, 4]);
    }
}
