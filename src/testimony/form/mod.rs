//! The fields of the one form, collected as they arrive, and what becomes of them.
//!
//! Promises: 1. every value is bounded before it is kept, and all of them together; 2. a value is
//! kept as it was typed, control characters included: JSON carries them escaped, reviewers see
//! them marked, and a person who pasted one by accident loses nothing; 3. nothing is required;
//! 4. an error names a field, never what stands in it; 5. names go to the identity only; 6. a text
//! that is too long is given back to its writer, not lost, and nothing is sealed without it.
//!
//! Does not: read multipart bodies, know files, or decide whether a testimony is empty.
//! Spec: `docs/format/account.md`.

mod answers;
mod build;
pub mod choices;
mod fields;

pub use choices::Choice;
pub use fields::{Field, Part, Times};

use super::{
    Account, Channel, Identity,
    limits::{ACCOUNT, IDENTITY, LIST},
};
use crate::{digest::Digest, id::TestimonyId, locale::Lang};

/// Name of the one file input, which stands after every field of [`Field::all`].
pub const FILE_FIELD: &str = "file";

/// Numbered blocks of affected persons and of threats.
pub const BLOCKS: u16 = 3;

/// Room in the account and in the identity for all that is not typed: names of JSON fields, codes.
const STRUCTURE: usize = 16 << 10;

/// Collects the fields of the one form, in any order, as they are typed.
pub struct Form {
    lang: Lang,
    typed: Vec<(&'static Field, String)>,
    /// Texts that were too long, with the error; kept to be given back.
    refused: Vec<(&'static Field, String)>,
    first_refusal: Option<FormError>,
    account: usize,
    identity: usize,
}

impl Form {
    /// A form of which nothing has arrived yet.
    #[must_use]
    pub fn new(lang: Lang) -> Self {
        Self {
            lang,
            typed: Vec::new(),
            refused: Vec::new(),
            first_refusal: None,
            account: 0,
            identity: 0,
        }
    }

    /// Takes one field; an empty value is no answer.
    ///
    /// # Errors
    /// The field is not of this form, came twice, is over its limit, or is no answer to its
    /// question; or all fields together are too much. What came before is kept. A text that is too
    /// long is held for [`values`](Self::values), and no account can be made any more.
    pub fn put(&mut self, name: &str, value: &str) -> Result<(), FormError> {
        let field = Field::find(name).ok_or(FormError::UnknownField)?;
        if value.is_empty() {
            return Ok(());
        }
        if value.len() > field.max {
            let error = FormError::TooLong { field: field.name, limit: field.max };
            return Err(self.refuse(field, value, error));
        }
        answers::fits(field, value)?;
        let earlier = self.typed.iter().filter(|(f, _)| f.name == field.name).count();
        match field.times {
            Times::Once if earlier > 0 => return Err(FormError::Repeated { field: field.name }),
            Times::Many if earlier >= LIST => {
                return Err(FormError::TooMany { field: field.name, limit: LIST });
            }
            Times::Once | Times::Many => {}
        }
        let (sum, limit) = match field.part {
            Part::Account => (&mut self.account, ACCOUNT),
            Part::Identity => (&mut self.identity, IDENTITY),
        };
        let after = sum.saturating_add(json_len(value));
        if after > limit.saturating_sub(STRUCTURE) {
            let error = FormError::TooMuch { field: field.name, limit };
            return Err(self.refuse(field, value, error));
        }
        *sum = after;
        self.typed.push((field, value.to_owned()));
        Ok(())
    }

    /// Takes the beginning of a text that was longer than [`readable`](Self::readable).
    ///
    /// # Errors
    /// Always: [`FormError::Cut`], or [`FormError::UnknownField`] if the form has no such field.
    pub fn put_beginning(&mut self, name: &str, beginning: &str) -> Result<(), FormError> {
        let field = Field::find(name).ok_or(FormError::UnknownField)?;
        Err(self.refuse(field, beginning, FormError::Cut { field: field.name }))
    }

    /// Holds a text that is too long, as far as there is room for texts at all.
    fn refuse(&mut self, field: &'static Field, value: &str, error: FormError) -> FormError {
        let held: usize = self.refused.iter().map(|(_, text)| text.len()).sum();
        if held.saturating_add(value.len()) <= ACCOUNT {
            self.refused.push((field, value.to_owned()));
        }
        self.first_refusal.get_or_insert(error);
        error
    }

    /// How many bytes of a field to read, so that a text over its limit can still be given back.
    #[must_use]
    pub fn readable(name: &str) -> Option<usize> {
        Self::limit(name).map(|limit| limit.saturating_mul(4))
    }

    /// Limit of a field in bytes, or `None` if the form has no such field.
    #[must_use]
    pub fn limit(name: &str) -> Option<usize> {
        Field::find(name).map(|field| field.max)
    }

    /// The language of the page.
    #[must_use]
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// Names and values in order of arrival, to fill the form again; too long ones at the end.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.typed.iter().chain(&self.refused).map(|(field, value)| (field.name, value.as_str()))
    }

    /// Is a story, threat, known evidence or affected person there? Files are not known here.
    #[must_use]
    pub fn says_something(&self) -> bool {
        self.typed.iter().any(|(field, value)| {
            let name = field.name;
            let tells = name == "story"
                || name.starts_with("affected-")
                || name.starts_with("threat-")
                || matches!(name, "evidence" | "evidence-kept" | "evidence-risk");
            tells && !value.trim().is_empty()
        })
    }

    /// The account and the identity.
    ///
    /// # Errors
    /// The first text that was too long, so that nothing is sealed without it; or
    /// [`FormError::TooMuch`] if the JSON of one of them would not fit its sealed size.
    pub fn into_parts(
        self,
        id: TestimonyId,
        channel: Channel,
        consent_text: Digest,
    ) -> Result<(Account, Identity), FormError> {
        if let Some(error) = self.first_refusal {
            return Err(error);
        }
        let parts = build::parts(self.lang, self.typed, (id, channel, consent_text));
        let size = |json: Result<Vec<u8>, _>| json.map_or(usize::MAX, |bytes| bytes.len());
        if size(serde_json::to_vec(&parts.0)) > ACCOUNT {
            return Err(FormError::TooMuch { field: "story", limit: ACCOUNT });
        }
        if size(serde_json::to_vec(&parts.1)) > IDENTITY {
            return Err(FormError::TooMuch { field: "name", limit: IDENTITY });
        }
        Ok(parts)
    }
}

/// Length of a text once it is written as JSON, without its quotation marks.
fn json_len(value: &str) -> usize {
    let escaped = |c: char| match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        c if c < ' ' => 6,
        c => c.len_utf8(),
    };
    value.chars().map(escaped).fold(0, usize::saturating_add)
}

