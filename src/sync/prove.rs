//! Proving one page of a feed that nothing is held of, without a workspace.

use super::{
    Alarm,
    arrive::{self, Expected},
    feed::Feed,
    forget::Forgetting,
};
use crate::{id::ReaderId, keyring::Chain, note::NamedKey};

/// Proves the first page of a feed and keeps nothing of it.
///
/// Sync itself proves pages in the same way; this is the way in for the fuzz targets, which have
/// neither network nor workspace.
pub struct Prover<'k> {
    /// Whose feed it must be.
    pub organisation: &'k str,
    /// The key that must have signed the checkpoint.
    pub pinned: &'k NamedKey,
    /// The keyrings whose guardians may order to forget.
    pub chain: &'k Chain,
    /// For whom the page was made.
    pub reader: ReaderId,
}

/// What a page proves.
#[derive(Debug, PartialEq, Eq)]
pub struct Proved {
    /// Events in it.
    pub events: u64,
    /// Files that it would put into a workspace: path below it, and bytes.
    pub files: Vec<(String, u64)>,
}

impl Prover<'_> {
    /// Reads and proves `page`, from the checkpoint to the end of the tape.
    ///
    /// # Errors
    /// The [`Alarm`] that a sync would give.
    pub fn prove(&self, page: &[u8]) -> Result<Proved, Alarm> {
        let expected = Expected { organisation: self.organisation, pinned: Some(self.pinned) };
        let mut forgetting = Forgetting::nothing(self.chain);
        let page = arrive::open(page, &expected)?;
        let page = page.prove(&Feed::nothing(), self.reader, &mut forgetting)?;
        let size = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let files = page.files.iter().map(|(path, bytes)| (path.clone(), size(bytes)));
        Ok(Proved {
            events: u64::try_from(page.lines.len()).unwrap_or(u64::MAX),
            files: files.collect(),
        })
    }
}
