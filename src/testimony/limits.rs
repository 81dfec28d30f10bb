//! How much of everything one testimony may hold.

/// Bytes of a code: ASCII letters, digits, hyphens.
pub const CODE: usize = 48;
/// Bytes of a name or another very short answer, about 200 Cyrillic letters.
pub const NAME: usize = 400;
/// Bytes of a short answer, about 1 000 Cyrillic letters.
pub const LINE: usize = 2_000;
/// Bytes of a longer answer, about 8 000 Cyrillic letters.
pub const NOTE: usize = 16_000;
/// Bytes of the story, about 120 000 Cyrillic letters.
pub const STORY: usize = 240_000;
/// Entries of any list in one testimony.
pub const LIST: usize = 32;
/// Described files in one testimony.
pub const ATTACHMENTS: usize = 32;
/// Bytes of the account's JSON, before padding.
pub const ACCOUNT: usize = 1 << 20;
/// Bytes of the identity's JSON, before padding to 64 KiB.
pub const IDENTITY: usize = 60 << 10;

/// Why an account or an identity cannot be what this version writes.
///
/// Names the field, never what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// The schema is of another version.
    #[error("the schema is not {}; a newer version is needed to read this", super::SCHEMA)]
    Schema,
    /// A text is longer than its limit.
    #[error("{0} is longer than its limit")]
    TooLong(&'static str),
    /// A list has more entries than its limit.
    #[error("{0} has too many entries")]
    TooMany(&'static str),
}

/// Checks a text that may be absent.
pub(super) fn text(value: Option<&String>, max: usize, field: &'static str) -> Result<(), Bad> {
    if value.is_some_and(|text| text.len() > max) { Err(Bad::TooLong(field)) } else { Ok(()) }
}

/// Checks the length of a list.
pub(super) fn list<T>(entries: &[T], max: usize, field: &'static str) -> Result<(), Bad> {
    if entries.len() > max { Err(Bad::TooMany(field)) } else { Ok(()) }
}
