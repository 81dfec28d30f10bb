//! The words of the command line: complete, of one script, and of every error that a person can meet.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;
use sandyk::locale::{Lang, Locale};
use walkdir::WalkDir;

use super::{arguments, findings::findings, in_latin};

pub(crate) const SPOKEN: [Lang; 4] = [Lang::Ky, Lang::Ru, Lang::UzCyrl, Lang::UzLatn];

/// Messages with their parts: `id`, `id.kept`, `id.next`; terms begin with a hyphen.
pub(crate) fn messages(lang: Lang) -> BTreeMap<String, String> {
    let first = Regex::new(r"^(-?[a-z][a-z0-9-]*) = (.*)$").unwrap();
    let part = Regex::new(r"^    (\.kept|\.next|\.why) = (.*)$").unwrap();
    let (mut found, mut id) = (BTreeMap::new(), String::new());
    for line in lang.commands().unwrap().lines() {
        let (key, text) = if let Some(hit) = first.captures(line) {
            hit[1].clone_into(&mut id);
            (id.clone(), hit[2].to_owned())
        } else if let Some(hit) = part.captures(line) {
            (format!("{id}{}", &hit[1]), hit[2].to_owned())
        } else {
            assert!(line.is_empty() || line.starts_with('#'), "{}: {line}", lang.tag());
            continue;
        };
        assert!(found.insert(key, text).is_none(), "{}: {id} stands twice", lang.tag());
    }
    found
}

/// All sources below a folder of `src`, without their tests.
pub(crate) fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let all = WalkDir::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    let paths = all.into_iter().map(|entry| entry.unwrap().into_path());
    let source = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path, text.split("\n#[cfg(test)]\n").next().unwrap_or_default().to_owned())
    };
    paths.filter(|path| path.extension().is_some_and(|e| e == "rs")).map(source).collect()
}

#[test]
fn four_languages_say_the_same_three_things_with_the_same_arguments() {
    let russian = messages(Lang::Ru);
    assert!(russian.len() > 400, "{}", russian.len());
    for lang in SPOKEN {
        let other = messages(lang);
        assert!(russian.keys().eq(other.keys()), "{}", lang.tag());
        for (key, text) in &other {
            assert_eq!(arguments(text), arguments(&russian[key]), "{key} of {}", lang.tag());
        }
        assert_eq!(Locale::load_commands(lang).unwrap().unwrap().signed_off(), None);
    }
    assert!(Locale::load_commands(Lang::En).unwrap().is_none(), "English stands in the code");
}

#[test]
fn the_latin_words_of_commands_are_the_cyrillic_ones_letter_by_letter() {
    let latin = messages(Lang::UzLatn);
    for (key, text) in messages(Lang::UzCyrl) {
        assert_eq!(latin[&key], in_latin(&text), "{key}: change uz-Cyrl.ftl first");
    }
}

