//! A small disk of our own: an image, a loop device, ext4, and a cord to pull.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

/// A mounted disk; it is unmounted and taken away when this is dropped.
pub(crate) struct Disk {
    device: String,
    at: PathBuf,
    options: &'static str,
}

impl Disk {
    /// Makes and mounts one at the folder `at`; its image lies beside it.
    ///
    /// Says SKIPPED, loudly, and gives none where that is not allowed (it needs root and a loop
    /// device); with `SANDYK_NO_SKIP` set that is a failure.
    pub(crate) fn make(at: &Path, mebibytes: u64, options: &'static str) -> Option<Self> {
        Self::make_with(at, mebibytes, options, &[])
    }

    fn make_with(at: &Path, mebibytes: u64, options: &'static str, more: &[&str]) -> Option<Self> {
        match Self::try_make(at, mebibytes, options, more) {
            Ok(disk) => Some(disk),
            Err(why) => {
                assert!(std::env::var_os("SANDYK_NO_SKIP").is_none(), "no disk of our own: {why}");
                let line = format!("\nSKIPPED, nothing was tested: no disk of our own: {why}\n");
                std::io::stderr().write_all(line.as_bytes()).unwrap();
                None
            }
        }
    }

    /// The same, with blocks of its own for what ext4 has written and a hole for everything else.
    pub(crate) fn make_full_of_holes(at: &Path, mebibytes: u64) -> Option<Self> {
        let disk = Self::make_with(at, mebibytes, "commit=60", &["-b", "4096"])?;
        let image = at.with_extension("image");
        let (at, image) = (at.to_str().unwrap(), image.to_str().unwrap());
        run("sync", &["-f", at]).unwrap();
        // Every block gets memory of its own; what is free gives it back.
        run("fallocate", &["-l", &(mebibytes << 20).to_string(), image]).unwrap();
        run("fstrim", &[at]).unwrap();
        Some(disk)
    }

    /// Has ext4 find an error, after which a disk with `errors=remount-ro` is read-only.
    pub(crate) fn turn_read_only(&self) {
        let name = self.device.strip_prefix("/dev/").unwrap();
        let trigger = format!("/sys/fs/ext4/{name}/trigger_fs_error");
        File::options().write(true).open(trigger).unwrap().write_all(b"a test").unwrap();
    }

    fn try_make(
        at: &Path,
        mebibytes: u64,
        options: &'static str,
        more: &[&str],
    ) -> Result<Self, String> {
        if !rustix::process::getuid().is_root() {
            return Err("it needs root".to_owned());
        }
        let image = at.with_extension("image");
        File::create_new(&image).unwrap().set_len(mebibytes << 20).unwrap();
        fs::create_dir_all(at).unwrap();
        let image = image.to_str().unwrap();
        run("mkfs.ext4", &[more, &["-q", "-F", "-m", "0", image]].concat())?;
        let device = run("losetup", &["--find", "--show", image])?;
        let disk = Self { device: device.trim().to_owned(), at: at.to_owned(), options };
        disk.mount()?;
        Ok(disk)
    }

    fn mount(&self) -> Result<(), String> {
        let at = self.at.to_str().unwrap();
        run("mount", &["-t", "ext4", "-o", self.options, &self.device, at]).map(drop)
    }

    /// Cuts the power: from now on nothing reaches the device, not even the journal of ext4.
    ///
    /// Whoever writes must be frozen before: without power nobody goes on either. This kernel does, and
    /// tells some of those that write and sync in that moment that their bytes are safe.
    pub(crate) fn cut(&self) {
        run("xfs_io", &["-x", "-c", "shutdown", self.at.to_str().unwrap()]).unwrap();
        let after = File::create(self.at.join("after-the-cut")).expect_err("the power is off");
        assert_eq!(after.raw_os_error(), Some(rustix::io::Errno::IO.raw_os_error()));
    }

    /// Brings the power back: what the kernel still had in memory is gone, ext4 replays its journal.
    pub(crate) fn back(&self) {
        let at = self.at.to_str().unwrap();
        let gone = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            run("umount", &[at]).is_ok()
        });
        assert!(gone, "{at} stays busy");
        self.mount().unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = run("umount", &["-l", self.at.to_str().unwrap()]);
        let _ = run("losetup", &["-d", &self.device]);
    }
}

/// What a command printed; what it said, if it failed.
fn run(command: &str, args: &[&str]) -> Result<String, String> {
    let output =
        Command::new(command).args(args).output().map_err(|e| format!("{command}: {e}"))?;
    let Output { status, stdout, stderr } = output;
    let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
    if status.success() { Ok(text(&stdout)) } else { Err(format!("{command}: {}", text(&stderr))) }
}
