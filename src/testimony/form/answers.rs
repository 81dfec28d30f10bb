//! Reading single answers out of what was typed.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IntoDeserializer as _};

use super::{Choice, Field, FormError, choices};
use crate::testimony::{Code, FuzzyDate, Place};

/// Is the value an answer to its question?
///
/// Where a code is stored, any well-formed code is (the page may be newer than the program);
/// where a type of this program is stored, only the answers that the page offers.
pub(super) fn fits(field: &Field, value: &str) -> Result<(), FormError> {
    let closed = [choices::KNOWLEDGE, choices::TRI, choices::ORIGIN].contains(&field.choices);
    let offered = |choice: &Choice| choice.code == value;
    let good = match field.choices {
        [] => true,
        offers if closed => offers.iter().any(offered),
        _ => Code::parse(value).is_ok(),
    };
    if good { Ok(()) } else { Err(FormError::NoSuchAnswer { field: field.name }) }
}

/// What was typed, by name; every answer can be taken once.
pub(super) struct Answers(BTreeMap<&'static str, Vec<String>>);

impl Answers {
    pub(super) fn new(typed: Vec<(&'static Field, String)>) -> Self {
        let mut answers = BTreeMap::<_, Vec<_>>::new();
        for (field, value) in typed {
            answers.entry(field.name).or_default().push(value);
        }
        Self(answers)
    }

    /// The words as typed; nothing but space is no answer.
    pub(super) fn words(&mut self, name: &str) -> Option<String> {
        self.raw(name).filter(|text| !text.trim().is_empty())
    }

    /// The words as typed, whatever they are.
    pub(super) fn raw(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)?.into_iter().next()
    }

    pub(super) fn when(&mut self, name: &str) -> Option<FuzzyDate> {
        self.words(name).map(FuzzyDate::from_words)
    }

    pub(super) fn place(&mut self, name: &str) -> Option<Place> {
        let words = self.words(name)?;
        Some(Place { words: Some(words), ..Place::default() })
    }

    pub(super) fn code(&mut self, name: &str) -> Option<Code> {
        self.raw(name).and_then(|code| Code::parse(&code).ok())
    }

    /// The answers of a list, each once, in the order of arrival.
    pub(super) fn codes(&mut self, name: &str) -> Vec<Code> {
        let mut codes = Vec::new();
        for code in self.0.remove(name).unwrap_or_default() {
            if let Ok(code) = Code::parse(&code)
                && !codes.contains(&code)
            {
                codes.push(code);
            }
        }
        codes
    }

    /// An answer of one of this program's own types.
    pub(super) fn one_of<T: for<'de> Deserialize<'de>>(&mut self, name: &str) -> Option<T> {
        let answer = self.raw(name)?;
        let reader: serde::de::value::StringDeserializer<serde::de::value::Error> =
            answer.into_deserializer();
        T::deserialize(reader).ok()
    }

    pub(super) fn ticked(&mut self, name: &str) -> bool {
        self.raw(name).is_some()
    }
}