/// Why a field was not taken.
///
/// Every variant but the first names a field of this form; none carries what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The form has no field of this name.
    #[error("a field that this form does not have; nothing of it was kept")]
    UnknownField,
    /// A field that is asked once came twice.
    #[error("{field} came twice; the first answer was kept")]
    Repeated {
        /// Name of the field.
        field: &'static str,
    },
    /// One text is over its limit.
    #[error("{field} is longer than {limit} bytes; it was given back, not sealed")]
    TooLong {
        /// Name of the field.
        field: &'static str,
        /// Its limit in bytes.
        limit: usize,
    },
    /// One text is so long that only its beginning was read.
    #[error("{field} is far too long; its beginning was given back, not sealed")]
    Cut {
        /// Name of the field.
        field: &'static str,
    },
    /// A list has too many entries.
    #[error("{field} has more than {limit} answers; the first ones were kept")]
    TooMany {
        /// Name of the field.
        field: &'static str,
        /// How many it may have.
        limit: usize,
    },
    /// All texts together are over the limit.
    #[error("all answers together are more than {limit} bytes; {field} was given back, not sealed")]
    TooMuch {
        /// Name of the field that did not fit.
        field: &'static str,
        /// Limit of all of them in bytes.
        limit: usize,
    },
    /// What was sent is none of the answers to choose from.
    #[error("{field} has an answer that its question does not offer; it was not kept")]
    NoSuchAnswer {
        /// Name of the field.
        field: &'static str,
    },
}

impl FormError {
    /// Name of the field that it is about, which is also its `id` in the page.
    #[must_use]
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::UnknownField => None,
            Self::Repeated { field }
            | Self::TooLong { field, .. }
            | Self::Cut { field }
            | Self::TooMany { field, .. }
            | Self::TooMuch { field, .. }
            | Self::NoSuchAnswer { field } => Some(field),
        }
    }
}

#[cfg(test)]
mod tests;
