//! `sandyk sync audit-site`: whether a site serves what its roots have signed.

use std::path::{Path, PathBuf};

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        sync::explain,
        words::{Told as _, Words},
    },
    files,
    keyring::{MAX_KEYRING_BYTES, MAX_ROOTS_BYTES, TrustRoot},
    note::NamedKey,
    sync::{self, Audit, AuditError, Auditing, InLog, Patience},
};

#[derive(Debug, clap::Args)]
pub(super) struct AuditArgs {
    /// The address of the site.
    #[arg(long, value_name = "URL")]
    site: String,
    /// The roots.txt you trust, from another source than the site.
    #[arg(long, value_name = "FILE")]
    roots: PathBuf,
    /// A signed manifest from another source than the site.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// The key that signs the public log: ledger-key.txt of a workspace.
    #[arg(long, value_name = "FILE")]
    ledger_key: Option<PathBuf>,
    /// Tor's proxy, e.g. `socks5h://127.0.0.1:9050`.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

pub(super) fn run(args: AuditArgs, out: &mut Out) -> Result<Exit, CliError> {
    let AuditArgs { site, roots, manifest, ledger_key, proxy } = args;
    let text = read(&roots, MAX_ROOTS_BYTES)?;
    let trust = TrustRoot::parse(&text).map_err(|e| refused(&roots, &e, e.words()))?;
    let manifest = manifest.map(|file| read(&file, MAX_KEYRING_BYTES)).transpose()?;
    let key = |file: PathBuf| {
        let key = read(&file, MAX_ROOTS_BYTES)?;
        NamedKey::parse(key.trim_end()).map_err(|e| refused(&file, &e, e.words()))
    };
    let ledger = ledger_key.map(key).transpose()?;
    let patience = Patience::default();
    let what = Auditing { site, roots: trust, manifest, ledger, proxy, patience };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let audit = runtime.block_on(sync::audit(&what)).map_err(|error| said(&error))?;
    if out.format() == Format::Json {
        out.json(&audit)?;
    } else {
        tell(&audit, out)?;
    }
    if audit.holds() {
        return Ok(Exit::Done);
    }
    out.tell(
        "next: warn people by another way than this site; tell the administrators by voice",
        &Words::of("audit-differs"),
    );
    Ok(Exit::Refused)
}

fn tell(audit: &Audit, out: &mut Out) -> Result<(), CliError> {
    let Audit { number, day, files, different, log, log_is_signed } = audit;
    out.line(format!("manifest {number} of {day}, signed by enough of the roots"))?;
    let same = files.saturating_sub(different.len());
    out.line(format!("{same} of {files} files are as it says"))?;
    for (path, what) in different {
        out.line(format!("DIFFERS  {path}: {what}"))?;
    }
    out.line(match log {
        InLog::Last => "it is the last manifest of the public log",
        InLog::NotYet => "it is not in the public log yet; its week may not be over",
        InLog::Another => "THE PUBLIC LOG HAS ANOTHER manifest that is as new or newer",
    })?;
    if !log_is_signed {
        out.tell(
            "The log was not checked: give --ledger-key for that.",
            &Words::of("audit-log-unchecked"),
        );
    }
    Ok(())
}

fn read(file: &Path, limit: usize) -> Result<String, CliError> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    files::load_text(file, limit).map_err(|e| {
        CliError::failed(format!("{}: {e}", file.display()))
            .kept("nothing was sent")
            .advice("name the right file")
            .words(Words::of("audit-file").with("file", file.display()).why(e.words()))
    })
}

fn refused(file: &Path, english: &impl std::fmt::Display, why: Words) -> CliError {
    CliError::refused(format!("{}: {english}", file.display()))
        .kept("nothing was sent")
        .advice("name the right file")
        .words(Words::of("audit-file").with("file", file.display()).why(why))
}

fn said(error: &AuditError) -> CliError {
    match error {
        AuditError::Sync(error) => explain(error),
        AuditError::Manifest(_) => CliError::refused(error)
            .kept("nothing was changed")
            .advice("ask the administrators by voice which manifest is the newest")
            .words(error.words()),
        AuditError::None => CliError::failed(error)
            .kept("nothing was changed")
            .advice("ask the administrators to publish one: sandyk admin manifest")
            .words(error.words()),
    }
}
