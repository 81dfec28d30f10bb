//! `sandyk restore`: a store from a copy.
//!
//! Promises: 1. before anything can serve it, it is verified, held against what a reader has seen, and
//! what was forgotten is destroyed again: by the backup's own marks, and by orders that readers hold
//! and the backup does not know; 2. an order counts by its signatures only, proved from roots that the
//! person names; 3. what is missing is named, and leaves with an exit code of its own.
//! Spec: `docs/format/backup.md`.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, BufRead as _, BufReader},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{
    backup::{Bar, explain},
    exit::{CliError, Exit},
    out::{Format, Out},
    verify::store::{Against, CheckpointFound, Found, check},
    words::{Told as _, Words},
};
use crate::{
    clock::{Clock as _, SystemClock},
    desk::{Desk, Replayed, finish_forgetting},
    files,
    forget::{Held, MAX_BYTES, Mark},
    keyring::{self, MAX_ROOTS_BYTES, Published, TrustRoot},
    ledger::{Feed, LedgerKey},
    process,
    store::{
        SledStore, Store as _,
        backup::{self, APART_DAYS, Restored},
    },
};

/// Make a store from a backup, forget again what was forgotten since, and verify it.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The backup's folder
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The store's folder to make; it must not be there, or be empty
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// A reader's workspace, or a folder of signed orders: what is forgotten there is forgotten here
    #[arg(long, value_name = "DIR", requires = "roots")]
    orders: Vec<PathBuf>,
    /// The roots.txt you trust, which proves the orders
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// The published keyrings, instead of those in the workspace
    #[arg(long, value_name = "DIR", requires = "orders")]
    keyring: Option<PathBuf>,
    #[command(flatten)]
    against: Against,
}

/// What a restore did and found; one JSON document.
#[derive(Serialize)]
struct Answer {
    restored: Restored,
    /// What became of the orders that readers hold.
    replayed: Option<Replayed>,
    found: Found,
}

/// Orders that readers hold, and the keyrings that prove them.
struct Orders {
    held: Held,
    published: Published,
}

/// Makes a store from a backup.
///
/// # Errors
/// [`CliError`]; nothing that a server would open was made then.
pub fn run(args: &RestoreArgs, out: &mut Out) -> Result<Exit, CliError> {
    process::keep_files_private();
    // What cannot be read is said before anything is made.
    let orders = Orders::load(args)?;
    let bar = Bar::new();
    let restored = backup::restore(&args.from, &args.to, &mut |progress| bar.show(progress));
    bar.clear();
    let restored = restored.map_err(|error| explain(&error))?;
    let done = finish(args, restored, orders, out);
    if done.is_err() {
        // SECURITY(T8): what no reader would believe, or what may hold what is forgotten, is not served.
        let _ = fs::rename(args.to.join("journal"), args.to.join("journal.refused"));
        let _ = backup::finish(&args.to);
    }
    done
}

fn finish(
    args: &RestoreArgs,
    restored: Restored,
    orders: Option<Orders>,
    out: &mut Out,
) -> Result<Exit, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
    runtime.block_on(forget_first(&args.to, None))?;
    let mut found = check(&args.to, &args.against)?;
    say_age(&restored, out);
    if orders.is_none() {
        say_no_orders(&restored, out);
    }
    let mut replayed = None;
    let refused = found.checkpoint == CheckpointFound::Differs;
    if let Some(orders) = orders.filter(|_| !refused) {
        replayed = runtime.block_on(forget_first(&args.to, Some(orders)))?;
        // A reader's checkpoint was compared with the feed before these orders were put behind it.
        let (checkpoint, damage) = (found.checkpoint, found.damage);
        found = check(&args.to, &Against::default())?;
        found.checkpoint = checkpoint;
        found.damage.extend(damage.into_iter().filter(|damage| damage.place == "feed"));
    }
    if !refused {
        // All is forgotten that has to be: from here on a server may open it.
        backup::finish(&args.to)?;
    }
    let answer = Answer { restored, replayed, found };
    if out.format() == Format::Json {
        out.json(&answer)?;
    }
    if refused {
        return Err(CliError::refused("a reader has seen another history than this backup has")
            .kept("the backup as it is; the restored journal is named journal.refused")
            .advice("try another backup; ask the readers which checkpoint each of them holds")
            .words(Words::of("restore-other-history")));
    }
    tell(&answer, out)
}

/// Destroys what the backup's own marks, or the orders that readers hold, say is forgotten.
async fn forget_first(folder: &Path, orders: Option<Orders>) -> Result<Option<Replayed>, CliError> {
    let store = Arc::new(SledStore::open_restored(folder)?);
    finish_forgetting(&store).await?;
    let mut replayed = None;
    if let Some(Orders { held, published }) = orders {
        let ledger = LedgerKey::open(folder, Feed::Signed, &mut rand::rngs::OsRng)?;
        let (_keep, now) = watch::channel(Arc::new(published));
        let desk = Desk::new(Arc::clone(&store), now, ledger, &[], Arc::new(SystemClock));
        replayed = Some(desk.replay(&held).await?);
    }
    if let Some(store) = Arc::into_inner(store) {
        store.close().await?;
    }
    Ok(replayed)
}

