//! Talking to an age plugin: the program that knows how to reach a hardware key.
//!
//! Promises: 1. the one program that is started is the one that was named, by its path, never one
//! that a search found; 2. it gets this reader's identity and the stanzas of tag keys, and no more;
//! 3. one conversation at a time, so that a device is asked for one touch; 4. nothing is started
//! while age's own tracing is on, which would print keys; 5. a plugin that does not answer is ended after
//! [`PATIENCE`] and not started again: nobody waits for ever, and nobody waits twice. The time in which the
//! person is being asked for something does not count.
//! Does not: judge the plugin. It runs with the rights of whoever reads.
//! Spec: <https://c2sp.org/age-plugin>, "identity-v1".

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use age::DecryptError;
use age_core::{
    format::{FileKey, Stanza},
    plugin::{Connection, IDENTITY_V1},
    primitives::bech32_decode,
};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};
use zeroize::Zeroize as _;

use crate::{recipient::NotAnIdentity, secret::SecretText};

/// How a plugin speaks with the person at the machine. Its words are foreign: show them as such.
pub trait Voice: Send + Sync {
    /// Shows what the plugin says, "touch the key" perhaps.
    fn say(&self, words: &str);
    /// Asks for a PIN or the like; `None` if nobody answers.
    fn ask(&self, words: &str) -> Option<SecretText>;
    /// Says, once, what became of a plugin that gave no answer.
    fn lost(&self, how: Lost);
}

/// What became of a plugin that gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// It was silent for too long and was ended; it is not started again.
    Silent,
    /// It ended in the middle.
    Ended,
}

/// A plugin on this machine.
pub struct Plugin {
    program: PathBuf,
    voice: Arc<dyn Voice>,
    patience: Duration,
    turn: Mutex<()>,
    given_up: AtomicBool,
    told: AtomicBool,
}

impl Plugin {
    /// The plugin that is this program.
    #[must_use]
    pub fn new(program: &Path, voice: Box<dyn Voice>) -> Self {
        Self {
            program: program.to_owned(),
            voice: voice.into(),
            patience: PATIENCE,
            turn: Mutex::new(()),
            given_up: AtomicBool::new(false),
            told: AtomicBool::new(false),
        }
    }

    /// The same plugin, waited for that long.
    #[must_use]
    pub fn waiting(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Has the key of one file unwrapped; `None` if none of the stanzas is this identity's.
    pub(super) fn unwrap(
        &self,
        identity: &PluginIdentity,
        stanzas: &[&Stanza],
    ) -> Option<Result<FileKey, DecryptError>> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let done = self.wait_for(identity, stanzas);
        // What was started has ended or will before the next one; nobody else waits for it.
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        match done {
            Ok(key) => key.map(Ok),
            Err(error) => Some(Err(error.into())),
        }
    }

    fn wait_for(
        &self,
        identity: &PluginIdentity,
        stanzas: &[&Stanza],
    ) -> io::Result<Option<FileKey>> {
        if env::var_os("AGEDEBUG").is_some() {
            return Err(io::Error::other("AGEDEBUG is set, which would print keys; unset it"));
        }
        if self.given_up.load(Ordering::Relaxed) {
            return Err(io::Error::other("the age plugin was given up: it did not answer"));
        }
        let (tell, told) = mpsc::channel();
        let conversation = Conversation {
            program: self.program.clone(),
            identity: SecretText::new(identity.0.expose().to_owned()),
            stanzas: stanzas.iter().copied().map(copy).collect(),
            voice: Arc::clone(&self.voice),
            tell,
        };
        // A thread of its own, because nothing else can leave a read from a silent plugin.
        thread::Builder::new().spawn(move || conversation.hold())?;
        self.listen(&told).unwrap_or_else(|lost| {
            if !self.told.swap(true, Ordering::Relaxed) {
                self.voice.lost(lost);
            }
            let what = match lost {
                Lost::Silent => "the age plugin did not answer in time and was ended",
                Lost::Ended => "the age plugin ended before it had answered",
            };
            Err(io::Error::other(what))
        })
    }

    /// Waits for the end of a conversation, as long as patience lasts.
    fn listen(&self, told: &Receiver<News>) -> Result<io::Result<Option<FileKey>>, Lost> {
        let (mut left, mut child) = (self.patience, None);
        loop {
            let since = Instant::now();
            match told.recv_timeout(left) {
                Ok(News::Started(pid)) => child = pid,
                // However long a person takes to type.
                Ok(News::Asking) => {
                    left = left.saturating_sub(since.elapsed());
                    let answered = told.recv();
                    if !matches!(answered, Ok(News::Answered)) {
                        return Err(Lost::Ended);
                    }
                    continue;
                }
                Ok(News::Answered) => {}
                Ok(News::Done(done)) => return done,
                Err(RecvTimeoutError::Disconnected) => return Err(Lost::Ended),
                Err(RecvTimeoutError::Timeout) => {
                    self.given_up.store(true, Ordering::Relaxed);
                    // If it has ended by now, there is nothing to end.
                    child.map_or(Ok(()), |pid| kill_process(pid, Signal::KILL)).unwrap_or_default();
                    return Err(Lost::Silent);
                }
            }
            left = left.saturating_sub(since.elapsed());
        }
    }
}

