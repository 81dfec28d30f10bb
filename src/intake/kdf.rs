//! A bounded number of Argon2id runs, each in memory that was set aside before and is wiped after.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{sync::Semaphore, task};

use super::wiping;
use crate::receipt::{Derived, KdfMemory, Receipt, ReceiptError, Salt};

/// Derives from receipts, never more at once than it has memory for.
pub(super) struct KdfPool {
    free: Arc<Mutex<Vec<KdfMemory>>>,
    places: Arc<Semaphore>,
}

impl KdfPool {
    /// `places` runs at once. 19 MiB are taken for each, now.
    pub(super) fn new(places: usize) -> Self {
        Self {
            free: Arc::new(Mutex::new((0..places).map(|_| KdfMemory::new()).collect())),
            places: Arc::new(Semaphore::new(places)),
        }
    }

    /// Waits for a free place in the order of asking, then derives from `receipt` on a thread of its
    /// own. Gives the receipt back with what was derived.
    ///
    /// SECURITY(T4): both lie in boxes. What a task gives is moved through frames of the runtime that
    /// nobody wipes; so only its address is, and the box is wiped when it is dropped.
    ///
    /// # Errors
    /// As [`Receipt::derive`]; [`ReceiptError::Derivation`] also if the process is going down.
    pub(super) async fn derive(
        &self,
        receipt: Box<Receipt>,
        salt: Salt,
    ) -> Result<(Box<Receipt>, Box<Derived>), ReceiptError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let free = Arc::clone(&self.free);
        let run = task::spawn_blocking(wiping(move || {
            let _place = place.map_err(|_| ReceiptError::Derivation)?;
            let taken = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut memory = taken.unwrap_or_default();
            let derived = receipt.derive(&salt, &mut memory).map(Box::new);
            free.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
            Ok((receipt, derived?))
        }));
        run.await.unwrap_or(Err(ReceiptError::Derivation))
    }
}
