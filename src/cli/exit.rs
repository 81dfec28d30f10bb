//! How a command ended: five exit codes, and errors that say three things.
//!
//! Promises: 1. a command leaves with one of the five codes of [`Exit`]; 2. every error can say
//! what happened, what was kept and what to do, in this order.
//! Does not: print anything; [`crate::cli::out::Out`] does. Spec: `docs/cli.md`.

use std::{error::Error, fmt, process::ExitCode};

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
/// It deliberately is no [`Error`] itself, so that `?` takes any error of the layers below.
#[derive(Debug)]
pub struct CliError {
    exit: Exit,
    what: String,
    kept: Option<String>,
    advice: Option<String>,
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
        self.kept = Some(text.into());
        self
    }

    /// The same error, saying also what to do now.
    #[must_use]
    pub fn advice(mut self, text: impl Into<String>) -> Self {
        self.advice = Some(text.into());
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

    /// What happened, without what was kept and what to do.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    fn new(exit: Exit, what: &dyn fmt::Display) -> Self {
        Self { exit, what: what.to_string(), kept: None, advice: None }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        if let Some(kept) = &self.kept {
            write!(f, "\n kept: {kept}")?;
        }
        if let Some(advice) = &self.advice {
            write!(f, "\n next: {advice}")?;
        }
        Ok(())
    }
}

impl<E: Error> From<E> for CliError {
    /// A failure with the text of the error and of all its causes.
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
        Self::failed(what)
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
