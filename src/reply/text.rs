//! The text that is signed.

use super::{MAX_TEXT, ReplyError};
use crate::{
    digest::Digest,
    id::{ReaderId, TestimonyId},
};

/// One reply, as its author signs it.
///
/// It has no `Debug`: what it says is between two people.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The organisation's name.
    pub organisation: String,
    /// SHA-256 of the signed note of the keyring in force.
    pub keyring: Digest,
    /// SHA-256 of the text of the recipient that it is sealed to, `age1pq1…`.
    pub recipient: Digest,
    /// The testimony that it answers.
    pub testimony: TestimonyId,
    /// The reader who signs.
    pub by: ReaderId,
    /// From 1, counted within this reader's replies to this testimony.
    pub number: u32,
    /// The words, 1 to [`MAX_TEXT`] bytes, lines ended by a newline but the last.
    pub text: String,
}

impl Reply {
    /// Words as they were typed, made fit to be signed.
    ///
    /// Line ends become newlines, a tab becomes a space, spaces and line ends at the end fall away.
    ///
    /// # Errors
    /// `Empty`, `TooLong` or `ControlCharacter` of [`ReplyError`].
    pub fn words(typed: &str) -> Result<String, ReplyError> {
        let text = typed.replace("\r\n", "\n").replace('\t', " ");
        let text = text.trim_end().to_owned();
        check(&text)?;
        Ok(text)
    }

    /// Reads the text that is signed.
    ///
    /// # Errors
    /// [`ReplyError::Shape`] for a text that is not exactly as [`Reply::to_text`] writes it.
    pub fn parse(text: &str) -> Result<Self, ReplyError> {
        let (head, words) = text.split_once("\n\n").ok_or(ReplyError::Shape)?;
        let mut lines = head.lines();
        if lines.next() != Some(TITLE) {
            return Err(ReplyError::Shape);
        }
        let reply = Self {
            organisation: read(lines.next(), "organisation", |text| Some(text.to_owned()))?,
            keyring: read(lines.next(), "keyring", |text| text.parse().ok())?,
            recipient: read(lines.next(), "recipient", |text| text.parse().ok())?,
            testimony: read(lines.next(), "testimony", |text| text.parse().ok())?,
            by: read(lines.next(), "by", |text| text.parse().ok())?,
            number: read(lines.next(), "number", |text| text.parse().ok().filter(|n| *n > 0))?,
            text: words.strip_suffix('\n').ok_or(ReplyError::Shape)?.to_owned(),
        };
        check(&reply.text)?;
        if reply.to_text() == text { Ok(reply) } else { Err(ReplyError::Shape) }
    }

    /// Writes the text that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { organisation, keyring, recipient, testimony, by, number, text } = self;
        format!(
            "{TITLE}\norganisation {organisation}\nkeyring {keyring}\nrecipient {recipient}\n\
             testimony {testimony}\nby {by}\nnumber {number}\n\n{text}\n"
        )
    }
}

fn read<T>(
    line: Option<&str>,
    key: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, ReplyError> {
    let value = line.and_then(|line| line.strip_prefix(key)?.strip_prefix(' '));
    value.and_then(parse).ok_or(ReplyError::Shape)
}

fn check(text: &str) -> Result<(), ReplyError> {
    if text.trim().is_empty() {
        return Err(ReplyError::Empty);
    }
    if text.len() > MAX_TEXT {
        return Err(ReplyError::TooLong { bytes: text.len() });
    }
    if text.chars().any(|c| c != '\n' && (c.is_control() || TURNS.contains(&c))) {
        return Err(ReplyError::ControlCharacter);
    }
    if text.trim_end() == text { Ok(()) } else { Err(ReplyError::Shape) }
}

const TITLE: &str = "sandyk reply v1";
/// Characters that turn the direction of what follows: with them a text reads as it is not.
const TURNS: [char; 11] = [
    '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}',
    '\u{2067}', '\u{2068}', '\u{2069}',
];