#[test]
fn every_message_of_the_command_line_is_used_and_every_used_one_exists() {
    let literal = Regex::new(r#""([a-z]+(?:-[a-z0-9]+)*)""#).unwrap();
    let named = Regex::new(r#"(?:Words::of|locale\.text)\(\s*"([a-z0-9-]+)""#).unwrap();
    let (mut all, mut used) = (BTreeSet::new(), BTreeSet::new());
    for (_, text) in sources("src/cli") {
        all.extend(literal.captures_iter(&text).map(|hit| hit[1].to_owned()));
        used.extend(named.captures_iter(&text).map(|hit| hit[1].to_owned()));
    }
    all.extend(findings().into_keys());
    let messages = messages(Lang::Ru);
    let ids: BTreeSet<&str> = messages
        .keys()
        .filter(|key| !key.contains('.') && !key.starts_with('-'))
        .map(String::as_str)
        .collect();
    let idle: Vec<_> = ids.iter().filter(|id| !all.contains(**id)).collect();
    assert!(idle.is_empty(), "nobody says {idle:?}");
    let lost: Vec<_> = used.iter().filter(|id| !ids.contains(id.as_str())).collect();
    assert!(lost.is_empty() && used.len() > 150, "no message is called {lost:?}");
    let terms = messages.keys().filter(|key| key.starts_with('-'));
    for term in terms {
        let place = format!("{{ {term} }}");
        assert!(messages.values().any(|text| text.contains(&place)), "nobody says {term}");
    }
}

#[test]
fn every_argument_that_a_message_asks_for_is_given() {
    let messages = messages(Lang::Ru);
    let given = Regex::new(r#"\.(?:with|count)\(\s*"([a-z]+)"|\.(?:of_)?(why|what)\("#).unwrap();
    for (path, text) in sources("src/cli") {
        for rest in text.split("Words::of(").skip(1) {
            let Some(id) = rest.trim_start().strip_prefix('"').and_then(|r| r.split('"').next())
            else {
                continue;
            };
            let mut names: BTreeSet<String> = given
                .captures_iter(rest)
                .filter_map(|hit| hit.get(1).or(hit.get(2)).map(|name| name.as_str().to_owned()))
                .collect();
            // both are filled in after either was chosen
            if id.starts_with("usage-next") {
                names.extend(["example", "help"].map(str::to_owned));
            }
            for part in [id.to_owned(), format!("{id}.kept"), format!("{id}.next")] {
                let asked = messages.get(&part).map(|text| arguments(text)).unwrap_or_default();
                assert!(asked.is_subset(&names), "{}: {part}: {names:?}", path.display());
            }
        }
    }
}

/// Errors that no command shows by themselves, and why.
const NEVER_SHOWN: &[(&str, &str)] = &[
    ("Bad", "a page tells the witness"),
    ("BadCommit", "inside of StoreError, which says that it is a fault of the program"),
    ("BatchError", "inside of RewrapActError, or goes to a reader's machine as a code"),
    ("BookError", "inside of SessionError"),
    ("CheckpointError", "the alarm of the sync says it"),
    ("ContainerError", "inside of OpenError"),
    ("DeskError", "goes to a reader's machine as a code, which sync shows"),
    ("FormError", "a page tells the witness"),
    ("Full", "a page tells the witness"),
    ("IntakeError", "a page tells the witness"),
    ("MailboxError", "a page tells the witness"),
    ("LocaleError", "a test finds it, not a person"),
    ("NoSuchPage", "a page tells the witness"),
    ("NotACode", "the answer that holds it is refused on a page"),
    ("NotADate", "the answer that holds it is refused on a page"),
    ("NotADay", "the file that holds it is named"),
    ("NotADigest", "the file that holds it is named"),
    ("NotAHybridKey", "the file that holds it is named"),
    ("NotARecipient", "the file or option that holds it is named"),
    ("NotAReply", "a page tells the witness"),
    ("NotAWeek", "the file that holds it is named"),
    ("NotAnId", "the option that holds it is named"),
    ("NotAnIdentity", "the file that holds it is named"),
    ("NotAnItem", "the alarm of the sync says it"),
    ("OutOfLimits", "inside of EntryError"),
    ("OutboxError", "goes to a reader's machine as a code"),
    ("ProveError", "inside of DeskError"),
    ("ReceiptError", "a page tells the witness"),
    ("RewrapError", "the envelope is left out and counted, or called broken"),
    ("SealError", "inside of KeysError, as the detail of what it says"),
    ("SignatureError", "goes to a reader's machine as a code"),
    ("TapeError", "the alarm of the sync says it"),
    ("TaxonomyError", "a test finds it, not a person"),
    ("WrongMinutes", "inside of ReviewerConfigError, as the detail of what it says"),
];

#[test]
fn every_error_has_its_words_or_a_reason_to_have_none() {
    let kind = Regex::new(r"thiserror::Error[^\n]*\]\n(?:#\[[^\n]*\n|///[^\n]*\n|\s+[^\n]*\n)*?pub (?:enum|struct) ([A-Za-z]+)")
        .unwrap();
    let errors: BTreeSet<String> = sources("src")
        .iter()
        .flat_map(|(_, text)| {
            kind.captures_iter(text).map(|hit| hit[1].to_owned()).collect::<Vec<_>>()
        })
        .collect();
    assert!(errors.len() > 30, "{errors:?}");
    let words: String = sources("src/cli/words").into_iter().map(|(_, text)| text).collect();
    let told = |name: &str| words.contains(&format!("impl Told for {name} "));
    let excused: BTreeSet<&str> = NEVER_SHOWN.iter().map(|(name, _)| *name).collect();
    let silent: Vec<_> =
        errors.iter().filter(|name| !told(name) && !excused.contains(name.as_str())).collect();
    assert!(silent.is_empty(), "{silent:?} have words in English only: src/cli/words");
    for name in excused {
        assert!(errors.contains(name) && !told(name), "{name} needs no excuse");
    }
}

/// Errors that commands make themselves beyond the `.words(…)` in the same file, and why.
const WITHOUT_WORDS: &[(&str, usize, &str)] = &[
    ("backup.rs", 2, "arms of one match share their words"),
    ("demo/send.rs", 3, "only a fault of the demo itself shows them"),
    ("demo/stage.rs", 5, "only a fault of the demo itself shows them"),
    ("demo/tour.rs", 2, "only a fault of the demo itself shows them"),
    ("review/exhibits.rs", 2, "three arms of one match share theirs"),
    ("review/forget.rs", 5, "arms of one match share their words"),
    ("review/leave.rs", 1, "arms of one match share their words"),
    ("review/recover.rs", 1, "two arms of one match share their words"),
    ("review/reply.rs", 7, "arms of one match share their words"),
    ("review/sitting.rs", 1, "arms of one match share theirs"),
    ("speech.rs", 1, "its words stand beside it"),
    ("sync/mod.rs", 2, "four arms of one match share their words"),
    ("verify/proof.rs", 1, "two arms of one match share their words"),
];

#[test]
fn every_error_that_a_command_makes_has_its_words() {
    let made = Regex::new(r"CliError::(?:failed|refused|usage|told)\(").unwrap();
    let said = Regex::new(r"\.words\((?:\s|[A-Za-z])").unwrap();
    let mut without = BTreeMap::new();
    for (path, text) in sources("src/cli") {
        let name = path.display().to_string();
        let name = name.split("src/cli/").nth(1).unwrap_or_default().to_owned();
        let (made, said) = (made.find_iter(&text).count(), said.find_iter(&text).count());
        if made > said && name != "exit.rs" {
            without.insert(name, made - said);
        }
    }
    let known: BTreeMap<String, usize> =
        WITHOUT_WORDS.iter().map(|(name, n, _)| ((*name).to_owned(), *n)).collect();
    assert_eq!(without, known, "give it .words(Words::of(…)), or say in WITHOUT_WORDS why not");
}

/// Lines beside the answer that commands say in English, by file, how many, and why.
const IN_ENGLISH: &[(&str, usize, &str)] = &[
    ("admin/show.rs", 2, "roles and fingerprints, as in the tables of the answer"),
    ("demo/stage.rs", 4, "the commands themselves, and what the server says"),
    (
        "demo/tour.rs",
        20,
        "the tour: a look at the product by who may run a server, in English for now",
    ),
    ("review/read.rs", 1, "an empty line"),
    ("serve/mod.rs", 1, "`intake listens on …`: read by programs, too"),
    ("speech.rs", 10, "the words themselves, and English where there are none"),
];

#[test]
fn every_line_beside_an_answer_is_said_in_the_language_of_the_person() {
    let plain = Regex::new(r"\b(?:out|self)\s*\.say\(").unwrap();
    let mut found = BTreeMap::new();
    for (path, text) in sources("src/cli") {
        let name = path.display().to_string();
        let name = name.split("src/cli/").nth(1).unwrap_or_default().to_owned();
        let n = plain.find_iter(&text).count();
        if n > 0 {
            found.insert(name, n);
        }
    }
    let known: BTreeMap<String, usize> =
        IN_ENGLISH.iter().map(|(name, n, _)| ((*name).to_owned(), *n)).collect();
    assert_eq!(
        found, known,
        "use Out::tell, Out::warn or Out::steps, or say in IN_ENGLISH why not"
    );
}

/// What a person reads: without commands, file names and arguments.
fn plain(text: &str) -> String {
    let typed = Regex::new(r"`[^`]*`|\{[^}]*\}").unwrap();
    typed.replace_all(text, " ").into_owned()
}

#[test]
fn the_command_line_speaks_each_language_in_its_own_script_and_shouts_at_nobody() {
    let names = ["Tor", "Caps", "Lock", "sandyk"];
    for lang in SPOKEN {
        for (key, text) in messages(lang) {
            let plain = plain(&text);
            assert!(!plain.contains('!'), "{key} of {}", lang.tag());
            for word in plain.split(|c: char| !c.is_alphabetic()) {
                let cyrillic = word.chars().any(|c| ('\u{400}'..='\u{52f}').contains(&c));
                let latin = word.chars().any(|c| c.is_ascii_alphabetic());
                let foreign = if lang == Lang::UzLatn { cyrillic } else { latin };
                assert!(!foreign || names.contains(&word), "{key} of {}: {word}", lang.tag());
            }
        }
    }
}

#[test]
fn the_command_line_uses_no_word_of_a_criminal_file_either() {
    let stems =
        ["показани", "заявлени", "көрсөтмө", "арыз", "кўрсатув", "ариза", "koʻrsatuv", "жертв"];
    let participants = ["катышуучу", "иштирокчи", "ishtirokchi", "участник", "курман", "қурбон"];
    for lang in SPOKEN {
        for (key, text) in messages(lang) {
            let text = text.to_lowercase();
            for stem in stems {
                assert!(!text.contains(stem), "{key} of {}: {stem}", lang.tag());
            }
            for word in text.split(|c: char| !c.is_alphabetic()) {
                let called = participants.iter().find(|stem| word.starts_with(**stem));
                assert!(called.is_none(), "{key} of {}: {word}", lang.tag());
            }
        }
    }
}
