//! What a reader's first days can bring: a keyring that ran out, clocks that cannot be right, a disk
//! that takes nothing. The snapshots stand with those of all roles, in `tests/cli/first-run/`.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use sandyk::{
    clock::{Clock as _, SystemClock},
    keyring::Role::Guardian,
};

use crate::{
    room::{Room, Sent},
    screens::{BINARY, FUTURE, PAST, compare, mounted, read_only, spoken},
};

const LIST: &str =
    "review case list --workspace workspace-0 --keys keys-0 --passphrase-file passphrase";

#[test]
fn wrong_times_are_warned_about_in_five_languages_and_the_list_is_shown() {
    let ran_out = Room::lasting(&[Guardian], PAST);
    let clock_behind = Room::lasting(&[Guardian], FUTURE);
    let mut server_ahead = Room::new(&[Guardian]);
    server_ahead.week = SystemClock.today().plus_days(FUTURE).week();
    server_ahead.receive(&Sent::default());
    for (name, room) in [
        ("review-keyring-expired", ran_out),
        ("review-clock-two-years-behind", clock_behind),
        ("review-week-in-two-years", server_ahead),
    ] {
        owner_only(&room);
        compare(name, &format!("sandyk {LIST}"), 0, |locale| {
            let mut command = Command::new(BINARY);
            command.args(LIST.split(' ')).current_dir(room.folder.path());
            spoken(command, locale)
        });
    }
}

#[test]
fn a_read_only_disk_is_said_to_a_reader_in_five_languages() {
    let room = Room::new(&[Guardian]);
    owner_only(&room);
    let write = LIST.replace("case list", "case new Example");
    for (name, folder, line) in [
        ("read-only-workspace", "workspace-0", write.as_str()),
        ("read-only-folder-of-keys", "keys-0", LIST),
    ] {
        compare(name, &format!("sandyk {line}"), 1, |locale| {
            spoken(mounted(room.folder.path(), &read_only(folder), line), locale)
        });
    }
}

/// Keeps the passphrase from others, so that nothing is warned about that is not the matter here.
fn owner_only(room: &Room) {
    let file = room.folder.path().join("passphrase");
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}
