//! Backups: that there are some, on another disk, of these days, without envelopes that are too old.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::Surroundings;
use crate::{
    clock::Day,
    finding::{Finding, Level, gist},
    store::backup::{self, BackupError, Kept},
};

pub(super) fn examine(server: &Surroundings<'_>, today: Day) -> Vec<Finding> {
    let config = server.config;
    let days = i64::from(config.backup.envelope_days);
    let mut folders: Vec<&PathBuf> = server.backups.iter().chain(&config.backup.copies).collect();
    folders.dedup();
    folders.retain(|folder| folder.exists() || config.backup.copies.contains(folder));
    if folders.is_empty() {
        return vec![Finding::soon("no-backup").says(
            "no backup was found",
            "one broken or burnt disk, and everything that witnesses sent is lost",
            "another disk, `sandyk backup --to DIR` every day (sandyk-backup.timer), a copy elsewhere",
        )];
    }
    let looked = folders.into_iter().map(|folder| match backup::look(folder, today, days) {
        Ok(kept) => of(folder, &kept, days),
        Err(error) => vec![unseen(folder, error)],
    });
    let mut found: Vec<Finding> = looked.flatten().collect();
    found.extend(server.backups.iter().filter_map(|folder| same_disk(&config.store, folder)));
    found
}

fn of(folder: &Path, kept: &Kept, days: i64) -> Vec<Finding> {
    let Kept { day, age, until, .. } = kept;
    let shown = folder.display();
    let mut found = Vec::new();
    found.push(match age {
        ..0 => Finding::soon("backup-of-tomorrow").with("folder", &shown).with("day", day).says(
            format!("the backup in {shown} is of {day}, a day that is yet to come"),
            "one of the clocks was wrong, and old envelopes may stay for too long",
            "set the clock, then `sandyk backup` again",
        ),
        0..=RECENT => Finding::good("backup", format!("{shown}, of {day}")),
        _ => {
            let level = if *age > LONG_AGO { Level::Now } else { Level::Soon };
            let finding = Finding::at(level, "backup-is-old").with("folder", &shown);
            finding.count("days", *age).says(
                format!("the backup in {shown} is {age} days old"),
                "what came since then is lost if this disk breaks or the machine is taken",
                "`systemctl status sandyk-backup.timer`; connect the disk; `sandyk backup --to DIR`",
            )
        }
    });
    if kept.is_overdue(days) || !kept.stale.is_empty() {
        found.push(Finding::now("backup-keeps-envelopes").with("folder", &shown).says(
            format!("envelopes in {shown} should be gone since {until}"),
            "what witnesses asked to have forgotten can still be opened from there",
            format!("`sandyk backup --prune '{shown}'`, or destroy that disk"),
        ));
    }
    found
}

fn unseen(folder: &Path, error: BackupError) -> Finding {
    let shown = folder.display();
    let said = format!("the backup in {shown} cannot be looked at: {}", gist(&error));
    Finding::soon("backup-not-seen").with("folder", shown).because(error).says(
        said,
        "whether anything could be brought back from it is not known",
        "connect its disk and look again; rehearse `sandyk restore`",
    )
}

fn same_disk(store: &Path, folder: &Path) -> Option<Finding> {
    let device = |path: &Path| fs::metadata(path).ok().map(|about| about.dev());
    (device(store)? == device(folder)?).then(|| {
        Finding::soon("backup-on-the-same-disk").with("folder", folder.display()).says(
            format!("the backup in {} lies on the disk of the store", folder.display()),
            "when that disk breaks or is taken, both are gone",
            "mount another disk there, and copy the folder off the machine",
        )
    })
}

/// Days within which a backup is recent, and after which it is long ago.
const RECENT: i64 = 2;
const LONG_AGO: i64 = 7;
