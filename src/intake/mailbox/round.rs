//! What is too old goes, and what was deleted leaves the disk, once a week.

use std::sync::Arc;

use rand::{RngCore as _, rngs::OsRng};
use tokio::task;

use super::rows::{ERASE, GONE, REPLIES, ROUND, week_of};
use crate::{
    clock::Week,
    intake::Intake,
    store::{Commit, Expect, Key, Put, SledStore, Store as _, StoreError},
};

/// Rows read or removed at once.
const BATCH: usize = 64;

impl Intake {
    /// Takes away replies whose time is over, and off the disk what was taken away or deleted since the
    /// last time; does nothing but once a week. Gives whether it did anything.
    ///
    /// The week is that of the public log, so a clock that is wrong for a moment costs no reply.
    ///
    /// # Errors
    /// The store's; the next round begins anew.
    pub async fn mailbox_round(&self) -> Result<bool, StoreError> {
        self.prepare_reading().await?;
        let Some(closed) = self.log.closed_week().await else { return Ok(false) };
        let now = closed.next();
        let done = self.store.get(ROUND.as_bytes())?;
        if done.is_some_and(|done| done.value == now.to_string().into_bytes()) {
            return Ok(false);
        }
        let last = (0..self.mailboxes.keep_weeks).fold(now, |week, _| week.before());
        let replies = expire(&self.store, REPLIES, last).await?;
        expire(&self.store, GONE, last).await?;
        // A week that is not over is looked at again: more may be deleted while this runs.
        let this_week = format!("{ERASE}{}", self.clock.today().week()).into_bytes();
        let deleted: Vec<Key> = self
            .store
            .scan(ERASE.as_bytes(), None, BATCH)?
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        if replies > 0 || !deleted.is_empty() {
            let store = Arc::clone(&self.store);
            task::spawn_blocking(move || store.erase(&[]))
                .await
                .map_err(|_| StoreError::Stopped)??;
        }
        let over = deleted.into_iter().filter(|key| *key < this_week).collect();
        let value = now.to_string().into_bytes();
        let round = Put { key: ROUND.as_bytes().to_vec(), value, expect: Expect::Any };
        let commit = Commit { id: fresh(), puts: vec![round], deletes: over, ..Commit::default() };
        self.store.commit(commit).await?;
        Ok(true)
    }
}

/// Removes the rows below `prefix` of weeks before `last`; gives how many.
async fn expire(
    store: &Arc<SledStore>,
    prefix: &'static str,
    last: Week,
) -> Result<usize, StoreError> {
    let (mut gone, mut after) = (0_usize, None::<Key>);
    loop {
        let (reading, from) = (Arc::clone(store), after.clone());
        let read = move || reading.scan(prefix.as_bytes(), from.as_deref(), BATCH);
        let found = task::spawn_blocking(read).await.map_err(|_| StoreError::Stopped)??;
        let Some((end, _)) = found.last() else { return Ok(gone) };
        after = Some(end.clone());
        let is_old = |value: &[u8]| week_of(value).is_none_or(|week| week < last);
        let old = found.into_iter().filter(|(_, row)| is_old(&row.value));
        let deletes: Vec<Key> = old.map(|(key, _)| key).collect();
        if deletes.is_empty() {
            continue;
        }
        gone = gone.saturating_add(deletes.len());
        store.commit(Commit { id: fresh(), deletes, ..Commit::default() }).await?;
    }
}

/// A name for a change that nobody asks for twice.
pub(super) fn fresh() -> [u8; 16] {
    let mut name = [0; 16];
    OsRng.fill_bytes(&mut name);
    name
}
