//! What a server and a reviewer's tools are told: the only reader of configuration files.
//!
//! Promises: 1. an unknown key, an impossible value or a missing file is refused with its name, not
//! guessed at; 2. a secret is never a value here, only ever a path; 3. every sample in `config/` is
//! parsed by a test.
//! Does not: read flags (that is `cli`) or change while the server runs; keyrings do.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{files, locale::Lang};

mod backup;
pub mod machine;
mod mailbox;
pub mod reviewer;

pub use backup::BackupConfig;
pub use mailbox::MailboxConfig;

/// Largest `server.toml` that is read, in bytes.
pub const MAX_CONFIG: u64 = 256 * 1024;

/// The whole of `server.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Folder of the store: journal, index, blob files, ledger key.
    pub store: PathBuf,
    /// Folder of the published keyrings and desk notes.
    pub keyring: PathBuf,
    /// The root keys that sign them; `roots.txt` of the ceremony.
    pub roots: PathBuf,
    /// Where witnesses reach the form.
    pub intake: Listener,
    /// Where reviewers' machines reach the desk; absent: nobody can sync.
    pub desk: Option<DeskConfig>,
    /// What is too much.
    #[serde(default)]
    pub limits: Limits,
    /// How orders to forget are carried out.
    #[serde(default)]
    pub forget: ForgetConfig,
    /// What backups keep, and for how long.
    #[serde(default)]
    pub backup: BackupConfig,
    /// What is kept for witnesses who come back.
    #[serde(default)]
    pub mailbox: MailboxConfig,
    /// What the pages say about the organisation.
    pub organisation: Organisation,
}

/// One place to listen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// `127.0.0.1:8080` or `unix:/run/sandyk/intake.sock`.
    pub listen: Listen,
    /// Connections open at once; more wait in the kernel's queue.
    #[serde(default = "default_connections")]
    pub connections: usize,
}

/// The desk: where it listens, and under which names it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskConfig {
    /// As [`Listener::listen`].
    pub listen: Listen,
    /// As [`Listener::connections`].
    #[serde(default = "default_desk_connections")]
    pub connections: usize,
    /// Hosts (`…onion`, or `host:port`) that reviewers' machines address; a request signed for any
    /// other place is refused.
    pub authorities: Vec<String>,
}

impl DeskConfig {
    /// Only where to listen.
    #[must_use]
    pub fn listener(&self) -> Listener {
        Listener { listen: self.listen.clone(), connections: self.connections }
    }
}

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Listen {
    /// A TCP address; only sensible on the loopback, tor or a proxy stands before it.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

impl Listen {
    /// As it is written in the configuration.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Tcp(address) => address.to_string(),
            Self::Unix(path) => format!("unix:{}", path.display()),
        }
    }
}

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(path) => Err(format!("the socket path {path:?} is not absolute")),
            None => text.parse().map(Self::Tcp).map_err(|_| {
                format!("{text:?} is neither ADDRESS:PORT nor unix:/absolute/path.sock")
            }),
        }
    }
}

/// What is too much for one testimony, and for all at once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Files of one testimony, 1 to 32.
    pub files: u16,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files of one testimony.
    pub testimony_bytes: u64,
    /// Uploads with files that are taken in at the same time; more wait.
    pub uploads_at_once: usize,
    /// Seconds without a single byte after which a sender is cut off.
    pub idle_seconds: u64,
    /// Bytes a second below which a sender, or a reader of an answer, is cut off in the end.
    pub bytes_per_second: u64,
    /// Bytes of typed words that all unfinished forms together may hold, besides 32 KiB for each
    /// connection; more wait.
    pub typed_bytes: usize,
    /// Argon2id runs at once, 19 MiB each; 0: one for each core.
    pub derivations_at_once: usize,
    /// While more of the store's disk than this is in use, no files are taken in; in per cent.
    pub files_until_percent: u8,
    /// The same for words: the rest is a reserve for what has begun and for readers' entries.
    pub words_until_percent: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: 32,
            file_bytes: 1 << 30,
            testimony_bytes: 4 << 30,
            uploads_at_once: 128,
            idle_seconds: 300,
            bytes_per_second: 512,
            typed_bytes: 64 << 20,
            derivations_at_once: 0,
            files_until_percent: 85,
            words_until_percent: 97,
        }
    }
}

/// How orders to forget are carried out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ForgetConfig {
    /// Whole days that an order waits, so that a guardian can object: 3 to 30.
    pub wait_days: u16,
}

impl Default for ForgetConfig {
    fn default() -> Self {
        Self { wait_days: 3 }
    }
}

impl Limits {
    /// Argon2id runs at once: as configured, or one for each core.
    #[must_use]
    pub fn derivations(&self) -> usize {
        match self.derivations_at_once {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            some => some,
        }
    }
}

/// What the pages say about the organisation; an empty line is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Its name as witnesses know it.
    pub name: String,
    /// Another safe way to reach it, shown also while the intake is closed.
    #[serde(default)]
    pub safe_contact: PerLanguage,
    /// When an answer or a reading can be expected.
    #[serde(default)]
    pub answer_within: PerLanguage,
    /// Somebody to talk to when writing was hard.
    #[serde(default)]
    pub support: PerLanguage,
}

/// One text in each language; a language without one shows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct PerLanguage(BTreeMap<Lang, String>);

impl PerLanguage {
    /// The text in that language, if it is not empty.
    #[must_use]
    pub fn get(&self, lang: Lang) -> Option<&str> {
        self.0.get(&lang).map(String::as_str).filter(|text| !text.trim().is_empty())
    }
}

impl TryFrom<BTreeMap<String, String>> for PerLanguage {
    type Error = String;

