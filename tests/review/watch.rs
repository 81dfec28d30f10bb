//! Watching and calling: the real programs, a terminal that hears the bell, and commands that misbehave.

use std::{
    fs,
    io::{Read as _, Seek as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use sandyk::{
    attention::{Attention, Counts},
    keyring::Role::{Guardian, Reviewer},
};

use crate::{
    answers::{signed_answer, signed_first},
    room::{Room, Sent, said},
};

const BINARY: &str = env!("CARGO_BIN_EXE_sandyk");

fn counts(urgent: u64, new: u64, answers: u64) -> Counts {
    Counts { urgent, new, answers, alarms: 0 }
}

/// Waits until something is so, for at most twenty seconds.
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_secs(20), "never: {what}");
        sleep(Duration::from_millis(50));
    }
}

fn end(child: &Child) {
    end_by_id(child.id());
}

fn end_by_id(id: u32) {
    assert!(Command::new("kill").arg(id.to_string()).status().unwrap().success());
}

#[test]
fn one_look_counts_by_kind_and_its_file_tells_nothing_of_a_witness() {
    let mut room = Room::new(&[Reviewer, Guardian]);
    let nothing = room.run(0, &["watch", "--once"]);
    assert_eq!(nothing.status.code(), Some(4), "{}", said(&nothing));
    let calm = signed_first(&mut room, "none");
    let urgent = room.receive(&Sent { risk: "now", ..Sent::default() });
    let answer = signed_answer(&mut room, calm, "soon");
    let json = room.json(0, &["watch", "--once"]);
    let expected = serde_json::json!({"urgent": 2, "new": 2, "answers": 1, "alarms": 0});
    assert_eq!(json, expected);
    let file = room.keys(0).join("attention.json");
    let read = Attention::load(&file).unwrap();
    assert_eq!(read.waiting, counts(2, 2, 1));
    let about = fs::metadata(&file).unwrap();
    assert_eq!((about.permissions().mode() & 0o777, about.len()), (0o600, 256));
    let text = fs::read_to_string(&file).unwrap();
    for id in [calm, urgent, answer] {
        assert!(!text.contains(&id.to_string()));
    }
    let members: serde_json::Value = serde_json::from_str(&text).unwrap();
    let members: Vec<_> = members.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["call", "schema", "waiting"], "and nothing beside them");
    // Nothing new: the same call, and the file is written all the same.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    room.text(0, &["watch", "--once"]);
    assert_eq!(Attention::load(&file), Some(read.clone()));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // Read is read; fewer call nobody, another urgent one does.
    room.text(0, &["show", &urgent.to_string()]);
    room.text(0, &["watch", "--once"]);
    let fewer = Attention::load(&file).unwrap();
    assert_eq!((fewer.call, fewer.waiting), (read.call, counts(1, 1, 1)));
    room.receive(&Sent { risk: "now", ..Sent::default() });
    room.text(0, &["watch", "--once"]);
    let more = Attention::load(&file).unwrap();
    assert_ne!(more.call, read.call);
    assert_eq!(more.waiting, counts(2, 2, 1));
    // The other reader has read nothing.
    assert_eq!(room.json(1, &["watch", "--once"])["new"], 3);
}

#[test]
fn the_file_of_counts_never_lies_in_the_workspace() {
    let mut room = Room::new(&[Guardian]);
    room.receive(&Sent::default());
    for place in ["counts", "testimonies/counts", "../workspace-0/counts"] {
        let place = room.workspace(0).join(place);
        let refused = room.run(0, &["watch", "--once", "--attention", place.to_str().unwrap()]);
        assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
        assert!(said(&refused).contains("sync can read") && !place.exists());
    }
    let beside = room.folder.path().join("counts");
    room.text(0, &["watch", "--once", "--attention", beside.to_str().unwrap()]);
    assert_eq!(Attention::load(&beside).unwrap().waiting, counts(0, 1, 0));
}

#[test]
fn an_alarm_is_counted_and_leaves_with_3() {
    let mut room = Room::new(&[Guardian]);
    let id = room.receive(&Sent::default());
    room.text(0, &["watch", "--once"]);
    let cover = room.workspace(0).join(format!("testimonies/{id}/cover.age"));
    fs::remove_file(&cover).unwrap();
    let (json, _) = room.alarmed(0, &["watch", "--once"]);
    assert_eq!((&json["alarms"], &json["new"]), (&1.into(), &0.into()), "{json}");
}

/// `review watch` on a terminal of its own, and what it wrote there.
pub struct Watching {
    terminal: Child,
    log: PathBuf,
}

impl Watching {
    fn start(room: &Room) -> Self {
        Self::start_with(room, "")
    }

