//! Whether a file, or what stands in it, tells at which second something was sent.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rustix::fs::{AtFlags, CWD, StatxFlags, StatxTimestamp, statx};
use walkdir::WalkDir;

use crate::search::Needles;

/// From when to when something was sent, in nanoseconds since 1970.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) from: i128,
    pub(crate) to: i128,
}

pub(crate) fn now() -> i128 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i128::try_from(since.as_nanos()).unwrap()
}

/// Two minutes before a week ends, waits for the next: in a new week, new files are made for it.
pub(crate) fn not_at_the_end_of_a_week() {
    let (week, monday) = (7 * 86_400, 4 * 86_400);
    let left = week - (now() / 1_000_000_000 - monday) % week;
    if left < 120 {
        std::thread::sleep(Duration::from_secs(u64::try_from(left).unwrap() + 1));
    }
}

/// Longer than the clock of a file system stands still.
pub(crate) fn a_while() {
    std::thread::sleep(Duration::from_millis(60));
}

/// Times of birth, writing, change and reading.
pub(crate) struct Times {
    pub(crate) born: i128,
    pub(crate) written: i128,
    pub(crate) changed: i128,
    pub(crate) read: i128,
}

pub(crate) fn times(path: &Path) -> Times {
    let about = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::ALL).unwrap();
    let time = |t: StatxTimestamp| i128::from(t.tv_sec) * 1_000_000_000 + i128::from(t.tv_nsec);
    let has_birth = about.stx_mask & StatxFlags::BTIME.bits() != 0;
    Times {
        born: if has_birth { time(about.stx_btime) } else { 0 },
        written: time(about.stx_mtime),
        changed: time(about.stx_ctime),
        read: time(about.stx_atime),
    }
}

/// Every file and folder below one, and itself.
pub(crate) fn everything(folder: &Path) -> impl Iterator<Item = PathBuf> {
    WalkDir::new(folder).into_iter().map(|entry| entry.unwrap().into_path())
}

/// What below a folder has a time within one of these moments.
pub(crate) fn telling(folder: &Path, moments: &[Moment]) -> Vec<String> {
    let mut found = Vec::new();
    for path in everything(folder) {
        let Times { born, written, changed, read } = times(&path);
        for (what, time) in
            [("born", born), ("written", written), ("changed", changed), ("read", read)]
        {
            if moments.iter().any(|moment| (moment.from..=moment.to).contains(&time)) {
                found.push(format!("{} {what} at {time}", path.display()));
            }
        }
    }
    found
}

/// The seconds of these moments as a program writes them down: in figures, in 8 bytes, as a clock.
pub(crate) fn written(moments: &[Moment]) -> Needles {
    let mut all = Vec::new();
    for moment in moments {
        for second in moment.from / 1_000_000_000..=moment.to / 1_000_000_000 {
            let second = u64::try_from(second).unwrap();
            let (hour, minute) = (second / 3600 % 24, second / 60 % 60);
            all.push((format!("second {second}"), second.to_string().into_bytes()));
            all.push((format!("second {second}, LE"), second.to_le_bytes().to_vec()));
            all.push((format!("second {second}, BE"), second.to_be_bytes().to_vec()));
            all.push((format!("minute of {second}"), format!("T{hour:02}:{minute:02}").into()));
        }
    }
    all.sort();
    all.dedup();
    Needles::new(all)
}

/// The control: what is made while something is sent is seen to tell it.
#[test]
fn a_file_that_tells_a_moment_is_found() {
    let folder = tempfile::tempdir().unwrap();
    a_while();
    let from = now();
    a_while();
    let told = folder.path().join("told");
    fs::write(&told, b"x").unwrap();
    a_while();
    let moment = Moment { from, to: now() };
    assert!(telling(&told.with_file_name(""), &[moment]).len() >= 3);
    let before = Moment { from: from - 2_000_000_000, to: from - 1_900_000_000 };
    assert!(telling(folder.path(), &[before]).is_empty());
    let second = u64::try_from(moment.to / 1_000_000_000).unwrap();
    for bytes in [second.to_string().into_bytes(), second.to_le_bytes().to_vec()] {
        assert!(!written(&[moment]).within(&bytes).is_empty());
    }
}
