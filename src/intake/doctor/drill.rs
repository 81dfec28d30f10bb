//! The server was taken: what would come back, tried on a scratch copy, and what people must do.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use rand::rngs::OsRng;

use super::Surroundings;
use crate::{
    clock::Day,
    finding::{Finding, gist},
    ledger::{Feed, LedgerKey},
    store::{
        SledStore, Store as _,
        backup::{self, Restored},
    },
};

/// Rehearses the loss of the server; writes below `scratch` alone, an empty folder of the caller.
#[must_use]
pub fn drill(server: &Surroundings<'_>, scratch: &Path, today: Day) -> Vec<Finding> {
    let mut steps = back_from_backup(server, scratch, today);
    steps.extend(by_people());
    steps
}

/// The newest backup becomes a store again.
fn back_from_backup(server: &Surroundings<'_>, scratch: &Path, today: Day) -> Vec<Finding> {
    let all = server.backups.iter().chain(&server.config.backup.copies);
    let look = |folder: &PathBuf| backup::look(folder, today, backup::APART_DAYS).ok();
    let newest = all.filter_map(|folder| Some((look(folder)?.day, folder)));
    let Some((_, folder)) = newest.max_by_key(|(day, _)| *day) else {
        return vec![Finding::now("drill-no-backup").says(
            "no backup could be looked at: nothing would come back",
            "everything that witnesses sent would be in the hands of those who took it, and lost to you",
            "`sandyk backup --to DIR` today; name the folder with --backup",
        )];
    };
    let to = scratch.join("store");
    let restored = match backup::restore(folder, &to, &mut |_| {}) {
        Ok(restored) => restored,
        Err(error) => return vec![fails(folder, error)],
    };
    // It is served to nobody: what readers saw forgotten since is not looked for here.
    if let Err(error) = backup::finish(&to) {
        return vec![fails(folder, error)];
    }
    vec![whole(folder, &restored), opens(folder, &to)]
}

fn whole(folder: &Path, restored: &Restored) -> Finding {
    let Restored { day, events, events_expected, apart_missing, blobs, blobs_missing, .. } =
        restored;
    let shown = folder.display();
    if restored.is_whole() {
        let about = format!("{shown}, of {day}: {events} events, {blobs} files");
        return Finding::good("drill-restore", about);
    }
    let gone = events_expected.saturating_sub(*events);
    let (keys, files) = (*apart_missing, blobs_missing.len());
    let finding = Finding::now("drill-restore-lacks").with("folder", &shown).count("events", gone);
    finding.count("keys", keys).count("files", files).says(
        format!("from {shown} would be missing: {gone} events, {keys} envelopes, {files} files"),
        LOST,
        ANOTHER,
    )
}

/// What came back is opened as a server would.
fn opens(from: &Path, store: &Path) -> Finding {
    let events = match SledStore::open(store) {
        Ok(store) => store.head().0,
        Err(error) => return fails(from, error),
    };
    match LedgerKey::open(store, Feed::Signed, &mut OsRng) {
        Ok(_) => Finding::good("drill-store-opens", format!("{events} events, its key too")),
        Err(error) => fails(from, error),
    }
}

fn fails(folder: &Path, error: impl Error + Send + Sync + 'static) -> Finding {
    let said = format!("the backup in {} does not come back: {}", folder.display(), gist(&error));
    let finding = Finding::now("drill-restore-fails").with("folder", folder.display());
    finding.because(error).says(said, LOST, ANOTHER)
}

/// What no program can try.
fn by_people() -> Vec<Finding> {
    vec![
        Finding::ask("ask-onion-keys").says(
            "fetch the copy of tor's keys of the form from its offline place, and look that it is there",
            "without it the address that witnesses know is lost; whoever took the server can use it",
            "copy /var/lib/tor/sandyk-intake/ to a stick, in a place away from the server",
        ),
        Finding::ask("ask-other-machine").says(
            "name the machine and the person that would run the next server, and how long it takes",
            "until it runs, nothing is taken in and nobody reads what is new",
            "keep deploy/README.md and the program on a stick; let that person read steps 1 to 7",
        ),
        Finding::ask("ask-compare").says(
            "have two readers compare their checkpoint with what came back, by voice",
            "a server that was taken may come back with another history",
            "`sandyk sync checkpoint`; restore with --checkpoint and --orders of a workspace",
        ),
        Finding::ask("ask-tell-witnesses").says(
            "say where witnesses would learn that the old address is not yours any more",
            "they may write to those who took it",
            "agree on the sentence, and on the people and pages that carry it",
        ),
    ]
}

const LOST: &str = "that part of what witnesses sent would be lost with the server";
const ANOTHER: &str = "try another copy with --backup; then make a new one and rehearse again";
