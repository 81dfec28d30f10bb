//! A reader's key on a device: its plugin, and how the plugin speaks on this terminal.

use std::{
    io::{self, Write as _},
    path::Path,
};

use crate::{
    cli::{exit::CliError, out::Out, terminal::ForTerminal, words::Words},
    files,
    recipient::{
        Recipient,
        plugin::{Lost, Plugin, PluginIdentity, Voice},
        unwrap::ReadingKey,
    },
    secret::SecretText,
};

/// The plugin that `reviewer.toml` names.
pub(super) fn plugin(program: Option<&Path>, out: &mut Out) -> Result<Plugin, CliError> {
    let program = program.ok_or_else(|| {
        CliError::failed("your key is on a device, and no plugin is named")
            .kept("nothing was opened, nothing was changed")
            .advice(
                "name its program in reviewer.toml, `plugin = \"…\"`, and that file by --config",
            )
            .words(Words::of("device-no-plugin"))
    })?;
    let says = out.in_words("The plugin says".to_owned(), &Words::of("plugin-says"));
    let silent = out.in_words(
        "The plugin of your device did not answer for two minutes and was ended\n   kept: nothing was changed \
         by it\n   next: plug the device in, try it with the plugin's own program, then run the command \
         again"
            .to_owned(),
        &Words::of("plugin-silent"),
    );
    let ended = out.in_words(
        "The plugin of your device ended before it had answered\n   kept: nothing was changed by it\n   next: \
         plug the device in, try it with the plugin's own program, then run the command again"
            .to_owned(),
        &Words::of("plugin-ended"),
    );
    Ok(Plugin::new(program, Box::new(Terminal { says, silent, ended })))
}

/// The key on a device that `--hardware` and `--plugin-identity` name.
pub(super) fn key(recipient: &str, identity: &Path) -> Result<ReadingKey, CliError> {
    let refused = |what: &str| {
        CliError::failed(format!("{what} is no key on a device"))
            .kept("nothing was made")
            .advice(
                "give the recipient age1tagpq1… or age1tag1… and the identity file that your plugin \
                 wrote",
            )
            .words(Words::of("device-no-key").with("key", ForTerminal(what).one_line(80)))
    };
    let file = identity.display().to_string();
    let text = files::load_text(identity, MAX).map(SecretText::new).map_err(|_| refused(&file))?;
    let mut lines = text.expose().lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
    let (Some(line), None) = (lines.next(), lines.next()) else { return Err(refused(&file)) };
    let identity = PluginIdentity::parse(line).map_err(|_| refused(&file))?;
    let parsed = Recipient::parse(recipient).map_err(|_| refused(recipient))?;
    ReadingKey::on_device(parsed, identity).map_err(|_| refused(recipient))
}

struct Terminal {
    says: String,
    silent: String,
    ended: String,
}

impl Terminal {
    fn line(&self, words: &str) -> String {
        format!("{}: {}", self.says, ForTerminal(words).one_line(LINE))
    }
}

impl Voice for Terminal {
    fn say(&self, words: &str) {
        // A terminal that is gone must not keep anybody from reading.
        writeln!(io::stderr(), "{}", self.line(words)).unwrap_or_default();
    }

    fn ask(&self, words: &str) -> Option<SecretText> {
        rpassword::prompt_password(format!("{} ", self.line(words))).ok().map(SecretText::new)
    }

    fn lost(&self, how: Lost) {
        let words = match how {
            Lost::Silent => &self.silent,
            Lost::Ended => &self.ended,
        };
        writeln!(io::stderr(), "{words}").unwrap_or_default();
    }
}

/// Largest identity file of a plugin, in bytes.
const MAX: u64 = 64 << 10;
/// Most characters of one thing that a plugin says.
const LINE: usize = 300;
