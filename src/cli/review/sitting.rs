//! Opening a session for a command, and saying what is wrong with what was found.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rand::rngs::OsRng;

use crate::{
    casebook::Op,
    cli::{
        exit::{CliError, Exit},
        others::warn_if_open,
        out::Out,
        passphrase,
        review::{Places, device, forget, lacks},
        words::{Told as _, Words},
    },
    clock::{Clock as _, Day, SystemClock},
    config::reviewer::ReviewerConfig,
    id::ReaderId,
    keyring::KeyringError,
    review::{
        FeedAlarm, KeysError, ReaderKeys, Session, SessionError, Workspace, WorkspaceError,
        WriteError,
    },
    sealed::open_passfile::PassError,
};

impl Places {
    /// The paths, from the command line or else from the settings file.
    pub(super) fn resolve(&self) -> Result<ReviewerConfig, CliError> {
        let config = match &self.config {
            Some(path) => ReviewerConfig::load(path).map_err(|error| {
                let words = error.words();
                CliError::from(error)
                    .kept("nothing was opened")
                    .advice("correct the file; config/reviewer.toml in the sources is a sample")
                    .words(words)
            })?,
            None => ReviewerConfig::default(),
        };
        let or = |given: &Option<PathBuf>, else_: Option<PathBuf>| given.clone().or(else_);
        Ok(ReviewerConfig {
            workspace: or(&self.workspace, config.workspace),
            keys: or(&self.keys, config.keys),
            passphrase_file: or(&self.passphrase_file, config.passphrase_file),
            // Never from the command line: what may be started is written down.
            plugin: config.plugin,
            attention: config.attention,
        })
    }
}

/// Opens the keys and the workspace, and says what is wrong with the feed and the casebook.
pub(super) fn open(places: &Places, out: &mut Out) -> Result<Session, CliError> {
    let unlocked = unlock(places, out)?;
    let session = unlocked.sit()?;
    say_what_is_wrong(&session, out);
    Ok(session)
}

/// Keys that a passphrase has opened, and where they work.
pub(super) struct Unlocked {
    pub(super) workspace: PathBuf,
    pub(super) keys_folder: PathBuf,
    keys: Arc<ReaderKeys>,
}

impl Unlocked {
    /// Begins a session; the workspace is opened anew.
    pub(super) fn sit(&self) -> Result<Session, CliError> {
        let workspace =
            Workspace::open(&self.workspace).map_err(|_| no_workspace(&self.workspace))?;
        Session::open(workspace, Arc::clone(&self.keys), &self.keys_folder)
            .map_err(|error| no_session(&error))
    }
}

/// Opens the keys, once there is a workspace for them.
pub(super) fn unlock(places: &Places, out: &mut Out) -> Result<Unlocked, CliError> {
    let ReviewerConfig { workspace, keys, passphrase_file, plugin, attention: _ } =
        places.resolve()?;
    let folder = given(workspace.as_deref(), "--workspace")?;
    let keys_folder = given(keys.as_deref(), "--keys")?;
    Workspace::open(folder).map_err(|_| no_workspace(folder))?;
    let key_file = keys_folder.join(KEY_FILE);
    if let Err(error) = fs::metadata(&key_file) {
        return Err(no_keys(keys_folder, &error));
    }
    warn_if_open(&key_file, out);
    let mut keys = open_keys(keys_folder, passphrase_file.as_ref(), out)?;
    if keys.reading.recipient().is_hardware() {
        keys.reading.plug(device::plugin(plugin.as_deref(), out)?);
    }
    let keys = Arc::new(keys);
    Ok(Unlocked { workspace: folder.to_owned(), keys_folder: keys_folder.to_owned(), keys })
}

/// Opens the keys; whoever mistypes a passphrase is asked again.
fn open_keys(
    folder: &Path,
    passphrase_file: Option<&PathBuf>,
    out: &mut Out,
) -> Result<ReaderKeys, CliError> {
    let mut tries_left = if passphrase_file.is_some() { 1_u8 } else { TRIES };
    loop {
        tries_left = tries_left.saturating_sub(1);
        let words = passphrase::ask(passphrase_file, "your keys", out)?;
        let wrong = match ReaderKeys::open(folder, &words) {
            Ok(keys) => return Ok(keys),
            Err(KeysError::NotOpened(PassError::WrongPassphrase)) => CliError::failed(
                "the passphrase is not that of these keys",
            )
            .kept("nothing was opened, nothing was changed")
            .advice("look at the keyboard's language and Caps Lock; nobody can look it up for you")
            .words(Words::of("passphrase-wrong")),
            Err(error) => {
                tries_left = 0;
                CliError::failed(&error)
                    .kept("nothing was opened, nothing was changed")
                    .advice(
                        "put the folder back from your copy, or ask a colleague who can read for \
                         you",
                    )
                    .words(error.words())
            }
        };
        if tries_left == 0 {
            return Err(wrong);
        }
        let english = "That is not the passphrase of these keys. Once more:";
        out.tell(english, &Words::of("passphrase-once-more"));
    }
}

