//! The unit that starts the server, held against the one that is delivered with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{files, finding::Finding};

/// The unit as it is delivered.
const DELIVERED: &str = include_str!("../../../deploy/systemd/sandyk.service");
/// Settings that each place chooses for itself.
const OWN: [&str; 16] = [
    "ConfigurationDirectory",
    "ConfigurationDirectoryMode",
    "ExecStart",
    "Group",
    "KillSignal",
    "LimitNOFILE",
    "ReadWritePaths",
    "Restart",
    "RestartSec",
    "StandardError",
    "StandardOutput",
    "StateDirectory",
    "StateDirectoryMode",
    "TimeoutStopSec",
    "Type",
    "User",
];
const MAX_UNIT: u64 = 256 * 1024;

/// The settings of the service, each with all that was said of it.
type Settings = BTreeMap<String, Vec<String>>;

pub(super) fn examine(unit: &Path) -> Finding {
    let found = match load(unit) {
        Ok(text) => settings(&text),
        Err(error) => {
            return Finding::note("no-unit").with("file", unit.display()).because(error).says(
                format!("{} cannot be read", unit.display()),
                "whether the server is locked in by systemd is not known",
                "install deploy/systemd/sandyk.service, or name the unit with --unit",
            );
        }
    };
    let names = softer(&found);
    if names.is_empty() {
        return Finding::good("unit", format!("{} is as delivered", unit.display()));
    }
    let (file, names) = (unit.display(), names.join(", "));
    Finding::soon("unit-is-softer").about(&file).with("file", &file).with("names", &names).says(
        format!("{file} locks the server in otherwise than delivered: {names}"),
        "a server that is broken into can then do more harm, and write secrets to disk",
        "install deploy/systemd/sandyk.service again; look into its drop-in folder, too",
    )
}

/// Names of settings that are not as delivered.
fn softer(found: &Settings) -> Vec<String> {
    let delivered = settings(DELIVERED);
    let ours = delivered.keys().filter(|name| !OWN.contains(&name.as_str()));
    let differs = ours.filter(|name| found.get(*name) != delivered.get(*name));
    let mut names: Vec<String> = differs.cloned().collect();
    let account = found.get("User").and_then(|said| said.last());
    if account.is_none_or(|account| account == "root" || account == "0") {
        names.push("User".to_owned());
    }
    names
}

/// The unit, and its drop-ins in the order in which systemd reads them.
fn load(unit: &Path) -> io::Result<String> {
    let mut text = files::load_text(unit, MAX_UNIT)?;
    let mut folder = OsString::from(unit);
    folder.push(".d");
    let listed = match fs::read_dir(PathBuf::from(folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(text),
        listed => listed?,
    };
    let mut more: Vec<PathBuf> = listed.map(|e| e.map(|e| e.path())).collect::<io::Result<_>>()?;
    more.retain(|file| file.extension().is_some_and(|e| e == "conf"));
    more.sort();
    for file in more {
        text.push('\n');
        text.push_str(&files::load_text(&file, MAX_UNIT)?);
    }
    Ok(text)
}

/// What a unit says of its service: of a list everything in any order, of all else the last word.
fn settings(text: &str) -> Settings {
    let mut found = Settings::new();
    let mut in_service = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            in_service = line == "[Service]";
        }
        let Some((name, value)) = line.split_once('=').filter(|_| in_service) else { continue };
        let said = found.entry(name.trim().to_owned()).or_default();
        if value.trim().is_empty() || !LISTS.contains(&name.trim()) {
            said.clear();
        }
        let words: BTreeSet<&str> = value.split_whitespace().collect();
        said.push(words.into_iter().collect::<Vec<_>>().join(" "));
    }
    found
}

/// Settings of which several lines add up.
const LISTS: [&str; 2] = ["RestrictAddressFamilies", "SystemCallFilter"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{Audience, Existing};

    fn put(path: &Path, text: &str) {
        files::make_folder(path.parent().unwrap()).unwrap();
        files::save(path, text.as_bytes(), Audience::Owner, Existing::Replace).unwrap();
    }

    #[test]
    fn the_delivered_unit_is_good_and_every_line_of_it_counts() {
        let here = tempfile::tempdir().unwrap();
        let unit = here.path().join("sandyk.service");
        assert_eq!(examine(&unit).code, "no-unit");
        put(&unit, DELIVERED);
        assert_eq!(examine(&unit).code, "unit");
        let mut counted = 0;
        for line in DELIVERED.lines() {
            let Some((name, _)) = line.split_once('=') else { continue };
            let known = settings(DELIVERED).contains_key(name);
            if !known || OWN.contains(&name) && name != "User" {
                continue;
            }
            counted += 1;
            put(&unit, &DELIVERED.replace(&format!("\n{line}\n"), "\n"));
            let found = examine(&unit);
            let named = found.code == "unit-is-softer" && found.what.contains(name);
            assert!(named, "{line}: {found:?}");
        }
        assert!(counted > 30, "{counted}");
    }

    #[test]
    fn a_drop_in_that_softens_is_seen() {
        let here = tempfile::tempdir().unwrap();
        let unit = here.path().join("sandyk.service");
        put(&unit, DELIVERED);
        let drop_in = here.path().join("sandyk.service.d/override.conf");
        for (text, names) in [
            ("[Service]\nPrivateNetwork=false\n", "PrivateNetwork"),
            ("[Service]\nSystemCallFilter=\n", "SystemCallFilter"),
            ("[Service]\nSystemCallFilter=mount\n", "SystemCallFilter"),
            ("[Service]\nUser=root\n", "User"),
        ] {
            put(&drop_in, text);
            assert!(examine(&unit).what.ends_with(&format!(": {names}")), "{text}");
        }
        put(&drop_in, "[Unit]\nPrivateNetwork=false\n[Service]\nRestartSec=9\n");
        assert_eq!(examine(&unit).code, "unit");
    }
}
