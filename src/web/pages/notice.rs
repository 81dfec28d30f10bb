//! What stands on the form when it comes back with the text in it.

use crate::testimony::FormError;

/// What happened, as the key of a string, and the field that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice<'a> {
    key: &'a str,
    field: Option<&'a str>,
}

impl<'a> Notice<'a> {
    /// Neither words nor files.
    pub const EMPTY: Self = Self { key: "error-empty", field: Some("story") };
    /// More was typed than is read at all: the same to its writer as [`FormError::TooMuch`].
    pub const TOO_LARGE: Self = Self { key: "error-much", field: None };
    /// What came is no whole form.
    pub const BROKEN: Self = Self { key: "broken-text", field: None };
    /// A field came after a file.
    pub const ORDER: Self = Self { key: "error-order", field: None };
    /// Too many others at this moment.
    pub const BUSY: Self = Self { key: "error-busy", field: None };
    /// The disk is full up to its reserve.
    pub const FULL: Self = Self { key: "error-full", field: None };
    /// There is nobody to seal to at this moment.
    pub const CLOSED: Self = Self { key: "error-closed", field: None };
    /// The server could not keep it.
    pub const FAILED: Self = Self { key: "error-failed", field: None };

    /// A notice that was written down as its two parts.
    #[must_use]
    pub const fn from_parts(key: &'a str, field: Option<&'a str>) -> Self {
        Self { key, field }
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
        Notice { key, field: error.field() }
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
