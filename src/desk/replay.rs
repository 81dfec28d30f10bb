//! Orders that readers hold and a store that came back from an older backup does not know.

use serde::Serialize;

use super::{
    Desk, DeskError, finish_forgetting,
    forget::{fresh_stamp, noted},
    records,
};
use crate::{
    forget::{Held, SignedOrder, Standing},
    ledger::feed::FeedKind,
    store::Store,
};

/// What became of the orders that were held.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Testimonies that are forgotten here now.
    pub forgotten: u64,
    /// Orders that were carried out here before.
    pub known: u64,
    /// Orders whose testimony is not here: it came after the backup.
    pub elsewhere: u64,
    /// Orders whose time is not over; whoever wants them carried out hands them in again.
    pub waiting: Vec<String>,
    /// Orders that a guardian stopped.
    pub stopped: u64,
    /// Orders that do not count, each with the reason.
    pub refused: Vec<(String, String)>,
}

impl<S: Store> Desk<S> {
    /// Carries out again what was ordered after this store was copied.
    ///
    /// Each order and that it is done stand in the feed as always, so that readers can prove the gap.
    ///
    /// # Errors
    /// The store's; asking again goes on where it stopped.
    pub async fn replay(&self, held: &Held) -> Result<Replayed, DeskError> {
        let _one_at_a_time = self.pushes.lock().await;
        let (published, today) = (self.published(), self.clock.today());
        let mut done = Replayed::default();
        for (signed, standing) in held.judge(&published.chain, today, self.wait) {
            let id = signed.order().id().to_string();
            match standing {
                Standing::Due { epoch } => self.replay_one(signed, epoch, &mut done).await?,
                Standing::Waits => done.waiting.push(id),
                Standing::Stopped => done.stopped = done.stopped.saturating_add(1),
                Standing::Refused(error) => done.refused.push((id, error.to_string())),
            }
        }
        finish_forgetting(&self.store).await?;
        Ok(done)
    }

    async fn replay_one(
        &self,
        signed: &SignedOrder,
        epoch: u32,
        done: &mut Replayed,
    ) -> Result<(), DeskError> {
        let (order, id) = (signed.order(), signed.order().id().to_string());
        let count = if self.value(&records::forgotten(&order.testimony.to_string()))?.is_some() {
            &mut done.known
        } else if let Some(found) = self.event_of(order)? {
            if self.value(&records::forget_note(&id))?.is_none() {
                let order = (&*id, &*signed.to_text());
                self.store.commit(noted(FeedKind::ForgetOrder, order, fresh_stamp(epoch))?).await?;
            }
            self.forget_one(signed, epoch, &found).await?;
            &mut done.forgotten
        } else {
            &mut done.elsewhere
        };
        *count = count.saturating_add(1);
        Ok(())
    }
}
