//! What a command says in five languages, held against the snapshots in `tests/cli/first-run/`.
//!
//! `WRITE_SNAPSHOTS=1` before a test writes them anew, to be read before they are committed.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use sandyk::clock::{Clock as _, SystemClock};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_sandyk");
const LANGUAGES: [(&str, &str); 5] = [
    ("ky_KG.UTF-8", "ky"),
    ("ru_RU.UTF-8", "ru"),
    ("uz_UZ.UTF-8@cyrillic", "uz-Cyrl"),
    ("uz_UZ.UTF-8", "uz-Latn"),
    ("C.UTF-8", "en"),
];
/// What stands before what was kept and what to do.
const LABELS: [(&str, [&str; 2]); 5] = [
    ("ky", ["бүтүн:", "эми:"]),
    ("ru", ["цело:", "дальше:"]),
    ("uz-Cyrl", ["бутун:", "энди:"]),
    ("uz-Latn", ["butun:", "endi:"]),
    ("en", ["kept:", "next:"]),
];

/// Two days, counted from today: the past is good for keyrings that ran out, the future for clocks.
pub(crate) const PAST: i64 = -30;
pub(crate) const FUTURE: i64 = 730;

/// What a command says in a locale, and how it leaves.
pub(crate) fn spoken(mut command: Command, locale: &str) -> (Option<i32>, String) {
    for unset in ["LANGUAGE", "LC_MESSAGES", "LANG"] {
        command.env_remove(unset);
    }
    let done = command.env("LC_ALL", locale).stdin(Stdio::null()).output().unwrap();
    let said = [done.stdout, done.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    // how much memory may be locked differs between machines
    let said = said.lines().filter(|line| !line.contains("memlock")).collect::<Vec<_>>();
    (done.status.code(), said.join("\n"))
}

/// A command line below `folder` after a mount that only it sees.
pub(crate) fn mounted(folder: &Path, mount: &str, line: &str) -> Command {
    let script = format!("{mount} && exec {BINARY} {line}");
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", &script]).current_dir(folder);
    command
}

/// A mount of that folder over itself, for reading only.
pub(crate) fn read_only(folder: &str) -> String {
    format!("mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}")
}

/// Holds what is said in each language against the snapshot.
pub(crate) fn compare(
    name: &str,
    line: &str,
    code: i32,
    run: impl Fn(&str) -> (Option<i32>, String),
) {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cli/first-run/{name}.txt"));
    let today = SystemClock.today();
    let mut days: Vec<_> = [(0, "TODAY"), (PAST, "LAST-MONTH"), (FUTURE, "IN-TWO-YEARS")]
        .map(|(days, word)| (today.plus_days(days).to_string(), word))
        .into();
    days.push((today.plus_days(FUTURE).week().to_string(), "WEEK-IN-TWO-YEARS"));
    let mut parts = BTreeSet::new();
    let mut all = format!("$ {line}\n? {code}\n");
    for (locale, tag) in LANGUAGES {
        let (found, said) = run(locale);
        assert_eq!(found, Some(code), "{name} in {tag}: {said}");
        let said = days.iter().fold(said, |said, (day, word)| said.replace(day, word));
        let labels = LABELS.iter().find(|(lang, _)| *lang == tag).unwrap().1;
        parts.insert(
            labels.map(|label| {
                said.lines().filter(|line| line.trim_start().starts_with(label)).count()
            }),
        );
        all = format!("{all}\n[{tag}]\n{said}\n");
    }
    assert_eq!(parts.len(), 1, "{name}: one language says more than another:\n{all}");
    if std::env::var_os("WRITE_SNAPSHOTS").is_some() {
        fs::write(&file, &all).unwrap();
    }
    let known = fs::read_to_string(&file).unwrap_or_default();
    assert!(known == all, "{name}: the screen is not as in {}:\n{all}", file.display());
}
