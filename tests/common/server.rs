//! The server as a process of its own.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Mutex, mpsc},
    time::Duration,
};

/// The variable that names another build of the server.
pub(crate) const OTHER_SERVER: &str = "SANDYK_SERVER";

/// A server process; it is ended by its own id when this is dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) intake: String,
    pub(crate) said: Vec<String>,
    lines: Mutex<mpsc::Receiver<String>>,
}

impl Server {
    /// Starts the process; the caller waits until it listens.
    pub(super) fn start(config: &Path, environment: &[(&str, &Path)]) -> Self {
        // Too large a file is an error of a write, as a full disk is, and not the end of the process.
        let run = "trap '' XFSZ; exec \"$0\" serve --allow-swap --config \"$1\"";
        // Another build of the server can be named, to be put through what this one is put through.
        let own = || env!("CARGO_BIN_EXE_sandyk").into();
        let binary = std::env::var_os(OTHER_SERVER).unwrap_or_else(own);
        let mut child = Command::new("sh")
            .args(["-c", run])
            .arg(binary)
            .arg(config)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, lines) = mpsc::channel();
        let both: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in both {
            let tell = tell.clone();
            std::thread::spawn(move || {
                let lines = BufReader::new(output).lines().map_while(Result::ok);
                lines.for_each(|line| drop(tell.send(line)));
            });
        }
        Self { child, intake: String::new(), said: Vec::new(), lines: Mutex::new(lines) }
    }

    /// The rest of the next line that holds `text`.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        self.hear(text).unwrap_or_else(|| panic!("no {text:?} in {:?}", self.said))
    }

    /// The same; `None` if it ends, or says nothing for a minute.
    pub(super) fn hear(&mut self, text: &str) -> Option<String> {
        loop {
            let line = self.lines.lock().unwrap().recv_timeout(Duration::from_mins(1)).ok()?;
            self.said.push(line.clone());
            if let Some((_, rest)) = line.split_once(text) {
                return Some(rest.to_owned());
            }
        }
    }

    /// Everything that it has written to either output until now.
    pub(crate) fn heard(&mut self) -> Vec<String> {
        self.said.extend(self.lines.lock().unwrap().try_iter());
        self.said.clone()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.intake)
    }

    /// `host:port` of the intake.
    pub(crate) fn address(&self) -> &str {
        self.intake.trim_start_matches("http://")
    }

    /// Resident memory now, in KiB.
    pub(crate) fn resident(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// No file of it may grow past `bytes` from now on.
    pub(crate) fn limit_files(&self, bytes: u64) {
        let limit = rustix::process::Rlimit { current: Some(bytes), maximum: Some(bytes) };
        rustix::process::prlimit(Some(self.pid()), rustix::process::Resource::Fsize, limit)
            .unwrap();
    }

    fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap()
    }

    fn status(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix(field)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Ends it as a service manager does and waits until it has ended.
    pub(crate) fn stop(mut self) {
        self.signal(rustix::process::Signal::TERM);
        let status = self.child.wait().unwrap();
        assert!(
            status.success(),
            "{status}, {:?}",
            self.lines.lock().unwrap().try_iter().collect::<Vec<_>>()
        );
    }

    /// Stops every thread where it is, or, if it is in a system call, where it would come back from it.
    ///
    /// From then on this process tells nobody anything.
    pub(crate) fn freeze(&self) {
        self.signal(rustix::process::Signal::STOP);
        let tasks = format!("/proc/{}/task", self.child.id());
        let asleep = |task: fs::DirEntry| {
            let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            // The state stands behind the name, which is in brackets: stopped, or in the kernel.
            stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['T', 'D']))
        };
        let frozen = (0..5000).any(|_| {
            std::thread::sleep(Duration::from_millis(1));
            fs::read_dir(&tasks).unwrap().all(|task| asleep(task.unwrap()))
        });
        assert!(frozen, "the server goes on after it was stopped");
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill(mut self) {
        self.signal(rustix::process::Signal::KILL);
        self.child.wait().unwrap();
    }

    fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(rustix::process::Signal::KILL);
            let _ = self.child.wait();
        }
    }
}
