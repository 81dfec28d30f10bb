//! Getting a reader's keys back when its passphrase or machine is gone: any k of n holders together.
//!
//! What it is: the reader's key file, sealed once for every set of k holders, in k age files one
//! inside the other, the holder with the lowest number outermost. Every file is plain age, in armour
//! so that it can be printed and typed; stock age opens it layer by layer.
//!
//! Promises: 1. fewer than k holders learn nothing; 2. nothing is written until all of it opens for
//! those it was sealed to; 3. who is missing, or holds another key, is named by number; 4. what came
//! out is compared with the reader's own public file before it is kept; 5. no file is overwritten.
//! Does not: know who the holders are, or ask a terminal.
//! Why nested files and no secret sharing: no new cryptography, and it can be opened without us.
//! Spec: `docs/format/recovery.md`.

mod error;
mod holder;
mod plan;

use std::path::Path;

use zeroize::Zeroizing;

use crate::{
    files::{self, Audience, Existing},
    hybrid::HybridRecipient,
    keyring::ReaderPub,
    review::keys::{self, Passphrase},
    sealed::{
        armour::{armoured, disarmoured},
        open::{OpenError, open_with},
        seal_to,
    },
    secret::SecretText,
};

pub use error::{RecoveryError, holder_numbers};
pub use holder::{Holder, HolderPub, make_holder};
pub use plan::{MAX_HOLDERS, Plan};

/// A reader's keys as they came out of the last layer.
pub struct Recovered {
    /// Whose they are.
    pub public: ReaderPub,
    text: Zeroizing<Vec<u8>>,
}

/// What opening a recovery file came to.
pub enum Opening {
    /// All layers were opened.
    Whole(Box<Recovered>),
    /// Some were; the next one belongs to this holder, if the file's name tells.
    Next {
        /// Armoured, still sealed; may be carried like the file it came from.
        file: String,
        /// What to call it.
        name: String,
        /// Numbers of the holders who must still open it.
        holders: Vec<usize>,
    },
}

/// What was sealed for holders.
#[derive(Debug)]
pub struct Recoverable {
    /// Names of the sealed files.
    pub files: Vec<String>,
    /// The key that opens testimonies lies on a device and is in none of them.
    pub on_a_device: bool,
}

/// Seals the keys in the folder `keys` for every set of `needed` of `holders`, into the new folder `to`.
///
/// Writes `recovery.txt`, `reader.pub`, `roots.txt` and one `holders-A+B.age` for each set.
///
/// # Errors
/// [`RecoveryError`]; then the folder holds nothing that can be mistaken for a recovery.
pub fn make_recovery(
    keys: &Path,
    passphrase: &SecretText,
    plan: &Plan,
    to: &Path,
) -> Result<Recoverable, RecoveryError> {
    let text = keys::open_text(keys, passphrase)?;
    let public = keys::public_of(keys)?;
    keys::is_of(&text, &public).then_some(()).ok_or(RecoveryError::NotTheReader)?;
    if to.exists() {
        return Err(RecoveryError::AlreadyHere { path: to.to_owned() });
    }
    let sealed = plan
        .sets()
        .into_iter()
        .map(|set| Ok((Plan::file_name(&set), armoured(&seal(&text, &plan.recipients(&set))?))))
        .collect::<Result<Vec<_>, RecoveryError>>()?;
    files::make_folder(to).map_err(RecoveryError::at(to))?;
    let save = |name: &str, bytes: &[u8], audience| {
        let path = to.join(name);
        files::save(&path, bytes, audience, Existing::Refuse).map_err(RecoveryError::at(&path))
    };
    for (name, armour) in &sealed {
        save(name, armour.as_bytes(), Audience::Owner)?;
    }
    for (name, bytes) in keys::public_files(keys)? {
        save(name, &bytes, Audience::Owner)?;
    }
    // Last: without it the folder is no recovery.
    save(PLAN, plan.to_text(public.id).as_bytes(), Audience::Owner)?;
    let files = sealed.into_iter().map(|(name, _)| name).collect();
    Ok(Recoverable { files, on_a_device: public.recipient.is_hardware() })
}

