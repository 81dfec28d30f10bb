//! A command line that was not understood: what was wrong, the nearest right word, one example.
//!
//! Promises: 1. it leaves with exit code 2 and nothing was done; 2. the words are the person's; 3. what
//! was typed passes the filter of every other message. Does not: say all options; `--help` does.

use std::ffi::OsString;

use clap::{
    Command,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{exit::CliError, words::Words};

/// The error for a person, from what the parser found.
#[must_use]
pub fn explain(error: &clap::Error, command: &Command, args: &[OsString]) -> CliError {
    let path = path_of(command, args);
    let (english, words) = what(error);
    let near = near(error);
    let example = example_of(&path);
    let help = format!("{path} --help");
    let mut next = format!("for example: {example}\n       all options: {help}");
    let mut id = Words::of("usage-next");
    if let Some(near) = &near {
        next = format!("perhaps you meant {near}; {next}");
        id = Words::of("usage-next-near").with("near", near);
    }
    CliError::usage(english)
        .kept("nothing was done")
        .advice(next)
        .words(words)
        .next_words(id.with("example", example).with("help", help))
}

/// What happened, in English and in words.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is rare is told by what it holds")]
fn what(error: &clap::Error) -> (String, Words) {
    let given = text(error, ContextKind::InvalidValue).unwrap_or_default();
    let option = text(error, ContextKind::InvalidArg).unwrap_or_default();
    let command = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
    if !command.is_empty() {
        let words = Words::of("usage-no-command").with("given", &command);
        return (format!("there is no command `{command}`"), words);
    }
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let words = Words::of("usage-no-option").with("given", &option);
            (format!("`{option}` is not understood here"), words)
        }
        ErrorKind::MissingRequiredArgument => {
            let words = Words::of("usage-missing").with("missing", &option);
            (format!("something is missing: `{option}`"), words)
        }
        ErrorKind::MissingSubcommand => {
            ("a word is missing that says what to do".to_owned(), Words::of("usage-missing-verb"))
        }
        ErrorKind::ArgumentConflict => {
            let other = text(error, ContextKind::PriorArg).unwrap_or_default();
            let words = Words::of("usage-conflict").with("one", &option).with("other", &other);
            (format!("`{option}` and `{other}` do not go together"), words)
        }
        _ if given.is_empty() && !option.is_empty() => {
            let words = Words::of("usage-no-value").with("option", &option);
            (format!("`{option}` needs a value after it"), words)
        }
        _ if !option.is_empty() => {
            let words = Words::of("usage-wrong-value").with("given", &given);
            (format!("`{given}` is no value for `{option}`"), words.with("option", &option))
        }
        _ => {
            let english = error.to_string();
            let first = english.lines().next().unwrap_or_default();
            let first = first.strip_prefix("error: ").unwrap_or(first);
            (first.to_owned(), Words::of("usage-other").with("why", first))
        }
    }
}

/// What the person may have meant, or what would be understood.
fn near(error: &clap::Error) -> Option<String> {
    [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedValue,
        ContextKind::ValidValue,
        ContextKind::ValidSubcommand,
    ]
    .into_iter()
    .find_map(|kind| text(error, kind).filter(|text| !text.is_empty()))
    .map(|text| format!("`{text}`"))
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(one) => Some(one.clone()),
        // what the parser finds nearest stands last
        ContextValue::Strings(many) => {
            Some(many.iter().rev().cloned().collect::<Vec<_>>().join("`, `"))
        }
        ContextValue::StyledStr(styled) => Some(styled.to_string()),
        ContextValue::Number(number) => Some(number.to_string()),
        ContextValue::Bool(_) | ContextValue::StyledStrs(_) | ContextValue::None | _ => None,
    }
}

/// The command as far as it was understood: `sandyk review case`.
fn path_of(command: &Command, args: &[OsString]) -> String {
    let (mut here, mut path) = (command, command.get_name().to_owned());
    for word in args.iter().skip(1).filter_map(|arg| arg.to_str()) {
        if let Some(next) = here.find_subcommand(word) {
            path = format!("{path} {word}");
            here = next;
        }
    }
    path
}

