//! Texts of `key value` lines in a fixed order, with one spelling.

use super::ForgetError;

/// Reads such a text, line by line.
pub(super) struct Lines<'t>(std::str::Lines<'t>);

impl<'t> Lines<'t> {
    /// Begins behind the title.
    pub(super) fn begin(text: &'t str, title: &str) -> Result<Self, ForgetError> {
        let mut lines = text.lines();
        if lines.next() == Some(title) { Ok(Self(lines)) } else { Err(ForgetError::Shape) }
    }

    /// The value of the next line, which has this key.
    pub(super) fn read<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ForgetError> {
        let line = self.0.next().and_then(|line| line.strip_prefix(key)?.strip_prefix(' '));
        line.and_then(parse).ok_or(ForgetError::Shape)
    }
}
