//! Dates as people remember them.

use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    Code,
    limits::{Bad, LINE, text},
};

/// A year, a month or a day: `YYYY`, `YYYY-MM`, `YYYY-MM-DD`, from 1900 to 2200.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartialDate(String);

impl PartialDate {
    /// The date in its written form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads what people write by hand: `2010`, `06.2010`, `12.06.2010`, or the strict form.
    ///
    /// # Errors
    /// [`NotADate`] for all else; the words then stand on their own.
    pub fn parse_typed(typed: &str) -> Result<Self, NotADate> {
        let typed = typed.trim();
        if !typed.contains('.') {
            return typed.parse();
        }
        let mut parts: Vec<&str> = typed.split('.').collect();
        parts.reverse();
        let (year, rest) = parts.split_first().ok_or(NotADate)?;
        let mut strict = (*year).to_owned();
        for part in rest {
            if part.len() > 2 || part.is_empty() {
                return Err(NotADate);
            }
            strict.push_str(if part.len() == 1 { "-0" } else { "-" });
            strict.push_str(part);
        }
        strict.parse()
    }

    /// The code of list `date_precision`.
    fn precision(&self) -> &'static str {
        match self.0.len() {
            4 => "year",
            7 => "month",
            _ => "day",
        }
    }
}

impl FromStr for PartialDate {
    type Err = NotADate;

    fn from_str(written: &str) -> Result<Self, NotADate> {
        let mut parts = written.split('-');
        let year = number(parts.next(), 4)?.ok_or(NotADate)?;
        let month = number(parts.next(), 2)?;
        let day = number(parts.next(), 2)?;
        if parts.next().is_some() || !(1900..=2200).contains(&year) {
            return Err(NotADate);
        }
        let narrow = |n: Option<i16>| i8::try_from(n.unwrap_or(1)).map_err(|_| NotADate);
        Date::new(year, narrow(month)?, narrow(day)?).map_err(|_| NotADate)?;
        Ok(Self(written.to_owned()))
    }
}

/// Exactly `digits` digits, or nothing at all.
fn number(part: Option<&str>, digits: usize) -> Result<Option<i16>, NotADate> {
    let Some(part) = part else { return Ok(None) };
    if part.len() != digits || !part.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NotADate);
    }
    part.parse().map(Some).map_err(|_| NotADate)
}

impl TryFrom<String> for PartialDate {
    type Error = NotADate;
    fn try_from(written: String) -> Result<Self, NotADate> {
        written.parse()
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> Self {
        date.0
    }
}

/// The text is no date of the form `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date of the form YYYY, YYYY-MM or YYYY-MM-DD between 1900 and 2200")]
pub struct NotADate;

/// A moment as it is remembered: a date, words, or both.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FuzzyDate {
    /// The moment, or the first of a span.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PartialDate>,
    /// The last of a span.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PartialDate>,
    /// List `date_precision`.
    pub precision: Code,
    /// As it was typed, such as "two days after"; [`LINE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// What happened then, such as "detained"; [`LINE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
}

impl FuzzyDate {
    /// Keeps the words as typed, and the date in them if they are nothing but a date.
    #[must_use]
    pub fn from_words(typed: String) -> Self {
        let from = PartialDate::parse_typed(&typed).ok();
        let precision = Code::known(from.as_ref().map_or("relative", PartialDate::precision));
        Self { from, to: None, precision, words: Some(typed), what: None }
    }

    /// Is every text within its limit?
    pub(super) fn check(&self, field: &'static str) -> Result<(), Bad> {
        text(self.words.as_ref(), LINE, field)?;
        text(self.what.as_ref(), LINE, field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_a_month_and_a_day_are_dates() {
        for (typed, strict) in [
            ("2010", "2010"),
            ("2010-06", "2010-06"),
            ("2010-06-12", "2010-06-12"),
            ("12.06.2010", "2010-06-12"),
            ("1.6.2010", "2010-06-01"),
            (" 06.2010 ", "2010-06"),
        ] {
            assert_eq!(PartialDate::parse_typed(typed).unwrap().as_str(), strict);
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for typed in [
            "",
            "10",
            "1899",
            "2201",
            "2010-13",
            "2010-02-30",
            "2010-6",
            "2010-06-12-01",
            "+010",
            "2010-06-12T00",
            "32.01.2010",
            "1.2.3.2010",
            "001.06.2010",
            ".2010",
            "2010.06.12",
            "-",
        ] {
            assert!(PartialDate::parse_typed(typed) == Err(NotADate), "{typed}");
        }
        assert!(serde_json::from_str::<PartialDate>("\"12.06.2010\"").is_err());
    }

    #[test]
    fn words_are_kept_as_typed_beside_the_date_in_them() {
        let date = FuzzyDate::from_words(" 06.2010 ".into());
        assert_eq!(date.words.as_deref(), Some(" 06.2010 "));
        assert_eq!(date.from.unwrap().as_str(), "2010-06");
        assert_eq!(date.precision.as_str(), "month");
        let vague = FuzzyDate::from_words("кийинки күнү".into());
        assert!(vague.from.is_none());
        assert_eq!(vague.precision.as_str(), "relative");
    }
}
