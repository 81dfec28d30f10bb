//! A reader's own key, and opening with it; only where readers open.

use std::io;

use age::DecryptError;
use age_core::format::{FileKey, Stanza};

use crate::{
    recipient::{
        AgeIdentity, Kind, NotAnIdentity, Recipient,
        plugin::{Plugin, PluginIdentity},
        secret::Key,
    },
    secret::SecretText,
};

impl age::Identity for AgeIdentity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        match &self.0 {
            Key::Hybrid(key) => key.unwrap_stanza(stanza),
            Key::X25519(key) => key.unwrap_stanza(stanza),
        }
    }
}

/// A reader's own key: its bytes, or the way to a device that never gives them out.
pub struct ReadingKey {
    recipient: Recipient,
    held: Held,
}

enum Held {
    Here(AgeIdentity),
    OnDevice(PluginIdentity, Option<Plugin>),
}

impl ReadingKey {
    /// The key on a device: what is sealed to `recipient` is opened by a plugin.
    ///
    /// # Errors
    /// [`NotAnIdentity`] if the recipient is not one of hardware.
    pub fn on_device(recipient: Recipient, key: PluginIdentity) -> Result<Self, NotAnIdentity> {
        if !recipient.is_hardware() {
            return Err(NotAnIdentity);
        }
        Ok(Self { recipient, held: Held::OnDevice(key, None) })
    }

    /// Says which program reaches the device; without it, nothing opens.
    pub fn plug(&mut self, plugin: Plugin) {
        if let Held::OnDevice(_, plugged) = &mut self.held {
            *plugged = Some(plugin);
        }
    }

    /// The public half.
    #[must_use]
    pub const fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// The kind of its public half.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.recipient.kind()
    }

    /// The text form: a secret key, or the identity of a plugin.
    #[must_use]
    pub fn to_secret_text(&self) -> SecretText {
        match &self.held {
            Held::Here(key) => key.to_secret_text(),
            Held::OnDevice(key, _) => SecretText::new(key.to_secret_text().expose().to_owned()),
        }
    }

    fn ask(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        let (key, plugin) = match &self.held {
            Held::Here(key) => return age::Identity::unwrap_stanzas(key, stanzas),
            Held::OnDevice(key, plugin) => (key, plugin),
        };
        let tags: Vec<_> = stanzas.iter().filter(|s| TAGS.contains(&s.tag.as_str())).collect();
        if tags.is_empty() {
            return None;
        }
        match plugin {
            Some(plugin) => plugin.unwrap(key, &tags),
            None => Some(Err(io::Error::other("no plugin was named for the device").into())),
        }
    }
}

impl age::Identity for ReadingKey {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.ask(std::slice::from_ref(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        self.ask(stanzas)
    }
}

impl<K: Into<AgeIdentity>> From<K> for ReadingKey {
    fn from(key: K) -> Self {
        let key = key.into();
        Self { recipient: key.recipient(), held: Held::Here(key) }
    }
}

/// The stanzas that a device may have the key of.
const TAGS: [&str; 2] = ["p256tag", "mlkem768p256tag"];
