//! `sandyk serve`: the intake and the desk of one organisation.

mod desk;
mod doctor;
mod rounds;

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use clap::{Args, Subcommand};
use rand::rngs::OsRng;
use tokio::{signal::unix, sync::watch};

use self::{
    desk::OpenDesk,
    rounds::{Rounds, level_times, look},
};
use super::{
    exit::{CliError, Exit},
    out::Out,
    words::{Told as _, Words},
};
use crate::{
    clock::{Clock, SystemClock},
    config::{Listener, ServerConfig, machine},
    desk::Dropped,
    intake::{Bounds, Intake, KeyringFolder, Room},
    keyring::Published,
    ledger::{Feed, LedgerKey},
    process,
    secret::wipe_stack,
    store::{Cursor, HowOpened, SledStore, Store as _, StoreError, WhyRebuilt},
    web::{
        self,
        listen::{Bound, Door, Guests},
        pace::Pace,
    },
};

/// How often the keyring folder is looked at, in seconds.
const LOOK_SECONDS: u64 = 3;
/// Said if a request is still running when all else has ended.
const CUT_SHORT: &str = "stopped while a request was running; nothing acknowledged is lost";
/// Pieces that are sealed and written at once.
const WRITERS: usize = 16;

/// Takes testimonies in, and lets reviewers' machines fetch them.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ServeArgs {
    #[command(subcommand)]
    command: Option<ServeCommand>,
    /// The configuration; `config/server.toml` in the sources explains every line.
    #[arg(long, value_name = "FILE", default_value = "/etc/sandyk/server.toml")]
    config: PathBuf,
    /// Start although swap is on: what a witness types may then be written to disk by the kernel.
    #[arg(long)]
    allow_swap: bool,
    /// End when the process with this id, which must have started this one, ends.
    #[arg(long, value_name = "PID", hide = true)]
    end_with: Option<i32>,
}

#[derive(Debug, Subcommand)]
enum ServeCommand {
    /// Look whether keyring, store, backups and this machine are well, and say what to do
    Doctor(doctor::DoctorArgs),
}

