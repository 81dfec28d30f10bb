//! Forgetting one testimony: ordered by two people, after a waiting time, in everybody's sight.
//!
//! What it is: the order, the objection that stops it, and the mark that stands where a forgotten
//! testimony stood; texts and signatures only.
//!
//! Promises:
//! 1. An order counts only with the signatures of two guardians, or, where a keyring has only one,
//!    of that guardian and one root ([`SignedOrder::check`]); who is a guardian is asked of the
//!    keyring in force, so that whoever was dropped orders nothing any more.
//! 2. One guardian alone stops an order, and an order that was stopped never counts again.
//! 3. A mark proves itself: it carries the order with its signatures ([`Mark::check`]).
//! 4. A reason is one word of a list: the order is seen by the server, and no free text in it can
//!    tell what a witness said.
//!
//! Does not: destroy anything, keep time (days are parameters), or know where things lie.
//!
//! Spec: `docs/format/forget.md`.

mod error;
mod held;
mod lines;
mod mark;
mod objection;
mod order;
#[cfg(test)]
mod tests;

use crate::{clock::Day, digest::Digest, id::Id};

pub use error::ForgetError;
pub use held::{Held, Standing};
pub use mark::Mark;
pub use objection::{Objection, SignedObjection};
pub use order::{Authority, Order, Reason, SignedOrder, Valid, Votes};

/// What an [`OrderId`] names: one order to forget.
pub enum OneOrder {}
/// What an [`ObjectionId`] names: one objection.
pub enum OneObjection {}
/// Names an order: the first 16 bytes of SHA-256 of its text, without signatures.
pub type OrderId = Id<OneOrder>;
/// Names an objection, in the same way.
pub type ObjectionId = Id<OneObjection>;

/// Whole days between the day on which an order is recorded and the first on which it is carried
/// out: 72 hours at least, whatever the hour of the first day.
pub const WAIT_DAYS: i64 = 3;
/// How old an order may be when it reaches the desk, in days.
pub const FRESH_DAYS: i64 = 30;
/// Longest order or objection with its signatures, in bytes.
pub const MAX_BYTES: usize = 4 << 10;

/// Whether `wait` whole days lie between the day of an order and today.
#[must_use]
pub fn is_over(ordered: Day, today: Day, wait: i64) -> bool {
    ordered.days_until(today) > wait.max(WAIT_DAYS)
}

/// The name under which the feed shows that an order was carried out.
#[must_use]
pub fn done_id(order: OrderId) -> OrderId {
    Id::from_bytes(first_half(Digest::of_parts(&[b"sandyk/forget-done/v1\n", order.as_bytes()])))
}

fn first_half(digest: Digest) -> [u8; 16] {
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}
