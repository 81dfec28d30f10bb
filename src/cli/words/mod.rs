//! What the command line says in the language of the person, beside the English in the code.
//!
//! Promises: 1. English has one source: the error itself, or the place where it is made; 2. every
//! error that can reach a person names its [`Words`], found in `locales/cli/*.ftl` in the four other
//! languages; 3. what has no words yet is said in English, and that this is so in the person's
//! language; 4. what is filled in is foreign: nothing in it begins a line.
//! Does not: translate answers on stdout, or anything of `--json`. Spec: `docs/cli.md`, "Languages".

use std::{error::Error, fmt};

use crate::{
    ledger::ProofError,
    locale::{Arg, Lang, Locale},
};

mod keyring;
pub mod machine;
#[cfg(feature = "admin")]
mod of_admin;
mod of_doctor;
mod of_keeping;
#[cfg(any(feature = "open", feature = "admin"))]
mod of_passphrase;
mod of_proof;
#[cfg(feature = "review")]
mod of_review;
#[cfg(feature = "review")]
mod of_rewrap;
#[cfg(feature = "serve")]
mod of_server;
#[cfg(feature = "sync")]
mod of_sync;
mod plain;

/// A message in `locales/cli/*.ftl`: its id, which part of it, and what is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    id: &'static str,
    part: Part,
    args: Vec<(&'static str, Value)>,
}

/// What an error or a finding says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What happened: the value of the message.
    What,
    /// Why it matters: its attribute `why`.
    Why,
    /// What was kept: its attribute `kept`.
    Kept,
    /// What to do: its attribute `next`.
    Next,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    Number(u64),
    Words(Words),
}

pub use of_doctor::of_finding;
#[cfg(feature = "sync")]
pub use of_sync::of_refusal;

/// An error that knows its words.
pub trait Told: fmt::Display {
    /// Its message in the four languages beside English.
    fn words(&self) -> Words;
}

impl Words {
    /// The message with that id, nothing filled in yet.
    #[must_use]
    pub const fn of(id: &'static str) -> Self {
        Self { id, part: Part::What, args: Vec::new() }
    }

    /// English, because there are no other words yet.
    #[must_use]
    pub fn english(text: impl fmt::Display) -> Self {
        Self::of(ENGLISH).with("why", text)
    }

    /// The same, with a text filled in: a path, a name, a date.
    #[must_use]
    pub fn with(mut self, name: &'static str, text: impl fmt::Display) -> Self {
        self.args.push((name, Value::Text(text.to_string())));
        self
    }

    /// The same, with a number filled in, which also chooses the plural.
    #[must_use]
    pub fn count<N: TryInto<u64>>(mut self, name: &'static str, number: N) -> Self {
        self.args.push((name, Value::Number(number.try_into().unwrap_or(u64::MAX))));
        self
    }

    /// The same, with what another message says happened filled in as `why`.
    #[must_use]
    pub fn why(mut self, words: Self) -> Self {
        self.args.push(("why", Value::Words(words)));
        self
    }

    /// The same, with what a passphrase is for filled in as `what`.
    #[must_use]
    pub fn of_what(mut self, what: &str) -> Self {
        let yours = what == "your keys";
        let value =
            if yours { Value::Words(Self::of("your-keys")) } else { Value::Text(what.into()) };
        self.args.push(("what", value));
        self
    }

    /// The same message, another part of it.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    /// Whether this is English in disguise.
    #[must_use]
    pub fn is_english(&self) -> bool {
        self.id == ENGLISH
    }

    /// The words themselves; `None` if the message has no such part.
    #[must_use]
    pub fn say(&self, locale: &Locale) -> Option<String> {
        let attribute = match self.part {
            Part::What => None,
            Part::Why => Some("why"),
            Part::Kept => Some("kept"),
            Part::Next => Some("next"),
        };
        let filled: Vec<(&str, Value)> = self
            .args
            .iter()
            .map(|(name, value)| match value {
                Value::Text(text) => (*name, Value::Text(text.replace('\n', NEWLINE))),
                Value::Number(number) => (*name, Value::Number(*number)),
                Value::Words(words) => (*name, Value::Text(words.say(locale).unwrap_or_default())),
            })
            .collect();
        let args: Vec<(&str, Arg<'_>)> = filled
            .iter()
            .filter_map(|(name, value)| match value {
                Value::Text(text) => Some((*name, Arg::Text(text))),
                Value::Number(number) => Some((*name, Arg::Number(*number))),
                Value::Words(_) => None,
            })
            .collect();
        locale.part(self.id, attribute, &args)
    }
}

/// The words of any error that knows some.
#[must_use]
pub fn of(error: &(dyn Error + 'static)) -> Option<Words> {
    let ground = keyring::of(error).or_else(|| plain::of(error));
    let ground = ground.or_else(|| of_keeping::of(error)).or_else(|| told::<ProofError>(error));
    #[cfg(any(feature = "open", feature = "admin"))]
    let ground = ground.or_else(|| of_passphrase::of(error));
    #[cfg(feature = "admin")]
    let ground = ground.or_else(|| of_admin::of(error));
    #[cfg(feature = "review")]
    let ground = ground.or_else(|| of_review::of(error)).or_else(|| of_rewrap::of(error));
    #[cfg(feature = "serve")]
    let ground = ground.or_else(|| of_server::of(error));
    #[cfg(feature = "sync")]
    let ground = ground.or_else(|| of_sync::of(error));
    ground
}

/// The words of an error of this type, if that is what it is.
fn told<T: Told + Error + 'static>(error: &(dyn Error + 'static)) -> Option<Words> {
    error.downcast_ref::<T>().map(Told::words)
}

/// The words of the command line, in a language that has some.
#[must_use]
pub fn locale(lang: Lang) -> Option<Locale> {
    Locale::load_commands(lang).ok().flatten()
}

/// Id of the message that holds English.
const ENGLISH: &str = "english";
/// A newline inside of what is filled in, made visible: a name cannot begin a line of ours.
const NEWLINE: &str = "⟨U+000A⟩";
