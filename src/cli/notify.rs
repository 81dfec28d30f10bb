//! `sandyk notify`: watches the attention file and runs a command; has no keys and no network.
//!
//! Promises: 1. the command is run as it is given, without a shell unless `--shell` asks for one, with
//! the counts in its environment and nothing on its stdin; 2. one at a time, and one that does not end
//! in time is ended with all that it started; 3. a file that is missing or half written calls nobody;
//! 4. what the command does or says never ends this program.
//! Does not: read anything but the attention file. Spec: `docs/cli.md`.

use std::{
    ffi::OsString,
    io,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::{
    attention::{Attention, Counts},
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        stop::Stop,
        words::{Told as _, Words},
    },
};

/// Run a command when `review watch` calls; without keys.
#[derive(clap::Args)]
pub struct NotifyArgs {
    /// The file that `review watch` writes.
    #[arg(long, value_name = "FILE")]
    attention: PathBuf,
    /// Seconds between two looks at the file.
    #[arg(long, value_name = "SECONDS", default_value_t = 15,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
    /// Seconds after which a command that has not ended is ended.
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    limit: u64,
    /// Also for testimonies that are new and not urgent.
    #[arg(long)]
    also_new: bool,
    /// Give the one word after `--` to `sh -c`.
    #[arg(long)]
    shell: bool,
    /// Look once, run the command if something waits, and end.
    #[arg(long)]
    once: bool,
    /// The command and its words, after `--`.
    #[arg(required = true, last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Runs the command.
///
/// # Errors
/// If the line makes no command, or with `--once` if it did not end well.
pub fn run(args: &NotifyArgs, out: &mut Out) -> Result<Exit, CliError> {
    if args.shell && args.command.len() != 1 {
        return Err(CliError::usage("--shell takes one word: the whole line for sh, in quotes")
            .kept("nothing was run")
            .advice("put the line after -- into quotes, or leave --shell out")
            .words(Words::of("notify-shell")));
    }
    let stop = Stop::listen()?;
    let mut heard = Heard { also_new: args.also_new, last: None };
    if args.once {
        let Some(waiting) = Attention::load(&args.attention).and_then(|now| heard.take(now)) else {
            return Ok(Exit::NothingToDo);
        };
        return call(args, &waiting, &stop, out)?.map_or(Ok(Exit::Failed), |status| {
            Ok(if status.success() { Exit::Done } else { Exit::Failed })
        });
    }
    let file = args.attention.display();
    out.tell(
        format!("Waiting for calls in {file}. Ctrl-C ends it."),
        &Words::of("notify-waits").with("file", &file),
    );
    loop {
        if let Some(waiting) = Attention::load(&args.attention).and_then(|now| heard.take(now))
            && let Err(error) = call(args, &waiting, &stop, out)
        {
            out.error(&error);
        }
        if stop.within(Duration::from_secs(args.every)) {
            return Ok(Exit::Done);
        }
    }
}

/// What was read of the file before.
struct Heard {
    also_new: bool,
    last: Option<Attention>,
}

impl Heard {
    /// The counts, if somebody should be called for them.
    fn take(&mut self, now: Attention) -> Option<Counts> {
        let waiting = now.waiting;
        let called = match &self.last {
            // What waits when this begins may have been called before; twice harms nobody.
            None => waiting.urgent > 0 || waiting.answers > 0 || waiting.alarms > 0,
            Some(last) => last.call != now.call,
        };
        let before = self.last.as_ref().map_or(0, |last| last.waiting.new);
        let new = self.also_new && waiting.new > before;
        self.last = Some(now);
        (called || new).then_some(waiting)
    }
}

/// Runs the command and waits for its end; `None` if it was ended.
fn call(
    args: &NotifyArgs,
    waiting: &Counts,
    stop: &Stop,
    out: &mut Out,
) -> Result<Option<ExitStatus>, CliError> {
    let mut child = command(args, waiting).spawn().map_err(|error| {
        let name = args.command.first().map(|word| word.display().to_string()).unwrap_or_default();
        CliError::failed(format!("{name} cannot be run: {error}"))
            .kept("the attention file; nothing else was touched")
            .advice("try the words after -- in a terminal")
            .words(Words::of("notify-not-run").with("given", name).why(error.words()))
    })?;
    let status = wait(&mut child, Duration::from_secs(args.limit), stop)?;
    let how = match status {
        None => "ended by sandyk, because it did not end in time".to_owned(),
        Some(status) if status.success() => "done".to_owned(),
        Some(status) => status.to_string(),
    };
    match out.format() {
        Format::Json => out.line(serde_json::json!({ "called": waiting, "command": how }))?,
        Format::Table => out.line(format!("called; the command: {how}"))?,
    }
    Ok(status)
}

fn command(args: &NotifyArgs, waiting: &Counts) -> Command {
    let mut words = args.command.iter();
    let mut command = if args.shell {
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c");
        shell
    } else {
        Command::new(words.next().cloned().unwrap_or_default())
    };
    let Counts { urgent, new, answers, alarms } = waiting;
    command
        .args(words)
        .env("SANDYK_URGENT", urgent.to_string())
        .env("SANDYK_NEW", new.to_string())
        .env("SANDYK_ANSWERS", answers.to_string())
        .env("SANDYK_ALARMS", alarms.to_string())
        .stdin(Stdio::null())
        // Answers on stdout are ours alone.
        .stdout(Stdio::from(io::stderr()))
        .process_group(0);
    command
}

/// Waits until it ends; ends it and all that it started if it takes too long or somebody says stop.
fn wait(child: &mut Child, limit: Duration, stop: &Stop) -> io::Result<Option<ExitStatus>> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if stop.is_told() || began.elapsed() >= limit {
            break;
        }
        std::thread::sleep(SLICE);
    }
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let Some(group) = group else { return child.kill().map(|()| None) };
    // Whoever is gone already needs no signal.
    let _ = kill_process_group(group, Signal::TERM);
    let asked = Instant::now();
    while asked.elapsed() < GRACE && child.try_wait()?.is_none() {
        std::thread::sleep(SLICE);
    }
    let _ = kill_process_group(group, Signal::KILL);
    child.wait().map(|_| None)
}

