//! What the machine is like where it matters for secrets and for what is kept.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::files;

/// Devices and files that the kernel swaps to; empty is good.
///
/// # Errors
/// `/proc/swaps` cannot be read (no Linux, or /proc is hidden): the answer is not known.
pub fn active_swaps() -> io::Result<Vec<String>> {
    // SECURITY(T3): no setting, variable or argument names another file.
    swaps_in("/proc/swaps".as_ref())
}

fn swaps_in(table: &Path) -> io::Result<Vec<String>> {
    let table = files::load(table, 64 * 1024)?;
    let table = String::from_utf8_lossy(&table);
    if !table.starts_with(HEAD) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no table of swaps"));
    }
    let lines = table.lines().skip(1);
    Ok(lines.filter_map(|line| line.split_whitespace().next()).map(String::from).collect())
}

/// How the kernel's table begins.
const HEAD: &str = "Filename";

/// The file system under `folder`, or the option of its mount, that does not keep through a power cut all
/// that was synced; `None` if nothing is known against it.
///
/// # Errors
/// The table of mounts cannot be read, or `folder` is not there.
pub fn forgetful_disk(folder: &Path) -> io::Result<Option<String>> {
    let mounts = files::load("/proc/self/mountinfo".as_ref(), MAX_MOUNTS)?;
    let folder = folder.canonicalize()?;
    Ok(forgetful_in(&String::from_utf8_lossy(&mounts), &folder))
}

fn forgetful_in(mounts: &str, folder: &Path) -> Option<String> {
    let above = mounts.lines().filter_map(Mount::read).filter(|m| folder.starts_with(&m.at));
    // Of two at one place the later one covers the earlier.
    let mount = above.max_by_key(|mount| mount.at.components().count())?;
    let kind = mount.kind.split('.').next().unwrap_or_default();
    if FORGETFUL.contains(&kind) {
        return Some(mount.kind.to_owned());
    }
    let mut options = mount.options.split(',');
    options.find(|option| UNSAFE.contains(option)).map(|option| format!("{kind}, {option}"))
}

/// One line of the kernel's table of mounts.
struct Mount<'t> {
    at: PathBuf,
    kind: &'t str,
    options: &'t str,
}

impl<'t> Mount<'t> {
    fn read(line: &'t str) -> Option<Self> {
        let (place, what) = line.split_once(" - ")?;
        let at = place.split(' ').nth(4)?.replace("\\040", " ");
        let mut what = what.split(' ');
        let (kind, _source) = (what.next()?, what.next()?);
        Some(Self { at: PathBuf::from(at), kind, options: what.next().unwrap_or_default() })
    }
}

/// Memory, other machines, containers' layers, and what has no journal of its own.
const FORGETFUL: [&str; 20] = [
    "tmpfs", "ramfs", "rootfs", "nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "ceph", "afs",
    "fuse", "fuseblk", "overlay", "vfat", "msdos", "exfat", "ntfs", "ntfs3", "ext2",
];
/// Options under which a sync does not reach the disk.
const UNSAFE: [&str; 3] = ["nobarrier", "barrier=0", "volatile"];
const MAX_MOUNTS: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found if the kernel's table has these words.
    fn found(table: &str) -> io::Result<Vec<String>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        io::Write::write_all(&mut file.as_file(), table.as_bytes()).unwrap();
        swaps_in(file.path())
    }

    #[test]
    fn a_disk_that_may_forget_what_was_synced_is_named() {
        let table = "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n\
                     30 21 0:5 / /run rw,nosuid - tmpfs tmpfs rw,size=1g\n\
                     31 21 8:2 / /srv rw - ext4 /dev/sdb1 rw,nobarrier,data=ordered\n\
                     32 21 0:9 / /srv/net\\040work rw - nfs4 host:/x rw,vers=4.2\n\
                     33 21 0:7 / /home rw shared:7 - fuse.sshfs host: rw\n\
                     34 33 8:3 / /home rw - xfs /dev/sdc1 rw\n";
        let found = |folder: &str| forgetful_in(table, folder.as_ref());
        assert_eq!(found("/var/lib/sandyk"), None);
        assert_eq!(found("/run/sandyk").as_deref(), Some("tmpfs"));
        assert_eq!(found("/srv/store").as_deref(), Some("ext4, nobarrier"));
        assert_eq!(found("/srv/net work/store").as_deref(), Some("nfs4"));
        assert_eq!(found("/running"), None, "a name that only begins alike");
        assert_eq!(found("/home/store"), None, "what is mounted later lies above");
        assert_eq!(forgetful_in("", "/".as_ref()), None);
        assert!(forgetful_disk("/proc/self".as_ref()).unwrap().is_none());
        assert!(forgetful_disk("/no/such/folder".as_ref()).is_err());
    }

    #[test]
    fn every_active_swap_is_named() {
        let table = "Filename\tType\tSize\tUsed\tPriority\n/swap.img file 4194300 0 -2\n/dev/zram0 partition 1 0 5\n";
        assert_eq!(found(table).unwrap(), ["/swap.img", "/dev/zram0"]);
        assert!(found("Filename\tType\tSize\tUsed\tPriority\n").unwrap().is_empty());
    }

    #[test]
    fn a_table_that_cannot_be_read_is_not_an_empty_one() {
        for odd in ["", "\n", "none\n"] {
            assert!(found(odd).is_err(), "{odd:?}");
        }
        assert!(found(&"Filename\n".repeat(8000)).is_err(), "longer than any table");
        assert!(swaps_in("/proc/no-such-table".as_ref()).is_err());
        assert!(swaps_in("/proc".as_ref()).is_err());
    }
}