/// Serves until it is told to stop.
///
/// # Errors
/// Whatever keeps it from starting; it says what was started and what was not.
pub fn run(args: &ServeArgs, out: &mut Out) -> Result<Exit, CliError> {
    if let Some(ServeCommand::Doctor(args)) = &args.command {
        return doctor::run(args, out);
    }
    if let Some(parent) = args.end_with {
        process::end_with(parent).map_err(|error| {
            CliError::failed(format!("process {parent} did not start this one: {error}"))
                .kept("nothing was started")
                .words(Words::of("not-its-parent").with("parent", parent))
        })?;
    }
    process::keep_files_private();
    process::hush_panics();
    let weak = process::harden();
    let unlocked = process::lock_memory().err();
    for weakness in weak.into_iter().chain(unlocked) {
        out.warn(weakness, &weakness.words());
    }
    refuse_swap(args, machine::active_swaps(), out)?;
    let config = ServerConfig::load(&args.config).map_err(|error| {
        let words = error.words();
        CliError::from(error)
            .kept("nothing was started")
            .advice("name your file with --config; config/server.toml in the sources explains every line")
            .words(words)
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .on_thread_park(wipe_stack)
        .max_blocking_threads(threads_that_may_block(&config))
        .build()?;
    runtime.block_on(serve(config, out))
}

/// Threads for sealing, writing and deriving; what finds none waits its turn. A streamed answer of the
/// desk may hold one for long, all other work is short, so these are besides.
fn threads_that_may_block(config: &ServerConfig) -> usize {
    let derivations = config.limits.derivations();
    // Those who come back have as many again, and as many for opening what waits for them.
    let mailboxes = config.mailbox.derivations().saturating_mul(2);
    let all = [WRITERS, web::desk::STREAMS, derivations, mailboxes];
    all.into_iter().fold(0, usize::saturating_add)
}

/// Refuses to go on while the kernel swaps, or where nobody can tell.
fn refuse_swap(
    args: &ServeArgs,
    found: io::Result<Vec<String>>,
    out: &mut Out,
) -> Result<(), CliError> {
    let (swaps, why) = match found {
        Ok(swaps) if swaps.is_empty() => return Ok(()),
        Ok(swaps) => {
            let swaps = swaps.join(", ");
            (format!("swap is on ({swaps})"), Words::of("swap-on").with("places", swaps))
        }
        Err(e) => {
            let why = Words::of("swap-unknown").why(e.words());
            (format!("whether swap is on cannot be told ({e})"), why)
        }
    };
    if args.allow_swap {
        let english = format!("{swaps}: what a witness types may be written to disk");
        out.warn(english, &Words::of("warn-swap").why(why));
        return Ok(());
    }
    Err(CliError::refused(format!("{swaps}: the kernel could write what a witness types to disk"))
        .kept("nothing was started")
        .advice("switch swap off (swapoff -a, and the line in /etc/fstab), or pass --allow-swap")
        .words(Words::of("swap-refused").why(why)))
}

async fn serve(config: ServerConfig, out: &mut Out) -> Result<Exit, CliError> {
    let mut told = Told::listen()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = open_store(&config, out)?;
    let mut folder = KeyringFolder::new(config.keyring.clone(), config.roots.clone());
    let said = look(&mut folder, None, out);
    let published = folder.subscribe();
    let feed = if store.head() == Cursor(0) { Feed::Empty } else { Feed::Signed };
    let ledger = Arc::new(LedgerKey::open(&config.store, feed, &mut OsRng)?);
    let bounds = Bounds { limits: config.limits.clone(), mailbox: config.mailbox.clone() };
    let (at, by, key) = (Arc::clone(&store), Arc::clone(&clock), Arc::clone(&ledger));
    let intake = Arc::new(Intake::new(at, published.clone(), by, bounds, key)?);
    let pace = Pace::of(&config.limits);
    say_standing(&intake, out);

    say_site(&published, &config, out)?;
    let stop = watch::Sender::new(false);
    let pages = web::router(Arc::clone(&intake), &config.organisation)?;
    let bound = bind("intake", &config.intake, out).await?;
    let door = open_to_anybody(bound, &config)?;
    let mut served = vec![tokio::spawn(web::listen::serve(door, pages, stop.subscribe()))];
    let (dropped_here, dropped) = watch::channel(Dropped::default());
    if let Some(desk) = config.desk {
        let bound = bind("desk", &desk.listener(), out).await?;
        let (store, wait) = (Arc::clone(&store), i64::from(config.forget.wait_days));
        let (folder, dropped) = (config.keyring.clone(), dropped_here.clone());
        let opened = OpenDesk { store, published, ledger, clock, pace, folder, wait, dropped };
        served.push(tokio::spawn(opened.serve(bound, desk, stop.subscribe())));
    }
    let room = Room::Everything;
    let (times, log) = (None, None);
    let mut rounds =
        Rounds { folder, intake: &intake, store: &store, said, times, room, log, dropped };
    let broken = told.until(&mut rounds, out).await;
    drop(intake);
    stop.send_replace(true);
    for task in served {
        let _ = task.await;
    }
    if let Some(error) = broken {
        // The service manager starts it again; the journal holds everything acknowledged.
        return Err(error.into());
    }
    match Arc::try_unwrap(store) {
        Ok(store) => store.close().await?,
        // A request outlived its grace: the next start rebuilds the index from the journal.
        Err(_) => out.tell(CUT_SHORT, &Words::of("stopped-in-a-request")),
    }
    Ok(Exit::Done)
}

/// The door of the witnesses.
fn open_to_anybody(bound: Bound, config: &ServerConfig) -> Result<Door, CliError> {
    let refusals = web::refusals(&config.organisation, &config.limits)?;
    let guests = Guests::Anybody { typed_bytes: config.limits.typed_bytes, refusals };
    let (connections, pace) = (config.intake.connections, Pace::of(&config.limits));
    Ok(Door { bound, connections, pace, guests })
}

fn open_store(config: &ServerConfig, out: &mut Out) -> Result<Arc<SledStore>, CliError> {
    let store = SledStore::open(&config.store).map_err(not_opened)?;
    if let HowOpened::Rebuilt { why, cut } = store.how_opened() {
        let (why, id) = match why {
            WhyRebuilt::NotClosed => {
                ("the server had ended without closing it", "rebuilt-not-closed")
            }
            WhyRebuilt::OtherJournal => {
                ("the journal is not the one it was made from", "rebuilt-other-journal")
            }
            WhyRebuilt::BadIndex => ("it could not be opened", "rebuilt-unreadable"),
        };
        out.tell(
            format!("the index was rebuilt from the journal: {why}"),
            &Words::of("index-rebuilt").why(Words::of(id)),
        );
        if cut > 0 {
            out.tell(
                format!(
                    "{cut} bytes of an unfinished change were cut; nothing acknowledged is lost"
                ),
                &Words::of("unfinished-cut").count("count", cut),
            );
        }
    }
    if let Ok(Some(kind)) = machine::forgetful_disk(&config.store) {
        out.warn(
            format!(
                "the store lies on {kind}: what a witness was given a receipt for may be gone after a \
                 power cut\n   next: move it to a disk of this machine, with ext4, xfs or btrfs and \
                 barriers on"
            ),
            &Words::of("warn-disk-forgets").with("kind", kind),
        );
    }
    store.sweep()?;
    // Before anything is taken in, so that the first blob finds a pool to take its file from.
    level_times(&store, None, out);
    Ok(Arc::new(store))
}

fn not_opened(error: StoreError) -> CliError {
    if !matches!(error, StoreError::Io(_)) {
        return error.into();
    }
    let words = error.words();
    CliError::from(error)
        .kept("everything acknowledged")
        .advice(
            "check that the disk has room and that you may write to this folder, then try again",
        )
        .words(words)
}

async fn bind(what: &str, listener: &Listener, out: &mut Out) -> Result<Bound, CliError> {
    let bound = Bound::bind(&listener.listen).await.map_err(|e| {
        let words = Words::of("serve-busy").with("address", listener.listen.shown()).why(e.words());
        CliError::from(e)
            .kept("nothing was taken in yet")
            .advice("free the address, or change `listen` in the configuration")
            .words(words)
    })?;
    out.say(format!("{what} listens on {}", bound.place()));
    Ok(bound)
}

/// The signals that say stop; listened to before anything else is.
struct Told {
    terminate: unix::Signal,
    interrupt: unix::Signal,
}

impl Told {
    fn listen() -> Result<Self, CliError> {
        Ok(Self {
            terminate: unix::signal(unix::SignalKind::terminate())?,
            interrupt: unix::signal(unix::SignalKind::interrupt())?,
        })
    }

    /// Makes its rounds until a signal says stop, or until the store takes nothing more.
    async fn until(&mut self, rounds: &mut Rounds<'_>, out: &mut Out) -> Option<StoreError> {
        let mut tick = tokio::time::interval(Duration::from_secs(LOOK_SECONDS));
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return None,
                _ = self.interrupt.recv() => return None,
                _ = tick.tick() => {}
            }
            if let Some(error) = rounds.make(out) {
                return Some(error);
            }
            rounds.close_weeks(out).await;
            rounds.tidy_mailboxes().await;
        }
    }
}

/// Says it if the roots have signed other pages than this program serves.
fn say_site(
    published: &watch::Receiver<Option<Arc<Published>>>,
    config: &ServerConfig,
    out: &mut Out,
) -> Result<(), CliError> {
    let Some(published) = published.borrow().clone() else { return Ok(()) };
    let Ok(Some(site)) = &published.site else { return Ok(()) };
    let served = web::files(&config.organisation, &config.limits)?;
    let different = site.manifest().differences(&served);
    if !different.is_empty() {
        let english = format!(
            "these pages are not as the roots have signed: {}\n   next: ask the administrators to \
             sign a new manifest, or find out who changed this program",
            different.join(", ")
        );
        out.warn(english, &Words::of("site-differs").count("count", different.len()));
    }
    Ok(())
}

fn say_standing(intake: &Intake, out: &mut Out) {
    match intake.readers() {
        Err(closed) => out.warn_of(format!("the intake is closed: {closed}"), &closed.words()),
        Ok(readers) if readers.count() < 2 => out.warn(
            "one reader only: if that key is lost, every testimony is lost; add a second",
            &Words::of("warn-one-reader"),
        ),
        Ok(_) => {}
    }
}

#[cfg(test)]
mod tests;
