//! `sandyk review watch`: looks again whenever sync has brought something, and calls.
//!
//! Promises: 1. what is written and said is numbers: no id, no word of a witness; 2. keys stay in
//! memory only, and no session is held between two looks; 3. the attention file never lies in the
//! workspace, which goes to a machine with a network; 4. the bell rings for what came and is urgent,
//! for answers of witnesses and for alarms, and for nothing else.
//! Does not: open a socket, run a program, mark anything as read.

use std::{
    fs,
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use clap::Args;
use rand::{RngCore as _, rngs::OsRng};

use crate::{
    attention::{Attention, Counts},
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        review::{Places, sitting},
        stop::Stop,
        words::{Told as _, Words},
    },
    config::reviewer::{AnswerKind, AttentionConfig},
    process,
    review::{Choice, Session, Since, Watcher},
    testimony::Kind,
};

#[derive(Args)]
pub(super) struct WatchArgs {
    /// The file of counts, for `sandyk notify`; default: attention.json beside your keys
    #[arg(long, value_name = "FILE")]
    attention: Option<PathBuf>,
    /// Minutes until the next look, also if sync has brought nothing; default: 10
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..=1440))]
    every: Option<u64>,
    /// Look once, say what waits, and end
    #[arg(long)]
    once: bool,
}

pub(super) fn run(args: &WatchArgs, places: &Places, out: &mut Out) -> Result<Exit, CliError> {
    for weakness in process::harden() {
        out.warn(weakness, &weakness.words());
    }
    let unlocked = sitting::unlock(places, out)?;
    let settings = places.resolve()?.attention;
    let file = args.attention.clone().or_else(|| settings.file.clone());
    let file = file.unwrap_or_else(|| unlocked.keys_folder.join(ATTENTION));
    not_in_the_workspace(&file, &unlocked.workspace)?;
    let every = args.every.unwrap_or_else(|| settings.every_minutes.get());
    let watcher = Watcher::new(choice(&settings));
    let mut watch = Watch { unlocked, file, watcher, settings, said: None, first: true };
    if args.once {
        let Counts { new, answers, alarms, .. } = watch.look(out)?;
        return Ok(match (alarms, new.saturating_add(answers)) {
            (0, 0) => Exit::NothingToDo,
            (0, _) => Exit::Done,
            _ => Exit::Refused,
        });
    }
    // Not before: a first Ctrl-C at the question for the passphrase ends the program.
    let stop = Stop::listen()?;
    let (folder, file) = (watch.unlocked.workspace.display(), watch.file.display());
    out.tell(
        format!("Watching {folder}. Ctrl-C ends it."),
        &Words::of("watching").with("folder", &folder),
    );
    out.tell(
        format!("The counts are in {file} after each look."),
        &Words::of("watching-file").with("file", &file),
    );
    let every = Duration::from_secs(every.saturating_mul(60));
    watch.until(&stop, every, out)
}

/// What the settings say that calls.
fn choice(settings: &AttentionConfig) -> Choice {
    let kind = |kind: &AnswerKind| match kind {
        AnswerKind::Supplement => Kind::Supplement,
        AnswerKind::Correction => Kind::Correction,
        AnswerKind::ConsentChange => Kind::ConsentChange,
        AnswerKind::Withdrawal => Kind::Withdrawal,
        AnswerKind::Message => Kind::Message,
    };
    Choice {
        urgent: settings.urgent.code(),
        answers: settings.answers.iter().map(kind).collect(),
        cases: settings.cases.iter().copied().collect(),
    }
}

struct Watch {
    unlocked: sitting::Unlocked,
    file: PathBuf,
    watcher: Watcher,
    settings: AttentionConfig,
    said: Option<Counts>,
    first: bool,
}

impl Watch {
    /// Looks until somebody says stop.
    fn until(&mut self, stop: &Stop, every: Duration, out: &mut Out) -> Result<Exit, CliError> {
        let mut trouble = None;
        loop {
            // Taken before the look: what comes while it lasts is seen by the next one.
            let seen = Seen::of(&self.unlocked.workspace);
            let began = Instant::now();
            match self.look(out) {
                Ok(_) => trouble = None,
                Err(error) if error.exit() == Exit::Refused => {
                    let said = self.said.unwrap_or_default();
                    let alarms = said.alarms.max(1);
                    // What keeps it from being written is less than what is said now.
                    let _ = self.write(new_call(), Counts { alarms, ..said });
                    self.ring();
                    return Err(error);
                }
                // A stick that was pulled out comes back; the disk gets room again.
                Err(error) => {
                    let said = Some(error.to_string());
                    if said != trouble {
                        out.error(&error);
                        out.tell(" it looks again by itself", &Words::of("watching-again"));
                    }
                    trouble = said;
                }
            }
            while began.elapsed() < every && Seen::of(&self.unlocked.workspace) == seen {
                if stop.within(GLANCE) {
                    let waiting = self.said.unwrap_or_default();
                    return Ok(if waiting.alarms > 0 { Exit::Refused } else { Exit::Done });
                }
            }
        }
    }