pub(super) fn no_workspace(folder: &Path) -> CliError {
    let shown = folder.display();
    let kept = "nothing was opened, nothing was changed";
    if folder.join(KEY_FILE).exists() {
        return CliError::failed(format!("{shown} is a folder of keys, not a workspace"))
            .kept(kept)
            .advice("were --workspace and --keys swapped?")
            .words(Words::of("workspace-is-keys").with("folder", shown));
    }
    let (why, id) = match fs::metadata(folder.join("workspace.json")).map_err(|e| e.kind()) {
        Err(io::ErrorKind::NotFound) if !folder.exists() => {
            ("there is no such folder", "no-workspace-folder")
        }
        Err(io::ErrorKind::PermissionDenied) => ("you may not look into it", "no-workspace-denied"),
        Ok(_) => ("its workspace.json is not of this version", "no-workspace-version"),
        Err(_) => ("there is no workspace.json in it", "no-workspace-file"),
    };
    let advice = if id == "no-workspace-version" {
        "install the version of sandyk that made it, or a newer one"
    } else {
        "name the folder that `sandyk sync init` made"
    };
    CliError::failed(format!("{shown} is no workspace: {why}"))
        .kept(kept)
        .advice(advice)
        .words(Words::of(id).with("folder", shown))
}

fn no_keys(folder: &Path, error: &io::Error) -> CliError {
    let shown = folder.display();
    let kept = "nothing was opened, nothing was changed";
    if folder.join("workspace.json").exists() {
        CliError::failed(format!("{shown} is a workspace, not a folder of keys"))
            .kept(kept)
            .advice("were --workspace and --keys swapped?")
            .words(Words::of("keys-is-workspace").with("folder", shown))
    } else if error.kind() == io::ErrorKind::NotFound {
        CliError::failed(format!("there is no {KEY_FILE} in {shown}"))
            .kept(kept)
            .advice("name the folder that `sandyk review init` made, or the stick with its copy")
            .words(Words::of("keys-no-file").with("folder", shown))
    } else {
        CliError::failed(format!("{}: {error}", folder.join(KEY_FILE).display()))
            .kept(kept)
            .advice("ask whoever owns the file; it must be yours alone")
            .words(Words::of("keys-unreadable").with("folder", shown).why(error.words()))
    }
}

/// Writes acts into the outbox.
pub(super) fn write(session: &mut Session, acts: &[Op]) -> Result<(), CliError> {
    session.write(acts, SystemClock.today(), &mut OsRng).map_err(|error| {
        let advice = match &error {
            WriteError::Keyring(_) => {
                "reading goes on; sync, and ask the administrators for a renewed keyring; if this \
                 machine's date is wrong, set it"
            }
            WriteError::NotAReader => "ask the administrators whether your reader.pub was added",
            WriteError::OwnEntriesMissing { .. } => {
                "this is an older or another copy of the workspace: sync it, then try again"
            }
            WriteError::Entry(_) => "use fewer words",
            WriteError::Key(_) | WriteError::Workspace(_) | WriteError::Io(_) => {
                "free the disk or mend the folder, try again"
            }
        };
        let words = error.words();
        CliError::failed(error).kept("what was written before stands").advice(advice).words(words)
    })
}

/// How a reader is named on the screen.
pub(super) fn name(session: &Session, id: ReaderId) -> String {
    if id == session.reader() { "you".to_owned() } else { short(&id.to_string()) }
}

/// The beginning of an id, enough to type.
pub(super) fn short(id: &str) -> String {
    id.chars().take(SHORT).collect()
}

pub(super) fn given<'a>(path: Option<&'a Path>, option: &str) -> Result<&'a Path, CliError> {
    path.ok_or_else(|| {
        CliError::usage(format!("no {option} was given, nor a --config that has it"))
            .kept("nothing was opened")
            .advice(format!("add {option} DIR, or write it into a file and name that by --config"))
            .words(Words::of("option-not-given").with("option", option))
    })
}

