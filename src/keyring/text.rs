//! Lines of `key value`, in a fixed order: how every text of this module is written.

use std::str::Lines;

use crate::keyring::KeyringError;

/// Reads a text line by line and knows where it is.
pub(super) struct LineReader<'t> {
    what: &'static str,
    line: usize,
    lines: std::iter::Peekable<Lines<'t>>,
}

impl<'t> LineReader<'t> {
    /// Starts after checking the length and the first line, `sandyk {what} v1`.
    pub(super) fn begin(
        what: &'static str,
        text: &'t str,
        limit: usize,
    ) -> Result<Self, KeyringError> {
        if text.len() > limit {
            return Err(KeyringError::TooLong { what, limit });
        }
        let mut reader = Self { what, line: 0, lines: text.lines().peekable() };
        reader.line = 1;
        match reader.lines.next() {
            Some(first) if first == title(what) => Ok(reader),
            _ => Err(reader.wrong("sandyk … v1")),
        }
    }

    /// The value of the next line, which must have this key.
    pub(super) fn value(&mut self, key: &'static str) -> Result<&'t str, KeyringError> {
        self.value_if(key).ok_or_else(|| {
            self.line = self.line.saturating_add(1);
            self.wrong(key)
        })
    }

    /// The value of the next line if it has this key.
    pub(super) fn value_if(&mut self, key: &'static str) -> Option<&'t str> {
        let value = self.lines.peek()?.strip_prefix(key)?.strip_prefix(' ')?;
        self.lines.next();
        self.line = self.line.saturating_add(1);
        Some(value)
    }

    /// The value of the next line, read by `parse`.
    pub(super) fn read<T, E>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, KeyringError> {
        let value = self.value(key)?;
        parse(value).map_err(|_| self.wrong(key))
    }

    /// All values of the lines that follow with this key.
    pub(super) fn all<T>(
        &mut self,
        key: &'static str,
        mut parse: impl FnMut(&str) -> Option<T>,
    ) -> Result<Vec<T>, KeyringError> {
        let mut values = Vec::new();
        while let Some(value) = self.value_if(key) {
            values.push(parse(value).ok_or_else(|| self.wrong(key))?);
        }
        Ok(values)
    }

    /// Nothing may follow.
    pub(super) fn end(mut self) -> Result<(), KeyringError> {
        self.line = self.line.saturating_add(1);
        self.lines.next().map_or(Ok(()), |_| Err(self.wrong("the end of the text")))
    }

    /// The error that the line just read is not what it should be.
    pub(super) fn wrong(&self, expected: &'static str) -> KeyringError {
        KeyringError::Line { what: self.what, line: self.line, expected }
    }
}

/// The first line of a text, without its newline.
pub(super) fn title(what: &str) -> String {
    format!("sandyk {what} v1")
}

/// Refuses a text that its meaning would not be written as.
pub(super) fn only_spelling(
    what: &'static str,
    text: &str,
    written: &str,
) -> Result<(), KeyringError> {
    if text == written { Ok(()) } else { Err(KeyringError::NotCanonical { what }) }
}
