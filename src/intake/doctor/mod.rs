//! What an operator should look after: keyring, store, disk, backups, sockets, the unit, this machine.

mod backups;
mod drill;
mod sockets;
mod unit;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    clock::Clock, config::ServerConfig, doctor, files, finding::Finding, keyring::TrustRoot,
    locale::Lang,
};

pub use drill::drill;

/// What belongs to a server and is to be looked at.
pub struct Surroundings<'s> {
    /// Its configuration.
    pub config: &'s ServerConfig,
    /// Folders with backups, beside those of the configuration.
    pub backups: &'s [PathBuf],
    /// The unit that systemd starts it by.
    pub unit: &'s Path,
}

/// Looks at a server from outside, running or not; changes nothing.
#[must_use]
pub fn examine(server: &Surroundings<'_>, clock: &impl Clock) -> Vec<Finding> {
    let config = server.config;
    let mut found = keyrings(config, clock);
    found.extend(store(config, clock));
    found.extend(backups::examine(server, clock.today()));
    found.extend(sockets::examine(config));
    found.push(unit::examine(server.unit));
    found.push(safe_contact(config));
    found.extend([doctor::swap(), clock_is_set(), doctor::wording()]);
    found
}

fn keyrings(config: &ServerConfig, clock: &impl Clock) -> Vec<Finding> {
    let roots = files::load_text(&config.roots, MAX_ROOTS);
    let trust = match roots.map(|text| TrustRoot::parse(&text)) {
        Err(error) => return vec![doctor::unreadable(&config.roots, error)],
        Ok(Err(error)) => {
            let error = std::io::Error::new(std::io::ErrorKind::InvalidData, error);
            return vec![doctor::unreadable(&config.roots, error)];
        }
        Ok(Ok(trust)) => trust,
    };
    match doctor::published_in(&config.keyring, &trust) {
        Err(finding) => vec![*finding],
        Ok(published) => {
            let mut found = doctor::keyring(published.chain.current().get(), clock.today());
            found.extend(doctor::beside(&published));
            found.extend(doctor::suspended(&published));
            found
        }
    }
}

/// Whether who finds the form closed learns of another way.
fn safe_contact(config: &ServerConfig) -> Finding {
    let contact = &config.organisation.safe_contact;
    let lacking = Lang::ALL.into_iter().filter(|lang| contact.get(*lang).is_none());
    let lacking: Vec<_> = lacking.map(Lang::tag).collect();
    if lacking.is_empty() {
        return Finding::good("safe-contact", "in every language");
    }
    let names = lacking.join(", ");
    Finding::note("no-safe-contact").with("names", &names).says(
        format!("there is no other safe contact in these languages: {names}"),
        "whoever finds the form closed, say because the keyring has ended, is told no other way",
        "write one into organisation.safe_contact of server.toml, if there is one that is safe",
    )
}

fn store(config: &ServerConfig, clock: &impl Clock) -> Vec<Finding> {
    let store = &config.store;
    if let Err(error) = fs::read_dir(store) {
        return vec![doctor::unreadable(store, error)];
    }
    let limits =
        (SOON_FULL.min(config.limits.files_until_percent), config.limits.files_until_percent);
    let mut found =
        vec![doctor::disk(store, limits), doctor::disk_is_sealed(store), doctor::disk_keeps(store)];
    let secret = [store.clone(), store.join("ledger.key")];
    found.extend(secret.iter().filter_map(|path| doctor::private(path)));
    found.push(doctor::time_of_files(&secret, clock));
    found
}

/// Whether somebody sets the clock, as `timedatectl` tells.
fn clock_is_set() -> Finding {
    let asked = Command::new("timedatectl")
        .args(["show", "--property=NTPSynchronized", "--value"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let answer = asked.map(|done| String::from_utf8_lossy(&done.stdout).trim().to_owned());
    let why = "requests of readers' machines are refused if it is two minutes off, and days decide \
               whether a keyring is good";
    match answer.as_deref() {
        Ok("yes") => Finding::good("clock-is-set", "by the network"),
        Ok("no") => Finding::soon("clock-runs-free").says(
            "nothing sets the clock of this machine",
            why,
            "`timedatectl set-ntp true`, or set it by hand once a week",
        ),
        _ => Finding::note("clock-not-known").says(
            "whether something sets the clock of this machine cannot be told",
            why,
            "compare `date -u` with another clock, once a week",
        ),
    }
}

/// Largest `roots.txt` that is read, in bytes.
const MAX_ROOTS: u64 = 64 * 1024;
/// Per cent of the disk from which it is told, if files are still taken in then.
const SOON_FULL: u8 = 70;
