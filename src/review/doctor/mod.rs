//! What a reader should look after on the machine with the keys; needs no passphrase.

mod drill;
mod inside;

use std::path::{Path, PathBuf};

use super::{
    state::State,
    workspace::{Workspace, WorkspaceError},
};
use crate::{
    clock::Clock,
    doctor,
    finding::Finding,
    keyring::{Published, Role},
};

pub use drill::drill;
pub use inside::inside;

/// Where a reader's things lie.
pub struct Belongings<'b> {
    /// The folder that sync fills.
    pub workspace: &'b Path,
    /// The folder of the keys.
    pub keys: &'b Path,
    /// A file that holds the passphrase, if the settings name one.
    pub passphrase_file: Option<&'b PathBuf>,
}

/// Looks at keys, workspace and machine from outside; opens nothing and changes nothing.
///
/// # Errors
/// [`WorkspaceError::NotAWorkspace`].
pub fn examine(
    reader: &Belongings<'_>,
    clock: &impl Clock,
) -> Result<Vec<Finding>, WorkspaceError> {
    let Belongings { workspace, keys, .. } = *reader;
    let about = Workspace::open(workspace)?;
    let mut found = vec![
        doctor::last_sync(workspace, clock),
        doctor::outbox(workspace, clock),
        doctor::rewraps(workspace),
    ];
    match doctor::keyring_of(workspace, &keys.join("roots.txt")) {
        Ok(published) => {
            found.extend(doctor::keyring(published.chain.current().get(), clock.today()));
            found.push(member(&about, &published));
        }
        Err(finding) => found.push(*finding),
    }
    found.extend(kept_keys(reader));
    found.push(doctor::one_laptop(&[workspace, keys], "device.key"));
    let written = ["checkpoint.note", "feed.jsonl"].map(|file| workspace.join(file));
    let written = [&written[..], &[keys.join("state.json")]].concat();
    found.push(doctor::time_of_files(&written, clock));
    found.extend([doctor::swap(), doctor::network(), doctor::disk(workspace, FULL)]);
    found.push(doctor::disk_is_sealed(keys));
    Ok(found)
}

/// Whether this reader stands in the newest keyring.
fn member(about: &Workspace, published: &Published) -> Finding {
    let keyring = published.chain.current().get();
    match keyring.reader(about.reader()) {
        Some(reader) if reader.role == Role::Guardian => Finding::good("reader", "a guardian"),
        Some(_) => Finding::good("reader", "a reviewer"),
        None => Finding::now("not-a-reader").count("epoch", keyring.epoch).says(
            format!("you are no reader of the newest keyring, epoch {}", keyring.epoch),
            "what comes from now on is not sealed to you, and nothing that you write counts",
            "ask the administrators by voice whether that is meant; if not, have them take you in again",
        ),
    }
}

fn kept_keys(reader: &Belongings<'_>) -> Vec<Finding> {
    let Belongings { keys, passphrase_file, .. } = *reader;
    let key = keys.join("reader.age");
    if let Err(error) = std::fs::metadata(&key) {
        return vec![doctor::unreadable(&key, error)];
    }
    let secret = [key, keys.to_owned()];
    let mut found: Vec<_> = secret.iter().filter_map(|path| doctor::private(path)).collect();
    if let Ok(None) | Err(_) = State::load(keys) {
        found.push(Finding::now("memory-is-gone").with("folder", keys.display()).says(
            format!("{} holds no state.json that can be read", keys.display()),
            "without it a server can show an older keyring or feed, and nobody notices",
            "put it back from your copy; if there is none, compare checkpoints with a colleague",
        ));
    }
    if let Some(file) = passphrase_file {
        found.push(Finding::soon("passphrase-on-disk").with("file", file.display()).says(
            format!("the passphrase of the keys lies in {}", file.display()),
            "whoever takes this machine opens everything that you can open",
            "take the line out of reviewer.toml, delete the file, change the passphrase",
        ));
    }
    found
}

/// Per cent of the disk from which it is told, and from which it presses.
const FULL: (u8, u8) = (85, 95);
