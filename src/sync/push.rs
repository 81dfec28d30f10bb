//! The outbox: as much as fits into one body of one size, at every sync.

use std::{
    fs, io,
    path::{Path, PathBuf},
    str::FromStr,
    time::SystemTime,
};

use rand::{CryptoRng, RngCore};

use super::{
    Alarm, Report, SyncError,
    error::{at, one_line},
    line::{Ask, Line},
    workspace::{Workspace, shift},
};
use crate::{
    digest::Digest,
    files,
    forget::{SignedObjection, SignedOrder},
    id::{EntryId, ReplyId},
    keyring::Chain,
    wire::{
        self, MAX_ANSWER,
        outbox::{
            Answer, BODY, CasebookKey, CasebookKeyId, Entry, Envelope, ForgetNote, MAX_ENTRY,
            MAX_ENVELOPE, MAX_NOTE, MAX_REPLY, MAX_THINGS, Outbox, PushId, Refusal, ReplyOut,
            Sealed,
        },
    },
};

/// What was handed in and what the desk said to it.
pub(super) struct Pushed {
    sent: Vec<Thing>,
    answer: Answer,
    waiting: u64,
    /// Sealed for somebody who was retired since.
    outdated: u64,
}

/// One entry or key as it lies in the outbox.
struct Thing {
    id: String,
    id16: [u8; 16],
    shelf: &'static str,
    path: PathBuf,
    written: SystemTime,
}

/// How every age file begins.
const SEALED: &[u8] = b"age-encryption.org/v1\n";
const ENTRIES: &str = "entries";
const KEYS: &str = "keys";
const FORGET: &str = "forget";
const REPLIES: &str = "replies";

/// Hands in one outbox.
pub(super) async fn push(
    line: &Line<'_>,
    (workspace, chain): (&Workspace, &Chain),
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Pushed, SyncError> {
    put_away_known(workspace)?;
    let mut outbox = Outbox::empty(PushId::random(rng));
    let mut sent = Vec::new();
    let (mut waiting, mut outdated) = (0_u64, 0_u64);
    let old = is_old(workspace, chain)?;
    for thing in list(workspace)? {
        if old && [KEYS, ENTRIES].contains(&thing.shelf) {
            outdated = outdated.saturating_add(1);
        } else if waiting == 0 && outbox.add(&thing)? {
            sent.push(thing);
        } else {
            // Order is kept: nothing overtakes what did not fit.
            waiting = waiting.saturating_add(1);
        }
    }
    let body = outbox.to_body().map_err(|_| SyncError::TooLarge(workspace.path("outbox")))?;
    let ask = Ask { body: Some(&body), ..Ask::get(wire::OUTBOX) };
    let answer = line.once(ask, MAX_ANSWER, rng).await?;
    let strange = || Alarm::Strange { path: wire::OUTBOX.to_owned() };
    let answer: Answer = serde_json::from_slice(&answer).map_err(|_| strange())?;
    Ok(Pushed { sent, answer, waiting, outdated })
}

/// Whether what waits for the casebook was sealed for somebody who was retired since: it stays until
/// review has sealed it anew.
fn is_old(workspace: &Workspace, chain: &Chain) -> Result<bool, SyncError> {
    let path = workspace.path("outbox/epoch");
    let epoch = match files::load_plain_text(&path, 64) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        text => at(&path, text)?,
    };
    let Some(then) = epoch.trim_end().parse().ok().and_then(|epoch| chain.at(epoch)) else {
        // Of a keyring that is not here: nothing is known of whom it was sealed for.
        return Ok(true);
    };
    let now = chain.current().get();
    Ok(then.get().readers.iter().any(|reader| now.reader(reader.id).is_none()))
}

/// Puts away what is in the feed now; what was refused stays.
pub(super) fn confirm(
    workspace: &Workspace,
    pushed: Pushed,
    report: &mut Report,
) -> Result<(), SyncError> {
    let Pushed { sent, answer, waiting, outdated } = pushed;
    report.waiting = waiting;
    report.outdated = report.outdated.saturating_add(outdated);
    for thing in sent {
        if answer.accepted.contains(&thing.id) {
            // A reply is in no feed: what became of it, the desk does not say.
            if thing.shelf != REPLIES && !workspace.feed().has(&thing.id16) {
                return Err(Alarm::Withheld { id: thing.id }.into());
            }
            thing.put_away(workspace)?;
            report.sent = report.sent.saturating_add(1);
        } else if let Some(refusal) = answer.refused.iter().find(|r| r.id == thing.id) {
            // It stays where it is: what a person wrote is never moved out of review's sight.
            let Refusal { id, error, advice } = refusal;
            let (id, error, advice) = (id.clone(), one_line(error), one_line(advice));
            report.refused.push(Refusal { id, error, advice });
        }
    }
    Ok(())
}

/// What a sync that was cut after the desk's answer left behind.
fn put_away_known(workspace: &Workspace) -> Result<(), SyncError> {
    for thing in list(workspace)? {
        if thing.shelf != REPLIES && workspace.feed().has(&thing.id16) {
            thing.put_away(workspace)?;
        }
    }
    Ok(())
}

/// Keys first, then entries, orders to forget, replies; each in the order of writing.
fn list(workspace: &Workspace) -> Result<Vec<Thing>, SyncError> {
    let mut keys = shelf(workspace, KEYS, |name| name.parse::<CasebookKeyId>().ok())?;
    let entries = shelf(workspace, ENTRIES, |name| {
        name.strip_suffix(".age").and_then(|id| id.parse::<EntryId>().ok())
    })?;
    keys.extend(entries);
    keys.extend(shelf(workspace, FORGET, |name| {
        name.strip_suffix(".note").and_then(|id| id.parse::<EntryId>().ok())
    })?);
    keys.extend(shelf(workspace, REPLIES, |name| Some(mailbox_and_id(name)?.1))?);
    Ok(keys)
}

