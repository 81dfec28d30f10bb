//! Where a command gets a passphrase: from a file that is named, or from the terminal.
//!
//! Promises: 1. what is typed is not shown; 2. a new passphrase is asked for twice, and one that can
//! be guessed by trying is refused; 3. a file's last newline does not count, nothing else is
//! changed; 4. a file that others may read is warned about. Does not: take one from the command
//! line or the environment, where others can read it.

use std::path::{Path, PathBuf};

use crate::{
    cli::{
        exit::CliError,
        others::warn_if_open,
        out::Out,
        words::{Told as _, Words},
    },
    files,
    secret::SecretText,
};

/// A passphrase that opens something.
///
/// # Errors
/// If the file cannot be read or there is no terminal to ask.
pub fn ask(file: Option<&PathBuf>, what: &str, out: &mut Out) -> Result<SecretText, CliError> {
    if let Some(file) = file {
        return from_file(file, out);
    }
    let english = format!("Passphrase of {what} (it is not shown): ");
    from_terminal(&out.in_words(english, &Words::of("ask-passphrase").of_what(what)))
}

/// A passphrase for something new, typed twice if it is typed.
///
/// # Errors
/// As [`ask`]; and if it is shorter than [`SHORTEST`], or if the two do not agree three times.
pub fn ask_new(file: Option<&PathBuf>, what: &str, out: &mut Out) -> Result<SecretText, CliError> {
    if let Some(file) = file {
        let words = from_file(file, out)?;
        return if long_enough(&words) { Ok(words) } else { Err(too_short(&words)) };
    }
    let english =
        format!("Choose a passphrase for {what}: six words or more that nobody can guess.");
    out.tell(english, &Words::of("ask-choose").of_what(what));
    let first_time = Words::of("ask-new").of_what(what);
    let first_time =
        out.in_words(format!("New passphrase for {what} (it is not shown): "), &first_time);
    let again = out.in_words("The same again: ", &Words::of("ask-again"));
    for tries_left in (0..TRIES).rev() {
        let first = from_terminal(&first_time)?;
        let wrong = if !long_enough(&first) {
            too_short(&first)
        } else if from_terminal(&again)?.expose() == first.expose() {
            return Ok(first);
        } else {
            CliError::failed("the two passphrases differ")
                .kept("nothing was written")
                .advice("start again, and type slowly")
                .words(Words::of("passphrases-differ"))
        };
        if tries_left == 0 {
            return Err(wrong);
        }
        let why = wrong.what_words().cloned().unwrap_or_else(|| Words::english(wrong.what()));
        let english = format!("Not taken: {}. Once more.", wrong.what());
        out.tell(english, &Words::of("not-taken").why(why));
    }
    Err(CliError::failed("no passphrase was given")
        .kept("nothing was written")
        .words(Words::of("passphrase-none")))
}

fn long_enough(words: &SecretText) -> bool {
    words.expose().trim().chars().count() >= SHORTEST
}

fn too_short(words: &SecretText) -> CliError {
    let found = words.expose().trim().chars().count();
    CliError::refused(format!(
        "a passphrase of {found} characters can be found by trying; {SHORTEST} are the least"
    ))
    .kept("nothing was written")
    .advice("take six or more words that nobody would put together")
    .words(Words::of("passphrase-short").count("found", found).count("least", SHORTEST))
}

fn from_terminal(prompt: &str) -> Result<SecretText, CliError> {
    rpassword::prompt_password(prompt).map(SecretText::new).map_err(|error| {
        CliError::failed(format!("no passphrase could be asked for: {error}"))
            .kept("nothing was changed")
            .advice("run it in a terminal, or name a file with --passphrase-file")
            .words(Words::of("passphrase-no-terminal"))
    })
}

fn from_file(file: &Path, out: &mut Out) -> Result<SecretText, CliError> {
    warn_if_open(file, out);
    let text = files::load_text(file, MAX_BYTES).map(SecretText::new).map_err(|error| {
        CliError::failed(format!("the passphrase file {}: {error}", file.display()))
            .kept("nothing was changed")
            .advice("name the right file with --passphrase-file, or leave it out to be asked")
            .words(Words::of("passphrase-file").with("file", file.display()).why(error.words()))
    })?;
    let line = text.expose();
    let line = line.strip_suffix('\n').unwrap_or(line);
    Ok(SecretText::new(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

/// Fewest characters of a new passphrase, spaces at its ends not counted.
pub const SHORTEST: usize = 12;
/// How often somebody may mistype a new passphrase.
const TRIES: usize = 3;
const MAX_BYTES: u64 = 4 << 10;

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;
    use crate::{
        cli::{exit::Exit, out::Format},
        files::{Audience, Existing, save},
    };

    fn mute() -> Out {
        Out::to(Box::new(std::io::sink()), Box::new(std::io::sink()), Format::Table)
    }

    #[test]
    fn only_the_last_newline_of_a_file_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("words");
        for (written, meant) in
            [("a b\n", "a b"), ("a b\r\n", "a b"), (" a \n\n", " a \n"), ("", "")]
        {
            save(&file, written.as_bytes(), Audience::Owner, Existing::Replace).unwrap();
            assert_eq!(ask(Some(&file), "a test", &mut mute()).unwrap().expose(), meant);
        }
        let missing = ask(Some(&folder.path().join("none")), "a test", &mut mute()).err().unwrap();
        assert!(missing.to_string().contains("none"), "{missing}");
    }

    #[test]
    fn a_new_passphrase_under_twelve_characters_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("words");
        for (written, taken) in [
            ("", false),
            ("elevenchars", false),
            ("   spaced    \n", false),
            ("двенадцать б", true),
        ] {
            save(&file, written.as_bytes(), Audience::Owner, Existing::Replace).unwrap();
            let found = ask_new(Some(&file), "a test", &mut mute());
            assert_eq!(found.is_ok(), taken, "{written:?}");
            if let Err(error) = found {
                assert_eq!(error.exit(), Exit::Refused);
                assert!(error.to_string().contains("12 are the least"), "{error}");
            }
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_warned_about() {
        let folder = tempfile::tempdir().unwrap();
        let (file, heard) = (folder.path().join("words"), folder.path().join("heard"));
        save(&file, b"words", Audience::Owner, Existing::Refuse).unwrap();
        for (mode, warned) in [(0o600, false), (0o640, true), (0o604, true)] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let words = Box::new(fs::File::create(&heard).unwrap());
            let mut out = Out::to(Box::new(std::io::sink()), words, Format::Table);
            ask(Some(&file), "a test", &mut out).unwrap();
            let said = fs::read_to_string(&heard).unwrap();
            assert_eq!(said.contains("others on this machine may read"), warned, "{mode:o}");
        }
    }
}
