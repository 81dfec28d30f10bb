//! An organisation made with the real commands, each machine a folder, and the real processes on it.

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use sandyk::keyring::{Published, TrustRoot, load_folder};

use crate::common::free_port;

const BINARY: &str = env!("CARGO_BIN_EXE_sandyk");
const ROLES: [&str; 3] = ["reviewer", "guardian", "guardian"];

/// Everything of one organisation; no program of it writes outside of the folder.
pub(crate) struct Life {
    pub(crate) folder: tempfile::TempDir,
    /// What the programs are told to log.
    pub(crate) level: &'static str,
}

impl Life {
    /// Roots 2 of 3, a reviewer, two guardians, a published keyring, and a server that is not started.
    pub(crate) fn found(level: &'static str) -> Self {
        let life = Self { folder: tempfile::tempdir().unwrap(), level };
        for folder in ["server", "cwd", "tmp", "home", "logs", "screens"] {
            fs::create_dir(life.at(folder)).unwrap();
        }
        for n in 0..6 {
            let file = life.at(&format!("words-{n}"));
            fs::write(&file, format!("six invented words of number {n}")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let desk = format!("127.0.0.1:{}", free_port());
        life.run(&format!(
            "admin init --organisation X --folder c --work-factor 1 --desk-address http://{desk} \
             --passphrase-file words-3 --passphrase-file words-4 --passphrase-file words-5"
        ));
        for (n, role) in ROLES.into_iter().enumerate() {
            life.run(&format!("admin invite --folder c --role {role} --out invitation-{n}"));
            life.run(&format!(
                "review init --invitation invitation-{n} --keys keys-{n} --work-factor 1 \
                 --passphrase-file words-{n}"
            ));
            life.run(&format!(
                "sync init --invitation invitation-{n} --reader keys-{n}/reader.pub \
                 --device device-{n} --workspace workspace-{n}"
            ));
            life.run(&format!("admin add --folder c keys-{n}/reader.pub device-{n}/device.pub"));
        }
        for (root, words) in [(1, 3), (2, 4)] {
            life.run(&format!(
                "admin sign --folder c --root c/root-{root}.age --passphrase-file words-{words}"
            ));
        }
        life.run("admin keyring publish --folder c --to server/keyring");
        let config = format!(
            "store = 'store'\nkeyring = 'keyring'\nroots = 'keyring/roots.txt'\n\
             intake.listen = '127.0.0.1:0'\n[desk]\nlisten = '{desk}'\nauthorities = ['{desk}']\n\
             [limits]\nfiles_until_percent = 100\nwords_until_percent = 100\n\
             [organisation]\nname = 'X'\n"
        );
        fs::write(life.at("server/server.toml"), config).unwrap();
        life
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The keyring as the server has it.
    pub(crate) fn published(&self) -> Published {
        let roots = fs::read_to_string(self.at("server/keyring/roots.txt")).unwrap();
        load_folder(&self.at("server/keyring"), &TrustRoot::parse(&roots).unwrap()).unwrap()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .envs([("RUST_LOG", self.level), ("RUST_BACKTRACE", "full"), ("LC_ALL", "C.UTF-8")])
            .env("TMPDIR", self.at("tmp"))
            .env("HOME", self.at("home"))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end; its answer. What it says goes to the logs.
    pub(crate) fn run(&self, line: &str) -> String {
        self.run_words(&line.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn run_words(&self, words: &[&str]) -> String {
        let done =
            self.command(BINARY).args(words).current_dir(self.folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{words:?}: {said}");
        let mut said = done.stderr;
        // What review answers is for the eyes of a reader, who may read their own words in what it says.
        let file = if words[0] == "review" {
            "screens/review"
        } else {
            said.extend(&done.stdout);
            "logs/commands"
        };
        let log = File::options().append(true).create(true).open(self.at(file));
        std::io::Write::write_all(&mut log.unwrap(), &said).unwrap();
        String::from_utf8(done.stdout).unwrap()
    }

    /// Runs `sandyk review` as a reader.
    pub(crate) fn review(&self, reader: usize, words: &[&str]) -> String {
        let places = format!(
            "--workspace workspace-{reader} --keys keys-{reader} --passphrase-file words-{reader}"
        );
        let places: Vec<_> = places.split(' ').collect();
        self.run_words(&[&["review"], words, &places[..]].concat())
    }

    pub(crate) fn sync(&self, reader: usize) -> String {
        self.run(&format!("sync --workspace workspace-{reader} --device device-{reader}"))
    }

    /// Starts the server, allowed to dump as much core as it likes.
    pub(crate) fn serve(&self) -> Running {
        let said = self.at(&format!("logs/server-{}", self.level));
        let log = File::options().append(true).create(true).open(&said).unwrap();
        log.set_len(0).unwrap();
        let run =
            "ulimit -c unlimited 2> /dev/null; exec \"$0\" serve --allow-swap --config \"$1\"";
        let child = self
            .command("sh")
            .args(["-c", run, BINARY])
            .arg(self.at("server/server.toml"))
            .current_dir(self.at("cwd"))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let intake = loop {
            let text = fs::read_to_string(&said).unwrap();
            if let Some((_, rest)) = text.split_once("intake listens on http://")
                && text.contains("desk listens on ")
            {
                break rest.lines().next().unwrap().to_owned();
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "{text}");
            std::thread::sleep(Duration::from_millis(20));
        };
        Running { child, intake }
    }
}

/// A running server; it is ended by its own id when this is dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
    /// `host:port` of the intake.
    pub(crate) intake: String,
}

impl Running {
    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// Ends it as a service manager does.
    pub(crate) fn stop(mut self) {
        self.signal(Signal::TERM);
        assert!(self.child.wait().unwrap().success());
    }

    /// Files that it has open, deleted ones and those in memory too.
    pub(crate) fn open_files(&self) -> Vec<String> {
        let listed = fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap();
        let files = listed.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        let files = files.map(|file| file.display().to_string());
        files.filter(|file| file.starts_with('/') && file != "/dev/null").collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}