    fn try_from(map: BTreeMap<String, String>) -> Result<Self, String> {
        let known = |(tag, text): (String, String)| match Lang::parse(&tag) {
            Some(lang) => Ok((lang, text)),
            None => {
                Err(format!("{tag:?} is no language of the form (ky, ru, uz-Cyrl, uz-Latn, en)"))
            }
        };
        map.into_iter().map(known).collect::<Result<_, _>>().map(Self)
    }
}

const fn default_connections() -> usize {
    512
}

const fn default_desk_connections() -> usize {
    32
}

impl ServerConfig {
    /// Reads and checks a `server.toml`. Relative paths in it count from its own folder.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, has an unknown key or an impossible value.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = files::load_text(path, MAX_CONFIG)
            .map_err(|source| ConfigError::Read { path: path.into(), source })?;
        let mut config = Self::parse(&text)
            .map_err(|reason| ConfigError::Wrong { path: path.into(), reason })?;
        let base = path.parent().unwrap_or(Path::new("."));
        let places = [&mut config.store, &mut config.keyring, &mut config.roots];
        for place in places.into_iter().chain(&mut config.backup.copies) {
            *place = base.join(&*place);
        }
        Ok(config)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let limits = &self.limits;
        let rules = [
            ((1..=32).contains(&limits.files), "limits.files must be 1 to 32"),
            (limits.file_bytes >= 1 << 20, "limits.file_bytes must be at least 1 MiB"),
            (
                limits.testimony_bytes >= limits.file_bytes,
                "limits.testimony_bytes must be at least limits.file_bytes",
            ),
            (
                (3..=30).contains(&self.forget.wait_days),
                "forget.wait_days must be 3 to 30: whoever objects needs the time",
            ),
            (
                (1..=14).contains(&self.backup.envelope_days),
                "backup.envelope_days must be 1 to 14: until then what is forgotten can be opened",
            ),
            (
                (4..=520).contains(&self.mailbox.keep_weeks),
                "mailbox.keep_weeks must be 4 to 520: some come back after months",
            ),
            ((1..=65_536).contains(&self.mailbox.waiting), "mailbox.waiting must be 1 to 65536"),
            (limits.uploads_at_once >= 1, "limits.uploads_at_once must be at least 1"),
            (limits.idle_seconds >= 30, "limits.idle_seconds must be at least 30: Tor is slow"),
            (
                (1..=64 << 10).contains(&limits.bytes_per_second),
                "limits.bytes_per_second must be 1 to 65536: Tor is slow",
            ),
            (
                (4 << 20..=1 << 40).contains(&limits.typed_bytes),
                "limits.typed_bytes must be at least 4 MiB: one form may have 2 MiB",
            ),
            (
                limits.files_until_percent <= limits.words_until_percent,
                "limits.files_until_percent must not be more than limits.words_until_percent",
            ),
            (limits.words_until_percent <= 100, "limits.words_until_percent must be at most 100"),
            (!self.organisation.name.trim().is_empty(), "organisation.name must not be empty"),
            (self.intake.connections >= 1, "intake.connections must be at least 1"),
            (
                self.desk.as_ref().is_none_or(|desk| !desk.authorities.is_empty()),
                "desk.authorities must name the address of the desk",
            ),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err(rule.to_owned()),
            None => Ok(()),
        }
    }
}

/// Why a configuration was not taken; nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file does not say what a configuration must say.
    #[error("the configuration {path} is wrong:\n{reason}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The key and what is wrong with it.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = "store = 's'\nkeyring = 'k'\nroots = 'r'\n\
        intake.listen = '127.0.0.1:8080'\norganisation.name = 'Org A'\n";

    #[test]
    fn the_smallest_file_gets_the_documented_defaults() {
        let config = ServerConfig::parse(SMALLEST).unwrap();
        assert_eq!(config.limits, Limits::default());
        assert_eq!(config.mailbox, MailboxConfig::default());
        assert_eq!(config.intake.connections, 512);
        assert_eq!(config.desk, None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, named) in [
            ("speed = 1", "speed"),
            ("limits.files = 33", "limits.files"),
            ("limits.file_bytes = 9999999999", "testimony_bytes"),
            ("limits.idle_seconds = 1", "idle_seconds"),
            ("limits.bytes_per_second = 0", "bytes_per_second"),
            ("limits.typed_bytes = 1048576", "typed_bytes"),
            ("limits.files_until_percent = 98", "files_until_percent"),
            ("limits.words_until_percent = 101", "words_until_percent"),
            ("backup.envelope_days = 15", "backup.envelope_days"),
            ("backup.envelope_days = 0", "backup.envelope_days"),
            ("mailbox.keep_weeks = 3", "mailbox.keep_weeks"),
            ("mailbox.waiting = 0", "mailbox.waiting"),
            ("desk.listen = 'unix:run.sock'", "not absolute"),
            ("desk.listen = 'somewhere'", "neither"),
            ("desk = { listen = 'unix:/a', authorities = [] }", "desk.authorities"),
            ("organisation.support.de = 'x'", "de"),
        ] {
            let error = ServerConfig::parse(&format!("{line}\n{SMALLEST}")).unwrap_err();
            assert!(error.contains(named), "{line}: {error}");
        }
    }

    #[test]
    fn an_empty_line_is_left_out() {
        let text =
            format!("{SMALLEST}organisation.support.ky = ' '\norganisation.support.ru = 'С'\n");
        let support = ServerConfig::parse(&text).unwrap().organisation.support;
        assert_eq!((support.get(Lang::Ky), support.get(Lang::Ru)), (None, Some("С")));
    }
}
