//! `reviewer.toml`: where a reader's workspace and keys lie.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::files;

/// The settings of a reader's machine; every one can be given on the command line instead.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewerConfig {
    /// The folder that sync fills.
    pub workspace: Option<PathBuf>,
    /// The folder of the reader's keys.
    pub keys: Option<PathBuf>,
    /// A file with the passphrase; if there is none, it is asked for.
    pub passphrase_file: Option<PathBuf>,
    /// The program of the age plugin that reaches the device with the reader's key.
    pub plugin: Option<PathBuf>,
}

impl ReviewerConfig {
    /// Reads a file of at most 64 KiB; paths in it count from its folder.
    ///
    /// # Errors
    /// Which file, and what is wrong with it.
    pub fn load(path: &Path) -> Result<Self, ReviewerConfigError> {
        let wrong = |cause: String| ReviewerConfigError { path: path.to_owned(), cause };
        let text = files::load_text(path, MAX).map_err(|e| wrong(e.to_string()))?;
        let mut config: Self = toml::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        let Self { workspace, keys, passphrase_file, plugin } = &mut config;
        for path in [workspace, keys, passphrase_file, plugin].into_iter().flatten() {
            *path = folder.join(&*path);
        }
        Ok(config)
    }
}

/// `reviewer.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {cause}", path = .path.display())]
pub struct ReviewerConfigError {
    path: PathBuf,
    cause: String,
}

const MAX: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_read_and_names_every_setting() {
        let sample = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config/reviewer.toml"));
        let config = ReviewerConfig::load(sample).unwrap();
        let folder = sample.parent().unwrap();
        assert_eq!(config.workspace, Some(folder.join("workspace")));
        assert_eq!(config.keys, Some(folder.join("keys")));
        let text = std::fs::read_to_string(sample).unwrap();
        assert!(text.contains("# passphrase_file = ") && text.contains("# plugin = "), "{text}");
    }

    #[test]
    fn a_setting_that_is_unknown_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reviewer.toml");
        files::save(&path, b"proxy = 1", files::Audience::Owner, files::Existing::Refuse).unwrap();
        let error = ReviewerConfig::load(&path).unwrap_err().to_string();
        assert!(error.contains("reviewer.toml") && error.contains("proxy"), "{error}");
    }
}