/// What is heard of a conversation.
enum News {
    Started(Option<Pid>),
    Asking,
    Answered,
    Done(Result<io::Result<Option<FileKey>>, Lost>),
}

/// One conversation, on a thread of its own.
struct Conversation {
    program: PathBuf,
    identity: SecretText,
    stanzas: Vec<Stanza>,
    voice: Arc<dyn Voice>,
    tell: Sender<News>,
}

impl Conversation {
    fn hold(self) {
        let done = match self.converse() {
            Err(error) if CUT.contains(&error.kind()) => Err(Lost::Ended),
            Err(error) => Ok(Err(io::Error::other(format!("the age plugin: {error}")))),
            Ok(key) => Ok(Ok(key)),
        };
        // Whoever waited may have given up.
        self.tell.send(News::Done(done)).unwrap_or_default();
    }

    fn converse(&self) -> io::Result<Option<FileKey>> {
        let tell = |news| self.tell.send(news).map_err(|_| io::Error::other("given up"));
        let mut plugin = Connection::open(&self.program, IDENTITY_V1)?;
        tell(News::Started(child_of_this_thread()))?;
        plugin.unidir_send(|mut phase| {
            phase.send("add-identity", &[self.identity.expose()], &[])?;
            let mut all = self.stanzas.iter();
            all.try_for_each(|stanza| phase.send_stanza("recipient-stanza", &["0"], stanza))
        })?;
        let (mut key, mut errors) = (None, Vec::new());
        let commands = ["msg", "request-public", "request-secret", "file-key", "error"];
        plugin.bidir_receive(&commands, |mut command, reply| {
            if command.tag == "file-key" {
                let wanted = command.args == ["0"] && key.is_none();
                key = if wanted { file_key(&command.body) } else { key.take() };
                command.body.zeroize();
                return if wanted { reply.ok(None) } else { reply.fail() };
            }
            let words = String::from_utf8_lossy(&command.body).into_owned();
            match command.tag.as_str() {
                "msg" => self.voice.say(&words),
                "error" => errors.push(words),
                _ => {
                    let answer = tell(News::Asking).ok().and_then(|()| self.voice.ask(&words));
                    let heard = tell(News::Answered).ok().and(answer);
                    return match heard {
                        Some(answer) => reply.ok(Some(answer.expose().as_bytes())),
                        None => reply.fail(),
                    };
                }
            }
            reply.ok(None)
        })?;
        match errors.first() {
            Some(error) if key.is_none() => Err(io::Error::other(error.clone())),
            _ => Ok(key),
        }
    }
}

fn copy(stanza: &Stanza) -> Stanza {
    let Stanza { tag, args, body } = stanza;
    Stanza { tag: tag.clone(), args: args.clone(), body: body.clone() }
}

/// The process that this thread has started; age-core does not say which it is.
fn child_of_this_thread() -> Option<Pid> {
    let children = fs::read_to_string("/proc/thread-self/children").ok()?;
    let newest = children.split_ascii_whitespace().last()?;
    Pid::from_raw(newest.parse().ok()?)
}

fn file_key(body: &[u8]) -> Option<FileKey> {
    let bytes: &[u8; 16] = body.try_into().ok()?;
    Some(FileKey::init_with_mut(|key| key.copy_from_slice(bytes)))
}

/// What a plugin needs to find a key on its device: `AGE-PLUGIN-NAME-1…`.
pub struct PluginIdentity(SecretText);

impl PluginIdentity {
    /// Reads an identity of any plugin from its text, uppercase.
    ///
    /// # Errors
    /// [`NotAnIdentity`] if it is none.
    pub fn parse(text: &str) -> Result<Self, NotAnIdentity> {
        let named = |name: &str| name.starts_with("AGE-PLUGIN-") && name.ends_with('-');
        bech32_decode(
            text,
            |_| NotAnIdentity,
            |name| named(name.as_str()).then_some(()).ok_or(NotAnIdentity),
            |_, _| Ok(()),
        )?;
        let plain = text == text.to_ascii_uppercase() && text.len() <= MAX_IDENTITY;
        plain.then(|| Self(SecretText::new(text.to_owned()))).ok_or(NotAnIdentity)
    }

    /// The text form.
    #[must_use]
    pub const fn to_secret_text(&self) -> &SecretText {
        &self.0
    }
}

/// The longest identity of a plugin, in bytes.
const MAX_IDENTITY: usize = 4096;

/// How long a plugin may be silent: time to find a token, to plug it in and to touch it.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// How it looks when the other side is gone.
const CUT: [io::ErrorKind; 3] =
    [io::ErrorKind::UnexpectedEof, io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset];
