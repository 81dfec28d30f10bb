//! What stands on the form when it comes back with the text in it.

use super::{CODE_FIELD, FREELY_FIELD, PRESSURE_FIELD};
use crate::testimony::FormError;

/// What happened, as the key of a string, and the field that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice<'a> {
    key: &'a str,
    field: Option<&'a str>,
    meant: Option<&'a str>,
}

impl<'a> Notice<'a> {
    /// Neither words nor files.
    pub const EMPTY: Self = Self { key: "error-empty", field: Some("story"), meant: None };
    /// More was typed than is read at all: the same to its writer as [`FormError::TooMuch`].
    pub const TOO_LARGE: Self = Self { key: "error-much", field: None, meant: None };
    /// What came is no whole form.
    pub const BROKEN: Self = Self { key: "broken-text", field: None, meant: None };
    /// A field came after a file.
    pub const ORDER: Self = Self { key: "error-order", field: None, meant: None };
    /// Too many others at this moment.
    pub const BUSY: Self = Self { key: "error-busy", field: None, meant: None };
    /// The disk is full up to its reserve.
    pub const FULL: Self = Self { key: "error-full", field: None, meant: None };
    /// There is nobody to seal to at this moment.
    pub const CLOSED: Self = Self { key: "error-closed", field: None, meant: None };
    /// The code of somebody who wrote before is mistyped.
    pub const CODE: Self = Self { key: "error-code", field: Some(CODE_FIELD), meant: None };
    /// The page of the mailbox had gone when the form arrived.
    pub const VISIT: Self = Self { key: "error-visit", field: Some(CODE_FIELD), meant: None };
    /// What somebody says about being pressed is too long.
    pub const PRESSURE: Self = Self { key: "error-long", field: Some(PRESSURE_FIELD), meant: None };
    /// Whether somebody is free has three answers, and this is none.
    pub const FREELY: Self = Self { key: "error-choice", field: Some(FREELY_FIELD), meant: None };
    /// The server could not keep it.
    pub const FAILED: Self = Self { key: "error-failed", field: None, meant: None };

    /// A notice that was written down as its two parts.
    #[must_use]
    pub const fn from_parts(key: &'a str, field: Option<&'a str>) -> Self {
        Self { key, field, meant: None }
    }

    /// What the form itself refuses.
    #[must_use]
    pub fn of(error: &FormError) -> Notice<'static> {
        let key = match error {
            FormError::UnknownField => "error-unknown",
            FormError::Repeated { .. } => "error-twice",
            FormError::TooLong { .. } => "error-long",
            FormError::Cut { .. } => "error-cut",
            FormError::TooMany { .. } => "error-many",
            FormError::TooMuch { .. } => "error-much",
            FormError::NoSuchAnswer { .. } => "error-choice",
        };
        Notice { key, field: error.field(), meant: None }
    }

    /// The same, with what may have been meant by a mistyped code.
    #[must_use]
    pub const fn with_meant(self, meant: Option<&'a str>) -> Self {
        Self { meant, ..self }
    }

    /// What may have been meant by a mistyped code.
    #[must_use]
    pub const fn meant(&self) -> Option<&'a str> {
        self.meant
    }

    /// The key of the text.
    #[must_use]
    pub const fn key(&self) -> &'a str {
        self.key
    }

    /// The field that it is about, if it is about one.
    #[must_use]
    pub const fn field(&self) -> Option<&'a str> {
        self.field
    }
}
