//! The machine itself: swap, disk, clock, network, and who else may read what is one person's.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use crate::{
    clock::Clock,
    config::machine::{active_swaps, forgetful_disk},
    files,
    finding::{Finding, Level},
};

/// Whether the kernel may write memory to a disk.
#[must_use]
pub fn swap() -> Finding {
    swap_of(active_swaps())
}

fn swap_of(found: io::Result<Vec<String>>) -> Finding {
    let off = "`swapoff -a`, and take the line with swap out of /etc/fstab";
    match found {
        Ok(places) if places.is_empty() => Finding::good("swap", "off"),
        Ok(places) => {
            let places = places.join(", ");
            Finding::soon("swap-is-on").with("places", &places).says(
                format!("this machine swaps to {places}"),
                "words and keys that were in memory may lie on its disk, readable for whoever takes it",
                off,
            )
        }
        Err(error) => Finding::note("swap-not-known").because(error).says(
            "whether this machine swaps cannot be told",
            "words and keys that were in memory may lie on its disk",
            off,
        ),
    }
}

/// How full the disk of `folder` is; `soon` and `now` are per cent from which it presses.
#[must_use]
pub fn disk(folder: &Path, (soon, now): (u8, u8)) -> Finding {
    let used = match files::used_percent(folder) {
        Ok(used) => used,
        Err(error) => return unreadable(folder, error),
    };
    let about = format!("{used} % of the disk of {}", folder.display());
    let level = match used {
        used if used > now => Level::Now,
        used if used > soon => Level::Soon,
        _ => return Finding::good("disk", about),
    };
    Finding::at(level, "disk-fills")
        .about(about)
        .count("percent", used)
        .with("folder", folder.display())
        .says(
            format!("{used} % of the disk of {} are in use", folder.display()),
            "on a full disk nothing new is taken in, neither files nor, in the end, words",
            "make room or take a larger disk; never delete anything in the folder by hand",
        )
}

/// Whether what was synced into `folder` is there after a power cut, as far as the table of mounts tells.
#[must_use]
pub fn disk_keeps(folder: &Path) -> Finding {
    match forgetful_disk(folder) {
        Ok(kind) => keeps(folder, kind),
        Err(error) => unreadable(folder, error),
    }
}

fn keeps(folder: &Path, kind: Option<String>) -> Finding {
    let Some(kind) = kind else { return Finding::good("disk-keeps", "nothing known against it") };
    Finding::soon("disk-may-forget").with("folder", folder.display()).with("kind", &kind).says(
        format!("{} lies on {kind}", folder.display()),
        "what a witness was given a receipt for may be gone after a power cut",
        "move it to a disk of this machine, with ext4, xfs or btrfs and barriers on",
    )
}

/// Whether the disk under `path` is encrypted, as far as the kernel tells.
#[must_use]
pub fn disk_is_sealed(path: &Path) -> Finding {
    let device = fs::metadata(path).map(|about| about.dev());
    let device = match device {
        Ok(device) => format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device)),
        Err(error) => return unreadable(path, error),
    };
    sealed_in(&Path::new("/sys/dev/block").join(device), path)
}

fn sealed_in(block: &Path, path: &Path) -> Finding {
    let why = "whoever takes this machine while it is off reads the names and sizes of all files, and \
               everything that is not sealed by itself";
    match sealing(block, DEEPEST) {
        Some(true) => Finding::good("disk-sealed", "encrypted"),
        Some(false) => Finding::soon("disk-not-sealed").with("path", path.display()).says(
            format!("the disk under {} does not look encrypted", path.display()),
            why,
            "set the machine up again with full-disk encryption; move the files there",
        ),
        None => Finding::note("disk-sealing-not-known").with("path", path.display()).says(
            format!("whether the disk under {} is encrypted cannot be told", path.display()),
            why,
            "ask whoever set this machine up; full-disk encryption must be on",
        ),
    }
}

