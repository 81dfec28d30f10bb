//! Keyrings and feed: asked for, proved, kept.

use std::collections::BTreeSet;

use rand::{CryptoRng, RngCore};

use super::{
    Alarm, Report, Step, SyncError,
    arrive::{self, Expected, Page},
    forget::{self, Forgetting},
    line::{Ask, Line},
    workspace::{self, Workspace},
};
use crate::{
    keyring::{Chain, keyring_file},
    ledger::feed::FeedKind,
    wire::{self, tape::Tape},
};

/// The desk's chain of keyrings, proved against the roots and those held, and kept.
pub(super) async fn keyrings(
    line: &Line<'_>,
    workspace: &Workspace,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Chain, SyncError> {
    let bytes = line.fetch(Ask::get(wire::KEYRING), wire::MAX_KEYRINGS, rng).await?;
    let notes = read_notes(&bytes)?;
    // Told apart from a chain that does not verify: this one may be a real but older one.
    for (epoch, held) in (1_u32..).zip(workspace.notes()?) {
        let place = usize::try_from(epoch.saturating_sub(1)).unwrap_or(usize::MAX);
        if notes.get(place) != Some(&held) {
            return Err(Alarm::KeyringHistory { epoch }.into());
        }
    }
    let chain = Chain::verify(&notes, workspace.trust()).map_err(Alarm::Keyring)?;
    workspace.keep_keyrings(&chain)?;
    Ok(chain)
}

fn read_notes(bytes: &[u8]) -> Result<Vec<String>, Alarm> {
    let mut tape = Tape::new(bytes);
    let mut notes = Vec::new();
    for epoch in 1_u32.. {
        if tape.peek()?.is_none() {
            break;
        }
        let note = tape.expect(&keyring_file(epoch), wire::MAX_KEYRINGS)?;
        let strange = || Alarm::Strange { path: wire::KEYRING.to_owned() };
        notes.push(String::from_utf8(note.to_vec()).map_err(|_| strange())?);
    }
    tape.end()?;
    Ok(notes)
}

/// Pulls the feed up to where it ended when this began; gives the events of which the desk has not
/// every part.
pub(super) async fn feed(
    line: &Line<'_>,
    workspace: &mut Workspace,
    chain: &Chain,
    (rng, step): (&mut (impl RngCore + CryptoRng), &mut dyn FnMut(Step)),
    report: &mut Report,
) -> Result<BTreeSet<u64>, SyncError> {
    let mut damaged = BTreeSet::new();
    let mut forgetting = Forgetting::load(workspace, chain)?;
    let mut goal = None;
    loop {
        // Of one length, so that the size of a request does not tell how far this reader is.
        let query = format!("after={:020}", workspace.feed().size());
        let ask = Ask { query: Some(&query), ..Ask::get(wire::CHANGES) };
        let bytes = line.fetch(ask, wire::MAX_PAGE, rng).await?;
        let (head, lost) = take_page(workspace, &bytes, &mut forgetting, report)?;
        damaged.extend(lost);
        let goal = *goal.get_or_insert(head);
        let have = workspace.feed().size();
        step(Step::Feed { have, head: goal.max(have) });
        if have >= goal {
            forget::every_mark_has_its_order(workspace.feed())?;
            return Ok(damaged);
        }
    }
}

/// Proves and keeps a page; parts first, then the lines of the feed, then the checkpoint.
fn take_page(
    workspace: &mut Workspace,
    bytes: &[u8],
    forgetting: &mut Forgetting<'_>,
    report: &mut Report,
) -> Result<(u64, BTreeSet<u64>), SyncError> {
    let reader = workspace.reader();
    let organisation = workspace.organisation();
    let expected = Expected { organisation, pinned: workspace.ledger() };
    let opening = arrive::open(bytes, &expected)?;
    let (key, note, head) = (opening.key.clone(), opening.note.clone(), opening.head);
    let page = opening.prove(workspace.feed(), reader, forgetting)?;
    workspace::write_page(workspace, page.files())?;
    if workspace.ledger().is_none() {
        report.pinned = Some(key.fingerprint());
        workspace.pin(key)?;
    }
    workspace.feed_mut().append(&page.lines)?;
    workspace.keep_checkpoint(&note)?;
    report.count(&page);
    Ok((head, page.damaged))
}

impl Report {
    fn count(&mut self, page: &Page) {
        for kind in &page.kinds {
            let counter = match kind {
                Some(FeedKind::Testimony) => &mut self.testimonies,
                Some(FeedKind::CasebookEntry) => &mut self.entries,
                Some(FeedKind::CasebookKey) => &mut self.keys,
                Some(FeedKind::ForgetOrder) => &mut self.orders,
                Some(FeedKind::ForgetObjection) => &mut self.objections,
                Some(FeedKind::ForgetDone) => continue,
                None => &mut self.unknown,
            };
            *counter = counter.saturating_add(1);
        }
        self.forgotten = self.forgotten.saturating_add(page.marks);
    }
}
