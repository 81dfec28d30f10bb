//! `sandyk sync`: carries sealed things between the desk and the workspace.
//!
//! Promises: 1. the answer (what came, what went) goes to stdout, words to stderr; 2. an alarm
//! leaves with exit code 3 and says what was kept and what to do; 3. a bar is drawn on a terminal
//! only, and only after one second.
//! Does not: open anything. Spec: `docs/format/desk.md`.

mod bar;
mod doctor;
mod every;
mod more;
mod places;

use std::{path::PathBuf, time::Duration};

use rand::rngs::OsRng;

use self::{
    bar::Bar,
    more::say_more,
    places::{no_proxy, swapped},
};

use crate::{
    cli::{
        audit,
        exit::{CliError, Exit},
        others::warn_if_open,
        out::{Format, Out},
        views,
        words::{Told as _, Words},
    },
    clock::SystemClock,
    sync::{self, Init, Patience, Report, Settings, SyncError, Wanted},
};

/// Pull and prove the feed, push the outbox.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct SyncArgs {
    #[command(subcommand)]
    command: Option<SyncCommand>,
    /// The workspace folder.
    #[arg(long, value_name = "DIR", required = true)]
    workspace: Option<PathBuf>,
    /// The folder with device.key.
    #[arg(long, value_name = "DIR", required = true)]
    device: Option<PathBuf>,
    /// Another address of the desk than the invitation's.
    #[arg(long, value_name = "URL")]
    desk: Option<String>,
    /// Exhibits to fetch: all, none, or ids of testimonies; default: all, with --every none.
    #[arg(long, value_name = "all|none|ID", num_args = 1..)]
    exhibits: Vec<String>,
    /// Sync again and again, at full windows of so many minutes; 60 if none is given.
    #[arg(long, value_name = "MINUTES", num_args = 0..=1, default_missing_value = "60",
          value_parser = clap::value_parser!(u64).range(10..=1440))]
    every: Option<u64>,
    /// Tor's proxy, e.g. `socks5h://127.0.0.1:9050`.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
    /// Try for at most so many seconds to reach the desk; without it, a few times over some minutes.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=LONGEST))]
    wait: Option<u64>,
}

#[derive(Debug, clap::Subcommand)]
enum SyncCommand {
    /// Make the device key and an empty workspace.
    Init(InitArgs),
    /// Look whether workspace, device and this machine are well, and say what to do.
    Doctor(doctor::DoctorArgs),
    /// Say what you have of the feed, for another reader to compare by voice.
    Checkpoint(views::CheckpointArgs),
    /// Compare another reader's checkpoint.note with what you have.
    Compare(views::CompareArgs),
    /// Compare what a site serves with what its roots have signed; anybody can, from anywhere.
    AuditSite(audit::AuditArgs),
}

