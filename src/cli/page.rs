//! A page of groups on its way to paper and back, for root keys and reading keys alike.

use std::{io, path::Path};

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::Out,
        words::{Told as _, Words},
    },
    files::{self, Audience, Existing},
    paper::{self, PaperError, Typist},
};

/// Shows a page, or saves it as a new file that nobody else may read.
///
/// # Errors
/// If the file is there already or cannot be written.
pub(super) fn give(page: &str, file: Option<&Path>, out: &mut Out) -> Result<(), CliError> {
    let Some(file) = file else {
        return page.lines().try_for_each(|line| out.line(line));
    };
    files::save(file, page.as_bytes(), Audience::Owner, Existing::Refuse).map_err(|error| {
        CliError::failed(format!("{}: {error}", file.display()))
            .kept("nothing was written")
            .advice("name another file, or check the disk")
            .words(Words::of("paper-file").with("file", file.display()).why(error.words()))
    })?;
    out.line(file.display())
}

/// Reads a page from a file with the typed lines, or from the keyboard; gives what is sealed on it.
///
/// # Errors
/// If the file cannot be read (at most 64 KiB), and what [`paper::read`] refuses.
pub(super) fn take(file: Option<&Path>, out: &mut Out) -> Result<Vec<u8>, CliError> {
    let Some(file) = file else { return typed(out) };
    let text = files::load_text(file, MAX_PAGE_BYTES).map_err(|error| {
        CliError::failed(format!("{}: {error}", file.display()))
            .kept("nothing was written")
            .advice("name the file with the typed lines")
            .words(Words::of("paper-page").with("file", file.display()).why(error.words()))
    })?;
    paper::read(&text).map_err(mistyped)
}

/// Line by line from the keyboard; a wrong one is typed again.
fn typed(out: &mut Out) -> Result<Vec<u8>, CliError> {
    let mut typist = Typist::default();
    out.tell(
        "Type the page line by line, with the number at its beginning, until the line with ==.",
        &Words::of("paper-type"),
    );
    for line in io::stdin().lines() {
        let Ok(line) = line else { break };
        match typist.take(&line) {
            Ok(Some(sealed)) => return Ok(sealed),
            Ok(None) => {}
            Err(error) => out.warn(error, &error.words()),
        }
    }
    Err(mistyped(PaperError::Whole))
}

fn mistyped(error: PaperError) -> CliError {
    CliError::told(Exit::Failed, error).words(error.words())
}

/// A page, and whatever was typed around it.
const MAX_PAGE_BYTES: u64 = 64 << 10;
