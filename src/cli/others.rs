//! Who else on this machine may read a file that should be one person's.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use crate::cli::out::Out;

/// Warns if other people of this machine may read or change `file`.
pub fn warn_if_open(file: &Path, out: &mut Out) {
    let Ok(about) = fs::metadata(file) else { return };
    if about.is_file() && about.permissions().mode() & 0o077 != 0 {
        let file = file.display();
        out.say(format!("warning: others on this machine may read {file}"));
        out.say(format!("   next: chmod 600 '{file}'; if others do use it, change what it locks"));
    }
}