    /// The same with more words on the line.
    pub fn start_with(room: &Room, more: &str) -> Self {
        let log = room.folder.path().join("screen");
        let line = [
            BINARY.to_owned(),
            "review watch".to_owned(),
            format!("--workspace {}", room.workspace(0).display()),
            format!("--keys {}", room.keys(0).display()),
            format!("--passphrase-file {}", room.folder.path().join("passphrase").display()),
            more.to_owned(),
        ];
        let terminal = Command::new("script")
            .args(["-qefc", &format!("exec {}", line.join(" "))])
            .arg(&log)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { terminal, log }
    }

    fn screen(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    pub fn bells(&self) -> usize {
        self.screen().matches('\u{7}').count()
    }

    pub fn sees(&self, text: &str) {
        until(text, || self.screen().contains(text));
    }

    /// The process behind the terminal.
    fn id(&self) -> u32 {
        let terminal = self.terminal.id();
        let children = fs::read_to_string(format!("/proc/{terminal}/task/{terminal}/children"));
        children.unwrap().split_whitespace().next().unwrap().parse().unwrap()
    }
}

impl Drop for Watching {
    /// Whatever fell before: nothing of it stays.
    fn drop(&mut self) {
        if self.terminal.try_wait().is_ok_and(|ended| ended.is_none()) {
            end_by_id(self.id());
            let _ = self.terminal.wait();
        }
    }
}

#[test]
fn the_bell_rings_for_what_came_and_is_urgent_and_for_answers_and_for_nothing_else() {
    let mut room = Room::new(&[Guardian]);
    let first = signed_first(&mut room, "none");
    let mut watching = Watching::start(&room);
    watching.sees("not read: 1 new, 0 answers of witnesses; 0 of these urgent");
    assert_eq!(watching.bells(), 0);
    let urgent = room.receive(&Sent { risk: "now", ..Sent::default() });
    watching.sees("2 new, 0 answers of witnesses; 1 of these urgent");
    until("one bell", || watching.bells() == 1);
    room.receive(&Sent { risk: "unsure", ..Sent::default() });
    watching.sees("3 new, 0 answers of witnesses; 1 of these urgent");
    assert_eq!(watching.bells(), 1);
    // Nothing is locked between two looks, and what is read elsewhere counts.
    room.text(0, &["show", &urgent.to_string()]);
    watching.sees("2 new, 0 answers of witnesses; 0 of these urgent");
    signed_answer(&mut room, first, "none");
    watching.sees("2 new, 1 answer of witnesses; 0 of these urgent");
    until("two bells", || watching.bells() == 2);
    let screen = watching.screen();
    for id in room.ids(0, &[]) {
        assert!(!screen.contains(&id[..8]), "{screen}");
    }
    let id = watching.id();
    for file in fs::read_dir(format!("/proc/{id}/fd")).unwrap() {
        let target = fs::read_link(file.unwrap().path()).unwrap_or_default();
        assert!(!target.display().to_string().contains("socket"), "{}", target.display());
    }
    end_by_id(id);
    let ended = watching.terminal.wait().unwrap();
    assert_eq!(ended.code(), Some(0), "{}", watching.screen());
    assert_eq!(watching.bells(), 2);
}

#[test]
fn a_workspace_that_goes_away_and_comes_back_is_looked_at_again() {
    let mut room = Room::new(&[Guardian]);
    room.receive(&Sent { risk: "none", ..Sent::default() });
    let mut watching = Watching::start(&room);
    watching.sees("1 new");
    let aside = room.folder.path().join("pulled-out");
    fs::rename(room.workspace(0), &aside).unwrap();
    watching.sees("is no workspace: there is no such folder");
    fs::rename(&aside, room.workspace(0)).unwrap();
    room.receive(&Sent { risk: "now", ..Sent::default() });
    watching.sees("2 new, 0 answers of witnesses; 1 of these urgent");
    until("a bell", || watching.bells() == 1);
    let id = watching.id();
    assert!(Command::new("kill").args(["-INT", &id.to_string()]).status().unwrap().success());
    assert_eq!(watching.terminal.wait().unwrap().code(), Some(0));
}

fn notify(file: &Path, options: &[&str], command: &[&str]) -> Command {
    let mut notify = Command::new(BINARY);
    notify.arg("notify").arg("--attention").arg(file).args(options).arg("--").args(command);
    notify
}

fn once(file: &Path, options: &[&str], command: &[&str]) -> Output {
    notify(file, &[&["--once"], options].concat(), command).output().unwrap()
}

fn call(file: &Path, call: u64, waiting: Counts) {
    Attention::new(call, waiting).save(file).unwrap();
}

#[test]
fn a_missing_or_half_written_file_calls_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("attention.json");
    let ran = folder.path().join("ran");
    let touch = ["touch", ran.to_str().unwrap()];
    assert_eq!(once(&file, &[], &touch).status.code(), Some(4));
    call(&file, 1, counts(1, 1, 0));
    let whole = fs::read(&file).unwrap();
    for cut in [0, 1, 20, 60] {
        fs::write(&file, &whole[..cut]).unwrap();
        assert_eq!(once(&file, &[], &touch).status.code(), Some(4), "{cut}");
    }
    fs::write(&file, vec![b'{'; 1 << 20]).unwrap();
    assert_eq!(once(&file, &[], &touch).status.code(), Some(4));
    assert!(!ran.exists());
    fs::write(&file, &whole).unwrap();
    assert_eq!(once(&file, &[], &touch).status.code(), Some(0));
    assert!(ran.exists());
}

