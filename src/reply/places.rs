//! Which places are taken among the replies to one witness.

use std::collections::BTreeMap;

use super::{Reply, ReplyError};
use crate::id::{ReaderId, TestimonyId};

/// The places that were taken so far: one for each testimony, author and number.
///
/// Whoever shows replies asks it for each of them, in the order of the weeks in which they came.
#[derive(Clone, Default)]
pub struct Places(BTreeMap<(TestimonyId, ReaderId, u32), Reply>);

impl Places {
    /// Takes the place of a reply that was verified; the same reply again keeps its place.
    ///
    /// # Errors
    /// [`ReplyError::Repeated`] if another text stands there.
    pub fn take(&mut self, reply: &Reply) -> Result<(), ReplyError> {
        let place = (reply.testimony, reply.by, reply.number);
        let there = self.0.entry(place).or_insert_with(|| reply.clone());
        if there == reply { Ok(()) } else { Err(ReplyError::Repeated) }
    }
}
