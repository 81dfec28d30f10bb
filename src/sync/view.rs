//! What one reader has of the feed, for another to compare with theirs: by voice or by file.

use std::{
    fs::OpenOptions,
    io::{BufRead as _, BufReader},
    path::Path,
};

use serde::{Deserialize, de::IgnoredAny};

use super::{Alarm, SyncError, error::at, workspace::Workspace};
use crate::{
    digest::Digest,
    files,
    ledger::{Checkpoint, CheckpointError, Frontier},
};

/// The feed up to some event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Events.
    pub size: u64,
    /// The root over them; [`Digest::spoken`] says it in six groups.
    pub root: Digest,
    /// The server's signed checkpoint, if it is of this size.
    pub note: Option<String>,
}

/// How another reader's checkpoint stands to what is held here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// The first `size` events are the same here and there.
    Same {
        /// Events compared.
        size: u64,
    },
    /// It speaks of more events than are held here: sync, then compare again.
    Ahead {
        /// Events there.
        theirs: u64,
        /// Events here.
        ours: u64,
    },
}

/// What is held of the feed in a workspace: all of it, or its first `at` events.
///
/// # Errors
/// [`SyncError::TooFew`] if fewer are held; what keeps the workspace from being opened or proved.
pub fn view(workspace: &Path, at: Option<u64>) -> Result<View, SyncError> {
    let workspace = Workspace::open(workspace)?;
    let held = workspace.feed().size();
    let size = at.unwrap_or(held);
    if size > held {
        return Err(SyncError::TooFew { held, asked: size });
    }
    let root = root_at(&workspace, size)?;
    let note = workspace.checkpoint()?.filter(|(_, note)| note.size == size && note.root == root);
    Ok(View { size, root, note: note.map(|(text, _)| text) })
}

/// Compares another reader's `checkpoint.note` with what is held here.
///
/// # Errors
/// [`Alarm::SplitView`] if the server signed another feed for them, [`Alarm::LedgerKey`] if it signed
/// with another key, [`Alarm::Checkpoint`] if the note is none of this organisation's.
pub fn compare(workspace: &Path, theirs: &str) -> Result<Compared, SyncError> {
    let workspace = Workspace::open(workspace)?;
    let key = workspace.ledger().ok_or(SyncError::NothingHeld)?;
    let note = Checkpoint::verify(theirs, key).map_err(|error| match error {
        CheckpointError::NotSigned => Alarm::LedgerKey,
        CheckpointError::Note(_) | CheckpointError::Shape => Alarm::Checkpoint,
    })?;
    if note.origin != workspace.organisation() {
        return Err(Alarm::Checkpoint.into());
    }
    let ours = workspace.feed().size();
    if note.size > ours {
        return Ok(Compared::Ahead { theirs: note.size, ours });
    }
    if root_at(&workspace, note.size)? != note.root {
        return Err(Alarm::SplitView { size: note.size }.into());
    }
    Ok(Compared::Same { size: note.size })
}

/// The root over the first `size` events, which were proved when the workspace was opened.
fn root_at(workspace: &Workspace, size: u64) -> Result<Digest, SyncError> {
    if size == workspace.feed().size() {
        return Ok(workspace.feed().root());
    }
    let path = workspace.feed_file();
    let file = at(&path, files::open_plain(&path, OpenOptions::new().read(true)))?;
    let mut frontier = Frontier::default();
    let mut lines = BufReader::new(file).split(b'\n');
    while frontier.size() < size {
        let damaged = || SyncError::Damaged { what: path.display().to_string() };
        let line = at(&path, lines.next().transpose())?.ok_or_else(damaged)?;
        let line: Line = serde_json::from_slice(&line).map_err(|_| damaged())?;
        frontier.push(line.leaf);
    }
    Ok(frontier.root())
}

/// What is needed of a line of `feed.jsonl`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(rename = "cursor")]
    _cursor: IgnoredAny,
    leaf: Digest,
    #[serde(rename = "item")]
    _item: IgnoredAny,
}
