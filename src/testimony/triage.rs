//! The account's first field: what a reviewer sees before opening the rest.

use serde::{Deserialize, Serialize};

use super::{
    Code, FuzzyDate,
    limits::{Bad, LIST, NAME, list, text},
};

/// What a testimony is to an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The first one.
    New,
    /// Adds to an earlier one.
    Supplement,
    /// Corrects an earlier one.
    Correction,
    /// Changes what may be done with an earlier one.
    ConsentChange,
    /// Asks not to use an earlier one any more.
    Withdrawal,
    /// A message to the reviewers, without testimony.
    Message,
}

impl Kind {
    /// The word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Supplement => "supplement",
            Self::Correction => "correction",
            Self::ConsentChange => "consent-change",
            Self::Withdrawal => "withdrawal",
            Self::Message => "message",
        }
    }
}

/// The way on which a testimony was sealed, as the sealing side claims it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The server sealed it as it arrived.
    WebServerSealed,
    /// The witness's browser sealed it.
    WebDeviceSealed,
    /// An intermediary sealed it offline.
    OfflineCli,
    /// A reviewer wrote down what was said.
    ReviewerEntered,
}

impl Channel {
    /// The word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::WebServerSealed => "web-server-sealed",
            Self::WebDeviceSealed => "web-device-sealed",
            Self::OfflineCli => "offline-cli",
            Self::ReviewerEntered => "reviewer-entered",
        }
    }
}

/// Urgency, role and wishes: everything that decides who reads it, and when.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triage {
    /// The schema, [`SCHEMA`](super::SCHEMA).
    pub schema: String,
    /// What it is to an earlier testimony.
    pub kind: Kind,
    /// How it was sealed.
    pub channel: Channel,
    /// BCP 47 tag of the page's language.
    pub lang: String,
    /// List `risk`; `unsaid` if the question was left empty.
    pub risk: Code,
    /// List `risk_flag`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risk_flags: Vec<Code>,
    /// List `role`; `no-answer` if the question was left empty.
    pub role: Code,
    /// The ticked boxes by their string keys, such as `harm-death`; never a finer code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boxes: Vec<Code>,
    /// What the danger is and by when help is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_by: Option<FuzzyDate>,
    /// Entries of the account's list of described files; not the number of files.
    pub attachments: u16,
    /// Is there a name or a way of contact in the identity?
    pub has_identity: bool,
    /// False: keep only.
    pub may_use: bool,
    /// Who should read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer_wish: Option<ReviewerWish>,
}

/// Who should read it: "not someone from my town", a woman, a language.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewerWish {
    /// List `reviewer_gender`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<Code>,
    /// BCP 47 tag of a language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// In own words, [`NAME`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Triage {
    /// Is every text and list within its limit?
    ///
    /// # Errors
    /// Names the first field that is not, or the schema of another version.
    pub fn check(&self) -> Result<(), Bad> {
        if self.schema != super::SCHEMA {
            return Err(Bad::Schema);
        }
        text(Some(&self.lang), NAME, "lang")?;
        list(&self.risk_flags, LIST, "risk_flags")?;
        list(&self.boxes, LIST, "boxes")?;
        self.help_by.as_ref().map_or(Ok(()), |when| when.check("help_by"))?;
        let Some(wish) = &self.reviewer_wish else { return Ok(()) };
        text(wish.lang.as_ref(), NAME, "reviewer_wish")?;
        text(wish.note.as_ref(), NAME, "reviewer_wish")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_kind_and_a_channel_is_the_one_that_json_has() {
        for kind in [
            Kind::New,
            Kind::Supplement,
            Kind::Correction,
            Kind::ConsentChange,
            Kind::Withdrawal,
            Kind::Message,
        ] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
        for channel in [
            Channel::WebServerSealed,
            Channel::WebDeviceSealed,
            Channel::OfflineCli,
            Channel::ReviewerEntered,
        ] {
            assert_eq!(serde_json::to_value(channel).unwrap(), channel.word());
        }
    }
}