#[test]
fn the_command_gets_the_counts_and_no_shell_unless_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("attention.json");
    call(&file, 1, Counts { urgent: 2, new: 30, answers: 4, alarms: 1 });
    let output = once(&file, &["--json"], &["env"]);
    let environment = String::from_utf8(output.stderr).unwrap();
    for line in ["SANDYK_URGENT=2", "SANDYK_NEW=30", "SANDYK_ANSWERS=4", "SANDYK_ALARMS=1"] {
        assert!(environment.lines().any(|l| l == line), "{line}: {environment}");
    }
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&answer["called"]["new"], &answer["command"]), (&30.into(), &"done".into()));
    let planted = folder.path().join("planted");
    let words = format!("$SANDYK_URGENT; touch {}", planted.display());
    let output = once(&file, &[], &["echo", &words]);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), format!("{words}\n"));
    assert!(!planted.exists());
    let output = once(&file, &["--shell"], &["echo \"$SANDYK_URGENT urgent\"; exit 5"]);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "2 urgent\n");
    assert_eq!(output.status.code(), Some(1), "the command did not end well");
    let two = once(&file, &["--shell"], &["echo", "two"]);
    assert_eq!(two.status.code(), Some(2), "{}", said(&two));
    let none = once(&file, &[], &["/nowhere/at/all"]);
    assert!(said(&none).contains("cannot be run") && said(&none).contains("kept:"));
}

/// Runs a program for a minute at most: how long it took, its code, what it said.
///
/// Its words go to a file: children of it that live on hold no pipe on which this would wait for ever.
fn within(command: &mut Command) -> (Duration, Option<i32>, String) {
    let mut said = tempfile::tempfile().unwrap();
    let (out, err) = (said.try_clone().unwrap(), said.try_clone().unwrap());
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().unwrap();
    let ended = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if began.elapsed() > Duration::from_mins(1) => {
                child.kill().unwrap();
                break child.wait().unwrap();
            }
            None => sleep(Duration::from_millis(20)),
        }
    };
    let took = began.elapsed();
    said.rewind().unwrap();
    let mut words = String::new();
    said.read_to_string(&mut words).unwrap();
    (took, ended.code(), words)
}

#[test]
fn a_command_that_hangs_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("attention.json");
    call(&file, 1, counts(1, 1, 0));
    let ids = folder.path().join("ids");
    // Deaf to being asked, with a child in the background.
    let line = format!("trap '' TERM; sleep 987 & echo $! $$ > {}; sleep 987", ids.display());
    let (took, code, words) =
        within(&mut notify(&file, &["--once", "--limit", "1", "--shell"], &[&line]));
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("did not end in time"), "{words}");
    for id in fs::read_to_string(ids).unwrap().split_whitespace() {
        let state = format!("/proc/{id}/status");
        until("ended", || fs::read_to_string(&state).map_or(true, |s| s.contains("(zombie)")));
    }
}

#[test]
fn it_calls_once_for_each_call_goes_on_after_a_failure_and_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("attention.json");
    let calls = folder.path().join("calls");
    let line = format!("echo $SANDYK_URGENT >> {}; exit 7", calls.display());
    let mut running = notify(&file, &["--every", "1", "--shell"], &[&line]);
    let mut running = running.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let lines = || fs::read_to_string(&calls).unwrap_or_default().lines().count();
    sleep(Duration::from_millis(1500));
    assert_eq!(lines(), 0, "no file yet");
    for n in 1..=3_u64 {
        call(&file, n, counts(n, n, 0));
        until("a call", || lines() == usize::try_from(n).unwrap());
    }
    for _ in 0..2 {
        call(&file, 3, counts(3, 3, 0));
        sleep(Duration::from_millis(1300));
    }
    assert_eq!(fs::read_to_string(&calls).unwrap(), "1\n2\n3\n");
    end(&running);
    assert_eq!(running.wait().unwrap().code(), Some(0));
}