/// Whether a block device is, or lies on, an encrypted one; `None` if there is no such device.
fn sealing(block: &Path, deep: u8) -> Option<bool> {
    fs::metadata(block).ok()?;
    let id = files::load_text(&block.join("dm/uuid"), 4096).unwrap_or_default();
    if id.starts_with("CRYPT-") {
        return Some(true);
    }
    let Some(deep) = deep.checked_sub(1) else { return Some(false) };
    let below = fs::read_dir(block.join("slaves")).into_iter().flatten().flatten();
    let below: Vec<bool> = below.filter_map(|entry| sealing(&entry.path(), deep)).collect();
    Some(!below.is_empty() && below.iter().all(|sealed| *sealed))
}

/// Whether others of this machine may read or change what is one account's.
#[must_use]
pub fn private(path: &Path) -> Option<Finding> {
    // The six lowest bits are what the group and all others may do.
    let mode = fs::metadata(path).ok()?.permissions().mode();
    if mode.trailing_zeros() >= 6 {
        return None;
    }
    let (shown, right) = (path.display(), if path.is_dir() { "700" } else { "600" });
    Some(Finding::now("others-may-read-it").with("file", &shown).with("mode", right).says(
        format!("others of this machine may read {shown}"),
        "it is for one account only: whoever copies a key needs nothing but its passphrase",
        format!("`chmod {right} '{shown}'`; if others do use this machine, change what it locks"),
    ))
}

/// Whether the clock is later than every one of these files.
#[must_use]
pub fn time_of_files(files: &[PathBuf], clock: &impl Clock) -> Finding {
    let newest = files.iter().filter_map(|file| written(file)).max();
    let today = clock.today();
    match newest {
        Some(newest) if newest > clock.unix_seconds().saturating_add(DRIFT) => {
            Finding::now("clock-is-behind").about(today).with("today", today).says(
                format!("this machine says that today is {today}, but files were written later"),
                "days decide whether a keyring is good, and requests with a wrong time are refused",
                "set the clock; compare it with another one, not over the network alone",
            )
        }
        _ => Finding::good("clock", format!("today is {today}, UTC: compare")),
    }
}

/// Days since a file was written; `None` if there is none.
#[must_use]
pub fn age_in_days(file: &Path, clock: &impl Clock) -> Option<i64> {
    let age = clock.unix_seconds().saturating_sub(written(file)?);
    age.checked_div(DAY_SECONDS)
}