const SLICE: Duration = Duration::from_millis(50);
/// Time to end in good order after it was asked to.
const GRACE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    fn said(call: u64, urgent: u64, new: u64, answers: u64) -> Attention {
        Attention::new(call, Counts { urgent, new, answers, alarms: 0 })
    }

    #[test]
    fn another_call_calls_once_and_the_same_one_never_again() {
        let mut heard = Heard { also_new: false, last: None };
        assert!(heard.take(said(1, 0, 3, 0)).is_none(), "new ones alone ring no bell");
        assert!(heard.take(said(1, 0, 9, 0)).is_none());
        assert!(heard.take(said(2, 1, 9, 0)).is_some());
        assert!(heard.take(said(2, 1, 9, 0)).is_none());
        assert!(heard.take(said(3, 1, 9, 0)).is_some(), "one read, one came: the same counts");
        assert!(heard.take(said(3, 0, 0, 0)).is_none());
    }

    #[test]
    fn what_waits_at_the_start_calls_and_new_ones_if_asked_for() {
        for (urgent, answers, calls) in [(0, 0, false), (1, 0, true), (0, 1, true)] {
            let mut heard = Heard { also_new: false, last: None };
            assert_eq!(heard.take(said(1, urgent, 5, answers)).is_some(), calls);
        }
        let mut heard = Heard { also_new: true, last: None };
        assert!(heard.take(said(1, 0, 1, 0)).is_some());
        assert!(heard.take(said(1, 0, 1, 0)).is_none());
        assert!(heard.take(said(1, 0, 0, 0)).is_none());
        assert!(heard.take(said(1, 0, 1, 0)).is_some());
    }
}
