//! `sandyk verify store`: every frame, leaf, file and row is read again.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Serialize;

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        words::{Told as _, Words},
    },
    digest::{Digest, HashingWriter},
    files,
    forget::Mark,
    id::BlobId,
    intake::Batches,
    ledger::{Checkpoint, Feed, Frontier, LedgerKey, feed::FeedItem},
    note::NamedKey,
    store::{Damage, Event, IndexFound, Told, examine},
};

#[derive(Debug, Args)]
pub(super) struct StoreArgs {
    /// The store's folder; a server may be running on it
    #[arg(value_name = "DIR")]
    store: PathBuf,
    #[command(flatten)]
    against: Against,
}

/// What a reader holds of the feed.
#[derive(Debug, Default, Args)]
pub(crate) struct Against {
    /// The newest checkpoint of a reader: checkpoint.note of their workspace
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// The ledger key that reader pinned; without it, ledger-key.txt beside the checkpoint
    #[arg(long, value_name = "FILE", requires = "checkpoint")]
    ledger_key: Option<PathBuf>,
}

/// Everything that was found; one JSON document.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    /// Changes of the journal.
    pub(crate) changes: u64,
    /// Events of the feed.
    pub(crate) events: u64,
    /// Testimonies that are forgotten.
    pub(crate) forgotten: u64,
    /// Bytes of the journal.
    pub(crate) journal_bytes: u64,
    /// Bytes of a write that is not finished.
    pub(crate) unfinished_bytes: u64,
    /// Blobs that changes attached.
    pub(crate) blobs: usize,
    /// Their bytes.
    pub(crate) blob_bytes: u64,
    /// How the index stands to the journal.
    pub(crate) index: IndexFound,
    /// Root of the feed tree.
    pub(crate) root: Digest,
    /// How the reader's checkpoint stands to the feed.
    pub(crate) checkpoint: CheckpointFound,
    /// Files that belong to nothing.
    pub(crate) orphans: Vec<String>,
    /// What is damaged, each by its name.
    pub(crate) damage: Vec<Damage>,
}

/// How a reader's checkpoint stands to the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CheckpointFound {
    /// None was given.
    None,
    /// The feed begins with what the reader has seen.
    Holds,
    /// The reader has seen events that are not here.
    Ahead,
    /// The reader has seen another history.
    Differs,
}

pub(super) fn run(args: &StoreArgs, out: &mut Out) -> Result<Exit, CliError> {
    let found = check(&args.store, &args.against)?;
    if out.format() == Format::Json {
        out.json(&found)?;
    } else {
        tell(&found, out)?;
    }
    if found.damage.is_empty() {
        return Ok(Exit::Done);
    }
    let count = found.damage.len();
    out.tell(
        format!(
            "{count} things are damaged; everything else was read and is whole.\n   next: stop the \
             server, keep this folder as it is, and restore from a backup; sandyk rescue copies \
             out what is left here and newer"
        ),
        &Words::of("verify-damaged").count("count", count),
    );
    Ok(Exit::Refused)
}

/// Reads the store in `folder` and compares it with what a reader holds.
///
/// # Errors
/// If it is no store, or a file cannot be read; damage is no error but a finding.
pub(crate) fn check(folder: &Path, against: &Against) -> Result<Found, CliError> {
    let known = against.load(folder)?;
    let mut ledger = Ledger { size: known.as_ref().map(|c| c.size), ..Ledger::default() };
    let mut examined = examine(folder, &mut |told| ledger.take(told)).map_err(|e| {
        let words = Words::of("verify-store").why(e.words());
        CliError::from(e).kept("nothing was changed").advice("name the store's folder").words(words)
    })?;
    let Ledger { frontier, root_then, parts, batches, forgotten, damage, .. } = ledger;
    examined.damage.extend(damage);
    let checkpoint = match (&known, root_then) {
        (None, _) => CheckpointFound::None,
        (Some(known), _) if known.size == 0 => CheckpointFound::Holds,
        (Some(known), Some(root)) if known.root == root => CheckpointFound::Holds,
        (Some(_), Some(_)) => CheckpointFound::Differs,
        (Some(_), None) => CheckpointFound::Ahead,
    };
    match checkpoint {
        CheckpointFound::None | CheckpointFound::Holds => {}
        CheckpointFound::Ahead => {
            examined.note("feed", "a reader has seen events that are not here");
        }
        CheckpointFound::Differs => examined.note("feed", "a reader has seen another history"),
    }
    let mut blob_bytes = 0_u64;
    for blob in examined.attached.clone() {
        match read_blob(folder, blob, (parts.get(&blob), &batches)) {
            Ok((bytes, None)) => blob_bytes = blob_bytes.saturating_add(bytes),
            Ok((bytes, Some(what))) => {
                blob_bytes = blob_bytes.saturating_add(bytes);
                examined.note(format!("blobs/{blob}"), what);
            }
            // Said already.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => examined.note(format!("blobs/{blob}"), error.to_string()),
        }
    }
    Ok(Found {
        changes: examined.changes,
        events: examined.events,
        forgotten,
        journal_bytes: examined.journal,
        unfinished_bytes: examined.unfinished,
        blobs: examined.attached.len(),
        blob_bytes,
        index: examined.index,
        root: frontier.root(),
        checkpoint,
        orphans: examined.orphans,
        damage: examined.damage,
    })
}

