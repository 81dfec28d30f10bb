//! `reviewer.toml`: where a reader's workspace and keys lie.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{files, id::CaseId};

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
    /// What `review watch` calls for.
    #[serde(default)]
    pub attention: AttentionConfig,
}

/// The table `[attention]`: what calls, how, and how often is looked.
///
/// Nothing here silences an alarm, or what is as urgent as `urgent` says: that calls whoever looks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AttentionConfig {
    /// The file of counts; attention.json beside the keys if there is none.
    pub file: Option<PathBuf>,
    /// Minutes until the next look, also if sync has brought nothing.
    pub every_minutes: Minutes,
    /// Ring the bell of the terminal.
    pub bell: bool,
    /// The least danger that is urgent.
    pub urgent: Danger,
    /// What of what witnesses send on calls.
    pub answers: Vec<AnswerKind>,
    /// Whether testimonies call that are new and not urgent.
    pub new: bool,
    /// If any are named: only what is in one of these cases, or in none.
    pub cases: Vec<CaseId>,
}

impl Default for AttentionConfig {
    fn default() -> Self {
        Self {
            file: None,
            every_minutes: Minutes(10),
            bell: true,
            urgent: Danger::Soon,
            answers: AnswerKind::ALL.to_vec(),
            new: false,
            cases: Vec::new(),
        }
    }
}

/// A time between two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub struct Minutes(u64);

impl Minutes {
    /// How many.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for Minutes {
    type Error = WrongMinutes;

    fn try_from(minutes: u64) -> Result<Self, WrongMinutes> {
        if (1..=1440).contains(&minutes) { Ok(Self(minutes)) } else { Err(WrongMinutes) }
    }
}

/// Not a time between two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("every_minutes is a number from 1 to 1440")]
pub struct WrongMinutes;

/// A danger to the witness, as the form asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Danger {
    /// Now.
    Now,
    /// Soon, or now.
    Soon,
    /// They do not know, or any of the above.
    Unsure,
}

impl Danger {
    /// The code of list `risk`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Soon => "soon",
            Self::Unsure => "unsure",
        }
    }
}

/// What a witness sends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerKind {
    /// More.
    Supplement,
    /// What was not right.
    Correction,
    /// Other uses.
    ConsentChange,
    /// Nothing is to be used any more.
    Withdrawal,
    /// Words to the reviewers, without testimony.
    Message,
}

impl AnswerKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Supplement, Self::Correction, Self::ConsentChange, Self::Withdrawal, Self::Message];
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
        let Self { workspace, keys, passphrase_file, plugin, attention } = &mut config;
        let file = &mut attention.file;
        for path in [workspace, keys, passphrase_file, plugin, file].into_iter().flatten() {
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
        let defaults = AttentionConfig::default();
        assert_eq!(
            config.attention, defaults,
            "what stands in the sample is what holds without it"
        );
        assert!(text.contains("# file = ") && text.contains("# cases = "), "{text}");
    }

    #[test]
    fn what_calls_is_read_and_what_is_wrong_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reviewer.toml");
        let load = |text: &str| {
            files::save(
                &path,
                format!("[attention]\n{text}").as_bytes(),
                files::Audience::Owner,
                files::Existing::Replace,
            )
            .unwrap();
            ReviewerConfig::load(&path).map(|config| config.attention)
        };
        let read = load(
            "file = 'counts'\nevery_minutes = 1440\nbell = false\nurgent = 'unsure'\n\
             answers = ['withdrawal', 'consent-change']\nnew = true\n\
             cases = ['abcdefghijklmnopqrstuvwxya']",
        )
        .unwrap();
        assert_eq!(read.file, Some(folder.path().join("counts")), "it counts from the folder");
        assert_eq!((read.every_minutes.get(), read.bell, read.new), (1440, false, true));
        assert_eq!(read.answers, [AnswerKind::Withdrawal, AnswerKind::ConsentChange]);
        assert_eq!((read.urgent, read.cases.len()), (Danger::Unsure, 1));
        for (wrong, named) in [
            ("every_minutes = 0", "every_minutes is a number from 1 to 1440"),
            ("every_minutes = 1441", "every_minutes is a number from 1 to 1440"),
            ("urgent = 'none'", "`now`, `soon`, `unsure`"),
            ("answers = ['new']", "`consent-change`"),
            ("cases = ['a case']", "cases"),
            ("bel = false", "`bell`"),
            ("bell = 'no'", "bell"),
        ] {
            let error = load(wrong).unwrap_err().to_string();
            assert!(error.contains("reviewer.toml") && error.contains(named), "{wrong}: {error}");
        }
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
