//! Talking to an age plugin: the program that knows how to reach a hardware key.
//!
//! Promises: 1. the one program that is started is the one that was named, by its path, never one
//! that a search found; 2. it gets this reader's identity and the stanzas of tag keys, and no more;
//! 3. one conversation at a time, so that a device is asked for one touch; 4. nothing is started
//! while age's own tracing is on, which would print keys.
//! Does not: judge the plugin. It runs with the rights of whoever reads.
//! Spec: <https://c2sp.org/age-plugin>, "identity-v1".

use std::{
    env, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use age::DecryptError;
use age_core::{
    format::{FileKey, Stanza},
    plugin::{Connection, IDENTITY_V1},
    primitives::bech32_decode,
};
use rustix::process::{WaitOptions, wait};
use zeroize::Zeroize as _;

use crate::{recipient::NotAnIdentity, secret::SecretText};

/// How a plugin speaks with the person at the machine. Its words are foreign: show them as such.
pub trait Voice: Send + Sync {
    /// Shows what the plugin says, "touch the key" perhaps.
    fn say(&self, words: &str);
    /// Asks for a PIN or the like; `None` if nobody answers.
    fn ask(&self, words: &str) -> Option<SecretText>;
}

/// A plugin on this machine.
pub struct Plugin {
    program: PathBuf,
    voice: Box<dyn Voice>,
    turn: Mutex<()>,
}

impl Plugin {
    /// The plugin that is this program.
    #[must_use]
    pub fn new(program: &Path, voice: Box<dyn Voice>) -> Self {
        Self { program: program.to_owned(), voice, turn: Mutex::new(()) }
    }

    /// Has the key of one file unwrapped; `None` if none of the stanzas is this identity's.
    pub(super) fn unwrap(
        &self,
        identity: &PluginIdentity,
        stanzas: &[&Stanza],
    ) -> Option<Result<FileKey, DecryptError>> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let done = self.converse(identity, stanzas);
        // What was started has ended or will before the next one; nobody else waits for it.
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        match done {
            Ok(key) => key.map(Ok),
            Err(error) => Some(Err(error.into())),
        }
    }

    fn converse(
        &self,
        identity: &PluginIdentity,
        stanzas: &[&Stanza],
    ) -> io::Result<Option<FileKey>> {
        if env::var_os("AGEDEBUG").is_some() {
            return Err(io::Error::other("AGEDEBUG is set, which would print keys; unset it"));
        }
        let failed = |e: io::Error| io::Error::other(format!("the age plugin: {e}"));
        let mut plugin = Connection::open(&self.program, IDENTITY_V1).map_err(failed)?;
        plugin
            .unidir_send(|mut phase| {
                phase.send("add-identity", &[identity.0.expose()], &[])?;
                let mut all = stanzas.iter();
                all.try_for_each(|stanza| phase.send_stanza("recipient-stanza", &["0"], stanza))
            })
            .map_err(failed)?;
        let (mut key, mut errors) = (None, Vec::new());
        let commands = ["msg", "request-public", "request-secret", "file-key", "error"];
        plugin
            .bidir_receive(&commands, |mut command, reply| {
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
                        return match self.voice.ask(&words) {
                            Some(answer) => reply.ok(Some(answer.expose().as_bytes())),
                            None => reply.fail(),
                        };
                    }
                }
                reply.ok(None)
            })
            .map_err(failed)?;
        match errors.first() {
            Some(error) if key.is_none() => Err(failed(io::Error::other(error.clone()))),
            _ => Ok(key),
        }
    }
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
