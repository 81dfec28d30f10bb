//! A reader's workspace from outside: when it was fed, what waits in it, and what lies beside it.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader},
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::IgnoredAny};

use super::{age_in_days, published_in, unreadable};
use crate::{
    clock::Clock,
    files,
    finding::{Finding, Level},
    keyring::{MAX_ROOTS_BYTES, Published, TrustRoot},
};

/// The keyrings of a workspace, proved from the roots in `roots`; or why they are not.
///
/// # Errors
/// The finding.
pub fn keyring_of(workspace: &Path, roots: &Path) -> Result<Published, Box<Finding>> {
    let limit = u64::try_from(MAX_ROOTS_BYTES).unwrap_or(u64::MAX);
    let text = files::load_plain_text(roots, limit).map_err(|error| unreadable(roots, error))?;
    let trust = TrustRoot::parse(&text).map_err(|_| {
        unreadable(roots, io::Error::new(io::ErrorKind::InvalidData, "it names no roots"))
    })?;
    published_in(&workspace.join("keyring"), &trust)
}

/// When sync last proved something; each sync writes the checkpoint anew.
#[must_use]
pub fn last_sync(workspace: &Path, clock: &impl Clock) -> Finding {
    let next = "`sandyk sync` on the machine with the network; if it cannot reach the desk, ask a colleague";
    let why = "urgent testimonies lie on the server unread, and an older feed shows no alarm";
    let days = match age_in_days(&workspace.join("checkpoint.note"), clock) {
        None => {
            return Finding::soon("never-synced").says(
                "nothing was ever fetched into this workspace",
                why,
                next,
            );
        }
        Some(days) => days.max(0),
    };
    if days <= RECENT {
        return Finding::good("synced", format!("{days} days ago"));
    }
    let level = if days <= LONG_AGO { Level::Soon } else { Level::Now };
    Finding::at(level, "not-synced-lately").count("days", days).says(
        format!("the last sync into this workspace was {days} days ago"),
        why,
        next,
    )
}

/// What this reader has written and no sync has taken.
#[must_use]
pub fn outbox(workspace: &Path, clock: &impl Clock) -> Finding {
    let mut waiting = Vec::new();
    for folder in OUTBOX {
        if let Err(error) = waits_in(&workspace.join("outbox").join(folder), &mut waiting) {
            return unreadable(&workspace.join("outbox").join(folder), error);
        }
    }
    let ages = waiting.iter().filter_map(|file| age_in_days(file, clock));
    let oldest = ages.max().unwrap_or_default();
    let count = waiting.len();
    if oldest <= RECENT {
        return Finding::good("outbox", format!("{count} files wait"));
    }
    let finding = Finding::soon("outbox-waits").count("count", count).count("days", oldest);
    finding.says(
        format!("{count} files wait in the outbox, the oldest for {oldest} days"),
        "colleagues do not see that work, and answers do not reach their witnesses",
        "`sandyk sync`; if it says that the server refuses something, do what it says",
    )
}

fn waits_in(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        listed => listed?,
    };
    for entry in listed {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// Envelopes that colleagues still lack, as the last sync wrote them down.
#[must_use]
pub fn rewraps(workspace: &Path) -> Finding {
    let list = workspace.join(LACKING);
    let lines = match File::open(&list) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        opened => opened.and_then(|file| {
            let lines = BufReader::new(file).split(b'\n');
            lines.map(|line| lacking_in(&line?)).sum::<io::Result<u64>>()
        }),
    };
    match lines {
        Err(error) => unreadable(&list, error),
        Ok(0) => Finding::good("rewraps", "no envelope lacks that is known here"),
        Ok(count) => Finding::soon("envelopes-lack").count("count", count).says(
            format!("colleagues lack {count} envelopes that you could make"),
            "who joined lately cannot open what came before, and if you are arrested nobody can \
             make up for it",
            "`sandyk review rewrap` on the machine with the keys, then `sandyk sync`",
        ),
    }
}

/// How many envelopes one line of the list names: one for each reader in it.
fn lacking_in(line: &[u8]) -> io::Result<u64> {
    #[derive(Deserialize)]
    struct Row {
        readers: Vec<IgnoredAny>,
    }
    let Row { readers } = serde_json::from_slice(line)?;
    Ok(u64::try_from(readers.len()).unwrap_or(u64::MAX))
}

