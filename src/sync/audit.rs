//! Whether a site serves what its roots have signed; anybody can ask, and needs no keys.

use std::collections::BTreeMap;

use reqwest::{Client, StatusCode, Url};
use serde::Serialize;

use super::{
    Alarm, Patience, SyncError,
    line::{bounded, client, network, read_address},
};
use crate::{
    clock::Day,
    digest::Digest,
    keyring::{KeyringError, MAX_KEYRING_BYTES, SignedSite, TrustRoot},
    ledger::{
        Checkpoint, CheckpointError,
        public::{LogEntry, line_leaf, log_origin, root_over},
    },
    note::NamedKey,
};

/// What to look at, and what to believe.
pub struct Auditing {
    /// Address of the site, `http://….onion`.
    pub site: String,
    /// The roots, learned elsewhere.
    pub roots: TrustRoot,
    /// A signed manifest that was learned elsewhere; otherwise the one that the site shows.
    pub manifest: Option<String>,
    /// The key that signs the public log, learned elsewhere; without it the log proves nothing.
    pub ledger: Option<NamedKey>,
    /// `socks5h://host:port`; needed for onion addresses.
    pub proxy: Option<String>,
    /// How long to wait.
    pub patience: Patience,
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// The number of the manifest.
    pub number: u32,
    /// The day of the manifest.
    pub day: Day,
    /// Files that were compared.
    pub files: usize,
    /// What the site serves otherwise, each with what is there.
    pub different: Vec<(String, String)>,
    /// How the manifest stands to the public log.
    pub log: InLog,
    /// Whether the log is signed by the key that was given.
    pub log_is_signed: bool,
}

/// How a manifest stands to the public log of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InLog {
    /// It is the last manifest of the log.
    Last,
    /// The log has it not, and none that is newer: its week may not be over.
    NotYet,
    /// The log has a newer one, or another of this number.
    Another,
}

impl Audit {
    /// Whether the site serves what the newest manifest says.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.different.is_empty() && self.log != InLog::Another
    }
}

/// Why a site could not be audited.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The site cannot be reached, or answers what no site does.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The manifest is not signed by enough of the roots.
    #[error("the site manifest does not count: {0}")]
    Manifest(KeyringError),
    /// The site shows none.
    #[error("the site shows no manifest")]
    None,
}

/// Fetches every page of a site and compares it with what the roots have signed.
///
/// # Errors
/// [`AuditError`]; a page that differs is none but a finding.
pub async fn audit(what: &Auditing) -> Result<Audit, AuditError> {
    let proxy = what.proxy.as_deref();
    let address = read_address(&what.site, proxy)?;
    let line = Site { client: client(proxy, what.patience)?, address, patience: what.patience };
    let note = match &what.manifest {
        Some(note) => note.clone(),
        None => line.text("/ledger/site").await?.ok_or(AuditError::None)?,
    };
    let signed = SignedSite::verify(&note, (&what.roots).into()).map_err(AuditError::Manifest)?;
    let manifest = signed.manifest();
    let mut different = Vec::new();
    for (path, hash) in &manifest.files {
        match line.get(path).await? {
            (StatusCode::OK, body) if Digest::of(&body) == *hash => {}
            (StatusCode::OK, body) => {
                different.push((path.clone(), format!("{} other bytes", body.len())));
            }
            (status, _) => different.push((path.clone(), format!("status {}", status.as_u16()))),
        }
    }
    let entries = line.text("/ledger/entries").await?.unwrap_or_default();
    let lines: Vec<&str> = entries.lines().collect();
    if let Some(key) = &what.ledger {
        let checkpoint = line.text("/ledger/checkpoint").await?.unwrap_or_default();
        prove(&checkpoint, key, (&manifest.organisation, &lines))?;
    }
    Ok(Audit {
        number: manifest.number,
        day: manifest.day,
        files: manifest.files.len(),
        different,
        log: stands(&lines, manifest.number, signed.digest()),
        log_is_signed: what.ledger.is_some(),
    })
}

fn stands(lines: &[&str], number: u32, digest: Digest) -> InLog {
    let mut sites = lines.iter().filter_map(|line| match LogEntry::parse(line) {
        Some(LogEntry::Site { number, digest }) => Some((number, digest)),
        _ => None,
    });
    let all: BTreeMap<u32, Digest> = sites.clone().collect();
    match sites.next_back() {
        Some(last) if last == (number, digest) => InLog::Last,
        // Numbers only grow: one that repeats is another site than the one that was signed.
        _ if all.keys().any(|known| *known >= number) => InLog::Another,
        _ => InLog::NotYet,
    }
}

/// Holds the lines of the log against its signed checkpoint.
fn prove(note: &str, key: &NamedKey, log: (&str, &[&str])) -> Result<(), SyncError> {
    let (organisation, lines) = log;
    let checkpoint = Checkpoint::verify(note, key).map_err(|error| match error {
        CheckpointError::NotSigned => Alarm::LedgerKey,
        CheckpointError::Note(_) | CheckpointError::Shape => Alarm::Checkpoint,
    })?;
    let size = u64::try_from(lines.len()).unwrap_or(u64::MAX);
    let same = checkpoint.origin == log_origin(organisation) && checkpoint.size == size;
    if same && checkpoint.root == root_over(lines.iter().map(|line| line_leaf(line))) {
        return Ok(());
    }
    Err(Alarm::Checkpoint.into())
}

/// The site, as anybody reaches it.
struct Site {
    client: Client,
    address: Url,
    patience: Patience,
}

impl Site {
    async fn get(&self, path: &str) -> Result<(StatusCode, Vec<u8>), SyncError> {
        let mut url = self.address.clone();
        url.set_path(path);
        let got = tokio::time::timeout(self.patience.whole(), async {
            let response = self.client.get(url).send().await.map_err(|e| network(&e))?;
            let status = response.status();
            Ok((status, bounded(response, path, MAX_PAGE).await?))
        });
        got.await.unwrap_or_else(|_| Err(SyncError::TooSlow(path.to_owned())))
    }

    /// A text of the public log; `None` if there is none.
    async fn text(&self, path: &str) -> Result<Option<String>, SyncError> {
        match self.get(path).await? {
            (StatusCode::OK, body) => {
                let text = String::from_utf8(body);
                Ok(Some(text.map_err(|_| Alarm::Strange { path: path.to_owned() })?))
            }
            _ => Ok(None),
        }
    }
}

/// Longest page or text that is fetched, in bytes.
const MAX_PAGE: u64 = 4 << 20;
const _: () = assert!(MAX_KEYRING_BYTES < 4 << 20, "a manifest is fetched whole");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_manifest_of_the_log_is_the_last() {
        let line = |number, of: &[u8]| LogEntry::Site { number, digest: Digest::of(of) }.to_line();
        let (one, two, keyring) =
            (line(1, b"one"), line(2, b"two"), "sandyk/keyring/v1".to_owned());
        let log = [one.as_str(), &keyring, &two];
        let one_only = [one.as_str(), &keyring];
        assert_eq!(stands(&log, 2, Digest::of(b"two")), InLog::Last);
        assert_eq!(stands(&log, 1, Digest::of(b"one")), InLog::Another, "an old one is shown");
        assert_eq!(stands(&log, 2, Digest::of(b"other")), InLog::Another);
        assert_eq!(stands(&log, 3, Digest::of(b"three")), InLog::NotYet);
        assert_eq!(stands(&one_only, 1, Digest::of(b"one")), InLog::Last);
        assert_eq!(stands(&[], 1, Digest::of(b"one")), InLog::NotYet);
    }
}
