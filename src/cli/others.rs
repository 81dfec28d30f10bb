//! Who else on this machine may read a file that should be one person's.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use crate::cli::{out::Out, words::Words};

/// Warns if other people of this machine may read or change `file`.
pub fn warn_if_open(file: &Path, out: &mut Out) {
    let Ok(about) = fs::metadata(file) else { return };
    if about.is_file() && about.permissions().mode() & 0o077 != 0 {
        let file = file.display();
        let english = format!(
            "others on this machine may read {file}\n   next: chmod 600 '{file}'; if others do use \
             it, change what it locks"
        );
        out.warn(english, &Words::of("others-may-read").with("file", file));
    }
}
