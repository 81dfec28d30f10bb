//! A reviewer, two guardians and their office, with a clock that is moved by hand.

use super::*;
use crate::alone;

#[derive(Default)]
pub(crate) struct Hands(AtomicI64);

impl Clock for Hands {
    fn unix_seconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A reviewer, two guardians, and a clock that is moved by hand.
pub(crate) struct House {
    pub(crate) office: Office,
    pub(crate) clock: Arc<Hands>,
    pub(crate) began: i64,
}

impl House {
    pub(crate) async fn open() -> Self {
        let office = Office::of(&ROLES).await;
        let began = SystemClock.unix_seconds();
        let clock = Arc::new(Hands::default());
        clock.0.store(began, Ordering::SeqCst);
        office.set_clock(clock.clone());
        Self { office, clock, began }
    }

    /// So many days after the beginning.
    pub(crate) fn day(&self, days: i64) {
        self.clock.0.store(self.began + days * 86_400, Ordering::SeqCst);
    }

    pub(crate) async fn sync(&self, member: usize) -> Result<Report, SyncError> {
        let settings = self.office.settings(member);
        alone(async || sync::run(&settings, &*self.clock, &mut OsRng, &mut |_| ()).await).await
    }

    pub(crate) fn desk<S: Store>(&self, store: &Arc<S>) -> Desk<S> {
        let ledger = LedgerKey::from_seed(&Secret::take(&mut [7; 32])).unwrap();
        Desk::new(Arc::clone(store), self.office.published(), ledger, &[], self.clock.clone())
    }

    pub(crate) async fn carry_out(&self) -> u64 {
        self.desk(&self.office.store).carry_out().await.unwrap()
    }

    pub(crate) fn order(&self, store: &impl Store, testimony: TestimonyId) -> Order {
        let chain = self.office.published().borrow().chain.clone();
        Order {
            organisation: self.office.keyring.organisation.clone(),
            testimony,
            leaf: event_of(store, testimony).leaf,
            reason: Reason::Withdrawn,
            day: self.clock.today(),
            keyring: chain.current_digest(),
        }
    }

    pub(crate) fn signed(&self, order: Order, members: &[usize]) -> SignedOrder {
        let mut signed = SignedOrder::new(order).unwrap();
        for member in members {
            let member = &self.office.members[*member];
            signed.sign_as_guardian(member.id, &member.signing).unwrap();
        }
        signed
    }

    pub(crate) fn objection(&self, order: &Order, member: usize) -> SignedObjection {
        let objection = Objection {
            organisation: order.organisation.clone(),
            order: order.digest(),
            day: self.clock.today(),
            keyring: order.keyring,
        };
        let member = &self.office.members[member];
        SignedObjection::sign(objection, member.id, &member.signing).unwrap()
    }

    /// Puts a note where review puts it, in the outbox of a member.
    pub(crate) fn hand_in(&self, member: usize, id: &str, note: &str) {
        let path = self.office.file(member, &format!("outbox/forget/{id}.note"));
        write(&path, note.as_bytes());
    }

    /// Records an order by both guardians for a testimony, and gives it.
    pub(crate) async fn ordered(&self, testimony: TestimonyId) -> SignedOrder {
        let signed = self.signed(self.order(&*self.office.store, testimony), &[1, 2]);
        self.hand_in(1, &signed.order().id().to_string(), &signed.to_text());
        assert_eq!(self.sync(1).await.unwrap().sent, 1);
        signed
    }
}
