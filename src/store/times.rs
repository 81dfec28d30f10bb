//! What the file system may tell about times: nothing finer than the week.
//!
//! A file system notes when each file was made, written and changed, and two of the three cannot be
//! set. So blobs take empty files from a pool that is made once a week, and bear the Monday of that week
//! as their time of writing. Every hour the blobs of a week are touched together, until two weeks after
//! it began, which moves their time of change to that round. Every minute the journal, the index and
//! the folders are touched.
//!
//! Does not: hide the last minute before a power cut, the order of the feed, what a host's snapshot
//! or another copy of the disk saw, or when the server itself was started and stopped.

use std::{
    fs::{self, DirEntry, File, FileTimes, Metadata},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const WEEK: i64 = 7 * 24 * HOUR;
/// 1970-01-05, a Monday.
const A_MONDAY: i64 = 4 * 24 * HOUR;

/// When each round was made last; nothing was yet.
#[derive(Default)]
struct Rounds {
    minute: Option<i64>,
    hour: Option<i64>,
}

/// Levels the times of one store's files.
pub(super) struct Times {
    folder: PathBuf,
    rounds: Mutex<Rounds>,
}

impl Times {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), rounds: Mutex::default() }
    }

    /// Makes the rounds that are due at `now`; says whether the hour's was.
    ///
    /// A clock that was turned back makes every round due.
    pub(super) fn level(&self, now: i64) -> io::Result<bool> {
        let mut rounds = self.rounds.lock().unwrap_or_else(PoisonError::into_inner);
        let hour = is_due(rounds.hour, now, HOUR);
        if hour {
            self.level_blobs()?;
            rounds.hour = Some(now);
        }
        if is_due(rounds.minute, now, MINUTE) {
            self.touch_the_rest()?;
            rounds.minute = Some(now);
        }
        Ok(hour)
    }

    /// Touches every blob of a week, all in one round, until two weeks after that week began.
    fn level_blobs(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.folder.join("blobs"))? {
            let entry = entry?;
            let Some(about) = still_there(entry.metadata())? else { continue };
            let monday = monday_of(about.mtime());
            let is_level = about.mtime() == monday && about.mtime_nsec() == 0;
            let is_settled = is_level && about.ctime() >= monday.saturating_add(2 * WEEK);
            if about.is_file() && !is_settled {
                still_there(set_written(&entry.path(), monday))?;
            }
        }
        Ok(())
    }

    /// Touches the journal, the index and every folder: they change with each testimony.
    fn touch_the_rest(&self) -> io::Result<()> {
        touch_tree(&self.folder.join("index"))?;
        for name in ["journal", "blobs", "tmp", "pool", ""] {
            still_there(touch(&self.folder.join(name)))?;
        }
        Ok(())
    }
}

/// The Monday, midnight UTC, of the week in which `seconds` lies.
pub(super) fn monday_of(seconds: i64) -> i64 {
    let since = seconds.saturating_sub(A_MONDAY);
    seconds.saturating_sub(since.rem_euclid(WEEK))
}

/// Whether the file is empty, has one name, and was made for the week that begins at `monday`.
pub(super) fn is_of_pool(about: &Metadata, monday: i64) -> bool {
    about.is_file() && about.len() == 0 && about.nlink() == 1 && about.mtime() == monday
}

/// Sets a file's time of writing; its time of change becomes now.
pub(super) fn set_written(path: &Path, seconds: i64) -> io::Result<()> {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let written = SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH);
    File::open(path)?.set_times(FileTimes::new().set_accessed(written).set_modified(written))
}

fn is_due(last: Option<i64>, now: i64, every: i64) -> bool {
    last.is_none_or(|last| now < last || now.saturating_sub(last) >= every)
}

/// Moves all times that can be moved to now.
fn touch(path: &Path) -> io::Result<()> {
    let now = rustix::fs::Timestamps {
        last_access: rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
        last_modification: rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
    };
    Ok(rustix::fs::futimens(File::open(path)?, &now)?)
}

fn touch_tree(folder: &Path) -> io::Result<()> {
    let Some(entries) = still_there(fs::read_dir(folder))? else { return Ok(()) };
    for entry in entries {
        let entry: DirEntry = entry?;
        match still_there(entry.file_type())? {
            Some(kind) if kind.is_dir() => touch_tree(&entry.path())?,
            Some(kind) if kind.is_file() => drop(still_there(touch(&entry.path()))?),
            _ => {}
        }
    }
    still_there(touch(folder)).map(drop)
}

/// What was done, or nothing if the file has gone meanwhile.
fn still_there<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        done => done.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday_at_midnight() {
        // 2026-11-22 is a Sunday; its week began on 2026-11-16.
        let monday = 1_794_787_200;
        for (seconds, week) in [(0, 0), (1, 0), (WEEK - 1, 0), (WEEK, 1), (-1, -1)] {
            assert_eq!(monday_of(monday + seconds), monday + week * WEEK);
        }
        assert_eq!(monday_of(0), A_MONDAY - WEEK);
    }

    #[test]
    fn a_round_is_due_once_in_its_time_and_when_the_clock_goes_back() {
        assert!(
            is_due(None, 5, HOUR) && is_due(Some(5), 5 + HOUR, HOUR) && is_due(Some(5), 4, HOUR)
        );
        assert!(!is_due(Some(5), 5, HOUR) && !is_due(Some(5), 4 + HOUR, HOUR));
    }
}