impl Orders {
    /// Reads what readers hold; nothing of it counts before its signatures are checked.
    fn load(args: &RestoreArgs) -> Result<Option<Self>, CliError> {
        let (Some(first), Some(roots)) = (args.orders.first(), &args.roots) else {
            return Ok(None);
        };
        let wrong = |folder: &Path, english: String, why: Words| {
            let words = Words::of("restore-orders").with("folder", folder.display()).why(why);
            CliError::refused(format!(
                "the orders in {} were not read: {english}",
                folder.display()
            ))
            .kept("nothing was restored")
            .advice("name a reader's workspace and the roots.txt that you trust")
            .words(words)
        };
        let limit = u64::try_from(MAX_ROOTS_BYTES).unwrap_or(u64::MAX);
        let trust = files::load_text(roots, limit);
        let trust = trust.map_err(|e| wrong(roots, e.to_string(), e.words()))?;
        let trust = TrustRoot::parse(&trust).map_err(|e| wrong(roots, e.to_string(), e.words()))?;
        let folder = args.keyring.clone().unwrap_or_else(|| first.join("keyring"));
        let published = keyring::load_folder(&folder, &trust);
        let published = published.map_err(|e| wrong(&folder, e.to_string(), e.words()))?;
        let mut held = Held::default();
        for folder in &args.orders {
            read_orders(folder, &mut held).map_err(|e| wrong(folder, e.to_string(), e.words()))?;
        }
        Ok(Some(Self { held, published }))
    }
}

/// Reads the notes of a folder, or those of a workspace and the marks of its feed.
fn read_orders(folder: &Path, held: &mut Held) -> io::Result<()> {
    let feed = folder.join("feed.jsonl");
    let is_workspace = feed.exists();
    let notes = if is_workspace { folder.join("forget") } else { folder.to_owned() };
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    match fs::read_dir(&notes) {
        // A workspace in which nobody has ordered anything.
        Err(error) if is_workspace && error.kind() == io::ErrorKind::NotFound => {}
        listed => {
            for entry in listed? {
                let path = entry?.path();
                if path.extension() == Some(OsStr::new("note"))
                    && !held.take_note(&files::load_plain_text(&path, limit)?)
                {
                    return Err(io::Error::other(format!("{} is no order", path.display())));
                }
            }
        }
    }
    if is_workspace {
        for line in BufReader::new(File::open(feed)?).lines() {
            // Whatever is no mark is another event.
            if let Ok(Line { item }) = serde_json::from_str(&line?) {
                held.take_mark(item);
            }
        }
    }
    Ok(())
}

/// A line of `feed.jsonl` in which a mark stands.
#[derive(Deserialize)]
struct Line {
    item: Mark,
}

fn say_no_orders(restored: &Restored, out: &mut Out) {
    out.warn(
        format!(
            "what was ordered to be forgotten after {} is back: no --orders were given\n   next: \
             restore again with --orders and a reader's workspace, before you serve it",
            restored.day
        ),
        &Words::of("restored-no-orders").with("day", restored.day),
    );
}

fn say_age(restored: &Restored, out: &mut Out) {
    if restored.day.days_until(SystemClock.today()) > APART_DAYS {
        out.warn(
            format!(
                "this backup is of {}: its envelopes should be gone after {APART_DAYS} days\n   \
                 next: sandyk backup --prune removes them there",
                restored.day
            ),
            &Words::of("restored-old").with("day", restored.day).count("count", APART_DAYS),
        );
    }
}

fn tell(answer: &Answer, out: &mut Out) -> Result<Exit, CliError> {
    let Answer { restored, replayed, found } = answer;
    if out.format() == Format::Table {
        let (events, expected) = (restored.events, restored.events_expected);
        out.line(format!("{events} of {expected} events are back, of {}", restored.day))?;
        out.line(format!("{} files are back; root of the feed {}", restored.blobs, found.root))?;
        if let Some(done) = replayed {
            let Replayed { forgotten, known, elsewhere, stopped, .. } = done;
            out.line(format!(
                "{forgotten} forgotten again by orders of readers; {known} were, {elsewhere} never \
                 came back, {stopped} a guardian had stopped"
            ))?;
        }
    }
    let orders = replayed.as_ref().is_none_or(|done| say_orders(done, out));
    if restored.apart_missing > 0 {
        let count = restored.apart_missing;
        out.warn(
            format!("{count} envelopes are missing: what they open stays closed"),
            &Words::of("restored-apart").count("count", count),
        );
    }
    for damage in &found.damage {
        let words = Words::of("store-damage").with("place", &damage.place);
        out.warn(
            format!("missing or damaged: {}: {}", damage.place, damage.what),
            &words.with("why", &damage.what),
        );
    }
    if found.checkpoint == CheckpointFound::None {
        out.tell(
            "No reader's checkpoint was given: nobody has checked that nothing newer is lost.",
            &Words::of("restored-unchecked"),
        );
    }
    if !restored.is_whole() || !found.damage.is_empty() {
        out.tell(
            "Not everything is back.\n   kept: everything else\n   next: look for another backup \
             before you start the server",
            &Words::of("restored-lacking"),
        );
        return Ok(Exit::Failed);
    }
    Ok(if orders { Exit::Done } else { Exit::Failed })
}

/// Names orders that were not carried out; whether there are none.
fn say_orders(done: &Replayed, out: &mut Out) -> bool {
    for id in &done.waiting {
        out.warn(
            format!(
                "the time of order {id} is not over; it is not in this store\n   next: a guardian \
                 hands it in again, when the server runs"
            ),
            &Words::of("restored-order-waits").with("order", id),
        );
    }
    for (id, why) in &done.refused {
        out.warn(
            format!("order {id} does not count: {why}"),
            &Words::of("restored-order-refused").with("order", id).with("why", why),
        );
    }
    done.waiting.is_empty() && done.refused.is_empty()
}