fn written(file: &Path) -> Option<i64> {
    let modified = fs::metadata(file).ok()?.modified().ok()?;
    let since = modified.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

/// Whether a machine that should have no network has one now.
#[must_use]
pub fn network() -> Finding {
    network_in(Path::new("/sys/class/net"))
}

fn network_in(interfaces: &Path) -> Finding {
    let listed = match fs::read_dir(interfaces) {
        Ok(listed) => listed,
        Err(error) => return unreadable(interfaces, error),
    };
    let up = |path: &Path| {
        let state = files::load_text(&path.join("operstate"), 64).unwrap_or_default();
        state.trim() == "up"
    };
    let mut names: Vec<String> = listed
        .flatten()
        .filter(|entry| up(&entry.path()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    if names.is_empty() {
        return Finding::good("network", "none is up");
    }
    names.sort();
    let names = names.join(", ");
    Finding::note("network-is-up").with("names", &names).says(
        format!("this machine is connected now: {names}"),
        "keys that open or sign are used here; whoever breaks in over the network can take them then",
        "use a machine without any network for them; carry files on a stick",
    )
}

/// Something that this account may not look at, or that is not there.
#[must_use]
pub fn unreadable(path: &Path, error: io::Error) -> Finding {
    let said = format!("{} cannot be looked at: {error}", path.display());
    Finding::soon("not-looked-at").with("file", path.display()).because(error).says(
        said,
        "what nobody looks at may be wrong for a long time",
        "run this as the account that owns it, or correct the name",
    )
}

/// How many devices may lie on each other.
const DEEPEST: u8 = 8;
/// Seconds that a file may be ahead of the clock.
const DRIFT: i64 = 300;
const DAY_SECONDS: i64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::FixedClock;

    fn put(folder: &Path, file: &str, text: &str) {
        let path = folder.join(file);
        files::make_folder(path.parent().unwrap()).unwrap();
        let (audience, existing) = (files::Audience::Owner, files::Existing::Replace);
        files::save(&path, text.as_bytes(), audience, existing).unwrap();
    }

    #[test]
    fn swap_that_is_on_or_unknown_is_never_good() {
        let seen = |found| (swap_of(found).level, swap_of(Err(io::Error::other("?"))).level);
        assert_eq!(seen(Ok(vec![])), (Level::Good, Level::Note));
        assert_eq!(seen(Ok(vec!["/dev/sda2".to_owned()])).0, Level::Soon);
    }

    #[test]
    fn a_disk_that_may_forget_is_never_good() {
        let here = tempfile::tempdir().unwrap();
        assert_eq!(keeps(here.path(), None).level, Level::Good);
        assert_eq!(keeps(here.path(), Some("nfs4".to_owned())).level, Level::Soon);
        assert_ne!(disk_keeps(&here.path().join("no such folder")).level, Level::Good);
        assert_eq!(disk_keeps("/dev/shm".as_ref()).level, Level::Soon, "it is memory");
    }

    #[test]
    fn a_disk_is_sealed_only_if_everything_below_it_is() {
        let sys = tempfile::tempdir().unwrap();
        let level = |name: &str| sealed_in(&sys.path().join(name), Path::new("/x")).level;
        put(sys.path(), "luks/dm/uuid", "CRYPT-LUKS2-0\n");
        put(sys.path(), "plain/size", "1");
        put(sys.path(), "lvm/dm/uuid", "LVM-0");
        put(sys.path(), "lvm/slaves/a/dm/uuid", "CRYPT-LUKS2-0");
        put(sys.path(), "half/slaves/a/dm/uuid", "CRYPT-LUKS2-0");
        put(sys.path(), "half/slaves/b/size", "1");
        assert_eq!(["luks", "lvm"].map(level), [Level::Good; 2]);
        assert_eq!(["plain", "half"].map(level), [Level::Soon; 2]);
        assert_eq!(level("no-such-device"), Level::Note);
    }

    #[test]
    fn a_network_that_is_up_is_named() {
        let net = tempfile::tempdir().unwrap();
        put(net.path(), "lo/operstate", "unknown\n");
        put(net.path(), "eth0/operstate", "down\n");
        assert_eq!(network_in(net.path()).level, Level::Good);
        put(net.path(), "wlan0/operstate", "up\n");
        let found = network_in(net.path());
        assert_eq!((found.level, found.what.ends_with(": wlan0")), (Level::Note, true));
        assert_eq!(network_in(&net.path().join("none")).code, "not-looked-at");
    }

    #[test]
    fn a_clock_before_a_file_is_behind_and_a_file_has_its_age() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "a", "x");
        let file = folder.path().join("a");
        let wrote = written(&file).unwrap();
        let at = |seconds| FixedClock(wrote.saturating_add(seconds));
        let code = |clock| time_of_files(&[file.clone(), folder.path().join("none")], &clock).code;
        assert_eq!([code(at(-299)), code(at(5))], ["clock"; 2]);
        assert_eq!(code(at(-86_400)), "clock-is-behind");
        assert_eq!(age_in_days(&file, &at(3 * DAY_SECONDS)), Some(3));
        assert_eq!(age_in_days(&folder.path().join("none"), &at(0)), None);
    }

    #[test]
    fn what_others_may_read_is_told_with_the_right_mode() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "a", "x");
        let file = folder.path().join("a");
        assert!(private(&file).is_none());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(private(&file).unwrap().next.contains("chmod 600"));
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(private(folder.path()).unwrap().next.contains("chmod 700"));
    }

    #[test]
    fn a_disk_presses_by_its_limits() {
        let here = tempfile::tempdir().unwrap();
        let level = |limits| disk(here.path(), limits).level;
        assert_eq!(level((100, 100)), Level::Good);
        let used = files::used_percent(here.path()).unwrap();
        assert!(used > 0, "an empty disk shows nothing here");
        assert_eq!(level((0, 100)), Level::Soon);
        assert_eq!(level((0, 0)), Level::Now);
    }
}