/// Whether the reading keys and the device key lie on one machine: in these folders or beside them.
#[must_use]
pub fn one_laptop(folders: &[&Path], other: &str) -> Finding {
    let mut places: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let whole = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
        let beside = whole.parent().and_then(|above| fs::read_dir(above).ok());
        places.extend(beside.into_iter().flatten().flatten().map(|entry| entry.path()));
        places.push(whole);
    }
    let there = places.into_iter().map(|place| place.join(other)).find(|file| file.is_file());
    let Some(file) = there else {
        return Finding::good("two-machines", format!("no {other} here"));
    };
    Finding::note("one-laptop").about(file.display()).with("file", file.display()).says(
        format!("this machine reads and has the network, too: {} lies here", file.display()),
        "whoever breaks in over the network can take the reading keys while they are in use",
        "allowed, if there is no second machine; better: read on one that never has a network, and \
         carry the workspace on a stick",
    )
}

/// Folders of the outbox in which something may wait.
const OUTBOX: [&str; 5] = ["entries", "keys", "replies", "forget", "envelopes"];
/// Where sync writes down what lacks, one line for each.
const LACKING: &str = "missing.jsonl";
/// Days within which a sync is recent, and after which it is long ago.
const RECENT: i64 = 3;
const LONG_AGO: i64 = 14;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::{FixedClock, SystemClock},
        files::{Audience, Existing},
    };

    fn put(folder: &Path, file: &str) {
        let path = folder.join(file);
        files::make_folder(path.parent().unwrap()).unwrap();
        files::save(&path, b"x", Audience::Owner, Existing::Replace).unwrap();
    }

    fn days_later(days: i64) -> FixedClock {
        FixedClock(
            SystemClock
                .unix_seconds()
                .saturating_add(days.saturating_mul(86_400))
                .saturating_add(60),
        )
    }

    #[test]
    fn a_sync_long_ago_presses_and_none_at_all_is_told() {
        let here = tempfile::tempdir().unwrap();
        assert_eq!(last_sync(here.path(), &days_later(0)).code, "never-synced");
        put(here.path(), "checkpoint.note");
        let level = |days| last_sync(here.path(), &days_later(days)).level;
        assert_eq!([0, 3].map(level), [Level::Good; 2]);
        assert_eq!([4, 14].map(level), [Level::Soon; 2]);
        assert_eq!(level(15), Level::Now);
    }

    #[test]
    fn what_waits_for_long_is_counted_and_what_is_unfinished_is_not() {
        let here = tempfile::tempdir().unwrap();
        assert_eq!(outbox(here.path(), &days_later(9)).level, Level::Good);
        for file in ["entries/a.age", "keys/k/r.age", "replies/b.age", "entries/.new", "sent/x"] {
            put(&here.path().join("outbox"), file);
        }
        assert_eq!(outbox(here.path(), &days_later(3)).about, "3 files wait");
        let found = outbox(here.path(), &days_later(4));
        assert!(
            found.what.starts_with("3 files wait in the outbox, the oldest for 4"),
            "{found:?}"
        );
    }

    #[test]
    fn envelopes_that_lack_are_counted() {
        let here = tempfile::tempdir().unwrap();
        assert_eq!(rewraps(here.path()).level, Level::Good);
        let (list, replace) = (here.path().join("missing.jsonl"), Existing::Replace);
        files::save(&list, b"", Audience::Owner, replace).unwrap();
        assert_eq!(rewraps(here.path()).level, Level::Good);
        let rows =
            b"{\"cursor\":1,\"readers\":[\"a\",\"b\"]}\n{\"cursor\":2,\"readers\":[\"a\"]}\n";
        files::save(&list, rows, Audience::Owner, replace).unwrap();
        let found = rewraps(here.path());
        assert_eq!((found.code, found.what.contains(" 3 ")), ("envelopes-lack", true));
        files::save(&list, b"{\"cursor\":1", Audience::Owner, replace).unwrap();
        assert_ne!(rewraps(here.path()).level, Level::Good, "a damaged list");
    }

    #[test]
    fn a_key_of_the_other_side_is_found_in_the_folder_and_beside_it() {
        for place in ["workspace", "keys"] {
            let here = tempfile::tempdir().unwrap();
            let workspace = here.path().join("workspace");
            put(&workspace, "workspace.json");
            assert_eq!(one_laptop(&[&workspace], "reader.age").level, Level::Good);
            put(&here.path().join(place), "reader.age");
            assert_eq!(one_laptop(&[&workspace], "reader.age").code, "one-laptop", "{place}");
        }
    }
}