fn no_session(error: &SessionError) -> CliError {
    let kept = "nothing was opened, nothing was written";
    let none = KeyringError::NothingPublished;
    if matches!(error, SessionError::Workspace(WorkspaceError::Keyring(e)) if *e == none) {
        return CliError::failed("there is no keyring in this workspace yet")
            .kept(kept)
            .advice(
                "run `sandyk sync`; before that, the administrators must add your reader.pub and \
             device.pub and publish",
            )
            .words(Words::of("session-no-keyring"));
    }
    // an error of the keyring carries advice for administrators behind its first semicolon
    let refused = CliError::told(Exit::Refused, error).kept(kept);
    let said = match error {
        SessionError::OtherReader { .. } => refused.advice("give the workspace of these keys"),
        SessionError::Keyring(_) | SessionError::Workspace(WorkspaceError::Keyring(_)) => refused
            .advice("sync again; if it stays so, ask the administrators by voice, not by network"),
        SessionError::Workspace(WorkspaceError::OtherRoots | WorkspaceError::Roots(_)) => refused
            .advice("somebody may have changed the workspace: ask the administrators by voice"),
        SessionError::State(_) | SessionError::Lock { .. } => {
            CliError::failed(error).kept("nothing was opened, nothing was written").advice(
                "the folder of your keys must be writable by you: check the disk and the stick",
            )
        }
        SessionError::Workspace(
            WorkspaceError::NotAWorkspace { .. } | WorkspaceError::File { .. },
        )
        | SessionError::Book(_) => CliError::failed(error)
            .kept("nothing was written")
            .advice("check the disk and that you may read the workspace; sandyk sync fetches anew"),
    };
    said.words(error.words())
}

/// Says the alarms that a command found on its way; whether there are any at all.
pub(super) fn say_alarms_at_the_end(session: &Session, out: &mut Out) -> bool {
    let alarms = session.alarms();
    for alarm in alarms.iter().filter(|alarm| matches!(alarm, FeedAlarm::Altered { .. })) {
        say_alarm(alarm, out);
    }
    !alarms.is_empty()
}

fn say_alarm(alarm: &FeedAlarm, out: &mut Out) {
    let english = format!(
        "** ALARM: {alarm}.\n   kept: everything is as it was; what is shown here may not be all there \
         is\n   next: do not sync again; call your colleagues and an administrator by voice"
    );
    out.alarm(english, &alarm.words());
}

pub(super) fn say_what_is_wrong(session: &Session, out: &mut Out) {
    for alarm in session.alarms() {
        say_alarm(&alarm, out);
    }
    let settled = session.settled().len();
    if settled > 0 {
        let english = format!("{settled} views of another feed are settled by you: review settle");
        out.tell(english, &Words::of("settled-views").count("count", settled));
    }
    say_what_the_clock_shows(session, SystemClock.today(), out);
    if session.is_first() {
        out.warn(
            "state.json, the memory of what you have seen before, is not beside your keys\n   an older \
             copy of feed and keyring would not be noticed this once; from now on it is\n   next: if \
             you did not take it away yourself, compare with a colleague by voice",
            &Words::of("warn-no-memory"),
        );
    }
    if let Some((written, here)) = session.own_missing() {
        out.warn(
            format!(
                "you have written {written} entries before, this workspace proves {here} of them"
            ),
            &Words::of("warn-own-missing").with("last", written).with("here", here),
        );
    }
    forget::say_pending(session, out);
    if session.listed().is_none() {
        out.warn(
            "the newest keyring does not list you: you can read, not write; ask an administrator",
            &Words::of("warn-not-listed"),
        );
    }
    lacks::say(session, out);
}

/// A keyring that ran out, and a clock that cannot be right: reading goes on in both.
fn say_what_the_clock_shows(session: &Session, today: Day, out: &mut Out) {
    match session.usable(today) {
        Err(KeyringError::Expired { not_after, today }) => {
            let words = Words::of("warn-expired").with("last", not_after).with("today", today);
            out.warn(
                format!(
                    "the keyring was good until {not_after} and today is {today}: you can read, not \
                     write\n   next: if the date is right, ask the administrators to renew it \
                     (sandyk admin renew)"
                ),
                &words,
            );
        }
        Err(error) => out.warn_of(&error, &error.words()),
        Ok(()) => {}
    }
    let Some(week) = session.latest_week().filter(|week| *week > today.plus_days(7).week()) else {
        return;
    };
    let words = Words::of("warn-clock-behind").with("week", week).with("today", today);
    out.warn(
        format!(
            "a testimony came in week {week}, and the clock of this machine shows {today}\n   next: \
             one of the two clocks is wrong, this machine's or the server's: compare with another"
        ),
        &words,
    );
}

/// The one secret file of a folder of keys.
const KEY_FILE: &str = "reader.age";
/// How often somebody may mistype a passphrase.
const TRIES: u8 = 3;
/// Characters of an id on the screen.
const SHORT: usize = 8;
/// Faults that are named one by one.
pub(super) const SHOWN: usize = 10;