    /// One look: counts, file, words, bell.
    fn look(&mut self, out: &mut Out) -> Result<Counts, CliError> {
        let session = self.unlocked.sit()?;
        let before = Attention::load(&self.file);
        let since = match &before {
            Some(before) if self.first => Since::Counted(before.waiting),
            _ => Since::Before,
        };
        let (waiting, came) = self.watcher.look(&session, since);
        if self.first || self.said.is_none_or(|said| said.alarms != waiting.alarms) {
            sitting::say_what_is_wrong(&session, out);
        }
        if self.first {
            self.say_unknown_cases(&session, out);
        }
        drop(session);
        let new = self.settings.new && came.new > 0;
        let calls = new || came.urgent > 0 || came.answers > 0 || came.alarms > 0;
        let call = before.filter(|_| !calls).map_or_else(new_call, |before| before.call);
        self.write(call, waiting)?;
        self.first = false;
        if self.said != Some(waiting) {
            say(&waiting, out)?;
        }
        self.said = Some(waiting);
        if calls {
            self.ring();
        }
        Ok(waiting)
    }

    /// The bell, unless the settings ask for silence.
    fn ring(&self) {
        if self.settings.bell {
            bell();
        }
    }

    /// A case that is mistyped, or that sync has not brought: nothing that is put into it would call.
    fn say_unknown_cases(&self, session: &Session, out: &mut Out) {
        for case in self.watcher.unknown_cases(session) {
            out.warn(
                format!(
                    "no casebook that is here has the case {case} of reviewer.toml: look with sandyk \
                     review case list"
                ),
                &Words::of("watching-no-case").with("case", case),
            );
        }
    }

    fn write(&self, call: u64, waiting: Counts) -> Result<(), CliError> {
        Attention::new(call, waiting).save(&self.file).map_err(|error| {
            CliError::failed(format!("{} was not written: {error}", self.file.display()))
                .kept("the counts of the look before, if there are any")
                .advice("check the disk, or name another file with --attention")
                .words(
                    Words::of("attention-not-written")
                        .with("file", self.file.display())
                        .why(error.words()),
                )
        })
    }
}

/// Rings the bell of the terminal that hears the words, if one does.
fn bell() {
    let mut terminal = io::stderr();
    if terminal.is_terminal() {
        // there is nobody left to call if it is gone
        let _ = terminal.write_all(b"\x07").and_then(|()| terminal.flush());
    }
}

/// A number that says nothing but that it is another one; JSON readers take it for exact.
fn new_call() -> u64 {
    OsRng.next_u64() >> 11
}

/// What waits, in one line.
fn say(waiting: &Counts, out: &mut Out) -> Result<(), CliError> {
    match out.format() {
        Format::Json => out.line(serde_json::to_string(waiting)?),
        Format::Table => out.line(in_words(waiting)),
    }
}

fn in_words(waiting: &Counts) -> String {
    let Counts { urgent, new, answers, alarms } = *waiting;
    let mut words = if new == 0 && answers == 0 {
        "nothing waits for you".to_owned()
    } else {
        let answered = if answers == 1 { "1 answer" } else { &format!("{answers} answers") };
        format!("not read: {new} new, {answered} of witnesses; {urgent} of these urgent")
    };
    if alarms > 0 {
        words.push_str("; ALARM, see above");
    }
    words
}

/// Refuses a place that sync carries to a machine with a network, where counts would tell.
fn not_in_the_workspace(file: &Path, workspace: &Path) -> Result<(), CliError> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let (folder, workspace) = (fs::canonicalize(folder), fs::canonicalize(workspace));
    let inside = folder.is_ok_and(|f| workspace.is_ok_and(|w| f.starts_with(w)));
    if !inside {
        return Ok(());
    }
    Err(CliError::refused("the attention file would lie in the workspace, which sync can read")
        .kept("nothing was written")
        .advice("name a file outside of it with --attention, or leave the option out")
        .words(Words::of("attention-in-the-workspace")))
}

/// What changes in a workspace when sync has ended or this reader has read something.
#[derive(PartialEq, Eq)]
struct Seen([Option<(u64, SystemTime)>; 4]);

impl Seen {
    fn of(workspace: &Path) -> Self {
        Self(["feed.jsonl", "checkpoint.note", "keyring", "outbox/entries"].map(|name| {
            let about = fs::metadata(workspace.join(name)).ok()?;
            Some((about.len(), about.modified().ok()?))
        }))
    }
}

const ATTENTION: &str = "attention.json";
/// How often the workspace is looked at from outside.
const GLANCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_said_in_numbers() {
        let none = Counts::default();
        assert_eq!(in_words(&none), "nothing waits for you");
        assert_eq!(
            in_words(&Counts { alarms: 1, ..none }),
            "nothing waits for you; ALARM, see above"
        );
        let some = Counts { urgent: 1, new: 2, answers: 1, alarms: 0 };
        assert_eq!(in_words(&some), "not read: 2 new, 1 answer of witnesses; 1 of these urgent");
    }

    #[test]
    fn calls_are_random_and_exact_in_json() {
        let calls = [(); 64].map(|()| new_call());
        assert!(calls.iter().all(|call| *call < 1 << 53));
        assert!(calls.iter().any(|call| *call != calls[0]));
    }
}
