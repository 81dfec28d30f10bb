//! One act of a reader, as the exact JSON that is signed.

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    id::{CaseId, Id, ReplyId, TestimonyId},
    reply::{self, SignedReply},
};

/// What an act is about where it may be a testimony, a case or something of a later version.
pub type TargetId = Id<Target>;

/// Names what a tag or a remark is put on.
pub enum Target {}

/// One act of a reader.
///
/// It has no `Debug`: titles and remarks speak of witnesses.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Op {
    /// Begins a case.
    OpenCase {
        /// Its fresh name.
        case: CaseId,
        /// What reviewers call it; 1 to [`MAX_TITLE`] bytes.
        title: String,
    },
    /// Puts a testimony into a case.
    LinkTestimony {
        /// The case.
        case: CaseId,
        /// The testimony.
        testimony: TestimonyId,
        /// Why, at most [`MAX_TEXT`] bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Takes a testimony out of a case.
    UnlinkTestimony {
        /// The case.
        case: CaseId,
        /// The testimony.
        testimony: TestimonyId,
        /// Why, at most [`MAX_TEXT`] bytes.
        why: String,
    },
    /// Puts a tag on something, or takes it off.
    Tag {
        /// What it is put on.
        target: TargetId,
        /// The tag.
        code: Tag,
        /// `true`: it is taken off.
        remove: bool,
    },
    /// Says something about something.
    Remark {
        /// What it is about.
        target: TargetId,
        /// The words; 1 to [`MAX_TEXT`] bytes.
        text: String,
    },
    /// A testimony was shown to the reader who signs.
    Opened {
        /// The testimony.
        testimony: TestimonyId,
    },
    /// A reply to a witness, released by its author.
    Reply {
        /// The testimony that it answers.
        testimony: TestimonyId,
        /// The whole signed note, as it is sealed to the witness.
        note: String,
    },
    /// A reply that is in the casebook was released again.
    ReplyAgain {
        /// The testimony that it answers.
        testimony: TestimonyId,
        /// Which reply.
        reply: ReplyId,
    },
    /// The feed as the reader who signs has it: whoever was shown another one sees it here.
    Checkpoint {
        /// Its number of events; at least 1.
        size: u64,
        /// The root over them.
        root: Digest,
        /// The server's signed checkpoint of that size, at most [`MAX_NOTE`] bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
}

impl Op {
    /// Reads the body of an entry; `None` if this version does not know it in every part.
    #[must_use]
    pub fn parse(body: &str) -> Option<Self> {
        serde_json::from_str(body).ok().filter(Self::within_limits)
    }

    /// The JSON that is signed.
    ///
    /// # Errors
    /// If a text is empty or longer than its limit.
    pub fn to_body(&self) -> Result<String, OutOfLimits> {
        if !self.within_limits() {
            return Err(OutOfLimits);
        }
        serde_json::to_string(self).map_err(|_| OutOfLimits)
    }

    fn within_limits(&self) -> bool {
        match self {
            Self::OpenCase { title, .. } => says(title) && title.len() <= MAX_TITLE,
            Self::LinkTestimony { note, .. } => note.as_ref().is_none_or(|n| n.len() <= MAX_TEXT),
            Self::UnlinkTestimony { why, .. } => why.len() <= MAX_TEXT,
            Self::Remark { text, .. } => says(text) && text.len() <= MAX_TEXT,
            Self::Checkpoint { size, note, .. } => {
                *size > 0 && note.as_ref().is_none_or(|n| n.len() <= MAX_NOTE)
            }
            Self::Reply { testimony, note } => {
                note.len() <= reply::MAX_BYTES
                    && SignedReply::parse(note).is_ok_and(|s| s.reply().testimony == *testimony)
            }
            Self::Tag { .. } | Self::Opened { .. } | Self::ReplyAgain { .. } => true,
        }
    }
}

fn says(text: &str) -> bool {
    !text.trim().is_empty()
}

/// A code of the taxonomy, or one of a newer taxonomy: 1 to 48 of `a-z`, `0-9`, `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

impl Tag {
    /// Reads a code.
    ///
    /// # Errors
    /// Says how long it is, or which character it may not hold.
    pub fn parse(text: &str) -> Result<Self, TagError> {
        if text.is_empty() || text.len() > MAX_CODE {
            return Err(TagError::Length { bytes: text.len() });
        }
        let strange = text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-'));
        strange.map_or_else(|| Ok(Self(text.to_owned())), |c| Err(TagError::Character(c)))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Tag {
    type Error = TagError;
    fn try_from(text: String) -> Result<Self, TagError> {
        Self::parse(&text)
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.0
    }
}

/// The text is no tag.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum TagError {
    /// Empty or too long.
    #[error("a tag has 1 to {MAX_CODE} characters, this one has {bytes}")]
    Length {
        /// Its length in bytes.
        bytes: usize,
    },
    /// Something else than small Latin letters, figures and hyphens.
    #[error("a tag is made of a-z, 0-9 and -, and {0:?} is none of them")]
    Character(char),
}

/// A text of an act is empty or too long.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("a title has 1 to {MAX_TITLE} bytes, a remark 1 to {MAX_TEXT}")]
pub struct OutOfLimits;

/// Longest title of a case, in bytes.
pub const MAX_TITLE: usize = 400;
/// Longest remark or reason, in bytes.
pub const MAX_TEXT: usize = 16_000;
/// Longest signed checkpoint, in bytes.
pub const MAX_NOTE: usize = 4_000;
/// Longest code, in bytes; the same as in testimonies.
const MAX_CODE: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::ReaderId, reply::Reply};

    impl Op {
        fn unchecked(&self) -> String {
            serde_json::to_string(self).unwrap()
        }
    }

    fn note(testimony: TestimonyId) -> String {
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let reply = Reply {
            organisation: "Example".into(),
            keyring: Digest::of(b"keyring"),
            recipient: Digest::of(b"age1pq1"),
            testimony,
            by: ReaderId::from_bytes([4; 16]),
            number: 1,
            text: "Рахмат".into(),
        };
        SignedReply::sign(reply, &key).unwrap().to_text()
    }

    #[test]
    fn an_act_survives_being_written_down() {
        let (case, testimony) = (CaseId::from_bytes([1; 16]), TestimonyId::from_bytes([2; 16]));
        let target = TargetId::from_bytes([2; 16]);
        for op in [
            Op::OpenCase { case, title: "Дело о школе".into() },
            Op::LinkTestimony { case, testimony, note: None },
            Op::LinkTestimony { case, testimony, note: Some("same day".into()) },
            Op::UnlinkTestimony { case, testimony, why: "another street".into() },
            Op::Tag { target, code: Tag::parse("forced-confession").unwrap(), remove: true },
            Op::Remark { target, text: "ask\nagain".into() },
            Op::Opened { testimony },
            Op::ReplyAgain { testimony, reply: ReplyId::from_bytes([3; 16]) },
            Op::Reply { testimony, note: note(testimony) },
            Op::Checkpoint { size: 1, root: Digest::of(b"root"), note: None },
            Op::Checkpoint { size: 7, root: Digest::of(b"root"), note: Some("a\n".into()) },
        ] {
            assert!(Op::parse(&op.to_body().unwrap()) == Some(op));
        }
    }

    #[test]
    fn an_act_of_a_newer_version_is_not_half_read() {
        let id = TestimonyId::from_bytes([1; 16]);
        for body in [
            format!(r#"{{"op":"share-case","case":"{id}"}}"#),
            format!(r#"{{"op":"open-case","case":"{id}","title":"a","secret":true}}"#),
            format!(r#"{{"op":"open-case","case":"{id}","title":"  "}}"#),
            format!(r#"{{"op":"open-case","case":"{id}","title":"{}"}}"#, "a".repeat(401)),
            format!(r#"{{"op":"tag","target":"{id}","code":"Ä","remove":false}}"#),
            format!(r#"{{"op":"reply","testimony":"{id}","note":"no note"}}"#),
            Op::Reply { testimony: TestimonyId::from_bytes([9; 16]), note: note(id) }.unchecked(),
            format!(r#"{{"op":"checkpoint","size":0,"root":"{}"}}"#, "a".repeat(64)),
            format!(r#"{{"op":"checkpoint","size":1,"root":"{}"}}"#, "a".repeat(63)),
            "[]".into(),
            String::new(),
        ] {
            assert!(Op::parse(&body).is_none(), "{body}");
        }
    }

    #[test]
    fn a_long_tag_says_how_long() {
        assert_eq!(Tag::parse(&"a".repeat(49)), Err(TagError::Length { bytes: 49 }));
        assert_eq!(Tag::parse("a b"), Err(TagError::Character(' ')));
        assert_eq!(Tag::parse("../x"), Err(TagError::Character('.')));
    }
}
