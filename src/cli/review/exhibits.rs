//! `sandyk review exhibits`: the files of a testimony, as they were sent.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        review::{read, standing, words},
        words::{Told as _, Words},
    },
    review::{ExhibitsError, ExhibitsHere, Session, write_exhibits},
};

#[derive(Args)]
pub(super) struct ExhibitsArgs {
    /// The testimony: the beginning of its id
    id: String,
    /// A folder that is not there yet, or is empty
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

pub(super) fn run(args: &ExhibitsArgs, session: &Session, out: &mut Out) -> Result<Exit, CliError> {
    let id = read::find(&args.id, session)?;
    let opened = session.open_one(id).ok_or_else(read::not_in_the_feed)?;
    let content = match (&opened.content, opened.exhibits) {
        (Err(why), _) => return Err(read::not_proven(why)),
        (Ok(_), ExhibitsHere::No) => return Err(not_here("are not fetched yet")),
        (Ok(_), ExhibitsHere::Arriving { bytes }) => {
            return Err(not_here(&format!("are still arriving, {bytes} bytes so far")));
        }
        (Ok(content), ExhibitsHere::Yes { .. }) => content,
    };
    standing::refuse_withdrawn(id, session)?;
    let written = write_exhibits(session, id, content, &args.to).map_err(|error| {
        let failed = match &error {
            ExhibitsError::InTheWay { .. } => {
                CliError::refused(&error).advice("give a folder that is not there yet")
            }
            ExhibitsError::NotOpened(_) => CliError::refused(&error)
                .advice("delete exhibits.age of this testimony and sync again; tell a colleague"),
            ExhibitsError::NotHere | ExhibitsError::Io(_) => CliError::failed(&error),
        };
        failed.kept("nothing was written or overwritten").words(error.words())
    })?;
    match out.format() {
        Format::Json => out.json(&written)?,
        Format::Table if written.is_empty() => {}
        Format::Table if out.width().is_some_and(|width| width < WIDE) => {
            for w in &written {
                let state = if w.complete { "" } else { ", CUT OFF when it was sent" };
                out.line(format!("{}  {}{state}", w.file, words::size(w.bytes)))?;
                out.quoted(10, &w.name)?;
                out.item(10, &format!("sha-256 {}", w.sha256))?;
            }
        }
        Format::Table => {
            let rows = written.iter().map(|w| {
                let whole = if w.complete { "whole" } else { "CUT OFF when sent" };
                let sha = w.sha256.to_string();
                vec![w.file.clone(), w.bytes.to_string(), whole.into(), sha, w.name.clone()]
            });
            let rows: Vec<_> = rows.collect();
            out.table(&["file", "bytes", "state", "sha-256", "name as given"], &rows)?;
        }
    }
    if written.is_empty() {
        out.tell("This testimony came without files.", &Words::of("exhibits-none"));
        return Ok(Exit::NothingToDo);
    }
    say_where(&args.to, out);
    Ok(Exit::Done)
}

fn say_where(folder: &Path, out: &mut Out) {
    let folder = folder.display();
    out.tell(
        format!(
            "Took them out to {folder}, with exhibits.json beside them.\n   next: open them on a \
             machine without network and without your keys: any file can attack"
        ),
        &Words::of("exhibits-out").with("folder", &folder),
    );
}

/// Columns from which on a table holds a digest in one piece.
const WIDE: u16 = 130;

fn not_here(how: &str) -> CliError {
    CliError::failed(format!("the exhibits of this testimony {how}"))
        .kept("nothing was written")
        .advice("run sandyk sync --exhibits all")
        .words(Words::of("exhibits-not-here"))
}