/// The feed as it is read, leaf by leaf.
#[derive(Default)]
struct Ledger {
    frontier: Frontier,
    /// At how many leaves a reader's checkpoint was made.
    size: Option<u64>,
    /// The root at that size.
    root_then: Option<Digest>,
    /// What each blob must be.
    parts: BTreeMap<BlobId, (u64, Digest)>,
    /// What each batch of the public log must be.
    batches: Batches,
    forgotten: u64,
    damage: Vec<Damage>,
}

impl Ledger {
    fn take(&mut self, told: Told<'_>) {
        match told {
            Told::Event(event) => self.event(event),
            Told::Record { key, value } => self.batches.take(key, value),
        }
    }

    fn event(&mut self, event: &Event) {
        let cursor = event.cursor.0;
        let mut note = |what: &str| {
            self.damage.push(Damage { place: format!("event {cursor}"), what: what.to_owned() });
        };
        match (serde_json::from_slice::<FeedItem>(&event.payload), Mark::read(&event.payload)) {
            (Ok(item), _) => {
                if item.leaf() != Ok(event.leaf) {
                    note("its leaf does not commit to it");
                }
                let parts = item.parts.iter().map(|p| (p.blob, (p.bytes, p.sha256)));
                self.parts.extend(parts);
            }
            (Err(_), Some(mark)) if mark.leaf == event.leaf => {
                self.forgotten = self.forgotten.saturating_add(1);
            }
            (Err(_), Some(_)) => note("the mark of a forgotten testimony is another's"),
            (Err(_), None) => note("it is neither a feed item nor a mark"),
        }
        self.frontier.push(event.leaf);
        if self.size == Some(self.frontier.size()) {
            self.root_then = Some(self.frontier.root());
        }
    }
}

/// The bytes of a blob, and what is wrong with it.
fn read_blob(
    folder: &Path,
    blob: BlobId,
    (part, batches): (Option<&(u64, Digest)>, &Batches),
) -> io::Result<(u64, Option<&'static str>)> {
    if part.is_none() && batches.names(blob) {
        let file = fs::read(folder.join("blobs").join(blob.to_string()))?;
        let bytes = u64::try_from(file.len()).unwrap_or(u64::MAX);
        return Ok((bytes, batches.fault(blob, &file)));
    }
    let mut file = File::open(folder.join("blobs").join(blob.to_string()))?;
    let mut hashed = HashingWriter::new(io::sink());
    let bytes = io::copy(&mut file, &mut hashed)?;
    let (_, digest, _) = hashed.finish();
    let wrong = match part {
        None => Some("no event names it"),
        Some((expected, _)) if *expected != bytes => Some("it has another length"),
        Some((_, expected)) if *expected != digest => Some("its bytes changed"),
        Some(_) => None,
    };
    Ok((bytes, wrong))
}

impl Against {
    /// The checkpoint, with its signature checked.
    fn load(&self, store: &Path) -> Result<Option<Checkpoint>, CliError> {
        let Some(path) = &self.checkpoint else { return Ok(None) };
        let beside = path.with_file_name("ledger-key.txt");
        let key_file = self.ledger_key.clone().or_else(|| beside.exists().then_some(beside));
        let wrong = |what: String| {
            let words = Words::of("verify-checkpoint").with("why", &what);
            CliError::refused(what)
                .kept("nothing was changed")
                .advice("give checkpoint.note and ledger-key.txt of one reader's workspace")
                .words(words)
        };
        let key = match key_file {
            Some(file) => files::load_text(&file, MAX_NOTE)?,
            None => LedgerKey::open(store, Feed::Signed, &mut rand::rngs::OsRng)?.verifier(),
        };
        let key = NamedKey::parse(key.trim_end()).map_err(|e| wrong(e.to_string()))?;
        let note = files::load_text(path, MAX_NOTE)?;
        let checkpoint = Checkpoint::verify(&note, &key);
        checkpoint.map(Some).map_err(|e| wrong(format!("{}: {e}", path.display())))
    }
}

fn tell(found: &Found, out: &mut Out) -> Result<(), CliError> {
    let Found { changes, events, forgotten, journal_bytes, blobs, blob_bytes, .. } = found;
    out.line(format!("journal  {journal_bytes} bytes, {changes} changes"))?;
    out.line(format!("feed     {events} events, {forgotten} forgotten, root {}", found.root))?;
    out.line(format!("blobs    {blobs} files, {blob_bytes} bytes, every one read and hashed"))?;
    out.line(match found.index {
        IndexFound::Equal => "index    says what the journal says",
        IndexFound::Differs => "index    DIFFERS from the journal",
        IndexFound::InUse => "index    in use by a running server, not looked at",
        IndexFound::NotClosed => "index    not closed in good order; the next start rebuilds it",
    })?;
    out.line(match found.checkpoint {
        CheckpointFound::None => "readers  no checkpoint was given (--checkpoint)",
        CheckpointFound::Holds => {
            "readers  the checkpoint holds: the feed begins with what was seen"
        }
        CheckpointFound::Ahead => "readers  A READER HAS SEEN MORE than is here",
        CheckpointFound::Differs => "readers  A READER HAS SEEN ANOTHER HISTORY",
    })?;
    if found.unfinished_bytes > 0 {
        out.line(format!("unfinished write of {} bytes; it is cut", found.unfinished_bytes))?;
    }
    for orphan in &found.orphans {
        out.line(format!("orphan   {orphan}"))?;
    }
    for damage in &found.damage {
        out.line(format!("DAMAGED  {}: {}", damage.place, damage.what))?;
    }
    Ok(())
}

/// Longest key or checkpoint, in bytes.
const MAX_NOTE: u64 = 64 << 10;