fn shelf<Kind>(
    workspace: &Workspace,
    shelf: &'static str,
    parse: impl Fn(&str) -> Option<crate::id::Id<Kind>>,
) -> Result<Vec<Thing>, SyncError> {
    let folder = workspace.path("outbox").join(shelf);
    let mut things = Vec::new();
    for file in list_folder(&folder)? {
        let path = file.path();
        let name = file.file_name();
        let Some(id) = name.to_str().and_then(&parse) else { continue };
        let about = at(&path, file.metadata())?;
        if about.is_symlink() {
            return Err(SyncError::NotSealed(path));
        }
        let written = at(&path, about.modified())?;
        things.push(Thing { id: id.to_string(), id16: *id.as_bytes(), shelf, path, written });
    }
    things.sort_by(|a, b| (a.written, &a.id).cmp(&(b.written, &b.id)));
    Ok(things)
}

fn list_folder(folder: &Path) -> Result<Vec<fs::DirEntry>, SyncError> {
    match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        listed => at(folder, listed.and_then(Iterator::collect)),
    }
}

impl Thing {
    fn put_away(&self, workspace: &Workspace) -> Result<(), SyncError> {
        let name = self.path.file_name().unwrap_or_default();
        shift(&self.path, &workspace.path("outbox/sent").join(self.shelf).join(name))
    }
}

impl Outbox {
    /// Adds a thing if it still fits.
    fn add(&mut self, thing: &Thing) -> Result<bool, SyncError> {
        let empty = self.things() == 0;
        if self.things() >= MAX_THINGS {
            return Ok(false);
        }
        let mut with = self.clone();
        if thing.shelf == KEYS {
            with.keys.push(load_key(thing)?);
        } else if thing.shelf == FORGET {
            with.forget.push(load_forget(thing)?);
        } else if thing.shelf == REPLIES {
            with.replies.push(load_reply(thing)?);
        } else {
            with.entries.push(load_entry(thing)?);
        }
        let fits = with.used() <= BODY;
        if !fits && empty {
            return Err(SyncError::TooLarge(thing.path.clone()));
        }
        if fits {
            *self = with;
        }
        Ok(fits)
    }
}

fn load_entry(thing: &Thing) -> Result<Entry, SyncError> {
    let sealed = load(&thing.path, MAX_ENTRY)?;
    let id = EntryId::from_bytes(thing.id16);
    Ok(Entry { id, sealed })
}

/// The mailbox and the name of a reply, as its file is called: `<mailbox>-<id>.age`.
fn mailbox_and_id(name: &str) -> Option<(Digest, ReplyId)> {
    let (mailbox, id) = name.strip_suffix(".age")?.split_once('-')?;
    Some((mailbox.parse().ok()?, id.parse().ok()?))
}

fn load_reply(thing: &Thing) -> Result<ReplyOut, SyncError> {
    let name = thing.path.file_name().and_then(|name| name.to_str());
    let not_one = || SyncError::NotSealed(thing.path.clone());
    let (mailbox, id) = name.and_then(mailbox_and_id).ok_or_else(not_one)?;
    Ok(ReplyOut { id, mailbox, sealed: load(&thing.path, MAX_REPLY)? })
}

fn load_key(thing: &Thing) -> Result<CasebookKey, SyncError> {
    let mut envelopes = Vec::new();
    for file in list_folder(&thing.path)? {
        let name = file.file_name();
        let reader = name.to_str().and_then(|name| name.strip_suffix(".age"));
        let Some(reader) = reader.and_then(|id| FromStr::from_str(id).ok()) else { continue };
        envelopes.push(Envelope { reader, sealed: load(&file.path(), MAX_ENVELOPE)? });
    }
    envelopes.sort_by_key(|envelope| envelope.reader);
    Ok(CasebookKey { id: CasebookKeyId::from_bytes(thing.id16), envelopes })
}

/// An order or objection: the one thing that leaves in the clear, and nothing else can pass for it.
fn load_forget(thing: &Thing) -> Result<ForgetNote, SyncError> {
    let path = &thing.path;
    let limit = u64::try_from(MAX_NOTE).unwrap_or(u64::MAX);
    let note = at(path, files::load_plain_text(path, limit))?;
    let id = SignedOrder::parse(&note).map(|signed| *signed.order().id().as_bytes());
    let id = id.or_else(|_| {
        SignedObjection::parse(&note).map(|signed| *signed.objection().id().as_bytes())
    });
    match id {
        Ok(id) if id == thing.id16 => Ok(ForgetNote { id: EntryId::from_bytes(id), note }),
        Ok(_) | Err(_) => Err(SyncError::NotSealed(path.clone())),
    }
}

fn load(path: &Path, limit: usize) -> Result<Sealed, SyncError> {
    // SECURITY: a link or a file in the clear that somebody planted here never leaves this machine.
    match files::load_plain(path, u64::try_from(limit).unwrap_or(u64::MAX)) {
        Err(e) if e.kind() == io::ErrorKind::FileTooLarge => {
            Err(SyncError::TooLarge(path.to_owned()))
        }
        Ok(bytes) if !bytes.starts_with(SEALED) => Err(SyncError::NotSealed(path.to_owned())),
        read => at(path, read.map(Sealed)),
    }
}
