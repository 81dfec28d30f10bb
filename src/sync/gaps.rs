//! Parts that are not here: asked for again at every sync, and named until they are.
//!
//! A desk whose disk lost a part says so and gives the rest; a machine may lose one, too. What comes is
//! proved by the leaf and the digests that are held, and never takes the place of a file that is here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use rand::{CryptoRng, RngCore};

use super::{
    Report, SyncError,
    arrive::{self, Expected},
    feed::Thing,
    forget::Forgetting,
    line::{Ask, Line},
    workspace::{self, Workspace},
};
use crate::{id::TestimonyId, keyring::Chain, wire};

/// The files of an event that are not here, by their names in the workspace.
type Missing = BTreeMap<u64, Vec<String>>;

/// What is not asked for.
pub(super) struct Not<'n> {
    /// Events of which the desk has said in this sync that it cannot give all.
    pub(super) told: &'n BTreeSet<u64>,
    /// Testimonies that are forgotten at the desk, and wait here.
    pub(super) forgotten: &'n BTreeSet<TestimonyId>,
}

/// Asks for what is missing; gives the files that are missing still.
pub(super) async fn fill(
    line: &Line<'_>,
    (workspace, chain): (&Workspace, &Chain),
    not: Not<'_>,
    rng: &mut (impl RngCore + CryptoRng),
    report: &mut Report,
) -> Result<Vec<String>, SyncError> {
    let gone = missing(workspace, not.forgotten);
    let asked = gone.keys().filter(|cursor| !not.told.contains(cursor)).copied().collect();
    let leaves = workspace.feed().leaves(&asked)?;
    let mut forgetting = Forgetting::nothing(chain);
    let mut from = 0;
    while let Some((&first, _)) = leaves.range(from..).next() {
        let query = format!("after={}", first.saturating_sub(1));
        let ask = Ask { query: Some(&query), ..Ask::get(wire::CHANGES) };
        let bytes = line.fetch(ask, wire::MAX_PAGE, rng).await?;
        let organisation = workspace.organisation();
        let opening = arrive::open(&bytes, &Expected { organisation, pinned: workspace.ledger() })?;
        let (page, next) = opening.again((first, workspace.reader()), &leaves, &mut forgetting)?;
        // SECURITY(T8): an envelope is in no digest; what is here is never replaced.
        let new: Vec<_> =
            page.files().filter(|(name, _)| is_wanted(&workspace.path(name))).collect();
        let count = u64::try_from(new.len()).unwrap_or(u64::MAX);
        workspace::write_page(workspace, new.into_iter())?;
        report.mended = report.mended.saturating_add(count);
        from = next;
    }
    if gone.is_empty() {
        return Ok(Vec::new());
    }
    Ok(missing(workspace, not.forgotten).into_values().flatten().collect())
}

/// Every part of a testimony and every entry that should be here and is not.
fn missing(workspace: &Workspace, forgotten: &BTreeSet<TestimonyId>) -> Missing {
    let mut all = Missing::new();
    for (id, thing) in workspace.feed().things() {
        let id = TestimonyId::from_bytes(*id);
        let (cursor, files) = match *thing {
            Thing::Testimony { cursor, .. } if !forgotten.contains(&id) => {
                let file = |part| format!("testimonies/{id}/{part}.age");
                (cursor, ["cover", "account", "identity"].map(file).to_vec())
            }
            Thing::Entry { cursor } => (cursor, vec![arrive::entry_file(cursor)]),
            Thing::Testimony { .. }
            | Thing::Forgotten { .. }
            | Thing::Done { .. }
            | Thing::Other => continue,
        };
        let gone: Vec<_> =
            files.into_iter().filter(|file| !is_there(&workspace.path(file))).collect();
        if !gone.is_empty() {
            all.insert(cursor, gone);
        }
    }
    all
}

/// Whether nothing stands there. A casebook key that review has put aside is no gap: another is on its way.
fn is_wanted(path: &Path) -> bool {
    let is_key = path.parent().is_some_and(|folder| folder.ends_with("casebook/keys"));
    let is_aside = is_key && is_there(&path.with_extension("age.broken"));
    !is_aside && !is_there(path)
}

/// Whether anything stands there, a link to nowhere included: what it is, review finds out.
pub(super) fn is_there(path: &Path) -> bool {
    !matches!(fs::symlink_metadata(path), Err(e) if e.kind() == io::ErrorKind::NotFound)
}
