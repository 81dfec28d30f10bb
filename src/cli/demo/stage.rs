//! The roles of the demo as processes of their own, of this same binary.

use std::{
    ffi::OsString,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::signal::unix::{SignalKind, signal};

use super::super::{exit::CliError, out::Out, words::Words};

/// How long the server may take to listen, in seconds.
const START_SECONDS: u64 = 60;

/// Runs the other roles and shows what they were asked.
pub(super) struct Stage {
    binary: PathBuf,
    folder: PathBuf,
}

impl Stage {
    /// `folder` is shown as `.` in the commands.
    pub(super) fn new(folder: &Path) -> Result<Self, CliError> {
        Ok(Self { binary: std::env::current_exe()?, folder: folder.to_owned() })
    }

    /// Runs one command to its end, prints it as a person would type it, and gives what it answered.
    pub(super) fn run(&self, out: &mut Out, command: &str) -> Result<String, CliError> {
        out.say(format!("   $ sandyk {}", as_typed(command)));
        self.run_unseen(command)
    }

    /// Runs one command to its end without naming it, and gives what it answered.
    pub(super) fn run_unseen(&self, command: &str) -> Result<String, CliError> {
        let done = Command::new(&self.binary)
            .args(words(command)?)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .output()?;
        let answer = String::from_utf8_lossy(&done.stdout).into_owned();
        if done.status.success() {
            return Ok(answer);
        }
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        Err(self.ended(command, done.status, &said))
    }

    /// Names one command, runs it to its end and lets it write on this very screen.
    pub(super) fn show(&self, out: &mut Out, command: &str) -> Result<(), CliError> {
        out.say(format!("   $ sandyk {}", as_typed(command)));
        let status = Command::new(&self.binary)
            .args(words(command)?)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .status()?;
        if status.success() { Ok(()) } else { Err(self.ended(command, status, "")) }
    }

    fn ended(&self, command: &str, status: ExitStatus, said: &str) -> CliError {
        CliError::failed(format!("`sandyk {command}` ended with {status}\n{said}"))
            .kept(format!("everything made so far, in {}", self.folder.display()))
            .advice("this is a fault of sandyk or of this machine; please tell us what it says")
            .words(
                Words::of("demo-step")
                    .with("command", command)
                    .with("why", format!("{status} {}", said.trim()))
                    .with("folder", self.folder.display()),
            )
    }

    /// Starts the server and waits until it listens.
    pub(super) fn serve(&self, out: &mut Out, command: &str) -> Result<Server, CliError> {
        out.say(format!("   $ sandyk {} &", as_typed(command)));
        let mut child = Command::new(&self.binary)
            .args(words(command)?)
            // killed as it may be, the demo leaves no server behind
            .args(["--end-with", &std::process::id().to_string()])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        end_with_us(&child)?;
        let pipe = child.stderr.take();
        let mut server = Server { child, places: Vec::new() };
        let lines = pipe.map(BufReader::new).ok_or_else(|| CliError::failed("no pipe"))?;
        server.wait_until_it_listens(lines, out)?;
        Ok(server)
    }
}

/// Whoever tells us to stop tells the server too; then the tour ends because the server did.
fn end_with_us(child: &Child) -> Result<(), CliError> {
    let id = id_of(child).ok_or_else(|| CliError::failed("the server has no process id"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate, mut hangup) = runtime.block_on(async {
        Ok::<_, std::io::Error>((
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ))
    })?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
        });
        let _ = kill_process(id, Signal::TERM);
    });
    Ok(())
}

fn id_of(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// A running server; it is ended by its own id when this is dropped.
pub(super) struct Server {
    child: Child,
    places: Vec<String>,
}

impl Server {
    /// Reads what the server says until both its faces listen; goes on reading after that.
    fn wait_until_it_listens(
        &mut self,
        lines: BufReader<std::process::ChildStderr>,
        out: &mut Out,
    ) -> Result<(), CliError> {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                // Nobody listens any more once the server is up; the pipe must still be emptied.
                let _ = tell.send(line);
            }
        });
        let start = Instant::now();
        while self.places.len() < 2 {
            let left = Duration::from_secs(START_SECONDS).saturating_sub(start.elapsed());
            let line = told.recv_timeout(left).map_err(|_| {
                CliError::failed("the server did not start")
                    .kept("everything made so far")
                    .advice("is the address in use? try --intake and --desk with other ports")
                    .words(Words::of("demo-no-server"))
            })?;
            // a demo has nothing that must not reach the disk
            if !line.starts_with(&out.in_words("warning:", &Words::of("label-warning"))) {
                out.say(format!("   {line}"));
            }
            if let Some((_, place)) = line.split_once(" listens on ") {
                self.places.push(place.to_owned());
            }
        }
        Ok(())
    }

    /// Waits for the server to end by itself (it does at the same ctrl-c that ends us).
    pub(super) fn wait(&mut self) -> Result<(), CliError> {
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(id) = id_of(&self.child)
            && matches!(self.child.try_wait(), Ok(None))
        {
            let _ = kill_process(id, Signal::TERM);
            let _ = self.child.wait();
        }
    }
}

/// A command as a person would type it: asked for passphrases, with ordinary hashing.
fn as_typed(command: &str) -> String {
    let mut words = command.split(' ').filter(|word| !word.is_empty());
    let mut typed = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "--passphrase-file" | "--work-factor" => drop(words.next()),
            "--allow-swap" => {}
            _ => typed.push(word),
        }
    }
    typed.join(" ")
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> Result<String, CliError> {
    let quoted = shlex::try_quote(word);
    quoted.map(String::from).map_err(|_| CliError::usage("a path with a NUL byte in it"))
}

/// A command line as a shell splits it.
fn words(command: &str) -> Result<Vec<String>, CliError> {
    shlex::split(command).ok_or_else(|| CliError::failed(format!("not a command: {command}")))
}

/// A path as an argument.
pub(super) fn arg(path: &Path) -> Result<String, CliError> {
    OsString::from(path)
        .into_string()
        .map_err(|_| CliError::usage("the demo's folder must have a name in UTF-8"))
}