#[derive(Debug, clap::Args)]
struct InitArgs {
    /// Folder to make the workspace in.
    #[arg(long, value_name = "DIR")]
    workspace: PathBuf,
    /// The invitation from the administrator.
    #[arg(long, value_name = "FILE")]
    invitation: PathBuf,
    /// The reader.pub of whoever works here.
    #[arg(long, value_name = "FILE")]
    reader: PathBuf,
    /// Folder to make device.key and device.pub in.
    #[arg(long, value_name = "DIR")]
    device: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// What happened, what was kept and what to do.
pub fn run(args: SyncArgs, out: &mut Out) -> Result<Exit, CliError> {
    match args.command {
        Some(SyncCommand::Init(args)) => return init(args, out),
        Some(SyncCommand::Doctor(args)) => return doctor::run(args, out),
        Some(SyncCommand::Checkpoint(args)) => return views::checkpoint(&args, out),
        Some(SyncCommand::Compare(args)) => return views::compare(&args, out),
        Some(SyncCommand::AuditSite(args)) => return audit::run(args, out),
        None => {}
    }
    let every = args.every;
    let settings = settings(args)?;
    if let Some(error) = swapped(&settings) {
        return Err(error);
    }
    warn_if_open(&settings.device.join(sync::DEVICE_KEY), out);
    if let Wanted::These(_) = settings.exhibits {
        out.warn(
            "the server sees which exhibits you fetch; `--exhibits all` shows it nothing",
            &Words::of("sync-names-exhibits"),
        );
    }
    if let Some(minutes) = every {
        if settings.exhibits != Wanted::None {
            out.tell(
                "who watches this line sees by the size of exhibits when testimonies come",
                &Words::of("sync-line-shows"),
            );
        }
        return every::run(&settings, minutes, out);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(once(&settings, out));
    let report = report.map_err(|error| match no_proxy(&error, settings.proxy.as_deref()) {
        Some(said) => said,
        None => explain(&error),
    });
    tell(&report?, out)
}

/// One sync with its bar.
async fn once(settings: &Settings, out: &mut Out) -> Result<Report, SyncError> {
    let mut bar = Bar::new();
    let mut show = |step| bar.show(&step, out);
    let report = sync::run(settings, &SystemClock, &mut OsRng, &mut show).await;
    bar.clear();
    report
}

fn init(args: InitArgs, out: &mut Out) -> Result<Exit, CliError> {
    let InitArgs { workspace, invitation, reader, device } = args;
    let file = device.join(sync::DEVICE_PUB).display().to_string();
    let settings = Init { workspace, device, invitation, reader };
    let public = sync::init(&settings, &mut OsRng).map_err(|error| {
        let said = explain(&error);
        if !matches!(error, SyncError::File { .. }) {
            return said;
        }
        said.kept("no device key was made")
            .advice("check the names of the files, and that you may write to the folders")
            .words(Words::of("sync-init-file").why(error.words()))
    })?;
    let fingerprint = public.fingerprint();
    if out.format() == Format::Json {
        let made = serde_json::json!({ "device": public.id, "fingerprint": fingerprint });
        out.json(&made)?;
    } else {
        out.line(format!("device {}", public.id))?;
        out.line("fingerprint of this machine")?;
        out.item(4, &fingerprint)?;
    }
    let give = format!("Give {file} to an administrator: it is not secret.");
    out.steps(&[
        (&give, Words::of("device-give").with("file", file)),
        (
            "Read the fingerprint to them by voice; they must see the same.",
            Words::of("device-read"),
        ),
        ("Once they have published it: sandyk sync.", Words::of("device-sync")),
    ]);
    Ok(Exit::Done)
}

fn settings(args: SyncArgs) -> Result<Settings, CliError> {
    let (Some(workspace), Some(device)) = (args.workspace, args.device) else {
        return Err(CliError::usage("--workspace and --device are needed")
            .words(Words::of("sync-folders-needed")));
    };
    let exhibits = match (args.exhibits.is_empty(), args.every) {
        (true, None) => Wanted::All,
        (true, Some(_)) => Wanted::None,
        (false, _) => wanted(&args.exhibits)?,
    };
    let SyncArgs { desk, proxy, wait, .. } = SyncArgs { workspace: None, device: None, ..args };
    let patience = Patience { reach: wait.map(Duration::from_secs), ..Patience::default() };
    Ok(Settings { workspace, device, desk, exhibits, proxy, patience })
}

fn wanted(words: &[String]) -> Result<Wanted, CliError> {
    match words {
        [word] if word == "all" => Ok(Wanted::All),
        [word] if word == "none" => Ok(Wanted::None),
        ids => {
            let ids: Result<_, _> = ids.iter().map(|id| id.parse()).collect();
            let ids = ids.map_err(|_| {
                CliError::usage("--exhibits takes `all`, `none` or ids of testimonies")
                    .kept("nothing was sent")
                    .words(Words::of("sync-exhibits"))
            })?;
            Ok(Wanted::These(ids))
        }
    }
}

fn tell(report: &Report, out: &mut Out) -> Result<Exit, CliError> {
    match out.format() {
        Format::Json => out.json(report)?,
        Format::Table => out.item(0, &in_one_line(report))?,
    }
    say_more(report, out);
    Ok(Exit::Done)
}

/// What came, what was sent and what is waiting, in one sentence.
fn in_one_line(report: &Report) -> String {
    let came = [
        (report.testimonies, "testimony", "testimonies"),
        (report.exhibits, "sealed box of files", "sealed boxes of files"),
        (report.entries, "entry of the reviewers", "entries of the reviewers"),
        (report.keys, "casebook key", "casebook keys"),
        (report.orders, "order to forget", "orders to forget"),
        (report.objections, "objection", "objections"),
        (report.envelopes, "envelope made by a colleague", "envelopes made by colleagues"),
        (report.mended, "file that was missing", "files that were missing"),
    ];
    let came = came.into_iter().filter(|(n, ..)| *n > 0);
    let came: Vec<String> =
        came.map(|(n, one, many)| format!("{n} {}", if n == 1 { one } else { many })).collect();
    let came = if came.is_empty() { "nothing new".to_owned() } else { came.join(", ") };
    let sent = match (report.sent, report.rewrapped) {
        (0, 0) => "nothing".to_owned(),
        (sent, 0) => format!("{sent} of yours"),
        (0, made) => format!("{made} envelopes for colleagues"),
        (sent, made) => format!("{sent} of yours, {made} envelopes for colleagues"),
    };
    let refused = u64::try_from(report.refused.len()).unwrap_or(u64::MAX);
    let waiting = report.waiting.saturating_add(refused);
    let mut waits = Vec::new();
    if waiting > 0 {
        waits.push(format!("{waiting} of yours"));
    }
    if report.exhibits_missing > 0 {
        waits.push(format!("files of {}", report.exhibits_missing));
    }
    let waits = if waits.is_empty() { "nothing".to_owned() } else { waits.join(", ") };
    let proved = report.feed;
    format!("came: {came}; sent: {sent}; waiting: {waits}; {proved} events in all, proved")
}

pub(super) fn explain(error: &SyncError) -> CliError {
    let said = match error {
        SyncError::Alarm(alarm) => {
            CliError::refused(format!("\n{ALARM}\n** ALARM: {alarm}\n{ALARM}"))
        }
        SyncError::InTheClear(_)
        | SyncError::NeedsProxy(_)
        | SyncError::Proxy(_)
        | SyncError::NotSealed(_)
        | SyncError::Given { .. }
        | SyncError::Exists(_) => CliError::refused(error),
        SyncError::Address(_) | SyncError::NoAddress => CliError::usage(error),
        SyncError::File { .. }
        | SyncError::NotAWorkspace(_)
        | SyncError::InUse
        | SyncError::Damaged { .. }
        | SyncError::DeviceKey(_)
        | SyncError::Network(_)
        | SyncError::NoAnswer { .. }
        | SyncError::TooSlow(_)
        | SyncError::Clock { .. }
        | SyncError::Refused { .. }
        | SyncError::StaysFull { .. }
        | SyncError::TooLarge(_)
        | SyncError::TooFew { .. }
        | SyncError::NothingHeld
        | SyncError::NoSuchTestimony(_) => CliError::failed(error),
    };
    said.kept(error.kept()).advice(error.advice()).words(error.words())
}

/// Most seconds that `--wait` takes: a day.
const LONGEST: u64 = 24 * 60 * 60;
const ALARM: &str = "************************************************************************";

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Root {
        #[command(flatten)]
        sync: SyncArgs,
    }

    fn parse(words: &str) -> Result<SyncArgs, clap::Error> {
        Root::try_parse_from(words.split(' ')).map(|root| root.sync)
    }

    #[test]
    fn the_two_sentences_are_understood_and_no_other() {
        let sync = parse("sync --workspace w --device d --exhibits none").unwrap();
        assert_eq!(settings(sync).unwrap().exhibits, Wanted::None);
        let init = "sync init --workspace w --invitation i --reader r --device d";
        assert!(matches!(parse(init).unwrap().command, Some(SyncCommand::Init(_))));
        let rhythm = "sync --workspace w --device d --every";
        for (line, every, exhibits) in [
            ("sync --workspace w --device d", None, Wanted::All),
            (rhythm, Some(60), Wanted::None),
            ("sync --workspace w --device d --every 90 --exhibits all", Some(90), Wanted::All),
        ] {
            let sync = parse(line).unwrap();
            assert_eq!(sync.every, every);
            assert_eq!(settings(sync).unwrap().exhibits, exhibits, "{line}");
        }
        for minutes in ["0", "9", "1441", "often"] {
            assert!(parse(&format!("{rhythm} {minutes}")).is_err(), "{minutes}");
        }
        for wrong in ["sync", "sync --workspace w", "sync init --workspace w", "sync pull"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn exhibits_are_all_none_or_named() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(wanted(&words("all")).unwrap(), Wanted::All);
        let id = "a".repeat(26);
        assert!(matches!(wanted(&words(&id)), Ok(Wanted::These(ids)) if ids.len() == 1));
        for wrong in ["some", "all none", "../x"] {
            assert_eq!(wanted(&words(wrong)).unwrap_err().exit(), Exit::Usage, "{wrong}");
        }
    }

    #[test]
    fn one_line_says_what_came_what_was_sent_and_what_waits() {
        let report = Report { feed: 9, testimonies: 1, entries: 2, sent: 3, ..Report::default() };
        let line = "came: 1 testimony, 2 entries of the reviewers; sent: 3 of yours; \
                    waiting: nothing; 9 events in all, proved";
        assert_eq!(in_one_line(&report), line);
        let quiet = Report { waiting: 2, exhibits_missing: 1, ..Report::default() };
        let line = "came: nothing new; sent: nothing; waiting: 2 of yours, files of 1; \
                    0 events in all, proved";
        assert_eq!(in_one_line(&quiet), line);
    }

    #[test]
    fn an_alarm_leaves_with_3_and_says_three_things() {
        let error = explain(&SyncError::Alarm(sync::Alarm::Shrunk { held: 2, shown: 1 }));
        assert_eq!(error.exit(), Exit::Refused);
        let text = error.to_string();
        for part in ["** ALARM: the feed was rolled back", "kept:", "next: do not sync again"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