/// Opens as many layers of the recovery file `path` as `holders` can.
///
/// # Errors
/// [`RecoveryError::NotTheseHolders`] if not even the first one opens; names who can.
pub fn open_recovery(path: &Path, holders: &[Holder]) -> Result<Opening, RecoveryError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let armour = files::load_text(path, MAX_FILE).map_err(RecoveryError::at(path))?;
    let mut left = Plan::holders_of(path);
    let mut sealed = disarmoured(&armour)
        .map(Zeroizing::new)
        .ok_or_else(|| RecoveryError::NotARecovery { path: path.to_owned() })?;
    let plan = Plan::load(&folder.join(PLAN)).ok();
    let mut rest: Vec<&Holder> = holders.iter().collect();
    let mut opened = 0_usize;
    while sealed.starts_with(AGE) {
        let Some((place, inner)) = first_that_opens(&rest, &sealed, path)? else { break };
        rest.remove(place);
        opened = opened.saturating_add(1);
        left = left.get(1..).unwrap_or_default().to_vec();
        sealed = inner;
    }
    if !sealed.starts_with(AGE) {
        let public = keys::public_of(folder)?;
        if !keys::is_of(&sealed, &public) {
            return Err(RecoveryError::NotTheReader);
        }
        return Ok(Opening::Whole(Box::new(Recovered { public, text: sealed })));
    }
    if opened == 0 {
        let given = plan.map(|plan| plan.numbers_of(&rest)).unwrap_or_default();
        return Err(RecoveryError::NotTheseHolders { path: path.to_owned(), given, wanted: left });
    }
    let name = Plan::file_name(&left);
    Ok(Opening::Next { file: armoured(&sealed), name, holders: left })
}

/// Keeps recovered keys in the new folder `keys`, under a passphrase of their own.
///
/// `roots` is the folder of the recovery file: its `roots.txt` is kept beside the keys. What the old
/// folder remembered of the feed is not there: the first `review` says so.
///
/// # Errors
/// [`RecoveryError::AlreadyHere`] if the folder exists, or what the file system says.
pub fn keep_recovered(
    recovered: &Recovered,
    roots: &Path,
    keys: &Path,
    lock: &Passphrase<'_>,
) -> Result<(), RecoveryError> {
    if keys.exists() {
        return Err(RecoveryError::AlreadyHere { path: keys.to_owned() });
    }
    Ok(keys::restore(keys, &recovered.text, &keys::public_files(roots)?, lock)?)
}

/// Seals `text` to the last of `recipients`, that to the one before, and so on.
fn seal(text: &[u8], recipients: &[&HybridRecipient]) -> Result<Vec<u8>, RecoveryError> {
    let mut sealed = Zeroizing::new(text.to_vec());
    for recipient in recipients.iter().rev() {
        let outer = seal_to(&[(*recipient).clone()], &sealed).map_err(RecoveryError::NotSealed)?;
        sealed = Zeroizing::new(outer);
    }
    Ok(std::mem::take(&mut *sealed))
}

/// Place of the holder who opened a layer, and what was in it.
type Opened = (usize, Zeroizing<Vec<u8>>);

/// The first of `holders` that opens the outermost layer, and what is in it.
fn first_that_opens(
    holders: &[&Holder],
    sealed: &[u8],
    path: &Path,
) -> Result<Option<Opened>, RecoveryError> {
    for (place, holder) in holders.iter().enumerate() {
        match open_with(&holder.identity, sealed, MAX_TEXT) {
            Ok(inner) => return Ok(Some((place, inner))),
            Err(OpenError::NotForThisKey) => {}
            Err(_) => return Err(RecoveryError::Damaged { path: path.to_owned() }),
        }
    }
    Ok(None)
}

/// What is public of a recovery: who, how many, which holders.
/// Says that a folder is a recovery, and whose holders open it.
pub(in crate::review) const PLAN: &str = "recovery.txt";
/// How every age file begins.
const AGE: &[u8] = b"age-encryption.org/v1\n";
/// Largest recovery file, in bytes of text.
const MAX_FILE: u64 = 256 << 10;
/// Largest content of a layer, in bytes.
const MAX_TEXT: usize = 128 << 10;
