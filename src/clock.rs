//! Days and weeks, and where they come from.
//!
//! Promises: 1. the finest time that anything stored carries is a [`Day`], and for a testimony a
//! [`Week`]; 2. nobody but [`SystemClock`] asks the machine for the time.
//! Does not: know time zones; a day is a UTC day.

use std::{fmt, str::FromStr};

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, ISOWeekDate, Weekday},
};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// A UTC calendar day, written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(Date);

impl Day {
    /// The ISO week this day falls in.
    #[must_use]
    pub fn week(self) -> Week {
        let iso = self.0.iso_week_date();
        Week { year: iso.year(), week: iso.week() }
    }

    /// The day `days` later (earlier if negative), saturating at the ends of the calendar.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.days()))
    }

    /// Whole days from this day until `later`; negative if `later` is earlier.
    #[must_use]
    pub fn days_until(self, later: Self) -> i64 {
        self.0.until(later.0).map_or(0, |span| i64::from(span.get_days()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Day {
    type Err = NotADay;

    /// Accepts exactly `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, NotADay> {
        let shaped = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let date = shaped.then(|| text.parse::<Date>().ok()).flatten().ok_or(NotADay)?;
        Ok(Self(date))
    }
}

impl TryFrom<String> for Day {
    type Error = NotADay;
    fn try_from(text: String) -> Result<Self, NotADay> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

/// The text is no day of the form `YYYY-MM-DD`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a day of the form YYYY-MM-DD")]
pub struct NotADay;

/// An ISO 8601 week, written `2026-W47`: the finest time a server keeps of a testimony.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Week {
    year: i16,
    week: i8,
}

impl Week {
    /// The week after this one.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus_days(7)
    }

    /// The week before this one.
    #[must_use]
    pub fn before(self) -> Self {
        self.plus_days(-7)
    }

    /// Its Sunday: nothing of the week came later.
    #[must_use]
    pub fn last_day(self) -> Day {
        let sunday = ISOWeekDate::new(self.year, self.week, Weekday::Sunday);
        Day(sunday.map_or(Date::MAX, ISOWeekDate::date))
    }

    fn plus_days(self, days: i64) -> Self {
        let monday = ISOWeekDate::new(self.year, self.week, Weekday::Monday);
        monday.map_or(self, |monday| Day(monday.date()).plus_days(days).week())
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-W{:02}", self.year, self.week)
    }
}

impl FromStr for Week {
    type Err = NotAWeek;

    fn from_str(text: &str) -> Result<Self, NotAWeek> {
        let (year, week) = text.split_once("-W").ok_or(NotAWeek)?;
        let digits = |s: &str, n| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(week, 2) {
            return Err(NotAWeek);
        }
        let (year, week) =
            (year.parse().map_err(|_| NotAWeek)?, week.parse().map_err(|_| NotAWeek)?);
        ISOWeekDate::new(year, week, Weekday::Monday).map_err(|_| NotAWeek)?;
        Ok(Self { year, week })
    }
}

impl TryFrom<String> for Week {
    type Error = NotAWeek;
    fn try_from(text: String) -> Result<Self, NotAWeek> {
        text.parse()
    }
}

impl From<Week> for String {
    fn from(week: Week) -> Self {
        week.to_string()
    }
}

/// The text is no ISO week of the form `YYYY-Www`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a week of the form YYYY-Www")]
pub struct NotAWeek;

/// Where the current time comes from.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01 UTC; used only for signature windows and time limits.
    fn unix_seconds(&self) -> i64;

    /// Seconds that only ever grow, from any start; for how long something may stay.
    fn steady_seconds(&self) -> i64 {
        self.unix_seconds()
    }

    /// Today, in UTC.
    fn today(&self) -> Day {
        let now = Timestamp::from_second(self.unix_seconds()).unwrap_or(Timestamp::UNIX_EPOCH);
        Day(now.to_zoned(jiff::tz::TimeZone::UTC).date())
    }
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    fn unix_seconds(&self) -> i64 {
        Timestamp::now().as_second()
    }

    /// Since the machine started, sleep included; nobody can turn it back.
    fn steady_seconds(&self) -> i64 {
        clock_gettime(ClockId::Boottime).tv_sec
    }
}

/// A clock that stands still, for tests and rehearsals.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub i64);

impl Clock for FixedClock {
    fn unix_seconds(&self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_survives_being_written_down() {
        let day: Day = "2026-11-22".parse().unwrap();
        assert_eq!(day.to_string(), "2026-11-22");
        assert_eq!(day.week().to_string(), "2026-W47");
        assert_eq!(day.week().last_day(), day, "a Sunday");
        assert_eq!("2026-W53".parse::<Week>().unwrap().last_day().to_string(), "2027-01-03");
        assert_eq!(day.plus_days(180).to_string(), "2027-05-21");
        assert_eq!(day.days_until(day.plus_days(-30)), -30);
        assert_eq!(day.days_until(day.plus_days(400)), 400);
    }

    #[test]
    fn weeks_follow_each_other_over_the_end_of_a_year() {
        let week = |text: &str| text.parse::<Week>().unwrap();
        for (one, then) in
            [("2026-W47", "2026-W48"), ("2026-W53", "2027-W01"), ("2027-W52", "2028-W01")]
        {
            assert_eq!(week(one).next(), week(then));
            assert_eq!(week(then).before(), week(one));
            assert!(week(one) < week(then));
        }
    }

    #[test]
    fn what_is_no_day_or_week_is_refused() {
        for text in
            ["", "2026-13-01", "2026-02-30", "26-01-01", "2026-1-1", "2026-11-22T00", "+026-01-01"]
        {
            assert_eq!(text.parse::<Day>(), Err(NotADay), "{text}");
        }
        for text in ["2026-W54", "2026-W00", "2026W10", "2026-W1", "x", "2025-W53"] {
            assert_eq!(text.parse::<Week>(), Err(NotAWeek), "{text}");
        }
        assert!("2026-W53".parse::<Week>().is_ok());
    }
}