/// The example of a command, or of the nearest one above it.
fn example_of(path: &str) -> &'static str {
    let mut path = path;
    loop {
        if let Some((_, example)) = EXAMPLES.iter().find(|(of, _)| *of == path) {
            return example;
        }
        match path.rsplit_once(' ') {
            Some((above, _)) => path = above,
            None => return "sandyk demo",
        }
    }
}

/// One line for each command that would be understood.
const EXAMPLES: &[(&str, &str)] = &[
    ("sandyk", "sandyk demo"),
    ("sandyk demo", "sandyk demo --intake 127.0.0.1:8090 --desk 127.0.0.1:8091"),
    ("sandyk serve", "sandyk serve --config /etc/sandyk/server.toml"),
    (
        "sandyk sync",
        "sandyk sync --device device --workspace workspace --proxy socks5h://127.0.0.1:9050",
    ),
    (
        "sandyk sync init",
        "sandyk sync init --invitation guardian-1.txt --reader reader.pub --device device \
         --workspace workspace",
    ),
    ("sandyk review", "sandyk review --workspace workspace --keys keys list"),
    ("sandyk review init", "sandyk review init --invitation guardian-1.txt --keys keys"),
    ("sandyk review show", "sandyk review --config reviewer.toml show c3h2y3l5"),
    ("sandyk review read", "sandyk review --config reviewer.toml read"),
    (
        "sandyk review exhibits",
        "sandyk review --config reviewer.toml exhibits c3h2y3l5 --to photos",
    ),
    ("sandyk review case", "sandyk review --config reviewer.toml case list"),
    ("sandyk review case new", "sandyk review --config reviewer.toml case new 'Town B'"),
    ("sandyk review case show", "sandyk review --config reviewer.toml case show 'Town B'"),
    ("sandyk review tag", "sandyk review --config reviewer.toml tag c3h2y3l5 --case 'Town B'"),
    ("sandyk review untag", "sandyk review --config reviewer.toml untag c3h2y3l5 --remove torture"),
    ("sandyk review remark", "sandyk review --config reviewer.toml remark c3h2y3l5 'Ask again.'"),
    ("sandyk review watch", "sandyk review --config reviewer.toml watch"),
    ("sandyk notify", "sandyk notify --attention keys/attention.json -- notify-send 'Please look'"),
    ("sandyk admin", "sandyk admin keyring show --folder ceremony"),
    ("sandyk admin init", "sandyk admin init --organisation 'Name' --folder ceremony"),
    (
        "sandyk admin invite",
        "sandyk admin invite --folder ceremony --role guardian --out guardian-1.txt",
    ),
    ("sandyk admin add", "sandyk admin add --folder ceremony reader.pub device.pub"),
    ("sandyk admin sign", "sandyk admin sign --folder ceremony --root root-1.age"),
    ("sandyk admin renew", "sandyk admin renew --folder ceremony"),
    ("sandyk admin keyring", "sandyk admin keyring show --folder ceremony"),
    (
        "sandyk admin keyring verify",
        "sandyk admin keyring verify --published published --roots roots.txt",
    ),
    (
        "sandyk admin keyring publish",
        "sandyk admin keyring publish --folder ceremony --to published",
    ),
    ("sandyk completions", "sandyk completions bash"),
    ("sandyk man", "sandyk man --to man1"),
];

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_example_would_be_understood() {
        for (path, example) in EXAMPLES {
            assert!(example.starts_with(path.split(' ').next().unwrap()), "{example}");
            let words: Vec<_> = shlex::split(example).unwrap();
            let parsed = Cli::try_parse_from(&words);
            assert!(parsed.is_ok(), "{example}: {:?}", parsed.err().map(|e| e.to_string()));
        }
    }

    #[test]
    fn an_example_is_of_the_command_or_of_the_nearest_above_it() {
        assert_eq!(example_of("sandyk review read"), "sandyk review --config reviewer.toml read");
        assert_eq!(example_of("sandyk review case merge"), example_of("sandyk review case"));
        assert_eq!(example_of("elsewhere"), "sandyk demo");
    }

    #[test]
    fn the_path_is_what_was_understood_of_the_line() {
        let line = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        let path = |text: &str| path_of(&Cli::command(), &line(text));
        assert_eq!(path("sandyk reveiw list"), "sandyk");
        assert_eq!(path("sandyk review --json case nwe"), "sandyk review case");
    }
}
