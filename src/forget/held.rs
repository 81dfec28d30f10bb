//! What somebody holds of forgetting, for a store that came back without it.

use std::collections::BTreeMap;

use super::{ForgetError, Mark, OrderId, SignedObjection, SignedOrder, is_over};
use crate::{clock::Day, keyring::Chain};

/// Orders, objections and marks as files hold them; nobody has checked a signature yet.
#[derive(Default)]
pub struct Held {
    orders: BTreeMap<OrderId, SignedOrder>,
    /// Epochs under which marks say that orders were carried out.
    marks: BTreeMap<OrderId, Mark>,
    objections: Vec<SignedObjection>,
}

/// How one order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It counts under the keyring of that epoch, and its time is over.
    Due {
        /// The epoch.
        epoch: u32,
    },
    /// It counts, and its time is not over.
    Waits,
    /// A guardian objected.
    Stopped,
    /// It does not count.
    Refused(ForgetError),
}

impl Held {
    /// Takes a signed note in; `false` if it is neither an order nor an objection.
    pub fn take_note(&mut self, note: &str) -> bool {
        if let Ok(order) = SignedOrder::parse(note) {
            self.orders.insert(order.order().id(), order);
        } else if let Ok(objection) = SignedObjection::parse(note) {
            self.objections.push(objection);
        } else {
            return false;
        }
        true
    }

    /// Takes a mark in: the order that it carries, and that it was carried out.
    pub fn take_mark(&mut self, mark: Mark) {
        if let Ok(order) = SignedOrder::parse(&mark.order) {
            let id = order.order().id();
            self.orders.entry(id).or_insert(order);
            self.marks.insert(id, mark);
        }
    }

    /// How many orders there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// Every order, and how it stands today.
    ///
    /// An objection wins over everything. A mark proves that the time of its order was over when its
    /// signers were guardians, whoever is one today.
    #[must_use]
    pub fn judge(&self, chain: &Chain, today: Day, wait: i64) -> Vec<(&SignedOrder, Standing)> {
        let newest = chain.current().get().epoch;
        let standing = |(id, order): (&OrderId, &SignedOrder)| {
            if self.is_stopped(*id, chain, newest) {
                return Standing::Stopped;
            }
            let mark = self.marks.get(id).filter(|mark| mark.check(chain).is_ok());
            match (order.check(chain, newest), mark) {
                (Ok(_), Some(_)) => Standing::Due { epoch: newest },
                (Ok(_), None) if is_over(order.order().day, today, wait) => {
                    Standing::Due { epoch: newest }
                }
                (Ok(_), None) => Standing::Waits,
                (Err(_), Some(mark)) => Standing::Due { epoch: mark.epoch },
                (Err(error), None) => Standing::Refused(error),
            }
        };
        self.orders.iter().map(|entry| (entry.1, standing(entry))).collect()
    }

    /// Whether somebody objected who was a guardian at any time: in doubt nothing is destroyed.
    fn is_stopped(&self, order: OrderId, chain: &Chain, newest: u32) -> bool {
        let valid = |o: &&SignedObjection| (1..=newest).any(|epoch| o.check(chain, epoch).is_ok());
        let about = |o: &&SignedObjection| o.objection().order_id() == order;
        self.objections.iter().filter(about).any(|objection| valid(&objection))
    }
}
