//! What a running server looks after every few seconds, and says when it changes.

use tokio::sync::watch;

use crate::{
    cli::{
        out::Out,
        words::{Told as _, Words},
    },
    clock::{Clock as _, SystemClock},
    config::Limits,
    desk::Dropped,
    finding::gist,
    intake::{Intake, KeyringFolder, Look, Room},
    keyring::{KeyringError, Published, VoidSuspension, suspension_file},
    store::{SledStore, StoreError},
};

/// What is looked after every few seconds.
pub(super) struct Rounds<'s> {
    pub(super) folder: KeyringFolder,
    pub(super) intake: &'s Intake,
    pub(super) store: &'s SledStore,
    pub(super) said: Option<String>,
    /// The warning about times that stands now.
    pub(super) times: Option<String>,
    pub(super) room: Room,
    /// The warning about the public log that stands now.
    pub(super) log: Option<String>,
    /// What was taken away of readers who are gone, since this process began.
    pub(super) dropped: watch::Receiver<Dropped>,
}

impl Rounds<'_> {
    /// Makes the batches of weeks that are over; says what keeps it from that, once.
    pub(super) async fn close_weeks(&mut self, out: &mut Out) {
        let error = self.intake.log().round().await.err();
        let warning = error.as_ref().map(ToString::to_string);
        if let Some(new) = error.filter(|_| warning != self.log) {
            out.warn_of(&new, &new.words());
        }
        self.log = warning;
    }

    /// Once a week, takes away replies whose time is over. What fails is done at the next round, and a
    /// store that takes nothing more ends the process.
    pub(super) async fn tidy_mailboxes(&self) {
        let _ = self.intake.mailbox_round().await;
    }

    /// Says what was taken away since it was said last.
    fn say_dropped(&mut self, out: &mut Out) {
        if !self.dropped.has_changed().unwrap_or_default() {
            return;
        }
        let Dropped { envelopes, readers } = self.dropped.borrow_and_update().clone();
        if !readers.is_empty() {
            let count = readers.len();
            out.tell(
                format!("nothing is left on the disk for {count} readers who are gone"),
                &Words::of("envelopes-gone").with("count", count),
            );
        } else if envelopes > 0 {
            out.tell(
                format!(
                    "{envelopes} envelopes of readers who are gone were removed; their bytes leave the \
                     disk at the next round"
                ),
                &Words::of("envelopes-dropped").count("count", envelopes),
            );
        }
    }

    /// Keyrings, expired pages, the store; gives what the process must end for.
    pub(super) fn make(&mut self, out: &mut Out) -> Option<StoreError> {
        self.said = look(&mut self.folder, self.said.as_deref(), out);
        self.say_dropped(out);
        self.intake.pages().sweep();
        self.times = level_times(self.store, self.times.as_deref(), out);
        let room = self.intake.room();
        if room != std::mem::replace(&mut self.room, room) {
            say_room(room, self.intake.limits(), out);
        }
        self.store.failure()
    }
}

/// Takes a new keyring; gives the warning that stands now, and says it if it did not stand before.
pub(super) fn look(
    folder: &mut KeyringFolder,
    said: Option<&str>,
    out: &mut Out,
) -> Option<String> {
    let error = match folder.look() {
        Ok(Look::Now(epoch)) => {
            out.tell(
                format!("keyring of epoch {epoch} is in force"),
                &Words::of("in-force").with("epoch", epoch),
            );
            let published = folder.subscribe().borrow().clone()?;
            return say_void(&published, out);
        }
        Ok(_) => return None,
        Err(error) => error,
    };
    let warning = error.to_string();
    if said != Some(warning.as_str()) {
        out.warn_of(&warning, &error.words());
    }
    Some(warning)
}

/// Says what of the folder does not count, whoever put it there; the intake stays as it is.
fn say_void(published: &Published, out: &mut Out) -> Option<String> {
    for VoidSuspension { device, why } in &published.void_suspensions {
        let (file, cause) = (suspension_file(*device), gist(why));
        let (said, words) = if matches!(why, KeyringError::Unreadable { .. }) {
            let next = "that machine fetches nothing until it can\n   next: let the server read it";
            (format!("{file} cannot be read: {cause}; {next}"), "suspension-shut")
        } else {
            let next = "that machine can fetch\n   next: sign it again with `sandyk admin suspend`";
            (format!("{file} suspends nobody: {cause}; {next}"), "suspension-void")
        };
        out.warn(said, &Words::of(words).with("file", &file).why(why.words()));
    }
    let error = published.site.as_ref().err()?;
    let words = Words::of("site-not-signed").why(error.words());
    out.warn(format!("the site manifest is not shown: {error}"), &words);
    Some(error.to_string())
}

fn say_room(room: Room, limits: &Limits, out: &mut Out) {
    let full = |percent| format!("the disk of the store is more than {percent} % full");
    match room {
        Room::Everything => {
            let english = "there is room on the disk again: words and files are taken in";
            out.tell(english, &Words::of("room-again"));
        }
        Room::Words => out.warn(
            format!(
                "{}: files are refused, words are taken in; make room, a restart is not needed",
                full(limits.files_until_percent)
            ),
            &Words::of("room-words").with("percent", limits.files_until_percent),
        ),
        Room::Nothing => out.warn(
            format!(
                "{}: nothing new is taken in; everything acknowledged is kept; make room, a restart \
                 is not needed",
                full(limits.words_until_percent)
            ),
            &Words::of("room-nothing").with("percent", limits.words_until_percent),
        ),
    }
}

/// Keeps the times on disk coarse; says the warning that stands now if it did not stand before.
pub(super) fn level_times(store: &SledStore, said: Option<&str>, out: &mut Out) -> Option<String> {
    let error = store.level_times(SystemClock.unix_seconds()).err()?;
    let warning = format!("exact times stay on disk for now: {error}");
    if said != Some(warning.as_str()) {
        out.warn(&warning, &Words::of("times-stay").why(error.words()));
    }
    Some(warning)
}
